"""The derived side in the document's own names: sums of products of the claim's arrays.

What the engine derives may be correct and hard to read: a softmax written out in exponentials,
sums over entries in the place of p∘(g − Σ p∘g). So the derived side is also looked for among sums
of up to three terms, each a simple number times a product of arrays that the claim has: a∘b, a sum
over an axis, a∘Σ(b∘c), a chain of matrices, a diagonal, an outer product; or all of this before or
after one more matrix. Numbers choose, by least squares at a few points; then the form that was
found is proved equal to the derived side, as any claim is. What is not proved is not shown.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from itertools import combinations, combinations_with_replacement, islice, permutations, product
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.base.budget import Budget, spend
from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.diagnosis.claimed import Documented
from derive.diagnosis.missing import scalars
from derive.diagnosis.pieces import CLOSE, Piece, around, sum_of
from derive.diagnosis.places import parts
from derive.diagnosis.trial import Ground, Trial, simple_number
from derive.evaluation.evaluate import FLOATING, Values, sides
from derive.evaluation.fields import EvaluationError, Inconclusive
from derive.language.dims import Dims, is_unit, same_shape
from derive.language.operators import LogSumExp, Softmax
from derive.language.sequences import Recurrence
from derive.lowering.problem import Problem
from derive.lowering.statement import Statement
from derive.presentation.answer import weight
from derive.refutation.draws import ORDINARY
from derive.refutation.large import is_huge
from derive.refutation.points import PointMaker
from derive.refutation.search import ordinary_point

WORK = 0.5e6
TERM, GROUP = 150, 2  # units of work for a term at all points, and for a few together
READABLE = 12  # the weight up to which a form is left as it is
PLAIN = 32  # the same of one without parts that documents rarely write
POINTS = 3
SIZES = (4, 5, 6)  # at which no more terms than a few fit by chance
MOST_ARRAYS = 10
MOST_CHAINS = 400
MOST_OWN = 9  # arrays of one shape
MOST_WEIGHED = 6  # of these, in a∘Σ(b∘c)
MOST_PRODUCTS = 2000  # of an array and a chain of two
MOST_TERMS = 300
MOST_IN_THREES = 72
MOST_UNITS = 80
MOST_ROOTS = 3
UNUSUAL = (
    sp.Sum,
    sp.FunctionMatrix,
    sp.KroneckerDelta,
    sp.OneMatrix,
    sp.Trace,
    sp.exp,
    sp.ImmutableMatrix,
)
_HALF = 1e-5  # for numbers from normal equations

_FAILURES = (DeriveError, EvaluationError, ArithmeticError, ValueError, TypeError, AttributeError)


def readable(
    problem: Problem, claim: Claim, statement: Statement, form: Any, budget: Budget
) -> Any:
    """A form of the derived side in the claim's own arrays, where one is found that is easier to
    read than the form that there is, and is proved equal to it; else that one.
    """
    if not claim.derivatives:
        return form
    heavy = weight(form) if form is not None else None
    enough = READABLE if form is None or form.has(*UNUSUAL) else PLAIN
    if len(statement.shape) != 2 or (heavy is not None and heavy <= enough):
        return form
    if problem.lowering.unsafe_reads:
        return form
    try:
        soon = budget.share(WORK)
        with np.errstate(all="ignore"):  # what overflows matches nothing
            for found in _Search(problem, claim, statement, soon).forms():
                if heavy is None or weight(found) < heavy:
                    return found
    except Exception:  # SymPy may choke on what nobody wrote; the form that there is stays
        return form
    return form


class _Search:
    """One derived side, looked for among the sums of products of the claim's arrays."""

    def __init__(
        self, problem: Problem, claim: Claim, statement: Statement, budget: Budget
    ) -> None:
        nothing = sp.ZeroMatrix(*statement.shape)
        self.claim = replace(claim, equals=nothing)  # type: ignore[call-arg]
        self.statement = statement
        self.budget = budget
        self.documented = Documented(claim, nothing, problem.shapes)
        self.trial = Trial(problem, self.claim, statement, budget)
        self.grounds: list[Ground] = []
        self.units: list[tuple[Any, np.ndarray]] = []

    @property
    def late(self) -> bool:
        return self.budget.over

    def forms(self) -> Iterator[Any]:
        """The forms that are proved, the simpler kinds first."""
        self.grounds = list(islice(self._points(), POINTS))
        if len(self.grounds) < 2:
            return
        self.units = list(self._units())
        wanted = [g.left for g in self.grounds]
        if not any(np.abs(v).max(initial=0) > CLOSE for v in wanted):
            return
        kinds = []
        for factor, before, inner in self._kinds(self._arrays()):
            kinds.append((factor, before, self._distinct(factor, before, inner, wanted)))
            yield from self._made_of(*kinds[-1], wanted, (1, 2))
        for kind in kinds:
            yield from self._made_of(*kind, wanted, (3,))

    def _made_of(
        self,
        factor: Piece | None,
        before: bool,
        pieces: Sequence[tuple[Piece, list[np.ndarray]]],
        wanted: Sequence[np.ndarray],
        counts: Iterable[int],
    ) -> Iterator[Any]:
        """The proved forms of one kind, of some numbers of terms."""
        for count in counts:
            for chosen in self._fitting([v for _, v in pieces], wanted, count):
                if self.late:
                    return
                numbers = self._numbers([pieces[k][1] for k in chosen], wanted)
                if numbers is None:
                    continue
                terms = [(c, pieces[k][0]) for c, k in zip(numbers, chosen, strict=True)]
                form = around(sum_of(terms), factor, before)
                if self.trial.proved(form):
                    yield form

    # ---- points

    def _points(self) -> Iterator[Ground]:
        maker = PointMaker(self.claim)
        if is_huge(maker):
            return
        rng = random.Random(0)
        for _ in range(2 * POINTS):
            point = self._wide(maker, rng) or ordinary_point(maker, rng)
            if point is None or self.late:
                return
            try:
                left, right = sides(self.claim, point, FLOATING)
            except (EvaluationError, Inconclusive, DeriveError):
                continue
            if left.ndim == 2 and np.isfinite(left).all():
                yield Ground(point, Values(point, self.claim.where), left, right)

    @staticmethod
    def _wide(maker: PointMaker, rng: random.Random) -> Any:
        sizes = rng.sample(SIZES, len(SIZES))
        chosen = {s: sizes[k % len(sizes)] for k, s in enumerate(maker.dimensions)}
        if not maker.admits_sizes(chosen):
            return None
        for values in islice(maker.values(chosen, ORDINARY, rng), 2):
            point = maker.point(chosen, values)
            if not maker.admits(point, local=False):
                continue
            positions = list(maker.positions(chosen))
            for position in rng.sample(positions, min(4, len(positions))):
                at = replace(point, sizes={**point.sizes, **position})
                if maker.admits(at, local=True):
                    return at
        return None

    # ---- what a form may be made of

    def _expressions(self) -> tuple[Any, ...]:
        return (self.claim.of, *self.claim.where.values())  # type: ignore[attr-defined]

    def _scalars(self) -> list[Any]:
        """What a number may be made of, besides sizes: what a derivative leaves behind of a
        logarithm, an exponential or a root.
        """
        free = self.documented.free
        found: dict[Any, None] = {}
        for expr in self._expressions():
            if not isinstance(expr, sp.Basic):
                continue
            for node in sorted(expr.atoms(sp.log, sp.exp, sp.Pow), key=str):
                part = node if isinstance(node, sp.exp) else node.args[0]
                rooted = not isinstance(node, sp.Pow) or not node.exp.is_integer
                if rooted and not part.is_number and part.free_symbols <= free:
                    found[part] = None
        return list(dict.fromkeys((*scalars(self.documented), *islice(found, MOST_ROOTS))))

    def _units(self) -> Iterator[tuple[Any, np.ndarray]]:
        """Products of powers of sizes and scalars, with their values at the points."""
        named = self._scalars()
        known = list(islice(self.trial.worths(self.grounds, named), MOST_UNITS))
        yield from known
        plain = [(u, w) for u, w in known if u in named or 1 / u in named]
        for (a, first), (b, second) in combinations(plain, 2):
            if a * b != 1:
                yield a * b, first * second

    def _powers(self) -> list[Any]:
        """What a recurrence with constant factors comes to: powers of square matrices."""
        walks = [x for x in self._expressions() if isinstance(x, Recurrence)]
        ends = dict.fromkeys(walk.high - walk.low + 1 for walk in walks)
        squares = [s for s in self.documented.squares if isinstance(s, sp.MatrixSymbol)]
        return [sp.MatPow(s, end) for s in squares for end in ends]

    def _arrays(self) -> list[Piece]:
        """The arrays of the claim, each with its transpose."""
        d = self.documented
        found: dict[Any, None] = dict.fromkeys(
            s for s in d.symbols if isinstance(s, sp.MatrixSymbol)
        )
        found.update(dict.fromkeys(a.expr for a in d.applications))
        # The derivative of a log-sum-exp is a softmax, whether the document names it or not.
        found.update(
            (Softmax(a.argument), None) for a in d.applications if isinstance(a.expr, LogSumExp)
        )
        found.update(dict.fromkeys(self._powers()))
        for expr in self._expressions():
            for part in parts(expr):
                if isinstance(part, (sp.MatAdd, sp.MatrixBase)) and part.free_symbols <= d.free:
                    found[part] = None
        pieces = (self._piece(x) for x in found if isinstance(x, (MatrixExpr, sp.MatrixBase)))
        kept: list[Piece] = []
        for piece in pieces:  # where two are one but for a number, the first has the name
            if piece is not None and not any(map(piece.is_multiple, kept)):
                kept.append(piece)
            if len(kept) == MOST_ARRAYS:
                break
        return [*kept, *(p.turned() for p in kept)]

    def _piece(self, expr: Any) -> Piece | None:
        shape = self.documented.shape(expr)
        if shape is None or len(shape) != 2 or is_unit(shape) or self.late:
            return None
        try:
            values = tuple(np.asarray(g.values.of(expr), dtype=float) for g in self.grounds)
        except _FAILURES:
            return None
        if not all(v.ndim == 2 and np.isfinite(v).all() for v in values):
            return None
        return Piece(lambda: expr, shape, values)

    def _kinds(
        self, arrays: Sequence[Piece]
    ) -> Iterator[tuple[Piece | None, bool, Iterable[Piece]]]:
        """Terms of one kind, and a matrix that stands before or after all of them."""
        shape = self.statement.shape
        chains = [a.times(b) for a, b in permutations(arrays, 2)]
        chains += [a.times(a) for a in arrays]
        two = list(islice((c for c in chains if c is not None), MOST_CHAINS))
        yield None, False, self._terms(shape, arrays, two, True)
        for factor in arrays:
            for before, axis in ((False, 0), (True, 1)):
                across, between = factor.shape[1 - axis], factor.shape[axis]
                if not same_shape((across,), shape[1 - axis : 2 - axis]):
                    continue
                # A vector makes an outer product, and nothing simpler of a larger matrix.
                if (1 in factor.shape) != (between == 1):
                    continue
                inner = (between, shape[1]) if before else (shape[0], between)
                if not is_unit(inner):
                    yield factor, before, self._terms(inner, arrays, two, False)

    @staticmethod
    def _terms(
        shape: Dims, arrays: Sequence[Piece], chains: Sequence[Piece], whole: bool
    ) -> Iterator[Piece]:
        """Products of the claim's arrays that have a shape, the simpler ones first.

        :param whole: also those which stand for themselves: sums, chains of three, diagonals.
        """

        def of(pieces: Sequence[Piece]) -> list[Piece]:
            return [p for p in pieces if same_shape(p.shape, shape)]

        own = [*of(arrays), *of(chains)][:MOST_OWN]
        axes = [axis for axis in (1, 0) if shape[axis] != 1]
        yield from own
        few = own[:MOST_WEIGHED]
        products = [a.by_entry(b) for a, b in combinations_with_replacement(few, 2)]
        if whole:
            if same_shape(shape[:1], shape[1:]):
                yield from _square(shape, arrays, chains)
            for part in (*few, *products):
                yield from (part.summed(axis) for axis in axes)
        for first in few:
            for part in (*few, *products):
                yield from (first.by_entry(part.summed(axis)) for axis in axes)
        yield from (a.by_entry(b) for a, b in combinations_with_replacement(own, 2))
        if not whole:
            return
        yield from of(chains)
        for a, b in islice(product(arrays, chains), MOST_PRODUCTS):
            if same_shape(a.shape[:1], shape[:1]) and same_shape(b.shape[1:], shape[1:]):
                longer = a.times(b)
                if longer is not None:
                    yield longer

    def _distinct(
        self,
        factor: Piece | None,
        before: bool,
        terms: Iterable[Piece],
        wanted: Sequence[np.ndarray],
    ) -> list[tuple[Piece, list[np.ndarray]]]:
        """The terms with what they are in the whole, no two of them alike."""
        found: dict[Any, tuple[Piece, list[np.ndarray]]] = {}
        for piece in terms:
            if self.late or len(found) == MOST_TERMS:
                break
            spend(TERM)
            values = list(piece.values)
            if factor is not None:
                order = [
                    (f, v) if before else (v, f) for f, v in zip(factor.values, values, strict=True)
                ]
                values = [a @ b for a, b in order]
            if any(v.shape != w.shape for v, w in zip(values, wanted, strict=True)):
                continue
            first = values[0]
            size = float(np.abs(first).max(initial=0))
            if not np.isfinite(size) or size < CLOSE:
                continue
            key = tuple(np.round(first.reshape(-1)[:8] / size, 9))
            found.setdefault((key, round(float(np.linalg.norm(first)), 9)), (piece, values))
        return list(found.values())

    def _fitting(
        self, terms: Sequence[Sequence[np.ndarray]], wanted: Sequence[np.ndarray], count: int
    ) -> Iterator[tuple[int, ...]]:
        """Which few terms, so many of them, have simple multiples that are together what is wanted,
        as far as half of the digits tell.
        """
        if not terms or min(value.size for value in wanted) < count or self.late:
            return
        groups = _few_of(len(terms) if count < 3 else min(len(terms), MOST_IN_THREES), count)
        spend(GROUP * len(groups))
        solved: list[np.ndarray] = []
        for k, value in enumerate(wanted):
            if not len(groups):  # few are left after the first point
                return
            used, places = np.unique(groups, return_inverse=True)
            system = _System([terms[t][k] for t in used], value)
            numbers, fits = system.solve(places.reshape(groups.shape))
            groups = groups[fits]
            solved = [*(s[fits] for s in solved), numbers[fits]]
        simple = self._simple(np.stack(solved, axis=-1))
        yield from (tuple(map(int, group)) for group in groups[simple])

    def _simple(self, numbers: np.ndarray) -> np.ndarray:
        """Whether all numbers of a group may be rationals times powers of sizes and scalars: the
        same multiple of one of these at each point.

        :param numbers: [group, term, point].
        """
        units = np.stack([worth for _, worth in self.units])
        ratios = numbers[:, :, None, :] / units
        spread = np.ptp(ratios, axis=-1) <= _HALF * np.abs(ratios).max(axis=-1)
        result: np.ndarray = spread.any(axis=-1).all(axis=-1)
        return result

    def _numbers(
        self, terms: Sequence[Sequence[np.ndarray]], wanted: Sequence[np.ndarray]
    ) -> list[Any] | None:
        """The simple numbers with which some terms are what is wanted, at every point."""
        rows = []
        for k, value in enumerate(wanted):
            columns = np.stack([t[k].reshape(-1) for t in terms], axis=1)
            found, _, rank, _ = np.linalg.lstsq(columns, value.reshape(-1), rcond=1e-10)
            gap = np.abs(columns @ found - value.reshape(-1)).max()
            if gap > CLOSE * (1 + np.abs(value).max()):
                return None
            if rank == len(terms):
                rows.append((k, found))
        if not rows:
            return None
        at = [k for k, _ in rows]
        result = []
        for place in range(len(terms)):
            values = np.array([found[place] for _, found in rows])
            if (np.abs(values) < CLOSE).all():
                return None
            number = next(
                filter(None, (simple_number(values, u, w[at]) for u, w in self.units)), None
            )
            if number is None:
                return None
            result.append(number)
        return result


