"""What a core term is worth at a point: for canonical forms, read back as terms.

A bracket that is 0 hides what stands beside it, as a branch that is not taken is not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flint import fmpq

from derive.core import terms as core
from derive.core.integers import Poly, Var

from .judge import Place, determinant, filled, integer, inverse, largest, value
from .numbers import (
    FUNCTIONS,
    ONE,
    ZERO,
    NoValue,
    Real,
    function,
    rational_power,
    real,
    real_power,
    sign,
    whole_part,
)

Scope = Mapping[Var, int]
_RULES: dict[type, Callable[[Any, Place, Scope], Real]] = {}


def of(*nodes: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(rule: Callable[..., Any]) -> Callable[..., Any]:
        _RULES.update(dict.fromkeys(nodes, rule))
        return rule

    return enter


def worth(term: Any, place: Place, scope: Scope) -> Real:
    """The value of a term.

    :raises NotImplementedError: for what is read nowhere here, such as an array by its own steps.
    """
    rule = _RULES.get(type(term))
    if rule is None:
        raise NotImplementedError(f"a {type(term).__name__} of the core")
    return rule(term, place, scope)


def number(poly: Poly, place: Place, scope: Scope) -> fmpq:
    total = fmpq(0)
    for monomial, coefficient in poly.terms.items():
        product = fmpq(coefficient.numerator, coefficient.denominator)
        for variable in monomial:
            product *= _variable(variable, place, scope)
        total += product
    return total


def _variable(variable: Var, place: Place, scope: Scope) -> int:
    if variable in scope:
        return scope[variable]
    if variable.symbol is None:
        raise NotImplementedError(f"the variable {variable} is bound nowhere")
    return integer(variable.symbol, place, {})


def whole(poly: Poly, place: Place, scope: Scope) -> int:
    found = number(poly, place, scope)
    if found.q != 1:
        raise NoValue("an index that is no integer")
    return int(found.p)


@of(core.Num)
def _(term, place, scope):
    found = term.data[0]
    return Real(fmpq(found.numerator, found.denominator))


@of(core.Const)
def _(term, place, scope):
    return value(term.data[0], place, {})


@of(core.Int)
def _(term, place, scope):
    return Real(number(term.data[0], place, scope))


@of(core.Entry)
def _(term, place, scope):
    array, indices = term.data
    held = value(array.symbol, place, {})
    supply = iter([whole(index, place, scope) for index in indices])
    shape = getattr(array.symbol, "shape", None) or ()
    at = tuple(0 if size == 1 else next(supply) for size in shape)
    if not shape:
        return held
    if not all(0 <= k < size for k, size in zip(at, held.shape, strict=True)):
        raise NoValue("an entry outside of its array")
    return held[at]


@of(core.Ref)
def _(term, place, scope):
    shared, indices = term.data
    if shared.recursive:
        raise NotImplementedError("an array that refers to itself")
    at = [whole(index, place, scope) for index in indices]
    return worth(shared.body, place, {**scope, **dict(zip(shared.params, at, strict=True))})


@of(core.Add)
def _(term, place, scope):
    return sum((worth(arg, place, scope) for arg in term.args), start=ZERO)


def _is_bracket(term: Any) -> bool:
    if isinstance(term, (core.Add, core.Mul)):
        return all(isinstance(arg, core.Num) or _is_bracket(arg) for arg in term.args)
    return isinstance(term, (core.IndexBracket, core.RealBracket))


@of(core.Mul)
def _(term, place, scope):
    total, hidden = ONE, False
    for arg in sorted(term.args, key=lambda arg: not _is_bracket(arg)):
        try:
            total = total * worth(arg, place, scope)
        except NoValue:
            if not hidden:
                raise
        if type(total.v) is fmpq and total.v == 0 and _is_one_bracket(arg):
            hidden = True
    return ZERO if hidden else total


def _is_one_bracket(term: Any) -> bool:
    """A bracket, or 1 less one, or a product of such."""
    if isinstance(term, core.Add) and len(term.args) == 2:
        first, second = sorted(term.args, key=lambda arg: not isinstance(arg, core.Num))
        return first is core.num(1) and isinstance(second, core.Mul) and _is_bracket(second)
    return _is_bracket(term) and not isinstance(term, core.Add)


@of(core.Pow)
def _(term, place, scope):
    base, exponent = term.args
    x = worth(base, place, scope)
    if isinstance(exponent, core.Num):
        return rational_power(x, worth(exponent, place, scope).v)
    found = worth(exponent, place, scope)
    return real_power(x, found)


@of(core.Apply)
def _(term, place, scope):
    name, *args = term.data[0], *(worth(arg, place, scope) for arg in term.args)
    if name == "Abs":
        return -args[0] if sign(args[0]) < 0 else args[0]
    if name == "sign":
        return real(sign(args[0]))
    if name == "Max":
        return largest(args, 1)
    if name == "Mod":
        return args[0] - args[1] * whole_part(args[0] / args[1])
    if name not in FUNCTIONS:
        raise NotImplementedError(f"the function {name} of the core")
    return function(name, args[0])


@of(core.IndexBracket)
def _(term, place, scope):
    relation, poly = term.data
    found = number(poly, place, scope)
    return ONE if (found >= 0 if relation == ">=" else found == 0) else ZERO


@of(core.RealBracket)
def _(term, place, scope):
    order = sign(worth(term.args[0], place, scope))
    relation = term.data[0]
    if relation not in (">", "="):
        raise NotImplementedError(f"a bracket {relation}")
    return ONE if (order > 0 if relation == ">" else order == 0) else ZERO


def _values(term: Any, place: Place, scope: Scope) -> list[Real]:
    low, high = core.bounds(term.variable)
    ends = whole(low, place, scope), whole(high, place, scope)
    if ends[1] - ends[0] > 100:
        raise NoValue("too many terms")
    return [
        worth(term.args[0], place, {**scope, term.variable: at})
        for at in range(ends[0], ends[1] + 1)
    ]


@of(core.Sum)
def _(term, place, scope):
    return sum(_values(term, place, scope), start=ZERO)


@of(core.Product)
def _(term, place, scope):
    total = ONE
    for factor in _values(term, place, scope):
        total = total * factor
    return total


@of(core.Maximum)
def _(term, place, scope):
    return largest(_values(term, place, scope), 1)


def _matrix(shared: Any, size: Poly, place: Place, scope: Scope) -> Any:
    n = whole(size, place, scope)
    around = {v: at for v, at in scope.items() if v in shared.body.free and v not in shared.params}
    key = shared, n, tuple(around.items())
    if key not in place.known:
        place.known[key] = filled(
            (n, n),
            lambda *at: worth(
                shared.body, place, {**around, **dict(zip(shared.params, at, strict=True))}
            ),
        )
    return place.known[key]


@of(core.Determinant)
def _(term, place, scope):
    return determinant(_matrix(*term.data, place, scope))


@of(core.InverseEntry)
def _(term, place, scope):
    shared, size, i, j = term.data
    at = whole(i, place, scope), whole(j, place, scope)
    found = inverse(_matrix(shared, size, place, scope))
    if not all(0 <= k < len(found) for k in at):
        raise NoValue("an entry outside of its array")
    return found[at]
