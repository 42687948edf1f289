"""Polynomials that are the square of another one, as x² − 2xy + y² is of x − y."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from derive.canonical.atoms import Atom, Exponent, Monomial, Polynomial, exact
from derive.canonical.verbs import Verbs
from derive.core.integers import Number

FEWEST, MOST = 3, 10  # terms of a square that is looked for


def root_of_square(n: Verbs, poly: Polynomial) -> Polynomial | None:
    """A polynomial whose square a polynomial is, up to its sign; None where none is found."""
    if not FEWEST <= len(poly) <= MOST or any(a.special for m in poly for a, _ in m):
        return None
    atoms = sorted({a for m in poly for a, _ in m}, key=lambda a: a.id)

    def order(monomial: Monomial) -> tuple[Exponent, ...]:
        exponents = dict(monomial)
        return tuple(exponents.get(a, 0) for a in atoms)

    first = _root(n, poly, max(poly, key=order))
    if first is None:
        return None
    (lead, scale), *_ = first.items()
    root, left = first, n.subtract(poly, n.multiply(first, first))
    while left and len(root) < MOST:
        highest = max(left, key=order)
        quotient = _divided(highest, lead)
        if quotient is None or order(n.monomial(quotient)) >= order(lead):
            return None
        term = {n.monomial(quotient): exact(Fraction(left[highest]) / (2 * Fraction(scale)))}
        left = n.subtract(left, n.multiply(term, n.add(n.scale(root, 2), term)))
        root = n.add(root, term)
    return root if n.multiply(root, root) == poly else None


def _root(n: Verbs, poly: Polynomial, monomial: Monomial) -> Polynomial | None:
    """The root of one term, where its factor is a square and its exponents are even."""
    value = Fraction(poly[monomial])
    if value <= 0 or any(e % 2 for _, e in monomial):
        return None
    upper, lower = isqrt(value.numerator), isqrt(value.denominator)
    if Fraction(upper * upper, lower * lower) != value:
        return None
    half: dict[Atom, Exponent] = {a: exact(Fraction(e) / 2) for a, e in monomial}
    scale: Number = exact(Fraction(upper, lower))
    return {n.monomial(half): scale}


def _divided(monomial: Monomial, by: Monomial) -> dict[Atom, Exponent] | None:
    exponents = dict(monomial)
    for atom, e in by:
        exponents[atom] = exponents.get(atom, 0) - e
    return exponents if all(e >= 0 for e in exponents.values()) else None