def _square(shape: Dims, arrays: Sequence[Piece], chains: Sequence[Piece]) -> Iterator[Piece]:
    """The identity, diagonals and outer products."""
    one_row = (shape[0], sp.S.One)
    columns = [p for p in (*arrays, *chains) if same_shape(p.shape, one_row)][:MOST_OWN]
    sized = next((p for p in (*arrays, *chains) if same_shape(p.shape[:1], shape[:1])), None)
    if sized is not None:
        eyes = tuple(np.eye(len(v)) for v in sized.values)
        yield Piece(lambda: sp.Identity(shape[0]), shape, eyes)
    doubled = [a.by_entry(b) for a, b in combinations_with_replacement(columns[:4], 2)]
    for column in (*columns, *doubled):
        diagonal = tuple(np.diagflat(v) for v in column.values)
        yield Piece(partial(_diagonal, column), shape, diagonal)
    for a, b in product(columns, repeat=2):
        outer = a.times(b.turned())
        if outer is not None:
            yield outer


def _diagonal(column: Piece) -> Any:
    return DiagMatrix(column.expr)


# ---- numbers


@lru_cache(maxsize=32)
def _few_of(number: int, count: int) -> np.ndarray:
    """All ways to take so many of some things, in order; [way, place]."""
    found = np.array(list(combinations(range(number), count)), dtype=np.int32)
    found.flags.writeable = False
    return found.reshape(-1, count)


