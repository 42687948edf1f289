"""Numbers that suggest which lemmas of an induction are worth a proof; they prove nothing.

The arrays that refer to themselves are worked out at a few points of small sizes
(:mod:`derive.proof.arrays.sample`), as are all others: a system of them by sweeps over its
arrays, each of which sets more of the times right, until nothing changes any more.

A document's backward pass and the adjoints that are derived speak of the same arrays, but may cut
them at other places: what a loss puts into an adjoint at a time is added there, or by the step
before. With numbers it is seen at once which is which; the lemmas that say so are then proved
together, by one induction.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from derive.base.errors import UnsupportedError
from derive.core.graph import components, in_order, references
from derive.core.terms import Shared, Term
from derive.proof.arrays.sample import Evaluation, Sample, Unsampled, close
from derive.proof.induction.lemmas import Lemma

SWEEPS = 40  # over the arrays of a system
SHIFTS = (0, 1, -1)
MOST_SHIFTED = 2  # times, at least, at which two arrays are compared
BEGIN = 0.5  # what an entry is before it is worked out


class Numbers:
    """The values of the arrays that some terms rest on."""

    def __init__(self, sides: Iterable[Term]) -> None:
        order = in_order(sides)
        self.sample = Sample(max((len(s.params) for s in order), default=0))
        self._groups: dict[Shared, list[Shared]] = {}
        self._group(order)
        self._values: dict[Shared, np.ndarray | None] = {}

    def refute(self, lemma: Lemma) -> bool:
        """Whether both sides of a lemma have values that differ."""
        return self.agree(*lemma.sides) is False

    def suggest(self, lemma: Lemma) -> bool:
        """Whether both sides of a lemma have values, and these agree."""
        return self.agree(*lemma.sides) is True

    def shift(self, shared: Shared, other: Shared, axis: int) -> int | None:
        """How many steps ahead another array is the same at all times, as far as both have entries;
        None where it is so at no place that is looked at.
        """
        outlines = ([p.high for k, p in enumerate(s.params) if k != axis] for s in (shared, other))
        if len({tuple(o) for o in outlines}) > 1:
            return None
        try:
            first, second = (np.moveaxis(self.value(s), axis, 0) for s in (shared, other))
        except (Unsampled, UnsupportedError):
            return None
        begin = self.sample.range(shared.params[axis]).start
        for shift in SHIFTS:
            here = range(max(begin, -shift), min(len(first), len(second) - shift))
            if len(here) < MOST_SHIFTED and len(here) < len(first) - begin:
                continue
            there = slice(here.start + shift, here.stop + shift)
            if close(first[here.start : here.stop], second[there]):
                return shift
        return None

    def agree(self, left: Term, right: Term) -> bool | None:
        """Whether two terms have the same values; None where they have none."""
        try:
            return self.sample.agree(left, right, self.value)
        except (Unsampled, UnsupportedError):
            return None

    def value(self, shared: Shared) -> np.ndarray:
        """The values of an array.

        :raises Unsampled: where it has none.
        """
        if shared not in self._values:
            group = self._groups.get(shared)
            if group is None:  # of what was made since
                self._group([*in_order([shared.body]), shared])
                group = self._groups[shared]
            self._work_out(group)
        return self._known(shared)

    def _group(self, order: list[Shared]) -> None:
        place = {shared: k for k, shared in enumerate(order)}
        for group in components(order):
            group.sort(key=place.__getitem__)
            for shared in group:
                self._groups.setdefault(shared, group)

    def _work_out(self, group: list[Shared]) -> None:
        """Set the values of arrays that refer to one another, each by those that it reads."""
        self._values.update(dict.fromkeys(group))
        try:
            if any(s.recursive for s in group):
                for shared in group:
                    self._values[shared] = self.sample.constant(shared.params, BEGIN)
                self._settle(group)
                return
            (shared,) = group
            self._values[shared] = self.sample.array(shared.params, shared.body, self.value)
        except Unsampled:
            self._values.update(dict.fromkeys(group))

    def _settle(self, group: list[Shared]) -> None:
        """Sweep over the arrays of a system until no array reads one that has changed since.

        :raises Unsampled: where that takes too long.
        """
        readers = {s: [r for r in group if s in references(r.body)] for s in group}
        evaluations = {s: Evaluation(self.sample, self.value) for s in group}
        due = set(group)
        for _ in range(SWEEPS):
            for shared in group:
                if shared in due:
                    due.discard(shared)
                    evaluation = evaluations[shared]
                    evaluation.forget(group)
                    values = self.sample.array(shared.params, shared.body, self.value, evaluation)
                    if not np.array_equal(values, self._known(shared), equal_nan=True):
                        self._values[shared] = values
                        due.update(readers[shared])
            if not due:
                return
        raise Unsampled

    def _known(self, shared: Shared) -> np.ndarray:
        found = self._values[shared]
        if found is None:
            raise Unsampled
        return found
