"""Constants that a document rounds: 0.7978845608 in one place, sqrt(2/pi) in another.

Such a claim is false, by about as much as the last digit is worth, and nobody means that. Here are
the ways to read its long decimals as constants of which they are the roundings. Which of them are
right is decided as any claim is; numbers only tell which are worth it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, combinations_with_replacement, islice, product
from typing import Any

import sympy as sp

from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.rounding import as_written, decimals, places_of, read_as, reading, value_of
from derive.claims.verdict import Witness
from derive.language.printing import text_of
from derive.refutation.search import agrees_numerically

DIGITS = 6  # of a decimal that may be a rounded constant: fewer are met by chance
_SIMPLE = 12  # the largest numerator and denominator of a factor
_PRECISION = 60
_READINGS = 8  # that are looked at
_PROVED = 2  # that are tried to be proved
_MOST_DECIMALS = 6
_LONGEST = 17  # digits of a rounded constant
_SLIGHT = 1e-3
_NEAR = Fraction(1, 10**5)
_ARITHMETIC = Fraction(1, 10**13)  # what multiplying decimals of 15 digits may lose


@cache
def _units() -> tuple[Any, ...]:
    """What a rounded constant may be a rational multiple of."""
    return (
        sp.S.One, sp.sqrt(2 / sp.pi), sp.sqrt(2), sp.sqrt(3), sp.pi, 1 / sp.pi, sp.pi**2,
        sp.sqrt(sp.pi), 1 / sp.sqrt(sp.pi), sp.sqrt(2 * sp.pi), sp.pi / sp.sqrt(3), sp.E, 1 / sp.E,
        sp.log(2), 1 / sp.log(2), sp.log(10), 1 / sp.log(10), sp.log(2 * sp.pi),
    )  # fmt: skip


def readings(claim: Claim) -> Iterator[tuple[tuple[Any, ...], Claim]]:
    """The ways to read decimals of a claim as constants in which both sides agree in numbers: the
    equations that say so, and the claim in those constants.

    Nothing is asked of inequalities and shapes, which a rounding may turn into others.
    """
    if not claim.is_equation:
        return
    worthy = (way for way in islice(_ways(claim), _READINGS) if _agrees(way[1]))
    yield from islice(worthy, _PROVED)


def is_slight(witness: Witness | None) -> bool:
    """Whether a rounding may be why the sides differ at a witness: nothing magnifies it there."""
    if witness is None:
        return True
    try:
        left, right = float(witness.left), float(witness.right)
    except (TypeError, ValueError, OverflowError):
        return False
    return abs(left - right) <= _SLIGHT * max(abs(left), abs(right), 1)


def words(equations: tuple[Any, ...]) -> str:
    """The note on a claim that holds in such a reading."""
    named = [f"{text_of(e.lhs)} is {_told(e.rhs)}" for e in equations]
    many = "a constant" if len(named) == 1 else "constants"
    return f"it holds up to the rounding of {many}: {', '.join(named)}"


def _told(constant: Any) -> str:
    value = value_of(constant)
    return text_of(constant if value is None else as_written(value))


def _agrees(claim: Claim) -> bool:
    try:
        return agrees_numerically(claim) is True
    except (DeriveError, ArithmeticError):
        return False


def _ways(claim: Claim) -> Iterator[tuple[tuple[Any, ...], Claim]]:
    """Those that read more of the decimals first: one that stays is compared with all others."""
    values = sorted(set(map(abs, decimals(claim).values())))
    known = [(value, found) for value in values if (found := constants(value, values))]
    if len(known) > _MOST_DECIMALS:
        return
    present = set(decimals(claim).values())
    for count in range(len(known), 0, -1):
        for some in combinations(known, count):
            for chosen in product(*(found for _, found in some)):
                pairs = zip((value for value, _ in some), chosen, strict=True)
                equations = tuple(
                    reading(sign * value, sign * constant)
                    for value, constant in pairs
                    for sign in (1, -1)
                    if sign * value in present
                )
                yield equations, read_as(claim, equations)
    for value in values:
        for constant in _products(value, values):
            signs = [sign for sign in (1, -1) if sign * value in present]
            equations = tuple(reading(sign * value, sign * constant) for sign in signs)
            yield equations, read_as(claim, equations)


def constants(value: Fraction, others: list[Fraction]) -> list[Any]:
    """The constants of which a positive decimal is the rounding or the beginning: a simple rational
    times a well-known number, and perhaps times another decimal beside it.

    The well-known number may itself have been rounded before it was multiplied: 0.1070322243 is
    3·0.044715·0.79788456.
    """
    if _digits(value) < DIGITS:
        return []
    found: dict[Any, None] = {}
    for beside in (Fraction(1), *_beside(value, others)):
        for unit in _units():
            for number in _rounded(unit):
                ratio = value / (number * beside)
                simple = Fraction(float(ratio)).limit_denominator(_SIMPLE)
                if not 0 < simple.numerator <= _SIMPLE or abs(ratio / simple - 1) > _NEAR:
                    continue
                exact = simple * number * beside
                if (unit != 1 or exact != value) and _begins(value, exact):
                    found[_rational(simple * beside) * unit] = None
                    break
        if found:  # one that needs no other decimal says more
            break
    return list(found)


def _products(value: Fraction, others: list[Fraction]) -> Iterator[sp.Rational]:
    """The products of two other decimals that are a decimal but for its last digits: what a program
    multiplies before anything else is rounded once more.
    """
    for a, b in combinations_with_replacement([o for o in others if o != value], 2):
        if a * b != value and abs(a * b / value - 1) < _ARITHMETIC:
            yield _rational(a * b)


def _beside(value: Fraction, others: list[Fraction]) -> Iterator[Fraction]:
    """The short decimals by which a constant may have been multiplied: those of the claim, and
    those that stand between a decimal and another, since SymPy multiplies numbers out.
    """
    for other in others:
        if other != value:
            if _digits(other) < DIGITS:
                yield other
            ratio = value / other
            short = Fraction(f"{float(ratio):.{DIGITS - 2}e}")
            if abs(ratio / short - 1) < _ARITHMETIC:
                yield short


def _begins(value: Fraction, exact: Fraction) -> bool:
    """Whether a positive decimal is a number rounded, or cut, at its last digit."""
    last = Fraction(1, 10 ** places_of(value))
    gap = exact - value
    return abs(gap) <= max(last / 2, value * _ARITHMETIC) or 0 < gap < last


def _digits(value: Fraction) -> int:
    return len(str(int(value * 10 ** places_of(value))))


@cache
def _rounded(unit: Any) -> tuple[Fraction, ...]:
    """A number, and its roundings and beginnings of enough digits; those of more digits first."""
    exact = _value(unit)
    if unit == 1:
        return (exact,)
    found = {exact: None}
    for digits in range(_LONGEST, DIGITS - 1, -1):
        scale = Fraction(10) ** (digits - len(str(int(exact))) + (exact < 1))
        found[Fraction(round(exact * scale)) / scale] = None
        found[Fraction(int(exact * scale)) / scale] = None
    return tuple(found)


def _value(unit: Any) -> Fraction:
    number = sp.Rational(str(unit.evalf(_PRECISION)))
    return Fraction(int(number.p), int(number.q))


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)
