"""Sums of sequences that run the other way, or whose ranges differ at one end, or that telescope:
Σ_{k≤h} f(k) = Σ_{k≤h} f(h − k) = f(0) + Σ_{k<h} f(k + 1), and Σ_{k≤h} f(k + 1) − f(k) = f(h + 1) −
f(0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from derive.canonical.atoms import Atom, Polynomial, RefAtom, SumAtom, atoms_in
from derive.canonical.forms import Normaliser
from derive.core.integers import FRESH, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.proof.decide import vanishes

BOTH_FIRST, BOTH_LAST = (True, True), (False, False)
ADDED_FIRST, ADDED_LAST = (False, True), (True, False)
FURTHEST = 2  # terms that one range may have more than another


def vanishes_from_ends(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is zero once its sums run one way, or the first or the last terms of its
    longest sums are taken apart, so many that another sum in it is as long; or the first terms of
    the sums that are added, and the last ones of those that are subtracted.
    """
    added = {m: c for m, c in poly.items() if c > 0}
    others = n.subtract(poly, added)
    # What reads sequences both ways runs neither way.
    back = _turned(n, added, lambda inside, k: _goes_both_ways(n, inside, k))
    if back != added and vanishes(n, n.add(back, others)):
        return True
    turned = _turned(n, poly, lambda inside, k: _falls(n, inside, k))
    if turned != poly and vanishes(n, turned):
        return True
    poly = turned
    apart = product(_lengths(n, poly), (BOTH_FIRST, BOTH_LAST))
    across = product(_telescoping(n, poly), (ADDED_FIRST, ADDED_LAST))
    return any(
        vanishes(n, _shortened(n, poly, high, steps, first))
        for (high, steps), first in (*apart, *across)
    )


def running_up(n: Normaliser, poly: Polynomial) -> Polynomial:
    """The polynomial with the sums over sequences that rise running the other way: what they read
    up to the end of their range, as a lemma about that end does.
    """
    return _turned(n, poly, lambda inside, k: not _falls(n, inside, k))


def _turned(
    n: Normaliser, poly: Polynomial, is_due: Callable[[Polynomial, Var], bool]
) -> Polynomial:
    """The polynomial with the sums over sequences running the other way where that is due."""
    found: Polynomial = {}
    for monomial, coefficient in poly.items():
        atom = next((a for a, e in monomial if isinstance(a, SumAtom) and e == 1), None)
        term: Polynomial = {monomial: coefficient}
        if atom is not None and any(isinstance(a, RefAtom) for a in atoms_in(atom)):
            opened, inside = n.opened(atom)
            down = {
                k: k.high - as_poly(k)
                for k in opened
                if k.high and _reads_at(n, inside, k) and is_due(inside, k)
            }
            if down:
                outside = {n.monomial({a: e for a, e in monomial if a is not atom}): coefficient}
                turned = n.sum_all(opened, n.substitute(inside, down))
                term = n.multiply(outside, turned)
        found = n.add(found, term)
    return found


def _falls(n: Normaliser, inside: Polynomial, variable: Var) -> bool:
    """Whether the first sequence that is read at a variable is read downwards."""
    return min(_reads_at(n, inside, variable))[1] == -1


def _goes_both_ways(n: Normaliser, inside: Polynomial, variable: Var) -> bool:
    """Whether sequences are read upwards and downwards at a variable."""
    return len({slope for _, slope in _reads_at(n, inside, variable)}) == 2


def _reads_at(n: Normaliser, inside: Polynomial, variable: Var) -> list[tuple[int, int]]:
    """The sequences that are read at a variable, by their names, each up or down."""
    return [
        (a.name, int(slope.constant))
        for m in inside
        for atom, _ in m
        for a in atoms_in(atom)
        if isinstance(a, RefAtom) and _is_sequence(n, a)
        for slope in (index.coefficient(variable) for index in a.indices)
        if slope is not None and slope.constant in (1, -1)
    ]


def _highs(n: Normaliser, poly: Polynomial) -> dict[Poly, set[bool]]:
    """Ends of ranges under which sequences stand, or entries where there are no sequences; whether
    such sums are added, or subtracted.
    """
    heads = n.recursion.heads
    highs: dict[Poly, set[bool]] = {}
    for monomial, coefficient in poly.items():
        for atom, exponent in monomial:
            if not isinstance(atom, SumAtom) or exponent != 1:
                continue
            if not heads or any(_is_sequence(n, a) for a in atoms_in(atom)):
                for high in atom.highs:
                    highs.setdefault(high, set()).add(coefficient > 0)
    return highs


def _is_sequence(n: Normaliser, atom: Atom) -> bool:
    return isinstance(atom, RefAtom) and atom.name in n.recursion.heads


def _telescoping(n: Normaliser, poly: Polynomial) -> Iterator[tuple[Poly, int]]:
    """Ends of ranges, seen not to be empty, of which sums are added and others subtracted."""
    for high, signs in _highs(n, poly).items():
        if len(signs) == 2 and is_nonnegative(high):
            yield high, 1


def _lengths(n: Normaliser, poly: Polynomial) -> Iterator[tuple[Poly, int]]:
    """Ends of ranges under which sequences stand, each with the terms that a shorter one lacks."""
    highs = _highs(n, poly)
    for high in highs:
        for other in highs:
            gap = (high - other).constant
            if not isinstance(gap, int) or not 0 < gap <= FURTHEST:
                continue
            if is_nonnegative(high - gap + 1):
                yield high, gap


def _shortened(
    n: Normaliser, poly: Polynomial, high: Poly, steps: int, first: tuple[bool, bool]
) -> Polynomial:
    """The polynomial with so many terms of each sum up to an end written out.

    :param first: whether these are the first ones, of sums that are subtracted and of others.
    """
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
        if first[coefficient > 0]:
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
