"""Cholesky factors, square roots and exponentials of matrices: laws, derivatives, numbers."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy import (
    Determinant,
    DiagMatrix,
    Eq,
    FunctionMatrix,
    HadamardProduct,
    Inverse,
    Lambda,
    Matrix,
    MatrixSymbol,
    Piecewise,
    Product,
    Q,
    Rational,
    Sum,
    Symbol,
    Trace,
    ZeroMatrix,
    exp,
    log,
    sqrt,
    symbols,
)

from derive import (
    Backward,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
    cholesky,
    gradient,
    matrix_exp,
    sqrtm,
    verify,
)
from derive.evaluation.fields import (
    BALL,
    EXACT,
    FLOATING,
    Inconclusive,
    NotExact,
    Undefined,
    precision,
)
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.matrix_values import of_matrix
from derive.language.matrix_functions import numpy_text
from derive.language.operators import entry

n, m = symbols("n m", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
s = Symbol("s", positive=True)
t = Symbol("t", real=True)
A, B, C, G, K, M = (MatrixSymbol(name, n, n) for name in ["A", "B", "C", "G", "K", "M"])
X = MatrixSymbol("X", n, m)
x, y, w = (MatrixSymbol(name, n, 1) for name in "xyw")
ONE, TWO, THREE = (MatrixSymbol("A", size, size) for size in (1, 2, 3))
L, S, E, I = cholesky(A), sqrtm(A), matrix_exp(A), sp.Identity(n)
HALF = Rational(1, 2)
NOISY = K + s**2 * I
LK = cholesky(NOISY)
GIVEN_K = (Q.positive_definite(K),)
WITHIN = (i >= 0, j >= 0, i <= n - 1, j <= n - 1)
SKEW = (Eq(A.T, -A),)


def triangle(diagonal, upper=False):
    """1 below the diagonal (or above it), a number on it."""
    side = i < j if upper else i > j
    body = Piecewise((1, side), (diagonal, Eq(i, j)), (0, True))
    return FunctionMatrix(n, n, Lambda((i, j), body))


PHI = triangle(HALF)


def pulled_back(factor, mask=PHI):
    """½ L⁻ᵀ (P + Pᵀ) L⁻¹ with P = Φ(Lᵀ G)."""
    p = HadamardProduct(mask, factor.T * G)
    return HALF * Inverse(factor).T * (p + p.T) * Inverse(factor)


def log_diagonal(factor):
    return Sum(log(factor[k, k]), (k, 0, n - 1))


def moved(mask):
    factor = cholesky(A + t * C)
    below = Inverse(factor)
    return Jacobian(
        factor, t, factor * HadamardProduct(mask, below * C * below.T), given=(Q.symmetric(C),)
    )


TRUE = {
    "L Lᵀ": Identity(L * L.T, A),
    "L Lᵀ of a sum": Identity(LK * LK.T, NOISY, given=GIVEN_K),
    "zeros above the diagonal": Identity(L[i, j], 0, given=(*WITHIN, i < j)),
    "a positive diagonal": Inequality(0, L[i, i]),
    "a diagonal entry of A": Identity(A[i, i], Sum(L[i, k] ** 2, (k, 0, i))),
    "the determinant": Identity(Determinant(A), Product(L[k, k] ** 2, (k, 0, n - 1))),
    "its logarithm": Identity(log(Determinant(A)), 2 * log_diagonal(L)),
    "the inverse": Identity(Inverse(A), Inverse(L).T * Inverse(L)),
    "whitened": Identity(Inverse(L) * A * Inverse(L).T, I),
    "solved twice": Identity(Inverse(LK).T * (Inverse(LK) * y), Inverse(NOISY) * y, given=GIVEN_K),
    "a quadratic form": Identity(y.T * Inverse(A) * y, (Inverse(L) * y).T * (Inverse(L) * y)),
    "the norm": Identity(Sum(L[i, j] ** 2, (i, 0, n - 1), (j, 0, n - 1)), Trace(A)),
    "of the transpose": Identity(cholesky(A.T), L),
    "of a multiple": Identity(cholesky(s * A), sqrt(s) * L),
    "of four times A": Identity(cholesky(4 * A), 2 * L),
    "of one row": Identity(cholesky(ONE), Matrix([[sqrt(ONE[0, 0])]])),
    "of two rows": Identity(
        cholesky(TWO),
        Matrix([
            [sqrt(TWO[0, 0]), 0],
            [TWO[0, 1] / sqrt(TWO[0, 0]), sqrt(TWO[1, 1] - TWO[0, 1] ** 2 / TWO[0, 0])],
        ]),
    ),
    "of three rows": Identity(cholesky(THREE)[2, 0], THREE[2, 0] / sqrt(THREE[0, 0])),
    "of numbers": Identity(cholesky(Matrix([[4, 2], [2, 5]])), Matrix([[2, 0], [1, 2]])),
    "of a diagonal matrix": Identity(cholesky(DiagMatrix(w)), DiagMatrix(w.applyfunc(sqrt))),
    "the backward pass": Backward(L, A, G, pulled_back(L)),
    "the backward pass, further": Backward(
        cholesky(X * X.T + I), X, G, 2 * pulled_back(cholesky(X * X.T + I)) * X
    ),
    "the differential": moved(PHI),
    "∂ log det": Gradient(log_diagonal(L), A, HALF * Inverse(A)),
    "∂ log det in noise": Gradient(log_diagonal(LK), s, s * Trace(Inverse(NOISY)), given=GIVEN_K),
    "∂ log det, defined": Gradient(
        log_diagonal(C), K, HALF * Inverse(M), given=GIVEN_K, where={M: NOISY, C: cholesky(M)}
    ),
    "∂ of L Lᵀ is that of A": Gradient((y.T * L * L.T * x)[0, 0], A, HALF * (y * x.T + x * y.T)),
    "∂ of a sample": Gradient((w.T * (x + L * y))[0, 0], y, L.T * w),
    "∂² with a factor": Hessian((y.T * L * L.T * y)[0, 0], y, 2 * A),
    "S S": Identity(S * S, A),
    "S is symmetric": Identity(S.T, S),
    "S is positive definite": Inequality(0, (y.T * S * y)[0, 0]),
    "S and A commute": Identity(S * A, A * S),
    "S⁻¹ S⁻¹": Identity(Inverse(S) * Inverse(S), Inverse(A)),
    "S⁻¹ A S⁻¹": Identity(Inverse(S) * A * Inverse(S), I),
    "det S": Identity(Determinant(S), sqrt(Determinant(A))),
    "S of a multiple": Identity(sqrtm(4 * A), 2 * S),
    "∂ tr S": Gradient(Trace(S), A, HALF * Inverse(S)),
    "∂ tr S, further": Gradient(
        Trace(sqrtm(X * X.T + I)), X, Inverse(sqrtm(X * X.T + I)) * X
    ),
    "both roots": Identity(S * S, L * L.T),
    "exp 0": Identity(matrix_exp(ZeroMatrix(n, n)), I),
    "exp(t I)": Identity(matrix_exp(t * I), exp(t) * I),
    "exp of a diagonal matrix": Identity(
        matrix_exp(DiagMatrix(w)), DiagMatrix(w.applyfunc(exp))
    ),
    "exp(−A)": Identity(Inverse(E), matrix_exp(-A)),
    "exp(A) exp(−A)": Identity(E * matrix_exp(-A), I),
    "exp(s A) exp(t A)": Identity(
        matrix_exp(s * A) * matrix_exp(t * A), matrix_exp((s + t) * A)
    ),
    "exp((s + t) A)": Identity(matrix_exp((s + t) * A), matrix_exp(s * A) * matrix_exp(t * A)),
    "exp(s A) exp(−t A)": Identity(
        matrix_exp(s * A) * matrix_exp(-t * A), matrix_exp((s - t) * A)
    ),
    "exp(A)²": Identity(E * E, matrix_exp(2 * A)),
    "exp(Aᵀ)": Identity(matrix_exp(A.T), E.T),
    "exp A and A commute": Identity(E * A, A * E),
    "det exp A": Identity(Determinant(E), exp(Trace(A))),
    "exp of a symmetric matrix": Identity(E.T, E, given=(Q.symmetric(A),)),
    "exp of a skew matrix": Identity(E.T * E, I, given=SKEW),
    "∂ tr exp A": Gradient(Trace(E), A, E.T),
    "∂ tr exp(X Xᵀ)": Gradient(
        Trace(matrix_exp(X * X.T)), X, 2 * matrix_exp(X * X.T) * X
    ),
    "∂ exp(t A)": Jacobian(matrix_exp(t * A), t, A * matrix_exp(t * A)),
    "∂ exp(t A), turned": Jacobian(matrix_exp(t * A), t, matrix_exp(t * A) * A),
    "a shape": Shape(cholesky(X * X.T), (n, n)),
}  # fmt: skip

FALSE = {
    "Lᵀ L": Identity(L.T * L, A),
    "L for A": Identity(L, A),
    "an upper factor": Identity(L[i, j], 0, given=(*WITHIN, i > j)),
    "a negative diagonal": Inequality(L[i, i], 0),
    "no entry is negative": Inequality(0, L[i, j]),
    "a diagonal entry of A, without the last": Identity(A[i, i], Sum(L[i, k] ** 2, (k, 0, i - 1))),
    "the determinant without squares": Identity(
        Determinant(A), Product(L[k, k], (k, 0, n - 1))
    ),
    "its logarithm without 2": Identity(log(Determinant(A)), log_diagonal(L)),
    "the inverse, turned": Identity(Inverse(A), Inverse(L) * Inverse(L).T),
    "whitened, turned": Identity(Inverse(L).T * A * Inverse(L), I),
    "L of a sum": Identity(cholesky(A + B), L + cholesky(B)),
    "L of a multiple without the root": Identity(cholesky(s * A), s * L),
    "of one row without the root": Identity(cholesky(ONE), ONE),
    "of two rows, turned": Identity(
        cholesky(TWO),
        Matrix([
            [sqrt(TWO[0, 0]), TWO[0, 1] / sqrt(TWO[0, 0])],
            [0, sqrt(TWO[1, 1] - TWO[0, 1] ** 2 / TWO[0, 0])],
        ]),
    ),
    "of numbers, turned": Identity(cholesky(Matrix([[4, 2], [2, 5]])), Matrix([[2, 1], [0, 2]])),
    "backward without Φ": Backward(L, A, G, pulled_back(L, sp.OneMatrix(n, n))),
    "backward with a whole diagonal": Backward(L, A, G, pulled_back(L, triangle(1))),
    "backward with the upper triangle": Backward(L, A, G, pulled_back(L, triangle(HALF, True))),
    "backward without ½": Backward(L, A, G, 2 * pulled_back(L)),
    "backward, not symmetrised": Backward(
        L, A, G, Inverse(L).T * HadamardProduct(PHI, L.T * G) * Inverse(L)
    ),
    "the differential with a whole diagonal": moved(triangle(1)),
    "the differential with the upper triangle": moved(PHI.T),
    "∂ log det without ½": Gradient(log_diagonal(L), A, Inverse(A)),
    "∂ log det in noise without s": Gradient(
        log_diagonal(LK), s, Trace(Inverse(NOISY)), given=GIVEN_K
    ),
    "∂ of L Lᵀ, not symmetrised": Gradient((y.T * L * L.T * x)[0, 0], A, y * x.T),
    "∂ of a sample, turned": Gradient((w.T * (x + L * y))[0, 0], y, L * w),
    "S S S S": Identity(S * S, A * A),
    "S for L": Identity(S, L),
    "S of a sum": Identity(sqrtm(A + B), S + sqrtm(B)),
    "det S, negative": Identity(Determinant(S), -sqrt(Determinant(A))),
    "∂ tr S without ½": Gradient(Trace(S), A, Inverse(S)),
    "∂ tr S without the inverse": Gradient(Trace(S), A, HALF * S),
    "exp entry by entry": Identity(E, A.applyfunc(exp)),
    "exp of a sum": Identity(matrix_exp(A + B), E * matrix_exp(B)),
    "exp commutes": Identity(E * B, B * E),
    "det exp A as exp det A": Identity(Determinant(E), exp(Determinant(A))),
    "orthogonal without being skew": Identity(E.T * E, I),
    "a skew matrix, squared": Identity(E * E, I, given=SKEW),
    "∂ tr exp A, turned": Gradient(Trace(E), A, E),
    "∂ tr(B exp A)": Gradient(Trace(B * E), A, B.T * E.T),
    "∂ exp(t A) with t": Jacobian(matrix_exp(t * A), t, t * A * matrix_exp(t * A)),
}  # fmt: skip

# Of these nothing is to be proved: there is no such factor, or nothing that is known says so.
OPEN = {
    "a matrix with a negative eigenvalue": Identity(
        cholesky(Matrix([[1, 2], [2, 1]])) * cholesky(Matrix([[1, 2], [2, 1]])).T,
        Matrix([[1, 2], [2, 1]]),
    ),
    "a matrix that is not symmetric": Identity(
        cholesky(Matrix([[4, 1], [2, 5]])) * cholesky(Matrix([[4, 1], [2, 5]])).T,
        Matrix([[4, 1], [2, 5]]),
    ),
    "zero": Identity(cholesky(ZeroMatrix(n, n)), ZeroMatrix(n, n)),
    "the root of zero": Identity(sqrtm(ZeroMatrix(n, n)), ZeroMatrix(n, n)),
    "a negative multiple": Identity(cholesky(-A), L),
    "a skew matrix": Identity(L * L.T, A, given=SKEW),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_holds(name):
    verdict = verify(TRUE[name])
    assert verdict.status == "holds", verdict.reason
    assert not verdict.notes  # it was checked at points


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_disagrees(name):
    assert verify(FALSE[name]).status == "disagrees"


@pytest.mark.parametrize("name", OPEN)
def test_what_has_no_value_is_not_proved(name):
    assert verify(OPEN[name]).status == "undecided"


def test_what_has_to_be_positive_definite_is_assumed():
    assert Q.positive_definite(A) in verify(TRUE["L Lᵀ"]).assumptions
    sum_ = verify(Identity(cholesky(B + C) * cholesky(B + C).T, B + C))
    assert Q.positive_definite(B + C) in sum_.assumptions
    # What follows from that is not said, nor is anything of exponentials.
    assert verify(TRUE["of four times A"]).assumptions == (Q.positive_definite(A),)
    assert verify(TRUE["L Lᵀ of a sum"]).assumptions == (Q.positive_definite(K),)
    assert verify(TRUE["exp(A) exp(−A)"]).assumptions == ()


def test_a_factor_of_a_matrix_that_is_not_square_does_not_fit():
    verdict = verify(Identity(cholesky(X), X))
    assert verdict.status == "ill-shaped"
    assert "which is not square" in verdict.reason


def test_what_is_derived():
    assert gradient(Trace(S), A) == HALF * Inverse(S)
    assert gradient(Trace(E), A) == E.T


def test_print():
    assert str(L) == "cholesky(A)" and str(E) == "matrix_exp(A)"
    assert sp.latex(E) == r"\operatorname{matrix\_exp}\left(A\right)"


# ---- numbers


def numbers(rows):
    return np.array([[Fraction(entry) for entry in row] for row in rows], dtype=object)


DEFINITE = numbers([[4, 2, 1], [2, 5, 3], [1, 3, 6]])
DIRECTIONS = np.stack([
    numbers([[1, 2, 0], [2, -1, 1], [0, 1, 3]]),
    numbers([[0, 1, 1], [1, 2, 0], [1, 0, -2]]),
])  # fmt: skip


def jet(field, derivatives=True):
    return Jet(field.array(DEFINITE), field.array(DIRECTIONS) if derivatives else None)


def contains(ball, number):
    return abs(float(ball) - number) < 1e-9


@pytest.mark.parametrize("name", ["cholesky", "sqrtm", "matrix_exp"])
def test_balls_and_floats_agree(name):
    with precision(128):
        exact = of_matrix(Jets(BALL, 2), name, jet(BALL))
    rounded = of_matrix(Jets(FLOATING, 2), name, jet(FLOATING))
    for balls, floats in ((exact.v, rounded.v), (exact.g, rounded.g), (exact.h, rounded.h)):
        got = np.vectorize(float, otypes=[float])(balls)
        assert np.allclose(got, floats, rtol=1e-8)


def test_the_defining_equations_hold_in_balls():
    with precision(128):
        a = BALL.array(DEFINITE)
        factor = of_matrix(Jets(BALL, 0), "cholesky", Jet(a)).v
        root = of_matrix(Jets(BALL, 0), "sqrtm", Jet(a)).v
        gaps = [*(factor @ factor.T - a).flat, *(root @ root - a).flat]
    assert all(abs(float(gap)) < 1e-30 for gap in gaps)
    assert all(gap.contains(0) for gap in (root @ root - a).flat)


@pytest.mark.parametrize("name", ["cholesky", "sqrtm", "matrix_exp"])
def test_derivatives_are_those_of_differences(name):
    step = 1e-4
    jets = Jets(FLOATING, 2)
    found = of_matrix(jets, name, jet(FLOATING))
    a, directions = FLOATING.array(DEFINITE), FLOATING.array(DIRECTIONS)

    def at(p, q):
        return of_matrix(jets, name, Jet(a + step * (p * directions[0] + q * directions[1]))).v

    scale = np.abs(found.v).max()
    first = (at(1, 0) - at(-1, 0)) / (2 * step)
    assert np.allclose(found.g[0], first, atol=1e-5 * scale)
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
    assert np.allclose(found.h[0, 1], mixed, atol=1e-4 * scale)
    assert np.allclose(found.h[0, 1], found.h[1, 0])


@pytest.mark.parametrize("name", ["cholesky", "sqrtm"])
@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING], ids=lambda field: field.name)
@pytest.mark.parametrize("rows", [[[1, 2], [2, 1]], [[4, 1], [2, 5]], [[1, 1], [1, 1]], [[0]]])
def test_no_root_of_a_matrix_that_is_not_positive_definite(name, field, rows):
    if field is FLOATING and rows == [[1, 1], [1, 1]]:
        return  # rounding decides
    with pytest.raises(Undefined):
        of_matrix(Jets(field, 0), name, Jet(field.array(numbers(rows))))


def test_no_derivative_out_of_the_symmetric_matrices():
    one_sided = np.stack([numbers([[0, 1, 0], [0, 0, 0], [0, 0, 0]])])
    for field, name in itertools.product((BALL, FLOATING), ("cholesky", "sqrtm")):
        with pytest.raises(Undefined):
            of_matrix(Jets(field, 1), name, Jet(field.array(DEFINITE), field.array(one_sided)))


def test_rationals_as_long_as_they_last():
    jets = Jets(EXACT, 0)
    square = Jet(EXACT.array(numbers([[4, 2], [2, 5]])))
    assert (of_matrix(jets, "cholesky", square).v == EXACT.array([[2, 0], [1, 2]])).all()
    for name in ("sqrtm", "matrix_exp"):
        with pytest.raises(NotExact):
            of_matrix(jets, name, square)
    diagonal = Jet(EXACT.array(numbers([[4, 0], [0, 9]])))
    assert (of_matrix(jets, "sqrtm", diagonal).v == EXACT.array([[2, 0], [0, 3]])).all()


def test_a_matrix_that_may_be_asymmetric_has_no_factor():
    with precision(64):
        third = BALL.function("exp", BALL.number(1))
        a = BALL.array(np.eye(2, dtype=int) * 5)
        a[0, 1] = third
        a[1, 0] = (
            third + BALL.function("exp", BALL.number(-1)) - BALL.function("exp", BALL.number(-1))
        )
        with pytest.raises(Inconclusive):
            of_matrix(Jets(BALL, 0), "cholesky", Jet(a))


@pytest.mark.parametrize("name", ["cholesky", "sqrtm", "matrix_exp"])
def test_numpy_text(name):
    a = FLOATING.array(DEFINITE)
    got = eval(numpy_text(name, "a", "np"), {"np": np, "a": a})
    assert np.allclose(got, of_matrix(Jets(FLOATING, 0), name, Jet(a)).v)
    function = {"cholesky": cholesky, "sqrtm": sqrtm, "matrix_exp": matrix_exp}[name]
    text = sp.lambdify([THREE], function(THREE), "numpy")(a)
    assert np.allclose(text, got)


@pytest.mark.parametrize("function", [cholesky, sqrtm, matrix_exp], ids=lambda f: f.__name__)
def test_a_function_under_a_lambda_is_kept_with_its_scope(function, alone):
    """f(A + t·I) is another matrix for another t."""
    t, u, f = sp.Symbol("t", real=True), sp.Symbol("u", real=True), sp.Function("f")
    of = sp.Lambda(t, entry(function(A + t * sp.Identity(n)), 0, 0))
    claim = Identity(f(u), f(sp.Max(u, -1)), where={f: of})
    assert verify(claim).status == "undecided"
