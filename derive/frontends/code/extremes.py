"""``argmax`` and ``argmin``: places that depend on values.

Such a place has no formula, and needs none where it is an index: an entry at the place of the
largest is Σ_d [a_d = max a]·(the entry at d), and a write there is one at every d under that
condition. This is so where the largest entry is taken once, which the verdict lists. In bodies a
place is an undefined function of the indices that it depends on, one for each axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import merged
from derive.frontends.code.arithmetic import compare, named
from derive.frontends.code.arrays import (
    BOOL,
    FLOAT,
    INT,
    WITHOUT_PLACES,
    Array,
    as_array,
    choice,
    keys,
)
from derive.frontends.code.axes import UNIT
from derive.frontends.code.sizes import at_least, expanded, expression, is_counter, same
from derive.frontends.code.sums import max_over, positions, sum_of
from derive.frontends.code.trace import Refused, current
from derive.language.operators import Tensor


@WITHOUT_PLACES.fill
def _compared(array: Array) -> Array:
    return without_places(array) if current().extremes else array


@dataclass(frozen=True)
class Extreme:
    """Where an array is largest along some of its axes.

    :param hit: whether an entry is the largest, a condition on all indices.
    :param factors: the indices of the axes along which it is looked for, with their sizes.
    :param others: the other indices that ``hit`` depends on, which are the functions' arguments.
    :param names: the function that stands for each index of ``factors``.
    :param of: the array, for people.
    """

    hit: Any
    factors: tuple[ax.Factor, ...]
    others: tuple[Any, ...]
    names: tuple[str, ...]
    of: str


def place_of_largest(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """``argmax``; without an axis the place in the flattened array."""
    labels = _labels(as_array(x), axis, keepdims)
    if labels is not None:
        return labels
    array = named(as_array(x), "u")
    if array.kind == BOOL:
        raise Refused("argmax of conditions")
    gone = positions(array, axis)
    for place in gone:
        if len(array.axes[place]) > 1:
            return place_of_largest(merged(array, place), axis, keepdims)
    hits = compare(sp.Eq, array, max_over(array, axis, True))
    factors = tuple(f for place in gone for f in hits.axes[place][0])
    own = {index for index, _ in factors}
    rest = [k for k in range(array.ndim) if k not in gone]
    bodies: dict[Any, Any] = {}
    for key, hit in hits.bodies.items():
        others = tuple(
            sorted((s for s in hit.free_symbols if _counts(s) and s not in own), key=str)
        )
        names = tuple(current().name("place") for _ in factors)
        extreme = Extreme(hit, factors, others, names, _shown(array))
        atoms = [sp.Function(name, integer=True)(*others) for name in names]
        for name in names:
            current().extremes[name] = extreme
        flat = ax.flat(factors).xreplace(dict(zip((i for i, _ in factors), atoms, strict=True)))
        bodies[key if keepdims else tuple(key[k] for k in rest)] = flat
    axes = [UNIT if k in gone else own_axis for k, own_axis in enumerate(hits.axes)]
    return Array(axes if keepdims else [hits.axes[k] for k in rest], bodies, INT)


def _labels(array: Array, axis: Any, keepdims: bool) -> Array | None:
    """The labels of which an array has rows of zeros and a 1; None of another one."""
    gone = positions(array, axis)
    if len(gone) != 1 or len(array.axes[gone[0]]) != 1 or len(array.axes[gone[0]][0]) != 1:
        return None
    (place,) = gone
    ((index, size),) = array.axes[place][0]
    bodies: dict[Any, Any] = {}
    for key, body in array.bodies.items():
        label = _label_in(_unfolded(body), index)
        if label is None or not _is_below(label, size):
            return None
        bodies[key if keepdims else key[:place] + key[place + 1 :]] = label
    axes = list(array.axes)
    axes[place : place + 1] = [UNIT] if keepdims else []
    return Array(axes, bodies, INT)


def _unfolded(body: Any) -> Any:
    """What an entry of a definition is."""
    while isinstance(body, sp.Indexed):
        definition = current().where.get(body.base)
        if not isinstance(definition, Tensor):
            break
        values = dict(zip(definition.bound_symbols, body.indices, strict=True))
        body = definition.body.xreplace(values)
    return body


def _label_in(body: Any, index: Any) -> Any:
    """The label l of [l = index]."""
    if not isinstance(body, sp.KroneckerDelta) or index not in body.args:
        return None
    label = body.args[1 - body.args.index(index)]
    return None if index in label.free_symbols else label


def _is_below(label: Any, size: Any) -> bool:
    """Whether a label is given to be one of as many, so that its row has a 1."""
    base = getattr(label, "base", label)
    ends = {
        g.rhs
        for g in current().given
        if isinstance(g, sp.Le) and getattr(g.lhs, "base", g.lhs) == base
    }
    return any(expanded(size - 1 - end) == 0 for end in ends)


def place_of_smallest(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    """``argmin``."""
    return place_of_largest(-as_array(x), axis, keepdims)


def _counts(symbol: Any) -> bool:
    return bool(symbol.is_integer) and is_counter(symbol)


def _shown(array: Array) -> str:
    read = [a for body in array.bodies.values() for a in body.atoms(sp.IndexedBase)]
    return str(min(read, key=str)) if read else "an array"


def unraveled(place: Any, shape: Sequence[Any]) -> list[Any]:
    """``unravel_index``: a place in the flattened array as one for each axis."""
    array = as_array(place)
    sizes = [expression(size) for size in shape]
    found: list[Any] = []
    for position in range(len(sizes)):
        bodies = {k: _digit(body, sizes, position) for k, body in array.bodies.items()}
        found.append(Array(array.axes, bodies, INT))
    return found


def _digit(body: Any, sizes: Sequence[Any], position: int) -> Any:
    for atom in atoms_of(body):
        extreme = current().extremes[atom.func.__name__]
        atoms = [sp.Function(name, integer=True)(*atom.args) for name in extreme.names]
        sized = zip(atoms, extreme.factors, strict=True)
        flat = ax.flat(tuple((a, size) for a, (_, size) in sized))
        wide = [k for k, size in enumerate(sizes) if size != 1]
        if expanded(flat - body) == 0 and len(wide) == len(atoms) and all(
            same(sizes[k], size) for k, (_, size) in zip(wide, extreme.factors, strict=True)
        ):  # fmt: skip
            return atoms[wide.index(position)] if position in wide else sp.Integer(0)
    after = sp.Mul(*sizes[position + 1 :])
    digit = body if after == 1 else sp.floor(body / after)
    return digit if position == 0 else sp.Mod(digit, sizes[position], evaluate=False)


def atoms_of(body: Any) -> list[Any]:
    """The places in a body."""
    if not isinstance(body, sp.Basic) or not current().extremes:
        return []
    found = [a for a in body.atoms(AppliedUndef) if a.func.__name__ in current().extremes]
    return sorted(found, key=str)


def at_place(conditions: list[Any], value: Any) -> tuple[list[Any], Any, list[Any]]:
    """Conditions and a value without places: the further conditions under which they are meant, and
    the ranges of the indices over which a sum is then to be taken.
    """
    conditions = list(conditions)
    limits: list[tuple[Any, Any]] = []
    while True:
        read = [a for part in (*conditions, value) for a in atoms_of(part)]
        if not read:
            return conditions, value, limits
        extreme = current().extremes[read[0].func.__name__]
        current().once[sp.Symbol(f"the largest entry of {extreme.of} is taken once")] = None
        own = [current().index_of(size, "d") for _, size in extreme.factors]
        inside: dict[Any, Any] = {
            sp.Function(name, integer=True)(*read[0].args): index
            for name, index in zip(extreme.names, own, strict=True)
        }
        ranges = {i: size for i, (_, size) in zip(own, extreme.factors, strict=True)}
        ranges |= current().ranges
        conditions = [ax.without_digits(part.xreplace(inside), ranges) for part in conditions]
        value = ax.without_digits(value.xreplace(inside), ranges)
        hit = extreme.hit.xreplace(
            {
                **dict(zip(extreme.others, read[0].args, strict=True)),
                **dict(zip((i for i, _ in extreme.factors), own, strict=True)),
            }
        )
        conditions = _by_digits(conditions, own, extreme.factors)
        conditions.append(hit)
        for index, (_, size) in zip(own, extreme.factors, strict=True):
            conditions, value, is_solved = _solved(conditions, value, index, size)
            if not is_solved:
                limits.append((index, size))


def _by_digits(conditions: list[Any], own: list[Any], factors: tuple[ax.Factor, ...]) -> list[Any]:
    """Conditions with an equation for each digit of a place in a flattened axis, where that is all
    that one side of an equation is.
    """
    if len(own) == 1:
        return conditions
    segment = tuple((index, size) for index, (_, size) in zip(own, factors, strict=True))
    flat, found = ax.flat(segment), []
    for part in conditions:
        sides = part.args if isinstance(part, sp.Eq) else ()
        other = [b for a, b in (sides, sides[::-1]) if expanded(a - flat) == 0] if sides else []
        if not other or other[0].has(*own):
            found.append(part)
            continue
        low, high = ax.bounds(other[0], current().ranges)
        last = expanded(sp.Mul(*(size for _, size in segment)) - 1)
        if low is None or not at_least(low, 0) or not at_least(expanded(last - high), 0):
            found.append(part)
            continue
        digits = ax.digits(other[0], segment)
        for index in own:
            digit = ax.without_digits(digits[index], current().ranges)
            found.append(sp.Eq(digit, index, evaluate=False))
    return found


def _solved(
    conditions: list[Any], value: Any, index: Any, size: Any
) -> tuple[list[Any], Any, bool]:
    """The same without an index that one of the equations determines."""
    for number, equation in enumerate(conditions):
        if not isinstance(equation, sp.Eq):
            continue
        for own, at in (equation.args, equation.args[::-1]):
            shift = expanded(at - index)
            if index in (shift.free_symbols | own.free_symbols) or atoms_of(shift):
                continue
            position = expanded(own - shift)
            inside = {index: position}
            others = [c.xreplace(inside) for k, c in enumerate(conditions) if k != number]
            low, high = ax.bounds(position, current().ranges)
            if low is None or not at_least(low, 0):
                others.append(sp.Ge(own, shift, evaluate=False))
            if high is None or not at_least(size - 1 - high, 0):
                others.append(sp.Lt(own, expanded(shift + size), evaluate=False))
            return others, value.xreplace(inside), True
    return conditions, value, False


def summed(conditions: list[Any], value: Any, limits: list[Any]) -> Any:
    """Σ of a value under conditions, over the ranges that :func:`at_place` gives."""
    body = choice(sp.And(*conditions), value, sp.Integer(0))
    if not limits:
        return body
    return sum_of(body, *((index, 0, size - 1) for index, size in limits))


def without_places(array: Array) -> Array:
    """An array of floats or conditions that were read at places."""
    if array.kind == INT or not any(atoms_of(body) for body in array.bodies.values()):
        return array
    if array.kind == BOOL:
        return Array(array.axes, {k: _condition(b) for k, b in array.bodies.items()}, BOOL)
    bodies = {}
    for key in keys(array.axes):
        conditions, value, limits = at_place([], array.bodies[key])
        if (
            len(conditions) == 1
            and isinstance(conditions[0], sp.Eq)
            and (value == conditions[0].lhs)
        ):
            bodies[key] = conditions[0].rhs  # the entry at the place of the largest is the largest
        else:
            bodies[key] = summed(conditions, value, limits)
    return Array(array.axes, bodies, FLOAT)


def _condition(body: Any) -> Any:
    if not atoms_of(body):
        return body
    parts = list(sp.And.make_args(body))
    if not all(isinstance(part, sp.Eq) or not atoms_of(part) for part in parts):
        raise Refused("a condition on the place of the largest entry that is no equation")
    conditions, _, limits = at_place(parts, sp.Integer(0))
    if limits:
        raise Refused("a condition on the place of the largest entry of several axes")
    return sp.And(*conditions)


__all__ = [
    "Extreme",
    "at_place",
    "atoms_of",
    "place_of_largest",
    "place_of_smallest",
    "summed",
    "unraveled",
    "without_places",
]
