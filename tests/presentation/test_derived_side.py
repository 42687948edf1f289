"""What is derived is a formula: it is true, each index in it is bound, and it prints at once."""

from dataclasses import replace

import pytest
import sympy as sp
from sympy import HadamardPower, MatrixSymbol, OneMatrix, Trace

import derive
from derive import Backward, Gradient, Hessian, Jacobian, backward, tensor, verify
from derive.language.printing import text_of
from derive.presentation.writer import Writer
from derive.refutation.search import search

n, p, d = sp.symbols("n p d", integer=True, positive=True)
t = sp.Symbol("t", real=True)
A, a, b, c = (
    MatrixSymbol("A", p, p),
    MatrixSymbol("a", p, 1),
    MatrixSymbol("b", p, 1),
    MatrixSymbol("c", p, 1),
)
dot = Trace((a - b).T * c)
r = a - A * b
square = Trace(r.T * r)
sigmoid = sp.Lambda(t, 1 / (1 + sp.exp(-t)))
tanh = sp.Lambda(t, sp.tanh(t))
Nothing = sp.ZeroMatrix(p, p)
SCALED = [
    Jacobian(dot * b, b, Nothing),
    Jacobian(square * b, b, Nothing),
    Hessian(square**2, b, Nothing),
    Hessian(sp.log(square), b, Nothing),
    Hessian(Trace(A.T * b * b.T * A) ** 2, b, Nothing),
    Jacobian(dot**2 * (A * b).applyfunc(tanh), b, Nothing),
]


@pytest.mark.parametrize("claim", SCALED, ids=text_of)
def test_what_is_derived_is_true_and_speaks_of_nothing_else(claim):
    deriving = derive.jacobian if isinstance(claim, Jacobian) else derive.hessian
    found = deriving(claim.of, claim.wrt)
    known = claim.of.free_symbols | claim.wrt.free_symbols | {p}
    assert found.free_symbols <= known
    assert not found.has(sp.FunctionMatrix, sp.KroneckerDelta)
    assert search(replace(claim, equals=found), work=1e6) is None
    assert search(replace(claim, equals=2 * found), work=5e6) is not None  # it could be seen
    assert verify(replace(claim, equals=found), timeout=20).status == "holds"


def test_a_sum_before_a_matrix_is_a_trace_that_sympy_prints_without_working_it_out():
    found = derive.hessian(square**2, b)
    assert not found.has(sp.Sum)
    assert "Sum" not in str(found)


def test_an_index_that_nothing_binds_is_seen():
    writer = Writer()
    i = writer._index()
    bound = sp.Sum(b[i, 0], (i, 0, p - 1))
    assert writer.unbound(b[i, 0] + bound) == {i}
    assert writer.unbound(bound) == set()
    assert writer.unbound(sp.Lambda((i,), b[i, 0])) == set()
    assert writer.unbound(sp.Sum(t, (n, 0, i))) == {i}  # an end of the range is outside of it


def test_a_small_matrix_is_written_out():
    q = MatrixSymbol("q", 3, 1)
    of = sp.Matrix([q[0, 0] * q[1, 0], q[1, 0] * q[2, 0]])
    expected = sp.Matrix([[q[1, 0], q[0, 0], 0], [0, q[2, 0], q[1, 0]]])
    assert derive.jacobian(of, q) == sp.ImmutableMatrix(expected)


# ------------------------------------------------------- derivatives by the value of a function

X, w = MatrixSymbol("X", d, n), MatrixSymbol("w", d, 1)
W, x, S = MatrixSymbol("W", n, d), MatrixSymbol("x", d, 1), MatrixSymbol("s", n, 1)
v = MatrixSymbol("v", n, 1)
ones = OneMatrix(n, 1)


def _written(of, wrt, where):
    found = derive.gradient(of, wrt, where=where)
    assert search(Gradient(of, wrt, found, where=where), work=1e6) is None
    return found


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (sigmoid, [S, ones - S]),
        (tanh, [ones - HadamardPower(S, 2)]),
        (sp.Lambda(t, sp.exp(t)), [S]),
        (sp.Lambda(t, sp.tan(t)), [ones + HadamardPower(S, 2)]),
    ],
    ids=str,
)
def test_a_derivative_is_written_by_the_name_of_the_value(function, slope):
    found = _written(Trace(v.T * S), W, {S: (W * x).applyfunc(function)})
    assert isinstance(found, sp.MatMul) and found.args[1] == x.T
    assert {text_of(f) for f in found.args[0].args} == {text_of(f) for f in (*slope, v)}


def test_a_derivative_is_written_by_the_value_where_it_has_no_name():
    s = (X.T * w).applyfunc(sigmoid)
    found = derive.jacobian(X * s, w)
    assert text_of(found) == "X*DiagMatrix(sigmoid(X.T*w) ⊙ (1 - sigmoid(X.T*w)))*X.T"


def test_a_function_that_is_no_such_polynomial_is_left_as_it_is():
    found = _written(Trace(v.T * S), W, {S: (W * x).applyfunc(sp.Lambda(t, sp.sin(t)))})
    assert S not in found.atoms(MatrixSymbol) and found.has(sp.cos)


def test_what_is_read_of_an_array_is_read_within_it():
    n = sp.Symbol("n", integer=True, positive=True)
    i = sp.Symbol("i", integer=True)
    x, u = sp.IndexedBase("x", shape=(n + 2,)), sp.IndexedBase("u", shape=(n,))
    middle = tensor(x[i + 1] ** 2, (i, n))
    found = backward(middle, x, u)
    assert found.body.has(sp.Piecewise)
    assert verify(Backward(middle, x, u, found)).status == "holds"
