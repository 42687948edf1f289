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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from derive.atoms import Atom, Monomial, Polynomial
from derive.claims import Claim, Inequality
from derive.decide import Proof, vanishes, without_denominators
from derive.domain import assume_defined
from derive.errors import BudgetExceeded
from derive.index import (
    Add,
    Entry,
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
    in_order,
    mul,
    neg,
    power,
    ref,
    substitute,
)
from derive.integers import FREE, ONE, SIZE, Poly, Var, as_poly, is_nonnegative
from derive.normalise import Normaliser
from derive.recursion import Reference, Rewrite
from derive.refute import agrees_numerically
from derive.simplify import Reader

SECONDS = 20.0
TOGETHER = 8  # lemmas that are proved by one induction
LEMMAS = 12
TRIES = 12  # lemmas that are read off one difference

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

    def at(self, time: Poly) -> tuple[Term, Term]:
        """Both sides at one time."""
        values = {self.time: time}
        indices = tuple(i.substitute(values) for i in self.indices)
        return ref(self.array, *indices), substitute(self.value, values)


@dataclass
class Induction:
    """The search for a proof that two terms are equal."""

    left: Term
    right: Term
    prepare: Prepare
    deadline: float
    lemmas: list[Lemma] = field(default_factory=list)

    def __post_init__(self) -> None:
        arrays = in_order([self.left, self.right])
        self.heads = [s for s in arrays if s.unfoldings]
        self.adjoints = [s for s in arrays if s.derived]
        self.classes: dict[Shared, Shared] = {}

    def prove(self) -> Proof | None:
        """A proof, or None where no lemma that was tried gives one."""
        if not self.heads:
            return self._telescoped()
        first = self.normaliser()
        first.recursion.classify(self.heads)
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
                if vanishes(n, difference):
                    return Proof(n, a, b, tuple(self.lemmas))
                lemma = self._first_proved(self._proposals(n, difference), tried)
                if lemma is not None:
                    break
            if lemma is None:
                return None
            self.lemmas.extend(lemma)
        return None

    def _telescoped(self) -> Proof | None:
        """A proof by differences: D(1) = 0, and for t > 1 D(t) − D(t − 1) = 0 or, with multiples
        of both, c(t)·D(t) = d(t)·D(t − 1), for the difference D of both sides as a function of an
        integer that is the size of no array; and by those of D times what it is divided by.
        """
        whole = add(self.left, neg(self.right))
        below = mul(*_denominators(whole))
        tried = [whole] if not below.args else [whole, mul(whole, below)]
        ways = product(tried, sorted(_lengths(whole), key=lambda v: v.key))
        for difference, variable in ways:
            low = variable.low if variable.low is not None else ONE
            time = Var("t", FREE, low + 1, variable.high)
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
                proved = self.proved((lemma,))
                if proved is not None:
                    return proved
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

    def normaliser(self) -> Normaliser:
        n = Normaliser(None, False, self.deadline)
        n.recursion.stands_for = self.classes
        self.prepare(n)
        assume_defined(n, self.left, self.right)
        return n

    # ---- one induction

    def proved(self, lemmas: tuple[Lemma, ...]) -> tuple[Lemma, ...] | None:
        """Some lemmas, and what they need, where one induction proves them all."""
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

        Arrays that run the other way are looked into only where it is needed.
        """
        n.recursion.reference = reference
        for direction, turned in ((lemma.direction, False), (lemma.direction, True), (0, False)):
            if turned and not any(len(s.unfoldings) > 1 for s in self.heads):
                continue
            reference.direction, reference.turned = direction, turned
            n.forget()
            assert reference.time is not None
            a, b = (n.of(side) for side in lemma.at(reference.time))
            difference = n.subtract(a, b)
            if vanishes(n, difference):
                return None
        return n, difference, lemma

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
            return Lemma(
                shared, moved, stated, unfolding.axis, unfolding.direction, time, frozenset(open_)
            )
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


def _lengths(term: Term) -> set[Var]:
    """The integers that the ends of sums and powers depend on, and no array and no axis does."""
    parts = _all_parts(term)
    ends = {v for k in _ranges(parts) for end in bounds(k) for v in end.variables}
    axes = {
        v
        for part in parts
        if isinstance(part, Entry)
        for size in part.data[0].axes
        for v in size.variables
    }
    axes |= {v for s in in_order([term]) for p in s.params for e in (p.low, p.high) if e is not None
             for v in e.variables}  # fmt: skip
    counted = {v for v in ends - axes if v in term.free}
    # Of a rounded size it is not known where it begins.
    return {
        v
        for v in counted
        if (v.kind == SIZE and not v.unbounded) or (v.kind == FREE and v.low is not None)
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
    ends = (unfolding.origin, unfolding.last)
    low, high = ends if unfolding.direction > 0 else ends[::-1]
    time = Var("t", FREE, low, high)
    places = [
        time if axis == unfolding.axis else Var(p.name, FREE, p.low, p.high)
        for axis, p in enumerate(shared.params)
    ]
    if any(a.high != b.high for a, b in zip(shared.params, adjoint.params, strict=True)
           if a is not shared.params[unfolding.axis]):  # fmt: skip
        return None
    indices = tuple(as_poly(v) for v in places)
    variables = frozenset(v for v in places if v is not time)
    value = ref(adjoint, *indices)
    return Lemma(shared, indices, value, unfolding.axis, unfolding.direction, time, variables)


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
        yield from _readings(n, _under_one_sum(n, poly, highs), depth - 1)


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
    exponents = dict(monomial)
    for atom, exponent in divisor.items():
        if atom not in exponents:
            return None
        exponents[atom] -= exponent
    return n.monomial(exponents)


def _under_one_sum(n: Normaliser, poly: Polynomial, highs: Any) -> Polynomial:
    """What stands under the sums over some ranges, taken together."""
    first: list[Var] | None = None
    body: Polynomial = {}
    for monomial, coefficient in poly.items():
        atom = next((a for a, e in monomial if a.kind == "sum" and e == 1 and a.data[0] == highs),
                    None)  # fmt: skip
        if atom is None:
            continue
        opened, inside = n.opened(atom)
        first = first or opened
        renamed = n.substitute(inside, {v: as_poly(w) for v, w in zip(opened, first, strict=True)})
        outside = {n.monomial({a: e for a, e in monomial if a is not atom}): coefficient}
        body = n.add(body, n.multiply(outside, renamed))
    return body


def is_due(claim: Claim, *sides: Term) -> bool:
    """Whether an induction may prove a claim: where something refers to itself, and the sides do
    not differ at the first points that are looked at.
    """
    if isinstance(claim, Inequality):
        return False
    if not any(s.unfoldings for s in in_order(sides)) and not _lengths(add(*sides)):
        return False
    return agrees_numerically(claim) is not False


def prove(left: Term, right: Term, prepare: Prepare, deadline: float | None) -> Proof | None:
    """A proof that two terms are equal, or None where no induction that was tried gives one.

    :raises UnsupportedError: naming a node without a canonical form.
    """
    end = clock.monotonic() + SECONDS
    end = end if deadline is None else min(end, deadline)
    try:
        return Induction(left, right, prepare, end).prove()
    except BudgetExceeded:
        if deadline is not None and clock.monotonic() > deadline:
            raise
        return None
