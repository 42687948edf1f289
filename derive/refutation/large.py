"""Claims at sizes as people have them: refuted and checked without ever making the arrays.

Every array of a point is a :class:`SparseArray`: a few simple numbers at its first positions, one
value elsewhere. Both sides are compared entry by entry, exactly, at the claim's own sizes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from fractions import Fraction
from functools import cached_property, partial
from itertools import islice, product
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.budget import Budget, share
from derive.base.errors import DeriveError, ShapeError, UnsupportedError
from derive.claims.kinds import Claim
from derive.claims.verdict import SparseArray
from derive.evaluation.fields import BALL, FINE, EvaluationError, Field, Inconclusive, precision
from derive.evaluation.interpreter import Seed
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.orbits import Orbits, at_blocks
from derive.evaluation.point import Point
from derive.language.arrays import stacked
from derive.refutation.points import PointMaker
from derive.refutation.properties import Fact, axis_range, size_of
from derive.refutation.symbols import fields_of

KNOWN_AXES = (("wrt",), ("of", "wrt"), ("wrt", "wrt"))  # of derivatives
MANY = 300  # entries of an array that are not varied one by one
MOST_MADE = 20_000  # entries of an array that are made at all
_SPECIAL = 3  # indices that are told apart
_FILLED = 2  # of these, those with numbers of their own
_ENTRIES = 40  # that are compared at a point
_POINTS = 24
_CHECKS = 4
_WORK = 5e6
_KEPT = 4  # sizes up to here stay when others are made small
_NUMBERS = tuple(
    tuple(map(Fraction, pool))
    for pool in (("1", "2", "3"), ("-2", "-1", "0", "1", "2"), ("1/2", "3/2", "-1/2", "1", "-1"))
)
_ELSEWHERE = tuple(map(Fraction, ("0", "0", "1", "0", "1/2", "-1")))


def is_large(maker: PointMaker) -> bool:
    """Whether the arrays of a claim have too many entries for each to be varied."""
    few = {"hessian": 60, "jacobian": 100}
    return maker.entries > few.get(maker.claim.kind, MANY)


def is_huge(maker: PointMaker) -> bool:
    """Whether the arrays of a claim cannot be made at all, or only at length."""
    return maker.entries > (MANY if maker.claim.derivatives > 1 else MOST_MADE)


class LargePoints:
    """The points of a large claim, and both sides there."""

    def __init__(self, claim: Claim, maker: PointMaker) -> None:
        self.claim: Any = claim
        self.maker = maker
        self.bounds: set[int] = set()

    def points(self, sparse: bool) -> Iterator[Point]:
        """Points at which everything that is assumed holds.

        :param sparse: where signs allow, all but a few entries are 0.
        """
        for sizes in islice(self.maker.sizes(), 3):
            for turn in range(_POINTS):
                rng = random.Random(turn)
                values = self._values(sizes, turn, rng, sparse)
                positions = list(self._positions(sizes))
                for position in positions[:3]:
                    functions = self.maker.functions_at(sizes, {})
                    point = Point({**sizes, **position}, values, functions)
                    if all(self._holds(fact, point) for fact in self.maker.facts):
                        yield point

    def _values(
        self, sizes: Mapping[Any, int], turn: int, rng: random.Random, sparse: bool
    ) -> dict[Any, Any]:
        pool = _NUMBERS[turn % len(_NUMBERS)]
        kinds = self.maker.kinds
        values: dict[Any, Any] = {
            s: self.maker.with_sign(s, rng.choice(pool), rng) for s in self.maker.scalars
        }
        one_hot = turn % 3 == 1
        for array in self.maker.arrays:
            if array.shape is None:
                raise UnsupportedError(f"{array} has no shape")
            shape = tuple(size_of(size, sizes) for size in array.shape)
            elsewhere = Fraction(0) if sparse else _ELSEWHERE[turn % len(_ELSEWHERE)]
            elsewhere = self.maker.with_sign(array, elsewhere, rng)
            entries = {
                position: self.maker.with_sign(array, rng.choice(pool), rng)
                for position in product(*(range(min(size, _FILLED)) for size in shape))
            }
            if one_hot and self._restricted(array):
                elsewhere = Fraction(0)
                entries = {p: Fraction(0) for p in entries}
                entries[(0,) * len(shape)] = Fraction(1)
            if "symmetric" in kinds[array] and len(shape) == 2:
                entries = {(i, j): entries[max(i, j), min(i, j)] for i, j in entries}
            if kinds[array] & {"diagonal"}:
                elsewhere = Fraction(0)
                entries = {(i, j): x if i == j else Fraction(0) for (i, j), x in entries.items()}
            diagonal = None
            if array in self._inverted and not elsewhere:
                diagonal = self.maker.with_sign(array, Fraction(1 + turn % 2), rng)
                self.bounds.add(min(shape))  # past it, a row or a column has no entry there
            values[array] = SparseArray(shape, entries, elsewhere, diagonal)
        return values

    @cached_property
    def _inverted(self) -> set[Any]:
        """The matrices that stand in what is inverted, or are given to have an inverse."""
        wholes = [f.argument for f in self.maker.facts if f.name == "invertible"]
        for expr in fields_of(self.claim):
            if isinstance(expr, sp.Basic):
                wholes += expr.atoms(sp.Inverse, sp.Determinant)
        found = {m for whole in wholes for m in whole.atoms(sp.MatrixSymbol)}
        return {m for m in found if 1 not in m.shape}

    def _restricted(self, array: Any) -> bool:
        """Whether an equation is given of an array."""
        return any(
            isinstance(f.argument, sp.Eq) and f.argument.has(array) for f in self.maker.facts
        )

    def _positions(self, sizes: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
        ranges = [axis_range(axes, sizes)[:_SPECIAL] for axes in self.maker.indices.values()]
        for values in product(*ranges):
            yield dict(zip(self.maker.indices, values, strict=True))

    def _walk(self, point: Point, field: Field, order: int, *seeds: Seed) -> Orbits:
        special = max(_SPECIAL, 1 + max(self._own(point), default=0))
        return Orbits(point, self.claim.where, Jets(field, order), seeds, special, self.bounds)

    def _own(self, point: Point) -> Iterator[int]:
        """The indices that a point tells apart: of the claim, and of entries of their own."""
        yield from (point.sizes[index] for index in self.maker.indices if index in point.sizes)
        for value in point.values.values():
            if isinstance(value, SparseArray):
                yield from (k for position in value.entries for k in position)

    def _holds(self, fact: Fact, point: Point) -> bool:
        """Whether an assumption provably holds at a point."""

        def compute() -> bool:
            walk = self._walk(point, BALL, 0)
            names = [s for s, _ in fact.everywhere]
            sizes = tuple(len(axis_range(axes, point.sizes)) for _, axes in fact.everywhere)
            return all(
                self._said(walk, fact, dict(zip(names, where, strict=True)))
                for where in walk.positions(sizes)
            )

        try:
            with precision(BALL.precisions[-1]):
                return bool(at_blocks(self.bounds, compute))
        except (EvaluationError, ShapeError):
            return False

    def _said(self, walk: Orbits, fact: Fact, env: dict[Any, Any]) -> bool:
        if not fact.name:
            return walk.truth(fact.argument, env)
        shape = walk.shape(fact.argument)
        if fact.name in _OF_ENTRIES:
            return all(
                _OF_ENTRIES[fact.name](
                    walk.sign(walk.entry_or_scalar(fact.argument, position, env))
                )
                for position in walk.positions(shape)
            )
        if fact.name in _ALWAYS:
            return True
        if fact.name == "invertible" and len(shape) == 2 and shape[0] == shape[1]:
            return walk.sign(walk.value(sp.Determinant(fact.argument), env)) != 0
        if fact.name in ("symmetric", "diagonal") and len(shape) == 2 and shape[0] == shape[1]:
            for i, j in walk.positions(shape):
                own = walk.entry(fact.argument, (i, j), env)
                if fact.name == "symmetric":
                    own = walk.difference(own, walk.entry(fact.argument, (j, i), env))
                elif i == j:
                    continue
                if walk.sign(own) != 0:
                    return False
            return True
        raise UnsupportedError(f"the assumption {fact.name} cannot be checked at large sizes")

    # -- both sides ----------------------------------------------------------------------------

    def compared(self, point: Point, field: Field) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
        """Entries, with the derived (or left) and the documented side there."""
        claim = self.claim
        if claim.states_both:
            walk = self._walk(point, field, 0)
            shapes = walk.shape(claim.left), walk.shape(claim.right)
            shape = max(shapes, key=math.prod)
            for entry in _some(shape):
                yield entry, *(walk.entry_or_scalar(side, entry, {}).v
                               for side in (claim.left, claim.right))  # fmt: skip
            return
        if not claim.derivatives:
            raise UnsupportedError(f"a {type(claim).__name__} has no two sides to compare")
        if claim.axes not in KNOWN_AXES:
            raise UnsupportedError(f"a {type(claim).__name__} at large sizes")
        if isinstance(claim.wrt, sp.Transpose) or stacked(claim.wrt) is not None:
            raise UnsupportedError("a derivative in a transpose, or in a vec, at large sizes")
        plain = self._walk(point, field, 0)
        symbol, fixed = self._varied(claim.wrt, plain)
        wrt_shape = () if fixed is not None else plain.shape(symbol)
        of_shape, shape = plain.shape(claim.of), plain.shape(claim.equals)
        places = [fixed] if fixed is not None else list(_some(wrt_shape))
        if claim.axes == ("wrt", "wrt"):
            yield from self._second(point, field, plain, symbol, places, shape)
            return
        symmetric = any(f.name == "symmetric" and f.argument == symbol for f in self.maker.facts)
        of_scalar = claim.axes == ("wrt",) and claim.weights is None
        if symmetric and not (of_scalar and fixed is None):
            raise UnsupportedError("a derivative within the symmetric matrices at large sizes")
        for place in places:
            seed = Seed(symbol, place or None, 1)
            walk = self._walk(point, field, 1, seed)
            own = () if fixed is not None else place
            if claim.axes == ("of", "wrt"):
                for entry in _some(of_shape):
                    found = _slope(walk, walk.entry_or_scalar(claim.of, entry, {}))
                    where = _joint(of_shape, wrt_shape, entry, own, shape)
                    yield where, found, plain.entry_or_scalar(claim.equals, where, {}).v
                continue
            if claim.weights is not None:
                found = _slope(walk, _weighted(walk, claim.of, claim.weights))
            else:
                found = _slope(walk, walk.scalar(claim.of, {}))
            if symmetric:
                mirrored = self._walk(point, field, 1, Seed(symbol, place[::-1], 1))
                found = (found + _slope(mirrored, mirrored.scalar(claim.of, {}))) / 2
            yield own, found, plain.entry_or_scalar(claim.equals, own, {}).v

    def _second(
        self, point: Point, field: Field, plain: Orbits, symbol: Any,
        places: list[tuple[int, ...]], shape: tuple[int, ...],
    ) -> Iterator[tuple[tuple[int, ...], Any, Any]]:  # fmt: skip
        for a, b in product(places, repeat=2):
            walk = self._walk(
                point, field, 2, Seed(symbol, a or None, 1), Seed(symbol, b or None, 1)
            )
            found = walk.scalar(self.claim.of, {}).h
            value = field.number(0) if found is None else found[0, 1]
            flat = (_flat(a, plain.shape(symbol)), _flat(b, plain.shape(symbol)))
            entry = flat if len(shape) == 2 else (*a, *b)
            yield entry, value, plain.entry_or_scalar(self.claim.equals, entry, {}).v

    def _varied(self, wrt: Any, walk: Orbits) -> tuple[Any, tuple[int, ...] | None]:
        if isinstance(wrt, (sp.Symbol, sp.MatrixSymbol, sp.IndexedBase)) or not hasattr(
            wrt, "indices"
        ):
            return wrt, None
        name = {MatrixElement: "parent", ArrayElement: "name"}.get(type(wrt), "base")
        position = tuple(walk.integer(index, {}) for index in wrt.indices)
        return getattr(wrt, name), position

    def disagreement(self, point: Point) -> tuple[tuple[int, ...], Any, Any] | None:
        """The first entry at which the sides provably differ, with both; None where none does.

        :raises Inconclusive: where that is not known.
        """
        for field in (BALL, FINE):
            try:
                with precision(field.precisions[-1]):
                    return at_blocks(self.bounds, partial(self._differs, point, field))
            except Inconclusive:
                if field is FINE:
                    raise
        return None

    def _differs(self, point: Point, field: Field) -> tuple[tuple[int, ...], Any, Any] | None:
        unclear = None
        for entry, left, right in self.compared(point, field):
            try:
                sign = field.sign(left - right)
            except Inconclusive as doubt:
                if not _is_little(left - right, field):
                    unclear = doubt
                continue
            if self.claim.is_false_by(sign):
                return entry, left, right
        if unclear is not None:
            raise unclear
        return None


def sparse(value: Any) -> Any:
    """An array of numbers by the entries that differ from its last."""
    if not isinstance(value, np.ndarray) or not value.size:
        return value
    elsewhere = value.flat[-1]
    entries = {p: value[p] for p in np.ndindex(value.shape) if value[p] != elsewhere}
    return SparseArray(value.shape, entries, elsewhere)


def _is_little(gap: Any, field: Field) -> bool:
    bound = field.number(Fraction(1, 10**12))
    return bool(-bound < gap < bound)


_OF_ENTRIES = {
    "positive": lambda s: s > 0,
    "negative": lambda s: s < 0,
    "nonnegative": lambda s: s >= 0,
    "nonpositive": lambda s: s <= 0,
    "nonzero": lambda s: s != 0,
    "zero": lambda s: s == 0,
}
_ALWAYS = frozenset({"real", "extended_real", "complex", "finite", "commutative", "real_elements",
                     "complex_elements"})  # fmt: skip


def _some(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Positions at the first indices of each axis."""
    return islice(product(*(range(min(size, _SPECIAL)) for size in shape)), _ENTRIES)


