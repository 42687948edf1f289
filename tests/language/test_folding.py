"""Conditions that SymPy takes out of the sums inside of a sum."""

from __future__ import annotations

import sympy as sp
from sympy import IndexedBase, Piecewise, Sum, symbols

from derive import Gradient, Identity, verify
from derive.language.conditions import Cases

n = symbols("n", integer=True, positive=True)
i, k, l = symbols("i k l", integer=True)
x, g, w = (IndexedBase(name, shape=(n,)) for name in "xgw")
masked = Sum(Piecewise((w[k] * x[k], k <= i), (0, True)), (k, 0, n - 1))
nested = Sum(g[i] * masked, (i, 0, n - 1))


def test_sympy_takes_a_condition_out():
    """What this is about: when SymPy no longer does it, the module can go."""
    assert k in nested.free_symbols


def test_a_condition_goes_back_to_where_its_index_is_bound():
    claim = Identity(nested, 0)
    assert k not in claim.left.free_symbols
    assert claim.left.atoms(Cases)
    assert "Piecewise" in str(claim.left)


def test_an_index_of_the_claim_may_be_called_as_a_bound_one():
    claim = Gradient(nested, w[k], x[k] * Sum(g[i], (i, k, n - 1)))
    assert verify(claim).status == "holds"


def test_an_index_that_occurs_elsewhere_is_free():
    meant = Sum(Piecewise((g[i] * Sum(x[k], (k, 0, n - 1)), k <= i), (0, True)), (i, 0, n - 1))
    claim = Identity(meant * g[k], 0)
    assert claim.left == meant * g[k]


def test_cases_of_the_whole_stay_outside():
    both = Sum(masked * Piecewise((g[i], i >= l), (0, True)), (i, 0, n - 1))
    under = Sum(g[i] * masked, (i, l, n - 1))
    assert verify(Identity(both, under, given=(l >= 0, l <= n - 1))).status == "holds"


def test_what_cannot_be_put_back_is_undecided():
    other = Sum(Piecewise((w[k] ** 2, k >= i), (1, True)), (k, 0, n - 1))
    found = verify(Identity(Sum(sp.exp(masked) * other, (i, 0, n - 1)), 0))
    assert found.status == "undecided" and "took a condition on k" in found.reason
