"""Factors that are missing where a claim is not linear, and mistakes in sums with a closed form."""

from __future__ import annotations

import pytest
from sympy import Identity as Eye
from sympy import IndexedBase, MatrixSymbol, Sum, exp, symbols

from derive import Identity, verify

N, d, T = symbols("N d T", integer=True, positive=True)
k, s, t = symbols("k s t", integer=True)
lam, tau, a, g = symbols("lambda tau a g", positive=True)
X = MatrixSymbol("X", N, d)
v, e = IndexedBase("v", shape=(N,)), IndexedBase("e", shape=(T,))

MISTAKES = [
    (
        Identity((X.T * X + lam * Eye(d)).I * X.T, X.T * (X * X.T + Eye(N)).I),
        "I lacks a factor lambda",
    ),
    (Identity(Sum(exp(v[k] / tau), (k, 0, N - 1)), Sum(exp(v[k]), (k, 0, N - 1))), "v[k]"),
    (Identity((1 - a) * Sum(a**k, (k, 0, T - 1)), 1 - a ** (T - 1)), "lacks a factor a"),
    (
        Identity(
            Sum(g ** (s - t) * e[s], (s, t, T - 1)),
            e[t] + Sum(g ** (s - t - 1) * e[s], (s, t + 1, T - 1)),
            given=(t >= 0, t < T),
        ),
        "lacks a factor g",
    ),
]


@pytest.mark.parametrize(("claim", "said"), MISTAKES)
def test_the_missing_factor_is_named(claim, said):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert said in verdict.reason
