"""The Transformer at any depth: its layers as a recurrence over a symbolic number (section 4.4)."""

from sympy import (
    HadamardProduct,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    Sum,
    Symbol,
    exp,
    sqrt,
    symbols,
    tanh,
)

from derive import Backward, Formula, Identity, Setting, Shape, at, recurrence, sequence
from derive.language.operators import tensor

n, d, h, u, f, N = symbols("n d h u f N", integer=True, positive=True)
l, a, i, j, k, p, q = symbols("l a i j k p q", integer=True)
epsilon = Symbol("epsilon", positive=True)
t = Symbol("t", real=True)

layers = (l, 1, N)
_rows, _heads = (i, n), (a, h)


def _by_layer(name, *shape):
    """An array for every layer 0 … N."""
    return IndexedBase(name, shape=(N + 1, *shape))


X = MatrixSymbol("X", n, d)
H = _by_layer("H", n, d)
Wq, Wk, Wv = (_by_layer(name, h, d, u) for name in ("Wq", "Wk", "Wv"))
Wo = _by_layer("Wo", h, u, d)
W1, W2 = _by_layer("W1", d, f), _by_layer("W2", f, d)
gamma1, gamma2 = _by_layer("gamma1", d), _by_layer("gamma2", d)

mu1, mu2 = _by_layer("mu1", n), _by_layer("mu2", n)
r1, r2 = _by_layer("r1", n), _by_layer("r2", n)
Y1, Y2 = _by_layer("Y1", n, d), _by_layer("Y2", n, d)
Q, K, V, head = (_by_layer(name, h, n, u) for name in ("Q", "K", "V", "head"))
S, P = _by_layer("S", h, n, n), _by_layer("P", h, n, n)
F = _by_layer("F", n, d)
Z = _by_layer("Z", n, f)


def _norm(value, mu, r, Y, gamma):
    """Layer norm of the rows of a layer, the entries of which are ``value(p)``."""
    squares = Sum((value(p) - mu[l, i]) ** 2, (p, 0, d - 1)) / d
    return {
        mu: sequence(tensor(Sum(value(p), (p, 0, d - 1)) / d, _rows), layers),
        r: sequence(tensor(1 / sqrt(squares + epsilon), _rows), layers),
        Y: sequence(tensor((value(p) - mu[l, i]) * r[l, i] * gamma[l, p], _rows, (p, d)), layers),
    }


def _by_heads(weights):
    product = Sum(Y1[l, i, p] * weights[l, a, p, q], (p, 0, d - 1))
    return sequence(tensor(product, _heads, _rows, (q, u)), layers)


_scores = Sum(Q[l, a, i, q] * K[l, a, j, q], (q, 0, u - 1)) / sqrt(u)
_weight = exp(S[l, a, i, j]) / Sum(exp(S[l, a, i, k]), (k, 0, n - 1))
attended = Sum(head[l, a, i, q] * Wo[l, a, q, p], (q, 0, u - 1), (a, 0, h - 1))
fed_forward = Sum(tanh(Z[l, i, q]) * W2[l, q, p], (q, 0, f - 1))

# Norm, attention, norm, feed-forward network; each is added to what it was given.
network = {
    **_norm(lambda p: H[l - 1, i, p], mu1, r1, Y1, gamma1),
    Q: _by_heads(Wq),
    K: _by_heads(Wk),
    V: _by_heads(Wv),
    S: sequence(tensor(_scores, _heads, _rows, (j, n)), layers),
    P: sequence(tensor(_weight, _heads, _rows, (j, n)), layers),
    head: sequence(
        tensor(Sum(P[l, a, i, j] * V[l, a, j, q], (j, 0, n - 1)), _heads, _rows, (q, u)), layers
    ),
    F: sequence(tensor(H[l - 1, i, p] + attended, _rows, (p, d)), layers),
    **_norm(lambda p: F[l, i, p], mu2, r2, Y2, gamma2),
    Z: sequence(tensor(Sum(Y2[l, i, p] * W1[l, p, q], (p, 0, d - 1)), _rows, (q, f)), layers),
    H: recurrence(tensor(F[l, i, p] + fed_forward, _rows, (p, d)), layers, start=X),
}

