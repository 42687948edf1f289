"""A recurrent network, and backpropagation through time for any number of steps (section 3.1).

Position t of a sequence X is ``at(X, t)``. Inputs and targets stand at positions 0 … T − 1, so that
x_t is ``at(X, t - 1)``; states stand at positions 0 … T, h_0 first.
"""

from sympy import (
    DiagMatrix,
    Function,
    HadamardProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Sum,
    Symbol,
    tanh,
)

from derive import (
    Formula,
    Gradient,
    Jacobian,
    Setting,
    Shape,
    at,
    ordered_product,
    recurrence,
    sequence,
    sum_over,
    tensor,
)
from derive.language.operators import entry

T, d, h, q = (Symbol(name, integer=True, positive=True) for name in "Tdhq")
t, s, i, j, k, m, r = (Symbol(name, integer=True) for name in "tsijkmr")

X = MatrixSymbol("X", T, d)
Y = MatrixSymbol("Y", T, q)
h0 = MatrixSymbol("h_0", 1, h)
Wx, Wh, bh = MatrixSymbol("Wx", d, h), MatrixSymbol("Wh", h, h), MatrixSymbol("bh", 1, h)
Wq, bq = MatrixSymbol("Wq", h, q), MatrixSymbol("bq", 1, q)
Z, H, delta = (MatrixSymbol(name, T + 1, h) for name in ("Z", "H", "delta"))
O = MatrixSymbol("O", T + 1, q)
loss = Symbol("L", real=True)

x_t, h_t, h_prev = (MatrixSymbol("x_t", 1, d), MatrixSymbol("h_t", 1, h),
                    MatrixSymbol("h_prev", 1, h))  # fmt: skip
dh_prev = MatrixSymbol("dh_prev", h, h)

u = Symbol("u", real=True)
phi = Function("phi")
activation, slope = Lambda(u, phi(u)), Lambda(u, phi(u).diff(u))
tanh_slope = Lambda(u, 1 - u**2)  # of tanh, in terms of its value


def over_time(body):
    """Σ over the steps t = 1 … T."""
    return sum_over(body, (t, 1, T))


hidden = {
    Z: sequence(at(X, t - 1) * Wx + at(H, t - 1) * Wh + bh, (t, 1, T)),
    H: recurrence(at(Z, t).applyfunc(activation), (t, 1, T), start=h0),
}
network = {
    **hidden,
    O: sequence(at(H, t) * Wq + bq, (t, 1, T)),
    loss: Sum((O[t, k] - Y[t - 1, k]) ** 2 / 2, (k, 0, q - 1), (t, 1, T)) / T,
}


def error(time):
    """∂L/∂o_t."""
    return (at(O, time) - at(Y, time - 1)) / T


def through(time):
    """∂L/∂z_t, from ∂L/∂h_t."""
    return HadamardProduct(at(delta, time), at(Z, time).applyfunc(slope))


backward = {
    **network,
    delta: recurrence(error(t) * Wq.T + through(t + 1) * Wh.T, (t, 1, T - 1), end=error(T) * Wq.T),
}
# The same with tanh, whose slope is a function of the state.
tanh_network = {
    Z: hidden[Z],
    H: recurrence(at(Z, t).applyfunc(tanh), (t, 1, T), start=h0),
    O: network[O],
    loss: network[loss],
}


def through_tanh(time):
    return HadamardProduct(at(delta, time), at(H, time).applyfunc(tanh_slope))


tanh_backward = {
    **tanh_network,
    delta: recurrence(
        error(t) * Wq.T + through_tanh(t + 1) * Wh.T, (t, 1, T - 1), end=error(T) * Wq.T
    ),
}

grad_Wq = over_time(at(H, t).T * error(t))
grad_bq = over_time(error(t))
grad_Wx = over_time(at(X, t - 1).T * through(t))
grad_Wh = over_time(at(H, t - 1).T * through(t))
grad_bh = over_time(through(t))
grad_h0 = through(1) * Wh.T


def step_jacobian(time):
    """∂h_j/∂h_{j−1}, numerator layout: diag(φ′(z_j)) Whᵀ."""
    return DiagMatrix(at(Z, time).applyfunc(slope).T) * Wh.T


