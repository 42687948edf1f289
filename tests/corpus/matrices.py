"""Matrix algebra: equations as given, blocks, determinants of sums, powers."""

from __future__ import annotations

import sympy as sp
from sympy import (
    Determinant,
    DiagMatrix,
    Eq,
    Inverse,
    Product,
    Q,
    Symbol,
    Trace,
    ZeroMatrix,
    log,
    symbols,
)

from corpus.textbook import FALSE, TRUE, I, M, dot, each, grad, k, m, n, one, same, sq, t
from derive import sum_over

S, T, V, C, D = M("S", n, n), M("T", n, n), M("V", n, n), M("C", m, n), M("D", m, m)
A, X, P, W, G = M("A", n, m), M("X", n, m), M("P", m, m), M("W", m, m), M("G", n, m)
x, y, a, w = M("x", n, 1), M("y", n, 1), M("a", m, 1), M("w", m, 1)
Sig, H, R = M("Sigma", n, n), M("H", m, n), M("R", m, m)
width, noise, weight = symbols("width noise weight", positive=True)
det, inv, O = Determinant, Inverse, ZeroMatrix
ridge = weight * sq(X * w - y) / 2 + width * sq(w) / 2
ridge_mean = weight * inv(width * I(m) + weight * X.T * X) * X.T * y
innovation = H * S * H.T + R
joseph = (I(n) - G * H) * S * (I(n) - G * H).T + G * R * G.T
hat = X * inv(X.T * X) * X.T
skew = Eq(S.T, -S)
likelihood = -log(det(Sig)) / 2 - Trace(inv(Sig) * T) / 2
spectral = (Eq(S, V * DiagMatrix(x) * V.T), Q.orthogonal(V))
square = sp.BlockMatrix([[S, A], [C, D]])
upper = sp.BlockMatrix([[S, A], [O(m, n), D]])
left_over = S - A * inv(D) * C
stacked = sp.BlockMatrix([[X], [noise * I(m)]])
conditional = dot(x - A * inv(D) * a, inv(S - A * inv(D) * A.T) * (x - A * inv(D) * a))
both, joint = sp.BlockMatrix([[x], [a]]), sp.BlockMatrix([[S, A], [A.T, D]])


def inverse_of_blocks(sign):
    core, cross = inv(left_over), A * inv(D)
    return sp.BlockMatrix(
        [[core, -core * cross], [-inv(D) * C * core, inv(D) + sign * inv(D) * C * core * cross]]
    )


