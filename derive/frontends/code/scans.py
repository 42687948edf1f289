"""``lax.scan`` and ``vmap`` as loops that Python would run, through the tracer as any other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from derive.frontends.code import runtime
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.containers import Items, SymbolicList, mapped, turned
from derive.frontends.code.reshaping import flipped, moved
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
        if isinstance(first, tuple):
            return tuple(
                _stacked(_part(outputs.rounds, place), reverse) for place in range(len(first))
            )
        if not isinstance(first, Array):
            raise Refused("a scan whose rounds give what is no array")
    elif all(output is None for output in outputs):
        return None
    found = as_array(outputs)
    return flipped(found, 0) if reverse else found


def _part(rounds: Items, place: int) -> SymbolicList:
    """One of several that each round gives."""
    found = SymbolicList()
    found.rounds = Items(rounds.count, lambda c: rounds.item(c)[place], rounds.direction)
    return found


def vmapped(function: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Any:
    """``vmap``: a function applied to each of the rows of its arguments, along a new first axis.

    :raises Refused: for another axis of the result, and for axes within structures.
    """
    if out_axes != 0:
        raise Refused(f"vmap with out_axes = {out_axes}")

    def over_rows(*args: Any) -> Any:
        places = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if any(place is not None and not isinstance(place, int) for place in places):
            raise Refused("vmap with axes within structures")
        rows = tuple(
            moved(a, place, 0) for a, place in zip(args, places, strict=True) if place is not None
        )

        def step(carry: Any, row: tuple[Any, ...]) -> tuple[Any, Any]:
            left = list(row)
            own = [
                a if place is None else left.pop(0) for a, place in zip(args, places, strict=True)
            ]
            return carry, function(*own)

        return scan(step, None, rows)[1]

    return over_rows
