"""Targets: one-hot where it is declared, or where what is written is right of those alone."""

from __future__ import annotations

import pytest

from derive.base.errors import ClaimError
from derive.code import one_hot, verify_backward
from derive.frontends.code.answers import answers
from derive.frontends.code.finding import find
from derive.frontends.code.request import request

SOFTMAX = """
import numpy as np

# derive: z (N, C), y (N, C){declared}
def softmax_loss(z, y):
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(y * np.log(p)) / z.shape[0]
    dz = {gradient}
    return loss, dz
"""

LOSSES = """
import numpy as np

# derive: y_pred (N, C), y_true (N, C){declared}
class CrossEntropy:
    def forward(self, y_pred, y_true):
        return -np.log(np.sum(y_pred * y_true, axis=1))
    def backward(self, dvalues, y_true):
        self.dinputs = {gradient}

# derive: z (N, C), y (N, C) one-hot
class WithLogits:
    def forward(self, z, y):
        self.y = y
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.p[np.arange(len(y)), np.argmax(y, axis=1)]))
    def backward(self):
        return (self.p - self.y) / len(self.y)

# derive: a (N, C), t (N, C)
class Squares:
    def forward(self, a, t):
        return np.mean((t - a) ** 2, axis=-1)
    def backward(self, dvalues, t):
        self.dinputs = -2 * (t - dvalues) / dvalues.shape[1]{scale}
"""


def decided(tmp_path, text):
    path = tmp_path / "layer.py"
    path.write_text(text, encoding="utf-8")
    pairs = [pair for pair in find(path, text).pairs if pair.declared]
    return {p.name: next(iter(answers(request(p)).values())) for p in pairs}


@pytest.mark.parametrize("declared", ["", " one-hot"])
@pytest.mark.parametrize(
    ("gradient", "status"),
    [("(p - y) / z.shape[0]", "holds"), ("p - y", "disagrees"), ("(y - p) / len(z)", "disagrees")],
)
def test_a_loss_of_targets(tmp_path, declared, gradient, status):
    text = SOFTMAX.format(declared=declared, gradient=gradient)
    verdict = decided(tmp_path, text)["softmax_loss"]
    assert verdict.status == status
    silent = status == "holds" and not declared
    assert any("one-hot" in str(a) for a in verdict.assumptions) == silent


def test_a_backward_that_takes_the_predictions(tmp_path):
    right = decided(
        tmp_path,
        LOSSES.format(declared=" one-hot", gradient="-y_true / dvalues / len(dvalues)", scale=""),
    )
    assert {name: v.status for name, v in right.items()} == {
        "CrossEntropy": "holds", "WithLogits": "holds", "Squares": "holds",
    }  # fmt: skip
    assert any("of the sum of the losses" in note for note in right["Squares"].notes)
    wrong = decided(
        tmp_path,
        LOSSES.format(
            declared="", gradient="y_true / dvalues / len(dvalues)", scale=" / len(t) / 3"
        ),
    )
    assert {name: v.status for name, v in wrong.items()} == {
        "CrossEntropy": "disagrees", "WithLogits": "holds", "Squares": "disagrees",
    }  # fmt: skip


MEANS = """
import numpy as np

class Loss:
    def calculate(self, output, y):
        return np.{reduced}(self.forward(output, y))

# derive: y_pred (N, C), y_true (N, C)
class Squares(Loss):
    def forward(self, y_pred, y_true):
        return np.mean((y_true - y_pred) ** 2, axis=-1)
    def backward(self, dvalues, y_true):
        self.dinputs = -2 * (y_true - dvalues) / dvalues.shape[1]{scale}
"""


@pytest.mark.parametrize(
    ("reduced", "scale", "status"),
    [("mean", "", "disagrees"), ("mean", " / len(dvalues)", "holds"), ("sum", "", "holds")],
)
def test_a_class_that_takes_the_mean_of_its_losses_is_of_no_sum(tmp_path, reduced, scale, status):
    found = decided(tmp_path, MEANS.format(reduced=reduced, scale=scale))
    assert found["Squares"].status == status


@pytest.mark.parametrize(
    ("size", "status"), [("dvalues.size", "holds"), ("len(dvalues)", "disagrees")]
)
def test_a_class_that_takes_the_mean_may_give_a_loss_for_each_entry(tmp_path, size, status):
    text = MEANS.format(reduced="mean", scale=f" / {size}").replace(" / dvalues.shape[1]", "")
    text = text.replace("np.mean((y_true - y_pred) ** 2, axis=-1)", "(y_true - y_pred) ** 2")
    assert decided(tmp_path, text)["Squares"].status == status
    upstream = text.replace("calculate", "unused").replace("np.mean(self", "np.max(self")
    assert decided(tmp_path, upstream)["Squares"].status == "disagrees"