from_s_to_t = ordered_product(step_jacobian(j), (j, s + 1, t))
explicit_Wh = tensor(
    Sum(
        entry(ordered_product(step_jacobian(j), (j, i + 1, t)), m, r)
        * slope(Z[i, r])
        * H[i - 1, k],
        (i, 1, t),
    ),
    (k, h),
    (r, h),
)

WERBOS = "P. J. Werbos, Proceedings of the IEEE 78 (10), 1990"
PASCANU = "R. Pascanu, T. Mikolov, Y. Bengio, ICML 2013, equations (3)–(5)"

_stated_network = Setting(where=network)
_stated_backward = Setting(where=backward)
_stated_hidden = Setting(where=hidden)

formula = Formula(
    id="rnn",
    title="Recurrent network, backpropagation through time",
    section="3.1",
    dimensions={
        T: "steps of the sequence",
        d: "features of an input",
        h: "units of the state",
        q: "outputs",
    },
    symbols={
        X: "inputs, x_t in row t − 1",
        Y: "targets, y_t in row t − 1",
        h0: "the state before the first step",
        Wx: "weights of the input",
        Wh: "weights of the state before",
        bh: "bias of the state",
        Wq: "weights of the output",
        bq: "bias of the output",
        Z: "x_t Wx + h_{t−1} Wh + bh in row t",
        H: "states, h_t in row t",
        O: "outputs, o_t in row t",
        delta: "∂L/∂h_t in row t, by its recurrence",
        loss: "mean over time of half the squared error",
        x_t: "one input",
        h_t: "one state",
        h_prev: "the state before it",
        dh_prev: "∂h_{t−1}/∂Wh, read as a matrix of the shape of Wh",
        phi: "activation, any differentiable function, applied elementwise",
    },
    claims=(
        Shape(
            MatAdd(MatMul(Wx, x_t), MatMul(Wh, h_prev), bh).applyfunc(activation),
            (1, h),
            id="rnn.hidden",
            title="φ(Wx x_t + Wh h_{t−1} + bh) is a row of h units",
            source="notes 3.1-1",
            note="factors in the printed order",
        ),
        Shape(
            (x_t * Wx + h_prev * Wh + bh).applyfunc(activation),
            (1, h),
            id="rnn.hidden.rows",
            title="φ(x_t Wx + h_{t−1} Wh + bh) is a row of h units",
            source="notes 3.1-1",
            note="factors in row order",
        ),
        Shape(
            MatAdd(MatMul(Wq, h_t), bq),
            (1, q),
            id="rnn.output",
            title="Wq h_t + bq is a row of q outputs",
            source="notes 3.1-1",
            note="factors in the printed order",
        ),
        Shape(
            h_t * Wq + bq,
            (1, q),
            id="rnn.output.rows",
            title="h_t Wq + bq is a row of q outputs",
            source="notes 3.1-1",
            note="factors in row order",
        ),
        _stated_network(
            Jacobian,
            at(O, t),
            Wq,
            over_time(at(H, t)) / T,
            id="rnn.grad-Wq",
            title="∂o_t/∂Wq = (1/T) Σₜ h_t",
            source="notes 3.1-2",
            note="a row cannot be the derivative of a row in a matrix",
        ),
        _stated_network(
            Jacobian,
            at(O, t),
            Wx,
            over_time(MatMul(Wq, at(X, t - 1))) / T,
            id="rnn.grad-Wx",
            title="∂o_t/∂Wx = (1/T) Σₜ Wq x_t",
            source="notes 3.1-3",
        ),
        _stated_network(
            Jacobian,
            at(O, t),
            Wh,
            over_time(MatMul(Wq, MatAdd(at(H, t - 1), MatMul(Wh, dh_prev)))) / T,
            id="rnn.grad-Wh",
            title="∂o_t/∂Wh = (1/T) Σₜ Wq (h_{t−1} + Wh ∂h_{t−1}/∂Wh)",
            source="notes 3.1-4",
        ),
        _stated_network(
            Gradient,
            loss,
            Wq,
            grad_Wq,
            id="rnn.loss.Wq",
            title="∂L/∂Wq = Σₜ h_tᵀ ∂L/∂o_t",
            source=WERBOS,
        ),
        _stated_network(
            Gradient,
            loss,
            bq,
            grad_bq,
            id="rnn.loss.bq",
            title="∂L/∂bq = Σₜ ∂L/∂o_t",
            source=WERBOS,
        ),
        Gradient(
            loss,
            at(H, t),
            at(delta, t),
            where=backward,
            given=(t >= 1,),
            id="rnn.bptt.delta",
            title="δ_t = ∂L/∂o_t Wqᵀ + (δ_{t+1} ⊙ φ′(z_{t+1})) Whᵀ",
            source=WERBOS,
            note="∂L/∂h_t is total: the later states move with h_t",
        ),
        _stated_backward(
            Gradient,
            loss,
            Wx,
            grad_Wx,
            id="rnn.bptt.Wx",
            title="∂L/∂Wx = Σₜ x_tᵀ (δ_t ⊙ φ′(z_t))",
            source=WERBOS,
        ),
        _stated_backward(
            Gradient,
            loss,
            Wh,
            grad_Wh,
            id="rnn.bptt.Wh",
            title="∂L/∂Wh = Σₜ h_{t−1}ᵀ (δ_t ⊙ φ′(z_t))",
            source=WERBOS,
        ),
        _stated_backward(
            Gradient,
            loss,
            bh,
            grad_bh,
            id="rnn.bptt.bh",
            title="∂L/∂bh = Σₜ δ_t ⊙ φ′(z_t)",
            source=WERBOS,
        ),
        _stated_backward(
            Gradient,
            loss,
            h0,
            grad_h0,
            id="rnn.bptt.h0",
            title="∂L/∂h_0 = (δ_1 ⊙ φ′(z_1)) Whᵀ",
            source=WERBOS,
        ),
        Gradient(
            loss,
            Wh,
            over_time(at(H, t - 1).T * through_tanh(t)),
            where=tanh_backward,
            id="rnn.bptt.Wh.tanh",
            title="∂L/∂Wh = Σₜ h_{t−1}ᵀ (δ_t ⊙ (1 − h_t²)) for φ = tanh",
            source=WERBOS,
        ),
        _stated_network(
            Gradient,
            loss,
            Wh,
            over_time(at(H, t - 1).T * HadamardProduct(error(t) * Wq.T, at(Z, t).applyfunc(slope))),
            id="rnn.bptt.Wh.one-step",
            title="∂L/∂Wh without the path through earlier states",
            source=WERBOS,
            note="backpropagation truncated after one step is not the gradient",
        ),
        _stated_backward(
            Gradient,
            loss,
            Wh,
            over_time(at(H, t - 1).T * through(t)) / T,
            id="rnn.bptt.Wh.mean",
            title="∂L/∂Wh = (1/T) Σₜ h_{t−1}ᵀ (δ_t ⊙ φ′(z_t))",
            source="notes 3.1",
            note="the notes take the mean over time; that of the loss is in δ already",
        ),
        Jacobian(
            at(H, t),
            at(H, t - 1),
            step_jacobian(t),
            where=hidden,
            given=(t >= 1,),
            id="rnn.step-jacobian",
            title="∂h_t/∂h_{t−1} = diag(φ′(z_t)) Whᵀ",
            source=PASCANU,
        ),
        Jacobian(
            at(H, t),
            at(H, s),
            from_s_to_t,
            where=hidden,
            given=(s <= t,),
            id="rnn.jacobian",
            title="∂h_t/∂h_s = Πⱼ ∂h_j/∂h_{j−1}, j = t … s + 1",
            source=PASCANU,
        ),
        _stated_hidden(
            Jacobian,
            at(H, t),
            h0,
            ordered_product(step_jacobian(j), (j, 1, t), later="right"),
            id="rnn.jacobian.reversed",
            title="∂h_t/∂h_0 with the factors the other way round",
            source=PASCANU,
        ),
        _stated_hidden(
            Jacobian,
            H[t, m],
            Wh,
            explicit_Wh,
            id="rnn.explicit.Wh",
            title="∂h_t/∂Wh = Σᵢ (Πⱼ ∂h_j/∂h_{j−1}) ∂⁺h_i/∂Wh",
            source=PASCANU,
            note="∂⁺ holds h_{i−1} constant",
        ),
    ),
    references=(
        "P. J. Werbos, Backpropagation through time: what it does and how to do it, "
        "Proceedings of the IEEE 78 (10), 1990, 1550–1560",
        "R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural "
        "networks, ICML 2013",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 9.7",
    ),
)
