"""What an array is after a write at slices, points, conditions and arrays of integers."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import aligned, inserted, merged, rearranged
from derive.frontends.code.arithmetic import where
from derive.frontends.code.arrays import (
    BOOL,
    FLOAT,
    INT,
    UNWRITTEN,
    WRITE,
    Array,
    Comb,
    Key,
    about_to_change,
    as_array,
    as_real,
    choice,
    equal,
    keys,
    watchers,
)
from derive.frontends.code.axes import UNIT, Axis
from derive.frontends.code.extremes import at_place, atoms_of, summed
from derive.frontends.code.indexing import (
    Masked,
    are_one,
    bounds,
    index_array,
    is_gather,
    is_mask,
    items_of,
    point,
    whole_segments,
    wrapped,
)
from derive.frontends.code.sizes import (
    Size,
    at_least,
    expanded,
    same,
)
from derive.frontends.code.trace import Crowded, Misfit, Refused, current


@WRITE.fill
def write(array: Array, key: Any, value: Any, add: bool = False) -> None:
    """``array[key] = value``, or ``+=``."""
    value = value if isinstance(value, Masked) else as_array(value)
    about_to_change(array)
    array.become(written(array, key, value, add))


def written(array: Array, key: Any, value: Any, add: bool = False) -> Array:
    """What an array is after a write."""
    items = items_of(array, key)
    masks = [part for part in items if is_mask(part)]
    if masks:
        return _written_where(array, items, masks, value, add)
    if isinstance(value, Masked):
        raise Refused("x[condition] is written elsewhere")
    if any(is_gather(part) for part in items):
        one_by_one = _at_listed(array, items, value, add)
        return _scattered(array, items, value, add) if one_by_one is None else one_by_one
    array = _cut(array, items)
    _check_parts(array)
    # the region: axes that stay, each with where it starts, and points
    region: list[Axis] = []
    place = 0
    plan: list[tuple[str, Any, Any]] = []
    for part in items:
        if part is None:
            region.append(UNIT)
            plan.append(("new", None, None))
            continue
        axis = array.axes[place]
        if isinstance(part, slice):
            if part == slice(None):
                region.append(axis)
                plan.append(("all", place, None))
            else:
                start, length, step = bounds(part, ax.size_of(axis))
                chosen = whole_segments(axis, start, length) if step == 1 else None
                if chosen is not None:
                    region.append(axis[chosen[0] : chosen[1]])
                    plan.append(("segments", place, chosen))
                else:
                    region.append(ax.of_size(length))
                    plan.append(("range", place, (start, length, step)))
        else:
            position = point(part, ax.size_of(axis))
            sizes = _sizes_of_counters(position, axis)
            if sizes is not None:
                axes = [*array.axes]
                axes[place] = ax.of_factors([sizes])
                cut = Array(axes, rearranged(array, axes), array.kind)
                return written(cut, key, value, add)
            plan.append(("point", place, position))
        place += 1
    for position, axis in enumerate(array.axes):
        ranged = any(kind in ("range", "point") and p == position for kind, p, _ in plan)
        if ranged and len(axis) > 1:
            return written(merged(array, position), key, value, add)
    bodies = _over(value, region)
    comb = None if add else _comb(array, plan)
    found: dict[Key, Any] = {}
    for own in keys(array.axes):
        conditions: list[Any] = []
        inner: list[int] = []
        inside: dict[Any, Any] = {}
        strides: list[tuple[Any, Any, Any]] = []
        outside = False
        old = array.bodies[own]
        for kind, p, data in plan:
            if kind == "new":
                inner.append(0)
                continue
            axis, segment = array.axes[p], own[p]
            if kind == "all":
                inner.append(segment)
            elif kind == "segments":
                outside = outside or not data[0] <= segment < data[1]
                inner.append(segment - data[0])
            else:
                position = ax.flat(axis[segment])
                if kind == "point":
                    digits = ax.digits(data, axis[segment]) if len(axis[segment]) > 1 else {}
                    if digits and not any(d.has(sp.floor, sp.Mod) for d in digits.values()):
                        conditions += [equal(index, digit) for index, digit in digits.items()]
                    else:
                        conditions.append(equal(position, data))
                    continue
                inner.append(0)
                start, length, step = data
                shift = expanded(position - start)
                target = region[len(inner) - 1][0]
                if step == 1:
                    if not at_least(-start, 0):
                        conditions.append(sp.Ge(position, start, evaluate=False))
                    end = expanded(start + length)
                    if not at_least(end - ax.size_of(axis), 0):
                        conditions.append(sp.Lt(position, end, evaluate=False))
                elif step == -1:
                    shift = -shift
                elif (add or old == 0 or comb) and target:
                    # as a sum over the region: division would hide it
                    q = current().index_of(length, "k")
                    strides.append((sp.KroneckerDelta(position, start + step * q), q, length))
                    shift = q
                else:
                    conditions += [
                        sp.Ge(position, start, evaluate=False),
                        sp.Lt(position, start + length * step, evaluate=False),
                        sp.Eq(sp.Mod(shift, step, evaluate=False), 0, evaluate=False),
                    ]
                    shift = sp.floor(shift / step)
                if target:
                    inside[target[0][0]] = shift
        if outside or sp.false in conditions:
            found[own] = old
            continue
        new = bodies[tuple(inner)].xreplace(inside)
        if array.kind != BOOL:
            new = as_real(new)
        for delta, q, length in strides:
            new = sp.Sum(new * delta, (q, 0, length - 1))
        found[own] = _put(conditions, new, old, add or bool(comb and strides))
    result = Array(array.axes, found, _kind(array, value))
    if comb is not None:
        if len(comb.starts) == comb.step:
            result = Array(
                result.axes, {k: b.xreplace({UNWRITTEN: 0}) for k, b in found.items()}, result.kind
            )
        result.comb = comb
    return result


def _check_parts(array: Array) -> None:
    """Insist that a loop over a range of numbers does not cut an array along several axes."""
    trace = current()
    if trace.unrolled and not trace.crowds and sum(len(axis) > 2 for axis in array.axes) > 1:
        raise Crowded


def _sizes_of_counters(position: Any, axis: Axis) -> list[Any] | None:
    """The sizes of the loops whose counters run through a whole axis together; None where it is
    not so, or the axis is cut already.
    """
    if len(axis) != 1 or len(axis[0]) != 1:
        return None
    counters = ax.counted_along(position)
    sizes = [current().ranges[c] for c in counters or ()]
    return sizes if sizes and same(sp.Mul(*sizes), ax.size_of(axis)) else None


def _comb(array: Array, plan: list[tuple[str, Any, Any]]) -> Comb | None:
    """The teeth of an array after a write to ``[k::s]``, where no other write overlaps them."""
    cuts = [(place, data) for kind, place, data in plan if kind != "all"]
    if watchers or len(cuts) != 1 or not isinstance(cuts[0][1], tuple) or len(cuts[0][1]) != 3:
        return None
    ((place, (start, length, step)),) = cuts
    size = ax.size_of(array.axes[place])
    if not (start.is_Integer and step.is_Integer and 0 <= start < step):
        return None
    if not at_least(start + step * length - size, 0) or length == 1:
        return None
    before = array.comb
    if before is None and all(body in (0, UNWRITTEN) for body in array.bodies.values()):
        before = Comb(place, int(step), frozenset())
    if before is None or (before.place, before.step) != (place, step) or start in before.starts:
        return None
    return Comb(place, int(step), before.starts | {int(start)})


def _kind(array: Array, value: Array) -> str:
    if array.kind == INT and value.kind == FLOAT:
        raise Refused("a float is written to an array of integers")
    return array.kind


def _over(value: Array, region: list[Axis]) -> dict[Key, Any]:
    """The bodies of a value over the axes of a region that it broadcasts to.

    :raises Misfit: where it does not.
    """
    extra = value.ndim - len(region)
    while extra > 0 and ax.is_unit(value.axes[0]):
        value = Array(value.axes[1:], {k[1:]: b for k, b in value.bodies.items()}, value.kind)
        extra -= 1
    shapes = f"a value of shape {ax.shown(value.axes)} to a place of shape {ax.shown(region)}"
    if extra > 0:
        raise Misfit(f"the write of {shapes} does not fit")
    padded = Array(
        (UNIT,) * -extra + value.axes,
        {(0,) * -extra + key: body for key, body in value.bodies.items()},
        value.kind,
    )
    for own, wanted in zip(padded.axes, region, strict=True):
        if not ax.is_unit(own) and not same(ax.size_of(own), ax.size_of(wanted)):
            raise Misfit(f"the write of {shapes} does not fit")
    return rearranged(padded, region)


def _cut(array: Array, items: list[Any]) -> Array:
    """The array with its axes cut where slices begin and end, where the order of the cuts is seen
    and every part has entries.
    """
    place = -1
    for part in items:
        place += part is not None
        if not isinstance(part, slice) or part == slice(None) or part.step is not None:
            continue
        axis = array.axes[place]
        size = ax.size_of(axis)
        start, length, _ = bounds(part, size)
        if any(s in current().counters for s in (start + length).free_symbols):
            continue
        cuts = [c for c in (start, expanded(start + length)) if c != 0 and not same(c, size)]
        for cut in cuts:
            array = _cut_at(array, place, cut)
    return array


def _cut_at(array: Array, place: int, cut: Any) -> Array:
    axis = array.axes[place]
    for k, (segment, start) in enumerate(zip(axis, ax.offsets(axis), strict=True)):
        end = start + ax.segment_size(segment)
        if same(start, cut):
            return array
        if len(segment) == 1 and at_least(cut - start, 1) and at_least(end - cut, 1):
            parts = (ax.of_size(cut - start)[0], ax.of_size(expanded(end - cut))[0])
            target = (*axis[:k], *parts, *axis[k + 1 :])
            axes = [*array.axes[:place], target, *array.axes[place + 1 :]]
            return Array(axes, rearranged(array, axes), array.kind)
    return array


def _written_where(
    array: Array, items: list[Any], masks: list[Array], value: Any, add: bool
) -> Array:
    if len(items) != 1 and any(not is_mask(p) and p != slice(None) for p in items):
        raise Refused("a write at a condition beside other indices")
    mask = masks[0]
    first = next(k for k, p in enumerate(items) if p is mask)
    for _ in range(array.ndim - first - mask.ndim):
        mask = inserted(mask, mask.ndim)
    if isinstance(value, Masked):
        if not are_one(value.condition, masks[0]):
            raise Refused("x[condition] is written at another condition")
        value = value.array
    elif value.ndim:
        raise Refused("an array is written at a condition")
    new = array + value if add else value
    found = where(mask, new, array)
    return Array(array.axes, rearranged(found, array.axes), array.kind)


def _at_listed(array: Array, items: list[Any], value: Array, add: bool) -> Array | None:
    """A write at a list of positions of one axis, one after the other: the last one stays. None
    where there is no such list.
    """
    listed = [k for k, part in enumerate(items) if isinstance(part, list)]
    others = [part for k, part in enumerate(items) if k not in listed]
    if len(listed) != 1 or any(part != slice(None) for part in others if not is_gather(part)):
        return None
    (place,) = listed
    positions = items[place]
    if any(map(is_gather, others)) or not all(isinstance(p, int | Size) for p in positions):
        return None
    own = value.ndim - (array.ndim - place)  # the axis of the value along the list
    along = own >= 0 and not ax.is_unit(value.axes[own])
    if along and not same(ax.size_of(value.axes[own]), len(positions)):
        return None
    found = array
    for number, position in enumerate(positions):
        key = (*items[:place], position)
        part = value[(slice(None),) * own + (number if along else 0,)] if own >= 0 else value
        found = written(found, key, array[key] + part if add else part)
    return found


def _scattered(
    array: Array, items: list[Any], value: Array, add: bool, every: bool = False
) -> Array:
    """A write at arrays of integers: each place is to be written once, or added to by every one."""
    advanced = [
        k for k, part in enumerate(items) if part is not None and not isinstance(part, slice)
    ]
    if any(p is None or (isinstance(p, slice) and p != slice(None)) for p in items):
        raise Refused("a write at an array of integers beside a part of another axis")
    if advanced != list(range(advanced[0], advanced[-1] + 1)):
        raise Refused("a write at arrays of integers that do not stand together")
    for k in advanced:
        if len(array.axes[k]) > 1:
            return _scattered(merged(array, k), items, value, add, every)
    arrays = [index_array(items[k]) for k in advanced]
    axes, bodies = aligned(arrays)
    if any(len(axis) > 1 for axis in axes):
        raise Refused("a write at a list of indices")
    first = advanced[0]
    region = [*array.axes[:first], *axes, *array.axes[first + len(advanced) :]]
    source = _over(value, region)
    single = (0,) * len(axes)
    # an index that runs along one of the arrays' own axes says which of them wrote an entry
    solved: dict[Any, Any] = {}
    rest: list[tuple[Any, Any]] = []
    for number, k in enumerate(advanced):
        segment = array.axes[k][0]
        index = wrapped(bodies[number][single], ax.size_of(array.axes[k]))
        own = ax.flat(segment)
        whole = next(
            (axis[0] for axis in axes if len(axis[0]) > 1 and same(index, ax.flat(axis[0]))), None
        )
        if whole is not None and same(ax.segment_size(whole), ax.segment_size(segment)):
            solved.update(ax.within(whole, segment))
            continue
        shift = next(
            (f for axis in axes for f in axis[0] if f[0] not in solved
             and f[0] in index.free_symbols and not (index - f[0]).free_symbols & {f[0]}
             and not expanded(index - f[0]).atoms(sp.Indexed)), None,
        )  # fmt: skip
        if shift is not None and not (expanded(index - shift[0])).free_symbols & {
            f[0] for axis in axes for f in axis[0]
        }:
            position = expanded(own - (index - shift[0]))
            solved[shift[0]] = position
            if not at_least(-(index - shift[0]), 0):
                rest.append((position, "low"))
            if not same(shift[1], ax.size_of(array.axes[k])):
                rest.append((position - shift[1], "high"))
        else:
            rest.append((own, index))
    left = [f for axis in axes for f in axis[0] if f[0] not in solved]
    if left and not every:
        current().note("a write at integers that may repeat keeps the last of them, as NumPy does")
    found: dict[Key, Any] = {}
    for key in keys(array.axes):
        inner = (*key[:first], *single, *key[first + len(advanced) :])
        conditions = []
        for own, index in rest:
            if isinstance(index, str):
                test = (
                    sp.Ge(own, 0, evaluate=False)
                    if index == "low"
                    else sp.Lt(own, 0, evaluate=False)
                )
                conditions.append(test)
            else:
                conditions.append(equal(own, index.xreplace(solved)))
        new = as_real(source[inner].xreplace(solved))
        old = array.bodies[key]
        if left:
            found[key] = _all_of(left, conditions, old, new, add, every)
        else:
            found[key] = _put(conditions, new, old, add)
    return Array(array.axes, found, _kind(array, value))


def _all_of(
    factors: list[ax.Factor], conditions: list[Any], old: Any, new: Any, add: bool, every: bool
) -> Any:
    """An entry that several indices write: ``every`` one adds, or the last one stays."""
    inside = {index: current().index("k") for index, _ in factors}
    limits = [(inside[index], 0, size - 1) for index, size in factors]
    hit = _hit(conditions, new)
    if every:
        return old + sp.Sum(hit.xreplace(inside), *limits)
    if not all(isinstance(c, sp.Eq) for c in conditions):
        raise Refused("a write at integers that may repeat, beside other conditions")
    later = {index: current().index("k") for index, _ in factors}
    after = [(later[index], 0, size - 1) for index, size in factors]
    own = ax.flat(tuple(factors))
    at = sp.Mul(*(sp.KroneckerDelta(c.lhs, c.rhs) for c in conditions))
    is_later = sp.Gt(own.xreplace(later), own.xreplace(inside), evaluate=False)
    none_later = sp.Product(choice(is_later, 1 - at.xreplace(later), sp.Integer(1)), *after)
    total = sp.Sum(hit.xreplace(inside) * none_later, *limits)
    if add:
        return old + total
    return old * sp.Product(1 - at.xreplace(later), *after) + total


def _put(conditions: list[Any], new: Any, old: Any, add: bool) -> Any:
    """An entry that is written, or added to, where conditions hold."""
    if not any(atoms_of(part) for part in (*conditions, new)):
        return old + _hit(conditions, new) if add else choice(sp.And(*conditions), new, old)
    conditions, new, limits = at_place(conditions, new)
    if add:
        return old + summed(conditions, new, limits)
    if not limits:
        return choice(sp.And(*conditions), new, old)
    rest = old * (1 - summed(conditions, sp.Integer(1), limits))
    return rest + summed(conditions, new, limits)


def _hit(conditions: list[Any], value: Any) -> Any:
    """A value where indices are equal, else 0."""
    if conditions and all(isinstance(c, sp.Eq) for c in conditions):
        return value * sp.Mul(*(sp.KroneckerDelta(c.lhs, c.rhs) for c in conditions))
    return choice(sp.And(*conditions), value, sp.Integer(0))


def add_at(array: Array, key: Any, value: Any) -> None:
    """``np.add.at``: every one of the indices adds."""
    items = items_of(array, key)
    if not any(is_gather(part) for part in items):
        write(array, key, value, add=True)
        return
    about_to_change(array)
    array.become(_scattered(array, items, as_array(value), True, every=True))
