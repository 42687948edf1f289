"""The evaluator against hand values, NumPy and autograd; and where it has to refuse."""

from __future__ import annotations

import math
from fractions import Fraction

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy as sp
from flint import arb, fmpq
from sympy import Q
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions import ArraySymbol

from derive.base.errors import ShapeError, UnsupportedError
from derive.claims.kinds import Backward, Gradient, Hessian, Identity, Jacobian
from derive.evaluation.evaluate import (
    BALL,
    EXACT,
    FLOATING,
    Inconclusive,
    LazyArray,
    NotDifferentiable,
    NotExact,
    OutOfRange,
    Point,
    Undefined,
    derivative,
    evaluate,
    sides,
    truth,
)
from derive.language.operators import (
    ScalarFunction,
    broadcast,
    logsumexp,
    max_over,
    partial,
    softmax,
    tensor,
)

n, m, h = sp.symbols("n m h", integer=True, positive=True)
i, j, k, p, q = sp.symbols("i j k p q", integer=True)
x, y, t = sp.symbols("x y t", real=True)
X, W, V = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("W", m, h), sp.MatrixSymbol("V", n, m)
A, B = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("B", n, n)
w, b, r = sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("b", 1, m), sp.MatrixSymbol("r", 1, m)
s = sp.MatrixSymbol("s", 1, 1)

HALF = Fraction(1, 2)
X23 = [[1, 2, 3], [4, 5, 7]]
A22 = [[2, 1], [5, 3]]


def _short(value):
    """The expression of a case as its name in the report; sizes and numbers are left out."""
    return str(value)[:40] if isinstance(value, sp.Basic) else None


def at(values=None, functions=None, **sizes):
    named = {"n": n, "m": m, "h": h, "i": i, "j": j, "p": p, "q": q}
    return Point({named[name]: size for name, size in sizes.items()}, values or {}, functions or {})


# -- values ----------------------------------------------------------------------------------

PX = at({X: X23, V: [[1, 0, 2], [0, 1, 0]], b: [[1, 2, 3]], w: [[1], [2], [3]]}, n=2, m=3)
PA = at({A: A22, B: [[0, 1], [1, 1]], s: [[7]]}, n=2)

VALUES = [
    (X.T, PX, [[1, 4], [2, 5], [3, 7]]),
    (2 * X - V, PX, [[1, 4, 4], [8, 9, 14]]),
    (X * w, PX, [[14], [35]]),
    (sp.HadamardProduct(X, V), PX, [[1, 0, 6], [0, 5, 0]]),
    (sp.HadamardPower(X, 2), PX, [[1, 4, 9], [16, 25, 49]]),
    (sp.MatAdd(X, b), PX, [[2, 4, 6], [5, 7, 10]]),  # a row is added to every row
    (sp.HadamardProduct(X, X * w), PX, [[14, 28, 42], [140, 175, 245]]),
    (A * B, PA, [[1, 3], [3, 8]]),
    (sp.MatMul(s, A), PA, [[14, 7], [35, 21]]),  # 1×1 as a multiple
    (sp.MatMul(A, s, B), PA, [[7, 21], [21, 56]]),
    (A.inverse(), PA, [[3, -1], [-5, 2]]),
    (A**3, PA, [[43, 24], [120, 67]]),
    (A**-2, PA, [[14, -5], [-25, 9]]),
    (sp.Identity(n) + sp.OneMatrix(n, n), PA, [[2, 1], [1, 2]]),
    (sp.ZeroMatrix(n, m), PX, [[0, 0, 0], [0, 0, 0]]),
    (DiagMatrix(w), PX, [[1, 0, 0], [0, 2, 0], [0, 0, 3]]),
    (DiagonalMatrix(A), PA, [[2, 0], [0, 3]]),
    (DiagonalOf(A), PA, [[2], [3]]),
    (sp.KroneckerProduct(A, B), PA, np.kron(A22, [[0, 1], [1, 1]]).tolist()),
    (
        sp.BlockMatrix([[A, B], [B, A]]),
        PA,
        [[2, 1, 0, 1], [5, 3, 1, 1], [0, 1, 2, 1], [1, 1, 5, 3]],
    ),
    (X[0:1, 1:m], PX, [[2, 3]]),
    (sp.FunctionMatrix(n, m, sp.Lambda((i, j), i - j)), PX, [[0, -1, -2], [1, 0, -1]]),
    (sp.ImmutableMatrix([[x, 1], [0, x**2]]), at({x: 3}), [[3, 1], [0, 9]]),
    (X.applyfunc(sp.Lambda(x, x**2 + 1)), PX, [[2, 5, 10], [17, 26, 50]]),
    (X.applyfunc(sp.Lambda(x, sp.Max(x - 3, 0))), PX, [[0, 0, 0], [1, 2, 4]]),
    (X.applyfunc(sp.Lambda(x, 5)), PX, [[5, 5, 5], [5, 5, 5]]),
    (broadcast(b, n, m), PX, [[1, 2, 3], [1, 2, 3]]),
]


