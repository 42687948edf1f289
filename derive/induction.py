"""Proofs by induction over the time of a recurrence.

Where a difference does not vanish as it stands, a lemma is read off it: an entry A[t, i] of an
array that refers to itself, and what it would have to be, an expression E(t, i). The lemma is
then proved for every t from low to high, and used.

* **Base**: A = E at the time at which A begins: low, or high where A runs backward.
* **Step**: let t be any other time of the range, and let A = E, for all values of the other
  indices, at the one time before t (after t where A runs backward). Then A = E at t: A is looked
  into once, and its entries at that earlier time are replaced.

Where the step leaves a difference, a further lemma is read off that, and all of them are proved
together: each may use all of them at the earlier time, and at t itself those that stand before it.
Every lemma is an equation between terms that have values for all indices in their ranges; the
ranges are integers, from the base on.
"""

from __future__ import annotations

import time as clock
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import product
from typing import Any

from derive.atoms import Atom, Monomial, Polynomial, UndefinedValue, atoms_in
from derive.claims import Claim, Inequality
from derive.decide import Proof, vanishes, without_denominators
from derive.domain import assume_defined
from derive.errors import BudgetExceeded
from derive.index import (
    Add,
    Entry,
    Int,
    Mul,
    Num,
    Pow,
    Product,
    Ref,
    Shared,
    Sum,
    Term,
    Unfolding,
    add,
    bounds,
    fresh,
    in_order,
    mul,
    neg,
    num,
    power,
    ref,
    references,
    substitute,
    total,
)
from derive.integers import FREE, ONE, SIZE, Poly, Var, as_poly, is_nonnegative
from derive.normalise import Normaliser
from derive.recursion import Reference, Rewrite
from derive.refute import agrees_numerically
from derive.simplify import Reader

SECONDS = 20.0
IN_NAMES = 5.0  # seconds of these for proofs in which sequences stay names
TOGETHER = 8  # lemmas that are proved by one induction
LEMMAS = 12
TRIES = 12  # lemmas that are read off one difference
TURNS = 2  # ways to pair the indices of two sums

Prepare = Callable[[Normaliser], None]


@dataclass(frozen=True)
class Lemma:
    """``array`` at ``indices`` is ``value`` for every ``time`` in its range and every value of the
    other ``variables``.

    The index at ``axis`` is the time itself; it begins at the low end for ``direction`` 1.
    """

    array: Shared
    indices: tuple[Poly, ...]
    value: Term
    axis: int
    direction: int
    time: Var
    variables: frozenset[Var]
    place: Poly | None = None  # the time at which it was read off

    @property
    def low(self) -> Poly:
        assert self.time.low is not None
        return self.time.low

    @property
    def high(self) -> Poly:
        assert self.time.high is not None
        return self.time.high

    @property
    def text(self) -> tuple[Any, ...]:
        """What it says, whatever its variables are called: to tell what was tried before."""
        return (self.array, repr(self.indices), repr(self.value))

    @property
    def base(self) -> Poly:
        """The time at which it begins."""
        return self.low if self.direction > 0 else self.high

    @property
    def is_circular(self) -> bool:
        """Whether the value reads the array itself, at other times."""
        return self.array in references(self.value)

    def later(self) -> Lemma:
        """The same but at its base."""
        ends = (self.low + 1, self.high) if self.direction > 0 else (self.low, self.high - 1)
        time = Var("t", FREE, *ends)
        values = {self.time: as_poly(time)}
        indices = tuple(i.substitute(values) for i in self.indices)
        return replace(self, indices=indices, value=substitute(self.value, values), time=time)

    def at(self, time: Poly) -> tuple[Term, Term]:
        """Both sides at one time."""
        values = {self.time: time}
        indices = tuple(i.substitute(values) for i in self.indices)
        return ref(self.array, *indices), substitute(self.value, values)


