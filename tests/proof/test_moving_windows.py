"""Sums over windows that move on by one, and sums that telescope between entries."""

import pytest
from sympy import IndexedBase, Sum, exp, symbols

from derive import Identity, verify

N, k = symbols("N k", integer=True, positive=True)
q, t = symbols("q t", integer=True)
x, y = IndexedBase("x", shape=(N,)), IndexedBase("y", shape=(N,))
inside = (t >= k, t <= N - 1)


def window(time, f=lambda e: e):
    return Sum(f(x[q]), (q, time - k + 1, time))


def over(body):
    return Sum(body, (q, 0, N - 2))


ends = x[N - 1] * y[N - 1] - x[0] * y[0]
TRUE = [
    Identity(window(t) - window(t - 1), x[t] - x[t - k], given=inside),
    Identity(window(t, exp), window(t - 1, exp) + exp(x[t]) - exp(x[t - k]), given=inside),
    Identity(over(x[q] * (y[q + 1] - y[q])), ends - over(y[q + 1] * (x[q + 1] - x[q]))),
]
FALSE = [
    Identity(window(t) - window(t - 1), x[t] - x[t - k + 1], given=inside),
    Identity(window(t, exp), window(t - 1, exp) + exp(x[t]), given=inside),
    Identity(over(x[q] * (y[q + 1] - y[q])), ends - over(y[q] * (x[q + 1] - x[q]))),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"
