"""Deciding claims, here or in worker processes: what an answer is, and how it travels."""

from __future__ import annotations

import io
import pickle
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import sympy as sp
from sympy.core.function import Application, AppliedUndef
from sympy.core.relational import Relational

from derive.base.worker import run_deep
from derive.claims.kinds import Claim
from derive.claims.verdict import UNDECIDED, Verdict
from derive.cli.runner import Questions, answers

Decide = Callable[[Claim], Verdict]


def verdicts(
    claims: Sequence[Claim],
    decide: Decide,
    jobs: int = 1,
    limit: float | None = None,
    steps: int = 0,
) -> Generator[Verdict]:
    """The verdicts in the order of the claims.

    Nothing that goes wrong with one claim takes the others with it: an exception, an answer
    that cannot be pickled or a worker that dies costs at most that claim.

    :param limit: seconds for each claim, which ``decide`` keeps to by itself where it can.
    :param steps: how many steps of a proof a verdict keeps; they are written when they are read.
    """

    def received(position: int, data: bytes) -> Verdict:
        return replace(run_deep(partial(pickle.loads, data)), claim=claims[position])

    def failed(position: int, reason: str, seconds: float, stopped: bool) -> Verdict:
        return undecided(claims[position], reason, seconds, stopped)

    return answers(
        Questions(
            len(claims),
            lambda position: with_steps(decide_safely(claims[position], decide), steps),
            failed,
            lambda verdict: run_deep(partial(packed, verdict)),
            received,
        ),
        jobs,
        limit,
    )


def with_steps(verdict: Verdict, steps: int) -> Verdict:
    """A verdict with as many steps as a report reads."""
    if not steps or not verdict.steps:
        return replace(verdict, steps=())
    return replace(verdict, steps=run_deep(lambda: tuple(islice(verdict.steps, steps))))


def decide_safely(claim: Claim, decide: Decide) -> Verdict:
    """The verdict; an exception becomes an undecided one that says so."""
    started = time.perf_counter()
    try:
        return decide(claim)
    except Exception as problem:
        message = " ".join(f"{type(problem).__name__}: {problem}".split())
        return undecided(claim, f"internal error: {message}", time.perf_counter() - started)


def undecided(claim: Claim, reason: str, seconds: float = 0.0, stopped: bool = False) -> Verdict:
    """What is said of a claim that nothing came of."""
    return Verdict(claim, UNDECIDED, reason=reason, stopped=stopped, seconds=seconds)


# ----------------------------------------------------------------------------- what is sent


def packed(value: Any) -> bytes:
    """A verdict, or several in a container, with their expressions as they are written."""
    buffer = io.BytesIO()
    _AsWritten(buffer).dump(value)
    return buffer.getvalue()


class _AsWritten(pickle.Pickler):
    """Sends expressions as they are written: SymPy would work each out anew on its arrival, which
    takes long, and makes True of x ≠ 0 for an entry x.
    """

    def reducer_override(self, obj: Any) -> Any:
        plain = isinstance(obj, (sp.Add, sp.Mul, sp.Pow, Relational, Application))
        if plain and obj.args and not isinstance(obj, AppliedUndef):
            return _unevaluated, (type(obj), obj.args)
        if isinstance(obj, sp.Sum):
            return _sum, obj.args
        return NotImplemented


def _unevaluated(kind: Any, arguments: tuple[Any, ...]) -> Any:
    return kind(*arguments, evaluate=False)


def _sum(*arguments: Any) -> Any:
    result = sp.Expr.__new__(sp.Sum, *arguments)
    result.is_commutative = True
    return result
