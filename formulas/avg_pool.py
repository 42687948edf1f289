"""Average pooling: what a window sends back is spread evenly (section 2.2)."""

from sympy import IndexedBase, Integer, KroneckerDelta, Sum, symbols

from derive import Backward, Formula, Jacobian, avg_pool2d, global_avg_pool2d, tensor
from derive.language.operators import entry

n, channels, rows, columns = symbols("n c rows columns", integer=True, positive=True)
p, q, stride, h, w = symbols("p q s h w", integer=True, positive=True)
a, k, i, j, r, t, u, v = symbols("a k i j r t u v", integer=True)

x = IndexedBase("x", shape=(n, channels, rows, columns))
X = IndexedBase("X", shape=(n, channels, p * h, q * w))
samples = ((a, n), (k, channels))

pooled = avg_pool2d(x, (p, q), stride=stride)
G = IndexedBase("G", shape=pooled.shape)
in_window = KroneckerDelta(u, stride * i + r) * KroneckerDelta(v, stride * j + t)
grad_x = tensor(
    Sum(
        G[a, k, i, j] * in_window,
        (i, 0, pooled.shape[2] - 1),
        (j, 0, pooled.shape[3] - 1),
        (r, 0, p - 1),
        (t, 0, q - 1),
    )
    / (p * q),
    *samples,
    (u, rows),
    (v, columns),
)

tiled = avg_pool2d(X, (p, q))
overlapping = avg_pool2d(x, (p, q), stride=1)


def ones(shape):
    """An upstream gradient of ones."""
    return tensor(Integer(1), *zip((a, k, i, j), shape, strict=True))


everywhere = 1 / (p * q)

whole = global_avg_pool2d(x)
D = IndexedBase("D", shape=whole.shape)

formula = Formula(
    id="avg-pool",
    title="Average pooling",
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
        x: "input, windows any number of steps apart",
        X: "input that windows side by side fill",
        G: "upstream gradient, one entry for each window",
        D: "upstream gradient of the mean over whole images",
    },
    claims=(
        Jacobian(
            entry(pooled, a, k, i, j),
            x[a, k, stride * i + r, stride * j + t],
            everywhere,
            given=(r >= 0, r <= p - 1, t >= 0, t <= q - 1),
            id="avg-pool.grad",
            title="∂y/∂x = 1/(p q) at every position of y's window",
            source="notes line 120",
        ),
        Backward(
            tiled,
            X,
            ones(tiled.shape),
            tensor(everywhere, *samples, (u, p * h), (v, q * w)),
            id="avg-pool.grad.tiled",
            title="every position gets 1/(p q), windows side by side",
            source="notes line 120",
            note="upstream gradient 1, stride = window",
        ),
        Backward(
            overlapping,
            x,
            ones(overlapping.shape),
            tensor(everywhere, *samples, (u, rows), (v, columns)),
            id="avg-pool.grad.overlapping",
            title="every position gets 1/(p q), windows one step apart",
            source="notes line 120",
            note="upstream gradient 1, stride 1; a position gets 1/(p q) from each window it is in",
        ),
        Backward(
            pooled,
            x,
            G,
            grad_x,
            id="avg-pool.backward",
            title="1/(p q) of each window's gradient, added over the windows",
            source="torch.nn.AvgPool2d",
        ),
        Backward(
            whole,
            x,
            D,
            tensor(D[a, k, 0, 0] / (rows * columns), *samples, (u, rows), (v, columns)),
            id="avg-pool.global",
            title="global average pooling: a share for every position",
            source="M. Lin, Q. Chen, S. Yan 2014, section 3.2",
        ),
    ),
    references=(
        "M. Lin, Q. Chen, S. Yan, Network In Network, ICLR 2014, arXiv:1312.4400",
        "PyTorch, reference of torch.nn.AvgPool2d",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 7.5",
    ),
)
