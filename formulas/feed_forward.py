"""The position-wise feed-forward network: ReLU, GELU and gated by SiLU (section 4.4)."""

from sympy import (
    Function,
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Rational,
    Symbol,
    erf,
    exp,
    pi,
    sqrt,
    tanh,
)

from derive import Backward, Formula, Gradient, Identity, Shape

n = Symbol("n", integer=True, positive=True)
d = Symbol("d", integer=True, positive=True)
f = Symbol("f", integer=True, positive=True)
t = Symbol("t", real=True)

X = MatrixSymbol("X", n, d)
W1, b1 = MatrixSymbol("W1", d, f), MatrixSymbol("b1", 1, f)
W2, b2 = MatrixSymbol("W2", f, d), MatrixSymbol("b2", 1, d)
H = MatrixSymbol("H", n, f)
Y = MatrixSymbol("Y", n, d)
dY = MatrixSymbol("dY", n, d)
dH = MatrixSymbol("dH", n, f)
ones = OneMatrix(n, 1)

sigma = Function("sigma")
activation = Lambda(t, sigma(t))
slope = Lambda(t, sigma(t).diff(t))

_definitions = {
    H: X * W1 + ones * b1,
    Y: H.applyfunc(activation) * W2 + ones * b2,
    dH: HadamardProduct(dY * W2.T, H.applyfunc(slope)),
}

# GELU is t Φ(t), Φ the distribution function of a standard normal and φ its density.
Phi = (1 + erf(t / sqrt(2))) / 2
phi = exp(-(t**2) / 2) / sqrt(2 * pi)
inner = sqrt(2 / pi) * (t + Rational(44715, 10**6) * t**3)
inner_slope = sqrt(2 / pi) * (1 + 3 * Rational(44715, 10**6) * t**2)

logistic = 1 / (1 + exp(-t))
silu = Lambda(t, t * logistic)
silu_slope = Lambda(t, logistic * (1 + t * (1 - logistic)))

# SwiGLU: the unit H is let through as far as SiLU of the gate A says.
W3 = MatrixSymbol("W3", d, f)
A = MatrixSymbol("A", n, f)
B = MatrixSymbol("B", n, f)
_gated = {
    A: X * W1,
    B: X * W3,
    Y: HadamardProduct(A.applyfunc(silu), B) * W2,
    H: dY * W2.T,
    dH: HadamardProduct(H, B, A.applyfunc(silu_slope)),
}


def _backward(of, wrt, equals, where, id, title, source):
    return Backward(of, wrt, dY, equals, where=where, id=id, title=title, source=source)


_network = "Rumelhart et al. 1986, row by row"
_gate = "Shazeer 2020, equation 6"

formula = Formula(
    id="feed-forward",
    title="Position-wise feed-forward network",
    section="4.4",
    dimensions={n: "tokens", d: "width of a token", f: "units of the hidden layer"},
    symbols={
        X: "tokens, one in each row",
        W1: "weights of the hidden layer; of the gate",
        b1: "bias of the hidden layer",
        W2: "weights of the output",
        b2: "bias of the output",
        H: "hidden layer before the activation; of SwiGLU, the gradient in the gated units",
        Y: "output",
        dY: "gradient of a loss in Y",
        dH: "gradient of that loss in H; of SwiGLU, in A",
        sigma: "activation, any differentiable function",
        t: "a real number, the argument of an activation",
        W3: "weights of the gated units",
        A: "the gate before SiLU",
        B: "the gated units",
    },
    claims=(
        Shape(
            Y,
            (n, d),
            where={key: _definitions[key] for key in (H, Y)},
            id="feed-forward.shape",
            title="σ(X W1 + b1) W2 + b2 keeps the shape of X",
            source="Vaswani et al. 2017, section 3.3",
        ),
        _backward(
            Y,
            W2,
            H.applyfunc(activation).T * dY,
            _definitions,
            "feed-forward.backward.W2",
            "dW2 = σ(H)ᵀ dY",
            _network,
        ),
        _backward(
            Y, b2, ones.T * dY, _definitions, "feed-forward.backward.b2", "db2 = 1ᵀ dY", _network
        ),
        _backward(
            Y,
            W1,
            X.T * dH,
            _definitions,
            "feed-forward.backward.W1",
            "dW1 = Xᵀ dH, dH = dY W2ᵀ ⊙ σ′(H)",
            _network,
        ),
        _backward(
            Y, b1, ones.T * dH, _definitions, "feed-forward.backward.b1", "db1 = 1ᵀ dH", _network
        ),
        _backward(
            Y, X, dH * W1.T, _definitions, "feed-forward.backward.X", "dX = dH W1ᵀ", _network
        ),
        Gradient(
            t * Phi,
            t,
            Phi + t * phi,
            id="feed-forward.gelu",
            title="GELU: d(t Φ(t))/dt = Φ(t) + t φ(t)",
            source="Hendrycks & Gimpel 2016, section 2",
        ),
        Gradient(
            t * (1 + tanh(inner)) / 2,
            t,
            (1 + tanh(inner)) / 2 + t * (1 - tanh(inner) ** 2) * inner_slope / 2,
            id="feed-forward.gelu-tanh",
            title="the derivative of GELU's approximation by tanh",
            source="Hendrycks & Gimpel 2016, section 2",
        ),
        Gradient(
            silu(t),
            t,
            silu_slope(t),
            id="feed-forward.silu",
            title="SiLU: d(t s(t))/dt = s(t) (1 + t (1 − s(t)))",
            source="Elfwing et al. 2018, equation 4",
            note="s is the logistic function",
        ),
        Identity(
            silu(t) - silu(-t),
            t,
            id="feed-forward.silu.odd-part",
            title="silu(t) − silu(−t) = t",
            source="Elfwing et al. 2018, equation 3",
            note="from s(t) + s(−t) = 1",
        ),
        _backward(
            Y,
            W2,
            HadamardProduct(A.applyfunc(silu), B).T * dY,
            _gated,
            "feed-forward.swiglu.backward.W2",
            "SwiGLU: dW2 = (silu(A) ⊙ B)ᵀ dY",
            _gate,
        ),
        _backward(
            Y,
            W3,
            X.T * HadamardProduct(H, A.applyfunc(silu)),
            _gated,
            "feed-forward.swiglu.backward.W3",
            "SwiGLU: dW3 = Xᵀ (dY W2ᵀ ⊙ silu(A))",
            _gate,
        ),
        _backward(
            Y,
            W1,
            X.T * dH,
            _gated,
            "feed-forward.swiglu.backward.W1",
            "SwiGLU: dW1 = Xᵀ (dY W2ᵀ ⊙ B ⊙ silu′(A))",
            _gate,
        ),
        _backward(
            Y,
            X,
            dH * W1.T + HadamardProduct(H, A.applyfunc(silu)) * W3.T,
            _gated,
            "feed-forward.swiglu.backward.X",
            "SwiGLU: dX, through the gate and what is gated",
            _gate,
        ),
    ),
    references=(
        "A. Vaswani et al., Attention Is All You Need, NIPS 2017, section 3.3",
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by "
        "back-propagating errors, Nature 323, 1986, 533–536",
        "D. Hendrycks, K. Gimpel, Gaussian Error Linear Units, arXiv:1606.08415, 2016",
        "S. Elfwing, E. Uchibe, K. Doya, Sigmoid-weighted linear units for neural network "
        "function approximation in reinforcement learning, Neural Networks 107, 2018",
        "N. Shazeer, GLU Variants Improve Transformer, arXiv:2002.05202, 2020",
    ),
)
