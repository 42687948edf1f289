"""Shared arrays at a few points of small sizes, in floats: numbers that suggest, and prove nothing.

Every size gets a small value and every given array arbitrary entries, and the body of a shared
array becomes a NumPy expression with an axis for each index, and a last one for the points. What
has no value here (:class:`Unsampled`) is not guessed about.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from derive.base.budget import spend
from derive.base.tables import Table
from derive.core.functions import FUNCTIONS
from derive.core.graph import references
from derive.core.integers import FREE, SIZE, ZERO, Label, Poly, Var, as_poly
from derive.core.terms import (
    Add,
    Apply,
    Array,
    Const,
    Determinant,
    Entry,
    FunctionEntry,
    FunctionTrace,
    IndexBracket,
    Int,
    InverseEntry,
    Maximum,
    Mul,
    Num,
    Pow,
    Product,
    RealBracket,
    Ref,
    Shared,
    Sum,
    Term,
    Unknown,
    Whole,
    bounds,
)
from derive.proof.arrays.drawn import Drawn

Scope = tuple[Var, ...]
Lookup = Callable[[Shared], np.ndarray]

# The values of sizes, taken in turn: so many that little is true of all entries by chance, and so
# few that arrays of more than two axes are quickly added up.
MANY = (8, 9)
FEW = (3, 4)
POINTS = 4
ARRAY = 335  # units of work for the values of an array
LARGEST = 200_000  # numbers in one array
LARGEST_PRODUCT = 1_000_000  # and in a product of some
NEAR = 1e-8
TERMS = 60  # of the series of the exponential of a matrix
NEGATIVE = 0.35  # of the entries of given arrays


MOST_VALUES = 1_000_000  # of an index, all of which an array would hold


class Unsampled(Exception):
    """A term that has no value at the point."""


# The last axis of all values, as if it were an index.
_POINT = Var("point", FREE, ZERO, as_poly(POINTS - 1))
as_poly(_POINT)  # made here, and not for the first claim that asks for it


class Sample:
    """The points: the values of sizes, of given arrays, of undefined functions.

    :param rank: how many axes the largest array has.
    """

    def __init__(self, rank: int) -> None:
        self._usual = MANY if rank <= 2 else FEW
        self._drawn = Drawn(0)
        self._sizes: dict[Var, int] = {}
        self._arrays: dict[Array, np.ndarray] = {}
        self._functions: dict[Any, np.ndarray] = {}
        self._labels: dict[Any, np.ndarray] = {}

    def array(
        self, params: Scope, body: Term, lookup: Lookup, evaluation: Evaluation | None = None
    ) -> np.ndarray:
        """The values of a term for all values of some indices, an axis for each and one for the
        points.

        :param lookup: the values of a shared array that the term refers to.
        :param evaluation: one that has been at the term before, and knows what has not changed.
        :raises Unsampled: where the term has none at any point, or a range depends on another
            index.
        """
        spend(ARRAY)
        ranges = [self.range(v) for v in params]
        begins, shape = [r.start for r in ranges], [len(r) for r in ranges]
        if min(shape, default=1) < 1:
            raise Unsampled
        with np.errstate(all="ignore"):
            found = (evaluation or Evaluation(self, lookup)).of(body, (_POINT, *params[::-1]))
        values = np.broadcast_to(found, (*shape, POINTS)).astype(float)
        if not valid(values).any():
            raise Unsampled
        if not any(begins):
            return values
        whole = np.zeros((*(r.stop for r in ranges), POINTS))
        whole[(*(slice(begin, None) for begin in begins), slice(None))] = values
        return whole

    def constant(self, params: Scope, value: float) -> np.ndarray:
        """An array over some indices with one value."""
        return np.full((*(self.range(v).stop for v in params), POINTS), value)

    def agree(self, left: Term, right: Term, lookup: Lookup) -> bool:
        """Whether two terms have the same values, for all values of the indices in them.

        :raises Unsampled: where they have none, or a range depends on another index.
        """
        spend(ARRAY)
        scope = (_POINT, *free_indices(left, right))
        ends = {e for v in scope for e in (v.low, v.high) if e is not None}
        if any(v.kind != SIZE for e in ends for v in e.variables):
            raise Unsampled
        evaluation = Evaluation(self, lookup)
        with np.errstate(all="ignore"):
            found = [np.asarray(evaluation.of(side, scope), float) for side in (left, right)]
        shape = np.broadcast_shapes(*(f.shape for f in found), (POINTS,))
        first, second = (np.broadcast_to(f, shape) for f in found)
        if not (valid(first) | valid(second)).any():
            raise Unsampled
        return close(first, second)

    def arbitrary(self, values: np.ndarray, signed: bool) -> np.ndarray:
        """Other values, in no relation to one another or to other arrays.

        :param signed: of the same signs; they may be roots' or logarithms' arguments.
        """
        if not signed:
            return self._drawn.uniform(0.3, 1.2, values.shape) * self.signs(values.shape)
        found = self._drawn.shuffled(values.reshape(-1, POINTS)).reshape(values.shape)
        return found * self._drawn.uniform(0.5, 1.5, found.shape)

    def signs(self, shape: tuple[int, ...]) -> np.ndarray:
        """Of both signs, rather positive: an activation should not vanish everywhere."""
        return np.where(self._drawn.uniform(0, 1, shape) < NEGATIVE, -1.0, 1.0)

    def size(self, variable: Var) -> int:
        """The value of a size."""
        found = self._sizes.get(variable)
        if found is None:
            if variable.unbounded or variable.facts:
                raise Unsampled
            least = 1 if variable.low is None else variable.low.constant
            if least is None:
                raise Unsampled
            usual = self._usual[len(self._sizes) % len(self._usual)]
            found = self._sizes[variable] = max(int(least), usual)
        return found

    def number(self, poly: Poly) -> int:
        """The value of an integer polynomial in sizes."""
        value: Any = 0
        for monomial, coefficient in poly.terms.items():
            if any(v.kind != SIZE for v in monomial):
                raise Unsampled
            value += coefficient * math.prod(self.size(v) for v in monomial)
        return int(value)

    def range(self, variable: Var) -> range:
        """The values of an index whose range depends on no other, nor begins below 0."""
        low = None if variable.low is None else variable.low.constant
        if variable.high is None or low is None or low < 0:
            raise Unsampled
        return range(int(low), self.number(variable.high) + 1)

    def length(self, variable: Var) -> int:
        """How many values an index has whose range starts at 0 and depends on no other."""
        if variable.high is None or variable.low is None or variable.low.constant != 0:
            raise Unsampled
        length = self.number(variable.high) + 1
        if length < 1:
            raise Unsampled
        return length

    def given(self, array: Array) -> np.ndarray:
        """The entries of a given array, as is assumed of it."""
        found = self._arrays.get(array)
        if found is None:
            shape = (*(self.number(size) for size in array.axes), POINTS)
            if math.prod(shape) > LARGEST or min(shape) < 1:
                raise Unsampled
            # Sums along an axis neither grow nor fade from one layer of a network to the next.
            found = self._drawn.uniform(0.3, 1.2, shape) / math.sqrt(shape[0])
            if not array.traits & {"positive", "nonnegative"}:
                negative = bool(array.traits & {"negative", "nonpositive"})
                found *= -1 if negative else self.signs(shape)
            if len(shape) == 3:
                if "diagonal" in array.traits:
                    found = found * np.eye(*shape[:2])[:, :, None]
                elif "positive_definite" in array.traits:
                    found = np.einsum("ikp,jkp->ijp", found, found)
                elif "symmetric" in array.traits:
                    found = found + found.swapaxes(0, 1)
            elif "positive_definite" in array.traits:
                found = np.abs(found)
            self._arrays[array] = found
        return found

    def held(self, label: Label) -> np.ndarray:
        """The whole numbers that an array of labels holds, the same at all points."""
        found = self._labels.get(label.array)
        if found is None:
            if label.low is None or label.high is None:
                raise Unsampled
            low, high = self.number(label.low), self.number(label.high)
            shape = tuple(map(self.number, label.array.axes))
            if high < low or math.prod(shape) > LARGEST:
                raise Unsampled
            found = self._labels[label.array] = self._drawn.integers(low, high, shape)
        return found

    def unknown(self, key: Any, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers that stand for an undefined function."""
        found = self._functions.get(key)
        if found is None:
            found = self._functions[key] = self._drawn.uniform(0.5, 1.5, shape)
        return found


