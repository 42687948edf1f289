"""Inequalities with positive definite matrices, and with maxima over a range."""

import pytest
from sympy import (
    Eq,
    HadamardProduct,
    IndexedBase,
    Inverse,
    MatrixSymbol,
    Q,
    Sum,
    Trace,
    sqrt,
    symbols,
)

from derive import Inequality, max_over, verify
from derive.language.operators import entry

n = symbols("n", integer=True, positive=True)
i, j, k, q = symbols("i j k q", integer=True)
th, x, y = symbols("theta x y", real=True)
A, B, C = (MatrixSymbol(name, n, n) for name in "ABC")
u, v, w = (MatrixSymbol(name, n, 1) for name in "uvw")
P, V, W = (IndexedBase(name, shape=(n,)) for name in "PVW")
A_, B_, C_ = map(Q.positive_definite, (A, B, C))


def dot(a, b):
    return Trace(a.T * b)


def top(body):
    return max_over(body, (k, 0, n - 1))


TRUE = [
    (0, Trace(A * B), (A_, B_)),
    (entry(A, i, j) ** 2, entry(A, i, i) * entry(A, j, j), (A_,)),
    (0, dot(u, HadamardProduct(A, B) * u), (A_, B_)),
    (dot(u, A * v) ** 2, dot(u, A * u) * dot(v, A * v), (A_,)),
    (dot(u, Inverse(A) * v) ** 2, dot(u, Inverse(A) * u) * dot(v, Inverse(A) * v), (A_,)),
]
FALSE = [
    (0, Trace(A * B), (A_,)),
    (0, Trace(A * B * C), (A_, B_, C_)),
    (entry(A, i, j), entry(A, i, i), (A_,)),
    (dot(u, HadamardProduct(A, B) * u), 0, (A_, B_)),
    (dot(u, A * v) ** 2, dot(u, B * u) * dot(v, A * v), (A_, B_)),
    (dot(u, A * w) ** 2, dot(u, A * u) * dot(v, A * v), (A_,)),
    (dot(u, A * v) ** 2, dot(u, A * u) * dot(v, A * v) / 2, (A_,)),
    (dot(u, A * v) ** 2, dot(u, A * u) * dot(v, A * v), (Q.symmetric(A),)),
]
MAXIMA = [
    (top(V[k] + W[k]), top(V[k]) + top(W[k]), ()),
    (
        top(th * V[k] + (1 - th) * W[k]),
        th * top(V[k]) + (1 - th) * top(W[k]),
        (th >= 0, th <= 1),
    ),
    (Sum(P[k] * V[k], (k, 0, n - 1)), top(V[k]), (P[q] >= 0, Eq(Sum(P[k], (k, 0, n - 1)), 1))),
]
FALSE_MAXIMA = [
    (top(V[k]) + top(W[k]), top(V[k] + W[k]), ()),
    (top(th * V[k] + (1 - th) * W[k]), th * top(V[k]) + (1 - th) * top(W[k]), (th >= 0,)),
    (x * top(V[k]) + y * top(W[k]), top(x * V[k] + y * W[k]), (x >= 0, y >= 0)),
    (top(V[k] * W[k]), top(V[k]) * top(W[k]), ()),
]


@pytest.mark.parametrize(("left", "right", "given"), TRUE + MAXIMA)
def test_it_holds_and_lists_what_it_needs(left, right, given):
    verdict = verify(Inequality(left, right, given=given))
    assert verdict.status == "holds"
    assert set(verdict.assumptions) == set(given)


@pytest.mark.parametrize(("left", "right", "given"), FALSE + FALSE_MAXIMA)
def test_it_does_not_hold_with_less(left, right, given):
    assert verify(Inequality(left, right, given=given)).status == "disagrees"


def test_a_matrix_that_is_read_as_a_whole_is_no_product():
    """det A ≤ A[0, 0] is false, and so is what reads A and its inverse."""
    assert verify(Inequality(sqrt(entry(Inverse(A), i, i)), 1, given=A_)).status == "disagrees"
