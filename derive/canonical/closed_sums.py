"""Sums of which nothing is left: of ones, of powers of the index, of the brackets of one digit."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import count

from derive.canonical.atoms import Polynomial
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import ONE, ZERO, Poly, Var, as_poly, is_nonnegative


@law("one digit")
def one_digit(n: Verbs, variable: Var, first: Poly, second: Poly) -> Polynomial | None:
    """Σ_u [0 ≤ e − s·u < s] = [0 ≤ e < s·(high + 1)]: one digit u, where e has that many."""
    high = variable.high
    slope = first.coefficient(variable)
    if high is None or slope is None:
        return None
    if not is_nonnegative(-slope):
        first, second, slope = second, first, -slope
    step = -slope
    if second.coefficient(variable) != step or first + second != step - 1:
        return None
    if variable in step.variables or not is_nonnegative(step - 1):
        return None
    value = first + as_poly(variable) * step
    return n.multiply(
        n.index_bracket(">=", value),
        n.index_bracket(">=", step * (high + 1) - 1 - value),
    )


@law("sum of ones")
def sum_of_ones(n: Verbs, length: Poly) -> Polynomial:
    """Σ 1 over a range is its length, or 0 where it is empty."""
    number = n.of_integer(length)
    if is_nonnegative(length):
        return number
    return n.multiply(number, n.index_bracket(">=", length))


@law("sum of powers")
def sum_of_powers(n: Verbs, exponent: int, high: Poly) -> Polynomial:
    """Σ_{k=0}^{high} k^p by Faulhaber's formula; 0 where the range is empty."""
    length = high + 1
    total = ZERO
    power = ONE
    coefficients = _faulhaber(exponent)
    for degree in range(exponent + 2):
        total = total + power * coefficients[degree]
        power = power * length
    result = n.of_integer(total)
    if is_nonnegative(length):
        return result
    return n.multiply(result, n.index_bracket(">=", length))


def _faulhaber(exponent: int) -> list[Fraction]:
    """Coefficients of Σ_{k=0}^{n−1} k^p as a polynomial in n, lowest degree first."""
    bernoulli = [Fraction(1)]
    for m in count(1):
        if m > exponent:
            break
        bernoulli.append(
            -sum((math.comb(m + 1, k) * bernoulli[k] for k in range(m)), Fraction(0)) / (m + 1)
        )
    result = [Fraction(0)] * (exponent + 2)
    for k in range(exponent + 1):
        result[exponent + 1 - k] += (
            Fraction(math.comb(exponent + 1, k)) * bernoulli[k] / (exponent + 1)
        )
    return result