class Evaluation:
    """Terms as NumPy arrays; the index at position k of a scope is axis −1 − k."""

    def __init__(self, sample: Sample, lookup: Lookup) -> None:
        self.sample = sample
        self.lookup = lookup
        self._memo: dict[tuple[Term, Scope], Any] = {}
        self._ranges: dict[tuple[Var, Scope], tuple[int, int]] = {}
        self._values: dict[tuple[Var, Scope], np.ndarray] = {}
        self._integers: dict[tuple[Poly, Scope], Any] = {}

    def forget(self, changed: Iterable[Shared]) -> None:
        """Leave out what rests on arrays whose values have changed."""
        gone = set(changed)
        self._memo = {key: value for key, value in self._memo.items()
                      if gone.isdisjoint(references(key[0]))}  # fmt: skip

    def of(self, term: Term, scope: Scope) -> Any:
        key = (term, scope)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = VALUES[type(term)](self, term, scope)
        return found

    def integer(self, poly: Poly, scope: Scope) -> Any:
        """An integer polynomial in sizes and the indices of a scope."""
        key = (poly, scope)
        found = self._integers.get(key)
        if found is None:
            found = self._integers[key] = self._integer(poly, scope)
        return found

    def _integer(self, poly: Poly, scope: Scope) -> Any:
        if len(poly.variables) == 1:
            variable = next(iter(poly.variables))
            if poly == as_poly(variable):
                return self._variable(variable, scope)
        value: Any = 0
        for monomial, coefficient in poly.terms.items():
            part: Any = coefficient if coefficient == int(coefficient) else float(coefficient)
            for variable in monomial:
                part = part * self._variable(variable, scope)
            value = value + part
        return value

    def _variable(self, variable: Var, scope: Scope) -> Any:
        if isinstance(variable, Label):
            return self._label(variable, scope)
        if variable.kind == SIZE:
            return self.sample.size(variable)
        if variable not in scope:
            raise Unsampled
        outer = scope[: scope.index(variable)]
        found = self._values.get((variable, outer))
        if found is None:
            low, high = self._ends(variable, outer)
            if high - low > MOST_VALUES:
                raise Unsampled
            found = np.arange(low, high + 1).reshape(-1, *(1,) * len(outer))
            self._values[variable, outer] = found
        return found

    def _label(self, label: Label, scope: Scope) -> Any:
        """A label of a scope; the last axis, that of the points, has one value."""
        values = self.sample.held(label)
        places = (
            np.clip(self.integer(index, scope), 0, length - 1)
            for index, length in zip(label.places, values.shape, strict=True)
        )
        found = values[tuple(places)]
        return found if np.ndim(found) else int(found)

    def _ends(self, variable: Var, scope: Scope) -> tuple[int, int]:
        """The least and the greatest value of an index, whatever the others of its scope are."""
        found = self._ranges.get((variable, scope))
        if found is None:
            if variable.low is None or variable.high is None:
                raise Unsampled
            low, high = self.integer(variable.low, scope), self.integer(variable.high, scope)
            # Most ends are numbers, of which NumPy would make arrays.
            found = self._ranges[variable, scope] = (
                int(low.min() if isinstance(low, np.ndarray) else low),
                int(high.max() if isinstance(high, np.ndarray) else high),
            )
        return found

    def over(self, variable: Var, body: Term, scope: Scope, outside: float) -> Any:
        """A term for all values of one more index, with a value for those out of its range."""
        inner = (*scope, variable)
        low, high = self._ends(variable, scope)
        if high < low:
            raise Unsampled
        value = np.asarray(self.of(body, inner))
        if value.ndim <= len(scope):
            value = value.reshape(1, *(1,) * (len(scope) - value.ndim), *value.shape)
        if value.size * (high - low + 1) > LARGEST:
            raise Unsampled
        value = np.broadcast_to(value, (high - low + 1, *value.shape[1:]))
        lowest, highest = (self.integer(e, scope) for e in bounds(variable))
        if np.ndim(lowest) or np.ndim(highest):
            place = self._variable(variable, inner)
            value = np.where((place >= lowest) & (place <= highest), value, outside)
        return value

    def entry(self, values: np.ndarray, indices: tuple[Poly, ...], scope: Scope) -> Any:
        """Entries of an array; out of range, where a bracket must stand, those at its end."""
        if len(indices) != values.ndim - 1:
            raise Unsampled
        places = []
        for index, length in zip(indices, values.shape, strict=False):
            place = self.integer(index, scope)
            if isinstance(place, np.ndarray) and place.dtype.kind != "i":
                raise Unsampled
            if not isinstance(place, np.ndarray):
                if place != int(place):
                    raise Unsampled
                places.append(min(max(int(place), 0), length - 1))
                continue
            # Methods take less long than functions.
            if place.min() < 0 or place.max() >= length:
                place = np.clip(place, 0, length - 1)
            places.append(place[..., 0])
        return values[tuple(places)]


