"""Shapes with symbolic sizes: what they are, and what a misfit says."""

import pytest
from sympy import (
    BlockMatrix,
    HadamardProduct,
    Inverse,
    KroneckerProduct,
    MatrixSymbol,
    Trace,
    exp,
    symbols,
)

from derive import ShapeError, shape_of, softmax

n, m, c, d, h = symbols("n m c d h", integer=True, positive=True)
X, W, b = MatrixSymbol("X", n, m), MatrixSymbol("W", m, c), MatrixSymbol("b", 1, c)
Wx, x, y = MatrixSymbol("Wx", d, h), MatrixSymbol("x", 1, d), MatrixSymbol("y", m, 1)


@pytest.mark.parametrize(
    ("expr", "shape"),
    [
        (X * W + b, (n, c)),
        (softmax(X * W + b), (n, c)),
        (x * Wx, (1, h)),
        (MatrixSymbol("z", 1, 1) * X, (n, m)),
        (X * MatrixSymbol("z", 1, 1), (n, m)),
        (y.T * y * X, (n, m)),
        (exp(y.T * y), ()),
        (BlockMatrix([[x, y.T]]), (1, d + m)),
        (KroneckerProduct(X, W), (n * m, m * c)),
    ],
    ids=str,
)
def test_what_fits_has_its_shape(expr, shape):
    assert tuple(a - e for a, e in zip(shape_of(expr), shape, strict=True)) == (0,) * len(shape)


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (Wx * x, "the inner sizes h and 1 differ (it fits only if h = 1; the other order, x*Wx"),
        (X + W, "W has shape (m, c) and X has shape (n, m); they cannot be added"),
        (HadamardProduct(X, W), "they cannot be multiplied entry by entry"),
        (Trace(X), "X has shape (n, m), which is not square; it fits only if n = m"),
        (Inverse(X), "which is not square"),
        (exp(X), "where a scalar is meant"),
    ],
    ids=str,
)
def test_a_misfit_names_the_parts_the_shapes_and_the_condition(expr, said):
    with pytest.raises(ShapeError) as problem:
        shape_of(expr)
    assert said in str(problem.value)
