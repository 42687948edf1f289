"""The operators as SymPy meets them: printed, and turned into NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from derive import (
    ScalarFunction,
    at,
    broadcast,
    conv2d,
    formulas,
    logsumexp,
    max_over,
    max_pool2d,
    ordered_product,
    softmax,
    sum_over,
    tensor,
)

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True)
X, row = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("b", 1, m)
V, B = sp.IndexedBase("V", shape=(n, m)), sp.IndexedBase("B", shape=(m, n, n))
image, kernel = sp.IndexedBase("x", shape=(n, 2, 5, 5)), sp.IndexedBase("K", shape=(m, 2, 3, 3))
L = ScalarFunction("L")
squares = tensor(V[i, j] ** 2, (i, n), (j, m))

RNG = np.random.default_rng(1)
VALUES = {
    **{"n": 2, "m": 3, "X": RNG.normal(size=(2, 3)), "b": RNG.normal(size=(1, 3))},
    **{"V": RNG.normal(size=(2, 3)), "x": RNG.normal(size=(2, 2, 5, 5))},
    **{"K": RNG.normal(size=(3, 2, 3, 3)), "B": RNG.normal(size=(3, 2, 2))},
}


def evaluated(expr):
    """What ``lambdify`` makes of it, at the values above."""
    named = [symbol for symbol in (n, m, X, row, V, B, image, kernel) if expr.has(symbol)]
    return sp.lambdify(named, expr)(*(VALUES[str(symbol)] for symbol in named))


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (squares, r"\left[{V}_{i,j}^{2}\right]_{i < n,\, j < m}"),
        (squares[0, 1], r"{\left[{V}_{i,j}^{2}\right]_{i < n,\, j < m}}_{0, 1}"),
        (logsumexp(X), r"\operatorname{logsumexp}\left(X\right)"),
        (broadcast(row, n, m), r"\operatorname{broadcast}_{n \times m}\left(b\right)"),
        (max_over(X[i, k], (k, 0, m - 1)), r"\max_{0 \leq k \leq m - 1} {X}_{i,k}"),
        (sum_over(at(B, k), (k, 0, m - 1)), r"\sum_{k=0}^{m - 1} B_{k}"),
        (ordered_product(at(B, k), (k, 1, m)), r"\overleftarrow{\prod}_{k=1}^{m} B_{k}"),
        (L(X, row), r"L\left(X, b\right)"),
        (L.gradient(1)(X, row), r"\nabla_{2} L\left(X, b\right)"),
    ],
)
def test_latex(expr, text):
    assert sp.latex(expr) == text


def test_what_sympy_has_another_class_of_the_same_name_for_is_printed():
    assert sp.pretty(squares) == str(squares)
    assert sp.pretty(squares[0, 1]) == str(squares[0, 1])


@pytest.mark.parametrize("module", formulas.MODULES)
def test_everything_in_the_catalogue_has_latex(module):
    (formula,) = formulas.catalogue([module]).values()
    for claim in formula.claims:
        fields = [getattr(claim, name) for name in claim.expression_fields]
        for expr in (*fields, *claim.where, *claim.where.values(), *claim.assumed):
            assert sp.latex(expr)


def test_an_array_is_not_gone_through_entry_by_entry():
    for array in (squares, tensor(V[i, 0], (i, n)), conv2d(image, kernel)):
        with pytest.raises(TypeError, match="not iterable"):
            iter(array)


def slid(x, kernel):
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return np.einsum("acijpq,ocpq->aoij", windows, kernel)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (squares, VALUES["V"] ** 2),
        (squares[1, 2], VALUES["V"][1, 2] ** 2),
        (softmax(X), np.exp(VALUES["X"]) / np.exp(VALUES["X"]).sum(1, keepdims=True)),
        (logsumexp(X), np.log(np.exp(VALUES["X"]).sum(1, keepdims=True))),
        (broadcast(row, n, m), np.broadcast_to(VALUES["b"], (2, 3))),
        (max_over(X[1, k], (k, 0, m - 1)), VALUES["X"][1].max()),
        (sum_over(at(B, k), (k, 0, m - 1)), VALUES["B"].sum(0)),
        (conv2d(image, kernel, padding=1), slid(VALUES["x"], VALUES["K"])),
        (max_pool2d(image, 5), VALUES["x"].max((2, 3), keepdims=True)),
    ],
    ids=str,
)
def test_numpy(expr, expected):
    assert np.allclose(evaluated(expr), expected)