def _product(e: Evaluation, term: Term, scope: Scope) -> Any:
    factors = [e.of(a, scope) for a in term.args]
    if math.prod(np.broadcast_shapes(*map(np.shape, factors))) > LARGEST_PRODUCT:
        raise Unsampled
    value = math.prod(factors, start=1.0)
    for arg in term.args:
        if isinstance(arg, (IndexBracket, RealBracket)):  # 0 times what has no value
            value = np.where(e.of(arg, scope) == 0, 0.0, value)
    return value


def _unknown(e: Evaluation, term: Unknown, scope: Scope) -> Any:
    key = (str(term.data[0]), term.data[1])
    slopes = e.sample.unknown(key, (len(term.args) + 1, POINTS))
    angle = sum((s * e.of(a, scope) for s, a in zip(slopes, term.args, strict=False)), slopes[-1])
    return slopes[-1] + np.sin(angle)


def _real_bracket(e: Evaluation, term: RealBracket, scope: Scope) -> Any:
    value = e.of(term.args[0], scope)
    return np.where(value > 0 if term.data[0] == ">" else np.abs(value) < NEAR, 1.0, 0.0)


def _index_bracket(e: Evaluation, term: IndexBracket, scope: Scope) -> Any:
    value = e.integer(term.data[1], scope)
    return np.where(value >= 0 if term.data[0] == ">=" else value == 0, 1.0, 0.0)


