"""Matrices by general laws: triangular ones, those symmetric by cases, determinants, small ones
written out, and what stands between the same others."""

from __future__ import annotations

import pytest
from sympy import (
    Abs,
    DiagMatrix,
    DiagonalMatrix,
    Eq,
    FunctionMatrix,
    HadamardProduct,
    ImmutableMatrix,
    IndexedBase,
    Inverse,
    KroneckerDelta,
    Lambda,
    MatMul,
    Matrix,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
    Piecewise,
    Product,
    Q,
    Sum,
    Trace,
    ZeroMatrix,
    cos,
    exp,
    log,
    pi,
    sin,
    symbols,
)
from sympy import Determinant as D
from sympy import Identity as I

from derive import Gradient, Inequality, verify
from derive import Identity as Id
from derive.language.operators import entry


def triangular():
    n = symbols("n", integer=True, positive=True)
    i, j, k = symbols("i j k", integer=True)
    L, M, G, A, U = [MatrixSymbol(s, n, n) for s in "LMGAU"]
    b = MatrixSymbol("b", n, 1)
    low = Q.lower_triangular(L)
    both = (low, Q.lower_triangular(M))
    up = Q.upper_triangular(U)
    pos = Q.positive(L[i, i])
    true = [
        Id(entry(L.T, i, j), 0, given=(low, i > j)),
        Id(entry(L * M.I, i, j), 0, given=(*both, i < j)),
        Id(entry((L * M).I, i, j), 0, given=(*both, i < j)),
        Id(entry((L * M).I, i, i), 1 / (L[i, i] * M[i, i]), given=both),
        Id(D(L * M), Product(L[i, i] * M[i, i], (i, 0, n - 1)), given=both),
        Id(D(L * L.T), Product(L[i, i] ** 2, (i, 0, n - 1)), given=low),
        Id(log(D(L)), Sum(log(L[k, k]), (k, 0, n - 1)), given=(low, pos)),
        Id(log(D(A)), 2 * Sum(log(L[k, k]), (k, 0, n - 1)), given=(low, pos, Eq(A, L * L.T))),
        Id(log(D(L * L.T)), 2 * Sum(log(L[k, k]), (k, 0, n - 1)), given=(low, pos)),
        Id(D(L.I), 1 / Product(L[i, i], (i, 0, n - 1)), given=low),
        Id(entry(U.I, i, j), 0, given=(up, i > j)),
        Id(entry(U * L.T, i, j), 0, given=(up, low, i > j)),
        Id(
            L * U,
            DiagMatrix(DiagonalMatrix(L * U) * OneMatrix(n, 1)),
            given=(Q.diagonal(L), Q.diagonal(U)),
        ),
        Id(D(L), 1, given=(Q.unit_triangular(L), low)),
        Id(
            D(L * DiagMatrix(b) * L.T),
            Product(b[i, 0], (i, 0, n - 1)),
            given=(Q.unit_triangular(L), low),
        ),
        Id(Trace(L.I * M), Sum(M[k, k] / L[k, k], (k, 0, n - 1)), given=both),
        Id(
            D(A),
            Product(L[i, i] ** 2, (i, 0, n - 1)),
            given=(low, Eq(A, L * L.T), Q.positive_definite(A)),
        ),
        Id(A.I, L.T.I * L.I, given=(low, Eq(A, L * L.T))),
        Id((b.T * A.I * b)[0, 0], ((L.I * b).T * (L.I * b))[0, 0], given=(low, Eq(A, L * L.T))),
        Id(
            log(D(A)),
            2 * Sum(log(L[k, k]), (k, 0, n - 1)),
            given=(low, Q.positive(L[k, k]), Eq(A, L * L.T), Q.positive_definite(A)),
        ),
        Id(
            log(D(A)),
            2 * Sum(log(L[k, k]), (k, 0, n - 1)),
            given=(low, L[i, i] > 0, Eq(A, L * L.T)),
        ),
        Id(L * M, M * L, given=(Q.diagonal(L), Q.diagonal(M))),
        Id(entry(M.I * L.I, i, i), 1 / (L[i, i] * M[i, i]), given=both),
        Id(D(L + M), Product(L[i, i] + M[i, i], (i, 0, n - 1)), given=both),
        Id(D(I(n) + L), Product(1 + L[i, i], (i, 0, n - 1)), given=low),
        Id(entry(L**2, i, j), 0, given=(low, i < j)),
        Id(entry(L**2, i, i), L[i, i] ** 2, given=low),
        Gradient(log(D(L)), L, L.I.T, given=(low, pos)),
        Id(
            HadamardProduct(
                L, FunctionMatrix(n, n, Lambda((i, j), Piecewise((1, i >= j), (0, True))))
            ),
            L,
            given=low,
        ),
        Id(entry(L.I * M * L, i, i), M[i, i], given=both),
        Id(entry(L * G, 0, j), L[0, 0] * G[0, j], given=low),
        Id(entry(L * b, i, 0), Sum(L[i, k] * b[k, 0], (k, 0, i)), given=low),
        Id(Trace(L * M), Sum(L[k, k] * M[k, k], (k, 0, n - 1)), given=both),
        Id(entry(L * L.T, i, i), Sum(L[i, k] ** 2, (k, 0, i)), given=low),
        Id(entry(L * L.T, i, j), Sum(L[i, k] * L[j, k], (k, 0, j)), given=(low, i >= j)),
        Id(D(L), Product(L[i, i], (i, 0, n - 1)), given=Q.diagonal(L)),
        Id(entry(L.I, i, j), KroneckerDelta(i, j) / L[i, i], given=Q.diagonal(L)),
        Id(DiagMatrix(b).I, FunctionMatrix(n, n, Lambda((i, j), KroneckerDelta(i, j) / b[i, 0]))),
        Id(
            D(L.T * DiagMatrix(b) * L), Product(b[i, 0] * L[i, i] ** 2, (i, 0, n - 1)), given=(low,)
        ),
        Id(D(U), Product(U[i, i], (i, 0, n - 1)), given=up),
        Id(D(2 * L), 2**n * Product(L[i, i], (i, 0, n - 1)), given=low),
        Id(D(L), 1, given=(Q.unit_triangular(L),)),
    ]
    false = [
        Id(entry(L * M, i, j), 0, given=(*both, i > j)),
        Id(entry(L.I, i, j), 0, given=(low, i > j)),
        Id(D(L), 1, given=(low,)),
        Id(log(D(A)), Sum(log(L[k, k]), (k, 0, n - 1)), given=(low, pos, Eq(A, L * L.T))),
        Id(A.I, L.I * L.T.I, given=(low, Eq(A, L * L.T))),
        Id(entry(L * U, i, j), 0, given=(low, up, i < j)),
        Id(entry(L * U, i, i), L[i, i] * U[i, i], given=(low, up)),
        Id(L * M, M * L, given=both),
        Id(D(L + L.T), Product(2 * L[i, i], (i, 0, n - 1)), given=low),
        Id(entry(L.I, i, i), 1 / L[i, i]),
        Id(Trace(L.T * M), Sum(L[k, k] * M[k, k], (k, 0, n - 1)), given=both),
        Id(D(L), -Product(L[i, i], (i, 0, n - 1)), given=low),
        Id(entry(L.I, i, j), L[i, j] / L[i, i] / L[j, j], given=(low,)),
        Id(entry(L * L.T, i, j), Sum(L[i, k] * L[j, k], (k, 0, j - 1)), given=(low, i >= j)),
        Id(entry(L, i, j), 0, given=(Q.unit_triangular(L), i < j)),
    ]
    return true, false


