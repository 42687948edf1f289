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

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.atoms import Polynomial, RefAtom, UndefinedValue, atoms_in
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.canonical.recursion import Reference, Rewrite
from derive.claims.kinds import Claim
from derive.core.graph import in_order, references
from derive.core.integers import FREE, SIZE, Poly, Var, as_poly
from derive.core.terms import Ref, Shared, Term, add, neg, substitute
from derive.proof.decide import Proof, multiplied, vanishes, without_denominators
from derive.proof.induction.by_parts import Parts, in_parts
from derive.proof.induction.closed_forms import closed_form
from derive.proof.induction.companions import companions
from derive.proof.induction.differences import lengths_of, telescoped
from derive.proof.induction.ends import running_up, vanishes_from_ends
from derive.proof.induction.lemmas import Lemma, same_arrays, step_of
from derive.proof.induction.readings import candidates
from derive.proof.induction.stepping import Prepare, Stepping, is_left_opaque, names_in
from derive.proof.induction.suggested import Numbers

WORK = 20e6
IN_NAMES = 5e6  # of these for proofs in which sequences stay opaque
LEMMAS = 12


@dataclass
class Induction(Stepping):
    """The search for a proof that two terms are equal."""

    def prove(self) -> Proof | None:
        """A proof, or None where no lemma that was tried gives one."""
        if not self.heads:
            found = telescoped(self.left, self.right, self.normaliser)
            return self._between_ends() if found is None else found
        first = self.normaliser()
        first.recursion.classify(self.heads)
        self.rely_on(first)
        self.classes = first.recursion.stands_for
        tried: set[Any] = set()
        # A lemma that the document states by an array of its own costs less than to see that
        # without it the difference does not vanish.
        self.lemmas.extend(
            self._proved_as_suggested() or self._first_proved(self._stated(), tried) or ()
        )
        while len(self.lemmas) < LEMMAS:
            lemma = None
            tried_before = bool(self.lemmas)  # what is proved may be enough, once unfolded
            left_over: list[tuple[Normaliser, Polynomial]] = []
            documented = [s for s in self.heads if not s.derived]
            ways: tuple[list[Shared], ...] = ([], self.heads)
            if tried_before and len(documented) < len(self.heads):
                ways = ([], documented, self.heads)
            for opened in ways:
                n = self.normaliser()
                n.recursion.expected = False  # no step is made here: brackets may be decided
                rewrites = self.everywhere(n)
                if opened:
                    self._look_into(n, rewrites, opened)
                n.recursion.reference = Reference(None, None, rewrites)
                for a, b, difference in self._in_fewer_names(n):
                    if (
                        vanishes(n, difference)
                        or self.vanishes_by_differences(n, difference)
                        or vanishes_from_ends(n, difference)
                        or self._vanishes_without_inverses(n, difference)
                    ):
                        return self._proof(n, a, b)
                left_over.append((n, difference))
                if not tried_before:
                    lemma = self._first_proved(self._proposals(n, difference), tried)
                    if lemma is not None:
                        break
            for other, rest in left_over if tried_before else ():
                lemma = lemma or self._first_proved(self._proposals(other, rest), tried)
            if lemma is None and (self._is_invariant() or self._vanishes_by_parts()):
                return self._proof(n, a, b)
            if lemma is None:
                lemma = self._first_proved(self._closed_forms(n, difference), tried)
            if lemma is None:
                return None
            self.lemmas.extend(lemma)
        return None

    def _between_ends(self) -> Proof | None:
        """A proof by the ends of sums alone: of a window that moves on by one."""
        n = self.normaliser()
        a, b = n.of(self.left), n.of(self.right)
        return Proof(n, a, b) if vanishes_from_ends(n, n.subtract(a, b)) else None

    def _vanishes_without_inverses(self, n: Normaliser, difference: Polynomial) -> bool:
        """Whether a matrix is zero by the ends of its sums, multiplied by a matrix whose inverse
        stands in it: (I − A)·Σ_k Aᵏ telescopes.
        """
        return any(
            vanishes_from_ends(n, product) for product, _ in multiplied(n, difference, self.place)
        )

    def _in_fewer_names(self, n: Normaliser) -> Iterator[tuple[Polynomial, Polynomial, Polynomial]]:
        """Both sides and their difference, with fewer and fewer arrays as names: those that are
        left in the difference of a derivative are unfolded, beginning with those that no other
        one reads, and once as numbers choose them.
        """
        unfolded = set[Shared]()
        chosen = self.chosen(self.left, self.right) if self.in_names and self.lemmas else None
        if chosen:
            n.keep = partial(is_left_opaque, chosen)
            a, b = n.of(self.left), n.of(self.right)
            yield a, b, n.subtract(a, b)
        while True:
            if self.in_names:
                n.keep = partial(is_left_opaque, unfolded)
            n.forget()
            a, b = n.of(self.left), n.of(self.right)
            difference = n.subtract(a, b)
            yield a, b, difference
            further = self.topmost(names_in(n, difference) - unfolded)
            if not (further and self.adjoints):  # what is derived is recognised by its content
                return
            unfolded |= further

    def _proof(self, n: Normaliser, left: Polynomial, right: Polynomial) -> Proof:
        lemmas = (*self.lemmas, *(companion.lemma for companion in self.shown))
        return Proof(n, left, right, lemmas, others=tuple(self.normalisers))

    def _is_invariant(self) -> bool:
        """Whether the difference D of both sides vanishes at one end of the range of an index of
        the claim, and D(t) = D(t − 1) within: arrays that run forward are unfolded at t, and
        those that run backward at t − 1.
        """
        first = self.normaliser()  # an index of the claim may stand within an array without name
        difference = Reader(first).term(first.subtract(first.of(self.left), first.of(self.right)))
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
            n.recursion.reference = Reference(as_poly(time), time, self.everywhere(n), reach)
            now, before = (n.of(substitute(difference, {v: p}))
                           for p in (as_poly(time), as_poly(time) - 1))  # fmt: skip
            if vanishes(n, n.subtract(now, before)):
                self.rely_on(first)
                self.rely_on(n)
                return True
        return False

    def _vanishes_by_parts(self) -> bool:
        """Whether the difference is one of sums that are equal by parts: what a document carries
        forward, and the adjoint that runs back.
        """
        n = self.normaliser()
        difference = n.subtract(n.of(self.left), n.of(self.right))
        backward = [s for s in self.states if s.unfoldings[0].direction < 0]
        forward = [s for s in self.heads if not s.derived and s.unfoldings[0].direction > 0]
        found = any(
            self._holds_in_parts(parts)
            for forth, back in product(forward, backward)
            for parts in in_parts(n, difference, forth, back)
        )
        if found:
            self.rely_on(n)
        return found

    def _holds_in_parts(self, parts: Parts) -> bool:
        n = self.normaliser()
        if not vanishes(n, n.of(parts.between)):
            return False
        time = Var("t", FREE, parts.ahead + 1, parts.high + parts.ahead)
        before = as_poly(time) - 1 - parts.ahead
        reach = {(self.classes.get(s, s), u.axis): -1
                 for s in self.heads for u in s.unfoldings if u.direction < 0}  # fmt: skip
        n.forget()
        n.recursion.reference = Reference(as_poly(time), time, self.everywhere(n), reach)
        here, there = parts.at(parts.forward, before), parts.at(parts.back, before + 1)
        if not vanishes(n, n.subtract(n.of(here), n.of(there))):
            return False
        self.rely_on(n)
        return True

    def _look_into(
        self, n: Normaliser, rewrites: dict[Shared, list[Rewrite]], heads: list[Shared]
    ) -> None:
        """Let arrays be unfolded wherever a time is seen to be one of their steps."""
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
                found = self._proved_alone(candidate)
                if found is None:
                    completed = self._completed(candidate)
                    found = None if completed is None else self._proved_alone(completed)
                return found
            except UndefinedValue:
                continue
            except UnsupportedError:  # of what this lemma would need, and perhaps no other
                return None
        return None

    def _proved_alone(self, lemma: Lemma) -> tuple[Lemma, ...] | None:
        """A lemma with what it needs, where no number speaks against it."""
        if self.numbers is not None and self.numbers.refute(lemma):
            return None
        return self.proved((lemma,))

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
        return lemma._replace(indices=left.data[1], value=value, time=time)

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
        for lemma in same_arrays(self.not_yet_known(), self.states):
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
        turned = running_up(n, difference)
        if turned != difference:
            yield from candidates(n, turned, None)
        cleared = without_denominators(n, difference)
        if cleared != difference:
            yield from candidates(n, cleared, None)
        others = [s for s in self.adjoints if not s.unfoldings]
        yield from same_arrays(self.not_yet_known(), others)

    def _stated(self) -> Iterator[Lemma]:
        """That recurrences of the document are adjoints that run through time."""
        known = {shared for lemma in self.lemmas for shared in references(lemma.value)}
        likely = sorted(self.states, key=lambda s: s in known)  # another array is one of the others
        yield from same_arrays(self.not_yet_known(), likely)

    def _closed_forms(self, n: Normaliser, difference: Polynomial) -> Iterator[Lemma]:
        """That arrays in a difference are what their steps add up to, where these are linear."""
        found = {a.name: None for m in difference for b, _ in m for a in atoms_in(b)
                 if isinstance(a, RefAtom) and a.name in n.recursion.heads}  # fmt: skip
        for name in found:
            lemma = closed_form(self.normaliser(), n.recursion.heads[name])
            if lemma is not None:
                yield lemma


