"""Labels at a free index: a range that is given of the one entry that a claim reads."""

import pytest
from sympy import Eq, IndexedBase, KroneckerDelta, Piecewise, Sum, symbols

from derive import Identity, verify
from derive.lowering.labels import Held, held

n = symbols("n", integer=True, positive=True)
i, j, k = symbols("i j k", integer=True)
V = IndexedBase("V", shape=(n,))
t = IndexedBase("t", shape=(n,), integer=True)
INSIDE = (t[i] >= 0, t[i] <= n - 1)


def picked(label):
    return Sum(KroneckerDelta(k, label) * V[k], (k, 0, n - 1))


def ones(label):
    return Sum(Piecewise((1, Eq(label, k)), (0, True)), (k, 0, n - 1))


def test_an_entry_at_a_label_is_read_where_its_label_is_given_to_lie():
    assert verify(Identity(picked(t[i]), V[t[i]], given=INSIDE)).status == "holds"


@pytest.mark.parametrize(("said", "known"), [
    (picked(t[i]), True),
    (Sum(picked(t[j]), (j, 0, n - 1)), True),  # of all entries: the claim has no i of its own
    (picked(t[i]) + ones(t[j]), False),
    (picked(t[i]) + ones(t[0]), False),
    (picked(t[i]) + Sum(ones(t[i]), (i, 0, n - 1)), False),
])  # fmt: skip
def test_what_is_given_of_one_label_is_not_given_of_another(said, known):
    assert held((said,), {}, INSIDE)[t] == (Held(0, n - 1, INSIDE) if known else Held())
