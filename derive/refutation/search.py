"""The search for a point at which a claim is wrong, and the check that nothing speaks against it.

A witness is found in floats and confirmed in rationals or in balls; only what is confirmed is
reported. Sizes go up from the smallest, values from the simplest.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, fmpq

from derive.base.budget import Budget, share
from derive.base.errors import ShapeError, UnsupportedError
from derive.claims.kinds import Claim
from derive.claims.sizes import put_in
from derive.claims.verdict import SparseArray, Witness
from derive.evaluation.evaluate import LazyArray, Point, sides
from derive.evaluation.fields import (
    BALL,
    FINE,
    FLOATING,
    EvaluationError,
    Field,
    Inconclusive,
    Undefined,
    as_fraction,
)
from derive.refutation.draws import LEVELS, ORDINARY, OWN
from derive.refutation.large import (
    MANY,
    LargePoints,
    agrees_large,
    is_huge,
    is_large,
    search_large,
    sparse,
)
from derive.refutation.natural import (
    cost,
    cost_of_values,
    least_cost_of_others,
    least_cost_of_sides,
    nearby,
)
from derive.refutation.points import PointMaker
from derive.refutation.symbols import dimension_symbols, free_indices, witness_names

Found = tuple[tuple[int, ...], Any, Any]  # an entry, and both sides there

__all__ = [
    "agrees_numerically",
    "agrees_somewhere",
    "confirm",
    "dimension_symbols",
    "free_indices",
    "search",
]

_SCREEN = 1e-9  # a relative difference of floats that is worth an exact look
_AGREEMENT = 1e-6  # a relative difference of floats that rounding explains
_NOTHING = Fraction(1, 10**12)  # what is smaller is rounding
_MIXED = 40  # points of mixed values at every size, after the simple ones
_REPEATS = 8  # draws of mixed values until one satisfies the assumptions
_SIMPLER_WORK = 0.1e6  # for simpler points than the first that is found
_FIRST_LEVELS = 3  # levels of values tried at every size before any other
_WORK = 2e6  # for points at which a claim that is proved has a value
_SIZES = 6
_DRAWS = 12  # of arrays, at the numbers that a claim compares with
_ENOUGH = 30  # points without a value that make it likely that there is none


def search(claim: Claim, work: float = 3e6, seed: int = 0) -> Witness | None:
    """The smallest witness against a claim that is found with so much work, or None."""
    budget = share(work)
    try:
        claim = put_in(claim)
        maker = PointMaker(claim)
        if is_large(maker):
            found = None
            with suppress(UnsupportedError):
                found = search_large(claim, maker, budget)
            if found is not None:
                return _witness(claim, *found)
            if is_huge(maker):
                return None
        simple, mixed = range(_FIRST_LEVELS), range(_FIRST_LEVELS, LEVELS + _MIXED)
        rounds: list[range | None] = [range(1)] if maker.constant else [simple, None, mixed]
        for levels in rounds:
            if levels is mixed:
                for points in _at_turns(maker, seed, budget):
                    witness = _first_witness(maker, points, budget)
                    if witness is not None:
                        return witness
                    if budget.over:
                        return None
            for sizes in maker.sizes():
                for points in _proposed(maker, sizes, levels, seed, budget):
                    witness = _first_witness(maker, points, budget)
                    if witness is not None:
                        return witness
                    if budget.over:
                        return None
    except UnsupportedError:
        return None
    return None


def _proposed(
    maker: PointMaker, sizes: dict[Any, int], levels: range | None, seed: int, budget: Budget
) -> Iterator[Iterator[Point]]:
    """Points of some levels of simplicity; without levels, of all numbers that scalars may be
    where there are few of them and nothing else.
    """
    if levels is None:
        every = (maker.point(sizes, values) for values in maker.every_scalar())
        yield (point for point in every if maker.admits(point, local=False))
        return
    for level in levels:
        rng = random.Random(f"{seed}/{level}/{sorted(map(str, sizes.items()))}")
        yield admitted(maker, sizes, level, rng, budget)


def _at_turns(maker: PointMaker, seed: int, budget: Budget) -> Iterator[Iterator[Point]]:
    """Points at which what a claim decides on values may come out in another way: at 0 and 1, at
    the numbers that it compares with and a little off them, and at larger sizes.
    """
    if maker.arrays:
        for sizes in maker.sizes() if maker.own else ():
            rng = random.Random(f"{seed}/{sorted(map(str, sizes.items()))}")
            for _ in range(_DRAWS):
                yield admitted(maker, sizes, OWN, rng, budget)
    else:
        for sizes in islice(maker.sizes(), _SIZES):
            every = (maker.point(sizes, values) for values in maker.scalars_at_turns())
            yield (point for point in every if maker.admits(point, local=False))
    if all(len(array.shape or ()) < 2 for array in maker.arrays):
        for sizes in maker.wide_sizes():
            for level in range(2):
                yield admitted(maker, sizes, level, random.Random(seed), budget)


def _first_witness(maker: PointMaker, points: Iterator[Point], budget: Budget) -> Witness | None:
    for base in points:
        for position in maker.positions(base.sizes):
            if budget.over:
                return None
            point = Point({**base.sizes, **position}, base.values, base.functions)
            if maker.admits(point, local=True) and _worth_a_look(maker.claim, point):
                found = _disagreement(maker.claim, point)
                if found is not None:
                    return _witness(maker.claim, *_natural(maker, point, found))
    return None


def _natural(maker: PointMaker, point: Point, found: Found) -> tuple[Point, Any, Any, Any]:
    """A point at which a claim is wrong, or a simpler one; with the entry and both sides there."""
    place, *sides_there = found
    shown = _shown(*sides_there)
    least, beside = cost(maker, point, *shown), least_cost_of_others(*shown)
    candidates = nearby(maker, point, share(_SIMPLER_WORK))
    taken = None
    with suppress(StopIteration):
        while least > 0:
            candidate = candidates.send(taken) if taken is not None else next(candidates)
            taken = None
            known = cost_of_values(maker, candidate)
            if known + beside >= least:
                continue
            apart = _apart(maker.claim, candidate)
            if apart is not None and known + _least_cost(*apart) >= least:
                continue
            other = _disagreement(maker.claim, candidate)
            if other is None:
                continue
            now = cost(maker, candidate, *_shown(*other[1:]))
            if now < least:
                taken = candidate
                point, (place, *sides_there), least = candidate, other, now
    return point, place, *sides_there


def admitted(
    maker: PointMaker, sizes: dict[Any, int], level: int, rng: random.Random, budget: Budget
) -> Iterator[Point]:
    """Points of one level at which the assumptions hold; a mixed level is tried repeatedly."""
    for _ in range(1 if level < LEVELS else _REPEATS):
        found = False
        for values in maker.values(sizes, level, rng):
            if budget.over:
                return
            point = maker.point(sizes, values)
            if maker.admits(point, local=False):
                found = True
                yield point
        if found:
            return


def _worth_a_look(claim: Claim, point: Point) -> bool:
    """Whether floats disagree at a point, or cannot tell."""
    apart = _apart(claim, point)
    return apart is None or bool(apart[0].size)


def _apart(claim: Claim, point: Point) -> tuple[np.ndarray, np.ndarray] | None:
    """Both sides in floats, of those entries in which they disagree; None where floats cannot
    tell.
    """
    try:
        left, right = sides(claim, point, FLOATING)
    except Inconclusive:
        return None
    except (EvaluationError, ShapeError):
        return np.empty(0), np.empty(0)
    wrong = _excess(claim, left, right) > _SCREEN
    return left[wrong], right[wrong]


def _least_cost(left: np.ndarray, right: np.ndarray) -> float:
    """What the sides cost at least in the simplest of some entries; without any, no end."""
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    return min((least_cost_of_sides(*pair) for pair in pairs), default=math.inf)


def _excess(claim: Claim, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How far two float sides are from what the claim says, relative to their size."""
    return relative(left - right if claim.at_most else np.abs(left - right), left, right)