def test_what_is_not_read_is_said_of_either_reading(tmp_path):
    text = MEANS.format(reduced="mean", scale="").replace("np.mean((", "np.unheard_of((")
    assert "numpy.unheard_of is not read" in decided(tmp_path, text)["Squares"].reason


ONE_GRADIENT = """
import numpy as np

# derive: y_true (N, C), y_pred (N, C)
def squares(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)

def squares_prime(y_true, y_pred):
    return {sign}2 * (y_pred - y_true) / np.size(y_true)

# derive: logits (N, C), target (N, C)
class Loss:
    def forward(self, logits, target):
        self.d = logits - target
        return np.sum(self.d**2) / 2
    def backward(self):
        return {sign}self.d

# derive: a (N, C), y (N, C)
def cost(a, y):
    d = a - y
    return np.sum(d * d), {sign}2 * d
"""


@pytest.mark.parametrize(("sign", "status"), [("", "holds"), ("-", "disagrees")])
def test_one_gradient_of_a_loss_is_that_in_the_predictions(tmp_path, sign, status):
    found = decided(tmp_path, ONE_GRADIENT.format(sign=sign))
    assert {n: v.status for n, v in found.items()} == dict.fromkeys(found, status)
    assert [v.claim.id for v in found.values()] == [
        "squares.y_pred", "Loss.logits", "cost.a"
    ]  # fmt: skip


def test_one_gradient_of_two_inputs_that_are_no_targets_is_not_told(tmp_path):
    text = ONE_GRADIENT.format(sign="").replace("y_true", "left").replace("y_pred", "right")
    path = tmp_path / "layer.py"
    path.write_text(text)
    pair = next(pair for pair in find(path, text).pairs if pair.name == "squares")
    with pytest.raises(ClaimError, match="returns one gradient for the inputs left, right"):
        answers(request(pair))


def test_what_is_called_as_an_upstream_is_no_prediction(tmp_path):
    text = LOSSES.format(declared="", gradient="-y_true / dvalues", scale="")
    ignored = text.replace("dvalues, t)", "dout, t)").replace("(t - dvalues)", "(t - self.a)")
    ignored = ignored.replace("dvalues.shape[1]", "t.shape[1]")
    ignored = ignored.replace("(self, a, t):", "(self, a, t):\n        self.a = a")
    assert decided(tmp_path, ignored)["Squares"].status == "disagrees"
    named = ignored.replace("dout, t)", "dvalues, t)")
    assert decided(tmp_path, named)["Squares"].status == "holds"


PER_SAMPLE = """
import numpy as np

class Entropy:
    # derive: p (N, C), t (N) labels of C
    def forward(self, p, t):
        return -np.log(p[range(len(p)), t])
    def backward(self, p, t):
        self.dp = {sign}np.eye(p.shape[1])[t] / p / len(p)

class SoftmaxEntropy:
    # derive: z (N, C), t (N) labels of C
    def forward(self, z, t):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return np.mean(Entropy().forward(self.output, t))
    def backward(self, dvalues, t):
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), t] -= {one}
        self.dinputs = self.dinputs / len(dvalues)
"""


@pytest.mark.parametrize(("sign", "one", "status"), [("-", 1, "holds"), ("", 2, "disagrees")])
def test_predictions_by_the_same_name_and_those_that_are_kept(tmp_path, sign, one, status):
    found = decided(tmp_path, PER_SAMPLE.format(sign=sign, one=one))
    assert {name: v.status for name, v in found.items()} == {
        "Entropy": status, "SoftmaxEntropy": status,
    }  # fmt: skip


def test_one_axis_may_be_of_samples_and_one_class_is_none():
    def of_sum(z, y):
        return (z * y).sum() + z.sum() * y.sum(), y + 1

    assert verify_backward(of_sum, z="C", y="C", wrt="z")["z"].status == "undecided"
    assert verify_backward(of_sum, z="N 1", y="N 1", wrt="z")["z"].status == "disagrees"
    assert verify_backward(of_sum, z="C", y=one_hot("C"), wrt="z")["z"].status == "holds"
