"""GoogLeNet, its inception block, and what the block sends back (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import Backward, Formula, Identity, Network, Setting, Shape, concatenate, tensor

from .millions import millions

n = symbols("n", integer=True, positive=True)
c1, c2, rows, columns = symbols("c1 c2 rows columns", integer=True, positive=True)
a, c, i, j = symbols("a c i j", integer=True)

image = IndexedBase("image", shape=(n, 3, 224, 224))


def conv_norm(network, name, x, inputs, outputs, window, stride=1, padding=0):
    """A convolution without bias, batch normalisation, ReLU."""
    x = network.conv(
        f"{name}.conv", x, inputs, outputs, window, stride=stride, padding=padding, bias=False
    )
    x = network.batch_norm(f"{name}.norm", x, outputs)
    return network.activation(f"{name}.relu", x)


def inception(network, name, x, inputs, widths):
    """Four branches side by side: 1×1; 1×1 and 3×3; 1×1 and 3×3 again; a maximum and 1×1.

    The paper has 5×5 in the third branch; torchvision has 3×3, whose weights are published.
    """
    one, reduced3, three, reduced5, five, pooled = widths
    branch1 = conv_norm(network, f"{name}.1", x, inputs, one, 1)
    branch2 = conv_norm(network, f"{name}.2a", x, inputs, reduced3, 1)
    branch2 = conv_norm(network, f"{name}.2b", branch2, reduced3, three, 3, padding=1)
    branch3 = conv_norm(network, f"{name}.3a", x, inputs, reduced5, 1)
    branch3 = conv_norm(network, f"{name}.3b", branch3, reduced5, five, 3, padding=1)
    branch4 = network.max_pool(f"{name}.4.pool", x, 3, stride=1, padding=1, up=True)
    branch4 = conv_norm(network, f"{name}.4", branch4, inputs, pooled, 1)
    return network.concatenate(f"{name}.out", branch1, branch2, branch3, branch4)


BLOCKS = (
    ("3a", 192, (64, 96, 128, 16, 32, 32)),
    ("3b", 256, (128, 128, 192, 32, 96, 64)),
    ("4a", 480, (192, 96, 208, 16, 48, 64)),
    ("4b", 512, (160, 112, 224, 24, 64, 64)),
    ("4c", 512, (128, 128, 256, 24, 64, 64)),
    ("4d", 512, (112, 144, 288, 32, 64, 64)),
    ("4e", 528, (256, 160, 320, 32, 128, 128)),
    ("5a", 832, (256, 160, 320, 32, 128, 128)),
    ("5b", 832, (384, 192, 384, 48, 128, 128)),
)


def googlenet(image):
    """Nine inception blocks, without the auxiliary classifiers."""
    network = Network(image)
    x = conv_norm(network, "conv1", image, 3, 64, 7, stride=2, padding=3)
    x = network.max_pool("pool1", x, 3, stride=2, up=True)
    x = conv_norm(network, "conv2", x, 64, 64, 1)
    x = conv_norm(network, "conv3", x, 64, 192, 3, padding=1)
    x = network.max_pool("pool2", x, 3, stride=2, up=True)
    for name, inputs, widths in BLOCKS:
        x = inception(network, f"inception{name}", x, inputs, widths)
        if name == "3b":
            x = network.max_pool("pool3", x, 3, stride=2, up=True)
        elif name == "4e":
            x = network.max_pool("pool4", x, 2, stride=2, up=True)
    x = network.global_avg_pool("mean", x)
    x = network.flatten("flatten", x)
    network.linear("fc", x, 1024, 1000)
    return network


network = googlenet(image)

first = IndexedBase("first", shape=(n, c1, rows, columns))
second = IndexedBase("second", shape=(n, c2, rows, columns))
G = IndexedBase("G", shape=(n, c1 + c2, rows, columns))
grad_second = tensor(G[a, c1 + c, i, j], (a, n), (c, c2), (i, rows), (j, columns))

_stated = Setting(where=network.where)

formula = Formula(
    id="googlenet",
    title="GoogLeNet",
    section="2.3",
    dimensions={
        n: "images of a batch",
        c1: "channels of the first branch",
        c2: "channels of the second branch",
        rows: "rows of an image",
        columns: "columns of an image",
    },
    symbols={
        **network.symbols,
        first: "what the first branch computes",
        second: "what the second branch computes",
        G: "upstream gradient of both, one behind the other",
    },
    network=network,
    claims=(
        Backward(
            concatenate(first, second),
            second,
            G,
            grad_second,
            id="googlenet.inception.backward",
            title="each branch gets the gradient of its own channels",
            source="Szegedy et al. 2015, section 4",
        ),
        _stated(
            Shape,
            network["inception3a.out"],
            (n, 256, 28, 28),
            id="googlenet.inception3a",
            title="256 maps of 28×28 after inception 3a",
            source="Szegedy et al. 2015, table 1",
        ),
        _stated(
            Shape,
            network["inception4e.out"],
            (n, 832, 14, 14),
            id="googlenet.inception4e",
            title="832 maps of 14×14 after inception 4e",
            source="Szegedy et al. 2015, table 1",
        ),
        _stated(
            Shape,
            network["inception5b.out"],
            (n, 1024, 7, 7),
            id="googlenet.inception5b",
            title="1024 maps of 7×7 after inception 5b",
            source="Szegedy et al. 2015, table 1",
        ),
        Identity(
            network.parameters,
            6624904,
            id="googlenet.parameters",
            title="6,624,904 parameters",
            source="torchvision, GoogLeNet_Weights",
            note="without the auxiliary classifiers, with batch normalisation",
        ),
        Identity(
            millions(network.macs),
            1498,
            id="googlenet.macs",
            title="1,498 million multiply–accumulates an image",
            source="torchvision, GoogLeNet_Weights",
        ),
    ),
    references=(
        "C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke, "
        "A. Rabinovich, Going deeper with convolutions, CVPR 2015, arXiv:1409.4842",
        "torchvision, reference of the models, googlenet",
    ),
)
