"""What a node binds, and where: the index symbols of a sum, the axes of a tensor, the variables of
a function. Everything that walks expressions asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions.array_expressions import ArrayElement, ArraySymbol

from derive.base.tables import Table
from derive.language.operators import MaxOver, Tensor
from derive.language.sequences import MatrixSum, OrderedProduct, Recurrence


class Binder(NamedTuple):
    """An index symbol with its range; ``low`` and ``high`` are None where it has none."""

    symbol: Any
    low: Any = None
    high: Any = None

    @property
    def size(self) -> Any:
        """How many values it has; None where it has no range."""
        return None if self.low is None else self.high - self.low + 1


class Scope(NamedTuple):
    """What a node binds.

    :param binders: as the node writes them; of several ranges each may speak of those after it.
    :param body: where they are bound.
    :param at: the position of the argument of the node in which that stands.
    :param beside: what else the node holds, in which they are not bound, but for ranges and sizes.
    :param is_axes: the symbols run over the axes of the node's value, as its shape says.
    """

    binders: tuple[Binder, ...]
    body: Any
    at: int = 0
    beside: tuple[Any, ...] = ()
    is_axes: bool = False

    @property
    def symbols(self) -> frozenset[Any]:
        return frozenset(binder.symbol for binder in self.binders)

    @property
    def outer_first(self) -> tuple[Binder, ...]:
        """The binders, each after those of which its range may speak."""
        return self.binders[::-1] if self.ranges else self.binders

    @property
    def ranges(self) -> tuple[Binder, ...]:
        """The binders with ranges that the node states, which its shape does not."""
        return () if self.is_axes else tuple(b for b in self.binders if b.high is not None)


SCOPES: Table[Callable[[Any], Scope]] = Table()


def scope_of(node: Any) -> Scope | None:
    """What a node binds; None where it binds nothing."""
    rule = SCOPES.find(type(node))
    return None if rule is None else rule(node)


@lru_cache(maxsize=4096)
def bound_within(expr: Any) -> frozenset[Any]:
    """All symbols that are bound somewhere in an expression. Kept, since claims have definitions in
    common.
    """
    scopes = filter(None, map(scope_of, sp.preorder_traversal(expr)))
    return frozenset(symbol for scope in scopes for symbol in scope.symbols)


def in_ranges(expressions: Iterable[Any]) -> set[Any]:
    """The symbols at the ends of ranges, in the shapes of arrays and as their indices."""
    return set().union(*(_in_ranges(e) for e in expressions if isinstance(e, sp.Basic)))


@lru_cache(maxsize=4096)
def _in_ranges(expr: sp.Basic) -> frozenset[Any]:
    found: set[Any] = set()
    seen: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        scope = scope_of(node)
        for binder in () if scope is None else scope.binders:
            if binder.high is not None:
                found |= binder.low.free_symbols | binder.high.free_symbols
        if isinstance(node, (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)):
            found |= set().union(*(sp.sympify(size).free_symbols for size in node.shape or ()))
        elif isinstance(node, (MatrixElement, sp.Indexed, ArrayElement)):
            found |= set().union(*(index.free_symbols for index in node.indices))
        stack.extend(arg for arg in node.args if isinstance(arg, sp.Basic))
    return frozenset(found)


@SCOPES.on(sp.Sum, sp.Product, ArrayComprehension)
def _over_ranges(node: Any) -> Scope:
    return Scope(tuple(Binder(*limit) for limit in node.limits), node.function)


@SCOPES.on(MaxOver, MatrixSum, OrderedProduct)
def _over_a_range(node: Any) -> Scope:
    return Scope((Binder(*node.limits),), node.body)


@SCOPES.on(Recurrence)
def _over_time(node: Any) -> Scope:
    beside = () if node.initial is None else (node.initial,)
    return Scope((Binder(node.index, node.low, node.high),), node.step, beside=beside)


def _axes(symbols: Any, shape: Any) -> tuple[Binder, ...]:
    pairs = zip(symbols, map(sp.sympify, shape), strict=True)
    return tuple(Binder(symbol, sp.S.Zero, size - 1) for symbol, size in pairs)


@SCOPES.on(Tensor)
def _over_axes(node: Any) -> Scope:
    return Scope(_axes(node.bound_symbols, node.shape), node.body, is_axes=True)


@SCOPES.on(sp.FunctionMatrix)
def _over_rows_and_columns(node: Any) -> Scope:
    return Scope(_axes(node.lamda.variables, node.shape), node.lamda.expr, at=2, is_axes=True)


@SCOPES.on(sp.Lambda)
def _of_a_function(node: Any) -> Scope:
    return Scope(tuple(map(Binder, node.variables)), node.expr, at=1)


@SCOPES.on(sp.Subs)
def _substituted(node: Any) -> Scope:
    return Scope(tuple(map(Binder, node.variables)), node.expr, beside=tuple(node.point))
