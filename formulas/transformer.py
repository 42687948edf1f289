"""The Transformer: its blocks, their shapes, and how many parameters it has (section 4.4)."""

from sympy import (
    FunctionMatrix,
    HadamardProduct,
    IndexedBase,
    Integer,
    Lambda,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    exp,
    sqrt,
)

from derive import Backward, Formula, Identity, Shape
from derive.language.operators import tensor

n = Symbol("n", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
h = Symbol("h", integer=True, positive=True)
u = Symbol("u", integer=True, positive=True)
f = Symbol("f", integer=True, positive=True)
c = Symbol("c", integer=True, positive=True)
N = Symbol("N", integer=True, positive=True)
epsilon = Symbol("epsilon", positive=True)
t = Symbol("t", real=True)
a, i, j, k, p, q = (Symbol(name, integer=True) for name in "aijkpq")

relu = Lambda(t, Max(0, t))
step = Lambda(t, Piecewise((1, t > 0), (0, True)))
X = MatrixSymbol("X", n, d)
G = MatrixSymbol("G", n, d)
memory = MatrixSymbol("memory", m, d)


class Block:
    """A chain of definitions, to which each sublayer adds its own; rows are tokens.

    The definitions of the backward pass, from a gradient that arrives at the output of a sublayer
    to that in its rows, stand apart. A dA is the gradient of the loss in A.

    :param weights: every weight that a sublayer has brought, in order.
    :param gradients: what is documented of the loss's gradient, for each weight, and for X.
    :param mark: what the symbols of this block end with, where there are more blocks than one.
    """

    def __init__(self, mark=""):
        self.where = {}
        self.backward = {}
        self.weights = []
        self.gradients = {}
        self.mark = mark

    @property
    def definitions(self):
        """Those of both passes."""
        return {**self.where, **self.backward}

    def _array(self, name, *shape):
        return IndexedBase(name + self.mark, shape=shape)

    def matrix(self, name, *shape):
        """A matrix of this block."""
        return MatrixSymbol(name + self.mark, *shape)

    def _define(self, symbol, value):
        self.where[symbol] = value
        return symbol

    def back(self, symbol, value):
        """Define a symbol of the backward pass."""
        self.backward[symbol] = value
        return symbol

    def _weight(self, symbol):
        self.weights.append(symbol)
        return symbol

    def attention(self, rows, others, causal=False, tag=""):
        """Multi-head attention of ``rows`` to ``others``, each row of which is key and value."""
        many = others.shape[0]
        Wq, Wk, Wv, Wo = map(self._weight, self._attention_weights(tag))
        Q = self._define(self._array(f"Q{tag}", h, n, u), _by_heads(rows, Wq))
        K = self._define(self._array(f"K{tag}", h, many, u), _by_heads(others, Wk))
        V = self._define(self._array(f"V{tag}", h, many, u), _by_heads(others, Wv))
        S = self._define(
            self._array(f"S{tag}", h, n, many),
            tensor(
                Sum(Q[a, i, q] * K[a, j, q], (q, 0, u - 1)) / sqrt(u), (a, h), (i, n), (j, many)
            ),
        )
        weight = exp(S[a, i, j]) / Sum(exp(S[a, i, k]), (k, 0, i if causal else many - 1))
        if causal:
            weight = Piecewise((weight, j <= i), (0, True))
        P = self._define(
            self._array(f"P{tag}", h, n, many), tensor(weight, (a, h), (i, n), (j, many))
        )
        head = self._define(
            self._array(f"head{tag}", h, n, u),
            tensor(Sum(P[a, i, j] * V[a, j, q], (j, 0, many - 1)), (a, h), (i, n), (q, u)),
        )
        output = Sum(head[a, i, q] * Wo[a, q, p], (q, 0, u - 1), (a, 0, h - 1))
        return FunctionMatrix(n, d, Lambda((i, p), output))

    def _attention_weights(self, tag=""):
        of_rows = [self._array(f"W{name}{tag}", h, d, u) for name in "qkv"]
        return [*of_rows, self._array(f"Wo{tag}", h, u, d)]

    def attention_backward(self, arriving, rows):
        """From the gradient in the output of self-attention to that in its rows.

        FlashAttention's pieces, head by head: dV = Pᵀ dO, dP = dO Vᵀ, dS = P ⊙ (dP − D) with the
        row sums D of P ⊙ dP, dQ = dS K/√u and dK = dSᵀ Q/√u.
        """
        Wq, Wk, Wv, Wo = self._attention_weights()
        Q, K, V, head = (self._array(name, h, n, u) for name in ("Q", "K", "V", "head"))
        P = self._array("P", h, n, n)
        dhead = self.back(
            self._array("dhead", h, n, u),
            tensor(Sum(arriving[i, p] * Wo[a, q, p], (p, 0, d - 1)), (a, h), (i, n), (q, u)),
        )
        dV = self.back(
            self._array("dV", h, n, u),
            tensor(Sum(P[a, i, j] * dhead[a, i, q], (i, 0, n - 1)), (a, h), (j, n), (q, u)),
        )
        dP = self.back(
            self._array("dP", h, n, n),
            tensor(Sum(dhead[a, i, q] * V[a, j, q], (q, 0, u - 1)), (a, h), (i, n), (j, n)),
        )
        D = self.back(
            self._array("D", h, n),
            tensor(Sum(P[a, i, j] * dP[a, i, j], (j, 0, n - 1)), (a, h), (i, n)),
        )
        dS = self.back(
            self._array("dS", h, n, n),
            tensor(P[a, i, j] * (dP[a, i, j] - D[a, i]), (a, h), (i, n), (j, n)),
        )
        dQ = self.back(
            self._array("dQ", h, n, u),
            tensor(Sum(dS[a, i, j] * K[a, j, q], (j, 0, n - 1)) / sqrt(u), (a, h), (i, n), (q, u)),
        )
        dK = self.back(
            self._array("dK", h, n, u),
            tensor(Sum(dS[a, i, j] * Q[a, i, q], (i, 0, n - 1)) / sqrt(u), (a, h), (j, n), (q, u)),
        )
        for weight, gradient in ((Wq, dQ), (Wk, dK), (Wv, dV)):
            self.gradients[weight] = tensor(
                Sum(rows[i, p] * gradient[a, i, q], (i, 0, n - 1)), (a, h), (p, d), (q, u)
            )
        self.gradients[Wo] = tensor(
            Sum(head[a, i, q] * arriving[i, p], (i, 0, n - 1)), (a, h), (q, u), (p, d)
        )
        through = dQ[a, i, q] * Wq[a, p, q] + dK[a, i, q] * Wk[a, p, q] + dV[a, i, q] * Wv[a, p, q]
        return FunctionMatrix(n, d, Lambda((i, p), Sum(through, (q, 0, u - 1), (a, 0, h - 1))))

    def feed_forward(self, rows):
        """max(0, X W1 + b1) W2 + b2."""
        W1, b1, W2, b2 = map(self._weight, self._feed_forward_weights())
        hidden = self._define(self.matrix("hidden", n, f), rows * W1 + OneMatrix(n, 1) * b1)
        return hidden.applyfunc(relu) * W2 + OneMatrix(n, 1) * b2

    def _feed_forward_weights(self):
        W1, W2 = self.matrix("W1", d, f), self.matrix("W2", f, d)
        return [W1, self.matrix("b1", 1, f), W2, self.matrix("b2", 1, d)]

    def feed_forward_backward(self, arriving, rows):
        """From the gradient in the output of the feed-forward network to that in its rows."""
        W1, b1, W2, b2 = self._feed_forward_weights()
        hidden = self.matrix("hidden", n, f)
        dhidden = self.back(
            self.matrix("dhidden", n, f),
            HadamardProduct(arriving * W2.T, hidden.applyfunc(step)),
        )
        self.gradients[W1] = rows.T * dhidden
        self.gradients[b1] = OneMatrix(1, n) * dhidden
        self.gradients[W2] = hidden.applyfunc(relu).T * arriving
        self.gradients[b2] = OneMatrix(1, n) * arriving
        return dhidden * W1.T

    def norm(self, rows, tag):
        """Layer norm, row by row."""
        gamma = self._weight(self.matrix(f"gamma{tag}", 1, d))
        beta = self._weight(self.matrix(f"beta{tag}", 1, d))
        R = self._define(self.matrix(f"R{tag}", n, d), rows)
        centred = self._define(self.matrix(f"C{tag}", n, d), R - R * OneMatrix(d, d) / d)
        variance = HadamardProduct(centred, centred) * OneMatrix(d, 1) / d
        scale = self._define(
            self.matrix(f"r{tag}", n, 1), variance.applyfunc(Lambda(t, 1 / sqrt(t + epsilon)))
        )
        normalised = self._define(
            self.matrix(f"N{tag}", n, d), HadamardProduct(centred, scale * OneMatrix(1, d))
        )
        value = HadamardProduct(normalised, OneMatrix(n, 1) * gamma) + OneMatrix(n, 1) * beta
        return self._define(self.matrix(f"Y{tag}", n, d), value)

    def norm_backward(self, arriving, tag):
        """From the gradient in the output of a layer norm to that in its rows.

        dN = arriving ⊙ γ in the normalised rows, and r ⊙ (dN − mean dN − N ⊙ mean(dN ⊙ N)), the
        means along each row.
        """
        gamma, beta = self.matrix(f"gamma{tag}", 1, d), self.matrix(f"beta{tag}", 1, d)
        N, r = self.matrix(f"N{tag}", n, d), self.matrix(f"r{tag}", n, 1)
        self.gradients[gamma] = OneMatrix(1, n) * HadamardProduct(arriving, N)
        self.gradients[beta] = OneMatrix(1, n) * arriving
        dN = self.back(
            self.matrix(f"dN{tag}", n, d), HadamardProduct(arriving, OneMatrix(n, 1) * gamma)
        )
        along = HadamardProduct(N, _row_means(HadamardProduct(dN, N)))
        return HadamardProduct(r * OneMatrix(1, d), dN - _row_means(dN) - along)


def _row_means(matrix):
    """The mean of each row, repeated along it."""
    return matrix * OneMatrix(d, d) / d


def _by_heads(rows, weights):
    """rows · weights_a, for every head a."""
    many = rows.shape[0]
    product = Sum(rows[i, p] * weights[a, p, q], (p, 0, d - 1))
    return tensor(product, (a, h), (i, many), (q, u))


def encoder_block():
    """Self-attention and a feed-forward network, each with its input added and then a norm."""
    block = Block()
    first = block.norm(X + block.attention(X, X), "1")
    output = block.norm(first + block.feed_forward(first), "2")
    # Backwards, from G to X.
    dR2 = block.back(block.matrix("dR2", n, d), block.norm_backward(G, "2"))
    dY1 = block.back(block.matrix("dY1", n, d), dR2 + block.feed_forward_backward(dR2, first))
    dR1 = block.back(block.matrix("dR1", n, d), block.norm_backward(dY1, "1"))
    block.gradients[X] = dR1 + block.attention_backward(dR1, X)
    return output, block


def decoder_block():
    """Masked self-attention, attention to the memory, a feed-forward network, as above."""
    block = Block()
    first = block.norm(X + block.attention(X, X, causal=True), "1")
    second = block.norm(first + block.attention(first, memory, tag="m"), "2")
    return block.norm(second + block.feed_forward(second), "3"), block


def pre_norm_block(rows=X, arriving=G, mark=""):
    """The norm before each sublayer, and nothing between a row and its sum.

    :param arriving: the gradient in the output, from which the backward pass starts.
    """
    block = Block(mark)
    first = block.matrix("first", n, d)
    to_attend = block.norm(rows, "1")
    block.where[first] = rows + block.attention(to_attend, to_attend)
    to_feed = block.norm(first, "2")
    output = first + block.feed_forward(to_feed)
    # Backwards, from G to X.
    dY2 = block.back(block.matrix("dY2", n, d), block.feed_forward_backward(arriving, to_feed))
    dfirst = block.back(block.matrix("dfirst", n, d), arriving + block.norm_backward(dY2, "2"))
    dY1 = block.back(block.matrix("dY1", n, d), block.attention_backward(dfirst, to_attend))
    block.gradients[rows] = dfirst + block.norm_backward(dY1, "1")
    return output, block


def stack(depth):
    """Blocks with the norms first, one on the other: the output, what is documented of the
    gradients in X and in all weights, and the definitions of both passes.
    """
    rows, arriving = X, [MatrixSymbol(f"G{number}", n, d) for number in range(1, depth)] + [G]
    blocks, where = [], {}
    for number in range(1, depth + 1):
        output, block = pre_norm_block(rows, arriving[number - 1], str(number))
        blocks.append((rows, block))
        where |= block.where
        rows = MatrixSymbol(f"X{number}", n, d)
        where[rows] = output
    gradients = {}
    for number in range(depth, 0, -1):
        entering, block = blocks[number - 1]
        where |= block.backward
        if number > 1:
            where[arriving[number - 2]] = block.gradients.pop(entering)
        gradients |= block.gradients
    return rows, gradients, where


def parameters(block):
    """How many numbers the weights of a block hold."""
    total = Integer(0)
    for weight in block.weights:
        size = Integer(1)
        for length in weight.shape:
            size *= length
        total += size
    return total


encoder, _encoder = encoder_block()
decoder, _decoder = decoder_block()
pre_norm, _pre_norm = pre_norm_block()

# N encoder and N decoder blocks, and one embedding for both sides and the output.
model_size = c * d + N * (parameters(_encoder) + parameters(_decoder))
closed_size = c * d + N * (12 * d * h * u + 4 * d * f + 2 * f + 12 * d)
base = {c: 37000, d: 512, h: 8, u: 64, f: 2048, N: 6}
big = {c: 37000, d: 1024, h: 16, u: 64, f: 4096, N: 6}

# The sublayers of the decoder have the letters of those of the encoder, and an m behind them where
# they look at the memory.
_LETTERS = {
    "Wq": "weights of the queries",
    "Wk": "weights of the keys",
    "Wv": "weights of the values",
    "Wo": "weights of the output of the heads",
    "Q": "queries",
    "K": "keys",
    "V": "values",
    "S": "scores",
    "P": "attention weights",
    "head": "output of the heads",
    "W1": "weights of the hidden layer",
    "b1": "bias of the hidden layer",
    "W2": "weights of the feed-forward network's output",
    "b2": "bias of the feed-forward network's output",
    "hidden": "hidden layer of the feed-forward network",
    "first": "tokens after self-attention",
    "gamma": "gain of norm",
    "beta": "bias of norm",
    "R": "what is put into norm",
    "C": "that, centred, of norm",
    "r": "one over the standard deviation of each row of norm",
    "N": "normalised rows of norm",
    "Y": "output of norm",
    "D": "row sums of P ⊙ dP, head by head",
}


def _meaning(symbol):
    name = str(symbol)
    if name in _LETTERS:
        return _LETTERS[name]
    if name.startswith("d"):
        return f"gradient of the loss in {name[1:]}"
    if name.endswith("m"):
        return f"{_LETTERS[name[:-1]]}, from the memory"
    return f"{_LETTERS[name[:-1]]} {name[-1]}"


_parts = [
    symbol
    for block in (_encoder, _decoder, _pre_norm)
    for symbol in (*block.weights, *block.definitions)
]


def _gradients(output, block, kind, title, source):
    """A claim for X and one for each weight matrix: what arrives at the output is G."""
    names = ("Wq", "Wk", "Wv", "Wo", "W1", "W2")
    wanted = [X, *(w for w in block.weights if str(w) in names)]
    for symbol in wanted:
        yield Backward(
            output,
            symbol,
            G,
            block.gradients[symbol],
            where=block.definitions,
            id=f"transformer.{kind}.backward.{symbol}",
            title=f"{title}: the gradient in {symbol}",
            source=source,
            note="the backward passes of attention, the feed-forward network and the layer norm, "
            "one after the other",
        )


formula = Formula(
    id="transformer",
    title="Transformer",
    section="4.4",
    dimensions={
        n: "tokens",
        m: "tokens in the memory",
        d: "width of a token",
        h: "heads",
        u: "width of a query, a key and a value of one head",
        f: "units of the hidden layer",
        c: "words of the vocabulary",
        N: "blocks on either side",
    },
    symbols={
        X: "tokens, one in each row",
        G: "gradient of the loss in the output of the block",
        memory: "output of the encoder",
        epsilon: "a small positive number",
        **{symbol: _meaning(symbol) for symbol in _parts},
    },
    claims=(
        Shape(
            encoder,
            (n, d),
            where=_encoder.where,
            id="transformer.encoder",
            title="an encoder block keeps the shape of X",
            source="notes 4.4",
        ),
        Shape(
            decoder,
            (n, d),
            where=_decoder.where,
            id="transformer.decoder",
            title="a decoder block keeps the shape (n, d)",
            source="notes 4.4",
            note="the memory of the cross-attention has shape (m, d)",
        ),
        Shape(
            pre_norm,
            (n, d),
            where=_pre_norm.where,
            id="transformer.pre-norm",
            title="a block with the norms first keeps the shape of X",
            source="Xiong et al. 2020, figure 1",
        ),
        *_gradients(
            pre_norm,
            _pre_norm,
            "pre-norm",
            "a block with the norms first",
            "Xiong et al. 2020, figure 1, with Dao et al. 2022, appendix B.2, and Ba et al. 2016",
        ),
        *_gradients(
            encoder,
            _encoder,
            "encoder",
            "an encoder block",
            "Vaswani et al. 2017, section 3.1, with Dao et al. 2022, appendix B.2, and Ba et al. "
            "2016",
        ),
        Identity(
            model_size,
            closed_size,
            id="transformer.size",
            title="c d + N (12 d h u + 4 d f + 2 f + 12 d) parameters",
            source="Vaswani et al. 2017, section 3",
            note="left, what the weights of all blocks hold by their shapes; one embedding for "
            "both sides and the output; attention without biases",
        ),
        Identity(
            model_size / 10**6,
            Rational(63_045_632, 10**6),
            where=base,
            id="transformer.size.base",
            title="the base model has 63.045632 million parameters",
            source="Vaswani et al. 2017, table 3",
            note="the table says 65 · 10⁶; 37,000 words are the paper's own 'about 37000'",
        ),
        Identity(
            model_size / 10**6,
            Rational(214_171_648, 10**6),
            where=big,
            id="transformer.size.big",
            title="the big model has 214.171648 million parameters",
            source="Vaswani et al. 2017, table 3",
            note="the table says 213 · 10⁶; with 37,000 words as for the base model",
        ),
    ),
    references=(
        "A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, "
        "I. Polosukhin, Attention Is All You Need, NIPS 2017",
        "R. Xiong, Y. Yang, D. He, K. Zheng, S. Zheng, C. Xing, H. Zhang, Y. Lan, L. Wang, "
        "T.-Y. Liu, On Layer Normalization in the Transformer Architecture, ICML 2020",
        "T. Dao, D. Y. Fu, S. Ermon, A. Rudra, C. Ré, FlashAttention: Fast and Memory-Efficient "
        "Exact Attention with IO-Awareness, NeurIPS 2022",
        "J. L. Ba, J. R. Kiros, G. E. Hinton, Layer Normalization, 2016",
    ),
)
