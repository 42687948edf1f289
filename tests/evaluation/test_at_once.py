"""All entries at once are what the interpreter of single entries finds."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from derive import tensor
from derive.evaluation.at_once import NotAtOnce, at_once
from derive.evaluation.evaluate import FLOATING, Point, evaluate
from derive.language.operators import MaxOver

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k, l = sp.symbols("i j k l", integer=True)
t = sp.Symbol("t", real=True)
A, B = sp.IndexedBase("A", shape=(n, m)), sp.IndexedBase("B", shape=(m, n))
y = sp.IndexedBase("y", shape=(n,))
SIZES = {n: 3, m: 4}
VALUES = {
    A: np.arange(12).reshape(3, 4) - 5,
    B: (np.arange(12).reshape(4, 3) * 7) % 5 - 2,
    y: np.array([2, 0, 3]),
    t: 2,
}

ARRAYS = {
    "a product": tensor(sp.Sum(A[i, k] * B[k, j], (k, 0, m - 1)), (i, n), (j, n)),
    "an axis that is not used": tensor(sp.Sum(A[k, j], (k, 0, n - 1)), (i, n), (j, m)),
    "a range up to an index": tensor(sp.Sum(B[k, i], (k, 0, j)), (i, n), (j, m)),
    "a range that is empty at times": tensor(sp.Sum(A[i, k], (k, j, 1)), (i, n), (j, m)),
    "two ranges": tensor(sp.Sum(A[i, k] * B[l, i] * k, (k, 0, l), (l, 0, m - 1)), (i, n)),
    "a number": tensor(n + t, (i, n), (j, m)),
    "a total": sp.Sum(A[i, j] ** 2, (i, 0, n - 1), (j, 0, m - 1)),
    "cases": tensor(
        sp.Piecewise((A[i - 1, j], i > 0), (sp.exp(A[i, j] / 5), True)), (i, n), (j, m)
    ),
    "labels": tensor(A[i, y[i]] * sp.KroneckerDelta(j, y[i]), (i, n), (j, m)),
    "a maximum": tensor(MaxOver(A[i, k], (k, 0, m - 1)), (i, n)),
    "kinks": tensor(sp.Max(A[i, j], 0) + sp.Abs(A[i, j]) + sp.sign(A[i, j]), (i, n), (j, m)),
    "an entry of a tensor": tensor(tensor(A[k, l], (k, n), (l, m))[i, j + 0] * 2, (i, n), (j, m)),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_entries_are_those_of_the_interpreter(name):
    expr = ARRAYS[name]
    slow = evaluate(expr, Point(SIZES, VALUES), field=FLOATING).astype(float)
    fast = at_once(expr, lambda symbol: SIZES.get(symbol, VALUES.get(symbol)))
    assert fast.shape == slow.shape
    assert np.allclose(fast, slow)


def test_what_is_read_outside_has_no_value():
    found = at_once(tensor(A[i + 1, j], (i, n), (j, m)), {**SIZES, **VALUES}.get)
    assert np.isnan(found[2]).all() and np.isfinite(found[:2]).all()


def test_what_is_not_known_is_left_to_the_interpreter():
    with pytest.raises(NotAtOnce):
        at_once(tensor(sp.gamma(A[i, j]), (i, n), (j, m)), {**SIZES, **VALUES}.get)
    with pytest.raises(NotAtOnce):
        at_once(tensor(1, *((sp.Symbol(f"a{q}", integer=True), 100) for q in range(4))), {}.get)


def test_a_quotient_that_is_whole_up_to_rounding():
    p, q, r = sp.symbols("p q r", integer=True, positive=True)
    sizes = {p: 5, q: 3, r: 7}
    quotient = sp.floor((35 * i + 70) / (p * q * r))  # 105/5/3/7 is less than 1 in floats
    whole = tensor(quotient, (i, 3))
    slow = np.array(evaluate(whole, Point(sizes, {}), field=FLOATING), dtype=float)
    assert slow.tolist() == at_once(whole, sizes.get).tolist() == [0, 1, 1]
    assert [FLOATING.floor(x) for x in (0.999, -0.001, 1.5, -2.0)] == [0, -1, 1, -2]
