"""A witness as a person would choose it: small whole numbers, and sides that are seen to differ.

The search finds a point at which a claim is wrong. Here simpler points nearby are tried, few of
them, and one is taken only where the claim is provably wrong there as well.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from derive.base.budget import Budget
from derive.evaluation.evaluate import LazyArray, Point
from derive.refutation.points import PointMaker
from derive.refutation.properties import flattened

TRIED = 60  # points
PLAIN_ENTRY = 3  # what a person puts into an example
PLAIN_SIDE = 60  # and can compute by heart
NEGATIVE = 3  # the cost of a label or a probability below 0
LEAST = 0.02  # what is smaller looks like 0
ENTRIES = 12  # that are tried one by one
DECIMAL = 4  # the cost of a side that is no fraction
SIMPLE = 4  # the denominator of a fraction that may cost less
NEAR = 1e-9  # what floats leave of a fraction, relative
_CHOICES = tuple(map(Fraction, (1, 2, -1, 0)))


Nearby = Generator[Point, Point | None, None]


def cost(maker: PointMaker, point: Point, left: Any, right: Any) -> float:
    """How hard a witness is to read; 0 for one of small whole numbers with plain sides."""
    shown = float(left), float(right)
    tiny = sum(_tininess(abs(number)) for number in (*shown, shown[0] - shown[1]))
    sides = _weight(left, PLAIN_SIDE) + _weight(right, PLAIN_SIDE)
    return cost_of_values(maker, point) + 2 * sides + tiny


def least_cost_of_sides(left: float, right: float) -> float:
    """What sides cost at least of which floats are known: of a number that is no simple fraction,
    as much as a decimal.
    """
    return 2 * sum(_weight(side, PLAIN_SIDE) for side in (left, right) if not _is_simple(side))


def least_cost_of_others(left: Any, right: Any) -> float:
    """What the sides cost at least at points nearby, seen from one of them: where what is simple is
    a decimal, it has come out of such a computation, and will again.
    """
    decimals = [float(side) for side in (left, right) if isinstance(side, sp.Float)]
    return 2 * DECIMAL * len(decimals) if any(map(_is_simple, decimals)) else 0


def _is_simple(side: float) -> bool:
    if not math.isfinite(side):
        return False
    near = Fraction(side).limit_denominator(SIMPLE)
    return abs(side - near) <= NEAR * (1 + abs(side))


def cost_of_values(maker: PointMaker, point: Point) -> float:
    """The part of the cost that is known before the sides are: it costs at least that."""
    values = sum(_weight(v, PLAIN_ENTRY) for value in point.values.values() for v in _each(value))
    functions = (f for f in point.functions.values() if isinstance(f, sp.Lambda))
    bodies = sum(map(_operations, functions))
    for symbol in _distributions(maker, point):
        values += sum(NEGATIVE for number in _each(point.values[symbol]) if number < 0)
    return values + bodies / 4


@lru_cache(maxsize=256)
def _operations(function: sp.Lambda) -> int:
    """How many operations a function takes; kept, since many points have it."""
    return int(function.expr.count_ops())


def _tininess(size: float) -> float:
    return math.log2(LEAST / size) if 0 < size < LEAST else 0.0


def _weight(number: Any, plain: int) -> float:
    if not isinstance(number, (int, Fraction)):  # a decimal: its magnitude alone
        return DECIMAL + max(0.0, math.log2(max(abs(float(number)), 1e-300) / plain))
    value = Fraction(number)
    large = math.log2(abs(value.numerator) / plain) if abs(value.numerator) > plain else 0.0
    return large + 2 * math.log2(value.denominator)


def _distributions(maker: PointMaker, point: Point) -> list[Any]:
    """The arrays that are given to sum to 1."""
    facts = [f for f in flattened(maker.claim.assumed) if isinstance(f, sp.Eq) and 1 in f.args]
    found = {a for fact in facts for a in fact.atoms(sp.MatrixSymbol, sp.IndexedBase)}
    return [symbol for symbol in point.values if symbol in found]


def _each(value: Any) -> list[Any]:
    if isinstance(value, LazyArray):
        return list(value.values())
    return list(value.flat) if isinstance(value, np.ndarray) else [value]


def nearby(maker: PointMaker, point: Point, budget: Budget) -> Nearby:
    """Simpler points than one, at most :data:`TRIED` of them; the last that was taken is gone on
    from, which ``send`` tells.
    """
    tried = 0
    for move in _moves(maker, point):
        if tried == TRIED or budget.over:
            return
        candidate = move(point)
        if candidate is None:
            continue
        tried += 1
        taken = yield candidate
        if taken is not None:
            point = taken


def _moves(maker: PointMaker, point: Point) -> Iterator[Any]:
    """Ways to simplify a point, the coarse ones first."""
    symbols = [s for s in point.values if not isinstance(point.values[s], LazyArray)]
    if point.functions:
        yield _with_plain_functions
    for symbol in _distributions(maker, point):
        for values in (_one_hot, _uniform):
            yield lambda p, s=symbol, v=values: _with_all(maker, p, s, v)
    for change in (_rounded, _clipped, _signs):
        yield lambda p, c=change: _changed(maker, p, {s: c for s in symbols})
        if len(symbols) > 1:
            for symbol in symbols:
                yield lambda p, c=change, s=symbol: _changed(maker, p, {s: c})
    for symbol in symbols:
        for place in list(np.ndindex(np.shape(point.values[symbol])))[:ENTRIES]:
            for choice in _CHOICES:
                yield lambda p, s=symbol, at=place, v=choice: _with_entry(maker, p, s, at, v)


def _with_plain_functions(point: Point) -> Point | None:
    """t², t³, … for undefined functions of one number of which nothing is assumed; the sum of the
    squares of all entries for one of matrices.
    """
    t = sp.Symbol("t")
    functions = dict(point.functions)
    for power, (function, value) in enumerate(point.functions.items(), 2):
        assumed = any(truth is True for truth in vars(function).values())
        if not isinstance(value, sp.Lambda) or assumed:
            continue
        if any(isinstance(v, sp.MatrixSymbol) for v in value.variables):
            entries = [e for v in value.variables for e in (v if v.is_Matrix else [v])]
            functions[function] = sp.Lambda(value.variables, sum(e**2 for e in entries))
        elif len(value.variables) == 1:
            functions[function] = sp.Lambda(t, t**power)
    if functions == dict(point.functions):
        return None
    return Point(point.sizes, point.values, functions)


def _with_all(maker: PointMaker, point: Point, symbol: Any, make: Any) -> Point | None:
    value = point.values[symbol]
    if not isinstance(value, np.ndarray) or not all(value.shape):
        return None
    axis = max((k for k, size in enumerate(value.shape) if size > 1), default=value.ndim - 1)
    made = make(value.shape[axis]).reshape([-1 if k == axis else 1 for k in range(value.ndim)])
    new = np.broadcast_to(made, value.shape).copy()
    if not all(maker.may_be(symbol, number) for number in new.flat):
        return None
    return _other(maker, point, {**point.values, symbol: new})


def _one_hot(size: int) -> np.ndarray:
    return np.array([Fraction(int(k == 0)) for k in range(size)], dtype=object)


def _uniform(size: int) -> np.ndarray:
    return np.array([Fraction(1, size)] * size, dtype=object)


def _rounded(value: Fraction) -> Fraction:
    """The whole number next to it, away from 0."""
    whole = Fraction(math.ceil(abs(value)))
    return whole if value >= 0 else -whole


def _clipped(value: Fraction) -> Fraction:
    return max(Fraction(-2), min(Fraction(2), _rounded(value)))


def _signs(value: Fraction) -> Fraction:
    return max(Fraction(-1), min(Fraction(1), _rounded(value)))


def _changed(maker: PointMaker, point: Point, changes: dict[Any, Any]) -> Point | None:
    values = dict(point.values)
    for symbol, change in changes.items():
        value = values[symbol]
        if isinstance(value, np.ndarray):
            new = np.empty(value.size, dtype=object)
            for place, number in enumerate(value.flat):
                new[place] = number
                if isinstance(number, (int, Fraction)):  # others solve what is given: log(1/2)
                    new[place] = _allowed(maker, symbol, change(Fraction(number)), number)
            values[symbol] = new.reshape(value.shape)
        elif isinstance(value, (int, Fraction)):
            values[symbol] = _allowed(maker, symbol, change(Fraction(value)), value)
    return _other(maker, point, values)


def _with_entry(
    maker: PointMaker, point: Point, symbol: Any, place: tuple[int, ...], number: Fraction
) -> Point | None:
    value = point.values[symbol]
    if not isinstance(value, np.ndarray):
        return _changed(maker, point, {symbol: lambda _: number})
    new = value.copy()
    new[place] = _allowed(maker, symbol, number, new[place])
    return _other(maker, point, {**point.values, symbol: new})


def _allowed(maker: PointMaker, symbol: Any, number: Fraction, before: Any) -> Any:
    """A number where a symbol may have it, and else what it had."""
    return number if maker.may_be(symbol, number) else before


def _other(maker: PointMaker, point: Point, values: dict[Any, Any]) -> Point | None:
    """The point with other values, where they are others and everything that is assumed holds."""
    same = all(np.array_equal(values[s], point.values[s]) for s in values)
    candidate = Point(point.sizes, values, point.functions)
    if same or not all(maker.admits(candidate, local) for local in (False, True)):
        return None
    return candidate
