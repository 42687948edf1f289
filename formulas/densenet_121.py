"""DenseNet-121, layer by layer, and what a dense block sends back (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import (
    Backward,
    Formula,
    Identity,
    Network,
    Shape,
    concatenate,
    conv2d,
    conv_transpose2d,
    elementwise,
    tensor,
)
from derive.language.network import PLUS

from .millions import millions

n = symbols("n", integer=True, positive=True)
channels, growth, rows, columns = symbols("c g rows columns", integer=True, positive=True)
half = symbols("P", integer=True, nonnegative=True)
a, k, i, j = symbols("a k i j", integer=True)

image = IndexedBase("image", shape=(n, 3, 224, 224))


def norm_conv(network, name, x, inputs, outputs, window):
    """Batch normalisation, ReLU, and a convolution without bias that keeps the size."""
    x = network.batch_norm(f"{name}.norm", x, inputs)
    x = network.activation(f"{name}.relu", x)
    return network.conv(f"{name}.conv", x, inputs, outputs, window, padding=window // 2, bias=False)


def densenet(image, depths=(6, 12, 24, 16), start=64, rate=32):
    """Dense blocks of so many layers, with a transition between them: DenseNet-121 by default."""
    network = Network(image)
    x = network.conv("conv1", image, 3, start, 7, stride=2, padding=3, bias=False)
    x = network.activation("conv1.relu", network.batch_norm("conv1.norm", x, start))
    x = network.max_pool("pool1", x, 3, stride=2, padding=1)
    width = start
    for b, depth in enumerate(depths, 1):
        for k in range(1, depth + 1):
            name = f"block{b}.{k}"
            new = norm_conv(network, f"{name}.1", x, width, 4 * rate, 1)
            new = norm_conv(network, f"{name}.2", new, 4 * rate, rate, 3)
            x, width = network.concatenate(f"{name}.out", x, new), width + rate
        if b < len(depths):
            x = norm_conv(network, f"transition{b}", x, width, width // 2, 1)
            x, width = network.avg_pool(f"transition{b}.pool", x, 2, stride=2), width // 2
    x = network.activation("relu", network.batch_norm("norm", x, width))
    x = network.flatten("flatten", network.global_avg_pool("mean", x))
    network.linear("fc", x, width, 1000)
    return network


network = densenet(image)

# One layer of a dense block: y = (x, W ∗ x), the window so large that the size is kept.
x = IndexedBase("x", shape=(n, channels, rows, columns))
W = IndexedBase("W", shape=(growth, channels, 2 * half + 1, 2 * half + 1))
layer = concatenate(x, conv2d(x, W, padding=half))
G = IndexedBase("G", shape=(n, channels + growth, rows, columns))
places = ((i, rows), (j, columns))
to_old = tensor(G[a, k, i, j], (a, n), (k, channels), *places)
to_new = tensor(G[a, channels + k, i, j], (a, n), (k, growth), *places)
grad_x = elementwise(PLUS, to_old, conv_transpose2d(to_new, W, padding=half))

formula = Formula(
    id="densenet-121",
    title="DenseNet-121",
    section="2.3",
    dimensions={
        n: "images of a batch",
        channels: "channels of the input of a dense layer",
        growth: "growth rate: channels that a dense layer adds",
        rows: "rows of an image",
        columns: "columns of an image",
        half: "padding; the window has 2P + 1 rows and columns",
    },
    symbols={
        **network.symbols,
        x: "input of a dense layer",
        W: "kernel of a dense layer",
        G: "upstream gradient of the dense layer's input and output",
    },
    network=network,
    claims=(
        Backward(
            layer,
            x,
            G,
            grad_x,
            id="densenet-121.dense-layer.backward",
            title="the input gets its own gradient and the new channels'",
            source="Huang et al. 2017, section 3",
            note="the layer's normalisation and activation left out",
        ),
        *(
            Shape(
                network[name],
                (n, width, size, size),
                where=network.where,
                id=f"densenet-121.{name.partition('.')[0]}",
                title=f"{width} maps of {size}×{size} after {what}",
                source="Huang et al. 2017, table 1",
            )
            for name, width, size, what in (
                ("pool1", 64, 56, "the first pooling"),
                ("block1.6.out", 256, 56, "block 1"),
                ("transition1.pool", 128, 28, "transition 1"),
                ("block2.12.out", 512, 28, "block 2"),
                ("block3.24.out", 1024, 14, "block 3"),
                ("block4.16.out", 1024, 7, "block 4"),
            )
        ),
        Identity(
            network.parameters,
            7978856,
            id="densenet-121.parameters",
            title="7,978,856 parameters",
            source="torchvision, DenseNet121_Weights",
        ),
        Identity(
            millions(network.macs),
            2834,
            id="densenet-121.macs",
            title="2,834 million multiply–accumulates an image",
            source="torchvision, DenseNet121_Weights",
        ),
    ),
    references=(
        "G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger, Densely connected convolutional "
        "networks, CVPR 2017, arXiv:1608.06993",
        "torchvision, reference of the models, densenet121",
    ),
)
