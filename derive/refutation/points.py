"""Points at which a claim is made: small sizes, simple rationals, every assumption satisfied.

Proposals are cheap guesses, made likely to satisfy the assumptions; what makes a point usable is
that every assumption is then checked at it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from itertools import islice, product
from typing import Any

import flint
import numpy as np
import sympy as sp

from derive.base.errors import DeriveError, UnsupportedError
from derive.claims.kinds import Claim
from derive.evaluation.closed_values import closed_solution, may_be_closed
from derive.evaluation.evaluate import LazyArray, Point, derivative, evaluate, mentions
from derive.evaluation.extents import refuse_huge
from derive.evaluation.fields import BALL, EXACT, EvaluationError, as_fraction
from derive.language.operators import ArrayOperator, MatrixPartial, Partial
from derive.refutation.draws import (
    LEVELS,
    POOLS,
    as_fractions,
    kinds_of_symbol,
    numbers_near,
    numbers_of_level,
    polynomial_function,
    scalar_polynomial,
    signed,
    special_values,
    structured,
    suits,
)
from derive.refutation.properties import (
    Fact,
    assignments,
    axis_range,
    counted,
    fact_of,
    flattened,
    holds,
    size_of,
    whole,
)
from derive.refutation.symbols import fields_of, inventory

_WHOLE = (sp.Inverse, sp.Determinant, sp.Identity)  # what is as large as what it is computed from
_FEW = 2  # scalars, of which every choice of numbers is tried
_SEVERAL = 3  # scalars, of which every choice of a few numbers is
_MOST_EACH = 10  # numbers for each of so many
_TURNS = tuple(map(Fraction, (0, 1, -1, 2, -2)))
_WIDE = (8, 12, 20, 33)  # values of the only size
_LARGEST = 4096  # of the sizes that are tried because the assumptions ask for them
_SIZE_DRAWS = 400
_DRAWS = 24  # of the scalars, until the inequalities between them hold


class PointMaker:
    """Makes points for one claim.

    Raises :class:`UnsupportedError` for an assumption that cannot be checked.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        found = inventory(claim)
        own_indices = found.indices()
        # Whatever only an assumption mentions needs a value as well; its indices do not.
        everything = inventory(claim) if claim.assumed else found
        for fact in claim.assumed:
            everything.visit(fact)
        self.dimensions = list(dict.fromkeys([*found.dimensions(), *everything.dimensions()]))
        self.dimensions = [s for s in self.dimensions if s not in own_indices]
        self.indices = own_indices
        for fact in claim.assumed:
            self.dimensions += counted(fact, own_indices, {*found.scalars, *self.dimensions})
        self.facts = [
            fact_of(fact, own_indices, set(self.dimensions)) for fact in flattened(claim.assumed)
        ]
        known = {*self.dimensions, *own_indices, *everything.indices(), *claim.where}
        self.scalars = [s for s in everything.scalars if s not in known]
        self.arrays = [a for a in everything.arrays if a not in claim.where]
        self._computed = list(
            dict.fromkeys(
                node
                for expr in fields_of(claim)
                for node in sp.preorder_traversal(expr)
                if isinstance(node, ArrayOperator)
            )
        )
        self.own = numbers_near(*fields_of(claim), *claim.assumed)
        self.functions = everything.functions
        self.scalar_functions = everything.scalar_functions
        determined = {*self.scalars, *self.dimensions}
        self._scalar_facts = [
            fact
            for fact in self.facts
            if not fact.local
            and not isinstance(fact.argument, sp.Eq)
            and mentions(fact.argument) <= determined
        ]
        self._kinds: dict[Any, set[str]] = {}
        for symbol in (*self.scalars, *self.arrays):
            self._kinds[symbol] = kinds_of_symbol(symbol)
        for fact in self.facts:
            target = whole(fact.argument)
            # What is said of V[0] alone is no property of V: of the points some satisfy it.
            if fact.name and target in self._kinds and _is_of_all(fact.argument, target):
                self._kinds[target].add(fact.name)
        self._refuse_symmetric_partials()
        self._polynomials = {
            f: polynomial_function(f, count, rank)
            for rank, (f, count) in enumerate(self.functions.items())
            if f not in claim.where
        }

    def _refuse_symmetric_partials(self) -> None:
        """A derivative inside an expression knows nothing of the assumptions on its variable."""
        symmetric = {fact.argument for fact in self.facts if fact.name == "symmetric"}
        for expr in fields_of(self.claim) if symmetric else ():
            for node in expr.atoms(Partial, MatrixPartial):
                if whole(node.wrt) in symmetric:
                    raise UnsupportedError(f"{node} within the symmetric matrices")

    @cached_property
    def entries(self) -> int:
        """How many entries the smallest arrays of the claim have, or terms its longest sum."""
        sizes = dict.fromkeys(self.dimensions, 1)
        most = 0
        nodes = (e.atoms(*_WHOLE) for e in fields_of(self.claim) if isinstance(e, sp.Basic))
        computed = (a.args[0] if isinstance(a, sp.Determinant) else a for s in nodes for a in s)
        for array in (*self.arrays, *computed):
            try:
                shape = [size_of(size, sizes) for size in array.shape or ()]
            except (EvaluationError, UnsupportedError):
                continue
            most = max(most, math.prod(shape))
        for expr in fields_of(self.claim):
            for node in expr.atoms(sp.Sum, sp.Product) if isinstance(expr, sp.Basic) else ():
                ends = (end for limit in node.limits for end in limit[1:] if end.is_Integer)
                most = max(most, *(abs(int(end)) for end in ends), 0)
        return most

    @property
    def kinds(self) -> Mapping[Any, set[str]]:
        """What is assumed of each symbol, by name."""
        return self._kinds

    def with_sign(self, symbol: Any, value: Fraction, rng: random.Random) -> Fraction:
        """The value, changed as little as the assumptions on a symbol ask."""
        return signed(value, self._kinds[symbol], rng)

    @property
    def constant(self) -> bool:
        """Whether there are no values to choose, so that one point per size is all."""
        return not self.scalars and not self.arrays

    def sizes(self) -> Iterator[dict[Any, int]]:
        """Values of the dimension symbols, the smallest total first; of a single one some more."""
        found = False
        for sizes in self._candidates(5 if len(self.dimensions) == 1 else 3):
            found = True
            yield sizes
        if not found and len(self.dimensions) <= 4:  # an assumption such as n ≥ 5
            for sizes in self._candidates(7):
                found = True
                yield sizes
        if not found:
            yield from self._led()

    def wide_sizes(self) -> Iterator[dict[Any, int]]:
        """Larger values of a single dimension symbol, for conditions that only turn there."""
        if len(self.dimensions) == 1:
            for size in _WIDE:
                sizes = {self.dimensions[0]: size}
                if self.admits_sizes(sizes):
                    yield sizes

    def _led(self) -> Iterator[dict[Any, int]]:
        """Sizes that the assumptions lead to: each symbol's first values at which what is assumed
        of it alone holds, symbols that an equation fixes from the others, and then any.
        """
        facts = [fact for fact in self.facts if fact.of_sizes]
        numbers = [abs(int(c)) for f in facts for c in f.argument.atoms(sp.Integer)]
        largest = min(_LARGEST, 8 + 2 * max(numbers, default=0))
        fixed: dict[Any, Any] = {}
        for fact in facts:
            if isinstance(fact.argument, sp.Eq):
                for symbol in sorted(fact.argument.free_symbols & {*self.dimensions}, key=str):
                    if symbol not in fixed and not any(v.has(symbol) for v in fixed.values()):
                        found = _solved(fact.argument.subs(fixed), symbol)
                        if found is not None:
                            fixed[symbol] = found
                            break
        free = [s for s in self.dimensions if s not in fixed]
        choices = []
        for symbol in free:
            own = [f for f in facts if f.argument.free_symbols == {symbol}]
            admitted = (
                size for size in range(1, largest + 1)
                if suits(symbol, Fraction(size))
                and all(holds(f, Point({symbol: size}, {}), self.claim.where) for f in own)
            )  # fmt: skip
            choices.append(list(islice(admitted, 4 if len(free) < 5 else 2)))
        candidates = sorted(islice(product(*choices), 4096), key=sum)
        rng = random.Random(len(free))
        drawn = [tuple(rng.randint(1, largest) for _ in free) for _ in range(_SIZE_DRAWS)]
        for candidate in (*candidates, *sorted(drawn, key=sum)):
            chosen = dict(zip(free, candidate, strict=True))
            rest = {symbol: value.subs(chosen) for symbol, value in fixed.items()}
            if all(value.is_Integer for value in rest.values()):
                sizes = {s: int({**chosen, **rest}[s]) for s in self.dimensions}
                if min(sizes.values(), default=1) >= 0 and self.admits_sizes(sizes):
                    yield sizes

    def _candidates(self, largest: int) -> Iterator[dict[Any, int]]:
        count = len(self.dimensions)
        # What is bounded by what is given alone may be 0: it is no size.
        bounded = {s for f in self.facts if f.of_sizes for s in f.argument.free_symbols}
        lows = [
            0 if not s.is_positive and (s.is_nonnegative or (s.is_integer and s in bounded)) else 1
            for s in self.dimensions
        ]
        if count <= 6:
            candidates = sorted(product(*(range(low, largest + 1) for low in lows)), key=sum)
        else:
            ones = (1,) * count
            twos = [(*ones[:k], 2, *ones[k + 1 :]) for k in range(count)]
            mixed = [
                tuple(1 + (k * step + start) % 3 for k in range(count))
                for step in (1, 2)
                for start in range(3)
            ]
            candidates = [ones, *twos, *sorted(mixed, key=sum), (2,) * count]
            if 0 in lows:
                candidates.insert(0, tuple(lows))
        for candidate in candidates:
            sizes = dict(zip(self.dimensions, candidate, strict=True))
            if self.admits_sizes(sizes):
                yield sizes

    def admits_sizes(self, sizes: Mapping[Any, int]) -> bool:
        """Whether the assumptions on sizes alone hold, and every array has an entry."""
        if not all(suits(symbol, Fraction(size)) for symbol, size in sizes.items()):
            return False
        point = Point(sizes, {})
        if not all(holds(fact, point, self.claim.where) for fact in self.facts if fact.of_sizes):
            return False
        try:
            arrays = (*self.arrays, *self._computed)
            shapes = ([size_of(size, sizes) for size in a.shape or ()] for a in arrays)
            return all(min(shape, default=1) > 0 for shape in shapes)
        except EvaluationError:
            return False

    def shape_of(self, array: Any, sizes: Mapping[Any, int]) -> tuple[int, ...]:
        """The shape of an array symbol at these sizes."""
        shape = tuple(size_of(size, sizes) for size in array.shape or ())
        refuse_huge(*shape)
        return shape

    def positions(self, sizes: Mapping[Any, int], most: int = 64) -> Iterator[dict[Any, int]]:
        """Values of the free indices of the claim, at most so many."""
        ranges = [
            [k for k in axis_range(axes, sizes) if suits(symbol, Fraction(k))]
            for symbol, axes in self.indices.items()
        ]
        for values in islice(product(*ranges), most):
            yield dict(zip(self.indices, values, strict=True))

    def values(
        self, sizes: Mapping[Any, int], level: int, rng: random.Random
    ) -> Iterator[dict[Any, Any]]:
        """Proposals for the values of all symbols, of one level of simplicity."""
        values = self._scalar_values(sizes, level, rng)
        for symbol in self.arrays:
            pool = numbers_of_level(level, rng, self.own)
            kinds = self._kinds[symbol]
            if symbol.shape is None:
                values[symbol] = LazyArray(str(symbol), rng.randrange(1000))
            else:
                raw = np.empty(self.shape_of(symbol, sizes), dtype=object)
                between = self._between(symbol, sizes)
                for position in np.ndindex(raw.shape):
                    raw[position] = (
                        signed(rng.choice(pool), kinds, rng)
                        if between is None
                        else Fraction(rng.choice(between))
                    )
                values[symbol] = structured(raw, kinds, rng) if raw.ndim == 2 else raw
        equations = [f for f in self.facts if not f.name and isinstance(f.argument, sp.Eq)]
        proposals: Iterable[dict[Any, Any]] = [values]
        if equations:
            proposals = _distinct(self._solutions(equations, sizes, values, rng))
        yield from (proposal for proposal in proposals if self.suitable(proposal))

    def _between(self, array: Any, sizes: Mapping[Any, int]) -> range | None:
        """The numbers that an array of integers may hold, where both bounds of any entry of it are
        given; which of them are given of which entries is checked afterwards.
        """
        if "integer" not in self._kinds[array]:
            return None
        ends: dict[bool, int] = {}
        for fact in self.facts:
            if isinstance(fact.argument, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
                sides = fact.argument.gts, fact.argument.lts
                for of, end, above in ((*sides, False), (*sides[::-1], True)):
                    if (
                        isinstance(of, sp.Indexed)
                        and whole(of) == array
                        and not end.has(sp.Indexed)
                    ):
                        try:
                            ends[above] = size_of(end, sizes)
                        except EvaluationError:
                            continue
        return range(ends[False], ends[True] + 1) if len(ends) == 2 else None

    def every_scalar(self) -> Iterator[dict[Any, Any]]:
        """All choices of numbers for one or two scalars, where there is nothing else to choose;
        none otherwise.
        """
        if self.arrays or not 0 < len(self.scalars) <= _FEW:
            return
        numbers = dict.fromkeys(number for pool in POOLS for number in pool)
        for chosen in product(numbers, repeat=len(self.scalars)):
            values = dict(zip(self.scalars, chosen, strict=True))
            if self.suitable(values):
                yield values

    def scalars_at_turns(self) -> Iterator[dict[Any, Any]]:
        """Choices of 0, 1 and such, and of the claim's own numbers, for a few scalars, the
        simplest first; none where there are more of them.
        """
        if not 0 < len(self.scalars) <= _SEVERAL:
            return
        numbers = list(dict.fromkeys([*_TURNS, *self.own]))
        if len(self.scalars) == _SEVERAL:
            numbers = numbers[:_MOST_EACH]

        def size(chosen: tuple[Fraction, ...]) -> int:
            return sum(abs(x.numerator) + x.denominator for x in chosen)

        chosen = sorted(product(numbers, repeat=len(self.scalars)), key=size)
        for one in chosen:
            values = dict(zip(self.scalars, one, strict=True))
            if self.suitable(values):
                yield values

    def _scalar_values(
        self, sizes: Mapping[Any, int], level: int, rng: random.Random
    ) -> dict[Any, Any]:
        """Values of the scalars, drawn again while an inequality between them does not hold."""
        values: dict[Any, Any] = {}
        for draw in range(_DRAWS):
            for symbol in self.scalars:
                own = level < LEVELS and draw < _DRAWS // 4
                pool = numbers_of_level(level if own else LEVELS, rng, self.own)
                values[symbol] = signed(rng.choice(pool), self._kinds[symbol], rng)
            point = Point(sizes, values, self._polynomials)
            if all(holds(fact, point, self.claim.where) for fact in self._scalar_facts):
                break
        return values

    def suitable(self, values: Mapping[Any, Any]) -> bool:
        """Whether all values have the properties that their symbols carry."""
        for symbol, value in values.items():
            if isinstance(symbol, sp.Symbol) and not suits(symbol, value):
                return False
            if isinstance(symbol, sp.IndexedBase) and len(symbol.assumptions0) > 1:
                if isinstance(value, LazyArray):
                    raise UnsupportedError(f"{symbol} has assumptions and no shape")
                if not all(suits(symbol, x) for x in value.reshape(-1)):
                    return False
        return True

    def _solutions(
        self,
        equations: list[Fact],
        sizes: Mapping[Any, int],
        values: dict[Any, Any],
        rng: random.Random,
    ) -> Iterator[dict[Any, Any]]:
        """Values changed in one symbol each, so that the equations are likely to hold."""
        yield values
        symbols = [
            s for s in reversed(values)
            if not isinstance(values[s], LazyArray)
            and any(f.argument.has(s) for f in equations)
        ]  # fmt: skip
        rng.shuffle(symbols)
        for symbol in symbols:
            value = values[symbol]
            for solve in (self._newton, self._scaled):
                proposal = solve(equations, symbol, sizes, values)
                if proposal is not None:
                    yield {**values, symbol: proposal}
            for special in special_values(np.shape(value), rng):
                changed = {**values, symbol: special}
                yield changed
                # With this symbol special, another may solve what is left.
                for other in symbols:
                    if other is not symbol:
                        proposal = self._newton(equations, other, sizes, changed)
                        if proposal is not None:
                            yield {**changed, other: proposal}
        yield from self._closed(equations, sizes, values, rng)

    def _closed(
        self, equations: list[Fact], sizes: Mapping[Any, int], values: Mapping[Any, Any],
        rng: random.Random,
    ) -> Iterator[dict[Any, Any]]:  # fmt: skip
        """Values with closed numbers such as log(1/3) among them."""
        plain = [f for f in equations if not f.local and not f.of_sizes]
        if not any(may_be_closed(f.argument) for f in plain):
            return
        if any(isinstance(value, LazyArray) for value in values.values()):
            return
        there = [(f.argument, {**sizes, **a}) for f in plain for a in assignments(f, sizes)]
        found = closed_solution(there, values, rng.randrange(1000))
        if found is not None:
            yield found

    def _residuals(
        self, equations: list[Fact], sizes: Mapping[Any, int], values: Mapping[Any, Any],
        symbol: Any = None,
    ) -> Iterator[np.ndarray]:  # fmt: skip
        """left − right of each equation, flat; with a symbol, its derivative in that instead."""
        for fact in equations:
            if fact.local:
                continue
            for assignment in assignments(fact, sizes):
                point = self.point({**sizes, **assignment}, values)
                sides = []
                for side in (fact.argument.lhs, fact.argument.rhs):
                    if symbol is None:
                        sides.append(evaluate(side, point, self.claim.where).reshape(-1))
                    else:
                        found = derivative(side, symbol, point, self.claim.where)
                        sides.append(found.reshape((-1, np.size(values[symbol]))))
                yield sides[0] - sides[1]

    def _newton(
        self, equations: list[Fact], symbol: Any, sizes: Mapping[Any, int],
        values: Mapping[Any, Any],
    ) -> Any:  # fmt: skip
        """The value of a symbol that solves the equations, where they are affine in it."""
        try:
            residual = np.concatenate(list(self._residuals(equations, sizes, values)))
            slope = np.concatenate(list(self._residuals(equations, sizes, values, symbol)))
        except (DeriveError, ValueError):
            return None
        columns = slope.shape[1]
        # The last entries are solved for, so that the first keep their simple values.
        augmented = [
            [*map(EXACT.number, reversed(row)), -EXACT.number(r)]
            for row, r in zip(slope.tolist(), residual.tolist(), strict=True)
        ]
        reduced, rank = flint.fmpq_mat(augmented).rref()
        step = [Fraction(0)] * columns
        for row in range(rank):
            pivot = next(c for c in range(columns + 1) if reduced[row, c] != 0)
            if pivot == columns:
                return None
            step[columns - 1 - pivot] = as_fraction(reduced[row, columns])
        value = values[symbol]
        if not isinstance(value, np.ndarray):
            return value + step[0]
        return value + as_fractions(step).reshape(value.shape)

    def _scaled(
        self, equations: list[Fact], symbol: Any, sizes: Mapping[Any, int],
        values: Mapping[Any, Any],
    ) -> Any:  # fmt: skip
        """The multiple of a symbol's value that solves the equations, where there is one.

        Scaling keeps signs, which a step in single entries may not.
        """
        nothing = {**values, symbol: values[symbol] * 0}
        try:
            there = np.concatenate(list(self._residuals(equations, sizes, values)))
            origin = np.concatenate(list(self._residuals(equations, sizes, nothing)))
        except (DeriveError, ValueError):
            return None
        for a, b in zip(there, origin, strict=True):
            if a != b:
                return values[symbol] * as_fraction(b / (b - a))
        return None

    def functions_at(self, sizes: Mapping[Any, int], values: Mapping[Any, Any]) -> dict[Any, Any]:
        """What stands for each undefined function at these sizes."""
        functions: dict[Any, Any] = dict(self._polynomials)
        point = Point(sizes, values, functions)
        for rank, (function, arguments) in enumerate(self.scalar_functions.items()):
            shapes = []
            for argument in arguments:
                try:
                    shapes.append(evaluate(argument, point, self.claim.where, BALL).shape)
                except (EvaluationError, UnsupportedError):
                    declared = getattr(argument, "shape", ())
                    shapes.append(tuple(size_of(size, sizes) for size in declared))
            functions[function] = scalar_polynomial(tuple(shapes), rank)
        return functions

    def point(self, sizes: Mapping[Any, int], values: Mapping[Any, Any]) -> Point:
        """The point with these sizes and values, its undefined functions filled in."""
        functions = self.functions_at(sizes, values) if self.scalar_functions else self._polynomials
        return Point(dict(sizes), values, functions)

    def may_be(self, symbol: Any, number: Fraction) -> bool:
        """Whether what is assumed of a symbol itself lets it, or an entry of it, be a number."""
        if isinstance(symbol, sp.Symbol):
            return suits(symbol, number)
        kinds = self._kinds.get(symbol, set())
        return signed(number, kinds, random.Random(0)) == number

    def admits(self, point: Point, local: bool) -> bool:
        """Whether all assumptions hold at a point, provably.

        :param local: check those that depend on the claim's free indices, or all others.
        """
        return all(
            holds(fact, point, self.claim.where) for fact in self.facts if fact.local == local
        )


def _distinct(proposals: Iterable[dict[Any, Any]]) -> Iterator[dict[Any, Any]]:
    """Each proposal once: labels of one class have but one value at which they sum to 1."""
    seen = set()
    for values in proposals:
        numbers = ((s, v) for s, v in values.items() if not isinstance(v, LazyArray))
        key = tuple((s, *v.flat) if isinstance(v, np.ndarray) else (s, v) for s, v in numbers)
        if key not in seen:
            seen.add(key)
            yield values


def _is_of_all(argument: Any, array: Any) -> bool:
    """Whether an assumption on an array, or on an entry of it, is one on all of its entries."""
    if argument is array or not getattr(array, "shape", None):
        return True
    indices = [i for i, size in zip(argument.indices, array.shape, strict=False) if size != 1]
    free = all(isinstance(i, sp.Symbol) and not i.is_positive for i in indices)
    return free and len({*indices}) == len(indices)


def _solved(equation: Any, symbol: Any) -> Any:
    """The value of a symbol in an equation between sizes that is linear in it, or None."""
    if not isinstance(equation, sp.Eq):
        return None
    difference = sp.expand(equation.lhs - equation.rhs)
    slope = difference.coeff(symbol, 1)
    rest = sp.expand(difference - slope * symbol)
    if slope == 0 or rest.has(symbol) or not slope.is_number:
        return None
    return sp.expand(-rest / slope)
