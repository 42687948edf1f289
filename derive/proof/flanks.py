"""Matrices between the same others: P E Q = 0 where E = 0.

Where every term of a polynomial has an entry of one array as a factor, at the same free indices,
Σ_k P[i, k]·E[k, j] = 0 follows from E[k, j] = 0 for all k and j. What is left is smaller, and its
indices are free: it may be multiplied by a matrix whose inverse stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import Atom, EntryAtom, InverseAtom, Monomial, Polynomial, SumAtom
from derive.core.integers import FREE, ZERO, Number, Poly, Var, as_poly

if TYPE_CHECKING:
    from derive.canonical.forms import Normaliser

WORK = 3e6  # in which flanks are taken off
DEPTH = 4  # flanks that are taken off one after the other
PATTERNS = 6  # arrays that are tried as a flank
CHOICES = 8  # ways to choose one factor in every term

Place = tuple[Poly, ...]
Pattern = tuple[Any, tuple[Poly | None, ...]]  # an array, with its free indices and None for others


class Factor(NamedTuple):
    """An entry in a term, directly or under one of its sums.

    :param others: the factors beside it, those under the sum together with those outside.
    :param bound: the indices of the sum.
    """

    entry: Atom
    others: Monomial
    bound: tuple[Var, ...]
    coefficient: Number

    def fits(self, pattern: Pattern) -> bool:
        """Whether this is an entry of the array at the free indices of a pattern, whose other
        indices are different indices of the sum, over all of their axes, or free ones.
        """
        array, indices = pattern
        if self.entry.data[0] is not array:
            return False
        open_ = []
        for own, wanted, size in zip(self.entry.data[1], indices, array.axes, strict=True):
            if wanted is not None:
                if own != wanted:
                    return False
                continue
            inner = [v for v in self.bound if v in own.variables]
            if inner:
                if own != as_poly(inner[0]) or inner[0].high != size - 1:
                    return False
                open_.append(inner[0])
        return len(set(open_)) == len(open_)

    def pattern(self) -> Pattern:
        indices = self.entry.data[1]
        free = (i if i.variables.isdisjoint(self.bound) else None for i in indices)
        return self.entry.data[0], tuple(free)

    def without(
        self, n: Normaliser, indices: tuple[Poly | None, ...], new: list[Var]
    ) -> Polynomial:
        """What stands beside the entry, where its other indices have the new names."""
        values: dict[Var, Poly] = {}
        same: list[Polynomial] = []
        left = list(new)
        for own, wanted in zip(self.entry.data[1], indices, strict=True):
            if wanted is not None:
                continue
            name = as_poly(left.pop(0))
            inner = [v for v in self.bound if v in own.variables]
            if inner:
                values[inner[0]] = name
            else:
                same.append(n.index_bracket("=", own - name))
        rest = n.substitute({self.others: self.coefficient}, values)
        rest = n.multiply(rest, *same)
        bound = [v for v in self.bound if v not in values]
        return n.sum_all(bound, rest) if bound else rest


def vanishes_between(
    n: Normaliser, poly: Polynomial, place: Place, vanishes: Callable[[Polynomial, Place], bool]
) -> bool:
    """Whether a polynomial in which an inverse stands is zero for what stands between the same
    arrays in all of its terms is, in a limited time.
    """
    if len(poly) < 2 or not any(True for m in poly for a, _ in m for _ in _inverses(a)):
        return False
    saved = n.budget
    n.budget = saved.share(WORK)
    try:
        return _vanishes_between(n, poly, place, vanishes)
    except BudgetExceeded:
        saved.check()
        return False
    finally:
        n.budget = saved


def _vanishes_between(
    n: Normaliser, poly: Polynomial, place: Place, vanishes: Callable[[Polynomial, Place], bool]
) -> bool:
    """The fewest flanks are taken off first; in which order they are makes no difference."""
    level: list[tuple[Polynomial, Place, tuple[int, ...]]] = [(poly, place, ())]
    for _ in range(DEPTH):
        deeper: dict[Any, tuple[Polynomial, Place, tuple[int, ...]]] = {}
        for outer, indices, taken in level:
            for inside, free, flank, choice in _stripped(n, outer, indices):
                n.check()
                removed = tuple(sorted((*taken, flank)))
                name = (removed, choice, taken if choice else None)
                if name in deeper:
                    continue
                if any(_is_at_an_end(m) for m in inside) and vanishes(inside, free):
                    return True
                deeper[name] = inside, free, removed
        level = list(deeper.values())
    return False


def _is_at_an_end(monomial: Monomial) -> bool:
    """Whether one of the inverses in a term has a free index: otherwise none can be multiplied
    away.
    """
    return any(v.kind == FREE for p, _ in monomial for a in _inverses(p) for v in a.free)


def _inverses(atom: Atom) -> Iterator[Atom]:
    if isinstance(atom, InverseAtom):
        yield atom
    elif isinstance(atom, SumAtom):
        for inner, _ in atom.body:
            yield from _inverses(inner)


def _stripped(
    n: Normaliser, poly: Polynomial, place: Place
) -> Iterator[tuple[Polynomial, Place, int, int]]:
    """What stands beside an entry that all terms have as a factor, with its free indices, the
    number of the array and that of the choice of one such entry in every term: those first in
    which the entry has a free index.
    """
    terms = [list(_factors(n, m, c)) for m, c in poly.items()]
    patterns = dict.fromkeys(f.pattern() for term in terms for f in term)
    ordered = sorted(patterns, key=lambda p: sum(i is None for i in p[1]))
    tried = 0
    for pattern in ordered:
        fitting = [[f for f in term if f.fits(pattern)] for term in terms]
        if not all(fitting) or None not in pattern[1]:
            continue
        tried += 1
        if tried > PATTERNS:
            return
        array, indices = pattern
        new = [
            Var(name, FREE, ZERO, size - 1)
            for name, size, index in zip("abcdefgh", array.axes, indices, strict=False)
            if index is None
        ]
        fitting[0] = fitting[0][:1] if all(i is None for i in indices) else fitting[0]
        for choice, chosen in enumerate(islice(product(*fitting), CHOICES)):
            n.check()
            inside = n.add({}, *(f.without(n, indices, new) for f in chosen))
            used = {v for m in inside for a, _ in m for v in a.free}
            kept = [p for p in place if not p.variables.isdisjoint(used)]
            yield inside, (*kept, *map(as_poly, new)), array.serial, choice


def _factors(n: Normaliser, monomial: Monomial, coefficient: Number) -> Iterator[Factor]:
    """The entries of given arrays in a term."""
    for atom, exponent in monomial:
        outside = {a: e for a, e in monomial if a is not atom}
        if exponent != 1:
            continue
        if isinstance(atom, EntryAtom):
            yield Factor(atom, n.monomial(outside), (), coefficient)
        elif isinstance(atom, SumAtom):
            bound, inside = n.opened(atom)
            ((inner, scale),) = inside.items()
            for entry, power in inner:
                if isinstance(entry, EntryAtom) and power in (1, 2):
                    rest: dict[Atom, Any] = {a: e for a, e in inner if a is not entry}
                    if power == 2:  # Σ x² is xᵀ x
                        rest[entry] = 1
                    for a, e in outside.items():
                        rest[a] = rest.get(a, 0) + e
                    yield Factor(entry, n.monomial(rest), tuple(bound), coefficient * scale)
