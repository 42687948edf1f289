"""Windows of an array: sliding ones, those of strides, and sums of products along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code import reshaping
from derive.frontends.code.arrays import (
    INT,
    Array,
    as_array,
)
from derive.frontends.code.operations import dot
from derive.frontends.code.reshaping import (
    swapped,
)
from derive.frontends.code.sizes import at_least, expression, plain, quotient
from derive.frontends.code.sizes import expanded as expand_size
from derive.frontends.code.sums import (
    positions,
)
from derive.frontends.code.trace import Misfit, Refused, current


def entries_of(values: Any) -> list[Any]:
    """Whole numbers that are given in a tuple, a list or an array, one by one."""
    if isinstance(values, Array):
        return [plain(as_array(values[k]).as_size()) for k in range(int(expression(len(values))))]
    return list(values) if isinstance(values, (tuple, list)) else [values]


def strides(x: Any) -> tuple[Any, ...]:
    """How far apart neighbours along each axis are, in entries, of an array in the order of C."""
    found: list[Any] = []
    step = sp.Integer(1)
    for size in reversed(as_array(x).shape):
        found.insert(0, plain(step))
        step = expand_size(step * expression(size))
    return tuple(found)


def strided(x: Array, shape: Sequence[Any], steps: Any) -> Array:
    """The entries at Σ stepₖ·iₖ, counted in the order of C, for i within a shape.

    :raises Misfit: where the shape and the steps are not as many.
    :raises Refused: where entries beyond the last are read, or that is not seen.
    """
    sizes = [expression(size) for size in shape]
    strides_ = [expression(step) for step in entries_of(steps)]
    if len(sizes) != len(strides_):
        raise Misfit(f"as_strided with {len(sizes)} sizes and {len(strides_)} strides")
    flat = reshaping.reshaped(x, (-1,))
    whole = reshaping.single_factor(flat, 0) if len(x.axes) > 1 else flat
    total = ax.size_of(whole.axes[0])
    last = expand_size(sp.Add(*(s * (n - 1) for s, n in zip(strides_, sizes, strict=True))))
    if not at_least(total - 1 - last, 0):
        raise Refused("as_strided reads what is not seen to be within the array")
    for size in sizes:
        if not at_least(size, 1):
            current().assume(sp.Ge(size, 1, evaluate=False))
    axes = [ax.of_size(size) for size in sizes]
    position: Any = sp.Integer(0)
    for axis, step in zip(axes, strides_, strict=True):
        position = position + step * (axis[0][0][0] if axis[0] else 0)
    segment = tuple(f for axis in x.axes for f in axis[0]) if _is_whole(x) else whole.axes[0][0]
    source = x if _is_whole(x) else whole
    inside = ax.digits(expand_size(position), segment) if segment else {}
    (body,) = source.bodies.values()
    return Array(axes, {(0,) * len(axes): body.xreplace(inside)}, x.kind)


def _is_whole(x: Array) -> bool:
    return all(len(axis) == 1 for axis in x.axes)


def convolved(a: Any, v: Any, mode: str) -> Array:
    """out[n] = Σ_k a[n − k]·v[k], of two vectors; the longer is the first.

    :raises Misfit: where they are no vectors.
    """
    a, v = as_array(a), as_array(v)
    if a.ndim != 1 or v.ndim != 1:
        raise Misfit("convolve of what is no vector")
    size, length = expression(a.shape[0]), expression(v.shape[0])
    if mode not in ("full", "valid", "same"):
        raise Refused(f"convolve in the mode {mode!r}")
    if mode != "full" and not at_least(size - length, 0):
        if at_least(length - size, 0):
            return convolved(v, a, mode)
        current().assume(sp.Ge(size, length, evaluate=False))
    width = plain(expand_size(length - 1))
    before, after = {"full": (width, width), "valid": (0, 0)}.get(
        mode, (plain(expand_size(length - 1 - sp.floor((length - 1) / 2))),
               plain(quotient(expand_size(length - 1), sp.Integer(2))))
    )  # fmt: skip
    padded = reshaping.padded(a, ((before, after),))
    return dot(windows(padded, plain(length)), reshaping.flipped(v))


def windows(x: Any, window_shape: Any, axis: Any = None, **options: Any) -> Array:
    """The windows along some axes, whose own axes are the last ones: ``sliding_window_view``."""
    found = as_array(x)
    lengths = window_shape if isinstance(window_shape, (tuple, list)) else (window_shape,)
    along = range(found.ndim) if axis is None else axis
    places = positions(found, tuple(along) if not isinstance(axis, int) else axis)
    if len(places) != len(lengths):
        raise Misfit(f"windows {tuple(lengths)} along {len(places)} axes")
    for place, length in zip(places, lengths, strict=True):
        starts, own = ax.size_of(found.axes[place]) - expression(length) + 1, expression(length)
        if not at_least(starts, 1):
            current().assume(sp.Ge(starts, 1, evaluate=False))
        axes = [ax.of_size(starts), ax.of_size(own)]
        # The position in the array of entry (a, b) of the windows.
        at = Array(axes, {(0, 0): sum(ax.flat(axis[0]) for axis in axes)}, INT)
        last = swapped(found, place, found.ndim - 1)
        read = last[(*(slice(None),) * (found.ndim - 1), at)]
        found = swapped(read, place, found.ndim - 1)
    return found
