"""Sums of sequences whose ranges differ at one end: Σ_{k≤h} f(k) = f(0) + Σ_{k<h} f(k + 1)."""

from __future__ import annotations

from collections.abc import Iterator

from derive.canonical.atoms import Polynomial, RefAtom, SumAtom, atoms_in
from derive.canonical.forms import Normaliser
from derive.core.integers import FRESH, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.proof.decide import vanishes

FURTHEST = 2  # terms that one range may have more than another


def vanishes_from_ends(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is zero once the first or the last terms of its longest sums are taken
    apart, so many that another sum in it is as long.
    """
    return any(
        vanishes(n, _shortened(n, poly, high, steps, first))
        for high, steps in _lengths(n, poly)
        for first in (True, False)
    )


def _lengths(n: Normaliser, poly: Polynomial) -> Iterator[tuple[Poly, int]]:
    """Ends of ranges under which sequences stand, each with the terms that a shorter one lacks."""
    highs = dict.fromkeys(
        high
        for m in poly
        for atom, exponent in m
        if isinstance(atom, SumAtom) and exponent == 1
        if any(isinstance(a, RefAtom) and a.name in n.recursion.heads for a in atoms_in(atom))
        for high in atom.highs
    )
    for high in highs:
        for other in highs:
            gap = (high - other).constant
            if not isinstance(gap, int) or not 0 < gap <= FURTHEST:
                continue
            if is_nonnegative(high - gap + 1):
                yield high, gap


def _shortened(n: Normaliser, poly: Polynomial, high: Poly, steps: int, first: bool) -> Polynomial:
    """The polynomial with so many terms of each sum up to an end written out."""
    found: Polynomial = {}
    for monomial, coefficient in poly.items():
        atom = next(
            (a for a, e in monomial if isinstance(a, SumAtom) and e == 1 and high in a.highs), None
        )
        if atom is None:
            found = n.add(found, {monomial: coefficient})
            continue
        opened, inside = n.opened(atom)
        k = next(v for v in opened if v.high == high)
        others = [v for v in opened if v is not k]
        shorter = Var(k.name, FRESH, ZERO, high - steps)
        if first:
            moved, apart = as_poly(shorter) + steps, [as_poly(c) for c in range(steps)]
        else:
            moved, apart = as_poly(shorter), [high - c for c in range(steps)]
        parts = [n.sum_over(shorter, n.substitute(inside, {k: moved}))]
        parts += [n.substitute(inside, {k: place}) for place in apart]
        whole = n.add({}, *parts)
        if others:
            whole = n.sum_all(others, whole)
        outside = {n.monomial({a: e for a, e in monomial if a is not atom}): coefficient}
        found = n.add(found, n.multiply(outside, whole))
    return found
