"""Slips in indices, symbols and orders that are named since the claim holds without them."""

import pytest
from sympy import HadamardProduct, IndexedBase, MatrixSymbol, Piecewise, Sum, Trace, exp, symbols

from derive import Backward, Gradient, verify

n, m, c, k = symbols("n m c k", integer=True, positive=True)
i, j, q, r, s = symbols("i j q r s", integer=True)
a, b = MatrixSymbol("a", n, 1), MatrixSymbol("b", n, 1)
X = MatrixSymbol("X", n, m)
U, W = MatrixSymbol("U", m, c), MatrixSymbol("W", m, c)
w, g, v = IndexedBase("w", shape=(k,)), IndexedBase("g", shape=(n,)), IndexedBase("v", shape=(n,))
wide = IndexedBase("x", shape=(n + 2 * k,))
deep, kernels = IndexedBase("y", shape=(c, n + k - 1)), IndexedBase("K", shape=(c, k))
up, S = IndexedBase("D", shape=(c, n)), IndexedBase("S", shape=(n, n))

dilated = Sum(g[s] * Sum(wide[s + 2 * r] * w[r], (r, 0, k - 1)), (s, 0, n - 1))
by_channel = Sum(
    up[q, s] * deep[q, s + r] * kernels[q, r], (q, 0, c - 1), (s, 0, n - 1), (r, 0, k - 1)
)


def chance(column):
    weight = exp(S[i, column]) / Sum(exp(S[i, q]), (q, 0, i))
    return Piecewise((weight, column <= i), (0, True))


SLIPS = {
    "it holds with x[2*j + s] for x[j + 2*s]": Gradient(
        dilated, w[j], Sum(g[s] * wide[2 * s + j], (s, 0, n - 1))
    ),
    "the sum over q is superfluous: it holds at q = i": Gradient(
        by_channel, kernels[i, j], Sum(up[q, s] * deep[q, s + j], (q, 0, c - 1), (s, 0, n - 1))
    ),
    "it holds as (a*b.T + b*a.T)*X": Gradient(Trace(a.T * X * X.T * b), X, 2 * a * b.T * X),
    "a sum is missing: p*(g - sum(p*g))": Gradient(
        Sum(chance(r) * v[r], (r, 0, n - 1)), S[i, j], chance(j) * v[j]
    ),
}


@pytest.mark.parametrize("words", SLIPS)
def test_the_slip_is_named(words):
    verdict = verify(SLIPS[words])
    assert verdict.status == "disagrees" and verdict.reason.startswith(words)


def test_two_symbols_in_each_others_places_are_named():
    P, R, G = (MatrixSymbol(name, n, c) for name in "PRG")
    where = {P: X * U, R: X * W}
    claimed = HadamardProduct(G, R) * W.T + HadamardProduct(G, P) * U.T
    verdict = verify(Backward(HadamardProduct(P, R), X, G, claimed, where=where))
    assert verdict.reason.startswith("it holds with P and R exchanged")
