"""Shapes: the same entries under other axes, beside one another, and padded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import (
    inserted,
    joined,
    merged,
    rearranged,
    root,
    seated,
    stacked,
    transposed,
    without,
)
from derive.frontends.code.arrays import Array, Whole, as_array, choice, filled, keys, number
from derive.frontends.code.axes import Axis
from derive.frontends.code.indexing import sliced
from derive.frontends.code.sizes import at_least, exact, expression, plain, same
from derive.frontends.code.sizes import expanded as expand_size
from derive.frontends.code.sums import positions
from derive.frontends.code.trace import Misfit, Refused, current
from derive.frontends.code.writing import written


def single_factor(array: Array, place: int) -> Array:
    """The array with an axis of one segment and one factor, or none."""
    if len(array.axes[place]) > 1:
        return merged(array, place)
    if len(array.axes[place][0]) <= 1:
        return array
    axes = [*array.axes]
    axes[place] = ax.of_size(ax.size_of(array.axes[place]))
    return Array(axes, rearranged(array, axes), array.kind)


def reshaped(x: Any, shape: Sequence[Any]) -> Array:
    """The entries in the order of C in another shape; −1 is what is missing.

    :raises Misfit: where the shape has another number of entries.
    """
    array = as_array(x)
    wanted = [expression(size) for size in shape]
    whole = expand_size(sp.Mul(*(ax.size_of(axis) for axis in array.axes)))
    if -1 in wanted:
        known = expand_size(sp.Mul(*(size for size in wanted if size != -1)))
        rest = exact(whole, known)
        wanted[wanted.index(-1)] = sp.floor(whole / known) if rest is None else rest
    if not same(sp.Mul(*wanted), whole):
        shape_text = f"({', '.join(map(str, wanted))})"
        raise Misfit(
            f"reshape of {ax.shown(array.axes)} to {shape_text}: the numbers of entries differ"
        )
    axes, pool = list(array.axes), []
    # whole axes that stay, from both ends
    head: list[Axis] = []
    while axes and wanted and same(ax.size_of(axes[0]), wanted[0]):
        head.append(axes.pop(0))
        wanted.pop(0)
    tail: list[Axis] = []
    while axes and wanted and same(ax.size_of(axes[-1]), wanted[-1]):
        tail.insert(0, axes.pop())
        wanted.pop()
    start = len(head)
    for place in range(start, start + len(axes)):
        if len(array.axes[place]) > 1:
            array = merged(array, place)
    pool = [factor for axis in array.axes[start : start + len(axes)] for factor in axis[0]]
    middle, inside = regrouped(pool, wanted)
    found = [*head, *middle, *tail]
    ranges = {i: n for axis in middle for part in axis for i, n in part}
    bodies = {}
    for key in keys(found):
        source = (*key[:start], *(0 for _ in axes), *key[start + len(middle) :])
        bodies[key] = ax.without_digits(array.bodies[source].xreplace(inside), ranges)
    if not isinstance(x, Array):
        return Array(found, bodies, array.kind)
    view = Array(found, bodies, array.kind, root(x))
    if x.base is not None:  # NumPy may have to copy it
        return view
    sizes = x.shape
    whole = Whole(lambda base: reshaped(base, shape), lambda value: reshaped(value, sizes))
    return seated(view, x, whole)


def regrouped(pool: list[ax.Factor], wanted: Sequence[Any]) -> tuple[list[Axis], dict[Any, Any]]:
    """Axes of the wanted sizes made of factors in order, and what becomes of their indices."""
    found: list[Axis] = []
    inside: dict[Any, Any] = {}
    rest = list(pool)
    for size in wanted:
        own: list[ax.Factor] = []
        while True:
            product_ = expand_size(sp.Mul(*(s for _, s in own)))
            if same(product_, size):
                break
            if not rest:
                return _flat(pool, wanted)
            index, extent = rest.pop(0)
            missing = exact(size, product_)
            if missing is None:
                return _flat(pool, wanted)
            split = exact(extent, missing)
            if exact(missing, extent) is not None:
                own.append((index, extent))
            elif split is not None:
                high, low = current().index_of(missing), current().index_of(expand_size(split))
                inside[index] = high * split + low
                own.append((high, missing))
                rest.insert(0, (low, expand_size(split)))
            else:
                return _flat(pool, wanted)
        found.append((tuple(own),))
    if rest:
        return _flat(pool, wanted)
    for _ in range(3):  # factors of factors
        inside = {k: expand_size(v.xreplace(inside)) for k, v in inside.items()}
    return found, inside


def _flat(pool: list[ax.Factor], wanted: Sequence[Any]) -> tuple[list[Axis], dict[Any, Any]]:
    """As :func:`regrouped`, by the digits of the position."""
    axes = [ax.of_size(size) for size in wanted]
    whole = tuple(factor for axis in axes for factor in axis[0])
    return axes, ax.digits(ax.flat(whole), tuple(pool)) if pool else {}


def transpose(x: Any, order: Any = None) -> Array:
    array = as_array(x)
    if order is None:
        order = range(array.ndim)[::-1]
    return transposed(array, positions(array, list(order)))


def swapped(x: Any, a: int, b: int) -> Array:
    array = as_array(x)
    order = list(range(array.ndim))
    (p,), (q,) = positions(array, a), positions(array, b)
    order[p], order[q] = q, p
    return transposed(array, order)


def moved(x: Any, source: Any, target: Any) -> Array:
    array = as_array(x)
    sources, targets = positions(array, source), positions(array, target)
    order = [k for k in range(array.ndim) if k not in sources]
    for place, own in sorted(zip(targets, sources, strict=True)):
        order.insert(place, own)
    return transposed(array, order)


def expanded(x: Any, axis: Any) -> Array:
    array = as_array(x)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = array.ndim + len(axes)
    for place in sorted(int(a) % rank for a in axes):
        array = inserted(array, place)
    return array


def squeezed(x: Any, axis: Any = None) -> Array:
    array = as_array(x)
    if axis is None:
        gone = [k for k, own in enumerate(array.axes) if ax.is_unit(own)]
    else:
        gone = list(positions(array, axis))
        if any(not ax.is_unit(array.axes[k]) for k in gone):
            raise Misfit(f"squeeze of axis {axis} of an array of shape {ax.shown(array.axes)}")
    for place in sorted(gone, reverse=True):
        array = without(array, place)
    return array


def broadcast_to(x: Any, shape: Sequence[Any]) -> Array:
    array = as_array(x)
    axes = [ax.of_size(expression(size)) for size in shape]
    if array.ndim > len(axes):
        raise Misfit(f"broadcast of {ax.shown(array.axes)} to {ax.shown(axes)}")
    extra = len(axes) - array.ndim
    padded = array
    for _ in range(extra):
        padded = inserted(padded, 0)
    for k, (own, wanted) in enumerate(zip(padded.axes, axes, strict=True)):
        if not ax.is_unit(own):
            if not same(ax.size_of(own), ax.size_of(wanted)):
                raise Misfit(f"broadcast of {ax.shown(array.axes)} to {ax.shown(axes)}")
            axes[k] = ax.fresh(own)
    return Array(axes, rearranged(padded, axes), array.kind)


def flipped(x: Any, axis: Any = None) -> Array:
    array = as_array(x)
    for place in positions(array, axis):
        array = single_factor(array, place)
        if ax.is_unit(array.axes[place]):
            continue
        ((index, size),) = array.axes[place][0]
        bodies = {k: b.xreplace({index: size - 1 - index}) for k, b in array.bodies.items()}
        array = Array(array.axes, bodies, array.kind)
    return array


def rolled(x: Any, shift: Any, axis: Any = None) -> Array:
    array = as_array(x)
    if axis is None:
        return reshaped(rolled(reshaped(array, (-1,)), shift, 0), array.shape)
    if isinstance(axis, (tuple, list)):
        for one, by in zip(axis, shift, strict=True):
            array = rolled(array, by, one)
        return array
    (place,) = positions(array, axis)
    size = ax.size_of(array.axes[place])
    by = expression(shift)
    if by == 0:
        return array.copy()
    if at_least(-by, 1):
        by = size + by
    if not at_least(size - by, 1) or not at_least(by, 1):
        if not by.free_symbols <= size.free_symbols:
            raise Refused(f"a roll by {shift} of an axis of size {size}")
        return _rolled_at_most_once(array, place, by)
    cut = plain(size - by)
    return joined(
        [sliced(array, place, slice(cut, None)), sliced(array, place, slice(0, cut))], place
    )


def _rolled_at_most_once(array: Array, place: int, by: Any) -> Array:
    """A roll by what may be the whole axis, or is assumed to be no more."""
    array = single_factor(array, place)
    if ax.is_unit(array.axes[place]):
        return array.copy()
    ((index, size),) = array.axes[place][0]
    for gap, fact in ((size - by, sp.Ge(size, by)), (by, sp.Ge(by, 0))):
        if not at_least(gap, 0):
            current().assume(fact)
    wraps = sp.Lt(index, by, evaluate=False)
    bodies = {
        key: choice(
            wraps,
            body.xreplace({index: expand_size(index - by + size)}),
            body.xreplace({index: expand_size(index - by)}),
        )
        for key, body in array.bodies.items()
    }
    return Array(array.axes, bodies, array.kind)


def repeated(x: Any, times: Any, axis: Any = None) -> Array:
    """Each entry so many times, one after the other."""
    array = as_array(x)
    if axis is None:
        array, axis = reshaped(array, (-1,)), 0
    (place,) = positions(array, axis)
    wide = broadcast_to(
        inserted(array, place + 1),
        [*array.shape[: place + 1], times, *array.shape[place + 1 :]],
    )
    shape = [*array.shape]
    shape[place] = plain(ax.size_of(array.axes[place]) * expression(times))
    return reshaped(wide, shape)


def tiled(x: Any, times: Any) -> Array:
    array = as_array(x)
    counts = list(times) if isinstance(times, (tuple, list)) else [times]
    while len(counts) < array.ndim:
        counts.insert(0, 1)
    while array.ndim < len(counts):
        array = inserted(array, 0)
    for place, count in enumerate(counts):
        if expression(count) == 1:
            continue
        wide = broadcast_to(
            inserted(array, place), [*array.shape[:place], count, *array.shape[place:]]
        )
        shape = [*array.shape]
        shape[place] = plain(ax.size_of(array.axes[place]) * expression(count))
        array = reshaped(wide, shape)
    return array


def split(x: Any, parts: Any, axis: int = 0) -> list[Array]:
    """Into so many equal parts, or at positions."""
    array = as_array(x)
    (place,) = positions(array, axis)
    size = ax.size_of(array.axes[place])
    if isinstance(parts, (list, tuple)):
        cuts = [sp.Integer(0), *(expression(p) for p in parts), size]
    else:
        count = expression(parts)
        if not count.is_Integer:
            raise Refused(f"a split into {count} parts")
        each = expand_size(size / count)
        if exact(size, count) is None:
            current().assume(sp.Eq(sp.Mod(size, count, evaluate=False), 0, evaluate=False))
        cuts = [expand_size(k * each) for k in range(int(count) + 1)]
    return [sliced(array, place, slice(plain(a), plain(b))) for a, b in pairwise(cuts)]


def listed(arrays: Any) -> Array | None:
    """The items of a list that a loop has filled, along a first axis; None for any other list."""
    return arrays.as_array() if getattr(arrays, "rounds", None) is not None else None


def concatenated(arrays: Any, axis: Any = 0) -> Array:
    items = listed(arrays)
    if items is not None and axis is not None:
        place = int(axis) % (items.ndim - 1) if items.ndim > 1 else int(axis)
        turned = moved(items, 0, place)
        sizes = list(turned.shape)
        sizes[place : place + 2] = [sizes[place] * sizes[place + 1]]
        return reshaped(turned, tuple(sizes))
    if items is not None:
        return reshaped(items, (-1,))
    found = [as_array(a) for a in arrays]
    if axis is None:
        return joined([reshaped(a, (-1,)) for a in found], 0)
    return joined(found, int(axis))


def stack(arrays: Any, axis: int = 0) -> Array:
    items = listed(arrays)
    if items is not None:
        return moved(items, 0, int(axis))
    return stacked([as_array(a) for a in arrays], int(axis))


def padded(x: Any, widths: Any, value: Any = 0) -> Array:
    """Entries before and after each axis: ``widths`` is a number, a pair, or a pair for each."""
    array = as_array(x)
    while isinstance(value, (tuple, list)):  # one for each end, where all are the same
        if not value or any(v != value[0] for v in value):
            raise Refused("a pad with another number at each end")
        value = value[0]
    pairs = width_pairs(widths, array.ndim)
    shape = [
        plain(ax.size_of(axis) + low + high)
        for axis, (low, high) in zip(array.axes, pairs, strict=True)
    ]
    if all(low == 0 and high == 0 for low, high in pairs):
        return array.copy()
    place = tuple(
        slice(None) if low == 0 and high == 0
        else slice(plain(low), plain(low + ax.size_of(axis)))
        for axis, (low, high) in zip(array.axes, pairs, strict=True)
    )  # fmt: skip
    return written(filled(shape, number(value), array.kind), place, array)


def width_pairs(widths: Any, rank: int) -> list[tuple[Any, Any]]:
    if not isinstance(widths, (tuple, list)):
        return [(expression(widths),) * 2] * rank
    if len(widths) == 2 and not isinstance(widths[0], (tuple, list)):
        return [(expression(widths[0]), expression(widths[1]))] * rank
    pairs = [tuple(w) if isinstance(w, (tuple, list)) else (w, w) for w in widths]
    pairs = [pair * 2 if len(pair) == 1 else pair for pair in pairs]
    if len(pairs) == 1:
        pairs = pairs * rank
    if len(pairs) != rank:
        raise Misfit(f"a pad of {len(pairs)} axes of an array of {rank}")
    return [(expression(low), expression(high)) for low, high in pairs]


def shape_of(shape: Any) -> tuple[Any, ...]:
    """A shape that is given as a number or a tuple."""
    if isinstance(shape, (tuple, list)):
        return tuple(shape)
    return (shape,)


def count(x: Any) -> Any:
    """The number of entries."""
    return plain(sp.Mul(*(ax.size_of(axis) for axis in as_array(x).axes)))
