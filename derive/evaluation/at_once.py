"""All entries of an array at once, in floats: what is fast enough to try a thousand formulas.

An index is an axis of NumPy's, a sum runs along one. What is read outside of an array is NaN, which
a branch that is not taken leaves out. Nothing is decided from these numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.base.budget import spend
from derive.base.tables import Table
from derive.evaluation.fields import ROUNDED
from derive.language.conditions import Cases
from derive.language.operators import MaxOver, Tensor, TensorElement

MOST = 200_000  # entries of an array in between
NODE = 4  # units of work for a node
LARGEST = 1 << 30  # number that is counted with as an integer

# A value has an axis for each index around it, the innermost first; or fewer, where it does not
# depend on the inner ones.
Environment = dict[Any, np.ndarray]
Read = Callable[[Any], np.ndarray]
Rule = Callable[["_Walk", Any, Environment], np.ndarray]


class NotAtOnce(Exception):
    """A node that only the interpreter of single entries knows, or too many entries."""


def at_once(expr: Any, read: Read) -> np.ndarray:
    """The value of a scalar, or of a tensor of scalars.

    :param read: the value of each symbol and array that is bound nowhere in the expression.
    :raises NotAtOnce: for anything else.
    """
    walk = _Walk(read)
    with np.errstate(all="ignore"):
        if not isinstance(expr, Tensor):
            return walk.value(expr, {}).reshape(())
        env: Environment = {}
        shape = []
        for index, size in expr.axes:
            shape.append(walk.bind(env, index, 0, walk.whole(size, env) - 1))
        value = walk.value(expr.body, env)
        # The innermost axis is the first one.
        full = np.broadcast_to(value, tuple(reversed(shape)))
        return np.ascontiguousarray(full.transpose())


class _Walk:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._arrays: dict[Any, np.ndarray] = {}
        self.sizes: list[int] = []  # of the axes, the outermost first

    def value(self, expr: Any, env: Environment) -> np.ndarray:
        spend(NODE)
        if expr in env:
            return env[expr]
        rule = RULES.find(type(expr))
        if rule is None:
            raise NotAtOnce(type(expr).__name__)
        return rule(self, expr, env)

    def array(self, symbol: Any) -> np.ndarray:
        if symbol not in self._arrays:
            self._arrays[symbol] = np.asarray(self._read(symbol), dtype=float)
        return self._arrays[symbol]

    def whole(self, expr: Any, env: Environment) -> int:
        value = self.value(expr, env)
        if value.size != 1 or not float(value.flat[0]).is_integer():
            raise NotAtOnce("a size that depends on an index")
        return int(value.flat[0])

    def bind(self, env: Environment, index: Any, low: int, high: int) -> int:
        """Give an index an axis of its own; the number of its values."""
        count = max(0, high - low + 1)
        self.sizes.append(count)
        if math.prod(self.sizes) > MOST:
            raise NotAtOnce("too many entries")
        axis = (1,) * (len(self.sizes) - 1)
        env[index] = np.arange(low, low + count).reshape(count, *axis)
        return count

    def along(
        self, body: Any, limits: tuple[Any, ...], env: Environment, fold: Any, empty: float
    ) -> np.ndarray:
        """A body, folded along the ranges of some indices, the last of them the outermost."""
        if not limits:
            return self.value(body, env)
        *others, (index, low, high) = limits
        first, last = self.value(low, env), self.value(high, env)
        inner = dict(env)
        if not first.size or not last.size:
            return np.full(np.broadcast_shapes(first.shape, last.shape), empty)
        count = self.bind(inner, index, int(first.min()), int(last.max()))
        value = self.along(body, tuple(others), inner, fold, empty)
        if value.ndim < len(self.sizes):
            missing = (1,) * (len(self.sizes) - 1 - value.ndim)
            value = np.broadcast_to(value, (count, *missing, *value.shape))
        if first.size > 1 or last.size > 1:
            here = inner[index]
            value = np.where((here >= first) & (here <= last), value, empty)
        self.sizes.pop()
        return fold(value, axis=0, initial=empty)


RULES: Table[Rule] = Table()


@RULES.on(sp.Integer)
def _integer(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    number = int(expr)
    return np.asarray(number if abs(number) < LARGEST else float(number))


@RULES.on(sp.Number, sp.NumberSymbol)
def _number(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return np.asarray(float(expr))


@RULES.on(sp.Symbol)
def _symbol(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    value = walk.array(expr).reshape(())
    return value.astype(int) if expr.is_integer else value


@RULES.on(sp.Add)
def _add(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.add, (walk.value(part, env) for part in expr.args))


@RULES.on(sp.Mul)
def _multiply(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.multiply, (walk.value(part, env) for part in expr.args))


@RULES.on(sp.Pow)
def _power(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return np.power(walk.value(expr.base, env).astype(float), walk.value(expr.exp, env))


@RULES.on(sp.Indexed, MatrixElement, TensorElement)
def _entry(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    array, *indices = expr.args
    places = [walk.value(index, env) for index in indices]
    if isinstance(array, Tensor):
        return walk.value(
            array.body, {**env, **dict(zip(array.bound_symbols, places, strict=True))}
        )
    if not isinstance(array, (sp.IndexedBase, sp.MatrixSymbol)):
        raise NotAtOnce(type(array).__name__)
    values = walk.array(array)
    if values.ndim != len(places):
        raise NotAtOnce("an entry of an array of another rank")
    kept, inside = [], None
    for place, size in zip(places, values.shape, strict=True):
        if place.dtype.kind != "i":  # labels, or what has no value
            whole = place == np.floor(place)
            place = np.where(whole, place, -1).astype(int)
        if place.size and (place.min() < 0 or place.max() >= size):
            here = (place >= 0) & (place < size)
            inside = here if inside is None else inside & here
            place = np.where(here, place, 0)
        kept.append(place)
    if not values.size:
        return np.full(np.broadcast_shapes(*(place.shape for place in kept)), np.nan)
    found = values[tuple(kept)]
    return found if inside is None else np.where(inside, found, np.nan)


@RULES.on(sp.Sum)
def _sum(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return walk.along(expr.function, expr.limits, env, np.sum, 0.0)


@RULES.on(MaxOver)
def _max_over(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return walk.along(expr.body, (expr.limits,), env, np.max, -np.inf)


@RULES.on(sp.Piecewise, Cases)
def _cases(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    result = np.asarray(np.nan)
    for case in reversed(expr.args):
        value, condition = case.args if isinstance(case, ExprCondPair) else case
        result = np.where(walk.value(condition, env), walk.value(value, env), result)
    return result


@RULES.on(Relational)
def _relation(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return _RELATIONS[expr.rel_op](walk.value(expr.lhs, env), walk.value(expr.rhs, env))


_RELATIONS = {
    ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal,
    "==": np.equal, "!=": np.not_equal,
}  # fmt: skip


@RULES.on(type(sp.true), type(sp.false))
def _truth(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return np.asarray(bool(expr))


@RULES.on(sp.And)
def _both(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.logical_and, (walk.value(part, env) for part in expr.args))


@RULES.on(sp.Or)
def _either(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.logical_or, (walk.value(part, env) for part in expr.args))


@RULES.on(sp.Not)
def _not(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return np.logical_not(walk.value(expr.args[0], env))


@RULES.on(sp.KroneckerDelta)
def _delta(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    i, j = (walk.value(index, env) for index in expr.args[:2])
    return np.where(i == j, 1.0, 0.0)


@RULES.on(sp.Max)
def _larger(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.maximum, (walk.value(part, env) for part in expr.args))


@RULES.on(sp.Min)
def _smaller(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return reduce(np.minimum, (walk.value(part, env) for part in expr.args))


def _floor(x: np.ndarray) -> np.ndarray:
    """⌊x⌋, also of a quotient that is a whole number up to rounding, as (3·N·C)/(N·C) may be."""
    whole = np.round(x)
    return np.where(np.abs(x - whole) < ROUNDED * (1 + np.abs(x)), whole, np.floor(x))


FUNCTIONS: dict[type, Callable[[np.ndarray], np.ndarray]] = {
    sp.exp: np.exp, sp.log: np.log, sp.Abs: np.abs, sp.sign: np.sign, sp.floor: _floor,
    sp.sin: np.sin, sp.cos: np.cos, sp.tan: np.tan, sp.sinh: np.sinh, sp.cosh: np.cosh,
    sp.tanh: np.tanh, sp.erf: np.vectorize(math.erf, otypes=[float]),
}  # fmt: skip


@RULES.on(*FUNCTIONS)
def _function(walk: _Walk, expr: Any, env: Environment) -> np.ndarray:
    return FUNCTIONS[expr.func](walk.value(expr.args[0], env))
