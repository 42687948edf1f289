"""What is read and written at slices, points, conditions and arrays of integers."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import (
    BOOL,
    FLOAT,
    INT,
    READ,
    UNWRITTEN,
    WRITE,
    Array,
    Comb,
    Key,
    about_to_change,
    aligned,
    as_array,
    as_real,
    choice,
    divide,
    equal,
    inserted,
    keys,
    merged,
    rearranged,
    root,
    sum_over,
    watchers,
    where,
)
from derive.frontends.code.axes import UNIT, Axis
from derive.frontends.code.extremes import at_place, atoms_of, summed, without_places
from derive.frontends.code.sizes import (
    COUNTER,
    at_least,
    expanded,
    expression,
    least,
    quotient,
    same,
)
from derive.frontends.code.trace import Misfit, Refused, current


class Masked:
    """``x[condition]``: entries of which nobody knows how many there are."""

    def __init__(self, array: Array, condition: Array) -> None:
        self.array = array
        self.condition = condition

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Refused("x[condition] is an array whose size depends on values")

    def sum(self, axis: Any = None) -> Array:
        """The sum of these entries."""
        if axis not in (None, 0) or (axis == 0 and self.array.ndim != self.condition.ndim):
            raise Refused("x[condition] is summed over an axis")
        if self.condition.ndim != self.array.ndim:
            raise Refused("rows at a condition are summed")
        return sum_over(where(self.condition, self.array, 0))

    def mean(self, axis: Any = None) -> Array:
        """Their mean: it has no value where there is none."""
        return divide(self.sum(axis), self.size)

    @property
    def size(self) -> Array:
        """How many they are: a number that depends on values."""
        return sum_over(self.condition)

    def length(self) -> Array:
        return self.size

    def __neg__(self) -> Any:
        return Masked(-self.array, self.condition)

    def _with(self, other: Any, name: str) -> Any:
        if isinstance(other, Masked):
            if other.condition is not self.condition:
                raise Refused("x[condition] meets another condition")
            other = other.array
        elif isinstance(other, Array) and other.ndim:
            raise Refused("x[condition] meets an array")
        return Masked(getattr(self.array, name)(other), self.condition)


def _forward(name: str) -> None:
    setattr(Masked, name, lambda self, other: self._with(other, name))


for _name in ("add", "sub", "mul", "truediv", "pow"):
    _forward(f"__{_name}__")
    _forward(f"__r{_name}__")


def items_of(array: Array, key: Any) -> list[Any]:
    """One item for each axis, and None for each new one."""
    parts = list(key) if isinstance(key, tuple) else [key]
    used = 0
    for part in parts:
        if part is None or part is Ellipsis:
            continue
        used += part.ndim if isinstance(part, Array) and part.kind == BOOL else 1
    if used > array.ndim:
        raise Misfit(f"{used} indices into an array of shape {ax.shown(array.axes)}")
    missing = array.ndim - used
    found: list[Any] = []
    dots = any(part is Ellipsis for part in parts)
    for part in parts:
        if part is Ellipsis:
            found += [slice(None)] * missing
            missing = 0
        else:
            found.append(part)
    return found if dots else found + [slice(None)] * missing


def is_mask(part: Any) -> bool:
    return isinstance(part, Array) and part.kind == BOOL and part.ndim > 0


def is_gather(part: Any) -> bool:
    if isinstance(part, Array):
        return part.ndim > 0 and part.kind != BOOL
    if isinstance(part, (list, range)) or hasattr(part, "as_array"):
        return True
    return type(part).__module__ == "numpy" and getattr(part, "ndim", 0) > 0


def point(part: Any, size: Any) -> Any:
    """A position on an axis, counted from its start."""
    index = part.as_size() if isinstance(part, Array) else expression(part)
    if at_least(-index, 1):
        index = index + size
    if at_least(index - size, 0):
        raise Misfit(f"index {index} on an axis of size {size}")
    return wrapped(expanded(index), size)


def wrapped(index: Any, size: Any) -> Any:
    """A position that labels give: one below 0 counts from the end, as y − 1 does where y is 0."""
    labels_ = index.atoms(sp.Indexed)
    if not labels_ or not index.is_polynomial(*labels_):
        return index
    stand_ins = {y: sp.Symbol(f"{COUNTER}y{k}", integer=True) for k, y in enumerate(labels_)}
    low = least(index.xreplace(stand_ins))
    if low is None or low >= 0:
        return index
    if not at_least(size + low, 0):
        raise Refused("a position that labels give may be below the start of an axis")
    return sp.Mod(index, size, evaluate=False)


def bounds(part: slice, size: Any) -> tuple[Any, Any, Any]:
    """Start, number of entries and step of a slice.

    :raises Refused: where Python would cut it, and that is not seen.
    """
    step = sp.Integer(1) if part.step is None else expression(part.step)
    if step == -1 and part.start is None and part.stop is None:
        return expanded(size - 1), size, step
    if not at_least(step, 1):
        raise Refused(f"a slice with the step {step}")

    def end(value: Any, default: Any) -> Any:
        if value is None:
            return default
        found = expression(value)
        if at_least(-found, 1):
            found = expanded(found + size)
            if not at_least(found, 0):
                current().assume(sp.Ge(found, 0, evaluate=False))
            return found
        if at_least(found - size, 0):
            return size
        if not at_least(size - found, 0) and not _runs_inside(found, size):
            current().assume(sp.Le(found, size, evaluate=False))
        return found

    start, stop = end(part.start, sp.Integer(0)), end(part.stop, size)
    length = expanded(stop - start)
    if step != 1:
        length = quotient(expanded(length + step - 1), step)
    if at_least(-length, 0):
        raise Refused(f"the empty slice {start}:{stop} of an axis of size {size}")
    return start, length, step


def _runs_inside(end: Any, size: Any) -> bool:
    """Whether an end has a counter in it: what it reads is looked at where it is decided."""
    return any(s in current().counters for s in end.free_symbols)


@READ.fill
def read(array: Array, key: Any) -> Any:
    """``array[key]``."""
    items = items_of(array, key)
    if any(is_mask(part) for part in items):
        (mask,) = [part for part in items if is_mask(part)]
        if len([p for p in items if not (isinstance(p, slice) and p == slice(None))]) > 1:
            raise Refused("a condition beside other indices")
        return Masked(array.copy(), mask)
    if any(is_gather(part) for part in items):
        return gathered(array, items)
    result = array
    place = 0
    for part in items:
        if part is None:
            result = inserted(result, place)
            place += 1
        elif isinstance(part, slice):
            result = sliced(result, place, part)
            place += 1
        else:
            result = pointed(result, place, part)
    if any(isinstance(part, Array) for part in items):
        at = without_places(result)
        if at is not result:
            return at
    found = Array(result.axes, dict(result.bodies), result.kind, root(array))
    if not found.axes:
        found.base = None
    elif array.base is None or array.seat is not None:
        found.seat = (array, key)
    return found


def pointed(array: Array, place: int, part: Any) -> Array:
    """One position of an axis, which is gone then."""
    size = ax.size_of(array.axes[place])
    index = point(part, size)
    found = at_position(array, place, index)
    if not _may_wrap(array, index):
        return found
    # NumPy counts a position below 0 from the end.
    inside = Array((), {(): sp.Ge(index, 0, evaluate=False)}, BOOL)
    return where(inside, found, at_position(array, place, expanded(index + size)))


def _may_wrap(array: Array, index: Any) -> bool:
    """Whether an index of a loop is below 0 in some of its rounds, as far as is seen; a loop that
    writes what it reads one step before tells for itself what that is.
    """
    trace = current()
    low, _ = ax.bounds(index, trace.ranges)
    if low is None or not low.is_Integer or low >= 0:
        return False
    bases = {b for body in array.bodies.values() for b in body.atoms(sp.IndexedBase)}
    if any("·before·" in str(base.label) for base in bases):
        return False
    return not any(_is_above(index, condition) for condition in trace.within)


def _is_above(index: Any, condition: Any) -> bool:
    """Whether a condition of a branch says that an index is at least 0."""
    for part in sp.And.make_args(condition):
        if not isinstance(part, sp.core.relational.Relational):
            continue
        gap = part.lhs - part.rhs
        if isinstance(part, (sp.Lt, sp.Le)):
            gap = -gap
        if isinstance(part, (sp.Gt, sp.Lt)):
            gap = gap - 1
        elif isinstance(part, sp.Ne):
            low, _ = ax.bounds(gap, current().ranges)
            if low != 0:
                continue
            gap = gap - 1
        elif isinstance(part, sp.Eq):
            continue
        if at_least(expanded(index - gap), 0):
            return True
    return False


def at_position(array: Array, place: int, index: Any) -> Array:
    axis = array.axes[place]
    if len(axis) > 1:
        found = _segment_at(axis, index)
        if found is None:
            return at_position(merged(array, place), place, index)
        segment, inside = found
    else:
        segment, inside = 0, (ax.digits(index, axis[0]) if axis[0] else {})
    axes = (*array.axes[:place], *array.axes[place + 1 :])
    bodies = {
        key: array.bodies[(*key[:place], segment, *key[place:])].xreplace(inside)
        for key in keys(axes)
    }
    return Array(axes, bodies, array.kind)


def _segment_at(axis: Axis, index: Any) -> tuple[int, dict[Any, Any]] | None:
    starts = ax.offsets(axis)
    for k, (segment, start) in enumerate(zip(axis, starts, strict=True)):
        if same(index, start) and not segment:
            return k, {}
        end = start + ax.segment_size(segment)
        if at_least(index - start, 0) and at_least(end - 1 - index, 0):
            return k, (ax.digits(expanded(index - start), segment) if segment else {})
    return None


def sliced(array: Array, place: int, part: slice) -> Array:
    """A slice of an axis."""
    if part == slice(None):
        return array
    axis = array.axes[place]
    start, length, step = bounds(part, ax.size_of(axis))
    if start == 0 and step == 1 and same(length, ax.size_of(axis)):
        return array
    if step == 1:
        chosen = _whole_segments(axis, start, length)
        if chosen is not None:
            low, high = chosen
            axes = (*array.axes[:place], axis[low:high], *array.axes[place + 1 :])
            bodies = {
                key: array.bodies[(*key[:place], key[place] + low, *key[place + 1 :])]
                for key in keys(axes)
            }
            return Array(axes, bodies, array.kind)
    target = ax.of_size(length)
    position = start + step * (target[0][0][0] if target[0] else 0)
    if len(axis) > 1:
        cut = _within_one(axis, start, expanded(start + step * (length - 1)))
        if cut is None:
            return sliced(merged(array, place), place, part)
        segment, inside = cut, ax.digits(expanded(position - ax.offsets(axis)[cut]), axis[cut])
    else:
        segment, inside = 0, (ax.digits(expanded(position), axis[0]) if axis[0] else {})
    axes = (*array.axes[:place], target, *array.axes[place + 1 :])
    bodies = {
        key: array.bodies[(*key[:place], segment, *key[place + 1 :])].xreplace(inside)
        for key in keys(axes)
    }
    return Array(axes, bodies, array.kind)


def _whole_segments(axis: Axis, start: Any, length: Any) -> tuple[int, int] | None:
    """The segments that a slice consists of, from and up to."""
    starts = [*ax.offsets(axis), ax.size_of(axis)]
    low = [k for k, s in enumerate(starts) if same(s, start)]
    high = [k for k, s in enumerate(starts) if same(s, start + length)]
    if low and high and low[0] < high[-1]:
        return low[0], high[-1]
    return None


def _within_one(axis: Axis, first: Any, last: Any) -> int | None:
    for k, (segment, start) in enumerate(zip(axis, ax.offsets(axis), strict=True)):
        end = start + ax.segment_size(segment)
        if segment and at_least(first - start, 0) and at_least(end - 1 - last, 0):
            return k
    return None


# ---- arrays of integers as indices


def index_array(part: Any) -> Array:
    found = as_array(list(part) if isinstance(part, range) else part)
    if found.kind == FLOAT:
        raise Refused("an array of floats is an index")
    return found


def gathered(array: Array, items: list[Any]) -> Array:
    """``array[i, j]`` with arrays of integers among the indices."""
    advanced = [
        k for k, part in enumerate(items) if part is not None and not isinstance(part, slice)
    ]
    together = advanced == list(range(advanced[0], advanced[-1] + 1))
    arrays = [index_array(items[k]) for k in advanced]
    axes, bodies = aligned(arrays)
    result, place, at = array, 0, {}
    front = 0
    for k, part in enumerate(items):
        if k in advanced:
            at[k] = place
            if k == advanced[0]:
                front = place
            place += 1
        elif part is None:
            result = inserted(result, place)
            place += 1
        else:
            result = sliced(result, place, part)
            place += 1
    for k in advanced:
        if len(result.axes[at[k]]) > 1:
            result = merged(result, at[k])
    rest = [p for p in range(result.ndim) if p not in at.values()]
    before = [p for p in rest if p < front] if together else []
    after = [p for p in rest if p not in before]
    own = [*(result.axes[p] for p in before), *axes, *(result.axes[p] for p in after)]
    found: dict[Key, Any] = {}
    for key in keys(own):
        middle = key[len(before) : len(before) + len(axes)]
        outer = (*key[: len(before)], *key[len(before) + len(axes) :])
        source = [0] * result.ndim
        for p, segment in zip((*before, *after), outer, strict=True):
            source[p] = segment
        inside: dict[Any, Any] = {}
        for number, k in enumerate(advanced):
            axis = result.axes[at[k]]
            if axis[0]:
                index = bodies[number][middle]
                if index.is_number and index < 0:
                    index = index + ax.size_of(axis)
                index = wrapped(index, ax.size_of(axis))
                inside.update(ax.digits(index, axis[0]))
        found[key] = result.bodies[tuple(source)].xreplace(inside)
    return without_places(Array(own, found, array.kind))


# ---- writes


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
        return _scattered(array, items, value, add)
    array = _cut(array, items)
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
                chosen = _whole_segments(axis, start, length) if step == 1 else None
                if chosen is not None:
                    region.append(axis[chosen[0] : chosen[1]])
                    plan.append(("segments", place, chosen))
                else:
                    region.append(ax.of_size(length))
                    plan.append(("range", place, (start, length, step)))
        else:
            plan.append(("point", place, point(part, ax.size_of(axis))))
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
    first = items.index(mask) if isinstance(items, list) and len(items) > 1 else 0
    first = next(k for k, p in enumerate(items) if p is mask)
    for _ in range(array.ndim - first - mask.ndim):
        mask = inserted(mask, mask.ndim)
    if isinstance(value, Masked):
        if value.condition is not masks[0]:
            raise Refused("x[condition] is written at another condition")
        value = value.array
    elif value.ndim:
        raise Refused("an array is written at a condition")
    new = array + value if add else value
    found = where(mask, new, array)
    return Array(array.axes, rearranged(found, array.axes), array.kind)


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


__all__ = ["Masked", "add_at", "read", "write", "written"]
