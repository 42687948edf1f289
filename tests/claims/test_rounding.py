"""Constants that a document rounds in one place and not in another."""

from fractions import Fraction

import pytest
import sympy as sp

from derive import Gradient, Identity, Inequality, verify
from derive.claims.rounding import decimals, read_as, reading
from derive.diagnosis.rounding import constants

x = sp.Symbol("x", real=True)
ROOT = sp.sqrt(2 / sp.pi)
SCALE, ALPHA, SCALED = (  # as a program works out the third
    sp.Rational(repr(value))
    for value in (1.0507009873554805, 1.6732632423543772, 1.0507009873554805 * 1.6732632423543772)
)


def gelu(c, cubic):
    return x / 2 * (1 + sp.tanh(c * x + cubic * x**3))


def slope(c, cubic, square):
    t = sp.tanh(c * x + cubic * x**3)
    return (1 + t) / 2 + x / 2 * (1 - t**2) * (c + square * x**2)


@pytest.mark.parametrize(
    ("claim", "read"),
    [
        (
            Gradient(
                gelu(sp.Float("0.7978845608"), sp.Float("0.7978845608") * sp.Float("0.044715")),
                x,
                slope(ROOT, ROOT * sp.Rational(44715, 10**6), sp.Float("0.1070322243")),
            ),
            3,
        ),
        (Gradient(sp.Rational(797885, 10**6) * x**2, x, 2 * ROOT * x), 1),
        (Gradient(sp.erf(x), x, sp.Float("1.12837917") * sp.exp(-(x**2))), 1),
        (Identity(-sp.Float("0.333333") * x, -x / 3), 1),
        (Gradient(sp.log(x) * sp.Float("1.442695"), x, 1 / (x * sp.log(2))), 1),
        (Gradient(SCALE * sp.sin(ALPHA * x), x, SCALED * sp.cos(ALPHA * x)), 1),
    ],
    ids=str,
)
def test_it_holds_up_to_the_rounding_of_constants(claim, read):
    verdict = verify(claim)
    assert verdict.status == "holds"
    assert any("up to the rounding of" in note for note in verdict.notes)
    named = [f for f in verdict.assumptions if isinstance(f, sp.Eq) and f.lhs.is_Float]
    assert len(named) == read
    assert all(abs(float(f.lhs) - float(f.rhs)) < 2e-6 for f in named)
    assert verdict.replay()


@pytest.mark.parametrize(
    "claim",
    [
        # Not the rounding of it: another last digit, fewer digits, another number.
        Gradient(sp.Float("0.797881") * x**2, x, 2 * ROOT * x),
        Gradient(sp.Float("0.7979") * x**2, x, 2 * ROOT * x),
        Gradient(sp.Float("0.797885") * x**2, x, ROOT * x),
        Identity(sp.Float("0.123456") * x, sp.Float("0.123457") * x),
        # What is left of a rounding is magnified.
        Identity((sp.Float("0.797885") - ROOT) * 10**12 * x, 0),
        # An inequality turns on its last digits.
        Inequality(sp.Float("0.666667"), sp.Rational(2, 3)),
    ],
    ids=str,
)
def test_what_no_rounding_explains_disagrees(claim):
    assert verify(claim).status == "disagrees"


def test_what_agrees_in_numbers_and_is_not_proved_is_undecided(monkeypatch):
    claim = Gradient(sp.Float("0.797885") * x**2, x, 2 * ROOT * x)
    monkeypatch.setattr("derive.engine._proved", lambda p, c, *_: verify_nothing(c))
    verdict = verify(claim)
    assert verdict.status == "undecided"
    assert "0.797885 is sqrt(2)/sqrt(pi)" in verdict.reason


def verify_nothing(claim):
    from derive.claims.verdict import Verdict

    return Verdict(claim, "undecided", reason="no proof")


def test_decimals_are_found_and_read():
    half, third = sp.Float("0.5"), sp.Rational(1, 3)
    claim = Identity(half * x + third, sp.Symbol("h"), where={sp.Symbol("h"): x / 4})
    assert set(decimals(claim).values()) == {Fraction(1, 2), Fraction(1, 4)}
    read = read_as(claim, [reading(Fraction(1, 2), sp.log(2)), sp.Ne(x, 0)])
    assert read.left == sp.log(2) * x + third
    assert read_as(claim, [sp.Eq(x, 2)]) is claim


def test_a_decimal_that_is_exact_is_no_rounding():
    assert constants(Fraction("0.134145"), [Fraction("0.044715")]) == []
    assert constants(Fraction("0.0009765625"), []) == []
    assert constants(Fraction("3.14159"), []) == [sp.pi]
    assert constants(Fraction("0.9189385332"), []) == [sp.log(2 * sp.pi) / 2]
