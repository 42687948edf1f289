"""What is carried forward beside the states of a recurrence gives the gradient, too."""

import pytest
import sympy as sp
from sympy import HadamardProduct, IndexedBase, Lambda, MatrixSymbol, Sum, Trace, ZeroMatrix, tanh

from derive import Gradient, at, recurrence, verify
from derive.language.operators import entry

T, d, h = sp.symbols("T d h", integer=True, positive=True)
t = sp.symbols("t", integer=True)
a, b, u = sp.symbols("a b u", real=True)
y, x, p = (IndexedBase(*of) for of in (("y", (T + 1,)), ("x", (T,)), ("p", (T + 1,))))
steps = (t, 1, T)


def carried(step, start=0):
    states = recurrence(tanh(a * y[t - 1] + b * x[t - 1]), steps, start=start)
    return {y: states, p: recurrence(step, steps, start=start)}


right = carried((1 - y[t] ** 2) * (a * p[t - 1] + x[t - 1]))
loss = Sum((y[t] - x[t - 1]) ** 2, steps)
change = 2 * Sum((y[t] - x[t - 1]) * p[t], steps)

X, W = MatrixSymbol("X", T, d), MatrixSymbol("W", d, h)
V, H, P = MatrixSymbol("V", h, h), MatrixSymbol("H", T + 1, h), MatrixSymbol("P", T + 1, h)
nothing = ZeroMatrix(1, h)


def rows(step):
    states = (b * at(X, t - 1) * W + at(H, t - 1) * V).applyfunc(tanh)
    slope = at(H, t).applyfunc(Lambda(u, 1 - u**2))
    return {
        H: recurrence(states, steps, start=nothing),
        P: recurrence(HadamardProduct(step, slope), steps, start=nothing),
    }


last = Trace(at(H, T) * at(H, T).T) / 2
at_last = entry(at(H, T) * at(P, T).T, 0, 0)

TRUE = [
    Gradient(loss, b, change, where=right),
    Gradient(loss / T, b, change / T, where=right),
    Gradient(loss + y[T], b, change + p[T], where=right),
    Gradient(loss, a, change, where=carried((1 - y[t] ** 2) * (a * p[t - 1] + y[t - 1]))),
    Gradient(last, b, at_last, where=rows(at(P, t - 1) * V + at(X, t - 1) * W)),
]
FALSE = [
    Gradient(loss, b, change, where=carried((1 - y[t] ** 2) * (p[t - 1] + x[t - 1]))),
    Gradient(loss, b, change, where=carried((1 - y[t] ** 2) * (a * p[t - 1] + x[t - 1]), 1)),
    Gradient(loss, a, change, where=carried((1 - y[t] ** 2) * (a * p[t - 1] + y[t]))),
    Gradient(loss + y[T], b, change, where=right),
    Gradient(last, b, at_last, where=rows(at(P, t - 1) * V.T + at(X, t - 1) * W)),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"
