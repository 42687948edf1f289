"""Functions of the user's own that NumPy applies to rows or entries, and choices among arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from derive.frontends.code import alignment, arithmetic, reshaping
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.containers import symbolic_range
from derive.frontends.code.loops import listed
from derive.frontends.code.sums import positions
from derive.frontends.code.trace import Refused


def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **options: Any) -> Array:
    array = as_array(arr)
    if array.ndim > 2:
        raise Refused(f"apply_along_axis to an array of {array.ndim} axes")
    (place,) = positions(array, axis)
    if array.ndim == 1:
        return as_array(func1d(array, *args, **options))
    lines = array if place == 1 else reshaping.transpose(array)
    found = as_array(listed(lambda line: func1d(line, *args, **options), lines))
    return found if place == 1 or found.ndim == 1 else reshaping.transpose(found)


def vectorize(pyfunc: Callable[..., Any], otypes: Any = None, **options: Any) -> Any:
    """A function of numbers as one of arrays."""

    def over(values: Sequence[Array]) -> Array:
        if not values[0].ndim:
            return as_array(pyfunc(*values))
        count = values[0].shape[0]
        rounds = range(count) if isinstance(count, int) else symbolic_range(count)
        return as_array(listed(lambda c: over([v[c] for v in values]), rounds))

    def applied(*values: Any) -> Array:
        arrays = [as_array(v) for v in values]
        axes, bodies = alignment.aligned(arrays)
        return over([Array(axes, own, a.kind) for a, own in zip(arrays, bodies, strict=True)])

    return applied


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Array:
    found = as_array(default)
    for condition, value in reversed(list(zip(condlist, choicelist, strict=True))):
        found = arithmetic.where(condition, value, found)
    return found


def piecewise(x: Any, condlist: Sequence[Any], funclist: Sequence[Any]) -> Array:
    """The last function whose condition holds; one more function is for where none does."""
    array = as_array(x)
    values = [f(array) if callable(f) else f for f in funclist]
    more = len(values) == len(condlist) + 1
    found = as_array(values.pop() if more else ops.like(array, 0))
    for condition, value in zip(condlist, values, strict=True):
        found = arithmetic.where(condition, value, found)
    return found


def choose(a: Any, choices: Any) -> Array:
    """``choices[a[i], i]``."""
    places, options = as_array(a), as_array(choices)
    if options.ndim != places.ndim + 1:
        raise Refused("choose among arrays of another shape than the places")
    own = ops.index_grid(places.shape)
    return as_array(options[(places, *own)])


def rollaxis(a: Any, axis: int, start: int = 0) -> Array:
    array = as_array(a)
    (place,) = positions(array, axis)
    target = start + array.ndim if start < 0 else start
    return reshaping.moved(array, place, target - 1 if place < target else target)


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Array:
    flat = reshaping.reshaped(as_array(ary), (-1,))
    parts = [flat[1:] - flat[:-1]]
    if to_begin is not None:
        parts.insert(0, _line(to_begin))
    if to_end is not None:
        parts.append(_line(to_end))
    return reshaping.concatenated(parts, 0) if len(parts) > 1 else parts[0]


def _line(value: Any) -> Array:
    found = as_array(value)
    return found if found.ndim else alignment.inserted(found, 0)


ENTRYWISE: dict[str, Any] = {
    "apply_along_axis": apply_along_axis, "vectorize": vectorize, "select": select,
    "piecewise": piecewise, "choose": choose, "rollaxis": rollaxis, "ediff1d": ediff1d,
}  # fmt: skip
