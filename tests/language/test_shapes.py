"""Shapes with symbolic sizes: what they are, and what a misfit says."""

import pytest
from sympy import (
    BlockMatrix,
    HadamardProduct,
    IndexedBase,
    Inverse,
    KroneckerProduct,
    MatrixSymbol,
    Trace,
    exp,
    symbols,
)

from derive import (
    Identity,
    Shape,
    ShapeError,
    shape_of,
    softmax,
    tensor,
    verify,
)

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


Qv, F, v1, obs = (MatrixSymbol(*a) for a in (("Q", d, d), ("F", n, d), ("v", d, 1), ("y", n, 1)))
AB, X0, BA = MatrixSymbol("A", n, m), MatrixSymbol("X", n, m), MatrixSymbol("B", m, n)


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Shape(v1 * Qv.I * v1, (1, 1)), "v.T*Q**(-1)*v would fit"),
        (Shape(2 * v1 * Qv.I * v1, (1, 1)), "2*v.T*Q**(-1)*v would fit"),
        (Shape(F * (F.T * F).I * F * obs, (n, 1)), "F*(F.T*F)**(-1)*F.T*y would fit"),
        (Identity(v1.T * Qv * v1.T, 1), "v.T*Q*v would fit"),
        (Shape(AB * X0 * BA, (m, n)), "A.T*X*B would fit"),
    ],
    ids=str,
)
def test_what_would_fit_is_the_whole_product(claim, said):
    assert said in verify(claim).reason


def test_what_fits_two_factors_and_not_the_others_is_not_told():
    with pytest.raises(ShapeError) as problem:
        shape_of(F * Qv * F * v1)
    assert "would fit" not in str(problem.value)


@pytest.mark.parametrize(
    ("shape", "said"), [((d, 1), "v*u.T*w would fit"), ((1, d), "v.T*w*u.T would fit")]
)
def test_what_has_the_documented_shape_comes_first(shape, said):
    u, w = MatrixSymbol("u", d, 1), MatrixSymbol("w", d, 1)
    assert said in verify(Shape(v1 * w * u.T, shape)).reason


SQUARE, TURNED = MatrixSymbol("S", n, n), MatrixSymbol("R", n, n)
i, j = symbols("i j", integer=True)
BY_ENTRIES = tensor(TURNED[i, j], (i, n), (j, n))


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [
        (SQUARE * BY_ENTRIES, SQUARE * TURNED, "holds"),
        (SQUARE * BY_ENTRIES * SQUARE, SQUARE * TURNED * SQUARE, "holds"),
        (SQUARE * BY_ENTRIES, TURNED * SQUARE, "disagrees"),
        (BY_ENTRIES.T + SQUARE, TURNED.T + SQUARE, "holds"),
        (SQUARE * IndexedBase("Z", shape=(n, n)), SQUARE, "undecided"),
        (IndexedBase("Z", shape=(n, m)) * W, X * W, "disagrees"),
    ],
)
def test_an_array_by_entries_stands_where_it_is_written_in_a_product(left, right, status):
    """An IndexedBase is moved to the front by SymPy, where it does not tell its place."""
    assert verify(Identity(left, right)).status == status
