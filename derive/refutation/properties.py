"""The assumptions of a claim, checked at a point: exactly, or in balls that leave no doubt.

An assumption of a kind that cannot be checked is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from sympy.core.relational import Relational
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement

from derive.base.errors import ShapeError, UnsupportedError
from derive.evaluation.closed_values import has_closed, holds_exactly
from derive.evaluation.evaluate import Point, evaluate, mentions, truth
from derive.evaluation.fields import BALL, EvaluationError, Inconclusive, as_fraction
from derive.evaluation.jets import Jet, Jets
from derive.refutation.symbols import Inventory


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
    return a.ndim == 2 and _is_invertible(a.T @ a if a.shape[0] >= a.shape[1] else a @ a.T)


def _is_positive_definite(a: np.ndarray) -> bool:
    return _is_symmetric(a) and all(
        BALL.sign(_determinant(a[:k, :k])) > 0 for k in range(1, len(a) + 1)
    )


def _is_integer(a: np.ndarray) -> bool:
    return all(BALL.sign(x - BALL.floor(x)) == 0 for x in a.reshape(-1))


def _is_even(a: np.ndarray) -> bool:
    return _is_integer(a) and all(BALL.floor(x) % 2 == 0 for x in a.reshape(-1))


def _is_zero_where(a: np.ndarray, excluded: Any) -> bool:
    """Whether a matrix is zero at every position (i, j) that is excluded."""
    return a.ndim == 2 and not any(
        BALL.sign(a[position]) for position in np.ndindex(a.shape) if excluded(*position)
    )


def _is_unit_triangular(a: np.ndarray) -> bool:
    upper = _is_zero_where(a, lambda i, j: i > j)
    lower = _is_zero_where(a, lambda i, j: i < j)
    return _is_square(a) and (upper or lower) and _zero(np.diag(a) - 1)


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
    "diagonal": lambda a: _is_zero_where(a, lambda i, j: i != j),
    "upper_triangular": lambda a: _is_zero_where(a, lambda i, j: i > j),
    "lower_triangular": lambda a: _is_zero_where(a, lambda i, j: i < j),
    "unit_triangular": _is_unit_triangular,
    "normal": lambda a: _is_square(a) and _zero(a @ a.T - a.T @ a),
}


class Fact(NamedTuple):
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


def flattened(given: Iterable[Any]) -> Iterator[Any]:
    for fact in given:
        if isinstance(fact, sp.And):
            yield from flattened(fact.args)
        else:
            yield fact


def _decidable(condition: Any) -> bool:
    if isinstance(condition, (sp.And, sp.Or, sp.Not)):
        return all(_decidable(arg) for arg in condition.args)
    return isinstance(condition, Relational) or condition in (sp.true, sp.false)


def counted(fact: Any, own_indices: Mapping[Any, Any], known: set[Any]) -> list[Any]:
    """The n of an assumption such as i < n on a free index, or t[i] < n on the whole numbers of an
    array, where nothing else mentions n.
    """
    found = Inventory()
    found.visit(fact)
    whole_numbers = isinstance(fact, Relational) and any(
        isinstance(side, sp.Indexed) and side.base.label.is_integer for side in fact.args
    )
    if not whole_numbers and (found.arrays or not any(s in own_indices for s in found.scalars)):
        return []
    return [s for s in found.scalars if s.is_integer and s not in known and s not in own_indices]


def fact_of(fact: Any, own_indices: Mapping[Any, Any], dimensions: set[Any]) -> Fact:
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
    # A property of entries is said of all of them. An equation or an inequality at an index that
    # the claim itself mentions is about that index.
    weaker = not name
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
    return Fact(name, argument, everywhere, local, of_sizes)


def size_of(expr: Any, sizes: Mapping[Any, int]) -> int:
    if isinstance(expr, int):
        return expr
    known = sizes.get(expr)
    if known is not None:
        return known
    if isinstance(expr, sp.Integer):
        return int(expr)
    return int(as_fraction(evaluate(expr, Point(sizes, {})).item()))


def axis_range(axes: Iterable[Any], sizes: Mapping[Any, int]) -> range:
    """The values of an index along its axes; without any, a few past the largest size."""
    known = [size_of(size, sizes) for size in axes]
    return range(min(known)) if known else range(max(sizes.values(), default=2) + 1)


def assignments(fact: Fact, sizes: Mapping[Any, int]) -> Iterator[dict[Any, int]]:
    """Every value of the indices for which an assumption is made throughout."""
    ranges = [axis_range(axes, sizes) for _, axes in fact.everywhere]
    for values in product(*ranges):
        yield {s: v for (s, _), v in zip(fact.everywhere, values, strict=True)}


def whole(argument: Any) -> Any:
    """The symbol or array that an assumption on one of its entries is about."""
    if isinstance(argument, MatrixElement):
        return argument.parent
    if isinstance(argument, sp.Indexed):
        return argument.base
    return argument.name if isinstance(argument, ArrayElement) else argument


def _is_true(condition: Any, point: Point, where: Mapping[Any, Any]) -> bool:
    """Whether a condition provably holds. Balls never show that two numbers are equal: those that
    meet are so where exact arithmetic says that, too.
    """
    try:
        return truth(condition, point, where)
    except Inconclusive:
        if where or not has_closed(point.values):
            raise
        return holds_exactly(condition, point.sizes, point.values)


def holds(fact: Fact, point: Point, where: Mapping[Any, Any]) -> bool:
    """Whether an assumption provably holds at a point; not where it has no value there."""
    try:
        for assignment in assignments(fact, point.sizes):
            there = Point({**point.sizes, **assignment}, point.values, point.functions)
            if not fact.name:
                if not _is_true(fact.argument, there, where):
                    return False
            elif not _CHECKS[fact.name](evaluate(fact.argument, there, where, BALL)):
                return False
    except (EvaluationError, ShapeError):
        return False
    return True
