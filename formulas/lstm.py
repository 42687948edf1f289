"""The long short-term memory, its step and its gradient through time (beside section 3.4)."""

from sympy import HadamardProduct, IndexedBase, Lambda, MatrixSymbol, OneMatrix, Symbol, exp, tanh

from derive import Backward, Formula, Setting, Shape, at, recurrence, sequence, sum_over

T, n, d, h = (Symbol(name, integer=True, positive=True) for name in "Tndh")
t = Symbol("t", integer=True)
u = Symbol("u", real=True)
sigmoid = Lambda(u, 1 / (1 + exp(-u)))
sigmoid_slope, tanh_slope = Lambda(u, u * (1 - u)), Lambda(u, 1 - u**2)  # of the values
tanh_of_slope = Lambda(u, 1 - tanh(u) ** 2)
X = IndexedBase("X", shape=(T, n, d))
I, F, O, K, C, H, G, DH, DC = (
    IndexedBase(name, shape=(T + 1, n, h))
    for name in ("I", "F", "O", "K", "C", "H", "G", "DH", "DC")
)
H0, C0 = MatrixSymbol("H_0", n, h), MatrixSymbol("C_0", n, h)
Wxi, Wxf, Wxo, Wxc = (MatrixSymbol(f"Wx{gate}", d, h) for gate in "ifoc")
Whi, Whf, Who, Whc = (MatrixSymbol(f"Wh{gate}", h, h) for gate in "ifoc")
bi, bf, bo, bc = (MatrixSymbol(f"b{gate}", 1, h) for gate in "ifoc")


def gate(wx, wh, bias, function):
    """A gate at time t, from the input and the state before."""
    body = (at(X, t - 1) * wx + at(H, t - 1) * wh + bias).applyfunc(function)
    return sequence(body, (t, 1, T))


unit = {
    I: gate(Wxi, Whi, bi, sigmoid),
    F: gate(Wxf, Whf, bf, sigmoid),
    O: gate(Wxo, Who, bo, sigmoid),
    K: gate(Wxc, Whc, bc, tanh),
    C: recurrence(
        HadamardProduct(at(F, t), at(C, t - 1)) + HadamardProduct(at(I, t), at(K, t)),
        (t, 1, T),
        start=C0,
    ),
    H: recurrence(HadamardProduct(at(O, t), at(C, t).applyfunc(tanh)), (t, 1, T), start=H0),
}


def to_output(time):
    """What arrives before the sigmoid of the output gate."""
    return HadamardProduct(
        at(DH, time), at(C, time).applyfunc(tanh), at(O, time).applyfunc(sigmoid_slope)
    )


def to_input(time):
    """What arrives before the sigmoid of the input gate."""
    return HadamardProduct(at(DC, time), at(K, time), at(I, time).applyfunc(sigmoid_slope))


def to_forget(time):
    """What arrives before the sigmoid of the forget gate."""
    return HadamardProduct(at(DC, time), at(C, time - 1), at(F, time).applyfunc(sigmoid_slope))


def to_candidate(time):
    """What arrives before the tanh of the candidate."""
    return HadamardProduct(at(DC, time), at(I, time), at(K, time).applyfunc(tanh_slope))


def to_previous(time):
    """What arrives at the state before, through all gates."""
    return (
        to_input(time) * Whi.T
        + to_forget(time) * Whf.T
        + to_output(time) * Who.T
        + to_candidate(time) * Whc.T
    )


def to_cell(time):
    """What arrives at the cell through the state at the same time."""
    return HadamardProduct(at(DH, time), at(O, time), at(C, time).applyfunc(tanh_of_slope))


through_time = {
    **unit,
    DH: recurrence(at(G, t) + to_previous(t + 1), (t, 1, T - 1), end=at(G, T)),
    DC: recurrence(
        to_cell(t) + HadamardProduct(at(DC, t + 1), at(F, t + 1)),
        (t, 1, T - 1),
        end=HadamardProduct(at(G, T), at(O, T), at(C, T).applyfunc(tanh_of_slope)),
    ),
}

HOCHREITER = (
    "S. Hochreiter, J. Schmidhuber, Neural Computation 9 (8), 1997; F. A. Gers et al., 2000"
)


def over_time(body):
    """Σ over the steps t = 1 … T."""
    return sum_over(body, (t, 1, T))


def _through_time(wrt, equals, name, title):
    return Backward(
        H,
        wrt,
        G,
        equals,
        where=through_time,
        id=f"lstm.bptt.{name}",
        title=title,
        source=HOCHREITER,
        note="derived from the equations of the unit; the full gradient, not the truncated one",
    )


def _of_gate(letter, wx, wh, bias, arriving):
    """The gradients of the three parameters of a gate."""
    delta = f"δ{letter}_t"
    yield _through_time(
        wx, over_time(at(X, t - 1).T * arriving(t)), str(wx), f"∂L/∂{wx} = Σₜ X_tᵀ {delta}"
    )
    yield _through_time(
        wh, over_time(at(H, t - 1).T * arriving(t)), str(wh), f"∂L/∂{wh} = Σₜ H_{{t−1}}ᵀ {delta}"
    )
    yield _through_time(
        bias,
        over_time(OneMatrix(1, n) * arriving(t)),
        str(bias),
        f"∂L/∂{bias} = Σₜ the column sums of {delta}",
    )


# One step.
X_t, H_prev, C_prev = (MatrixSymbol("X_t", n, d), MatrixSymbol("H_prev", n, h),
                       MatrixSymbol("C_prev", n, h))  # fmt: skip
