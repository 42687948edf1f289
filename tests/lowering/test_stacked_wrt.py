"""Derivatives in vec(X): those in X, its columns one after the other."""

import contextlib
import io

import pytest
from sympy import (
    Determinant,
    Identity,
    Inverse,
    KroneckerProduct,
    MatrixSymbol,
    Q,
    Trace,
    log,
    symbols,
)

from derive import Backward, Gradient, Hessian, Jacobian, ScalarFunction, vec, verify
from derive.backends.snippet import replay

n, m, k = symbols("n m k", integer=True, positive=True)
A, X, B = MatrixSymbol("A", n, m), MatrixSymbol("X", m, k), MatrixSymbol("B", k, n)
D, E, x = MatrixSymbol("D", m, m), MatrixSymbol("E", m, m), MatrixSymbol("x", m, 1)
G, L, kron = MatrixSymbol("G", n, k), ScalarFunction("L"), KroneckerProduct
ONE = Identity(m)

TRUE = [
    Jacobian(vec(A * X * B), vec(X), kron(B.T, A)),
    Jacobian(vec(D * D), vec(D), kron(D.T, ONE) + kron(ONE, D)),
    Jacobian(vec(Inverse(D)), vec(D), -kron(Inverse(D).T, Inverse(D))),
    Jacobian(A * x, vec(A.T), kron(Identity(n), x.T)),
    Gradient(L(A * X), vec(X), vec(A.T * L.gradient(0)(A * X))),
    Gradient(Trace(D * E), vec(D), vec(E + E.T) / 2, given=Q.symmetric(D)),
    Gradient(Trace(x.T * x), vec(x.T), 2 * x),
    Gradient(Trace(G.T * G) / 2, vec(X), vec(A.T * G), where={G: A * X}),
    Backward(A * X, vec(X), G, vec(A.T * G)),
    Hessian(Trace(X.T * D * X), vec(X), kron(Identity(k), D + D.T)),
]

# Right at m = 1, of symmetric matrices, in rows one after the other, or of another vec.
FALSE = [
    Jacobian(vec(D * E), vec(E), kron(D, ONE)),
    Jacobian(vec(D * E), vec(D), kron(E, ONE)),
    Jacobian(vec(D * D), vec(D), kron(D, ONE) + kron(ONE, D)),
    Jacobian(A * x, vec(A.T), kron(x.T, Identity(n))),
    Gradient(log(Determinant(D)), vec(D), vec(Inverse(D))),
    Gradient(Trace(D * E), vec(D.T), vec(E.T)),
    Gradient(Trace(D * E), vec(D), vec(E.T), given=Q.symmetric(D)),
    Backward(D * E, vec(E), D, vec(D * D)),
    Hessian(Trace(X.T * D * X), vec(X), kron(D + D.T, Identity(k))),
    Hessian(Trace(X.T * D * X), vec(X.T), kron(Identity(k), D + D.T)),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_in_a_stacked_matrix(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_has_a_witness_that_numpy_replays(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    if claim.assumed:  # the gradient within the symmetric matrices is no difference quotient
        return
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(replay(verdict), {"__name__": "__main__"})
    lines = [line for line in printed.getvalue().splitlines() if ": " in line][:2]
    told = [float(line.split(":")[1]) for line in lines]
    sides = verdict.witness.left, verdict.witness.right
    assert told == pytest.approx([float(side) for side in sides], 1e-3)


def test_it_is_a_column():
    assert verify(Gradient(Trace(D * E), vec(D), vec(E.T).T)).status == "ill-shaped"


@pytest.mark.parametrize("wrt", [vec(D * E), vec(2 * D)])
def test_of_no_array_it_is_refused_by_name(wrt):
    verdict = verify(Gradient(Trace(D * E), wrt, vec(E.T)))
    assert verdict.status == "undecided" and "cannot differentiate in" in verdict.reason
