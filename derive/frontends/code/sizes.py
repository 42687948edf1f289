"""Sizes of arrays, whole numbers with symbols: what is seen of them, and what is assumed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import sympy as sp

from derive.base.errors import UnsupportedError
from derive.base.slot import Slot

# What arrays and lists make of a size.
ELEMENTWISE, DIVIDE, POWER = (Slot("derive.frontends.code.arithmetic") for _ in range(3))
REPEATED = Slot("derive.frontends.code.containers")
DECIDE = Slot("derive.frontends.code.trace")  # a relation that is not seen: it is assumed or not


@lru_cache(maxsize=4096)
def least(expr: Any) -> Any:
    """A lower bound of a polynomial in sizes ≥ 1, None where none is seen."""
    expr = expanded(expr)
    if expr.is_Integer:
        return expr
    symbols = sorted(expr.free_symbols, key=str)
    shifted = expr
    for symbol in symbols:
        shifted = shifted.xreplace({symbol: symbol + (0 if is_counter(symbol) else 1)})
    try:
        poly = sp.Poly(sp.expand(shifted), *symbols)
    except sp.PolynomialError:
        return _least_with_floors(expr)
    if any(not c.is_Rational for c in poly.coeffs()):
        return _least_with_floors(expr)
    constant = sp.Integer(0)
    for powers, coefficient in poly.terms():
        if not any(powers):
            constant = coefficient
        elif coefficient < 0:
            return None
    return constant


def _least_with_floors(expr: Any) -> Any:
    """As :func:`least`, with each ⌊…⌋ of what is never negative taken for a number ≥ 0."""
    parts = [p for p in expr.atoms(sp.floor, sp.Mod)]
    if not parts or any(p.has(sp.Pow) and isinstance(p, sp.Mod) for p in parts):
        return None
    stand_ins: dict[Any, Any] = {}
    for part in parts:
        inner = part.args[0]
        if isinstance(part, sp.floor):
            top = sp.numer(sp.together(inner))
            low = least(top) if not top.atoms(sp.floor, sp.Mod) else None
            if low is None or low < 0:
                return None
        stand_ins[part] = sp.Symbol(f"{COUNTER}{len(stand_ins)}", integer=True)
    rest = expr.xreplace(stand_ins)
    return None if rest.atoms(sp.floor, sp.Mod) else least(rest)


COUNTER = "\N{MIDDLE DOT}"  # begins the name of what counts from 0


def is_counter(symbol: Any) -> bool:
    """Whether a symbol counts from 0, and is no size, which counts from 1."""
    return not symbol.is_positive


def at_least(expr: Any, bound: int) -> bool:
    """Whether an expression in sizes is seen to be at least a number."""
    low = least(sp.sympify(expr))
    return low is not None and bool(low >= bound)


def same(a: Any, b: Any) -> bool:
    """Whether two sizes are seen to be equal, whatever the sizes are."""
    return a == b or expanded(sp.sympify(a) - sp.sympify(b)) == 0


def plain(expr: Any) -> Any:
    """An expression as an int where it is a number, else as a :class:`Size`."""
    expr = expanded(expr)
    return int(expr) if expr.is_Integer else Size(expr)


def expression(value: Any) -> Any:
    """A size, a counter or an int as a SymPy expression.

    :raises UnsupportedError: for anything else.
    """
    if isinstance(value, Size):
        return value.expr
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        symbol = getattr(value, "as_size", None)
        if symbol is not None:
            return symbol()
        raise UnsupportedError(f"{value!r} is taken for a size or an index, and is none")
    return sp.Integer(value.__index__())


class Size:
    """A whole number with symbols: a size of an array, or an index that counts."""

    __slots__ = ("expr",)

    def __init__(self, expr: Any) -> None:
        self.expr = sp.sympify(expr)

    def __repr__(self) -> str:
        return str(self.expr)

    def __hash__(self) -> int:
        return hash(self.expr)

    def __bool__(self) -> bool:
        return bool(self.__eq__(0)) is False

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        if isinstance(other, Size) or (isinstance(other, int) and not isinstance(other, bool)):
            return plain(operation(self.expr, expression(other)))
        if isinstance(other, float):
            return ELEMENTWISE(operation, self, other)
        return NotImplemented

    def __truediv__(self, other: Any) -> Any:
        return DIVIDE(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return DIVIDE(other, self)

    def __rpow__(self, other: Any) -> Any:
        return POWER(other, self)

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, (list, tuple)):
            return self.__rmul__(other)
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        if isinstance(other, (list, tuple)):
            return REPEATED(other, self)
        return self._with(other, lambda a, b: a * b)

    def __floordiv__(self, other: Any) -> Any:
        return self._with(other, quotient)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: quotient(b, a))

    def __mod__(self, other: Any) -> Any:
        return self._with(other, remainder)

    def __rmod__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: remainder(b, a))

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, int) and other >= 0:
            return plain(self.expr**other)
        return POWER(self, other)

    def __neg__(self) -> Any:
        return plain(-self.expr)

    def __pos__(self) -> Any:
        return self

    def _compared(self, other: Any, relation: Any, strict: bool) -> Any:
        if not isinstance(other, Size) and (isinstance(other, bool) or not isinstance(other, int)):
            return NotImplemented
        return decided(relation, self.expr, expression(other))

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, float) and other.is_integer():
            other = int(other)
        return self._compared(other, sp.Eq, False)

    def __ne__(self, other: Any) -> Any:
        equal = self.__eq__(other)
        return (
            (not equal) if isinstance(equal, bool) else equal if equal is NotImplemented else ~equal
        )

    def __lt__(self, other: Any) -> Any:
        return self._compared(other, sp.Lt, True)

    def __le__(self, other: Any) -> Any:
        return self._compared(other, sp.Le, False)

    def __gt__(self, other: Any) -> Any:
        return self._compared(other, sp.Gt, True)

    def __ge__(self, other: Any) -> Any:
        return self._compared(other, sp.Ge, False)


def expanded(expr: Any) -> Any:
    """A sum of products, with each ⌊…⌋ as it is written."""
    expr = sp.sympify(expr)
    if not expr.has(sp.floor, sp.Mod):
        return sp.expand(expr)
    parts = {p: sp.Dummy() for p in expr.atoms(sp.floor, sp.Mod)}
    opened = sp.expand(expr.xreplace(parts))
    return opened.xreplace({d: p for p, d in parts.items()})


def exact(a: Any, b: Any) -> Any:
    """a/b where that is a polynomial with whole coefficients, else None."""
    a, b = sp.sympify(a), sp.sympify(b)
    parts = {p: sp.Dummy() for p in (a.atoms(sp.floor, sp.Mod) | b.atoms(sp.floor, sp.Mod))}
    rest = sp.cancel(sp.expand(a.xreplace(parts)) / sp.expand(b.xreplace(parts)))
    if not rest.is_polynomial(*rest.free_symbols):
        return None
    if not all(c.is_Integer for c in sp.Poly(rest, *rest.free_symbols, sp.Dummy()).coeffs()):
        return None
    return sp.expand(rest).xreplace({d: p for p, d in parts.items()})


def divided(expr: Any, divisor: Any) -> tuple[Any, Any]:
    """What of a sum is divisible term by term, divided, and the rest."""
    whole: list[Any] = []
    rest: list[Any] = []
    for term in sp.Add.make_args(expanded(expr)):
        part = term / divisor
        numerator, denominator = (
            sp.fraction(sp.together(part)) if not part.has(sp.floor) else (part.as_numer_denom())
        )
        (whole if denominator == 1 else rest).append(part if denominator == 1 else term)
        del numerator
    return sp.Add(*whole), sp.Add(*rest)


def quotient(a: Any, b: Any) -> Any:
    """⌊a/b⌋, as a polynomial where that is seen."""
    b = sp.sympify(b)
    if b == 1:
        return expanded(a)
    whole, rest = divided(a, b)
    if rest == 0 or (at_least(rest, 0) and at_least(b - 1 - rest, 0)):
        return whole
    if at_least(-rest, 1) and at_least(b + rest, 0):
        return whole - 1
    return whole + sp.floor(rest / b)


def remainder(a: Any, b: Any) -> Any:
    """a mod b, 0 where that is seen."""
    whole = quotient(a, b)
    if not whole.has(sp.floor):
        return expanded(a - b * whole)
    return sp.Mod(sp.expand(a), b, evaluate=False)


def decided(relation: Any, a: Any, b: Any) -> Any:
    """A relation of sizes; what is not seen is asked of the trace, which assumes it or its
    contrary.
    """
    difference = expanded(a - b)
    seen = seen_of(relation, difference)
    return DECIDE(relation, a, b) if seen is None else seen


def seen_of(relation: Any, difference: Any) -> bool | None:
    """Whether a difference is = 0, < 0, …; None where that is not seen."""
    if difference.is_Integer:
        return bool(relation(difference, 0))
    if relation is sp.Eq:
        if at_least(difference, 1) or at_least(-difference, 1):
            return False
        return None
    if relation in (sp.Lt, sp.Le):
        return seen_of({sp.Lt: sp.Gt, sp.Le: sp.Ge}[relation], expanded(-difference))
    if relation is sp.Gt:
        return True if at_least(difference, 1) else (False if at_least(-difference, 0) else None)
    return True if at_least(difference, 0) else (False if at_least(-difference, 1) else None)
