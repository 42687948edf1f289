"""Network in network, layer by layer (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import Formula, Identity, Network, Setting, Shape

n = symbols("n", integer=True, positive=True)

image = IndexedBase("image", shape=(n, 1, 224, 224))


def nin_block(network, name, x, inputs, outputs, window, stride, padding):
    """A convolution, then two of 1×1: a small network at every pixel."""
    x = network.conv(f"{name}.conv", x, inputs, outputs, window, stride=stride, padding=padding)
    x = network.activation(f"{name}.relu", x)
    for k in (1, 2):
        x = network.conv(f"{name}.pixel{k}", x, outputs, outputs, 1)
        x = network.activation(f"{name}.pixel{k}.relu", x)
    return x


def nin(image, classes=10):
    """Four blocks; the last has a map for each class, whose mean is the class's score."""
    network = Network(image)
    x = nin_block(network, "block1", image, 1, 96, 11, 4, 0)
    x = network.max_pool("block1.pool", x, 3, stride=2)
    x = nin_block(network, "block2", x, 96, 256, 5, 1, 2)
    x = network.max_pool("block2.pool", x, 3, stride=2)
    x = nin_block(network, "block3", x, 256, 384, 3, 1, 1)
    x = network.max_pool("block3.pool", x, 3, stride=2)
    x = nin_block(network, "block4", x, 384, classes, 3, 1, 1)
    x = network.global_avg_pool("mean", x)
    network.flatten("flatten", x)
    return network


network = nin(image)

_stated = Setting(where=network.where)

formula = Formula(
    id="nin",
    title="NiN",
    section="2.3",
    dimensions={n: "images of a batch"},
    symbols=network.symbols,
    network=network,
    claims=(
        _stated(
            Shape,
            network["block1.pool"],
            (n, 96, 26, 26),
            id="nin.block1",
            title="96 maps of 26×26 after the first block",
            source="Zhang et al. 2023, section 8.3",
        ),
        _stated(
            Shape,
            network["block3.pool"],
            (n, 384, 5, 5),
            id="nin.block3",
            title="384 maps of 5×5 after the third",
            source="Zhang et al. 2023, section 8.3",
        ),
        _stated(
            Shape,
            network.output,
            (n, 10),
            id="nin.output",
            title="ten classes, without a matrix product",
            source="Lin et al. 2014, section 3.3",
        ),
        Identity(
            network.parameters,
            1992166,
            id="nin.parameters",
            title="1,992,166 parameters",
            source="the layers of Zhang et al. 2023, section 8.3, counted",
        ),
    ),
    references=(
        "M. Lin, Q. Chen, S. Yan, Network In Network, ICLR 2014, arXiv:1312.4400",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 8.3",
    ),
)
