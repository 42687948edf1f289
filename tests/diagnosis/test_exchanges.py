"""Mistakes that are named: terms left out, one part taken for another, conventions."""

from __future__ import annotations

import pytest
from sympy import (
    Abs,
    Determinant,
    DiagMatrix,
    HadamardProduct,
    Identity,
    IndexedBase,
    Lambda,
    Matrix,
    MatrixSymbol,
    Max,
    OneMatrix,
    Q,
    Sum,
    Symbol,
    Trace,
    cos,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)

import derive
from derive import Backward, Gradient, Jacobian, tensor, verify
from derive import Identity as Same
from derive.language.operators import entry, partial

n, m, k, d = symbols("n m k d", integer=True, positive=True)
i, j, l, r = symbols("i j l r", integer=True)
t, u = symbols("t u", real=True)
x, a, b, c, g, w = (MatrixSymbol(name, d, 1) for name in ["x", "a", "b", "c", "g", "w"])
A, B, W, V = (MatrixSymbol(name, d, d) for name in ["A", "B", "W", "V"])
sigmoid = Lambda(t, 1 / (1 + exp(-t)))
S, H = MatrixSymbol("S", d, 1), HadamardProduct
R, P = Symbol("R", positive=True), MatrixSymbol("P", n, m)
z, gz, p = (MatrixSymbol(name, 1, d) for name in ("z", "gz", "p"))
Z, G = MatrixSymbol("Z", n, m), MatrixSymbol("G", n, m)
softmax = {p: derive.softmax(z)}
rows = {P: derive.softmax(Z)}
norm = {R: sqrt(entry(x.T * x, 0, 0))}
one = OneMatrix(d, 1)

z1, h1, z2, h2 = (MatrixSymbol(name, d, 1) for name in ("z1", "h1", "z2", "h2"))
net = {
    z1: W * x,
    h1: z1.applyfunc(Lambda(t, tanh(t))),
    z2: V * h1,
    h2: z2.applyfunc(Lambda(t, tanh(t))),
}
th1, th2 = one - H(h1, h1), one - H(h2, h2)
loss = Trace((h2 - b).T * (h2 - b)) / 2

X = MatrixSymbol("X", n, n)
det = Determinant(X) * entry(X.I, j, i)
path = Determinant(X) * entry(X.I, l, r) * entry(X.I, j, i)
other_path = Determinant(X) * entry(X.I, j, r) * entry(X.I, l, i)

kernel, signal, grads = (
    IndexedBase(name, shape=(size,)) for name, size in (("w", k), ("s", n + k - 1), ("g", n))
)
conv = tensor(Sum(kernel[i] * signal[r + i], (i, 0, k - 1)), (r, n))
vector, q = MatrixSymbol("v", n, 1), MatrixSymbol("q", 3, 1)
d_, e_, f_, c_ = symbols("d_ e_ f_ c_", real=True)
chain = {d_: sqrt(c_), e_: cos(c_), f_: d_ + e_}

