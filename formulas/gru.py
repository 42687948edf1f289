"""The gated recurrent unit, its step and its gradient through time (section 3.4)."""

from sympy import (
    HadamardProduct,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Symbol,
    exp,
    tanh,
)

from derive import (
    Backward,
    Formula,
    Identity,
    Shape,
    at,
    recurrence,
    sequence,
    sum_over,
)

T, n, d, h = (Symbol(name, integer=True, positive=True) for name in "Tndh")
t = Symbol("t", integer=True)
u = Symbol("u", real=True)
sigmoid = Lambda(u, 1 / (1 + exp(-u)))
sigmoid_slope, tanh_slope = Lambda(u, u * (1 - u)), Lambda(u, 1 - u**2)  # of the values
complement = Lambda(u, 1 - u)
X = IndexedBase("X", shape=(T, n, d))
H, R, Z, C, G, D = (IndexedBase(name, shape=(T + 1, n, h)) for name in "HRZCGD")
H0 = MatrixSymbol("H_0", n, h)
Wxr, Wxz, Wxh = (MatrixSymbol(f"Wx{gate}", d, h) for gate in "rzh")
Whr, Whz, Whh = (MatrixSymbol(f"Wh{gate}", h, h) for gate in "rzh")
br, bz, bh = (MatrixSymbol(f"b{gate}", 1, h) for gate in "rzh")

# One step, as the notes write it.
X_t, H_prev, R_t = (
    MatrixSymbol("X_t", n, d),
    MatrixSymbol("H_prev", n, h),
    MatrixSymbol("R_t", n, h),
)
Z_t, C_t = MatrixSymbol("Z_t", n, h), MatrixSymbol("C_t", n, h)
reset_gate = (X_t * Wxr + H_prev * Whr + br).applyfunc(sigmoid)
update_gate = (X_t * Wxz + H_prev * Whz + bz).applyfunc(sigmoid)
candidate = (X_t * Wxh + HadamardProduct(R_t, H_prev) * Whh + bh).applyfunc(tanh)
printed_candidate = (X_t * Wxh + HadamardProduct(R_t, H_prev) + bh).applyfunc(tanh)
state = HadamardProduct(Z_t, H_prev) + HadamardProduct(Z_t.applyfunc(complement), C_t)
step = {R_t: reset_gate, Z_t: update_gate, C_t: candidate}

unit = {
    R: sequence((at(X, t - 1) * Wxr + at(H, t - 1) * Whr + br).applyfunc(sigmoid), (t, 1, T)),
    Z: sequence((at(X, t - 1) * Wxz + at(H, t - 1) * Whz + bz).applyfunc(sigmoid), (t, 1, T)),
    C: sequence(
        (at(X, t - 1) * Wxh + HadamardProduct(at(R, t), at(H, t - 1)) * Whh + bh).applyfunc(tanh),
        (t, 1, T),
    ),
    H: recurrence(
        HadamardProduct(at(Z, t), at(H, t - 1))
        + HadamardProduct(at(Z, t).applyfunc(complement), at(C, t)),
        (t, 1, T),
        start=H0,
    ),
}


def to_candidate(D, Z, C):
    """What arrives before the tanh of the candidate."""
    return HadamardProduct(D, Z.applyfunc(complement), C.applyfunc(tanh_slope))


def to_update(D, Z, C, previous):
    """What arrives before the sigmoid of the update gate."""
    return HadamardProduct(D, previous - C, Z.applyfunc(sigmoid_slope))


def to_reset(D, R, Z, C, previous):
    """What arrives before the sigmoid of the reset gate."""
    return HadamardProduct(to_candidate(D, Z, C) * Whh.T, previous, R.applyfunc(sigmoid_slope))


def to_previous(D, R, Z, C, previous):
    """What arrives at the state before."""
    return (
        HadamardProduct(D, Z)
        + HadamardProduct(to_candidate(D, Z, C) * Whh.T, R)
        + to_update(D, Z, C, previous) * Whz.T
        + to_reset(D, R, Z, C, previous) * Whr.T
    )


def _at(time):
    return at(D, time), at(R, time), at(Z, time), at(C, time), at(H, time - 1)


def candidate_at(time):
    d_t, _, z_t, c_t, _ = _at(time)
    return to_candidate(d_t, z_t, c_t)


def update_at(time):
    d_t, _, z_t, c_t, previous = _at(time)
    return to_update(d_t, z_t, c_t, previous)


def reset_at(time):
    return to_reset(*_at(time))


through_time = {
    **unit,
    D: recurrence(at(G, t) + to_previous(*_at(t + 1)), (t, 1, T - 1), end=at(G, T)),
}
D_t = MatrixSymbol("D_t", n, h)
one_step = (D_t, R_t, Z_t, C_t, H_prev)


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
        id=f"gru.bptt.{name}",
        title=title,
        source=CHO,
        note="derived from the equations of the unit; D_t is what arrives at H_t in all",
    )


