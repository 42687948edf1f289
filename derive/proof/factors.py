"""Products over parts of one range, taken apart at one another's ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from derive.canonical.atoms import Atom, Polynomial, ProductAtom
from derive.canonical.forms import Normaliser
from derive.canonical.ranges import UNROLLED
from derive.canonical.sums import places
from derive.core.integers import BOUND, FREE, FRESH, ONE, ZERO, Poly, Var, as_poly, is_nonnegative

MOST = 8  # products that are looked at together
ALONG = Var("u", FREE)  # what runs along all of them
as_poly(ALONG)  # made here, and not for the first claim that asks for it


class Stretch(NamedTuple):
    """A product Π_u g(u), u from ``low`` up to ``high``, as an atom over a range from 0."""

    atom: Atom
    low: Poly
    high: Poly
    factor: Polynomial

    def over(self, n: Normaliser, low: Poly, high: Poly) -> Polynomial:
        """Π_u g(u) over another range."""
        if high == low:
            return n.substitute(self.factor, {ALONG: low})
        u = Var("u", FRESH, low, high)
        return n.product_over(u, n.substitute(self.factor, {ALONG: as_poly(u)}))


def taken_apart(n: Normaliser, poly: Polynomial) -> Polynomial:
    """The polynomial with its products over parts of one range taken apart at the ends of the
    others, and where a factor of them stands alone:

        Π_{a ≤ u ≤ b} g(u) = Π_{a ≤ u < c} g(u) · Π_{c ≤ u ≤ b} g(u)   for a ≤ c ≤ b + 1.

    A product over an empty range is 1: at c = a or c = b + 1 that is what one of the two is. Past
    these bounds the law is false, and it is used only where they are known.
    """
    atoms = [a for a in dict.fromkeys(a for m in poly for a, _ in m) if isinstance(a, ProductAtom)]
    if not 0 < len(atoms) <= MOST:
        return poly
    families = _families(n, atoms)
    known = {
        p
        for m in poly
        for a, _ in m
        if not isinstance(a, ProductAtom)
        for p in places(a)
        if all(v.kind != BOUND for v in p.variables)
    }
    pieces: dict[Atom, Polynomial] = {}
    for family in families:
        ends = dict.fromkeys(c for s in family for c in (s.low, s.high + 1))
        alone = (c for p in sorted(known, key=lambda p: p.sort_key()) for c in (p, p + 1))
        cuts = dict.fromkeys([*ends, *alone])
        for stretch in family:
            parts = _cut(stretch, list(cuts))
            if len(parts) > 1:
                pieces[stretch.atom] = n.multiply(*(stretch.over(n, *part) for part in parts))
    if not pieces:
        return poly
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        rest = {a: e for a, e in monomial if a not in pieces}
        powers = (n.power(pieces[a], e) for a, e in monomial if a in pieces)
        result = n.add(result, n.multiply(n.settled(rest, coefficient), *powers))
    return result


def _cut(stretch: Stretch, cuts: list[Poly]) -> list[tuple[Poly, Poly]]:
    """The ranges into which one falls at the places that are known to be in it, in order."""
    parts = [(stretch.low, stretch.high)]
    for cut in cuts:
        for position, (low, high) in enumerate(parts):
            if cut == low or cut == high + 1:
                break
            if is_nonnegative(cut - low) and is_nonnegative(high + 1 - cut):
                parts[position : position + 1] = [(low, cut - 1), (cut, high)]
                break
    return parts


def _families(n: Normaliser, atoms: list[ProductAtom]) -> list[list[Stretch]]:
    """Products by their factor, each along the first place at which its factor reads an array;
    those whose factor reads none, by how far one is from another.
    """
    families: list[list[Stretch]] = []
    for atom in atoms:
        for stretch in _stretches(n, atom, [f[0] for f in families]):
            family = next((f for f in families if f[0].factor == stretch.factor), None)
            if family is not None:
                family.append(stretch)
                break
        else:
            families.append([next(_stretches(n, atom, []))])
    return families


def _stretches(n: Normaliser, atom: ProductAtom, others: list[Stretch]) -> Iterator[Stretch]:
    """A product along the place at which its factor reads an array; and shifted to those that it
    may go on from, or that may go on from it.
    """
    high, key = atom.high, atom.body
    bound = n.bound(atom.height - 1)
    body = dict(key)

    def from_place(low: Poly) -> Stretch:
        factor = n.substitute(body, {bound: as_poly(ALONG) - low})
        return Stretch(atom, low, high + low, factor)

    read = {p for m in body for a, _ in m for p in places(a) if p.coefficient(bound) == ONE}
    falling = {p for m in body for a, _ in m for p in places(a) if p.coefficient(bound) == -ONE}
    if read:
        first = min(read, key=lambda p: p.sort_key())
        yield from_place(first - as_poly(bound))
        return
    if falling:
        first = min(falling, key=lambda p: p.sort_key())
        end = first + as_poly(bound)
        factor = n.substitute(body, {bound: end - as_poly(ALONG)})
        yield Stretch(atom, end - high, end, factor)
        return
    yield from_place(ZERO)
    for other in others:
        near = (other.low + k for step in range(1, UNROLLED) for k in (step, -step))
        together = other.low, other.high - high
        for low in (*together, other.high + 1, other.high + 2, other.low - high - 1, *near):
            yield from_place(low)
