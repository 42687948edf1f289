"""Numbers given in closed form, such as log 2 and √(2π), enclosed in real balls: their signs."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from flint import arb, fmpq

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    ConstAtom,
    CosAtom,
    ExpAtom,
    FunctionAtom,
    Polynomial,
    PrimeAtom,
)

CLOSED = (ConstAtom, PrimeAtom, ExpAtom, FunctionAtom, BaseAtom, CosAtom)
_CONSTANTS = {sp.pi: arb.pi, sp.E: arb.const_e}


def closed_sign(poly: Polynomial) -> str | None:
    """The sign of a number in which no variable stands, where a ball around it excludes 0."""
    if any(not isinstance(a, CLOSED) or a.free for m in poly for a, _ in m):
        return None
    value = _enclosed(poly)
    if value is None or not value.is_finite():
        return None
    return "+" if value > 0 else "-" if value < 0 else None


def _enclosed(poly: Polynomial) -> arb | None:
    """A ball around a number, None where something varies in it."""
    total = arb(0)
    for monomial, coefficient in poly.items():
        product = _rational(coefficient)
        for atom, exponent in monomial:
            value = _atom(atom)
            if value is None:
                return None
            product *= value ** (exponent if isinstance(exponent, int) else _rational(exponent))
        total += product
    return total


def _rational(value: int | Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _atom(atom: Atom) -> arb | None:
    if isinstance(atom, ConstAtom):
        return _CONSTANTS[atom.value]() if atom.value in _CONSTANTS else None
    if isinstance(atom, PrimeAtom):
        return arb(atom.number)
    if isinstance(atom, BaseAtom):
        return _enclosed(dict(atom.key))
    if isinstance(atom, ExpAtom):
        name, inside = "exp", _enclosed({atom.argument: 1})
    elif isinstance(atom, CosAtom):
        name, inside = "cos", _enclosed(dict(atom.argument))
    elif isinstance(atom, FunctionAtom) and len(atom.args) == 1:
        name, inside = atom.name, _enclosed(dict(atom.args[0]))
    else:
        return None
    return None if inside is None else getattr(inside, name)()
