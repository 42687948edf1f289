"""Rational numbers as products of primes, as far as trial division goes."""

from fractions import Fraction

from derive.canonical.powers import _factorised


def test_a_number_of_many_digits_is_left_whole_soon():
    assert _factorised(Fraction(12, 35)) == {2: 2, 3: 1, 5: -1, 7: -1}
    large = 2**61 - 1
    assert _factorised(Fraction(large * 9)) == {3: 2, large: 1}
