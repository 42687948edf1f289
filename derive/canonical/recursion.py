"""Arrays that refer to themselves, in canonical forms: names, unfolded where that ends.

A name is unfolded at its origin, where it refers to nothing more, and near it where the
distance is a number. Relative to a :class:`Reference`, a time at which a step of an induction is
made, it is unfolded from that time on, so that both sides of a statement come to speak of
the same earlier times.

Two such arrays are equal if, each taken for the other, their bodies have one canonical form: that
is an induction over the time, in which the step reads entries at earlier times only.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.canonical.atoms import Monomial, Polynomial, RefAtom
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Shared, Unfolding

NEAR = 4  # steps from the origin that are written out

Rewrite = Callable[[tuple[Poly, ...]], Polynomial | None]


@dataclass
class Reference:
    """The time relative to which arrays are unfolded.

    :param time: the time, a polynomial; None where arrays are replaced and not unfolded.
    :param variable: what changes in it from one step to the next.
    :param rewrites: what an array is replaced by, where it is at all.
    :param reach: for an array and one of its axes, how far before the time it is unfolded.
    :param direction: the direction in which arrays are unfolded, 0 for both.
    :param turned: whether an array is unfolded from its other end first.
    :param opened: the arrays that are unfolded at all; None for every one.
    :param there: what is nonnegative because there is such a time at all.
    """

    time: Poly | None
    variable: Var | None
    rewrites: dict[Shared, list[Rewrite]] = field(default_factory=dict)
    reach: Mapping[tuple[Shared, int], int] = field(default_factory=dict)
    direction: int = 0
    turned: bool = False
    opened: Collection[Shared] | None = None
    there: tuple[Poly, ...] = ()

    def offset(self, index: Poly) -> Any:
        """How far an index is past the time, its other variables left out; None where it does
        not move with the time.
        """
        if self.time is None:
            return None
        if self.variable is None:
            return (index - self.time).constant
        slope = index.coefficient(self.variable)
        own = self.time.coefficient(self.variable)
        if slope is None or own is None or slope != own:
            return None
        return (index - self.time).terms.get((), 0)


class Recursion:
    """The self-referring arrays of one normaliser.

    ``replaced`` are arrays that do not refer to themselves, of which rewrites tell what they are at
    some times.
    """

    def __init__(self, normaliser: Verbs) -> None:
        # Weakly: what one decision has made is then gone when it ends, without a search for cycles.
        self.normaliser: Verbs = weakref.proxy(normaliser)
        self.heads: dict[int, Shared] = {}
        self.stands_for: dict[Shared, Shared] = {}
        self.reference: Reference | None = None
        self.expected = False
        self.replaced: set[Shared] = set()
        self._names: dict[Shared, int] = {}

    @property
    def begun(self) -> bool:
        """Whether a step of an induction is made, or an array that refers to itself is to come."""
        reference = self.reference
        return self.expected or (reference is not None and reference.time is not None)

    @property
    def steps(self) -> bool:
        """Whether arrays are unfolded relative to a time."""
        return self.reference is not None and self.reference.time is not None

    def is_replaced(self, shared: Shared) -> bool:
        """Whether an array is replaced by something else at some of its indices."""
        return self.reference is not None and shared in self.reference.rewrites

    @property
    def there(self) -> tuple[Poly, ...]:
        """What is nonnegative because there is a time at which a step or its base is made."""
        return () if self.reference is None else self.reference.there

    def name(self, shared: Shared) -> int:
        """The number of the class of an array."""
        shared = self.stands_for.get(shared, shared)
        found = self._names.get(shared)
        if found is None:
            n = self.normaliser
            found = self._names[shared] = n.names.number(("recursive", shared))
            self.heads[found] = shared
            n.names.kept[found] = shared
        return found

    def entry(self, name: int, indices: tuple[Poly, ...]) -> Polynomial:
        """An entry: by its name, or unfolded."""
        shared, n = self.heads[name], self.normaliser
        reference = self.reference
        if reference is not None:
            for rewrite in reference.rewrites.get(shared, ()):
                done = rewrite(indices)
                if done is not None:
                    return done
        turned = reference is not None and reference.turned
        for unfolding in shared.unfoldings[::-1] if turned else shared.unfoldings:
            if self._is_open(shared, unfolding, indices):
                n.check()
                return n.of(shared.unfolded(unfolding, indices))
        if not (shared.unfoldings or n.keep(shared)):
            return n.of(shared.at(indices))
        return n.of_atom(n.atom(RefAtom, name, indices))

    def _is_open(self, shared: Shared, unfolding: Unfolding, indices: tuple[Poly, ...]) -> bool:
        index = indices[unfolding.axis]
        places = dict(zip(shared.params, indices, strict=True))
        distance = (index - unfolding.origin.substitute(places)).constant
        if distance is not None and 0 <= distance * unfolding.direction <= NEAR:
            return True
        if self.reference is None:
            return False
        if self.reference.opened is not None and shared not in self.reference.opened:
            return False
        offset, direction = self.reference.offset(index), unfolding.direction
        if offset is None and self.reference.variable is not None:
            # An index that falls as the time rises.
            offset, direction = self.reference.offset(-index), -unfolding.direction
            offset = None if offset is None else -offset
        if offset is None or -direction == self.reference.direction or abs(offset) > NEAR:
            return False
        reach = self.reference.reach.get((shared, unfolding.axis), 0)
        return bool((offset - reach) * unfolding.direction >= 0)

    def steps_past(self, length: Poly) -> int:
        """By how many steps a length exceeds t − 1, where t is the time of an induction; the length
        grows with t. A range that ends near t is then written as the range to t − 1, and terms.
        """
        reference = self.reference
        if reference is None or reference.variable is None or reference.direction != 1:
            return 0
        gap = reference.offset(length)
        aim = -2
        if gap is None:  # it may end where the time begins
            gap, aim = reference.offset(-length), 1
            gap = None if gap is None else -gap
        return int(gap - aim) if gap is not None and abs(gap) <= NEAR and gap == int(gap) else 0

    def factors_past(self, length: Poly) -> int:
        """By how many factors a product exceeds its range to t − 1. Where the range also depends on
        an index of a sum around the product, that sum ends at t − 1, and one factor fewer is none.
        """
        steps = self.steps_past(length)
        return steps + 1 if steps >= 0 and len(length.indices) > 1 else steps

    def steps_before(self, length: Poly) -> int:
        """How many steps to write apart of a length that grows as the time of an induction falls:
        as many as it is seen to have, so that ranges that begin near the time begin at one place.
        """
        reference = self.reference
        if reference is None or reference.variable is None or reference.direction != -1:
            return 0
        if reference.offset(-length) is None:
            return 0
        return next((k for k in range(NEAR, 0, -1) if is_nonnegative(length - k + 1)), 0)

    def parted(
        self,
        variable: Var,
        monomials: Iterable[Monomial],
        count: Callable[[Poly], int] | None = None,
    ) -> tuple[Var, list[Poly]] | None:
        """A range without the places that an induction is about, and these places: the last ones,
        or the first ones where it runs backward and what stands at each moves with the time.
        """
        low, high = variable.low, variable.high
        assert low is not None and high is not None
        steps = (count or self.steps_past)(high - low)
        if steps > 0 and is_nonnegative(high - low - steps + 1):
            return Var(variable.name, FRESH, low, high - steps), [high - k for k in range(steps)]
        steps = self.steps_before(high - low)
        if not steps:
            return None
        reference = self.reference
        assert reference is not None
        moving = {reference.variable}
        if moving.isdisjoint(low.variables) and all(
            moving.isdisjoint(a.free) for m in monomials for a, _ in m
        ):
            return Var(variable.name, FRESH, low, high - steps), [high - k for k in range(steps)]
        return Var(variable.name, FRESH, low + steps, high), [low + k for k in range(steps)]

    def classify(self, arrays: list[Shared]) -> None:
        """Give one name to arrays that are equal at all times, found by splitting classes of
        arrays over the same ranges until the bodies of a class agree.
        """
        n = self.normaliser
        classes: dict[Any, list[Shared]] = {}
        for shared in arrays:
            classes.setdefault(_outline(n, shared), []).append(shared)
        groups = list(classes.values())
        while True:
            self._adopt(groups)
            if all(len(group) == 1 for group in groups):
                return
            split: list[list[Shared]] = []
            for group in groups:
                by_body: dict[Any, list[Shared]] = {}
                for shared in group:
                    key = self._content(shared) if len(group) > 1 else None
                    by_body.setdefault(key, []).append(shared)
                split.extend(by_body.values())
            if len(split) == len(groups):
                return
            groups = split

    def _adopt(self, groups: list[list[Shared]]) -> None:
        self.normaliser.forget()
        self._names.clear()
        self.stands_for = {s: group[0] for group in groups for s in group}

    def _content(self, shared: Shared) -> Any:
        n = self.normaliser
        renaming = n.names.parameters(shared, tuple(range(len(shared.params))))
        values = {v: as_poly(p) for v, p in renaming.items()}
        return n.key(n.substitute(n.of(shared.body), values))


def _outline(n: Verbs, shared: Shared) -> Any:
    """What two arrays have in common if they are to be equal: ranges, and the way they run."""
    params = tuple(n.names.parameters(shared, tuple(range(len(shared.params)))).values())
    return params, tuple((u.axis, u.direction) for u in shared.unfoldings)
