"""LeNet-5, layer by layer (section 2.3)."""

from sympy import Add, IndexedBase, symbols

from derive import Formula, Identity, Network, Setting, Shape
from derive.language.network import SIGMOID

n = symbols("n", integer=True, positive=True)

image = IndexedBase("image", shape=(n, 1, 28, 28))


def lenet(image):
    """The form in use today: every map sees all maps before it, and the pooling has no weights."""
    network = Network(image)
    x = network.conv("conv1", image, 1, 6, 5, padding=2)
    x = network.activation("conv1.sigmoid", x, SIGMOID)
    x = network.avg_pool("pool1", x, 2, stride=2)
    x = network.conv("conv2", x, 6, 16, 5)
    x = network.activation("conv2.sigmoid", x, SIGMOID)
    x = network.avg_pool("pool2", x, 2, stride=2)
    x = network.flatten("flatten", x)
    x = network.linear("fc3", x, 400, 120)
    x = network.activation("fc3.sigmoid", x, SIGMOID)
    x = network.linear("fc4", x, 120, 84)
    x = network.activation("fc4.sigmoid", x, SIGMOID)
    network.linear("fc5", x, 84, 10)
    return network


network = lenet(image)

# As published: C1; the pooling S2 has a coefficient and a bias for each map; of the 16 maps of C3
# six see 3 maps, nine see 4 and one sees all 6; S4 as S2; C5 and F6 see everything.
C1 = 6 * (5 * 5 + 1)
S2 = 6 * 2
C3 = 6 * (3 * 25 + 1) + 9 * (4 * 25 + 1) + (6 * 25 + 1)
S4 = 16 * 2
C5 = 120 * (16 * 25 + 1)
F6 = 84 * (120 + 1)
published_parameters = Add(C1, S2, C3, S4, C5, F6, evaluate=False)

_stated = Setting(where=network.where)

formula = Formula(
    id="lenet-5",
    title="LeNet-5",
    section="2.3",
    dimensions={n: "images of a batch"},
    symbols=network.symbols,
    network=network,
    claims=(
        _stated(
            Shape,
            network["conv1"],
            (n, 6, 28, 28),
            id="lenet-5.conv1",
            title="six maps of 28×28",
            source="LeCun et al. 1998, section II.B",
        ),
        _stated(
            Shape,
            network["pool2"],
            (n, 16, 5, 5),
            id="lenet-5.pool2",
            title="sixteen maps of 5×5",
            source="LeCun et al. 1998, section II.B",
        ),
        _stated(
            Shape,
            network.output,
            (n, 10),
            id="lenet-5.output",
            title="ten classes",
            source="LeCun et al. 1998, section II.B",
        ),
        Identity(
            network.parameters,
            61706,
            id="lenet-5.parameters",
            title="61,706 parameters in the form in use today",
            source="Zhang et al. 2023, section 7.6",
        ),
        Identity(
            published_parameters,
            60000,
            id="lenet-5.parameters.published",
            title="60,000 trainable parameters as published",
            source="LeCun et al. 1998, section II.B",
            note="C3 does not see every map, and S2 and S4 have weights; the last layer has none",
        ),
    ),
    references=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document "
        "recognition, Proceedings of the IEEE 86, 1998, 2278–2324",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 7.6",
    ),
)
