"""Functions that take their parameters in a dictionary."""

from __future__ import annotations

import pytest

from derive.frontends.code.answers import answers
from derive.frontends.code.finding import SourceError, find
from derive.frontends.code.request import request

NETWORK = """
import numpy as np

# derive: x (N, D), p["w"] (D, M), p["b"] (M)
def layer_forward(x, p):
    h = np.tanh(x @ p["w"] + p["b"])
    return h, (x, h, p)

def layer_backward(dh, cache):
    x, h, p = cache
    dz = dh * (1 - h**2)
    return {returned}
"""
TUPLE = 'dz @ p["w"].T, {"w": x.T @ dz, "b": dz.sum(axis=0)}'


def found(tmp_path, text):
    path = tmp_path / "network.py"
    path.write_text(text)
    source = find(path, text)
    return source, [pair for pair in source.declared()]


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (TUPLE, {"x": "holds", "w": "holds", "b": "holds"}),
        (TUPLE.replace("dz.sum", "2 * dz.sum"), {"x": "holds", "w": "holds", "b": "disagrees"}),
        ('{"dw": x.T @ dz, "dx": dz @ p["w"]}', {"x": "ill-shaped", "w": "holds"}),
    ],
)
def test_gradients_are_told_by_their_names(tmp_path, returned, told):
    _, (pair,) = found(tmp_path, NETWORK.replace("{returned}", returned))
    assert {name: v.status for name, v in answers(request(pair)).items()} == told


def test_a_loss_with_a_dictionary_of_gradients(tmp_path):
    text = (
        'import numpy as np\n# derive: q["w"] (D), x (N, D), y (N)\ndef loss(q, x, y):\n'
        '    r = x @ q["w"] - y\n    return r @ r / 2, {"dw": x.T @ r}\n'
    )
    _, (pair,) = found(tmp_path, text)
    assert [v.status for v in answers(request(pair)).values()] == ["holds"]


def test_in_a_class_it_is_an_entry_of_what_the_class_holds(tmp_path):
    text = (
        'import numpy as np\n# derive: x (N, D), p["w"] (D, M)\nclass Layer:\n'
        '    def __init__(self, d, m):\n        self.p = {"w": np.ones((d, m))}\n'
        '    def forward(self, x):\n        self.x = x\n        return x @ self.p["w"]\n'
        "    def backward(self, g):\n        self.dw = self.x.T @ g\n"
        '        return g @ self.p["w"].T\n'
    )
    _, (pair,) = found(tmp_path, text)
    statuses = {name: v.status for name, v in answers(request(pair)).items()}
    assert statuses == {"x": "holds", "w": "holds"}


@pytest.mark.parametrize(
    ("declared", "why"),
    [
        ('x (N, D), p["w"] (D, M), p["b"] (M), w (M)', "two inputs are called w"),
        ('x (N, D), p["w"] (D, M), p["b"] (M), r["w"] (M)', "two inputs are called w"),
    ],
)
def test_inputs_of_one_name_are_refused(tmp_path, declared, why):
    text = NETWORK.replace('x (N, D), p["w"] (D, M), p["b"] (M)', declared)
    source, pairs = found(tmp_path, text.replace("{returned}", TUPLE))
    assert not pairs
    assert why in source.problems[0]


def test_a_dictionary_of_arrays_and_numbers_is_refused(tmp_path):
    text = NETWORK.replace('p["b"] (M)', 'p["b"] (M), p = {"eps": 1}')
    _, (pair,) = found(tmp_path, text.replace("{returned}", TUPLE))
    with pytest.raises(SourceError, match="p has arrays and numbers in it"):
        request(pair)
