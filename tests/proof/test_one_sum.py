"""Differences of sums that vanish under one sum, where what is divided by cancels."""

import pytest
import sympy as sp
from sympy import Sum, exp, log

from derive import Gradient, tensor, verify

N, K = sp.symbols("N K", integer=True, positive=True)
j, k, n = sp.symbols("j k n", integer=True)
a = sp.IndexedBase("a", shape=(K,), real=True)
w = sp.IndexedBase("w", shape=(K,), real=True)
X = sp.IndexedBase("X", shape=(N, K), real=True)

WEIGHTS = tensor(exp(a[k]) / Sum(exp(a[j]), (j, 0, K - 1)), (k, K))
MIXED = Sum(w[j] * X[n, j], (j, 0, K - 1))
LIKELIHOOD = Sum(log(MIXED), (n, 0, N - 1))
SHARE = Sum(w[k] * X[n, k] / MIXED, (n, 0, N - 1))


@pytest.mark.parametrize(
    ("of", "slope"),
    [(LIKELIHOOD, SHARE - N * w[k]), (LIKELIHOOD / N, SHARE / N - w[k])],
    ids=["sum", "mean"],
)
def test_a_mixture_in_its_weights(of, slope):
    assert verify(Gradient(of, a[k], slope, where={w: WEIGHTS})).status == "holds"
    assert verify(Gradient(of, a[k], slope + w[k] / N, where={w: WEIGHTS})).status == "disagrees"
