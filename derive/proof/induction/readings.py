"""Lemmas read off a difference: entries that are linear in it, and what they would have to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from derive.canonical.atoms import Atom, Monomial, Polynomial, RefAtom, SumAtom
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.core.graph import in_order
from derive.core.integers import FREE, SIZE, Poly, Var, as_poly
from derive.core.terms import Ref, Shared, Term, Unfolding, ref, substitute
from derive.proof.induction.lemmas import Lemma, variable_of

TRIES = 12  # lemmas that are read off one difference
TURNS = 2  # ways to pair the indices of two sums


class Reading(NamedTuple):
    """``atom`` would have to be ``value`` for a difference to vanish."""

    atom: RefAtom
    value: Polynomial
    rank: tuple[Any, ...]


def candidates(n: Normaliser, difference: Polynomial, place: Lemma | None) -> Iterator[Lemma]:
    """Lemmas that would make a difference vanish, the likeliest first.

    :param place: a lemma whose range of times those of a further one are to have.
    """
    found = sorted(readings(n, difference), key=lambda r: r.rank)
    count = 0
    for reading in found:
        lemma = _lemma(n, reading, place)
        if lemma is not None:
            yield lemma
            count += 1
        if count == TRIES:
            return


def readings(n: Normaliser, poly: Polynomial, depth: int = 4) -> Iterator[Reading]:
    """Each entry that stands linearly in a difference or under a sum in it, with what the terms
    make of it that have its other factors.
    """
    heads = n.recursion.heads
    for monomial, coefficient in poly.items():
        for atom, exponent in monomial:
            if isinstance(atom, RefAtom) and atom.name in heads and exponent == 1:
                others = {a: e for a, e in monomial if a is not atom}
                value: Polynomial = {}
                left = 0
                for m, c in poly.items():
                    quotient = None if m == monomial else _quotient(n, m, others)
                    if quotient is None:
                        left += m != monomial
                        continue
                    value = n.add(value, {quotient: -Fraction(c) / Fraction(coefficient)})
                yield from _pairs(n, poly, monomial, atom)
                if any(a is atom for m in value for a, _ in m):
                    continue
                derived = heads[atom.name].derived
                yield Reading(atom, value, (left, not value, derived, len(value), atom.id))
    if depth == 0:
        return
    for highs in dict.fromkeys(
        a.highs for m in poly for a, e in m if isinstance(a, SumAtom) and e == 1
    ):
        together = [_under_one_sum(n, poly, highs, turn) for turn in range(TURNS)]
        if len(highs) == 1:
            together.append(_under_one_sum(n, poly, highs, 0, by_one=True))
        for number, body in enumerate(together):
            if body not in together[:number]:
                yield from readings(n, body, depth - 1)


def _pairs(n: Normaliser, poly: Polynomial, monomial: Monomial, atom: RefAtom) -> Iterator[Reading]:
    """Another entry with the same other factors."""
    heads = n.recursion.heads
    others = {a: e for a, e in monomial if a is not atom}
    for m, c in poly.items():
        quotient = None if m == monomial else _quotient(n, m, others)
        if quotient is None or len(quotient) != 1:
            continue
        other = quotient[0][0]
        if isinstance(other, RefAtom) and other.name in heads and other is not atom:
            ratio = -Fraction(c) / Fraction(poly[monomial])
            derived = heads[atom.name].derived
            yield Reading(atom, {quotient: ratio}, (len(poly), False, derived, 1, atom.id))


def _quotient(n: Normaliser, monomial: Monomial, divisor: dict[Atom, Any]) -> Monomial | None:
    """A monomial over factors that are in it, or are positive wherever they have a value."""
    exponents = dict(monomial)
    for atom, exponent in divisor.items():
        if atom not in exponents and n.atom_sign(atom) != "+":
            return None
        exponents[atom] = exponents.get(atom, 0) - exponent
    return n.monomial(exponents)


def _under_one_sum(
    n: Normaliser, poly: Polynomial, highs: Any, turn: int, by_one: bool = False
) -> Polynomial:
    """What stands under the sums over some ranges, taken together; of a sum over more ranges the
    rest is a sum under them. Where ranges are alike, the indices are paired from ``turn`` on.

    :param by_one: of a range that is longer by one, all but the first entry is taken as well: what
        is told to be about later times begins with it.
    """
    first: list[Var] | None = None
    body: Polynomial = {}
    longer = tuple(high + 1 for high in highs) if by_one else highs
    for monomial, coefficient in poly.items():
        sums = [a for a, e in monomial if isinstance(a, SumAtom) and e == 1]
        ranges, atom = next(((r, a) for r in (highs, longer) for a in sums
                             if not Counter(r) - Counter(a.highs)), (highs, None))  # fmt: skip
        if atom is None:
            continue
        opened, inside = n.opened(atom)
        chosen = _matched(opened, ranges, turn)
        for other in opened:
            if other not in chosen:
                inside = n.sum_over(other, inside)
        first = first or chosen
        later = 0 if ranges is highs else 1
        values = {v: as_poly(w) + later for v, w in zip(chosen, first, strict=True)}
        renamed = n.substitute(inside, values)
        outside = {n.monomial({a: e for a, e in monomial if a is not atom}): coefficient}
        body = n.add(body, n.multiply(outside, renamed))
    return body


def _matched(opened: list[Var], highs: Any, turn: int) -> list[Var]:
    """One of some indices for each range, in the order of the ranges."""
    if len(opened) == len(highs):
        return opened
    left = opened[turn % len(opened) :] + opened[: turn % len(opened)]
    chosen: list[Var] = []
    for high in highs:
        chosen.append(next(v for v in left if v.high == high))
        left.remove(chosen[-1])
    return chosen


def _lemma(n: Normaliser, reading: Reading, place: Lemma | None) -> Lemma | None:
    """A reading as a lemma over a range of times, None where its indices do not allow one."""
    shared = n.recursion.heads[reading.atom.name]
    indices = reading.atom.indices
    value = Reader(n).term(reading.value)
    for unfolding in shared.unfoldings:
        if place is not None and unfolding.direction != place.direction:
            continue
        index = indices[unfolding.axis]
        moving = [v for v in sorted(index.variables) if index.coefficient(v) == as_poly(1)]
        ranged = [v for v in moving if v.kind != SIZE]
        variable = next(iter(ranged or moving), None)
        if index.constant is not None and place is None:
            lemma = _generalised(n, shared, unfolding, indices, value)
            if lemma is not None:
                return lemma
        if variable is None:
            continue
        shift = index - as_poly(variable)
        if variable in shift.variables:
            continue
        bounds = _times(variable, shift, unfolding, indices, shared)
        if place is not None:
            bounds = (place.low, place.high)
        if bounds is None:
            continue
        time = Var("t", FREE, *bounds)
        values = {variable: as_poly(time) - shift}
        moved = tuple(i.substitute(values) for i in indices)
        others = [i for k, i in enumerate(moved) if k != unfolding.axis]
        plain = [variable_of(i) for i in others]
        open_ = [v for v in plain if v is not None]
        if any(time in i.variables for i in others) or len(set(open_)) < len(open_):
            continue
        if not n.fixed_indices().isdisjoint(open_):
            continue  # something is assumed of that index alone
        stated = substitute(value, values)
        loose = stated.free - {time} - set(open_)
        if any(v.kind not in (SIZE, FREE) for v in loose):
            continue
        if _reads(stated, shared, unfolding.axis, moved[unfolding.axis]):
            continue  # it would be replaced by itself without end
        axis, direction = unfolding.axis, unfolding.direction
        return Lemma(shared, moved, stated, axis, direction, time, frozenset(open_), index)
    return None


def _generalised(
    n: Normaliser,
    shared: Shared,
    unfolding: Unfolding,
    indices: tuple[Poly, ...],
    value: Term,
) -> Lemma | None:
    """A reading at a time that is a number, as one of many times: all arrays that refer to
    themselves are read as far from it as they are there.
    """
    start = indices[unfolding.axis]
    places = dict(zip(shared.params, indices, strict=True))
    origin = unfolding.origin.substitute(places)
    low, high = (origin, start) if unfolding.direction > 0 else (start, origin)
    time = Var("t", FREE, low, high)
    stated = _shifted(value, as_poly(time) - start)
    others = [i for k, i in enumerate(indices) if k != unfolding.axis]
    open_ = [v for v in map(variable_of, others) if v is not None and v not in origin.variables]
    loose = stated.free - {time} - set(open_)
    if not n.fixed_indices().isdisjoint(open_):
        return None  # something is assumed of that index alone
    if len(set(open_)) < len(open_) or any(v.kind not in (SIZE, FREE) for v in loose):
        return None
    moved = tuple(as_poly(time) if k == unfolding.axis else i for k, i in enumerate(indices))
    return Lemma(shared, moved, stated, unfolding.axis, unfolding.direction, time, frozenset(open_))


def _times(
    variable: Var, shift: Poly, unfolding: Any, indices: tuple[Poly, ...], shared: Shared
) -> tuple[Poly, Poly] | None:
    """The times over which a variable takes an index; for a size, from the origin on."""
    if variable.kind == SIZE:
        places = dict(zip(shared.params, indices, strict=True))
        origin = unfolding.origin.substitute(places)
        if unfolding.direction < 0 or variable in origin.variables:
            return None
        return origin, as_poly(variable) + shift
    if variable.low is None or variable.high is None:
        return None
    low, high = variable.low + shift, variable.high + shift
    origin = unfolding.origin.substitute(dict(zip(shared.params, indices, strict=True)))
    if origin.indices and variable not in origin.variables:
        # It begins at another index, and is nothing beyond.
        return (origin, high) if unfolding.direction > 0 else (low, origin)
    return low, high


def _reads(term: Term, shared: Shared, axis: int, time: Poly) -> bool:
    """Whether an array is read at a time."""
    return any(
        isinstance(part, Ref) and part.data[0] is shared and part.data[1][axis] == time
        for part in in_order([term])
    )


def _shifted(term: Term, by: Poly) -> Term:
    """A term in which arrays that refer to themselves are read so much later, where the time at
    which they are read is a number.
    """
    if isinstance(term, Ref):
        shared, indices = term.data
        axes = {u.axis for u in shared.unfoldings}
        if len(axes) < len(shared.unfoldings):  # a power has as many factors fewer
            return ref(shared, *(i - by if k in axes else i for k, i in enumerate(indices)))
        moved = tuple(
            i + by if k in axes and i.constant is not None else i for k, i in enumerate(indices)
        )
        return ref(shared, *moved)
    args = tuple(_shifted(a, by) for a in term.args)
    return term if args == term.args else type(term)(args, term.data)