TRUE += [
    same("rank-one.vector", inv(I(n) + x * x.T) * x, x / (1 + sq(x))),
    grad("rank-one.log-det", log(det(I(n) + x * x.T)), x, 2 * x / (1 + sq(x))),
    grad(
        "rank-one.by-number", log(det(I(n) + width * x * x.T)), width, sq(x) / (1 + width * sq(x))
    ),
    grad("stationary.ridge", ridge, w, O(m, 1), Eq(w, ridge_mean)),
    grad(
        "stationary.shrunk",
        width * sq(x) / 2 + weight * sq(y - x) / 2,
        x,
        O(n, 1),
        Eq(x, weight * y / (width + weight)),
    ),
    grad(
        "stationary.newton",
        dot(x, S * x) / 2 - dot(y, x),
        x,
        O(n, 1),
        Eq(x, inv(S) * y),
        Q.symmetric(S),
    ),
    grad(
        "stationary.kalman",
        Trace(joseph),
        G,
        O(n, m),
        Q.symmetric(S),
        Q.symmetric(R),
        Eq(G * innovation, S * H.T),
    ),
    grad(
        "stationary.scale",
        -n * log(noise) - sq(y) / (2 * noise**2),
        noise,
        0,
        Eq(noise**2, sq(y) / n),
    ),
    grad("stationary.covariance", likelihood, Sig, O(n, n), Eq(Sig, T), Q.positive(det(Sig))),
    same("given.residual", sq(y - hat * y), dot(y, (I(n) - hat) * y)),
    same("given.symmetric", dot(x, S * y), dot(y, S * x), Eq(S, S.T)),
    same("given.skew-form", dot(x, S * x), 0, Eq(S + S.T, O(n, n))),
    same("given.cayley", (inv(I(n) + S) * (I(n) - S)).T * inv(I(n) + S) * (I(n) - S), I(n), skew),
    same(
        "given.singular-values",
        A.T * A,
        W * DiagMatrix(each(a, t**2)) * W.T,
        Eq(A, G * DiagMatrix(a) * W.T),
        Eq(G.T * G, I(m)),
    ),
    same("given.spectral-square", S**2, V * DiagMatrix(each(x, t**2)) * V.T, *spectral),
    same("given.spectral-determinant", det(S), Product(x[k, 0], (k, 0, n - 1)), *spectral),
    same("given.cholesky", det(S), det(T) ** 2, Eq(S, T * T.T)),
    same(
        "given.push-through",
        inv(width * I(n) + weight * X * X.T) * X,
        X * inv(width * I(m) + weight * X.T * X),
    ),
    same("schur.determinant", det(square), det(D) * det(left_over), Q.invertible(D)),
    same("schur.triangular", det(upper), det(S) * det(D)),
    same(
        "schur.triangular-inverse",
        inv(upper),
        sp.BlockMatrix([[inv(S), -inv(S) * A * inv(D)], [O(m, n), inv(D)]]),
    ),
    same("schur.inverse", inv(square), inverse_of_blocks(1), Q.invertible(D)),
    same(
        "schur.product",
        upper * sp.BlockMatrix([[inv(S), -inv(S) * A * inv(D)], [O(m, n), inv(D)]]),
        I(n + m),
    ),
    same("schur.either", det(S) * det(D - C * inv(S) * A), det(D) * det(left_over)),
    same(
        "schur.conditional",
        conditional + dot(a, inv(D) * a),
        dot(both, inv(joint) * both),
        Q.symmetric(S),
        Q.symmetric(D),
        Q.invertible(D),
    ),
    grad(
        "schur.augmented",
        sq(stacked * w - sp.BlockMatrix([[y], [O(m, 1)]])),
        w,
        2 * X.T * (X * w - y) + 2 * noise**2 * w,
    ),
    same("turned.identity", det(I(n) + A * C), det(I(m) + C * A)),
    same(
        "turned.scaled",
        log(det(noise * I(n) + A * A.T)),
        (n - m) * log(noise) + log(det(noise * I(m) + A.T * A)),
    ),
    same("turned.three", det(I(n) + A * P * C), det(I(m) + P * C * A)),
    same("turned.lemma", det(S + A * P * C), det(S) * det(P) * det(inv(P) + C * inv(S) * A)),
    grad("turned.gradient", log(det(I(n) + A * A.T)), A, 2 * A * inv(I(m) + A.T * A)),
]
FALSE += [
    same("rank-one.vector.sign", inv(I(n) + x * x.T) * x, x / (1 - sq(x))),
    same("rank-one.two-vectors", inv(I(n) + x * y.T) * x, x / (1 + sq(x))),
    grad("stationary.ridge.no-precision", ridge, w, O(m, 1), Eq(w, ridge_mean / weight)),
    grad(
        "stationary.newton.asymmetric",
        dot(x, S * x) / 2 - dot(y, x),
        x,
        O(n, 1),
        Eq(x, inv(S) * y),
        Q.invertible(S),
    ),
    grad(
        "stationary.kalman.no-noise",
        Trace(joseph),
        G,
        O(n, m),
        Q.symmetric(S),
        Q.symmetric(R),
        Eq(G * H * S * H.T, S * H.T),
    ),
    grad(
        "stationary.covariance.doubled",
        likelihood,
        Sig,
        O(n, n),
        Eq(Sig, 2 * T),
        Q.positive(det(Sig)),
    ),
    grad("stationary.value-for-derivative", sq(x), x, 2 * y + sq(x) * one(n, 1), Eq(x, y)),
    same("given.skew-form.two", dot(x, S * y), 0, skew),
    same(
        "given.cayley.symmetric",
        (inv(I(n) + S) * (I(n) - S)).T * inv(I(n) + S) * (I(n) - S),
        I(n),
        Eq(S.T, S),
    ),
    same(
        "given.singular-values.first-power",
        A.T * A,
        W * DiagMatrix(a) * W.T,
        Eq(A, G * DiagMatrix(a) * W.T),
        Eq(G.T * G, I(m)),
    ),
    same(
        "schur.determinant.blocks",
        det(sp.BlockMatrix([[S, T], [V, Sig]])),
        det(S) * det(Sig) - det(T) * det(V),
    ),
    same(
        "schur.triangular-inverse.sign",
        inv(upper),
        sp.BlockMatrix([[inv(S), inv(S) * A * inv(D)], [O(m, n), inv(D)]]),
    ),
    same("schur.inverse.sign", inv(square), inverse_of_blocks(-1), Q.invertible(D)),
    same(
        "schur.anti-triangular",
        det(sp.BlockMatrix([[S, A], [C, O(m, m)]])),
        det(S) * det(C * inv(S) * A),
    ),
    same(
        "turned.scaled.no-power", log(det(noise * I(n) + A * A.T)), log(det(noise * I(m) + A.T * A))
    ),
    same("turned.three.swapped", det(I(n) + S * T * V), det(I(n) + S * V * T)),
    same("turned.lemma.no-factor", det(S + A * P * C), det(S) * det(inv(P) + C * inv(S) * A)),
]

p = Symbol("p", integer=True, positive=True)
TRUE += [
    grad("power.trace", Trace(S**p), S, p * (S ** (p - 1)).T),
    grad(
        "power.bilinear",
        dot(x, S**p * y),
        S,
        sum_over(S.T ** (p - k) * x * y.T * S.T ** (k - 1), (k, 1, p)),
    ),
    grad("power.vector", dot(x, S**p * y), y, S.T**p * x),
    same("power.determinant", det(S**p), det(S) ** p),
]
FALSE += [
    grad("power.trace.not-lowered", Trace(S**p), S, p * (S**p).T),
    same("power.determinant.factor", det(S**p), p * det(S)),
]
