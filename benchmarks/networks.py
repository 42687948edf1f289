"""Networks of any depth, every width a symbol, and backpropagation as books write it.

A batch of n rows goes through layers a_l = σ(h_{l-1} W_l + b_l). A plain network has h_l = a_l; a
residual one, whose layers all have one width, h_l = h_{l-1} + a_l; an unrolled recurrent one
has the same weights in every layer, and a row of the input x_l for each: a_l = σ(x_l U + h_{l-1} W
+ b). The loss is ½ ‖h_L − y‖², and the claim is the recursion for what arrives at each layer:

    δ_L = h_L − y
    δ_{l-1} = (δ_l ⊙ σ′_l) W_lᵀ                    (+ δ_l in a residual network)
    ∂loss/∂W_1 = xᵀ (δ_1 ⊙ σ′_1)                   (of a recurrent one, Σ_l h_{l-1}ᵀ (δ_l ⊙ σ′_l))

with σ′ = 1 − a² for σ = tanh, and 1 where a > 0, else 0, for ReLU.
"""

from __future__ import annotations

from sympy import (
    HadamardProduct,
    Lambda,
    MatAdd,
    MatrixSymbol,
    Max,
    Piecewise,
    Symbol,
    Trace,
    tanh,
)

from derive import Gradient

n = Symbol("n", integer=True, positive=True)
t = Symbol("t", real=True)

# Each activation, and its derivative in terms of its value.
ACTIVATIONS = {
    "tanh": (tanh, Lambda(t, 1 - t**2)),
    "relu": (Lambda(t, Max(0, t)), Lambda(t, Piecewise((1, t > 0), (0, True)))),
}
KINDS = ("tanh", "relu", "residual", "recurrent")


def claim(kind: str, depth: int) -> Gradient:
    """The gradient of a network of one of the :data:`KINDS`, by the recursion above."""
    if kind == "recurrent":
        return recurrent(depth)
    return network(depth, kind == "residual", "relu" if kind == "relu" else "tanh")


def network(depth: int, residual: bool = False, activation: str = "tanh") -> Gradient:
    """∂loss/∂W_1 of a network of the given depth, by the recursion above."""
    function, slope = ACTIVATIONS[activation]
    last = 0 if residual else depth
    widths = [Symbol(f"w{layer}", integer=True, positive=True) for layer in range(last + 1)]
    width = [widths[min(layer, last)] for layer in range(depth + 1)]

    def rows(name: str, layer: int) -> MatrixSymbol:
        """One row for each sample, as wide as the layer."""
        return MatrixSymbol(f"{name}{layer}", n, width[layer])

    x, y = MatrixSymbol("x", n, width[0]), MatrixSymbol("y", n, width[depth])
    layers = range(1, depth + 1)
    weights = {l: MatrixSymbol(f"W{l}", width[l - 1], width[l]) for l in layers}
    biases = {l: MatrixSymbol(f"b{l}", 1, width[l]) for l in layers}
    where = {}

    h = x
    for l in layers:
        a = rows("a", l)
        where[a] = (h * weights[l] + biases[l]).applyfunc(function)
        if residual:
            where[rows("h", l)] = h + a
        h = rows("h", l) if residual else a

    delta = rows("delta", depth)
    where[delta] = h - y
    for l in reversed(layers[1:]):
        through = _through(delta, rows("a", l), slope) * weights[l].T
        where[rows("delta", l - 1)] = delta + through if residual else through
        delta = rows("delta", l - 1)

    loss = Trace((h - y).T * (h - y)) / 2
    documented = x.T * _through(delta, rows("a", 1), slope)
    return Gradient(loss, weights[1], documented, where=where)


def recurrent(steps: int) -> Gradient:
    """∂loss/∂W of a recurrent network that is unrolled over the given number of steps."""
    function, slope = ACTIVATIONS["tanh"]
    e, s = (Symbol(name, integer=True, positive=True) for name in "es")
    U, W, b = MatrixSymbol("U", e, s), MatrixSymbol("W", s, s), MatrixSymbol("b", 1, s)
    y = MatrixSymbol("y", n, s)
    states = [MatrixSymbol(f"h{l}", n, s) for l in range(steps + 1)]
    where = {}
    for l in range(1, steps + 1):
        inner = MatrixSymbol(f"x{l}", n, e) * U + states[l - 1] * W + b
        where[states[l]] = inner.applyfunc(function)

    delta = MatrixSymbol(f"delta{steps}", n, s)
    where[delta] = states[steps] - y
    parts = []
    for l in range(steps, 0, -1):
        behind = MatrixSymbol(f"e{l}", n, s)
        where[behind] = _through(delta, states[l], slope)
        parts.append(states[l - 1].T * behind)
        delta = MatrixSymbol(f"delta{l - 1}", n, s)
        where[delta] = behind * W.T

    loss = Trace((states[steps] - y).T * (states[steps] - y)) / 2
    return Gradient(loss, W, MatAdd(*parts), where=where)


def _through(delta: MatrixSymbol, a: MatrixSymbol, slope: Lambda) -> HadamardProduct:
    """What arrives behind the activation whose value is ``a``."""
    return HadamardProduct(delta, a.applyfunc(slope))