def symmetric():
    n = symbols("n", integer=True, positive=True)
    i, j = symbols("i j", integer=True)
    X, S, A, W = [MatrixSymbol(s, n, n) for s in "XSAW"]
    v, u = MatrixSymbol("v", n, 1), MatrixSymbol("u", n, 1)
    B = IndexedBase("B", shape=(n, n))

    def built(body):
        return {X: FunctionMatrix(n, n, Lambda((i, j), body))}

    def claim(body, **kw):
        return Id(X.I.T, X.I, where=built(body), **kw)

    true = [
        claim(Piecewise((S[i, j], i <= j), (S[j, i], True))),
        claim(Piecewise((S[i, j], i < j), (S[j, i], True))),
        claim(B[Min(i, j), Max(i, j)]),
        claim(S[Max(i, j), Min(i, j)]),
        claim(v[Min(i, j), 0] * u[Max(i, j), 0]),
        claim(v[Min(i, j), 0]),
        claim(Piecewise((1, Eq(i, j)), (S[i, j] + S[j, i], True))),
        claim(Piecewise((v[i, 0], Eq(i, j)), (u[i, 0] * u[j, 0], True))),
        claim(Abs(v[i, 0] - v[j, 0])),
        claim(Max(v[i, 0], v[j, 0])),
        claim(Piecewise((v[i, 0] * u[j, 0], i >= j), (u[i, 0] * v[j, 0], True))),
        claim(
            Piecewise(
                (v[i, 0] * u[j, 0], v[i, 0] > v[j, 0]),
                (v[j, 0] * u[i, 0], v[j, 0] > v[i, 0]),
                (1, True),
            )
        ),
        Id(
            (X.I * v).T * u,
            (v.T * X.I * u),
            where=built(Piecewise((S[i, j], i >= j), (S[j, i], True))),
        ),
        Id(X.I * S.T + S * X.I, (X.I * S.T + S * X.I).T, where=built(S[Min(i, j), Max(i, j)])),
        claim(Piecewise((S[i, j] + S[j, i], i >= j), (S[j, i] + S[i, j], True))),
        Id(D(X), D(X.T), where=built(S[Min(i, j), Max(i, j)])),
        Id(X.T, X, where=built(S[Min(i, j), Max(i, j)])),
        Id(X.I.T, X.I, where={X: A * W * A.T}, given=Q.symmetric(W)),
        Id((X * X).I.T, (X * X).I, where=built(S[Min(i, j), Max(i, j)])),
        Id(Trace(X.I * S), Trace(X.I * S.T), where=built(S[Min(i, j), Max(i, j)])),
        Id(X.I[i, j], X.I[j, i], where=built(S[Min(i, j), Max(i, j)])),
    ]
    false = [
        claim(Piecewise((S[i, j], i <= j), (S[i, j] + 1, True))),
        claim(Piecewise((S[i, j], i <= j), (-S[j, i], True))),
        claim(S[Min(i, j), j]),
        claim(v[i, 0] * u[Max(i, j), 0] + KroneckerDelta(i, j)),
        claim(Piecewise((v[i, 0] * u[j, 0], i >= j), (v[i, 0] * v[j, 0], True))),
        claim(Piecewise((S[i, j], i >= j + 1), (S[j, i] * 2, i <= j - 1), (v[i, 0], True))),
        claim(Max(v[i, 0], u[j, 0])),
        claim(2 * KroneckerDelta(i, j) - KroneckerDelta(i, j + 1)),
        claim(
            Piecewise((S[i, j], i < j), (S[j, i], i > j), (v[i, 0], True))
            + KroneckerDelta(i + 1, j)
        ),
        Id(X.I.T, X.I, where={X: A * W * A.T}),
    ]
    return true, false


