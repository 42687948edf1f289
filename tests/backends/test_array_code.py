"""Formulas of entries, written as array code and run, against the sums written out."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from derive.backends.array_code import ArrayCode
from derive.base.errors import UnsupportedError
from derive.language.operators import MaxOver

N, D, M = (sp.Symbol(name, integer=True, positive=True) for name in "NDM")
i, j, k, q = (sp.Symbol(name, integer=True) for name in "ijkq")
x = sp.IndexedBase("x", shape=(N, D))
w = sp.IndexedBase("w", shape=(D, M))
b = sp.IndexedBase("b", shape=(M,))
y = sp.IndexedBase("y", shape=(N,))
s = sp.Symbol("s", real=True)
SIZES = {"N": 3, "D": 2, "M": 4}

draw = np.random.default_rng(1)
VALUES = {
    "x": draw.normal(size=(3, 2)),
    "w": draw.normal(size=(2, 4)),
    "b": draw.normal(size=4),
    "y": np.array([1, 0, 1]),
    "s": 0.7,
}


def entry(body: sp.Expr, at: dict[sp.Symbol, int]) -> float:
    """The body at indices, by substitution."""
    if isinstance(body, MaxOver):
        index, low, high = (part.subs({N: 3}) for part in body.limits)
        steps = range(int(low), int(high) + 1)
        return max(entry(body.body.subs(index, step), at) for step in steps)
    found = body.subs(at).subs({N: 3, D: 2, M: 4}).doit()
    found = found.replace(
        lambda node: isinstance(node, sp.Indexed) and node.base == y,
        lambda node: sp.Integer(VALUES["y"][int(node.indices[0])]),
    )
    found = found.replace(
        lambda node: isinstance(node, sp.Indexed),
        lambda node: sp.Float(VALUES[str(node.base)][tuple(map(int, node.indices))]),
    )
    return float(found.subs(s, 0.7).doit())


CASES = {
    "a product of matrices": (sp.Sum(x[i, k] * w[k, j], (k, 0, D - 1)), (i, N), (j, M)),
    "a transpose": (x[j, i] * 2, (i, D), (j, N)),
    "a bias": (sp.Sum(x[i, k] * w[k, j], (k, 0, D - 1)) + b[j], (i, N), (j, M)),
    "a sum over rows": (sp.Sum(x[k, j] ** 2, (k, 0, N - 1)) / N, (j, D)),
    "two sums": (
        sp.Sum(x[i, k] * w[k, q] * b[q], (k, 0, D - 1), (q, 0, M - 1)),
        (i, N),
    ),
    "functions": (sp.exp(-x[i, j]) / (1 + sp.exp(-x[i, j])) ** 2 - s, (i, N), (j, D)),
    "cases": (
        sp.Piecewise((x[i, j], x[i, j] > 0), (s * x[i, j], True)),
        (i, N),
        (j, D),
    ),
    "a delta": (sp.KroneckerDelta(i, j) - x[i, 0] * x[j, 1], (i, N), (j, N)),
    "labels": (x[i, y[i]] + sp.KroneckerDelta(y[i], j), (i, N), (j, D)),
    "an entry further on, where it is there": (
        sp.Piecewise((x[i + 2, j], i + 2 < N), (0, True)),
        (i, N),
        (j, D),
    ),
    "fewer rows than there are": (sp.Piecewise((x[i, j], i < N), (s, True)), (i, M), (j, D)),
    "a sum up to an index": (sp.Sum(x[k, j] * y[k], (k, 0, i)), (i, N), (j, D)),
    "a sum from an index to another": (sp.Sum(w[0, k], (k, i, N - j)), (i, N), (j, D)),
    "a counter": (x[i, j] * (j + 1), (i, N), (j, D)),
    "a constant": (sp.Rational(1, 3), (i, N)),
    "only one of two": (b[j], (i, N), (j, M)),
    "an axis in the middle": (x[i, j] * b[k], (i, N), (k, M), (j, D)),
    "a maximum": (MaxOver(x[k, j], (k, 0, N - 1)), (j, D)),
    "a difference of powers": ((x[i, j] - s) ** 3 - (x[i, j] - s), (i, N), (j, D)),
    "sums of nothing but sizes": (sp.Sum(x[i, j], (k, 0, M - 1)), (i, N), (j, D)),
}


@pytest.mark.parametrize("name", CASES)
def test_array_code_is_the_formula(name: str) -> None:
    body, *axes = CASES[name]
    names = {x: "x", w: "w", b: "b", y: "y", s: "s"}
    text = ArrayCode("numpy", names, str).array(body, axes)
    found = eval(text, {"np": np, **SIZES, **VALUES})
    sizes = tuple(SIZES[str(size)] for _, size in axes)
    assert found.shape == sizes
    for position in np.ndindex(sizes):
        at = dict(zip((index for index, _ in axes), position, strict=True))
        assert found[position] == pytest.approx(entry(body, at)), text


def test_products_are_written_as_people_write_them() -> None:
    body, *axes = CASES["a product of matrices"]
    names = {x: "x", w: "w", b: "b"}
    assert ArrayCode("torch", names, str).array(body, axes) == "x @ w"
    turned = sp.Sum(x[k, i] * x[k, j], (k, 0, N - 1))
    assert ArrayCode("torch", names, str).array(turned, [(i, D), (j, D)]) == "x.T @ x"
    body, *axes = CASES["two sums"]
    found = ArrayCode("torch", names, str).array(body, axes)
    assert found == 'torch.einsum("ab,bc,c->a", x, w, b)'
    assert ArrayCode("jax", names, str).array(x[i, j], [(j, D), (i, N)]) == "x.T"


def test_what_has_no_code_is_said() -> None:
    with pytest.raises(UnsupportedError, match="Product cannot be written as array code"):
        ArrayCode("numpy", {x: "x"}, str).array(sp.Product(x[i, k], (k, 0, D - 1)), [(i, N)])
    with pytest.raises(UnsupportedError, match="whose range depends on an index"):
        ArrayCode("numpy", {x: "x"}, str).array(sp.Sum(x[k, 0], (k, 0, 2 * i)), [(i, N)])
