"""A wrong call of a constructor is one sentence that names it."""

from __future__ import annotations

import pytest
import sympy as sp

import derive
from derive import ClaimError, DeriveError, Gradient, Setting

n, m = sp.symbols("n m", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
X, w = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("w", m, 1)
B = sp.IndexedBase("B", shape=(n, m))
x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: derive.softmax([1, 2]), r"softmax takes SymPy expressions, not \[1, 2\]"),
        (lambda: derive.logsumexp("X"), "logsumexp takes SymPy expressions, not 'X'"),
        (lambda: derive.broadcast(x, "n", 3), "broadcast takes SymPy expressions, not 'n'"),
        (lambda: derive.tensor(x, i), r"an axis of tensor is \(index, size\)"),
        (lambda: derive.tensor(x, (2, n)), "the index a symbol"),
        (lambda: derive.max_over(B[i, j], j), r"max_over goes over \(k, low, high\)"),
        (lambda: derive.sum_over(X, (i, 0)), r"sum_over goes over \(k, low, high\)"),
        (lambda: derive.recurrence(X, i, start=0), r"recurrence goes over \(k, low, high\)"),
        (lambda: derive.sequence("X", (i, 1, n)), "sequence takes SymPy expressions"),
        (lambda: derive.ordered_product(x, (i, 1, n)), "ordered_product takes an array"),
        (lambda: derive.einsum(X, "ij->i"), "einsum takes its subscripts first"),
        (lambda: derive.einsum("ij->i", x), "einsum takes an array with a shape, not x"),
        (lambda: derive.vec(x), "vec takes an array with a shape, not x"),
        (lambda: derive.permute(x, 0), "permute takes an array"),
        (lambda: derive.pad(X, (1, 2, 3)), r"pad: \(1, 2, 3\) is to have"),
        (lambda: derive.conv2d(B, B, stride=(1, 2, 3)), "one value for both axes"),
        (lambda: derive.within(x, n), "within takes an array"),
        (lambda: derive.entry(X, i), "two indices; X is given 1"),
        (lambda: derive.entry(x, i), "x has no entries"),
        (lambda: derive.partial("l", x), "partial takes SymPy expressions"),
        (lambda: Setting(where=3), "`where` is 3; a dictionary is expected"),
        (lambda: Setting()(3), "a claim of a kind such as Gradient"),
        (lambda: derive.verify(Gradient(x**2, x, 2 * x), timeout="1"), "a number of seconds"),
        (lambda: derive.verify(Gradient(x**2, x, 2 * x), effort="1"), "a positive number"),
    ],
)
def test_a_wrong_call_says_what_is_meant(call, said):
    with pytest.raises(DeriveError, match=said) as told:
        call()
    assert "\n" not in str(told.value)


def test_indices_of_either_kind_are_taken():
    place = sp.Idx("k")
    assert derive.tensor(x, (place, n)).shape == (n,)
    assert derive.tensor(x, [i, n], sp.Tuple(j, m)).shape == (n, m)
    with pytest.raises(ClaimError):
        derive.tensor(x, (sp.Integer(1), n))
    with pytest.raises(TypeError, match="'str' object"):
        derive.ScalarFunction("L").gradient("X")