@dataclass
class Induction:
    """The search for a proof that two terms are equal.

    :param in_names: whether what a document defines stays a name until it is in the way.
    """

    left: Term
    right: Term
    prepare: Prepare
    deadline: float
    in_names: bool = False
    lemmas: list[Lemma] = field(default_factory=list)

    def __post_init__(self) -> None:
        arrays = in_order([self.left, self.right])
        self.heads = [s for s in arrays if s.unfoldings]
        self.adjoints = [s for s in arrays if s.derived]
        self.classes: dict[Shared, Shared] = {}
        self._normalisers: list[Normaliser] = []  # those in which something was proved

    def prove(self) -> Proof | None:
        """A proof, or None where no lemma that was tried gives one."""
        if not self.heads:
            return self._telescoped()
        first = self.normaliser()
        first.recursion.classify(self.heads)
        self._normalisers.append(first)
        self.classes = first.recursion.stands_for
        tried: set[Any] = set()
        while len(self.lemmas) < LEMMAS:
            lemma = None
            for opened in (False, True):
                n = self.normaliser()
                rewrites = self._everywhere(n)
                if opened:
                    self._look_into(n, rewrites)
                n.recursion.reference = Reference(None, None, rewrites)
                a, b = n.of(self.left), n.of(self.right)
                difference = n.subtract(a, b)
                if vanishes(n, difference) or self._vanishes_by_differences(n, difference):
                    return self._proof(n, a, b)
                lemma = self._first_proved(self._proposals(n, difference), tried)
                if lemma is not None:
                    break
            if lemma is None and self._is_invariant():
                return self._proof(n, a, b)
            if lemma is None:
                lemma = self._first_proved(self._closed_forms(n, difference), tried)
            if lemma is None:
                return None
            self.lemmas.extend(lemma)
        return None

    def _proof(self, n: Normaliser, left: Polynomial, right: Polynomial) -> Proof:
        return Proof(n, left, right, tuple(self.lemmas), others=tuple(self._normalisers))

    def _telescoped(self) -> Proof | None:
        """A proof by differences: D(1) = 0, and for t > 1 D(t) − D(t − 1) = 0 or, with multiples
        of both, c(t)·D(t) = d(t)·D(t − 1), for the difference D of both sides as a function of an
        integer; and by those of D times what it is divided by. Of the size of an array it goes up
        to that size: only the first t entries are read.
        """
        whole = add(self.left, neg(self.right))
        below = mul(*_denominators(whole))
        tried = [whole] if not below.args else [whole, mul(whole, below)]
        lengths = _lengths(whole)
        ordered = sorted(lengths, key=lambda v: (lengths[v] is not None, v.key))
        for difference, variable in product(tried, ordered):
            low = variable.low if variable.low is not None else ONE
            time = Var("t", FREE, low + 1, lengths[variable] or variable.high)
            now, start = ({variable: p} for p in (as_poly(time), low))
            before = {variable: as_poly(time) - 1}
            n = self.normaliser()
            shift = min(_past(difference, variable), default=-1) + 1  # the shortest range decides
            n.recursion.reference = Reference(as_poly(time) + shift, time, direction=1)
            if not vanishes(n, n.of(substitute(difference, start))):
                continue
            later, earlier = n.of(substitute(difference, now)), n.of(substitute(difference, before))
            if vanishes(n, n.subtract(later, earlier)) or _follows(n, later, earlier):
                return Proof(n, n.of(self.left), n.of(self.right))
        return None

    def _is_invariant(self) -> bool:
        """Whether the difference D of both sides vanishes at one end of the range of an index of
        the claim, and D(t) = D(t − 1) within: arrays that run forward are looked into at t, and
        those that run backward at t − 1.
        """
        difference = add(self.left, neg(self.right))
        reach = {(self.classes.get(s, s), u.axis): -1
                 for s in self.heads for u in s.unfoldings if u.direction < 0}  # fmt: skip
        for v in sorted(difference.free, key=lambda v: v.key):
            if v.kind != FREE or v.low is None or v.high is None:
                continue
            time = Var("t", FREE, v.low + 1, v.high)
            n = self.normaliser()
            ends = (n.of(substitute(difference, {v: end})) for end in (v.low, v.high))
            if not any(vanishes(n, end) for end in ends):
                continue
            n.forget()
            n.recursion.reference = Reference(as_poly(time), time, self._everywhere(n), reach)
            now, before = (n.of(substitute(difference, {v: p}))
                           for p in (as_poly(time), as_poly(time) - 1))  # fmt: skip
            if vanishes(n, n.subtract(now, before)):
                self._normalisers.append(n)
                return True
        return False

    def _look_into(self, n: Normaliser, rewrites: dict[Shared, list[Rewrite]]) -> None:
        """Let arrays be looked into wherever a time is seen to be one of their steps."""
        for shared in dict.fromkeys(self.classes.get(s, s) for s in self.heads):
            for unfolding in shared.unfoldings:
                if unfolding.last is not None:
                    rewrites.setdefault(shared, []).append(_step_of(n, shared, unfolding))

    def _first_proved(
        self, proposals: Iterator[Lemma], tried: set[Any]
    ) -> tuple[Lemma, ...] | None:
        """The first of some lemmas that has a proof, with what that needs."""
        for lemma in proposals:
            if lemma.text not in tried:
                tried.add(lemma.text)
                proved = self._proved_where_defined(lemma)
                if proved is not None:
                    return proved
        return None

    def _proved_where_defined(self, lemma: Lemma) -> tuple[Lemma, ...] | None:
        """A lemma with what it needs; from the next time on where it has no value at its base."""
        for candidate in (lemma, lemma.later()):
            try:
                return self.proved((candidate,))
            except UndefinedValue:
                continue
        return None

    def _proposals(self, n: Normaliser, difference: Polynomial) -> Iterator[Lemma]:
        """Lemmas for what is to be shown: recurrences of the document that are adjoints, and what
        is read off the difference.
        """
        documented = [s for s in self.heads if not s.derived]
        states = [s for s in self.adjoints if s.unfoldings]
        others = [s for s in self.adjoints if not s.unfoldings]
        yield from _same(documented, states)
        yield from self.candidates(n, difference, None)
        cleared = without_denominators(n, difference)
        if cleared != difference:
            yield from self.candidates(n, cleared, None)
        yield from _same(documented, others)

    def _closed_forms(self, n: Normaliser, difference: Polynomial) -> Iterator[Lemma]:
        """That arrays in a difference are what their steps add up to, where these are linear."""
        found = {a.data[0]: None for m in difference for b, _ in m for a in atoms_in(b)
                 if a.kind == "ref" and a.data[0] in n.recursion.heads}  # fmt: skip
        for name in found:
            lemma = self._closed_form(n.recursion.heads[name])
            if lemma is not None:
                yield lemma

    def _closed_form(self, shared: Shared) -> Lemma | None:
        """A_t = a_t A_{t−1} + b_t gives A_t = Π_j a_j A_0 + Σ_k Π_{j>k} a_j b_k; and the other way
        round where A runs backward. None unless every step is linear in one entry of A.
        """
        unfolding = shared.unfoldings[0]
        axis, direction, last = unfolding.axis, unfolding.direction, unfolding.last
        moving = shared.params[axis]
        if len(shared.unfoldings) > 1 or last is None or moving in unfolding.origin.variables:
            return None
        others = {p: Var(p.name, FREE, p.low, p.high) for p in shared.params if p is not moving}
        placed = {p: as_poly(v) for p, v in others.items()}
        origin, last = unfolding.origin.substitute(placed), last.substitute(placed)
        low, high = (origin, last) if direction > 0 else (last, origin)

        def places(time: Poly) -> tuple[Poly, ...]:
            return tuple(placed.get(p, time) for p in shared.params)

        n = self.normaliser()
        n.recursion.reference = Reference(None, None)
        at = Var("t", FREE, low + (direction > 0), high - (direction < 0))
        step = n.of(shared.unfolded(unfolding, places(as_poly(at))))
        before = n.of(ref(shared, *places(as_poly(at) - direction)))
        parts = _linear_in(n, step, before)
        if parts is None:
            return None
        reader = Reader(n)
        factor, summand = (reader.term(part) for part in parts)
        g = _quotient_of(n, parts[0], at) if direction > 0 else None
        start = reader.term(n.of(shared.unfolded(unfolding, places(origin))))
        time = Var("t", FREE, low, high)
        k = (
            fresh("k", origin + 1, as_poly(time))
            if direction > 0
            else fresh("k", as_poly(time), origin - 1)
        )

        def between(first: Poly, end: Poly) -> Term:
            """The product of the factors of all steps from one to another; of g(j − 1)/g(j), it
            is what stands at both ends: so of a running mean, or an online softmax.
            """
            if factor == num(1):
                return factor
            if g is not None:
                below = n.power(n.substitute(g, {at: end}), -1)
                return reader.term(n.multiply(n.substitute(g, {at: first - 1}), below))
            if at not in factor.free:
                return Pow((factor, Int((), (end - first + 1,))))
            j = fresh("j", first, end)
            return Product((substitute(factor, {at: as_poly(j)}),), (j,))

        ends = (origin + 1, as_poly(time)) if direction > 0 else (as_poly(time), origin - 1)
        rest = (as_poly(k) + 1, ends[1]) if direction > 0 else (ends[0], as_poly(k) - 1)
        own = substitute(summand, {at: as_poly(k)})
        value = mul(between(*ends), start)
        if summand != num(0):
            value = add(value, total(k, mul(between(*rest), own)))
        return Lemma(shared, places(as_poly(time)), value, axis, direction, time,
                     frozenset(others.values()))  # fmt: skip

    def normaliser(self) -> Normaliser:
        n = Normaliser(None, False, self.deadline)
        n.recursion.stands_for = self.classes
        if self.in_names:
            n.keep = partial(_stays_a_name, set())
        self.prepare(n)
        assume_defined(n, self.left, self.right)
        return n

    # ---- one induction

    def proved(self, lemmas: tuple[Lemma, ...]) -> tuple[Lemma, ...] | None:
        """Some lemmas, and what they need, where one induction proves them all.

        :raises UndefinedValue: where one of them has no value at its base.
        """
        before = len(self._normalisers)
        found = None
        try:
            found = self._proved_together(lemmas)
        finally:
            if found is None:
                del self._normalisers[before:]
        return found

    def _proved_together(self, lemmas: tuple[Lemma, ...]) -> tuple[Lemma, ...] | None:
        tried = {lemma.text for lemma in lemmas}
        done = 0  # lemmas that are proved: a further one behind them is one more hypothesis
        while done < len(lemmas) <= TOGETHER:
            left_over = self._base(lemmas, done) or self._step(lemmas, done)
            if left_over is None:
                done += 1
                continue
            n, difference, place = left_over
            further = next(
                (
                    c
                    for c in self.candidates(n, difference, place)
                    if c.text not in tried and c.array is not lemmas[done].array
                ),
                None,
            )
            if further is None:
                return None
            tried.add(further.text)
            lemmas = (*lemmas[:done], further, *lemmas[done:])
        return lemmas if done == len(lemmas) else None

    def _base(self, lemmas: tuple[Lemma, ...], position: int) -> Any:
        """What is left of a lemma at the beginning, None where it holds there."""
        lemma = lemmas[position]
        end = lemma.base
        single = [v for v in end.variables if end.coefficient(v) == as_poly(1)]
        n = self.normaliser()
        rewrites = self._everywhere(n)
        for earlier in lemmas[:position]:
            rewrites.setdefault(earlier.array, []).append(_at_time(n, earlier, end))
        variable = single[0] if len(single) == 1 else None
        return self._left_over(n, lemma, Reference(end, variable, rewrites, self._reach(lemma)))

    def _step(self, lemmas: tuple[Lemma, ...], position: int) -> Any:
        """What is left of a lemma at a time t, None where it follows from what is before t."""
        lemma = lemmas[position]
        low, high = lemma.low, lemma.high
        if lemma.direction > 0:
            low = low + 1
        else:
            high = high - 1
        time = Var("t", FREE, low, high)
        now, before = as_poly(time), as_poly(time) - lemma.direction
        n = self.normaliser()
        rewrites = self._everywhere(n)
        for other in lemmas:
            rewrites.setdefault(other.array, []).append(_at_time(n, other, before))
        for earlier in lemmas[:position]:
            rewrites[earlier.array].append(_at_time(n, earlier, now))
        return self._left_over(n, lemma, Reference(now, time, rewrites, self._reach(lemma)))

    def _left_over(self, n: Normaliser, lemma: Lemma, reference: Reference) -> Any:
        """The difference of both sides at the time of a reference; None where there is none.

        Arrays that run the other way are looked into only where it is needed, and so are those
        other than the lemma's own: first of all what is left of it.
        """
        n.recursion.reference = reference
        own = self.classes.get(lemma.array, lemma.array)
        for direction, turned in ((lemma.direction, False), (lemma.direction, True), (0, False)):
            if turned and not any(len(s.unfoldings) > 1 for s in self.heads):
                continue
            reference.direction, reference.turned = direction, turned
            opened, further = set[Shared](), {own}
            if self.in_names:
                reference.opened = opened
                n.keep = partial(_stays_a_name, opened)
            assert reference.time is not None
            sides = lemma.at(reference.time)
            while further:
                opened |= further
                n.forget()
                difference = n.subtract(*(n.of(side) for side in sides))
                if vanishes(n, difference) or self._vanishes_without_offsets(n, sides):
                    self._normalisers.append(n)
                    return None
                further = _names_in(n, difference, reference) if self.in_names else set()
                further = self._topmost(further - opened)
        if self._vanishes_by_differences(n, difference):
            self._normalisers.append(n)
            return None
        return n, difference, lemma

    def _topmost(self, arrays: set[Shared]) -> set[Shared]:
        """Those arrays that no other one of them reads at its own time."""
        return arrays.difference(*(self._below.get(shared, ()) for shared in arrays))

    @cached_property
    def _below(self) -> dict[Shared, set[Shared]]:
        """What each array reads at its own time, directly or through other arrays."""
        below: dict[Shared, set[Shared]] = {}
        for shared in in_order([self.left, self.right]):
            if shared.recursive:
                _collect_below(shared, below)
        return below

    def _vanishes_by_differences(self, n: Normaliser, difference: Polynomial) -> bool:
        """Whether what is left is zero by an induction of its own, where nothing in it refers to
        itself: it is about sums and powers alone.
        """
        atoms = {a for m in difference for b, _ in m for a in atoms_in(b)}
        if any(a.kind == "ref" for a in atoms) or not any(a.kind == "sum" for a in atoms):
            return False
        left = Reader(n).term(difference)
        proof = Induction(left, num(0), self.prepare, self.deadline)._telescoped()
        if proof is not None:
            self._normalisers.append(proof.normaliser)
        return proof is not None

    @staticmethod
    def _vanishes_without_offsets(n: Normaliser, sides: tuple[Term, Term]) -> bool:
        """Whether two terms are one where the brackets under their sums have no offset: a step
        tells a range from one that begins one later.
        """
        if not n.offsets_seen:
            return False
        n.clears_offsets = True
        n.forget()
        try:
            return vanishes(n, n.subtract(*(n.of(side) for side in sides)))
        finally:
            n.clears_offsets = n.offsets_seen = False
            n.forget()

    def _everywhere(self, n: Normaliser) -> dict[Shared, list[Rewrite]]:
        """The lemmas that are proved, wherever a time is seen to lie in their range."""
        rewrites: dict[Shared, list[Rewrite]] = {}
        for lemma in self.lemmas:
            rewrites.setdefault(lemma.array, []).append(_in_range(n, lemma))
        return rewrites

    def _reach(self, lemma: Lemma) -> dict[tuple[Shared, int], int]:
        """How far before its own time the value of a lemma reads arrays that run its way."""
        result: dict[tuple[Shared, int], int] = {}
        for term in _parts(lemma.value):
            if not isinstance(term, Ref) or not term.data[0].unfoldings:
                continue
            shared = term.data[0]
            for unfolding in shared.unfoldings:
                index = term.data[1][unfolding.axis]
                if unfolding.direction != lemma.direction or lemma.time not in index.variables:
                    continue
                offset = int((index - as_poly(lemma.time)).terms.get((), 0))
                key = (self.classes.get(shared, shared), unfolding.axis)
                known = result.get(key, offset)
                ahead = min if lemma.direction > 0 else max
                result[key] = ahead(known, offset)
        return result

    # ---- what a lemma may be

    def candidates(
        self, n: Normaliser, difference: Polynomial, place: Lemma | None
    ) -> Iterator[Lemma]:
        """Lemmas that would make a difference vanish, the likeliest first.

        :param place: a lemma whose range of times those of a further one are to have.
        """
        found = sorted(_readings(n, difference), key=lambda r: r.rank)
        count = 0
        for reading in found:
            lemma = self._lemma(n, reading, place)
            if lemma is not None:
                yield lemma
                count += 1
            if count == TRIES:
                return

    def _lemma(self, n: Normaliser, reading: Reading, place: Lemma | None) -> Lemma | None:
        """A reading as a lemma over a range of times, None where its indices do not allow one."""
        shared = n.recursion.heads[reading.atom.data[0]]
        indices: tuple[Poly, ...] = reading.atom.data[1]
        value = Reader(n).term(reading.value)
        for unfolding in shared.unfoldings:
            if place is not None and unfolding.direction != place.direction:
                continue
            index = indices[unfolding.axis]
            moving = [v for v in index.variables if index.coefficient(v) == as_poly(1)]
            ranged = [v for v in moving if v.kind != SIZE]
            variable = next(iter(ranged or moving), None)
            if index.constant is not None and place is None:
                lemma = self._generalised(n, shared, unfolding, indices, value)
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
            plain = [_plain(i) for i in others]
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
        self,
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
        open_ = [v for v in map(_plain, others) if v is not None and v not in origin.variables]
        loose = stated.free - {time} - set(open_)
        if not n.fixed_indices().isdisjoint(open_):
            return None  # something is assumed of that index alone
        if len(set(open_)) < len(open_) or any(v.kind not in (SIZE, FREE) for v in loose):
            return None
        moved = tuple(as_poly(time) if k == unfolding.axis else i for k, i in enumerate(indices))
        return Lemma(
            shared, moved, stated, unfolding.axis, unfolding.direction, time, frozenset(open_)
        )


