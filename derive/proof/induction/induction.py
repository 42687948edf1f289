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

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.atoms import Polynomial, RefAtom, SumAtom, UndefinedValue, atoms_in
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.canonical.recursion import Reference, Rewrite
from derive.claims.kinds import Claim
from derive.core.graph import in_order, parts_of, references
from derive.core.integers import FREE, SIZE, Poly, Var, as_poly
from derive.core.terms import Ref, Shared, Term, add, bounds, neg, num, substitute
from derive.proof.decide import Proof, vanishes, without_denominators
from derive.proof.definedness import assume_defined
from derive.proof.induction.closed_forms import closed_form
from derive.proof.induction.companions import Companion, companions
from derive.proof.induction.differences import lengths_of, telescoped
from derive.proof.induction.ends import vanishes_from_ends
from derive.proof.induction.lemmas import Lemma, at_time, in_range, same_arrays, step_of
from derive.proof.induction.readings import candidates
from derive.proof.induction.suggested import Numbers

WORK = 20e6
IN_NAMES = 5e6  # of these for proofs in which sequences stay names
TOGETHER = 8  # lemmas that are proved by one induction
LEMMAS = 12
COMPANION_ROUNDS = 3  # in which arrays are looked into, to show that two are one

Prepare = Callable[[Normaliser], None]


@dataclass(frozen=True)
class LeftOver:
    """What is left of a lemma at its base or step, by the further lemma that would make it vanish;
    None where none is seen.
    """

    further: Lemma | None


