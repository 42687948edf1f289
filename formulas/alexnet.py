"""AlexNet, layer by layer (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import Formula, Identity, Network, Setting, Shape, conv2d

from .millions import millions

n = symbols("n", integer=True, positive=True)

image = IndexedBase("image", shape=(n, 3, 224, 224))


def alexnet(image, widths=(64, 192, 384, 256, 256), groups=(1, 1, 1, 1, 1), padding=2):
    """Five convolutions and three matrix products; by default as in torchvision.

    :param widths: channels of each convolution.
    :param groups: groups of each convolution: two where it is split between two devices.
    """
    network = Network(image)
    x, channels = image, 3
    settings = ((11, 4, padding), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1))
    for k, (window, stride, pad) in enumerate(settings):
        name = f"conv{k + 1}"
        x = network.conv(
            name, x, channels, widths[k], window, stride=stride, padding=pad, groups=groups[k]
        )
        x, channels = network.activation(f"{name}.relu", x), widths[k]
        if k in (0, 1, 4):
            x = network.max_pool(f"pool{k + 1}", x, 3, stride=2)
    x = network.flatten("flatten", x)
    for name, inputs, outputs in (("fc6", 9216, 4096), ("fc7", 4096, 4096)):
        x = network.activation(f"{name}.relu", network.linear(name, x, inputs, outputs))
    network.linear("fc8", x, 4096, 1000)
    return network


network = alexnet(image)

# As published: wider, half of the channels on either device, and images of 227×227, for which
# the numbers of the paper come out.
published_image = IndexedBase("published_image", shape=(n, 3, 227, 227))
published = alexnet(published_image, (96, 256, 384, 384, 256), (1, 2, 1, 2, 2), padding=0)
printed_image = IndexedBase("printed_image", shape=(n, 3, 224, 224))
W_printed = IndexedBase("W_printed", shape=(96, 3, 11, 11))

_stated = Setting(where=network.where)

formula = Formula(
    id="alexnet",
    title="AlexNet",
    section="2.3",
    dimensions={n: "images of a batch"},
    symbols={
        **network.symbols,
        printed_image: "a batch of images of 224×224, as printed",
        W_printed: "kernel of the first convolution, as printed",
    },
    network=network,
    claims=(
        Shape(
            conv2d(printed_image, W_printed, stride=4),
            (n, 96, 55, 55),
            id="alexnet.conv1.printed",
            title="11×11 with stride 4 makes 55×55 of 224×224",
            source="Krizhevsky et al. 2012, figure 2",
            note="(224 − 11)/4 is no integer; 227×227, or a padding of 2, gives 55×55",
        ),
        _stated(
            Shape,
            network["conv1"],
            (n, 64, 55, 55),
            id="alexnet.conv1",
            title="with a padding of 2 it does",
            source="torchvision, alexnet",
        ),
        _stated(
            Shape,
            network["pool5"],
            (n, 256, 6, 6),
            id="alexnet.pool5",
            title="256 maps of 6×6, 9216 features",
            source="Krizhevsky et al. 2012, section 3.5",
        ),
        _stated(
            Shape,
            network.output,
            (n, 1000),
            id="alexnet.output",
            title="a thousand classes",
            source="Krizhevsky et al. 2012, section 3.5",
        ),
        Identity(
            network.parameters,
            61100840,
            id="alexnet.parameters",
            title="61,100,840 parameters",
            source="torchvision, AlexNet_Weights",
        ),
        Identity(
            published.parameters,
            60965224,
            id="alexnet.parameters.two-devices",
            title="60,965,224 parameters, split between two devices",
            source="Krizhevsky et al. 2012, abstract: 60 million",
        ),
        Identity(
            millions(network.macs),
            714,
            id="alexnet.macs",
            title="714 million multiply–accumulates an image",
            source="torchvision, AlexNet_Weights",
        ),
    ),
    references=(
        "A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet classification with deep "
        "convolutional neural networks, NIPS 2012",
        "A. Krizhevsky, One weird trick for parallelizing convolutional neural networks, "
        "arXiv:1404.5997, 2014",
        "torchvision, reference of the models, alexnet",
    ),
)
