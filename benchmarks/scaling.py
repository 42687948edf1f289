"""How a deep derivation grows with its depth: time and size, at every doubling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from derive import Gradient, verify
from derive.base.worker import run_deep
from derive.claims.kinds import Claim
from derive.core.graph import in_order
from derive.core.terms import Term
from derive.lowering.problem import Problem
from derive.lowering.statement import state

DEPTHS = (4, 8, 16, 32, 64, 128)
STACK_DEPTHS = (4, 8, 16, 32)


@dataclass(frozen=True)
class Measurement:
    """One network: seconds to build and to decide its claim, and what the engine made of it.

    :param arrays: shared arrays below both sides: layers, adjoints and what they are made of.
    :param nodes: nodes of the core in their bodies, each once.
    """

    depth: int
    build: float
    verify: float
    arrays: int
    nodes: int
    status: str


def measure(
    made: Callable[[int], Gradient], depths: Iterable[int] = DEPTHS
) -> Iterator[Measurement]:
    """Each depth, with the best of two decisions: the first may pay for what is made once."""
    for depth in depths:
        start = time.perf_counter()
        claim = made(depth)
        build = time.perf_counter() - start
        verdicts = [verify(claim, timeout=300) for _ in range(2)]
        seconds = min(verdict.seconds for verdict in verdicts)
        arrays, nodes = size(claim)
        yield Measurement(depth, build, seconds, arrays, nodes, verdicts[0].status)


def size(claim: Claim) -> tuple[int, int]:
    """The shared arrays and the nodes below both sides of a claim."""

    def count() -> tuple[int, int]:
        expressions = tuple(getattr(claim, name) for name in claim.expression_fields)
        problem = Problem(expressions, claim.where)
        statement = state(problem, claim)
        assert statement is not None
        roots = [statement.left, statement.right]
        arrays = in_order(roots)
        seen: set[Term] = set()
        stack = [*roots, *(array.body for array in arrays)]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack.extend(node.args)
        return len(arrays), len(seen)

    return run_deep(count)