@dataclass
class Induction:
    """The search for a proof that two terms are equal.

    :param in_names: whether what a document defines stays a name until it is in the way.
    :param numbers: what tells which lemmas may hold, where numbers may be asked.
    """

    left: Term
    right: Term
    prepare: Prepare
    budget: Budget
    in_names: bool = False
    numbers: Numbers | None = None
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
        self._normalisers: list[Normaliser] = []  # those in which something was proved
        self._hasty = self._hurried = False  # see proved

    def prove(self) -> Proof | None:
        """A proof, or None where no lemma that was tried gives one."""
        if not self.heads:
            return telescoped(self.left, self.right, self.normaliser)
        first = self.normaliser()
        first.recursion.classify(self.heads)
        self._rely_on(first)
        self.classes = first.recursion.stands_for
        tried: set[Any] = set()
        # A lemma that the document states by an array of its own costs less than to see that
        # without it the difference does not vanish.
        self.lemmas.extend(self._proved_as_suggested() or self._first_proved(self._stated(), tried) or ())
        while len(self.lemmas) < LEMMAS:
            lemma = None
            tried_before = bool(self.lemmas)  # what is proved may be enough, once looked into
            left_over: list[tuple[Normaliser, Polynomial]] = []
            documented = [s for s in self.heads if not s.derived]
            ways: tuple[list[Shared], ...] = ([], self.heads)
            if tried_before and len(documented) < len(self.heads):
                ways = ([], documented, self.heads)
            for opened in ways:
                n = self.normaliser()
                n.recursion.expected = False  # no step is made here: brackets may be decided
                rewrites = self._everywhere(n)
                if opened:
                    self._look_into(n, rewrites, opened)
                n.recursion.reference = Reference(None, None, rewrites)
                for a, b, difference in self._in_fewer_names(n):
                    if (
                        vanishes(n, difference)
                        or self._vanishes_by_differences(n, difference)
                        or vanishes_from_ends(n, difference)
                    ):
                        return self._proof(n, a, b)
                left_over.append((n, difference))
                if not tried_before:
                    lemma = self._first_proved(self._proposals(n, difference), tried)
                    if lemma is not None:
                        break
            for other, rest in left_over if tried_before else ():
                lemma = lemma or self._first_proved(self._proposals(other, rest), tried)
            if lemma is None and self._is_invariant():
                return self._proof(n, a, b)
            if lemma is None:
                lemma = self._first_proved(self._closed_forms(n, difference), tried)
            if lemma is None:
                return None
            self.lemmas.extend(lemma)
        return None

    def _in_fewer_names(
        self, n: Normaliser
    ) -> Iterator[tuple[Polynomial, Polynomial, Polynomial]]:
        """Both sides and their difference, with fewer and fewer arrays as names: those that are
        left in the difference are looked into, beginning with those that no other one reads.
        """
        looked_into = set[Shared]()
        if self.in_names:
            n.keep = partial(_stays_a_name, looked_into)
        while True:
            n.forget()
            a, b = n.of(self.left), n.of(self.right)
            difference = n.subtract(a, b)
            yield a, b, difference
            further = self._topmost(_names_in(n, difference, None) - looked_into)
            if not further:
                return
            looked_into |= further

    def _rely_on(self, n: Normaliser) -> None:
        """Something was proved in a normaliser: what it used is listed, the rest is not kept."""
        n.forget()
        self._normalisers.append(n)

    def _proof(self, n: Normaliser, left: Polynomial, right: Polynomial) -> Proof:
        return Proof(n, left, right, tuple(self.lemmas), others=tuple(self._normalisers))

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
                self._rely_on(n)
                return True
        return False

    def _look_into(
        self, n: Normaliser, rewrites: dict[Shared, list[Rewrite]], heads: list[Shared]
    ) -> None:
        """Let arrays be looked into wherever a time is seen to be one of their steps."""
        for shared in dict.fromkeys(self.classes.get(s, s) for s in heads):
            for unfolding in shared.unfoldings:
                if unfolding.last is not None:
                    rewrites.setdefault(shared, []).append(step_of(n, shared, unfolding))

    def _proved_as_suggested(self) -> tuple[Lemma, ...] | None:
        """The lemmas that numbers suggest, where one induction proves them."""
        suggested = self._suggested()
        if not suggested or self.numbers is None:
            return None
        if self.in_names:
            sides = [self.left, self.right]
            self.companions = tuple(companions(sides, suggested, self.numbers))
        try:
            found = self.proved(suggested)
        except (UndefinedValue, UnsupportedError):
            found = None
        self.companions = ()
        if found is None:
            self.shown.clear()
        return found

    def _first_proved(
        self, proposals: Iterator[Lemma], tried: set[Any]
    ) -> tuple[Lemma, ...] | None:
        """The first of some lemmas that has a proof, with what that needs."""
        for lemma in proposals:
            if lemma.text not in tried:
                tried.add(lemma.text)
                if self.numbers is not None and self.numbers.refute(lemma):
                    continue
                proved = self._proved_where_defined(lemma)
                if proved is not None:
                    return proved
        return None

    def _proved_where_defined(self, lemma: Lemma) -> tuple[Lemma, ...] | None:
        """A lemma with what it needs; from the next time on where it has no value at its base,
        or with what is put into one of its arrays at each time.
        """
        for candidate in (lemma, lemma.later()):
            try:
                found = self.proved((candidate,))
                if found is None:
                    completed = self._completed(candidate)
                    found = None if completed is None else self.proved((completed,))
                return found
            except UndefinedValue:
                continue
            except UnsupportedError:  # of what this lemma would need, and perhaps no other
                return None
        return None

    def _completed(self, lemma: Lemma, at_end: bool = False) -> Lemma | None:
        """A lemma that an adjoint is an array of the document, or is made of one, both running
        backward, with what is put into the adjoint at each time: the document may leave that to
        the next step.

        :param at_end: also at the time at which it ends, where there may be no entry of that.
        """
        if lemma.direction > 0:
            return None
        time = Var("t", FREE, lemma.low + (0 if at_end else 1), lemma.high)
        left, right = lemma.at(as_poly(time))
        ways = [(left, right, 1), (right, left, -1)]
        entry, _, sign = next((w for w in ways if isinstance(w[0], Ref)
                               and w[0].data[0].derived), (None, None, 0))  # fmt: skip
        if entry is None or len(entry.data[0].unfoldings) != 1:
            return None
        rest = self._put_in(*entry.data)
        if rest is None or any(
            v.kind not in (SIZE, FREE) for v in rest.free - lemma.variables - {time}
        ):
            return None
        value = add(right, rest if sign > 0 else neg(rest))
        assert isinstance(left, Ref)
        return replace(lemma, indices=left.data[1], value=value, time=time)

    def _put_in(self, adjoint: Shared, indices: tuple[Poly, ...]) -> Term | None:
        """What is put into an adjoint at each time: the terms of its step that speak of no adjoint
        at an earlier step. None where there are none.
        """
        if adjoint not in self._steps:
            own = tuple(map(as_poly, adjoint.params))
            n = self.normaliser()
            names = {n.recursion.name(s): s.unfoldings[0].axis for s in self.states}
            time = own[adjoint.unfoldings[0].axis]
            put_in = {
                m: c
                for m, c in n.of(adjoint.unfolded(adjoint.unfoldings[0], own)).items()
                if not any(
                    isinstance(p, RefAtom) and p.name in names and p.indices[names[p.name]] != time
                    for a, _ in m
                    for p in atoms_in(a)
                )
            }
            self._steps[adjoint] = Reader(n).term(put_in) if put_in else None
        found = self._steps[adjoint]
        if found is None:
            return None
        return substitute(found, dict(zip(adjoint.params, indices, strict=True)))

    def _suggested(self) -> tuple[Lemma, ...]:
        """That recurrences of the document are adjoints, or these without what is put into them,
        where numbers say so.
        """
        numbers = self.numbers
        if numbers is None:
            return ()
        found: dict[Shared, Lemma] = {}
        for lemma in same_arrays(self._not_yet_known(), self.states):
            if lemma.array not in found:
                for stated in (lemma, self._completed(lemma, True), self._completed(lemma)):
                    if stated is not None and numbers.suggest(stated):
                        found[lemma.array] = stated
                        break
        return tuple(found.values())

    def _proposals(self, n: Normaliser, difference: Polynomial) -> Iterator[Lemma]:
        """Lemmas for what is to be shown: recurrences of the document that are adjoints, and what
        is read off the difference.
        """
        yield from self._stated()
        yield from candidates(n, difference, None)
        cleared = without_denominators(n, difference)
        if cleared != difference:
            yield from candidates(n, cleared, None)
        others = [s for s in self.adjoints if not s.unfoldings]
        yield from same_arrays(self._not_yet_known(), others)

    def _stated(self) -> Iterator[Lemma]:
        """That recurrences of the document are adjoints that run through time."""
        known = {shared for lemma in self.lemmas for shared in references(lemma.value)}
        likely = sorted(self.states, key=lambda s: s in known)  # another array is one of the others
        yield from same_arrays(self._not_yet_known(), likely)

    def _not_yet_known(self) -> list[Shared]:
        """The recurrences of the document of which no lemma says what they are."""
        known = {lemma.array for lemma in self.lemmas}
        return [s for s in self.heads if not s.derived and s not in known]

    def _closed_forms(self, n: Normaliser, difference: Polynomial) -> Iterator[Lemma]:
        """That arrays in a difference are what their steps add up to, where these are linear."""
        found = {a.name: None for m in difference for b, _ in m for a in atoms_in(b)
                 if isinstance(a, RefAtom) and a.name in n.recursion.heads}  # fmt: skip
        for name in found:
            lemma = closed_form(self.normaliser(), n.recursion.heads[name])
            if lemma is not None:
                yield lemma

    def normaliser(self) -> Normaliser:
        n = Normaliser(None, False, self.budget)
        n.recursion.stands_for = self.classes
        n.recursion.replaced = {c.lemma.array for c in (*self.companions, *self.shown)}
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
        # A further lemma that the document states is taken as soon as it is seen; where that leads
        # nowhere, again, and all arrays are looked into first.
        several = len(self._not_yet_known()) > len(lemmas)
        self._hasty, self._hurried = several and bool(self.states), False
        found = None
        try:
            found = self._proved_together(lemmas)
            if found is None and self._hurried:
                del self._normalisers[before:]
                self._hasty = False
                found = self._proved_together(lemmas)
        finally:
            if found is None:
                del self._normalisers[before:]
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
        rewrites = self._everywhere(n)
        for earlier in lemmas[:position]:
            rewrites.setdefault(earlier.array, []).append(at_time(n, earlier, end))
        variable = single[0] if len(single) == 1 else None
        reference = Reference(end, variable, rewrites, self._reach(lemma))
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
        rewrites = self._everywhere(n)
        for other in lemmas:
            rewrites.setdefault(other.array, []).append(at_time(n, other, before))
        for earlier in lemmas[:position]:
            rewrites[earlier.array].append(at_time(n, earlier, now))
        reference = Reference(now, time, rewrites, self._reach(lemma))
        if self.companions and not position:
            self.shown.clear()
        for companion in self.companions:
            if companion in self.shown or not position:
                self._use_at(n, companion, reference)
        return self._left_over(n, lemma, reference, tried)

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
            n.keep = partial(_stays_a_name, opened)
            for _ in range(COMPANION_ROUNDS):
                n.forget()
                difference = n.subtract(*(n.of(side) for side in lemma.at(at)))
                if vanishes(n, difference):
                    break
                opened |= _names_in(n, difference, reference) - {c.named for c in self.shown}
            else:
                return
            self.shown.append(companion)
        reference.rewrites.setdefault(lemma.array, []).append(at_time(n, lemma, at))
        n.forget()

    def _left_over(
        self, n: Normaliser, lemma: Lemma, reference: Reference, tried: set[Any]
    ) -> LeftOver | None:
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
                    self._rely_on(n)
                    return None
                further = _names_in(n, difference, reference) if self.in_names else set()
                further = self._topmost(further - opened)
            if self._hasty:
                stated = _read_off(n, difference, lemma, tried)
                if stated is not None and _is_stated(stated):
                    self._hurried = True
                    return LeftOver(stated)
        if self._vanishes_by_differences(n, difference):
            self._rely_on(n)
            return None
        return LeftOver(_read_off(n, difference, lemma, tried))

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
        if any(isinstance(a, RefAtom) for a in atoms) or not any(
            isinstance(a, SumAtom) for a in atoms
        ):
            return False
        left = Reader(n).term(difference)
        proof = telescoped(left, num(0), self.normaliser)
        if proof is not None:
            self._rely_on(proof.normaliser)
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


