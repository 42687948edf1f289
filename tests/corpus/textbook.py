"""Textbook claims in plain SymPy, right ones and wrong ones, with what each is to be decided to be.

``TRUE`` is to be proved. ``FALSE`` is to be refuted: each is an error that people make, and one
built with :func:`misfit` does not even fit together. Sizes are symbols, different ones wherever the
statement allows it.
"""

from __future__ import annotations

import sympy as sp
from sympy import (
    Determinant,
    DiagMatrix,
    Eq,
    HadamardPower,
    HadamardProduct,
    Inverse,
    KroneckerDelta,
    KroneckerProduct,
    Lambda,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
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
    tanh,
)
from sympy.matrices.expressions.diagonal import DiagonalOf

from derive import (
    Backward,
    Claim,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    ScalarFunction,
    Shape,
    logsumexp,
    max_over,
    softmax,
    tensor,
)

TRUE: list[Claim] = []
FALSE: list[Claim] = []
ILL_SHAPED: set[str] = set()  # ids in FALSE


def grad(id, of, wrt, equals, *given, where=None):
    return Gradient(of, wrt, equals, given, id=id, where=where or {})


def jac(id, of, wrt, equals, *given, where=None):
    return Jacobian(of, wrt, equals, given, id=id, where=where or {})


def back(id, of, wrt, upstream, equals, *given, where=None):
    return Backward(of, wrt, upstream, equals, given, id=id, where=where or {})


def hess(id, of, wrt, equals, *given, where=None):
    return Hessian(of, wrt, equals, given, id=id, where=where or {})


def same(id, left, right, *given, where=None):
    return Identity(left, right, given, id=id, where=where or {})


def at_most(id, left, right, *given, where=None):
    return Inequality(left, right, given, id=id, where=where or {})


def shape(id, of, *sizes, where=None):
    return Shape(of, sizes, id=id, where=where or {})


def misfit(claim):
    """A false claim whose parts do not fit together."""
    ILL_SHAPED.add(claim.id)
    return claim


# Sizes are n, m, h, c, d; indices i, j, k, l, q, r; the rest are real numbers.
n, m, h, c, d = symbols("n m h c d", integer=True, positive=True)
i, j, k, l, q, r = symbols("i j k l q r", integer=True)
t, u, v, eta, lam = symbols("t u v eta lambda", real=True)
eps, tau = symbols("epsilon tau", positive=True)

M = MatrixSymbol
I = sp.Identity
odot = HadamardProduct
one = OneMatrix


def sq(x):
    """xᵀx of a column."""
    return (x.T * x)[0, 0]


def dot(x, y):
    """xᵀy of two columns."""
    return (x.T * y)[0, 0]


def each(matrix, body):
    """``body``, an expression in t, of every entry."""
    return matrix.applyfunc(Lambda(t, body))


def total(matrix):
    """The sum of all entries."""
    return Sum(matrix[i, j], (i, 0, matrix.shape[0] - 1), (j, 0, matrix.shape[1] - 1))


sigmoid = 1 / (1 + exp(-t))

# fmt: off
# The claims are kept as a table, several arguments to a line.

# ---- traces

A, X, B = M("A", n, m), M("X", m, h), M("B", h, n)
P, R = M("P", m, m), M("R", h, h)
K = M("K", m, n)
S, T, U, V = (M(name, n, n) for name in "STUV")

TRUE += [
    grad("trace.axb", Trace(A * X * B), X, A.T * B.T),
    grad("trace.axb-square", Trace(S * T * U), T, (U * S).T),
    grad("trace.xt-a", Trace(X.T * K * B.T), X, K * B.T),
    grad("trace.xt-x", Trace(X.T * X), X, 2 * X),
    grad("trace.x-xt", Trace(X * X.T), X, 2 * X),
    grad("trace.xt-a-x-b", Trace(X.T * P * X * R), X, P * X * R + P.T * X * R.T),
    grad("trace.xt-a-x-b.symmetric", Trace(X.T * P * X * R), X, 2 * P * X * R, Q.symmetric(P),
        Q.symmetric(R)),
    grad("trace.b-x-xt", Trace(P * X * X.T), X, (P + P.T) * X),
    grad("trace.axbxtc", Trace(A * X * R * X.T * K), X, A.T * K.T * X * R.T + K * A * X * R),
    grad("trace.axbx", Trace(K * S * A * P), S, K.T * P.T * A.T),
    grad("trace.square", Trace(S**2), S, 2 * S.T),
    grad("trace.cube", Trace(S**3), S, 3 * (S**2).T),
    grad("trace.a-inverse-b", Trace(A.T * Inverse(S) * K.T), S,
        -(Inverse(S) * K.T * A.T * Inverse(S)).T, Q.invertible(S)),
    grad("trace.inverse", Trace(Inverse(S)), S, -(Inverse(S) ** 2).T, Q.invertible(S)),
    same("trace.cyclic", Trace(A * X * B), Trace(B * A * X)),
    same("trace.as-sum", Trace(A * K), Sum(A[i, j] * K[j, i], (i, 0, n - 1), (j, 0, m - 1))),
    same("trace.kronecker", Trace(KroneckerProduct(S, P)), Trace(S) * Trace(P)),
    same("trace.commutator", Trace(S * T - T * S), 0),
    same("trace.skew", Trace(S * (T - T.T)), 0, Q.symmetric(S)),
    grad("trace.squared", Trace(S) ** 2, S, 2 * Trace(S) * I(n)),
]
FALSE += [
    misfit(grad("trace.axb.untransposed", Trace(A * X * B), X, A * B)),
    misfit(grad("trace.axb.reversed", Trace(A * X * B), X, B * A)),
    grad("trace.axb-square.untransposed", Trace(S * T * U), T, U * S),
    grad("trace.axb-square.swapped", Trace(S * T * U), T, (S * U).T),
    grad("trace.xt-x.dropped-2", Trace(X.T * X), X, X),
    grad("trace.xt-a-x-b.asymmetric", Trace(X.T * P * X * R), X, 2 * P * X * R),
    grad("trace.xt-a-x-b.one-given", Trace(X.T * P * X * R), X, 2 * P * X * R, Q.symmetric(P)),
    grad("trace.b-x-xt.dropped", Trace(P * X * X.T), X, P * X),
    grad("trace.square.untransposed", Trace(S**2), S, 2 * S),
    grad("trace.cube.power", Trace(S**3), S, 3 * S**2),
    grad("trace.a-inverse-b.sign", Trace(A.T * Inverse(S) * K.T), S,
        (Inverse(S) * K.T * A.T * Inverse(S)).T, Q.invertible(S)),
    grad("trace.a-inverse-b.untransposed", Trace(A.T * Inverse(S) * K.T), S,
        -Inverse(S) * K.T * A.T * Inverse(S), Q.invertible(S)),
    misfit(same("trace.not-square", Trace(A * X), Trace(X * A))),
    same("trace.swapped-not-cyclic", Trace(S * T * U), Trace(S * U * T)),
    same("trace.product", Trace(S * T), Trace(S) * Trace(T)),
    same("trace.kronecker-sum", Trace(KroneckerProduct(S, P)), Trace(S) + Trace(P)),
]

# ---- quadratic and bilinear forms

x, y, z = M("x", n, 1), M("y", n, 1), M("z", n, 1)
a, b = M("a", m, 1), M("b", h, 1)
D, E = M("D", n, m), M("E", n, m)
e, f = M("e", n, 1), M("f", n, 1)
w = M("w", m, 1)

TRUE += [
    grad("quadratic", dot(x, S * x), x, (S + S.T) * x),
    grad("quadratic.symmetric", dot(x, S * x), x, 2 * S * x, Q.symmetric(S)),
    grad("quadratic.in-matrix", dot(x, S * x), S, x * x.T),
    grad("quadratic.in-symmetric-matrix", dot(x, S * y), S, (x * y.T + y * x.T) / 2,
        Q.symmetric(S)),
    grad("bilinear", dot(a, X * b), X, a * b.T),
    grad("bilinear.transposed", dot(b, X.T * a), X, a * b.T),
    grad("bilinear.left", dot(a, X * b), a, X * b),
    grad("bilinear.right", dot(a, X * b), b, X.T * a),
    grad("bilinear.gram", dot(b, X.T * X * M("b2", h, 1)), X, X * (b * M("b2", h, 1).T + M("b2", h,
            1) * b.T)),
    grad("affine-product", dot(D * w + e, S * (E * w + f)), w,
        D.T * S * (E * w + f) + E.T * S.T * (D * w + e)),
    grad("affine-quadratic-in-matrix", dot(X * b + a, P * (X * b + a)), X,
        (P + P.T) * (X * b + a) * b.T),
    grad("b-xt-d-x-c", dot(b, X.T * P * X * M("b2", h, 1)), X, P.T * X * b * M("b2", h,
            1).T + P * X * M("b2", h, 1) * b.T),
    grad("squared-distance", sq(x - y), x, 2 * (x - y)),
    grad("squared-distance.other", sq(x - y), y, 2 * (y - x)),
    hess("quadratic.hessian", dot(x, S * x), x, S + S.T),
    hess("quadratic.hessian.symmetric", dot(x, S * x) / 2, x, S, Q.symmetric(S)),
    grad("quadratic.entry", dot(x, S * x), x[k, 0], Sum((S[k, j] + S[j, k]) * x[j, 0], (j, 0,
            n - 1))),
    same("quadratic.symmetric-part", dot(x, S * x), dot(x, (S + S.T) * x) / 2),
    same("quadratic.skew", dot(x, (S - S.T) * x), 0),
    jac("linear-map", A * a, a, A),
    back("linear-map.back", A * a, a, x, A.T * x),
    back("matmul.back-left", A * X, A, M("G", n, h), M("G", n, h) * X.T),
    back("matmul.back-right", A * X, X, M("G", n, h), A.T * M("G", n, h)),
]
FALSE += [
    grad("quadratic.asymmetric", dot(x, S * x), x, 2 * S * x),
    grad("quadratic.one-term", dot(x, S * x), x, S * x),
    grad("quadratic.half", dot(x, S * x), x, (S + S.T) * x / 2),
    misfit(grad("quadratic.row", dot(x, S * x), x, x.T * (S + S.T))),
    misfit(grad("bilinear.swapped", dot(a, X * b), X, b * a.T)),
    misfit(grad("bilinear.right.untransposed", dot(a, X * b), b, X * a)),
    grad("bilinear.square-swapped", dot(x, S * y), S, y * x.T),
    grad("affine-product.untransposed", dot(D * w + e, S * (E * w + f)), w,
        D.T * S * (E * w + f) + E.T * S * (D * w + e)),
    grad("squared-distance.sign", sq(x - y), y, 2 * (x - y)),
    hess("quadratic.hessian.asymmetric", dot(x, S * x), x, 2 * S),
    hess("quadratic.hessian.dropped-2", dot(x, S * x), x, S, Q.symmetric(S)),
    grad("quadratic.entry.range", dot(x, S * x), x[k, 0], Sum((S[k, j] + S[j, k]) * x[j, 0], (j, 0,
            n - 2))),
    misfit(jac("linear-map.transposed", A * a, a, A.T)),
    misfit(back("linear-map.back-untransposed", A * a, a, x, A * x)),
    misfit(back("matmul.back-swapped", A * X, A, M("G", n, h), X.T * M("G", n, h))),
    back("matmul.back-untransposed", S * T, S, U, U * T),
    same("quadratic.not-skew", dot(x, (S + S.T) * x), 0),
]

# ---- determinants and inverses

TRUE += [
    grad("det", Determinant(S), S, Determinant(S) * Inverse(S).T, Q.invertible(S)),
    grad("log-det", log(Determinant(S)), S, Inverse(S).T, Q.positive(Determinant(S))),
    grad("log-det.positive-definite", log(Determinant(S)), S, Inverse(S), Q.positive_definite(S),
        Q.symmetric(S)),
    grad("log-abs-det", log(sp.Abs(Determinant(S))), S, Inverse(S).T, Q.invertible(S)),
    grad("det-gram", Determinant(X.T * X), X, 2 * Determinant(X.T * X) * X * Inverse(X.T * X),
        Q.invertible(X.T * X)),
    grad("log-det-gram", log(Determinant(X.T * X)), X, 2 * X * Inverse(X.T * X),
        Q.invertible(X.T * X)),
    grad("det-squared", Determinant(S) ** 2, S, 2 * Determinant(S) ** 2 * Inverse(S).T,
        Q.invertible(S)),
    grad("inverse.bilinear", dot(x, Inverse(S) * y), S, -Inverse(S).T * x * y.T * Inverse(S).T,
        Q.invertible(S)),
    grad("inverse.entry", Inverse(S)[k, l], S[i, j], -Inverse(S)[k, i] * Inverse(S)[j, l],
        Q.invertible(S)),
    back("inverse.back", Inverse(S), S, U, -Inverse(S).T * U * Inverse(S).T, Q.invertible(S)),
    same("inverse.right", S * Inverse(S), I(n), Q.invertible(S)),
    same("inverse.product", Inverse(S * T) * S * T, I(n), Q.invertible(S), Q.invertible(T)),
    same("inverse.reversed", Inverse(S * T), Inverse(T) * Inverse(S), Q.invertible(S),
        Q.invertible(T)),
    same("inverse.transposed", Inverse(S.T), Inverse(S).T, Q.invertible(S)),
    same("inverse.resolvent", Inverse(S) - Inverse(T), Inverse(S) * (T - S) * Inverse(T),
        Q.invertible(S), Q.invertible(T)),
    same("inverse.push-through", Inverse(I(n) + A * K) * A, A * Inverse(I(m) + K * A),
        Q.invertible(I(n) + A * K), Q.invertible(I(m) + K * A)),
    same("projection.idempotent", X * Inverse(X.T * X) * X.T * X * Inverse(X.T * X) * X.T,
        X * Inverse(X.T * X) * X.T, Q.invertible(X.T * X)),
    same("projection.symmetric", (X * Inverse(X.T * X) * X.T).T, X * Inverse(X.T * X) * X.T,
        Q.invertible(X.T * X)),
    same("projection.keeps", X * Inverse(X.T * X) * X.T * X, X, Q.invertible(X.T * X)),
    same("projection.trace", Trace(X * Inverse(X.T * X) * X.T), h, Q.invertible(X.T * X)),
    grad("quadratic-inverse", dot(x, Inverse(S) * x), x, 2 * Inverse(S) * x, Q.invertible(S),
        Q.symmetric(S)),
    same("det.product", Determinant(S * T), Determinant(S) * Determinant(T)),
]
FALSE += [
    grad("det.untransposed", Determinant(S), S, Determinant(S) * Inverse(S), Q.invertible(S)),
    grad("det.no-det", Determinant(S), S, Inverse(S).T, Q.invertible(S)),
    grad("log-det.untransposed", log(Determinant(S)), S, Inverse(S), Q.positive(Determinant(S))),
    grad("log-det-gram.dropped-2", log(Determinant(X.T * X)), X, X * Inverse(X.T * X),
        Q.invertible(X.T * X)),
    misfit(grad("log-det-gram.swapped", log(Determinant(X.T * X)), X, 2 * Inverse(X.T * X) * X,
            Q.invertible(X.T * X))),
    grad("inverse.bilinear.untransposed", dot(x, Inverse(S) * y), S,
        -Inverse(S) * x * y.T * Inverse(S), Q.invertible(S)),
    grad("inverse.bilinear.sign", dot(x, Inverse(S) * y), S, Inverse(S).T * x * y.T * Inverse(S).T,
        Q.invertible(S)),
    grad("inverse.entry.indices", Inverse(S)[k, l], S[i, j], -Inverse(S)[k, j] * Inverse(S)[i, l],
        Q.invertible(S)),
    back("inverse.back.scalar-like", Inverse(S), S, U, -U * (Inverse(S) ** 2).T, Q.invertible(S)),
    same("inverse.not-reversed", Inverse(S * T), Inverse(S) * Inverse(T), Q.invertible(S),
        Q.invertible(T)),
    same("inverse.of-sum", Inverse(S + T), Inverse(S) + Inverse(T), Q.invertible(S),
        Q.invertible(T), Q.invertible(S + T)),
    same("det.sum", Determinant(S + T), Determinant(S) + Determinant(T)),
    same("det.scaled", Determinant(2 * S), 2 * Determinant(S)),
    misfit(same("projection.outside", Inverse(X.T * X) * X.T * X, I(m), Q.invertible(X.T * X))),
    same("projection.complement", X * Inverse(X.T * X) * X.T, I(m), Q.invertible(X.T * X)),
    grad("quadratic-inverse.asymmetric", dot(x, Inverse(S) * x), x, 2 * Inverse(S) * x,
        Q.invertible(S)),
]

# ---- Hadamard products, diagonals, Kronecker products, row sums

C = M("C", n, m)
TRUE += [
    same("hadamard.commutes", odot(A, C), odot(C, A)),
    same("hadamard.frobenius", Trace(A.T * C), total(odot(A, C))),
    grad("hadamard.weighted-square", total(odot(A, C, C)), C, 2 * odot(A, C)),
    grad("hadamard.bilinear", dot(x, odot(A, C) * a), C, odot(x * a.T, A)),
    grad("hadamard.power", total(HadamardPower(A, 3)), A, 3 * HadamardPower(A, 2)),
    back("hadamard.back", odot(A, C), A, D, odot(D, C)),
    same("hadamard.diag-trace", dot(x, odot(A, C) * a),
        Trace(DiagMatrix(x) * A * DiagMatrix(a) * C.T)),
    same("diag.times-vector", DiagMatrix(x) * y, odot(x, y)),
    same("diag.rows", DiagMatrix(x) * A, odot(x * one(1, m), A)),
    same("diag.columns", A * DiagMatrix(a), odot(one(n, 1) * a.T, A)),
    same("diag.product", DiagMatrix(x) * DiagMatrix(y), DiagMatrix(odot(x, y))),
    grad("diag.trace", Trace(DiagMatrix(x) * S), x, DiagonalOf(S)),
    grad("diag.quadratic", dot(y, DiagMatrix(x) * y), x, odot(y, y)),
    jac("diag.jacobian", odot(x, y), x, DiagMatrix(y)),
    same("diag.gram", DiagonalOf(A * C.T), odot(A, C) * one(m, 1)),
    same("kronecker.transposed", KroneckerProduct(A, X).T, KroneckerProduct(A.T, X.T)),
    same("kronecker.mixed", KroneckerProduct(S, P) * KroneckerProduct(T, M("P2", m, m)),
        KroneckerProduct(S * T, P * M("P2", m, m))),
    same("row-sums", (A * one(m, 1))[i, 0], Sum(A[i, j], (j, 0, m - 1))),
    same("total-by-ones", (one(1, n) * A * one(m, 1))[0, 0], total(A)),
    grad("total", total(A), A, one(n, m)),
    grad("total-of-product", (one(1, n) * A * X * one(h, 1))[0, 0], A, one(n, 1) * (X * one(h,
            1)).T),
    back("row-sums.back", A * one(m, 1), A, x, x * one(1, m)),
    back("column-means.back", one(1, n) * A / n, A, a.T, one(n, 1) * a.T / n),
    back("transpose.back", A.T, A, K, K.T),
]
FALSE += [
    misfit(same("hadamard.unequal", odot(A, K), odot(K, A))),
    grad("hadamard.weighted-square.dropped", total(odot(A, C, C)), C, odot(A, C)),
    grad("hadamard.bilinear.dropped", dot(x, odot(A, C) * a), C, x * a.T),
    grad("hadamard.power.exponent", total(HadamardPower(A, 3)), A, 3 * A),
    back("hadamard.back.self", odot(A, C), A, D, odot(D, A)),
    same("hadamard.not-matmul", odot(S, T), S * T),
    same("diag.columns-for-rows", DiagMatrix(x) * S, S * DiagMatrix(x)),
    misfit(same("diag.wrong-side", A * DiagMatrix(x), odot(x * one(1, m), A))),
    jac("diag.jacobian.self", odot(x, y), x, DiagMatrix(x)),
    misfit(jac("diag.jacobian.vector", odot(x, y), x, y)),
    same("kronecker.commutes", KroneckerProduct(S, T), KroneckerProduct(T, S)),
    same("kronecker.transpose-reverses", KroneckerProduct(S, T).T, KroneckerProduct(T.T, S.T)),
    misfit(same("kronecker.shapes", KroneckerProduct(A, X), KroneckerProduct(A.T, X))),
    same("row-sums.range", (A * one(m, 1))[i, 0], Sum(A[i, j], (j, 1, m - 1))),
    same("row-sums.over-n", (S * one(n, 1))[i, 0], Sum(S[j, i], (j, 0, n - 1))),
    back("column-means.back.sum", one(1, n) * A / n, A, a.T, one(n, 1) * a.T),
    misfit(back("row-sums.back.row", A * one(m, 1), A, x, one(m, 1) * x.T)),
]

# ---- norms, orthogonality, definiteness

