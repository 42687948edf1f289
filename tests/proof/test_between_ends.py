"""Inequalities between two ends that are given: convexity, means, and where a slope vanishes."""

import pytest
from sympy import Abs, Max, Rational, exp, log, sign, sqrt, symbols

from derive import Inequality, verify

x, y, th, lam = symbols("x y theta lambda", real=True)
between = (th >= 0, th <= 1)


def mean(a, b):
    return th * a + (1 - th) * b


def chord(f):
    return f(mean(x, y)), mean(f(x), f(y))


def root(e):
    return sqrt(1 + e**2)


prox = sign(x) * Max(Abs(x) - lam, 0)  # of λ·|u|

TRUE = [
    (lam * Abs(prox) + (prox - x) ** 2 / 2, lam * Abs(y) + (y - x) ** 2 / 2, (lam >= 0,)),
    (*chord(root), between),
    (0, mean(x, y), (*between, x >= 0, y >= 0)),
    (x**th * y ** (1 - th), mean(x, y), (*between, x > 0, y > 0)),
    (-x * log(x), exp(-1), (x > 0,)),
    (x * y, x * log(x) - x + exp(y), (x > 0,)),
    (2 * x, exp(x) + 2 * log(2) - 2, ()),
    (log(1 + exp(x + y)), log(1 + exp(x)) + y / (1 + exp(-x)) + y**2 / 8, ()),
]
FALSE = [
    (lam * Abs(prox) + (prox - x) ** 2, lam * Abs(y) + (y - x) ** 2, (lam >= 0,)),
    (*chord(root)[::-1], between),
    (*chord(lambda e: Max(e, 0) - e**2), between),
    (0, mean(x, y), (th >= 0, x >= 0, y >= 0)),
    (0, mean(x, y), (*between, x >= 0)),
    (0, th * x + (1 - 3 * th) * y, (*between, x >= 0, y >= 0)),
    (x**th * y ** (1 - th), mean(x, y), (th >= 0, x > 0, y > 0)),
    (-x * log(x), Rational(1, 3), (x > 0,)),
    (x * y, x * log(x) - x + exp(y) / 2, (x > 0,)),
    (2 * x, exp(x) - Rational(2, 3), ()),
    (64 * log(x), 64 * (x - 1) - Rational(1, 9), (x > 0,)),
]


@pytest.mark.parametrize(("left", "right", "given"), TRUE)
def test_it_holds(left, right, given):
    verdict = verify(Inequality(left, right, given=given))
    assert verdict.status == "holds" and set(verdict.assumptions) == set(given)


@pytest.mark.parametrize(("left", "right", "given"), FALSE)
def test_it_is_refuted(left, right, given):
    assert verify(Inequality(left, right, given=given)).status == "disagrees"
