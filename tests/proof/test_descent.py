"""Equations between inverses, proved by one multiplication after the other."""

import pytest
from sympy import Identity as Eye
from sympy import MatrixSymbol, Q, symbols

from derive import Identity, verify

n = symbols("n", integer=True, positive=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
INVERTIBLE = (Q.invertible(A), Q.invertible(B))

TRUE = {
    "a sum": ((A + B).I, A.I - A.I * (A.I + B.I).I * A.I),
    "a parallel sum": ((A + B).I, A.I * (A.I + B.I).I * B.I),
    "a difference": (A.I - (A + B).I, (A + A * B.I * A).I),
    "on both sides": (A - A * (A + B).I * A, B - B * (A + B).I * B),
}

FALSE = {
    "another end": ((A + B).I, A.I - A.I * (A.I + B.I).I * B.I),
    "an inverse left out": ((A + B).I, A.I - A.I * (A + B.I).I * A.I),
    "a sign": ((A + B).I, A.I + A.I * (A.I + B.I).I * A.I),
    "the identity for B": ((A + Eye(n)).I, A.I - A.I * (A.I + B.I).I * A.I),
}


@pytest.mark.parametrize("name", TRUE)
def test_inverses_are_multiplied_away(name):
    assert verify(Identity(*TRUE[name], given=INVERTIBLE)).status == "holds"


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted(name):
    assert verify(Identity(*FALSE[name], given=INVERTIBLE)).status == "disagrees"