W = M("W", n, m)
TRUE += [
    grad("norm", sqrt(sq(x)), x, x / sqrt(sq(x))),
    grad("norm.distance", sqrt(sq(x - y)), x, (x - y) / sqrt(sq(x - y))),
    grad("norm.smoothed", sqrt(sq(x) + eps), x, x / sqrt(sq(x) + eps)),
    hess("norm.hessian", sqrt(sq(x)), x, (I(n) - x * x.T / sq(x)) / sqrt(sq(x))),
    grad("norm.inverse", 1 / sqrt(sq(x)), x, -x / sq(x) ** Rational(3, 2)),
    grad("norm.fourth", sq(x) ** 2, x, 4 * sq(x) * x),
    grad("frobenius", sqrt(Trace(A.T * A)), A, A / sqrt(Trace(A.T * A))),
    grad("frobenius.squared", total(each(A, t**2)), A, 2 * A),
    grad("frobenius.residual", Trace((A * X - B.T).T * (A * X - B.T)), X, 2 * A.T * (A * X - B.T)),
    same("frobenius.expanded", Trace((A - C).T * (A - C)),
        Trace(A.T * A) - 2 * Trace(A.T * C) + Trace(C.T * C)),
    grad("norm.l1", Sum(sp.Abs(x[i, 0]), (i, 0, n - 1)), x, each(x, sp.sign(t))),
    same("orthogonal.norm", sq(S * x), sq(x), Q.orthogonal(S)),
    same("orthogonal.inverse", Inverse(S), S.T, Q.orthogonal(S)),
    same("orthogonal.both", S * S.T, I(n), Q.orthogonal(S)),
    same("orthogonal.frobenius", Trace((S * A).T * (S * A)), Trace(A.T * A), Q.orthogonal(S)),
    grad("orthogonal.residual", sq(S * x - y), x, 2 * (x - S.T * y), Q.orthogonal(S)),
    same("stiefel.norm", sq(W * a), sq(a), Eq(W.T * W, I(m))),
    same("stiefel.projection", W * W.T * W * W.T, W * W.T, Eq(W.T * W, I(m))),
    same("symmetric.product", (S * T).T, T * S, Q.symmetric(S), Q.symmetric(T)),
    same("symmetric.congruence", (W.T * S * W).T, W.T * S * W, Q.symmetric(S)),
    at_most("definite.form", 0, dot(x, S * x), Q.positive_definite(S)),
    at_most("gram.form", 0, dot(a, W.T * W * a)),
    same("householder", (I(n) - 2 * x * x.T) * (I(n) - 2 * x * x.T), I(n), Eq(sq(x), 1)),
    same("polarisation", (sq(x + y) - sq(x - y)) / 4, dot(x, y)),
    same("parallelogram", sq(x + y) + sq(x - y), 2 * sq(x) + 2 * sq(y)),
]
FALSE += [
    grad("norm.unnormalised", sqrt(sq(x)), x, x),
    grad("norm.squared-below", sqrt(sq(x)), x, x / sq(x)),
    hess("norm.hessian.sign", sqrt(sq(x)), x, (I(n) + x * x.T / sq(x)) / sqrt(sq(x))),
    hess("norm.hessian.unnormalised", sqrt(sq(x)), x, (I(n) - x * x.T) / sqrt(sq(x))),
    grad("norm.inverse.power", 1 / sqrt(sq(x)), x, -x / sq(x)),
    grad("frobenius.not-root", sqrt(Trace(A.T * A)), A, 2 * A),
    misfit(grad("frobenius.residual.untransposed", Trace((A * X - B.T).T * (A * X - B.T)), X,
            2 * A * (A * X - B.T))),
    same("frobenius.cross-term", Trace((A - C).T * (A - C)), Trace(A.T * A) + Trace(C.T * C)),
    grad("norm.l1.value", Sum(sp.Abs(x[i, 0]), (i, 0, n - 1)), x, each(x, sp.Abs(t))),
    same("orthogonal.not-given", sq(S * x), sq(x), Q.symmetric(S)),
    same("orthogonal.inverse-is-itself", Inverse(S), S, Q.orthogonal(S)),
    same("stiefel.other-side", W * W.T, I(n), Eq(W.T * W, I(m))),
    same("stiefel.norm-other-side", sq(W.T * x), sq(x), Eq(W.T * W, I(m))),
    same("symmetric.product-symmetric", (S * T).T, S * T, Q.symmetric(S), Q.symmetric(T)),
    at_most("definite.not-given", 0, dot(x, S * x), Q.symmetric(S)),
    same("householder.not-unit", (I(n) - 2 * x * x.T) * (I(n) - 2 * x * x.T), I(n)),
    same("polarisation.dropped-4", sq(x + y) - sq(x - y), dot(x, y)),
]

# ---- least squares and its relatives; n samples, m features, h targets

X, w, y = M("X", n, m), M("w", m, 1), M("y", n, 1)
W, Y = M("W", m, h), M("Y", n, h)
a, b1 = M("a", n, 1), M("b", 1, 1)
residual = X * w - y
normal = Inverse(X.T * X) * X.T * y
TRUE += [
    grad("least-squares", sq(residual), w, 2 * X.T * residual),
    grad("least-squares.half", sq(residual) / 2, w, X.T * residual),
    grad("least-squares.expanded", sq(residual), w, 2 * X.T * X * w - 2 * X.T * y),
    grad("least-squares.mean", sq(residual) / n, w, 2 * X.T * residual / n),
    grad("least-squares.entry", Sum((Sum(X[i, j] * w[j, 0], (j, 0, m - 1)) - y[i, 0]) ** 2, (i, 0,
            n - 1)) / (2 * n), w[l, 0], Sum(X[i, l] * (Sum(X[i, j] * w[j, 0], (j, 0, m - 1)) - y[i,
            0]), (i, 0, n - 1)) / n),
    grad("least-squares.in-data", sq(residual), X, 2 * residual * w.T),
    grad("least-squares.in-target", sq(residual), y, -2 * residual),
    grad("least-squares.bias", sq(X * w + one(n, 1) * b1 - y) / 2, b1, one(1, n) * (X * w + one(n,
            1) * b1 - y)),
    hess("least-squares.hessian", sq(residual), w, 2 * X.T * X),
    grad("ridge", sq(residual) + lam * sq(w), w, 2 * X.T * residual + 2 * lam * w),
    grad("ridge.factored", (sq(residual) + lam * sq(w)) / 2, w,
        (X.T * X + lam * I(m)) * w - X.T * y),
    hess("ridge.hessian", (sq(residual) + lam * sq(w)) / 2, w, X.T * X + lam * I(m)),
    grad("weighted", dot(residual, DiagMatrix(a) * residual), w,
        2 * X.T * DiagMatrix(a) * residual),
    grad("weighted.entrywise", Sum(a[i, 0] * residual[i, 0] ** 2, (i, 0, n - 1)), w,
        2 * X.T * odot(a, residual)),
    grad("weighted.in-weights", dot(residual, DiagMatrix(a) * residual), a, odot(residual,
            residual)),
    grad("generalised", dot(residual, S * residual), w, 2 * X.T * S * residual, Q.symmetric(S)),
    grad("multi-output", Trace((X * W - Y).T * (X * W - Y)) / 2, W, X.T * (X * W - Y)),
    grad("multi-output.mean", total(each(X * W - Y, t**2)) / (n * h), W,
        2 * X.T * (X * W - Y) / (n * h)),
    same("normal-equations", X.T * (X * normal - y), ZeroMatrix(m, 1), Q.invertible(X.T * X)),
    same("normal-equations.ridge", (X.T * X + lam * I(m)) * Inverse(X.T * X + lam * I(m)) * X.T * y,
        X.T * y, Q.invertible(X.T * X + lam * I(m))),
    grad("normal-equations.stationary", sq(residual), w, ZeroMatrix(m, 1), Eq(X.T * X * w,
            X.T * y)),
    same("gradient-step", w - eta * 2 * X.T * residual,
        (I(m) - 2 * eta * X.T * X) * w + 2 * eta * X.T * y),
    same("momentum", lam * (lam * w + eta * M("g", m, 1)) + eta * M("g", m, 1),
        lam**2 * w + (1 + lam) * eta * M("g", m, 1)),
    same("weight-decay-step", w - eta * (M("g", m, 1) + lam * w), (1 - eta * lam) * w - eta * M("g",
            m, 1)),
    same("gradient-step.defined", M("w1", m, 1) - w, -eta * X.T * residual, where={M("w1", m,
            1): w - eta * X.T * residual}),
]
FALSE += [
    misfit(grad("least-squares.untransposed", sq(residual), w, 2 * X * residual)),
    grad("least-squares.dropped-2", sq(residual), w, X.T * residual),
    grad("least-squares.sign", sq(residual), w, 2 * X.T * (y - X * w)),
    grad("least-squares.mean.sum", sq(residual) / n, w, 2 * X.T * residual),
    grad("least-squares.mean.features", sq(residual) / n, w, 2 * X.T * residual / m),
    misfit(grad("least-squares.in-data.swapped", sq(residual), X, 2 * w * residual.T)),
    grad("least-squares.in-target.sign", sq(residual), y, 2 * residual),
    misfit(grad("least-squares.bias.unsummed", sq(X * w + one(n, 1) * b1 - y) / 2, b1,
            X * w + one(n, 1) * b1 - y)),
    misfit(hess("least-squares.hessian.gram", sq(residual), w, 2 * X * X.T)),
    hess("least-squares.hessian.dropped-2", sq(residual), w, X.T * X),
    grad("ridge.dropped-2", sq(residual) + lam * sq(w), w, 2 * X.T * residual + lam * w),
    grad("ridge.dropped", sq(residual) + lam * sq(w), w, 2 * X.T * residual),
    misfit(hess("ridge.hessian.size", (sq(residual) + lam * sq(w)) / 2, w, X.T * X + lam * I(n))),
    grad("weighted.dropped", dot(residual, DiagMatrix(a) * residual), w, 2 * X.T * residual),
    grad("weighted.squared", dot(residual, DiagMatrix(a) * residual), w,
        2 * X.T * DiagMatrix(a) * DiagMatrix(a) * residual),
    grad("generalised.asymmetric", dot(residual, S * residual), w, 2 * X.T * S * residual),
    misfit(grad("multi-output.swapped", Trace((X * W - Y).T * (X * W - Y)) / 2, W,
            (X * W - Y) * X.T)),
    grad("multi-output.mean.one-size", total(each(X * W - Y, t**2)) / (n * h), W,
        2 * X.T * (X * W - Y) / n),
    same("normal-equations.residual", X * normal - y, ZeroMatrix(n, 1), Q.invertible(X.T * X)),
    grad("normal-equations.not-given", sq(residual), w, ZeroMatrix(m, 1)),
    same("momentum.dropped", lam * (lam * w + eta * M("g", m, 1)) + eta * M("g", m, 1),
        lam**2 * w + lam * eta * M("g", m, 1)),
    same("weight-decay-step.coupled", w - eta * (M("g", m, 1) + lam * w),
        (1 - lam) * w - eta * M("g", m, 1)),
]

# ---- logistic regression

p = each(X * w, sigmoid)
z = X * w
cross_entropy = -Sum(y[i, 0] * log(p[i, 0]) + (1 - y[i, 0]) * log(1 - p[i, 0]), (i, 0, n - 1))
margin = Sum(X[i, j] * w[j, 0], (j, 0, m - 1))
hinged = Sum(log(1 + exp(-y[i, 0] * margin)), (i, 0, n - 1))
P = M("P", n, 1)
TRUE += [
    grad("logistic", cross_entropy, w, X.T * (p - y)),
    grad("logistic.mean", cross_entropy / n, w, X.T * (p - y) / n),
    grad("logistic.softplus", Sum(log(1 + exp(z[i, 0])) - y[i, 0] * z[i, 0], (i, 0, n - 1)), w,
        X.T * (p - y)),
    grad("logistic.entry", Sum(log(1 + exp(margin)) - y[i, 0] * margin, (i, 0, n - 1)), w[l, 0],
        Sum((1 / (1 + exp(-margin)) - y[i, 0]) * X[i, l], (i, 0, n - 1))),
    grad("logistic.ridge", cross_entropy + lam * sq(w) / 2, w, X.T * (p - y) + lam * w),
    grad("logistic.defined", -Sum(y[i, 0] * log(P[i, 0]) + (1 - y[i, 0]) * log(1 - P[i, 0]), (i, 0,
            n - 1)), w, X.T * (P - y), where={P: p}),
    grad("logistic.in-probability", -Sum(y[i, 0] * log(P[i, 0]) + (1 - y[i, 0]) * log(1 - P[i, 0]),
            (i, 0, n - 1)), P[k, 0], (P[k, 0] - y[k, 0]) / (P[k, 0] * (1 - P[k, 0]))),
    grad("logistic.signs", hinged, w[l, 0], -Sum(y[i, 0] * X[i, l] / (1 + exp(y[i, 0] * margin)),
            (i, 0, n - 1))),
    grad("logistic.signs-matrix", hinged, w, -X.T * odot(y, each(odot(y, X * w),
            1 / (1 + exp(t))))),
    hess("logistic.hessian", cross_entropy, w, X.T * DiagMatrix(odot(p, one(n, 1) - p)) * X),
    hess("logistic.hessian.entries", cross_entropy, w, X.T * DiagMatrix(each(X * w,
            sigmoid * (1 - sigmoid))) * X),
    same("logistic.loss-forms", cross_entropy, Sum(log(1 + exp(z[i, 0])) - y[i, 0] * z[i, 0], (i, 0,
            n - 1))),
    same("logistic.log-odds", log(p[k, 0] / (1 - p[k, 0])), z[k, 0]),
    same("logistic.two-classes", exp(u) / (exp(u) + exp(v)), 1 / (1 + exp(v - u))),
    grad("probit", Sum(log((1 + sp.erf(z[i, 0])) / 2), (i, 0, n - 1)), w, X.T * each(X * w,
            2 * exp(-(t**2)) / (sqrt(sp.pi) * (1 + sp.erf(t))))),
    grad("poisson", Sum(exp(z[i, 0]) - y[i, 0] * z[i, 0], (i, 0, n - 1)), w, X.T * (each(X * w,
            exp(t)) - y)),
]
FALSE += [
    grad("logistic.sign", cross_entropy, w, X.T * (y - p)),
    misfit(grad("logistic.untransposed", cross_entropy, w, X * (p - y))),
    grad("logistic.no-sigmoid", cross_entropy, w, X.T * (X * w - y)),
    grad("logistic.mean.sum", cross_entropy / n, w, X.T * (p - y)),
    grad("logistic.extra-derivative", cross_entropy, w, X.T * odot(p - y, each(X * w,
            sigmoid * (1 - sigmoid)))),
    grad("logistic.in-probability.dropped", -Sum(y[i, 0] * log(P[i, 0]) + (1 - y[i,
            0]) * log(1 - P[i, 0]), (i, 0, n - 1)), P[k, 0], P[k, 0] - y[k, 0]),
    grad("logistic.signs.argument", hinged, w[l, 0], -Sum(y[i, 0] * X[i, l] / (1 + exp(-y[i,
            0] * margin)), (i, 0, n - 1))),
    grad("logistic.signs.label", hinged, w[l, 0], -Sum(X[i, l] / (1 + exp(y[i, 0] * margin)), (i, 0,
            n - 1))),
    hess("logistic.hessian.first-power", cross_entropy, w, X.T * DiagMatrix(p) * X),
    hess("logistic.hessian.no-weights", cross_entropy, w, X.T * X),
    same("logistic.two-classes.swapped", exp(u) / (exp(u) + exp(v)), 1 / (1 + exp(u - v))),
    grad("poisson.no-exp", Sum(exp(z[i, 0]) - y[i, 0] * z[i, 0], (i, 0, n - 1)), w,
        X.T * (X * w - y)),
]

# ---- softmax and cross-entropy; c classes

o, y = M("o", 1, c), M("y", 1, c)
O, Y, W = M("O", n, c), M("Y", n, c), M("W", m, c)
sums = Sum(exp(o[0, k]), (k, 0, c - 1))
labels = Eq(Sum(y[0, j], (j, 0, c - 1)), 1)
batch_labels = Eq(Y * one(c, 1), one(n, 1))
s = softmax(o)
e = o.applyfunc(exp)
entropy_loss = -Sum(y[0, j] * log(exp(o[0, j]) / sums), (j, 0, c - 1))
batch_loss = -Sum(Y[i, j] * log(softmax(O)[i, j]), (i, 0, n - 1), (j, 0, c - 1))
TRUE += [
    grad("cross-entropy", entropy_loss, o, s - y, labels),
    grad("cross-entropy.unnormalised", entropy_loss, o, Sum(y[0, j], (j, 0, c - 1)) * s - y),
    grad("cross-entropy.applyfunc", log((e * one(c, 1))[0, 0]) - (y * o.T)[0, 0], o, e / (e * one(c,
            1))[0, 0] - y),
    grad("cross-entropy.logsumexp", logsumexp(o)[0, 0] - (o * y.T)[0, 0], o, s - y),
    grad("cross-entropy.index", logsumexp(o)[0, 0] - o[0, q], o[0, l], exp(o[0,
            l]) / sums - KroneckerDelta(l, q)),
    grad("cross-entropy.entry", entropy_loss, o[0, l], exp(o[0, l]) / sums - y[0, l], labels),
    grad("cross-entropy.in-labels", entropy_loss, y, one(1, c) * logsumexp(o)[0, 0] - o),
    grad("cross-entropy.layer", entropy_loss, W, M("x", 1, m).T * (s - y), labels, where={o: M("x",
            1, m) * W + M("b", 1, c)}),
    grad("cross-entropy.bias", entropy_loss, M("b", 1, c), s - y, labels, where={o: M("x", 1,
            m) * W + M("b", 1, c)}),
    grad("cross-entropy.input", entropy_loss, M("x", 1, m), (s - y) * W.T, labels, where={o: M("x",
            1, m) * W + M("b", 1, c)}),
    grad("cross-entropy.batch", batch_loss, O, softmax(O) - Y, batch_labels),
    grad("cross-entropy.batch-mean", batch_loss / n, W, X.T * (softmax(X * W) - Y) / n,
        batch_labels, where={O: X * W}),
    grad("cross-entropy.batch-bias", batch_loss, M("b", 1, c), one(1, n) * (softmax(O) - Y),
        batch_labels, where={O: X * W + one(n, 1) * M("b", 1, c)}),
    grad("temperature", -Sum(y[0, j] * log(softmax(o / tau)[0, j]), (j, 0, c - 1)), o,
        (softmax(o / tau) - y) / tau, labels),
    grad("label-smoothing", logsumexp(o)[0, 0] - (o * ((1 - lam) * y + lam * one(1, c) / c).T)[0,
            0], o, s - (1 - lam) * y - lam * one(1, c) / c),
    jac("softmax.jacobian", s, o, DiagMatrix(s.T) - s.T * s),
    jac("softmax.jacobian-column", softmax(M("z", c, 1).T).T, M("z", c, 1), DiagMatrix(M("s", c,
            1)) - M("s", c, 1) * M("s", c, 1).T, where={M("s", c, 1): softmax(M("z", c, 1).T).T}),
    grad("softmax.entry", s[0, i], o[0, j], s[0, i] * (KroneckerDelta(i, j) - s[0, j])),
    back("softmax.back", s, o, y, odot(s, y - (y * s.T)[0, 0] * one(1, c))),
    back("softmax.back-rows", softmax(O), O, Y, odot(softmax(O), Y - odot(softmax(O), Y) * one(c,
            c))),
    grad("logsumexp.gradient", logsumexp(o)[0, 0], o, s),
    hess("logsumexp.hessian", logsumexp(o)[0, 0], o, DiagMatrix(s.T) - s.T * s),
    jac("log-softmax.jacobian", s.applyfunc(log), o, I(c) - one(c, 1) * s),
    same("softmax.shift", softmax(o + t * one(1, c)), s),
    same("softmax.sums-to-one", softmax(O) * one(c, 1), one(n, 1)),
    same("softmax.uniform", softmax(ZeroMatrix(1, c)), one(1, c) / c),
    same("logsumexp.shift", logsumexp(o - t * one(1, c))[0, 0] + t, logsumexp(o)[0, 0]),
    same("softmax.log", s.applyfunc(log), o - logsumexp(o)[0, 0] * one(1, c)),
    grad("entropy", -Sum(s[0, j] * log(s[0, j]), (j, 0, c - 1)), o[0, l], -s[0, l] * (log(s[0,
            l]) - Sum(s[0, j] * log(s[0, j]), (j, 0, c - 1)))),
    grad("policy-gradient", log(s[0, q]), o[0, l], KroneckerDelta(l, q) - s[0, l]),
    grad("focal", -((1 - s[0, q]) ** 2) * log(s[0, q]), o[0, q], (1 - s[0, q]) ** 2 * (2 * s[0,
            q] * log(s[0, q]) - (1 - s[0, q]))),
]
FALSE += [
    grad("cross-entropy.labels-not-given", entropy_loss, o, s - y),
    grad("cross-entropy.sign", entropy_loss, o, y - s, labels),
    misfit(grad("cross-entropy.transposed", entropy_loss, o, (s - y).T, labels)),
    grad("cross-entropy.exp-unnormalised", entropy_loss, o, e - y, labels),
    grad("cross-entropy.logits", entropy_loss, o, o - y, labels),
    grad("cross-entropy.index.no-delta", logsumexp(o)[0, 0] - o[0, q], o[0, l], exp(o[0,
            l]) / sums - 1),
    misfit(grad("cross-entropy.layer.swapped", entropy_loss, W, (s - y).T * M("x", 1, m), labels,
            where={o: M("x", 1, m) * W + M("b", 1, c)})),
    misfit(grad("cross-entropy.input.untransposed", entropy_loss, M("x", 1, m), (s - y) * W, labels,
            where={o: M("x", 1, m) * W + M("b", 1, c)})),
    grad("cross-entropy.batch-mean.sum", batch_loss / n, W, X.T * (softmax(X * W) - Y),
        batch_labels, where={O: X * W}),
    grad("cross-entropy.batch.labels-not-given", batch_loss, O, softmax(O) - Y),
    misfit(grad("cross-entropy.batch-bias.unsummed", batch_loss, M("b", 1, c), softmax(O) - Y,
            batch_labels, where={O: X * W + one(n, 1) * M("b", 1, c)})),
    grad("temperature.dropped", -Sum(y[0, j] * log(softmax(o / tau)[0, j]), (j, 0, c - 1)), o,
        softmax(o / tau) - y, labels),
    grad("temperature.multiplied", -Sum(y[0, j] * log(softmax(o / tau)[0, j]), (j, 0, c - 1)), o,
        tau * (softmax(o / tau) - y), labels),
    grad("label-smoothing.not-divided", logsumexp(o)[0, 0] - (o * ((1 - lam) * y + lam * one(1,
            c) / c).T)[0, 0], o, s - (1 - lam) * y - lam * one(1, c)),
    jac("softmax.jacobian.diagonal-only", s, o, DiagMatrix(odot(s, one(1, c) - s).T)),
    jac("softmax.jacobian.sign", s, o, s.T * s - DiagMatrix(s.T)),
    jac("softmax.jacobian.inner", s, o, DiagMatrix(s.T) - s * s.T),  # broadcasts
    grad("softmax.entry.no-delta", s[0, i], o[0, j], s[0, i] * (1 - s[0, j])),
    back("softmax.back.elementwise", s, o, y, odot(s, one(1, c) - s, y)),
    back("softmax.back-rows.columns", softmax(O), O, Y, odot(softmax(O), Y - one(n,
            n) * odot(softmax(O), Y))),
    jac("log-softmax.jacobian.transposed", s.applyfunc(log), o, I(c) - s.T * one(1, c)),
    same("softmax.scale", softmax(2 * o), s),
    same("softmax.columns-sum-to-one", one(1, n) * softmax(O), one(1, c)),
    same("softmax.uniform.not-divided", softmax(ZeroMatrix(1, c)), one(1, c)),
    same("logsumexp.shift.sign", logsumexp(o - t * one(1, c))[0, 0] - t, logsumexp(o)[0, 0]),
    grad("entropy.dropped", -Sum(s[0, j] * log(s[0, j]), (j, 0, c - 1)), o[0, l], -s[0,
            l] * (log(s[0, l]) + 1)),
    grad("policy-gradient.sign", log(s[0, q]), o[0, l], s[0, l] - KroneckerDelta(l, q)),
]