@pytest.mark.parametrize("expr,point,expected", VALUES, ids=_short)
@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING], ids=lambda f: f.name)
def test_matrix_values(expr, point, expected, field):
    found = evaluate(expr, point, field=field)
    assert found.shape == np.shape(expected)
    if field is FLOATING:
        assert found == pytest.approx(np.array(expected, dtype=float))
    else:
        assert (found == np.array(expected)).all()


SCALARS = [
    (sp.Trace(A), PA, 5),
    (sp.Determinant(A * B), PA, -1),
    ((w.T * w)[0, 0], PX, 14),
    (A[1, 0] - A[0, 1], PA, 4),
    (sp.Sum(X[i, j], (j, 0, i), (i, 0, n - 1)), PX, 1 + 4 + 5),  # a triangle
    (sp.Sum(x, (i, 3, 1)), at({x: 1}), 0),  # an empty range
    (sp.Sum(x, (i, 2, n)), at({x: 1}, n=1), 0),
    (sp.Product(x, (i, 2, n)), at({x: 5}, n=1), 1),
    (sp.Product(x + i, (i, 0, n)), at({x: 1}, n=3), 24),
    (sp.Piecewise((1 / x, x > 0), (2, True)), at({x: 0}), 2),  # the other branch is not taken
    (sp.Max(x, y, 3), at({x: 1, y: 5}), 5),
    (sp.Min(x, y, 3), at({x: 1, y: 5}), 1),
    (sp.Abs(x) + sp.sign(x), at({x: -4}), 3),
    (sp.KroneckerDelta(i, j) + 2 * sp.KroneckerDelta(i, 1), at(i=1, j=0), 2),
    (sp.floor(x) + sp.ceiling(x), at({x: HALF}), 1),
    (sp.Mod(x, 3), at({x: 7}), 1),
    (sp.sqrt(x), at({x: Fraction(4, 9)}), Fraction(2, 3)),
    (x**-2, at({x: HALF}), 4),
    (x**n, at({x: -2}, n=3), -8),
    (sp.Float(0.1) * x, at({x: 1}), Fraction(1, 10)),  # as a document writes it
    (max_over(b[0, i], (i, 0, m - 1)), PX, 3),
    (tensor(i * x + j, (i, n), (j, m), (k, 2))[1, 2, 0], at({x: 5}, n=2, m=3), 7),
    (x + s[0, 0] * n, at({x: 1, s: [[7]]}, n=2), 15),
    (sp.factorial(n) + sp.binomial(4, n), at(n=3), 10),
    (sp.exp(x) + sp.log(1 + x) + sp.cos(x), at({x: 0}), 2),
    (sp.Heaviside(x, HALF), at({x: 0}), HALF),
]  # fmt: skip


@pytest.mark.parametrize("expr,point,expected", SCALARS, ids=_short)
@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING], ids=lambda f: f.name)
def test_scalar_values(expr, point, expected, field):
    found = evaluate(expr, point, field=field)
    assert found.shape == ()
    assert float(Fraction(str(found.item()))) == pytest.approx(float(expected), abs=1e-15)


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "atan",
        "asinh",
        "atanh",
        "erf",
    ],
)
def test_functions_and_their_two_derivatives(name):
    """Values and both derivatives in balls, against SymPy's own for a single scalar."""
    f = getattr(sp, name)(x) + sp.sqrt(2 + x) ** 3 + sp.log(2 + x)
    point = at({x: Fraction(1, 3)})
    for order in (0, 1, 2):
        found = (
            evaluate(f, point, field=BALL)
            if order == 0
            else derivative(f, x, point, field=BALL, order=order)
        )
        expected = sp.diff(f, x, order).subs(x, sp.Rational(1, 3)).evalf(30)
        assert arb(str(expected)).overlaps(found.item() + arb(0, 1e-25))
        assert float(found.item().rad()) < 1e-30


