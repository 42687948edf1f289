"""Encoder and decoder, each a recurrence of its own length (section 3.5)."""

from sympy import (
    BlockMatrix,
    Function,
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    Sum,
    Symbol,
)

from derive import Formula, Gradient, Setting, Shape, at, recurrence, sequence, sum_over

T, S, d, e, h, m, q = (Symbol(name, integer=True, positive=True) for name in "TSdehmq")
t, k = (Symbol(name, integer=True) for name in "tk")
u = Symbol("u", real=True)
phi = Function("phi")
activation, slope = Lambda(u, phi(u)), Lambda(u, phi(u).diff(u))

X = MatrixSymbol("X", T, d)
h0, c = MatrixSymbol("h_0", 1, h), MatrixSymbol("c", 1, h)
Wx, Wh, bh = MatrixSymbol("Wx", d, h), MatrixSymbol("Wh", h, h), MatrixSymbol("bh", 1, h)
ZE, H, DE = (MatrixSymbol(name, T + 1, h) for name in ("ZE", "H", "DE"))

# Teacher forcing: y_{t′−1} is given, y_0 the start mark.
Y = MatrixSymbol("Y", S, e)
s0 = MatrixSymbol("s_0", 1, m)
Wy, Wc, Ws = MatrixSymbol("Wy", e, m), MatrixSymbol("Wc", h, m), MatrixSymbol("Ws", m, m)
bs = MatrixSymbol("bs", 1, m)
ZD, D, DD = (MatrixSymbol(name, S + 1, m) for name in ("ZD", "D", "DD"))
Wq, bq = MatrixSymbol("Wq", m, q), MatrixSymbol("bq", 1, q)
P, O = MatrixSymbol("P", S, q), MatrixSymbol("O", S + 1, q)
loss = Symbol("L", real=True)

# One step each, as the notes write it.
x_t, h_prev = MatrixSymbol("x_t", 1, d), MatrixSymbol("h_prev", 1, h)
y_prev, s_prev = MatrixSymbol("y_prev", 1, e), MatrixSymbol("s_prev", 1, m)
W_cat = MatrixSymbol("W_cat", e + h, m)


def cat(left, right):
    """Two rows, one behind the other."""
    return BlockMatrix([[left, right]])


encoder = {
    ZE: sequence(at(X, t - 1) * Wx + at(H, t - 1) * Wh + bh, (t, 1, T)),
    H: recurrence(at(ZE, t).applyfunc(activation), (t, 1, T), start=h0),
    c: at(H, T),
}
# cat(y, c) W is y Wy + c Wc, where W is Wy above Wc.
decoder = {
    ZD: sequence(at(Y, t - 1) * Wy + c * Wc + at(D, t - 1) * Ws + bs, (t, 1, S)),
    D: recurrence(at(ZD, t).applyfunc(activation), (t, 1, S), start=s0),
    O: sequence(at(D, t) * Wq + bq, (t, 1, S)),
    loss: Sum((O[t, k] - P[t - 1, k]) ** 2 / 2, (k, 0, q - 1), (t, 1, S)) / S,
}


def error(time):
    """∂L/∂o_t′."""
    return (at(O, time) - at(P, time - 1)) / S


def through_decoder(time):
    return HadamardProduct(at(DD, time), at(ZD, time).applyfunc(slope))


def through_encoder(time):
    return HadamardProduct(at(DE, time), at(ZE, time).applyfunc(slope))


to_context = sum_over(through_decoder(t) * Wc.T, (t, 1, S))
backward = {
    **encoder,
    **decoder,
    DD: recurrence(
        error(t) * Wq.T + through_decoder(t + 1) * Ws.T, (t, 1, S - 1), end=error(S) * Wq.T
    ),
    DE: recurrence(through_encoder(t + 1) * Wh.T, (t, 1, T - 1), end=to_context),
}

SUTSKEVER = "I. Sutskever, O. Vinyals, Q. V. Le, NeurIPS 2014; K. Cho et al., EMNLP 2014"


_stated_backward = Setting(where=backward)


def _gradient(wrt, equals, name, title):
    return _stated_backward(
        Gradient,
        loss,
        wrt,
        equals,
        id=f"seq2seq.bptt.{name}",
        title=title,
        source=SUTSKEVER,
        note="derived from the equations of the model",
    )


