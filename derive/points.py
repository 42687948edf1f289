"""Points at which a claim is made: small sizes, simple rationals, every assumption satisfied.

Proposals are cheap guesses, made likely to satisfy the assumptions; what makes a point usable is
that every assumption is then checked at it, exactly. An assumption of a kind that cannot be
checked makes all points of a claim unusable: it is never ignored.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, product
from typing import Any

import flint
import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.claims import Claim
from derive.errors import DeriveError, ShapeError, UnsupportedError
from derive.evaluate import LazyArray, Point, derivative, evaluate, mentions, truth
from derive.fields import BALL, EXACT, EvaluationError, Inconclusive, as_fraction
from derive.jets import Jet, Jets
from derive.operators import (
    MatrixGradient,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarFunction,
    ScalarGradient,
    Tensor,
    TensorElement,
)

_ARRAYS = (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)


# -- what a claim speaks of ------------------------------------------------------------------


@dataclass
class Inventory:
    """The symbols of some expressions, by what they stand for. Bound indices are left out.

    :param shapes: symbols in the shape of an array or an operator.
    :param ranges: symbols in an end of a range.
    :param axes: each symbol that is an index by itself, with the sizes of the axes it indexes.
    :param affine: symbols inside an index, such as the stride s in ``x[s*i]``.
    :param scalars: symbols with any other occurrence.
    :param functions: each undefined function with the number of its arguments.
    :param scalar_functions: each scalar function with the arguments of one of its calls.
    """

    shapes: dict[Any, None] = field(default_factory=dict)
    ranges: dict[Any, None] = field(default_factory=dict)
    axes: dict[Any, list[Any]] = field(default_factory=dict)
    affine: dict[Any, None] = field(default_factory=dict)
    scalars: dict[Any, None] = field(default_factory=dict)
    arrays: dict[Any, None] = field(default_factory=dict)
    functions: dict[Any, int] = field(default_factory=dict)
    scalar_functions: dict[ScalarFunction, tuple[Any, ...]] = field(default_factory=dict)

    def visit(self, expr: Any, bound: frozenset[Any] = frozenset()) -> None:
        """Take in an expression inside which the symbols ``bound`` are bound."""
        if isinstance(expr, sp.Symbol):
            if expr not in bound:
                self.scalars[expr] = None
        elif isinstance(expr, _ARRAYS):
            if expr not in bound:
                self.arrays[expr] = None
                self._note(self.shapes, expr.shape or (), bound)
        elif isinstance(expr, (MatrixElement, sp.Indexed, ArrayElement, TensorElement)):
            self._visit_element(expr, bound)
        elif isinstance(expr, sp.KroneckerDelta):
            self._note(self.affine, expr.args, bound)
        elif isinstance(expr, (sp.Sum, sp.Product, MaxOver, ArrayComprehension)):
            limits = [expr.limits] if isinstance(expr, MaxOver) else expr.limits
            inner = bound | {limit[0] for limit in limits}
            for limit in limits:
                self._note(self.ranges, limit[1:], inner)
            self.visit(expr.body if isinstance(expr, MaxOver) else expr.function, inner)
        elif isinstance(expr, Tensor):
            self._note(self.shapes, expr.shape, bound)
            self.visit(expr.body, bound | set(expr.bound_symbols))
        elif isinstance(expr, sp.Lambda):
            self.visit(expr.expr, bound | set(expr.variables))
        elif isinstance(expr, sp.Subs):
            for point in expr.point:
                self.visit(point, bound)
            self.visit(expr.expr, bound | set(expr.variables))
        elif isinstance(expr, (ScalarApplication, ScalarGradient, MatrixGradient)):
            self.scalar_functions.setdefault(expr.function, expr.arguments)
            self._visit_all(expr.arguments, bound)
        else:
            if isinstance(expr, AppliedUndef):
                self.functions[expr.func] = len(expr.args)
            elif isinstance(expr, MatrixExpr):
                self._visit_sizes(expr, bound)
                if isinstance(expr, (sp.Identity, sp.OneMatrix, sp.ZeroMatrix)):
                    return
            self._visit_all(expr.args, bound)

    def _visit_all(self, expressions: Iterable[Any], bound: frozenset[Any]) -> None:
        for expr in expressions:
            if isinstance(expr, sp.Basic):
                self.visit(expr, bound)

    def _visit_sizes(self, expr: Any, bound: frozenset[Any]) -> None:
        """The sizes that a matrix node carries itself, besides those of its operands."""
        if isinstance(expr, (sp.Identity, sp.OneMatrix, sp.ZeroMatrix, sp.FunctionMatrix)) or (
            type(expr).__name__ == "Broadcast"
        ):
            self._note(self.shapes, expr.shape, bound)

    def _visit_element(self, expr: Any, bound: frozenset[Any]) -> None:
        if isinstance(expr, MatrixElement):
            array = expr.parent
        elif isinstance(expr, sp.Indexed):
            array = expr.base
        else:
            array = expr.name if isinstance(expr, ArrayElement) else expr.array
        self.visit(array, bound)
        shape = getattr(array, "shape", None) or (None,) * len(expr.indices)
        for index, size in zip(expr.indices, shape, strict=False):
            if isinstance(index, sp.Symbol) and index not in bound:
                self.axes.setdefault(index, [])
                if size is not None:
                    self.axes[index].append(size)
            else:
                self._note(self.affine, [index], bound)

    @staticmethod
    def _note(table: dict[Any, None], expressions: Iterable[Any], bound: frozenset[Any]) -> None:
        for expr in expressions:
            for symbol in sorted(sp.sympify(expr).free_symbols - bound, key=str):
                if isinstance(symbol, sp.Symbol):
                    table[symbol] = None

    def dimensions(self) -> list[Any]:
        """The symbols that count something."""
        strides = [s for s in self.affine if s.is_positive]
        found = dict.fromkeys([*self.shapes, *self.ranges, *strides])
        return [s for s in found if s in self.shapes or s not in self.axes]

    def indices(self) -> dict[Any, list[Any]]:
        """The free indices, with the sizes of the axes that they range over."""
        dimensions = set(self.dimensions())
        found = {s: sizes for s, sizes in self.axes.items() if s not in dimensions}
        for symbol in self.affine:
            if symbol not in dimensions:
                found.setdefault(symbol, [])
        return found


def _fields_of(claim: Claim) -> list[Any]:
    return [getattr(claim, name) for name in claim.expression_fields] + list(claim.where.values())


def inventory(claim: Claim) -> Inventory:
    """What a claim speaks of, its assumptions apart."""
    found = Inventory()
    for expr in _fields_of(claim):
        found.visit(expr)
    for symbol in claim.where:
        if isinstance(symbol, sp.Basic):
            found.visit(symbol)
    return found


def dimension_symbols(claim: Claim) -> list[Any]:
    """The symbols of a claim that count something: sizes of arrays and ends of ranges."""
    return inventory(claim).dimensions()


def free_indices(claim: Claim) -> dict[Any, list[Any]]:
    """The free indices of a claim, each with the sizes of the axes that it ranges over."""
    return inventory(claim).indices()


# -- assumptions, checked --------------------------------------------------------------------


def _signs(values: np.ndarray) -> list[int]:
    return [BALL.sign(x) for x in values.reshape(-1)]


def _zero(values: np.ndarray) -> bool:
    return not any(_signs(values))


def _is_square(a: np.ndarray) -> bool:
    return a.ndim == 2 and a.shape[0] == a.shape[1]


def _is_symmetric(a: np.ndarray) -> bool:
    return _is_square(a) and _zero(a - a.T)


def _is_orthogonal(a: np.ndarray) -> bool:
    return _is_square(a) and _zero(a.T @ a - BALL.array(np.eye(len(a), dtype=int)))


def _determinant(a: np.ndarray) -> Any:
    return Jets(BALL, 0).determinant(Jet(a)).v


def _is_invertible(a: np.ndarray) -> bool:
    return _is_square(a) and BALL.sign(_determinant(a)) != 0


def _is_full_rank(a: np.ndarray) -> bool:
    return _is_invertible(a.T @ a if a.shape[0] >= a.shape[1] else a @ a.T)


def _is_positive_definite(a: np.ndarray) -> bool:
    return _is_symmetric(a) and all(
        BALL.sign(_determinant(a[:k, :k])) > 0 for k in range(1, len(a) + 1)
    )


def _is_integer(a: np.ndarray) -> bool:
    return all(BALL.sign(x - BALL.floor(x)) == 0 for x in a.reshape(-1))


def _is_even(a: np.ndarray) -> bool:
    return _is_integer(a * flint.fmpq(1, 2))


_CHECKS: dict[str, Any] = {
    "positive": lambda a: all(s > 0 for s in _signs(a)),
    "negative": lambda a: all(s < 0 for s in _signs(a)),
    "nonnegative": lambda a: all(s >= 0 for s in _signs(a)),
    "nonpositive": lambda a: all(s <= 0 for s in _signs(a)),
    "nonzero": lambda a: all(s != 0 for s in _signs(a)),
    "zero": _zero,
    "real": lambda a: True,
    "extended_real": lambda a: True,
    "complex": lambda a: True,
    "finite": lambda a: True,
    "commutative": lambda a: True,
    "real_elements": lambda a: True,
    "complex_elements": lambda a: True,
    "integer": _is_integer,
    "integer_elements": _is_integer,
    "even": _is_even,
    "odd": lambda a: _is_integer(a) and not _is_even(a),
    "square": _is_square,
    "symmetric": _is_symmetric,
    "orthogonal": _is_orthogonal,
    "unitary": _is_orthogonal,
    "invertible": _is_invertible,
    "singular": lambda a: _is_square(a) and not _is_invertible(a),
    "fullrank": _is_full_rank,
    "positive_definite": _is_positive_definite,
    "diagonal": lambda a: _zero(a - np.diag(np.diag(a)) if _is_square(a) else a),
    "upper_triangular": lambda a: _zero(np.tril(a, -1)),
    "lower_triangular": lambda a: _zero(np.triu(a, 1)),
    "unit_triangular": lambda a: (
        (_zero(np.tril(a, -1)) or _zero(np.triu(a, 1))) and _zero(np.diag(a) - 1)
    ),
    "normal": lambda a: _is_square(a) and _zero(a @ a.T - a.T @ a),
}


@dataclass(frozen=True)
class _Fact:
    """One assumption: a predicate by name with its argument, or a condition by itself.

    :param everywhere: indices for every value of which it is assumed, with their axes' sizes.
    :param local: it depends on the free indices of the claim, at which it is then checked.
    :param of_sizes: it is about dimension symbols alone.
    """

    name: str
    argument: Any
    everywhere: tuple[tuple[Any, tuple[Any, ...]], ...]
    local: bool
    of_sizes: bool = False


def _flattened(given: Iterable[Any]) -> Iterator[Any]:
    for fact in given:
        if isinstance(fact, sp.And):
            yield from _flattened(fact.args)
        else:
            yield fact


def _decidable(condition: Any) -> bool:
    if isinstance(condition, (sp.And, sp.Or, sp.Not)):
        return all(_decidable(arg) for arg in condition.args)
    return isinstance(condition, Relational) or condition in (sp.true, sp.false)


def _counted(fact: Any, own_indices: Mapping[Any, Any], known: set[Any]) -> list[Any]:
    """The n of an assumption such as i < n on a free index, where nothing else mentions n."""
    found = Inventory()
    found.visit(fact)
    if found.arrays or not any(s in own_indices for s in found.scalars):
        return []
    return [s for s in found.scalars if s.is_integer and s not in known and s not in own_indices]


def _fact(fact: Any, own_indices: Mapping[Any, Any], dimensions: set[Any]) -> _Fact:
    """Read one assumption. Raises :class:`UnsupportedError` where it cannot be checked."""
    name, argument = "", fact
    if isinstance(fact, sp.assumptions.AppliedPredicate):
        name = str(fact.function.name)
        if name not in _CHECKS or len(fact.arguments) != 1:
            raise UnsupportedError(f"the assumption {fact} cannot be checked at a point")
        (argument,) = fact.arguments
    elif not _decidable(fact):
        raise UnsupportedError(f"the assumption {fact} cannot be checked at a point")
    found = Inventory()
    found.visit(argument)
    # A property or an equation of entries is read as said of all of them, the stronger reading:
    # what disagrees under it disagrees under the weaker one too. An inequality at an index that
    # the claim itself mentions is about that index.
    weaker = not name and not isinstance(fact, sp.Eq)
    shared = {s for s in found.indices() if s in own_indices}
    pure = not found.arrays
    if pure:
        shared |= {s for s in found.scalars if s in own_indices}
    local = bool(shared) and (weaker or pure)
    everywhere = tuple(
        (s, tuple(sizes or own_indices.get(s, ())))
        for s, sizes in found.indices().items()
        if not (local and s in shared)
    )
    of_sizes = mentions(argument) <= dimensions
    return _Fact(name, argument, everywhere, local, of_sizes)


# -- values, proposed ------------------------------------------------------------------------

_POOLS: tuple[tuple[Fraction, ...], ...] = tuple(
    tuple(map(Fraction, pool))
    for pool in (
        ("1", "2", "3"),
        ("-2", "-1", "0", "1", "2"),
        ("1/2", "3/2", "-1/2", "1", "2", "-3/2"),
        ("1/4", "1/3", "1/2", "2/3", "3/4", "1/5"),
        ("-3", "-2", "-1", "1", "2", "3"),
        ("0", "0", "0", "1", "-1"),
        ("1/3", "-2/3", "4/3", "5/3", "-7/3", "1/7"),
        ("-5", "-4", "4", "5", "7", "-7"),
        ("10", "-10", "1/10", "-1/10", "100", "1/100"),
    )
)
LEVELS = len(_POOLS)


def _with_sign(value: Fraction, kinds: Iterable[str], rng: random.Random) -> Fraction:
    """The value, changed as little as the assumptions on its symbol ask."""
    wanted = set(kinds)
    if wanted & {"integer", "integer_elements", "even", "odd"} and value.denominator != 1:
        value = Fraction(math.ceil(value))
    if "even" in wanted:
        value *= 2
    if "odd" in wanted:
        value = 2 * value + 1
    if wanted & {"positive", "nonnegative"}:
        value = abs(value)
    if wanted & {"negative", "nonpositive"}:
        value = -abs(value)
    if value == 0 and wanted & {"positive", "negative", "nonzero"}:
        value = Fraction(-1 if "negative" in wanted else rng.choice((1, 2)))
    return Fraction(0) if "zero" in wanted else value


def _kinds_of_symbol(symbol: Any) -> set[str]:
    """The assumptions that a symbol itself carries."""
    if not isinstance(symbol, (sp.Symbol, sp.IndexedBase)):
        return set()
    kinds = "positive negative nonnegative nonpositive nonzero zero integer even odd"
    return {kind for kind in kinds.split() if getattr(symbol, f"is_{kind}", None)}


def _suits(symbol: Any, value: Fraction) -> bool:
    """Whether a value has every property that SymPy was told its symbol has."""
    known = symbol.assumptions0
    if len(known) <= 1:  # nothing but that it commutes
        return True
    number = sp.Rational(value.numerator, value.denominator)
    return all(getattr(number, f"is_{name}", None) == truth for name, truth in known.items())


def _fractions(array: Any) -> np.ndarray:
    raw = np.asarray(array, dtype=object)
    result = np.empty(raw.shape, dtype=object)
    for position in np.ndindex(raw.shape):
        result[position] = as_fraction(raw[position])
    return result


def _orthogonal(size: int, rng: random.Random) -> np.ndarray:
    """A rational orthogonal matrix: signs, a permutation, or a product of two reflections."""
    identity = _fractions(np.eye(size, dtype=int))
    if rng.random() < 0.35:
        rows = list(range(size))
        rng.shuffle(rows)
        signs = [Fraction(rng.choice((1, -1))) for _ in rows]
        return np.array([identity[r] * s for r, s in zip(rows, signs, strict=True)], dtype=object)
    result = identity
    for _ in range(rng.choice((1, 2))):
        v = _fractions([rng.choice((-2, -1, 1, 2, 3)) for _ in range(size)])
        result = result @ (identity - np.outer(v, v) * (Fraction(2) / (v @ v)))
    return result


def _orthonormal(shape: tuple[int, ...], rng: random.Random) -> np.ndarray:
    """A matrix with orthonormal columns, or rows where it is wider than tall."""
    rows, columns = shape
    return _orthogonal(max(shape), rng)[:rows, :columns]


def _structured(raw: np.ndarray, kinds: set[str], rng: random.Random) -> np.ndarray:
    """A matrix with the properties asked for, made from one with random entries."""
    size = len(raw)
    identity = _fractions(np.eye(size, dtype=int))
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        if "diagonal" in kinds:
            return raw * _fractions(np.eye(*raw.shape, dtype=int))
    elif kinds & {"orthogonal", "unitary"}:
        if "diagonal" in kinds:
            return identity * _fractions([rng.choice((1, -1)) for _ in range(size)])
        if "symmetric" in kinds:
            v = raw[0] if any(raw[0]) else identity[0]
            return identity - np.outer(v, v) * (Fraction(2) / (v @ v))
        return _orthogonal(size, rng)
    elif "positive_definite" in kinds:
        if "diagonal" in kinds:
            return identity * (abs(np.diag(raw)) + 1)
        return raw @ raw.T + identity
    elif "diagonal" in kinds:
        return raw * identity
    elif "symmetric" in kinds:
        return np.triu(raw) + np.triu(raw, 1).T
    if "upper_triangular" in kinds or "unit_triangular" in kinds:
        raw = np.triu(raw)
    if "lower_triangular" in kinds:
        raw = np.tril(raw)
    if "unit_triangular" in kinds:
        raw = np.triu(raw, 1) + identity
    if "singular" in kinds and size:
        raw = np.outer(raw[:, 0], raw[0])
        if size == 1:
            raw = raw * 0
    return _fractions(raw)


def _polynomial(function: Any, arguments: int, rank: int) -> sp.Lambda:
    """A generic polynomial to stand for an undefined function, another for each rank."""
    slots = sp.symbols(f"x:{arguments}", real=True) if arguments > 1 else (sp.Symbol("x"),)
    weights = [sp.Rational(k + rank + 2, k + 2) for k in range(arguments)]
    linear = sum((w * s for w, s in zip(weights, slots, strict=True)), sp.S.Zero)
    if function.is_positive or function.is_nonnegative or function.is_nonzero:
        return sp.Lambda(slots, linear**2 / 2 + linear / 3 + sp.Rational(rank + 1, 2))
    if function.is_negative or function.is_nonpositive or function.is_integer:
        raise UnsupportedError(f"the assumptions on {function} leave no polynomial to try")
    mixed = sum((s**2 * (k + 1) for k, s in enumerate(slots)), sp.S.Zero)
    body = linear / 3 + mixed / 2 + linear**3 / (5 + rank) + sp.Rational(rank + 1, 4)
    return sp.Lambda(slots, body)


def _scalar_polynomial(shapes: list[tuple[int, ...]], rank: int) -> sp.Lambda:
    """A polynomial of degree three in all entries of its arguments, each with its own weight."""
    variables: list[Any] = []
    entries: list[Any] = []
    for k, shape in enumerate(shapes):
        if shape == ():
            variable: Any = sp.Symbol(f"x{k}")
            entries.append(variable)
        elif len(shape) == 2:
            variable = sp.MatrixSymbol(f"X{k}", *shape)
            entries.extend(variable[i, j] for i, j in np.ndindex(shape))
        else:
            raise UnsupportedError("a scalar function of an array that is not a matrix")
        variables.append(variable)
    first = sum(((k + 1) * e for k, e in enumerate(entries)), sp.S.Zero)
    second = sum(((k * k + rank) % 5 * e - e for k, e in enumerate(entries)), sp.S.Zero)
    squares = sum(((k + 2) * e**2 for k, e in enumerate(entries)), sp.S.Zero)
    return sp.Lambda(tuple(variables), squares / 2 + first * second + second**3 / 3 + first)


class PointMaker:
    """Makes points for one claim.

    Raises :class:`UnsupportedError` for an assumption that cannot be checked.
    """

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        found = inventory(claim)
        own_indices = found.indices()
        # Whatever only an assumption mentions needs a value as well; its indices do not.
        everything = inventory(claim)
        for fact in claim.assumed:
            everything.visit(fact)
        self.dimensions = list(dict.fromkeys([*found.dimensions(), *everything.dimensions()]))
        self.dimensions = [s for s in self.dimensions if s not in own_indices]
        self.indices = own_indices
        for fact in claim.assumed:
            self.dimensions += _counted(fact, own_indices, {*found.scalars, *self.dimensions})
        self.facts = [
            _fact(fact, own_indices, set(self.dimensions)) for fact in _flattened(claim.assumed)
        ]
        known = {*self.dimensions, *own_indices, *everything.indices(), *claim.where}
        self.scalars = [s for s in everything.scalars if s not in known]
        self.arrays = [a for a in everything.arrays if a not in claim.where]
        self.functions = everything.functions
        self.scalar_functions = everything.scalar_functions
        self._kinds: dict[Any, set[str]] = {}
        for symbol in (*self.scalars, *self.arrays):
            self._kinds[symbol] = _kinds_of_symbol(symbol)
        for fact in self.facts:
            target = _whole(fact.argument)
            if fact.name and target in self._kinds:
                self._kinds[target].add(fact.name)
        self._refuse_symmetric_partials()
        self._polynomials = {
            f: _polynomial(f, count, rank)
            for rank, (f, count) in enumerate(self.functions.items())
            if f not in claim.where
        }

    def _refuse_symmetric_partials(self) -> None:
        """A derivative inside an expression knows nothing of the assumptions on its variable."""
        symmetric = {fact.argument for fact in self.facts if fact.name == "symmetric"}
        for expr in _fields_of(self.claim) if symmetric else ():
            for node in expr.atoms(Partial, MatrixPartial):
                if _whole(node.wrt) in symmetric:
                    raise UnsupportedError(f"{node} within the symmetric matrices")

    @property
    def constant(self) -> bool:
        """Whether there are no values to choose, so that one point per size is all."""
        return not self.scalars and not self.arrays

    def sizes(self) -> Iterator[dict[Any, int]]:
        """Values of the dimension symbols, the smallest total first."""
        found = False
        for sizes in self._candidates(3):
            found = True
            yield sizes
        if not found and len(self.dimensions) <= 4:  # an assumption such as n ≥ 5
            yield from self._candidates(7)

    def _candidates(self, largest: int) -> Iterator[dict[Any, int]]:
        count = len(self.dimensions)
        if count <= 6:
            candidates = sorted(product(range(1, largest + 1), repeat=count), key=sum)
        else:
            ones = (1,) * count
            twos = [(*ones[:k], 2, *ones[k + 1 :]) for k in range(count)]
            mixed = [
                tuple(1 + (k * step + start) % 3 for k in range(count))
                for step in (1, 2)
                for start in range(3)
            ]
            candidates = [ones, *twos, *sorted(mixed, key=sum), (2,) * count]
        for candidate in candidates:
            sizes = dict(zip(self.dimensions, candidate, strict=True))
            if self.admits_sizes(sizes):
                yield sizes

    def admits_sizes(self, sizes: Mapping[Any, int]) -> bool:
        """Whether the assumptions on sizes alone hold, and every array has an entry."""
        if not all(_suits(symbol, Fraction(size)) for symbol, size in sizes.items()):
            return False
        point = Point(sizes, {})
        if not all(self._holds(fact, point) for fact in self.facts if fact.of_sizes):
            return False
        try:
            return all(min(self.shape_of(a, sizes), default=1) > 0 for a in self.arrays)
        except EvaluationError:
            return False

    def shape_of(self, array: Any, sizes: Mapping[Any, int]) -> tuple[int, ...]:
        """The shape of an array symbol at these sizes."""
        shape = array.shape
        return tuple(_integer(size, sizes) for size in shape) if shape is not None else ()

    def positions(self, sizes: Mapping[Any, int], most: int = 64) -> Iterator[dict[Any, int]]:
        """Values of the free indices of the claim, at most so many."""
        ranges = [
            [k for k in _axis(axes, sizes) if _suits(symbol, Fraction(k))]
            for symbol, axes in self.indices.items()
        ]
        for values in islice(product(*ranges), most):
            yield dict(zip(self.indices, values, strict=True))

    def values(
        self, sizes: Mapping[Any, int], level: int, rng: random.Random
    ) -> Iterator[dict[Any, Any]]:
        """Proposals for the values of all symbols, of one level of simplicity."""
        values: dict[Any, Any] = {}
        for symbol in (*self.scalars, *self.arrays):
            pool = _POOLS[level] if level < LEVELS else rng.choice(_POOLS)
            kinds = self._kinds[symbol]
            if isinstance(symbol, sp.Symbol):
                values[symbol] = _with_sign(rng.choice(pool), kinds, rng)
            elif symbol.shape is None:
                values[symbol] = LazyArray(str(symbol), rng.randrange(1000))
            else:
                raw = np.empty(self.shape_of(symbol, sizes), dtype=object)
                for position in np.ndindex(raw.shape):
                    raw[position] = _with_sign(rng.choice(pool), kinds, rng)
                values[symbol] = _structured(raw, kinds, rng) if raw.ndim == 2 else raw
        equations = [f for f in self.facts if not f.name and isinstance(f.argument, sp.Eq)]
        proposals: Iterable[dict[Any, Any]] = [values]
        if equations:
            proposals = self._solutions(equations, sizes, values, rng)
        yield from (proposal for proposal in proposals if self._suitable(proposal))

    def _suitable(self, values: Mapping[Any, Any]) -> bool:
        """Whether all values have the properties that their symbols carry."""
        for symbol, value in values.items():
            if isinstance(symbol, sp.Symbol) and not _suits(symbol, value):
                return False
            if isinstance(symbol, sp.IndexedBase) and len(symbol.assumptions0) > 1:
                if isinstance(value, LazyArray):
                    raise UnsupportedError(f"{symbol} has assumptions and no shape")
                if not all(_suits(symbol, x) for x in value.reshape(-1)):
                    return False
        return True

    def _solutions(
        self,
        equations: list[_Fact],
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
            for proposal in (
                self._newton(equations, symbol, sizes, values),
                self._scaled(equations, symbol, sizes, values),
            ):
                if proposal is not None:
                    yield {**values, symbol: proposal}
            for special in _special_values(np.shape(value), rng):
                changed = {**values, symbol: special}
                yield changed
                # With this symbol special, another may solve what is left.
                for other in symbols:
                    if other is not symbol:
                        proposal = self._newton(equations, other, sizes, changed)
                        if proposal is not None:
                            yield {**changed, other: proposal}

    def _residuals(
        self, equations: list[_Fact], sizes: Mapping[Any, int], values: Mapping[Any, Any],
        symbol: Any = None,
    ) -> Iterator[np.ndarray]:  # fmt: skip
        """left − right of each equation, flat; with a symbol, its derivative in that instead."""
        for fact in equations:
            if fact.local:
                continue
            for assignment in _assignments(fact, sizes):
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
        self, equations: list[_Fact], symbol: Any, sizes: Mapping[Any, int],
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
        return value + _fractions(step).reshape(value.shape)

    def _scaled(
        self, equations: list[_Fact], symbol: Any, sizes: Mapping[Any, int],
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
                    shapes.append(tuple(_integer(size, sizes) for size in declared))
            functions[function] = _scalar_polynomial(shapes, rank)
        return functions

    def point(self, sizes: Mapping[Any, int], values: Mapping[Any, Any]) -> Point:
        """The point with these sizes and values, its undefined functions filled in."""
        functions = self.functions_at(sizes, values) if self.scalar_functions else self._polynomials
        return Point(dict(sizes), values, functions)

    def admits(self, point: Point, local: bool) -> bool:
        """Whether all assumptions hold at a point, provably.

        :param local: check those that depend on the claim's free indices, or all others.
        """
        return all(self._holds(fact, point) for fact in self.facts if fact.local == local)

    def _holds(self, fact: _Fact, point: Point) -> bool:
        try:
            for assignment in _assignments(fact, point.sizes):
                there = Point({**point.sizes, **assignment}, point.values, point.functions)
                if not fact.name:
                    if not truth(fact.argument, there, self.claim.where):
                        return False
                elif not _CHECKS[fact.name](evaluate(fact.argument, there, self.claim.where, BALL)):
                    return False
        except (EvaluationError, ShapeError):
            return False
        return True


def _special_values(shape: tuple[int, ...], rng: random.Random) -> Iterator[Any]:
    """Values of this shape that solve equations which are common in documents."""
    if shape == ():
        yield from (Fraction(0), Fraction(1))
    elif len(shape) == 2:
        yield _orthonormal(shape, rng)
        one_hot = _fractions(np.zeros(shape, dtype=int))
        for row in range(shape[0]):
            one_hot[row, rng.randrange(shape[1])] = Fraction(1)
        yield one_hot
        yield _fractions([[rng.choice((0, 1)) for _ in range(shape[1])] for _ in range(shape[0])])
        if shape[0] == shape[1]:
            basis = _orthogonal(shape[0], rng)
            kept = _fractions([rng.choice((0, 1)) for _ in range(shape[0])])
            yield (basis * kept) @ basis.T
        yield _fractions(np.eye(*shape, dtype=int))
        yield one_hot * 0
    else:
        yield _fractions(np.zeros(shape, dtype=int))


def _whole(argument: Any) -> Any:
    """The symbol or array that an assumption on one of its entries is about."""
    if isinstance(argument, MatrixElement):
        return argument.parent
    if isinstance(argument, sp.Indexed):
        return argument.base
    return argument.name if isinstance(argument, ArrayElement) else argument


def _integer(expr: Any, sizes: Mapping[Any, int]) -> int:
    if isinstance(expr, int):
        return expr
    known = sizes.get(expr)
    if known is not None:
        return known
    if isinstance(expr, sp.Integer):
        return int(expr)
    return int(as_fraction(evaluate(expr, Point(sizes, {})).item()))


def _axis(axes: Iterable[Any], sizes: Mapping[Any, int]) -> range:
    """The values of an index along its axes; without any, a few past the largest size."""
    known = [_integer(size, sizes) for size in axes]
    return range(min(known)) if known else range(max(sizes.values(), default=2) + 1)


def _assignments(fact: _Fact, sizes: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
    """Every value of the indices for which an assumption is made throughout."""
    ranges = [_axis(axes, sizes) for _, axes in fact.everywhere]
    for values in product(*ranges):
        yield {s: v for (s, _), v in zip(fact.everywhere, values, strict=True)}


__all__ = [
    "LEVELS",
    "Inconclusive",
    "Inventory",
    "PointMaker",
    "dimension_symbols",
    "free_indices",
    "inventory",
]