def test_pi_and_e_are_enclosed():
    found = evaluate(sp.pi + sp.E, at(), field=BALL).item()
    assert found.overlaps(arb.pi() + arb.const_e()) and float(found.rad()) < 1e-30


def test_balls_stay_rational_while_they_can():
    assert isinstance(evaluate(x / 3 + sp.exp(0 * x), at({x: 1}), field=BALL).item(), fmpq)
    assert isinstance(evaluate(sp.exp(x), at({x: 1}), field=BALL).item(), arb)


def test_rationals_that_grow_without_end_become_balls():
    where, last = {}, x
    for depth in range(40):
        symbol = sp.Symbol(f"z{depth}")
        where[symbol] = last**3 + sp.Rational(1, 7)
        last = symbol
    found = evaluate(last, at({x: Fraction(1, 3)}), where, BALL).item()
    assert isinstance(found, arb) and found.rel_accuracy_bits() > 60


# -- arrays of any rank ----------------------------------------------------------------------


def test_affine_indices_read_a_window():
    image, out = sp.IndexedBase("I", shape=(n + m - 1,)), sp.Symbol("l", integer=True)
    expr = sp.Sum(image[out * 2 + p], (p, 0, m - 1))
    point = Point({n: 4, m: 2, out: 1}, {image: [1, 2, 4, 8, 16]})
    assert evaluate(expr, point).item() == 4 + 8
    with pytest.raises(OutOfRange):
        evaluate(expr, Point({n: 4, m: 2, out: 2}, {image: [1, 2, 4, 8, 16]}))


def test_array_symbols_comprehensions_and_tensors():
    T = ArraySymbol("T", (n, m, 2))
    values = np.arange(12).reshape(2, 3, 2)
    point = at({T: values}, n=2, m=3)
    assert evaluate(T[1, 2, 0], point).item() == 10
    assert evaluate(sp.Sum(T[i, j, 1], (i, 0, 1), (j, 0, 2)), point).item() == 36
    assert (evaluate(tensor(T[i, j, 0] + i, (j, m), (i, n)), point).shape) == (3, 2)
    found = evaluate(ArrayComprehension(i * j, (i, 1, n), (j, 0, 2)), point)
    assert found.tolist() == [[0, 1, 2], [0, 2, 4]]
    with pytest.raises(OutOfRange):
        evaluate(T[2, 0, 0], point)


def test_negative_index_is_out_of_range_and_not_counted_from_the_end():
    with pytest.raises(OutOfRange):
        evaluate(X[i - 1, 0], at({X: X23}, n=2, m=3, i=0))


def test_an_array_without_a_shape_is_made_up_as_it_is_read():
    c = sp.IndexedBase("c")
    values = LazyArray("c")
    point = at({c: values}, n=3)
    total = evaluate(sp.Sum(c[i], (i, 0, n)), point).item()
    assert sorted(values) == [(0,), (1,), (2,), (3,)]
    assert total == sum((fmpq(v.numerator, v.denominator) for v in values.values()), fmpq(0))
    assert derivative(sp.Sum(c[i] ** 2, (i, 0, n)), c[1], point).item() == 2 * fmpq(
        values[1,].numerator, values[1,].denominator
    )


# -- where nothing can be said ---------------------------------------------------------------

