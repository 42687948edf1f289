"""Sums over pairs of which each counts one way round: rankings, margins, differences."""

from __future__ import annotations

import pytest
from sympy import (
    Abs,
    Eq,
    FunctionMatrix,
    Lambda,
    MatrixSymbol,
    Max,
    Piecewise,
    Sum,
    Symbol,
    sign,
    symbols,
    true,
)

from derive import Gradient, Identity, verify

n = Symbol("n", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
r, v = (MatrixSymbol(name, n, 1) for name in "rv")


def pairs(body):
    return Sum(body, (j, 0, n - 1), (k, 0, n - 1))


def where(condition, value=1):
    return Piecewise((value, condition), (0, True))


def each(body):
    return FunctionMatrix(n, 1, Lambda((k, i), body))


R, S, other = r[k, 0], r[j, 0], v[j, 0]
ALL = pairs(Abs(R - S))
SIGNS = Sum(sign(R - S), (j, 0, n - 1))
TRUE = [
    Identity(pairs(where(R > S)), pairs(where(S > R))),
    Identity(pairs(where(R > S, v[k, 0])), pairs(where(S > R, v[j, 0]))),
    Identity(pairs(where(R > S)), (n**2 - pairs(where(Eq(R, S)))) / 2),
    Identity(pairs(Max(0, R - S)), ALL / 2),
    Gradient(ALL, r, each(2 * SIGNS)),
]
FALSE = [
    Identity(pairs(where(R > S)), pairs(where(S >= R))),
    Identity(pairs(where(R > S)), n**2 / 2),
    Identity(pairs(where(other < R)), (n**2 - pairs(where(Eq(R, other)))) / 2),
    Gradient(ALL, r, each(SIGNS)),
    # An entry does not differ from itself.
    Gradient(ALL, r, each(2 * SIGNS + Sum(sign(R - S) ** 2, (j, 0, n - 1)) - n)),
]


@pytest.mark.parametrize("claim", TRUE)
def test_a_pair_counts_one_way_round(claim):
    assert verify(claim).status == "holds"


def test_what_is_assumed_of_two_entries_is_not_said_of_one():
    (assumed,) = verify(TRUE[-1]).assumptions
    (alike,) = assumed.atoms(Eq)
    assert assumed.subs(*alike.args) == true


@pytest.mark.parametrize("claim", FALSE)
def test_and_not_both(claim):
    assert verify(claim).status == "disagrees"
