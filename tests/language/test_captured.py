"""A definition that speaks of an index is not used where that index is bound."""

import pytest
from sympy import Function, IndexedBase, Lambda, Subs, Sum, Symbol, symbols

from derive import Gradient, Identity, tensor, verify

n = Symbol("n", integer=True, positive=True)
i, k = symbols("i k", integer=True)
x, w, h, o, t = symbols("x w h o t", real=True)
V = IndexedBase("V", shape=(n,))
P = IndexedBase("P", shape=(n,))
f = Function("f")
squares = Sum(V[i] ** 2, (i, 0, n - 1))

REFUSED = [
    Identity(Sum(o, (i, 0, n - 1)), squares, where={o: V[i] ** 2}),
    Identity(Sum(o, (i, 0, n - 1)), n * o, where={o: V[i] ** 2}),
    Identity(Sum(o, (i, 0, n - 1)), n * o, where={h: V[i], o: h**2}),
    Identity(tensor(o, (i, n)), tensor(V[i], (i, n)), where={o: V[i]}),
    Identity(Subs(o, x, 0), 0, where={o: x * w}),
    Identity(f(2), o, where={o: x * w, f: Lambda(x, o)}),
]
DECIDED = [
    Identity(Sum(o, (k, 0, n - 1)), n * o, where={o: V[i] ** 2}),
    Identity(Sum(P[i] * V[i], (i, 0, n - 1)), squares, where={P: tensor(V[i], (i, n))}),
    Identity(Sum(f(i), (i, 0, n - 1)), squares, where={f: Lambda(k, V[k] ** 2)}),
    Gradient(Sum(t * V[i], (i, 0, n - 1)), t, Sum(V[i], (i, 0, n - 1)), where={o: t**2}),
]


@pytest.mark.parametrize("claim", REFUSED, ids=range(len(REFUSED)))
def test_two_readings_are_none(claim):
    verdict = verify(claim)
    assert verdict.status == "undecided"
    assert "stands where" in verdict.reason


@pytest.mark.parametrize("claim", DECIDED, ids=range(len(DECIDED)))
def test_what_has_one_reading_holds(claim):
    assert verify(claim).status == "holds"
