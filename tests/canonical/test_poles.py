"""What has no value at one of the integers that a bracket or a range leaves out."""

from __future__ import annotations

import pytest
from sympy import (
    Eq,
    Integer,
    MatrixSymbol,
    Ne,
    OneMatrix,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    Trace,
    log,
    sqrt,
    symbols,
)

from derive import Gradient, Identity, verify

n = Symbol("n", integer=True, positive=True)
x = Symbol("x", real=True)
j, k = symbols("j k", integer=True)
r, v = (MatrixSymbol(name, n, 1) for name in "rv")


def where(value, condition):
    return Piecewise((value, condition), (0, True))


def over(value, low=0, high=n - 1):
    return Sum(value, (k, low, high))


def others(i):
    """The mean of the entries but one."""
    return Sum(where(r[j, 0] / (n - 1), Ne(j, i)), (j, 0, n - 1))


TRUE = [
    Identity(over(where(x / (n - 1), Ne(k, 0))), where(x, n >= 2)),
    Identity(over(where(x / (n - 1), Ne(k, 0))), x, given=(Ne(n, 1),)),
    Identity(others(k), (Sum(r[j, 0], (j, 0, n - 1)) - r[k, 0]) / (n - 1)),
    Identity(over(r[k, 0] - others(k)), 0, given=(n >= 2,)),
    Gradient(
        over(others(k) * v[k, 0]), r, (Trace(v * OneMatrix(1, n)) * OneMatrix(n, 1) - v) / (n - 1)
    ),
    Identity(over(r[k, 0] / k, 1), over(r[k + 1, 0] / (k + 1), 0, n - 2)),
    Identity(over(r[k, 0] * log(k), 1), over(r[k + 1, 0] * log(k + 1), 0, n - 2)),
    Identity(over(r[k, 0] / sqrt(k), 1), over(r[k + 1, 0] / sqrt(k + 1), 0, n - 2)),
    Identity(over(where(x / k, k > 0)), over(x / k, 1)),
    Identity(over(where(x / k, Ne(k, 0)) * k), (n - 1) * x),
    Identity(over(where(x / (k - 1), Ne(k, 1)) * (k - 1)), (n - 1) * x + where(x, Eq(n, 1))),
    Gradient(
        over((x - r[k, 0]) ** 2 / k, 1) / 2, x, x * over(Integer(1) / k, 1) - over(r[k, 0] / k, 1)
    ),
]
FALSE = [
    Identity(over(where(x / (n - 1), Ne(k, 0))), x),
    Identity(over(r[k, 0] - others(k)), 0),
    Identity(
        Sum(where((k + 1) * x / (n**2 - 1), Ne(j, k)), (k, 0, n - 1), (j, 0, n - 1)),
        Rational(1, 2) * n * x,
    ),
    Identity(
        over(where(x / (n - 1), (v[0, 0] > 0) | Ne(k, 0))), x + where(x / (n - 1), v[0, 0] > 0)
    ),
    Identity(over(where(x / k, Ne(k, 0)) * k), n * x),
    Identity(over(where(x / (k - 1), Ne(k, 1)) * (k - 1)), (n - 1) * x),
    Identity(over(r[k, 0] / k, 1), over(r[k, 0] / (k + 1), 0, n - 2)),
]


@pytest.mark.parametrize("claim", TRUE)
def test_what_is_left_out_does_not_count(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE)
def test_what_is_left_out_is_not_cancelled(claim):
    assert verify(claim).status == "disagrees"
