"""Symbols that are defined, or declared to be real, and stand at the end of a range."""

import pytest
from sympy import IndexedBase, Piecewise, Q, Sum, symbols

from derive import Gradient, Identity, verify

n, m = symbols("n m", integer=True, positive=True)
i, j, k, q, r = symbols("i j k q r", integer=True)
x, y, z = symbols("x y z", real=True)
V, X = IndexedBase("V", shape=(n,)), IndexedBase("X", shape=(n, m))
lengths = IndexedBase("lengths", shape=(n,), integer=True)
of_rows = (lengths[q] >= 0, lengths[q] <= m)


@pytest.mark.parametrize(
    ("body", "value"), [(k, y * (y + 1) / 2), (1, y), (1, z**2)], ids=["sum", "count", "chain"]
)
def test_what_is_defined_is_put_in_at_the_end_of_a_range(body, value):
    low = 0 if body == k else 1
    where = {z: x, y: z**2}
    assert verify(Identity(Sum(body, (k, low, y)), value, where=where)).status == "holds"
    wrong = verify(Identity(Sum(body, (k, low, y)), value + x, where=where))
    assert wrong.status == "disagrees" and set(wrong.witness.sizes) == {"x"}


def test_a_real_number_that_counts_is_assumed_to_be_whole():
    verdict = verify(Identity(Sum(1, (k, 1, x)), x))
    assert set(verdict.assumptions) == {Q.integer(x), x >= 1}
    assert verify(Identity(Sum(1, (k, 1, n)), n)).assumptions == ()


def test_labels_at_the_end_of_a_range_are_no_sizes():
    row = Sum(X[i, k], (k, 0, lengths[i] - 1))
    for last, status in ((lengths[i] - 1, "holds"), (lengths[i], "disagrees")):
        claimed = Piecewise((1, j <= last), (0, True))
        verdict = verify(Gradient(row, X[i, j], claimed, given=of_rows))
        assert verdict.status == status
        assert verdict.witness is None or "lengths" not in verdict.witness.sizes


def test_the_sum_of_an_array_is_no_size_of_that_name():
    verdict = verify(Identity(Sum(1, (k, 1, y)), 3, where={y: Sum(V[q], (q, 0, n - 1))}))
    assert verdict.status in ("undecided", "disagrees")
    assert verdict.witness is None or set(verdict.witness.sizes) == {"n"}


def test_an_index_that_is_bounded_by_what_is_given_may_be_zero():
    """Σ_{k=i}^{j} is empty where i > j + 1, and not the difference of two sums: at j = 0, i = 2."""
    given = (i >= 0, j >= 0, j <= n - 1, i <= n - 1)
    parts = Sum(V[k], (k, 0, j)) - Sum(V[k], (k, 0, i - 1))
    assert verify(Identity(Sum(V[k], (k, i, j)), parts, given=given)).status == "disagrees"
    assert verify(Identity(Sum(V[k], (k, i, j)), parts, given=(*given, i <= j))).status == "holds"