def _linear_in(
    n: Normaliser, poly: Polynomial, entry: Polynomial
) -> tuple[Polynomial, Polynomial] | None:
    """A polynomial as a·x + b for an entry x of an array that stands in neither a nor b."""
    if len(entry) != 1 or len(next(iter(entry))) != 1:
        return None
    (((atom, _),),) = entry
    factor: Polynomial = {}
    rest: Polynomial = {}
    for monomial, coefficient in poly.items():
        if (atom, 1) in monomial:
            factor[n.monomial({a: e for a, e in monomial if a is not atom})] = coefficient
        else:
            rest[monomial] = coefficient
    left = {a for part in (factor, rest) for m in part for b, _ in m for a in atoms_in(b)}
    if any(a.kind == "ref" and a.data[0] == atom.data[0] for a in left):
        return None
    return factor, rest


def _denominators(term: Term) -> Iterator[Term]:
    """What the summands of a term are divided by: not zero where it has a value."""
    summands = term.args if isinstance(term, Add) else (term,)
    factors = {f for s in summands for f in (s.args if isinstance(s, Mul) else (s,))}
    for factor in sorted(factors, key=repr):
        if isinstance(factor, Pow) and isinstance(factor.args[1], Num):
            exponent = factor.args[1].data[0]
            if isinstance(exponent, int) and exponent < 0:
                yield power(factor.args[0], -exponent)