REFUSED = [
    (sp.log(x), at({x: 0}), Undefined),
    (sp.log(x), at({x: -1}), Undefined),
    (sp.sqrt(x), at({x: -1}), Undefined),
    (x ** sp.Rational(1, 3), at({x: -8}), Undefined),
    (1 / x, at({x: 0}), Undefined),
    (x ** (-HALF), at({x: 0}), Undefined),
    (x**y, at({x: -2, y: HALF}), Undefined),
    (sp.acos(x), at({x: 2}), Undefined),
    (sp.atanh(x), at({x: 1}), Undefined),
    (A.inverse(), at({A: [[1, 2], [2, 4]]}, n=2), Undefined),
    (sp.Piecewise((1, x > 0)), at({x: 0}), Undefined),
    (sp.Sum(x, (i, 0, n / 2)), at({x: 1}, n=3), Undefined),
    (max_over(x, (i, 1, n)), at({x: 1}, n=0), Undefined),
    (X[i, 0], at({X: X23}, n=2, m=3, i=2), OutOfRange),
    (X[0:1, 1:h], at({X: X23}, n=2, m=3, h=5), OutOfRange),
    (X * V, PX, ShapeError),
    (sp.exp(X), PX, ShapeError),
    (sp.MatAdd(X, X.T), PX, ShapeError),
    (sp.Integral(x, (x, 0, 1)), at(), UnsupportedError),
    (sp.elliptic_k(x), at({x: 1}), UnsupportedError),
    (x, at(), UnsupportedError),
    (sp.Function("f")(x), at({x: 1}), UnsupportedError),
]


@pytest.mark.parametrize("expr,point,error", REFUSED, ids=_short)
@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING], ids=lambda f: f.name)
def test_refusals(expr, point, error, field):
    with pytest.raises(error):
        evaluate(expr, point, field=field)


def test_an_irrational_value_is_not_exact():
    for expr in (sp.exp(x), sp.sqrt(x), sp.pi * x, sp.log(x)):
        with pytest.raises(NotExact):
            evaluate(expr, at({x: 2}))


def test_a_comparison_that_no_precision_decides():
    expr = sp.Piecewise((1, sp.sin(x) ** 2 + sp.cos(x) ** 2 > 1), (0, True))
    with pytest.raises(Inconclusive):
        evaluate(expr, at({x: 1}), field=BALL)
    close = sp.Piecewise((1, sp.exp(x) > sp.exp(x + sp.Rational(1, 10**60))), (0, True))
    assert evaluate(close, at({x: 1}), field=BALL).item() == 0  # decided at the second precision


def test_an_overflow_is_not_a_value():
    with pytest.raises(Inconclusive):
        evaluate(sp.exp(sp.exp(x)), at({x: 10}), field=FLOATING)


KINKS = [
    (sp.Max(0, x), {x: 0}),
    (sp.Min(x, y), {x: 2, y: 2}),
    (sp.Abs(x), {x: 0}),
    (sp.sign(x), {x: 0}),
    (sp.Piecewise((1, x > 0), (0, True)), {x: 0}),
    (sp.sqrt(x), {x: 0}),
    (sp.floor(x), {x: 2}),
    (sp.acos(x), {x: 1}),
]


@pytest.mark.parametrize("expr,values", KINKS, ids=str)
@pytest.mark.parametrize("field", [EXACT, BALL, FLOATING], ids=lambda f: f.name)
def test_a_kink_has_a_value_and_no_derivative(expr, values, field):
    evaluate(expr, at(values), field=field)
    with pytest.raises(NotDifferentiable):
        derivative(expr, x, at(values), field=field)


def test_a_kink_elsewhere_does_not_matter():
    assert derivative(sp.Max(0, y) + x**2, x, at({x: 3, y: 0})).item() == 6
    assert derivative(sp.Max(0, x), x, at({x: 3})).item() == 1
    assert derivative(sp.Max(x, 1, 1 + y), x, at({x: 3, y: 0})).item() == 1  # the tie is below


def test_two_equal_maxima_over_a_range():
    largest = max_over(b[0, i], (i, 0, m - 1))
    with pytest.raises(NotDifferentiable):
        derivative(largest, b, at({b: [[2, 1, 2]]}, m=3))
    assert derivative(largest, b, at({b: [[2, 1, 3]]}, m=3)).tolist() == [[0, 0, 1]]


# -- derivatives against autograd ------------------------------------------------------------


def _softmax(o):
    e = anp.exp(o)
    return e / anp.sum(e, axis=1, keepdims=True)


def _blocks(a):
    top = anp.concatenate([a, a @ a], axis=1)
    return anp.concatenate([top, anp.concatenate([a.T, a], axis=1)])


