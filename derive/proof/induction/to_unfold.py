"""Which of a document's arrays have to be unfolded, for two terms to be seen to be equal.

As where arrays are merged (:mod:`derive.proof.arrays.merge`): with arbitrary numbers in place of
what stays opaque, two sides agree only if they are equal whatever these names stand for. Names are
unfolded level by level until that is so, and each is then left opaque again where it can be. A
canonical form is then worked out once, in few names. The numbers prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from derive.base.errors import UnsupportedError
from derive.core.graph import references
from derive.core.integers import Var
from derive.core.terms import Shared, Term
from derive.proof.arrays.sample import Unsampled
from derive.proof.induction.lemmas import Lemma, variable_of
from derive.proof.induction.suggested import Numbers


class InNames:
    """Numbers in which arrays that are named, and those that refer to themselves, are arbitrary.

    :param stated: the lemmas that say what arrays are.
    :param here: arrays that are unfolded once, by what the others are.
    """

    def __init__(
        self, numbers: Numbers, stated: Iterable[Lemma], here: Iterable[Shared] = ()
    ) -> None:
        self._numbers = numbers
        self._stated: Mapping[Shared, Lemma] = {lemma.array: lemma for lemma in stated}
        self._here = frozenset(here)
        self._arbitrary: dict[Shared, np.ndarray] = {}
        self._inside: set[Shared] = set()  # of which the values are being worked out
        self._met: dict[Term, frozenset[Shared]] = {}
        self._reached: dict[Shared, frozenset[Shared]] = {}
        self._values: dict[tuple[Shared, frozenset[Shared]], np.ndarray] = {}

    def opened(self, *sides: Term) -> frozenset[Shared] | None:
        """The named arrays to unfold; None where the sides do not agree in any."""
        left, right = sides
        opened = frozenset[Shared]()
        bodies = [*sides, *(s.body for s in self._here)]
        try:
            while not self._agree(left, right, opened):
                further = frozenset[Shared]().union(*map(self._met_in, bodies)) - opened
                if not further:
                    return None
                opened |= further
                bodies = [s.body for s in further]
            for shared in sorted(opened, key=lambda s: s.serial):
                if self._agree(left, right, opened - {shared}):
                    opened -= {shared}
        except (Unsampled, UnsupportedError):
            return None
        return opened

    def _agree(self, left: Term, right: Term, opened: frozenset[Shared]) -> bool:
        value = partial(self._value, opened)

        def lookup(shared: Shared) -> np.ndarray:
            if shared in self._here:
                return self._numbers.sample.array(shared.params, shared.body, value)
            return value(shared)

        return self._numbers.sample.agree(left, right, lookup)

    def _value(self, opened: frozenset[Shared], shared: Shared) -> np.ndarray:
        body = self._body(shared)
        if body is None or (self._is_name(shared) and shared not in opened):
            found = self._arbitrary.get(shared)
            if found is None:
                actual = self._numbers.value(shared)
                found = self._arbitrary[shared] = self._numbers.sample.arbitrary(actual, False)
            return found
        key = shared, self._below(shared) & opened
        known = self._values.get(key)
        if known is None:
            if shared in self._inside:  # what is stated leads back to it
                raise Unsampled
            self._inside.add(shared)
            try:
                known = self._numbers.sample.array(*body, partial(self._value, opened))
            finally:
                self._inside.discard(shared)
            self._values[key] = known
        return known

    def _body(self, shared: Shared) -> tuple[tuple[Var, ...], Term] | None:
        """What an array is worked out from, a lemma or its own body; None for any array."""
        lemma = self._stated.get(shared)
        if lemma is None:
            return None if shared.unfoldings else (shared.params, shared.body)
        variables = tuple(map(variable_of, lemma.indices))
        if None in variables:
            raise Unsampled
        return tuple(v for v in variables if v is not None), lemma.value

    def _is_name(self, shared: Shared) -> bool:
        return (
            shared.recursive
            and shared.named
            and not shared.unfoldings
            and shared not in self._stated
        )

    def _met_in(self, term: Term) -> frozenset[Shared]:
        """The named arrays that a term reads, directly or through others that are no names."""
        found = self._met.get(term)
        if found is None:
            self._met[term] = frozenset()  # nothing reads itself but through names and states
            parts = set[Shared]()
            for shared in references(term):
                if self._is_name(shared):
                    parts.add(shared)
                elif (body := self._body(shared)) is not None:
                    parts |= self._met_in(body[1])
            found = self._met[term] = frozenset(parts)
        return found

    def _below(self, shared: Shared) -> frozenset[Shared]:
        """The named arrays that the values of an array may depend on."""
        found = self._reached.get(shared)
        if found is None:
            body = self._body(shared)
            met = frozenset[Shared]() if body is None else self._met_in(body[1])
            self._reached[shared] = met
            for other in met:
                met |= self._below(other)
            found = self._reached[shared] = met
        return found
