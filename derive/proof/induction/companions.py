"""Arrays beside the recurrences of an induction that are equal, step for step.

A document's backward pass names what it makes of its recurrences at each time: dc, di, da. They are
the adjoints of the forward pass's arrays, at that time or at the next. Numbers say which are equal
(:mod:`derive.proof.induction.suggested`); within a step of the induction each is proved by those
before it, and what is to be shown there then speaks of few arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from derive.core.graph import in_order, parts_of
from derive.core.integers import FREE, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Ref, Shared, Term, ref
from derive.proof.induction.lemmas import Lemma
from derive.proof.induction.suggested import Numbers


class Companion(NamedTuple):
    """A lemma about an array that is not carried through time, in a step of an induction.

    :param ahead: how far ahead of the time of the step it is stated.
    :param named: the array of the document that it speaks of.
    """

    lemma: Lemma
    ahead: int
    named: Shared

    def is_stated_at(self, time: Poly) -> bool:
        """Whether the array has an entry at that time of a step, whatever the time is."""
        at = time + self.ahead
        return is_nonnegative(at - self.lemma.low) and is_nonnegative(self.lemma.high - at)

    def covered_by(self, low: Poly, high: Poly) -> bool:
        """Whether steps at all times from low to high show all of it."""
        return is_nonnegative(self.lemma.low - low - self.ahead) and is_nonnegative(
            high + self.ahead - self.lemma.high
        )


def companions(
    sides: Iterable[Term], lemmas: tuple[Lemma, ...], numbers: Numbers
) -> Iterator[Companion]:
    """Arrays of the document that are adjoints, each after those that it reads at its own time.

    An array that is an adjoint which is carried through time is replaced by it; other adjoints are
    replaced by the arrays of the document that they are.
    """
    carried = {lemma.array for lemma in lemmas}
    axis, direction = lemmas[0].axis, lemmas[0].direction
    order = [s for s in in_order(sides) if s.recursive]
    adjoints = [s for s in order if s.derived]
    for shared in _by_reads(order, axis):
        if shared.derived or shared.unfoldings or not shared.named:
            continue
        offsets = _reads(shared, carried, axis, {})
        if len(offsets) != 1:
            continue
        begin = -direction - offsets.pop()  # it then reads the recurrences at the time before
        for adjoint in adjoints:
            shift = numbers.shift(shared, adjoint, axis)
            if shift is None:
                continue
            if adjoint.unfoldings:
                lemma = _lemma(shared, adjoint, shift, axis, direction)
                if lemma is not None:
                    yield Companion(lemma, begin, shared)
                    break
            else:
                lemma = _lemma(adjoint, shared, -shift, axis, direction)
                if lemma is not None:
                    yield Companion(lemma, begin + shift, shared)


def _by_reads(order: list[Shared], axis: int) -> list[Shared]:
    """Arrays, each after those that it reads at its own time."""
    found: dict[Shared, None] = {}
    met: set[Shared] = set()

    def visit(shared: Shared) -> None:
        if shared in met:
            return
        met.add(shared)
        time = as_poly(shared.params[axis])
        for part in parts_of(shared.body):
            if isinstance(part, Ref) and part.data[0].recursive:
                other, indices = part.data
                if len(indices) > axis and indices[axis] == time:
                    visit(other)
        found[shared] = None

    for shared in order:
        if len(shared.params) > axis:
            visit(shared)
    return list(found)


def _lemma(array: Shared, other: Shared, shift: int, axis: int, direction: int) -> Lemma | None:
    """That an array is another one, so many steps ahead, wherever both have entries."""
    own, far = array.params[axis], other.params[axis]
    if own.low is None or own.high is None or far.low is None or far.high is None:
        return None
    low = own.low if is_nonnegative(own.low - (far.low - shift)) else far.low - shift
    high = own.high if is_nonnegative(far.high - shift - own.high) else far.high - shift
    time = Var("t", FREE, low, high)
    places = [
        time if k == axis else Var(p.name, FREE, p.low, p.high) for k, p in enumerate(array.params)
    ]
    indices = tuple(map(as_poly, places))
    there = tuple(i + shift if k == axis else i for k, i in enumerate(indices))
    variables = frozenset(v for v in places if v is not time)
    return Lemma(array, indices, ref(other, *there), axis, direction, time, variables)


def _reads(
    shared: Shared, carried: set[Shared], axis: int, known: dict[Shared, set[int]]
) -> set[int]:
    """How far ahead of its own time an array reads some recurrences, directly or through others."""
    if shared not in known:
        known[shared] = found = set[int]()
        time = as_poly(shared.params[axis])
        for part in parts_of(shared.body):
            if isinstance(part, Ref) and part.data[0].recursive:
                other, indices = part.data
                gap = (indices[axis] - time).constant if len(indices) > axis else None
                if other in carried:
                    found.add(int(gap) if gap is not None else _FAR)
                elif not other.unfoldings and gap is not None:
                    found |= {int(gap) + f for f in _reads(other, carried, axis, known)}
    return known[shared]


_FAR = 10**6  # of an index that does not move with the time
