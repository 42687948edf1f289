"""Lemmas of an induction: an entry of an array that refers to itself, and what it is at every time.

And what a lemma that is proved, or assumed at one time, does in a canonical form: the array is
replaced by its value, wherever its indices are seen to lie in the range of the lemma.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from derive.canonical.atoms import Polynomial
from derive.canonical.forms import Normaliser
from derive.canonical.recursion import Rewrite
from derive.core.graph import references
from derive.core.integers import FREE, SIZE, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Shared, Term, Unfolding, ref, substitute


class Lemma(NamedTuple):
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

    @property
    def sides(self) -> tuple[Term, Term]:
        """Both sides, at any time."""
        return ref(self.array, *self.indices), self.value

    def later(self) -> Lemma:
        """The same but at its base."""
        ends = (self.low + 1, self.high) if self.direction > 0 else (self.low, self.high - 1)
        time = Var("t", FREE, *ends)
        values = {self.time: as_poly(time)}
        indices = tuple(i.substitute(values) for i in self.indices)
        return self._replace(indices=indices, value=substitute(self.value, values), time=time)

    def at(self, time: Poly) -> tuple[Term, Term]:
        """Both sides at one time."""
        values = {self.time: time}
        indices = tuple(i.substitute(values) for i in self.indices)
        return ref(self.array, *indices), substitute(self.value, values)


def variable_of(index: Poly) -> Var | None:
    """The variable that an index is, None for anything else."""
    if len(index.variables) != 1:
        return None
    (variable,) = index.variables
    return variable if index == as_poly(variable) and variable.kind != SIZE else None


def same_arrays(documented: Iterable[Shared], adjoints: Iterable[Shared]) -> Iterator[Lemma]:
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
    time, places = all_places(shared, unfolding, unfolding.last)
    if any(a.high != b.high for a, b in zip(shared.params, adjoint.params, strict=True)
           if a is not shared.params[unfolding.axis]):  # fmt: skip
        return None
    value = ref(adjoint, *map(as_poly, places))
    return everywhere_equal(shared, unfolding, time, places, value)


def all_places(shared: Shared, unfolding: Unfolding, last: Poly) -> tuple[Var, list[Var]]:
    """A time for each step of an array, and with it an index for each of its axes."""
    ends = (unfolding.origin, last)
    low, high = ends if unfolding.direction > 0 else ends[::-1]
    time = Var("t", FREE, low, high)
    return time, [
        time if axis == unfolding.axis else Var(p.name, FREE, p.low, p.high)
        for axis, p in enumerate(shared.params)
    ]


def everywhere_equal(
    shared: Shared, unfolding: Unfolding, time: Var, places: list[Var], value: Term
) -> Lemma:
    variables = frozenset(v for v in places if v is not time)
    indices = tuple(map(as_poly, places))
    return Lemma(shared, indices, value, unfolding.axis, unfolding.direction, time, variables)


def step_of(n: Normaliser, shared: Shared, unfolding: Unfolding) -> Rewrite:
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

    return _ending(rewrite)


def _bound(lemma: Lemma, indices: tuple[Poly, ...]) -> dict[Var, Poly] | None:
    """What the variables of a lemma stand for where the array is read at some indices."""
    values: dict[Var, Poly] = {}
    for axis, (own, given) in enumerate(zip(lemma.indices, indices, strict=True)):
        variable = variable_of(own)
        if axis == lemma.axis:
            continue
        if variable is not None and variable in lemma.variables:
            values[variable] = given
        elif own != given:
            return None
    narrow = {
        v
        for v, param in zip(map(variable_of, lemma.indices), lemma.array.params, strict=True)
        if v is not None and (v.low, v.high) != (param.low, param.high)
    }
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


MOST_REWRITES = 8  # by one lemma inside of one another


def _ending(rewrite: Rewrite) -> Rewrite:
    """A rewrite that leaves an entry alone where its own right side leads back to it, or on and on:
    what a lemma or a step says may speak of the array itself, and would be rewritten without end.
    """
    inside: list[tuple[Poly, ...]] = []

    def once(indices: tuple[Poly, ...]) -> Polynomial | None:
        if indices in inside or len(inside) >= MOST_REWRITES:
            return None
        inside.append(indices)
        try:
            return rewrite(indices)
        finally:
            inside.pop()

    return once


def at_time(n: Normaliser, lemma: Lemma, time: Poly) -> Rewrite:
    """The array at one time, by what the lemma says."""

    def rewrite(indices: tuple[Poly, ...]) -> Polynomial | None:
        values = _bound(lemma, indices) if indices[lemma.axis] == time else None
        if values is None or not _is_time(lemma, time, values, values):
            return None
        return n.substitute(n.of(lemma.at(time)[1]), values)

    return _ending(rewrite)


def in_range(n: Normaliser, lemma: Lemma) -> Rewrite:
    """The array at any time that is seen to be in the range of the lemma."""

    def rewrite(indices: tuple[Poly, ...]) -> Polynomial | None:
        time = indices[lemma.axis]
        if lemma.is_circular and time != lemma.place:
            return None  # it would be replaced without end
        values = _bound(lemma, indices)
        if values is None or not _is_time(lemma, time, values, {lemma.time: time}):
            return None
        return n.substitute(n.of(lemma.value), {**values, lemma.time: time})

    return _ending(rewrite)
