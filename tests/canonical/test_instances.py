"""Forms that are a pattern with some of its indices replaced."""

from derive.canonical.forms import Normaliser
from derive.core.integers import SIZE, Var, as_poly
from derive.core.terms import Array, add, axis_variable, entry, mul, neg, num, total

n = Var("n", SIZE)
A = Array("A", (as_poly(n), as_poly(n)))
x = Array("x", (as_poly(n),))


def column(j):
    k = axis_variable(as_poly(n))
    return total(k, mul(entry(x, as_poly(k)), entry(A, as_poly(k), as_poly(j))))


def trace():
    k = axis_variable(as_poly(n))
    return total(k, mul(entry(x, as_poly(k)), entry(A, as_poly(k), as_poly(k))))


def knows(fact, open_, claim):
    form = Normaliser(None)
    form.assume(form.of(fact), "!=", frozenset(open_), None)
    return form.known(form.primitive(form.of(claim))[0], "!=")


def test_terms_and_factors_may_stand_in_any_order():
    i, j, p, q = (axis_variable(as_poly(n)) for _ in range(4))
    fact = add(num(1), column(i), neg(column(j)))
    assert knows(fact, (i, j), add(num(1), column(q), neg(column(p))))
    assert knows(fact, (i, j), add(num(1), column(p), neg(column(q))))
    assert not knows(fact, (i,), add(num(1), column(q), neg(column(p))))
    assert not knows(fact, (i, j), add(num(2), column(q), neg(column(p))))


def test_one_index_has_one_value():
    i, p, q = (axis_variable(as_poly(n)) for _ in range(3))
    fact = add(entry(x, as_poly(i)), entry(A, as_poly(i), as_poly(i)))
    assert knows(fact, (i,), add(entry(x, as_poly(p)), entry(A, as_poly(p), as_poly(p))))
    assert not knows(fact, (i,), add(entry(x, as_poly(p)), entry(A, as_poly(p), as_poly(q))))


def test_what_a_sum_binds_is_no_value():
    """Of all Σ_k x[k]·A[k, j] it does not follow of Σ_k x[k]·A[k, k]."""
    j, p = (axis_variable(as_poly(n)) for _ in range(2))
    assert knows(column(j), (j,), column(p))
    assert not knows(column(j), (j,), trace())
