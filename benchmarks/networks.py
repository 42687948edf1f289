"""Tanh networks of any depth, every width a symbol, and backpropagation as books write it.

A batch of n rows goes through layers a_l = tanh(h_{l-1} W_l + b_l). A plain network has
h_l = a_l; a residual one, whose layers all have one width, h_l = h_{l-1} + a_l. The loss is
½ ‖h_L − y‖², and the claim is the recursion for what arrives at each layer:

    δ_L = h_L − y
    δ_{l-1} = (δ_l ⊙ (1 − a_l²)) W_lᵀ            (+ δ_l in a residual network)
    ∂loss/∂W_1 = xᵀ (δ_1 ⊙ (1 − a_1²))
"""

from __future__ import annotations

from sympy import HadamardProduct, Lambda, MatrixSymbol, Symbol, Trace, tanh

from derive import Gradient

n = Symbol("n", integer=True, positive=True)
t = Symbol("t", real=True)

SLOPE = Lambda(t, 1 - t**2)  # the derivative of tanh, in terms of its value


def network(depth: int, residual: bool = False) -> Gradient:
    """∂loss/∂W_1 of a network of the given depth, by the recursion above."""
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
        where[a] = (h * weights[l] + biases[l]).applyfunc(tanh)
        if residual:
            where[rows("h", l)] = h + a
        h = rows("h", l) if residual else a

    delta = rows("delta", depth)
    where[delta] = h - y
    for l in reversed(layers[1:]):
        through = _through(delta, rows("a", l)) * weights[l].T
        where[rows("delta", l - 1)] = delta + through if residual else through
        delta = rows("delta", l - 1)

    loss = Trace((h - y).T * (h - y)) / 2
    documented = x.T * _through(delta, rows("a", 1))
    return Gradient(loss, weights[1], documented, where=where)


def _through(delta: MatrixSymbol, a: MatrixSymbol) -> HadamardProduct:
    """What arrives behind the tanh whose value is ``a``."""
    return HadamardProduct(delta, a.applyfunc(SLOPE))
