"""``lax.scan`` as a loop that Python would run: its body goes through the tracer as any other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from derive.frontends.code import runtime
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.loops import SymbolicList, mapped, turned
from derive.frontends.code.operations import flipped
from derive.frontends.code.trace import Refused
from derive.frontends.code.transform import RUNTIME, transformed_function

_LOOP = """
def loop(step, carry, rounds, row):
    outputs = []
    for t in rounds:
        carry, y = step(carry, row(t))
        outputs.append(y)
    return carry, outputs
"""


def scan(
    step: Callable[[Any, Any], Any],
    carry: Any,
    rows: Any,
    length: Any = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """The last state, and what the rounds gave along a new first axis.

    :raises Refused: for outputs that are no array, nor None.
    """
    rounds = runtime.builtin("range", range)(_count(rows) if length is None else length)
    space: dict[str, Any] = {RUNTIME: runtime}
    (node,) = ast.parse(_LOOP).body
    assert isinstance(node, ast.FunctionDef)
    exec(compile(transformed_function(node), __file__, "exec"), space)

    def row(t: Any) -> Any:
        return mapped(rows, lambda array: as_array(array)[t])

    order = turned(rounds) if reverse else rounds
    last, outputs = space["loop"](step, carry, order, row)
    return last, _stacked(outputs, reverse)


def _count(rows: Any) -> Any:
    """The length of the first axis of the arrays that are scanned over."""
    if isinstance(rows, Array):
        return rows.shape[0]
    values = list(rows.values()) if isinstance(rows, dict) else rows
    if not values:
        raise Refused("a scan without a length")
    return _count(values[0])


def _stacked(outputs: Any, reverse: bool) -> Any:
    if isinstance(outputs, SymbolicList) and outputs.rounds is not None:
        first = outputs.rounds.item(0)
        if first is None:
            return None
        if not isinstance(first, Array):
            raise Refused("a scan whose rounds give several arrays")
    elif all(output is None for output in outputs):
        return None
    found = as_array(outputs)
    return flipped(found, 0) if reverse else found
