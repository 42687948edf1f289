"""Witnesses of small whole numbers, near those that the search finds."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy import Function, MatrixSymbol, Symbol, exp, log

from derive import Gradient, Identity, ScalarFunction, softmax
from derive.evaluation.evaluate import Point, sides
from derive.evaluation.fields import FLOATING
from derive.refutation.search import search

c = Symbol("c", integer=True, positive=True)
n = Symbol("n", integer=True, positive=True)
t, s = sp.symbols("t s", real=True)
i, j = sp.symbols("i j", integer=True)
f, g = Function("f"), Function("g")
x, w = MatrixSymbol("x", n, 1), MatrixSymbol("w", n, 1)
y, z, p = (MatrixSymbol(name, 1, c) for name in "yzp")
A = MatrixSymbol("A", n, n)
labels = sp.Eq(sp.Sum(y[0, j], (j, 0, c - 1)), 1)
entropy = -sp.Sum(y[0, j] * log(p[0, j]), (j, 0, c - 1))
L = ScalarFunction("L")
score = (x.T * w)[0, 0]


def flat(value):
    return [e for part in value for e in flat(part)] if isinstance(value, list) else [value]


FALSE = {
    "a saturated σ": Gradient(log(1 + exp(score)), w, x),
    "an inverse": Gradient(log(sp.Determinant(A)), A, A.I),
    "undefined functions": Gradient(f(g(t)), t, f(t).diff(t) * g(t)),
    "a function of a matrix": Identity(L(t * A), L(s * A)),
    "labels": Gradient(entropy, z, y - p, where={p: softmax(z)}, given=(labels,)),
    "a positive number": Identity(sp.sqrt(Symbol("a", positive=True)), Symbol("a", positive=True)),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_witness_is_of_small_numbers(name):
    witness = search(FALSE[name])
    numbers = [number for value in witness.values.values() for number in flat(value)]
    assert all(abs(number) <= 3 for number in numbers)
    assert max(abs(float(witness.left)), abs(float(witness.right))) <= 60


def test_labels_are_one_hot():
    (row,) = search(FALSE["labels"]).values["y"]
    assert sorted(row) == [0, 1]


def test_what_is_assumed_of_a_symbol_is_kept():
    a = Symbol("a", positive=True)
    assert search(FALSE["a positive number"]).values["a"] > 0
    assert search(Identity(a, sp.Rational(1, 3), given=(a > 4,))).values["a"] > 4
    k = sp.IndexedBase("k", shape=(n,), integer=True)
    found = search(Identity(sp.Sum(k[i], (i, 0, n - 1)) / 7, sp.Rational(1, 3)))
    assert all(value.denominator == 1 for value in found.values["k"])


def test_the_sides_are_those_at_the_witness():
    witness = search(FALSE["a saturated σ"])
    values = {a: np.array(witness.values[str(a)], dtype=object) for a in (x, w)}
    point = Point({n: witness.sizes["n"]}, values)
    left, right = sides(FALSE["a saturated σ"], point, FLOATING)
    assert abs(float(left[witness.entry]) - float(witness.left)) < 1e-9
    assert abs(float(right[witness.entry]) - float(witness.right)) < 1e-9