def _stays_a_name(opened: set[Shared], shared: Shared) -> bool:
    return shared.recursive and shared.named and shared not in opened


def _names_in(n: Normaliser, poly: Polynomial, reference: Reference | None) -> set[Shared]:
    """The arrays that stay names in a polynomial, though they could be looked into: where they are
    read near the time of a reference, or where there is none, if that is all they are.
    """
    atoms = {part for m in poly for atom, _ in m for part in atoms_in(atom)}
    named = {a: n.names.kept[a.name] for a in atoms
             if isinstance(a, RefAtom) and a.name in n.names.kept}  # fmt: skip
    if reference is None:
        return {shared for shared in named.values() if not shared.unfoldings}
    return {
        shared
        for atom, shared in named.items()
        if any(reference.offset(index) is not None for index in atom.indices)
    }


def refers_to_itself(*sides: Term) -> bool:
    """Whether something that stands in a term is defined by its own earlier values."""
    return any(s.unfoldings for s in in_order(sides))


def is_due(claim: Claim, *sides: Term) -> bool:
    """Whether an induction may prove a claim: where something refers to itself."""
    if claim.at_most:
        return False
    return refers_to_itself(*sides) or bool(lengths_of(add(*sides)))


def prove(
    left: Term, right: Term, prepare: Prepare, budget: Budget, numbers: Numbers | None = None
) -> Proof | None:
    """A proof that two terms are equal, or None where no induction that was tried gives one.

    :param numbers: what tells which lemmas may hold; None where the points at which the claim is
        made are not those that are drawn.
    :raises UnsupportedError: naming a node without a canonical form.
    """
    whole = budget.share(WORK)
    # Without numbers, what is derived is recognised by its content; what a document defines always
    # by its names.
    by_names = numbers is not None or not any(s.derived for s in in_order([left, right]))
    ways = [(IN_NAMES, True)] if by_names else []
    for work, in_names in (*ways, (WORK, False)):
        try:
            proof = Induction(left, right, prepare, whole.share(work), in_names, numbers).prove()
        except BudgetExceeded:
            budget.check()
            continue
        if proof is not None:
            return proof
    return None
