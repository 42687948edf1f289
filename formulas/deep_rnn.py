"""Recurrent networks of several layers, and of two directions (section 3.3)."""

from sympy import (
    Function,
    HadamardProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Sum,
    Symbol,
)

from derive import Formula, Gradient, Setting, Shape, at, recurrence, sequence, sum_over

T, d, h, q = (Symbol(name, integer=True, positive=True) for name in "Tdhq")
t, k = (Symbol(name, integer=True) for name in "tk")
u = Symbol("u", real=True)
phi = Function("phi")
activation, slope = Lambda(u, phi(u)), Lambda(u, phi(u).diff(u))

# One step, as the notes write it: the layer below, the time before.
below, before = MatrixSymbol("h_below", 1, h), MatrixSymbol("h_before", 1, h)
Wx, Wh, bh = MatrixSymbol("Wx", d, h), MatrixSymbol("Wh", h, h), MatrixSymbol("bh", 1, h)
h_t, Wq, bq = MatrixSymbol("h_t", 1, h), MatrixSymbol("Wq", h, q), MatrixSymbol("bq", 1, q)
Wl = MatrixSymbol("Wl", h, h)

X, Y = MatrixSymbol("X", T, d), MatrixSymbol("Y", T, q)
O = MatrixSymbol("O", T + 1, q)
loss = Symbol("L", real=True)
LAYERS = 3
Z, H, delta = (
    [MatrixSymbol(f"{name}{layer}", T + 1, h) for layer in range(1, LAYERS + 1)]
    for name in ("Z", "H", "delta")
)
start, W, U, b = (
    [MatrixSymbol(f"{name}{layer}", rows, h) for layer in range(1, LAYERS + 1)]
    for name, rows in (("s", 1), ("W", h), ("U", h), ("b", 1))
)
W[0] = MatrixSymbol("W1", d, h)

network = {}
for layer in range(LAYERS):
    inputs = at(X, t - 1) if layer == 0 else at(H[layer - 1], t)
    network[Z[layer]] = sequence(
        inputs * W[layer] + at(H[layer], t - 1) * U[layer] + b[layer], (t, 1, T)
    )
    network[H[layer]] = recurrence(
        at(Z[layer], t).applyfunc(activation), (t, 1, T), start=start[layer]
    )
network[O] = sequence(at(H[-1], t) * Wq + bq, (t, 1, T))
network[loss] = Sum((O[t, k] - Y[t - 1, k]) ** 2 / 2, (k, 0, q - 1), (t, 1, T)) / T


def through(layer, time):
    """∂L/∂z of a layer, from ∂L/∂h."""
    return HadamardProduct(at(delta[layer], time), at(Z[layer], time).applyfunc(slope))


def arriving(layer, time):
    """What arrives at a layer from above."""
    if layer == LAYERS - 1:
        return (at(O, time) - at(Y, time - 1)) * Wq.T / T
    return through(layer + 1, time) * W[layer + 1].T


backward = dict(network)
for layer in reversed(range(LAYERS)):
    backward[delta[layer]] = recurrence(
        arriving(layer, t) + through(layer, t + 1) * U[layer].T,
        (t, 1, T - 1),
        end=arriving(layer, T),
    )

# Two directions: the second runs from the last step to the first.
A, ZA, ZB, DA, DB = (MatrixSymbol(name, T + 1, h) for name in ("A", "ZA", "ZB", "DA", "DB"))
B = MatrixSymbol("B", T + 2, h)  # up to the state after the last step
a0, b0 = MatrixSymbol("a_0", 1, h), MatrixSymbol("b_T1", 1, h)
Wa, Wb, Ua, Ub, Va, Vb = (
    MatrixSymbol("Wa", d, h), MatrixSymbol("Wb", d, h), MatrixSymbol("Ua", h, h),
    MatrixSymbol("Ub", h, h), MatrixSymbol("Va", h, q), MatrixSymbol("Vb", h, q),
)  # fmt: skip
two_ways = {
    ZA: sequence(at(X, t - 1) * Wa + at(A, t - 1) * Ua, (t, 1, T)),
    A: recurrence(at(ZA, t).applyfunc(activation), (t, 1, T), start=a0),
    ZB: sequence(at(X, t - 1) * Wb + at(B, t + 1) * Ub, (t, 1, T)),
    B: recurrence(at(ZB, t).applyfunc(activation), (t, 1, T), end=b0),
    O: sequence(at(A, t) * Va + at(B, t) * Vb + bq, (t, 1, T)),
    loss: network[loss],
}


