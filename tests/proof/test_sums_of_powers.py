"""Sums of powers of matrices: Gramians, resolvents, and sums that telescope."""

import pytest
from sympy import Eq, MatrixSymbol, Trace, symbols
from sympy import Identity as Eye

from derive import Gradient, Identity, sum_over, verify

n, T = symbols("n T", integer=True, positive=True)
s = symbols("s", integer=True)
A, P, Q = (MatrixSymbol(name, n, n) for name in "APQ")


def over(body, low=0, high=T - 1):
    return sum_over(body, (s, low, high))


def gramian(high):
    return over(A**s * Q * A.T**s, high=high)


between = over(A**s * Q * P ** (T - 1 - s))

TRUE = [
    Identity(A * over(A**s), over(A**s, 1, T)),
    Identity(over(A**s) * (Eye(n) - A), Eye(n) - A**T),
    Identity(A * gramian(T - 1) * A.T + Q, gramian(T)),
    Identity(gramian(T - 1), P - A**T * P * A.T**T, given=Eq(P - A * P * A.T, Q)),
    Identity(A * between - between * P, A**T * Q - Q * P**T),
    Identity(A**T - P**T, over(A**s * (A - P) * P ** (T - 1 - s))),
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
    Gradient(Trace(A**T * Q), A, over(A**s * Q.T * A ** (T - 1 - s))),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"
