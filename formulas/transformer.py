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

from derive import Formula, Identity, Shape
from derive.operators import tensor

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
X = MatrixSymbol("X", n, d)
memory = MatrixSymbol("memory", m, d)


class Block:
    """A chain of definitions, to which each sublayer adds its own; rows are tokens.

    :param weights: every weight that a sublayer has brought, in order.
    """

    def __init__(self):
        self.where = {}
        self.weights = []

    def _define(self, symbol, value):
        self.where[symbol] = value
        return symbol

    def _weight(self, symbol):
        self.weights.append(symbol)
        return symbol

    def attention(self, rows, others, causal=False, tag=""):
        """Multi-head attention of ``rows`` to ``others``, each row of which is key and value."""
        many = others.shape[0]
        Wq, Wk, Wv = (self._weight(IndexedBase(f"W{name}{tag}", shape=(h, d, u))) for name in "qkv")
        Wo = self._weight(IndexedBase(f"Wo{tag}", shape=(h, u, d)))
        Q = self._define(IndexedBase(f"Q{tag}", shape=(h, n, u)), _by_heads(rows, Wq))
        K = self._define(IndexedBase(f"K{tag}", shape=(h, many, u)), _by_heads(others, Wk))
        V = self._define(IndexedBase(f"V{tag}", shape=(h, many, u)), _by_heads(others, Wv))
        S = self._define(
            IndexedBase(f"S{tag}", shape=(h, n, many)),
            tensor(
                Sum(Q[a, i, q] * K[a, j, q], (q, 0, u - 1)) / sqrt(u), (a, h), (i, n), (j, many)
            ),
        )
        weight = exp(S[a, i, j]) / Sum(exp(S[a, i, k]), (k, 0, i if causal else many - 1))
        if causal:
            weight = Piecewise((weight, j <= i), (0, True))
        P = self._define(
            IndexedBase(f"P{tag}", shape=(h, n, many)), tensor(weight, (a, h), (i, n), (j, many))
        )
        head = self._define(
            IndexedBase(f"head{tag}", shape=(h, n, u)),
            tensor(Sum(P[a, i, j] * V[a, j, q], (j, 0, many - 1)), (a, h), (i, n), (q, u)),
        )
        output = Sum(head[a, i, q] * Wo[a, q, p], (q, 0, u - 1), (a, 0, h - 1))
        return FunctionMatrix(n, d, Lambda((i, p), output))

    def feed_forward(self, rows):
        """max(0, X W1 + b1) W2 + b2."""
        W1, b1 = self._weight(MatrixSymbol("W1", d, f)), self._weight(MatrixSymbol("b1", 1, f))
        W2, b2 = self._weight(MatrixSymbol("W2", f, d)), self._weight(MatrixSymbol("b2", 1, d))
        hidden = self._define(MatrixSymbol("hidden", n, f), rows * W1 + OneMatrix(n, 1) * b1)
        return hidden.applyfunc(relu) * W2 + OneMatrix(n, 1) * b2

    def norm(self, rows, tag):
        """Layer norm, row by row."""
        gamma = self._weight(MatrixSymbol(f"gamma{tag}", 1, d))
        beta = self._weight(MatrixSymbol(f"beta{tag}", 1, d))
        R = self._define(MatrixSymbol(f"R{tag}", n, d), rows)
        centred = self._define(MatrixSymbol(f"C{tag}", n, d), R - R * OneMatrix(d, d) / d)
        variance = HadamardProduct(centred, centred) * OneMatrix(d, 1) / d
        scale = variance.applyfunc(Lambda(t, 1 / sqrt(t + epsilon))) * OneMatrix(1, d)
        normalised = HadamardProduct(centred, scale, OneMatrix(n, 1) * gamma)
        return self._define(MatrixSymbol(f"Y{tag}", n, d), normalised + OneMatrix(n, 1) * beta)


def _by_heads(rows, weights):
    """rows · weights_a, for every head a."""
    many = rows.shape[0]
    product = Sum(rows[i, p] * weights[a, p, q], (p, 0, d - 1))
    return tensor(product, (a, h), (i, many), (q, u))


def encoder_block():
    """Self-attention and a feed-forward network, each with its input added and then a norm."""
    block = Block()
    first = block.norm(X + block.attention(X, X), "1")
    return block.norm(first + block.feed_forward(first), "2"), block


def decoder_block():
    """Masked self-attention, attention to the memory, a feed-forward network, as above."""
    block = Block()
    first = block.norm(X + block.attention(X, X, causal=True), "1")
    second = block.norm(first + block.attention(first, memory, tag="m"), "2")
    return block.norm(second + block.feed_forward(second), "3"), block


def pre_norm_block():
    """The norm before each sublayer, and nothing between a row and its sum."""
    block = Block()
    first = MatrixSymbol("first", n, d)
    block.where[first] = X + block.attention(*[block.norm(X, "1")] * 2)
    return first + block.feed_forward(block.norm(first, "2")), block


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
    "Y": "output of norm",
}


def _meaning(symbol):
    name = str(symbol)
    if name in _LETTERS:
        return _LETTERS[name]
    if name.endswith("m"):
        return f"{_LETTERS[name[:-1]]}, from the memory"
    return f"{_LETTERS[name[:-1]]} {name[-1]}"


_parts = [
    symbol for block in (_encoder, _decoder, _pre_norm) for symbol in (*block.weights, *block.where)
]

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
    ),
)
