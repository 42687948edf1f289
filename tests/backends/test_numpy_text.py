"""NumPy text: every node that a claim may hold has one, and a name never decides which it is."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy.core.expr import Expr
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import ArrayComprehension

from derive.backends.array_code import ARRAYS
from derive.backends.matrix_code import MATRICES
from derive.backends.numpy_text import NUMPY, NumpyPrinter
from derive.backends.python_names import Names
from derive.language import images, sequences  # noqa: F401  (they fill the tables)
from derive.language.operators import Partial, ScalarApplication, ScalarGradient
from derive.lowering import conditions, matrices, scalars  # noqa: F401
from derive.lowering.lower import SCALARS, lowered_nodes

x, A = sp.Symbol("x", real=True), sp.MatrixSymbol("A", 3, 3)
k, l = sp.symbols("k l", integer=True)
# Bases of others, indices that stand for the sum around them, and what is written step by step.
OTHERWISE = {"Recurrence", "Number", "Boolean", "ExprWithLimits"}
# What array code refuses by name.
REFUSED = {sp.Product, ScalarApplication, ScalarGradient, Partial}


def test_every_node_has_numpy_text():
    assert set(NUMPY.missing(lowered_nodes())) <= OTHERWISE


def test_every_scalar_is_array_code_or_refused():
    kinds = {kind for kind in SCALARS if kind not in (Expr, Boolean, sp.Number)}
    assert set(MATRICES.missing(kinds)) <= {kind.__name__ for kind in REFUSED}
    assert not [kind for kind in REFUSED if MATRICES.find(kind) is not None]
    assert all(kind in MATRICES for kind in ARRAYS)


def _text(node: object, **functions: sp.Lambda) -> str:
    printer = NumpyPrinter(Names(), {}, functions, {x: "x", A: "A"})
    printer.known |= {"x": "x", "A": "A"}
    return printer.print(node)


@pytest.mark.parametrize("name", ["floor", "Max", "Trace", "Sum", "exp"])
def test_a_function_with_the_name_of_a_node_is_no_such_node(name):
    own = _text(sp.Function(name)(x), **{name: sp.Lambda(x, x**2)})
    assert own.rstrip("_").partition("(")[0].rstrip("_") == name


VALUES = np.arange(1.0, 10).reshape(3, 3)
PARTS = {
    "slice": (MatrixSlice(A, (1, 3), (0, 3, 2)), VALUES[1:3, 0:3:2]),
    "adjoint": (sp.Adjoint(A), VALUES.T),
    "comprehension": (
        ArrayComprehension(A[k, l] * k, (k, 1, 2), (l, 0, 2)),
        VALUES[1:3] * [[1], [2]],
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_matrices(name):
    node, expected = PARTS[name]
    assert np.array_equal(eval(_text(node), {"np": np, "A": VALUES}), expected)
