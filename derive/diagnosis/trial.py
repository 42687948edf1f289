"""Would a claim hold with another documented side? In numbers first, where nearly all fail; then
by proof, as any claim is proved.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations, islice, permutations
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from derive.base.budget import Budget, spend
from derive.base.errors import DeriveError, ShapeError
from derive.claims.kinds import Claim
from derive.claims.verdict import Witness
from derive.diagnosis.definitions import Meant
from derive.evaluation.evaluate import FLOATING, Point, Values, sides
from derive.evaluation.fields import EvaluationError, Inconclusive, Undefined
from derive.language.dims import same_shape
from derive.language.sequences import Recurrence
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement, right_side, state
from derive.proof.arrays.merge import Comparison
from derive.proof.decide import Rung, prove_equal
from derive.proof.hypotheses import Hypotheses
from derive.proof.induction import induction
from derive.proof.induction.suggested import Numbers
from derive.refutation.points import PointMaker
from derive.refutation.search import (
    agrees_numerically,
    agrees_somewhere,
    ordinary_point,
    point_of,
    relative,
)

# Most proofs need only the forms that leave shared arrays opaque, in deep networks too.
LADDER = (Rung(3, False, 0.5e6), Rung(None, False, 0.1e6), Rung(None, True, 0.1e6))
PROOFS = 6  # that are tried
PROOF_WORK = 2e6  # for one of them
SOLVED = 100  # units of work for what a few terms come to
INDUCTIONS = 2
INDUCTION_WORK = 5e6  # for one of them: a cell with gates takes as much
DRAWS = 5  # of points; twice as many where some size is the same at all of them
OTHERS = 2  # points besides one of unequal sizes that shows the disagreement, and the witness
_AGREEMENT = 1e-7
_CANCELLED = 1e-13  # of numbers of a few eighths: what floats leave of a sum that is zero
_LARGEST = 24  # numerator of a factor that a person forgets
_DENOMINATORS = np.arange(1, _LARGEST + 1)
_UNITS = 60
_HALF = sp.S.Half
_SQUARES = 4  # matrices that may be meant to be symmetric
_MULTIPLES = 80  # products that the number before a term may be
_FACTORS = 3  # that are tried where the points leave a choice

# Powers of a + b·symbol, as triples (a, b, symbol) with an exponent.
Unit = tuple[tuple[tuple[int, int, Any], Any], ...]

_FAILURES = (
    DeriveError, EvaluationError, ArithmeticError, ValueError, TypeError, AttributeError,
    LookupError,
)  # fmt: skip


class Ground(NamedTuple):
    """A point at which sides are compared: the derived and the documented one there."""

    point: Point
    values: Values
    left: np.ndarray
    right: np.ndarray

    def of(self, meant: Meant) -> np.ndarray:
        """The value of a side, by what it is defined by."""
        return self.values.of(meant.side, meant.where)

    def agrees(self, meant: Meant) -> bool:
        """Whether a side has the derived value here, as far as floats tell."""
        try:
            value = self.of(meant)
        except _FAILURES:
            return False
        if value.shape != self.left.shape:
            if {value.shape, self.left.shape} != {(), (1, 1)}:
                return False
            value = value.reshape(self.left.shape)
        # Where terms cancel, what is left of them is as good as zero.
        apart = np.abs(self.left - value)
        gap = relative(apart, self.left, np.abs(value) + np.abs(self.right))
        return not ((gap > _AGREEMENT) & (apart > _CANCELLED)).any()

    def turned(self) -> Ground:
        """The same point for the claim with its sides exchanged."""
        return self._replace(left=self.right, right=self.left)

    def combination(self, terms: Sequence[Any]) -> np.ndarray | None:
        """The numbers with which some terms together are derived − documented here; None where
        there are none, NaN where they may be any.
        """
        spend(SOLVED)
        try:
            values = [self.values.of(term).reshape(self.right.shape) for term in terms]
        except _FAILURES:
            return None
        gap = (self.left - self.right).reshape(-1)
        columns = np.stack([value.reshape(-1) for value in values], axis=1)
        if not np.isfinite(columns).all() or not np.isfinite(gap).all():
            return None
        found, _, rank, _ = np.linalg.lstsq(columns, gap, rcond=1e-9)
        scale = 1 + np.abs(self.left).max() + np.abs(self.right).max()
        if (np.abs(columns @ found - gap) > _AGREEMENT * scale).any():
            return None
        seen = rank == len(terms) and (np.abs(columns).max(axis=0) > 1e-9 * scale).all()
        return found if seen else np.full(len(terms), math.nan)

    def ratio(self, meant: Meant) -> float | None:
        """The number c with which c times a side is the derived one here; NaN for any."""
        try:
            value = self.of(meant).reshape(self.left.shape)
        except _FAILURES:
            return None
        return _only_ratio(self.left, value, 1e-9 * (1 + np.abs(self.left).max()))

    def factor(self, doubled: Meant) -> float | None:
        """The factor c of a part with which the side agrees here, from the side with that part
        doubled: (c − 1)·(doubled − documented) = derived − documented. NaN for any factor.
        """
        try:
            slope = self.of(doubled).reshape(self.right.shape) - self.right
        except _FAILURES:
            return None
        scale = 1e-9 * (1 + np.abs(self.left).max() + np.abs(self.right).max())
        found = _only_ratio(self.left - self.right, slope, scale)
        return None if found is None else 1 + found


def _only_ratio(above: np.ndarray, below: np.ndarray, scale: float) -> float | None:
    """The number c with c·below = above in all entries; NaN for any, None for none."""
    moving = np.abs(below) > scale
    if (np.abs(above[~moving]) > scale).any():
        return None
    found = above[moving] / below[moving]
    if found.size == 0:
        return float("nan")
    middle = float(found.flat[0])
    return middle if (np.abs(found - middle) <= _AGREEMENT * (1 + abs(middle))).all() else None


def _close(left: np.ndarray, right: np.ndarray) -> bool:
    apart = np.abs(left - right)
    return not ((relative(apart, left, right) > _AGREEMENT) & (apart > _CANCELLED)).any()


class Trial:
    """One claim, tried with other documented sides.

    :param budget: for trying.
    :param witness: what refutes the claim as it is, where something does.
    :param whole: for proofs of what agrees in numbers; few do.
    """

    def __init__(
        self,
        problem: Problem,
        claim: Claim,
        statement: Statement,
        budget: Budget,
        witness: Witness | None = None,
        whole: Budget | None = None,
    ) -> None:
        self.problem = problem
        self.statement = statement
        self.budget = budget
        self._whole = whole or budget
        self.claim = claim
        self._maker = PointMaker(claim)
        self._witness = witness
        self._proofs = PROOFS
        self._inductions = INDUCTIONS
        self._found: list[Ground] = []
        self._worths: dict[int, tuple[list[Unit], list[float]]] = {}  # by points that are kept
        self._more = self._make_grounds()

    def turned(self, claim: Claim, budget: Budget, witness: Witness) -> Trial:
        """A trial of the same claim with its sides exchanged, at the same points."""
        back = self.statement._replace(left=self.statement.right, right=self.statement.left)
        trial = Trial(self.problem, claim, back, budget, witness, self._whole)
        trial._more = (ground.turned() for ground in self.grounds())
        return trial

    def renew(self, budget: Budget) -> None:
        """Allow more work and more proofs."""
        self.budget = budget
        self._proofs = PROOFS

    @property
    def late(self) -> bool:
        """Whether there is no work left to do."""
        return self.budget.over

    # ---- numbers

    def grounds(self) -> Iterator[Ground]:
        """The points at which a side has to agree, made as they are asked for."""
        yield from self._found
        for ground in self._more:
            self._found.append(ground)
            yield ground

    def _make_grounds(self) -> Iterator[Ground]:
        """A point of unequal sizes at which the documented side is wrong, the witness, and points
        of other sizes.
        """
        rng = random.Random(0)
        drawn: list[Ground] = []
        wrong: list[Ground] = []
        for count in range(2 * DRAWS):
            if count >= DRAWS and self._sizes_vary(wrong or drawn):
                break
            ground = self._ground(ordinary_point(self._maker, rng))
            if ground is None:
                continue
            drawn.append(ground)
            if self._witness is not None and self._is_wrong(ground):
                wrong.append(ground)
                if len(wrong) == 1:  # most sides are seen to be wrong here or at the next one
                    yield ground
                    yield from self._witnessed()
        if not wrong:
            yield from self._witnessed()
        # Where the documented side happens to be right, so is what is meant.
        rest = [g for g in drawn if not wrong or g is not wrong[0]]
        first = wrong[0].point.sizes if wrong else {}
        rest.sort(key=lambda g: sum(g.point.sizes[s] == first[s] for s in first))
        rest.sort(key=lambda g: not self._is_wrong(g))
        yield from rest[:OTHERS]
        yield from [g for g in rest[OTHERS:] if not self._is_wrong(g)][:1]

    def _witnessed(self) -> list[Ground]:
        """The witness, where one is known."""
        if self._witness is None:
            return []
        ground = self._ground(point_of(self._maker, self._witness))
        return [] if ground is None else [ground]

    def _sizes_vary(self, grounds: Sequence[Ground]) -> bool:
        """Whether no size is the same at all of some points, where it could be a number."""
        return all(len({g.point.sizes[s] for g in grounds}) > 1 for s in self._maker.dimensions)

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

    def agrees(self, meant: Meant) -> bool:
        """Whether a side has the derived values at every point that was found."""
        if self._through_time is not None and not self._through_time.agrees(meant):
            return False
        found = False
        for ground in self.grounds():
            if not ground.agrees(meant):
                return False
            found = True
        return found

    @cached_property
    def _through_time(self) -> Ground | None:
        """Where something runs through time, the witness: few steps and small sizes, where most
        sides are seen to be wrong at a fraction of the work.
        """
        if self._witness is None or not any(
            isinstance(value, Recurrence) for value in self.claim.where.values()
        ):
            return None
        ground = self._ground(point_of(self._maker, self._witness))
        return ground if self._is_wrong(ground) else None

    def wrong_entries(self, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The entries of the documented side that differ from the derived ones at some point."""
        wrong: set[tuple[int, ...]] = set()
        for ground in self.grounds():
            if ground.left.shape != shape or ground.right.shape != shape:
                return []
            gap = relative(np.abs(ground.left - ground.right), ground.left, ground.right)
            wrong |= {tuple(map(int, place)) for place in np.argwhere(gap > _AGREEMENT)}
        return sorted(wrong)

    def alike(self, symbol: Any) -> list[Any]:
        """The other variables of the claim that have the shape of one."""
        shape = self.problem.shapes.of(symbol)
        others = (*self.claim.where, *self._maker.scalars, *self._maker.arrays)
        return [
            other
            for other in others
            if other != symbol
            and isinstance(other, type(symbol))
            and same_shape(self.problem.shapes.of(other), shape)
        ][:_SQUARES]

    def factors(self, doubled: Meant, added: bool = False) -> list[Any]:
        """The simple factors of a part with which the claim agrees at the points; where the part is
        ``added``, of what stands there once more than it is documented.
        """
        return self._common((g, None if (c := g.factor(doubled)) is None else c - added)
                            for g in self.grounds())  # fmt: skip

    def multiples_of(self, meant: Meant) -> list[Any]:
        """The simple factors with which a side agrees at the points."""
        return self._common((ground, ground.ratio(meant)) for ground in self.grounds())

    def _common(self, found: Iterable[tuple[Ground, float | None]]) -> list[Any]:
        """The simple factors that have some values at points; a point with NaN leaves any."""
        possible: list[tuple[Unit, Fraction]] | None = None
        for ground, value in found:
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
        units, worths = self._worths_at(point)
        for number in _near_simple(value, worths):
            rational = Fraction(value / worths[number]).limit_denominator(_LARGEST)
            unit = units[number]
            if abs(rational.numerator) <= _LARGEST and _is_multiple(value, unit, rational, point):
                yield unit, rational

    def _worths_at(self, point: Point) -> tuple[list[Unit], list[float]]:
        """What a factor may consist of besides a rational, and its values at a point."""
        found = self._worths.get(id(point))
        if found is None:
            worths = [(unit, _worth(unit, point)) for unit in islice(self._units(), _UNITS)]
            worths = [(unit, worth) for unit, worth in worths if worth and math.isfinite(worth)]
            found = self._worths[id(point)] = [u for u, _ in worths], [w for _, w in worths]
        return found

    def _units(self) -> Iterator[Unit]:
        """What a factor may consist of besides a rational: sizes and scalars."""
        sizes = [(0, 1, size) for size in self._maker.dimensions]
        scalars = [(0, 1, scalar) for scalar in self._maker.scalars]
        yield ()
        for s in sizes:
            less = (-1, 1, s[2])
            yield from (((s, -1),), ((s, 1),), ((less, 1), (s, -1)), ((s, 1), (less, -1)))
            yield from (((s, -_HALF),), ((s, _HALF),))
        for s in scalars:
            less = (1, -1, s[2])
            yield from (((s, 1),), ((s, -1),), ((s, 2),), ((s, -2),), ((less, 1),), ((less, -1),))
        yield from (((a, 1), (b, -1)) for a, b in permutations(sizes, 2))
        yield from (((a, 1), (b, -1)) for a in scalars for b in sizes)
        yield from (((a, -1), (b, -1)) for a, b in combinations(sizes, 2))

    def multiples(
        self, terms: Sequence[Any], scalars: Sequence[Any]
    ) -> Iterator[tuple[tuple[Any, Any], ...]]:
        """The simple numbers with which some terms together are what the documented side lacks at
        every point, each with its term.

        :param scalars: what a number may be made of, besides sizes.
        """
        fitted: list[tuple[Ground, np.ndarray]] = []
        for ground in self.grounds():
            found = ground.combination(terms)
            if found is None:
                return
            if not np.isnan(found).any():
                fitted.append((ground, found))
        if not fitted:
            return
        units = list(islice(self.worths([g for g, _ in fitted], scalars), _MULTIPLES))
        numbers = []
        for place in range(len(terms)):
            values = np.array([found[place] for _, found in fitted])
            number = next((n for n in (simple_number(values, *unit) for unit in units) if n), None)
            if number is None:
                return
            numbers.append(number)
        yield tuple(zip(numbers, terms, strict=True))

    def worths(
        self, grounds: Sequence[Ground], scalars: Sequence[Any]
    ) -> Iterator[tuple[Any, np.ndarray]]:
        """Products of powers of sizes and scalars, each with its values at some points."""
        sizes = [(s**e) for s in self._maker.dimensions for e in (-1, 1)]
        powers = [(s**e) for s in scalars for e in (-1, 1, -2, 2, -3, -_HALF, -3 * _HALF)]
        for unit in (sp.S.One, *sizes, *powers, *(a * b for a in sizes for b in powers)):
            try:
                values = [float(ground.values.of(unit).reshape(())) for ground in grounds]
            except _FAILURES:
                continue
            if all(map(math.isfinite, values)) and all(values):
                yield unit, np.array(values)

    # ---- proof

    def proves(self, problem: Problem, statement: Statement) -> bool:
        """Whether another claim is proved, by the means by which repairs are."""
        if problem.lowering.unsafe_reads:
            return False
        try:
            return self._proves(problem, statement, self.budget)
        except (DeriveError, RecursionError, ArithmeticError):
            return False

    @staticmethod
    def _proves(problem: Problem, statement: Statement, budget: Budget) -> bool:
        sides, place = (statement.left, statement.right), statement.place
        prepare = Hypotheses.of(problem).prepare
        return prove_equal(*sides, prepare, budget, LADDER, place) is not None

    def holds(self, meant: Any) -> bool:
        """Whether the claim is proved with another documented side, or with other definitions."""
        meant = meant if isinstance(meant, Meant) else Meant(meant)
        if not self.agrees(meant):
            return False
        return self._proved_by(meant) if meant.where else self.proved(meant.side)

    def _proved_by(self, meant: Meant) -> bool:
        """Whether the claim is proved with other definitions."""
        return self._proved_anew(replace(self.claim, where={**self.claim.where, **meant.where}))

    def _proved_anew(self, asked: Any) -> bool:
        """Whether another claim is proved, read from the start."""
        try:
            fields = tuple(getattr(asked, name) for name in asked.expression_fields)
            problem = Problem(fields, asked.where, asked.assumed)
            statement = state(problem, asked)
        except DeriveError:
            return False
        return statement is not None and self._proof(problem, statement)

    def proved(self, side: Any) -> bool:
        """Whether the claim is proved with another documented side."""
        problem, statement = self.problem, self.statement
        if problem.lowering.unsafe_reads:  # as those of the documented side may be alone
            return self._proved_anew(
                replace(self.claim, **{self.claim.expression_fields[-1]: side})
            )
        met = dict(problem.met)
        try:
            if not same_shape(problem.shapes.of(side), statement.shape):
                return False
            right = right_side(problem, side, statement.place)
            return self._proof(problem, statement._replace(right=right))
        except DeriveError:
            return False
        finally:
            problem.met = met

    def _proof(self, problem: Problem, statement: Statement) -> bool:
        """A proof, with the cheap canonical forms, or by an induction."""
        # What is read outside an array has no value.
        if self._proofs == 0 or problem.lowering.unsafe_reads:
            return False
        self._proofs -= 1
        if self._proved_by_induction(problem, statement):
            return True
        budget = self._whole.share(PROOF_WORK)
        sides, place = (statement.left, statement.right), statement.place
        try:
            arrays = Comparison(*sides, problem, budget, place)
            if arrays.deep and arrays.proof() is not None:
                return True
            if self._proves(problem, statement, budget):
                return True
            return not arrays.deep and arrays.proof() is not None
        except (DeriveError, RecursionError, ArithmeticError):
            return False

    def _proved_by_induction(self, problem: Problem, statement: Statement) -> bool:
        sides = statement.left, statement.right
        if self._inductions == 0 or not induction.is_due(self.claim, *sides):
            return False
        self._inductions -= 1
        left = self.budget.left
        numbers = None if problem.given else Numbers(sides)
        prepare, end = Hypotheses.of(problem).prepare, self._whole.share(INDUCTION_WORK)
        try:
            return induction.prove(*sides, prepare, end, numbers, statement.place) is not None
        except (DeriveError, RecursionError, ArithmeticError):
            return False
        finally:  # others are still to be tried
            self.budget = self._whole.share(left)


