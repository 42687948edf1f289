"""Sums of powers of matrices: Gramians, resolvents, and sums that telescope."""

import pytest
from sympy import Eq, HadamardProduct, IndexedBase, MatrixSymbol, OneMatrix, Trace, symbols
from sympy import Identity as Eye

from derive import Gradient, Identity, at, recurrence, sum_over, verify

n, T = symbols("n T", integer=True, positive=True)
m = symbols("m", integer=True, positive=True)
s, t = symbols("s t", integer=True)
a = symbols("a", real=True)
A, P, Q = (MatrixSymbol(name, n, n) for name in "APQ")
B = MatrixSymbol("B", n, m)
resolvent = (Eye(n) - A).inverse()


def over(body, low=0, high=T - 1):
    return sum_over(body, (s, low, high))


def gramian(high):
    return over(A**s * Q * A.T**s, high=high)


between = over(A**s * Q * P ** (T - 1 - s))

# Propagation with restarts: Z_t = (1 − a)·A·Z_{t−1} + a·B.
Z = IndexedBase("Z", shape=(T + 1, n, m))
restarts = {Z: recurrence((1 - a) * A * at(Z, t - 1) + a * B, (t, 1, T), start=B)}


def restarted(high=T - 1):
    return (1 - a) ** T * A**T * B + a * over((1 - a) ** s * A**s * B, high=high)


# Forward and backward messages along a chain: their product is the same at each place.
E, pi = MatrixSymbol("E", T, n), MatrixSymbol("pi", 1, n)
F, G = MatrixSymbol("F", T + 1, n), MatrixSymbol("G", T + 1, n)


def messages(back):
    forth = HadamardProduct(at(F, t - 1) * A, at(E, t - 1))
    return {
        F: recurrence(forth, (t, 1, T), start=pi),
        G: recurrence(back, (t, 0, T - 1), end=OneMatrix(1, n)),
    }


def evidence(back):
    total = at(F, T) * OneMatrix(n, 1)
    return Identity(at(F, s) * at(G, s).T, total, where=messages(back), given=(s >= 0, s <= T))


TRUE = [
    Identity(A * over(A**s), over(A**s, 1, T)),
    Identity(over(A**s) * (Eye(n) - A), Eye(n) - A**T),
    Identity(A * gramian(T - 1) * A.T + Q, gramian(T)),
    Identity(gramian(T - 1), P - A**T * P * A.T**T, given=Eq(P - A * P * A.T, Q)),
    Identity(A * between - between * P, A**T * Q - Q * P**T),
    Identity(A**T - P**T, over(A**s * (A - P) * P ** (T - 1 - s))),
    Identity(over(A**s), resolvent * (Eye(n) - A**T)),
    Identity(over(A**s * B), resolvent * (B - A**T * B)),
    Identity(at(Z, T), restarted(), where=restarts),
    evidence(HadamardProduct(at(G, t + 1), at(E, t)) * A.T),
    Gradient(Trace(A**T * Q), A, over(A.T**s * Q.T * A.T ** (T - 1 - s))),
]

# Right at n = 1, of symmetric matrices, at T = 1, or but for a term at an end.
FALSE = [
    Identity(A * over(A**s), over(A**s)),
    Identity(over(A**s) * (Eye(n) - A), Eye(n) - A ** (T + 1)),
    Identity(A.T * gramian(T - 1) * A + Q, gramian(T)),
    Identity(A * gramian(T - 1) * A.T, gramian(T)),
    Identity(gramian(T - 1), P - A.T**T * P * A**T, given=Eq(P - A * P * A.T, Q)),
    Identity(A * between - between * P, A**T * Q - P**T * Q),
    Identity(A**T - P**T, over(A ** (T - 1 - s) * P**s * (A - P))),
    Identity(over(A**s - A ** (s + 1), high=T - 2), Eye(n) - A**T),
    Identity(over(A**s), resolvent * (Eye(n) - A ** (T - 1))),
    Identity(over(A**s * B), resolvent * (B - A.T**T * B)),
    Identity(at(Z, T), restarted(T), where=restarts),
    evidence(HadamardProduct(at(G, t + 1), at(E, t)) * A),
    evidence(at(G, t + 1) * A.T),
    Gradient(Trace(A**T * Q), A, over(A**s * Q.T * A ** (T - 1 - s))),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"
