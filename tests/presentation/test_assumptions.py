"""What a verdict lists as assumed."""

from __future__ import annotations

from sympy import IndexedBase, Ne, Sum, symbols

from derive import Identity, verify

n = symbols("n", integer=True, positive=True)
i, k = symbols("i k", integer=True)
U = IndexedBase("U", shape=(n,))


def test_nothing_is_assumed_of_an_index_that_a_sum_runs_over():
    """U_i/i under an empty range for i = 0 is never read: i ≠ 0 would say nothing."""
    nested = Sum(U[i] / i, (k, 0, i - 1), (i, 0, n - 1))
    verdict = verify(Identity(2 * nested, Sum(2 * U[i] / i, (k, 0, i - 1), (i, 0, n - 1))))
    assert verdict.status == "holds"
    assert verdict.assumptions == ()


def test_an_index_of_the_claim_is_assumed_of():
    verdict = verify(Identity(2 * Sum(U[i] / k, (i, 0, n - 1)), Sum(2 * U[i] / k, (i, 0, n - 1))))
    assert verdict.assumptions == (Ne(k, 0),)