def entries(matrix):
    return sp.Sum(matrix[i, j], (i, 0, n - 1), (j, 0, m - 1))


AGAINST_AUTOGRAD = [
    (sp.Trace(A * A.T * A), A, lambda a: anp.trace(a @ a.T @ a)),
    (sp.log(sp.Abs(sp.Determinant(A))), A, lambda a: anp.log(anp.abs(anp.linalg.det(a)))),
    (sp.Trace(A.inverse() * A.T), A, lambda a: anp.trace(anp.linalg.inv(a) @ a.T)),
    (sp.Trace(A**-2), A, lambda a: anp.trace(anp.linalg.inv(a @ a))),
    (sp.Trace(sp.KroneckerProduct(A, A.T)), A, lambda a: anp.trace(anp.kron(a, a.T))),
    (entries(X.applyfunc(sp.tanh)), X, lambda a: anp.sum(anp.tanh(a))),
    (entries(sp.HadamardProduct(softmax(X), X)), X, lambda a: anp.sum(_softmax(a) * a)),
    (
        sp.Sum(logsumexp(X)[i, 0] ** 2, (i, 0, n - 1)),
        X,
        lambda a: anp.sum(anp.log(anp.sum(anp.exp(a), axis=1)) ** 2),
    ),
    (entries(sp.HadamardProduct(X, broadcast(X[0:1, :], n, m))), X, lambda a: anp.sum(a * a[:1])),
    (entries(sp.HadamardPower(X, 3)), X, lambda a: anp.sum(a**3)),
    (sp.sqrt(entries(sp.HadamardPower(X, 2))), X, lambda a: anp.sqrt(anp.sum(a**2))),
    (
        sp.Product(1 + X[0, j] ** 2, (j, 0, m - 1)),
        X,
        lambda a: anp.prod(1 + a[0] ** 2),
    ),
    (
        entries(X.applyfunc(sp.Lambda(x, sp.Piecewise((x**2, x > 0), (sp.exp(x), True))))),
        X,
        lambda a: anp.sum(anp.where(a > 0, a**2, anp.exp(a))),
    ),
    (sp.Trace(DiagMatrix(DiagonalOf(A)) * A), A, lambda a: anp.trace(anp.diag(anp.diag(a)) @ a)),
    (
        sp.Trace(sp.BlockMatrix([[A, A * A], [A.T, A]]) ** 2),
        A,
        lambda a: anp.trace(_blocks(a) @ _blocks(a)),
    ),
    (sp.Sum(X[i, j] ** (j + 1), (i, 0, j), (j, 0, 1)), X, lambda a: a[0, 0] + a[0, 1] ** 2
     + a[1, 1] ** 2),
    (max_over(X[0, j], (j, 0, m - 1)) * X[1, 1], X, lambda a: anp.max(a[0]) * a[1, 1]),
    (sp.exp(X[0, 0]) ** X[0, 1], X, lambda a: anp.exp(a[0, 0]) ** a[0, 1]),
]  # fmt: skip


@pytest.mark.parametrize("expr,wrt,function", AGAINST_AUTOGRAD, ids=_short)
def test_gradient_agrees_with_autograd(expr, wrt, function):
    rng = np.random.default_rng(7)
    value = rng.standard_normal((2, 3) if wrt is X else (2, 2)) + 0.1
    point = at({wrt: value}, n=2, m=3)
    found = derivative(expr, wrt, point, field=FLOATING)
    assert found.shape == value.shape
    assert evaluate(expr, point, field=FLOATING).item() == pytest.approx(function(value))
    assert found == pytest.approx(autograd.grad(function)(value), rel=1e-9, abs=1e-12)


def test_hessian_agrees_with_autograd():
    def function(v):
        u = X0 @ v
        return anp.sum(anp.tanh(u) * anp.exp(u)) + 1 / anp.sum(v**2) + anp.sum(v) ** 3

    rng = np.random.default_rng(3)
    X0, v0 = rng.standard_normal((2, 3)), rng.standard_normal(3)
    u = (X * w).applyfunc(sp.Lambda(x, sp.tanh(x) * sp.exp(x)))
    of = sp.Sum(u[i, 0], (i, 0, n - 1)) + 1 / (w.T * w)[0, 0] + sp.Sum(w[i, 0], (i, 0, m - 1)) ** 3
    found = derivative(of, w, at({X: X0, w: v0[:, None]}, n=2, m=3), field=FLOATING, order=2)
    assert found.shape == (3, 1, 3, 1)
    assert found.reshape(3, 3) == pytest.approx(autograd.hessian(function)(v0))


