"""Masks of −∞, returns in branches on values, and other names that people use."""

import pytest

from derive.code import labels, verify_backward

SOFTMAX = """
import numpy as np

def forward(s):
    T = s.shape[0]
    {mask}
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, p

def backward(g, p):
    return {sign}p * (g - (g * p).sum(axis=1, keepdims=True))
"""
MASKS = {
    "where": "s = np.where(np.tril(np.ones((T, T), dtype=bool)), s, -np.inf)",
    "added": "s = s + np.triu(np.full((T, T), -np.inf), k=1)",
}


def verdict(tmp_path, text, **shapes):
    path = tmp_path / "pair.py"
    path.write_text(text)
    (found,) = verify_backward(f"{path}::forward", "backward", **shapes).values()
    return found


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_a_mask_of_infinity_before_a_softmax_by_hand(mask, tmp_path):
    assert verdict(tmp_path, SOFTMAX.format(mask=mask, sign=""), s="T T").status == "holds"


NUMBERS = {
    "where": "s = np.where(np.tril(np.ones((T, T))) == 0, -1e9, s)",
    "written": "s[np.triu(np.ones((T, T)), k=1).astype(bool)] = -1e4",
    "of the type": "s = np.where(np.tril(np.ones((T, T))), s, np.finfo(np.float32).min)",
    "added": "s = s + np.triu(np.ones((T, T)), k=1) * -1e9",
    "added of numbers": "s = s + -1e9 * (np.arange(T)[:, None] < np.arange(T)).astype(float)",
}


@pytest.mark.parametrize("mask", NUMBERS.values(), ids=NUMBERS)
def test_a_large_number_in_a_case_is_taken_for_infinity(mask, tmp_path):
    found = verdict(tmp_path, SOFTMAX.format(mask=mask, sign=""), s="T T")
    assert found.status == "holds"
    assert str(found.assumptions[0]).endswith("+38, -oo)" if "finfo" in mask else ", -oo)")
    wrong = SOFTMAX.format(mask=mask, sign="").replace("sum(axis=1, keepdims=True))\n", "sum())\n")
    assert verdict(tmp_path, wrong, s="T T").status == "disagrees"


@pytest.mark.parametrize(
    ("value", "slope", "status"),
    [
        ("x / np.where(m > 0, x, -1e9)", "0 * x", "disagrees"),  # 1/1e9 is small, and not 0
        ("np.where(x < -1e4, -1e4, x)", "1 + 0 * x", "disagrees"),
        ("np.where(m > 0, x, -1e5)", "m > 0", "holds"),
        ("np.where(m > 0, x, -100.0) * x", "2 * x * (m > 0)", "disagrees"),
        ("x + (m > 0).astype(float) * -1e9", "m <= 0", "disagrees"),
        ("x * ((m > 0).astype(float) * -1e9)", "0 * x", "disagrees"),
        ("x * ((m > 0).astype(float) * -1e9)", "(m > 0) * -1e9", "holds"),
    ],
)
def test_a_large_number_elsewhere_is_a_number(value, slope, status, tmp_path):
    text = f"import numpy as np\ndef forward(x, m):\n    return {value}, (x, m)\n"
    text += f"def backward(g, cache):\n    x, m = cache\n    return g * ({slope})\n"
    found = verdict(tmp_path, text, x="N", m="N", wrt="x")
    assert found.status == status
    assert not found.assumptions or "oo" not in str(found.assumptions)


def test_a_wrong_sign_after_a_mask_is_refuted(tmp_path):
    text = SOFTMAX.format(mask=MASKS["where"], sign="-")
    assert verdict(tmp_path, text, s="T T").status == "disagrees"


RETURNS = """
import numpy as np

def slope(v):
    if v > 1:
        return {first}
    elif v < -1:
        return 0.0
    return 1.0

def forward(x):
    return np.maximum(np.minimum(x, 1), -1), x

def backward(g, x):
    dx = np.zeros_like(x)
    for i in range(len(x)):
        dx[i] = g[i] * slope(x[i])
    return dx
"""


@pytest.mark.parametrize(("first", "status"), [("0.0", "holds"), ("1.0", "disagrees")])
def test_a_helper_returns_from_branches_on_values(first, status, tmp_path):
    assert verdict(tmp_path, RETURNS.format(first=first), x="N").status == status


def test_the_logarithm_of_a_determinant(tmp_path):
    text = (
        "import numpy as np\n"
        "def forward(A):\n    _, d = np.linalg.slogdet(A)\n    return d, A\n"
        "def backward(g, A):\n    return g * np.linalg.inv(A){}\n"
    )
    assert verdict(tmp_path, text.format(".T"), A="n n").status == "holds"
    assert verdict(tmp_path, text.format(""), A="n n").status == "disagrees"


def test_a_function_of_rows_is_mapped(tmp_path):
    text = (
        "import jax\nimport jax.numpy as jnp\n"
        "def forward(x, w):\n"
        "    return jax.vmap(lambda r, v: r * jnp.dot(r, v), in_axes=(0, None))(x, w), (x, w)\n"
        "def backward(g, cache):\n    x, w = cache\n    u = (x * g).sum(axis=1)\n"
        "    return g * (x @ w)[:, None] + u[:, None] * w, {}x.T @ u\n"
    )
    path = tmp_path / "pair.py"
    for factor, last in (("", "holds"), ("2 * ", "disagrees")):
        path.write_text(text.format(factor))
        found = verify_backward(f"{path}::forward", "backward", x="N D", w="D")
        assert [v.status for v in found.values()] == ["holds", last]


LABELS = """
import numpy as np

def forward(x, y):
    n = np.arange(len(y))
    dx = np.zeros_like(x)
    dx[n, y - 1] = 1.0
    return x[n, {read}].sum(), dx
"""


@pytest.mark.parametrize(("read", "status"), [("y - 1", "holds"), ("y", "disagrees")])
def test_labels_below_0_count_from_the_end(read, status, tmp_path):
    path = tmp_path / "pair.py"
    path.write_text(LABELS.format(read=read))
    shapes = {"x": "N C", "y": labels("N", of="C")}
    assert verify_backward(f"{path}::forward", shapes=shapes)["x"].status == status


HALVES = """
import numpy as np

def forward(x):
    first = {first}
    out = np.empty_like(x)
    out[first] = x[first]
    out[{second}] = 2 * x[{second}]
    return out, first

def backward(g, first):
    return np.where(first, g, {slope} * g)
"""


@pytest.mark.parametrize(
    ("first", "second", "slope", "status"),
    [
        ("x >= 0", "~first", 2, "holds"),
        ("x > 0", "x <= 0", 2, "holds"),
        ("(x > 1) | (x < -1)", "(x <= 1) & (x >= -1)", 2, "holds"),
        ("x > 0", "~first", 1, "disagrees"),
        ("x > 0", "x < 0", 2, "undecided"),  # nothing is written where x = 0
        ("x > 1", "x < -1", 2, "undecided"),
    ],
)
def test_masks_that_leave_nothing_fill_an_empty_array(first, second, slope, status, tmp_path):
    text = HALVES.format(first=first, second=second, slope=slope)
    assert verdict(tmp_path, text, x="N D").status == status
