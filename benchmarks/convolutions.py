"""Stacks of 3×3 convolutions of any depth, every width a symbol, and their backward pass.

A batch goes through layers a_l = tanh(W_l ∗ a_{l-1}) that keep the size of the images. The loss is
½ Σ (a_L − y)², and the claim is the recursion for what arrives at each layer:

    δ_L = (a_L − y) ⊙ (1 − a_L²)
    δ_{l-1} = W_l ∗ᵀ δ_l ⊙ (1 − a_{l-1}²), with ∗ᵀ the transposed convolution
    ∂loss/∂W_1 = Σ δ_1 over samples and places, times x where W_1 meets it
"""

from __future__ import annotations

from sympy import IndexedBase, Lambda, Sum, symbols, tanh

from derive import Gradient, conv2d, conv_transpose2d, elementwise, tensor
from derive.language.images import inside

n, rows, columns = symbols("n rows columns", integer=True, positive=True)
a, c, o, i, j, p, q = symbols("a c o i j p q", integer=True)
t, u, v = symbols("t u v", real=True)
loss = symbols("loss", real=True)

TANH = Lambda(t, tanh(t))
THROUGH = Lambda((u, v), u * (1 - v**2))  # behind the tanh whose value is v
THROUGH_LAST = Lambda((u, v), (u - v) * (1 - u**2))


def stack(depth: int) -> Gradient:
    """∂loss/∂W_1 of a stack of the given depth, by the recursion above."""
    width = symbols(f"c:{depth + 1}", integer=True, positive=True)

    def images(name: str, layer: int) -> IndexedBase:
        return IndexedBase(f"{name}{layer}", shape=(n, width[layer], rows, columns))

    x, y = images("x", 0), images("y", depth)
    layers = range(1, depth + 1)
    weights = {l: IndexedBase(f"W{l}", shape=(width[l], width[l - 1], 3, 3)) for l in layers}
    where = {}

    value = x
    for l in layers:
        where[images("h", l)] = conv2d(value, weights[l], padding=1)
        where[images("a", l)] = elementwise(TANH, images("h", l))
        value = images("a", l)
    places = ((a, 0, n - 1), (i, 0, rows - 1), (j, 0, columns - 1))
    difference = value[a, o, i, j] - y[a, o, i, j]
    where[loss] = Sum(difference**2, *places, (o, 0, width[depth] - 1)) / 2

    delta = images("delta", depth)
    where[delta] = elementwise(THROUGH_LAST, value, y)
    for l in reversed(layers[1:]):
        arriving = images("arriving", l - 1)
        where[arriving] = conv_transpose2d(delta, weights[l], padding=1)
        delta = images("delta", l - 1)
        where[delta] = elementwise(THROUGH, arriving, images("a", l - 1))

    met = inside(x, (a, c, i + p - 1, j + q - 1), (1, 1))
    slope = tensor(
        Sum(delta[a, o, i, j] * met, *places), (o, width[1]), (c, width[0]), (p, 3), (q, 3)
    )
    return Gradient(loss, weights[1], slope, where=where)