def test_hessian_of_inverse_and_determinant_agrees_with_autograd():
    def function(v):
        a = anp.outer(v, v) + M
        return anp.linalg.det(a) + anp.trace(anp.linalg.inv(a))

    M = np.array([[2.0, 0.5], [-0.3, 1.0]])
    v = sp.MatrixSymbol("v", n, 1)
    of = sp.Determinant(v * v.T + A) + sp.Trace((v * v.T + A).inverse())
    point = at({v: [[HALF], [-2]], A: [[2, HALF], [Fraction(-3, 10), 1]]}, n=2)
    found = derivative(of, v, point, order=2).astype(float).reshape(2, 2)
    assert found == pytest.approx(autograd.hessian(function)(np.array([0.5, -2.0])))


def test_exact_and_floating_agree_on_a_jacobian():
    point = at({X: X23, w: [[1], [-1], [HALF]]}, n=2, m=3)
    of = sp.HadamardPower(X * w, 2)
    exact = derivative(of, X, point)
    assert exact.shape == (2, 1, 2, 3)
    assert derivative(of, X, point, field=FLOATING) == pytest.approx(exact.astype(float))
    assert exact[0, 0, 0].tolist() == [1, -1, fmpq(1, 2)]  # 2·(½)·w
    assert not exact[0, 0, 1].any()


# -- functions that stand for any ------------------------------------------------------------

f, g = sp.Function("f"), sp.Function("g")
CUBIC = sp.Lambda(x, x**3 / 3 + x**2 / 2 - x)


def test_undefined_functions_their_derivatives_and_substitutions():
    point = at({x: 2, y: 3}, {f: CUBIC, g: sp.Lambda((x, y), x**2 * y)})
    assert evaluate(f(x), point).item() == fmpq(8, 3)
    assert evaluate(f(x).diff(x), point).item() == 5
    assert evaluate(f(x).diff(x, 2), point).item() == 5
    assert evaluate(f(2 * x).diff(x), point).item() == 2 * 19
    assert evaluate(g(x, y).diff(x), point).item() == 12
    assert evaluate(g(x, y).diff(x, y), point).item() == 4
    assert evaluate(g(x, x).diff(x), point).item() == 12
    assert derivative(f(x * y), x, point).item() == 3 * (36 + 6 - 1)
    assert derivative(f(x).diff(x), x, point).item() == 5


def test_elementwise_function_and_its_derivative():
    point = at({X: X23}, {f: CUBIC}, n=2, m=3)
    slope = X.applyfunc(sp.Lambda(x, f(x).diff(x)))
    found = derivative(entries(X.applyfunc(f)), X, point)
    assert (found == evaluate(slope, point)).all()
    assert found[0, 1] == 5
    assert evaluate(f(X[0, 1]).diff(X[0, 1]), point).item() == 5


def test_scalar_function_of_matrices_and_its_gradient():
    L = ScalarFunction("L")
    Y, c = sp.MatrixSymbol("Y", 2, 2), sp.Symbol("c")
    body = sp.Lambda((Y, c), Y[0, 0] ** 2 * Y[1, 1] + c * Y[0, 1] ** 3)
    D = sp.MatrixSymbol("D", n, n)
    point = at({A: A22, D: [[1, 0], [2, 3]], x: 5}, {L: body}, n=2)
    product = sp.HadamardProduct(A, D)
    assert evaluate(L(A, x), point).item() == 12 + 5
    assert evaluate(L.gradient(0)(A, x), point).tolist() == [[12, 15], [0, 4]]
    assert evaluate(L.gradient(1)(A, x), point).item() == 1
    claim = Gradient(L(product, x), A, sp.HadamardProduct(L.gradient(0)(product, x), D))
    left, right = sides(claim, point)
    assert (left == right).all() and left[0, 0] == 2 * 2 * 9
    # The gradient moves with its argument: ∂/∂A of ∂L/∂A₀₀ = 2 A₀₀ A₁₁.
    found = derivative(L.gradient(0)(A, x)[0, 0], A, point)
    assert found.tolist() == [[6, 0], [0, 4]]