def _slope(walk: Orbits, jet: Jet) -> Any:
    return walk.field.number(0) if jet.g is None else jet.g[0]


def _flat(position: tuple[int, ...], shape: tuple[int, ...]) -> int:
    return int(np.ravel_multi_index(position, shape)) if shape else 0


def _joint(
    of_shape: tuple[int, ...], wrt_shape: tuple[int, ...], entry: tuple[int, ...],
    place: tuple[int, ...], shape: tuple[int, ...],
) -> tuple[int, ...]:  # fmt: skip
    """The position in a documented Jacobian of one entry's derivative in another."""
    if len(shape) == len(entry) + len(place):
        return (*entry, *place)
    if len(shape) == 2 and all(1 in s or len(s) == 1 for s in (of_shape, wrt_shape)):
        return _flat(entry, of_shape), _flat(place, wrt_shape)
    if math.prod(of_shape) == 1:
        return place
    if math.prod(wrt_shape) == 1:
        return entry
    raise ShapeError(f"a Jacobian of shape {shape}")


def _weighted(walk: Orbits, of: Any, upstream: Any) -> Jet:
    """Σ upstream · of over all axes of ``of``; upstream does not move."""
    shape = walk.shape(of)
    indices = [sp.Dummy(f"i{k}", integer=True) for k in range(len(shape))]
    limits = [(i, sp.S.Zero, sp.Integer(n - 1)) for i, n in zip(indices, shape, strict=True)]

    def term(env: dict[Any, Any]) -> Jet:
        position = tuple(env[i] for i in indices)
        weight = walk.entry_or_scalar(upstream, position, {})
        return walk.jets.multiply(Jet(weight.v), walk.entry_or_scalar(of, position, {}))

    return walk.total(limits, {}, [], term)