def refers_to_itself(*sides: Term) -> bool:
    """Whether something that stands in a term is defined by its own earlier values."""
    return any(s.unfoldings for s in in_order(sides))


def is_due(claim: Claim, *sides: Term) -> bool:
    """Whether an induction may prove a claim: where something refers to itself."""
    if claim.at_most:
        return False
    return refers_to_itself(*sides) or bool(lengths_of(add(*sides)))


def prove(
    left: Term,
    right: Term,
    prepare: Prepare,
    budget: Budget,
    numbers: Numbers | None = None,
    place: tuple[Poly, ...] = (),
) -> Proof | None:
    """A proof that two terms are equal, or None where no induction that was tried gives one.

    :param numbers: what tells which lemmas may hold; None where the points at which the claim is
        made are not those that are drawn.
    :param place: the indices of the entry that both terms are.
    :raises UnsupportedError: naming a node without a canonical form.
    """
    whole = budget.share(WORK)
    # Without numbers, what is derived is recognised by its content; what a document defines always
    # by its names.
    by_names = numbers is not None or not any(s.derived for s in in_order([left, right]))
    ways = [(IN_NAMES, True)] if by_names else []
    for work, in_names in (*ways, (WORK, False)):
        try:
            end = whole.share(work)
            proof = Induction(left, right, prepare, end, in_names, numbers, place).prove()
        except BudgetExceeded:
            budget.check()
            continue
        if proof is not None:
            return proof
    return None