def _follows(n: Normaliser, later: Polynomial, earlier: Polynomial) -> bool:
    """Whether one polynomial is zero where another is: c·later = d·earlier with c > 0 or c < 0,
    where a sum or a product that stands in both has the coefficient d in the one, c in the other.
    """
    for atom in {a for m in earlier for a, e in m if e == 1 and a.kind in ("sum", "prod")}:
        d, c = (
            {n.monomial({a: e for a, e in m if a is not atom}): factor for m, factor in p.items()
             if (atom, 1) in m}
            for p in (later, earlier)
        )  # fmt: skip
        if n.sign(c) in ("+", "-") and vanishes(
            n, n.subtract(n.multiply(c, later), n.multiply(d, earlier))
        ):
            return True
    return False


def _collect_below(shared: Shared, below: dict[Shared, set[Shared]]) -> set[Shared]:
    """Fill in what an array and those below it read at their own times."""
    if shared not in below:
        below[shared] = found = set()
        bodies = [u.body for u in shared.unfoldings] or [shared.body]
        for part in (p for body in bodies for p in _parts(body) if isinstance(p, Ref)):
            other, indices = part.data
            if other.recursive and all(i.constant is None and _is_plain(i) for i in indices):
                found |= {other} | _collect_below(other, below)
    return below[shared]


