"""One induction: some lemmas at the time at which they begin, and from each time to the next.

Where a step leaves a difference, a further lemma is read off it, and all are proved together. What
stands in the way is unfolded, level by level or as numbers choose it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

from derive.base.budget import Budget
from derive.canonical.atoms import Polynomial, RefAtom, SumAtom, atoms_in
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.canonical.recursion import NEAR, Reference, Rewrite
from derive.core.graph import in_order, parts_of
from derive.core.integers import FREE, Poly, Var, as_poly
from derive.core.terms import Add, Ref, Shared, Term, bounds, num
from derive.proof.decide import vanishes
from derive.proof.definedness import assume_defined
from derive.proof.induction.companions import Companion
from derive.proof.induction.differences import telescoped
from derive.proof.induction.ends import vanishes_from_ends
from derive.proof.induction.lemmas import Lemma, at_time, in_range
from derive.proof.induction.readings import candidates
from derive.proof.induction.suggested import Numbers
from derive.proof.induction.to_unfold import InNames

TOGETHER = 8  # lemmas that are proved by one induction
COMPANION_ROUNDS = 3  # in which arrays are unfolded, to show that two are equal

Prepare = Callable[[Normaliser], None]


class LeftOver(NamedTuple):
    """What is left of a lemma at its base or step, by the further lemma that would make it vanish;
    None where none is seen.
    """

    further: Lemma | None


@dataclass
class Stepping:
    """What is needed to prove lemmas about the arrays of two terms by one induction.

    :param in_names: whether what a document defines stays opaque until it is in the way.
    :param numbers: what tells which lemmas may hold, where numbers may be asked.
    :param place: the indices of the entry that the two terms are.
    """

    left: Term
    right: Term
    prepare: Prepare
    budget: Budget
    in_names: bool = False
    numbers: Numbers | None = None
    place: tuple[Poly, ...] = ()
    lemmas: list[Lemma] = field(default_factory=list)

    def __post_init__(self) -> None:
        arrays = in_order([self.left, self.right])
        self.heads = [s for s in arrays if s.unfoldings]
        self.adjoints = [s for s in arrays if s.derived]
        self.states = [s for s in self.adjoints if s.unfoldings]
        self.classes: dict[Shared, Shared] = {}
        self.companions: tuple[Companion, ...] = ()  # that may hold in the induction that is made
        self.shown: list[Companion] = []  # and that do
        self._steps: dict[Shared, Term | None] = {}  # what is put into adjoints, see _put_in
        self.normalisers: list[Normaliser] = []  # those in which something was proved
        self._hasty = self._hurried = False  # see proved

    def rely_on(self, n: Normaliser) -> None:
        """Something was proved in a normaliser: what it used is listed, the rest is not kept."""
        n.forget()
        self.normalisers.append(n)

    def not_yet_known(self) -> list[Shared]:
        """The recurrences of the document of which no lemma says what they are."""
        known = {lemma.array for lemma in self.lemmas}
        return [s for s in self.heads if not s.derived and s not in known]

    def normaliser(self) -> Normaliser:
        n = Normaliser(None, False, self.budget)
        n.recursion.stands_for = self.classes
        n.recursion.replaced = {c.lemma.array for c in (*self.companions, *self.shown)}
        if self.in_names:
            n.keep = partial(is_left_opaque, set())
        self.prepare(n)
        assume_defined(n, self.left, self.right)
        return n

    def chosen(self, left: Term, right: Term) -> frozenset[Shared] | None:
        """The arrays to unfold for two sides, as numbers choose them."""
        if self.numbers is None:
            return None
        stated = [*(c.lemma for c in self.shown), *self.lemmas]
        return InNames(self.numbers, stated).opened(left, right)

    # ---- one induction

    def proved(self, lemmas: tuple[Lemma, ...]) -> tuple[Lemma, ...] | None:
        """Some lemmas, and what they need, where one induction proves them all.

        :raises UndefinedValue: where one of them has no value at its base.
        """
        before = len(self.normalisers)
        # A further lemma that the document states is taken as soon as it is seen; where that leads
        # nowhere, again, and all arrays are unfolded first.
        several = len(self.not_yet_known()) > len(lemmas)
        self._hasty, self._hurried = several and bool(self.states), False
        found = None
        try:
            found = self._proved_together(lemmas)
            if found is None and self._hurried:
                del self.normalisers[before:]
                self._hasty = False
                found = self._proved_together(lemmas)
        finally:
            if found is None:
                del self.normalisers[before:]
        return found

    def _proved_together(self, lemmas: tuple[Lemma, ...]) -> tuple[Lemma, ...] | None:
        tried = {lemma.text for lemma in lemmas}
        done = 0  # lemmas that are proved: a further one behind them is one more hypothesis
        while done < len(lemmas) <= TOGETHER:
            left_over = self._base(lemmas, done, tried) or self._step(lemmas, done, tried)
            if left_over is None:
                done += 1
                continue
            further = left_over.further
            if further is None:
                return None
            tried.add(further.text)
            lemmas = (*lemmas[:done], further, *lemmas[done:])
        return lemmas if done == len(lemmas) else None

    def _base(self, lemmas: tuple[Lemma, ...], position: int, tried: set[Any]) -> LeftOver | None:
        """What is left of a lemma at the beginning, None where it holds there."""
        lemma = lemmas[position]
        end = lemma.base
        single = [v for v in end.variables if end.coefficient(v) == as_poly(1)]
        n = self.normaliser()
        rewrites = self.everywhere(n)
        for earlier in lemmas[:position]:
            rewrites.setdefault(earlier.array, []).append(at_time(n, earlier, end))
        variable = single[0] if len(single) == 1 else None
        there = (lemma.high - lemma.low,)
        reference = Reference(end, variable, rewrites, self._reach(lemma), there=there)
        return self._left_over(n, lemma, reference, tried)

    def _step(self, lemmas: tuple[Lemma, ...], position: int, tried: set[Any]) -> LeftOver | None:
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
        rewrites = self.everywhere(n)
        for other in lemmas:
            rewrites.setdefault(other.array, []).append(at_time(n, other, before))
        for earlier in lemmas[:position]:
            rewrites[earlier.array].append(at_time(n, earlier, now))
        there = (high - low,)
        reference = Reference(now, time, rewrites, self._reach(lemma), there=there)
        if self.companions and not position:
            self.shown.clear()
        for companion in self.companions:
            if companion in self.shown or not position:
                self._use_at(n, companion, reference)
        return self._left_over(n, lemma, reference, tried, lemmas)

    def _vanishes_as_chosen(
        self,
        n: Normaliser,
        lemmas: tuple[Lemma, ...],
        sides: tuple[Term, Term],
        reference: Reference,
    ) -> bool:
        """Whether two sides are equal at a step, where numbers choose what is unfolded."""
        if self.numbers is None or not (self.in_names and lemmas):
            return False
        # A term of the value is an adjoint; what else is read of these stays as it is.
        terms = [t for side in sides for t in (side.args if isinstance(side, Add) else (side,))]
        here = {t.data[0] for t in terms if isinstance(t, Ref) and t.data[0].unfoldings}
        here &= {lemma.array for lemma in lemmas} | set(self.states)
        stated = [*(c.lemma for c in self.shown), *lemmas]
        chosen = InNames(self.numbers, stated, here).opened(*sides)
        if chosen is None:
            return False
        n.recursion.reference = reference
        reference.opened = opened = chosen | here
        n.keep = partial(is_left_opaque, opened)
        reference.direction = lemmas[0].direction
        n.forget()
        return vanishes(n, n.subtract(*(n.of(side) for side in sides)))

    def _use_at(self, n: Normaliser, companion: Companion, reference: Reference) -> None:
        """Let a companion be used in a step, where it is shown or has been."""
        assert reference.time is not None and reference.variable is not None
        lemma, (low, high) = companion.lemma, bounds(reference.variable)
        if not companion.is_stated_at(reference.time) or not companion.covered_by(low, high):
            return
        at = reference.time + companion.ahead
        if companion not in self.shown:
            n.recursion.reference = reference
            opened = {companion.named}
            reference.opened = opened
            n.keep = partial(is_left_opaque, opened)
            for _ in range(COMPANION_ROUNDS):
                n.forget()
                difference = n.subtract(*(n.of(side) for side in lemma.at(at)))
                if vanishes(n, difference):
                    break
                opened |= _names_near(n, difference, reference, NEAR) - {
                    c.named for c in self.shown
                }
            else:
                return
            self.shown.append(companion)
        reference.rewrites.setdefault(lemma.array, []).append(at_time(n, lemma, at))
        n.forget()

    def _left_over(
        self,
        n: Normaliser,
        lemma: Lemma,
        reference: Reference,
        tried: set[Any],
        together: tuple[Lemma, ...] = (),
    ) -> LeftOver | None:
        """The difference of both sides at the time of a reference; None where there is none.

        :param together: the lemmas that are proved with this one, at a step.

        Arrays that run the other way are unfolded only where it is needed, and so are those
        other than the lemma's own: first of all what is left of it.
        """
        n.recursion.reference = reference
        own = self.classes.get(lemma.array, lemma.array)
        for direction, turned in ((lemma.direction, False), (lemma.direction, True), (0, False)):
            if turned and not any(len(s.unfoldings) > 1 for s in self.heads):
                continue
            reference.direction, reference.turned = direction, turned
            opened, further = set[Shared](), {own}
            assert reference.time is not None
            sides = lemma.at(reference.time)
            if self._vanishes_as_chosen(n, together, sides, reference):
                self.rely_on(n)
                return None
            while further:
                if self.in_names:
                    reference.opened = opened
                    n.keep = partial(is_left_opaque, opened)
                opened |= further
                n.forget()
                difference = n.subtract(*(n.of(side) for side in sides))
                if vanishes(n, difference) or self._vanishes_without_offsets(n, sides):
                    self.rely_on(n)
                    return None
                near = NEAR if self.adjoints else 0  # these read what is beside the time, too
                further = _names_near(n, difference, reference, near) if self.in_names else set()
                further = self.topmost(further - opened)
            if self._hasty:
                stated = _read_off(n, difference, lemma, tried)
                if stated is not None and _is_stated(stated):
                    self._hurried = True
                    return LeftOver(stated)
        if self.vanishes_by_differences(n, difference) or self._vanishes_from_ends(n, difference):
            self.rely_on(n)
            return None
        return LeftOver(_read_off(n, difference, lemma, tried))

    def topmost(self, arrays: set[Shared]) -> set[Shared]:
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

    def vanishes_by_differences(self, n: Normaliser, difference: Polynomial) -> bool:
        """Whether what is left is zero by an induction of its own, where nothing in it refers to
        itself: it is about sums and powers alone.
        """
        atoms = {a for m in difference for b, _ in m for a in atoms_in(b)}
        if any(isinstance(a, RefAtom) for a in atoms) or not any(
            isinstance(a, SumAtom) for a in atoms
        ):
            return False
        left = Reader(n).term(difference)
        proof = telescoped(left, num(0), self.normaliser)
        if proof is not None:
            self.rely_on(proof.normaliser)
        return proof is not None

    def _vanishes_from_ends(self, n: Normaliser, difference: Polynomial) -> bool:
        """Whether what is left is zero by the ends of its sums over sequences, of which none is
        unfolded there: A·Aᵏ is A^(k + 1).
        """
        if not any(s.factors for s in self.heads):
            return False
        resting = self.normaliser()
        found = vanishes_from_ends(resting, resting.of(Reader(n).term(difference)))
        if found:
            self.rely_on(resting)
        return found

    @staticmethod
    def _vanishes_without_offsets(n: Normaliser, sides: tuple[Term, Term]) -> bool:
        """Whether two terms are equal where the brackets under their sums have no offset: a step
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

    def everywhere(self, n: Normaliser) -> dict[Shared, list[Rewrite]]:
        """The lemmas that are proved, wherever a time is seen to lie in their range."""
        rewrites: dict[Shared, list[Rewrite]] = {}
        for lemma in self.lemmas:
            rewrites.setdefault(lemma.array, []).append(in_range(n, lemma))
        if self.lemmas:
            for companion in self.shown:
                lemma = companion.lemma
                rewrites.setdefault(lemma.array, []).append(in_range(n, lemma))
        return rewrites

    def _reach(self, lemma: Lemma) -> dict[tuple[Shared, int], int]:
        """How far before its own time the value of a lemma reads arrays that run its way."""
        result: dict[tuple[Shared, int], int] = {}
        for term in parts_of(lemma.value):
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


