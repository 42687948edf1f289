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
