"""The convolutional layer and its backward passes (section 2.1).

The notes have one sample, stride 1 and no padding, and give sizes to the output: H is (1, co, w, h)
and X (1, ci, w + p − 1, h + q − 1). The statements beyond the notes are about a batch x of any
size, with a stride, a padding and a dilation for rows and columns alike.
"""

from sympy import IndexedBase, KroneckerDelta, Sum, Symbol, expand, symbols

from derive import Backward, Formula, Identity, Jacobian, Shape, conv2d, conv_transpose2d, tensor
from derive.language.images import inside, window_count
from derive.language.operators import entry

n, co, ci, p, q, w, h = symbols("n co ci p q w h", integer=True, positive=True)
rows, columns, stride, dilation = symbols("rows columns s d", integer=True, positive=True)
groups, multiple = symbols("groups m", integer=True, positive=True)
padding = Symbol("P", integer=True, nonnegative=True)
a, c, e, i, j, k, o, r, t, u, v = symbols("a c e i j k o r t u v", integer=True)

# ---- as in the notes

X = IndexedBase("X", shape=(1, ci, w + p - 1, h + q - 1))
W = IndexedBase("W", shape=(co, ci, p, q))
b = IndexedBase("b", shape=(co,))
D = IndexedBase("D", shape=(1, co, w, h))

H = conv2d(X, W, b)
kernel_places = ((c, 0, ci - 1), (i, 0, p - 1), (j, 0, q - 1))
H_entry = Sum(W[o, c, i, j] * X[0, c, i + r, j + t], *kernel_places) + b[o]
grad_W = tensor(
    Sum(D[0, o, r, t] * X[0, c, i + r, j + t], (r, 0, w - 1), (t, 0, h - 1)),
    (o, co),
    (c, ci),
    (i, p),
    (j, q),
)
grad_b = tensor(Sum(D[0, o, r, t], (r, 0, w - 1), (t, 0, h - 1)), (o, co))

# ---- with a batch, a stride, a padding and a dilation

x = IndexedBase("x", shape=(n, ci, rows, columns))
strided = conv2d(x, W, b, stride=stride, padding=padding, dilation=dilation)
windows = strided.shape[2:]
G = IndexedBase("G", shape=strided.shape)
places = ((r, 0, windows[0] - 1), (t, 0, windows[1] - 1))


def at(row, column):
    """Where in x the weight at (i, j) is taken for the output at (row, column)."""
    return [stride * row + dilation * i - padding, stride * column + dilation * j - padding]


def remainder(size, window, step=stride, spread=dilation):
    """How many rows below the last window are in no window: what is left of the division by s."""
    last = step * (window_count(size, window, step, padding, spread) - 1)
    return expand(size + 2 * padding - spread * (window - 1) - 1 - last)


strided_grad_W = tensor(
    Sum(G[a, o, r, t] * inside(x, (a, c, *at(r, t)), (padding, padding)), (a, 0, n - 1), *places),
    (o, co),
    (c, ci),
    (i, p),
    (j, q),
)
strided_grad_b = tensor(Sum(G[a, o, r, t], (a, 0, n - 1), *places), (o, co))
strided_grad_x = conv_transpose2d(
    G,
    W,
    stride=stride,
    padding=padding,
    dilation=dilation,
    output_padding=(remainder(rows, p), remainder(columns, q)),
)

# ---- stride 1: the full correlation with the flipped kernel

unit = conv2d(x, W, padding=padding)
G1 = IndexedBase("G1", shape=unit.shape)
kernel_axes = ((c, ci), (o, co), (i, p), (j, q))
flipped = tensor(W[o, c, p - 1 - i, q - 1 - j], *kernel_axes)
unflipped = tensor(W[o, c, i, j], *kernel_axes)
border = (p - 1 - padding, q - 1 - padding)
unit_grad_x = conv2d(G1, flipped, padding=border)
unit_grad_x_unflipped = conv2d(G1, unflipped, padding=border)

# ---- stride s: the same, with s − 1 zeros between the entries of the upstream gradient

stepped = conv2d(x, W, stride=stride, padding=padding)
Gs = IndexedBase("Gs", shape=stepped.shape)
between = [
    stride * (count - 1) + 1 + remainder(size, window, stride, 1)
    for count, size, window in zip(stepped.shape[2:], (rows, columns), (p, q), strict=True)
]
spread_out = tensor(
    Sum(
        Gs[a, o, r, t] * KroneckerDelta(u, stride * r) * KroneckerDelta(v, stride * t),
        (r, 0, stepped.shape[2] - 1),
        (t, 0, stepped.shape[3] - 1),
    ),
    (a, n),
    (o, co),
    (u, between[0]),
    (v, between[1]),
)
stepped_grad_x = conv2d(spread_out, flipped, padding=border)