I_t, F_t, O_t, K_t, C_t, D_t = (
    MatrixSymbol(name, n, h) for name in ("I_t", "F_t", "O_t", "K_t", "C_t", "D_t")
)
H_t = HadamardProduct(O_t, C_t.applyfunc(tanh))
step = {
    I_t: (X_t * Wxi + H_prev * Whi + bi).applyfunc(sigmoid),
    F_t: (X_t * Wxf + H_prev * Whf + bf).applyfunc(sigmoid),
    O_t: (X_t * Wxo + H_prev * Who + bo).applyfunc(sigmoid),
    K_t: (X_t * Wxc + H_prev * Whc + bc).applyfunc(tanh),
    C_t: HadamardProduct(F_t, C_prev) + HadamardProduct(I_t, K_t),
}
cell_step = HadamardProduct(D_t, O_t, C_t.applyfunc(tanh_of_slope))
arriving_step = {
    "i": HadamardProduct(cell_step, K_t, I_t.applyfunc(sigmoid_slope)),
    "f": HadamardProduct(cell_step, C_prev, F_t.applyfunc(sigmoid_slope)),
    "o": HadamardProduct(D_t, C_t.applyfunc(tanh), O_t.applyfunc(sigmoid_slope)),
    "c": HadamardProduct(cell_step, I_t, K_t.applyfunc(tanh_slope)),
}


_stated_step = Setting(where=step)


def _one_step(wrt, equals, name, title):
    return _stated_step(
        Backward,
        H_t,
        wrt,
        D_t,
        equals,
        id=f"lstm.step.{name}",
        title=title,
        source=HOCHREITER,
        note="derived from the equations of the unit; D is what arrives at H_t",
    )


formula = Formula(
    id="lstm",
    title="Long short-term memory",
    section="3.4",
    dimensions={T: "steps", n: "sequences in the batch", d: "features", h: "units of the state"},
    symbols={
        X: "inputs, X_t at position t − 1",
        I: "input gates",
        F: "forget gates",
        O: "output gates",
        K: "candidate cells",
        C: "cells",
        H: "states",
        G: "upstream gradients, ∂L/∂H_t by the loss alone",
        DH: "∂L/∂H_t in all, by its recurrence",
        DC: "∂L/∂C_t in all, by its recurrence",
        H0: "the states before the first step",
        C0: "the cells before the first step",
        Wxi: "weights from the input to the input gate",
        Wxf: "weights from the input to the forget gate",
        Wxo: "weights from the input to the output gate",
        Wxc: "weights from the input to the candidate",
        Whi: "weights from the state to the input gate",
        Whf: "weights from the state to the forget gate",
        Who: "weights from the state to the output gate",
        Whc: "weights from the state to the candidate",
        bi: "bias of the input gate",
        bf: "bias of the forget gate",
        bo: "bias of the output gate",
        bc: "bias of the candidate",
        X_t: "one batch of inputs",
        H_prev: "the states before it",
        C_prev: "the cells before it",
        I_t: "its input gate",
        F_t: "its forget gate",
        O_t: "its output gate",
        K_t: "its candidate cells",
        C_t: "its cells",
        D_t: "what arrives at its states",
    },
    claims=(
        _stated_step(
            Shape,
            H_t,
            (n, h),
            id="lstm.state",
            title="H_t = O_t ⊙ tanh(C_t) has the shape of the states",
            source=HOCHREITER,
        ),
        _one_step(C_prev, HadamardProduct(cell_step, F_t), "C", "∂L/∂C_{t−1} = δC ⊙ F"),
        _one_step(
            H_prev,
            arriving_step["i"] * Whi.T
            + arriving_step["f"] * Whf.T
            + arriving_step["o"] * Who.T
            + arriving_step["c"] * Whc.T,
            "H",
            "∂L/∂H_{t−1} = δI Whiᵀ + δF Whfᵀ + δO Whoᵀ + δK Whcᵀ",
        ),
        _one_step(Whi, H_prev.T * arriving_step["i"], "Whi", "∂L/∂Whi = H_{t−1}ᵀ δI"),
        _one_step(Whf, H_prev.T * arriving_step["f"], "Whf", "∂L/∂Whf = H_{t−1}ᵀ δF"),
        _one_step(Who, H_prev.T * arriving_step["o"], "Who", "∂L/∂Who = H_{t−1}ᵀ δO"),
        _one_step(Whc, H_prev.T * arriving_step["c"], "Whc", "∂L/∂Whc = H_{t−1}ᵀ δK"),
        *_of_gate("I", Wxi, Whi, bi, to_input),
        *_of_gate("F", Wxf, Whf, bf, to_forget),
        *_of_gate("O", Wxo, Who, bo, to_output),
        *_of_gate("K", Wxc, Whc, bc, to_candidate),
        _through_time(
            Whf,
            over_time(at(H, t).T * to_forget(t)),
            "Whf.off-by-one",
            "∂L/∂Whf = Σₜ H_tᵀ δF_t",
        ),
    ),
    references=(
        "S. Hochreiter, J. Schmidhuber, Long short-term memory, Neural Computation 9 (8), 1997, "
        "1735–1780",
        "F. A. Gers, J. Schmidhuber, F. Cummins, Learning to forget: continual prediction with "
        "LSTM, Neural Computation 12 (10), 2000, 2451–2471",
        "A. Graves, Supervised Sequence Labelling with Recurrent Neural Networks, Springer, 2012, "
        "section 4.6",
    ),
)