def _is_plain(index: Poly) -> bool:
    """Whether an index is not moved from what it stands for."""
    return () not in index.terms


def _stays_a_name(opened: set[Shared], shared: Shared) -> bool:
    return shared.recursive and shared.named and shared not in opened


def _names_in(n: Normaliser, poly: Polynomial, reference: Reference) -> set[Shared]:
    """The arrays that stay names in a polynomial, and are read there at the time itself."""
    atoms = {part for m in poly for atom, _ in m for part in atoms_in(atom)}
    return {
        n.kept[atom.data[0]]
        for atom in atoms
        if atom.kind == "ref" and atom.data[0] in n.kept
        if any(reference.offset(index) == 0 for index in atom.data[1])
    }


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


def _lengths(term: Term) -> dict[Var, Poly | None]:
    """The integers that the ends of sums and powers depend on; with itself as the end of its range
    where it is the size of an array, and none that a defined array depends on.
    """
    parts = _all_parts(term)
    ends = {v for k in _ranges(parts) for end in bounds(k) for v in end.variables}
    axes = {
        v
        for part in parts
        if isinstance(part, Entry)
        for size in part.data[0].axes
        for v in size.variables
    }
    shared = {v for s in in_order([term]) for p in s.params for e in (p.low, p.high)
              if e is not None for v in e.variables}  # fmt: skip
    # Of a rounded size it is not known where it begins.
    return {
        v: as_poly(v) if v in axes else None
        for v in ends - shared
        if v in term.free
        and ((v.kind == SIZE and not v.unbounded) or (v.kind == FREE and v.low is not None))
    }


