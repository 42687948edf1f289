"""Where the time of the whole catalogue goes: the CPU seconds of each stage, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from derive import engine, formulas, verify
from derive.diagnosis import reason as explain
from derive.presentation import answer
from derive.proof.arrays.merge import Comparison
from derive.proof.induction import induction

# What each stage is entered by: where the function is looked up, and its name there.
STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "reading, shapes": ((engine, "Problem"),),
    "lowering, differentiation": ((engine, "state"),),
    "arrays, as they are written": ((Comparison, "congruent"),),
    "arrays, one after the other": ((Comparison, "proof"),),
    "canonical forms": ((engine, "prove_equal"), (engine, "prove_at_most")),
    "induction": ((induction, "prove"),),
    "search for a witness": ((engine, "search"),),
    "the reason of a refutation": ((explain, "disagreement"), (explain, "misfit")),
    "check of a proof by numbers": ((engine, "agrees_throughout"),),
    "the answer, the assumptions": ((answer, "derived"), (answer, "assumptions")),
}


@dataclass
class Stage:
    """How often a stage was entered from outside, and its seconds without stages inside."""

    calls: int = 0
    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[dict[str, Stage]]:
    """While it lasts, the time of each stage is taken."""
    stages = {name: Stage() for name in STAGES}
    inside: list[float] = []  # of each stage that is entered, the seconds of others within it

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            inside.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                taken = time.process_time() - start
                stages[name].calls += 1
                stages[name].seconds += taken - inside.pop()
                if inside:
                    inside[-1] += taken

        return run

    with ExitStack() as patches:
        for name, places in STAGES.items():
            for owner, function in places:
                watcher = watched(name, getattr(owner, function))
                patches.enter_context(mock.patch.object(owner, function, watcher))
        yield stages


def measure() -> tuple[int, float, dict[str, Stage]]:
    """The number of claims, the seconds of deciding them all, and those of each stage."""
    claims = [claim for formula in formulas.catalogue().values() for claim in formula.claims]
    with timed() as stages:
        start = time.process_time()
        for claim in claims:
            verify(claim)
        return len(claims), time.process_time() - start, stages
