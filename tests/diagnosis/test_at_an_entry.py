"""Mistakes in formulas for one entry, in what a claim computes without a name, and two at once."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import (
    HadamardProduct,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Sum,
    Trace,
    exp,
    log,
    sqrt,
)

from derive import Backward, Gradient, softmax, tensor, verify

n, m, d = sp.symbols("n m d", integer=True, positive=True)
i, j, l, q = sp.symbols("i j l q", integer=True)
z, lam = sp.symbols("z lambda", real=True)
eps, gamma = sp.symbols("epsilon gamma", positive=True)
x, g, w, P = (IndexedBase(name, shape=(d,)) for name in ("x", "g", "w", "P"))
Q, K, V, G, O = (MatrixSymbol(name, n, d) for name in ("Q", "K", "V", "G", "O"))
S, A, dA, dS = (MatrixSymbol(name, n, n) for name in ("S", "A", "dA", "dS"))
X, v, y = MatrixSymbol("X", n, m), MatrixSymbol("v", m, 1), MatrixSymbol("y", n, 1)


def over(body, k=i):
    return Sum(body, (k, 0, d - 1))


def chance(k):
    return exp(x[k]) / over(exp(x[q]), q)


root = 1 / sqrt(over(x[q] ** 2, q) / d + eps)
scaled = over(g[i] * w[i] * x[i] * root)
projected = x[l] * root**2 * over(g[i] * w[i] * x[i]) / d
p = 1 / (1 + exp(-z))
inside = (l >= 0, l <= d - 1)
rows = sp.OneMatrix(n, n)
ones = {"where": {S: Q * K.T / sqrt(d), A: softmax(S), O: A * V}}
back = {dA: G * V.T, dS: HadamardProduct(A, dA - HadamardProduct(A, dA) * rows)}
short = {dA: G * V.T, dS: HadamardProduct(A, dA)}
r = X * v - y
ridge = Trace(r.T * r) / n + lam * Trace(v.T * v) / 2

WRONG = {
    "1 for a delta": (
        Gradient(chance(l), x[j], chance(l) * (1 - chance(j)), given=inside),
        "it holds with KroneckerDelta(j, l) for 1 in 1 - exp(x[j])",
    ),
    "of a defined softmax": (
        Gradient(P[l], x[j], P[l] * (1 - P[j]), where={P: tensor(chance(i), (i, d))}, given=inside),
        "it holds with KroneckerDelta(j, l) for 1 in 1 - P[j]",
    ),
    "a projection": (
        Gradient(scaled, x[l], root * g[l] * w[l]),
        "a multiple of x[l]*Sum(g[l']*w[l']*x[l'], (l', 0, d - 1)) is missing",
    ),
    "a deviation": (
        Gradient(scaled, x[l], g[l] * w[l] - projected),
        "the factor 1/sqrt(epsilon + Sum(x[q]**2, (q, 0, d - 1))/d) is missing",
    ),
    "a value": (
        Gradient(-((1 - p) ** gamma) * log(p), z, (1 - p) ** gamma * (gamma * log(p) - (1 - p))),
        "the factor 1/(1 + exp(-z)) is missing",
    ),
    "a transpose where it is used": (
        Backward(O, K, G, dS * Q / sqrt(d), where={**ones["where"], **back}),
        "it holds with dS.T for dS",
    ),
    "what a softmax subtracts": (
        Backward(O, Q, G, dS * K / sqrt(d), where={**ones["where"], **short}),
        "in dS: the term -(A ⊙ rowsum(A ⊙ dA)) is missing",
    ),
    "a transpose and a factor": (
        Backward(O, K, G, dS * Q, where={**ones["where"], **back}),
        "two mistakes: it holds with dS.T for dS; and it holds with a factor 1/sqrt(d)",
    ),
    "a factor and a term": (
        Gradient(ridge, v, X.T * r / n),
        "two mistakes: it holds with a factor 2; and the term lambda*v is missing",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_is_named(name):
    claim, words = WRONG[name]
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert words in verdict.reason


def test_nothing_is_named_where_none_explains_it():
    verdict = verify(Gradient(chance(l), x[j], KroneckerDelta(j, l) + chance(j), given=inside))
    assert verdict.status == "disagrees"
    assert ";" not in verdict.reason
