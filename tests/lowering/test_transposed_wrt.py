"""Derivatives in the transpose of an array: the transpose of the derivative in the array."""

import contextlib
import io

import pytest
from sympy import Determinant, MatrixSymbol, Q, Trace, log, symbols

from derive import Backward, Gradient, Hessian, Jacobian, gradient, verify
from derive.backends.snippet import replay
from derive.language.operators import ScalarFunction, entry, partial

n, m, k = symbols("n m k", integer=True, positive=True)
x, a = MatrixSymbol("x", n, 1), MatrixSymbol("a", n, 1)
A, B, W = MatrixSymbol("A", n, m), MatrixSymbol("B", m, n), MatrixSymbol("W", n, k)
S, V, z = MatrixSymbol("S", n, n), MatrixSymbol("V", m, k), MatrixSymbol("z", n, k)
G, L = MatrixSymbol("G", m, k), ScalarFunction("L")
form = entry(x.T * S * x, 0, 0)

TRUE = [
    Gradient(form, x.T, x.T * (S + S.T)),
    Gradient(Trace(A * B), A.T, B),
    Gradient(Trace(S * z * z.T), S.T, z * z.T),
    Gradient(entry(a.T * S * x, 0, 0), S.T, x * a.T),
    Jacobian(S * x, x.T, S),
    Backward(A.T * W, A.T, G, G * W.T),
    Hessian(form, x.T, S + S.T),
    Gradient(Trace(z.T * z) / 2, z.T, z.T, where={z: A * V}),
    Gradient(log(Determinant(S)), S.T, S.I, given=Q.symmetric(S)),
    Gradient(log(Determinant(S)), S.T, S.I),
    Gradient(L(A), A.T, L.gradient(0)(A).T),
    Gradient(Trace(A * B), A.T, partial(Trace(A * B), A.T)),
]

FALSE = [
    Gradient(form, x.T, 2 * x.T * S),
    Gradient(Trace(A * B), A.T, 2 * B),
    Gradient(entry(a.T * S * x, 0, 0), S.T, a * x.T),
    Jacobian(S * x, x.T, S.T),
    Backward(A.T * W, A.T, G, 2 * G * W.T),
    Hessian(form, x.T, 2 * S),
    Gradient(log(Determinant(S)), S.T, S.I.T),
    Gradient(Trace(S * S * W * W.T), S, partial(Trace(S * S * W * W.T), S.T)),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_in_a_transpose(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_has_a_witness(claim):
    assert verify(claim).status == "disagrees"


@pytest.mark.parametrize("claim", FALSE[:6], ids=range(6))
def test_its_witness_is_replayed_with_numpy(claim):
    verdict = verify(claim)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(replay(verdict), {"__name__": "__main__"})
    told = [float(line.split(":")[1]) for line in printed.getvalue().splitlines() if ": " in line]
    sides = verdict.witness.left, verdict.witness.right
    assert told[:2] == pytest.approx([float(side) for side in sides], 1e-3)


@pytest.mark.parametrize("claim", [
    Gradient(form, x.T, (S + S.T) * x),
    Gradient(Trace(A * B), A.T, B.T),
    Backward(A.T * W, A.T, G, W * G.T),
])  # fmt: skip
def test_it_has_the_shape_of_the_transpose(claim):
    assert verify(claim).status == "ill-shaped"


@pytest.mark.parametrize("wrt", [2 * x, x + a, (S * x).T])
def test_other_expressions_are_refused_by_name(wrt):
    verdict = verify(Gradient(form, wrt, wrt))
    assert verdict.status == "undecided"
    assert "cannot differentiate in" in verdict.reason


def test_it_is_derived_without_a_claim():
    assert gradient(Trace(A * B), A.T) == B
    assert gradient(entry(a.T * x, 0, 0), x.T) == a.T
