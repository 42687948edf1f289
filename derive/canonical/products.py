"""Products over ranges, and powers with whole exponents."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from derive.base.errors import UnsupportedError
from derive.canonical.atoms import IndexBracketAtom, Polynomial, ProductAtom, WholePowerAtom
from derive.canonical.laws import law
from derive.core.integers import FRESH, Var, as_poly, is_nonnegative

if TYPE_CHECKING:
    from derive.canonical.forms import Normaliser


def whole_power_of(n: Normaliser, base: Polynomial, exponent: Polynomial) -> Polynomial:
    """(a·b)^e = a^e·b^e, whatever the signs."""
    if not base:
        if n.sign(exponent) == "+":
            return {}
        raise UnsupportedError("zero to a power that is not seen to be positive")
    result: Polynomial = {(): 1}
    if len(base) == 1:
        ((monomial, coefficient),) = base.items()
        parts: list[tuple[Polynomial, int]] = [
            ({((a, 1),): 1}, e) for a, e in monomial if isinstance(e, int)
        ]
        if len(parts) == len(monomial):
            if coefficient < 0:
                parts.append(({(): -1}, 1))
            size = n.constant(abs(Fraction(coefficient)))
            result = n.exp(n.multiply(exponent, n.log(size)))
            for part, e in parts:
                powered = _integer_power(n, part, n.scale(exponent, e))
                result = n.multiply(result, powered)
            return result
    return _integer_power(n, base, exponent)


def _integer_power(n: Normaliser, base: Polynomial, exponent: Polynomial) -> Polynomial:
    result: Polynomial = {(): 1}
    if n.sign(base) == "+":
        return n.exp(n.multiply(exponent, n.log(base)))
    for monomial, coefficient in exponent.items():
        if not monomial:
            result = n.multiply(result, n.power(base, coefficient))
        elif base == {(): -1} and coefficient % 2 == 0:
            continue
        else:
            atom = n.atom(WholePowerAtom, n.key(base), monomial)
            result = n.multiply(result, n.of_atom(atom, coefficient))
    return result


@law("repeated factor")
def repeated(n: Normaliser, variable: Var, factor: Polynomial) -> Polynomial:
    """Π_k c = c^n where c does not depend on k."""
    assert variable.low is not None and variable.high is not None
    length = variable.high - variable.low + 1
    if factor == {(): 1}:
        return factor
    if length.constant is not None or not is_nonnegative(length):
        return n.bind(ProductAtom, variable, factor)
    if n.sign(factor) != "+":
        return n.integer_power(factor, n.of_integer(length))
    return n.exp(n.multiply(n.of_integer(length), n.log(factor)))


@law("one factor replaced")
def one_factor_replaced(n: Normaliser, variable: Var, body: Polynomial) -> Polynomial | None:
    """Π_k (a_k, but b_e at k = e) = Π_k a_k · b_e/a_e for an e in range, and
    Π_{k<e} a_k · b_e · Π_{k>e} a_k.

    Where a_e is known not to be zero in the first, and always in the second.
    """
    for atom in dict.fromkeys(a for m in body for a, _ in m):
        if not isinstance(atom, IndexBracketAtom) or atom.relation != "=":
            continue
        slope = atom.poly.coefficient(variable)
        if slope is None or slope.constant not in (1, -1):
            continue
        place = (as_poly(variable) * slope - atom.poly) * slope
        assert variable.low is not None and variable.high is not None
        inside = n.multiply(
            n.index_bracket(">=", place - variable.low),
            n.index_bracket(">=", variable.high - place),
        )
        new, old = n.sides_of(body, atom)
        if not inside:
            return n.product_over(variable, old)
        here = {variable: place}
        removed = n.substitute(old, here)
        if n.sign(removed) not in ("+", "-"):
            before = Var(variable.name, FRESH, variable.low, place - 1)
            after = Var(variable.name, FRESH, place + 1, variable.high)
            rest = (n.product_over(v, n.substitute(old, {variable: as_poly(v)}))
                    for v in (before, after))  # fmt: skip
            replaced = n.multiply(inside, n.substitute(new, here), *rest)
            if inside == {(): 1}:
                return replaced
            outside = n.subtract({(): 1}, inside)
            return n.add(replaced, n.multiply(outside, n.product_over(variable, old)))
        n.divided_by[n.key(removed)] = None
        ratio = n.multiply(n.substitute(new, here), n.power(removed, -1))
        replaced = n.add({(): 1}, n.multiply(inside, n.subtract(ratio, {(): 1})))
        return n.multiply(replaced, n.product_over(variable, old))
    return None