# ---- activations, entry by entry

S1 = 1 / (1 + exp(-t))
softplus = log(1 + exp(t))
cdf = (1 + sp.erf(t / sqrt(2))) / 2
pdf = exp(-(t**2) / 2) / sqrt(2 * sp.pi)
leaky = Piecewise((t, t > 0), (lam * t, True))
elu = Piecewise((t, t > 0), (lam * (exp(t) - 1), True))
huber = Piecewise((t**2 / 2, sp.Abs(t) <= eps), (eps * (sp.Abs(t) - eps / 2), True))
mish = t * tanh(softplus)
TRUE += [
    grad("sigmoid", S1, t, S1 * (1 - S1)),
    grad("sigmoid.exp", S1, t, exp(-t) / (1 + exp(-t)) ** 2),
    grad("sigmoid.symmetric", S1, t, 1 / (exp(t / 2) + exp(-t / 2)) ** 2),
    grad("sigmoid.tanh", S1, t, (1 - tanh(t / 2) ** 2) / 4),
    grad("sigmoid.second", S1 * (1 - S1), t, S1 * (1 - S1) * (1 - 2 * S1)),
    grad("tanh", tanh(t), t, 1 - tanh(t) ** 2),
    grad("tanh.cosh", tanh(t), t, 1 / sp.cosh(t) ** 2),
    grad("tanh.exp", tanh(t), t, 4 / (exp(t) + exp(-t)) ** 2),
    grad("softplus", softplus, t, S1),
    grad("softplus.scaled", log(1 + exp(tau * t)) / tau, t, 1 / (1 + exp(-tau * t))),
    grad("log-sigmoid", log(S1), t, 1 - S1),
    grad("swish", t * S1, t, S1 + t * S1 * (1 - S1)),
    grad("swish.self", t * S1, t, t * S1 + S1 * (1 - t * S1)),
    grad("gelu", t * cdf, t, cdf + t * pdf),
    grad("mish", mish, t, tanh(softplus) + t * S1 * (1 - tanh(softplus) ** 2)),
    grad("relu", Max(0, t), t, Piecewise((1, t > 0), (0, True))),
    grad("relu.heaviside", Max(0, t), t, sp.Heaviside(t)),
    grad("relu.abs", (t + sp.Abs(t)) / 2, t, Piecewise((1, t > 0), (0, True))),
    grad("relu.piecewise", Piecewise((t, t > 0), (0, True)), t, (1 + sp.sign(t)) / 2),
    grad("leaky-relu", leaky, t, Piecewise((1, t > 0), (lam, True))),
    grad("leaky-relu.max", Max(t, t / 100), t, Piecewise((1, t > 0), (Rational(1, 100), True))),
    grad("elu", elu, t, Piecewise((1, t > 0), (lam * exp(t), True))),
    grad("elu.self", elu, t, Piecewise((1, t > 0), (elu + lam, True))),
    grad("huber", huber, t, Piecewise((t, sp.Abs(t) <= eps), (eps * sp.sign(t), True))),
    grad("huber.clipped", huber, t, Max(-eps, Min(eps, t))),
    grad("hinge", Max(0, 1 - u * t), t, Piecewise((-u, u * t < 1), (0, True))),
    grad("squared-hinge", Max(0, 1 - t) ** 2, t, -2 * Max(0, 1 - t)),
    grad("hard-tanh", Max(-1, Min(1, t)), t, Piecewise((1, sp.Abs(t) < 1), (0, True))),
    grad("softsign", t / (1 + sp.Abs(t)), t, 1 / (1 + sp.Abs(t)) ** 2),
    grad("gaussian", exp(-(t**2)), t, -2 * t * exp(-(t**2))),
    grad("arctan", sp.atan(t), t, 1 / (1 + t**2)),
    grad("log-cosh", log(sp.cosh(t)), t, tanh(t)),
    grad("logit", log(t / (1 - t)), t, 1 / (t * (1 - t)), t > 0, t < 1),
    grad("abs", sp.Abs(t), t, sp.sign(t)),
    grad("power", t**u, t, u * t ** (u - 1), t > 0),
    grad("power.exponent", t**u, u, t**u * log(t), t > 0),
    grad("x-to-the-x", t**t, t, t**t * (1 + log(t)), Q.positive(t)),
    grad("square-root", sqrt(t), t, 1 / (2 * sqrt(t)), Q.positive(t)),
    grad("relu-matrix", total(each(M("A", n, m), Max(0, t))), M("A", n, m), each(M("A", n, m),
            Piecewise((1, t > 0), (0, True)))),
    back("sigmoid-matrix.back", each(M("A", n, m), S1), M("A", n, m), M("C", n, m), odot(M("C", n,
            m), each(M("A", n, m), S1 * (1 - S1)))),
    jac("tanh.jacobian", each(M("x", n, 1), tanh(t)), M("x", n, 1), DiagMatrix(each(M("x", n, 1),
            1 - tanh(t) ** 2))),
]
FALSE += [
    grad("sigmoid.sign", S1, t, S1 * (S1 - 1)),
    grad("sigmoid.of-value", S1, t, t * (1 - t)),
    grad("sigmoid.square", S1, t, S1 * (1 - S1**2)),
    grad("tanh.first-power", tanh(t), t, 1 - tanh(t)),
    grad("tanh.sinh", tanh(t), t, 1 / sp.sinh(t) ** 2),
    grad("tanh.plus", tanh(t), t, 1 + tanh(t) ** 2),
    grad("softplus.complement", softplus, t, 1 / (1 + exp(t))),
    grad("softplus.scaled.kept", log(1 + exp(tau * t)) / tau, t, tau / (1 + exp(-tau * t))),
    grad("log-sigmoid.same", log(S1), t, S1),
    grad("swish.dropped", t * S1, t, S1 * (1 - S1)),
    grad("swish.product", t * S1, t, S1 * (1 - S1) + t * S1),
    grad("gelu.cdf-only", t * cdf, t, cdf),
    grad("gelu.pdf-scale", t * cdf, t, cdf + t * exp(-(t**2) / 2) / sqrt(sp.pi)),
    grad("relu.flipped", Max(0, t), t, Piecewise((1, t < 0), (0, True))),
    grad("relu.value", Max(0, t), t, Max(0, t)),
    grad("relu.sign", Max(0, t), t, sp.sign(t)),
    grad("leaky-relu.one", leaky, t, Piecewise((1, t > 0), (-lam, True))),
    grad("elu.slope", elu, t, Piecewise((1, t > 0), (elu, True))),
    grad("huber.no-sign", huber, t, Piecewise((t, sp.Abs(t) <= eps), (eps, True))),
    grad("huber.unit", huber, t, Piecewise((t, sp.Abs(t) <= eps), (sp.sign(t), True))),
    grad("hinge.sign", Max(0, 1 - u * t), t, Piecewise((u, u * t < 1), (0, True))),
    grad("hinge.region", Max(0, 1 - u * t), t, Piecewise((-u, t < 1), (0, True))),
    grad("squared-hinge.sign", Max(0, 1 - t) ** 2, t, 2 * Max(0, 1 - t)),
    grad("softsign.first-power", t / (1 + sp.Abs(t)), t, 1 / (1 + sp.Abs(t))),
    grad("logit.sign", log(t / (1 - t)), t, 1 / (t * (t - 1)), t > 0, t < 1),
    grad("power.not-lowered", t**u, t, u * t**u, t > 0),
    grad("power.exponent.rule", t**u, u, u * t ** (u - 1), t > 0),
    grad("x-to-the-x.power-rule", t**t, t, t * t ** (t - 1), Q.positive(t)),
    grad("relu-matrix.ones", total(each(M("A", n, m), Max(0, t))), M("A", n, m), one(n, m)),
    back("sigmoid-matrix.back.matmul", each(M("S", n, n), S1), M("S", n, n), M("U", n, n), M("U", n,
            n) * each(M("S", n, n), S1 * (1 - S1))),
    misfit(jac("tanh.jacobian.vector", each(M("x", n, 1), tanh(t)), M("x", n, 1), each(M("x", n, 1),
            1 - tanh(t) ** 2))),
]

# ---- networks; row vectors, an undefined activation σ

sigma, phi = sp.Function("sigma"), sp.Function("phi")
dsigma = sigma(t).diff(t)
x, y = M("x", 1, m), M("y", 1, c)
W1, b1, W2, b2 = M("W1", m, h), M("b1", 1, h), M("W2", h, c), M("b2", 1, c)
hid, o, g = M("hid", 1, h), M("o", 1, c), M("g", 1, c)
delta = M("delta", 1, h)
network = {hid: x * W1 + b1, o: each(hid, sigma(t)) * W2 + b2}
squared = Sum((o[0, j] - y[0, j]) ** 2, (j, 0, c - 1)) / 2
back_signal = odot((o - y) * W2.T, each(hid, dsigma))
X, Y, H = M("X", n, m), M("Y", n, c), M("H", n, h)
O, G = M("O", n, c), M("G", n, c)
layer = {H: X * W1 + one(n, 1) * b1, O: each(H, sigma(t)) * W2 + one(n, 1) * b2}
batch_squared = total(each(O - Y, t**2)) / (2 * n)
batch_signal = odot((O - Y) * W2.T, each(H, dsigma)) / n
W3, hid2 = M("W3", h, h), M("hid2", 1, h)
deep = {hid: x * W1, hid2: each(hid, sigma(t)) * W3, o: each(hid2, phi(t)) * W2}
signal2 = odot((o - y) * W2.T, each(hid2, phi(t).diff(t)))
signal1 = odot(signal2 * W3.T, each(hid, dsigma))
res = M("res", 1, h)
skip = {res: hid + each(hid * W3, sigma(t))}
TRUE += [
    grad("mlp.W2", squared, W2, each(hid, sigma(t)).T * (o - y), where=network),
    grad("mlp.b2", squared, b2, o - y, where=network),
    grad("mlp.hidden", squared, hid, back_signal, where=network),
    grad("mlp.W1", squared, W1, x.T * back_signal, where=network),
    grad("mlp.b1", squared, b1, back_signal, where=network),
    grad("mlp.input", squared, x, back_signal * W1.T, where=network),
    grad("mlp.delta", squared, W1, x.T * delta, where={**network, delta: back_signal}),
    grad("mlp.subs", sigma(t**2), t, 2 * t * sp.Subs(sp.Derivative(sigma(u), u), u, t**2)),
    grad("mlp.diff", sigma(lam * t), t, lam * sp.Subs(sigma(u).diff(u), u, lam * t)),
    grad("mlp.chain", sigma(phi(t)), t, sigma(phi(t)).diff(t)),
    back("mlp.back", o, W1, g, x.T * odot(g * W2.T, each(hid, dsigma)), where=network),
    grad("mlp.batch.W2", batch_squared, W2, each(H, sigma(t)).T * (O - Y) / n, where=layer),
    grad("mlp.batch.W1", batch_squared, W1, X.T * batch_signal, where=layer),
    grad("mlp.batch.b1", batch_squared, b1, one(1, n) * batch_signal, where=layer),
    grad("mlp.batch.input", batch_squared, X, batch_signal * W1.T, where=layer),
    grad("mlp.deep.W1", squared, W1, x.T * signal1, where=deep),
    grad("mlp.deep.W3", squared, W3, each(hid, sigma(t)).T * signal2, where=deep),
    grad("mlp.entry", squared, W1[k, l], x[0, k] * sp.Subs(dsigma, t, hid[0, l]) * Sum((o[0,
            j] - y[0, j]) * W2[l, j], (j, 0, c - 1)), where=network),
    back("residual.back", res, hid, delta, delta + odot(delta, each(hid * W3, dsigma)) * W3.T,
        where=skip),
    back("residual.weights", res, W3, delta, hid.T * odot(delta, each(hid * W3, dsigma)),
        where=skip),
    back("gate.back", odot(hid, each(hid * W3, S1)), hid, delta, odot(delta, each(hid * W3,
            S1)) + odot(delta, hid, each(hid * W3, S1 * (1 - S1))) * W3.T),
    grad("tied-weights", Trace((X * W1 * W1.T - X).T * (X * W1 * W1.T - X)) / 2, W1,
        X.T * (X * W1 * W1.T - X) * W1 + (X * W1 * W1.T - X).T * X * W1),
    grad("linear-network", sq((x * W1 * W2 - y).T) / 2, W1, x.T * (x * W1 * W2 - y) * W2.T),
    back("dropout.back", odot(X, M("D", n, m)) * W1, X, H, odot(H * W1.T, M("D", n, m))),
    shape("mlp.shape", X * W1 + b1, n, h),
]
FALSE += [
    grad("mlp.W2.no-activation", squared, W2, hid.T * (o - y), where=network),
    misfit(grad("mlp.W2.swapped", squared, W2, (o - y).T * each(hid, sigma(t)), where=network)),
    grad("mlp.W1.no-derivative", squared, W1, x.T * ((o - y) * W2.T), where=network),
    grad("mlp.W1.activation-for-derivative", squared, W1, x.T * odot((o - y) * W2.T, each(hid,
            sigma(t))), where=network),
    misfit(grad("mlp.W1.untransposed", squared, W1, x.T * odot((o - y) * W2, each(hid, dsigma)),
            where=network)),
    grad("mlp.W1.derivative-at-output", squared, W1, x.T * odot((o - y) * W2.T, each(each(hid,
            sigma(t)), dsigma)), where=network),
    misfit(grad("mlp.input.untransposed", squared, x, back_signal * W1, where=network)),
    grad("mlp.subs.point", sigma(t**2), t, 2 * t * sp.Subs(sigma(u).diff(u), u, t)),
    grad("mlp.diff.dropped", sigma(lam * t), t, sp.Subs(sigma(u).diff(u), u, lam * t)),
    grad("mlp.batch.W2.sum", batch_squared, W2, each(H, sigma(t)).T * (O - Y), where=layer),
    grad("mlp.batch.W1.twice-mean", batch_squared, W1, X.T * batch_signal / n, where=layer),
    misfit(grad("mlp.batch.b1.unsummed", batch_squared, b1, batch_signal, where=layer)),
    grad("mlp.deep.W1.one-class-less", Sum((o[0, j] - y[0, j]) ** 2, (j, 1, c - 1)) / 2, W1,
        x.T * signal1, where=deep),
    grad("mlp.deep.W1.skips-layer", squared, W1, x.T * odot(signal2 * W3.T, each(hid,
            phi(t).diff(t))), where=deep),
    grad("mlp.deep.W1.square-untransposed", squared, W1, x.T * odot(signal2 * W3, each(hid,
            dsigma)), where=deep),
    back("residual.no-skip", res, hid, delta, odot(delta, each(hid * W3, dsigma)) * W3.T,
        where=skip),
    back("residual.untransposed", res, hid, delta, delta + odot(delta, each(hid * W3, dsigma)) * W3,
        where=skip),
    back("residual.derivative-outside", res, hid, delta, delta + odot(delta * W3.T, each(hid * W3,
            dsigma)), where=skip),
    back("gate.back.one-path", odot(hid, each(hid * W3, S1)), hid, delta, odot(delta, each(hid * W3,
            S1))),
    grad("tied-weights.one-path", Trace((X * W1 * W1.T - X).T * (X * W1 * W1.T - X)) / 2, W1,
        X.T * (X * W1 * W1.T - X) * W1),
    misfit(grad("linear-network.swapped", sq((x * W1 * W2 - y).T) / 2, W1,
            x.T * W2.T * (x * W1 * W2 - y))),
    back("dropout.back.unmasked", odot(X, M("D", n, m)) * W1, X, H, H * W1.T),
    misfit(shape("mlp.shape.transposed", X * W1 + b1, h, n)),
    misfit(shape("mlp.shape.bias", X * W1 + b2, n, h)),
]

# ---- attention; n queries, m keys, d the width of both, h the width of the values

Qm, Km, V, G = M("Q", n, d), M("K", m, d), M("V", m, h), M("G", n, h)
A, U = M("A", n, m), M("U", n, m)
scores = Qm * Km.T / sqrt(d)
attention = softmax(scores) * V
upstream = G * V.T
signal = odot(softmax(scores), upstream - odot(upstream, softmax(scores)) * one(m, m))
TRUE += [
    shape("attention.shape", attention, n, h),
    back("attention.values", attention, V, G, softmax(scores).T * G),
    back("attention.queries", attention, Qm, G, signal * Km / sqrt(d)),
    back("attention.keys", attention, Km, G, signal.T * Qm / sqrt(d)),
    back("attention.scores", softmax(A) * V, A, G, odot(softmax(A), upstream - odot(upstream,
            softmax(A)) * one(m, m))),
    back("attention.scores.flash", softmax(A) * V, A, G, odot(softmax(A), upstream - odot(G, M("O",
            n, h)) * one(h, m)), where={M("O", n, h): softmax(A) * V}),
    same("attention.rows-mix", softmax(scores) * one(m, 1), one(n, 1)),
    same("attention.shift", softmax(scores + M("b", n, 1) * one(1, m)), softmax(scores)),
    back("linear-attention.keys", Qm * (Km.T * V), Km, G, V * G.T * Qm),
    back("attention.self", softmax(X * X.T) * X, X, M("E", n, m), softmax(X * X.T).T * M("E", n,
            m) + (U_ := odot(softmax(X * X.T), M("E", n, m) * X.T - odot(M("E", n, m) * X.T,
            softmax(X * X.T)) * one(n, n))) * X + U_.T * X),
]
FALSE += [
    misfit(back("attention.values.untransposed", attention, V, G, softmax(scores) * G)),
    back("attention.queries.unscaled", attention, Qm, G, signal * Km),
    back("attention.queries.by-d", attention, Qm, G, signal * Km / d),
    misfit(back("attention.keys.untransposed", attention, Km, G, signal * Qm / sqrt(d))),
    back("attention.scores.diagonal", softmax(A) * V, A, G, odot(softmax(A), one(n, m) - softmax(A),
            upstream)),
    back("attention.scores.no-sum", softmax(A) * V, A, G, odot(softmax(A), upstream - odot(upstream,
            softmax(A)))),
    same("attention.shift.columns", softmax(scores + one(n, 1) * M("b", 1, m)), softmax(scores)),
    misfit(shape("attention.shape.untransposed", softmax(Qm * Km) * V, n, h)),
    back("attention.self.one-path", softmax(X * X.T) * X, X, M("E", n, m),
        softmax(X * X.T).T * M("E", n, m)),
]

