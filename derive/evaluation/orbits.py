"""Expressions at sizes as people have them, 50,257 × 768: exact, and entry by entry.

An array of a point has few entries of its own, at positions below a small number s, and one value
everywhere else. Then nothing tells two indices ≥ s apart that lie between the same two bounds of
ranges: a permutation of a block of such indices changes no value. So a sum over a range is a sum
over the indices below s, over those that are in use outside of it, and over one other index of
each block, times how many there are. What is evaluated is the expression itself at its own sizes.

The law holds for indices that stand by themselves: in an entry, in a comparison, as the end of no
range. An index ≥ s in arithmetic, or as a number, is refused. A bound of a range or an entry at a
fixed place is a bound between blocks; where one comes up that was not known, all starts again.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array import NDimArray
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

import derive.evaluation.nodes  # noqa: F401  (registers the meaning of every node)
from derive.base.errors import ShapeError, UnsupportedError
from derive.claims.verdict import SparseArray
from derive.evaluation.fields import CONSTANTS
from derive.evaluation.functions import BY_SYMBOL
from derive.evaluation.interpreter import Environment, Interpreter, Seed, _meaning
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.large_inverses import Group, Inverted, Reduced, reduced
from derive.evaluation.mentioned import bindable
from derive.evaluation.point import Point
from derive.evaluation.special_functions import BALLS
from derive.language.conditions import Cases
from derive.language.operators import (
    ArrayOperator,
    MatrixOperator,
    MaxOver,
    Tensor,
    TensorElement,
    defined,
)
from derive.language.sequences import At, MatrixSum, OrderedProduct, Recurrence

MOST_BLOCKS = 40


class NewBounds(Exception):
    """Indices at which blocks have to begin, which was not known."""

    def __init__(self, *bounds: int) -> None:
        super().__init__(bounds)
        self.bounds = bounds


_SYMBOLS = (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)
_ENTRIES = (MatrixElement, sp.Indexed, ArrayElement, TensorElement)
_ARRAYS = (MatrixExpr, sp.MatrixBase, NDimArray, Tensor, ArrayOperator, ArraySymbol, sp.IndexedBase)
# Scalars whose meaning is that of the evaluator of small arrays: they only take numbers.
_POINTWISE = (
    sp.Rational, sp.Float, *(type(getattr(sp, name)) for name in CONSTANTS if name != "e"),
    type(sp.E), sp.Add, sp.Mul, sp.Pow, sp.Piecewise, Cases, sp.Max, sp.Min, sp.Abs,
    sp.sign, sp.Heaviside, sp.floor, sp.ceiling, sp.KroneckerDelta, AppliedUndef, sp.Derivative,
    sp.sec, sp.csc, sp.sech, sp.csch, sp.cot, sp.coth, *BY_SYMBOL, *BALLS,
)  # fmt: skip


def _broadcast(shapes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in np.broadcast_shapes(*shapes))
    except ValueError as problem:
        raise ShapeError(str(problem)) from problem


def _spread(position: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The position in an operand of this shape that is broadcast."""
    own = position[len(position) - len(shape) :]
    return tuple(0 if size == 1 else k for k, size in zip(own, shape, strict=True))


