"""What every claim of the catalogue is to be decided to be, worked out by hand.

Nothing here was copied from the engine's output. Where the engine disagrees with a pin, one of
the two is wrong, and reasoning by hand says which.
"""

HOLDS = "holds"
DISAGREES = "disagrees"
ILL_SHAPED = "ill-shaped"

EXPECTED = {
    # r = x w + b − y, l = r²/2: ∂l/∂w = xᵀ r, ∂l/∂b = r.
    "linear-regression.model": HOLDS,  # (n,m)(m,1) is (n,1); the 1×1 bias broadcasts
    "linear-regression.loss": HOLDS,  # the definition of ŷ put in
    "linear-regression.grad-w.chain": HOLDS,  # ∂ŷ/∂w = xᵀ, times the 1×1 matrix ŷ − y
    "linear-regression.grad-w": HOLDS,  # xᵀ r
    "linear-regression.grad-b.chain": HOLDS,  # ∂ŷ/∂b = 1
    "linear-regression.grad-b": HOLDS,  # r
    "linear-regression.update-w": HOLDS,  # grad-w on both sides
    "linear-regression.update-b": HOLDS,  # grad-b on both sides
    "linear-regression.batch-loss": HOLDS,  # the definition of ŷ put in, row by row
    "linear-regression.minibatch-w": HOLDS,  # (1/n) Σᵢ of n equal terms ∂L/∂w is ∂L/∂w
    "linear-regression.minibatch-b": HOLDS,  # likewise
    # With s = softmax(o): ∂l/∂o = s Σⱼ yⱼ − y, so that what needs Σ y = 1 has it as given.
    "softmax-regression.model": HOLDS,  # (n,m)(m,c) is (n,c); the row b broadcasts
    "softmax-regression.softmax": HOLDS,  # the definition
    "softmax-regression.sums-to-one": HOLDS,  # Σ exp over Σ exp, which is positive
    "softmax-regression.nonnegative": HOLDS,  # a positive number over a sum of them
    "softmax-regression.affine": DISAGREES,  # for c = 2 the entry is a sigmoid of x·(W₀ − W₁)
    "softmax-regression.loss.expand": HOLDS,  # log(e^a/t) = a − log t, as t > 0
    "softmax-regression.loss.one-hot": HOLDS,  # log t does not depend on j; Σ y = 1
    "softmax-regression.loss-annotation": ILL_SHAPED,  # the loss is a scalar: (), not (1, c)
    "softmax-regression.grad-o.quotient": HOLDS,  # s − y
    "softmax-regression.grad-o": HOLDS,  # s − y
    "softmax-regression.update-W.chain": HOLDS,  # the chain rule, contracted over o
    "softmax-regression.update-W": HOLDS,  # xᵀ (s − y)
    "softmax-regression.update-b.chain": ILL_SHAPED,  # (1,c)(1,c) fits only if c = 1
    "softmax-regression.update-b": HOLDS,  # s − y
    # With a = σ(h): ∂o/∂b2 = I, ∂o/∂W2 = a, ∂o/∂h = σ′(h) W2, ∂h/∂b1 = I, ∂h/∂W1 = x.
    "mlp.hidden": HOLDS,  # (1,m)(m,h) + (1,h)
    "mlp.output": HOLDS,  # (1,h)(h,c) + (1,c)
    "mlp.relu-derivative": HOLDS,  # where it exists: t ≠ 0
    "mlp.grad-o": HOLDS,  # s − y
    "mlp.grad-b2": HOLDS,  # s − y
    "mlp.grad-W2": HOLDS,  # aᵀ (s − y), and σ(hᵀ) = σ(h)ᵀ
    "mlp.grad-b1": HOLDS,  # (s − y) W2ᵀ ⊙ σ′(h)
    "mlp.grad-b1.chain": HOLDS,  # the chain rule, contracted over o and h
    "mlp.grad-W1": HOLDS,  # xᵀ times grad-b1
    "mlp.grad-W1.chain": HOLDS,  # the chain rule, contracted over o and h
    "mlp.grad-W1.relu": HOLDS,  # where σ′ exists: no entry of h is 0
    "mlp.layer-by-layer-update": DISAGREES,  # they differ by η² ‖s − y‖² xᵀ (σ(h) ⊙ σ′(h))
    "weight-decay.loss": HOLDS,  # a scalar plus a scalar
    "weight-decay.grad": HOLDS,  # ∂‖w‖²/∂w = 2 w
    "dropout.grad": DISAGREES,  # the gradient is to be taken at w ⊙ D: L = w₀ w₁, D = (1, 0)
    "dropout.mask": DISAGREES,  # 1/2 = 1 − p only for p = 1/2
    # Rows: x Wx with x of shape (1, d). ∂L/∂h_t = ∂L/∂o_t Wqᵀ + what comes back from t + 1.
    "rnn.hidden": ILL_SHAPED,  # (d,h)(1,d) does not fit; (1,d)(d,h) would
    "rnn.hidden.rows": HOLDS,
    "rnn.output": ILL_SHAPED,  # (h,q)(1,h) does not fit; (1,h)(h,q) would
    "rnn.output.rows": HOLDS,
    "rnn.grad-Wq": ILL_SHAPED,  # a (1,q) in a (h,q) has four axes, not (1,h)
    "rnn.grad-Wx": ILL_SHAPED,  # (h,q)(1,d) does not fit
    "rnn.grad-Wh": ILL_SHAPED,  # (h,q) times a row of h does not fit
    "rnn.loss.Wq": HOLDS,
    "rnn.loss.bq": HOLDS,
    "rnn.bptt.delta": HOLDS,
    "rnn.bptt.Wx": HOLDS,
    "rnn.bptt.Wh": HOLDS,
    "rnn.bptt.bh": HOLDS,
    "rnn.bptt.h0": HOLDS,
    "rnn.bptt.Wh.tanh": HOLDS,
    "rnn.bptt.Wh.one-step": DISAGREES,  # for T = 2 the path h_1 → h_2 is left out
    "rnn.bptt.Wh.mean": DISAGREES,  # for T = 2 it is half the gradient
    "rnn.step-jacobian": HOLDS,
    "rnn.jacobian": HOLDS,
    "rnn.jacobian.reversed": DISAGREES,  # for T = 2 matrices do not commute
    "rnn.explicit.Wh": HOLDS,
    # Unrolled by hand for two steps, and the general term read off.
    "sequences.state-space": HOLDS,
    "sequences.state-space.off-by-one": DISAGREES,  # for t = 1 it says A B x_1
    "sequences.state-space.jacobian": HOLDS,
    "sequences.scalar.jacobian": HOLDS,
    "sequences.geometric": HOLDS,
    "sequences.average": HOLDS,
    "sequences.bias": HOLDS,
    "sequences.bias.forgotten": DISAGREES,  # at t = 0 the average is 0
    "sequences.momentum": HOLDS,
    # c = min(1, θ/N) ≥ 0: ‖c g‖ = c N = min(N, θ).
    "gradient-clipping.norm": HOLDS,
    "gradient-clipping.bound": HOLDS,
    "gradient-clipping.shorter": HOLDS,
    "gradient-clipping.value": HOLDS,
    "gradient-clipping.value.below": HOLDS,
    "gradient-clipping.value.norm": DISAGREES,  # g = (1, 1), θ = 1 has norm √2
    "gradient-clipping.global": HOLDS,
    # Layer by layer as for one layer; what arrives from above takes the place of ∂L/∂o Wqᵀ.
    "deep-rnn.hidden": ILL_SHAPED,  # (d,h)(1,h) does not fit
    "deep-rnn.hidden.rows": ILL_SHAPED,  # (1,h)(d,h) fits only if d = h
    "deep-rnn.hidden.square": HOLDS,
    "deep-rnn.output": ILL_SHAPED,  # (h,q)(1,h) does not fit
    "deep-rnn.bptt.W1": HOLDS,
    "deep-rnn.bptt.U1": HOLDS,
    "deep-rnn.bptt.W2": HOLDS,
    "deep-rnn.bptt.U2": HOLDS,
    "deep-rnn.bptt.W3": HOLDS,
    "deep-rnn.bptt.U3": HOLDS,
    "deep-rnn.two-ways.Ua": HOLDS,
    "deep-rnn.two-ways.Ub": HOLDS,
    "deep-rnn.two-ways.Ub.forward": DISAGREES,  # for T = 1 it takes b_0 = 0 for b_2
    # d of H = Z ⊙ H₋ + (1 − Z) ⊙ C, of C = tanh(… (R ⊙ H₋) Whh …), and σ′ = σ (1 − σ).
    "gru.reset": HOLDS,
    "gru.update": HOLDS,
    "gru.candidate": DISAGREES,  # without Whh; they agree where Whh = I
    "gru.state": HOLDS,
    "gru.step.Whh": HOLDS,
    "gru.step.Wxh": HOLDS,
    "gru.step.Whz": HOLDS,
    "gru.step.Whr": HOLDS,
    "gru.step.br": HOLDS,
    "gru.step.H": HOLDS,
    "gru.bptt.Wxh": HOLDS,
    "gru.bptt.Whh": HOLDS,
    "gru.bptt.Whz": HOLDS,
    "gru.bptt.Whr": HOLDS,
    "gru.bptt.br": HOLDS,
    # d of H = O ⊙ tanh C and of C = F ⊙ C₋ + I ⊙ K.
    "lstm.state": HOLDS,
    "lstm.step.C": HOLDS,
    "lstm.step.H": HOLDS,
    "lstm.step.Whi": HOLDS,
    "lstm.step.Whf": HOLDS,
    "lstm.step.Who": HOLDS,
    "lstm.step.Whc": HOLDS,
    "lstm.bptt.Wxi": HOLDS,
    "lstm.bptt.Whi": HOLDS,
    "lstm.bptt.bi": HOLDS,
    "lstm.bptt.Wxf": HOLDS,
    "lstm.bptt.Whf": HOLDS,
    "lstm.bptt.bf": HOLDS,
    "lstm.bptt.Wxo": HOLDS,
    "lstm.bptt.Who": HOLDS,
    "lstm.bptt.bo": HOLDS,
    "lstm.bptt.Wxc": HOLDS,
    "lstm.bptt.Whc": HOLDS,
    "lstm.bptt.bc": HOLDS,
    "lstm.bptt.Whf.off-by-one": DISAGREES,  # for T = 1 it takes H_1 for H_0
    # The context enters every step of the decoder, so that its gradient is a sum over them.
    "seq2seq.encoder": HOLDS,
    "seq2seq.context": HOLDS,
    "seq2seq.decoder": HOLDS,
    "seq2seq.bptt.context": HOLDS,
    "seq2seq.bptt.Wc": HOLDS,
    "seq2seq.bptt.Ws": HOLDS,
    "seq2seq.bptt.Wh": HOLDS,
    "seq2seq.bptt.Wx": HOLDS,
}

# The conditions that the statement itself leaves out: where the derivative exists.
CONDITIONAL = ("mlp.relu-derivative", "mlp.grad-W1.relu")

# Claims that are false without what they are given.
NEEDS_GIVEN = (
    "softmax-regression.loss.one-hot",
    "softmax-regression.grad-o.quotient",
    "softmax-regression.grad-o",
    "softmax-regression.update-W",
    "softmax-regression.update-b",
    "mlp.grad-o",
    "mlp.grad-b2",
    "mlp.grad-W2",
    "mlp.grad-b1",
    "mlp.grad-W1",
    "mlp.grad-W1.relu",
)