def holds_if_symmetric(problem: Problem, claim: Claim, statement: Statement, budget: Budget) -> str:
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
        if budget.over:
            return ""
        symbols = [array.symbol for array in group]
        assumed = replace(claim, given=(*claim.assumed, *map(sp.Q.symmetric, symbols)))  # type: ignore[call-arg]
        if not agrees(assumed):
            continue
        kept = [array.traits for array in group]
        try:
            for array in group:
                array.traits |= {"symmetric"}
            sides = statement.left, statement.right
            if prove_equal(*sides, Hypotheses.of(problem).prepare, budget, LADDER, statement.place):
                names = " and ".join(map(str, symbols))
                return f"it would hold if {names} were symmetric"
        except DeriveError:
            return ""
        finally:
            for array, traits in zip(group, kept, strict=True):
                array.traits = traits
    return ""


def agrees(claim: Claim) -> bool:
    """Whether a claim agrees in numbers; logarithms of matrices have values at few points."""
    agreed = agrees_numerically(claim)
    try:
        return bool(agrees_somewhere(claim) if agreed is None else agreed)
    except Undefined:
        return False


def _near_simple(value: float, worths: Sequence[float]) -> list[int]:
    """The places of those worths of which a simple rational multiple may be near a value."""
    if not worths or not math.isfinite(value):
        return []
    ratios = value / np.array(worths)
    slack = 2 * _AGREEMENT * (1 + abs(value)) / np.abs(worths)
    near = np.abs(ratios[:, None] - np.rint(ratios[:, None] * _DENOMINATORS) / _DENOMINATORS)
    return [int(place) for place in np.flatnonzero(near.min(axis=1) <= slack)]


def simple_number(values: np.ndarray, unit: Any, worth: np.ndarray) -> Any:
    """A simple rational times a unit that has some values; None for none."""
    ratios = values / worth
    rational = Fraction(float(ratios[0])).limit_denominator(_LARGEST)
    if not rational or abs(rational.numerator) > _LARGEST:
        return None
    near = np.abs(ratios - float(rational)) <= _AGREEMENT * (1 + np.abs(ratios))
    return sp.Rational(rational.numerator, rational.denominator) * unit if near.all() else None


def _worth(unit: Unit, point: Point) -> float:
    """A factor's value at a point; NaN where it has none."""
    result = 1.0
    for (constant, slope, symbol), exponent in unit:
        value = point.sizes[symbol] if symbol in point.sizes else point.values[symbol]
        base = float(constant + slope * value)
        result *= base ** float(exponent) if base or exponent > 0 else math.nan
    return result


def _is_multiple(value: float, unit: Unit, rational: Fraction, point: Point) -> bool:
    return abs(value - float(rational) * _worth(unit, point)) <= _AGREEMENT * (1 + abs(value))
