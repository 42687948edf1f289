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
    # H[o, r, t] = Σ W[o, c, i, j] X[c, i + r, j + t] + b[o]: linear in each of W, X and b.
    "conv2d.shape": HOLDS,  # w + p − 1 − p + 1 = w
    "conv2d.entry": HOLDS,  # the definition
    "conv2d.grad-W": ILL_SHAPED,  # ∂H/∂W has the four axes of H and the four of W, X has four
    "conv2d.grad-b": HOLDS,  # b[o] occurs once
    "conv2d.grad-b.tensor": DISAGREES,  # channel o does not see b[k] for k ≠ o
    "conv2d.grad-W.entry": HOLDS,  # the weight's factor, in its own channel
    "conv2d.backward-W": HOLDS,  # Σ over the places of D
    "conv2d.backward-b": HOLDS,  # Σ over the places of D
    "conv2d.shape.strided": HOLDS,  # as many windows as begin at a multiple of s and fit
    "conv2d.backward-W.strided": HOLDS,  # the weight's factor, 0 outside
    "conv2d.backward-b.strided": HOLDS,  # the bias is in every entry of its channel
    "conv2d.backward-x": HOLDS,  # x[u] meets W[i] at r = u + P − i, so G at u − (p−1−P) + (p−1−i)
    "conv2d.backward-x.unflipped": DISAGREES,  # p = 2: W[0] and W[1] exchanged
    "conv2d.backward-x.strided": HOLDS,  # x[u] meets W[i] where u = s r + d i − P
    "conv2d.backward-x.zeros-between": HOLDS,  # G at s r is the entry r, others are 0
    "conv2d.pointwise": HOLDS,  # i = j = 0 only
    "conv2d.grouped": HOLDS,  # the definition, at output channel e m + k
    "conv2d.backward-W.depthwise": HOLDS,  # backward-W of each channel by itself
    "max-pool.shape": HOLDS,  # as conv2d.shape.strided
    "max-pool.grad": HOLDS,  # d max = d of the largest, where it is one
    "max-pool.grad.tiled": HOLDS,  # the same for s = window
    "max-pool.grad.entry": HOLDS,  # one window, one position
    "avg-pool.grad": HOLDS,  # the mean is linear
    "avg-pool.grad.tiled": HOLDS,  # every position is in one window
    "avg-pool.grad.overlapping": DISAGREES,  # a position is in up to p q windows
    "avg-pool.backward": HOLDS,  # the mean is linear
    "avg-pool.global": HOLDS,  # one window
    "lenet-5.conv1": HOLDS,  # 28 + 4 − 5 + 1
    "lenet-5.pool2": HOLDS,  # 28/2 = 14, 14 − 4 = 10, 10/2 = 5
    "lenet-5.output": HOLDS,
    "lenet-5.parameters": HOLDS,  # 156 + 2416 + 48120 + 10164 + 850
    "lenet-5.parameters.published": HOLDS,  # 156 + 12 + 1516 + 32 + 48120 + 10164
    "alexnet.conv1.printed": ILL_SHAPED,  # ⌊213/4⌋ + 1 = 54
    "alexnet.conv1": HOLDS,  # ⌊217/4⌋ + 1 = 55
    "alexnet.pool5": HOLDS,  # 55, 27, 13, 6
    "alexnet.output": HOLDS,
    "alexnet.parameters": HOLDS,  # torchvision's own count
    "alexnet.parameters.two-devices": HOLDS,  # 34,944 + 307,456 + … by hand
    "alexnet.macs": HOLDS,  # torchvision has 0.714 billion
    "vgg-16.block3": HOLDS,  # 224/8
    "vgg-16.block5": HOLDS,  # 224/32
    "vgg-16.parameters": HOLDS,  # torchvision's own count
    "vgg-16.macs": HOLDS,  # torchvision has 15.47 billion
    "nin.block1": HOLDS,  # ⌊213/4⌋ + 1 = 54, ⌊51/2⌋ + 1 = 26
    "nin.block3": HOLDS,  # 26, 12, 5
    "nin.output": HOLDS,
    "nin.parameters": HOLDS,  # 30,336 + 746,240 + 1,180,800 + 34,790 by hand
    "googlenet.inception.backward": HOLDS,  # a concatenation copies each entry once
    "googlenet.inception3a": HOLDS,  # 64 + 128 + 32 + 32
    "googlenet.inception4e": HOLDS,  # 256 + 320 + 128 + 128
    "googlenet.inception5b": HOLDS,  # 384 + 384 + 128 + 128
    "googlenet.parameters": HOLDS,  # torchvision's own count, less the auxiliary classifiers
    "googlenet.macs": HOLDS,  # torchvision has 1.498 billion
    "resnet.shape": HOLDS,  # rows + 2P − (2P + 1) + 1
    "resnet.identity-path": HOLDS,  # dy = dx + dF
    "resnet.backward-F": HOLDS,  # dy = dF for fixed x
    "resnet-18.pool1": HOLDS,  # 224, 112, 56
    "resnet-18.stage2": HOLDS,
    "resnet-18.stage3": HOLDS,
    "resnet-18.stage4": HOLDS,
    "resnet-18.parameters": HOLDS,  # torchvision's own count
    "resnet-18.parameters.resnet-50": HOLDS,  # torchvision's own count
    "resnet-18.macs": HOLDS,  # torchvision has 1.814 billion
    "densenet-121.dense-layer.backward": HOLDS,  # dy = (dx, W ∗ dx)
    "densenet-121.pool1": HOLDS,
    "densenet-121.block1": HOLDS,  # 64 + 6·32
    "densenet-121.transition1": HOLDS,  # half of it
    "densenet-121.block2": HOLDS,  # 128 + 12·32
    "densenet-121.block3": HOLDS,  # 256 + 24·32
    "densenet-121.block4": HOLDS,  # 512 + 16·32
    "densenet-121.parameters": HOLDS,  # torchvision's own count
    "densenet-121.macs": HOLDS,  # torchvision has 2.834 billion
    # With g = ∂l/∂y: y = γ x̂ + β, x̂ = (x − μ)/√(v + ε), μ and v by their means.
    "batch-norm.grad-xhat": HOLDS,
    "batch-norm.grad-variance": HOLDS,  # d(v + ε)^(−1/2) = −1/2 (v + ε)^(−3/2) dv
    "batch-norm.grad-mean": HOLDS,  # through x̂, and through v
    "batch-norm.grad-x": HOLDS,  # through x̂, v and μ
    "batch-norm.grad-gamma": HOLDS,
    "batch-norm.grad-beta": HOLDS,
    "batch-norm.grad-x.constant-statistics": DISAGREES,  # one sample: y = β whatever x is
    "batch-norm.centred": HOLDS,  # Σ (xᵢ − μ) = 0
    "batch-norm.images.grad-x": HOLDS,  # the six equations put together
    # With S = Q Kᵀ/√d, P = softmax(S), O = P V: dP = dO Vᵀ, and a row of P has the Jacobian
    # diag(p) − pᵀp, so that dS = P ⊙ (dP − Σ_k P_k dP_k).
    "attention.shape": HOLDS,  # (n,d)(d,m) is (n,m), times (m,v)
    "attention.weights": HOLDS,  # Σ exp over Σ exp
    "attention.shift": HOLDS,  # exp(c) is above and below
    "attention.backward.V": HOLDS,  # O is linear in V
    "attention.backward.P": HOLDS,  # O is linear in P
    "attention.backward.S": HOLDS,  # Σ_k P_k dP_k = dO · O, as O = P V
    "attention.backward.row-sums": HOLDS,  # Σ_j P_j (dO · V_j) = dO · Σ_j P_j V_j
    "attention.backward.Q": HOLDS,  # S is linear in Q
    "attention.backward.K": HOLDS,  # S is linear in K
    "attention.mask.weights": HOLDS,  # where some entry of the row is allowed
    "attention.mask.backward.Q": HOLDS,  # P_j changes with S_k by P_j ([j = k] − P_k) as before
    "attention.mask.backward.K": HOLDS,  # likewise
    "attention.mask.backward.V": HOLDS,  # O is linear in V
    "causal-attention.weights": HOLDS,  # Σ_{j ≤ i} exp over Σ_{k ≤ i} exp
    "causal-attention.later-values": HOLDS,  # their weight is 0
    "causal-attention.later-keys": HOLDS,  # no score of row i beyond i is read
    "causal-attention.backward.Q": HOLDS,  # as without the mask
    "causal-attention.backward.K": HOLDS,  # as without the mask
    "causal-attention.backward.V": HOLDS,  # O is linear in V
    "causal-attention.padding": HOLDS,  # what is 0 may be left out of a sum
    # e^(m1 − m) e^(x − m1) = e^(x − m), whatever m1 and m are.
    "online-softmax.sum": HOLDS,
    "online-softmax.logsumexp": HOLDS,  # m + log Σ e^(x − m) = log Σ e^x
    "online-softmax.output": HOLDS,  # l_b o_b is Σ e^(x − m_b) V over block b
    "online-softmax.step": HOLDS,  # a second block of one score
    # With M after block t: e^M L = Σ e^x and e^M O = Σ e^x V over the blocks that have passed.
    "online-softmax.blocks.maximum": HOLDS,
    "online-softmax.blocks.logsumexp": HOLDS,
    "online-softmax.blocks.output": HOLDS,  # e^M cancels
    "bahdanau.context": HOLDS,  # (1,T)(T,h)
    "bahdanau.decoder": HOLDS,  # (1,e+h)(e+h,s) + (1,s)(s,s) + (1,s)
    "bahdanau.weights": HOLDS,  # a softmax
    "bahdanau.backward.score": HOLDS,  # α ⊙ (H dcᵀ − α · H dcᵀ), and α H = c
    "bahdanau.backward.v": HOLDS,  # the score is linear in v
    "bahdanau.backward.W1": HOLDS,  # every step has the same s
    "bahdanau.backward.W2": HOLDS,  # Z is linear in W2
    "bahdanau.backward.state": HOLDS,  # every step has the same s
    "bahdanau.backward.H": HOLDS,  # c is linear in H as values; Z is in H as keys
    "self-attention.shape": HOLDS,  # (n,u)(u,n) is (n,n), times (n,v)
    "self-attention.row": HOLDS,  # row i of softmax(S) V uses row i of S only
    "self-attention.permutation": HOLDS,  # the sums over keys run over both exchanged ones
    "self-attention.backward.Wq": HOLDS,  # Q = X Wq
    "self-attention.backward.Wk": HOLDS,  # K = X Wk
    "self-attention.backward.Wv": HOLDS,  # V = X Wv
    "self-attention.backward.X": HOLDS,  # X stands in Q, K and V
    "multi-head-attention.shape": HOLDS,  # (n,h v)(h v,d)
    "multi-head-attention.sum-of-heads": HOLDS,  # a product by blocks
    "multi-head-attention.backward.Wq": HOLDS,  # as for one head
    "multi-head-attention.backward.Wk": HOLDS,  # as for one head
    "multi-head-attention.backward.Wv": HOLDS,  # as for one head
    "multi-head-attention.backward.Wo": HOLDS,  # Y is linear in Wo
    "multi-head-attention.backward.X": HOLDS,  # the sum over heads
    "multi-head-attention.grouped": HOLDS,  # a group and a head instead of a head
    "multi-head-attention.grouped.backward": HOLDS,  # every head of the group reads V
    "rotary-embedding.relative": HOLDS,  # R(s)ᵀ R(t) = R(t − s)
    "rotary-embedding.norm": HOLDS,  # cos² + sin² = 1
    "rotary-embedding.backward": HOLDS,  # q1 cos − q2 sin
    "feed-forward.shape": HOLDS,  # (n,d)(d,f) and (n,f)(f,d), a bias in every row
    "feed-forward.backward.W2": HOLDS,  # Y is linear in W2
    "feed-forward.backward.b2": HOLDS,  # once in every row
    "feed-forward.backward.W1": HOLDS,  # the chain rule
    "feed-forward.backward.b1": HOLDS,  # once in every row
    "feed-forward.backward.X": HOLDS,  # H is linear in X
    "feed-forward.gelu": HOLDS,  # Φ′ = φ
    "feed-forward.gelu-tanh": HOLDS,  # tanh′ = 1 − tanh²
    "feed-forward.silu": HOLDS,  # s′ = s (1 − s)
    "feed-forward.silu.odd-part": HOLDS,  # t s(t) + t s(−t) = t
    "feed-forward.swiglu.backward.W2": HOLDS,  # Y is linear in W2
    "feed-forward.swiglu.backward.W3": HOLDS,  # and in W3
    "feed-forward.swiglu.backward.W1": HOLDS,  # the chain rule through SiLU
    "feed-forward.swiglu.backward.X": HOLDS,  # both ways
    "layer-norm.shape": HOLDS,  # (1,d) throughout
    "layer-norm.mean": HOLDS,  # Σ (x − μ) = 0
    "layer-norm.variance": HOLDS,  # σ² over σ² + ε
    "layer-norm.backward.x": HOLDS,  # x̂ loses its mean and its projection on x̂
    "layer-norm.backward.gamma": HOLDS,  # linear in γ
    "layer-norm.backward.beta": HOLDS,  # linear in β
    "layer-norm.rms.backward.x": HOLDS,  # ∂r/∂x = x/(d r)
    "layer-norm.rms.backward.gamma": HOLDS,  # linear in γ
    "token-embedding.shape": HOLDS,  # (n,c)(c,d)
    "token-embedding.backward": HOLDS,  # linear in E
    "token-embedding.tied": HOLDS,  # H Eᵀ in E, and √d T E in E
    "token-embedding.positions.sin": HOLDS,  # the addition theorem
    "token-embedding.positions.cos": HOLDS,  # the addition theorem
    "token-embedding.smoothing.sum": HOLDS,  # (1 − ε) + ε
    "token-embedding.smoothing.gradient": HOLDS,  # softmax(z) Σ q − q, with Σ q = 1
    "token-embedding.smoothing.mixture": HOLDS,  # H(q, p) is linear in q
    "transformer.encoder": HOLDS,  # every sublayer keeps (n,d)
    "transformer.decoder": HOLDS,  # every sublayer keeps (n,d), whatever m
    "transformer.pre-norm": HOLDS,  # every sublayer keeps (n,d)
    # With G at the output: ∂/∂W2 = aᵀ G, ∂/∂W1 = inᵀ ((G W2ᵀ) ⊙ σ′), through a norm
    # r ⊙ (g − mean g − N ⊙ mean(g ⊙ N)); what goes round a sublayer is added to what comes through.
    "transformer.pre-norm.backward.X": HOLDS,  # all paths added
    "transformer.pre-norm.backward.Wq": HOLDS,  # inᵀ dQ, dQ = dS K/√u
    "transformer.pre-norm.backward.Wk": HOLDS,  # inᵀ dK, dK = dSᵀ Q/√u
    "transformer.pre-norm.backward.Wv": HOLDS,  # inᵀ dV, dV = Pᵀ dhead
    "transformer.pre-norm.backward.Wo": HOLDS,  # headᵀ times what arrives
    "transformer.pre-norm.backward.W1": HOLDS,  # inᵀ dhidden
    "transformer.pre-norm.backward.W2": HOLDS,  # max(0, hidden)ᵀ times what arrives
    "transformer.encoder.backward.X": HOLDS,  # all paths added
    "transformer.encoder.backward.Wq": HOLDS,  # inᵀ dQ, dQ = dS K/√u
    "transformer.encoder.backward.Wk": HOLDS,  # inᵀ dK, dK = dSᵀ Q/√u
    "transformer.encoder.backward.Wv": HOLDS,  # inᵀ dV, dV = Pᵀ dhead
    "transformer.encoder.backward.Wo": HOLDS,  # headᵀ times what arrives
    "transformer.encoder.backward.W1": HOLDS,  # inᵀ dhidden
    "transformer.encoder.backward.W2": HOLDS,  # max(0, hidden)ᵀ times what arrives
    # An encoder block has 4 dhu + 2 df + f + 5 d, a decoder block 8 dhu + 2 df + f + 7 d.
    "transformer.size": HOLDS,
    "transformer.size.base": HOLDS,  # 18,944,000 + 6 (3,150,336 + 4,199,936)
    "transformer.size.big": HOLDS,  # 37,888,000 + 6 (12,592,128 + 16,788,480)
    "deep-transformer.shape": HOLDS,  # H_l has the shape of H_{l−1}, and H_0 is X
    "deep-transformer.residual-stream": HOLDS,  # H_l − H_{l−1} is what layer l adds
    "deep-transformer.feed-forward.backward.X": HOLDS,  # the chain rule, layer by layer
    "deep-transformer.feed-forward.backward.W1": HOLDS,  # Z_l = H_{l−1} W1_l
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
CONDITIONAL = (
    "layer-norm.rms.backward.x",
    "layer-norm.rms.backward.gamma",
    "mlp.relu-derivative",
    "mlp.grad-W1.relu",
    "max-pool.grad",
    "max-pool.grad.tiled",
    "max-pool.grad.entry",
    "resnet.identity-path",
    # A denominator that may be 0: of a geometric series, of a norm, of a mask that leaves nothing.
    "sequences.geometric",
    "gradient-clipping.norm",
    "gradient-clipping.global",
    "attention.mask.weights",
    "attention.mask.backward.Q",
    "attention.mask.backward.K",
    "attention.mask.backward.V",
    "causal-attention.padding",
    "online-softmax.blocks.output",  # what it is divided by, the running sum
    # All but W2 is reached through max(0, hidden).
    "transformer.pre-norm.backward.X",
    "transformer.pre-norm.backward.Wq",
    "transformer.pre-norm.backward.Wk",
    "transformer.pre-norm.backward.Wv",
    "transformer.pre-norm.backward.Wo",
    "transformer.pre-norm.backward.W1",
    "transformer.encoder.backward.X",
    "transformer.encoder.backward.Wq",
    "transformer.encoder.backward.Wk",
    "transformer.encoder.backward.Wv",
    "transformer.encoder.backward.Wo",
    "transformer.encoder.backward.W1",
)

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
    "token-embedding.smoothing.sum",
    "token-embedding.smoothing.gradient",
)
