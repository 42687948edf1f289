"""Numbers given in closed form, such as log 2 and √(2π), enclosed in real balls: their signs."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from flint import arb, fmpq

from derive.canonical.atoms import Atom, Polynomial

CLOSED = frozenset({"const", "prime", "exp", "fn", "base", "cos"})
_CONSTANTS = {sp.pi: arb.pi, sp.E: arb.const_e}


def closed_sign(poly: Polynomial) -> str | None:
    """The sign of a number in which no variable stands, where a ball around it excludes 0."""
    if any(a.kind not in CLOSED or a.free for m in poly for a, _ in m):
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
    if atom.kind == "const":
        return _CONSTANTS[atom.data[0]]() if atom.data[0] in _CONSTANTS else None
    if atom.kind == "prime":
        return arb(atom.data[0])
    if atom.kind not in CLOSED or (atom.kind == "fn" and len(atom.data) > 2):
        return None
    inside = _enclosed({atom.data[0]: 1} if atom.kind == "exp" else dict(atom.data[-1]))
    if inside is None or atom.kind == "base":
        return inside
    return getattr(inside, atom.data[0] if atom.kind == "fn" else atom.kind)()
