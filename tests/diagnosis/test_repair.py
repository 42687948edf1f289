"""Wrong claims from real derivations, and the mistake that is named: it is one, and is proved."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import sympy as sp
from corpus import FALSE
from sympy import (
    Determinant,
    DiagMatrix,
    Eq,
    HadamardProduct,
    Inverse,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    Q,
    Sum,
    Symbol,
    Trace,
    exp,
    log,
    sqrt,
    symbols,
    tanh,
)

from derive import (
    Backward,
    Gradient,
    Hessian,
    Identity,
    Jacobian,
    ScalarFunction,
    logsumexp,
    softmax,
    verify,
)
from derive.diagnosis import reason as explain
from derive.diagnosis import repaired
from derive.diagnosis.reason import difference
from derive.diagnosis.trial import Trial
from derive.language.operators import entry
from derive.refutation.symbols import fields_of

n, m, h, c, d = symbols("n m h c d", integer=True, positive=True)
i, j, k, l, q = symbols("i j k l q", integer=True)
t, lam, tau, eta = symbols("t lambda tau eta", real=True)
eps = Symbol("epsilon", positive=True)
M = MatrixSymbol


def each(matrix, body):
    """``body``, an expression in t, of every entry."""
    return matrix.applyfunc(Lambda(t, body))


def sq(x):
    return (x.T * x)[0, 0]


def total(matrix):
    return Sum(matrix[i, j], (i, 0, matrix.shape[0] - 1), (j, 0, matrix.shape[1] - 1))


WRONG = {}


def wrong(name, claim, *words):
    """A wrong claim and what is to be said of it."""
    WRONG[name] = (claim, " ".join(words))


# ---- linear regression: n samples, m features

X, w, y, r = M("X", n, m), M("w", m, 1), M("y", n, 1), M("r", n, 1)
loss = Symbol("loss", real=True)
fit = {r: X * w - y, loss: (r.T * r)[0, 0] / 2}
mean_fit = {r: X * w - y, loss: (r.T * r)[0, 0] / (2 * n)}
ridge = {r: X * w - y, loss: (r.T * r)[0, 0] / 2 + lam * (w.T * w)[0, 0] / 2}

wrong("regression.factor", Gradient(loss, w, 2 * X.T * r, where=fit), "it holds with a factor 1/2")
wrong(
    "regression.sign",
    Gradient(loss, y, X * w - y, where=fit),
    "the sign is wrong: it holds with a factor -1",
)
wrong(
    "regression.mean",
    Gradient(loss, w, X.T * r, where=mean_fit),
    "a sum where the mean over n is meant: it holds with a factor 1/n",
)
wrong(
    "regression.sum",
    Gradient(loss, w, X.T * r / n, where=fit),
    "a mean over n where the sum is meant: it holds with a factor n",
)
wrong(
    "regression.unbiased",
    Gradient(loss, w, X.T * r / (n - 1), where=mean_fit),
    "it holds with a factor (n - 1)/n",
)
wrong(
    "regression.penalty-sign",
    Gradient(loss, w, X.T * r - lam * w, where=ridge),
    "the sign of the term -lambda*w is wrong",
)
wrong(
    "regression.penalty-missing",
    Gradient(loss, w, X.T * r, where=ridge),
    "the term lambda*w is missing",
)
wrong(
    "regression.penalty-extra",
    Gradient(loss, w, X.T * r + lam * w, where=fit),
    "the term lambda*w is superfluous",
)
wrong(
    "regression.penalty-factor",
    Gradient(2 * loss, w, 2 * X.T * r + lam * w, where=ridge),
    "the term lambda*w lacks a factor 2",
)
wrong(
    "regression.residual-sign",
    Gradient(loss, w, X.T * (X * w + y), where=fit),
    "the sign of the term y is wrong",
)
wrong(
    "regression.hessian",
    Hessian(loss, w, X.T * X - lam * sp.Identity(m), where=ridge),
    "the sign of the term -lambda*I is wrong",
)
A = M("A", n, n)
x, z = M("x", n, 1), M("z", n, 1)
wrong(
    "regression.weighted",
    Gradient((r.T * A * r)[0, 0], w, 2 * X.T * A * r, where={r: X * w - y}),
    "it would hold if A were symmetric",
)
wrong(
    "regression.weights-missing",
    Gradient((r.T * A * r)[0, 0] / 2, w, X.T * r, Q.symmetric(A), where={r: X * w - y}),
    "the factor A is missing: it holds as X.T*A*r",
)
wrong(
    "regression.transposed",
    Gradient((x.T * A * y)[0, 0], A, y * x.T),
    "the documented side is the transpose of what is derived",
)
wrong(
    "regression.untransposed",
    Gradient((x.T * A.T * y)[0, 0], x, A * y),
    "it holds with A.T for A",
)
wrong(
    "quadratic.one-path",
    Gradient((x.T * A * x)[0, 0], x, A * x),
    "the term A.T*x is missing",
)

# ---- a multilayer perceptron; row vectors

s, W1, b1 = M("s", 1, m), M("W1", m, h), M("b1", 1, h)
W2, W3, b2, u = M("W2", h, c), M("W3", h, h), M("b2", 1, c), M("u", 1, c)
z1, z2, a1, o = M("z1", 1, h), M("z2", 1, h), M("a1", 1, h), M("o", 1, c)
sigma = sp.Function("sigma")
slope = sigma(t).diff(t)
error = Sum((o[0, j] - u[0, j]) ** 2, (j, 0, c - 1)) / 2
net = {z1: s * W1 + b1, a1: each(z1, tanh(t)), o: a1 * W2 + b2}
abstract = {z1: s * W1 + b1, o: each(z1, sigma(t)) * W2 + b2}
deep = {
    z1: s * W1 + b1, a1: each(z1, sigma(t)), z2: a1 * W3, o: each(z2, sigma(t)) * W2 + b2
}  # fmt: skip
back2 = HadamardProduct((o - u) * W2.T, each(z2, slope))

wrong(
    "mlp.derivative-missing",
    Gradient(error, W1, s.T * ((o - u) * W2.T), where=net),
    "the derivative tanh'(z1) is missing: it holds with (o - u)*W2.T multiplied elementwise by it",
)
wrong(
    "mlp.derivative-missing-in-bias",
    Gradient(error, b1, (o - u) * W2.T, where=abstract),
    "the derivative sigma'(z1) is missing:",
    "it holds with the documented side multiplied elementwise by it",
)
wrong(
    "mlp.activation-for-derivative",
    Gradient(error, b1, HadamardProduct((o - u) * W2.T, each(z1, sigma(t))), where=abstract),
    "the derivative sigma'(z1) is meant, and not sigma(z1)",
)
wrong(
    "mlp.derivative-for-activation",
    Gradient(error, W2, each(z1, slope).T * (o - u), where=abstract),
    "it holds with sigma(z1.T) for sigma'(z1.T)",
)
wrong(
    "mlp.activation-missing",
    Gradient(error, W2, z1.T * (o - u), where=abstract),
    "it holds with sigma(z1).T for z1.T",
)
wrong(
    "mlp.derivative-of-activation",
    Gradient(error, b1, HadamardProduct((o - u) * W2.T, each(z1, 1 - tanh(t))), where=net),
    "the derivative tanh'(z1) is meant, and not 1 - tanh(z1)",
)
wrong(
    "mlp.derivative-sign",
    Gradient(error, b1, HadamardProduct((o - u) * W2.T, each(z1, 1 + tanh(t) ** 2)), where=net),
    "the sign of the term tanh(t)**2 is wrong",
)
wrong(
    "mlp.derivative-at-the-activation",
    Gradient(error, b1, HadamardProduct((o - u) * W2.T, each(a1, 1 - tanh(t) ** 2)), where=net),
    "it holds with 1 - tanh(z1) ⊙ tanh(z1) for 1 - tanh(a1) ⊙ tanh(a1)",
)
wrong(
    "mlp.derivative-of-the-other-layer",
    Gradient(error, z2, HadamardProduct((o - u) * W2.T, each(z1, slope)), where=deep),
    "it holds with sigma' evaluated at z2 instead of z1",
)
wrong(
    "mlp.square-weights",
    Gradient(error, b1, HadamardProduct(back2 * W3, each(z1, slope)), where=deep),
    "it holds with W3.T for W3",
)
wrong(
    "mlp.derivative-too-many",
    Gradient(error, b2, HadamardProduct(o - u, each(o, 1 - t**2)), where=net),
    "the factor 1 - o ⊙ o is superfluous",
)
wrong(
    "mlp.skip-missing",
    Backward(
        z1 + each(z1, tanh(t)) * W3, z1, z2, HadamardProduct(z2 * W3.T, each(z1, 1 - tanh(t) ** 2))
    ),
    "the term z2 is missing",
)

# ---- softmax and losses

p, g = M("p", 1, c), M("g", 1, c)
P, G, Y, V = M("P", n, c), M("G", n, c), M("Y", n, c), M("V", m, c)
logits = Sum(exp(p[0, k]), (k, 0, c - 1))
cross = -Sum(u[0, j] * log(exp(p[0, j]) / logits), (j, 0, c - 1))
labels = Eq(Sum(u[0, j], (j, 0, c - 1)), 1)
soft = softmax(p)


def own(index):
    return entry(soft, 0, index)


wrong(
    "softmax.sign",
    Gradient(cross, p, u - soft, labels),
    "the sign is wrong: it holds with a factor -1",
)
wrong(
    "softmax.labels",
    Gradient(cross, p, soft - u),
    "it would hold if Sum(u[0, i], (i, 0, c - 1)) = 1",
)
wrong("softmax.labels-missing", Gradient(cross, p, soft, labels), "the term -u is missing")
wrong(
    "softmax.temperature",
    Gradient(logsumexp(p / tau)[0, 0], p, softmax(p / tau)),
    "it holds with a factor 1/tau",
)
wrong(
    "softmax.temperature-inside",
    Gradient(tau * logsumexp(p / tau)[0, 0], p, softmax(p)),
    "it holds with softmax evaluated at 1/tau*p instead of p",
)
wrong(
    "softmax.jacobian-sign",
    Jacobian(soft, p, DiagMatrix(soft.T) + soft.T * soft),
    "the sign of the term softmax(p).T*softmax(p) is wrong",
)
wrong(
    "softmax.entry",
    Gradient(own(i), p[0, j], own(i) * (KroneckerDelta(i, j) + own(j))),
    "the sign of the term softmax(p)[0, j] is wrong",
)
wrong(
    "softmax.backward-over-rows",
    Backward(
        softmax(P),
        P,
        G,
        HadamardProduct(softmax(P), G - OneMatrix(n, n) * HadamardProduct(G, softmax(P))),
    ),
    "the sum runs over the rows; it holds over the columns",
)
wrong(
    "softmax.batch",
    Gradient(
        -Sum(Y[i, j] * log(entry(softmax(X * V), i, j)), (i, 0, n - 1), (j, 0, c - 1)) / n,
        V,
        X.T * (softmax(X * V) - Y),
        Eq(Y * OneMatrix(c, 1), OneMatrix(n, 1)),
    ),
    "a sum where the mean over n is meant: it holds with a factor 1/n",
)
logistic = Sum(log(1 + exp(z[i, 0])) - y[i, 0] * z[i, 0], (i, 0, n - 1))
sigmoid = 1 / (1 + exp(-t))
prob = M("prob", n, 1)
entropy = -Sum(y[i, 0] * log(prob[i, 0]) + (1 - y[i, 0]) * log(1 - prob[i, 0]), (i, 0, n - 1))
logistic_model = {z: X * w, prob: each(z, sigmoid)}
wrong(
    "logistic.no-sigmoid",
    Gradient(entropy, w, X.T * (z - y), where=logistic_model),
    "it holds with prob for z",
)
wrong(
    "logistic.slope",
    Gradient(entropy, w, X.T * HadamardProduct(prob - y, prob), where=logistic_model),
    "the factor prob is superfluous",
)
wrong(
    "logistic.argument",
    Gradient(logistic, z, each(z, 1 / (1 + exp(t))) - y),
    "it holds with 1/(exp(-z) + 1) for 1/(exp(z) + 1)",
)
row, out, label = MatrixSymbol("row", 1, m), MatrixSymbol("out", 1, h), MatrixSymbol("label", 1, h)
into = MatrixSymbol("into", m, h)
wrong(
    "softmax.label-left-out",
    Gradient(
        -Sum(label[0, j] * log(softmax(out)[0, j]), (j, 0, h - 1)),
        into,
        row.T * softmax(out) - row.T,
        where={out: row * into},
        given=(Eq(Sum(label[0, j], (j, 0, h - 1)), 1),),
    ),
    "the factor label is missing in one of the terms",
)
wrong(
    "quadratic.squared-form",
    Gradient((row * into * out.T)[0, 0] ** 2, into, 2 * row.T * out),
    "the factor Sum(row[0, i]*Sum(into[i, j]*out[0, j], (j, 0, h - 1)), (i, 0, m - 1)) is missing",
)
wrong(
    "huber.sign",
    Gradient(
        Piecewise((t**2 / 2, sp.Abs(t) <= eps), (eps * (sp.Abs(t) - eps / 2), True)),
        t,
        Piecewise((t, sp.Abs(t) <= eps), (-eps * sp.sign(t), True)),
    ),
    "the sign of the value -epsilon*sign(t) is wrong",
)
wrong(
    "hinge.region",
    Gradient(Max(0, 1 - t), t, Piecewise((-1, t > 1), (0, True))),
    "it holds with t < 1 for t > 1",
)
wrong(
    "kl.gaussian",
    Gradient(sq(x) / (2 * tau**2), x, x / tau),
    "it holds with a factor 1/tau",
)

# ---- attention: n queries, m keys

Qm, K, U, E = M("Qm", n, d), M("K", m, d), M("U", m, h), M("E", n, h)
scores = Qm * K.T / sqrt(d)
weights = softmax(scores)
grad_weights = E * U.T
ones = OneMatrix(m, m)
signal = HadamardProduct(weights, grad_weights - HadamardProduct(grad_weights, weights) * ones)

wrong(
    "attention.scale",
    Backward(weights * U, Qm, E, signal * K),
    "it holds with a factor 1/sqrt(d)",
)
wrong(
    "attention.scale-twice",
    Backward(weights * U, Qm, E, signal * K / d),
    "it holds with a factor sqrt(d)",
)
B, F = M("B", n, m), M("F", n, m)
wrong(
    "attention.scores",
    Backward(
        softmax(B), B, F, HadamardProduct(softmax(B), F + HadamardProduct(F, softmax(B)) * ones)
    ),
    "the sign of the term rowsum(F ⊙ softmax(B)) is wrong",
)
wrong(
    "attention.self",
    Backward(X * X.T * A, X, M("H", n, n), (M("H", n, n) * A.T + A * M("H", n, n)) * X),
    "it holds with A*H.T for A*H",
)

# ---- normalisation: rows of m features

row, up, mu, var = M("row", 1, m), M("up", 1, m), Symbol("mu", real=True), Symbol("v", real=True)
mean = Sum(row[0, k], (k, 0, m - 1)) / m
variance = Sum((row[0, k] - mu) ** 2, (k, 0, m - 1)) / m
unit = OneMatrix(1, m)
stats = {mu: mean, var: variance}
centred = row - mu * unit
gamma = M("gamma", 1, m)

wrong(
    "variance.sum",
    Gradient(var, row, 2 * centred, where=stats),
    "a sum where the mean over m is meant: it holds with a factor 1/m",
)
wrong(
    "layer-norm.mean-sign",
    Gradient(var, row, 2 * (row + mu * unit) / m, where=stats),
    "the sign of the term 2*mu*1 is wrong",
)
wrong(
    "layer-norm.scale",
    Backward(HadamardProduct(gamma, row), gamma, up, up),
    "the factor row is missing: it holds as up ⊙ row",
)
wrong(
    "layer-norm.wrong-variable",
    Backward(HadamardProduct(gamma, row), gamma, up, HadamardProduct(up, gamma)),
    "it holds with row for gamma",
)
wrong(
    "layer-norm.not-root",
    Gradient(sqrt(var + eps), row, centred / (m * (var + eps)), where=stats),
    "it holds with 1/sqrt(epsilon + v) for 1/(epsilon + v)",
)
wrong(
    "norm.unnormalised",
    Gradient(sqrt(sq(x)), x, x),
    "it holds with the factor 1/sqrt(Sum(x[i, 0]**2, (i, 0, n - 1)))",
)

# ---- convolutions and sums over ranges

signal_, kernel, grads = (
    sp.IndexedBase(name, shape=shape)
    for name, shape in (("x", (n + m - 1,)), ("kernel", (m,)), ("g", (n,)))
)
conv = Sum(grads[i] * Sum(signal_[i + k] * kernel[k], (k, 0, m - 1)), (i, 0, n - 1))
wrong(
    "conv.range",
    Gradient(conv, kernel[l], Sum(grads[i] * signal_[i + l], (i, 0, n - 2))),
    "it holds with the range i = 0 … n - 1",
)
wrong(
    "conv.start",
    Gradient(conv, kernel[l], Sum(grads[i] * signal_[i + l], (i, 1, n - 1))),
    "it holds with the range i = 0 … n - 1",
)
wrong(
    "conv.shift",
    Gradient(conv, kernel[l], Sum(grads[i] * signal_[i + l - 1], (i, 0, n - 1)), l >= 1),
    "it holds with x[i + l] for x[i + l - 1]",
)
wrong(
    "conv.sign",
    Gradient(
        conv,
        signal_[l],
        Sum(grads[i] * kernel[k] * KroneckerDelta(i, l + k), (i, 0, n - 1), (k, 0, m - 1)),
    ),
    "it holds with KroneckerDelta(i, l - k) for KroneckerDelta(i, k + l)",
)
wrong(
    "conv.upstream-missing",
    Gradient(conv, kernel[l], Sum(signal_[i + l], (i, 0, n - 1))),
    "the factor g[i] is missing",
)
T3, v = sp.IndexedBase("T", shape=(n, m, m)), M("v", m, 1)
wrong(
    "tensor.indices",
    Gradient(
        Sum(T3[i, j, k] * w[j, 0] * v[k, 0], (i, 0, n - 1), (j, 0, m - 1), (k, 0, m - 1)),
        w[l, 0],
        Sum(T3[i, k, l] * v[k, 0], (i, 0, n - 1), (k, 0, m - 1)),
    ),
    "it holds with T[i, l, k] for T[i, k, l]",
)
squares = Sum(Sum(B[i, k], (k, 0, m - 1)) ** 2, (i, 0, n - 1))
wrong(
    "rows.columns",
    Gradient(squares, B[l, q], 2 * Sum(B[k, q], (k, 0, n - 1))),
    "the sum runs over the rows; it holds over the columns",
)
wrong(
    "cumulative",
    Gradient(Sum(Sum(grads[j], (j, 0, i)), (i, 0, n - 1)), grads[l], n - l - 1),
    "the term -1 is superfluous",
)

# ---- matrices and functions of them

S, R = M("S", n, n), M("R", n, n)
L = ScalarFunction("L")
dL = L.gradient(0)
wrong(
    "product.order",
    Identity(Inverse(S * R), Inverse(S) * Inverse(R), (Q.invertible(S), Q.invertible(R))),
    "it holds with the factors S**(-1) and R**(-1) swapped",
)
wrong(
    "product.entrywise",
    Backward(HadamardProduct(S, R), S, A, A * R),
    "the product entry by entry is meant: it holds with A ⊙ R for A*R",
)
wrong(
    "product.matrix",
    Backward(S * R, R, A, HadamardProduct(S.T, A)),
    "the matrix product is meant: it holds with S.T*A for S.T ⊙ A",
)
wrong(
    "determinant",
    Gradient(Determinant(S), S, Inverse(S).T, Q.invertible(S)),
    "the factor Determinant(S) is missing",
)
wrong(
    "inverse.twice",
    Gradient((x.T * Inverse(S) * y)[0, 0], S, -Inverse(S) * x * y.T * Inverse(S), Q.invertible(S)),
    "it holds with S.T for every S",
)
wrong(
    "function.point",
    Gradient(L(S * R), R, S.T * dL(R)),
    "it holds with L' evaluated at S*R instead of R",
)
wrong(
    "function.mask",
    Gradient(L(HadamardProduct(S, R)), S, dL(HadamardProduct(S, R))),
    "the factor R is missing: it holds as L.gradient(0)(S ⊙ R) ⊙ R",
)
wrong(
    "chain.inner",
    Gradient(sigma(lam * t), t, sp.Subs(sigma(t).diff(t), t, lam * t)),
    "it holds with a factor lambda",
)
wrong(
    "quotient",
    Gradient(sigma(t) / t, t, (t * sigma(t).diff(t) + sigma(t)) / t**2),
    "the sign of the term sigma(t) is wrong",
)

# ---- sides that do not fit; each with what would

MISFIT = {}


def misfit(name, claim, words):
    """A claim that does not fit together, and how its reason ends."""
    MISFIT[name] = (claim, words)


misfit(
    "regression",
    Gradient(loss, w, X * (X * w - y), where=fit),
    "X.T*(X*w - y) would fit, and holds",
)
misfit("regression.order", Gradient(loss, w, r * X, where=fit), "X.T*r would fit, and holds")
misfit("regression.row", Gradient(loss, w, r.T * X, where=fit), "X.T*r would fit, and holds")
misfit(
    "ridge.size",
    Hessian(loss, w, X.T * X + lam * sp.Identity(n), where=ridge),
    "lambda*I + X.T*X would fit, and holds",
)
misfit(
    "mlp.weights",
    Gradient(error, b1, HadamardProduct((o - u) * W2, each(z1, slope)), where=abstract),
    "((o - u)*W2.T) ⊙ sigma'(z1) would fit, and holds",
)
misfit(
    "mlp.input",
    Gradient(error, W2, a1 * (o - u).T, where=net),
    "a1.T*(o - u) would fit, and holds",
)
bias = M("bias", 1, c)
misfit(
    "bias.batch",
    Backward(X * V + OneMatrix(n, 1) * bias, bias, G, G),
    "the sum of the documented side over its rows would fit, and holds",
)
misfit(
    "attention.values",
    Backward(weights * U, U, E, weights * E),
    "softmax(1/sqrt(d)*Qm*K.T).T*E would fit, and holds",
)
misfit("jacobian.diagonal", Jacobian(each(x, tanh(t)), x, each(x, 1 - tanh(t) ** 2)),
       "DiagMatrix(1 - tanh(x) ⊙ tanh(x)) would fit, and holds")  # fmt: skip

# ---- wrong in no common way: nothing is to be said but where it fails

UNEXPLAINED = {
    "another formula": Gradient(sq(x), x, 3 * z + y),
    "another function": Gradient(exp(t) * sp.sin(t), t, sp.cos(t) ** 3),
    "two mistakes": Gradient(loss, w, 3 * X.T * (X * w + 2 * y), where=fit),
    "right at one point only": Identity(t**2, 3 * t - 2),
    "right for small sizes only": Identity(
        Sum(x[i, 0], (i, 0, n - 1)) ** 2, sq(x) + (n - 1) * x[0, 0]
    ),
    "a sum of functions": Identity(log(lam + tau), log(lam) + log(tau), (lam > 0, tau > 0)),
    "a product of sums": Identity(Trace(S * R), Trace(S) * Trace(R)),
}


def hint(verdict):
    """What a reason says before it says where the claim fails."""
    where = difference(verdict.claim, verdict.witness)
    assert verdict.reason.endswith(where)
    return verdict.reason.removesuffix(where).removesuffix("; ")


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_named(name):
    claim, words = WRONG[name]
    found = verify(claim)
    assert found.status == "disagrees"
    assert hint(found) == words


@pytest.mark.parametrize("name", MISFIT)
def test_what_would_fit_is_named(name):
    claim, words = MISFIT[name]
    found = verify(claim)
    assert found.status == "ill-shaped"
    assert found.reason.endswith(words)


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_nothing_is_named_without_a_proof(name):
    found = verify(UNEXPLAINED[name])
    assert found.status == "disagrees"
    assert hint(found) == ""


ALL = [*FALSE, *(claim for claim, _ in (*WRONG.values(), *MISFIT.values()))]
SOME = ALL if os.environ.get("ALL_CLAIMS") else ALL[::12]  # all of them take minutes


def recording(monkeypatch):
    """What is proved to hold with another side from here on, and what breaks on the way."""
    said, broken = [], []
    proved = Trial.proved

    def recorded(trial, side):
        result = proved(trial, side)
        if result:
            said.append(replace(trial.claim, **{trial.claim.expression_fields[-1]: side}))
        return result

    def watched(function):
        def call(*args):
            try:
                return function(*args)
            except Exception as problem:
                broken.append(problem)
                raise

        return call

    monkeypatch.setattr(Trial, "proved", recorded)
    monkeypatch.setattr(explain, "mistake_in", watched(explain.mistake_in))
    monkeypatch.setattr(explain, "remedy_for", watched(explain.remedy_for))
    return said, broken


@pytest.fixture(scope="module")
def decided():
    """The verdicts on some of these claims, what was proved on the way, and what broke."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        said, broken = recording(monkeypatch)
        return [verify(claim) for claim in SOME], said, broken


