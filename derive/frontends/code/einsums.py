"""einsum: a sum of products over named axes."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import rearranged
from derive.frontends.code.arrays import FLOAT, INT, Array, as_array, as_real, keys
from derive.frontends.code.axes import UNIT, Axis
from derive.frontends.code.sums import summed
from derive.frontends.code.trace import Misfit, Refused


def einsum(text: str, *operands: Any, optimize: Any = None, out: Any = None) -> Array:
    """The sum of products that ``text`` names, as in ``"nd,dm->nm"``; … stands for more axes.

    :raises Misfit: where axes of one name differ in size.
    """
    arrays = [as_array(o) for o in operands]
    if len(arrays) == 1 and isinstance(operands[0], (list, tuple)):
        arrays = [as_array(o) for o in operands[0]]
    if not isinstance(text, str):
        raise Refused("einsum without a text of its indices")
    text = text.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(arrays):
        raise Misfit(f"einsum {text!r} names {len(parts)} arrays and is given {len(arrays)}")
    rows = [_letters(part, array) for part, array in zip(parts, arrays, strict=True)]
    if not arrow:
        every = [c for row in rows for c in row]
        dots = sorted({c for c in every if len(c) > 1}, key=lambda c: -int(c[1:]))
        result = dots + sorted(c for c in set(every) if len(c) == 1 and every.count(c) == 1)
    else:
        most = max((sum(len(c) > 1 for c in row) for row in rows), default=0)
        result = _expand(right, [f".{k}" for k in range(most, 0, -1)])
    axes: dict[str, Axis] = {}
    for row, array in zip(rows, arrays, strict=True):
        for letter, own in zip(row, array.axes, strict=True):
            known = axes.get(letter, UNIT)
            try:
                axes[letter] = (
                    own
                    if ax.is_unit(known)
                    else (known if ax.is_unit(own) else ax.common(known, own))
                )
            except Misfit:
                raise Misfit(
                    f"einsum {text!r}: the axis {letter} has sizes {ax.size_of(known)} and "
                    f"{ax.size_of(own)}"
                ) from None
    axes = {letter: ax.fresh(axis) for letter, axis in axes.items()}
    for letter in result:
        if letter not in axes:
            raise Misfit(f"einsum {text!r}: {letter} is in the result alone")
    over = [rearranged(a, [axes[c] for c in row]) for a, row in zip(arrays, rows, strict=True)]
    gone = [c for c in axes if c not in result]
    found = {}
    for key in keys([axes[c] for c in result]):
        total = []
        for inner in keys([axes[c] for c in gone]):
            at = dict(zip((*result, *gone), (*key, *inner), strict=True))
            body = sp.Mul(
                *(
                    as_real(bodies[tuple(at[c] for c in row)])
                    for bodies, row in zip(over, rows, strict=True)
                )
            )
            indices = tuple(f for c in gone for f in axes[c][at[c]])
            total.append(summed(body, indices))
        found[key] = sp.Add(*total)
    kind = INT if all(a.kind != FLOAT for a in arrays) else FLOAT
    return Array([axes[c] for c in result], found, kind)


def _expand(part: str, dots: list[str]) -> list[str]:
    before, mark, after = part.partition("...")
    return [*before, *(dots if mark else ()), *after]


def _letters(part: str, array: Array) -> list[str]:
    """A name for each axis of an array; the axes of … are counted from the last."""
    count = len(part.replace("...", ""))
    more = array.ndim - count
    if more < 0 or (more and "..." not in part):
        raise Misfit(f"einsum: {part!r} of an array of shape {ax.shown(array.axes)}")
    return _expand(part, [f".{k}" for k in range(more, 0, -1)])
