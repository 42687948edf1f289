"""Bahdanau's attention: learned scores of the encoder's states, and the decoder (section 4.2)."""

from sympy import BlockMatrix, HadamardProduct, Lambda, MatrixSymbol, OneMatrix, Symbol, tanh

from derive import Backward, Formula, Identity, Setting, Shape
from derive.language import operators

T = Symbol("T", integer=True, positive=True)
h = Symbol("h", integer=True, positive=True)
s = Symbol("s", integer=True, positive=True)
a = Symbol("a", integer=True, positive=True)
e = Symbol("e", integer=True, positive=True)
t = Symbol("t", real=True)

H = MatrixSymbol("H", T, h)
state = MatrixSymbol("state", 1, s)
W1 = MatrixSymbol("W1", s, a)
W2 = MatrixSymbol("W2", h, a)
v = MatrixSymbol("v", a, 1)

# score_t = vᵀ tanh(s W1 + h_t W2), a row of Z for each step t.
Z = MatrixSymbol("Z", T, a)
score = MatrixSymbol("score", T, 1)
alpha = MatrixSymbol("alpha", 1, T)
c = MatrixSymbol("c", 1, h)
ones = OneMatrix(T, 1)
definitions = {
    Z: ones * state * W1 + H * W2,
    score: Z.applyfunc(tanh) * v,
    alpha: operators.softmax(score.T),
    c: alpha * H,
}

dc = MatrixSymbol("dc", 1, h)
dscore = MatrixSymbol("dscore", T, 1)
dZ = MatrixSymbol("dZ", T, a)
slope = Lambda(t, 1 - tanh(t) ** 2)
grad_score = HadamardProduct(alpha.T, H * dc.T - ones * c * dc.T)
grad_Z = HadamardProduct(dscore * v.T, Z.applyfunc(slope))
_backward = {**definitions, dscore: grad_score, dZ: grad_Z}

# The decoder: the last word and the context side by side go into a recurrent cell.
y = MatrixSymbol("y", 1, e)
U = MatrixSymbol("U", e + h, s)
R = MatrixSymbol("R", s, s)
b = MatrixSymbol("b", 1, s)
word_and_context = BlockMatrix([[y, c]])
decoder = (word_and_context * U + state * R + b).applyfunc(tanh)

_scores_of = "Bahdanau et al. 2015, appendix A.1.2"

_stated_backward = Setting(where=_backward)
_stated = Setting(where=definitions)

formula = Formula(
    id="bahdanau",
    title="Bahdanau attention",
    section="4.2",
    dimensions={
        T: "steps of the encoder",
        h: "width of a state of the encoder",
        s: "width of a state of the decoder",
        a: "units of the score",
        e: "width of a word's embedding",
    },
    symbols={
        H: "states of the encoder, one in each row: keys and values",
        state: "the decoder's state before, the query; the notes call it s",
        W1: "weights of the query in the score",
        W2: "weights of the keys in the score",
        v: "weights of the score's units",
        Z: "units of the score before tanh, a row for each step",
        score: "score of each step",
        alpha: "weight of each step",
        c: "context",
        dc: "gradient of a loss in c",
        dscore: "gradient of that loss in the scores",
        dZ: "gradient of that loss in Z",
        y: "embedding of the last word",
        U: "weights of word and context in the decoder",
        R: "recurrent weights of the decoder",
        b: "bias of the decoder",
    },
    claims=(
        _stated(
            Shape,
            c,
            (1, h),
            id="bahdanau.context",
            title="the context Σ α(h_t, s) h_t has shape (1, h)",
            source="notes 4.2-2",
            note="α_t = softmax(vᵀ tanh(s W1 + h_t W2)), a number for each step",
        ),
        _stated(
            Shape,
            decoder,
            (1, s),
            id="bahdanau.decoder",
            title="the decoder's state g(cat(y, c), s) has shape (1, s)",
            source="notes 4.2-3",
            note="g is a recurrent cell: tanh(cat(y, c) U + s R + b)",
        ),
        _stated(
            Identity,
            alpha * ones,
            OneMatrix(1, 1),
            id="bahdanau.weights",
            title="the weights of the steps sum to 1",
            source="Bahdanau et al. 2015, section 3.1",
        ),
        _stated(
            Backward,
            c,
            score,
            dc,
            grad_score,
            id="bahdanau.backward.score",
            title="dscore = αᵀ ⊙ ((H − 1 c) dcᵀ)",
            source=_scores_of,
        ),
        _stated_backward(
            Backward,
            c,
            v,
            dc,
            Z.applyfunc(tanh).T * dscore,
            id="bahdanau.backward.v",
            title="dv = tanh(Z)ᵀ dscore",
            source=_scores_of,
        ),
        _stated_backward(
            Backward,
            c,
            W1,
            dc,
            state.T * ones.T * dZ,
            id="bahdanau.backward.W1",
            title="dW1 = sᵀ Σ_t dZ_t, with dZ = dscore vᵀ ⊙ (1 − tanh² Z)",
            source=_scores_of,
        ),
        _stated_backward(
            Backward,
            c,
            W2,
            dc,
            H.T * dZ,
            id="bahdanau.backward.W2",
            title="dW2 = Hᵀ dZ",
            source=_scores_of,
        ),
        _stated_backward(
            Backward,
            c,
            state,
            dc,
            ones.T * dZ * W1.T,
            id="bahdanau.backward.state",
            title="ds = Σ_t dZ_t W1ᵀ",
            source=_scores_of,
        ),
        _stated_backward(
            Backward,
            c,
            H,
            dc,
            alpha.T * dc + dZ * W2.T,
            id="bahdanau.backward.H",
            title="dH = αᵀ dc + dZ W2ᵀ: as values, and as keys",
            source=_scores_of,
        ),
    ),
    references=(
        "D. Bahdanau, K. Cho, Y. Bengio, Neural Machine Translation by Jointly Learning to Align "
        "and Translate, ICLR 2015, section 3.1 and appendix A.1.2",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 11.4",
    ),
)