formula = Formula(
    id="seq2seq",
    title="Encoder and decoder",
    section="3.5",
    dimensions={
        T: "steps of the encoder",
        S: "steps of the decoder",
        d: "features of an input",
        e: "features of a target",
        h: "units of the encoder",
        m: "units of the decoder",
        q: "outputs",
    },
    symbols={
        X: "inputs, x_t in row t − 1",
        Y: "targets that the decoder reads, y_{t−1} in row t − 1",
        P: "targets that the outputs are compared with, in row t − 1",
        h0: "first state of the encoder",
        s0: "first state of the decoder",
        c: "context",
        Wx: "encoder's weights of the input",
        Wh: "encoder's weights of the state",
        bh: "encoder's bias",
        Wy: "decoder's weights of the target before",
        Wc: "decoder's weights of the context",
        Ws: "decoder's weights of the state",
        bs: "decoder's bias",
        Wq: "weights of the output",
        bq: "bias of the output",
        W_cat: "decoder's weights of cat(y, c): Wy above Wc",
        ZE: "before the encoder's activation",
        H: "states of the encoder",
        DE: "∂L/∂h_t by its recurrence",
        ZD: "before the decoder's activation",
        D: "states of the decoder",
        DD: "∂L/∂s_t′ by its recurrence",
        O: "outputs, o_t′ in row t′",
        loss: "mean over the decoder's steps of half the squared error",
        x_t: "one input",
        h_prev: "the encoder's state before it",
        y_prev: "the target before",
        s_prev: "the decoder's state before",
        phi: "activation, any differentiable function, applied elementwise",
    },
    claims=(
        Shape(
            (x_t * Wx + h_prev * Wh + bh).applyfunc(activation),
            (1, h),
            id="seq2seq.encoder",
            title="h_t = f(x_t, h_{t−1}) keeps the shape (1, h)",
            source="notes 3.5-1",
            note="f is a step of a recurrent network in row order",
        ),
        Shape(
            c,
            (1, h),
            where=encoder,
            id="seq2seq.context",
            title="c = h_T has shape (1, h)",
            source="notes 3.5-2",
        ),
        Shape(
            (cat(y_prev, c) * W_cat + s_prev * Ws + bs).applyfunc(activation),
            (1, m),
            id="seq2seq.decoder",
            title="s_t′ = g(cat(y_{t′−1}, c), s_{t′−1}) has shape (1, s)",
            source="notes 3.5-3",
            note="the notes write s for the decoder's units as well as for its state; here m",
        ),
        _stated_backward(
            Gradient,
            loss,
            c,
            to_context,
            id="seq2seq.bptt.context",
            title="∂L/∂c = Σ (δ_t′ ⊙ φ′(z_t′)) Wcᵀ",
            source=SUTSKEVER,
            note="what reaches the encoder comes through the context, from every step",
        ),
        _gradient(Wc, c.T * sum_over(through_decoder(t), (t, 1, S)), "Wc",
                  "∂L/∂Wc = cᵀ Σ δ_t′ ⊙ φ′(z_t′)"),
        _gradient(Ws, sum_over(at(D, t - 1).T * through_decoder(t), (t, 1, S)), "Ws",
                  "∂L/∂Ws = Σ s_{t′−1}ᵀ (δ_t′ ⊙ φ′(z_t′))"),
        _gradient(Wh, sum_over(at(H, t - 1).T * through_encoder(t), (t, 1, T)), "Wh",
                  "∂L/∂Wh = Σₜ h_{t−1}ᵀ (δ_t ⊙ φ′(z_t)), of the encoder"),
        _gradient(Wx, sum_over(at(X, t - 1).T * through_encoder(t), (t, 1, T)), "Wx",
                  "∂L/∂Wx = Σₜ x_tᵀ (δ_t ⊙ φ′(z_t)), of the encoder"),
    ),
    references=(
        "I. Sutskever, O. Vinyals, Q. V. Le, Sequence to sequence learning with neural networks, "
        "NeurIPS 2014",
        "K. Cho et al., Learning phrase representations using RNN encoder–decoder for statistical "
        "machine translation, EMNLP 2014",
    ),
)  # fmt: skip