# ---- normalisation; x a row of m features, X a batch

x, g, gamma, beta = M("x", 1, m), M("g", 1, m), M("gamma", 1, m), M("beta", 1, m)
mu, var, norm = symbols("mu v N", real=True)
mean_of = Sum(x[0, k], (k, 0, m - 1)) / m
var_of = Sum((x[0, k] - mu) ** 2, (k, 0, m - 1)) / m
xhat = M("xhat", 1, m)
stats = {mu: mean_of, var: var_of, xhat: (x - mu * one(1, m)) / sqrt(var + eps)}
gs = odot(g, gamma)
gsum = Sum(gs[0, k], (k, 0, m - 1)) / m
gdot = Sum(gs[0, k] * xhat[0, k], (k, 0, m - 1)) / m
layer_norm = odot(xhat, gamma) + beta
ln_back = (gs - gsum * one(1, m) - gdot * xhat) / sqrt(var + eps)
X, G, Xhat = M("X", n, m), M("G", n, m), M("Xhat", n, m)
Mu, Var = M("Mu", 1, m), M("Var", 1, m)
centred = X - one(n, 1) * Mu
batch = {
    Mu: one(1, n) * X / n,
    Var: one(1, n) * odot(centred, centred) / n,
    Xhat: odot(centred, one(n, 1) * each(Var, 1 / sqrt(t + eps))),
}
bn_back = odot(
    G - one(n, n) * G / n - odot(Xhat, one(n, n) * odot(G, Xhat) / n),
    one(n, 1) * each(Var, 1 / sqrt(t + eps)),
)
unit = x / sqrt((x * x.T)[0, 0])
z, e = M("z", n, 1), M("e", n, 1)
cosine = dot(z, e) / (sqrt(sq(z)) * sqrt(sq(e)))
TRUE += [
    grad("mean", mean_of, x[0, l], 1 / m),
    grad("variance", var, x, 2 * (x - mu * one(1, m)) / m, where={mu: mean_of, var: var_of}),
    grad("variance.entry", var, x[0, l], 2 * (x[0, l] - mu) / m, where={mu: mean_of, var: var_of}),
    same("variance.moments", var_of, Sum(x[0, k] ** 2, (k, 0, m - 1)) / m - mean_of**2,
        where={mu: mean_of}),
    same("variance.centred", Sum(x[0, k] - mu, (k, 0, m - 1)), 0, where={mu: mean_of}),
    back("layer-norm.input", layer_norm, x, g, ln_back, where=stats),
    back("layer-norm.gamma", layer_norm, gamma, g, odot(g, xhat), where=stats),
    back("layer-norm.beta", layer_norm, beta, g, g, where=stats),
    back("layer-norm.plain", xhat, x, g, (g - Sum(g[0, k], (k, 0, m - 1)) / m * one(1, m) - Sum(g[0,
            k] * xhat[0, k], (k, 0, m - 1)) / m * xhat) / sqrt(var + eps), where=stats),
    same("layer-norm.centred", Sum(xhat[0, k], (k, 0, m - 1)), 0, where=stats),
    same("layer-norm.second-moment", Sum(xhat[0, k] ** 2, (k, 0, m - 1)) / m, var / (var + eps),
        where=stats),
    back("batch-norm.input", Xhat, X, G, bn_back, where=batch),
    back("batch-norm.gamma", odot(Xhat, one(n, 1) * gamma), gamma, G, one(1, n) * odot(G, Xhat),
        where=batch),
    back("rms-norm", x / sqrt((x * x.T)[0, 0] / m + eps), x, g, g / norm - (g * x.T)[0,
            0] / (m * norm**3) * x, where={norm: sqrt((x * x.T)[0, 0] / m + eps)}),
    back("l2-normalise", unit, x, g, (g - (g * unit.T)[0, 0] * unit) / sqrt((x * x.T)[0, 0])),
    jac("l2-normalise.jacobian", z / sqrt(sq(z)), z, (I(n) - z * z.T / sq(z)) / sqrt(sq(z))),
    same("l2-normalise.unit", sq(z / sqrt(sq(z))), 1),
    grad("cosine", cosine, z, e / (sqrt(sq(z)) * sqrt(sq(e))) - cosine * z / sq(z)),
    same("cosine.scale", cosine.xreplace({z: tau * z}).doit(), cosine),
]
FALSE += [
    grad("mean.sum", mean_of, x[0, l], 1),
    grad("variance.sum", var, x, 2 * (x - mu * one(1, m)), where={mu: mean_of, var: var_of}),
    grad("variance.uncentred", var, x, 2 * x / m, where={mu: mean_of, var: var_of}),
    same("variance.moments.sign", var_of, Sum(x[0, k] ** 2, (k, 0, m - 1)) / m + mean_of**2,
        where={mu: mean_of}),
    back("layer-norm.through-mean-only", layer_norm, x, g, (gs - gsum * one(1,
            m)) / sqrt(var + eps), where=stats),
    back("layer-norm.no-statistics", layer_norm, x, g, gs / sqrt(var + eps), where=stats),
    back("layer-norm.gamma-dropped", layer_norm, x, g, (g - Sum(g[0, k], (k, 0, m - 1)) / m * one(1,
            m) - Sum(g[0, k] * xhat[0, k], (k, 0, m - 1)) / m * xhat) / sqrt(var + eps),
        where=stats),
    back("layer-norm.not-root", layer_norm, x, g, (gs - gsum * one(1,
            m) - gdot * xhat) / (var + eps), where=stats),
    back("layer-norm.sums-not-means", layer_norm, x, g, (gs - m * gsum * one(1,
            m) - m * gdot * xhat) / sqrt(var + eps), where=stats),
    back("layer-norm.beta.scaled", layer_norm, beta, g, gs, where=stats),
    same("layer-norm.unit-variance", Sum(xhat[0, k] ** 2, (k, 0, m - 1)) / m, 1, where=stats),
    back("batch-norm.dropped", Xhat, X, G, odot(G - one(n, n) * G / n, one(n, 1) * each(Var,
            1 / sqrt(t + eps))), where=batch),
    back("batch-norm.features", Xhat, X, G, odot(G - G * one(m, m) / m - odot(Xhat, odot(G,
            Xhat) * one(m, m) / m), one(n, 1) * each(Var, 1 / sqrt(t + eps))), where=batch),
    misfit(back("batch-norm.gamma.unsummed", odot(Xhat, one(n, 1) * gamma), gamma, G, odot(G, Xhat),
            where=batch)),
    back("rms-norm.no-mean", x / sqrt((x * x.T)[0, 0] / m + eps), x, g, g / norm - (g * x.T)[0,
            0] / norm**3 * x, where={norm: sqrt((x * x.T)[0, 0] / m + eps)}),
    back("l2-normalise.dropped", unit, x, g, g / sqrt((x * x.T)[0, 0])),
    back("l2-normalise.unit-scale", unit, x, g, g - (g * unit.T)[0, 0] * unit),
    misfit(jac("l2-normalise.jacobian.inner", z / sqrt(sq(z)), z,
            (I(n) - z.T * z / sq(z)) / sqrt(sq(z)) * one(m, n))),
    grad("cosine.dropped", cosine, z, e / (sqrt(sq(z)) * sqrt(sq(e)))),
    grad("cosine.sign", cosine, z, e / (sqrt(sq(z)) * sqrt(sq(e))) + cosine * z / sq(z)),
]

# ---- kernels, Gaussians, clusters, factorisations

x, y, mu_ = M("x", d, 1), M("y", d, 1), M("mu", d, 1)
S, X, V, C = M("Sigma", d, d), M("X", n, d), M("V", d, h), M("C", h, d)
rbf = exp(-sq(x - y) / (2 * tau**2))
precision = Inverse(S)
diff = x - mu_
log_normal = -(d * log(2 * sp.pi) + log(Determinant(S)) + dot(diff, precision * diff)) / 2
row = Symbol("row", integer=True)
spread = X - one(n, 1) * mu_.T
scatter = Trace(spread * precision * spread.T)
R, U, V2 = M("R", n, m), M("U", n, h), M("V2", m, h)
D = M("D", n, m)
pi_, resp = M("pi", 1, h), M("resp", n, h)
ell = M("ell", n, h)
mixture = Sum(log(Sum(pi_[0, k] * exp(ell[i, k]), (k, 0, h - 1))), (i, 0, n - 1))
assigned = M("Z", n, h)
cluster = Sum(
    assigned[i, k] * (X[i, l] - C[k, l]) ** 2, (i, 0, n - 1), (k, 0, h - 1), (l, 0, d - 1)
)
s2 = Symbol("s", positive=True)
TRUE += [
    grad("rbf", rbf, x, -rbf * (x - y) / tau**2),
    grad("rbf.other", rbf, y, rbf * (x - y) / tau**2),
    grad("rbf.width", rbf, tau, rbf * sq(x - y) / tau**3),
    hess("rbf.hessian", rbf, x, rbf * ((x - y) * (x - y).T / tau**4 - I(d) / tau**2)),
    grad("normal.mean", log_normal, mu_, precision * diff, Q.symmetric(S)),
    grad("normal.mean.general", log_normal, mu_, (precision + precision.T) * diff / 2),
    grad("normal.covariance", log_normal, S,
        (precision * diff * diff.T * precision - precision).T / 2),
    grad("normal.point", log_normal, x, -precision * diff, Q.symmetric(S)),
    hess("normal.information", -log_normal, mu_, precision, Q.symmetric(S)),
    grad("normal.batch-mean", -scatter / 2, mu_, precision * spread.T * one(n, 1), Q.symmetric(S)),
    grad("normal.batch-covariance", -n * log(Determinant(S)) / 2 - scatter / 2, S,
        (precision * spread.T * spread * precision - n * precision) / 2, Q.symmetric(S)),
    grad("normal.scalar-scale", Sum(-log(s2) - (x[k, 0] - mu_[k, 0]) ** 2 / (2 * s2**2), (k, 0,
            d - 1)), s2, sq(diff) / s2**3 - d / s2),
    grad("normal.product", log(Product(exp(-((x[k, 0] - u) ** 2) / 2), (k, 0, d - 1))), u, Sum(x[k,
            0] - u, (k, 0, d - 1))),
    grad("kl.gaussian", (sq(x) + Sum(exp(y[k, 0]) - 1 - y[k, 0], (k, 0, d - 1))) / 2, y, (each(y,
            exp(t)) - one(d, 1)) / 2),
    grad("mixture.responsibility", mixture, ell[i, k], pi_[0, k] * exp(ell[i, k]) / Sum(pi_[0,
            l] * exp(ell[i, l]), (l, 0, h - 1))),
    grad("mixture.weights", mixture, pi_[0, k], Sum(resp[i, k], (i, 0, n - 1)) / pi_[0, k],
        where={resp: sp.FunctionMatrix(n, h, Lambda((i, k), pi_[0, k] * exp(ell[i, k]) / Sum(pi_[0,
            l] * exp(ell[i, l]), (l, 0, h - 1))))}),
    grad("k-means", cluster, C[q, r], -2 * Sum(assigned[i, q] * (X[i, r] - C[q, r]), (i, 0,
            n - 1))),
    grad("k-means.matrix", cluster, C, 2 * (DiagMatrix((one(1,
            n) * assigned).T) * C - assigned.T * X)),
    grad("k-means.centroid", cluster, C[q, r], 0, Eq(C[q, r] * Sum(assigned[i, q], (i, 0, n - 1)),
            Sum(assigned[i, q] * X[i, r], (i, 0, n - 1)))),
    grad("factorisation.left", Trace((R - U * V2.T).T * (R - U * V2.T)), U,
        -2 * (R - U * V2.T) * V2),
    grad("factorisation.right", Trace((R - U * V2.T).T * (R - U * V2.T)), V2,
        -2 * (R - U * V2.T).T * U),
    grad("factorisation.observed", total(odot(D, R - U * V2.T, R - U * V2.T)), U, -2 * odot(D,
            R - U * V2.T) * V2),
    grad("factorisation.entry", Sum(D[i, j] * (R[i, j] - Sum(U[i, k] * V2[j, k], (k, 0,
            h - 1))) ** 2, (i, 0, n - 1), (j, 0, m - 1)), U[q, r], -2 * Sum(D[q, j] * (R[q,
            j] - Sum(U[q, k] * V2[j, k], (k, 0, h - 1))) * V2[j, r], (j, 0, m - 1))),
    grad("pca", Trace((X - X * V * V.T).T * (X - X * V * V.T)), V,
        2 * (X.T * X * V * V.T * V + V * V.T * X.T * X * V - 2 * X.T * X * V)),
    grad("pca.stiefel", Trace((X - X * V * V.T).T * (X - X * V * V.T)), V,
        2 * (V * V.T * X.T * X * V - X.T * X * V), Eq(V.T * V, I(h))),
    same("pca.error", Trace((X - X * V * V.T).T * (X - X * V * V.T)),
        Trace(X.T * X) - Trace(V.T * X.T * X * V), Eq(V.T * V, I(h))),
    grad("rayleigh", dot(x, S * x) / sq(x), x, 2 * (S * x - dot(x, S * x) / sq(x) * x) / sq(x),
        Q.symmetric(S)),
    grad("score-function", log(exp(u * v) / (1 + exp(u))), u, v - 1 / (1 + exp(-u))),
]
FALSE += [
    grad("rbf.sign", rbf, x, rbf * (x - y) / tau**2),
    grad("rbf.dropped-kernel", rbf, x, -(x - y) / tau**2),
    grad("rbf.factor-2", rbf, x, -2 * rbf * (x - y) / tau**2),
    grad("rbf.width.power", rbf, tau, rbf * sq(x - y) / tau**2),
    hess("rbf.hessian.dropped", rbf, x, rbf * (x - y) * (x - y).T / tau**4),
    grad("normal.mean.sign", log_normal, mu_, -precision * diff, Q.symmetric(S)),
    grad("normal.mean.covariance", log_normal, mu_, S * diff, Q.symmetric(S)),
    grad("normal.mean.asymmetric", log_normal, mu_, precision * diff),
    grad("normal.covariance.dropped", log_normal, S, (precision * diff * diff.T * precision).T / 2),
    misfit(grad("normal.covariance.inner", log_normal, S,
            precision * diff.T * diff * precision / 2 * one(d, 1))),
    grad("normal.batch-covariance.no-n", -n * log(Determinant(S)) / 2 - scatter / 2, S,
        (precision * spread.T * spread * precision - precision) / 2, Q.symmetric(S)),
    grad("normal.scalar-scale.no-d", Sum(-log(s2) - (x[k, 0] - mu_[k, 0]) ** 2 / (2 * s2**2), (k, 0,
            d - 1)), s2, sq(diff) / s2**3 - 1 / s2),
    grad("kl.gaussian.no-half", (sq(x) + Sum(exp(y[k, 0]) - 1 - y[k, 0], (k, 0, d - 1))) / 2, y,
        each(y, exp(t)) - one(d, 1)),
    grad("mixture.responsibility.unweighted", mixture, ell[i, k], exp(ell[i, k]) / Sum(exp(ell[i,
            l]), (l, 0, h - 1))),
    grad("k-means.sign", cluster, C[q, r], 2 * Sum(assigned[i, q] * (X[i, r] - C[q, r]), (i, 0,
            n - 1))),
    grad("k-means.unassigned", cluster, C[q, r], -2 * Sum(X[i, r] - C[q, r], (i, 0, n - 1))),
    grad("factorisation.sign", Trace((R - U * V2.T).T * (R - U * V2.T)), U,
        2 * (R - U * V2.T) * V2),
    misfit(grad("factorisation.untransposed", Trace((R - U * V2.T).T * (R - U * V2.T)), V2,
            -2 * (R - U * V2.T) * U)),
    grad("factorisation.mask-outside", total(odot(D, R - U * V2.T, R - U * V2.T)), U,
        -2 * (R - U * V2.T) * V2),
    grad("pca.one-path", Trace((X - X * V * V.T).T * (X - X * V * V.T)), V,
        -2 * (X.T * X * V - V * V.T * X.T * X * V)),
    same("pca.error.not-orthonormal", Trace((X - X * V * V.T).T * (X - X * V * V.T)),
        Trace(X.T * X) - Trace(V.T * X.T * X * V)),
    grad("rayleigh.quotient-rule", dot(x, S * x) / sq(x), x, 2 * S * x / sq(x), Q.symmetric(S)),
    grad("rayleigh.asymmetric", dot(x, S * x) / sq(x), x, 2 * (S * x - dot(x,
            S * x) / sq(x) * x) / sq(x)),
]

# ---- index notation: arrays of any rank, convolutions, triangular ranges