def _one_step(wrt, equals, name, title):
    return Backward(
        state,
        wrt,
        D_t,
        equals,
        where=step,
        id=f"gru.step.{name}",
        title=title,
        source=CHO,
        note="derived from the equations of the unit; D_t is what arrives at H_t",
    )


CHO = "K. Cho et al., EMNLP 2014, section 2.3"
_candidate_step = to_candidate(D_t, Z_t, C_t)
_update_step = to_update(D_t, Z_t, C_t, H_prev)
_reset_step = to_reset(*one_step)

formula = Formula(
    id="gru",
    title="Gated recurrent unit",
    section="3.4",
    dimensions={T: "steps", n: "sequences in the batch", d: "features", h: "units of the state"},
    symbols={
        X: "inputs, X_t at position t − 1",
        H: "states, H_t at position t",
        R: "reset gates",
        Z: "update gates",
        C: "candidate states; the notes write Ĥ",
        G: "upstream gradients, ∂L/∂H_t by the loss alone",
        D: "∂L/∂H_t in all, by its recurrence",
        H0: "the states before the first step",
        Wxr: "weights from the input to the reset gate",
        Wxz: "weights from the input to the update gate",
        Wxh: "weights from the input to the candidate",
        Whr: "weights from the state to the reset gate",
        Whz: "weights from the state to the update gate",
        Whh: "weights from the state to the candidate",
        br: "bias of the reset gate",
        bz: "bias of the update gate",
        bh: "bias of the candidate",
        X_t: "one batch of inputs",
        H_prev: "the states before it",
        R_t: "its reset gate",
        Z_t: "its update gate",
        C_t: "its candidate states",
        D_t: "what arrives at its states",
    },
    claims=(
        Shape(
            reset_gate,
            (n, h),
            id="gru.reset",
            title="R_t = σ(X_t Wxr + H_{t−1} Whr + br) has the shape of H",
            source="notes 3.4-1",
        ),
        Shape(
            update_gate,
            (n, h),
            id="gru.update",
            title="Z_t = σ(X_t Wxz + H_{t−1} Whz + bz) has the shape of H",
            source="notes 3.4-2",
        ),
        Identity(
            printed_candidate,
            candidate,
            id="gru.candidate",
            title="tanh(X_t Wxh + R_t ⊙ H_{t−1} + bh) is the candidate",
            source="notes 3.4-3",
            note="as printed, the factor Whh of the definition by Cho et al. is missing",
        ),
        Shape(
            state,
            (n, h),
            id="gru.state",
            title="H_t = Z_t ⊙ H_{t−1} + (1 − Z_t) ⊙ Ĥ_t has the shape of H",
            source="notes 3.4-4",
        ),
        _one_step(Whh, HadamardProduct(R_t, H_prev).T * _candidate_step, "Whh",
                  "∂L/∂Whh = (R ⊙ H_{t−1})ᵀ (D ⊙ (1 − Z) ⊙ (1 − Ĥ²))"),
        _one_step(Wxh, X_t.T * _candidate_step, "Wxh", "∂L/∂Wxh = Xᵀ (D ⊙ (1 − Z) ⊙ (1 − Ĥ²))"),
        _one_step(Whz, H_prev.T * _update_step, "Whz",
                  "∂L/∂Whz = H_{t−1}ᵀ (D ⊙ (H_{t−1} − Ĥ) ⊙ Z ⊙ (1 − Z))"),
        _one_step(Whr, H_prev.T * _reset_step, "Whr", "∂L/∂Whr = H_{t−1}ᵀ δR"),
        _one_step(br, OneMatrix(1, n) * _reset_step, "br", "∂L/∂br = the column sums of δR"),
        _one_step(H_prev, to_previous(*one_step), "H",
                  "∂L/∂H_{t−1} = D ⊙ Z + δĤ Whhᵀ ⊙ R + δZ Whzᵀ + δR Whrᵀ"),
        _through_time(Wxh, over_time(at(X, t - 1).T * candidate_at(t)), "Wxh",
                      "∂L/∂Wxh = Σₜ X_tᵀ δĤ_t"),
        _through_time(Whh, over_time(HadamardProduct(at(R, t), at(H, t - 1)).T * candidate_at(t)),
                      "Whh", "∂L/∂Whh = Σₜ (R_t ⊙ H_{t−1})ᵀ δĤ_t"),
        _through_time(Whz, over_time(at(H, t - 1).T * update_at(t)), "Whz",
                      "∂L/∂Whz = Σₜ H_{t−1}ᵀ δZ_t"),
        _through_time(Whr, over_time(at(H, t - 1).T * reset_at(t)), "Whr",
                      "∂L/∂Whr = Σₜ H_{t−1}ᵀ δR_t"),
        _through_time(br, over_time(OneMatrix(1, n) * reset_at(t)), "br",
                      "∂L/∂br = Σₜ the column sums of δR_t"),
    ),
    references=(
        "K. Cho et al., Learning phrase representations using RNN encoder–decoder for statistical "
        "machine translation, EMNLP 2014, 1724–1734",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 10.2",
    ),
)  # fmt: skip