def determinants():
    d, r = symbols("d r", integer=True, positive=True)
    k = symbols("k", integer=True)
    x, y = symbols("x y", real=True)
    u, v, w, z, h1 = [MatrixSymbol(s, d, 1) for s in ["u", "v", "w", "z", "h1"]]
    A, B, h, H = (
        MatrixSymbol("A", d, r),
        MatrixSymbol("B", r, d),
        MatrixSymbol("h", r, 1),
        MatrixSymbol("H", r, r),
    )
    C, S = MatrixSymbol("C", d, d), MatrixSymbol("S", d, d)
    one = OneMatrix(d, 1)

    def s(a, b):
        return (a.T * b)[0, 0]

    true = [
        Id(D(I(d) + (1 - x**2) * u * v.T), 1 + (1 - x**2) * s(v, u)),
        Id(D(x * I(d) + u * v.T), x ** (d - 1) * (x + s(v, u))),
        Id(D(I(d) + A * DiagMatrix(h) * B), D(I(r) + DiagMatrix(h) * B * A)),
        Id(D(I(d) + exp(x) * u * v.T), 1 + exp(x) * s(v, u)),
        Id(D(I(d) + sin(x) * y * u * u.T), 1 + sin(x) * y * s(u, u)),
        Id(D(I(d) + (u + w) * v.T), 1 + s(v, u) + s(v, w)),
        Id(D(I(d) + u * (v + w).T), 1 + s(v, u) + s(w, u)),
        Id(D(I(d) + u * v.T + w * z.T), (1 + s(v, u)) * (1 + s(z, w)) - s(v, w) * s(z, u)),
        Id(D(x * I(d) - u * v.T), x ** (d - 1) * (x - s(v, u))),
        Id(D(I(d) - 2 * u * u.T), 1 - 2 * s(u, u)),
        Id(D(I(d) - 2 * u * u.T / s(u, u)), -1),
        Id(D(C + x * u * v.T), D(C) * (1 + x * (v.T * C.I * u)[0, 0]), given=Q.invertible(C)),
        Id(
            D(C + u * v.T + w * z.T),
            D(C)
            * (
                (1 + (v.T * C.I * u)[0, 0]) * (1 + (z.T * C.I * w)[0, 0])
                - (v.T * C.I * w)[0, 0] * (z.T * C.I * u)[0, 0]
            ),
            given=Q.invertible(C),
        ),
        Id(
            D(DiagMatrix(h1) + u * v.T),
            Product(h1[k, 0], (k, 0, d - 1))
            * (1 + Sum(u[k, 0] * v[k, 0] / h1[k, 0], (k, 0, d - 1))),
        ),
        Id(D(x * C), x**d * D(C)),
        Id(D(-C), (-1) ** d * D(C)),
        Id(D(I(d) + x * one * one.T), 1 + x * d),
        Id(D((1 - x) * I(d) + x * one * one.T), (1 - x) ** (d - 1) * (1 + (d - 1) * x)),
        Id(D(I(d) - one * one.T / d), 0),
        Id(D(I(d) + A * H * B), D(I(r) + B * A * H)),
        Id(D(I(d) + x * A * H * B), D(I(r) + x * H * B * A)),
        Id(D(DiagMatrix(u) - u * u.T), 0, given=Eq(Sum(u[k, 0], (k, 0, d - 1)), 1)),
        Id(D(C + A * H * B), D(C) * D(I(r) + H * B * C.I * A), given=Q.invertible(C)),
        Id(
            D(C + A * DiagMatrix(h) * B),
            D(C) * D(I(r) + DiagMatrix(h) * B * C.I * A),
            given=Q.invertible(C),
        ),
        Id(log(D(x * I(d) + u * u.T)), (d - 1) * log(x) + log(x + s(u, u)), given=Q.positive(x)),
        Id(D(x**2 * I(d) + y * u * v.T), x ** (2 * d - 2) * (x**2 + y * s(v, u))),
        Id(D(x * I(d) + A * B), x ** (d - r) * D(x * I(r) + B * A), given=Q.positive(x)),
        Id(D(I(d) + A * A.T), D(I(r) + A.T * A)),
        Id(D(x * C + x * S), x**d * D(C + S)),
        Id(
            D(I(d) + x * (u * v.T + w * z.T)),
            (1 + x * s(v, u)) * (1 + x * s(z, w)) - x**2 * s(v, w) * s(z, u),
        ),
        Id(D(C / 2 + S / 2), 2 ** (-d) * D(C + S)),
        Id(D(x * y * C - x * S), x**d * D(y * C - S)),
        Id(D(x * I(d) + x * C), x**d * D(I(d) + C)),
        Id(D(x * I(d) + x * A * B), x**d * D(I(r) + B * A)),
        Id(D(-C - S), (-1) ** d * D(C + S)),
        Id(D(S - C), (-1) ** d * D(C - S)),
        Id(D(I(d) - 2 * C), (-2) ** d * D(C - I(d) / 2)),
    ]
    false = [
        Id(D(I(d) + (1 - x**2) * u * v.T), 1 + (1 + x**2) * s(v, u)),
        Id(D(x * I(d) + u * v.T), x**d * (x + s(v, u))),
        Id(D(x * I(d) + u * v.T), x ** (d - 1) * (1 + s(v, u))),
        Id(D(I(d) + A * DiagMatrix(h) * B), D(I(r) + B * A)),
        Id(D(I(d) + u * v.T + w * z.T), (1 + s(v, u)) * (1 + s(z, w))),
        Id(D(x * C), x * D(C)),
        Id(D(-C), -D(C)),
        Id(
            D(DiagMatrix(h1) + u * v.T),
            Product(h1[k, 0], (k, 0, d - 1)) * (1 + Sum(u[k, 0] * v[k, 0], (k, 0, d - 1))),
        ),
        Id(D((1 - x) * I(d) + x * one * one.T), (1 - x) ** (d - 1) * (1 + d * x)),
        Id(D(I(d) + x * one * one.T), 1 + x),
        Id(D(C + u * v.T), D(C) * (1 + (u.T * C.I * v)[0, 0]), given=Q.invertible(C)),
        Id(D(x * I(d) + A * B), D(x * I(r) + B * A)),
        Id(D(x * I(d) + u * v.T), Piecewise((0, Eq(x, 0)), (x ** (d - 1) * (x + s(v, u)), True))),
        Id(
            D(Max(x, 0) * I(d) + u * v.T),
            Piecewise((0, x <= 0), (x ** (d - 1) * (x + s(v, u)), True)),
        ),
        Id(D(I(d) + u * v.T + w * z.T), 1 + s(v, u) + s(z, w)),
        Id(D(x * C + x * S), x * D(C + S)),
        Id(D(-C - S), -D(C + S)),
        Id(D(x * C + y * S), x**d * D(C + S)),
        Id(D(S - C), D(C - S)),
    ]
    return true, false


