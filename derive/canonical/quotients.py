"""Quotients: numerators reduced by the denominators that stand below them."""

from __future__ import annotations

from fractions import Fraction

from derive.canonical.atoms import Atom, BaseAtom, ExpAtom, Exponent, Polynomial, exact, leading
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import Number


@law("reduced fraction")
def reduced(n: Verbs, exponents: dict[Atom, Exponent], coefficient: Number) -> Polynomial:
    """Numerators reduced by denominators: q·lead(P)/P = q − q·(P − lead(P))/P.

    Where P is not 0, or beside a bracket that is 0 where P is.
    """
    for atom, exponent in exponents.items():
        if not isinstance(atom, BaseAtom) or exponent >= 0:
            continue
        found = n.denominators.get(atom)
        if found is None:
            terms = dict(atom.key)
            pivot = _pivot(terms)
            found = terms, pivot, leading(terms) if pivot is None else None
            n.denominators[atom] = found
        terms, pivot, lead = found
        if pivot is not None:
            swapped = turned(n, exponents, atom, pivot, coefficient)
            if swapped is not None:
                return swapped
            continue
        if lead is not None and all(exponents.get(a, 0) >= e for a, e in lead):
            rest = dict(exponents)
            for a, e in lead:
                rest[a] = rest[a] - e
            tail = {m: c for m, c in terms.items() if m != lead}
            head = dict(rest)
            head[atom] = exponent + 1
            scale = Fraction(coefficient) / Fraction(terms[lead])
            minus = n.multiply(tail, n.settled(rest, -scale))
            return n.add(n.settled(head, exact(scale)), minus)
        split = split_exponential(n, exponents, atom, terms, coefficient)
        if split is not None:
            return split
    return {n.monomial(exponents): exact(coefficient)}


@law("quotient of exponentials")
def turned(
    n: Verbs,
    exponents: dict[Atom, Exponent],
    base: BaseAtom,
    pivot: tuple[Atom, Exponent],
    coefficient: Number,
) -> Polynomial | None:
    """Over P = c·L + d·M, two products of exponentials, the exponent of one exponential that
    stands in L only, with the exponent e, is from 0 up to e: L/P = (1 − d·M/P)/c above that,
    and below it 1/P = (1/M − c·L/(M·P))/d. None where it is so already.

    Where P is not 0: L and M are exponentials, which are not.
    """
    atom, step = pivot
    here = exponents.get(atom, 0)
    if 0 <= here < step:
        return None
    terms = dict(base.key)
    (upper,) = (m for m in terms if (atom, step) in m)
    (lower,) = (m for m in terms if m is not upper)
    gone, put = (upper, lower) if here >= step else (lower, upper)
    rest = dict(exponents)
    for a, e in gone:
        rest[a] = rest.get(a, 0) - e
    scale = Fraction(coefficient) / Fraction(terms[gone])
    head = {**rest, base: rest[base] + 1}
    for a, e in put:
        rest[a] = rest.get(a, 0) + e
    other = n.settled(rest, exact(-scale * terms[put]))
    return n.add(n.settled(head, exact(scale)), other)


@law("partial fractions")
def split_exponential(
    n: Verbs,
    exponents: dict[Atom, Exponent],
    base: Atom,
    terms: Polynomial,
    coefficient: Number,
) -> Polynomial | None:
    """1/(E·P) in partial fractions, where P = c + E·Q: (1/E − Q/P)/c."""
    free = terms.get(())
    if free is None:
        return None
    others = {m: c for m, c in terms.items() if m}
    for atom, exponent in exponents.items():
        if not isinstance(atom, ExpAtom) or exponent >= 0:
            continue
        if all(any(a is atom for a, _ in m) for m in others):
            head = dict(exponents)
            head[base] = head[base] + 1
            scale = Fraction(coefficient) / Fraction(free)
            product: list[Polynomial] = []
            for m, c in others.items():
                merged = dict(exponents)
                for a, e in m:
                    merged[a] = merged.get(a, 0) + e
                product.append(n.settled(merged, exact(-scale * c)))
            return n.add(n.settled(head, exact(scale)), *product)
    return None


def _pivot(terms: Polynomial) -> tuple[Atom, Exponent] | None:
    """Of a sum of two products of exponentials, without a common factor, the exponential by which
    quotients over it are ordered, and its exponent: the first in an order that is blind to the
    names of indices. None for other sums, and where other names could make another the first.
    """
    if len(terms) != 2 or any(not isinstance(a, ExpAtom) for m in terms for a, _ in m):
        return None
    pairs = sorted((pair for m in terms for pair in m), key=lambda pair: pair[0].form)
    if len(pairs) > 1 and pairs[0][0].form == pairs[1][0].form:
        return None
    return pairs[0]