def search_large(
    claim: Claim, maker: PointMaker, budget: Budget
) -> tuple[Point, tuple[int, ...], Any, Any] | None:
    """A point of large sizes at which the sides of a claim provably differ, with the entry."""
    large = LargePoints(claim, maker)
    for sparse in (True, False):
        for point in large.points(sparse):
            if budget.over:
                return None
            try:
                found = large.disagreement(point)
            except (EvaluationError, ShapeError):
                continue
            if found is not None:
                return (point, *found)
    return None


def agrees_large(claim: Claim, maker: PointMaker) -> bool | None:
    """Whether both sides agree at points of large sizes; None where none could be evaluated."""
    large = LargePoints(claim, maker)
    budget = share(_WORK)
    agreed = 0
    for point in (p for sparse in (False, True) for p in islice(large.points(sparse), _CHECKS)):
        try:
            if large.disagreement(point) is not None:
                return False
            agreed += 1
        except (EvaluationError, ShapeError):
            pass
        if budget.over:
            break
    return True if agreed else None


def with_small_sizes(claim: Claim) -> Claim | None:
    """The claim with small numbers for its large sizes, in their order; None where that is none.

    It says something else, and is only a sample of what the claim says of any size.
    """
    found: set[int] = set()
    for expr in (*fields_of(claim), *claim.where, *claim.assumed):
        for node in sp.preorder_traversal(expr):
            if isinstance(node, (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)):
                found.update(int(n) for n in node.shape or () if n.is_Integer and n > _KEPT)
    small: dict[Any, Any] = {}
    for place, size in enumerate(sorted(found)):
        value = _KEPT + place
        for shift in (-1, 0, 1):
            small.setdefault(sp.Integer(size + shift), sp.Integer(value + shift))
        small[sp.Rational(1, size)] = sp.Rational(1, value)

    def changed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(changed, value))
        return value.xreplace(small) if isinstance(value, sp.Basic) else value

    try:
        said = {f.name: changed(getattr(claim, f.name)) for f in fields(claim)
                if f.name in (*claim.expression_fields, "given", "wrt", "equals")}  # fmt: skip
        where = {changed(s): changed(value) for s, value in claim.where.items()}
        return replace(claim, where=where, **said)
    except (ValueError, TypeError, DeriveError):
        return None
