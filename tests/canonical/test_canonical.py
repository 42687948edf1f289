"""The canonical form: one for renamed, reordered and refactored terms, another for others."""

from fractions import Fraction
from itertools import permutations

import pytest

from derive.canonical.forms import Normaliser
from derive.core.integers import SIZE, Var, as_poly
from derive.core.terms import (
    Array,
    add,
    apply,
    axis_variable,
    entry,
    mul,
    num,
    power,
    substitute,
    total,
)

n = Var("n", SIZE)
A, B, C = (Array(name, (as_poly(n), as_poly(n))) for name in "ABC")
x, y = (Array(name, (as_poly(n),)) for name in "xy")


def chain(order, arrays=(A, B, C)):
    """tr(A B C) with its indices made, and its sums taken, in the given order."""
    indices = [axis_variable(as_poly(n)) for _ in range(3)]
    p = [as_poly(v) for v in indices]
    factors = [entry(a, p[k], p[(k + 1) % 3]) for k, a in enumerate(arrays)]
    body = mul(*(factors[k] for k in order))
    for k in order:
        body = total(indices[k], body)
    return body


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_names_and_order_of_indices_do_not_matter(order):
    form = Normaliser(None)
    assert form.of(chain(order)) == form.of(chain((0, 1, 2)))


def test_a_trace_is_cyclic_and_no_more():
    form = Normaliser(None)
    assert form.of(chain((0, 1, 2), (B, C, A))) == form.of(chain((0, 1, 2)))
    assert form.of(chain((0, 1, 2), (B, A, C))) != form.of(chain((0, 1, 2)))


def test_a_bound_index_is_never_captured():
    """Σ_k x[k]·(Σ_k y[k]) keeps its two indices apart."""
    k, other = axis_variable(as_poly(n)), axis_variable(as_poly(n))
    inner = total(k, entry(y, as_poly(k)))
    nested = total(k, mul(entry(x, as_poly(k)), inner))
    apart = mul(total(other, entry(x, as_poly(other))), inner)
    form = Normaliser(None)
    assert form.of(nested) == form.of(apart)
    moved = substitute(total(k, entry(A, as_poly(k), as_poly(other))), {other: as_poly(k)})
    straight = total(other, entry(A, as_poly(other), as_poly(k)))
    assert form.of(moved) == form.of(straight)


def test_products_of_sums_and_sums_of_products():
    i, j = axis_variable(as_poly(n)), axis_variable(as_poly(n))
    a, b = entry(x, as_poly(i)), entry(y, as_poly(j))
    form = Normaliser(None)
    together = total(i, total(j, mul(a, b)))
    assert form.of(together) == form.of(mul(total(i, a), total(j, b)))
    squared = power(add(a, num(1)), 2)
    assert form.of(squared) == form.of(add(power(a, 2), mul(num(2), a), num(1)))
    assert form.of(total(i, num(1))) == form.of_integer(as_poly(n))


def test_rows_of_a_softmax_sum_to_one_without_a_rule_for_it():
    i, j = axis_variable(as_poly(n)), axis_variable(as_poly(n))
    share = mul(
        apply("exp", entry(x, as_poly(i))), power(total(j, apply("exp", entry(x, as_poly(j)))), -1)
    )
    assert Normaliser(None).of(total(i, share)) == {(): 1}


def test_sigmoid_and_tanh_meet_in_exponentials():
    i = axis_variable(as_poly(n))
    u = entry(x, as_poly(i))

    def sigmoid(z):
        return power(add(num(1), apply("exp", mul(num(-1), z))), -1)

    form = Normaliser(None, exponentials=True)
    assert form.of(sigmoid(mul(num(-1), u))) == form.of(add(num(1), mul(num(-1), sigmoid(u))))
    twice = add(mul(num(2), sigmoid(mul(num(2), u))), num(-1))
    assert form.of(apply("tanh", u)) == form.of(twice)
    assert form.of(apply("tanh", u)) != form.of(sigmoid(u))


@pytest.mark.parametrize("exponent", (-3, -2, -1, Fraction(-1, 2)))
def test_coefficients_are_exact(exponent):
    """A sign that leaves a power is an integer: (1 − u)⁻³/3 = −(u − 1)⁻³/3 without a float."""
    i = axis_variable(as_poly(n))
    base = add(num(1), mul(num(-1), entry(x, as_poly(i))))
    result = Normaliser(None).of(mul(num(Fraction(1, 3)), power(base, exponent)))
    assert {type(coefficient) for coefficient in result.values()} <= {int, Fraction}
