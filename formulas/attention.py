"""Scaled dot-product attention, with a mask or without, and its backward pass (section 4.1)."""

from sympy import (
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    exp,
    sqrt,
)

from derive import Backward, Formula, Identity, Setting, Shape
from derive.language import operators

n = Symbol("n", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
v = Symbol("v", integer=True, positive=True)
t = Symbol("t", real=True)

Q = MatrixSymbol("Q", n, d)
K = MatrixSymbol("K", m, d)
V = MatrixSymbol("V", m, v)
tau = 1 / sqrt(d)

scores = tau * Q * K.T
weights = operators.softmax(scores)
attention = weights * V

# The letters of FlashAttention: scores S, weights P, output O, and dX for the gradient of a loss
# in X. What arrives is dO; D has a number for each query.
S = MatrixSymbol("S", n, m)
P = MatrixSymbol("P", n, m)
O = MatrixSymbol("O", n, v)
dO = MatrixSymbol("dO", n, v)
dP = MatrixSymbol("dP", n, m)
dS = MatrixSymbol("dS", n, m)
D = MatrixSymbol("D", n, 1)


def row_sums(matrix):
    """The sum of each row, a column."""
    return matrix * OneMatrix(matrix.shape[1], 1)


def along_rows(column, width):
    """A column repeated, so that every row has one number."""
    return column * OneMatrix(1, width)


grad_V = P.T * dO
grad_P = dO * V.T
grad_S = HadamardProduct(P, dP - along_rows(D, m))
grad_Q = tau * dS * K
grad_K = tau * dS.T * Q

_forward = {S: scores, P: operators.softmax(S), O: P * V}
_backward = {dP: grad_P, D: row_sums(HadamardProduct(dO, O)), dS: grad_S}
_definitions = {**_forward, **_backward}

# A mask B says which keys a query may look at: 1 where it may, 0 where it may not. It stands for
# scores of −∞ where it is 0.
B = MatrixSymbol("B", n, m)
C = MatrixSymbol("C", n, 1)
masked = HadamardProduct(B, S.applyfunc(exp))
masked_weights = HadamardProduct(
    masked, along_rows(row_sums(masked).applyfunc(Lambda(t, 1 / t)), m)
)
_masked_definitions = {S: scores, P: masked_weights, O: P * V, **_backward}

_backward_of = "Dao et al. 2022, appendix B.2"

_stated = Setting(where=_definitions)
_stated_masked = Setting(where=_masked_definitions)

formula = Formula(
    id="attention",
    title="Scaled dot-product attention",
    section="4.1",
    dimensions={n: "queries", m: "keys", d: "width of a query and a key", v: "width of a value"},
    symbols={
        Q: "queries, one in each row",
        K: "keys, one in each row",
        V: "values, one for each key",
        S: "scores",
        P: "weights: how much each query takes of each value",
        O: "output, one row for each query",
        dO: "gradient of a loss in O",
        dP: "gradient of that loss in P",
        dS: "gradient of that loss in S",
        D: "row sums of dO ⊙ O",
        B: "mask: 1 where a query may look at a key, else 0",
        C: "one number for each query",
    },
    claims=(
        Shape(
            attention,
            (n, v),
            id="attention.shape",
            title="softmax(Q Kᵀ/√d) V has shape (n, v)",
            source="notes 4.1-1",
        ),
        Identity(
            row_sums(weights),
            OneMatrix(n, 1),
            id="attention.weights",
            title="every row of softmax(Q Kᵀ/√d) sums to 1",
            source="notes 4.1-1",
        ),
        Identity(
            operators.softmax(S + along_rows(C, m)),
            operators.softmax(S),
            id="attention.shift",
            title="a number added to a row of scores changes no weight",
            source="Milakov & Gimelshein 2018, section 2",
            note="which is why the maximum of a row may be taken off first",
        ),
        _stated(
            Backward,
            O,
            V,
            dO,
            grad_V,
            id="attention.backward.V",
            title="dV = Pᵀ dO",
            source=_backward_of,
        ),
        _stated(
            Backward,
            O,
            P,
            dO,
            grad_P,
            id="attention.backward.P",
            title="dP = dO Vᵀ",
            source=_backward_of,
        ),
        _stated(
            Backward,
            O,
            S,
            dO,
            grad_S,
            id="attention.backward.S",
            title="dS = P ⊙ (dP − D), D the row sums of dO ⊙ O",
            source=_backward_of,
        ),
        Identity(
            row_sums(HadamardProduct(dO, O)),
            row_sums(HadamardProduct(P, dP)),
            where={**_forward, dP: grad_P},
            id="attention.backward.row-sums",
            title="the row sums of dO ⊙ O are those of P ⊙ dP",
            source=_backward_of,
            note="so that the backward pass needs no row of P at once",
        ),
        _stated(
            Backward,
            O,
            Q,
            dO,
            grad_Q,
            id="attention.backward.Q",
            title="dQ = dS K/√d",
            source=_backward_of,
        ),
        _stated(
            Backward,
            O,
            K,
            dO,
            grad_K,
            id="attention.backward.K",
            title="dK = dSᵀ Q/√d",
            source=_backward_of,
        ),
        Identity(
            row_sums(P),
            OneMatrix(n, 1),
            where={S: scores, P: masked_weights},
            id="attention.mask.weights",
            title="under a mask, too, the weights of a query sum to 1",
            source="Vaswani et al. 2017, section 3.2.3",
            note="for a query that may look at some key: else nothing is defined",
        ),
        _stated_masked(
            Backward,
            O,
            Q,
            dO,
            grad_Q,
            id="attention.mask.backward.Q",
            title="under a mask dQ is the same, with the weights P",
            source=_backward_of,
        ),
        _stated_masked(
            Backward,
            O,
            K,
            dO,
            grad_K,
            id="attention.mask.backward.K",
            title="under a mask dK is the same, with the weights P",
            source=_backward_of,
        ),
        _stated_masked(
            Backward,
            O,
            V,
            dO,
            grad_V,
            id="attention.mask.backward.V",
            title="under a mask dV is the same, with the weights P",
            source=_backward_of,
        ),
    ),
    references=(
        "A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, "
        "I. Polosukhin, Attention Is All You Need, NIPS 2017, section 3.2",
        "T. Dao, D. Y. Fu, S. Ermon, A. Rudra, C. Ré, FlashAttention: Fast and Memory-Efficient "
        "Exact Attention with IO-Awareness, NeurIPS 2022, appendix B",
        "M. Milakov, N. Gimelshein, Online normalizer calculation for softmax, "
        "arXiv:1805.02867, 2018",
    ),
)
