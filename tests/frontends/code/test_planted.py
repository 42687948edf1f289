"""Wrong rules in the namespace, one at a time: the comparison with native runs sees each."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from derive.code import labels, verify_backward
from derive.frontends.code import (
    alignment,
    arithmetic,
    arrays,
    containers,
    indexing,
    numpy_names,
    operations,
    reshaping,
    states,
    sums,
    writing,
)
from derive.frontends.code.arrays import as_array

LAYERS = Path(__file__).with_name("layers.py")
LABELLED = {"x": "N C", "y": labels("N", of="C")}
AFFINE = ("affine_forward", "affine_backward", {"x": "N D", "w": "D M", "b": "M"})
NORM = ("layernorm_forward", "layernorm_backward", {"x": "N D", "gamma": "D", "beta": "D"})
RNN = (
    "rnn_forward", "rnn_backward",
    {"x": "N T D", "h0": "N H", "Wx": "D H", "Wh": "H H", "b": "H"},
)  # fmt: skip
STEP = (
    "rnn_step_forward", "rnn_step_backward",
    {"x": "N D", "prev_h": "N H", "Wx": "D H", "Wh": "H H", "b": "H"},
)  # fmt: skip
RELU = ("relu_forward", "relu2_backward", {"x": "N D"})
LOOPS = ("loop_affine", "loop_affine_backward", {"x": "N D", "w": "D M", "b": "M"})


def count_less_one(x, axis=None, keepdims=False):
    array = as_array(x)
    count = sums.count_over(array, axis)
    return arithmetic.divide(sums.sum_over(array, axis, keepdims), arrays.Size(count + 1))


def other_axis(x, axis=None, keepdims=False):
    array = as_array(x)
    if axis == 0 and array.ndim == 2 and array.shape[0] == array.shape[1]:
        axis = 1
    return sums.sum_over(array, axis, keepdims)


def square_transposed(dot):
    def wrong(x, y):
        y = as_array(y)
        if y.ndim == 2 and y.shape[0] == y.shape[1]:
            y = alignment.transposed(y, (1, 0))
        return dot(x, y)

    return wrong


def untransposed(transpose):
    def wrong(x, order=None):
        array = as_array(x)
        square = array.ndim == 2 and array.shape[0] == array.shape[1]
        return array if square else transpose(x, order)

    return wrong


def column_major(reshaped):
    def wrong(x, shape):
        array = as_array(x)
        if array.ndim == 4:
            array = alignment.transposed(array, (0, 3, 2, 1))
        return reshaped(array, shape)

    return wrong


def exclusive(x, axis=None):
    return CUMULATED(x, axis) - as_array(x)


CUMULATED, COMPARE, GATHERED = operations.cumulated, arithmetic.compare, indexing.gathered
SUM_OF, PADDED, JOINED = states.Settling.sum_of, reshaping.padded, reshaping.concatenated


def one_round_less(self, body, ranges):
    count, self.count = self.count, self.count - 1
    try:
        return SUM_OF(self, body, ranges)
    finally:
        self.count = count


def other_label(array, items):
    if len(items) == 2:
        items = [items[0], array.shape[1] - 1 - items[1]]
    return GATHERED(array, items)


def closed_compare(relation, a, b):
    return COMPARE(sp.Ge if relation is sp.Gt else relation, a, b)


def name(key, value):
    return lambda patch: patch.setitem(numpy_names.NAMES, key, value)


def part(module, key, value):
    return lambda patch: patch.setattr(module, key, value)


PLANTED = {
    "a mean over n + 1": (part(operations, "mean", count_less_one), NORM),
    "a sum over another axis": (part(operations, "total", other_axis), (
        "square_forward", "square_backward", {"x": "N N"})),
    "a product with a transposed factor": (
        part(operations, "dot", square_transposed(operations.dot)), STEP),
    "a transpose that is none": (
        part(reshaping, "transpose", untransposed(reshaping.transpose)), STEP),
    "an unbiased variance": (part(operations, "variance", lambda x, axis=None, keepdims=False,
        less=0, own=operations.variance: own(x, axis, keepdims, 1)), NORM),
    "a deviation without its root": (part(operations, "deviation", operations.variance), (
        "std_forward", "std_backward", {"x": "N D"})),
    "the smallest for the largest": (part(operations, "largest", operations.smallest), (
        "largest_forward", "largest_backward", {"x": "N D"})),
    "minimum for maximum": (name("maximum", arithmetic.minimum), RELU),
    "exp to the base 2": (name("exp", operations.exp2), ("swish", "swish_backward", {"x": "N"})),
    "log of 1 + x": (name("log", operations.log1p), ("softmax_loss", None, LABELLED)),
    "sin for tanh": (name("tanh", operations.sin), STEP),
    "a root without its half": (name("sqrt", lambda x: as_array(x) * 1), NORM),
    "entries in the order of columns": (
        part(reshaping, "reshaped", column_major(reshaping.reshaped)),
        ("flat_forward", "flat_backward", {"x": "N C H W", "w": "C*H*W M"})),
    "a comparison that holds where both are equal": (
        part(arrays.COMPARE, "function", closed_compare), RELU),
    "a condition that is turned": (
        part(writing, "where", lambda c, v, o: arithmetic.where(c, o, v)),
        ("relu_forward", "relu_backward", {"x": "N D"})),
    "the entry at another label": (part(indexing, "gathered", other_label), (
        "softmax_loss", None, LABELLED)),
    "a cumulated sum without the entry itself": (part(operations, "cumulated", exclusive), (
        "cumsum_forward", "cumsum_backward", {"x": "N D"})),
    "a pad on the other side": (
        part(reshaping, "padded", lambda x, w, v=0: PADDED(x, [p[::-1] for p in w], v)),
        ("pad_forward", "pad_backward", {"x": "N D"})),
    "parts in another order": (
        part(reshaping, "concatenated", lambda a, axis=0: JOINED(list(a)[::-1], axis)),
        ("gates_forward", "gates_backward", {"x": "N H", "h": "N H"})),
    "a roll the other way": (
        name("roll", lambda x, by, axis=None, own=reshaping.rolled: own(x, -by, axis)),
        ("roll_forward", "roll_backward", {"x": "N 3"})),
    "eye beside the diagonal": (
        name("eye", lambda n, m=None, own=operations.eye: own(n, m, 1)),
        ("ridge_forward", "ridge_backward", {"w": "N M"})),
    "a loop of one round less": (part(states.Settling, "sum_of", one_round_less), LOOPS),
    "a loop that is not turned": (part(containers, "turned", containers.items_of), RNN),
    "what is added at is set": (
        part(numpy_names.NAMES["add"], "at", lambda a, k, v: numpy_names.add_at(a, k, 2 * v)),
        ("emb_forward", "emb_backward", {"x": labels("N", of="V"), "W": "V D"})),
    "a key without its axis": (
        part(operations, "total", lambda x, axis=None, keepdims=False:
             sums.sum_over(as_array(x), axis)), ("onehot_loss", None, LABELLED)),
}  # fmt: skip


@pytest.mark.parametrize("rule", PLANTED)
def test_a_wrong_rule_is_never_a_verdict(rule, monkeypatch):
    plant, (forward, backward, shapes) = PLANTED[rule]
    target = f"{LAYERS}::{forward}"
    plant(monkeypatch)
    found = verify_backward(target, backward, shapes=shapes, timeout=10)
    assert {v.status for v in found.values()} == {"undecided"}
    assert all("internal error: the trace" in v.reason for v in found.values()), found


def test_the_rules_are_right_without_what_is_planted():
    target = f"{LAYERS}::square_forward"
    assert verify_backward(target, "square_backward", x="N N")["x"].status == "holds"
    assert np.__name__ == "numpy"
