"""Arrays that are equal: suggested by numbers, proved by canonical forms, from the inputs up.

Two sides of a deep claim seldom have the same intermediate arrays: the adjoint of the mean that a
layer normalisation subtracts is in no textbook, and a textbook's D = rowsum(dP ⊙ P) is no adjoint.
Where they have some in common, the claim falls into small ones. All shared arrays are evaluated at
a few points (:mod:`derive.proof.arrays.sample`); each that has the values of an earlier one is
*suggested* to be it, up to the order of its axes and a rational factor. Then, in the order of their
definitions:

* **What to unfold.** Arrays stay opaque wherever the two may be equal whatever these stand
  for: with arbitrary numbers in place of the names, the two still agree. The names are found by
  trying, level by level, and then each array that is unfolded is left opaque again.
* **Proof.** The canonical form of the difference, in these names. If it is zero, the two are equal
  for all sizes and all values, and have one name from here on.

The numbers only choose what is tried and how. What is unfolded for one pair of arrays does not
depend on the depth of the whole, so that the work grows as the number of arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import permutations

import numpy as np

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, UnsupportedError
from derive.canonical.forms import Normaliser
from derive.canonical.state import Merge
from derive.core.graph import in_order, references
from derive.core.integers import SIZE, Number, Poly, as_poly
from derive.core.terms import Entry, Mul, Num, Ref, Shared, Term
from derive.lowering.problem import Condition, Problem
from derive.proof.arrays.congruence import Congruence, NoForm
from derive.proof.arrays.sample import NEAR, POINTS, Sample, Unsampled, close, free_indices, valid
from derive.proof.decide import Proof, vanishes, vanishes_multiplied
from derive.proof.definedness import assume_defined
from derive.proof.hypotheses import Hypotheses

WORK = 2e6  # for the canonical form of one pair of arrays
LOST_WORK = 2e6  # for all pairs that are not proved, before the search is given up
MOST_OPEN = 64  # arrays that are unfolded for one pair, but for those that it names itself
# So few that it is not worth while to make fewer of them, and so many that it takes too long.
FEW_OPEN, MANY_OPEN = 8, 40
DEEP = 50  # arrays, from which on they are compared before the whole is
KEY = 1e-5  # the precision of the number by which arrays are looked up
RATIOS: tuple[Number, ...] = (1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))


class Comparison:
    """Two terms, compared array by array.

    :param problem: the claim, and what it gives.
    :param place: the free indices of the terms.
    """

    def __init__(
        self,
        left: Term,
        right: Term,
        problem: Problem,
        budget: Budget,
        place: tuple[Poly, ...] = (),
    ) -> None:
        self.left = left
        self.right = right
        self.problem = problem
        self.budget = budget
        self.place = place
        self.order = in_order([left, right])
        self.merged: dict[Shared, Merge] = {}
        self._number = {shared: number for number, shared in enumerate(self.order)}
        self._values: dict[Shared, np.ndarray | None] = {}
        self._arbitrary: dict[tuple[Shared, bool], np.ndarray] = {}
        # By what it is made of, a number for each array with names in it, and its values.
        self._versions: dict[tuple[object, ...], int] = {}
        self._seen: dict[int, np.ndarray] = {}
        self._classes: dict[tuple[object, ...], list[Shared]] = {}
        self._in_common: set[Shared] = set()
        # Arrays that depend on an index of the claim itself, which a name would hide, and those
        # that are nothing but an entry.
        self._fixed: set[Shared] = set()
        self._always_open: set[Shared] = set()
        self._proofs: list[Normaliser] = []
        self._lost = 0
        self._survey()

    @cached_property
    def sample(self) -> Sample:
        """The points, made when numbers are first asked for."""
        return Sample(max((len(s.params) for s in self.order), default=0))

    @property
    def deep(self) -> bool:
        """Whether there are so many arrays that they are compared before the whole is."""
        return len(self.order) >= DEEP

    def congruent(self) -> Proof | None:
        """A proof by arrays that are equal as they are written, where those are enough.

        :raises BudgetExceeded: when there is no work left to do.
        """
        if any(shared.recursive for shared in self.order):
            return None
        forms = Congruence(self.merged)
        for shared in self.order:
            if shared not in self.merged and shared not in self._always_open:
                merge = forms.merge(shared)
                if merge is not None:
                    self._merge(shared, merge)
        try:
            same = forms.of(self.left) == forms.of(self.right)
        except NoForm:
            return None
        return self._concluded(set()) if same else None

    @cached_property
    def agree(self) -> bool | None:
        """Whether both terms have the same values at a few points; None where they have none."""
        if any(shared.recursive for shared in self.order):
            return None
        for shared in self.order:
            self._values[shared] = self._evaluated(shared)
        try:
            return self._same(self.left, self.right, self._value)
        except Unsampled:
            return None

    def proof(self) -> Proof | None:
        """A proof that both terms are equal, by way of arrays in them that are.

        :raises BudgetExceeded: when there is no work left to do.
        """
        if not self.agree:
            return None
        for shared in self.order:
            self._compare(shared)
            if self._lost > LOST_WORK * self.budget.effort:
                return None
        return self._conclusion()

    # ---- numbers

    def _survey(self) -> None:
        """Find the arrays that are only another name, or that must be unfolded."""
        for shared in self.order:
            alias = _alias(shared)
            if alias is not None:
                self._merge(shared, alias)
            outside = shared.body.free.difference(shared.params)
            below = not self._fixed.isdisjoint(references(shared.body))
            if below or any(v.kind != SIZE for v in outside):
                self._fixed.add(shared)
            if shared in self._fixed or _is_plain(shared.body):
                self._always_open.add(shared)

    def _evaluated(self, shared: Shared) -> np.ndarray | None:
        try:
            return self.sample.array(shared.params, shared.body, self._value)
        except Unsampled:
            return None

    def _value(self, shared: Shared) -> np.ndarray:
        merge = self.merged.get(shared)
        if merge is not None:
            return float(merge.scale) * _turned(self._value(merge.other), merge.inverse)
        found = self._values[shared]
        if found is None:
            raise Unsampled
        return found

    def _same(self, left: Term, right: Term, lookup: Callable[[Shared], np.ndarray]) -> bool:
        scope = free_indices(left, right)
        return close(*(self.sample.array(scope, side, lookup) for side in (left, right)))

    def _same_in_names(self, left: Term, right: Term, opened: set[Shared]) -> bool:
        """Whether both sides agree where what is not unfolded is any array: of arbitrary
        signs, or where that gives no values, of the signs that it has.
        """
        for signed in (False, True):
            try:
                return self._same(left, right, self._names(opened, signed))
            except Unsampled:
                continue
        return False

    def _names(self, opened: set[Shared], signed: bool) -> Callable[[Shared], np.ndarray]:
        """Values of arrays where those that are not unfolded are any arrays. An array has the
        values of before where it is made of the same: between two sets to unfold that differ by
        one array, most have.
        """
        sample, versions = self.sample, dict[Shared, int]()

        def version(shared: Shared) -> int:
            found = versions.get(shared)
            if found is None:
                content = made_of(shared)
                found = self._versions.setdefault(content, len(self._versions))
                versions[shared] = found
            return found

        def made_of(shared: Shared) -> tuple[object, ...]:
            merge = self.merged.get(shared)
            if merge is not None:
                return merge, version(merge.other)
            if shared in opened or shared in self._always_open:
                return shared, tuple(map(version, references(shared.body)))
            return shared, signed

        def lookup(shared: Shared) -> np.ndarray:
            key = version(shared)
            found = self._seen.get(key)
            if found is None:
                found = self._seen[key] = made(shared)
            return found

        def made(shared: Shared) -> np.ndarray:
            merge = self.merged.get(shared)
            if merge is not None:
                return float(merge.scale) * _turned(lookup(merge.other), merge.inverse)
            if shared in opened or shared in self._always_open:
                return sample.array(shared.params, shared.body, lookup)
            key = (shared, signed)
            if key not in self._arbitrary:
                self._arbitrary[key] = sample.arbitrary(self._value(shared), signed)
            return self._arbitrary[key]

        return lookup

    # ---- one array after the other

    def _compare(self, shared: Shared) -> None:
        """Make an array one with an earlier one, where that is suggested and proved."""
        if shared in self.merged:
            return
        # Again, from what is equal by now: rounding does not add up from layer to layer.
        values = self._values[shared] = self._evaluated(shared)
        if values is None or shared in self._always_open:
            return
        points = valid(values) & values.reshape(-1, POINTS).any(axis=0)
        if not points.any():  # an array that vanishes at all points may be anything
            return
        size = np.abs(values.reshape(-1, POINTS)[:, np.argmax(points)])
        ranges = tuple(sorted(repr(p.high) for p in shared.params))
        number = float(np.log(size.sum() / size.max())) / KEY
        keys = [(ranges, math.floor(number + end)) for end in (-0.25, 0.25)]
        members = [s for key in dict.fromkeys(keys) for s in self._classes.get(key, ())]
        for merge in self._suggestions(shared, values, list(dict.fromkeys(members))):
            before = self.budget.spent
            if self._prove(merge) is not None:
                self._merge(shared, merge)
                return
            self._lost += self.budget.spent - before
        for key in dict.fromkeys(keys):
            self._classes.setdefault(key, []).append(shared)

    def _suggestions(
        self, shared: Shared, values: np.ndarray, members: list[Shared]
    ) -> Iterator[Merge]:
        """The earlier arrays that an array has the values of."""
        for other in members:
            theirs = self._value(other)
            at = np.unravel_index(np.nanargmax(np.abs(theirs)), theirs.shape)
            for axes in permutations(range(len(shared.params))):
                highs = [shared.params[a].high for a in axes]
                if highs != [p.high for p in other.params]:
                    continue
                turned = _turned(values, axes)
                found = float(turned[at] / theirs[at])
                ratio = next((r for r in RATIOS if math.isclose(found, r, rel_tol=NEAR)), None)
                if ratio is not None and close(turned, theirs * float(ratio)):
                    yield Merge(shared, other, axes, ratio)
                    break

    def _merge(self, shared: Shared, merge: Merge) -> None:
        self.merged[shared] = merge
        if not merge.plain:
            self._in_common.add(merge.other)

    def _root(self, shared: Shared) -> Shared:
        """The array that an array is by now."""
        while shared in self.merged:
            shared = self.merged[shared].other
        return shared

    # ---- proof

    def _prove(self, merge: Merge) -> Normaliser | None:
        """The normaliser in which the two sides of a suggestion are equal, if there is one."""
        left, right = merge.sides()
        opened = self._to_unfold(left, right, {merge.other})
        if opened is None:
            return None
        normaliser = self._normaliser(opened)
        try:
            self._prepare(normaliser, left, right, opened)
            difference = normaliser.subtract(normaliser.of(left), normaliser.of(right))
            if not vanishes(normaliser, difference):
                return None
        except UnsupportedError:
            return None
        except BudgetExceeded:
            self.budget.check()
            return None
        self._proofs.append(normaliser)
        return normaliser

    def _conclusion(self) -> Proof | None:
        """The proof that the terms themselves are equal, in the names that are left."""
        opened = self._to_unfold(self.left, self.right, set())
        return None if opened is None else self._concluded(opened)

    def _concluded(self, opened: set[Shared]) -> Proof | None:
        """The same, from the arrays to unfold."""
        left, right = self.left, self.right
        normaliser = self._normaliser(opened)
        try:
            self._prepare(normaliser, left, right, opened)
            assume_defined(normaliser, left, right)
            a, b = normaliser.of(left), normaliser.of(right)
            if not vanishes_multiplied(normaliser, normaliser.subtract(a, b), self.place):
                return None
        except UnsupportedError:
            return None
        except BudgetExceeded:
            self.budget.check()
            return None
        used = tuple(m for m in self.merged.values() if not m.plain)
        return Proof(normaliser, a, b, merged=used, others=tuple(self._proofs))

    def _normaliser(self, opened: set[Shared]) -> Normaliser:
        always = self._always_open

        def keep(shared: Shared) -> bool:
            return shared not in opened and shared not in always

        return Normaliser(None, False, self.budget.share(WORK), keep, self.merged)

    def _to_unfold(self, left: Term, right: Term, first: set[Shared]) -> set[Shared] | None:
        """The arrays to unfold for two sides to agree whatever the others are; first without
        looking into what both sides of the claim have in common.
        """
        self._versions.clear()
        self._seen.clear()
        if self._same_in_names(left, right, set()):
            return set()
        for barrier in (self._in_common - first, set[Shared]()):
            opened = self._opened_by_level(left, right, first, barrier)
            if opened is not None:
                return self._closed_again(left, right, opened)
        return None

    def _opened_by_level(
        self, left: Term, right: Term, first: set[Shared], barrier: set[Shared]
    ) -> set[Shared] | None:
        """The arrays down to some level, but none beyond a barrier; None where that is too many."""
        opened = first
        while not self._same_in_names(left, right, opened):
            self.budget.check()
            level = self._names_in(left, right, opened) - opened - barrier
            if not level or (opened != first and len(opened) + len(level) > MOST_OPEN):
                return None
            opened = opened | level
        return opened

    def _prepare(self, n: Normaliser, left: Term, right: Term, opened: set[Shared]) -> None:
        """Give a normaliser what the claim gives, and of the conditions those that concern what
        is in two sides; so that the work for one pair does not grow with their number.
        """
        reached = self._reached(left, right, opened)
        ordered = sorted(reached, key=lambda s: s.serial)
        found = {c: None for shared in ordered for c in self._conditions.get(shared, ())}
        Hypotheses.of(self.problem).prepare(n, found)

    @cached_property
    def _conditions(self) -> dict[Shared, list[Condition]]:
        """The conditions of the claim, by the arrays that they refer to."""
        result: dict[Shared, list[Condition]] = {}
        for condition in Hypotheses.of(self.problem).conditions:
            for shared in references(condition.term):
                result.setdefault(self._root(shared), []).append(condition)
        return result

    def _names_in(self, left: Term, right: Term, opened: set[Shared]) -> set[Shared]:
        """The arrays that two sides refer to, directly or through what is unfolded."""
        return self._reached(left, right, opened) - self._always_open

    def _reached(self, left: Term, right: Term, opened: set[Shared]) -> set[Shared]:
        """These, and those that are nothing but an entry."""
        reached: set[Shared] = set()
        stack = [*references(left), *references(right)]
        while stack:
            shared = self._root(stack.pop())
            if shared not in reached:
                reached.add(shared)
                if shared in opened or shared in self._always_open:
                    stack.extend(references(shared.body))
        return reached

    def _closed_again(self, left: Term, right: Term, opened: set[Shared]) -> set[Shared]:
        """Fewer arrays to unfold: each is left opaque where the sides still agree."""
        if not FEW_OPEN < len(opened) <= MANY_OPEN:
            return opened
        for shared in sorted(opened, key=lambda s: -self._number[s]):
            fewer = opened - {shared}
            if shared in opened and self._same_in_names(left, right, fewer):
                opened = fewer & self._names_in(left, right, fewer)
        return opened


def _is_plain(body: Term) -> bool:
    """Whether a body is an entry, or a number times one: nothing is gained by a name for it."""
    factors = body.args if isinstance(body, Mul) else (body,)
    rest = [f for f in factors if not isinstance(f, Num)]
    return len(rest) <= 1 and all(isinstance(f, (Ref, Entry)) for f in rest)


def _turned(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """An array with its axes in another order, the last of which is that of the points."""
    return np.transpose(values, (*axes, len(axes)))


def _alias(shared: Shared) -> Merge | None:
    """Where an array is another by its definition, with its axes in some order."""
    if not isinstance(shared.body, Ref):
        return None
    other, indices = shared.body.data
    own = [as_poly(p) for p in shared.params]
    if sorted(map(own.index, (i for i in indices if i in own))) != list(range(len(own))):
        return None
    if len(indices) != len(own):
        return None
    return Merge(shared, other, tuple(own.index(i) for i in indices), 1, plain=True)
