"""``Derivative`` inside a claim: what is defined moves with what it rests on."""

from __future__ import annotations

import pytest
from sympy import (
    Derivative,
    Function,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    Ne,
    Subs,
    Sum,
    exp,
    log,
    symbols,
)

from derive import Identity, verify

n = symbols("n", integer=True, positive=True)
i, j, k, l = symbols("i j k l", integer=True)
x, w, h, o, t = symbols("x w h o t", real=True)
f = Function("f")
V, s = IndexedBase("V", shape=(n,)), MatrixSymbol("s", n, 1)
CHAIN = {h: x * w, o: h**2}
squares = Sum(V[i] ** 2, (i, 0, n - 1))
pairs = Sum(log(1 + exp(s[j, 0] - s[i, 0])), (i, 0, n - 1), (j, 0, n - 1))
CALLED = {h: x * w, f: Lambda(t, t * h)}
INSIDE = {h: x * w, f: Lambda(t, Derivative(t**2 * h, t))}
slope = Subs(Derivative(f(t), t), t, h)
logistic = 1 / (1 + exp(s[l, 0] - s[k, 0])) / (1 + exp(s[k, 0] - s[l, 0]))

TRUE = {
    "in a defined symbol": Identity(Derivative(o, h), 2 * h, where=CHAIN),
    "through a definition": Identity(Derivative(o, x), 2 * x * w**2, where=CHAIN),
    "twice": Identity(Derivative(o, x, x), 2 * w**2, where=CHAIN),
    "beside what moves with it": Identity(Derivative(o * h, h), 3 * h**2, where=CHAIN),
    "of a function": Identity(Derivative(f(h), x), w * slope, where={h: x * w}),
    "of a function at its argument": Identity(Derivative(f(h), h), slope, where={h: x * w}),
    "of a defined function": Identity(Derivative(f(x), x), x * w + h, where=CALLED),
    "in a bound name": Identity(f(x), 2 * x * h, where=INSIDE),
    "in an entry": Identity(Derivative(squares, V[k]), 2 * V[k]),
    "in two entries": Identity(
        Derivative(pairs, s[k, 0], s[l, 0]),
        -2 * logistic,
        given=(Ne(k, l), k >= 0, k <= n - 1, l >= 0, l <= n - 1),
    ),
}
FALSE = {
    "a definition as a constant": Identity(Derivative(o, h), 0, where=CHAIN),
    "a factor as a constant": Identity(Derivative(o * h, h), o, where=CHAIN),
    "a function as a constant": Identity(Derivative(f(h), x), 0, where={h: x * w}),
    "what a function reads": Identity(Derivative(f(x), x), h, where=CALLED),
    "a bound name as another": Identity(f(x), 2 * x * h + x**2, where=INSIDE),
    "half of it": Identity(Derivative(squares, V[k]), V[k]),
}


@pytest.mark.parametrize("name", TRUE)
def test_holds(name):
    assert verify(TRUE[name]).status == "holds"


@pytest.mark.parametrize("name", FALSE)
def test_disagrees(name):
    assert verify(FALSE[name]).status == "disagrees"


def test_bound_and_free_names_at_once_are_not_decided():
    both = {h: x * w, f: Lambda(t, Derivative(t**2 * h, t, x))}
    assert verify(Identity(f(x), 2 * x * w, where=both)).status == "undecided"