def small():
    i, j = symbols("i j", integer=True)
    a, b, c, d, t = symbols("a b c d t", real=True)
    A, B = MatrixSymbol("A", 2, 2), MatrixSymbol("B", 2, 2)
    C = MatrixSymbol("C", 3, 3)
    M = Matrix([[a, b], [c, d]])
    R = Matrix([[cos(t), -sin(t)], [sin(t), cos(t)]])
    adj2 = Matrix([[A[1, 1], -A[0, 1]], [-A[1, 0], A[0, 0]]])
    dA = A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0]
    dC = (
        C[0, 0] * C[1, 1] * C[2, 2]
        + C[0, 1] * C[1, 2] * C[2, 0]
        + C[0, 2] * C[1, 0] * C[2, 1]
        - C[0, 2] * C[1, 1] * C[2, 0]
        - C[0, 1] * C[1, 0] * C[2, 2]
        - C[0, 0] * C[1, 2] * C[2, 1]
    )
    e2 = (Trace(C) ** 2 - Trace(C * C)) / 2
    true = [
        Id(D(A), dA),
        Id(D(C), dC),
        Id(A**2 - Trace(A) * A + D(A) * I(2), ZeroMatrix(2, 2)),
        Id(C**3 - Trace(C) * C**2 + e2 * C - D(C) * I(3), ZeroMatrix(3, 3)),
        Id(A.I, adj2 / dA),
        Id(A.I, (Trace(A) * I(2) - A) / D(A)),
        Id(D(A + B), D(A) + D(B) + Trace(A) * Trace(B) - Trace(A * B)),
        Id(D(I(2) + A), 1 + Trace(A) + D(A)),
        Id(D(I(3) + C), 1 + Trace(C) + e2 + D(C)),
        Id(D(A.T * A), dA**2),
        Id(D(MatMul(A, B)), D(A) * D(B)),
        Id(entry(C.I, 0, 0), (C[1, 1] * C[2, 2] - C[1, 2] * C[2, 1]) / D(C)),
        Gradient(D(A), A, Matrix([[A[1, 1], -A[1, 0]], [-A[0, 1], A[0, 0]]])),
        Id(Inverse(ImmutableMatrix(M)), ImmutableMatrix([[d, -b], [-c, a]]) / (a * d - b * c)),
        Id(A * adj2, D(A) * I(2)),
        Id(Trace(A.I), Trace(A) / D(A)),
        Id(Trace(A) ** 2 - Trace(A**2), 2 * D(A)),
        Id((A + B).I, (adj2 + Matrix([[B[1, 1], -B[0, 1]], [-B[1, 0], B[0, 0]]])) / D(A + B)),
        Id(entry(A.I, i, j), (Trace(A) * KroneckerDelta(i, j) - A[i, j]) / D(A)),
        Id(D(C.I), 1 / dC),
        Id(ImmutableMatrix(R) * ImmutableMatrix(R).T, I(2)),
        Id(C**2 - Trace(C) * C + e2 * I(3), D(C) * C.I),
        Id(log(D(A)), log(dA)),
        Id(D(a * A), a**2 * dA),
        Id(D(ImmutableMatrix(M)), a * d - b * c),
    ]
    false = [
        Id(D(A), A[0, 0] * A[1, 1] + A[0, 1] * A[1, 0]),
        Id(A**2 + Trace(A) * A + D(A) * I(2), ZeroMatrix(2, 2)),
        Id(A.I, Matrix([[A[1, 1], -A[1, 0]], [-A[0, 1], A[0, 0]]]) / dA),
        Id(D(A + B), D(A) + D(B)),
        Id(C**3 - Trace(C) * C**2 + e2 * C + D(C) * I(3), ZeroMatrix(3, 3)),
        Id(A.I, adj2),
        Id(D(C), dC + C[0, 0]),
        Id(D(a * A), a * dA),
    ]
    return true, false


