"""What is computed entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code import sizes
from derive.frontends.code.alignment import (
    aligned,
)
from derive.frontends.code.arrays import (
    ABSOLUTE,
    BOOL,
    COMPARE,
    CONDITIONS,
    FLOAT,
    INT,
    MASK,
    MULTIPLY,
    WITHOUT_PLACES,
    Array,
    Key,
    as_array,
    as_real,
    choice,
    equal,
    keys,
)
from derive.frontends.code.axes import bounds
from derive.frontends.code.sizes import at_least, expanded
from derive.frontends.code.trace import Refused, current, tracing
from derive.language.conditions import Cases


@sizes.ELEMENTWISE.fill
def elementwise(function: Callable[..., Any], *operands: Any, kind: str | None = None) -> Array:
    """A function of entries; conditions count as 1 and 0."""
    arrays = [as_array(operand) for operand in operands]
    axes, bodies = aligned(arrays)
    if kind is None:
        kind = INT if all(a.kind in (INT, BOOL) for a in arrays) else FLOAT
    return Array(
        axes,
        {key: function(*(as_real(body[key]) for body in bodies)) for key in keys(axes)},
        kind,
    )


@CONDITIONS.fill
def conditions(function: Callable[..., Any], *operands: Any) -> Array:
    """A function of conditions."""
    arrays = [as_array(operand) for operand in operands]
    for array in arrays:
        if array.kind != BOOL:
            raise Refused("& and | of what is no condition")
    axes, bodies = aligned(arrays)
    return Array(axes, {key: function(*(body[key] for body in bodies)) for key in keys(axes)}, BOOL)


def is_simple(body: Any) -> bool:
    """Whether a body is one entry, a number or an index: nothing that wants a name."""
    return (
        not body.args or isinstance(body, sp.Indexed) or not body.atoms(sp.IndexedBase, sp.Symbol)
    )


def is_small(body: Any) -> bool:
    """Whether a body is an entry, up to a factor or a term without arrays."""
    if is_simple(body):
        return True
    if isinstance(body, (sp.Add, sp.Mul)):
        reads = [a for a in body.args if not is_constant(a)]
        return len(reads) <= 1 and all(is_small(a) for a in reads)
    return False


def is_constant(body: Any) -> bool:
    """Whether a body reads no array and no scalar that is no size."""
    return not body.atoms(sp.IndexedBase) and all(
        s.is_integer for s in body.free_symbols if isinstance(s, sp.Symbol)
    )


def named(array: Array, wanted: str, always: bool = False) -> Array:
    """The array under a name of its own, a definition for each body that is not simple."""
    if array.kind == BOOL:
        return array
    several = len(array.bodies) > 1
    bodies: dict[Key, Any] = {}
    for number_, (key, body) in enumerate(array.bodies.items()):
        if is_simple(body) or is_constant(body) or body.has(sp.oo, -sp.oo):
            bodies[key] = body  # an infinity is no value of an array; exp(−∞) is one
            continue
        axes = [f for axis, k in zip(array.axes, key, strict=True) for f in axis[k]]
        name = f"{wanted}_{number_ + 1}" if several else wanted
        bodies[key] = current().define(name, body, axes)
    return Array(array.axes, bodies, array.kind)


@MULTIPLY.fill
def multiply(a: Any, b: Any) -> Array:
    a, b = as_array(a), as_array(b)
    for one, other in ((a, b), (b, a)):
        if one.kind == BOOL and other.kind != BOOL:
            return where(one, other, 0)
    if a.kind == b.kind == BOOL:
        return conditions(lambda p, q: sp.And(p, q), a, b)
    for one, other in ((a, b), (b, a)):
        if (found := _masking(one, other)) is not None:
            return found
    return elementwise(lambda p, q: p * q, a, b)


def _masking(number_: Array, mask: Array) -> Array | None:
    """−10⁹·m as a case, where m is known to be 1 where a condition holds and 0 elsewhere; None for
    any other product.
    """
    if number_.ndim or not (number_.scalar().is_number and number_.scalar() <= MASK):
        return None
    ones = {key: _of_cases(_ONE_OR_ZERO.get, body) for key, body in mask.bodies.items()}
    if any(one in (None, sp.true, sp.false) for one in ones.values()):
        return None
    bodies = {key: choice(one, number_.scalar(), sp.Integer(0)) for key, one in ones.items()}
    return Array(mask.axes, bodies, FLOAT)


_ONE_OR_ZERO = {sp.Integer(1): sp.true, sp.Integer(0): sp.false}


@sizes.DIVIDE.fill
def divide(a: Any, b: Any) -> Array:
    return elementwise(lambda p, q: p / q, a, b, kind=FLOAT)


@sizes.POWER.fill
def power(a: Any, b: Any) -> Array:
    return elementwise(lambda p, q: p**q, a, b)


def where(condition: Any, value: Any, other: Any) -> Array:
    """``value`` where a condition holds, else ``other``."""
    condition, value, other = as_array(condition), as_array(value), as_array(other)
    if condition.kind != BOOL:
        condition = compare(sp.Ne, condition, 0)
    axes, (c, v, o) = aligned([condition, value, other])
    kind = value.kind if value.kind == other.kind else FLOAT
    if kind == BOOL:
        bodies = {k: sp.Or(sp.And(c[k], v[k]), sp.And(sp.Not(c[k]), o[k])) for k in keys(axes)}
        return Array(axes, bodies, BOOL)
    return Array(
        axes,
        {k: choice(c[k], _inside(c[k], as_real(v[k])), as_real(o[k])) for k in keys(axes)},
        kind,
    )


def _inside(condition: Any, value: Any) -> Any:
    """A value where a condition holds: e mod n is e where the condition says that 0 ≤ e < n."""
    remainders = value.atoms(sp.Mod)
    if not remainders:
        return value
    known = set()  # what is not negative
    for part in sp.And.make_args(condition):
        if isinstance(part, (sp.Ge, sp.Le, sp.Gt, sp.Lt)):
            gap = part.lhs - part.rhs if isinstance(part, (sp.Ge, sp.Gt)) else part.rhs - part.lhs
            known.add(expanded(gap - (1 if isinstance(part, (sp.Gt, sp.Lt)) else 0)))

    def is_counted(expr: Any) -> bool:
        low, _ = bounds(expanded(expr), current().ranges)
        return expanded(expr) in known or (low is not None and at_least(low, 0))

    plain: dict[Any, Any] = {}
    for found in remainders:
        e, n = found.args
        if e.is_integer and n.is_integer and is_counted(e) and is_counted(n - 1 - e):
            plain[found] = e
    return value.xreplace(plain)


@COMPARE.fill
def compare(relation: Any, a: Any, b: Any) -> Array:
    """A relation, entry by entry."""
    a, b = as_array(a), as_array(b)
    if a.kind == FLOAT:
        a = named(a, "u")
    if b.kind == FLOAT:
        b = named(b, "u")
    axes, (left, right) = aligned([a, b])
    whole = a.kind != FLOAT and b.kind != FLOAT

    def related(p: Any, q: Any) -> Any:
        p, q = as_real(p), as_real(q)
        if whole and relation in (sp.Eq, sp.Ne):
            found = equal(p, q)
            return found if relation is sp.Eq else sp.Not(found)
        if p.is_number and q.is_number:
            return relation(p, q)
        if (found := _of_cases(lambda value: relation(value, q), p)) is not None:
            return found
        return relation(p, q, evaluate=False)

    found = Array(axes, {key: related(left[key], right[key]) for key in keys(axes)}, BOOL)
    return WITHOUT_PLACES(found) if whole and tracing() else found


def _of_cases(holds: Callable[[Any], Any], body: Any) -> Any:
    """Where a relation holds of a body that is a number in each of its cases, as the 1s and 0s of a
    mask, as a condition; None where it is none.
    """
    if body.is_number:
        found = holds(body)
        return found if found in (sp.true, sp.false) else None
    if isinstance(body, Cases):
        rest: Any = sp.true
        parts = []
        for value, condition in body.args:
            here = _of_cases(holds, value)
            if here is None:
                return None
            parts.append(sp.And(rest, condition, here))
            rest = sp.And(rest, sp.Not(condition))
        return sp.Or(*parts)
    cases = [part for part in body.args if isinstance(part, Cases)]
    if not isinstance(body, (sp.Add, sp.Mul)) or len(cases) != 1:
        return None
    (own,) = cases
    others = [part for part in body.args if part is not own]
    if not all(part.is_number for part in others):
        return None
    return _of_cases(lambda value: holds(body.func(value, *others)), own)


@ABSOLUTE.fill
def absolute(a: Any) -> Array:
    return elementwise(sp.Abs, named(as_array(a), "u"))


def _without(a: Array, b: Array, end: Any) -> Array | None:
    """The other one, as wide as both, where one of two arrays is ∞ or −∞ throughout."""
    for one, other in ((a, b), (b, a)):
        if all(body == end for body in one.bodies.values()):
            return elementwise(lambda _, q: q, one, other)
    return None


def maximum(a: Any, b: Any) -> Array:
    a, b = as_array(a), as_array(b)
    if (other := _without(a, b, -sp.oo)) is not None:
        return other
    a, b = named(a, "u"), named(b, "u")
    return elementwise(lambda p, q: sp.Max(p, q), a, b)


def minimum(a: Any, b: Any) -> Array:
    a, b = as_array(a), as_array(b)
    if (other := _without(a, b, sp.oo)) is not None:
        return other
    a, b = named(a, "u"), named(b, "u")
    return elementwise(lambda p, q: sp.Min(p, q), a, b)
