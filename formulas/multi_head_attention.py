"""Multi-head attention: heads as an axis, and heads side by side (section 4.3)."""

from sympy import (
    FunctionMatrix,
    IndexedBase,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    Sum,
    Symbol,
    exp,
    sqrt,
)

from derive import Backward, Formula, Identity, Setting, Shape
from derive.language.operators import tensor

n = Symbol("n", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
h = Symbol("h", integer=True, positive=True)
g = Symbol("g", integer=True, positive=True)
u = Symbol("u", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
a, b, i, j, k, p, q = (Symbol(name, integer=True) for name in "abijkpq")

# What a head has has the head as its first axis.
X = MatrixSymbol("X", n, d)
Wq = IndexedBase("Wq", shape=(h, d, u))
Wk = IndexedBase("Wk", shape=(h, d, u))
Wv = IndexedBase("Wv", shape=(h, d, v))
Q = IndexedBase("Q", shape=(h, n, u))
K = IndexedBase("K", shape=(h, n, u))
V = IndexedBase("V", shape=(h, n, v))
S = IndexedBase("S", shape=(h, n, n))
P = IndexedBase("P", shape=(h, n, n))
head = IndexedBase("head", shape=(h, n, v))


def projected(W, width):
    """X W_a for every head a."""
    return tensor(Sum(X[i, p] * W[a, p, q], (p, 0, d - 1)), (a, h), (i, n), (q, width))


_heads = {
    Q: projected(Wq, u),
    K: projected(Wk, u),
    V: projected(Wv, v),
    S: tensor(Sum(Q[a, i, q] * K[a, j, q], (q, 0, u - 1)) / sqrt(u), (a, h), (i, n), (j, n)),
    P: tensor(exp(S[a, i, j]) / Sum(exp(S[a, i, k]), (k, 0, n - 1)), (a, h), (i, n), (j, n)),
    head: tensor(Sum(P[a, i, j] * V[a, j, q], (j, 0, n - 1)), (a, h), (i, n), (q, v)),
}

# Side by side, column q of head a is column a v + q, and so it is with the rows of Wo.
C = MatrixSymbol("C", n, h * v)
Wo = MatrixSymbol("Wo", h * v, d)
_column = Sum(KroneckerDelta(k, a * v + q) * head[a, i, q], (q, 0, v - 1), (a, 0, h - 1))
side_by_side = FunctionMatrix(n, h * v, Lambda((i, k), _column))
_summed = Sum(head[a, i, q] * Wo[a * v + q, p], (q, 0, v - 1), (a, 0, h - 1))
sum_of_heads = FunctionMatrix(n, d, Lambda((i, p), _summed))

# The backward pass, with Wo by heads as well.
Woh = IndexedBase("Woh", shape=(h, v, d))
Y = MatrixSymbol("Y", n, d)
dY = MatrixSymbol("dY", n, d)
dhead = IndexedBase("dhead", shape=(h, n, v))
dP = IndexedBase("dP", shape=(h, n, n))
dS = IndexedBase("dS", shape=(h, n, n))
dQ = IndexedBase("dQ", shape=(h, n, u))
dK = IndexedBase("dK", shape=(h, n, u))
dV = IndexedBase("dV", shape=(h, n, v))
D = IndexedBase("D", shape=(h, n))
_output = Sum(head[a, i, q] * Woh[a, q, p], (q, 0, v - 1), (a, 0, h - 1))
_definitions = {
    **_heads,
    Y: FunctionMatrix(n, d, Lambda((i, p), _output)),
    dhead: tensor(Sum(dY[i, p] * Woh[a, q, p], (p, 0, d - 1)), (a, h), (i, n), (q, v)),
    dV: tensor(Sum(P[a, i, j] * dhead[a, i, q], (i, 0, n - 1)), (a, h), (j, n), (q, v)),
    dP: tensor(Sum(dhead[a, i, q] * V[a, j, q], (q, 0, v - 1)), (a, h), (i, n), (j, n)),
    D: tensor(Sum(P[a, i, j] * dP[a, i, j], (j, 0, n - 1)), (a, h), (i, n)),
    dS: tensor(P[a, i, j] * (dP[a, i, j] - D[a, i]), (a, h), (i, n), (j, n)),
    dQ: tensor(Sum(dS[a, i, j] * K[a, j, q], (j, 0, n - 1)) / sqrt(u), (a, h), (i, n), (q, u)),
    dK: tensor(Sum(dS[a, i, j] * Q[a, i, q], (i, 0, n - 1)) / sqrt(u), (a, h), (j, n), (q, u)),
}


def of_weights(gradient, width):
    """Xᵀ times the gradient that arrives, for every head."""
    body = Sum(X[i, p] * gradient[a, i, q], (i, 0, n - 1))
    return tensor(body, (a, h), (p, d), (q, width))


def _through(gradient, W, width):
    return Sum(gradient[a, i, q] * W[a, p, q], (q, 0, width - 1), (a, 0, h - 1))


grad_X = FunctionMatrix(
    n, d, Lambda((i, p), _through(dQ, Wq, u) + _through(dK, Wk, u) + _through(dV, Wv, v))
)

# Grouped queries: the h heads share the keys and values of a group, g groups of b queries each.
# One group is multi-query attention, groups of one head multi-head attention.
Qg = IndexedBase("Qg", shape=(g, h, n, u))
Kg = IndexedBase("Kg", shape=(g, n, u))
Vg = IndexedBase("Vg", shape=(g, n, v))
Pg = IndexedBase("Pg", shape=(g, h, n, n))
Og = IndexedBase("Og", shape=(g, h, n, v))
G = IndexedBase("G", shape=(g, h, n, v))
_scores = Sum(Qg[b, a, i, q] * Kg[b, j, q], (q, 0, u - 1)) / sqrt(u)
_total = Sum(exp(_scores.xreplace({j: k})), (k, 0, n - 1))
_grouped = {
    Pg: tensor(exp(_scores) / _total, (b, g), (a, h), (i, n), (j, n)),
    Og: tensor(Sum(Pg[b, a, i, j] * Vg[b, j, q], (j, 0, n - 1)), (b, g), (a, h), (i, n), (q, v)),
}


def _backward(wrt, equals, title):
    return Backward(
        Y,
        wrt,
        dY,
        equals,
        where=_definitions,
        id=f"multi-head-attention.backward.{str(wrt).replace('Woh', 'Wo')}",
        title=title,
        source="Dao et al. 2022, appendix B.2, for every head",
    )


_stated = Setting(where={**_heads, C: side_by_side})
_stated_grouped = Setting(where=_grouped)

formula = Formula(
    id="multi-head-attention",
    title="Multi-head attention",
    section="4.3",
    dimensions={
        n: "tokens",
        d: "width of a token",
        h: "heads; of grouped queries, heads in a group",
        g: "groups of heads that share keys and values",
        u: "width of a query and a key of one head",
        v: "width of a value of one head",
    },
    symbols={
        X: "tokens, one in each row",
        Wq: "weights of the queries, by heads",
        Wk: "weights of the keys, by heads",
        Wv: "weights of the values, by heads",
        Q: "queries of every head",
        K: "keys of every head",
        V: "values of every head",
        S: "scores of every head",
        P: "weights of every head",
        head: "output of every head",
        C: "the heads side by side",
        Wo: "weights of the output, for the heads side by side",
        Woh: "weights of the output, by heads",
        Y: "output",
        dY: "gradient of a loss in Y",
        dhead: "gradient of that loss in the heads",
        dV: "gradient of that loss in V",
        dP: "gradient of that loss in P",
        D: "row sums of P ⊙ dP",
        dS: "gradient of that loss in S",
        dQ: "gradient of that loss in Q",
        dK: "gradient of that loss in K",
        Qg: "queries by groups and heads",
        Kg: "keys of every group",
        Vg: "values of every group",
        Pg: "weights by groups and heads",
        Og: "output by groups and heads",
        G: "gradient of a loss in the output by groups and heads",
    },
    claims=(
        _stated(
            Shape,
            C * Wo,
            (n, d),
            id="multi-head-attention.shape",
            title="the heads side by side, times Wo, have shape (n, d)",
            source="notes 4.3",
        ),
        _stated(
            Identity,
            C * Wo,
            sum_of_heads,
            id="multi-head-attention.sum-of-heads",
            title="heads side by side times Wo = Σ_a head_a Wo_a",
            source="Elhage et al. 2021, section on multi-head attention",
            note="Wo_a are the rows a v … a v + v − 1 of Wo",
        ),
        _backward(Wq, of_weights(dQ, u), "dWq_a = Xᵀ dQ_a"),
        _backward(Wk, of_weights(dK, u), "dWk_a = Xᵀ dK_a"),
        _backward(Wv, of_weights(dV, v), "dWv_a = Xᵀ dV_a"),
        _backward(
            Woh,
            tensor(Sum(head[a, i, q] * dY[i, p], (i, 0, n - 1)), (a, h), (q, v), (p, d)),
            "dWo_a = head_aᵀ dY",
        ),
        _backward(X, grad_X, "dX = Σ_a dQ_a Wq_aᵀ + dK_a Wk_aᵀ + dV_a Wv_aᵀ"),
        _stated_grouped(
            Shape,
            Og,
            (g, h, n, v),
            id="multi-head-attention.grouped",
            title="queries in groups: g groups of h heads, g keys",
            source="Ainslie et al. 2023, section 2.2",
            note="g = 1 is multi-query attention, h = 1 multi-head attention",
        ),
        _stated_grouped(
            Backward,
            Og,
            Vg,
            G,
            tensor(
                Sum(Pg[b, a, i, j] * G[b, a, i, q], (i, 0, n - 1), (a, 0, h - 1)),
                (b, g),
                (j, n),
                (q, v),
            ),
            id="multi-head-attention.grouped.backward",
            title="a group's values get the gradients of all its heads",
            source="Ainslie et al. 2023, section 2.2",
        ),
    ),
    references=(
        "A. Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.2.2",
        "N. Elhage et al., A Mathematical Framework for Transformer Circuits, "
        "transformer-circuits.pub, 2021",
        "T. Dao et al., FlashAttention, NeurIPS 2022, appendix B",
        "J. Ainslie, J. Lee-Thorp, M. de Jong, Y. Zemlyanskiy, F. Lebrón, S. Sanghai, GQA, "
        "EMNLP 2023, section 2.2",
        "N. Shazeer, Fast Transformer Decoding: One Write-Head is All You Need, "
        "arXiv:1911.02150, 2019",
    ),
)
