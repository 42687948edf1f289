"""Would a claim hold with another documented side? In numbers first, where nearly all fail; then
by proof, as any claim is proved.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, islice, permutations
from typing import Any

import numpy as np
import sympy as sp

from derive import induction
from derive.claims import Claim
from derive.decide import Rung, prove_equal
from derive.errors import DeriveError, ShapeError
from derive.evaluate import FLOATING, Point, Values, sides
from derive.fields import EvaluationError, Inconclusive
from derive.merge import Comparison
from derive.points import PointMaker
from derive.problem import Problem
from derive.refute import agrees_numerically, ordinary_point, point_of, relative
from derive.shapes import same_shape
from derive.statement import Statement, right_side
from derive.verdict import Witness

# The forms in which shared arrays stay names are all that most proofs need, in deep networks too.
LADDER = (Rung(3, False, 0.5), Rung(None, False, 0.1), Rung(None, True, 0.1))
PROOFS = 6  # that are tried
INDUCTION_SECONDS = 1.0  # for one of them
DRAWS = 5  # of points, until one shows the disagreement
_AGREEMENT = 1e-7
_LARGEST = 24  # numerator of a factor that a person forgets
_UNITS = 60
_SQUARES = 4  # matrices that may be meant to be symmetric
_FACTORS = 3  # that are tried where the points leave a choice

# Powers of a + b·symbol, as triples (a, b, symbol) with an exponent.
Unit = tuple[tuple[tuple[int, int, Any], int], ...]

_FAILURES = (DeriveError, EvaluationError, ArithmeticError, ValueError, TypeError, AttributeError)


@dataclass(frozen=True)
class Ground:
    """A point at which sides are compared: the derived and the documented one there."""

    point: Point
    values: Values
    left: np.ndarray
    right: np.ndarray

    def agrees(self, side: Any) -> bool:
        """Whether a side has the derived value here, as far as floats tell."""
        try:
            value = self.values.of(side)
        except _FAILURES:
            return False
        if value.shape != self.left.shape:
            if {value.shape, self.left.shape} != {(), (1, 1)}:
                return False
            value = value.reshape(self.left.shape)
        return _close(self.left, value)

    def factor(self, doubled: Any) -> float | None:
        """The factor c of a part with which the side agrees here, from the side with that part
        doubled: (c − 1)·(doubled − documented) = derived − documented. NaN for any factor.
        """
        try:
            slope = self.values.of(doubled).reshape(self.right.shape) - self.right
        except _FAILURES:
            return None
        gap = self.left - self.right
        scale = 1e-9 * (1 + np.abs(self.left).max() + np.abs(self.right).max())
        moving = np.abs(slope) > scale
        if (np.abs(gap[~moving]) > scale).any():
            return None
        found = 1 + gap[moving] / slope[moving]
        if found.size == 0:
            return float("nan")
        middle = float(found.flat[0])
        return middle if (np.abs(found - middle) <= _AGREEMENT * (1 + abs(middle))).all() else None


def _close(left: np.ndarray, right: np.ndarray) -> bool:
    return not (relative(np.abs(left - right), left, right) > _AGREEMENT).any()


class Trial:
    """One claim, tried with other documented sides.

    :param witness: what refutes the claim as it is, where something does.
    """

    def __init__(
        self,
        problem: Problem,
        claim: Claim,
        statement: Statement,
        deadline: float,
        witness: Witness | None = None,
    ) -> None:
        self.problem = problem
        self.statement = statement
        self.deadline = deadline
        self.claim = claim
        self._maker = PointMaker(claim)
        self._witness = witness
        self._proofs = PROOFS
        self._found: list[Ground] = []
        self._more = self._make_grounds()

    def renew(self, deadline: float) -> None:
        """Allow more time and more proofs."""
        self.deadline = deadline
        self._proofs = PROOFS

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.process_time() > self.deadline

    # ---- numbers

    def grounds(self) -> Iterator[Ground]:
        """The points at which a side has to agree, made as they are asked for."""
        yield from self._found
        for ground in self._more:
            self._found.append(ground)
            yield ground

    def _make_grounds(self) -> Iterator[Ground]:
        """A point of unequal sizes at which the documented side is wrong, the witness, and a
        point of other sizes.
        """
        rng = random.Random(0)
        points = (ordinary_point(self._maker, rng) for _ in range(DRAWS))
        wrong = self._is_wrong if self._witness is not None else None
        first = next(filter(wrong, map(self._ground, points)), None)
        if first is not None:
            yield first
        if self._witness is not None:
            yield from filter(None, [self._ground(point_of(self._maker, self._witness))])
        if first is not None:
            sizes = first.point.sizes
            others = (point for point in points if point is not None)
            second = next((p for p in islice(others, 2) if p.sizes != sizes or not sizes), None)
            yield from filter(None, [self._ground(second)])

    @staticmethod
    def _is_wrong(ground: Ground | None) -> bool:
        return ground is not None and not _close(ground.left, ground.right)

    def _ground(self, point: Point | None) -> Ground | None:
        if point is None:
            return None
        try:
            left, right = sides(self.claim, point, FLOATING)
        except (EvaluationError, ShapeError, Inconclusive):
            return None
        return Ground(point, Values(point, self.claim.where), left, right)

    def agrees(self, side: Any) -> bool:
        """Whether a side has the derived values at every point that was found."""
        found = False
        for ground in self.grounds():
            if not ground.agrees(side):
                return False
            found = True
        return found

    def factors(self, doubled: Any) -> list[Any]:
        """The simple factors of a part with which the claim agrees at the points."""
        possible: list[tuple[Unit, Fraction]] | None = None
        for ground in self.grounds():
            value = ground.factor(doubled)
            if value is None:
                return []
            if value != value:
                continue
            if possible is None:
                possible = list(self._possible(value, ground.point))
            else:
                point = ground.point
                possible = [p for p in possible if _is_multiple(value, *p, point)]
            if not possible:
                return []
        return [
            sp.Rational(rational.numerator, rational.denominator)
            * sp.Mul(*((a + b * symbol) ** e for (a, b, symbol), e in unit))
            for unit, rational in islice(possible or (), _FACTORS)
        ]

    def _possible(self, value: float, point: Point) -> Iterator[tuple[Unit, Fraction]]:
        """The simple factors that have a value at a point, the simplest first."""
        for unit in islice(self._units(), _UNITS):
            worth = _worth(unit, point)
            if worth and math.isfinite(worth):
                rational = Fraction(value / worth).limit_denominator(_LARGEST)
                if abs(rational.numerator) <= _LARGEST and _is_multiple(
                    value, unit, rational, point
                ):
                    yield unit, rational

    def _units(self) -> Iterator[Unit]:
        """What a factor may consist of besides a rational: sizes and scalars."""
        sizes = [(0, 1, size) for size in self._maker.dimensions]
        scalars = [(0, 1, scalar) for scalar in self._maker.scalars]
        yield ()
        for s in sizes:
            less = (-1, 1, s[2])
            yield from (((s, -1),), ((s, 1),), ((less, 1), (s, -1)), ((s, 1), (less, -1)))
        for s in scalars:
            less = (1, -1, s[2])
            yield from (((s, 1),), ((s, -1),), ((s, 2),), ((s, -2),), ((less, 1),), ((less, -1),))
        yield from (((a, 1), (b, -1)) for a, b in permutations(sizes, 2))
        yield from (((a, 1), (b, -1)) for a in scalars for b in sizes)
        yield from (((a, -1), (b, -1)) for a, b in combinations(sizes, 2))

    # ---- proof

    def holds(self, side: Any) -> bool:
        """Whether the claim is proved with another documented side."""
        return self.agrees(side) and self.proved(side)

    def proved(self, side: Any) -> bool:
        """A proof, with the cheap canonical forms, or by an induction."""
        problem, statement = self.problem, self.statement
        if self._proofs == 0 or problem.lowering.unsafe_reads:
            return False
        self._proofs -= 1
        met = dict(problem.met)
        try:
            shape = problem.shapes.of(side)
            if not same_shape(shape, statement.shape):
                return False
            right = right_side(problem, side, statement.place)
            # What is read outside an array has no value.
            if problem.lowering.unsafe_reads:
                return False
            sides = statement.left, right
            place = statement.place
            arrays = Comparison(*sides, problem, self.deadline, place)
            if arrays.deep and arrays.proof() is not None:
                return True
            if prove_equal(*sides, problem.prepare, self.deadline, LADDER, place) is not None:
                return True
            end = min(self.deadline, time.process_time() + INDUCTION_SECONDS)
            return induction.refers_to_itself(*sides) and (
                induction.prove(*sides, problem.prepare, end) is not None
            )
        except (DeriveError, RecursionError, ArithmeticError):
            return False
        finally:
            problem.met = met


def holds_if_symmetric(
    problem: Problem, claim: Claim, statement: Statement, deadline: float
) -> str:
    """The matrices that have to be symmetric for a claim to be proved, in words; '' for none."""
    wrt = getattr(claim, "wrt", None)
    squares = [
        array for array in problem.lowering.arrays
        if isinstance(array.symbol, sp.MatrixSymbol) and "symmetric" not in array.traits
        and array.symbol.shape[0] == array.symbol.shape[1] != 1
        and (wrt is None or not wrt.has(array.symbol))
    ]  # fmt: skip
    groups = [(array,) for array in squares] + ([tuple(squares)] if len(squares) > 1 else [])
    for group in groups if len(squares) <= _SQUARES else ():
        if time.process_time() > deadline:
            return ""
        symbols = [array.symbol for array in group]
        assumed = replace(claim, given=(*claim.assumed, *map(sp.Q.symmetric, symbols)))  # type: ignore[call-arg]
        if not agrees_numerically(assumed):
            continue
        kept = [array.traits for array in group]
        try:
            for array in group:
                array.traits |= {"symmetric"}
            sides = statement.left, statement.right
            if prove_equal(*sides, problem.prepare, deadline, LADDER, statement.place):
                names = " and ".join(map(str, symbols))
                return f"it would hold if {names} were symmetric"
        except DeriveError:
            return ""
        finally:
            for array, traits in zip(group, kept, strict=True):
                array.traits = traits
    return ""


def _worth(unit: Unit, point: Point) -> float:
    """A factor's value at a point; NaN where it has none."""
    result = 1.0
    for (constant, slope, symbol), exponent in unit:
        value = point.sizes[symbol] if symbol in point.sizes else point.values[symbol]
        base = float(constant + slope * value)
        result *= base**exponent if base else math.nan
    return result


def _is_multiple(value: float, unit: Unit, rational: Fraction, point: Point) -> bool:
    return abs(value - float(rational) * _worth(unit, point)) <= _AGREEMENT * (1 + abs(value))
