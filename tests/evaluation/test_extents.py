"""What is too long to be worked out at a point leaves a claim open at once, whatever the limit."""

from __future__ import annotations

import pytest
import sympy as sp

from derive import Identity, verify
from derive.evaluation.extents import MOST_TERMS, refuse_long
from derive.evaluation.fields import Inconclusive

n, m = sp.symbols("n m", integer=True, positive=True)
k = sp.Symbol("k", integer=True)
X = sp.MatrixSymbol("X", n, n)


def test_a_high_power_of_a_matrix_is_not_multiplied_out():
    """m is no size, and 10 000 000 is among the numbers that are tried for it."""
    verdict = verify(Identity(sp.MatMul(X ** (m / 2), X ** (m / 2)), X**m))
    assert verdict.status == "undecided"
    assert not verdict.stopped


def test_a_power_by_squares_is_the_power():
    false = Identity(sp.Trace(X**7), sp.Trace(X**6 * X.T))
    assert verify(false).status == "disagrees"
    assert verify(Identity(sp.Trace(X**7), sp.Trace(X.T**7))).status == "holds"


def test_a_long_range_is_refused():
    refuse_long(MOST_TERMS)
    with pytest.raises(Inconclusive):
        refuse_long(2**70)
