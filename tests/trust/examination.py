"""A claim examined: its mutants and rewritings, each with what is true and what was decided."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy
import oracle

from derive import verify
from derive.claims.kinds import Claim, Inequality, Shape
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, UNDECIDED, Verdict
from derive.language.printing import text_of

from .material import SECONDS, claims
from .mutations import mutants
from .rewritings import rewritings
from .truth import DIFFERENT, EQUAL, NO_POINT, UNCLEAR, Truth, quiet
from .variants import Variant

MUTANT, REWRITING = "mutant", "rewriting"

# What a finding is counted as, besides the statuses of a verdict.
NOT_COMPARED = "not compared"  # without a value, or a difference as small as rounding
HELD_THOUGH_DIFFERENT = "held though different"
EQUAL_AND_HELD, EQUAL_AND_OTHER = "equal and held", "equal and other"
NOT_READ = "not read"  # the truth of a claim of which the numbers cannot be asked
NOT_EQUAL, REFUTED = "not equal", "refuted"
KINDS = {
    MUTANT: (
        DISAGREES,
        ILL_SHAPED,
        UNDECIDED,
        HELD_THOUGH_DIFFERENT,
        EQUAL_AND_HELD,
        EQUAL_AND_OTHER,
        NOT_COMPARED,
    ),
    REWRITING: (HOLDS, UNDECIDED, REFUTED, NOT_EQUAL, NOT_COMPARED),
}
VIOLATIONS = {
    HELD_THOUGH_DIFFERENT: "false, and held",
    NOT_EQUAL: "a law of the suite itself is wrong",
    REFUTED: "true, and refuted",
}

RECURSION = 5000  # what SymPy needs for what is written here
AT_LEAST = 4  # variants of one claim, so that few variants need few claims


@dataclass(frozen=True)
class Finding:
    """One variant of a claim.

    :param source: where the claim comes from.
    :param part: whether it is a mutant or a rewriting.
    :param changes: what was changed, by name.
    :param truth: what the numbers say of it.
    :param status: what the engine says.
    :param replayed: whether the witness of a refutation shows a difference by itself.
    """

    source: str
    part: str
    claim: str
    changes: tuple[str, ...]
    statement: str
    truth: str
    status: str
    reason: str
    seconds: float
    replayed: bool | None = None

    @property
    def kind(self) -> str:
        """What the finding is counted as."""
        if self.truth in (NO_POINT, UNCLEAR, NOT_READ):
            return NOT_COMPARED
        if self.part == MUTANT and self.truth == DIFFERENT:
            return HELD_THOUGH_DIFFERENT if self.status == HOLDS else self.status
        if self.part == MUTANT:
            return EQUAL_AND_HELD if self.status == HOLDS else EQUAL_AND_OTHER
        if self.truth == DIFFERENT:
            return NOT_EQUAL
        return REFUTED if self.status in (DISAGREES, ILL_SHAPED) else self.status

    @property
    def violation(self) -> str:
        """The requirement that is not met, in words; empty where all are."""
        if self.reason.startswith("internal error: the proof is contradicted"):
            return "the engine proved what its own evaluation contradicts"
        if self.truth == NOT_READ:
            return "the tests' own interpreter does not read it"
        if self.replayed is False:
            return "the witness shows no difference"
        return VIOLATIONS.get(self.kind, "")

    @property
    def gap(self) -> str:
        """What is not wrong and could be better, in words; empty where nothing is."""
        if self.reason.startswith("internal error"):
            return "an internal error"
        if self.kind == UNDECIDED:
            return "undecided"
        if self.truth == NO_POINT and self.status == HOLDS:
            return "held, though nowhere defined"
        return ""


@dataclass(frozen=True)
class Task:
    """A claim, by its place in the material, and how many variants of it are wanted."""

    source: str
    position: int
    mutants: int
    rewritings: int
    seed: int


def tasks(mutants: int, rewritings: int, seed: int) -> list[Task]:
    """Both numbers shared out: half to each source, evenly among its claims."""
    found = []
    rng = random.Random(seed)
    for source, known in claims().items():
        share = max(mutants, rewritings) / 2
        chosen = rng.sample(range(len(known)), min(len(known), _up(share / AT_LEAST)))
        each = [_up(total / 2 / len(chosen)) for total in (mutants, rewritings)]
        found += [Task(source, position, *each, seed) for position in sorted(chosen)]
    return found


def _up(number: float) -> int:
    return -int(-number // 1)


def examine(task: Task) -> list[Finding]:
    """Every finding about one claim; none about a claim that does not hold to begin with."""
    claim = claims()[task.source][task.position]
    itself = Variant(claim, ("nothing",))
    if verify(claim, SECONDS).status != HOLDS:
        return []
    with shallow():
        try:
            truth = Truth(claim, task.seed)
            answer = truth.of(claim)
        except (NotImplementedError, KeyError) as problem:
            return [_finding(task, MUTANT, itself, NOT_READ, str(problem))]
        if answer != EQUAL:
            return [_finding(task, MUTANT, itself, answer)]
        rng = random.Random(f"{task.seed} {claim.id}")
        found = [(MUTANT, variant) for variant in mutants(claim, task.mutants, rng)]
        found += [(REWRITING, variant) for variant in rewritings(claim, task.rewritings, rng)]
    return [_asked(task, part, variant, truth) for part, variant in found]


def _asked(task: Task, part: str, variant: Variant, truth: Truth) -> Finding:
    with shallow():
        try:
            answer = truth.of(variant.claim)
        except (NotImplementedError, KeyError) as problem:
            return _finding(task, part, variant, NO_POINT, str(problem))
    return _finding(task, part, variant, answer)


def _finding(task: Task, part: str, variant: Variant, answer: str, note: str = "") -> Finding:
    verdict = verify(variant.claim, SECONDS)
    with shallow():
        replayed = _replayed(verdict) if verdict.status == DISAGREES else None
        statement = stated(variant.claim)
    if answer == EQUAL and replayed:
        answer = DIFFERENT  # the few points had not shown it
    return Finding(
        task.source,
        part,
        variant.claim.id,
        variant.changes,
        statement,
        answer,
        verdict.status,
        note or verdict.reason,
        verdict.seconds,
        replayed,
    )


@contextlib.contextmanager
def shallow() -> Iterator[None]:
    """Recursion is an exception again: the engine raises the limit for its deep stack for good,
    and on this one SymPy, which recurses without end now and then, would overflow it.
    """
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION)
    try:
        yield
    finally:
        sys.setrecursionlimit(raised)


def _replayed(verdict: Verdict) -> bool | None:
    """Whether the sides differ at the witness by the tests' own numbers; None if they have none."""
    try:
        with quiet():
            left, right = oracle.replay(verdict.claim, verdict.witness)
    except Exception:  # there are witnesses with functions that the interpreter does not read
        return None
    if not numpy.isfinite(left) or not numpy.isfinite(right):
        return None
    gap = left - right if isinstance(verdict.claim, Inequality) else abs(left - right)
    return bool(gap > 1e-12 * max(abs(left), abs(right)))


def stated(claim: Claim) -> str:
    """A claim in one line, printed without being evaluated: a mutant may read outside an array."""
    fields = [f"{name} = {text_of(getattr(claim, name))}" for name in claim.expression_fields]
    fields += [f"equals = {claim.equals}"] if isinstance(claim, Shape) else []
    fields += [f"{text_of(symbol)} := {text_of(expr)}" for symbol, expr in claim.where.items()]
    return f"{claim.kind}: {'; '.join(fields)}"


def findings(asked: list[Task], jobs: int = 1) -> Iterator[list[Finding]]:
    """What each task finds, in their order."""
    if jobs <= 1:
        yield from map(examine, asked)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(examine, asked)