# -- definitions -----------------------------------------------------------------------------


def test_definitions_carry_derivatives_and_are_cut_at_the_variable():
    hidden, out = sp.MatrixSymbol("hidden", n, m), sp.Symbol("out")
    where = {hidden: sp.HadamardPower(X, 2), out: entries(hidden)}
    point = at({X: X23}, n=2, m=3)
    assert (derivative(out**2, X, point, where) == 4 * 104 * np.array(X23)).all()
    assert (derivative(out**2, hidden, point, where) == 2 * 104).all()
    assert derivative(out**2, out, point, where).item() == 208
    assert derivative(hidden[0, 2], X[0, 2], point, where).item() == 6
    assert derivative(out * hidden[0, 1], hidden[0, 1], point, where).item() == 104 + 4


def test_definitions_of_functions_and_of_arrays():
    c = sp.IndexedBase("c", shape=(m,))
    where = {f: sp.Lambda(x, x**2 + y), c: tensor(f(i), (i, m))}
    point = at({y: 10, x: 3}, m=3)
    assert evaluate(f(x) + c[2], point, where).item() == 19 + 14
    assert derivative(f(x), y, point, where).item() == 1
    assert derivative(c[2], y, point, where).item() == 1


def test_a_definition_of_the_wrong_shape():
    wrong = sp.MatrixSymbol("wrong", m, n)
    with pytest.raises(ShapeError, match=r"wrong of shape \(3, 2\) is defined with shape \(2, 3\)"):
        evaluate(wrong, PX, {wrong: X})


def test_each_definition_is_evaluated_once():
    """A chain that doubles at every step would take 2¹²⁸ evaluations if it were pasted in."""
    last, where = x, {}
    for depth in range(128):
        symbol = sp.Symbol(f"z{depth}")
        where[symbol] = (last + last * last / (1 + last)) / 2
        last = symbol
    assert evaluate(last, at({x: 1}), where, FLOATING).item() > 0
    assert math.isfinite(derivative(last, x, at({x: 1}), where, FLOATING).item())


# -- the two sides of a claim ----------------------------------------------------------------

residual = X * w - sp.MatrixSymbol("u", n, 1)
PU = at({X: X23, w: [[1], [-1], [2]], sp.MatrixSymbol("u", n, 1): [[1], [2]]}, n=2, m=3)