def test_nothing_breaks(decided):
    """What is caught for the sake of a verdict does not happen."""
    _, _, broken = decided
    assert not broken


def test_what_is_named_is_true(decided):
    """Every claim that is proved with another side holds as a claim of its own."""
    _, said, _ = decided
    assert len(said) > len(SOME) / 8
    for claim in said:
        assert verify(claim).status == "holds", claim


def test_what_is_named_does_not_rest_on_numbers(monkeypatch):
    """Without a look at numbers, a wrong side has to fail in the proof."""
    said, _ = recording(monkeypatch)
    monkeypatch.setattr(Trial, "agrees", lambda trial, side: True)
    for claim in SOME[::4]:
        verify(claim)
    monkeypatch.undo()
    assert len(said) > 5
    for claim in said:
        assert verify(claim).status == "holds", claim


def test_what_is_assumed_is_enough(decided):
    """With the symmetry under which it would hold, a claim holds."""
    verdicts, _, _ = decided
    refuted = [found for found in verdicts if found.status == "disagrees"]
    symmetric = [found for found in refuted if hint(found).endswith("symmetric")]
    assert symmetric
    for found in symmetric:
        claim = found.claim
        names = hint(found).removeprefix("it would hold if ").removesuffix(" were symmetric")
        symbols = {str(s): s for part in fields_of(claim) for s in part.atoms(MatrixSymbol)}
        given = [Q.symmetric(symbols[name]) for name in names.split(" and ")]
        assert verify(replace(claim, given=(*claim.given, *given))).status == "holds"


def test_most_errors_are_explained(decided):
    verdicts, _, _ = decided
    refuted = [v for v in verdicts if v.status == "disagrees" and v.claim.kind != "inequality"]
    assert sum(hint(v) != "" for v in refuted) > 0.6 * len(refuted)


def test_a_broken_mistake_costs_no_verdict(monkeypatch):
    def broken(documented, *shape):
        raise NotImplementedError
        yield

    monkeypatch.setattr(repaired, "MISTAKES", [broken])
    monkeypatch.setattr(explain, "fitting", broken)
    for name in ("regression.mean", "mlp.square-weights"):
        found = verify(WRONG[name][0])
        assert found.status == "disagrees"
    # What else is looked for is still found.
    assert "1/n" in hint(verify(WRONG["regression.mean"][0]))
    assert verify(MISFIT["regression"][0]).status == "ill-shaped"
