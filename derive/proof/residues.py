"""Sizes that are rounded, as in ⌊n/2⌋ + ⌊(n + 1)/2⌋ = n: a look at each remainder."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod

from derive.canonical.atoms import IntAtom, Polynomial
from derive.canonical.forms import Normaliser
from derive.core.integers import FRESH, Number, Poly, Var, as_poly

MOST = 64  # cases

Rounded = tuple[Var, Poly, int]  # q = ⌊a/b⌋, a and b


def vanishes_by_residues(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is zero for each remainder r of every integer v that is divided and
    rounded in it, by a number: with v = b·u + r, ⌊(c·v + d)/b⌋ is a polynomial in u.

    Everything else in the polynomial is left as it is, an unknown that may have any value.
    """
    found = {v for m in poly for a, _ in m if isinstance(a, IntAtom) for v in a.poly.letters}
    rounded = _rounded(found)
    if not rounded:
        return False
    names = {q for q, _, _ in rounded}
    divided = sorted({v for _, a, _ in rounded for v in a.letters} - names, key=lambda v: v.key)
    common = prod(b for _, _, b in rounded)
    if not divided or common ** len(divided) > MOST:
        return False
    units = [Var("u", FRESH) for _ in divided]
    for remainders in product(range(common), repeat=len(divided)):
        values = {
            v: as_poly(u) * common + r for v, u, r in zip(divided, units, remainders, strict=True)
        }
        for q, above, number in rounded:
            value = _quotient(above.substitute(values), number)
            if value is None:
                return False
            values[q] = value
        if _at(n, poly, values):
            return False
    return True


def _rounded(found: set[Var]) -> list[Rounded]:
    """The integers that are ⌊a/b⌋ for a number b, by what is known of them, and those that stand in
    their a before them.
    """
    result: dict[Var, Rounded] = {}
    waiting = sorted(found, key=lambda v: v.key)
    while waiting:
        q = waiting.pop()
        for gap in q.facts:  # a − b·q ≥ 0, and b − 1 − (a − b·q) ≥ 0
            slope = gap.coefficient(q)
            number = None if slope is None or slope.constant is None else -slope.constant
            if number is None or number < 2 or number != int(number):
                continue
            if -gap + int(number - 1) in q.facts and q not in result:
                above = gap + as_poly(q) * number
                result[q] = q, above, int(number)
                waiting += sorted(above.letters - {q}, key=lambda v: v.key)
    return sorted(result.values(), key=lambda rounded: rounded[0].key)


def _quotient(above: Poly, number: int) -> Poly | None:
    """⌊a/b⌋ where all terms of a but a number are multiples of b."""
    rest: Number = above.terms.get((), 0)
    if rest != int(rest):
        return None
    quotient = (above - int(rest)) * Fraction(1, number)
    if any(c != int(c) for c in quotient.terms.values()):
        return None
    return quotient + int(rest) // number


def _at(n: Normaliser, poly: Polynomial, values: dict[Var, Poly]) -> Polynomial:
    """A polynomial with other integers in the place of some, in what is no more than an integer."""
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        term: Polynomial = {(): coefficient}
        for atom, exponent in monomial:
            factor = n.of_atom(atom, exponent)
            if isinstance(atom, IntAtom):
                factor = n.power(n.of_integer(atom.poly.substitute(values)), exponent)
            term = n.multiply(term, factor)
        result = n.add(result, term)
    return result
