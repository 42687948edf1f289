"""Points on equations in exponentials: closed numbers such as log(1/3)."""

import json
from fractions import Fraction

import pytest
import sympy as sp
from sympy import Eq, Sum, exp, log, sqrt

from derive import Identity, verify
from derive.backends.snippet import replay
from derive.backends.telling import witness_data
from derive.evaluation.closed_values import holds_exactly
from derive.refutation.points import PointMaker
from derive.refutation.search import confirm, point_of

n = sp.symbols("n", integer=True, positive=True)
i, k = sp.symbols("i k", integer=True)
x, y = sp.symbols("x y", real=True)
X = sp.IndexedBase("X", shape=(n,))

SUM = Eq(Sum(exp(X[i]), (i, 0, n - 1)), 1)
FALSE = {
    "two exponentials": Identity(x, y, given=Eq(exp(x) + exp(y), 1)),
    "entries": Identity(X[k], 0, given=(SUM, k >= 0, k <= n - 1)),
    "a product": Identity(x, -y, given=Eq(exp(x) * exp(y), 2)),
    "a root": Identity(x**2, 2, given=Eq(x**2, 3)),
    "a logarithm": Identity(x, 1, given=Eq(log(x), 2)),
}
TRUE = {
    "two exponentials": Identity(exp(x), 1 - exp(y), given=Eq(exp(x) + exp(y), 1)),
    "a product": Identity(exp(x + y), 2, given=Eq(exp(x) * exp(y), 2)),
    "entries": Identity(Sum(exp(X[i]), (i, 0, n - 1)) - 1, 0, given=SUM),
    "nowhere": Identity(x, 1, given=Eq(exp(x), -1)),
}


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_a_claim_on_an_equation_is_refuted_there(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert confirm(claim, point_of(PointMaker(claim), verdict.witness)) is not None
    assert verdict.replay().claim
    json.dumps(witness_data(verdict.witness))
    assert "not replayed" not in replay(verdict)


@pytest.mark.parametrize("claim", TRUE.values(), ids=TRUE)
def test_what_holds_on_an_equation_is_not_refuted(claim):
    assert verify(claim, timeout=15).status != "disagrees"


@pytest.mark.parametrize(("equation", "values", "expected"), [
    (Eq(exp(x) + exp(y), 1), {x: log(sp.Rational(1, 3)), y: log(sp.Rational(2, 3))}, True),
    (Eq(exp(x) + exp(y), 1), {x: log(sp.Rational(1, 3)), y: Fraction(-2, 5)}, False),
    (Eq(x**2, 3), {x: sqrt(3)}, True),
    (Eq(x**2, 3), {x: sqrt(3) + sp.Rational(1, 10**50)}, False),
    (exp(x) <= 1, {x: sp.S.Zero}, False),
])  # fmt: skip
def test_an_equation_holds_at_closed_numbers_exactly(equation, values, expected):
    assert holds_exactly(equation, {}, values) is expected
