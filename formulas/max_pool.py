"""Maximum pooling: the gradient goes to the position of the maximum (section 2.2)."""

from sympy import Eq, IndexedBase, KroneckerDelta, Piecewise, Sum, symbols

from derive import Backward, Formula, Jacobian, Shape, max_pool2d, tensor
from derive.language.images import window_count
from derive.language.operators import entry

n, channels, rows, columns = symbols("n c rows columns", integer=True, positive=True)
p, q, stride, h, w = symbols("p q s h w", integer=True, positive=True)
a, k, i, j, r, t, u, v = symbols("a k i j r t u v", integer=True)

x = IndexedBase("x", shape=(n, channels, rows, columns))
pooled = max_pool2d(x, (p, q), stride=stride)
G = IndexedBase("G", shape=pooled.shape)

X = IndexedBase("X", shape=(n, channels, p * h, q * w))
tiled = max_pool2d(X, (p, q))
D = IndexedBase("D", shape=tiled.shape)


def is_the_maximum(value, maximum):
    """1 at the position of the maximum, 0 at every other."""
    return Piecewise((1, Eq(value, maximum)), (0, True))


# Position (u, v) is position (r, t) of window (i, j).
in_window = KroneckerDelta(u, stride * i + r) * KroneckerDelta(v, stride * j + t)
grad_x = tensor(
    Sum(
        G[a, k, i, j] * in_window * is_the_maximum(x[a, k, u, v], entry(pooled, a, k, i, j)),
        (i, 0, pooled.shape[2] - 1),
        (j, 0, pooled.shape[3] - 1),
        (r, 0, p - 1),
        (t, 0, q - 1),
    ),
    (a, n),
    (k, channels),
    (u, rows),
    (v, columns),
)
in_tile = KroneckerDelta(u, p * i + r) * KroneckerDelta(v, q * j + t)
tiled_grad_X = tensor(
    Sum(
        D[a, k, i, j] * in_tile * is_the_maximum(X[a, k, u, v], entry(tiled, a, k, i, j)),
        (i, 0, h - 1),
        (j, 0, w - 1),
        (r, 0, p - 1),
        (t, 0, q - 1),
    ),
    (a, n),
    (k, channels),
    (u, p * h),
    (v, q * w),
)
within_window = (r >= 0, r <= p - 1, t >= 0, t <= q - 1)
in_place = x[a, k, stride * i + r, stride * j + t]

formula = Formula(
    id="max-pool",
    title="Maximum pooling",
    section="2.2",
    dimensions={
        n: "samples of a batch",
        channels: "channels",
        rows: "rows of the input",
        columns: "columns of the input",
        p: "rows of the window",
        q: "columns of the window",
        stride: "stride, of rows and of columns",
        h: "rows of the output, with windows side by side",
        w: "columns of the output, with windows side by side",
    },
    symbols={
        x: "input, windows s steps apart",
        G: "upstream gradient, one entry for each window",
        X: "input that windows side by side fill",
        D: "upstream gradient, windows side by side",
    },
    claims=(
        Shape(
            pooled,
            (n, channels, window_count(rows, p, stride, 0), window_count(columns, q, stride, 0)),
            id="max-pool.shape",
            title="⌊(rows − p)/s⌋ + 1 rows",
            source="Dumoulin & Visin 2016, relationship 15",
        ),
        Backward(
            pooled,
            x,
            G,
            grad_x,
            id="max-pool.grad",
            title="the gradient of a window goes to its maximum",
            source="notes line 119",
            note="any window and stride; what overlapping windows send to one position is added",
        ),
        Backward(
            tiled,
            X,
            D,
            tiled_grad_X,
            id="max-pool.grad.tiled",
            title="the same, windows side by side",
            source="Goodfellow et al. 2016, section 9.3",
        ),
        Jacobian(
            entry(pooled, a, k, i, j),
            in_place,
            is_the_maximum(in_place, entry(pooled, a, k, i, j)),
            given=within_window,
            id="max-pool.grad.entry",
            title="∂y/∂x is 1 at the window's maximum, else 0",
            source="Goodfellow et al. 2016, section 9.3",
        ),
    ),
    references=(
        "V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, "
        "arXiv:1603.07285, 2016",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 9.3",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 7.5",
    ),
)
