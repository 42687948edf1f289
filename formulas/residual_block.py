"""The residual block: what it computes, and the way that its gradient has past it (section 2.3)."""

from sympy import IndexedBase, Lambda, Piecewise, symbols

from derive import Backward, Formula, Setting, Shape, conv2d, conv_transpose2d, elementwise
from derive.language.network import PLUS, RELU

n, channels, rows, columns = symbols("n c rows columns", integer=True, positive=True)
half = symbols("P", integer=True, nonnegative=True)
t, u = symbols("t u", real=True)

shape = (n, channels, rows, columns)
window = (channels, channels, 2 * half + 1, 2 * half + 1)
x, h, z, f, y, G = (IndexedBase(name, shape=shape) for name in ("x", "h", "z", "f", "y", "G"))
W1, W2 = IndexedBase("W1", shape=window), IndexedBase("W2", shape=window)
delta_z, delta_h, delta_x = (IndexedBase(f"delta_{name}", shape=shape) for name in "zhx")

SLOPE = Lambda((t, u), Piecewise((t, u > 0), (0, True)))

block = {
    h: conv2d(x, W1, padding=half),
    z: elementwise(RELU, h),
    f: conv2d(z, W2, padding=half),
    y: elementwise(PLUS, x, f),
}
backward = {
    delta_z: conv_transpose2d(G, W2, padding=half),
    delta_h: elementwise(SLOPE, delta_z, h),
    delta_x: conv_transpose2d(delta_h, W1, padding=half),
}

_stated_block = Setting(where=block)

formula = Formula(
    id="resnet",
    title="Residual block",
    section="2.3",
    dimensions={
        n: "samples of a batch",
        channels: "channels",
        rows: "rows of an image",
        columns: "columns of an image",
        half: "padding; the windows have 2P + 1 rows and columns",
    },
    symbols={
        x: "input of the block",
        W1: "kernel of the first convolution",
        W2: "kernel of the second convolution",
        h: "first convolution",
        z: "its ReLU",
        f: "second convolution: the residual F(x)",
        y: "x + F(x)",
        G: "upstream gradient of y",
        delta_z: "what reaches z",
        delta_h: "what reaches h",
        delta_x: "what reaches x through F",
    },
    claims=(
        _stated_block(
            Shape,
            y,
            shape,
            id="resnet.shape",
            title="x + F(x) has the shape of x",
            source="He et al. 2016, section 3.2",
        ),
        Backward(
            y,
            x,
            G,
            elementwise(PLUS, G, delta_x),
            where={**block, **backward},
            id="resnet.identity-path",
            title="∂l/∂x = ∂l/∂y, and what comes back through F",
            source="He et al. 2016b, equation 5",
            note="normalisation and biases left out",
        ),
        _stated_block(
            Backward,
            y,
            f,
            G,
            G,
            id="resnet.backward-F",
            title="F gets the upstream gradient as it is",
            source="He et al. 2016b, equation 5",
        ),
    ),
    references=(
        "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
        "CVPR 2016, arXiv:1512.03385",
        "K. He, X. Zhang, S. Ren, J. Sun, Identity mappings in deep residual networks, "
        "ECCV 2016, arXiv:1603.05027",
    ),
)