def _past(term: Term, length: Var) -> list[int]:
    """How far the last index of ranges is past a length, if they are to begin at 0."""
    spans = (high - low for low, high in map(bounds, _ranges(_all_parts(term))))
    gaps = ((span - as_poly(length)).constant for span in spans)
    return [int(gap) for gap in gaps if gap is not None and gap == int(gap)]


def _ranges(parts: Iterable[Term]) -> Iterator[Var]:
    """The indices of sums and products."""
    return (part.variable for part in parts if isinstance(part, (Sum, Product)))


def _all_parts(term: Term) -> set[Term]:
    """Every part of a term and of the arrays that it refers to."""
    bodies = [term, *(s.body for s in in_order([term]))]
    return {part for body in bodies for part in _parts(body)}


def _parts(term: Term) -> Iterator[Term]:
    seen: set[Term] = set()
    stack = [term]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack.extend(node.args)


def _plain(index: Poly) -> Var | None:
    """The variable that an index is, None for anything else."""
    if len(index.variables) != 1:
        return None
    (variable,) = index.variables
    return variable if index == as_poly(variable) and variable.kind != SIZE else None


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


def _same(documented: Iterable[Shared], adjoints: Iterable[Shared]) -> Iterator[Lemma]:
    """That recurrences of the document are adjoints, for all of their steps."""
    for shared in documented:
        for adjoint in adjoints:
            lemma = _equal(shared, adjoint)
            if lemma is not None:
                yield lemma


def _equal(shared: Shared, adjoint: Shared) -> Lemma | None:
    """That one array is another for all of its steps; None where their axes differ."""
    unfolding = shared.unfoldings[0]
    if len(shared.params) != len(adjoint.params) or unfolding.last is None:
        return None
    if any(u.direction != unfolding.direction for u in adjoint.unfoldings):
        return None
    time, places = _all_places(shared, unfolding, unfolding.last)
    if any(a.high != b.high for a, b in zip(shared.params, adjoint.params, strict=True)
           if a is not shared.params[unfolding.axis]):  # fmt: skip
        return None
    value = ref(adjoint, *map(as_poly, places))
    return _everywhere_equal(shared, unfolding, time, places, value)


