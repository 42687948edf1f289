"""Arrays brought to the same axes, and put beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import FLOAT, STACKED, Array, Key, Whole, as_real, choice, keys
from derive.frontends.code.axes import UNIT, Axis
from derive.frontends.code.sizes import expanded
from derive.frontends.code.trace import Misfit, Refused


def rearranged(array: Array, target: Sequence[Axis]) -> dict[Key, Any]:
    """The bodies of an array over the axes of ``target``, of the same sizes; an axis of size 1
    is repeated.
    """
    found = {}
    per_axis: list[list[tuple[int, dict[Any, Any]]]] = []
    for position, (own, wanted) in enumerate(zip(array.axes, target, strict=True)):
        if ax.is_unit(own):
            per_axis.append([(0, {})] * len(wanted))
            continue
        where = ax.places(own, wanted)
        if where is None:
            whole = merged(array, position)
            return rearranged(whole, target)
        per_axis.append(where)
    for key in keys(target):
        source: list[int] = []
        inside: dict[Any, Any] = {}
        for segment, options in zip(key, per_axis, strict=True):
            k, indices = options[segment]
            source.append(k)
            inside.update(indices)
        found[key] = array.bodies[tuple(source)].xreplace(inside)
    return found


def merged(array: Array, position: int) -> Array:
    """An axis of several segments as one of a single factor, by cases."""
    axis = array.axes[position]
    whole = ax.of_size(ax.size_of(axis))
    ((index, _),) = whole[0] or ((sp.Integer(0), sp.Integer(1)),)
    starts = ax.offsets(axis)
    axes = (*array.axes[:position], whole, *array.axes[position + 1 :])
    bodies = {}
    for key in keys(axes):
        found: Any = None
        for k in reversed(range(len(axis))):
            own = (*key[:position], k, *key[position + 1 :])
            inside = ax.digits(expanded(index - starts[k]), axis[k]) if axis[k] else {}
            body = array.bodies[own].xreplace(inside)
            end = starts[k] + ax.segment_size(axis[k])
            found = (
                body if found is None else choice(sp.Lt(index, end, evaluate=False), body, found)
            )
        bodies[key] = found
    return Array(axes, bodies, array.kind)


def broadcast_axes(arrays: Sequence[Array]) -> list[Axis]:
    """The axes of what arrays broadcast to, with indices of their own.

    :raises Misfit: where they do not.
    """
    rank = max((a.ndim for a in arrays), default=0)
    found: list[Axis] = []
    for place in range(-rank, 0):
        axis: Axis = UNIT
        for array in arrays:
            if array.ndim < -place:
                continue
            own = array.axes[place]
            if ax.is_unit(own):
                continue
            try:
                axis = own if ax.is_unit(axis) else ax.common(axis, own)
            except Misfit:
                shapes = " and ".join(ax.shown(a.axes) for a in arrays if a.ndim)
                raise Misfit(f"the shapes {shapes} do not fit together") from None
        found.append(ax.fresh(axis))
    return found


def aligned(arrays: Sequence[Array]) -> tuple[list[Axis], list[dict[Key, Any]]]:
    """The axes that arrays broadcast to, and the bodies of each over these."""
    axes = broadcast_axes(arrays)
    rank = len(axes)
    bodies = []
    for array in arrays:
        padded = Array(
            (UNIT,) * (rank - array.ndim) + array.axes,
            {(0,) * (rank - array.ndim) + key: body for key, body in array.bodies.items()},
            array.kind,
        )
        bodies.append(rearranged(padded, axes))
    return axes, bodies


def root(array: Array) -> Array:
    """What an array is a view of: itself, where it is of none."""
    return array if array.base is None else array.base


def transposed(array: Array, order: Sequence[int]) -> Array:
    if sorted(order) != list(range(array.ndim)):
        raise Misfit(f"axes {tuple(order)} of an array of shape {ax.shown(array.axes)}")
    bodies = {tuple(key[k] for k in order): body for key, body in array.bodies.items()}
    found = Array([array.axes[k] for k in order], bodies, array.kind, root(array))
    back = sorted(range(array.ndim), key=lambda k: order[k])
    key = Whole(lambda base: transposed(base, order), lambda view: transposed(view, back))
    return seated(found, array, key)


def seated(view: Array, array: Array, key: Whole) -> Array:
    """A view of an array, that knows of which."""
    if array.base is None or array.seat is not None:
        view.seat = (array, key)
    return view


def inserted(array: Array, place: int) -> Array:
    """The array with an axis of size 1 before axis ``place``."""
    axes = (*array.axes[:place], UNIT, *array.axes[place:])
    bodies = {(*key[:place], 0, *key[place:]): body for key, body in array.bodies.items()}
    return Array(axes, bodies, array.kind, root(array))


def without(array: Array, place: int) -> Array:
    """The array without an axis of size 1."""
    axes = (*array.axes[:place], *array.axes[place + 1 :])
    bodies = {(*key[:place], *key[place + 1 :]): body for key, body in array.bodies.items()}
    return Array(axes, bodies, array.kind, root(array))


def joined(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays one after the other along an axis: its segments are those of all of them.

    :raises Misfit: where the other axes differ.
    """
    if not arrays:
        raise Refused("nothing is joined")
    rank = arrays[0].ndim
    if any(a.ndim != rank for a in arrays) or not -rank <= axis < rank:
        shapes = " and ".join(ax.shown(a.axes) for a in arrays)
        raise Misfit(f"the shapes {shapes} cannot be joined along axis {axis}")
    axis %= rank
    own: list[Axis] = [ax.fresh(a.axes[axis]) for a in arrays]
    others: list[Axis] = []
    for k in range(rank):
        if k == axis:
            others.append(())
            continue
        shared = arrays[0].axes[k]
        for array in arrays[1:]:
            try:
                shared = ax.common(shared, array.axes[k])
            except Misfit:
                shapes = " and ".join(ax.shown(a.axes) for a in arrays)
                raise Misfit(f"the shapes {shapes} cannot be joined along axis {axis}") from None
        others.append(ax.fresh(shared))
    bodies: dict[Key, Any] = {}
    before = 0
    for array, middle in zip(arrays, own, strict=True):
        target = [*others[:axis], middle, *others[axis + 1 :]]
        for key, body in rearranged(array, target).items():
            bodies[(*key[:axis], key[axis] + before, *key[axis + 1 :])] = body
        before += len(middle)
    whole = tuple(segment for middle in own for segment in middle)
    kinds = {a.kind for a in arrays}
    axes = [*others[:axis], whole, *others[axis + 1 :]]
    if len(kinds) > 1:
        bodies = {key: as_real(body) for key, body in bodies.items()}
    kind = kinds.pop() if len(kinds) == 1 else FLOAT
    return Array(axes, bodies, kind)


@STACKED.fill
def stacked(arrays: Sequence[Array], axis: int) -> Array:
    if not arrays:
        raise Refused("an array of nothing")
    rank = arrays[0].ndim + 1
    return joined([inserted(a, axis % rank) for a in arrays], axis % rank)
