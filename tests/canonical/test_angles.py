"""sin and cos of angles to which parts of π are added, and of those that asin and atan give."""

import pytest
import sympy as sp
from sympy import asin, atan, cos, pi, sin, sqrt

from derive import Identity, verify

x, y = (sp.Symbol(name, real=True) for name in "xy")
PAIRS = [
    (cos(x + pi / 3), cos(x) / 2 - sqrt(3) * sin(x) / 2, cos(x) / 2 + sqrt(3) * sin(x) / 2),
    (sqrt(2) * cos(x - pi / 4), sin(x) + cos(x), cos(x) - sin(x)),
    (2 * sin(x - 5 * pi / 6), -sqrt(3) * sin(x) - cos(x), sqrt(3) * sin(x) - cos(x)),
    (sin(x + 2 * pi / 3) + sin(x - 2 * pi / 3), -sin(x), sin(x)),
    (cos(x + y + 3 * pi / 2), sin(x + y), -sin(x + y)),
    (cos(asin(x) + pi / 6), (sqrt(3 - 3 * x**2) - x) / 2, (sqrt(3 - 3 * x**2) + x) / 2),
    (sin(2 * atan(x)), 2 * x / (1 + x**2), x / (1 + x**2)),
]


@pytest.mark.parametrize(("left", "right", "wrong"), PAIRS)
def test_a_part_of_a_turn_is_taken_off_an_angle(left, right, wrong):
    assert verify(Identity(left, right)).status == "holds"
    assert verify(Identity(left, wrong)).status == "disagrees"


@pytest.mark.parametrize("twelfths", range(1, 12))
def test_each_part_of_a_half_turn(twelfths):
    part = pi * sp.Rational(twelfths, 12)
    right = sin(x) * cos(part) + cos(x) * sin(part)
    known = twelfths % 2 == 0 or twelfths % 3 == 0
    assert verify(Identity(sin(x + part), right)).status == ("holds" if known else "undecided")
    assert verify(Identity(sin(x + part), right - 2 * cos(x) * sin(part))).status == "disagrees"