RIGHT_CLAIMS = [
    (Gradient((residual.T * residual)[0, 0] / 2, w, X.T * residual), PU, (3, 1)),
    (Gradient(residual.T * residual / 2, w, X.T * residual), PU, (3, 1)),  # 1×1 as a scalar
    (Hessian((residual.T * residual)[0, 0] / 2, w, X.T * X), PU, (3, 3)),
    (Jacobian(X * w, w, X), PU, (2, 3)),
    (Jacobian((X * w).T, w, X), PU, (2, 3)),
    (Jacobian(X, X[i, j], sp.FunctionMatrix(n, m, sp.Lambda((p, q), sp.KroneckerDelta(i, p)
     * sp.KroneckerDelta(j, q)))), at({X: X23}, n=2, m=3, i=1, j=2), (2, 3)),
    (Jacobian(X * W, X, tensor(sp.KroneckerDelta(i, p) * W[q, j], (i, n), (j, h), (p, n), (q, m))),
     at({X: X23, W: [[1], [2], [3]]}, n=2, m=3, h=1), (2, 1, 2, 3)),
    (Backward(X * w, X, residual, residual * w.T), PU, (2, 3)),
    (Identity((w.T * w)[0, 0], w.T * w), PU, ()),
    (Gradient(sp.Trace(A * A), A, A + A.T, given=Q.symmetric(A)),
     at({A: [[1, 2], [2, 5]]}, n=2), (2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("claim,point,shape", RIGHT_CLAIMS, ids=_short)
def test_sides_of_right_claims_are_equal(claim, point, shape):
    left, right = sides(claim, point)
    assert left.shape == right.shape == shape
    assert (left == right).all()


def test_a_symmetric_variable_has_the_symmetric_part_of_the_gradient():
    point = at({A: [[1, 2], [2, 5]], B: [[1, 4], [0, 1]]}, n=2)
    claim = Gradient(sp.Trace(A * B), A, (B + B.T) / 2, given=Q.symmetric(A))
    left, right = sides(claim, point)
    assert (left == right).all() and left[0, 1] == 2
    left, right = sides(Gradient(sp.Trace(A * B), A, B.T), point)
    assert (left == right).all()
    entry = Gradient(sp.Trace(A * B), A[0, 1], 2, given=Q.symmetric(A))
    assert sides(entry, point)[0].item() == 2


def test_sides_of_different_shapes_are_refused():
    with pytest.raises(ShapeError):
        sides(Gradient((w.T * w)[0, 0], w, 2 * w.T), PU)
    with pytest.raises(ShapeError):
        sides(Backward(X * w, X, w, X), PU)


# -- derivatives inside an expression --------------------------------------------------------


def test_a_derivative_as_a_factor():
    hidden = sp.MatrixSymbol("hidden", n, m)
    where = {hidden: sp.HadamardPower(X, 2), t: entries(hidden) ** 2}
    point = at({X: X23}, n=2, m=3, i=1, j=2)
    total = 1 + 4 + 9 + 16 + 25 + 49
    assert evaluate(partial(t, t), point, where).item() == 1
    assert (evaluate(partial(t, hidden), point, where) == 2 * total).all()
    assert (evaluate(partial(t, X), point, where) == 4 * total * np.array(X23)).all()
    assert evaluate(partial(t, X[i, j]), point, where).item() == 4 * total * 7
    chained = sp.Sum(partial(t, hidden[p, q]) * partial(hidden[p, q], X[i, j]),
                     (p, 0, n - 1), (q, 0, m - 1))  # fmt: skip
    assert evaluate(chained, point, where).item() == 4 * total * 7


def test_a_derivative_of_a_derivative():
    of = X[0, 0] ** 3 * X[0, 1] ** 2
    point = at({X: X23}, n=2, m=3, i=0, j=1)
    assert evaluate(partial(partial(of, X[0, 0]), X[0, j]), point).item() == 3 * 2 * 2
    assert evaluate(partial(partial(of, X[0, 0]), X[0, 0]), point).item() == 6 * 4
    assert derivative(partial(of, X)[0, 0], X, point).tolist() == [[24, 12, 0], [0, 0, 0]]
    with pytest.raises(UnsupportedError, match="third order"):
        derivative(partial(of, x), x, at({X: X23, x: 1}, n=2, m=3), order=2)


def test_a_derivative_that_moves_with_a_definition():
    """∂l/∂h is taken at h = x³, and moves with x."""
    where = {y: x**3, t: y**2 + x * y}
    point = at({x: 2})
    assert evaluate(partial(t, y), point, where).item() == 2 * 8 + 2
    assert derivative(partial(t, y), x, point, where).item() == 6 * 4 + 1


def test_conditions_are_decided():
    assert truth(sp.And(x > 0, sp.Or(y > 5, sp.Ne(x, y))), at({x: 1, y: 2}))
    assert not truth(sp.Not(x > 0), at({x: 1}))
    assert truth(sp.Eq(A * B, sp.Identity(n)), at({A: A22, B: [[3, -1], [-5, 2]]}, n=2))
    assert not truth(sp.Eq(A * B, sp.Identity(n)), at({A: A22, B: A22}, n=2))
    assert truth(sp.Gt(sp.exp(x), 2), at({x: 1}))
    with pytest.raises(UnsupportedError):
        truth(sp.Contains(x, sp.Interval(0, 1)), at({x: 1}))


@pytest.mark.parametrize(("relation", "taken"), [(sp.Eq, 2), (sp.Ne, 1)])
def test_an_equation_inside_of_a_function_of_entries(relation, taken):
    """All entries are evaluated in one go there, and an equation is no inequality."""
    condition = sp.Piecewise((1, relation(x, 5)), (2, True))
    expr = A.applyfunc(sp.Lambda(t, t * condition))
    assert (evaluate(expr, at({A: A22, x: 3}, n=2), field=EXACT) == taken * np.array(A22)).all()
