"""Networks: where a misfit arises, what is counted, and the table that is printed."""

from __future__ import annotations

import json

import pytest
import sympy as sp
from click.testing import CliRunner

from derive import Network, Shape, ShapeError, conv2d, verify
from derive.cli.main import main
from derive.formulas.lenet_5 import network as lenet
from derive.formulas.resnet_18 import resnet

n = sp.Symbol("n", integer=True, positive=True)


def images(channels, size):
    return sp.IndexedBase("image", shape=(n, channels, size, size))


def test_a_misfit_is_named_at_its_layer():
    network = Network(images(3, 32))
    x = network.conv("first", network.image, 3, 8, 3)
    with pytest.raises(ShapeError) as raised:
        network.conv("second", x, 16, 32, 3)
    assert str(raised.value).startswith("layer second (conv 3×3, 16 → 32): ")
    assert "first has 8 channels" in str(raised.value)
    x = network.flatten("flat", x)
    with pytest.raises(ShapeError) as raised:
        network.linear("classes", x, 8 * 32 * 32, 10)
    assert str(raised.value) == (
        "layer classes (linear, 8192 → 10): flat has shape (n, 7200) where (n, 8192) is taken"
    )
    assert [layer.name for layer in network.layers] == ["first", "flat"]


def test_a_misfit_in_a_claim_is_named_at_its_definition():
    """Of forty definitions the one that does not fit is named, and no other."""
    where, value = {}, images(4, 32)
    for k in range(40):
        symbol = sp.IndexedBase(f"a{k}", shape=(n, 4, 32, 32))
        kernel = sp.IndexedBase(f"K{k}", shape=(4, 5 if k == 17 else 4, 1, 1))
        where[symbol] = conv2d(value, kernel)
        value = symbol
    verdict = verify(Shape(value, (n, 4, 32, 32), where=where))
    assert verdict.status == "ill-shaped"
    assert "in the definition of a17: " in verdict.reason
    assert "a16 has 4 channels, and K17 of shape (4, 5, 1, 1) takes 5" in verdict.reason


@pytest.mark.parametrize(
    ("depths", "bottleneck", "parameters"),
    [((3, 4, 6, 3), False, 21797672), ((3, 4, 23, 3), True, 44549160),
     ((3, 8, 36, 3), True, 60192808)],
    ids=["ResNet-34", "ResNet-101", "ResNet-152"],
)  # fmt: skip
def test_other_depths_have_the_parameters_that_torchvision_gives(depths, bottleneck, parameters):
    network = resnet(images(3, 224), depths, bottleneck)
    assert sum(network.parameters.args) == parameters
    shape = Shape(network.output, (n, 1000), where=network.where)
    assert verify(shape).status == "holds"


def test_any_image_size():
    size = sp.Symbol("size", integer=True, positive=True)
    network = Network(sp.IndexedBase("image", shape=(n, 3, size, size)))
    x = network.conv("conv", network.image, 3, 8, 3, padding=1)
    x = network.max_pool("pool", x, 2, 2)
    assert x.shape == (n, 8, sp.floor(size / 2), sp.floor(size / 2))
    assert network.macs == 8 * size**2 * 27


def test_multiply_accumulates_of_a_grouped_convolution():
    network = Network(images(4, 8))
    network.conv("grouped", network.image, 4, 6, 3, padding=1, groups=2)
    assert network.macs == 6 * 64 * 2 * 9
    assert network.parameters.doit() == 6 * 2 * 9 + 6


def test_the_table_of_layers_is_printed():
    printed = CliRunner().invoke(main, ["shapes", "lenet-5"]).output.splitlines()
    assert any(line.split() == ["fc3", "linear,", "400", "→", "120", "(n,", "120)", "48,120",
                                "48,000"] for line in printed)  # fmt: skip
    total = next(line for line in printed if line.strip().startswith("total"))
    assert total.split()[-2:] == ["61,706", "416,520"]


def test_the_records_of_layers():
    records = json.loads(CliRunner().invoke(main, ["shapes", "lenet-5", "--format", "json"]).output)
    layers = [record for record in records if record["field"].startswith("layer[")]
    assert len(layers) == len(lenet.layers)
    assert layers[0]["shape"] == ["n", "6", "28", "28"] and layers[0]["parameters"] == 156