def _read_off(n: Normaliser, difference: Polynomial, lemma: Lemma, tried: set[Any]) -> Lemma | None:
    """The likeliest lemma about another array that would make a difference vanish."""
    found = candidates(n, difference, lemma)
    return next((c for c in found if c.text not in tried and c.array is not lemma.array), None)


def _is_stated(lemma: Lemma) -> bool:
    """Whether a lemma says that a recurrence of the document is an adjoint."""
    value = lemma.value
    return not lemma.array.derived and isinstance(value, Ref) and value.data[0].derived


def _collect_below(shared: Shared, below: dict[Shared, set[Shared]]) -> set[Shared]:
    """Fill in what an array and those below it read at their own times."""
    if shared not in below:
        below[shared] = found = set()
        bodies = [u.body for u in shared.unfoldings] or [shared.body]
        for part in (p for body in bodies for p in parts_of(body) if isinstance(p, Ref)):
            other, indices = part.data
            if other.recursive and all(i.constant is None and _is_plain(i) for i in indices):
                found |= {other} | _collect_below(other, below)
    return below[shared]


def _is_plain(index: Poly) -> bool:
    """Whether an index is not moved from what it stands for."""
    return () not in index.terms


def is_left_opaque(opened: Collection[Shared], shared: Shared) -> bool:
    return shared.recursive and shared.named and shared not in opened


def names_in(n: Normaliser, poly: Polynomial) -> set[Shared]:
    """The arrays that stay opaque in a polynomial, though they could be unfolded at any time."""
    return {shared for shared in _named_in(n, poly).values() if not shared.unfoldings}


def _names_near(n: Normaliser, poly: Polynomial, reference: Reference, steps: int) -> set[Shared]:
    """The arrays that stay opaque in a polynomial, and are read there so few steps from a time."""
    offsets = (
        (shared, reference.offset(index))
        for atom, shared in _named_in(n, poly).items()
        for index in atom.indices
    )
    return {shared for shared, offset in offsets if offset is not None and abs(offset) <= steps}


def _named_in(n: Normaliser, poly: Polynomial) -> dict[RefAtom, Shared]:
    atoms = {part for m in poly for atom, _ in m for part in atoms_in(atom)}
    kept = n.names.kept
    return {a: kept[a.name] for a in atoms if isinstance(a, RefAtom) and a.name in kept}