def _all_places(shared: Shared, unfolding: Unfolding, last: Poly) -> tuple[Var, list[Var]]:
    """A time for each step of an array, and with it an index for each of its axes."""
    ends = (unfolding.origin, last)
    low, high = ends if unfolding.direction > 0 else ends[::-1]
    time = Var("t", FREE, low, high)
    return time, [
        time if axis == unfolding.axis else Var(p.name, FREE, p.low, p.high)
        for axis, p in enumerate(shared.params)
    ]


def _everywhere_equal(
    shared: Shared, unfolding: Unfolding, time: Var, places: list[Var], value: Term
) -> Lemma:
    variables = frozenset(v for v in places if v is not time)
    indices = tuple(map(as_poly, places))
    return Lemma(shared, indices, value, unfolding.axis, unfolding.direction, time, variables)


def _quotient_of(n: Normaliser, factor: Polynomial, time: Var) -> Polynomial | None:
    """The g with factor = g(t − 1)/g(t), where what is below the factor is one."""
    below: dict[Atom, Any] = {}
    for monomial in factor:
        for atom, exponent in monomial:
            if time in atom.free and exponent < 0:
                below[atom] = max(-exponent, below.get(atom, 0))
    g: Polynomial = {n.monomial(below): 1}
    if not below or n.multiply(factor, g) != n.substitute(g, {time: as_poly(time) - 1}):
        return None
    return g


# ---- lemmas as rewritings


def _step_of(n: Normaliser, shared: Shared, unfolding: Unfolding) -> Rewrite:
    """The array at any time that is seen to be one of its steps, by that step."""

    def rewrite(indices: tuple[Poly, ...]) -> Polynomial | None:
        places = dict(zip(shared.params, indices, strict=True))
        begin, last = unfolding.origin.substitute(places), unfolding.last
        assert last is not None
        gap = (indices[unfolding.axis] - begin) * unfolding.direction - 1
        over = (last - indices[unfolding.axis]) * unfolding.direction
        if not (is_nonnegative(gap) and is_nonnegative(over)):
            return None
        return n.of(shared.unfolded(unfolding, indices))

    return rewrite


def _bound(lemma: Lemma, indices: tuple[Poly, ...]) -> dict[Var, Poly] | None:
    """What the variables of a lemma stand for where the array is read at some indices."""
    values: dict[Var, Poly] = {}
    for axis, (own, given) in enumerate(zip(lemma.indices, indices, strict=True)):
        variable = _plain(own)
        if axis == lemma.axis:
            continue
        if variable is not None and variable in lemma.variables:
            values[variable] = given
        elif own != given:
            return None
    narrow = {v for v, param in zip(map(_plain, lemma.indices), lemma.array.params, strict=True)
              if v is not None and (v.low, v.high) != (param.low, param.high)}  # fmt: skip
    return values if all(_within(v, values[v], values) for v in narrow & set(values)) else None


def _within(variable: Var, value: Poly, values: Mapping[Var, Poly]) -> bool:
    """Whether a value is seen to lie in the range of a variable. Where that is the range of the
    axis there is nothing to be seen: entries are read within their arrays.
    """
    ends = (variable.low, variable.high)
    if value == as_poly(variable):
        return True
    return all(
        end is None or is_nonnegative((value - end.substitute(values)) * sign)
        for end, sign in zip(ends, (1, -1), strict=True)
    )


def _is_time(
    lemma: Lemma, time: Poly, values: Mapping[Var, Poly], changed: Mapping[Var, Poly]
) -> bool:
    """Whether a time is seen to be in the range of a lemma, whose ends may depend on the other
    indices; taken for granted where none of what is changed stands in it.
    """
    ends = lemma.low.variables | lemma.high.variables
    if lemma.time not in changed and all(
        v not in ends or changed[v] == as_poly(v) for v in changed
    ):
        return True
    low, high = lemma.low.substitute(values), lemma.high.substitute(values)
    return is_nonnegative(time - low) and is_nonnegative(high - time)


def _at_time(n: Normaliser, lemma: Lemma, time: Poly) -> Rewrite:
    """The array at one time, by what the lemma says."""

    def rewrite(indices: tuple[Poly, ...]) -> Polynomial | None:
        values = _bound(lemma, indices) if indices[lemma.axis] == time else None
        if values is None or not _is_time(lemma, time, values, values):
            return None
        return n.substitute(n.of(lemma.at(time)[1]), values)

    return rewrite


def _in_range(n: Normaliser, lemma: Lemma) -> Rewrite:
    """The array at any time that is seen to be in the range of the lemma."""

    def rewrite(indices: tuple[Poly, ...]) -> Polynomial | None:
        time = indices[lemma.axis]
        if lemma.is_circular and time != lemma.place:
            return None  # it would be replaced without end
        values = _bound(lemma, indices)
        if values is None or not _is_time(lemma, time, values, {lemma.time: time}):
            return None
        return n.substitute(n.of(lemma.value), {**values, lemma.time: time})

    return rewrite


