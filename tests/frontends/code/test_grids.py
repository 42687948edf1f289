"""Names that lay out arrays, traced and compared with what NumPy computes."""

import numpy as np
import pytest

from derive.code import check_backward
from derive.frontends.code import native
from derive.frontends.code.check import pair_of
from derive.frontends.code.pairs import trace_pair

LAID_OUT = {
    "average": "np.average(x, axis=1, weights=w) + np.diff(x, axis=0)[0, 0]",
    "kron": "np.kron(x, w[None])",
    "vander": "np.vander(w, 3) * np.vander(w, 3, increasing=True)",
    "grids": 'np.meshgrid(x[:, 0], w)[0] * np.meshgrid(x[:, 0], w, indexing="ij")[1].T',
    "open": "x[np.ix_(np.arange(x.shape[0]), np.arange(1))] + np.mgrid[: x.shape[0], 1:3][1]",
    "ogrid": "(lambda i, j: x[i, j] * (i + j))(*np.ogrid[: x.shape[0], : x.shape[1]])",
    "kron of more axes": "np.kron(x[None], np.ones((2, 1, 2)))",
    "products": "np.cumprod(x, axis=1) @ np.linalg.matrix_power(np.outer(w, w), 2)",
    "numbers": "np.nansum(x, axis=1) * np.linspace(0, 1, x.shape[0] + 1)[1:]",
    "depth": "np.dstack((x, np.hypot(x, w))) + np.tri(x.shape[0])[:1, :1, None]",
}


SOURCE = """
import numpy as np

def laid_forward(x, w):
    return {}, (x, w)

def laid_backward(g, cache):
    return 0 * cache[0], 0 * cache[1]
"""


@pytest.mark.parametrize("name", LAID_OUT)
def test_a_name_is_what_numpy_has(name, tmp_path):
    path = tmp_path / f"laid_{name}.py"
    path.write_text(SOURCE.format(LAID_OUT[name]))
    shapes = {"x": "N M", "w": "M"}
    traced = trace_pair(pair_of(f"{path}::laid_forward", "laid_backward", shapes=shapes))
    assert native.compare(traced) == native.POINTS


def positions_forward(x, w):
    out = np.zeros((x.shape[0], w.shape[1]))
    for i, j in np.ndindex(out.shape):
        out[i, j] = x[i] @ w[:, j]
    return out, (x, w)


def positions_backward(g, cache):
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(*g.shape):
        dx[i] += g[i, j] * w[:, j]
        dw[:, j] += g[i, j] * x[i]
    return dx, dw


def test_a_loop_over_positions_is_a_loop_for_each_axis():
    check_backward(positions_forward, positions_backward, x="N D", w="D M")
