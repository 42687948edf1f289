"""What an expression is worth at a point: concrete sizes, concrete numbers.

The expressions of a claim are interpreted as they stand, and derivatives come from forward-mode
differentiation of that interpretation. Nothing here is shared with the symbolic engine, so that
the agreement of the two means something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

import derive.evaluation.nodes  # noqa: F401  (registers the meaning of every node)
from derive.base.budget import spend
from derive.base.errors import ShapeError, UnsupportedError
from derive.base.tables import Table
from derive.claims.kinds import Backward, Claim, Gradient, Hessian, Jacobian
from derive.evaluation.at_once import NotAtOnce, at_once
from derive.evaluation.fields import (
    BALL,
    EXACT,
    FINE,
    FLOATING,
    EvaluationError,
    Field,
    Inconclusive,
    NotDifferentiable,
    NotExact,
    OutOfRange,
    Undefined,
    as_fraction,
    precision,
)
from derive.evaluation.interpreter import Interpreter, Seed, variable
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.mentioned import mentions
from derive.evaluation.point import LazyArray, Point
from derive.language.arrays import stacked
from derive.language.predicates import is_given
from derive.language.sequences import At

__all__ = [
    "BALL",
    "EXACT",
    "FINE",
    "FLOATING",
    "EvaluationError",
    "Inconclusive",
    "LazyArray",
    "NotDifferentiable",
    "NotExact",
    "OutOfRange",
    "Point",
    "Undefined",
    "Values",
    "derivative",
    "evaluate",
    "mentions",
    "sides",
    "truth",
]

Sizes = tuple[int, ...]
Walks = Callable[[], Interpreter]  # what starts a walk

READ = 30  # units of work for a value among many at one point


def _finished(values: Any, field: Field) -> np.ndarray:
    result = np.empty((), dtype=field.dtype)
    if isinstance(values, np.ndarray):
        result = values
    else:
        result[()] = values
    if field is FLOATING and not np.isfinite(result).all():
        raise Inconclusive("an overflow")
    return result


def _at_enough_precision(field: Field, compute: Callable[[], Any]) -> Any:
    """The computation, once more at a higher precision where a decision was left open."""
    *lower, highest = field.precisions
    with np.errstate(all="ignore"):
        for bits in lower:
            try:
                with precision(bits):
                    return compute()
            except Inconclusive:
                continue
        try:
            with precision(highest):
                return compute()
        except OverflowError:  # of a Python float; those of NumPy become infinite
            raise Inconclusive("an overflow") from None


def evaluate(
    expr: Any, point: Point, where: Mapping[Any, Any] | None = None, field: Field = EXACT
) -> np.ndarray:
    """The value of an expression at a point, an array of rank 0 for a scalar.

    :raises EvaluationError: the expression has no value there, as
        :mod:`derive.evaluation.fields` says.
    :raises ShapeError: its parts do not fit together at these sizes.
    :raises UnsupportedError: it contains a node that has no meaning here.
    """
    return _evaluated(expr, partial(Interpreter, point, where or {}, Jets(field, 0)), field)


def _evaluated(expr: Any, started: Walks, field: Field) -> np.ndarray:
    """The value of an expression by a walk that is started anew at each precision."""
    expr = sp.sympify(expr)

    def compute() -> np.ndarray:
        walk = started()
        walk.define(expr)
        return _finished(walk.value(expr, {}).v, field)

    return _at_enough_precision(field, compute)


def _walks(point: Point, where: Mapping[Any, Any], field: Field) -> Walks:
    """What starts a walk for each of several expressions at a point. Where all are evaluated at
    one precision it is one walk, so that what they rest on is evaluated once.
    """
    started = partial(Interpreter, point, where, Jets(field, 0))
    if len(field.precisions) > 1:
        return started
    walk = started()
    return lambda: walk


class Values:
    """The values of many expressions at one point, in floats; what they share is evaluated once."""

    def __init__(self, point: Point, where: Mapping[Any, Any]) -> None:
        self._walk = Interpreter(point, where, Jets(FLOATING, 0))
        self._where = where
        self._read: dict[Any, np.ndarray] = {}

    def of(self, expr: Any, changed: Mapping[Any, Any] | None = None) -> np.ndarray:
        """The value of an expression. Raises as :func:`evaluate` does.

        :param changed: definitions in the place of those that the claim has; what rests on none of
            them is evaluated once for all.
        """
        spend(READ)
        try:
            found = self._at_once(expr, changed or {})
        except NotAtOnce:
            walk = self._walk.redefined(changed) if changed else self._walk
        else:
            if not np.isfinite(found).all():
                raise Undefined("no value, or too large a one")
            return found
        with np.errstate(all="ignore"):
            if self._where or changed:
                walk.define(expr)
            return _finished(walk.value(expr, {}).v, FLOATING)

    def _at_once(self, expr: Any, changed: Mapping[Any, Any]) -> np.ndarray:
        where = {**self._where, **changed}
        found: dict[Any, np.ndarray] = {}

        def read(symbol: Any) -> np.ndarray:
            if symbol in found:
                return found[symbol]
            if symbol not in self._read:
                with np.errstate(all="ignore"):
                    self._walk.define(symbol)
                    value = self._walk.value(symbol, {}).v
                self._read[symbol] = _finished(value, FLOATING)
            return self._read[symbol]

        for symbol in _resting_on(changed, where):
            found[symbol] = at_once(where[symbol], read)
        return found[expr] if expr in found else at_once(expr, read)


def _resting_on(changed: Mapping[Any, Any], where: Mapping[Any, Any]) -> list[Any]:
    """Some definitions and those that rest on them, in order."""
    touched: set[Any] = set()
    for symbol, value in where.items():
        if symbol in changed or not touched.isdisjoint(mentions(value)):
            touched.add(symbol)
    return [symbol for symbol in where if symbol in touched]


def truth(
    condition: Any, point: Point, where: Mapping[Any, Any] | None = None, field: Field = BALL
) -> bool:
    """Whether a relation, or a combination of relations, provably holds at a point.

    Raises as :func:`evaluate` does; :class:`Inconclusive` where no precision decides it.
    """

    def compute() -> bool:
        walk = Interpreter(point, where or {}, Jets(field, 0))
        walk.define(condition)
        return walk.truth(condition, {})

    return _at_enough_precision(field, compute)


def _seed_of(
    wrt: Any, point: Point, where: Mapping[Any, Any], field: Field
) -> tuple[Seed, tuple[int, ...]]:
    """What is varied for a derivative in ``wrt``, and the shape of that."""
    walk = Interpreter(point, where, Jets(field, 0))
    if isinstance(wrt, At):
        seed, shape = _seed_of(wrt.array, point, where, field)
        return seed, (1, *shape[1:]) if len(shape) == 2 else shape[1:]
    if isinstance(wrt, sp.Transpose):
        seed, shape = _seed_of(wrt.arg, point, where, field)
        return seed, shape[::-1]
    matrix = stacked(wrt)
    if matrix is not None:
        seed, shape = _seed_of(matrix, point, where, field)
        return seed, (math.prod(shape), 1)
    symbol, position = variable(wrt, walk, {})
    if position is not None:
        return Seed(symbol, position, 1), ()
    if symbol in where:
        walk.define(symbol)
    whole = walk.fetch(symbol)
    if not isinstance(whole, Jet):
        raise UnsupportedError(f"{symbol} has no shape, and stands for a whole array")
    return Seed(symbol, None, math.prod(whole.shape)), whole.shape


def derivative(
    of: Any,
    wrt: Any,
    point: Point,
    where: Mapping[Any, Any] | None = None,
    field: Field = EXACT,
    order: int = 1,
    symmetric: bool = False,
) -> np.ndarray:
    """The derivative of an expression in a symbol or an entry of one, at a point.

    :param order: 1, or 2 for the second derivative of a scalar.
    :param symmetric: the derivative is the one within the symmetric matrices, (G + Gᵀ)/2.
    :returns: the axes of ``of``, then those of ``wrt``; for order 2 those of ``wrt`` twice.
    :raises NotDifferentiable: the point is on a kink. Raises as :func:`evaluate` besides.
    """
    of = sp.sympify(of)
    where = where or {}
    if isinstance(wrt, sp.Transpose):
        found = derivative(of, wrt.arg, point, where, field, order, symmetric)
        for last in range(-1, -2 * order, -2):
            found = np.swapaxes(found, last, last - 1)
        return found
    matrix = stacked(wrt)
    if matrix is not None:
        found = derivative(of, matrix, point, where, field, order, symmetric)
        return _in_columns(found, order)
    if symmetric and order == 2:
        raise UnsupportedError("a second derivative within the symmetric matrices")

    if isinstance(wrt, At):
        return _of_position(derivative(of, wrt.array, point, where, field, order), wrt, point)

    def compute() -> np.ndarray:
        seed, shape = _seed_of(wrt, point, where, field)
        seed = seed._replace(symmetric=symmetric)
        walk = Interpreter(point, where, Jets(field, order), (seed,))
        walk.define(of, seed.symbol)
        result = walk.value(of, {}) if order == 1 else walk.scalar(of, {})
        found = result.g if order == 1 else result.h
        if found is None:
            found = field.array(np.zeros((seed.width,) * order + result.shape, dtype=int))
        if order == 2:
            return _finished(found.reshape(shape + shape), field)
        return _finished(np.moveaxis(found, 0, -1).reshape(result.shape + shape), field)

    return _at_enough_precision(field, compute)


def _in_columns(found: np.ndarray, order: int) -> np.ndarray:
    """A derivative in vec(X) from the one in X: the columns of X one after the other."""
    rows, columns = found.shape[-2:]
    shape = found.shape[: found.ndim - 2 * order]
    if order == 1:
        turned = np.swapaxes(found, -1, -2)
        return turned.reshape((*shape, rows * columns, 1))
    turned = np.swapaxes(np.swapaxes(found, -1, -2), -3, -4)
    return turned.reshape((*shape, rows * columns, 1, rows * columns, 1))


def _of_position(whole: np.ndarray, wrt: At, point: Point) -> np.ndarray:
    """The part of a derivative in a sequence that is about one position of it."""
    time = int(as_fraction(evaluate(wrt.index, point).item()))
    rank = len(wrt.array.shape)
    axis = whole.ndim - rank
    if not 0 <= time < whole.shape[axis]:
        raise OutOfRange(f"{wrt.array} has no position {time}")
    part = np.take(whole, [time], axis=axis)
    return part if rank == 2 else part.reshape(whole.shape[:axis] + whole.shape[axis + 1 :])


def _is_vector(shape: tuple[int, ...]) -> bool:
    return len(shape) == 1 or (len(shape) == 2 and 1 in shape)


def sides(claim: Claim, point: Point, field: Field = EXACT) -> tuple[np.ndarray, np.ndarray]:
    """What a claim compares at a point: the derived (or left) side, and the documented one.

    Both have the same shape. Raises as :func:`derivative` does, and :class:`ShapeError` where
    the documented side has another shape than the derived one.
    """
    stated: Any = claim
    started = _walks(point, claim.where, field)
    if claim.states_both:
        left = _evaluated(stated.left, started, field)
        return _same_shape(left, _evaluated(stated.right, started, field))
    derived = DERIVED.find(type(claim))
    if derived is None:
        raise UnsupportedError(f"a {type(claim).__name__} has no two sides to compare")
    documented = _evaluated(claim.documented, started, field)
    return _same_shape(derived(claim, point, field, documented.shape, started), documented)


# The derived side of each kind of claim about a derivative: in the shape of the documented one
# where it may be written in more than one.
DERIVED: Table[Callable[..., np.ndarray]] = Table()


@DERIVED.on(Hessian)
def _hessian(claim: Any, point: Point, field: Field, documented: Sizes, _: Walks) -> np.ndarray:
    left = derivative(claim.of, claim.wrt, point, claim.where, field, order=2)
    if left.ndim != 2 or left.shape != documented:
        size = math.isqrt(left.size)
        left = left.reshape((size, size))
    return left


@DERIVED.on(Gradient)
def _gradient(claim: Any, point: Point, field: Field, _: Sizes, __: Walks) -> np.ndarray:
    left, of_shape, wrt_shape = _jacobian_of(claim, point, field)
    if math.prod(of_shape) != 1:
        raise ShapeError(f"the gradient of {claim.of}, which has shape {of_shape}")
    return left.reshape(wrt_shape)


@DERIVED.on(Backward)
def _backward(claim: Any, point: Point, field: Field, _: Sizes, started: Walks) -> np.ndarray:
    left, of_shape, wrt_shape = _jacobian_of(claim, point, field)
    upstream = _evaluated(claim.upstream, started, field)
    if upstream.shape != of_shape and not upstream.size == math.prod(of_shape) == 1:
        raise ShapeError(f"upstream has shape {upstream.shape}, and `of` {of_shape}")
    flat = left.reshape((upstream.size, -1))
    with precision(field.precisions[-1]):
        return (upstream.reshape((1, -1)) @ flat).reshape(wrt_shape)


@DERIVED.on(Jacobian)
def _jacobian(claim: Any, point: Point, field: Field, documented: Sizes, _: Walks) -> np.ndarray:
    left, of_shape, wrt_shape = _jacobian_of(claim, point, field)
    if left.shape == documented:
        return left
    if _is_vector(of_shape) and _is_vector(wrt_shape) and len(documented) == 2:
        return left.reshape((math.prod(of_shape), math.prod(wrt_shape)))
    if of_shape == (1, 1):
        return left.reshape(wrt_shape)
    return left.reshape(of_shape) if wrt_shape == (1, 1) else left


def _jacobian_of(claim: Any, point: Point, field: Field) -> tuple[np.ndarray, Sizes, Sizes]:
    """All derivatives of ``of``, with the shapes of ``of`` and of ``wrt``, of which it has both."""
    where = claim.where
    varied, wrt_shape = _at_enough_precision(
        field, lambda: _seed_of(claim.wrt, point, where, field)
    )
    symmetric = isinstance(varied.symbol, sp.MatrixSymbol) and is_given(
        "symmetric", varied.symbol, claim.assumed
    )
    left = derivative(claim.of, claim.wrt, point, where, field, symmetric=symmetric)
    return left, left.shape[: left.ndim - len(wrt_shape)], wrt_shape


def _same_shape(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if left.shape != right.shape:
        if {left.shape, right.shape} != {(), (1, 1)}:
            raise ShapeError(f"one side has shape {left.shape}, the other {right.shape}")
        left, right = left.reshape(()), right.reshape(())
    return left, right
