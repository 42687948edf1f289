"""The search for a witness, where a claim is false only beyond a turn of what it decides."""

import pytest
import sympy as sp
from sympy import Max, Min, Ne, Piecewise, Rational, Sum

from derive import Identity
from derive.refutation.points import PointMaker
from derive.refutation.search import confirm, point_of, search

n = sp.symbols("n", integer=True, positive=True)
p = sp.symbols("p", integer=True, nonnegative=True)
k = sp.symbols("k", integer=True)
x, y = sp.symbols("x y", real=True)
V = sp.IndexedBase("V", shape=(n,))


def where(condition, value=y):
    return Piecewise((value, condition), (0, True))


FALSE = {
    "zero to zero": Identity(where(Ne(x**p, 0)), where(Ne(x, 0))),
    "between two numbers": Identity(where(x > Rational(17, 3)), where(x > 6)),
    "between two near numbers": Identity(where(x > Rational(17, 3)), where(x > Rational(35, 6))),
    "at a number": Identity(where(sp.Eq(x, Rational(17, 3))), 0 * y),
    "at a larger size": Identity(
        Sum(where(k > 9, V[k]), (k, 0, n - 1)), Sum(where(k > 10, V[k]), (k, 0, n - 1))
    ),
    "entries between two numbers": Identity(
        Sum(where((V[k] > Rational(23, 5)) & (V[k] < Rational(24, 5)), 1), (k, 0, n - 1)), 0
    ),
}  # fmt: skip

TRUE = {
    "zero to zero": Identity(where(Ne(x ** (p + 1), 0)), where(Ne(x, 0))),
    "clipped": Identity(Max(Min(x, Rational(17, 3)), y), Max(Min(x, Rational(17, 3)), y, y - 1)),
    "at a larger size": Identity(
        Sum(where(k > 9, V[k]), (k, 0, n - 1)), Sum(where(k >= 10, V[k]), (k, 0, n - 1))
    ),
}


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_a_witness_is_found_beyond_a_turn(claim):
    witness = search(claim, work=60e6)
    assert witness is not None
    assert confirm(claim, point_of(PointMaker(claim), witness)) is not None


@pytest.mark.parametrize("claim", TRUE.values(), ids=TRUE)
def test_there_is_none_of_a_true_claim(claim):
    assert search(claim, work=60e6) is None