ix, ig, iw = sp.IndexedBase("x", shape=(n,)), sp.IndexedBase("g", shape=(n,)), None
signal_ = sp.IndexedBase("x", shape=(n + m - 1,))
strided = sp.IndexedBase("x", shape=(2 * n + m,))
kernel = sp.IndexedBase("w", shape=(m,))
ia = sp.IndexedBase("a", shape=(n, n))
conv = Sum(signal_[i + k] * kernel[k], (k, 0, m - 1))
conv_loss = Sum(ig[i] * conv, (i, 0, n - 1))
conv_square = Sum((conv - ig[i]) ** 2, (i, 0, n - 1)) / 2
stride_loss = Sum(ig[i] * strided[2 * i + k] * kernel[k], (i, 0, n - 1), (k, 0, m - 1))
Array = sp.tensor.array.expressions.ArraySymbol
image = Array("X", (c, h + m - 1, d + n - 1))  # c channels
filters = Array("W", (l_out := Symbol("f", integer=True, positive=True), c, m, n))
grads = Array("G", (l_out, h, d))
o_, c_, p_, q_, u_, v_ = symbols("o_ c_ p_ q_ u_ v_", integer=True)
pixel = Sum(
    image[c_, p_ + u_, q_ + v_] * filters[o_, c_, u_, v_],
    (c_, 0, c - 1),
    (u_, 0, m - 1),
    (v_, 0, n - 1),
)
bias = sp.IndexedBase("b", shape=(l_out,))
conv2 = Sum(
    grads[o_, p_, q_] * (pixel + bias[o_]), (o_, 0, l_out - 1), (p_, 0, h - 1), (q_, 0, d - 1)
)
T3 = Array("T", (n, m, h))
va, vb, vc = (sp.IndexedBase(name, shape=(s_,)) for name, s_ in (("a", n), ("b", m), ("c", h)))
form = Sum(T3[i, j, k] * va[i] * vb[j] * vc[k], (i, 0, n - 1), (j, 0, m - 1), (k, 0, h - 1))
A3, B3, G3 = Array("A", (n, m, d)), Array("B", (n, d, h)), Array("G", (n, m, h))
batched = Sum(
    G3[i, j, k] * A3[i, j, q] * B3[i, q, k],
    (i, 0, n - 1),
    (j, 0, m - 1),
    (k, 0, h - 1),
    (q, 0, d - 1),
)
Q4, K4, G4 = Array("Q", (n, c, m, d)), Array("K", (n, c, h, d)), Array("G", (n, c, m, h))
heads = Sum(
    G4[i, j, k, l] * Q4[i, j, k, q] * K4[i, j, l, q],
    (i, 0, n - 1),
    (j, 0, c - 1),
    (k, 0, m - 1),
    (l, 0, h - 1),
    (q, 0, d - 1),
)
last = n - 1
TRUE += [
    grad("index.square", Sum(ix[i] ** 2, (i, 0, last)), ix[l], 2 * ix[l]),
    grad("index.weighted", Sum(ig[i] * ix[i] ** 3, (i, 0, last)), ix[l], 3 * ig[l] * ix[l] ** 2),
    grad("index.squared-sum", Sum(ix[i], (i, 0, last)) ** 2, ix[l], 2 * Sum(ix[i], (i, 0, last))),
    grad("index.quadratic", Sum(ia[i, j] * ix[i] * ix[j], (i, 0, last), (j, 0, last)), ix[l],
        Sum((ia[l, j] + ia[j, l]) * ix[j], (j, 0, last))),
    grad("index.diagonal", Sum(ia[i, i], (i, 0, last)), ia[k, l], KroneckerDelta(k, l)),
    grad("index.first", Sum(ix[i], (i, 0, last)) * ix[0], ix[0], Sum(ix[i], (i, 0, last)) + ix[0]),
    grad("conv1d.kernel", conv_loss, kernel[l], Sum(ig[i] * signal_[i + l], (i, 0, last))),
    grad("conv1d.kernel-square", conv_square, kernel[l], Sum((conv - ig[i]) * signal_[i + l], (i, 0,
            last))),
    grad("conv1d.input", conv_loss, signal_[l], Sum(Piecewise((ig[l - k] * kernel[k],
            (l >= k) & (l - k <= last)), (0, True)), (k, 0, m - 1))),
    grad("conv1d.input-delta", conv_loss, signal_[l], Sum(ig[i] * kernel[k] * KroneckerDelta(l,
            i + k), (i, 0, last), (k, 0, m - 1))),
    grad("conv1d.stride", stride_loss, kernel[l], Sum(ig[i] * strided[2 * i + l], (i, 0, last))),
    grad("conv1d.stride-input", stride_loss, strided[l], Sum(ig[i] * kernel[k] * KroneckerDelta(l,
            2 * i + k), (i, 0, last), (k, 0, m - 1))),
    grad("conv2d.kernel", conv2, filters[q, r, k, l], Sum(grads[q, i, j] * image[r, i + k, j + l],
            (i, 0, h - 1), (j, 0, d - 1))),
    grad("conv2d.bias", conv2, bias[r], Sum(grads[r, i, j], (i, 0, h - 1), (j, 0, d - 1))),
    grad("conv2d.input", conv2, image[r, k, l], Sum(Piecewise((grads[q, k - i, l - j] * filters[q,
            r, i, j], (k >= i) & (k - i <= h - 1) & (l >= j) & (l - j <= d - 1)), (0, True)), (q, 0,
            l_out - 1), (i, 0, m - 1), (j, 0, n - 1))),
    grad("trilinear.vector", form, va[q], Sum(T3[q, j, k] * vb[j] * vc[k], (j, 0, m - 1), (k, 0,
            h - 1))),
    grad("trilinear.tensor", form, T3[i, j, k], va[i] * vb[j] * vc[k]),
    grad("trilinear.whole", form, T3, tensor(va[i] * vb[j] * vc[k], (i, n), (j, m), (k, h))),
    grad("batch-matmul.left", batched, A3[i, j, q], Sum(G3[i, j, k] * B3[i, q, k], (k, 0, h - 1))),
    grad("batch-matmul.right", batched, B3[i, q, k], Sum(A3[i, j, q] * G3[i, j, k], (j, 0, m - 1))),
    grad("multi-head.queries", heads, Q4[i, j, k, q], Sum(G4[i, j, k, l] * K4[i, j, l, q], (l, 0,
            h - 1))),
    grad("multi-head.keys", heads, K4[i, j, l, q], Sum(G4[i, j, k, l] * Q4[i, j, k, q], (k, 0,
            m - 1))),
    grad("cumulative", Sum(ix[j], (j, 0, i), (i, 0, last)), ix[l], n - l),
    grad("cumulative.weighted", Sum(ig[i] * Sum(ix[j], (j, 0, i)), (i, 0, last)), ix[l], Sum(ig[i],
            (i, l, last))),
    grad("cumulative.square", Sum(Sum(ix[j], (j, 0, i)) ** 2, (i, 0, last)), ix[l],
        2 * Sum(Sum(ix[j], (j, 0, i)), (i, l, last))),
    grad("triangular.pairs", Sum(ix[i] * ix[j], (j, 0, i - 1), (i, 0, last)), ix[l], Sum(ix[j], (j,
            0, last)) - ix[l]),
    same("triangular.square-of-sum", Sum(ix[i], (i, 0, last)) ** 2, Sum(ix[i] ** 2, (i, 0, last))
        + 2 * Sum(ix[i] * ix[j], (j, i + 1, last), (i, 0, last))),
    same("triangular.both-sides", Sum(ix[i] * ig[j], (j, i + 1, last), (i, 0, last)) + Sum(ix[i]
            * ig[j], (j, 0, i - 1), (i, 0, last)), Sum(ix[i], (i, 0, last)) * Sum(ig[j], (j, 0,
            last)) - Sum(ix[i] * ig[i], (i, 0, last))),
    same("triangular.lagrange", Sum((ix[i] * ig[j] - ix[j] * ig[i]) ** 2, (j, i + 1, last), (i, 0,
            last)), Sum(ix[i] ** 2, (i, 0, last)) * Sum(ig[i] ** 2, (i, 0, last))
        - Sum(ix[i] * ig[i], (i, 0, last)) ** 2),
    same("triangular.exchange", Sum(ia[i, j], (j, 0, i), (i, 0, last)), Sum(ia[i, j], (i, j, last),
            (j, 0, last))),
    same("triangular.square", Sum(ix[i], (i, 0, last)) ** 2, Sum(ix[i] ** 2, (i, 0,
            last)) + 2 * Sum(ix[i] * ix[j], (j, 0, i - 1), (i, 0, last))),
    same("triangular.gauss", Sum(i, (i, 0, last)), n * (n - 1) / 2),
    same("triangular.squares", Sum(i**2, (i, 1, n)), n * (n + 1) * (2 * n + 1) / 6),
    same("range.split", Sum(ix[i], (i, 0, last)), ix[0] + Sum(ix[i], (i, 1, last))),
    same("range.shift", Sum(ix[i], (i, 1, last)), Sum(ix[i + 1], (i, 0, n - 2))),
    same("range.reversed", Sum(ix[i], (i, 0, last)), Sum(ix[n - 1 - i], (i, 0, last))),
    same("range.telescope", Sum(ix[i + 1] - ix[i], (i, 0, n - 2)), ix[n - 1] - ix[0]),
    grad("differences", Sum((ix[i + 1] - ix[i]) ** 2, (i, 0, n - 2)), ix[l],
        2 * (2 * ix[l] - ix[l - 1] - ix[l + 1]), l >= 1, l <= n - 2),
    grad("moving-average", Sum((ix[i] + ix[i + 1]) / 2, (i, 0, n - 2)), ix[l], 1, l >= 1,
        l <= n - 2),
    same("delta.contract", Sum(KroneckerDelta(i, j) * ix[j], (j, 0, last)), ix[i]),
    same("delta.trace", Sum(KroneckerDelta(i, j) * ia[i, j], (i, 0, last), (j, 0, last)), Sum(ia[i,
            i], (i, 0, last))),
    same("delta.shifted", Sum(KroneckerDelta(i, j + 1) * ix[j], (j, 0, last)), Piecewise((ix[i - 1],
            i > 0), (0, True)), i >= 0, i <= last),
    same("variance.pairs", Sum((ix[i] - ix[j]) ** 2, (i, 0, last), (j, 0, last)) / 2,
        n * Sum(ix[i] ** 2, (i, 0, last)) - Sum(ix[i], (i, 0, last)) ** 2),
    same("lagrange", Sum(ix[i] ** 2, (i, 0, last)) * Sum(ig[i] ** 2, (i, 0,
            last)) - Sum(ix[i] * ig[i], (i, 0, last)) ** 2,
        Sum((ix[i] * ig[j] - ix[j] * ig[i]) ** 2, (i, 0, last), (j, 0, last)) / 2),
]
FALSE += [
    grad("index.square.sum", Sum(ix[i] ** 2, (i, 0, last)), ix[l], 2 * Sum(ix[i], (i, 0, last))),
    grad("index.squared-sum.own", Sum(ix[i], (i, 0, last)) ** 2, ix[l], 2 * ix[l]),
    grad("index.quadratic.transposed", Sum(ia[i, j] * ix[i] * ix[j], (i, 0, last), (j, 0, last)),
        ix[l], 2 * Sum(ia[j, l] * ix[j], (j, 0, last))),
    grad("index.diagonal.all", Sum(ia[i, i], (i, 0, last)), ia[k, l], 1),
    grad("index.first.product-rule", Sum(ix[i], (i, 0, last)) * ix[0], ix[0], Sum(ix[i], (i, 0,
            last))),
    grad("conv1d.kernel.flipped", conv_loss, kernel[l], Sum(ig[i] * signal_[i + m - 1 - l], (i, 0,
            last))),
    grad("conv1d.kernel.range", conv_loss, kernel[l], Sum(ig[i] * signal_[i + l], (i, 0, n - 2))),
    grad("conv1d.kernel-square.factor", conv_square, kernel[l],
        2 * Sum((conv - ig[i]) * signal_[i + l], (i, 0, last))),
    grad("conv1d.input.guard", conv_loss, signal_[l], Sum(Piecewise((ig[l - k] * kernel[k],
            (l > k) & (l - k <= last)), (0, True)), (k, 0, m - 1))),
    grad("conv1d.input.sign", conv_loss, signal_[l], Sum(ig[i] * kernel[k] * KroneckerDelta(i,
            l + k), (i, 0, last), (k, 0, m - 1))),
    grad("conv1d.stride.ignored", stride_loss, kernel[l], Sum(ig[i] * strided[i + l], (i, 0,
            last))),
    grad("conv2d.kernel.swapped", conv2, filters[q, r, k, l], Sum(grads[q, i, j] * image[r, i, j],
            (i, 0, h - 1), (j, 0, d - 1))),
    grad("conv2d.bias.mean", conv2, bias[r], Sum(grads[r, i, j], (i, 0, h - 1), (j, 0,
            d - 1)) / (h * d)),
    grad("conv2d.bias.all-filters", conv2, bias[r], Sum(grads[q, i, j], (q, 0, l_out - 1), (i, 0,
            h - 1), (j, 0, d - 1))),
    grad("trilinear.vector.dropped", form, va[q], Sum(T3[q, j, k] * vb[j], (j, 0, m - 1), (k, 0,
            h - 1))),
    misfit(grad("trilinear.whole.order", form, T3, tensor(va[i] * vb[j] * vc[k], (k, h), (j, m), (i,
            n)))),
    grad("batch-matmul.left.summed", batched, A3[i, j, q], Sum(G3[i, j, k] * B3[l, q, k], (k, 0,
            h - 1), (l, 0, last))),
    grad("multi-head.queries.one-head", heads, Q4[i, j, k, q], Sum(G4[i, 0, k, l] * K4[i, 0, l, q],
            (l, 0, h - 1))),
    grad("cumulative.off-by-one", Sum(ix[j], (j, 0, i), (i, 0, last)), ix[l], n - l - 1),
    grad("cumulative.weighted.prefix", Sum(ig[i] * Sum(ix[j], (j, 0, i)), (i, 0, last)), ix[l],
        Sum(ig[i], (i, 0, l))),
    grad("cumulative.square.range", Sum(Sum(ix[j], (j, 0, i)) ** 2, (i, 0, last)), ix[l],
        2 * Sum(Sum(ix[j], (j, 0, i)), (i, l + 1, last))),
    grad("triangular.pairs.all", Sum(ix[i] * ix[j], (j, 0, i - 1), (i, 0, last)), ix[l], Sum(ix[j],
            (j, 0, last))),
    same("triangular.square-of-sum.diagonal", Sum(ix[i], (i, 0, last)) ** 2, Sum(ix[i] ** 2, (i, 0,
            last)) + 2 * Sum(ix[i] * ix[j], (j, i, last), (i, 0, last))),
    same("triangular.lagrange.square", Sum((ix[i] * ig[j] - ix[j] * ig[i]) ** 2, (j, 0, last), (i,
            0, last)), Sum(ix[i] ** 2, (i, 0, last)) * Sum(ig[i] ** 2, (i, 0, last))
        - Sum(ix[i] * ig[i], (i, 0, last)) ** 2),
    same("triangular.exchange.strict", Sum(ia[i, j], (j, 0, i), (i, 0, last)), Sum(ia[i, j], (i,
            j + 1, last), (j, 0, last))),
    same("triangular.square.dropped-2", Sum(ix[i], (i, 0, last)) ** 2, Sum(ix[i] ** 2, (i, 0,
            last)) + Sum(ix[i] * ix[j], (j, 0, i - 1), (i, 0, last))),
    same("triangular.gauss.plus", Sum(i, (i, 0, last)), n * (n + 1) / 2),
    same("range.split.twice", Sum(ix[i], (i, 0, last)), ix[0] + Sum(ix[i], (i, 0, last))),
    same("range.shift.end", Sum(ix[i], (i, 1, last)), Sum(ix[i], (i, 0, n - 2))),
    same("range.telescope.sign", Sum(ix[i + 1] - ix[i], (i, 0, n - 2)), ix[0] - ix[n - 1]),
    grad("differences.no-2", Sum((ix[i + 1] - ix[i]) ** 2, (i, 0, n - 2)), ix[l],
        2 * (ix[l] - ix[l - 1] - ix[l + 1]), l >= 1, l <= n - 2),
    grad("moving-average.edge", Sum((ix[i] + ix[i + 1]) / 2, (i, 0, n - 2)), ix[l], 1, n >= 2),
    same("delta.contract.square", Sum(KroneckerDelta(i, j) * ix[j], (j, 0, last)), ix[i] ** 2),
    same("delta.trace.all", Sum(KroneckerDelta(i, j) * ia[i, j], (i, 0, last), (j, 0, last)),
        Sum(ia[i, j], (i, 0, last), (j, 0, last))),
    same("variance.pairs.no-half", Sum((ix[i] - ix[j]) ** 2, (i, 0, last), (j, 0, last)),
        n * Sum(ix[i] ** 2, (i, 0, last)) - Sum(ix[i], (i, 0, last)) ** 2),
]

# ---- Jacobians, Hessians

x, y, w, a, b = M("x", n, 1), M("y", n, 1), M("w", m, 1), M("a", n, 1), M("b", m, 1)
A, X, S, row = M("A", n, m), M("X", m, h), M("S", n, n), M("r", 1, n)
TRUE += [
    jac("jacobian.elementwise", each(x, sigma(t)), x, DiagMatrix(each(x, dsigma))),
    jac("jacobian.layer", each(A * w, sigma(t)), w, DiagMatrix(each(A * w, dsigma)) * A),
    jac("jacobian.row", row * A, row, A.T),
    jac("jacobian.outer-scale", x * sq(x), x, sq(x) * I(n) + 2 * x * x.T),
    jac("jacobian.scaled", x * dot(a, x), x, dot(a, x) * I(n) + x * a.T),
    jac("jacobian.identity", x, x, I(n)),
    jac("jacobian.entries", (A * w)[i, 0], w[j, 0], A[i, j]),
    jac("jacobian.matrix", A * X, X, tensor(A[i, k] * KroneckerDelta(j, l), (i, n), (j, h), (k, m),
            (l, h))),
    jac("jacobian.centring", x - one(n, n) * x / n, x, I(n) - one(n, n) / n),
    jac("jacobian.permuted", x[n - 1 - i, 0], x[j, 0], KroneckerDelta(n - 1 - i, j), i >= 0, i < n),
    hess("hessian.cubes", Sum(x[k, 0] ** 3, (k, 0, n - 1)), x, 6 * DiagMatrix(x)),
    hess("hessian.product", dot(a, x) * dot(y, x), x, a * y.T + y * a.T),
    hess("hessian.norm-fourth", sq(x) ** 2, x, 4 * sq(x) * I(n) + 8 * x * x.T),
    hess("hessian.exponential", exp(dot(a, x)), x, exp(dot(a, x)) * a * a.T),
    hess("hessian.barrier", -Sum(log(a[k, 0] - (A * w)[k, 0]), (k, 0, n - 1)), w,
        A.T * DiagMatrix(each(a - A * w, t**-2)) * A),
    hess("hessian.entropy", Sum(x[k, 0] * log(x[k, 0]), (k, 0, n - 1)), x, DiagMatrix(each(x,
            1 / t))),
    hess("hessian.linear", dot(a, x), x, ZeroMatrix(n, n)),
    hess("hessian.chain", sp.Function("f")(dot(a, x)), x, sp.Subs(sp.Function("f")(t).diff(t, 2), t,
            dot(a, x)) * a * a.T),
    hess("hessian.scalar", t**4, t, 12 * t**2),
]
FALSE += [
    jac("jacobian.layer.swapped-sides", each(S * x, sigma(t)), x, S * DiagMatrix(each(S * x,
            dsigma))),
    jac("jacobian.layer.point", each(S * x, sigma(t)), x, DiagMatrix(each(x, dsigma)) * S),
    misfit(jac("jacobian.row.untransposed", row * A, row, A)),
    jac("jacobian.outer-scale.no-2", x * sq(x), x, sq(x) * I(n) + x * x.T),
    jac("jacobian.scaled.transposed", x * dot(a, x), x, dot(a, x) * I(n) + a * x.T),
    misfit(jac("jacobian.identity.ones", x, x, one(n, 1))),
    jac("jacobian.matrix.delta", S * M("T", n, n), M("T", n, n), tensor(S[i, l] * KroneckerDelta(j,
            k), (i, n), (j, n), (k, n), (l, n))),
    jac("jacobian.centring.no-mean", x - one(n, n) * x / n, x, I(n) - one(n, n)),
    hess("hessian.cubes.first", Sum(x[k, 0] ** 3, (k, 0, n - 1)), x, 3 * DiagMatrix(x)),
    hess("hessian.product.one-term", dot(a, x) * dot(y, x), x, 2 * a * y.T),
    hess("hessian.norm-fourth.dropped", sq(x) ** 2, x, 4 * sq(x) * I(n)),
    hess("hessian.barrier.power", -Sum(log(a[k, 0] - (A * w)[k, 0]), (k, 0, n - 1)), w,
        A.T * DiagMatrix(each(a - A * w, 1 / t)) * A),
    hess("hessian.barrier.sign", -Sum(log(a[k, 0] - (A * w)[k, 0]), (k, 0, n - 1)), w,
        -A.T * DiagMatrix(each(a - A * w, t**-2)) * A),
    misfit(hess("hessian.barrier.swapped", -Sum(log(a[k, 0] - (A * w)[k, 0]), (k, 0, n - 1)), w,
            A * DiagMatrix(each(a - A * w, t**-2)) * A.T)),
    hess("hessian.chain.first", sp.Function("f")(dot(a, x)), x, sp.Subs(sp.Function("f")(t).diff(t),
            t, dot(a, x)) * a * a.T),
]

# ---- arbitrary scalar functions

L, F = ScalarFunction("L"), ScalarFunction("F")
W, D, A, b, w, x, g = (
    M("W", m, h),
    M("D", m, h),
    M("A", n, m),
    M("b", 1, h),
    M("w", n, 1),
    M("x", n, 1),
    M("g", n, 1),
)
dL, dL1, dF = L.gradient(0), L.gradient(1), F.gradient(0)
TRUE += [
    grad("scalar.plain", L(W, b), W, dL(W, b)),
    grad("scalar.second", L(W, b), b, dL1(W, b)),
    grad("scalar.scaled", L(2 * W), W, 2 * dL(2 * W)),
    grad("scalar.left-factor", L(A * W), W, A.T * dL(A * W)),
    grad("scalar.right-factor", L(A * W), A, dL(A * W) * W.T),
    grad("scalar.transposed", L(W.T), W, dL(W.T).T),
    grad("scalar.masked", L(odot(W, D), b), W, odot(dL(odot(W, D), b), D)),
    grad("scalar.shared", L(x, x), x, dL(x, x) + dL1(x, x)),
    grad("scalar.shared-factor", L(S * x, x), x, S.T * dL(S * x, x) + dL1(S * x, x)),
    grad("scalar.sum", L(x + w), w, dL(x + w)),
    grad("scalar.difference", L(x - w), w, -dL(x - w)),
    grad("scalar.elementwise", L(each(x, sigma(t))), x, odot(dL(each(x, sigma(t))), each(x,
            dsigma))),
    grad("scalar.gram", L(W.T * W), W, W * (dL(W.T * W) + dL(W.T * W).T)),
    grad("scalar.square", L(S * S), S, S.T * dL(S * S) + dL(S * S) * S.T),
    grad("scalar.inverse", L(Inverse(S)), S, -Inverse(S).T * dL(Inverse(S)) * Inverse(S).T,
        Q.invertible(S)),
    grad("scalar.along-a-line", L(x + t * g), t, dot(g, dL(x + t * g))),
    grad("scalar.two", L(x) * F(x), x, L(x) * dF(x) + F(x) * dL(x)),
    grad("scalar.log", log(L(x)), x, dL(x) / L(x)),
    grad("scalar.of-scalar", F(L(x)), x, dF(L(x)) * dL(x)),
    grad("scalar.decay", L(W, b) + lam * Trace(W.T * W) / 2, W, dL(W, b) + lam * W),
    grad("scalar.batch", Sum(L(A, W), (i, 1, n)) / n, W, dL1(A, W)),
    grad("scalar.norm", L(x / sqrt(sq(x))), x,
        (I(n) - x * x.T / sq(x)) * dL(x / sqrt(sq(x))) / sqrt(sq(x))),
    grad("scalar.defined", F(g), x, S.T * dF(g), where={g: S * x}),
    grad("scalar.ensemble", (L(x) + L(-x)) / 2, x, (dL(x) - dL(-x)) / 2),
]
FALSE += [
    grad("scalar.scaled.point", L(2 * W), W, 2 * dL(W)),
    grad("scalar.scaled.factor", L(2 * W), W, dL(2 * W)),
    grad("scalar.left-factor.point", L(S * M("T", n, n)), M("T", n, n), S.T * dL(M("T", n, n))),
    misfit(grad("scalar.left-factor.untransposed", L(A * W), W, A * dL(A * W))),
    grad("scalar.left-factor.square", L(S * M("T", n, n)), M("T", n, n), S * dL(S * M("T", n, n))),
    misfit(grad("scalar.transposed.not-back", L(W.T), W, dL(W.T))),
    grad("scalar.masked.point", L(odot(W, D), b), W, odot(dL(W, b), D)),
    grad("scalar.masked.dropped", L(odot(W, D), b), W, dL(odot(W, D), b)),
    grad("scalar.shared.one", L(x, x), x, dL(x, x)),
    grad("scalar.shared.twice", L(x, x), x, 2 * dL(x, x)),
    grad("scalar.difference.sign", L(x - w), w, dL(x - w)),
    grad("scalar.elementwise.dropped", L(each(x, sigma(t))), x, dL(each(x, sigma(t)))),
    grad("scalar.gram.symmetric", L(W.T * W), W, 2 * W * dL(W.T * W)),
    grad("scalar.square.one-side", L(S * S), S, 2 * S.T * dL(S * S)),
    grad("scalar.along-a-line.point", L(x + t * g), t, dot(g, dL(x))),
    grad("scalar.two.one-term", L(x) * F(x), x, L(x) * dF(x)),
    grad("scalar.decay.no-half", L(W, b) + lam * Trace(W.T * W), W, dL(W, b) + lam * W),
    grad("scalar.ensemble.sign", (L(x) + L(-x)) / 2, x, (dL(x) + dL(-x)) / 2),
    same("scalar.linear", L(x + w), L(x) + L(w)),
    same("scalar.homogeneous", L(2 * x), 2 * L(x)),
]

