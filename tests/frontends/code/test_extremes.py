"""Places of largest entries as indices."""

import pytest

from derive.code import verify_backward

HEAD = "import numpy as np\n"
LARGEST = HEAD + "def rows(x):\n    return x.max(axis=1), x\n"
PICKED = HEAD + (
    "def rows(x):\n    i = np.argmax(x, axis=1)\n    return x[np.arange(len(x)), i], x\n"
)
BACKWARDS = {
    "written": (
        "    dx = np.zeros_like(x)\n"
        "    dx[np.arange(x.shape[0]), x.argmax(axis=1)] = dout\n    return dx\n"
    ),
    "one-hot": "    return np.eye(x.shape[1])[np.argmax(x, axis=1)] * dout[:, None]\n",
    "compared": (
        "    dx = np.zeros_like(x)\n    i = np.argmax(x, axis=1)\n"
        "    for k in range(x.shape[1]):\n        dx[:, k] = dout * (i == k)\n    return dx\n"
    ),
    "added in a loop": (
        "    dx = np.zeros_like(x)\n    for n in range(len(x)):\n"
        "        dx[n, np.argmax(x[n])] += dout[n]\n    return dx\n"
    ),
}


def verdict(tmp_path, text, name="rows", **shapes):
    path = tmp_path / "pair.py"
    path.write_text(text)
    (found,) = verify_backward(f"{path}::{name}", "back", **shapes).values()
    return found


@pytest.mark.parametrize("forward", [LARGEST, PICKED], ids=["max", "entry at argmax"])
@pytest.mark.parametrize("body", BACKWARDS.values(), ids=BACKWARDS)
def test_the_gradient_goes_to_the_largest(forward, body, tmp_path):
    found = verdict(tmp_path, f"{forward}def back(dout, x):\n{body}", x="N D")
    assert found.status == "holds"
    assert any("taken once" in str(a) or "attained once" in str(a) for a in found.assumptions)


def test_the_smallest_is_not_the_largest(tmp_path):
    body = BACKWARDS["written"].replace("argmax", "argmin")
    found = verdict(tmp_path, f"{LARGEST}def back(dout, x):\n{body}", x="N D")
    assert found.status == "disagrees"


def test_a_window_has_its_largest_by_unravel_index(tmp_path):
    text = HEAD + (
        "def rows(x):\n    return np.max(x), x\n"
        "def back(dout, x):\n    dx = np.zeros_like(x)\n"
        "    i, j = np.unravel_index(np.argmax(x), x.shape)\n    dx[i, j] = dout\n    return dx\n"
    )
    assert verdict(tmp_path, text, x="H W").status == "holds"
    assert verdict(tmp_path, text.replace("dx[i, j]", "dx[j, i]"), x="H H").status == "disagrees"


def test_a_place_that_is_computed_with_is_refused(tmp_path):
    text = HEAD + (
        "def rows(x):\n    return x * np.argmax(x), x\n"
        "def back(dout, x):\n    i = np.argmax(x) * 1.0\n    return dout * i\n"
    )
    found = verdict(tmp_path, text, x="N")
    assert found.status == "undecided" and "largest entry is computed with" in found.reason


def test_an_input_of_equal_parts_is_not_compared_with_a_part(tmp_path):
    text = HEAD + (
        "def rows(x):\n    return 2 * x, None\n"
        "def back(dout, cache):\n    dx = np.zeros_like(dout)\n"
        "    for i in range(len(dx)):\n        dx[i] = 2 * dout[i]\n    return dx\n"
    )
    assert verdict(tmp_path, text, x="3*N").status == "holds"


@pytest.mark.parametrize("size", ["2*H", "H*2"])
def test_windows_of_two_are_cut_from_the_end_of_an_axis(size, tmp_path):
    text = HEAD + (
        "def rows(x):\n    N, H, W = x.shape\n    w = x.reshape(N, H // 2, 2, W // 2, 2)\n"
        "    out = w.max(axis=2).max(axis=3)\n    return out, (w, out)\n"
        "def back(dout, cache):\n    w, out = cache\n"
        "    d = (w == out[:, :, None, :, None]) * dout[:, :, None, :, None]\n"
        "    N, H, _, W, _ = w.shape\n    return d.reshape(N, 2 * H, 2 * W)\n"
    )
    found = verdict(tmp_path, text, x=f"N {size} {size.replace('H', 'W')}")
    assert found.status == "holds"


FLATTENED = """import numpy as np
def pooled(x):
    c = x.reshape(4, -1)
    i = np.argmax(c, axis=0)
    out = c[i, np.arange(i.size)].reshape(x.shape[2:])
    return out, (i, c.shape, x.shape)
def back(g, cache):
    i, flat, shape = cache
    d = np.zeros(flat)
    d[i, np.arange(i.size)] = {value}
    return d.reshape(shape)
"""


@pytest.mark.parametrize(
    ("value", "status"), [("g.flatten()", "holds"), ("g.T.flatten()", "disagrees")]
)
def test_the_place_along_flattened_axes_is_cut_into_its_digits(value, status, tmp_path):
    text = FLATTENED.format(value=value)
    assert verdict(tmp_path, text, "pooled", x="2 2 M K").status == status