def error(time):
    return (at(O, time) - at(Y, time - 1)) / T


def through_a(time):
    return HadamardProduct(at(DA, time), at(ZA, time).applyfunc(slope))


def through_b(time):
    return HadamardProduct(at(DB, time), at(ZB, time).applyfunc(slope))


two_ways_back = {
    **two_ways,
    DA: recurrence(error(t) * Va.T + through_a(t + 1) * Ua.T, (t, 1, T - 1), end=error(T) * Va.T),
    DB: recurrence(error(t) * Vb.T + through_b(t - 1) * Ub.T, (t, 2, T), start=error(1) * Vb.T),
}


def over_time(body):
    """Σ over the steps t = 1 … T."""
    return sum_over(body, (t, 1, T))


PASCANU = "R. Pascanu, C. Gulcehre, K. Cho, Y. Bengio, ICLR 2014, section 3.3.1"
SCHUSTER = "M. Schuster, K. K. Paliwal, IEEE Transactions on Signal Processing 45 (11), 1997"


_stated_backward = Setting(where=backward)


def _layer_gradients(layer):
    number = layer + 1
    inputs = at(X, t - 1) if layer == 0 else at(H[layer - 1], t)
    read = "x_t" if layer == 0 else f"h_t^{layer}"
    yield _stated_backward(
        Gradient,
        loss,
        W[layer],
        over_time(inputs.T * through(layer, t)),
        id=f"deep-rnn.bptt.W{number}",
        title=f"∂L/∂W{number} = Σₜ ({read})ᵀ (δ_t^{number} ⊙ φ′(z_t^{number}))",
        source=PASCANU,
    )
    yield _stated_backward(
        Gradient,
        loss,
        U[layer],
        over_time(at(H[layer], t - 1).T * through(layer, t)),
        id=f"deep-rnn.bptt.U{number}",
        title=f"∂L/∂U{number} = Σₜ (h_{{t−1}}^{number})ᵀ (δ_t^{number} ⊙ φ′(z_t^{number}))",
        source=PASCANU,
    )


_stated_two_ways_back = Setting(where=two_ways_back)

