"""Attention that looks at no later position, and at no padding (section 4.1)."""

from sympy import (
    FunctionMatrix,
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Piecewise,
    Sum,
    Symbol,
    exp,
    sqrt,
)

from derive import Backward, Formula, Identity, Setting
from derive.language import operators
from derive.language.operators import partial

n = Symbol("n", integer=True, positive=True)
l = Symbol("l", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
t = Symbol("t", real=True)
i, j, k, p, q = (Symbol(name, integer=True) for name in "ijkpq")

Q = MatrixSymbol("Q", n, d)
K = MatrixSymbol("K", n, d)
V = MatrixSymbol("V", n, v)
tau = 1 / sqrt(d)

S = MatrixSymbol("S", n, n)
P = MatrixSymbol("P", n, n)
O = MatrixSymbol("O", n, v)
dO = MatrixSymbol("dO", n, v)
dP = MatrixSymbol("dP", n, n)
dS = MatrixSymbol("dS", n, n)

scores = tau * Q * K.T


weight = exp(S[i, j]) / Sum(exp(S[i, k]), (k, 0, i))
weights = FunctionMatrix(n, n, Lambda((i, j), Piecewise((weight, j <= i), (0, True))))
_forward = {S: scores, P: weights, O: P * V}
_definitions = {
    **_forward,
    dP: dO * V.T,
    dS: HadamardProduct(P, dP - HadamardProduct(dO, O) * OneMatrix(v, n)),
}

# A key is allowed where it is no padding, for every query.
allowed = FunctionMatrix(n, n, Lambda((i, j), Piecewise((1, j < l), (0, True))))
A = MatrixSymbol("A", n, n)
all_weights = HadamardProduct(A, (A * OneMatrix(n, n)).applyfunc(Lambda(t, 1 / t)))
_padded = {S: scores, A: HadamardProduct(allowed, S.applyfunc(exp)), P: all_weights, O: P * V}

_backward_of = "Dao et al. 2022, appendix B.2"

_stated = Setting(where=_definitions)
_stated_forward = Setting(where=_forward, given=(j > i,))

formula = Formula(
    id="causal-attention",
    title="Causal attention and padding",
    section="4.1",
    dimensions={
        n: "positions",
        l: "positions that are no padding",
        d: "width of a query and a key",
        v: "width of a value",
    },
    symbols={
        Q: "queries, one for each position",
        K: "keys",
        V: "values",
        S: "scores",
        A: "exponentials of the scores, 0 at padding",
        P: "weights, 0 where a query may not look",
        O: "output",
        dO: "gradient of a loss in O",
        dP: "gradient of that loss in P",
        dS: "gradient of that loss in S",
    },
    claims=(
        Identity(
            P * OneMatrix(n, 1),
            OneMatrix(n, 1),
            where=_forward,
            id="causal-attention.weights",
            title="the weights up to a position sum to 1",
            source="Vaswani et al. 2017, section 3.2.3",
        ),
        _stated_forward(
            Identity,
            partial(O[i, p], V[j, q]),
            0,
            id="causal-attention.later-values",
            title="no output depends on a later value",
            source="Vaswani et al. 2017, section 3.2.3",
        ),
        _stated_forward(
            Identity,
            partial(O[i, p], K[j, q]),
            0,
            id="causal-attention.later-keys",
            title="no output depends on a later key",
            source="Vaswani et al. 2017, section 3.2.3",
        ),
        _stated(
            Backward,
            O,
            Q,
            dO,
            tau * dS * K,
            id="causal-attention.backward.Q",
            title="dQ = dS K/√d, with the masked weights in dS",
            source=_backward_of,
        ),
        _stated(
            Backward,
            O,
            K,
            dO,
            tau * dS.T * Q,
            id="causal-attention.backward.K",
            title="dK = dSᵀ Q/√d, with the masked weights in dS",
            source=_backward_of,
        ),
        _stated(
            Backward,
            O,
            V,
            dO,
            P.T * dO,
            id="causal-attention.backward.V",
            title="dV = Pᵀ dO, with the masked weights P",
            source=_backward_of,
        ),
        Identity(
            O,
            operators.softmax(tau * Q * K[:l, :].T) * V[:l, :],
            where=_padded,
            given=(l <= n,),
            id="causal-attention.padding",
            title="padding that is masked might as well not be there",
            source="A. Zhang et al. 2023, section 11.3.2.1",
        ),
    ),
    references=(
        "A. Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.2.3",
        "T. Dao et al., FlashAttention, NeurIPS 2022, appendix B",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 11.3",
    ),
)
