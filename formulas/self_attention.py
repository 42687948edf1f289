"""Self-attention: queries, keys and values of one sequence, and of equal right (section 4.3)."""

from sympy import (
    FunctionMatrix,
    HadamardProduct,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    sqrt,
)

from derive import Backward, Formula, Identity, Setting, Shape
from derive.language import operators
from derive.language.operators import entry

n = Symbol("n", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
u = Symbol("u", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
i, p = (Symbol(name, integer=True) for name in "ip")

X = MatrixSymbol("X", n, d)
Wq = MatrixSymbol("Wq", d, u)
Wk = MatrixSymbol("Wk", d, u)
Wv = MatrixSymbol("Wv", d, v)
tau = 1 / sqrt(u)


def self_attention(rows):
    """Every row of ``rows`` a query, a key and a value."""
    return operators.softmax(tau * (rows * Wq) * (rows * Wk).T) * (rows * Wv)


# f(x_i, (x_1, x_1), …, (x_n, x_n)): one query against all keys and values.
x = MatrixSymbol("x", 1, d)
Y = MatrixSymbol("Y", n, v)
attended = operators.softmax(tau * (x * Wq) * (X * Wk).T) * (X * Wv)

# Two tokens a and b change places; every permutation is made of such exchanges.
a, b = (Symbol(name, integer=True) for name in "ab")


def exchanged(rows):
    """The matrix with its rows a and b exchanged."""
    change = (KroneckerDelta(i, a) - KroneckerDelta(i, b)) * (rows[b, p] - rows[a, p])
    return FunctionMatrix(*rows.shape, Lambda((i, p), rows[i, p] + change))


Xab = MatrixSymbol("Xab", n, d)

Q = MatrixSymbol("Q", n, u)
K = MatrixSymbol("K", n, u)
V = MatrixSymbol("V", n, v)
S = MatrixSymbol("S", n, n)
P = MatrixSymbol("P", n, n)
O = MatrixSymbol("O", n, v)
dO = MatrixSymbol("dO", n, v)
dP = MatrixSymbol("dP", n, n)
dS = MatrixSymbol("dS", n, n)
dQ = MatrixSymbol("dQ", n, u)
dK = MatrixSymbol("dK", n, u)
dV = MatrixSymbol("dV", n, v)
_definitions = {
    Q: X * Wq,
    K: X * Wk,
    V: X * Wv,
    S: tau * Q * K.T,
    P: operators.softmax(S),
    O: P * V,
    dV: P.T * dO,
    dP: dO * V.T,
    dS: HadamardProduct(P, dP - HadamardProduct(P, dP) * OneMatrix(n, n)),
    dQ: tau * dS * K,
    dK: tau * dS.T * Q,
}

_composed = "Dao et al. 2022, appendix B.2, behind three linear maps"

_stated = Setting(where=_definitions)

formula = Formula(
    id="self-attention",
    title="Self-attention",
    section="4.3",
    dimensions={
        n: "tokens",
        d: "width of a token",
        u: "width of a query and a key",
        v: "width of a value",
    },
    symbols={
        X: "tokens, one in each row",
        Wq: "weights of the queries",
        Wk: "weights of the keys",
        Wv: "weights of the values",
        x: "one token",
        Y: "output, one row for each token",
        Xab: "the tokens with a and b exchanged",
        Q: "queries",
        K: "keys",
        V: "values",
        S: "scores",
        P: "weights",
        O: "output",
        dO: "gradient of a loss in O",
        dP: "gradient of that loss in P",
        dS: "gradient of that loss in S",
        dQ: "gradient of that loss in Q",
        dK: "gradient of that loss in K",
        dV: "gradient of that loss in V",
    },
    claims=(
        Shape(
            self_attention(X),
            (n, v),
            id="self-attention.shape",
            title="self-attention of n tokens has shape (n, v)",
            source="notes 4.3-1",
            note="scaled dot-product attention with Q = X Wq, K = X Wk, V = X Wv",
        ),
        Identity(
            entry(attended, 0, p),
            Y[i, p],
            where={Y: self_attention(X), x: FunctionMatrix(1, d, Lambda((a, b), X[i, b]))},
            id="self-attention.row",
            title="y_i = f(x_i, (x_1, x_1), …, (x_n, x_n)) is row i",
            source="A. Zhang et al. 2023, section 11.6.1",
        ),
        Identity(
            self_attention(Xab),
            exchanged(Y),
            where={Xab: exchanged(X), Y: self_attention(X)},
            given=(a >= 0, a < n, b >= 0, b < n),
            id="self-attention.permutation",
            title="where two tokens change places, so do their outputs",
            source="Lee et al. 2019, section 2",
            note="every permutation is made of exchanges: so it permutes the outputs",
        ),
        _stated(
            Backward,
            O,
            Wq,
            dO,
            X.T * dQ,
            id="self-attention.backward.Wq",
            title="dWq = Xᵀ dQ",
            source=_composed,
        ),
        _stated(
            Backward,
            O,
            Wk,
            dO,
            X.T * dK,
            id="self-attention.backward.Wk",
            title="dWk = Xᵀ dK",
            source=_composed,
        ),
        _stated(
            Backward,
            O,
            Wv,
            dO,
            X.T * dV,
            id="self-attention.backward.Wv",
            title="dWv = Xᵀ dV",
            source=_composed,
        ),
        _stated(
            Backward,
            O,
            X,
            dO,
            dQ * Wq.T + dK * Wk.T + dV * Wv.T,
            id="self-attention.backward.X",
            title="dX = dQ Wqᵀ + dK Wkᵀ + dV Wvᵀ",
            source=_composed,
        ),
    ),
    references=(
        "A. Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.2",
        "J. Lee, Y. Lee, J. Kim, A. Kosiorek, S. Choi, Y. W. Teh, Set Transformer, ICML 2019, "
        "section 2",
        "T. Dao et al., FlashAttention, NeurIPS 2022, appendix B",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 11.6",
    ),
)
