"""What is read at slices, points, conditions and arrays of integers."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import aligned, inserted, merged, root
from derive.frontends.code.arithmetic import divide, where
from derive.frontends.code.arrays import BOOL, FLOAT, READ, Array, Key, as_array, keys
from derive.frontends.code.axes import Axis
from derive.frontends.code.extremes import without_places
from derive.frontends.code.sizes import (
    COUNTER,
    at_least,
    expanded,
    expression,
    least,
    quotient,
    same,
)
from derive.frontends.code.sums import sum_over
from derive.frontends.code.trace import Misfit, Refused, current
from derive.language.conditions import Cases


def are_one(condition: Array, other: Array) -> bool:
    """Whether two conditions are seen to hold at the same entries of the same shape."""
    if condition is other:
        return True
    if len(condition.axes) != len(other.axes) or not all(
        same(ax.size_of(a), ax.size_of(b)) for a, b in zip(condition.axes, other.axes, strict=True)
    ):
        return False
    _, (first, second) = aligned([condition, other])
    return first == second


class Masked:
    """``x[condition]``: entries of which nobody knows how many there are."""

    def __init__(self, array: Array, condition: Array) -> None:
        self.array = array
        self.condition = condition

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Refused("x[condition] is an array whose size depends on values")

    def __getitem__(self, key: Any) -> Any:
        raise Refused("x[condition] is an array whose size depends on values")

    def sum(self, axis: Any = None) -> Array:
        """The sum of these entries."""
        if axis not in (None, 0) or (axis == 0 and self.condition.ndim != 1):
            raise Refused("x[condition] is summed over an axis")
        condition = self.condition
        while condition.ndim < self.array.ndim:
            condition = inserted(condition, condition.ndim)
        return sum_over(where(condition, self.array, 0), axis)

    def mean(self, axis: Any = None) -> Array:
        """Their mean: it has no value where there is none."""
        if axis is None and self.array.ndim != self.condition.ndim:
            raise Refused("the mean of all entries in rows at a condition")
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
            if not are_one(other.condition, self.condition):
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


class Places:
    """``where(condition)``: the places at which it holds; as an index it is the condition."""

    def __init__(self, condition: Array) -> None:
        self.condition = condition

    def __getitem__(self, key: Any) -> Places:
        if key != 0 or self.condition.ndim != 1:
            raise Refused(
                "the places of a condition along one axis: their number depends on values"
            )
        return self


def items_of(array: Array, key: Any) -> list[Any]:
    """One item for each axis, and None for each new one."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [part.condition if isinstance(part, Places) else part for part in parts]
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
        key: _own_case(array.bodies[(*key[:place], segment, *key[place:])].xreplace(inside))
        for key in keys(axes)
    }
    return Array(axes, bodies, array.kind)


def _own_case(body: Any) -> Any:
    """The case that holds at a position, as where an entry is read that was just written."""
    while isinstance(body, Cases) and body.args[0][1] in (sp.true, sp.false):
        (value, condition), *others = body.args
        if condition == sp.true:
            body = value
        elif len(others) == 1 and others[0][1] == sp.true:
            body = others[0][0]
        else:
            body = Cases(*others)
    return body


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
        chosen = whole_segments(axis, start, length)
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


def whole_segments(axis: Axis, start: Any, length: Any) -> tuple[int, int] | None:
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
