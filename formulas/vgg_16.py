"""VGG-16, layer by layer (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import Formula, Identity, Network, Setting, Shape

from .millions import millions

n = symbols("n", integer=True, positive=True)

image = IndexedBase("image", shape=(n, 3, 224, 224))


def vgg(image, blocks=((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
    """Blocks of 3×3 convolutions, each with its width and its depth; VGG-16 by default."""
    network = Network(image)
    x, channels = image, 3
    for b, (width, depth) in enumerate(blocks, 1):
        for k in range(1, depth + 1):
            x = network.conv(f"block{b}.conv{k}", x, channels, width, 3, padding=1)
            x, channels = network.activation(f"block{b}.relu{k}", x), width
        x = network.max_pool(f"block{b}.pool", x, 2, stride=2)
    x = network.flatten("flatten", x)
    for name, inputs, outputs in (("fc1", 25088, 4096), ("fc2", 4096, 4096)):
        x = network.activation(f"{name}.relu", network.linear(name, x, inputs, outputs))
    network.linear("fc3", x, 4096, 1000)
    return network


network = vgg(image)

_stated = Setting(where=network.where)

formula = Formula(
    id="vgg-16",
    title="VGG-16",
    section="2.3",
    dimensions={n: "images of a batch"},
    symbols=network.symbols,
    network=network,
    claims=(
        _stated(
            Shape,
            network["block3.pool"],
            (n, 256, 28, 28),
            id="vgg-16.block3",
            title="every block halves the image: 28×28 after three",
            source="Simonyan & Zisserman 2015, table 1",
        ),
        _stated(
            Shape,
            network["block5.pool"],
            (n, 512, 7, 7),
            id="vgg-16.block5",
            title="512 maps of 7×7, 25,088 features",
            source="Simonyan & Zisserman 2015, table 1",
        ),
        Identity(
            network.parameters,
            138357544,
            id="vgg-16.parameters",
            title="138,357,544 parameters",
            source="torchvision, VGG16_Weights",
            note="table 2 of the paper has 138 million",
        ),
        Identity(
            millions(network.macs),
            15470,
            id="vgg-16.macs",
            title="15.47 billion multiply–accumulates an image",
            source="torchvision, VGG16_Weights",
        ),
    ),
    references=(
        "K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image "
        "recognition, ICLR 2015, arXiv:1409.1556",
        "torchvision, reference of the models, vgg16",
    ),
)
