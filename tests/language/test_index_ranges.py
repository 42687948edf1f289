"""Ranges of indices: from their axes and from all that is given, in whatever order."""

from itertools import permutations, product

import pytest
from sympy import IndexedBase, Piecewise, Sum, floor, sqrt, symbols

from derive import Identity, verify
from derive.language.index_ranges import gap, goes_without_saying, ranges

n, m, p = symbols("n m p", integer=True, positive=True)
i, j, k, l = symbols("i j k l", integer=True)
x = symbols("t", real=True)
X = IndexedBase("x", shape=(n,))


def at_least(index, value):
    return Piecewise((1, index >= value), (0, True))


def prefix(top, *given):
    return Identity(Sum(X[j], (j, 0, top)), X[0] + Sum(X[j], (j, 1, top)), given=given)


@pytest.mark.parametrize("order", list(permutations((l >= 3, l >= 0, l >= 1))))
def test_no_bound_replaces_a_stronger_one(order):
    assert verify(Identity(at_least(l, 3), 1, given=order)).status == "holds"
    assert verify(Identity(at_least(l, 4), 1, given=order)).status == "disagrees"


@pytest.mark.parametrize("order", list(permutations((k >= 0, k <= l, l <= n - 1))))
def test_a_bound_follows_from_two(order):
    assert verify(prefix(k, *order)).status == "holds"


def test_without_one_of_them_it_does_not(alone):
    assert verify(prefix(k, k >= 0, k <= l)).status != "holds"
    assert verify(prefix(k, k <= l, l <= n - 1)).status != "holds"
    assert verify(prefix(k, k >= 0, k <= l + 1, l <= n - 1)).status != "holds"
    assert verify(prefix(9, 2 * n > 17)).status == "undecided"


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (Identity(Sum(X[p - 1 - i], (i, 0, p - 1)), Sum(X[i], (i, 0, p - 1)), given=(p <= n,)),
         "holds"),
        (Identity(Sum(X[2 * p - 1 - i], (i, 0, p - 1)), Sum(X[i], (i, p, 2 * p - 1)),
                  given=(2 * p <= n,)), "holds"),
        (Identity(Sum(X[2 * p - 1 - i], (i, 0, p - 1)), Sum(X[i], (i, p - 1, 2 * p - 1)),
                  given=(2 * p <= n,)), "disagrees"),
        (Identity(Sum(X[p - i], (i, 0, p - 1)), Sum(X[i], (i, 1, p)), given=(p <= n,)),
         "ill-shaped"),
        (Identity(Sum(X[p - i], (i, 0, p - 1)), Sum(X[i], (i, 1, p)), given=(p < n,)), "holds"),
        (prefix(8, 2 * n > 17), "holds"),
        (prefix(k, k >= 0, 2 * k < n), "holds"),
        (Identity(at_least(n - 1 - 2 * i, 0), 1, given=(i < n / 2,)), "holds"),
        (Identity(at_least(n - 2 - 2 * i, 0), 1, given=(i < n / 2,)), "disagrees"),
    ],
)  # fmt: skip
def test_what_is_given_of_sizes_and_indices_is_used(claim, status):
    assert verify(claim).status == status


def test_only_inequalities_between_integers_are_read():
    integers = {n, m, i}
    assert gap(i < n / 2, integers) == n - 2 * i - 1
    assert gap(i <= n / 2, integers) == n - 2 * i
    assert gap(i <= sqrt(n), integers) is None
    assert gap(i <= m / n, integers) is None
    assert gap(i <= x, integers | {x}) is not None  # who asks says what is an integer
    assert gap(i <= x, integers) is None
    assert gap(i < floor(n / 2), integers) == floor(n / 2) - i - 1
    assert goes_without_saying(n + m - 2) and not goes_without_saying(n - 2)


def test_what_follows_is_true_at_every_small_point():
    gaps = [l - k, n - 1 - 2 * l, k + 3 - m, n - k - l]
    found = ranges((k, l), {}, gaps)
    for values in product(range(-6, 7), range(-6, 7), range(1, 6), range(1, 6)):
        at = dict(zip((k, l, n, m), values, strict=True))
        if all(poly.xreplace(at) >= 0 for poly in gaps):
            for index in (k, l):
                assert all(e.xreplace(at) <= at[index] for e in found.lows[index])
                assert all(e.xreplace(at) >= at[index] for e in found.highs[index])
            assert all(poly.xreplace(at) >= 0 for poly in found.sizes)
