"""Loops that carry a state, right and wrong, and a list that cannot be told apart."""

from pathlib import Path

import pytest

from derive.code import verify_backward

STATES = Path(__file__).with_name("states.py")
PAIRS = {
    "the last item of a list": (
        "listed_forward", "listed_backward", {"y0": "D", "a": "D"}, {"fixed": {"n": "n"}}, "a"),
    "the keys of a dictionary": (
        "keyed_forward", "keyed_backward", {"x": "T D", "h0": "D", "w": "D"}, {}, "h0"),
    "a name that is put under the keys of a dictionary": (
        "remembered_forward", "remembered_backward", {"x": "T D", "w": "D"}, {}, "w"),
    "the row before the first": (
        "wrapped_forward", "wrapped_backward", {"x": "T D", "w": "D"}, {"wrt": "w"}, "w"),
    "a row before, if there is one": (
        "chosen_forward", "chosen_backward", {"a": "T D", "b": "T D"}, {"wrt": "a"}, "a"),
    "an array that the first round changes before its name goes on": (
        "decayed_forward", "decayed_backward", {"x": "T D", "a": "D"}, {}, "a"),
    "an entry of a list or a dictionary": (
        "entered_forward", "entered_backward", {"x": "T D", "w": "D"}, {}, "w"),
}  # fmt: skip
LAYER = {"shapes": {"x": "T D", "a": "D"}, "params": {"a": "a"}, "call": "x", "wrt": "x a",
         "grads": {"a": "da"}}  # fmt: skip


def statuses(target, backward=None, **options):
    found = verify_backward(f"{STATES}::{target}", backward, timeout=120, **options)
    return {name: v.status for name, v in found.items()}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_state_is_followed(pair):
    forward, backward, shapes, options, wrong = pair
    assert set(statuses(forward, backward, shapes=shapes, **options).values()) == {"holds"}
    found = statuses(forward, f"{backward}_wrong", shapes=shapes, **options)
    assert {name for name, status in found.items() if status == "disagrees"} == {wrong}
    assert set(found.values()) <= {"holds", "disagrees"}


def test_an_attribute_is_a_state():
    assert statuses("Average", **LAYER) == {"x": "holds", "a": "holds"}
    assert statuses("WrongAverage", **LAYER) == {"x": "holds", "a": "disagrees"}


def test_an_entry_that_is_not_seen_to_be_a_state_is_refused():
    (verdict,) = verify_backward(f"{STATES}::unseen_forward", "unseen_backward", x="T D").values()
    assert verdict.status in ("undecided", "disagrees")
    told = " ".join((verdict.reason, *verdict.notes))
    assert "an entry of a list or a dictionary is a state of a loop" in told


def test_the_effort_bounds_what_is_decided():
    found = statuses("Average", **LAYER, effort=1e-9)
    assert "undecided" in found.values() and set(found.values()) <= {"holds", "undecided"}


IDIOMS = Path(__file__).with_name("idioms.py")


def test_a_wrong_step_in_time_is_named():
    (verdict,) = verify_backward(f"{IDIOMS}::stepped_loss", x="T D", f="D", wrt="f").values()
    assert verdict.status == "disagrees"
    assert "it holds with hs[i, j] for hs[i + 1, j]" in verdict.reason


ROWS = """
import numpy as np

def forward(x, h0, W):
    h, before = np.zeros(x.shape), []
    prev = h0
    for t in range(len(x)):
        before.append(prev)
        h[t] = np.tanh(x[t] + W @ prev)
        prev = h[t]
    return h, (x, h0, W, h, before)

def backward(dh, cache):
    x, h0, W, h, before = cache
    dx, dW, d = np.zeros_like(x), np.zeros_like(W), np.zeros_like(h0)
    here = {last}
    for t in reversed(range(len(x))):
        da = (1 - {here} ** 2) * (dh[t] + d)
        dx[t] = da
        dW += np.outer(da, h[t - 1] if t > {first} else h0)
        d = W.T @ da
        here = before[t]
    return dx, d, dW
"""


@pytest.mark.parametrize(
    ("last", "here", "first", "status"),
    [
        ("0", "h[t]", "0", "holds"),
        ("h[-1]", "here", "0", "holds"),
        ("h0", "here", "0", "disagrees"),
        ("0", "h[t]", "1", "disagrees"),
    ],
)
def test_the_row_that_is_written_is_the_state(tmp_path, last, here, first, status):
    path = tmp_path / "rows.py"
    path.write_text(ROWS.format(last=last, here=here, first=first))
    shapes = {"x": "T H", "h0": "H", "W": "H H"}
    found = verify_backward(f"{path}::forward", "backward", shapes=shapes)
    assert found["W"].status == status