class Orbits(Interpreter):
    """One walk over expressions at one point of large sizes.

    :param special: the number s of indices that are told apart.
    :param bounds: where blocks of indices begin, from s on.
    """

    def __init__(
        self,
        point: Point,
        where: Mapping[Any, Any],
        jets: Jets,
        seeds: tuple[Seed, ...],
        special: int,
        bounds: Iterable[int],
    ) -> None:
        super().__init__(point, where, jets, seeds)
        if self._systems and any(system.recursive for system in self._systems):
            raise UnsupportedError("a recurrence at large sizes")
        self.special = special
        self.bounds = sorted({special, *(b for b in bounds if b > special)})
        if len(self.bounds) > MOST_BLOCKS:
            raise UnsupportedError("too many bounds of ranges at large sizes")
        self._entries: dict[Any, Jet] = {}
        self._shapes: dict[Any, tuple[int, ...]] = {}
        self._reduced: dict[Any, Reduced] = {}
        self._inverted: dict[Any, Inverted] = {}

    # -- indices -------------------------------------------------------------------------------

    def _block(self, k: int) -> tuple[int, int | None]:
        """First and end of the block of an index ≥ s; the last block has no end."""
        place = bisect_right(self.bounds, k)
        end = self.bounds[place] if place < len(self.bounds) else None
        return self.bounds[place - 1], end

    def _is_fixed(self, k: int) -> bool:
        if k < self.special:
            return True
        first, end = self._block(k)
        return end == first + 1

    def _fixed(self, k: int) -> int:
        if not self._is_fixed(k):
            raise NewBounds(k, k + 1)
        return k

    def _bound_integers(self, expr: Any, env: Environment) -> list[int]:
        found = (env.get(symbol) for symbol in bindable(expr)) if env else ()
        return [k for k in found if isinstance(k, int)]

    def integer(self, expr: Any, env: Environment) -> int:
        if isinstance(expr, int):
            return expr
        if isinstance(expr, sp.Symbol) and isinstance(env.get(expr), int):
            return int(env[expr])
        if not all(map(self._is_fixed, self._bound_integers(expr, env))):
            raise UnsupportedError(f"the index {expr} at large sizes")
        return self._fixed(super().integer(expr, env))

    def end_of_range(self, expr: Any, env: Environment) -> int:
        if not all(map(self._is_fixed, self._bound_integers(expr, env))):
            raise UnsupportedError(f"a range up to {expr} at large sizes")
        return super().integer(expr, env)

    def size(self, expr: Any) -> int:
        return super().integer(sp.sympify(expr), {})

    def classes(self, low: int, high: int, used: Iterable[int]) -> Iterator[tuple[int, int]]:
        """One index of each kind from ``low`` to ``high``, with how many there are of it."""
        for bound in (low, high + 1):
            if low <= high and bound > self.special and bound not in self.bounds:
                raise NewBounds(bound)
        yield from ((k, 1) for k in range(low, min(self.special, high + 1)))
        large = sorted({k for k in used if max(low, self.special) <= k <= high})
        yield from ((k, 1) for k in large)
        for place, first in enumerate(self.bounds):
            if not max(low, self.special) <= first <= high:
                continue
            end = self.bounds[place + 1] if place + 1 < len(self.bounds) else high + 1
            taken = {k for k in large if first <= k < end}
            if end - first > len(taken):
                yield next(k for k in range(first, end) if k not in taken), end - first - len(taken)

    def _canonical(
        self, position: tuple[int, ...], expr: Any, env: Environment
    ) -> tuple[tuple[int, ...], Environment]:
        """The same position and indices, with the first of each block for those from s on."""
        own = {s: env[s] for s in bindable(expr) if s in env} if env else {}
        names: dict[int, int] = {}
        counts: dict[int, int] = {}

        def named(k: int) -> int:
            if k < self.special:
                return k
            if k not in names:
                first, _ = self._block(k)
                names[k] = first + counts.get(first, 0)
                counts[first] = counts.get(first, 0) + 1
            return names[k]

        position = tuple(map(named, position))
        return position, {s: named(v) if isinstance(v, int) else v for s, v in own.items()}

    def total(
        self, limits: Any, env: Environment, used: list[int], term: Callable[[Environment], Jet]
    ) -> Jet:
        """Σ term over ranges, the last limit the outermost."""
        if not limits:
            return term(env)
        *inner, outer = limits
        if len(outer) != 3:
            raise UnsupportedError(f"a range without both its ends: {outer}")
        index, low, high = outer
        ends = self.end_of_range(low, env), self.end_of_range(high, env)
        whole = self.number(0)
        for k, count in self.classes(*ends, used):
            part = self.total(inner, {**env, index: k}, [*used, k], term)
            whole = self.jets.add(whole, self.jets.scaled(self.field.number(count), part))
        return whole

    # -- scalars -------------------------------------------------------------------------------

    def value(self, expr: Any, env: Environment) -> Jet:
        if self.shape(expr):
            if math.prod(self.shape(expr)) == 1:
                return self.entry(expr, (0,) * len(self.shape(expr)), env)
            raise UnsupportedError(f"{expr} as a whole at large sizes")
        _, env = self._canonical((), expr, env)
        key = (expr, *env.items())
        known = self._memo.get(key)
        if known is None:
            known = self._memo[key] = self._scalar_value(expr, env)
        return known

    def _scalar_value(self, expr: Any, env: Environment) -> Jet:
        if isinstance(expr, sp.Symbol):
            bound = env.get(expr)
            if isinstance(bound, int):
                if not self._is_fixed(bound):
                    raise UnsupportedError(f"the index {expr} as a number at large sizes")
                return self.number(bound)
            if bound is not None:
                return bound
            if expr in self._where:
                return self._moved(expr, (), self.value(self._where[expr], {}))
            found = self.fetch(expr)
            return found
        if isinstance(expr, _ENTRIES):
            array = {MatrixElement: "parent", sp.Indexed: "base", ArrayElement: "name"}
            whole = getattr(expr, array.get(type(expr), "array"))
            return self.read(whole, expr.indices, env)
        if isinstance(expr, sp.Sum):
            used = self._bound_integers(expr, env)
            return self.total(expr.limits, env, used, lambda e: self.scalar(expr.function, e))
        if isinstance(expr, sp.Determinant):
            return self._parts(expr.args[0], env)[1].determinant()
        if isinstance(expr, sp.Product):
            return self._product(list(expr.limits), expr, env, self._bound_integers(expr, env))
        if isinstance(expr, MaxOver):
            return self._largest(expr, env)
        if isinstance(expr, sp.Trace):
            operand = expr.args[0]
            rows = self.shape(operand)[0]
            k = sp.Dummy("k", integer=True)
            return self.total(
                [(k, sp.S.Zero, sp.Integer(rows - 1))], env, self._bound_integers(operand, env),
                lambda e: self.entry(operand, (e[k], e[k]), e),
            )  # fmt: skip
        if isinstance(expr, _POINTWISE):
            return _meaning(expr)(self, expr, env)
        raise UnsupportedError(f"{type(expr).__name__} at large sizes")

    def _product(self, limits: list[Any], expr: Any, env: Environment, used: list[int]) -> Jet:
        if not limits:
            return self.scalar(expr.function, env)
        index, low, high = limits[-1]
        ends = self.end_of_range(low, env), self.end_of_range(high, env)
        whole = self.number(1)
        for k, count in self.classes(*ends, used):
            part = self._product(limits[:-1], expr, {**env, index: k}, [*used, k])
            whole = self.jets.multiply(whole, self.jets.integer_power(part, count))
        return whole

    def _largest(self, expr: Any, env: Environment) -> Jet:
        from derive.evaluation.nodes import _largest

        index, low, high = expr.limits
        ends = self.end_of_range(low, env), self.end_of_range(high, env)
        candidates = [
            self.scalar(expr.body, {**env, index: k})
            for k, count in self.classes(*ends, self._bound_integers(expr, env))
            for _ in range(min(count, 2))  # two that are equal tie
        ]
        return _largest(self, expr, candidates, 1, index in expr.body.free_symbols)

    def truth(self, condition: Any, env: Environment) -> bool:
        if isinstance(condition, Relational):
            sides = [condition.lhs, condition.rhs]
            indices = [isinstance(s, sp.Symbol) and isinstance(env.get(s), int) for s in sides]
            if any(indices):
                return self._compared(condition, sides, indices, env)
            if any(self.shape(side) for side in sides):
                return self._equal_arrays(condition, env)
        return super().truth(condition, env)

    def _compared(
        self, condition: Any, sides: list[Any], indices: list[bool], env: Environment
    ) -> bool:
        """A condition on an index that stands by itself."""
        strict = {sp.Eq: (False, True), sp.Ne: (True, False)}
        if all(indices):
            a, b = (env[side] for side in sides)
            if type(condition) in strict:
                return (a == b) == isinstance(condition, sp.Eq)
            if a != b and min(a, b) >= self.special and self._block(a) == self._block(b):
                raise UnsupportedError(f"{condition} at large sizes")
            return bool(condition.func(a, b))
        place = indices.index(True)
        k = env[sides[place]]
        other = self.scalar(sides[1 - place], env).v
        if not self._is_fixed(k):
            first, end = self._block(k)
            below = self.field.floor(other)
            whole = self.field.sign(other - below) == 0
            bounds = (below, below + 1) if whole else (below + 1,)
            if any(b > first and (end is None or b < end) for b in bounds):
                raise NewBounds(*bounds)
        order = self.field.sign(self.field.number(k) - other) * (1 if place == 0 else -1)
        if isinstance(condition, (sp.Eq, sp.Ne)):
            return (order == 0) == isinstance(condition, sp.Eq)
        return bool(condition.func(order, 0))

    def _equal_arrays(self, condition: Any, env: Environment) -> bool:
        if not isinstance(condition, sp.Eq):
            raise UnsupportedError(f"{condition} between arrays")
        shape = _broadcast(map(self.shape, condition.args))
        return all(
            self.sign(self.difference(*(self.entry_or_scalar(s, p, env) for s in condition.args)))
            == 0
            for p in self.positions(shape)
        )

    def positions(self, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """One position of each kind in an array of this shape."""

        def extend(done: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
            if not sizes:
                yield done
                return
            for k, _ in self.classes(0, sizes[0] - 1, done):
                yield from extend((*done, k), sizes[1:])

        return extend((), shape)

    # -- arrays --------------------------------------------------------------------------------

    def shape(self, expr: Any) -> tuple[int, ...]:
        """The shape of an expression, () for a scalar."""
        known = self._shapes.get(expr)
        if known is None:
            known = self._shapes[expr] = self._shape(expr)
        return known

    def _shape(self, expr: Any) -> tuple[int, ...]:
        if isinstance(expr, (At, Recurrence, OrderedProduct)):
            raise UnsupportedError(f"{type(expr).__name__} at large sizes")
        if isinstance(expr, sp.MatMul):
            return self._product_shape(expr.args)
        if isinstance(expr, (sp.MatAdd, sp.HadamardProduct, sp.Add, sp.Mul)):
            return _broadcast(map(self.shape, expr.args))
        if isinstance(expr, sp.Transpose):
            return self.shape(expr.args[0])[::-1]
        if isinstance(expr, ElementwiseApplyFunction):
            return self.shape(expr.expr)
        if isinstance(expr, sp.HadamardPower):
            return self.shape(expr.base)
        if isinstance(expr, sp.IndexedBase) and expr.shape is None:
            raise UnsupportedError(f"{expr} has no shape")
        if isinstance(expr, _ARRAYS):
            return tuple(self.size(size) for size in expr.shape)
        return ()

    def _product_shape(self, factors: Iterable[Any]) -> tuple[int, ...]:
        whole: tuple[int, ...] = ()
        for shape in map(self.shape, factors):
            if len(shape) == len(whole) == 2 and whole[1] == shape[0]:
                whole = (whole[0], shape[1])
            elif math.prod(whole) == 1:
                whole = shape or whole
            elif math.prod(shape) != 1:
                raise ShapeError(f"a matrix product of the shapes {whole} and {shape}")
        return whole

    def entry_or_scalar(self, expr: Any, position: tuple[int, ...], env: Environment) -> Jet:
        """An entry of an operand that is broadcast; a scalar is the same everywhere."""
        shape = self.shape(expr)
        return self.entry(expr, _spread(position, shape), env) if shape else self.value(expr, env)

    def read(self, array: Any, indices: Any, env: Environment) -> Jet:
        position = tuple(self.integer(index, env) for index in indices)
        if array in self._where and isinstance(self._where[array], sp.Lambda):
            function = self._where[array]
            return self.value(function.expr, dict(zip(function.variables, position, strict=True)))
        shape = self.shape(array)
        if shape == () and not any(position):
            return self.value(array, env)
        self.check_range(array, position, shape)
        return self.entry(array, position, env)

    def entry(self, expr: Any, position: tuple[int, ...], env: Environment) -> Jet:
        """An entry of any array."""
        position, env = self._canonical(position, expr, env)
        key = (expr, position, *env.items())
        known = self._entries.get(key)
        if known is None:
            known = self._entries[key] = self._entry(expr, position, env)
        return known

    def _moved(self, symbol: Any, position: tuple[int, ...], jet: Jet) -> Jet:
        """The jet of an entry, varied where it is seeded."""
        moves = [seed.symbol == symbol and (seed.position or ()) == position for seed in self.seeds]
        if not any(moves):
            return jet
        own = self.field.array(np.array(moves, dtype=int))
        return Jet(jet.v, own if jet.g is None else jet.g + own, jet.h)

    def _entry(self, expr: Any, position: tuple[int, ...], env: Environment) -> Jet:
        if isinstance(expr, _SYMBOLS):
            if expr in env:
                raise UnsupportedError(f"{expr} is bound to an array")
            if expr in self._where:
                found = self._defined_entry(self._where[expr], self.shape(expr), position)
            else:
                raw = self.point.values.get(expr)
                if not isinstance(raw, SparseArray):
                    raise UnsupportedError(f"{expr} has no value at this point")
                found = self.number(raw.at(position))
            return self._moved(expr, position, found)
        if isinstance(expr, sp.MatMul):
            return self._matmul(expr.args, position, env)
        if isinstance(expr, (sp.MatAdd, sp.Add)):
            parts = [self.entry_or_scalar(arg, position, env) for arg in expr.args]
            whole = parts[0]
            for part in parts[1:]:
                whole = self.jets.add(whole, part)
            return whole
        if isinstance(expr, (sp.HadamardProduct, sp.Mul)):
            whole = self.number(1)
            for arg in expr.args:
                whole = self.jets.multiply(whole, self.entry_or_scalar(arg, position, env))
            return whole
        if isinstance(expr, sp.HadamardPower):
            base = self.entry(expr.base, position, env)
            return self.jets.power(base, self.entry_or_scalar(expr.exp, position, env))
        if isinstance(expr, sp.Transpose):
            return self.entry(expr.args[0], position[::-1], env)
        if isinstance(expr, ElementwiseApplyFunction):
            if not isinstance(expr.function, sp.Lambda):
                raise UnsupportedError(f"{expr.function} is not a function to apply")
            (variable,) = expr.function.variables
            operand = self.entry(expr.expr, position, env)
            return self.scalar(expr.function.expr, {**env, variable: operand})
        if isinstance(expr, sp.Identity):
            return self.number(int(position[0] == position[1]))
        if isinstance(expr, (sp.OneMatrix, sp.ZeroMatrix)):
            return self.number(int(isinstance(expr, sp.OneMatrix)))
        if isinstance(expr, (DiagMatrix, DiagonalMatrix)):
            if position[0] != position[1]:
                return self.number(0)
            operand = expr.args[0]
            if isinstance(expr, DiagMatrix):
                column = self.shape(operand)[1] == 1
                return self.entry(operand, (position[0], 0) if column else (0, position[0]), env)
            return self.entry(operand, position, env)
        if isinstance(expr, DiagonalOf):
            return self.entry(expr.args[0], (position[0], position[0]), env)
        if isinstance(expr, sp.MatPow) and isinstance(expr.exp, sp.Integer) and 0 < expr.exp < 5:
            return self._matmul((expr.base,) * int(expr.exp), position, env)
        if isinstance(expr, sp.Inverse):
            return self._inverse_entry(expr.args[0], position, env)
        if isinstance(expr, sp.MatPow) and isinstance(expr.exp, sp.Integer) and -5 < expr.exp < 0:
            return self._matmul((sp.Inverse(expr.base),) * -int(expr.exp), position, env)
        if isinstance(expr, sp.FunctionMatrix):
            bound = dict(zip(expr.lamda.variables, position, strict=True))
            return self.scalar(expr.lamda.expr, {**env, **bound})
        if isinstance(expr, MatrixSum):
            used = [*position, *self._bound_integers(expr, env)]
            return self.total(
                [expr.limits], env, used, lambda e: self.entry(expr.body, position, e)
            )
        if isinstance(expr, (sp.MatrixBase, NDimArray)):
            return self.scalar(expr[position], env)
        if isinstance(expr, (MatrixOperator, ArrayOperator, Tensor)):
            indices, body = (
                (expr.bound_symbols, expr.body) if isinstance(expr, Tensor) else defined(expr)
            )
            return self.scalar(body, {**env, **dict(zip(indices, position, strict=True))})
        raise UnsupportedError(f"{type(expr).__name__} at large sizes")

    def _parts(self, matrix: Any, env: Environment) -> tuple[Any, Reduced]:
        """A square matrix by groups of its indices, and what it is known by. Its bound indices keep
        the names that they have beside a position, whose indices are sought among the groups.
        """
        rows, columns = self.shape(matrix)
        if rows != columns:
            raise ShapeError(f"the inverse of a matrix of shape {(rows, columns)}")
        key = (matrix, *env.items())
        known = self._reduced.get(key)
        if known is None:
            used = self._bound_integers(matrix, env)
            groups = []
            for k, count in self.classes(0, rows - 1, used):
                beside = (other for other in range(k + 1, rows) if other not in used)
                groups.append(Group(k, count, next(beside) if count > 1 else None))
            known = reduced(self.jets, tuple(groups), lambda i, j: self.entry(matrix, (i, j), env))
            self._reduced[key] = known
        return key, known

    def _inverse_entry(self, matrix: Any, position: tuple[int, ...], env: Environment) -> Jet:
        key, parts = self._parts(matrix, env)
        known = self._inverted.get(key)
        if known is None:
            known = self._inverted[key] = parts.inverse()
        row, column = (self._group(parts.groups, k) for k in position)
        return known.entry(row, column, position[0] == position[1])

    def _group(self, groups: tuple[Group, ...], k: int) -> int:
        """The group of an index: its own, or that of its block."""
        for place, group in enumerate(groups):
            if group.index == k or (
                group.count > 1 and k >= self.special and self._block(k) == self._block(group.index)
            ):
                return place
        raise UnsupportedError(f"the index {k} at large sizes")

    def _defined_entry(
        self, value: Any, declared: tuple[int, ...], position: tuple[int, ...]
    ) -> Jet:
        shape = self.shape(value)
        if shape == declared:
            return self.entry(value, position, {})
        if math.prod(shape) == math.prod(declared) == 1:
            return self.value(value, {})
        raise UnsupportedError(f"a definition of shape {shape} where {declared} is declared")

    def _matmul(self, factors: tuple[Any, ...], position: tuple[int, ...], env: Environment) -> Jet:
        """An entry of a product, one factor after the other from the right."""
        scale = self.number(1)
        matrices = []
        for factor in factors:
            if math.prod(self.shape(factor)) == 1:
                scale = self.jets.multiply(scale, self.value(factor, env))
            else:
                matrices.append(factor)
        if not matrices:
            return scale
        return self.jets.multiply(scale, self._chained(tuple(matrices), position, env))

    def _chained(
        self, factors: tuple[Any, ...], position: tuple[int, ...], env: Environment
    ) -> Jet:
        *first, last = factors
        if not first:
            return self.entry(last, position, env)
        whole = sp.Tuple(*factors)
        position, env = self._canonical(position, whole, env)
        key = (whole, position, *env.items())
        known = self._entries.get(key)
        if known is not None:
            return known
        before = self._product_shape(first)
        if math.prod(before) == 1 and self.shape(last)[0] != 1:
            scale = self._chained(tuple(first), (0, 0), env)
            return self.jets.multiply(scale, self.entry(last, position, env))
        row, column = position
        used = [row, column, *self._bound_integers(whole, env)]
        total = self.number(0)
        for k, count in self.classes(0, self.shape(last)[0] - 1, used):
            right = self.entry(last, (k, column), env)
            part = self.jets.multiply(self._chained(tuple(first), (row, k), env), right)
            total = self.jets.add(total, self.jets.scaled(self.field.number(count), part))
        self._entries[key] = total
        return total


def at_blocks(bounds: set[int], compute: Callable[[], Any]) -> Any:
    """The computation, again for as long as it comes upon bounds that were not known."""
    for _ in range(MOST_BLOCKS):
        try:
            return compute()
        except NewBounds as found:
            bounds.update(found.bounds)
    raise UnsupportedError("too many bounds of ranges at large sizes")
