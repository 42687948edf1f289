"""Polynomials as plain data: what can be said and done without knowing what an atom means.

Nothing here asks for laws, signs or budgets; like terms are collected, and that is all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from derive.canonical.atoms import (
    Atom,
    BracketAtom,
    Exponent,
    Key,
    Monomial,
    Polynomial,
    exact,
    is_turned,
)
from derive.core.integers import Number


def constant(value: Number) -> Polynomial:
    """A number as a polynomial."""
    return {(): exact(value)} if value else {}


def monomial(exponents: Mapping[Atom, Exponent]) -> Monomial:
    """A product of powers of atoms, the atoms in the order in which they were made."""
    return tuple(
        sorted(
            ((a, exact(e)) for a, e in exponents.items() if e),
            key=_by_number,
        )
    )


def key(poly: Polynomial) -> Key:
    """A polynomial as a hashable value, the same however it was built."""
    return tuple(sorted(poly.items(), key=lambda item: [(a.id, e) for a, e in item[0]]))


def add(*polys: Polynomial) -> Polynomial:
    """The sum, like terms collected."""
    if len(polys) == 1:
        return polys[0]
    result = dict(polys[0]) if polys else {}
    for poly in polys[1:]:
        for m, coefficient in poly.items():
            value = result.get(m, 0) + coefficient
            if value:
                result[m] = exact(value)
            else:
                del result[m]
    return result


def scale(poly: Polynomial, factor: Number) -> Polynomial:
    """A rational multiple."""
    if factor == 1:
        return poly
    return {m: exact(c * factor) for m, c in poly.items()} if factor else {}


def subtract(a: Polynomial, b: Polynomial) -> Polynomial:
    """The difference a − b."""
    return add(a, scale(b, -1))


def merged(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials in which no law of an atom has a say."""
    if not a:
        return b
    if not b:
        return a
    exponents: dict[Atom, Exponent] = dict(a)
    if exponents.keys().isdisjoint(atom for atom, _ in b):
        return tuple(sorted((*a, *b), key=_by_number))
    for atom, exponent in b:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return monomial(exponents)


def as_product(exponents: Mapping[Atom, Exponent]) -> Polynomial:
    """A product as it is, nothing in it used up."""
    return {monomial(exponents): 1}


def content(poly: Polynomial) -> tuple[Number, dict[Atom, Exponent]]:
    """The positive rational and the monomial that divide every term."""
    common: dict[Atom, Exponent] | None = None
    for m in poly:
        here = dict(m)
        if common is None:
            common = here
            continue
        for atom in (*common, *(a for a in here if a not in common)):
            common[atom] = min(common.get(atom, 0), here.get(atom, 0))
    shared = {a: e for a, e in (common or {}).items() if e and not isinstance(a, BracketAtom)}
    return _rational_content(poly), shared


def divided(poly: Polynomial, factor: Number, exponents: Mapping[Atom, Exponent]) -> Polynomial:
    """A polynomial over a content of it."""
    result: Polynomial = {}
    for m, coefficient in poly.items():
        rest = dict(m)
        for atom, exponent in exponents.items():
            rest[atom] = rest.get(atom, 0) - exponent
        if factor != 1:
            coefficient = exact(Fraction(coefficient) / Fraction(factor))
        result[monomial(rest)] = coefficient
    return result


def primitive(poly: Polynomial) -> tuple[Key, Number]:
    """A polynomial without its rational factor and sign, and that factor."""
    if not poly:
        return (), 1
    factor = _rational_content(poly)
    if is_turned(poly):
        factor = -factor
    if factor == 1:
        return key(poly), 1
    return key(scale(poly, 1 / Fraction(factor))), exact(Fraction(factor))


def sides_of(poly: Polynomial, bracket: Atom) -> tuple[Polynomial, Polynomial]:
    """A polynomial where a bracket in it is 1, and where it is 0."""
    with_it = add({}, *({tuple(p for p in m if p[0] is not bracket): c} for m, c in poly.items()))
    return with_it, {m: c for m, c in poly.items() if all(a is not bracket for a, _ in m)}


def _rational_content(poly: Polynomial) -> Number:
    """The positive rational that divides every coefficient."""
    numerator, denominator = 0, 1
    for coefficient in poly.values():
        numerator = math.gcd(numerator, coefficient.numerator)
        denominator = math.lcm(denominator, coefficient.denominator)
    return numerator if denominator == 1 else Fraction(numerator, denominator)


def _by_number(pair: tuple[Atom, Exponent]) -> int:
    return pair[0].id