def _whole(e: Evaluation, term: Whole, scope: Scope) -> Any:
    name, arguments, path = term.data
    lengths = [e.sample.length(p) for k, _ in path for p in arguments[k].params]
    key = (str(name), tuple(a.serial for a in arguments), tuple(k for k, _ in path))
    values = e.sample.unknown(key, (*lengths, POINTS))
    return e.entry(values, tuple(i for _, indices in path for i in indices), scope)


def _apply(e: Evaluation, term: Apply, scope: Scope) -> Any:
    function = _FUNCTIONS.get(term.data[0])
    if function is None:
        raise Unsampled
    return function(*(e.of(a, scope) for a in term.args))


def _inverse(e: Evaluation, term: InverseEntry, scope: Scope) -> Any:
    shared, _, row, column = term.data
    try:
        inverses = np.linalg.inv(np.moveaxis(e.lookup(shared), -1, 0))
    except np.linalg.LinAlgError:
        raise Unsampled from None
    return e.entry(np.moveaxis(inverses, 0, -1), (row, column), scope)


def _of_matrix(e: Evaluation, shared: Shared, name: str) -> np.ndarray:
    """A function of a matrix at each of the points."""
    matrices = np.moveaxis(e.lookup(shared), -1, 0)
    if name == "matrix_exp":
        return np.moveaxis(_exponentials(matrices), 0, -1)
    turned = matrices.swapaxes(-1, -2)
    if not np.allclose(matrices, turned):
        raise Unsampled
    try:
        factors = np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        raise Unsampled from None
    if name == "sqrtm":
        values, vectors = np.linalg.eigh((matrices + turned) / 2)
        factors = (vectors * np.sqrt(values)[:, None]) @ vectors.swapaxes(-1, -2)
    return np.moveaxis(factors, 0, -1)


