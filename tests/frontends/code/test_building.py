"""Layers whose constructors take sizes that the declared shapes tell."""

import pytest

from derive.base.errors import ClaimError
from derive.frontends.code.answers import answers
from derive.frontends.code.finding import find
from derive.frontends.code.request import request

LAYER = """
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = data
        self.grad = np.zeros_like(data)


class Module:
    def register(self, name, value):
        setattr(self, name, Parameter(value))


class Linear(Module):
    # derive: x (N, D), W (D, {columns})
    def __init__(self, {arguments}):
        self.register("W", np.random.randn({made}))
    def forward(self, x):
        self.x = x
        return x @ self.W.data
    def backward(self, g):
        self.W.grad += self.x.T @ g
        return g @ self.W.data.T
"""


def statuses(tmp_path, arguments, made, columns="M"):
    path = tmp_path / "layer.py"
    path.write_text(LAYER.format(arguments=arguments, made=made, columns=columns))
    (pair,) = find(path, path.read_text()).declared()
    return {name: verdict.status for name, verdict in answers(request(pair)).items()}


@pytest.mark.parametrize(
    ("arguments", "made", "columns"),
    [("a, b", "a, b", "M"), ("a=3, b=2", "a, b", "M"), ("a, h", "a, 4 * h", "4*H"),
     ("a, b=7, groups=2", "a, b", "5")],
)  # fmt: skip
def test_the_shape_of_a_parameter_tells_the_sizes(tmp_path, arguments, made, columns):
    found = statuses(tmp_path, arguments, made, columns)
    assert found == {"x": "holds", "W": "holds"}


def test_a_layer_that_is_made_the_other_way_round_does_not_fit(tmp_path):
    text = LAYER.replace("self.W.grad +=", "self.dW +=").replace(
        "    def forward", "        self.dW = np.zeros((b, a))\n    def forward", 1
    )
    path = tmp_path / "layer.py"
    path.write_text(text.format(arguments="a, b", made="a, b", columns="M"))
    (pair,) = find(path, path.read_text()).declared()
    assert answers(request(pair))["W"].status == "ill-shaped"


@pytest.mark.parametrize(("arguments", "made"), [("n", "n, n"), ("a, b, scale", "a, b")])
def test_what_no_shape_tells_is_asked_for(tmp_path, arguments, made):
    with pytest.raises(ClaimError, match="of Linear is not declared, and no shape tells it"):
        statuses(tmp_path, arguments, made)
