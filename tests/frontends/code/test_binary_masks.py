"""Masks of 0 and 1: declared, or where what is written is right of those alone."""

from __future__ import annotations

import pytest

from derive.code import binary, verify_backward
from derive.frontends.code.answers import answers
from derive.frontends.code.finding import find
from derive.frontends.code.request import request

MASKED = """
import numpy as np

# derive: x (N, T), y (N, T), {name} (N, T){declared}
def masked_loss(x, y, {name}):
    d = {name} * (x - y)
    dx = {gradient}
    return np.sum(d**2), dx
"""


def decided(tmp_path, text):
    path = tmp_path / "masks.py"
    path.write_text(text, encoding="utf-8")
    (pair,) = find(path, text).declared()
    (verdict,) = answers(request(pair)).values()
    return verdict


@pytest.mark.parametrize("declared", ["", " binary"])
@pytest.mark.parametrize(
    ("gradient", "status"),
    [
        ("2 * d", "holds"), ("2 * mask * d", "holds"), ("2 * (x - y)", "disagrees"),
        ("d", "disagrees"), ("2 * d * (1 - mask)", "disagrees"),
    ],
)  # fmt: skip
def test_the_square_of_a_mask_is_itself(tmp_path, declared, gradient, status):
    text = MASKED.format(name="mask", declared=declared, gradient=gradient)
    verdict = decided(tmp_path, text)
    assert verdict.status == status
    silent = gradient == "2 * d" and not declared
    assert any("is 0 or 1" in str(a) for a in verdict.assumptions) == silent


def test_what_is_called_otherwise_may_be_any_numbers(tmp_path):
    text = MASKED.format(name="weights", declared="", gradient="2 * d").replace("# derive:", "#")
    text = text.replace("# x", "# derive: wrt x, x")
    assert decided(tmp_path, text).status == "disagrees"


SOFTMAX = """
import numpy as np

def forward(s, m):
    z = {masked}
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p

def backward(g, p):
    return {sign}p * (g - (g * p).sum(axis=1, keepdims=True))
"""


@pytest.mark.parametrize("masked", ["s + (1 - m) * -1e9", "np.where(m == 0, -1e9, s)"])
@pytest.mark.parametrize(("sign", "status"), [("", "holds"), ("-", "disagrees")])
def test_a_mask_before_a_softmax(tmp_path, masked, sign, status):
    path = tmp_path / "softmax.py"
    path.write_text(SOFTMAX.format(masked=masked, sign=sign))
    shapes = {"s": "T T", "m": binary("T T")}
    found = verify_backward(f"{path}::forward", "backward", shapes=shapes)
    assert {name: v.status for name, v in found.items()} == {"s": status}
