"""ResNet-18, layer by layer, of residual blocks of which any depth is built (section 2.3)."""

from sympy import IndexedBase, symbols

from derive import Formula, Identity, Network, Setting, Shape

from .millions import millions

n = symbols("n", integer=True, positive=True)

image = IndexedBase("image", shape=(n, 3, 224, 224))


def conv_norm(network, name, x, inputs, outputs, window, stride=1):
    """A convolution without bias that keeps the size but for its stride, batch normalisation."""
    x = network.conv(
        f"{name}.conv",
        x,
        inputs,
        outputs,
        window,
        stride=stride,
        padding=window // 2,
        bias=False,
    )
    return network.batch_norm(f"{name}.norm", x, outputs)


def residual(network, name, x, inputs, width, stride, bottleneck):
    """x + F(x), then ReLU; F two 3×3 convolutions, or 1×1, 3×3 and 1×1 to four times the width.

    Where F changes the size or the channels, x goes through a 1×1 convolution.
    """
    windows = (1, 3, 1) if bottleneck else (3, 3)
    outputs = 4 * width if bottleneck else width
    branch, channels = x, inputs
    for k, window in enumerate(windows, 1):
        last = k == len(windows)
        step = stride if window == 3 and (bottleneck or k == 1) else 1
        into = outputs if last else width
        branch = conv_norm(network, f"{name}.{k}", branch, channels, into, window, step)
        branch = branch if last else network.activation(f"{name}.{k}.relu", branch)
        channels = into
    if stride != 1 or inputs != outputs:
        x = conv_norm(network, f"{name}.shortcut", x, inputs, outputs, 1, stride)
    return network.activation(f"{name}.relu", network.add(f"{name}.sum", branch, x))


def resnet(image, depths=(2, 2, 2, 2), bottleneck=False):
    """Four stages of residual blocks, so many in each: ResNet-18 by default."""
    network = Network(image)
    x = conv_norm(network, "conv1", image, 3, 64, 7, 2)
    x = network.activation("conv1.relu", x)
    x = network.max_pool("pool1", x, 3, stride=2, padding=1)
    channels = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        for k in range(depth):
            stride = 2 if stage and not k else 1
            name = f"stage{stage + 1}.{k + 1}"
            x = residual(network, name, x, channels, width, stride, bottleneck)
            channels = 4 * width if bottleneck else width
    x = network.global_avg_pool("mean", x)
    x = network.flatten("flatten", x)
    network.linear("fc", x, channels, 1000)
    return network


network = resnet(image)
deeper = resnet(image, (3, 4, 6, 3), bottleneck=True)

_stated = Setting(where=network.where)

formula = Formula(
    id="resnet-18",
    title="ResNet-18",
    section="2.3",
    dimensions={n: "images of a batch"},
    symbols=network.symbols,
    network=network,
    claims=(
        _stated(
            Shape,
            network["pool1"],
            (n, 64, 56, 56),
            id="resnet-18.pool1",
            title="64 maps of 56×56 before the blocks",
            source="He et al. 2016, table 1",
        ),
        *(
            _stated(
                Shape,
                network[f"stage{stage}.2.relu"],
                (n, width, size, size),
                id=f"resnet-18.stage{stage}",
                title=f"{width} maps of {size}×{size} after stage {stage}",
                source="He et al. 2016, table 1",
            )
            for stage, width, size in ((2, 128, 28), (3, 256, 14), (4, 512, 7))
        ),
        Identity(
            network.parameters,
            11689512,
            id="resnet-18.parameters",
            title="11,689,512 parameters",
            source="torchvision, ResNet18_Weights",
        ),
        Identity(
            deeper.parameters,
            25557032,
            id="resnet-18.parameters.resnet-50",
            title="25,557,032 parameters of ResNet-50",
            source="torchvision, ResNet50_Weights",
            note="the same construction, of bottleneck blocks",
        ),
        Identity(
            millions(network.macs),
            1814,
            id="resnet-18.macs",
            title="1,814 million multiply–accumulates an image",
            source="torchvision, ResNet18_Weights",
        ),
    ),
    references=(
        "K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, "
        "CVPR 2016, arXiv:1512.03385",
        "torchvision, reference of the models, resnet18 and resnet50",
    ),
)
