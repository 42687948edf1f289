"""Assumptions that a claim does not state, what an inequality lacks, and mistakes on the left."""

import pytest
from sympy import (
    Determinant,
    Eq,
    IndexedBase,
    MatrixSymbol,
    Q,
    Sum,
    Trace,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)  # fmt: skip
from sympy import Identity as Eye

from derive import Gradient, Identity, Inequality, verify

n, m = symbols("n m", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
x, y, t = symbols("x y t", real=True)
A, B, W = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n), MatrixSymbol("W", n, m)
v, u = MatrixSymbol("v", n, 1), MatrixSymbol("u", n, 1)
V, P = IndexedBase("V", shape=(n,)), IndexedBase("P", shape=(n,))
S = IndexedBase("S", shape=(n, n))


def over(body):
    return Sum(body, (k, 0, n - 1))


WRONG = {
    "it holds the other way round": Inequality(sqrt(x) + sqrt(y), sqrt(x + y), (x >= 0, y >= 0)),
    "it holds with a factor n on the right": Inequality(over(V[k]) ** 2, over(V[k] ** 2)),
    "it holds with a factor 2 on the right": Inequality((x + y) ** 2, x**2 + y**2),
    "it would hold if x ≥ 0": Inequality(tanh(x), x),
    "it would hold if 0 <= t <= 1": Inequality((t * x + (1 - t) * y) ** 2,
                                               t * x**2 + (1 - t) * y**2),
    "it would hold if A were positive definite": Inequality(0, Trace(v.T * A * v)),
    "it would hold if all entries of P were nonnegative":
        Inequality(over(P[k] * V[k]) ** 2, over(P[k] * V[k] ** 2), Eq(over(P[k]), 1)),
    "it would hold if the entries of P summed to 1":
        Inequality(over(P[k] * log(V[k])), log(over(P[k] * V[k])),
                   (Q.positive(P[j]), Q.positive(V[j]))),
    "it would hold if x > 0 and y > 0": Identity(sqrt(x**2) * sqrt(y**2), x * y),
    "it would hold if A were orthogonal": Identity(Trace(B.T * A.T * A * B), Trace(B.T * B)),
    "it would hold if W.T*W = I": Identity(W * W.T * W * W.T, W * W.T),
    "it would hold if A and B commuted": Identity((A * B) * (A * B), A * A * B * B),
    "it would hold if S were symmetric":
        Gradient(Sum(S[i, j] * V[i] * V[j], (i, 0, n - 1), (j, 0, n - 1)), V[k],
                 2 * Sum(S[k, j] * V[j], (j, 0, n - 1))),
    "it would hold if B were symmetric":
        Gradient(log(Determinant(W.T * B * W)), W, 2 * B * W * (W.T * B * W).I),
    "the term Trace(A) lacks a factor Determinant(A)":
        Gradient(Determinant(A) * t * (1 + Trace(A)), t, Determinant(A) + Trace(A)),
    "in the left side: it holds with the range j = 0 … i":
        Identity(Sum(exp(S[i, j]) / Sum(exp(S[i, k]), (k, 0, i)), (j, 0, i - 1)), 1),
    "in the left side: the sign of the term W*(I + W.T*W)**(-1)*W.T is wrong":
        Identity(Eye(n) + W * (W.T * W + Eye(m)).I * W.T, (Eye(n) + W * W.T).I),
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_it_is_named(words):
    verdict = verify(WRONG[words])
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith(f"{words}; ")


# What is true of nothing but numbers, under what contradicts the rest, or by saying nothing.
@pytest.mark.parametrize("claim", [
    Identity((Eye(n) - 2 * v * v.T) * (Eye(n) - 2 * v * v.T), Eye(n)),
    Identity(over(V[k]), 1),
    Inequality(x, x - 1, given=x < 0),
    Inequality(exp(x), 0),
])  # fmt: skip
def test_nothing_is_named_that_says_nothing(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert not verdict.reason.startswith(("in the left side", "it would hold if x"))
    assert "it would hold if Sum(V[k]" not in verdict.reason
