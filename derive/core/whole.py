"""What is seen to be a whole number: an index, a size, the end of a range, an exponent.

An index such as n/2 is a polynomial with rational coefficients, and it is whole only where n is
even. A comparison with it is one of reals: k > n/2 where 2·k > n, which integers obey where
2·k − n ≥ 1, and not where k ≥ n/2 + 1.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import lcm
from typing import Any

import sympy as sp

from derive.core.integers import Poly, Var

MOST_RESIDUES = 4096  # at which a polynomial is looked at


def is_polynomial(expr: Any, counts: Callable[[Any], bool]) -> bool:
    """Whether an expression is a polynomial with rational coefficients in whole numbers.

    :param counts: whether a symbol, or an entry of an array, stands for an integer.
    """
    if expr.is_Rational:
        return True
    if isinstance(expr, (sp.Symbol, sp.Indexed)):
        return counts(expr)
    if expr.is_Add or expr.is_Mul:
        return all(is_polynomial(arg, counts) for arg in expr.args)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 0:
        return is_polynomial(expr.base, counts)
    return is_whole(expr, counts)


def is_whole(expr: Any, counts: Callable[[Any], bool]) -> bool:
    """Whether an expression is a whole number as it is built, whatever its integers are."""

    def whole(*parts: Any) -> bool:
        return all(is_whole(part, counts) for part in parts)

    if expr.is_Integer:
        return True
    if isinstance(expr, (sp.Symbol, sp.Indexed)):
        return counts(expr)
    if expr.is_Add or expr.is_Mul or isinstance(expr, (sp.Max, sp.Min, sp.Abs, sp.Mod)):
        return whole(*expr.args)
    if expr.is_Pow:
        return whole(*expr.args) and bool(expr.exp.is_nonnegative)
    if isinstance(expr, (sp.floor, sp.ceiling)):
        parts = sp.fraction(sp.together(expr.args[0]))
        return all(is_polynomial(part, counts) for part in parts)
    return False


def cleared(poly: Poly) -> Poly:
    """A polynomial times the least number that makes its coefficients whole; its sign stays."""
    return poly * lcm(*(Fraction(c).denominator for c in poly.terms.values()))


def takes_whole_values(poly: Poly) -> bool:
    """Whether a polynomial is whole for all integers, as n·(n + 1)/2 is.

    With D the common denominator its values modulo 1 depend on the integers modulo D alone (on
    those of D's multiples of one parity, for a symbol that is declared even or odd).
    """
    divisor = lcm(*(Fraction(c).denominator for c in poly.terms.values()))
    if divisor == 1:
        return True
    variables = sorted(poly.letters, key=lambda v: v.key)
    residues = [range(*_residues(v, divisor)) for v in variables]
    count = 1
    for values in residues:
        count *= len(values)
    if count > MOST_RESIDUES:
        return False
    return all(
        _value(poly, dict(zip(variables, values, strict=True))).denominator == 1
        for values in product(*residues)
    )


def _residues(variable: Var, divisor: int) -> tuple[int, int, int]:
    """The values modulo twice the divisor that an integer of its parity has, as a range."""
    symbol = variable.symbol
    if isinstance(symbol, sp.Symbol) and (symbol.is_even or symbol.is_odd):
        return (0 if symbol.is_even else 1, 2 * divisor, 2)
    return (0, divisor, 1)


def _value(poly: Poly, values: dict[Var, int]) -> Fraction:
    result = Fraction(0)
    for monomial, coefficient in poly.terms.items():
        term = Fraction(coefficient)
        for variable in monomial:
            term *= values[variable]
        result += term
    return result
