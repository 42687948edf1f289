"""Labels that are read as indices lie within the axis that they read."""

import pytest
from sympy import IndexedBase, KroneckerDelta, Sum, exp, log, symbols

from derive import Gradient, Identity, verify
from derive.claims.label_ranges import within_their_axes

n, c, d = symbols("n c d", integer=True, positive=True)
i, j, k, l = symbols("i j k l", integer=True)
Z, E = IndexedBase("Z", shape=(n, c)), IndexedBase("E", shape=(d, c))
t = IndexedBase("t", shape=(n,), integer=True)
normaliser = Sum(exp(Z[i, j]), (j, 0, c - 1))
loss = Sum(log(normaliser) - Z[i, t[i]], (i, 0, n - 1))
gradient = exp(Z[k, l]) / normaliser.xreplace({i: k}) - KroneckerDelta(l, t[k])


@pytest.mark.parametrize("given", [(), (t[i] >= 0,), (t[i] < c,), (t[i] >= 0, t[i] <= c - 1)])
def test_the_axis_says_what_is_not_given(given):
    verdict = verify(Gradient(loss, Z[k, l], gradient, given=given))
    assert verdict.status == "holds", verdict.reason
    assert len(verdict.assumptions) == 2


def test_a_false_claim_disagrees_at_labels_within_the_axis():
    verdict = verify(Gradient(loss, Z[k, l], gradient / n))
    assert verdict.status == "disagrees"
    assert all(0 <= label < verdict.witness.sizes["c"] for label in verdict.witness.values["t"])


def test_what_reads_axes_of_two_sizes_is_not_bounded():
    claim = within_their_axes(Identity(Z[k, t[k]], E[t[k], l]))
    assert [fact.gts.base for fact in claim.given] == [t]


def test_what_reads_no_label_is_left_as_it_is():
    for claim in (Identity(Z[k, l], 1), Identity(t[k], 1), Identity(KroneckerDelta(t[k], l), 1)):
        assert within_their_axes(claim) is claim