# ---- 1×1 kernels, and groups

K = IndexedBase("K", shape=(co, ci, 1, 1))
pixel_product = Sum(K[o, c, 0, 0] * x[a, c, u, v], (c, 0, ci - 1))

xg = IndexedBase("xg", shape=(n, groups * ci, rows, columns))
Wg = IndexedBase("Wg", shape=(groups * multiple, ci, p, q))
grouped = conv2d(xg, Wg, groups=groups, stride=stride, padding=padding)
grouped_entry = Sum(
    Wg[e * multiple + k, c, i, j]
    * inside(
        xg,
        (a, e * ci + c, stride * r + i - padding, stride * t + j - padding),
        (padding, padding),
    ),
    *kernel_places,
)
xd = IndexedBase("xd", shape=(n, groups, rows, columns))
Wd = IndexedBase("Wd", shape=(groups, 1, p, q))
depthwise = conv2d(xd, Wd, groups=groups, stride=stride, padding=padding)
Gd = IndexedBase("Gd", shape=depthwise.shape)
depthwise_grad_W = tensor(
    Sum(
        Gd[a, o, r, t]
        * inside(
            xd, (a, o, stride * r + i - padding, stride * t + j - padding), (padding, padding)
        ),
        (a, 0, n - 1),
        (r, 0, depthwise.shape[2] - 1),
        (t, 0, depthwise.shape[3] - 1),
    ),
    (o, groups),
    (c, 1),
    (i, p),
    (j, q),
)

DUMOULIN = "Dumoulin & Visin 2016"

