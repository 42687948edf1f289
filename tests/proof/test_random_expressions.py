"""Random scalar expressions of matrices: what is derived is what autograd finds, and is proved.

The expressions are well-shaped by construction and their sizes are symbols. The gradient is
derived once, for all sizes, and compared at two of them.
"""

from __future__ import annotations

import numpy
import oracle
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import HadamardProduct, Lambda, MatrixSymbol, OneMatrix, Sum, Trace, exp, tanh

import derive
from derive import Gradient
from derive.language.operators import entry

n, m = sp.symbols("n m", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
t = sp.Symbol("t", real=True)

SIZES = ({n: 2, m: 3}, {n: 3, m: 1})

SYMBOLS = (
    MatrixSymbol("A", n, m),
    MatrixSymbol("B", n, m),
    MatrixSymbol("S", n, n),
    MatrixSymbol("M", m, m),
    MatrixSymbol("u", n, 1),
    MatrixSymbol("v", m, 1),
    MatrixSymbol("c", 1, 1),
)

FUNCTIONS = tuple(
    Lambda(t, body) for body in (tanh(t), exp(t), 1 / (1 + exp(-t)), t**2, exp(-(t**2)))
)

NUMBERS = st.sampled_from([sp.Integer(-1), sp.Integer(2), sp.Rational(1, 2), sp.Rational(-3, 2)])
SQUARES = st.sampled_from([n, m])
AXES = st.sampled_from([n, m, sp.Integer(1)])


@st.composite
def matrices(draw, rows, columns, depth):
    """An expression of the given shape, at most ``depth`` operators deep."""

    def operand(*shape):
        return draw(matrices(*shape, depth - 1))

    leaves = [s for s in SYMBOLS if s.shape == (rows, columns)]
    leaves += [s.T for s in SYMBOLS if s.shape == (columns, rows)]
    kinds = ["leaf"]
    if depth:
        kinds += ["sum", "product", "product", "entrywise", "transpose", "function", "multiple"]
    match draw(st.sampled_from(kinds)):
        case "sum":
            return operand(rows, columns) + operand(rows, columns)
        case "product":
            inner = draw(AXES)
            return operand(rows, inner) * operand(inner, columns)
        case "entrywise":
            return HadamardProduct(operand(rows, columns), operand(rows, columns))
        case "transpose":
            return operand(columns, rows).T
        case "function":
            return operand(rows, columns).applyfunc(draw(st.sampled_from(FUNCTIONS)))
        case "multiple":
            return draw(NUMBERS) * operand(rows, columns)
    return draw(st.sampled_from(leaves))


@st.composite
def scalars(draw, depth):
    """A scalar expression of matrices at most ``depth`` operators deep."""
    kinds = ["trace", "total", "form"]
    if depth > 1:
        kinds += ["sum", "product"]
    match draw(st.sampled_from(kinds)):
        case "trace":
            size = draw(SQUARES)
            return Trace(draw(matrices(size, size, depth)))
        case "total":
            rows, columns = draw(AXES), draw(AXES)
            body = entry(draw(matrices(rows, columns, depth)), i, j)
            return Sum(body, (i, 0, rows - 1), (j, 0, columns - 1))
        case "form":
            size = draw(SQUARES)
            x = draw(matrices(size, sp.Integer(1), depth - 1))
            return entry(x.T * draw(matrices(size, size, depth - 1)) * x, 0, 0)
        case "sum":
            return draw(scalars(depth - 1)) + draw(NUMBERS) * draw(scalars(depth - 1))
    return draw(scalars(depth - 1)) * draw(scalars(depth - 1))


@st.composite
def questions(draw, depth):
    """A scalar, and a symbol in it to differentiate by."""
    of = draw(scalars(depth))
    choices = [s for s in SYMBOLS if s in of.free_symbols]
    assume(choices)
    return of, draw(st.sampled_from(choices))


def _samples(claim, seed):
    """Both sides in floats at two sizes; an example that overflows says nothing."""
    for sizes in SIZES:
        rng = numpy.random.default_rng(seed)
        (point,) = oracle.sample(claim, sizes, rng)
        with numpy.errstate(all="ignore"):
            left, right = oracle.sides(claim, point)
        assume(numpy.abs(left).max() < 1e6)
        yield left, right


@settings(max_examples=24)
@given(questions(depth=3), st.integers(0, 2**16))
def test_the_derived_gradient_is_what_autograd_finds(question, seed):
    of, wrt = question
    derived = derive.gradient(of, wrt)
    assert derive.shape_of(derived) == wrt.shape
    for expected, found in _samples(Gradient(of, wrt, derived), seed):
        assert oracle.agree(found, expected), f"{derived} is {found}, not {expected}"


@settings(max_examples=16)
@given(questions(depth=2))
def test_the_derived_gradient_is_proved(question):
    of, wrt = question
    verdict = derive.verify(Gradient(of, wrt, derive.gradient(of, wrt)))
    assert verdict.status == "holds", verdict.reason


@settings(max_examples=10)
@given(questions(depth=2), st.integers(0, 2**16))
def test_a_wrong_gradient_never_holds(question, seed):
    of, wrt = question
    derived = derive.gradient(of, wrt)
    wrong = [derived + OneMatrix(*wrt.shape)]
    if any(
        numpy.abs(found).max() > 1e-6 for _, found in _samples(Gradient(of, wrt, derived), seed)
    ):
        wrong.append(2 * derived)  # twice a gradient that is not zero
    for documented in wrong:
        verdict = derive.verify(Gradient(of, wrt, documented), timeout=10)
        assert verdict.status == "disagrees", f"{documented}: {verdict.reason}"