WRONG = {
    "σ′ without 1 − σ, by name": (
        Gradient(Trace(b.T * S), x, H(b, S), where={S: x.applyfunc(sigmoid)}),
        "the factor 1 - S is missing",
    ),
    "σ′ without 1 − σ, of a number": (
        Gradient(1 / (1 + exp(-t)), t, 1 / (1 + exp(-t))),
        "the factor 1 - 1/(1 + exp(-t)) is missing",
    ),
    "a path of a determinant": (Gradient(det, X[r, l], path), "the term -"),
    "the sign of a path": (Gradient(det, X[r, l], path + other_path), "the sign of the term"),
    "the projection of a normalisation": (
        Backward(x / R, x, g, g / R, where=norm),
        "the term -R**(-3)*x*g.T*x is missing",
    ),
    "the projection of a softmax": (
        Backward(p, z, gz, H(p, gz), where=softmax),
        "the term -p*gz.T*p is missing",
    ),
    "the projection of a softmax of rows": (
        Backward(P, Z, G, H(P, G), where=rows),
        "the term -(P ⊙ rowsum(P ⊙ G)) is missing",
    ),
    "softmax, the diagonal only": (
        Backward(p, z, gz, H(gz, p, OneMatrix(1, d) - p), where=softmax),
        "only the diagonal of the Jacobian is used",
    ),
    "softmax's Jacobian": (
        Jacobian(p, z, DiagMatrix(p.T), where=softmax),
        "the term -p.T*p is missing",
    ),
    "a mean": (
        Gradient(Sum((x[i, 0] - Sum(x[j, 0], (j, 0, d - 1)) / d) ** 2, (i, 0, d - 1)), x, 2 * x),
        "is missing",
    ),
    "an inner derivative": (
        Gradient(loss, W, H(V.T * (h2 - b), th1) * x.T, where=net),
        "the derivative tanh'(z2) is missing",
    ),
    "another input": (
        Gradient(loss, W, H(V.T * H(h2 - b, th2), th1) * h1.T, where=net),
        "it holds with x for h1",
    ),
    "another vector": (
        Gradient(Trace(a.T * A * x) + Trace(b.T * B * x), x, A.T * a + B.T * a),
        "it holds with b for a in B.T*a",
    ),
    "another matrix": (
        Gradient(Trace(a.T * A * x) + Trace(b.T * B * x), x, A.T * a + A.T * b),
        "it holds with B for A in A.T*b",
    ),
    "another derivative": (
        Same(
            partial(f_, c_),
            partial(f_, d_) * partial(d_, c_) + partial(f_, e_) * partial(d_, c_),
            where=chain,
        ),
        "(∂e_/∂c_)",
    ),
    "another variable": (
        Gradient(t**2 * exp(u), t, t**2 * exp(u)),
        "the documented side is the derivative in u",
    ),
    "everywhere": (
        Backward(H(w, x) / R, x, g, (g - x * (g.T * x) / R**2) / R, where=norm),
        "for every g",
    ),
    "a flipped kernel": (
        Backward(conv, kernel, grads, tensor(
            Sum(grads[r] * signal[r + k - 1 - i], (r, 0, n - 1)), (i, k))),
        "it holds with s[i + r] for s[k - i + r - 1]",
    ),
    "reversed": (
        Same(tensor(vector[i, 0], (i, n)), tensor(vector[n - 1 - i, 0], (i, n))),
        "it holds with v[i, 0] for v[n - i - 1, 0]",
    ),
    "an indicator": (
        Gradient(Max(1 - entry(a.T * x, 0, 0), 0) + entry(x.T * x, 0, 0) / 2, x, x - a),
        "the term -a counts only where 1 - (a.T*x)[0, 0] > 0",
    ),
    "a sign": (Gradient(Abs(t) + t**2, t, 1 + 2 * t), "sign(t)"),
    "an indicator of the whole": (
        Gradient(Max(0, t) ** 2, t, Max(0, t) + t),
        "counts only where t > 0",
    ),
    "parentheses": (
        Gradient(t / (1 + exp(-t)), t, 1 + exp(-t) + t * exp(-t) / (1 + exp(-t)) ** 2),
        "it holds as",
    ),
    "a number": (
        Gradient(log(1 + exp(t)), t, 1 - 1 / (2 + exp(t))),
        "it holds with 1 for 2 in exp(t) + 2",
    ),
    "signs of entries": (
        Jacobian(
            Matrix([q[0, 0] * q[1, 0], q[1, 0] * q[2, 0]]),
            q,
            Matrix([[q[1, 0], -q[0, 0], 0], [0, q[2, 0], -q[1, 0]]]),
        ),
        "the signs of the entries (0, 1) and (1, 2) are wrong",
    ),
    "two entries": (
        Jacobian(
            Matrix([q[0, 0] * q[1, 0], q[1, 0] * q[2, 0]]),
            q,
            Matrix([[q[1, 0], q[1, 0], 0], [0, q[1, 0], q[1, 0]]]),
        ),
        "the entries (0, 1) and (1, 1) are wrong",
    ),
    "pairs of equal entries counted once": (
        Gradient(
            log(Determinant(A)), A, 2 * A.I - H(A.I, Identity(d)), given=Q.symmetric(A)
        ),
        "for one variable",
    ),
    "an indicator of a matrix": (
        Gradient(Trace(b.T * x.applyfunc(Lambda(t, Max(t, 0)))), x, b),
        "Heaviside(x)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_is_named(name):
    claim, words = WRONG[name]
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert words in verdict.reason


def test_no_factor_is_superfluous_that_is_not_there():
    verdict = verify(WRONG["σ′ without 1 − σ, by name"][0])
    assert "superfluous" not in verdict.reason


def test_a_constant_is_no_unknown():
    """π is not to be 1."""
    from sympy import pi

    verdict = verify(Same(pi * entry(x.T * x, 0, 0), entry(x.T * x, 0, 0)))
    assert verdict.status == "disagrees"
    assert "pi = 1" not in verdict.reason