formula = Formula(
    id="conv2d",
    title="Convolutional layer",
    section="2.1",
    dimensions={
        n: "samples of a batch",
        co: "output channels",
        ci: "input channels, of a group where there are groups",
        p: "rows of the kernel",
        q: "columns of the kernel",
        w: "rows of the output; the notes call them w",
        h: "columns of the output; the notes call them h",
        rows: "rows of the input",
        columns: "columns of the input",
        stride: "stride, of rows and of columns",
        dilation: "dilation: steps from one weight to the next",
        padding: "padding: rows and columns of zeros on each side",
        groups: "groups of channels",
        multiple: "output channels of a group",
    },
    symbols={
        X: "input of one sample, without padding",
        W: "kernel",
        b: "bias, one for each output channel",
        D: "upstream gradient of H",
        x: "input of a batch",
        G: "upstream gradient of the convolution with stride, padding and dilation",
        G1: "upstream gradient of the convolution with stride 1",
        Gs: "upstream gradient of the convolution with stride s",
        K: "kernel of one row and one column",
        xg: "input of a batch, its channels in groups",
        Wg: "kernel of a grouped convolution",
        xd: "input of a batch, a channel for each group",
        Wd: "kernel of a depthwise convolution",
        Gd: "upstream gradient of the depthwise convolution",
    },
    claims=(
        Shape(
            H,
            (1, co, w, h),
            id="conv2d.shape",
            title="W ∗ X + b has shape (1, co, w, h)",
            source="notes 2.1-1",
            note="b is added to every position of its channel",
        ),
        Identity(
            entry(H, 0, o, r, t),
            H_entry,
            id="conv2d.entry",
            title="h = Σ W[o, c, i, j] X[c, i + r, j + t] + b[o]",
            source="notes 2.1-2",
            note="indices from 0; the notes' sum over the channels, from 1, is over all of them",
        ),
        Jacobian(
            H,
            W,
            X,
            id="conv2d.grad-W",
            title="∂H/∂W = X",
            source="notes 2.1-3",
            note="the Jacobian has eight axes; entry by entry it is conv2d.grad-W.entry, and what "
            "is used of it, the backward pass, is conv2d.backward-W: D slid over X",
        ),
        Jacobian(
            entry(H, 0, o, r, t),
            b[o],
            1,
            id="conv2d.grad-b",
            title="∂h[o, r, t]/∂b[o] = 1",
            source="notes 2.1-4",
        ),
        Jacobian(
            entry(H, 0, o, r, t),
            b[k],
            1,
            id="conv2d.grad-b.tensor",
            title="∂h[o, r, t]/∂b[k] = 1 for every channel k",
            source="notes 2.1-4",
            note="the notes' ∂H/∂b = 1 read as a tensor of ones; it is 0 for k ≠ o",
        ),
        Jacobian(
            entry(H, 0, o, r, t),
            W[k, c, i, j],
            KroneckerDelta(o, k) * X[0, c, i + r, j + t],
            id="conv2d.grad-W.entry",
            title="∂h[o, r, t]/∂W[k, c, i, j] = [o = k] X[c, i + r, j + t]",
            source="Goodfellow et al. 2016, section 9.5",
            note="what conv2d.grad-W is, entry by entry",
        ),
        Backward(
            H,
            W,
            D,
            grad_W,
            id="conv2d.backward-W",
            title="∂l/∂W: the upstream gradient slid over X",
            source="Goodfellow et al. 2016, equation 9.11",
        ),
        Backward(
            H,
            b,
            D,
            grad_b,
            id="conv2d.backward-b",
            title="∂l/∂b: the upstream gradient summed over each channel",
            source="torch.nn.Conv2d",
        ),
        Shape(
            strided,
            (
                n,
                co,
                *(
                    window_count(s, f, stride, padding, dilation)
                    for s, f in ((rows, p), (columns, q))
                ),
            ),
            id="conv2d.shape.strided",
            title="⌊(rows + 2P − d(p − 1) − 1)/s⌋ + 1 rows",
            source=f"{DUMOULIN}, relationship 15",
        ),
        Backward(
            strided,
            W,
            G,
            strided_grad_W,
            id="conv2d.backward-W.strided",
            title="∂l/∂W with stride, padding and dilation",
            source="Goodfellow et al. 2016, equation 9.11",
            note="x counts as 0 outside; at the border a weight meets fewer entries",
        ),
        Backward(
            strided,
            b,
            G,
            strided_grad_b,
            id="conv2d.backward-b.strided",
            title="∂l/∂b with stride, padding and dilation",
            source="torch.nn.Conv2d",
        ),
        Backward(
            unit,
            x,
            G1,
            unit_grad_x,
            id="conv2d.backward-x",
            title="∂l/∂x: the full correlation with the flipped kernel",
            source=f"{DUMOULIN}, relationship 9",
            note="stride 1 and padding P; the upstream gradient is padded by p − 1 − P, and where "
            "that is negative its border is cut off",
        ),
        Backward(
            unit,
            x,
            G1,
            unit_grad_x_unflipped,
            id="conv2d.backward-x.unflipped",
            title="∂l/∂x with the kernel as it is, not flipped",
            source="a common mistake",
        ),
        Backward(
            strided,
            x,
            G,
            strided_grad_x,
            id="conv2d.backward-x.strided",
            title="∂l/∂x: the transposed convolution",
            source="torch.nn.ConvTranspose2d",
            note="with stride, padding and dilation; the output padding are the rows in no window",
        ),
        Backward(
            stepped,
            x,
            Gs,
            stepped_grad_x,
            id="conv2d.backward-x.zeros-between",
            title="∂l/∂x: s − 1 zeros between, then the full correlation",
            source=f"{DUMOULIN}, relationship 14",
        ),
        Identity(
            entry(conv2d(x, K), a, o, u, v),
            pixel_product,
            id="conv2d.pointwise",
            title="a 1×1 convolution is a matrix product at every pixel",
            source="M. Lin, Q. Chen, S. Yan 2014, section 3",
        ),
        Identity(
            entry(grouped, a, e * multiple + k, r, t),
            grouped_entry,
            given=(k >= 0, k <= multiple - 1, e >= 0, e <= groups - 1),
            id="conv2d.grouped",
            title="each group of output channels sees its own input channels",
            source="torch.nn.Conv2d",
        ),
        Backward(
            depthwise,
            Wd,
            Gd,
            depthwise_grad_W,
            id="conv2d.backward-W.depthwise",
            title="∂l/∂W of a depthwise convolution, channel by channel",
            source="torch.nn.Conv2d",
        ),
    ),
    references=(
        "V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, "
        "arXiv:1603.07285, 2016",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, chapter 9",
        "M. Lin, Q. Chen, S. Yan, Network In Network, ICLR 2014, arXiv:1312.4400",
        "PyTorch, reference of torch.nn.Conv2d and torch.nn.ConvTranspose2d",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, chapter 7",
    ),
)