def between():
    n, m, p, q = symbols("n m p q", integer=True, positive=True)
    s = symbols("s", positive=True)
    A, B = MatrixSymbol("A", n, m), MatrixSymbol("B", m, n)
    P, Q_ = MatrixSymbol("P", p, n), MatrixSymbol("Q", m, q)
    R = MatrixSymbol("R", n, q)
    S = MatrixSymbol("S", n, n)
    K = MatrixSymbol("K", m, m)
    a, b = MatrixSymbol("a", n, 1), MatrixSymbol("b", m, 1)
    X = MatrixSymbol("X", n, m)
    W = MatrixSymbol("W", n, n)
    u, v = MatrixSymbol("u", n, 1), MatrixSymbol("v", n, 1)
    true = [
        Id((I(n) + A * B).I * A, A * (I(m) + B * A).I),
        Id(P * (I(n) + A * B).I * A * Q_, P * A * (I(m) + B * A).I * Q_),
        Id(A.T * (I(n) - A * (I(m) + A.T * A).I * A.T) * A, A.T * (I(n) + A * A.T).I * A),
        Id(A.T * (I(n) + A * A.T).I * A, A.T * A * (I(m) + A.T * A).I),
        Id(A.T * (I(n) + A * A.T).I * A, I(m) - (I(m) + A.T * A).I),
        Id(
            Trace(P * (I(n) + A * B).I * A * Q_ * MatrixSymbol("Z", q, p)),
            Trace(P * A * (I(m) + B * A).I * Q_ * MatrixSymbol("Z", q, p)),
        ),
        Id((a.T * (I(n) + A * B).I * A * b)[0, 0], (a.T * A * (I(m) + B * A).I * b)[0, 0]),
        Id(
            P * (S + A * K * B).I * R,
            P * (S.I - S.I * A * (K.I + B * S.I * A).I * B * S.I) * R,
            given=(Q.invertible(S), Q.invertible(K)),
        ),
        Id(
            (a.T * (S + A * K * B).I * a)[0, 0],
            (a.T * (S.I - S.I * A * (K.I + B * S.I * A).I * B * S.I) * a)[0, 0],
            given=(Q.invertible(S), Q.invertible(K)),
        ),
        Id(
            P * (S + u * v.T).I * R,
            P * (S.I - S.I * u * v.T * S.I / (1 + (v.T * S.I * u)[0, 0])) * R,
            given=Q.invertible(S),
        ),
        Id(X.T * W * X, X.T * X * (I(m) + X.T * X).I, where={W: (I(n) + X * X.T).I}),
        Id(X * (X.T * X + s * I(m)).I * X.T * a, X * X.T * (X * X.T + s * I(n)).I * a),
        Id(P * (I(n) + S).I * S * R, P * (I(n) - (I(n) + S).I) * R),
        Id(P * (S * W).I * R, P * W.I * S.I * R),
        Id(P * (S.I + W.I).I * R, P * S * (S + W).I * W * R),
        Id((a.T * (S.I + W.I).I * a)[0, 0], (a.T * S * (S + W).I * W * a)[0, 0]),
    ]
    false = [
        Id(P * (I(n) + A * B).I * A * Q_, P * A * (I(m) - B * A).I * Q_),
        Id(P * (I(n) + A * B).I * A * Q_, P * A * (I(m) + A.T * A).I * Q_),
        Id(
            P * (S + A * K * B).I * R,
            P * (S.I + S.I * A * (K.I + B * S.I * A).I * B * S.I) * R,
            given=(Q.invertible(S), Q.invertible(K)),
        ),
        Id(
            (a.T * (S + A * K * B).I * a)[0, 0],
            (a.T * (S.I - S.I * A * (K + B * S.I * A).I * B * S.I) * a)[0, 0],
            given=(Q.invertible(S), Q.invertible(K)),
        ),
        Id(P * (S * W).I * R, P * S.I * W.I * R),
        Id(P * (S.I + W.I).I * R, P * (S + W) * R),
        Id(A.T * (I(n) + A * A.T).I * A, I(m) + (I(m) + A.T * A).I),
        Id(Trace((I(n) + A * A.T).I), m - n + Trace((I(m) + A.T * A).I)),
        Id(
            P * (S + u * v.T).I * R,
            P * (S.I - S.I * v * u.T * S.I / (1 + (v.T * S.I * u)[0, 0])) * R,
            given=Q.invertible(S),
        ),
    ]
    return true, false