formula = Formula(
    id="deep-rnn",
    title="Deep and bidirectional recurrent networks",
    section="3.3",
    dimensions={T: "steps", d: "features of an input", h: "units of a layer", q: "outputs"},
    symbols={
        below: "the state of the layer below at the same time",
        before: "the state of the layer at the time before",
        Wx: "weights of the layer below, as the notes annotate them",
        Wl: "weights of the layer below, of the shape that they need",
        Wh: "weights of the state before",
        bh: "bias of the state",
        h_t: "state of the last layer",
        Wq: "weights of the output",
        bq: "bias of the output",
        X: "inputs, x_t in row t − 1",
        Y: "targets, y_t in row t − 1",
        O: "outputs, o_t in row t",
        loss: "mean over time of half the squared error",
        phi: "activation, any differentiable function, applied elementwise",
        **{symbol: f"before the activation, layer {k}" for k, symbol in enumerate(Z, 1)},
        **{symbol: f"states, layer {k}" for k, symbol in enumerate(H, 1)},
        **{symbol: f"∂L/∂h_t, layer {k}" for k, symbol in enumerate(delta, 1)},
        **{symbol: f"first state, layer {k}" for k, symbol in enumerate(start, 1)},
        **{symbol: f"weights of what is below, layer {k}" for k, symbol in enumerate(W, 1)},
        **{symbol: f"weights of the state before, layer {k}" for k, symbol in enumerate(U, 1)},
        **{symbol: f"bias, layer {k}" for k, symbol in enumerate(b, 1)},
        A: "states that run forward",
        B: "states that run backward",
        ZA: "before the activation, forward",
        ZB: "before the activation, backward",
        DA: "∂L/∂A_t, by its recurrence from the end",
        DB: "∂L/∂B_t, by its recurrence from the start",
        a0: "the state before the first step",
        b0: "the state after the last step",
        Wa: "weights of the input, forward",
        Wb: "weights of the input, backward",
        Ua: "weights of the state, forward",
        Ub: "weights of the state, backward",
        Va: "weights of the output, forward",
        Vb: "weights of the output, backward",
    },
    claims=(
        Shape(
            MatAdd(MatMul(Wx, below), MatMul(Wh, before), bh).applyfunc(activation),
            (1, h),
            id="deep-rnn.hidden",
            title="φ(Wx h_t^{l−1} + Wh h_{t−1}^l + bh) is a row of h units",
            source="notes 3.3-1",
            note="factors in the printed order",
        ),
        Shape(
            MatAdd(MatMul(below, Wx), MatMul(before, Wh), bh).applyfunc(activation),
            (1, h),
            id="deep-rnn.hidden.rows",
            title="φ(h_t^{l−1} Wx + h_{t−1}^l Wh + bh) is a row of h units",
            source="notes 3.3-1",
            note="factors in row order; the layer below has h units, so that Wx would be (h, h)",
        ),
        Shape(
            (below * Wl + before * Wh + bh).applyfunc(activation),
            (1, h),
            id="deep-rnn.hidden.square",
            title="with Wx of shape (h, h) it is a row of h units",
            source=PASCANU,
        ),
        Shape(
            MatAdd(MatMul(Wq, h_t), bq),
            (1, q),
            id="deep-rnn.output",
            title="Wq h_t^l + bq is a row of q outputs",
            source="notes 3.3-1",
            note="factors in the printed order",
        ),
        *(claim for layer in range(LAYERS) for claim in _layer_gradients(layer)),
        _stated_two_ways_back(
            Gradient,
            loss,
            Ua,
            over_time(at(A, t - 1).T * through_a(t)),
            id="deep-rnn.two-ways.Ua",
            title="∂L/∂Ua = Σₜ a_{t−1}ᵀ (δᵃ_t ⊙ φ′(zᵃ_t))",
            source=SCHUSTER,
        ),
        _stated_two_ways_back(
            Gradient,
            loss,
            Ub,
            over_time(at(B, t + 1).T * through_b(t)),
            id="deep-rnn.two-ways.Ub",
            title="∂L/∂Ub = Σₜ b_{t+1}ᵀ (δᵇ_t ⊙ φ′(zᵇ_t))",
            source=SCHUSTER,
        ),
        _stated_two_ways_back(
            Gradient,
            loss,
            Ub,
            over_time(at(B, t - 1).T * through_b(t)),
            id="deep-rnn.two-ways.Ub.forward",
            title="∂L/∂Ub = Σₜ b_{t−1}ᵀ (δᵇ_t ⊙ φ′(zᵇ_t))",
            source=SCHUSTER,
            note="the states of the second direction come from the next step",
        ),
    ),
    references=(
        "R. Pascanu, C. Gulcehre, K. Cho, Y. Bengio, How to construct deep recurrent neural "
        "networks, ICLR 2014",
        "M. Schuster, K. K. Paliwal, Bidirectional recurrent neural networks, IEEE Transactions "
        "on Signal Processing 45 (11), 1997, 2673–2681",
    ),
)