# ---- inequalities

s, o = softmax(M("o", 1, c)), M("o", 1, c)
X, x, y, w = M("X", n, m), M("x", n, 1), M("y", n, 1), M("w", m, 1)
S1 = 1 / (1 + exp(-t))
mean = Sum(x[i, 0], (i, 0, n - 1)) / n
TRUE += [
    at_most("bound.softmax", ZeroMatrix(1, c), s),
    at_most("bound.softmax-one", s, one(1, c)),
    at_most("bound.sum-of-squares", 0, sq(x)),
    at_most("bound.variance", 0, Sum((x[i, 0] - mean) ** 2, (i, 0, n - 1)) / n),
    at_most("bound.least-squares", 0, sq(X * w - M("y", n, 1))),
    at_most("bound.product", 2 * u * v, u**2 + v**2),
    at_most("bound.young", u * v, eps * u**2 / 2 + v**2 / (2 * eps)),
    at_most("bound.sigmoid", S1, 1),
    at_most("bound.sigmoid-below", 0, S1),
    at_most("bound.sigmoid-slope", S1 * (1 - S1), Rational(1, 4)),
    at_most("bound.relu", 0, Max(0, t)),
    at_most("bound.relu-above", t, Max(0, t)),
    at_most("bound.abs", t, sp.Abs(t)),
    at_most("bound.softplus", Max(0, t), log(1 + exp(t))),
    at_most("bound.lorentz", 1 / (1 + t**2), 1),
    at_most("bound.gaussian", exp(-(t**2)), 1),
    at_most("bound.tanh", tanh(t), 1),
    at_most("bound.tanh-below", -1, tanh(t)),
    at_most("bound.tangent", 1 + t, exp(t)),
    at_most("bound.log", log(t), t - 1, t > 0),
    at_most("bound.cauchy-schwarz", dot(x, y) ** 2, sq(x) * sq(y)),
    at_most("bound.jensen", mean**2, Sum(x[i, 0] ** 2, (i, 0, n - 1)) / n),
    at_most("bound.logsumexp", o[0, l], logsumexp(o)[0, 0]),
    at_most("bound.max", u, Max(u, v)),
    at_most("bound.min", Min(u, v), v),
    at_most("bound.triangle", sp.Abs(u + v), sp.Abs(u) + sp.Abs(v)),
    at_most("bound.means", sqrt(u * v), (u + v) / 2, u >= 0, v >= 0),
    at_most("bound.entropy", 0, -Sum(s[0, j] * log(s[0, j]), (j, 0, c - 1))),
    at_most("bound.cross-entropy", 0, logsumexp(o)[0, 0] - o[0, l]),
    at_most("bound.given", u, v + 1, u <= v),
    at_most("bound.one-entry", x[k, 0] ** 2, sq(x)),
    at_most("bound.hinge", 0, Sum(Max(0, 1 - y[i, 0] * x[i, 0]), (i, 0, n - 1))),
    at_most("bound.ridge", sq(x), sq(x) + eps * sq(w)),
    at_most("bound.mask", HadamardPower(odot(M("D", n, 1), x), 2), HadamardPower(x, 2),
        Eq(odot(M("D", n, 1), M("D", n, 1)), M("D", n, 1))),
]
FALSE += [
    at_most("bound.softmax.half", s, one(1, c) / 2),
    at_most("bound.logits", ZeroMatrix(1, c), o),
    at_most("bound.product.no-half", 4 * u * v, u**2 + v**2),
    at_most("bound.sigmoid.half", S1, Rational(1, 2)),
    at_most("bound.sigmoid-slope.eighth", S1 * (1 - S1), Rational(1, 8)),
    at_most("bound.relu.below", Max(0, t), t),
    at_most("bound.square", t, t**2),
    at_most("bound.swish", 0, t * S1),
    at_most("bound.tanh.identity", tanh(t), t),
    at_most("bound.log.not-shifted", t - 1, log(t), t > 0),
    at_most("bound.cauchy-schwarz.reversed", sq(x) * sq(y), dot(x, y) ** 2),
    at_most("bound.jensen.reversed", Sum(x[i, 0] ** 2, (i, 0, n - 1)) / n, mean**2),
    at_most("bound.logsumexp.reversed", logsumexp(o)[0, 0], o[0, l]),
    at_most("bound.triangle.reversed", sp.Abs(u) + sp.Abs(v), sp.Abs(u + v)),
    at_most("bound.norms", Sum(sp.Abs(x[i, 0]), (i, 0, n - 1)), sqrt(sq(x))),
    at_most("bound.indefinite", 0, dot(x, M("S", n, n) * x)),
    at_most("bound.mean", mean, x[k, 0]),
    misfit(at_most("bound.unequal", x, w)),
    at_most("bound.not-given", u, v + 1),
    at_most("bound.log-likelihood", 0, log(S1)),
    at_most("bound.constant", 2, 1),
]

# ---- shapes

A, X, b, x, row, Q_ = (
    M("A", n, m),
    M("X", m, h),
    M("b", 1, h),
    M("x", n, 1),
    M("r", 1, n),
    M("Q", n, n),
)
TRUE += [
    shape("shape.product", A * X, n, h),
    shape("shape.bias", A * X + b, n, h),
    shape("shape.column-bias", A * X + x, n, h),
    shape("shape.outer", x * b, n, h),
    shape("shape.scalar", dot(x, Q_ * x)),
    shape("shape.one-by-one", x.T * Q_ * x, 1, 1),
    shape("shape.transposed", (A * X).T, h, n),
    shape("shape.row-plus-column", x + b, n, h),
    shape("shape.kronecker", KroneckerProduct(A, X), n * m, m * h),
    shape("shape.diagonal", DiagMatrix(x) * A, n, m),
    shape("shape.inverse", X * Inverse(X.T * X) * X.T, m, m),
    shape("shape.stacked", sp.BlockMatrix([[A], [M("B", d, m)]]), n + d, m),
    shape("shape.side-by-side", sp.BlockMatrix([[A, M("B", n, d)]]), n, m + d),
    shape("shape.concatenated-layer", sp.BlockMatrix([[A, M("B", n, d)]]) * M("W", m + d, h), n, h),
    shape("shape.entry", (A * X)[i, j]),
    shape("shape.softmax", softmax(A * X + b), n, h),
    shape("shape.tensor", tensor(A[i, j] * X[j, k], (i, n), (j, m), (k, h)), n, m, h),
    shape("shape.trace", Trace(A * A.T)),
    shape("shape.defined", M("H", n, h) * M("W", h, c), n, c, where={M("H", n, h): A * X}),
]
FALSE += [
    misfit(shape("shape.product.swapped", X * A, m, m)),
    misfit(shape("shape.product.order", A * X, h, n)),
    misfit(shape("shape.bias.length", A * X + M("b2", 1, m), n, h)),
    misfit(shape("shape.outer.inner", b * x, n, h)),
    misfit(shape("shape.not-scalar", x.T * Q_)),
    misfit(shape("shape.sum-of-transposes", A + A.T, n, m)),
    misfit(shape("shape.trace-of-product", Trace(A * X))),
    misfit(shape("shape.inverse-of-rectangle", Inverse(A.T * A) * A, m, m)),
    misfit(shape("shape.kronecker.sum", KroneckerProduct(A, X), n + m, m + h)),
    misfit(shape("shape.stacked.columns", sp.BlockMatrix([[A], [M("B", d, m)]]), n, m + d)),
    misfit(shape("shape.hadamard", odot(A, X.T), n, m)),
    misfit(shape("shape.quadratic", x.T * A * x, 1, 1)),
    misfit(shape("shape.exponent", sqrt(Trace(A * X.T)))),
]

# ---- givens, domains, powers, products

a, b, p = symbols("a b p", real=True)
x, y, D, Z = M("x", n, 1), M("y", 1, c), M("D", n, m), M("Z", n, m)
power_sum = Sum(sp.Abs(ix[i]) ** p, (i, 0, n - 1))
TRUE += [
    same("given.sum", Sum(ix[i] * 3, (i, 0, n - 1)), 3, Eq(Sum(ix[i], (i, 0, n - 1)), 1)),
    same("given.weighted-mean", Sum(ig[i] * (ix[i] - u), (i, 0, n - 1)), 0, Eq(Sum(ig[i] * ix[i],
            (i, 0, n - 1)), u), Eq(Sum(ig[i], (i, 0, n - 1)), 1)),
    same("given.mask", odot(D, D, Z), odot(D, Z), Eq(odot(D, D), D)),
    same("given.circle", (a**2 + b**2) ** 2, 1, Eq(a**2 + b**2, 1)),
    same("given.linear", 2 * a + 2 * b, 6, Eq(a + b, 3)),
    same("given.unit", sq(x + M("w", n, 1)), 2 + 2 * dot(x, M("w", n, 1)), Eq(sq(x), 1),
        Eq(sq(M("w", n, 1)), 1)),
    same("given.commute", (S + M("T", n, n)) ** 2, S**2 + 2 * S * M("T", n, n) + M("T", n, n) ** 2,
        Eq(S * M("T", n, n), M("T", n, n) * S)),
    same("given.idempotent", (I(n) - S) * (I(n) - S), I(n) - S, Eq(S * S, S)),
    same("given.bayes", a * b / p, u, Eq(u * p, a * b)),
    same("domain.log-product", log(a * b), log(a) + log(b), a > 0, b > 0),
    same("domain.log-power", log(a**p), p * log(a), a > 0),
    same("domain.log-square", log(a**2), 2 * log(sp.Abs(a))),
    same("domain.sqrt-square", sqrt(a**2), sp.Abs(a)),
    same("domain.sqrt-product", sqrt(a * b), sqrt(a) * sqrt(b), a >= 0, b >= 0),
    same("domain.exp-log", exp(log(a)), a, a > 0),
    same("domain.log-exp", log(exp(a)), a),
    same("domain.cancel", (a**2 - b**2) / (a - b), a + b, sp.Ne(a, b)),
    same("domain.reciprocal", 1 / a + 1 / b, (a + b) / (a * b)),
    same("power.sum", a**p * a**u, a ** (p + u), a > 0),
    same("power.of-product", (a * b) ** p, a**p * b**p, a > 0, b > 0),
    same("power.of-power", (a**p) ** u, a ** (p * u), a > 0),
    same("power.exp", exp(p * log(a)), a**p, a > 0),
    grad("power.norm", power_sum ** (1 / p), ix[l],
        power_sum ** (1 / p - 1) * sp.Abs(ix[l]) ** (p - 1) * sp.sign(ix[l]), p > 1),
    grad("power.sum-of-powers", power_sum, ix[l], p * sp.Abs(ix[l]) ** (p - 1) * sp.sign(ix[l]),
        p > 1),
    grad("power.tempered", Sum(exp(ix[i]) ** (1 / tau), (i, 0, n - 1)), ix[l],
        exp(ix[l] / tau) / tau),
    grad("product.quotient", Product(ix[i], (i, 0, n - 1)), ix[l], Product(ix[i], (i, 0,
            n - 1)) / ix[l], sp.Ne(ix[l], 0)),
    grad("product.log", log(Product(exp(ix[i]), (i, 0, n - 1))), ix[l], 1),
    same("product.constant", Product(a, (i, 1, n)), a**n),
    same("product.exponential", Product(exp(ix[i]), (i, 0, n - 1)), exp(Sum(ix[i], (i, 0, n - 1)))),
    same("product.distributes", Product(ix[i] * ig[i], (i, 0, n - 1)), Product(ix[i], (i, 0,
            n - 1)) * Product(ig[i], (i, 0, n - 1))),
    same("product.squares", Product(ix[i] ** 2, (i, 0, n - 1)), Product(ix[i], (i, 0, n - 1)) ** 2),
    grad("log-derivative", log(sp.Function("f")(t)), t,
        sp.Function("f")(t).diff(t) / sp.Function("f")(t)),
    same("log-derivative.trick", sp.Function("f")(t) * log(sp.Function("f")(t)).diff(t),
        sp.Function("f")(t).diff(t), sp.Function("f")(t) > 0),
    grad("quotient-rule", sigma(t) / phi(t), t,
        (sigma(t).diff(t) * phi(t) - sigma(t) * phi(t).diff(t)) / phi(t) ** 2),
    grad("exponential-family", log(Sum(exp(u * ix[i]), (i, 0, n - 1))), u,
        Sum(ix[i] * exp(u * ix[i]), (i, 0, n - 1)) / Sum(exp(u * ix[i]), (i, 0, n - 1))),
]
FALSE += [
    same("given.sum.not-given", Sum(ix[i] * 3, (i, 0, n - 1)), 3),
    same("given.mask.not-given", odot(D, D, Z), odot(D, Z)),
    same("given.weighted-mean.one-given", Sum(ig[i] * (ix[i] - u), (i, 0, n - 1)), 0,
        Eq(Sum(ig[i] * ix[i], (i, 0, n - 1)), u)),
    same("given.circle.wrong", a + b, 1, Eq(a**2 + b**2, 1)),
    same("given.linear.wrong", a - b, 3, Eq(a + b, 3)),
    same("given.commute.not-given", (S + M("T", n, n)) ** 2, S**2 + 2 * S * M("T", n, n) + M("T", n,
            n) ** 2),
    same("given.idempotent.not-given", (I(n) - S) * (I(n) - S), I(n) - S),
    same("domain.log-sum", log(a + b), log(a) + log(b), a > 0, b > 0),
    same("domain.sqrt-square.sign", sqrt(a**2), a),
    same("domain.sqrt-sum", sqrt(a + b), sqrt(a) + sqrt(b), a >= 0, b >= 0),
    same("domain.cancel.sign", (a**2 - b**2) / (a - b), a - b, sp.Ne(a, b)),
    same("domain.reciprocal.mediant", 1 / a + 1 / b, 1 / (a + b)),
    same("power.sum.product", a**p * a**u, a ** (p * u), a > 0),
    same("power.of-sum", (a + b) ** p, a**p + b**p, a > 0, b > 0),
    grad("power.norm.no-outer", power_sum ** (1 / p), ix[l],
        sp.Abs(ix[l]) ** (p - 1) * sp.sign(ix[l]), p > 1),
    grad("power.sum-of-powers.no-sign", power_sum, ix[l], p * sp.Abs(ix[l]) ** (p - 1), p > 1),
    grad("power.sum-of-powers.not-lowered", power_sum, ix[l], p * sp.Abs(ix[l]) ** p, p > 1),
    grad("product.whole", Product(ix[i], (i, 0, n - 1)), ix[l], Product(ix[i], (i, 0, n - 1))),
    grad("product.ones", Product(ix[i], (i, 0, n - 1)), ix[l], 1),
    same("product.constant.linear", Product(a, (i, 1, n)), n * a),
    same("product.of-sum", Product(ix[i] + ig[i], (i, 0, n - 1)), Product(ix[i], (i, 0,
            n - 1)) + Product(ig[i], (i, 0, n - 1))),
    grad("log-derivative.dropped", log(sp.Function("f")(t)), t, 1 / sp.Function("f")(t)),
    grad("quotient-rule.sign", sigma(t) / phi(t), t,
        (sigma(t).diff(t) * phi(t) + sigma(t) * phi(t).diff(t)) / phi(t) ** 2),
    grad("quotient-rule.first-power", sigma(t) / phi(t), t,
        (sigma(t).diff(t) * phi(t) - sigma(t) * phi(t).diff(t)) / phi(t)),
    same("range.empty", Sum(1, (i, 0, n - 3)), n - 2),
]

# ---- identities of scalar functions

sin, cos, sinh, cosh = sp.sin, sp.cos, sp.sinh, sp.cosh
plus, minus = 1 / (1 + exp(-t)), 1 / (1 + exp(t))
TRUE += [
    same("sigmoid.reflected", minus, 1 - plus),
    same("sigmoid.of-tanh", tanh(t), 2 / (1 + exp(-2 * t)) - 1),
    same("sigmoid.from-tanh", plus, (1 + tanh(t / 2)) / 2),
    same("sigmoid.log", log(plus), -log(1 + exp(-t))),
    same("sigmoid.log-shifted", log(plus), t - log(1 + exp(t))),
    same("sigmoid.ratio", plus, exp(t) / (1 + exp(t))),
    same("softplus.reflected", log(1 + exp(t)) - log(1 + exp(-t)), t),
    same("softplus.stable", log(1 + exp(t)), Max(0, t) + log(1 + exp(-sp.Abs(t)))),
    same("hyperbolic", cosh(t) ** 2 - sinh(t) ** 2, 1),
    same("hyperbolic.double", sinh(2 * t), 2 * sinh(t) * cosh(t)),
    same("hyperbolic.exponential", cosh(t) + sinh(t), exp(t)),
    same("hyperbolic.sum", cosh(u + v), cosh(u) * cosh(v) + sinh(u) * sinh(v)),
    same("hyperbolic.tanh-sum", tanh(u + v), (tanh(u) + tanh(v)) / (1 + tanh(u) * tanh(v))),
    same("circle", sin(t) ** 2 + cos(t) ** 2, 1),
    same("circle.double-sine", sin(2 * t), 2 * sin(t) * cos(t)),
    same("circle.double-cosine", cos(2 * t), 1 - 2 * sin(t) ** 2),
    same("circle.sum", cos(u + v), cos(u) * cos(v) - sin(u) * sin(v)),
    same("circle.tangent", sp.tan(t) ** 2 + 1, 1 / cos(t) ** 2),
    same("circle.odd", sin(-t), -sin(t)),
    grad("circle.sine", sin(lam * t), t, lam * cos(lam * t)),
    grad("circle.tangent-slope", sp.tan(t), t, 1 + sp.tan(t) ** 2),
    grad("circle.arcsine", sp.asin(t), t, 1 / sqrt(1 - t**2), t > -1, t < 1),
    grad("circle.rotation", cos(t) * u - sin(t) * v, t, -sin(t) * u - cos(t) * v),
    grad("error-function", sp.erf(t), t, 2 * exp(-(t**2)) / sqrt(sp.pi)),
    same("error-function.odd", sp.erf(-t), -sp.erf(t)),
    same("max.abs", Max(u, v), (u + v + sp.Abs(u - v)) / 2),
    same("max.plus-min", Max(u, v) + Min(u, v), u + v),
    same("max.times-min", Max(u, v) * Min(u, v), u * v),
    same("max.of-negatives", -Max(u, v), Min(-u, -v)),
    same("abs.max", sp.Abs(t), Max(t, -t)),
    same("abs.product", sp.Abs(u * v), sp.Abs(u) * sp.Abs(v)),
    same("abs.square", sp.Abs(t) ** 2, t**2),
    same("abs.sign", sp.sign(t) * sp.Abs(t), t),
    same("abs.piecewise", sp.Abs(t), Piecewise((t, t >= 0), (-t, True))),
    same("relu.difference", Max(0, t) - Max(0, -t), t),
    same("relu.sum", Max(0, t) + Max(0, -t), sp.Abs(t)),
    same("relu.gate", Max(0, t), t * Piecewise((1, t > 0), (0, True))),
    same("relu.homogeneous", Max(0, tau * t), tau * Max(0, t)),
    same("relu.idempotent", Max(0, Max(0, t)), Max(0, t)),
    same("leaky-relu.split", Piecewise((t, t > 0), (lam * t, True)), Max(0, t) - lam * Max(0, -t)),
    same("cube", u**3 - v**3, (u - v) * (u**2 + u * v + v**2)),
    same("completing-the-square", u**2 + 2 * u * v, (u + v) ** 2 - v**2),
    grad("max-over", (top := max_over(ix[k], (k, 0, n - 1))), ix[l], Piecewise((1, Eq(ix[l], top)),
            (0, True))),
    same("max-over.shift", max_over(ix[k] + u, (k, 0, n - 1)), top + u),
    at_most("max-over.bound", ix[l], top),
]
FALSE += [
    same("sigmoid.reflected.odd", minus, -plus),
    same("sigmoid.of-tanh.no-2", tanh(t), 2 / (1 + exp(-t)) - 1),
    same("sigmoid.log.sign", log(plus), log(1 + exp(-t))),
    same("sigmoid.ratio.inverted", plus, 1 / (1 + exp(t))),
    same("softplus.reflected.sum", log(1 + exp(t)) + log(1 + exp(-t)), t),
    same("hyperbolic.sign", cosh(t) ** 2 + sinh(t) ** 2, 1),
    same("hyperbolic.sum.sign", cosh(u + v), cosh(u) * cosh(v) - sinh(u) * sinh(v)),
    same("circle.sign", sin(t) ** 2 - cos(t) ** 2, 1),
    same("circle.double-sine.no-2", sin(2 * t), sin(t) * cos(t)),
    same("circle.sum.sign", cos(u + v), cos(u) * cos(v) + sin(u) * sin(v)),
    same("circle.arcsine-of-sine", sp.asin(sin(t)), t),
    grad("circle.cosine.sign", cos(t), t, sin(t)),
    grad("circle.sine.inner", sin(lam * t), t, cos(lam * t)),
    grad("error-function.scale", sp.erf(t), t, exp(-(t**2)) / sqrt(sp.pi)),
    same("max.abs.sign", Max(u, v), (u + v - sp.Abs(u - v)) / 2),
    same("max.of-sums", Max(u, v) + Max(a, b), Max(u + a, v + b)),
    same("abs.sum", sp.Abs(u + v), sp.Abs(u) + sp.Abs(v)),
    same("abs.sign.square", sp.sign(t) ** 2, 1),
    same("relu.difference.abs", Max(0, t) - Max(0, -t), sp.Abs(t)),
    same("relu.homogeneous.signed", Max(0, u * t), u * Max(0, t)),
    same("relu.additive", Max(0, u + v), Max(0, u) + Max(0, v)),
    same("cube.sign", u**3 + v**3, (u + v) * (u**2 + u * v + v**2)),
    grad("max-over.all", top, ix[l], 1),
    same("max-over.sum", max_over(ix[k] + ig[k], (k, 0, n - 1)), top + max_over(ig[k], (k, 0,
            n - 1))),
]