class _System:
    """The normal equations of what is wanted at one point, for any few of the terms there."""

    def __init__(self, terms: Sequence[np.ndarray], wanted: np.ndarray) -> None:
        rows = np.stack([t.reshape(-1) for t in terms])
        self._lengths = np.linalg.norm(rows, axis=1)
        self._lengths[self._lengths == 0] = 1.0
        self._rows = rows = rows / self._lengths[:, None]
        self._size = float(np.linalg.norm(wanted)) or 1.0
        self._along = rows @ (wanted.reshape(-1) / self._size)

    @cached_property
    def _gram(self) -> np.ndarray:
        """How much of each term is along each other; of single terms it is not asked for."""
        found: np.ndarray = self._rows @ self._rows.T
        return found

    def solve(self, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers before the terms of each group, and which groups fit with them."""
        ones = np.ones(len(groups))
        columns = list(groups.T)
        goals = [self._along[c] for c in columns]
        # Elimination by hand, the diagonal being 1: a solver for matrices takes ten times as long.
        if len(columns) == 1:
            found, regular = [goals[0]], ones > 0
        else:
            between = self._gram[columns[0], columns[1]]
            second = ones - between**2
            rest = goals[1] - between * goals[0]
            regular = second > CLOSE
            second[~regular] = 1.0
            if len(columns) == 2:
                last = rest / second
                found = [goals[0] - between * last, last]
            else:
                outer, inner = (
                    self._gram[columns[0], columns[2]],
                    self._gram[columns[1], columns[2]],
                )
                inner = inner - between * outer
                third = ones - outer**2 - inner**2 / second
                regular &= third > CLOSE
                third[~regular] = 1.0
                last = (goals[2] - outer * goals[0] - inner * rest / second) / third
                middle = (rest - inner * last) / second
                found = [goals[0] - between * middle - outer * last, middle, last]
        numbers = np.stack(found, axis=1)
        left = np.abs(1 - (numbers * np.stack(goals, axis=1)).sum(axis=1))
        fits = regular & (left < CLOSE) & (np.abs(numbers) > CLOSE).all(axis=1)
        return numbers * self._size / self._lengths[groups], fits


# ---- writing
