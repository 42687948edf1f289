"""Decimals of a claim that may be rounded constants, and the claim with them read as constants.

That is said by equations such as 0.7978845608 = sqrt(2/pi), which no number satisfies: they are
kept unevaluated, and listed among the assumptions of a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy as sp

from derive.claims.kinds import Claim


def decimals(claim: Claim) -> dict[Any, Fraction]:
    """The numbers of a claim that are written with a point, each with its value."""
    found: dict[Any, Fraction] = {}
    for expr in _spoken(claim).values():
        for part in expr if isinstance(expr, tuple) else (expr,):
            _collect(part, found)
    for value in claim.where.values():
        _collect(value, found)
    return found


def _collect(expr: Any, found: dict[Any, Fraction]) -> None:
    if not isinstance(expr, sp.Basic):
        return
    for number in sorted(expr.atoms(sp.Float, sp.Rational), key=str):
        value = value_of(number)
        if value is not None:
            found[number] = value


def value_of(number: Any) -> Fraction | None:
    """The value of a number that a decimal may stand for; None for whole and other numbers."""
    exact = sp.Rational(str(number)) if isinstance(number, sp.Float) else number
    if not isinstance(exact, sp.Rational) or not exact.is_finite:
        return None
    value = Fraction(int(exact.p), int(exact.q))
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return value if rest == 1 and value.denominator > 1 else None


def places_of(value: Fraction) -> int:
    """How many places after the point a decimal has."""
    places = 0
    while (value * 10**places).denominator > 1:
        places += 1
    return places


def as_written(value: Fraction) -> sp.Float:
    """A decimal with the digits that it has."""
    places = places_of(value)
    digits = int(value * 10**places)
    return sp.Float(format(Decimal(digits).scaleb(-places), "f"), len(str(abs(digits))))


def reading(value: Fraction, constant: Any) -> Any:
    """The equation that says as which constant a decimal is read."""
    return sp.Eq(as_written(value), constant, evaluate=False)


def read_as(claim: Claim, readings: Iterable[Any]) -> Claim:
    """A claim with its decimals read as such equations say; other assumptions change nothing."""
    constants = {
        value_of(fact.lhs): fact.rhs
        for fact in readings
        if isinstance(fact, sp.Eq) and isinstance(fact.lhs, sp.Float) and fact.rhs.is_number
    }
    if not constants:
        return claim
    found = decimals(claim).items()
    return _put(claim, {node: constants[value] for node, value in found if value in constants})


def _put(claim: Claim, constants: Mapping[Any, Any]) -> Claim:
    changed: dict[str, Any] = {
        name: tuple(_in(part, constants) for part in value)
        if isinstance(value, tuple)
        else _in(value, constants)
        for name, value in _spoken(claim).items()
    }
    where = {symbol: _in(value, constants) for symbol, value in claim.where.items()}
    return replace(claim, where=where, **changed)


def _in(expr: Any, constants: Mapping[Any, Any]) -> Any:
    return expr.xreplace(constants) if isinstance(expr, sp.Basic) else expr


def _spoken(claim: Claim) -> dict[str, Any]:
    """What a claim says, by field, its definitions apart."""
    return {name: getattr(claim, name) for name in (*claim.expression_fields, "given")}