# ---- reading a lemma off a difference


@dataclass(frozen=True)
class Reading:
    """``atom`` would have to be ``value`` for a difference to vanish."""

    atom: Atom
    value: Polynomial
    rank: tuple[Any, ...]


def _readings(n: Normaliser, poly: Polynomial, depth: int = 4) -> Iterator[Reading]:
    """Each entry that stands linearly in a difference or under a sum in it, with what the terms
    make of it that have its other factors.
    """
    heads = n.recursion.heads
    for monomial, coefficient in poly.items():
        for atom, exponent in monomial:
            if atom.kind == "ref" and atom.data[0] in heads and exponent == 1:
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
                derived = heads[atom.data[0]].derived
                yield Reading(atom, value, (left, not value, derived, len(value), atom.id))
    if depth == 0:
        return
    for highs in dict.fromkeys(a.data[0] for m in poly for a, e in m if a.kind == "sum" and e == 1):
        together = [_under_one_sum(n, poly, highs, turn) for turn in range(TURNS)]
        for number, body in enumerate(together):
            if body not in together[:number]:
                yield from _readings(n, body, depth - 1)


def _pairs(n: Normaliser, poly: Polynomial, monomial: Monomial, atom: Atom) -> Iterator[Reading]:
    """Another entry with the same other factors."""
    heads = n.recursion.heads
    others = {a: e for a, e in monomial if a is not atom}
    for m, c in poly.items():
        quotient = None if m == monomial else _quotient(n, m, others)
        if quotient is None or len(quotient) != 1 or quotient[0][0].kind != "ref":
            continue
        if quotient[0][0].data[0] in heads and quotient[0][0] is not atom:
            ratio = -Fraction(c) / Fraction(poly[monomial])
            derived = heads[atom.data[0]].derived
            yield Reading(atom, {quotient: ratio}, (len(poly), False, derived, 1, atom.id))


def _quotient(n: Normaliser, monomial: Monomial, divisor: dict[Atom, Any]) -> Monomial | None:
    """A monomial over factors that are in it, or are positive wherever they have a value."""
    exponents = dict(monomial)
    for atom, exponent in divisor.items():
        if atom not in exponents and n.atom_sign(atom) != "+":
            return None
        exponents[atom] = exponents.get(atom, 0) - exponent
    return n.monomial(exponents)


def _under_one_sum(n: Normaliser, poly: Polynomial, highs: Any, turn: int) -> Polynomial:
    """What stands under the sums over some ranges, taken together; of a sum over more ranges the
    rest is a sum under them. Where ranges are alike, the indices are paired from ``turn`` on.
    """
    first: list[Var] | None = None
    body: Polynomial = {}
    for monomial, coefficient in poly.items():
        atom = next((a for a, e in monomial if a.kind == "sum" and e == 1
                     and not Counter(highs) - Counter(a.data[0])), None)  # fmt: skip
        if atom is None:
            continue
        opened, inside = n.opened(atom)
        chosen = _matched(opened, highs, turn)
        for other in opened:
            if other not in chosen:
                inside = n.sum_over(other, inside)
        first = first or chosen
        renamed = n.substitute(inside, {v: as_poly(w) for v, w in zip(chosen, first, strict=True)})
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


def refers_to_itself(*sides: Term) -> bool:
    """Whether something that stands in a term is defined by its own earlier values."""
    return any(s.unfoldings for s in in_order(sides))


def is_due(claim: Claim, *sides: Term) -> bool:
    """Whether an induction may prove a claim: where something refers to itself, and the sides do
    not differ at the first points that are looked at.
    """
    if isinstance(claim, Inequality):
        return False
    if not refers_to_itself(*sides) and not _lengths(add(*sides)):
        return False
    return agrees_numerically(claim) is not False


def prove(left: Term, right: Term, prepare: Prepare, deadline: float | None) -> Proof | None:
    """A proof that two terms are equal, or None where no induction that was tried gives one.

    :raises UnsupportedError: naming a node without a canonical form.
    """
    start = clock.monotonic()
    arrays = in_order([left, right])
    # What is derived is recognised by its content, and what a document defines by its names.
    ways = [(IN_NAMES, True)] if not any(s.derived for s in arrays) else []
    for seconds, in_names in (*ways, (SECONDS, False)):
        end = start + seconds if deadline is None else min(start + seconds, deadline)
        try:
            proof = Induction(left, right, prepare, end, in_names).prove()
        except BudgetExceeded:
            if deadline is not None and clock.monotonic() > deadline:
                raise
            continue
        if proof is not None:
            return proof
    return None