def edges():
    n, d = symbols("n d", integer=True, positive=True)
    i, j, k = symbols("i j k", integer=True)
    x = symbols("x", real=True)
    L, M, A = (MatrixSymbol(s, n, n) for s in "LMA")
    N = MatrixSymbol("N", n + 1, n + 1)
    V = MatrixSymbol("V", n, d)
    b = MatrixSymbol("b", n, 1)
    v = MatrixSymbol("v", n, 1)
    low = Q.lower_triangular(L)
    true = [
        Id(D(N[0:n, 0:n]), 1, given=(Q.unit_triangular(N), Q.lower_triangular(N))),
        Id(V[i, j], 0, given=(Q.lower_triangular(V), i < j)),
        Id(entry(L, i, j), 0, given=(low, Q.upper_triangular(L), i < j)),
        Id(L, L.T, given=(low, Q.upper_triangular(L))),
        Id(L, L.T, given=(low, Q.symmetric(L))),
        Id(L, I(n), given=(Q.diagonal(L), Q.unit_triangular(L))),
        Id(L, I(n), given=(low, Q.upper_triangular(L), Q.unit_triangular(L))),
        Inequality(0, D(L), given=(low, Q.positive(L[i, i]))),
        Id(A.I, L.T.I * L.I, given=(Eq(A, L * L.T), low)),
        Id((b.T * A.I * b)[0, 0], ((L.I * b).T * (L.I * b))[0, 0], given=(Eq(A, L * L.T), low)),
        Id(
            -n * log(2 * pi) / 2 - log(D(A)) / 2 - (b.T * A.I * b)[0, 0] / 2,
            -n * log(2 * pi) / 2
            - Sum(log(L[k, k]), (k, 0, n - 1))
            - ((L.I * b).T * (L.I * b))[0, 0] / 2,
            given=(Eq(A, L * L.T), low, Q.positive(L[i, i])),
        ),
        Id((L * M).T.I, L.T.I * M.T.I, given=(Q.orthogonal(L), Q.orthogonal(M))),
        Id(L * M * (L * M).T, I(n), given=(Q.orthogonal(L), Q.orthogonal(M))),
        Id(D(L) ** 2, 1, given=Q.orthogonal(L)),
        Id(((L * b).T * (L * b))[0, 0], (b.T * b)[0, 0], given=Q.orthogonal(L)),
        Id(L.T, L.I, given=Q.unitary(L)),
        Id(entry(L, 0, j), 0, given=(low, j >= 1)),
    ]
    false = [
        Id(D(N[1 : n + 1, 0:n]), 1, given=(Q.unit_triangular(N), Q.lower_triangular(N))),
        Id(D(N[1 : n + 1, 0:n]), 1, given=(Q.unit_triangular(N),)),
        Id(V[i, j], 0, given=(Q.lower_triangular(V), i > j)),
        Id(D(L + A), Product(L[i, i] + A[i, i], (i, 0, n - 1)), given=low),
        Id(L * L.T, L.T * L, given=low),
        Id(entry((L + L.T).I, i, j), 0, given=(low, i < j)),
        Id(D(Abs(x) * I(n) + b * v.T), x ** (n - 1) * (x + (v.T * b)[0, 0])),
        Id(D(L), 0, given=(low, Q.singular(A))),
        Id(L, I(n), given=(low, Q.unit_triangular(L))),
        Inequality(0, D(L), given=(low,)),
        Gradient(D(L), L, ZeroMatrix(n, n), given=low),
    ]
    return true, false


GROUPS = {g.__name__: g() for g in (triangular, symmetric, determinants, small, between, edges)}
TRUE = [(name, k, c) for name, (true, _) in GROUPS.items() for k, c in enumerate(true)]
FALSE = [(name, k, c) for name, (_, false) in GROUPS.items() for k, c in enumerate(false)]


@pytest.mark.parametrize("claim", [c for *_, c in TRUE], ids=[f"{g}-{k}" for g, k, _ in TRUE])
def test_a_law_of_matrices_is_proved(claim):
    verdict = verify(claim)
    assert verdict.status == "holds", verdict.reason


@pytest.mark.parametrize("claim", [c for *_, c in FALSE], ids=[f"{g}-{k}" for g, k, _ in FALSE])
def test_a_neighbour_of_a_law_is_refuted(claim):
    assert verify(claim).status == "disagrees"
