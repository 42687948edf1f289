"""Writes to rows of rows, and at places where a condition holds."""

import pytest

from derive.frontends.code.answers import answers
from derive.frontends.code.finding import find
from derive.frontends.code.request import request

SOURCE = """
import numpy as np

# derive: a (N, D), w (D, M)
def loops_forward(a, w):
    return a @ w
def loops_backward(d, a, w):
    da, dw = np.zeros(a.shape), np.zeros(w.shape)
    for i, k in np.ndindex(da.shape):
        da[i][k] = np.sum(d[i] * w[k])
    for k in range(w.shape[0]):
        for j in range(w.shape[1]):
            dw[k][j] += np.sum(a[:, k] * d[:, j])
    return da, dw

# derive: a (N, D), w (D, M)
def turned_forward(a, w):
    return a @ w
def turned_backward(d, a, w):
    da, dw = np.zeros(a.shape), np.zeros(w.shape)
    for i, k in np.ndindex(da.shape):
        da[i][k] = np.sum(d[i] * w[k])
    for k in range(w.shape[0]):
        for j in range(w.shape[1]):
            dw[k][j] += np.sum(a[:, k] + d[:, j])
    return da, dw

# derive: x (N + 1)
def shifted_forward(x):
    return 2 * x
def shifted_backward(d):
    dx = 2 * d
    dx[1:][0] = 0.0
    return dx

# derive: x (N, D)
def relu_forward(x):
    out = np.zeros_like(x)
    out[np.where(x > 0)] = x[np.where(x > 0)]
    return out, x
def relu_backward(d, x):
    dx = np.zeros_like(x)
    dx[np.nonzero(x > 0)] = d[np.nonzero(x > 0)]
    return dx

# derive: x (N, D)
def bent_forward(x):
    out = np.zeros_like(x)
    out[np.where(x > 0)] = x[np.where(x > 0)]
    return out, x
def bent_backward(d, x):
    dx = np.zeros_like(x)
    dx[np.where(x < 0)] = d[np.where(x < 0)]
    return dx

# derive: x (N)
def rows_forward(x):
    return np.abs(x)
def rows_backward(d, x):
    dx = d.copy()
    low = np.where(x < 0)[0]
    dx[low] = -dx[low]
    return dx

# derive: x (N)
def stable_forward(x):
    z = np.zeros_like(x)
    pos, neg = x >= 0, x < 0
    z[pos], z[neg] = np.exp(-x[pos]), np.exp(x[neg])
    top = np.ones_like(x)
    top[neg] = z[neg]
    out = top / (1 + z)
    return out, out
def stable_backward(d, s):
    return d * s * (1 - s)

# derive: x (N)
def unstable_forward(x):
    z = np.zeros_like(x)
    pos, neg = x >= 0, x < 0
    z[pos], z[neg] = np.exp(-x[pos]), np.exp(-x[neg])
    top = np.ones_like(x)
    top[neg] = z[neg]
    out = top / (1 + z)
    return out, out
def unstable_backward(d, s):
    return d * s * (1 - s)
"""

EXPECTED = {
    "loops_forward": "a holds, w holds",
    "turned_forward": "a holds, w disagrees",
    "shifted_forward": "x disagrees",
    "relu_forward": "x holds",
    "bent_forward": "x disagrees",
    "rows_forward": "x holds",
    "stable_forward": "x holds",
    "unstable_forward": "x disagrees",
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    path = tmp_path_factory.mktemp("deep") / "deep.py"
    path.write_text(SOURCE)
    return {pair.name: pair for pair in find(path, SOURCE).declared()}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_written_deep_or_at_places(pairs, name):
    found = answers(request(pairs[name]))
    told = ", ".join(f"{n} {v.status}" for n, v in found.items())
    assert told == EXPECTED[name], {n: v.reason for n, v in found.items()}