# ---- what a given, a definition or a name must not do

x, y, A, X = M("x", n, 1), M("y", n, 1), M("A", n, m), M("X", m, h)
W, S = M("W", n, m), M("S", n, n)
D, Z, b, G, g = M("D", n, m), M("Z", n, m), M("b", 1, h), M("G", n, h), M("g", n, 1)
w, label, ell = M("w", m, 1), M("y", n, 1), Symbol("ell", real=True)
ones_form = Sum(S[i, j], (i, 0, n - 1), (j, 0, n - 1))
TRUE += [
    grad("points.sum", Sum(ix[i], (i, 0, n - 1)) ** 2, ix[l], 2, Eq(Sum(ix[i], (i, 0, n - 1)), 1)),
    grad("points.orthogonal", Trace(S.T * S), S, 2 * S, Q.orthogonal(S)),
    grad("points.stiefel", Trace(W.T * W), W, 2 * W, Eq(W.T * W, I(m))),
    grad("points.mask", total(odot(D, D, Z)), D, 2 * odot(D, Z), Eq(odot(D, D), D)),
    grad("points.diagonal", ones_form, S, one(n, n), Q.diagonal(S)),
    grad("points.equal", sq(x - y), x, ZeroMatrix(n, 1), Eq(x, y)),
    grad("points.equal-dot", dot(x, y), x, x, Eq(x, y)),
    grad("points.scalar", u * v, u, u, Eq(u, v)),
    grad("points.symmetric", Trace(S * S), S, 2 * S, Q.symmetric(S)),
    grad("points.symmetric-linear", Trace(M("T", n, n) * S), S,
        (M("T", n, n) + M("T", n, n).T) / 2, Q.symmetric(S)),
    grad("points.unit", sq(x) ** 2, x, 4 * x, Eq(sq(x), 1)),
    grad("points.inverse", log(Determinant(S)), S, S, Q.orthogonal(S), Q.positive(Determinant(S))),
    grad("cut.own-definition", ell * t, ell, t, where={ell: t**2}),
    grad("cut.whole", ell * t, t, 3 * t**2, where={ell: t**2}),
    grad("cut.intermediate", sq(g), x, 2 * S.T * g, where={g: S * x}),
    grad("names.free-and-bound", Sum(ix[i] ** 2, (i, 0, n - 1)), ix[i], 2 * ix[i]),
    grad("names.shadowed", Sum(ig[j] * Sum(ix[i], (i, 0, j)), (j, 0, n - 1)), ix[i],
        Sum(ig[j], (j, i, n - 1))),
    same("names.nested", Sum(Sum(ix[i], (i, 0, i)), (i, 0, n - 1)),
        Sum(Sum(ix[j], (j, 0, i)), (i, 0, n - 1))),
    back("broadcast.row", A * X + b, b, G, one(1, n) * G),
    back("broadcast.column", A * X + x, x, G, G * one(h, 1)),
    back("broadcast.scalar", A * X + t * one(n, h), t, G, total(G)),
    grad("kink.max-of-both", Max(t, -t), t, sp.sign(t)),
    grad("kink.abs-squared", sp.Abs(t) ** 2, t, 2 * t),
    grad("kink.abs-cubed", sp.Abs(t) ** 3, t, 3 * t * sp.Abs(t)),
    grad("kink.step", Piecewise((0, t < 0), (1, True)), t, 0),
    grad("kink.sign", sp.sign(t), t, 0),
    same("range.empty.given", Sum(1, (i, 0, n - 3)), n - 2, n >= 2),
]
FALSE += [
    grad("points.sum.constrained", Sum(ix[i], (i, 0, n - 1)) ** 2, ix[l], 0,
        Eq(Sum(ix[i], (i, 0, n - 1)), 1)),
    grad("points.orthogonal.constrained", Trace(S.T * S), S, ZeroMatrix(n, n), Q.orthogonal(S)),
    grad("points.stiefel.constrained", Trace(W.T * W), W, ZeroMatrix(n, m), Eq(W.T * W, I(m))),
    grad("points.mask.simplified-first", total(odot(D, D, Z)), D, Z, Eq(odot(D, D), D)),
    grad("points.diagonal.constrained", ones_form, S, I(n), Q.diagonal(S)),
    grad("points.equal-dot.substituted", dot(x, y), x, 2 * x, Eq(x, y)),
    grad("points.scalar.substituted", u * v, u, 2 * u, Eq(u, v)),
    grad("points.symmetric-linear.unconstrained", Trace(M("T", n, n) * S), S, M("T", n, n),
        Q.symmetric(S)),
    grad("points.unit.constrained", sq(x) ** 2, x, ZeroMatrix(n, 1), Eq(sq(x), 1)),
    grad("cut.own-definition.whole", ell * t, ell, 3 * t**2, where={ell: t**2}),
    grad("cut.whole.cut", ell * t, t, ell, where={ell: t**2}),
    grad("cut.intermediate.stopped", sq(g), x, 2 * g, where={g: S * x}),
    grad("names.free-and-bound.range", Sum(ix[i] ** 2, (i, 1, n - 1)), ix[i], 2 * ix[i]),
    same("names.free-is-no-size", Sum(ix[i], (i, 0, n - 1)) + KroneckerDelta(i, 0),
        Sum(ix[i], (i, 0, n - 1))),
    same("names.shadowed-sum", Sum(ix[i], (i, 1, n - 1))
        + ix[i] * Piecewise((1, i >= 1), (0, True)), Sum(ix[i], (i, 1, n - 1)) + ix[i]),
    misfit(back("broadcast.row.unsummed", A * X + b, b, G, G)),
    back("broadcast.column.mean", A * X + x, x, G, G * one(h, 1) / h),
    misfit(same("function.of-two-shapes", L(x), L(x.T))),
    misfit(grad("function.transposed-argument", L(x.T), x, L.gradient(0)(x))),
    grad("kink.abs-cubed.sign", sp.Abs(t) ** 3, t, 3 * t**2),
    grad("least-squares.one-sample-less", Sum((A * w - label)[i, 0] ** 2, (i, 0, n - 2)) / 2, w,
        A.T * (A * w - label)),
    grad("hadamard.one-column-less", Sum(A[i, j] ** 2, (i, 0, n - 1), (j, 0, m - 2)), A, 2 * A),
    # These read an entry that the array does not have.
    misfit(grad("outside.one-more", Sum((x[i, 0] - y[i, 0]) ** 2, (i, 0, n)), y, 2 * (y - x))),
    misfit(same("outside.split", Sum(ix[i], (i, 0, n - 1)), ix[0] + Sum(ix[i], (i, 1, n)))),
    misfit(same("outside.frobenius", Trace(A.T * A), Sum(A[i, j] ** 2, (i, 1, n), (j, 1, m)))),
    misfit(grad("outside.next", Sum(ix[i] * ix[i + 1], (i, 0, n - 1)), ix[l],
        ix[l - 1] + ix[l + 1])),
    grad("outside.before", Sum((ix[i + 1] - ix[i]) ** 2, (i, 0, n - 2)), ix[l],
        2 * (2 * ix[l] - ix[l - 1] - ix[l + 1])),
]

# ---- bounds, inverses and products, once more: what looks like the rule and is not

x, y, g, A, B = M("x", n, 1), M("y", n, 1), M("g", n, 1), M("A", n, m), M("B", n, m)
S, T, K, w, X = M("S", n, n), M("T", n, n), M("K", m, n), M("w", m, 1), M("X", n, m)
Sx, Sg = Sum(ix[i], (i, 0, n - 1)), Sum(ig[i], (i, 0, n - 1))
definite, lse = Q.positive_definite(S), logsumexp(o)[0, 0]
TRUE += [
    at_most("sign.square-of-sum", 0, Sum(ix[i] * ix[j], (i, 0, n - 1), (j, 0, n - 1))),
    at_most("sign.fourth-powers", 0, Sum(ix[i] ** 4, (i, 0, n - 1))),
    at_most("sign.sum-squared", Sx**2, n * Sum(ix[i] ** 2, (i, 0, n - 1))),
    at_most("sign.symmetric-square", 0, dot(x, S * S * x), Q.symmetric(S)),
    at_most("sign.gram-trace", 0, Trace(A.T * A)),
    at_most("sign.definite-inverse", 0, dot(x, Inverse(S) * x), definite, Q.symmetric(S)),
    at_most("sign.definite-diagonal", 0, S[i, i], definite),
    at_most("sign.definite-congruence", 0, dot(w, A.T * S * A * w), definite),
    at_most("sign.relu-product", 0, Max(0, u) * Max(0, v)),
    at_most("sign.weighted-hinge", 0, Sum(ig[i] ** 2 * Max(0, ix[i]), (i, 0, n - 1))),
    at_most("order.exp", exp(u), exp(v), u <= v),
    at_most("order.reciprocal", 1 / v, 1 / u, u <= v, u > 0),
    at_most("order.product", u * t, v * t, u <= v, t >= 0),
    at_most("order.square", u**2, v**2, u <= v, u >= 0),
    at_most("order.min-max", Min(u, v), Max(u, v)),
    at_most("order.max-abs", Max(u, v), sp.Abs(u) + sp.Abs(v)),
    at_most("order.abs-difference", sp.Abs(u) - sp.Abs(v), sp.Abs(u - v)),
    at_most("order.cosine", cos(t), 1),
    at_most("order.cosh", 1, cosh(t)),
    at_most("order.error-function", sp.erf(t), 1),
    at_most("order.root", 1, sqrt(1 + t**2)),
    at_most("order.fraction", t / (1 + t**2), Rational(1, 2)),
    at_most("order.cube", 0, t**3, t >= 0),
    at_most("order.logsumexp-shifted", o[0, l] - exp(u), lse),
    same("order.between", u, v, u <= v, v <= u),
    same("det.transposed", Determinant(S.T), Determinant(S)),
    same("det.similar", Determinant(S * T * Inverse(S)), Determinant(T), Q.invertible(S)),
    same("det.of-inverse", Determinant(Inverse(S)), 1 / Determinant(S), Q.invertible(S)),
    same("det.orthogonal", Determinant(S) ** 2, 1, Q.orthogonal(S)),
    same("det.power", Determinant(S**3), Determinant(S) ** 3),
    same("inverse.scaled", Inverse(2 * S), Inverse(S) / 2, Q.invertible(S)),
    same("inverse.gram", Inverse(S.T * S), Inverse(S) * Inverse(S).T, Q.invertible(S)),
    same("inverse.involution", Inverse(S), S, Eq(S * S, I(n))),
    same("inverse.given", Inverse(S), T, Eq(S * T, I(n))),
    same("inverse.rank-one", Inverse(I(n) + x * y.T), I(n) - x * y.T / (1 + dot(y, x)),
        Q.invertible(I(n) + x * y.T), sp.Ne(1 + dot(y, x), 0)),
    same("inverse.ridge", Inverse(X.T * X + eps * I(m)) * X.T, X.T * Inverse(X * X.T + eps * I(n))),
    same("product.power", Product(a, (i, 0, n - 1)), a**n),
    same("product.power-more", Product(a, (i, 0, n)), a ** (n + 1)),
    same("product.scaled", Product(a * ix[i], (i, 0, n - 1)), a**n * Product(ix[i], (i, 0, n - 1))),
    same("product.logarithm", log(Product(ix[i], (i, 0, n - 1))),
        Sum(log(ix[i]), (i, 0, n - 1)), ix[i] > 0),
    same("max-over.scaled", max_over(tau * ix[k], (k, 0, n - 1)), tau * top),
    at_most("max-over.sum-of-abs", top, Sum(sp.Abs(ix[k]), (k, 0, n - 1))),
]
FALSE += [
    at_most("sign.mirrored", 0, Sum(ix[i] * ix[n - 1 - i], (i, 0, n - 1))),
    at_most("sign.trace-square", 0, Trace(S * S)),
    at_most("sign.index-square", 0, Sum(ia[i, j] * ia[j, i], (i, 0, n - 1), (j, 0, n - 1))),
    at_most("sign.rows-times-columns", 0, Sum(
        Sum(ia[i, j], (j, 0, n - 1)) * Sum(ia[k, i], (k, 0, n - 1)), (i, 0, n - 1))),
    at_most("sign.two-sums", 0, Sx * Sg),
    at_most("sign.neighbours", 0, Sum(ix[i] * ix[j], (j, 0, i - 1), (i, 0, n - 1))),
    at_most("sign.cubes", 0, Sum(ix[i] ** 3, (i, 0, n - 1))),
    at_most("sign.sum-squared.no-n", Sx**2, Sum(ix[i] ** 2, (i, 0, n - 1))),
    at_most("sign.square-of-matrix", 0, dot(x, S * S * x)),
    at_most("sign.two-grams", 0, dot(w, A.T * B * w)),
    at_most("sign.two-vectors", 0, dot(x, S * y), definite),
    at_most("sign.definite-entry", 0, S[i, j], definite, Q.symmetric(S)),
    at_most("sign.definite-shifted", 0, dot(x, (S - I(n)) * x), definite, Q.symmetric(S)),
    at_most("sign.two-definite", 0, dot(x, S * T * x), definite, Q.positive_definite(T),
        Q.symmetric(S), Q.symmetric(T)),
    at_most("sign.norm-kept", sq(w), sq(A * w)),
    at_most("sign.weighted-hinge.signed", 0, Sum(ig[i] * Max(0, ix[i]), (i, 0, n - 1))),
    at_most("sign.relu-signed", 0, Max(0, u) * v),
    at_most("sign.max", 0, Max(u, v)),
    at_most("sign.reciprocal", 0, 1 / t),
    at_most("order.exp.negated", exp(-u), exp(-v), u <= v),
    at_most("order.reciprocal.signs", 1 / v, 1 / u, u <= v),
    at_most("order.product.signs", u * t, v * t, u <= v),
    at_most("order.square.signs", u**2, v**2, u <= v),
    at_most("order.abs", sp.Abs(u), sp.Abs(v), u <= v),
    at_most("order.strict", v, u, u < v),
    at_most("order.abs-difference.reversed", sp.Abs(u - v), sp.Abs(u) - sp.Abs(v)),
    at_most("order.max-sum", Max(u, v), u + v),
    at_most("order.gaussian.grows", exp(t**2), 1),
    at_most("order.decay", exp(-t), 1),
    at_most("order.tangent.reversed", exp(t), 1 + t),
    at_most("order.taylor", 1 + t + t**2 / 2, exp(t)),
    at_most("order.logarithm", log(t), t / 3, t > 0),
    at_most("order.softplus", log(1 + exp(t)), Max(0, t) + Rational(1, 2)),
    at_most("order.logsumexp-positive", 0, lse),
    at_most("order.logsumexp-margin", o[0, l] + Rational(1, 10), lse),
    at_most("order.softmax-mean", s, one(1, c) / c),
    at_most("order.cosine.half", cos(t), Rational(1, 2)),
    at_most("order.sine-cosine", sin(t), cos(t)),
    at_most("order.cosh.reversed", cosh(t), 1),
    at_most("order.fraction.third", t / (1 + t**2), Rational(1, 3)),
    at_most("order.hyperbola", 1 / (1 + t), 1),
    at_most("order.norms", sqrt(u**2 + v**2), u + v),
    same("order.not-between", u, v, u <= v),
    same("det.rectangular", Determinant(A * K), Determinant(K * A)),
    misfit(same("det.of-rectangles", Determinant(A * K), Determinant(A) * Determinant(K))),
    same("det.negated", Determinant(-S), -Determinant(S)),
    same("det.orthogonal.sign", Determinant(S), 1, Q.orthogonal(S)),
    same("det.similar.both", Determinant(S * T * Inverse(S)), Determinant(S), Q.invertible(S)),
    same("det.of-inverse.kept", Determinant(Inverse(S)), Determinant(S), Q.invertible(S)),
    same("inverse.scaled.kept", Inverse(2 * S), 2 * Inverse(S), Q.invertible(S)),
    same("inverse.gram.order", Inverse(S.T * S), Inverse(S).T * Inverse(S), Q.invertible(S)),
    misfit(same("inverse.of-rectangles", Inverse(X.T * X), Inverse(X) * Inverse(X.T))),
    same("inverse.involution.fourth", Inverse(S), S, Eq(S**4, I(n))),
    same("inverse.given.transposed", Inverse(S), T.T, Eq(S * T, I(n))),
    same("inverse.rank-one.sign", Inverse(I(n) + x * y.T), I(n) + x * y.T / (1 + dot(y, x)),
        Q.invertible(I(n) + x * y.T), sp.Ne(1 + dot(y, x), 0)),
    misfit(same("inverse.ridge.size", Inverse(X.T * X + eps * I(n)) * X.T,
        X.T * Inverse(X * X.T + eps * I(n)))),
    same("inverse.push-through.order", Inverse(I(n) + S * T) * S, S * Inverse(I(n) + S * T),
        Q.invertible(I(n) + S * T)),
    same("product.power.range", Product(a, (i, 0, n)), a**n),
    same("product.power.empty", Product(a, (i, 0, n - 3)), a ** (n - 2), a > 0),
    same("product.scaled.once", Product(a * ix[i], (i, 0, n - 1)),
        a * Product(ix[i], (i, 0, n - 1))),
    same("product.logarithm.outside", log(Product(exp(ix[i]), (i, 0, n - 1))),
        Product(ix[i], (i, 0, n - 1))),
    same("max-over.scaled.signed", max_over(u * ix[k], (k, 0, n - 1)), u * top),
    same("max-over.negated", max_over(-ix[k], (k, 0, n - 1)), -top),
    at_most("max-over.reversed", top, ix[l]),
    at_most("max-over.total", top, Sum(ix[k], (k, 0, n - 1))),
]

# ---- traps for a rule that reaches too far

