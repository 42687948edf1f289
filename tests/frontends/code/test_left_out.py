"""Gradients that a misfit leaves alone."""

import pytest

from derive.code import verify_backward
from derive.frontends.code import native

SHAPES = {"x": "N D", "w": "D M", "b": "M"}
FORWARD = """
import numpy as np

def forward(x, w, b):
    return x @ w + b, (x, w)

def backward(dout, cache):
    x, w = cache
"""

BODIES = {
    "assigned": "    dx = dout @ w.T\n    dw = x @ dout\n    return dx, dw, dout.sum(0)\n",
    "returned": "    return dout @ w.T, np.dot(x, dout), dout.sum(0)\n",
    "used later": (
        "    dw = x @ dout\n    dw = dw / 2\n    dw *= 2\n"
        "    return {'x': dout @ w.T, 'b': dout.sum(0), 'w': dw + 0 * w}\n"
    ),
    "written into": (
        "    dw = np.zeros_like(w)\n    dw[:, :] = x @ dout\n"
        "    return dout @ w.T, dw, dout.sum(axis=0)\n"
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_only_what_rests_on_a_misfit_is_ill_shaped(body, tmp_path):
    path = tmp_path / "pair.py"
    path.write_text(FORWARD + body)
    found = verify_backward(f"{path}::forward", "backward", **SHAPES)
    assert {n: v.status for n, v in found.items()} == {
        "x": "holds",
        "w": "ill-shaped",
        "b": "holds",
    }
    assert "the inner sizes of (N, D) and (N, M) differ" in found["w"].reason
    assert any("does not fit" in note for note in found["x"].notes)


def test_a_wrong_gradient_beside_a_misfit_is_refuted(tmp_path):
    path = tmp_path / "pair.py"
    path.write_text(FORWARD + "    dw = x @ dout\n    return dout @ w.T, dw, dout.mean(0)\n")
    found = verify_backward(f"{path}::forward", "backward", **SHAPES)
    assert found["b"].status == "disagrees"
    assert found["w"].status == "ill-shaped"


def test_in_a_loop_it_is_not_told_apart(tmp_path):
    path = tmp_path / "pair.py"
    path.write_text(
        FORWARD
        + "    dx, dw = dout @ w.T, 0 * w\n    for _ in range(2):\n        dw = dw + x @ dout\n"
        "    return dx, dw, dout.sum(0)\n"
    )
    found = verify_backward(f"{path}::forward", "backward", **SHAPES)
    assert {v.status for v in found.values()} == {"ill-shaped"}


def forward(x, w, b):
    return x @ w + b, (x, w)


def backward(dout, cache):
    x, w = cache
    dw = x @ dout
    return dout @ w.T, dw, dout.sum(0)


def test_functions_are_as_they_were_afterwards():
    code = backward.__code__
    found = verify_backward(forward, backward, **SHAPES)
    assert [v.status for v in found.values()] == ["holds", "ill-shaped", "holds"]
    assert backward.__code__ is code


def test_what_is_left_is_compared_with_a_run(monkeypatch):
    """A wrong trace of a gradient beside a misfit is caught."""
    seen = []

    def differs(traced):
        seen.append(set(traced.gradients))
        raise native.Differs("planted")

    monkeypatch.setattr(native, "compare", differs)
    found = verify_backward(forward, backward, **SHAPES)
    assert seen[0] == {"x", "b"}
    assert found["x"].status == found["b"].status == "undecided"


def test_a_helper_that_fits_elsewhere_is_not_left_out(tmp_path):
    (tmp_path / "helping.py").write_text("def product(a, b):\n    c = a @ b\n    return c\n")
    path = tmp_path / "pair.py"
    path.write_text(
        "from helping import product\n" + FORWARD + "    dx = product(dout, w.T)\n"
        "    dw = product(x, dout)\n    return dx, dw, dout.sum(0)\n"
    )
    found = verify_backward(f"{path}::forward", "backward", **SHAPES)
    assert [v.status for v in found.values()] == ["holds", "ill-shaped", "holds"]