def relative(difference: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A difference of two float sides, relative to their size."""
    sizes = np.abs(left) + np.abs(right)
    # Gradients that have come through many layers are tiny as a whole.
    scale = min(1.0, float(sizes.max(initial=0.0))) or 1.0
    return difference / (scale + sizes)


def confirm(claim: Claim, point: Point) -> Witness | None:
    """The witness that a point is, where rationals or disjoint balls prove it; else None.

    The assumptions of the claim are taken to have been checked at the point.
    """
    if any(isinstance(value, SparseArray) for value in point.values.values()):
        found = _large_disagreement(claim, point)
    else:
        found = _disagreement(claim, point)
    if found is None:
        return None
    return _witness(claim, point, *found)


def _witness(claim: Claim, point: Point, entry: tuple[int, ...], left: Any, right: Any) -> Witness:
    names = witness_names(claim)
    sizes = {names.get(s, str(s)): size for s, size in point.sizes.items()}
    values = {names.get(s, str(s)): _plain(value) for s, value in point.values.items()}
    return Witness(sizes, values, dict(point.functions), entry, *_shown(left, right))


def _large_disagreement(claim: Claim, point: Point) -> Found | None:
    values = {symbol: sparse(value) for symbol, value in point.values.items()}
    try:
        large = LargePoints(claim, PointMaker(claim))
        return large.disagreement(Point(point.sizes, values, point.functions))
    except (EvaluationError, ShapeError, UnsupportedError):
        return None


def _disagreement(claim: Claim, point: Point) -> Found | None:
    """The first entry at which the sides provably differ, with both."""
    for field in (BALL, FINE):
        try:
            left, right = sides(claim, point, field)
        except (EvaluationError, ShapeError):
            return None
        unclear = False
        for entry in np.ndindex(left.shape):
            try:
                if _violated(claim, left[entry], right[entry], field):
                    return entry, left[entry], right[entry]
            except Inconclusive:
                unclear = True
        if not unclear:
            return None
    return None


def _violated(claim: Claim, left: Any, right: Any, field: Field) -> bool:
    return claim.is_false_by(field.sign(left - right))


def _shown(left: Any, right: Any) -> tuple[Any, Any]:
    """Two numbers that differ: rationals as they are, balls as decimals that differ as well."""
    for digits in (15, 30, 60):
        shown = tuple(_decimal(x, digits) if isinstance(x, arb) else as_fraction(x)
                      for x in (left, right))  # fmt: skip
        if str(shown[0]) != str(shown[1]):
            break
    return shown[0], shown[1]


def _decimal(ball: arb, digits: int) -> sp.Float:
    """The middle of a ball; zero for one that contains it, where the middle is only noise."""
    if 0 in ball:
        return sp.Float(0, digits)
    return sp.Float(ball.mid().str(digits, radius=False), digits)


def _plain(value: Any) -> Any:
    """A value as a rational or as nested lists of them."""
    if isinstance(value, LazyArray):
        rank = max((len(position) for position in value), default=0)
        shape = tuple(1 + max(p[axis] for p in value) for axis in range(rank))
        full = np.full(shape, Fraction(0), dtype=object)
        for position, number in value.items():
            full[position] = number
        return full.tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, SparseArray):
        return value if math.prod(value.shape) > MANY else value.tolist()
    return as_fraction(value) if isinstance(value, fmpq) else value


def agrees_numerically(claim: Claim, seed: int = 0, tries: int = 2) -> bool | None:
    """Whether both sides of a claim agree at a few random points with unequal sizes.

    True: they do wherever they could be evaluated. False: they provably differ at one. None:
    no point could be evaluated.
    """
    rng = random.Random(seed)
    agreed = 0
    try:
        claim = put_in(claim)
        maker = PointMaker(claim)
        if is_large(maker):
            found = _agrees_large(claim, maker)
            if found is not None or is_huge(maker):
                return found
        for _ in range(4 * tries):
            point = ordinary_point(maker, rng)
            if point is None:
                continue
            judged = agrees_at(claim, point)
            if judged is False:
                return False
            agreed += judged is True
            if agreed == tries:
                break
    except UnsupportedError:
        return None
    return True if agreed else None


def _agrees_large(claim: Claim, maker: PointMaker) -> bool | None:
    try:
        return agrees_large(claim, maker)
    except UnsupportedError:
        return None


def agrees_at(claim: Claim, point: Point) -> bool | None:
    """Whether both sides agree at a point: False where they provably differ, None where they
    cannot be evaluated or told apart.
    """
    try:
        left, right = sides(claim, point, FLOATING)
    except (EvaluationError, ShapeError):
        return None
    if (_excess(claim, left, right) > _AGREEMENT).any():
        return _judged(claim, point)
    return True


def _judged(claim: Claim, point: Point) -> bool | None:
    """Whether sides of which floats have lost the digits are as good as equal: False where they
    provably differ, None where neither can be told.
    """
    for field in (BALL, FINE):
        try:
            left, right = sides(claim, point, field)
        except (EvaluationError, ShapeError):
            return None
        close = True
        for entry in np.ndindex(left.shape):
            try:
                if _violated(claim, left[entry], right[entry], field):
                    return False
            except Inconclusive:
                close = close and _is_nothing(left[entry] - right[entry], field)
        if close:
            return True
    return None


def _is_nothing(gap: Any, field: Field) -> bool:
    """Whether a number provably is too small to matter."""
    bound = field.number(_NOTHING)
    try:
        return field.sign(gap - bound) < 0 and field.sign(-gap - bound) < 0
    except Inconclusive:
        return False


def agrees_somewhere(claim: Claim) -> bool | None:
    """The same at the first of many points, of several sizes and magnitudes, that gives both sides
    a value; None where it is not known whether one does.

    :raises Undefined: where none does: what is said there, such as of log(−exp x), says nothing.
    """
    tried = 0
    claim = put_in(claim)
    maker = PointMaker(claim)
    for point in () if is_huge(maker) else _many_points(maker):
        try:
            left, right = sides(claim, point, FLOATING)
        except Undefined:
            tried += 1
        except (EvaluationError, ShapeError, UnsupportedError):
            return None
        else:
            differ = (_excess(claim, left, right) > _AGREEMENT).any()
            return _judged(claim, point) if differ else True
    if tried >= _ENOUGH:
        raise Undefined("no point was found at which both sides have a value")
    return None


def _many_points(maker: PointMaker) -> Iterator[Point]:
    """Points of several sizes and magnitudes at which every assumption holds."""
    budget = share(_WORK)
    for sizes in islice(maker.sizes(), _SIZES):
        for level in range(LEVELS + _MIXED):
            for base in islice(admitted(maker, sizes, level, random.Random(level), budget), 2):
                for position in islice(maker.positions(sizes), 2):
                    point = Point({**base.sizes, **position}, base.values, base.functions)
                    if maker.admits(point, local=True):
                        yield point


def ordinary_point(maker: PointMaker, rng: random.Random) -> Point | None:
    """A random point of unequal sizes at which every assumption holds, where one is found."""
    if is_huge(maker):
        return None
    sizes = _unequal_sizes(maker, rng)
    return None if sizes is None else _some_point(maker, sizes, rng)


def point_of(maker: PointMaker, witness: Witness) -> Point | None:
    """The point that a witness describes; None for one with arrays without a shape."""
    names = witness_names(maker.claim)
    named = {names.get(s, str(s)): s for s in (*maker.dimensions, *maker.indices)}
    sizes = {named[name]: size for name, size in witness.sizes.items() if name in named}
    values: dict[Any, Any] = {}
    for symbol in (*maker.scalars, *maker.arrays):
        value = witness.values.get(names.get(symbol, str(symbol)))
        if value is None or (symbol in maker.arrays and symbol.shape is None):
            return None
        if isinstance(value, SparseArray):
            return None
        values[symbol] = np.array(value, dtype=object) if isinstance(value, list) else value
    return Point(sizes, values, witness.functions)


def _unequal_sizes(maker: PointMaker, rng: random.Random) -> dict[Any, int] | None:
    """Sizes that are as unequal as they can be while they are small."""
    count = len(maker.dimensions)
    for _ in range(10):
        pool = [2, 3] if count <= 2 else [1, 2, 3]
        rng.shuffle(pool)
        sizes = [pool[k % len(pool)] for k in range(count)]
        candidate = dict(zip(maker.dimensions, sizes, strict=True))
        if maker.admits_sizes(candidate):
            return candidate
    return next(maker.sizes(), None)


def _some_point(maker: PointMaker, sizes: dict[Any, int], rng: random.Random) -> Point | None:
    """A random point of these sizes at which every assumption holds."""
    for level in (ORDINARY, rng.choice((0, 3)), LEVELS):
        for values in maker.values(sizes, level, rng):
            point = maker.point(sizes, values)
            if not maker.admits(point, local=False):
                continue
            positions = list(maker.positions(sizes))
            rng.shuffle(positions)
            for position in positions[:8]:
                chosen = Point({**point.sizes, **position}, point.values, point.functions)
                if maker.admits(chosen, local=True):
                    return chosen
    return None
