"""Tokens into rows and back: embedding, positions, tied output, smoothed labels (section 4.4)."""

from sympy import Eq, MatrixSymbol, OneMatrix, Sum, Symbol, cos, log, sin, sqrt

from derive import Backward, Formula, Gradient, Identity, Shape
from derive.language import operators
from derive.language.operators import entry

n = Symbol("n", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
c = Symbol("c", integer=True, positive=True)
j = Symbol("j", integer=True)

# Tokens as rows of zeros with a single 1; E has a row for each word.
T = MatrixSymbol("T", n, c)
E = MatrixSymbol("E", c, d)
X = MatrixSymbol("X", n, d)
dX = MatrixSymbol("dX", n, d)
embedded = sqrt(d) * T * E

# The output takes the same matrix: logits = H Eᵀ.
H = MatrixSymbol("H", n, d)
Z = MatrixSymbol("Z", n, c)
dZ = MatrixSymbol("dZ", n, c)
_tied = {H: embedded, Z: H * E.T}

# Sinusoidal positions: a pair (sin ω p, cos ω p) for each frequency ω.
omega, pos, shift = (Symbol(name, real=True) for name in ("omega", "pos", "shift"))

# Label smoothing: the label is 1 − ε sure, and the rest is spread over all c words.
epsilon = Symbol("epsilon", real=True)
z = MatrixSymbol("z", 1, c)
y = MatrixSymbol("y", 1, c)
q = MatrixSymbol("q", 1, c)
smoothed = (1 - epsilon) * y + epsilon / c * OneMatrix(1, c)
l = Symbol("l", real=True)
labels_sum_to_one = Eq(Sum(y[0, j], (j, 0, c - 1)), 1)


def _cross_entropy(labels):
    return -Sum(entry(labels, 0, j) * log(entry(operators.softmax(z), 0, j)), (j, 0, c - 1))


_smoothed = {q: smoothed, l: _cross_entropy(q)}

formula = Formula(
    id="token-embedding",
    title="Embedding, positions, tied output, label smoothing",
    section="4.4",
    dimensions={n: "tokens", d: "width of a token", c: "words of the vocabulary"},
    symbols={
        T: "tokens, each a row with a single 1",
        E: "embedding, a row for each word",
        X: "embedded tokens",
        dX: "gradient of a loss in X",
        H: "what the network makes of the tokens; here, the tokens themselves",
        Z: "logits",
        dZ: "gradient of a loss in Z",
        omega: "a frequency",
        pos: "a position",
        shift: "a distance between positions",
        epsilon: "how much of a label is spread over all words",
        z: "logits of one token",
        y: "label: the probability of each word",
        q: "smoothed label",
        l: "cross-entropy with the smoothed label",
    },
    claims=(
        Shape(
            embedded,
            (n, d),
            id="token-embedding.shape",
            title="√d T E has a row of width d for each token",
            source="Vaswani et al. 2017, section 3.4",
        ),
        Backward(
            X,
            E,
            dX,
            sqrt(d) * T.T * dX,
            where={X: embedded},
            id="token-embedding.backward",
            title="dE = √d Tᵀ dX: each row gets what its tokens get",
            source="Vaswani et al. 2017, section 3.4",
        ),
        Backward(
            Z,
            E,
            dZ,
            dZ.T * H + sqrt(d) * T.T * dZ * E,
            where=_tied,
            id="token-embedding.tied",
            title="tied, E gets a gradient as output and as embedding",
            source="Press & Wolf 2017, section 3",
        ),
        Identity(
            sin(omega * (pos + shift)),
            cos(omega * shift) * sin(omega * pos) + sin(omega * shift) * cos(omega * pos),
            id="token-embedding.positions.sin",
            title="sin ω(p + s) is linear in (sin ωp, cos ωp)",
            source="Vaswani et al. 2017, section 3.5",
        ),
        Identity(
            cos(omega * (pos + shift)),
            cos(omega * shift) * cos(omega * pos) - sin(omega * shift) * sin(omega * pos),
            id="token-embedding.positions.cos",
            title="cos ω(p + s) is linear in (sin ωp, cos ωp)",
            source="Vaswani et al. 2017, section 3.5",
        ),
        Identity(
            Sum(entry(smoothed, 0, j), (j, 0, c - 1)),
            1,
            given=(labels_sum_to_one,),
            id="token-embedding.smoothing.sum",
            title="smoothed labels sum to 1",
            source="Szegedy et al. 2016, section 7",
        ),
        Gradient(
            l,
            z,
            operators.softmax(z) - smoothed,
            where=_smoothed,
            given=(labels_sum_to_one,),
            id="token-embedding.smoothing.gradient",
            title="∂l/∂z = softmax(z) − the smoothed label",
            source="Szegedy et al. 2016, section 7",
        ),
        Identity(
            l,
            (1 - epsilon) * _cross_entropy(y) + epsilon * _cross_entropy(OneMatrix(1, c) / c),
            where=_smoothed,
            id="token-embedding.smoothing.mixture",
            title="H(q, p) = (1 − ε) H(y, p) + ε H(uniform, p)",
            source="Szegedy et al. 2016, section 7",
        ),
    ),
    references=(
        "A. Vaswani et al., Attention Is All You Need, NIPS 2017, sections 3.4, 3.5 and 5.4",
        "O. Press, L. Wolf, Using the Output Embedding to Improve Language Models, EACL 2017",
        "C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna, Rethinking the Inception "
        "Architecture for Computer Vision, CVPR 2016, section 7",
    ),
)
