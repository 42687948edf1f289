"""Integer polynomials: equal ones are one, and what is shown nonnegative is so at every point."""

from itertools import product

import pytest

from derive.canonical.digits import digits, upper_digit
from derive.core.integers import FRESH, ONE, SIZE, ZERO, Var, as_poly, is_nonnegative

n, m = Var("n", SIZE), Var("m", SIZE)
i = Var("i", FRESH, ZERO, as_poly(n) - 1)
j = Var("j", FRESH, ZERO, as_poly(i))
k = Var("k", FRESH, ZERO, as_poly(m) - 1)


def test_equal_polynomials_are_one_object():
    assert as_poly(i) + as_poly(n) is as_poly(n) + as_poly(i)
    assert as_poly(i) - as_poly(i) == ZERO


@pytest.mark.parametrize(
    ("poly", "expected"),
    [
        (as_poly(n) - 1, True),
        (as_poly(n) - 2, False),
        (as_poly(n) - 1 - as_poly(i), True),
        (as_poly(i) - as_poly(j), True),
        (as_poly(j) - as_poly(i), False),
        (as_poly(n) * as_poly(m) - 1 - as_poly(i) * as_poly(m) - as_poly(k), True),
        (as_poly(n) * as_poly(m) - 2 - as_poly(i) * as_poly(m) - as_poly(k), False),
    ],
)
def test_nonnegative_by_ranges(poly, expected):
    assert is_nonnegative(poly) is expected


def test_a_given_fact_helps():
    assert not is_nonnegative(as_poly(i) - 1)
    assert is_nonnegative(as_poly(i) - 1, [as_poly(i) - 2])


def test_what_is_shown_is_true_at_every_small_point():
    """All polynomials a·n + b·i + c·j + e with small coefficients, at all small points."""
    for a, b, c, e in product((-1, 0, 1), (-2, -1, 0, 1), (-1, 0, 1), (-1, 0, 1)):
        poly = as_poly(n) * a + as_poly(i) * b + as_poly(j) * c + e
        if is_nonnegative(poly):
            for size in range(1, 5):
                for row in range(size):
                    for col in range(row + 1):
                        assert a * size + b * row + c * col + e >= 0


def test_digits_of_a_flat_index():
    flat = as_poly(n) * as_poly(k) + as_poly(i)
    assert upper_digit(flat) == as_poly(k)
    other = Var("o", FRESH, ZERO, as_poly(n) - 1)
    assert digits(flat - as_poly(other)) == (as_poly(k), as_poly(i) - as_poly(other))
    assert as_poly(1) == ONE
