"""Inequalities of a symmetric matrix, by its eigenvalues."""

import pytest
import sympy as sp
from sympy import Determinant as Det
from sympy import (
    Eq,
    HadamardProduct,
    Inverse,
    MatrixSymbol,
    OneMatrix,
    Q,
    Sum,
    Trace,
    ZeroMatrix,
    log,
    symbols,
)
from sympy import Identity as Eye

from derive import Inequality, verify
from derive.proof.inequality.eigenvalues import diagonals

n = symbols("n", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
A, B, S = (MatrixSymbol(name, n, n) for name in "ABS")
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
definite, symmetric = Q.positive_definite(A), Q.symmetric(A)


def form(matrix):
    return Trace(x.T * matrix * x)


TRUE = [
    Inequality(log(Det(A)), Trace(A) - n, definite),
    Inequality(n**2, Trace(A) * Trace(Inverse(A)), definite),
    Inequality(form(Inverse(A + Eye(n))), Trace(x.T * x), definite),
    Inequality(Trace(A * B * A * B), Trace(A * A * B * B), (definite, Q.positive_definite(B))),
    Inequality(form(A * A), Trace(x.T * x), (symmetric, Eq(A * A, A))),
    Inequality(Trace(A), n, (symmetric, Q.orthogonal(A))),
    Inequality(n * Det(A) ** (1 / n), Trace(S), definite, where={S: A}),
]

# Each is true of diagonal matrices, and says something else in another basis.
FALSE = [
    Inequality(ZeroMatrix(n, n), A, definite),
    Inequality(Trace(OneMatrix(n, n) * A), Trace(A), definite),
    Inequality(Trace(A * A), Trace(HadamardProduct(A, A)), definite),
    Inequality(Trace(A * A), Sum(A[k, k] ** 2, (k, 0, n - 1)), definite),
    Inequality(Trace(A * A), Trace(S), definite, where={S: HadamardProduct(A, A)}),
    Inequality(0, Trace(x.T * A * y), (definite, Q.positive(x[j, 0]), Q.positive(y[j, 0]))),
    Inequality(Trace(A * A * B * B), Trace(A * B * A * B), (definite, Q.diagonal(B))),
    Inequality(0, A[i, i] + A[i, j], definite),
    # From here on of other signs.
    Inequality(log(Det(A)), Trace(A) - n, symmetric),
    Inequality(n, Trace(A), (symmetric, Q.orthogonal(A))),
    Inequality(Trace(A), 1, (symmetric, Eq(A * A, A))),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    verdict = verify(claim)
    assert verdict.status == "holds"
    assert set(claim.given) & set(verdict.assumptions)
    # What is said of the eigenvalues is said of the matrix.
    assert not any("lambda" in str(fact) for fact in verdict.assumptions)


@pytest.mark.parametrize("claim", FALSE[1:], ids=range(1, len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"


@pytest.mark.parametrize("claim", FALSE[:8], ids=range(8))
def test_what_says_something_else_in_another_basis_is_left_alone(claim):
    assert not list(diagonals(claim))


def test_an_equation_bounds_eigenvalues_only_where_all_its_roots_are_known():
    bounded = (symmetric, Eq(A**3, A))
    (found,) = diagonals(Inequality(Trace(A), n, bounded))
    assert any(isinstance(fact, sp.Le) for fact in found.facts)
    for power in (A**2 - 2 * Eye(n), A**3 - Eye(n), A**6 - A**5 - A**2 + Eye(n)):
        unknown = (symmetric, Eq(power, ZeroMatrix(n, n)))
        (found,) = diagonals(Inequality(Trace(A), n, unknown))
        assert not any(isinstance(fact, sp.Le) for fact in found.facts)
