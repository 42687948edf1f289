"""Numbers that are declared, taken for sizes."""

from derive.code import verify_backward
from derive.frontends.code.check import decide, pair_of
from derive.frontends.code.wider import narrowed, widened

BRANCH = """
def branch_forward(x, k):
    if k {test}:
        return k * x, x
    return 2 * k * x, x

def branch_backward(g, x, k):
    return 2 * k * g
"""

POOL = """
import numpy as np

def pool_forward(x, k):
    out = np.zeros(len(x) - k + 1)
    for i in range(len(out)):
        out[i] = x[i : i + k].max()
    return out, (x, k)

def pool_backward(g, cache):
    x, k = cache
    dx = np.zeros_like(x)
    for i in range(len(g)):
        window = x[i : i + k]
        dx[i : i + k] {change} (window == window.max()) * g[i]
    return dx
"""


def narrow(tmp_path, test):
    path = tmp_path / "branch.py"
    path.write_text(BRANCH.format(test=test))
    pair = pair_of(f"{path}::branch_forward", "branch_backward", shapes={"x": "N"}, fixed={"k": 3})
    wider, numbers = widened(pair)
    verdict = decide(wider)["x"]
    assert verdict.status == "holds"
    return narrowed(verdict, numbers)


def test_a_branch_that_is_not_taken_says_nothing_of_the_number(tmp_path):
    assert narrow(tmp_path, "== 3") is None
    found = narrow(tmp_path, "== 2")
    assert found is not None and not found.assumptions


def test_windows_that_overlap_are_those_of_any_width(tmp_path):
    path = tmp_path / "pool.py"
    path.write_text(POOL.format(change="+="))
    (found,) = verify_backward(
        f"{path}::pool_forward", "pool_backward", x="N", fixed={"k": 3}, effort=0.1
    ).values()
    assert found.status == "holds"
    assert "it holds for every size in the place of k = 3" in found.notes
    path.write_text(POOL.format(change="="))
    (found,) = verify_backward(
        f"{path}::pool_forward", "pool_backward", x="N", fixed={"k": 3}, effort=0.1
    ).values()
    assert found.status == "disagrees"
