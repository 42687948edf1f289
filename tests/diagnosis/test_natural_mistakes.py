"""Mistakes as they stand in notes and papers, each named by the word that tells it."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import Abs, Lambda, MatrixSymbol, OneMatrix, Q, Symbol, Trace, exp, log
from sympy import HadamardProduct as H

from derive import Backward, Gradient, Hessian, Identity, softmax, tensor, vec, verify
from derive.diagnosis.quoting import as_product, text_in
from derive.language.operators import entry

n, m, c, d = sp.symbols("n m c d", integer=True, positive=True)
i, j, s = sp.symbols("i j s", integer=True)
t = Symbol("t", real=True)
lam, eps, beta = sp.symbols("lam eps beta", positive=True)
A, B, S = (MatrixSymbol(name, d, d) for name in "ABS")
x, z, g, w = (MatrixSymbol(name, d, 1) for name in "xzgw")
X, W, G = MatrixSymbol("X", n, d), MatrixSymbol("W", d, c), MatrixSymbol("G", n, c)
y, p = MatrixSymbol("y", n, 1), MatrixSymbol("p", n, 1)
row, q = MatrixSymbol("r", 1, c), MatrixSymbol("q", 1, c)
h1, h2, z1, z2 = (MatrixSymbol(name, d, 1) for name in ("h1", "h2", "z1", "z2"))
R = Symbol("R", positive=True)
xc, xh = MatrixSymbol("xc", d, 1), MatrixSymbol("xh", d, 1)


def dot(a, b):
    return entry(a.T * b, 0, 0)


def mean(a):
    return OneMatrix(d, 1) * dot(OneMatrix(d, 1), a) / d


def sigma(a):
    return 1 / (1 + exp(-a))


entropy = -sp.Sum(
    y[i, 0] * log(sigma((X * w)[i, 0])) + (1 - y[i, 0]) * log(1 - sigma((X * w)[i, 0])),
    (i, 0, n - 1),
)
logistic = {p: (X * w).applyfunc(Lambda(t, sigma(t)))}
norm = {xc: x - mean(x), R: sp.sqrt(dot(xc, xc) / d + eps), xh: xc / R}
tanh = Lambda(t, sp.tanh(t))
net = {z1: A.T * x, h1: z1.applyfunc(tanh), z2: B.T * h1, h2: z2.applyfunc(tanh)}
slope1, slope2 = (OneMatrix(d, 1) - H(h, h) for h in (h1, h2))
loss = dot(h2 - z, h2 - z) / 2
K, C, N = MatrixSymbol("K", n, m), MatrixSymbol("C", m, n), MatrixSymbol("N", m, m)
P = MatrixSymbol("P", n, n)
joseph = (sp.Identity(n) - K * C) * P
regularised = dot(X * w - y, X * w - y) / 2 + lam * dot(w, w) / 2
rows = sp.Sum(sp.Sum(S[i, j], (j, 0, d - 1)) ** 2, (i, 0, d - 1))
one_hot = (sp.Eq(sp.Sum(row[0, j], (j, 0, c - 1)), 1),)

logits, up = sp.IndexedBase("z", shape=(c,)), sp.IndexedBase("u", shape=(c,))
chance = exp(logits[i]) / sp.Sum(exp(logits[j]), (j, 0, c - 1))
share, weighted = tensor(chance, (i, c)), sp.Sum(up[i] * chance, (i, 0, c - 1))
V, U = MatrixSymbol("V", c, m), MatrixSymbol("U", n, m)
margin = entry(X * w, i, 0)
scales, Z = OneMatrix(n, 1) * MatrixSymbol("s", 1, d), MatrixSymbol("Z", n, d)
scaled = H(scales, X)
centred = scaled - OneMatrix(n, n) * scaled / n

WRONG = {
    "the output for the upstream": (Backward(X * W, X, G, X * W * W.T), "with G for X*W"),
    "both orders": (Gradient(Trace(A * A * B), A, 2 * B.T * A.T), "A.T*B.T + B.T*A.T"),
    "ones for the identity": (
        Hessian(regularised, w, X.T * X + lam * OneMatrix(d, d)),
        "the identity is meant",
    ),
    "σ′ of a loss that has it not": (
        Gradient(entropy, w, X.T * H(p, OneMatrix(n, 1) - p, p - y), where=logistic),
        "(1 - p) ⊙ p is superfluous",
    ),
    "a diagonal between": (
        Hessian(entropy, w, X.T * X, where=logistic),
        "the factor DiagMatrix(p ⊙ (1 - p)) is missing",
    ),
    "σ′ in one term": (
        Gradient(t * sigma(t), t, sigma(t) + t * sigma(t)),
        "the factor 1 - 1/(1 + exp(-t)) is missing",
    ),
    "up to the softmax": (
        Gradient(
            -sp.Sum(row[0, j] * log(q[0, j]), (j, 0, c - 1)),
            MatrixSymbol("o", 1, c),
            -H(row, sp.HadamardPower(q, -1)),
            where={q: softmax(MatrixSymbol("o", 1, c))},
            given=one_hot,
        ),
        "the derivative in q",
    ),
    "both terms of a layer norm": (
        Backward(xh, x, g, g / R, where=norm),
        "the terms -1/(R**3*d)*xc*g.T*xc - 1/(R*d)*sum(g) are missing",
    ),
    "no ε": (
        Gradient(sp.sqrt(dot(x, x) / d + eps), x, x / (d * sp.sqrt(dot(x, x) / d))),
        "eps = 0 only",
    ),
    "an inner slope, transposed": (
        Gradient(loss, A, x * (B * H(h2 - z, slope2)).T, where=net),
        "the derivative tanh'(z1) is missing",
    ),
    "an outer slope, transposed": (
        Gradient(loss, A, x * H(B * (h2 - z), slope1).T, where=net),
        "the derivative tanh'(z2) is missing",
    ),
    "a sign": (Gradient(Abs(t) ** 3, t, 3 * t**2), "the derivative sign(t) is missing"),
    "the other axis": (
        Gradient(rows, S, tensor(2 * sp.Sum(S[s, j], (s, 0, d - 1)), (i, d), (j, d))),
        "the sum runs over the rows",
    ),
    "the other axis, with ones": (
        Gradient(dot(S * OneMatrix(d, 1), S * OneMatrix(d, 1)) / 2, S, OneMatrix(d, d) * S),
        "the sum runs over the rows",
    ),
    "the noise of a filter": (
        Identity(
            joseph,
            joseph * (sp.Identity(n) - K * C).T,
            where={K: P * C.T * (C * P * C.T + N).I},
            given=(Q.symmetric(P), Q.symmetric(N)),
        ),
        "the term K*N*K.T is missing",
    ),
    "the sign of a rank-one update": (
        Identity((A + x * z.T).I, A.I + A.I * x * z.T * A.I / (1 + dot(z, A.I * x))),
        "the sign of the term",
    ),
    "one in a denominator": (
        Identity((A + x * z.T).I, A.I - A.I * x * z.T * A.I / dot(z, A.I * x)),
        "the term 1 is missing in 1/(x.T*(A**(-1)).T*z)",
    ),
    "an inverse": (
        Identity((A + B).I, A.I - A.I * (A + B.I).I * A.I),
        "it holds with A**(-1) + B**(-1) for",
    ),
    "the regulariser": (
        Gradient(-log(sigma(dot(w, x))) + lam * dot(w, w) / 2, w, -(1 - sigma(dot(w, x))) * x),
        "the term lam*w is missing",
    ),
    "a softmax without a name": (
        Backward(share, logits, up, tensor(up[i] * chance - weighted, (i, c))),
        "is missing in the term -Sum",
    ),
    "its diagonal, where it has no name": (
        Backward(share, logits, up, tensor(up[i] * chance * (1 - chance), (i, c))),
        "only the diagonal of the Jacobian",
    ),
    "the sum of a row, inside": (
        Backward(softmax(X * W) * V, X, U, H(softmax(X * W), U * V.T) * W.T),
        "-(softmax(X*W) ⊙ rowsum(softmax(X*W) ⊙ (U*V.T)))",
    ),
    "the order of a Kronecker product": (
        Identity(vec(A * X.T), sp.KroneckerProduct(A, sp.Identity(n)) * vec(X.T)),
        "KroneckerProduct(I, A)",
    ),
    "a function of numbers": (
        Gradient(sp.Sum(exp(margin) - y[i, 0] * margin, (i, 0, n - 1)), w, X.T * (X * w - y)),
        "with exp(X*w) for X*w",
    ),
    "the range on the other side of an index": (
        Backward(
            tensor(sp.Sum(logits[j], (j, 0, i)), (i, c)),
            logits,
            up,
            tensor(sp.Sum(up[j], (j, 0, i)), (i, c)),
        ),
        "the range j = i … c - 1",
    ),
    "the value itself": (
        Gradient(
            sp.Sum(chance * up[i], (i, 0, c - 1)),
            logits,
            tensor(chance * (up[i] - sp.Sum(up[j], (j, 0, c - 1)) / c), (i, c)),
        ),
        "with minus what is differentiated for",
    ),
    "the mean, in a factor": (
        Backward(centred + P * scaled, X, Z, H(scales, Z + P.T * Z)),
        "the term -1/n*colsum(Z) is missing in Z + P.T*Z",
    ),
}


Xi, bi, yi = (sp.IndexedBase(*of) for of in (("Xi", (n, d)), ("bi", (d,)), ("yi", (n,))))
Z = sp.IndexedBase("Z", shape=(n, d))
linear = sp.Sum(Xi[i, j] * bi[j], (j, 0, d - 1))
robust = sp.Sum(sp.sqrt((linear - yi[i]) ** 2 + eps), (i, 0, n - 1))
counts = sp.Sum(exp(linear) - yi[i] * linear, (i, 0, n - 1))
spread = sp.Sum((Z[i, j] - sp.Sum(Z[i, s], (s, 0, d - 1)) / d) ** 2, (i, 0, n - 1), (j, 0, d - 1))
WRONG |= {  # in sums, by what stands under them
    "link": (Gradient(counts, bi[s], sp.Sum((linear - yi[i]) * Xi[i, s], (i, 0, n - 1))),
             "it holds with exp(Sum("),
    "root": (Gradient(robust, bi[s], sp.Sum((linear - yi[i]) * Xi[i, s], (i, 0, n - 1))),
             "the factor 1/sqrt(eps + "),
    "axis": (Gradient(spread, Z, tensor(2 * (Z[i, j] - sp.Sum(Z[s, j], (s, 0, n - 1)) / n),
                                        (i, n), (j, d))), "the mean runs along another axis"),
    "half": (Identity(sigma(t), (1 + sp.tanh(t)) / 2), "t lacks a factor 1/2"),
    "quotient": (Identity(1 / (lam / (1 - lam) + 1 / (1 - eps)),
                          (1 - eps * lam) / (1 - eps) * (1 - lam)), "a quotient is upside down"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_is_named(name):
    claim, words = WRONG[name]
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert words in verdict.reason


def test_a_factor_of_zero_is_no_factor():
    verdict = verify(Gradient(dot(x, x) - dot(x, x), z, x))
    assert "factor 0" not in verdict.reason


def test_a_sum_of_products_is_quoted_as_a_product():
    total = sp.Sum(x[i, 0] * A[i, j] * z[j, 0], (i, 0, d - 1), (j, 0, d - 1))
    assert text_in(total / 2) in ("(x.T*A*z)/2", "(z.T*A.T*x)/2")
    assert as_product(sp.Sum(x[i, 0] * z[j, 0], (i, 0, d - 1), (j, 0, d - 1))) is None
    assert as_product(sp.Sum(x[i, 0] * z[i, 0], (i, 0, d - 2))) is None
    assert as_product(sp.Sum(x[i, 0] * z[i, 0], (i, 1, d - 1))) is None
    assert as_product(sp.Sum(A[i, j], (i, 0, d - 1), (j, 0, d - 1))) is None