# The feed-forward layers alone, and what comes back through all of them.
G = MatrixSymbol("G", n, d)
dH = IndexedBase("dH", shape=(N + 2, n, d))
dZ = _by_layer("dZ", n, f)
feed_forward_layers = {
    Z: sequence(at(H, l - 1) * at(W1, l), layers),
    H: recurrence(at(H, l - 1) + at(Z, l).applyfunc(tanh) * at(W2, l), layers, start=X),
}
_slope = Lambda(t, 1 - tanh(t) ** 2)
backward = {
    dZ: sequence(HadamardProduct(at(dH, l + 1) * at(W2, l).T, at(Z, l).applyfunc(_slope)), layers),
    dH: recurrence(at(dH, l + 1) + at(dZ, l) * at(W1, l).T, layers, end=G),
}

_stated_network = Setting(where=network)

formula = Formula(
    id="deep-transformer",
    title="Transformer of any depth",
    section="4.4",
    dimensions={
        n: "tokens",
        d: "width of a token",
        h: "heads",
        u: "width of a query, a key and a value of one head",
        f: "units of the hidden layer",
        N: "layers",
    },
    symbols={
        X: "tokens, one in each row",
        H: "the residual stream after each layer; before the first it is X",
        Wq: "weights of the queries, layer by layer",
        Wk: "weights of the keys",
        Wv: "weights of the values",
        Wo: "weights of the output of the heads",
        W1: "weights of the hidden layer",
        W2: "weights of the feed-forward network's output",
        gamma1: "gain of the norm before the attention",
        gamma2: "gain of the norm before the feed-forward network",
        mu1: "means of the rows before the attention",
        mu2: "means of the rows before the feed-forward network",
        r1: "one over their standard deviations, before the attention",
        r2: "one over their standard deviations, before the feed-forward network",
        Y1: "normalised rows that attend",
        Y2: "normalised rows that are fed forward",
        Q: "queries",
        K: "keys",
        V: "values",
        S: "scores",
        P: "attention weights",
        head: "output of the heads",
        F: "the residual stream after the attention",
        Z: "hidden layer of the feed-forward network",
        epsilon: "a small positive number",
        G: "gradient of the loss in the output of the last layer",
        dH: "gradient of the loss in what enters each layer; last, G",
        dZ: "gradient of the loss in each hidden layer",
    },
    claims=(
        _stated_network(
            Shape,
            at(H, N),
            (n, d),
            id="deep-transformer.shape",
            title="any number of layers keeps the shape of X",
            source="Xiong et al. 2020, figure 1",
        ),
        _stated_network(
            Identity,
            H[N, i, p],
            X[i, p] + Sum(attended + fed_forward, layers),
            id="deep-transformer.residual-stream",
            title="H_N = X + Σ_l of what both networks of layer l add",
            source="Elhage et al. 2021, section on the residual stream",
            note="the norms stand first; by induction over the layers",
        ),
        Backward(
            at(H, N),
            X,
            G,
            at(dH, 1),
            where={**feed_forward_layers, **backward},
            id="deep-transformer.feed-forward.backward.X",
            title="N residual feed-forward layers: dX, layer by layer from G",
            source="He et al. 2016, equation 5",
            note="each layer passes on what it gets, and what comes back through its network",
        ),
        Backward(
            at(H, N),
            at(W1, l),
            G,
            at(H, l - 1).T * at(dZ, l),
            given=(l >= 1, l <= N),
            where={**feed_forward_layers, **backward},
            id="deep-transformer.feed-forward.backward.W1",
            title="N residual feed-forward layers: dW1 of any layer",
            source="He et al. 2016, equation 5, and the backward pass of a feed-forward network",
        ),
    ),
    references=(
        "R. Xiong, Y. Yang, D. He, K. Zheng, S. Zheng, C. Xing, H. Zhang, Y. Lan, L. Wang, "
        "T.-Y. Liu, On Layer Normalization in the Transformer Architecture, ICML 2020",
        "N. Elhage et al., A Mathematical Framework for Transformer Circuits, 2021",
        "K. He, X. Zhang, S. Ren, J. Sun, Identity mappings in deep residual networks, ECCV 2016",
    ),
)
