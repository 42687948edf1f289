"""Code that is not read for every size is refuted at small ones, and never proved there."""

from pathlib import Path

import numpy as np
import pytest

from derive.code import verify_backward
from derive.frontends.code.check import pair_of
from derive.frontends.code.shapes import Labels
from derive.frontends.code.small_sizes import at_sizes, wrong_sizes

POOLED = """
import numpy as np

def pool_forward(x, k, s):
    N, C, L = x.shape
    out = np.zeros((N, C, (L - k) // s + 1))
    for n in range(N):
        for c in range(C):
            for i in range(out.shape[2]):
                out[n, c, i] = x[n, c, i * s:i * s + k].mean()
    return out, (x, k, s)

def pool_backward(dout, cache):
    x, k, s = cache
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(dout.shape[2]):
                dx[n, c, i * s:i * s + k] SIGN dout[n, c, i] / k
    return dx
"""
PICKED = """
import numpy as np

def picked_loss(U, v, ids):
    loss, gU, gv = 0.0, np.zeros_like(U), np.zeros_like(v)
    for k in range(len(ids)):
        loss += U[ids[k]] @ v
        gv += U[ids[k]]
        gU[ids[k]] SIGN v
    return loss, gU, gv
"""


@pytest.fixture
def decided(tmp_path):
    def run(source: str, sign: str, target: str, backward: str | None = None, **options):
        path = Path(tmp_path) / f"code_{sign[0] == '+'}_{target}.py"
        path.write_text(source.replace("SIGN", sign))
        return verify_backward(f"{path}::{target}", backward, timeout=60, **options)

    return run


def test_windows_that_overlap_and_are_set_are_refuted(decided):
    (verdict,) = decided(
        POOLED, "=", "pool_forward", "pool_backward", x="N C L", fixed={"k": "k", "s": "s"}
    ).values()
    assert verdict.status == "disagrees" and any("these sizes" in n for n in verdict.notes)
    sizes = verdict.witness.sizes
    assert sizes["k"] > sizes["s"]


def test_of_places_that_repeat_the_last_stays(decided):
    options = {"shapes": {"U": "V d", "v": "d", "ids": Labels("K", "V")}}
    found = decided(PICKED, "=", "picked_loss", **options)
    assert {n: v.status for n, v in found.items()} == {"U": "disagrees", "v": "holds"}
    found = decided(PICKED, "+=", "picked_loss", **options)
    assert {n: v.status for n, v in found.items()} == {"U": "holds", "v": "holds"}


def square_forward(x, n):
    return (x[:n] ** 2).sum(), x


def square_backward(g, x):
    return g * 2 * x


def test_sizes_are_those_at_which_a_run_is_wrong():
    pair = pair_of(square_forward, square_backward, shapes={"x": "N M"}, fixed={"n": "n"})
    at = next(wrong_sizes(pair))
    named = {str(s): int(n) for s, n in at.items()}
    assert named["N"] > named["n"]
    put = at_sizes(pair, at)
    assert np.prod([int(s) for s in put.shapes["x"].split()]) == named["N"] * named["M"]
    assert put.fixed == {"n": named["n"]}
    right = pair_of(square_forward, square_backward, shapes={"x": "N M"}, fixed={"n": 100})
    assert next(wrong_sizes(right), None) is None