a, b = symbols("a b", real=True)
Sx, squares = Sum(ix[i], (i, 0, n - 1)), Sum(ix[i] ** 2, (i, 0, n - 1))
log_branch = Piecewise((log(t), t > 0), (0, True))
over = Piecewise((1, u > v), (0, True))
TRUE += [
    at_most("trap.all-entries", 0, Sx, ix[l] >= 0),
    at_most("trap.fewer-terms", Sum(ix[i], (i, 0, n - 2)), Sx, ix[i] >= 0),
    at_most("trap.row-entry", ia[k, l] ** 2, Sum(ia[k, j] ** 2, (j, 0, n - 1))),
    at_most("trap.transitive", u, v, u <= a, a <= v),
    same("trap.log-of-power", log(a**n), n * log(a)),
    same("trap.log-of-squares", log(Product(ix[i] ** 2, (i, 0, n - 1))),
        2 * log(Product(ix[i], (i, 0, n - 1)))),
    same("trap.sign-squared", sp.sign(t) ** 2, 1 - Piecewise((1, Eq(t, 0)), (0, True))),
    same("trap.disjoint", Max(0, t) * Piecewise((1, t < 0), (0, True)), 0),
    same("trap.heaviside", sp.Heaviside(t), (1 + sp.sign(t)) / 2),
    same("trap.implied", over * Piecewise((1, v > a), (0, True)) * Piecewise((1, u > a), (0, True)),
        over * Piecewise((1, v > a), (0, True))),
]
FALSE += [
    at_most("trap.entry-of-nonnegative-sum", ix[l], Sx, Sx >= 0),
    at_most("trap.entry-of-one", ix[l], Sx, Eq(Sx, 1)),
    at_most("trap.this-entry", ix[l], ix[l] + Sx, ix[l] >= 0),
    at_most("trap.first-entry", 0, Sx, ix[0] >= 0),
    at_most("trap.two-entries", ix[l] ** 2 + ix[k] ** 2, squares),
    at_most("trap.entry-twice", 2 * ix[l] ** 2, squares),
    at_most("trap.entry-outside", ix[l] ** 2, Sum(ix[i] ** 2, (i, 1, n - 1))),
    at_most("trap.entry-product", ix[l] * ig[l], Sum(ix[i] * ig[i], (i, 0, n - 1))),
    at_most("trap.entry-signed", u * ix[l] ** 2, u * squares),
    at_most("trap.other-row", ia[k, l] ** 2, Sum(ia[j, k] ** 2, (j, 0, n - 1))),
    at_most("trap.relu-entry", Max(0, ix[l]), Sx),
    at_most("trap.fewer-terms.signed", Sum(ix[i], (i, 0, n - 2)), Sx),
    at_most("trap.bounded-factors", u * v, 1, u <= 1, v <= 1),
    at_most("trap.cancelled-factor", u, v, u * a <= v * a),
    at_most("trap.product-given", 0, u, u * v >= 0),
    at_most("trap.squares-given", u, v, u**2 <= v**2),
    at_most("trap.power", 0, a**n),
    same("trap.root-of-power", (a**n) ** (1 / n), a),
    same("trap.root-of-even-power", sqrt(a ** (2 * n)), a**n),
    same("trap.root-of-squares", sqrt(Product(ix[i] ** 2, (i, 0, n - 1))),
        Product(ix[i], (i, 0, n - 1))),
    same("trap.negated-factors", Product(-a, (i, 1, n)), -(a**n)),
    same("trap.log-branch", log_branch + sp.Abs(t), log_branch + t),
    same("trap.log-unused", Sum(log(t) * ix[i], (i, 0, n - 2)) + sp.Abs(t),
        Sum(log(t) * ix[i], (i, 0, n - 2)) + t),
    same("trap.log-partly", Sum(log(ix[i]), (i, 1, n - 1)) + sp.Abs(ix[0]),
        Sum(log(ix[i]), (i, 1, n - 1)) + ix[0]),
    same("trap.root-unused", Sum(sqrt(t) * ix[i], (i, 0, n - 2)) + sp.Abs(t),
        Sum(sqrt(t) * ix[i], (i, 0, n - 2)) + t),
    same("trap.reciprocal-given", sp.Abs(u), u, Eq(u * v, 1)),
    same("trap.square-given", u, 1, Eq(u**2, 1)),
    same("trap.zero-product", u, 0, Eq(u * v, 0)),
    same("trap.cancel-given", u, v, Eq(u * a, v * a)),
    same("trap.heaviside-zero", sp.Heaviside(t), Piecewise((1, t > 0), (0, True))),
    same("trap.boundary", Piecewise((1, t >= 0), (0, True)), Piecewise((1, t > 0), (0, True))),
    same("trap.tie", over + Piecewise((1, v > u), (0, True)), 1),
    same("trap.sign-of-product", Piecewise((1, u * v > 0), (0, True)),
        Piecewise((1, u > 0), (0, True)) * Piecewise((1, v > 0), (0, True))),
    same("trap.squared-order", Piecewise((1, u**2 > v**2), (0, True)), over),
]

# ---- blocks, and functions of two arguments

A, B, C, W, G = M("A", n, m), M("B", n, d), M("C", d, m), M("W", m + d, h), M("G", n, h)
P, S, x = M("P", m, m), M("S", n, n), M("x", n, 1)
beside, below = sp.BlockMatrix([[A, B]]), sp.BlockMatrix([[A], [C]])
blocks = sp.BlockMatrix([[S, M("Z", n, m)], [M("Y", m, n), P]])
f2, lo, hh = sp.Function("f"), Symbol("lo", real=True), M("hh", n, 1)
through = {hh: S * x, lo: Sum(sigma(hh[i, 0]), (i, 0, n - 1))}
TRUE += [
    back("blocks.first", beside * W, A, G, G * W[:m, :].T),
    back("blocks.weights", beside * W, W, G, beside.T * G),
    same("blocks.split", beside * W, A * W[:m, :] + B * W[m:, :]),
    same("blocks.gram", below.T * below, A.T * A + C.T * C),
    same("blocks.trace", Trace(blocks), Trace(S) + Trace(P)),
    grad("arguments.both", f2(t, t), t,
        f2(t, u).diff(u).subs(u, t) + f2(u, t).diff(u).subs(u, t)),
    grad("arguments.through", lo, x, S.T * each(hh, dsigma), where=through),
    grad("arguments.cut", lo, hh, each(hh, dsigma), where=through),
]
FALSE += [
    back("blocks.first.wrong-rows", beside * W, A, G, G * W[d:, :].T),
    misfit(back("blocks.first.all-rows", beside * W, A, G, G * W.T)),
    same("blocks.determinant-kronecker", Determinant(KroneckerProduct(S, P)),
        Determinant(S) * Determinant(P)),
    grad("arguments.other", f2(t, u), t, f2(t, u).diff(u)),
    grad("arguments.one", f2(t, t), t, f2(t, u).diff(u).subs(u, t)),
    grad("arguments.through.stopped", lo, x, each(hh, dsigma), where=through),
    same("trap.root-given", sqrt(ix[l] ** 2) * Sum(sp.Abs(ix[i]), (i, 0, n - 1)), ix[l] * Sx,
        ix[l] >= 0),
    grad("trap.abs-given", Sum(sp.Abs(ix[i]), (i, 0, n - 1)) ** 2, ix[l], 2 * Sx, ix[l] > 0),
]

# ---- inequalities between sums

ip = sp.IndexedBase("p", shape=(n,))
distributions = (ix[i] > 0, ip[i] > 0, Eq(Sum(ix[i], (i, 0, n - 1)), 1),
    Eq(Sum(ip[i], (i, 0, n - 1)), 1))
TRUE += [
    at_most("sums.gibbs", 0, Sum(ip[i] * log(ip[i] / ix[i]), (i, 0, n - 1)), *distributions),
    at_most("sums.variance", Sum(ix[i], (i, 0, n - 1)) ** 2, n * Sum(ix[i] ** 2, (i, 0, n - 1))),
    at_most("sums.gram-minor", (X.T * X)[j, k] ** 2, (X.T * X)[j, j] * (X.T * X)[k, k]),
    at_most("sums.mean-of-abs", sp.Abs(Sum(ix[i], (i, 0, n - 1)) / n), Sum(sp.Abs(ix[i]), (i, 0,
            n - 1)) / n),
    at_most("sums.logsumexp-above", logsumexp(o)[0, 0], max_over(o[0, j], (j, 0, c - 1)) + log(c)),
    at_most("sums.logsumexp-below", max_over(o[0, j], (j, 0, c - 1)), logsumexp(o)[0, 0]),
    at_most("sums.cosine", Sum(ix[i] * ip[i], (i, 0, n - 1)), sqrt(Sum(ix[i] ** 2, (i, 0, n - 1)))
        * sqrt(Sum(ip[i] ** 2, (i, 0, n - 1)))),
    at_most("sums.product-of-facts", 0, 1 - u**2, u <= 1, u >= -1),
]
FALSE += [
    at_most("sums.gibbs.negated", Sum(ip[i] * log(ip[i] / ix[i]), (i, 0, n - 1)), 0,
        *distributions),
    at_most("sums.gibbs.unnormalised", 0, Sum(ip[i] * log(ip[i] / ix[i]), (i, 0, n - 1)),
        ix[i] > 0, ip[i] > 0),
    at_most("sums.variance.reversed", n * Sum(ix[i] ** 2, (i, 0, n - 1)), Sum(ix[i], (i, 0,
            n - 1)) ** 2),
    at_most("sums.variance.no-n", Sum(ix[i], (i, 0, n - 1)) ** 2, Sum(ix[i] ** 2, (i, 0, n - 1))),
    at_most("sums.mean-of-abs.reversed", Sum(sp.Abs(ix[i]), (i, 0, n - 1)) / n,
        sp.Abs(Sum(ix[i], (i, 0, n - 1)) / n)),
    at_most("sums.logsumexp-above.no-log", logsumexp(o)[0, 0], max_over(o[0, j], (j, 0, c - 1))),
    at_most("sums.logsumexp-above.half", logsumexp(o)[0, 0], max_over(o[0, j], (j, 0, c - 1))
        + log(c) / 2),
    at_most("sums.cosine.no-root", Sum(ix[i] * ip[i], (i, 0, n - 1)), Sum(ix[i] ** 2, (i, 0,
            n - 1)) * Sum(ip[i] ** 2, (i, 0, n - 1))),
    at_most("sums.product-of-facts.one", 0, 1 - u**2, u <= 1),
]

# ---- ranges whose number of values is no single size

twice, rect = sp.IndexedBase("x2", shape=(2 * n,)), sp.IndexedBase("xy", shape=(n * m,))
over_2n, over_nm = (i, 0, 2 * n - 1), (i, 0, n * m - 1)
TRUE += [
    at_most("count.twice", Sum(twice[i], over_2n) ** 2, 2 * n * Sum(twice[i] ** 2, over_2n)),
    at_most("count.product", Sum(rect[i], over_nm) ** 2, n * m * Sum(rect[i] ** 2, over_nm)),
    at_most("count.maximum", Sum(twice[i], over_2n), 2 * n * max_over(twice[k],
            (k, 0, 2 * n - 1))),
]
FALSE += [
    at_most("count.twice.half", Sum(twice[i], over_2n) ** 2, n * Sum(twice[i] ** 2, over_2n)),
    at_most("count.product.rows", Sum(rect[i], over_nm) ** 2, n * Sum(rect[i] ** 2, over_nm)),
    at_most("count.maximum.half", Sum(twice[i], over_2n), n * max_over(twice[k],
            (k, 0, 2 * n - 1))),
    at_most("count.softplus", Sum(log(1 + exp(twice[i])), over_2n), n * u, u >= 0),
]

# ---- a term apart, and closed forms of sums and products that grow with a size

Is, scale = sp.IndexedBase("s", shape=(n,)), Symbol("scale", positive=True)
def first_apart(f):
    return f(0) + Sum(f(k), (k, 1, n - 1))
def last_apart(f):
    return f(n - 1) + Sum(f(k), (k, 0, n - 2))
def powers(exponent, *limits):
    return Sum(u**exponent, (k, *limits))
TRUE += [
    grad("apart.first", first_apart(lambda k: Is[k] ** 2), Is[l], 2 * Is[l]),
    grad("apart.last", last_apart(lambda k: Is[k] * ix[k]), Is[l], ix[l]),
    grad("apart.logsumexp", log(first_apart(lambda k: exp(Is[k]))), Is[l],
        exp(Is[l]) / Sum(exp(Is[k]), (k, 0, n - 1))),
    same("apart.delta", KroneckerDelta(l, n - 1) * Is[n - 1] + Sum(KroneckerDelta(l, j) * Is[j],
            (j, 0, n - 2)), Is[l], l >= 0, l <= n - 1),
    same("apart.bracket", KroneckerDelta(l, 0) + Piecewise((1, l >= 1), (0, True)), 1, l >= 0,
        l <= n - 1),
    same("growing.powers", powers(k, 1, n), u * (1 - u**n) / (1 - u)),
    same("growing.powers.fewer", powers(k, 0, n - 2), (1 - u ** (n - 1)) / (1 - u)),
    same("growing.average", (1 - u) * powers(n - k, 1, n), 1 - u**n),
    same("growing.two-bases", Sum(u**k * scale ** (n - 1 - k), (k, 0, n - 1)), (u**n - scale**n)
        / (u - scale)),
    same("growing.telescope", Sum(1 / (k * (k + 1)), (k, 1, n)), 1 - 1 / (n + 1)),
    same("growing.times-index", Sum(k * 2**k, (k, 1, n)), (n - 1) * 2 ** (n + 1) + 2),
    same("growing.product", Product(k / (k + 1), (k, 1, n)), 1 / (n + 1)),
    same("growing.product.step", Product(k, (k, 1, n)), n * Product(k, (k, 1, n - 1))),
    same("turned.powers", powers(n - k, 0, n), powers(k, 0, n)),
]
FALSE += [
    grad("apart.first.twice", Is[0] ** 2 + Sum(Is[k] ** 2, (k, 0, n - 1)), Is[l], 2 * Is[l]),
    grad("apart.last.missing", Sum(Is[k] * ix[k], (k, 0, n - 2)), Is[l], ix[l]),
    same("apart.bracket.other", KroneckerDelta(l, 1) + Piecewise((1, l >= 1), (0, True)), 1,
        l >= 0, l <= n - 1),
    same("growing.powers.no-factor", powers(k, 1, n), (1 - u**n) / (1 - u)),
    same("growing.average.one-more", (1 - u) * powers(n - k, 0, n), 1 - u**n),
    same("growing.average.no-shift", (1 - u) * powers(n - k, 1, n), 1 - u ** (n - 1)),
    same("growing.two-bases.sum", Sum(u**k * scale ** (n - 1 - k), (k, 0, n - 1)), (u**n
        + scale**n) / (u + scale)),
    same("growing.telescope.no-one", Sum(1 / (k * (k + 1)), (k, 1, n)), 1 - 1 / n),
    same("growing.times-index.constant", Sum(k * 2**k, (k, 1, n)), (n - 1) * 2 ** (n + 1)),
    same("growing.product.inverted", Product(k / (k + 1), (k, 1, n)), n + 1),
    same("growing.product.from-zero", Product(k, (k, 0, n)), n * Product(k, (k, 1, n - 1))),
    same("turned.powers.shifted", powers(n - k, 0, n), powers(k, 1, n + 1)),
    same("turned.weights", Sum(k * u ** (n - k), (k, 0, n)), Sum(k * u**k, (k, 0, n))),
]

# ---- sizes that are defined

wide, high = sp.symbols("wide high", integer=True, positive=True)
Iw, Ih = M("Iw", n, wide), M("Ih", n, high)
TRUE += [
    same("sizes.range", Sum(k, (k, 0, wide - 1)), 6, where={wide: 4}),
    same("sizes.square", Trace(Iw), Sum(Iw[k, k], (k, 0, n - 1)), where={wide: n}),
    grad("sizes.gradient", Trace(Iw * M("B", wide, m) * M("C", m, n)), Iw,
        (M("B", 2 * n, m) * M("C", m, n)).T, where={wide: 2 * n}),
    same("sizes.chain", Sum(1, (k, 0, high - 1)), 2 * n + 1, where={wide: 2 * n, high: wide + 1}),
]
FALSE += [
    same("sizes.range.more", Sum(k, (k, 0, wide - 1)), 10, where={wide: 4}),
    misfit(same("sizes.not-square", Trace(Iw), Sum(Iw[k, k], (k, 0, n - 1)),
            where={wide: 2 * n})),
    same("sizes.chain.less", Sum(1, (k, 0, high - 1)), 2 * n, where={wide: 2 * n,
            high: wide + 1}),
]

# ---- inequalities between norms, and averages

length = sqrt(Sum(ix[i] ** 2, (i, 0, n - 1)))
absolute = Sum(sp.Abs(ix[i]), (i, 0, n - 1))
largest = max_over(sp.Abs(ix[k]), (k, 0, n - 1))
average = (ip[i] >= 0, Eq(Sum(ip[i], (i, 0, n - 1)), 1))
def averaged(value):
    return Sum(ip[i] * value, (i, 0, n - 1))
TRUE += [
    at_most("norms.two-one", length, absolute),
    at_most("norms.one-two", absolute, sqrt(n) * length),
    at_most("norms.largest-two", largest, length),
    at_most("norms.two-largest", length, sqrt(n) * largest),
    at_most("norms.dual", Sum(ix[i] * ig[i], (i, 0, n - 1)), largest * Sum(sp.Abs(ig[i]), (i, 0,
            n - 1))),
    at_most("averages.square", averaged(ix[i]) ** 2, averaged(ix[i] ** 2), *average),
    at_most("averages.covariance", averaged(ix[i] * ig[i]) ** 2, averaged(ix[i] ** 2)
        * averaged(ig[i] ** 2), *average),
]
FALSE += [
    at_most("norms.two-one.reversed", absolute, length),
    at_most("norms.two-one.signed", length, Sum(ix[i], (i, 0, n - 1))),
    at_most("norms.one-two.root", absolute, n ** Rational(1, 4) * length),
    at_most("norms.largest-two.reversed", length, largest),
    at_most("norms.dual.signed", Sum(ix[i] * ig[i], (i, 0, n - 1)), max_over(ix[k], (k, 0, n - 1))
        * Sum(sp.Abs(ig[i]), (i, 0, n - 1))),
    at_most("averages.square.reversed", averaged(ix[i] ** 2), averaged(ix[i]) ** 2, *average),
    at_most("averages.square.signed", averaged(ix[i]) ** 2, averaged(ix[i] ** 2), average[1]),
    at_most("averages.square.unnormalised", averaged(ix[i]) ** 2, averaged(ix[i] ** 2),
        average[0]),
    at_most("averages.square.weights", averaged(ix[i]) ** 2, Sum(ip[i] ** 2 * ix[i] ** 2, (i, 0,
            n - 1)), *average),
]

# ---- determinants of matrices with a structure

P, S, T = M("P", m, m), M("S", n, n), M("T", n, n)
entries = M("e", n, 1)
diagonal = Product(entries[k, 0], (k, 0, n - 1))
TRUE += [
    same("structure.kronecker", Determinant(KroneckerProduct(S, P)), Determinant(S) ** m
        * Determinant(P) ** n),
    same("structure.diagonal", Determinant(sp.DiagMatrix(entries)), diagonal),
    same("structure.similar", Determinant(S * sp.DiagMatrix(entries) * S.I), diagonal),
    same("structure.transposed", Determinant((S * T).T), Determinant(S) * Determinant(T)),
    same("structure.scaled", Determinant(2 * S), 2**n * Determinant(S)),
    grad("structure.flow", log(Determinant(sp.DiagMatrix(each(entries, exp(t))))),
        entries, sp.OneMatrix(n, 1)),
]
FALSE += [
    same("structure.kronecker.swapped", Determinant(KroneckerProduct(S, P)), Determinant(S) ** n
        * Determinant(P) ** m),
    same("structure.diagonal.sum", Determinant(sp.DiagMatrix(entries)), Sum(entries[k, 0], (k, 0,
            n - 1))),
    same("structure.scaled.once", Determinant(2 * S), 2 * Determinant(S)),
]

U, v1, v2 = M("U", n, n), M("v1", n, 1), M("v2", n, 1)
def between(a, matrix, b):
    return dot(a, matrix * b)
TRUE += [
    same("lemma.identity", Determinant(sp.Identity(n) + v1 * v2.T), 1 + dot(v2, v1)),
    same("lemma.matrix", Determinant(U + v1 * v2.T), (1 + between(v2, U.I, v1)) * Determinant(U)),
    same("lemma.scaled", Determinant(U - u * v1 * v2.T), (1 - u * between(v2, U.I, v1))
        * Determinant(U)),
    same("lemma.householder", Determinant(sp.Identity(n) - 2 * v1 * v1.T / dot(v1, v1)), -1),
    grad("lemma.gradient", log(Determinant(U + v1 * v2.T)), v1, U.I.T * v2
        / (1 + between(v2, U.I, v1))),
]
FALSE += [
    same("lemma.identity.squared", Determinant(sp.Identity(n) + v1 * v2.T), 1 + dot(v1, v1)),
    same("lemma.matrix.swapped", Determinant(U + v1 * v2.T), (1 + between(v1, U.I, v2))
        * Determinant(U)),
    same("lemma.two", Determinant(sp.Identity(n) + v1 * v2.T + v2 * v1.T), 1 + 2 * dot(v2, v1)),
    same("lemma.householder.plus", Determinant(sp.Identity(n) - v1 * v1.T / dot(v1, v1)), -1),
    grad("lemma.gradient.not-transposed", log(Determinant(U + v1 * v2.T)), v1, U.I * v2
        / (1 + between(v2, U.I, v1))),
]
