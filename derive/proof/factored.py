"""Polynomials over atoms divided and factored, every atom an unknown.

What comes out is multiplied again by canonical forms, which know what SymPy's rings do not: a
quotient or a factorisation counts only where that gives back what was taken apart.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.polys.rings import ring

from derive.base.budget import spend
from derive.canonical.atoms import Atom, Monomial, Polynomial
from derive.canonical.forms import Normaliser

MOST_UNKNOWNS = 6
MOST_TERMS = 40
MOST_DEGREE = 12
WORK = 20_000  # that one division or factorisation is taken to be


def quotient(n: Normaliser, poly: Polynomial, divisor: Polynomial) -> Polynomial | None:
    """The polynomial q with q·divisor = poly; None where none is found."""
    atoms = _unknowns(poly, divisor)
    if atoms is None or not divisor or n.hides_a_power(poly) or n.hides_a_power(divisor):
        return None
    spend(WORK)
    n.check()
    over, under = (_in_ring(p, atoms) for p in (poly, divisor))
    (found,), rest = over.div([under])
    if rest:
        return None
    result = _in_atoms(n, found, atoms)
    return result if n.multiply(result, divisor) == poly else None


def factors(n: Normaliser, poly: Polynomial) -> list[tuple[Polynomial, int]] | None:
    """Factors of a polynomial with their exponents, the first of them a number; None where it has
    not more than one.
    """
    atoms = _unknowns(poly)
    if atoms is None or len(poly) < 2 or n.hides_a_power(poly):
        return None
    spend(WORK)
    n.check()
    number, found = _in_ring(poly, atoms).factor_list()
    if len(found) == 1 and found[0][1] == 1:
        return None
    parts = [(n.constant(_fraction(number)), 1)]
    parts += [(_in_atoms(n, p, atoms), int(e)) for p, e in found]
    product = n.multiply(*(n.power(p, e) for p, e in parts))
    return parts if product == poly else None


def _unknowns(*polys: Polynomial) -> list[Atom] | None:
    """The atoms of polynomials with whole powers; None where they are too many, or where powers
    or products of some have laws of their own.
    """
    if any(len(p) > MOST_TERMS for p in polys):
        return None
    found: dict[Atom, None] = {}
    for poly in polys:
        for monomial in poly:
            if any(a.special or not isinstance(e, int) or e < 0 for a, e in monomial):
                return None
            if sum(int(e) for _, e in monomial) > MOST_DEGREE:
                return None
            found |= dict.fromkeys(a for a, _ in monomial)
    atoms = sorted(found, key=lambda a: a.id)
    return atoms if 0 < len(atoms) <= MOST_UNKNOWNS else None


def _in_ring(poly: Polynomial, atoms: list[Atom]) -> Any:
    domain, *_ = ring([f"u{k}" for k in range(len(atoms))], sp.QQ)
    terms = {}
    for monomial, coefficient in poly.items():
        exponents = dict(monomial)
        value = Fraction(coefficient)
        terms[tuple(exponents.get(a, 0) for a in atoms)] = sp.QQ(value.numerator, value.denominator)
    return domain.from_dict(terms)


def _in_atoms(n: Normaliser, element: Any, atoms: list[Atom]) -> Polynomial:
    result: Polynomial = {}
    for exponents, coefficient in element.terms():
        powers: Monomial = n.monomial(dict(zip(atoms, map(int, exponents), strict=True)))
        result[powers] = _fraction(coefficient)
    return n.add({}, result)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.numerator), int(value.denominator))
