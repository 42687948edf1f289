"""``--part fuzz``: random terms and claims, counted; what is wrong, as small as it can be made."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import sympy as sp

from derive import verify
from derive.claims.kinds import Claim, Shape
from derive.claims.verdict import ILL_SHAPED

from . import fuzz_claims, fuzz_terms
from .changing import put, sites
from .examination import shallow, stated
from .judging import SUSPECT, WRONG, judged

TERMS, CLAIMS = 50_000, 17_500  # of a full run; with their twins the claims are 20,000
BATCH = 50
SHRINK_SECONDS = 6.0  # of a process, for one failure
CONTRADICTED = "internal error: the proof is contradicted"


@dataclass(frozen=True)
class Failure:
    """What is wrong, with the seed that makes it and the smallest form that still shows it."""

    seed: str
    kind: str
    problem: str
    smallest: str


@dataclass
class Tally:
    """Counts, by what was looked at and what came out, and every failure."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        self.counts.update(other.counts)
        self.failures += other.failures
        return self


Batch = tuple[str, int, int, int]  # terms or claims, the first, how many, the seed


def batches(terms: int, claims: int, seed: int) -> list[Batch]:
    wanted = (("terms", terms), ("claims", claims))
    return [
        (what, first, min(BATCH, count - first), seed)
        for what, count in wanted
        for first in range(0, count, BATCH)
    ]


def worked(batch: Batch) -> Tally:
    """One batch looked at."""
    what, first, count, seed = batch
    tally = Tally()
    for number in range(first, first + count):
        (_terms if what == "terms" else _claims)(f"{seed} {what} {number}", tally)
    return tally


def tallies(asked: list[Batch], jobs: int = 1) -> Iterator[Tally]:
    """What each batch gives, in their order."""
    if jobs <= 1:
        yield from map(worked, asked)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(worked, asked)


def _terms(seed: str, tally: Tally) -> None:
    with shallow():
        for result in fuzz_terms.one(seed):
            what = "pairs" if result.form == "pair" else "terms"
            tally.counts[what, result.outcome] += 1
            if result.lost:
                tally.counts[what, "a form without a value somewhere"] += 1
            if result.outcome == fuzz_terms.WRONG:
                tally.failures.append(_smallest_term(seed, result))


def _claims(seed: str, tally: Tally) -> None:
    cases = fuzz_claims.one(seed)
    if not cases:
        tally.counts["claims", "not made"] += 1
    for case in cases:
        kind = case.kind.removesuffix(", twin")
        tally.counts[f"claims: {kind}", case.status] += 1
        tally.counts["claims", case.outcome] += 1
        contradicted = case.detail.startswith(CONTRADICTED)
        if contradicted:
            tally.counts["claims", "a proof that was contradicted"] += 1
        if case.outcome in (WRONG, SUSPECT) or contradicted:
            tally.failures.append(_smallest_claim(seed, case))


# As small as it can be made


def _simpler(expr: Any) -> Iterator[Any]:
    """Expressions with one part replaced by a part of it, or by something plain."""
    for path, node in sites(expr):
        if not isinstance(node, sp.Expr) or getattr(node, "is_Matrix", False) or not node.args:
            continue
        parts = [
            arg for arg in sp.preorder_traversal(node)
            if isinstance(arg, sp.Expr) and arg is not node and not getattr(arg, "is_Matrix", False)
            and not isinstance(arg, sp.IndexedBase)
        ]  # fmt: skip
        for new in (*parts[:4], sp.S.Zero, sp.S.One, sp.Symbol("x", real=True)):
            with contextlib.suppress(Exception):
                found = put(expr, path, new)
                if sp.count_ops(found) + len(str(found)) < sp.count_ops(expr) + len(str(expr)):
                    yield found


def _shrunk(
    start: Any, simpler: Callable[[Any], Iterable[Any]], fails: Callable[[Any], bool]
) -> Any:
    end = time.process_time() + SHRINK_SECONDS
    going = True
    while going:
        going = False
        for other in simpler(start):
            if time.process_time() > end:
                return start
            with contextlib.suppress(Exception):
                if fails(other):
                    start, going = other, True
                    break
    return start


def _smallest_term(seed: str, result: fuzz_terms.Result) -> Failure:
    def outcome(pair: tuple[Any, Any], exponentials: bool) -> fuzz_terms.Result:
        rng = random.Random(seed)
        if pair[1] is None:
            return fuzz_terms.examine(pair[0], exponentials, rng)
        return fuzz_terms.examine_pair(*pair, exponentials, rng)

    def simpler(pair: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
        yield from ((other, pair[1]) for other in _simpler(pair[0]))
        if pair[1] is not None:
            yield from ((pair[0], other) for other in _simpler(pair[1]))

    pair = result.expr, result.other
    exponentials = outcome(pair, True).outcome == fuzz_terms.WRONG
    pair = _shrunk(
        pair, simpler, lambda other: outcome(other, exponentials).outcome == fuzz_terms.WRONG
    )
    found = outcome(pair, exponentials)
    text = f"{pair[0]}" if pair[1] is None else f"{pair[0]} and {pair[1]}"
    return Failure(seed, f"canonical form, {result.form}", found.detail or result.detail, text)


def _smallest_claim(seed: str, case: fuzz_claims.Case) -> Failure:
    def problem(claim: Claim) -> str:
        verdict = verify(claim, fuzz_claims.SECONDS)
        if case.detail.startswith(CONTRADICTED):
            return verdict.reason if verdict.reason.startswith(CONTRADICTED) else ""
        outcome, detail = judged(claim, verdict, random.Random(f"{seed} points"))
        same = verdict.status == case.status and outcome == case.outcome
        return detail if same else ""

    def simpler(claim: Claim) -> Iterator[Claim]:
        for given in getattr(claim, "given", ()):
            rest = tuple(fact for fact in claim.assumed if fact is not given)
            yield dataclasses.replace(claim, given=rest)
        if isinstance(claim, Shape):
            return
        for symbol, definition in claim.where.items():
            if isinstance(definition, sp.Lambda):
                for body in _simpler(definition.expr):
                    new = sp.Lambda(definition.variables, body)
                    yield dataclasses.replace(claim, where={**claim.where, symbol: new})
        for name in claim.expression_fields:
            if name != "wrt":
                for other in _simpler(getattr(claim, name)):
                    with contextlib.suppress(Exception):
                        yield dataclasses.replace(claim, **{name: other})

    claim, detail = case.claim, case.detail
    if case.status != ILL_SHAPED and "in other words" not in detail:
        claim = _shrunk(claim, simpler, lambda other: bool(problem(other)))
        detail = problem(claim) or detail
    text = stated(claim)
    if getattr(claim, "given", ()):
        text += f"; given {', '.join(map(str, claim.given))}"
    if case.twin is not None:
        text += f" (a twin of {stated(case.twin)})"
    return Failure(seed, f"{case.kind}, {case.status}", detail, text)