def _exponentials(matrices: np.ndarray) -> np.ndarray:
    """Σ_k Aᵏ/k! of matrices of small entries."""
    term = np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    result = term
    for k in range(1, TERMS):
        term = term @ matrices / k
        result = result + term
    return result


def _function_entry(e: Evaluation, term: FunctionEntry, scope: Scope) -> Any:
    shared, name, _, row, column = term.data
    return e.entry(_of_matrix(e, shared, name), (row, column), scope)


def _function_trace(e: Evaluation, term: FunctionTrace, scope: Scope) -> Any:
    return np.trace(_of_matrix(e, *term.data[:2]))


_FUNCTIONS = {name: f.sampled for name, f in FUNCTIONS.items() if f.sampled is not None}

VALUES: Table[Callable[[Evaluation, Any, Scope], Any]] = Table(
    {
        Num: lambda e, t, s: float(t.data[0]),
        Const: lambda e, t, s: float(t.data[0]),
        Int: lambda e, t, s: e.integer(t.data[0], s) * 1.0,
        Entry: lambda e, t, s: e.entry(e.sample.given(t.data[0]), t.data[1], s),
        Ref: lambda e, t, s: e.entry(e.lookup(t.data[0]), t.data[1], s),
        Add: lambda e, t, s: sum(e.of(a, s) for a in t.args),
        Mul: _product,
        Pow: lambda e, t, s: np.power(e.of(t.args[0], s), e.of(t.args[1], s)),
        Apply: _apply,
        Unknown: _unknown,
        Sum: lambda e, t, s: e.over(t.variable, t.args[0], s, 0.0).sum(axis=0),
        Product: lambda e, t, s: e.over(t.variable, t.args[0], s, 1.0).prod(axis=0),
        Maximum: lambda e, t, s: e.over(t.variable, t.args[0], s, -np.inf).max(axis=0),
        RealBracket: _real_bracket,
        IndexBracket: _index_bracket,
        Whole: _whole,
        InverseEntry: _inverse,
        FunctionEntry: _function_entry,
        FunctionTrace: _function_trace,
        Determinant: lambda e, t, s: np.linalg.det(np.moveaxis(e.lookup(t.data[0]), -1, 0)),
    }
)


def valid(values: np.ndarray) -> np.ndarray:
    """At which points all entries of an array are numbers."""
    return np.isfinite(values.reshape(-1, POINTS)).all(axis=0)


def close(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays agree up to rounding, at the points at which they have values."""
    points = valid(left)
    if not np.array_equal(points, valid(right)) or not points.any():
        return False
    left, right = (v.reshape(-1, POINTS)[:, points] for v in (left, right))
    scale = np.maximum(np.abs(left).max(axis=0), np.abs(right).max(axis=0))
    return bool((np.abs(left - right) <= NEAR * scale).all())


def free_indices(*terms: Term) -> Scope:
    """The indices that some terms have in common, in one order."""
    found: Iterable[Var] = {v for t in terms for v in t.free if v.kind != SIZE}
    return tuple(sorted(found, key=lambda v: v.key))
