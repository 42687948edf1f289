"""SymPy trees: every subexpression with its place, and the tree with another one put there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.language import operators as ops
from derive.language import sequences as rec

Path = tuple[int, ...]

ARRAYS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
ENTRIES = (MatrixElement, sp.Indexed, ArrayElement)
GRADIENTS = (ops.ScalarGradient, ops.MatrixGradient)
PARTIALS = (ops.Partial, ops.MatrixPartial)
LEAVES = (
    *ARRAYS,
    *PARTIALS,
    sp.Number,
    sp.NumberSymbol,
    sp.Symbol,
    sp.Identity,
    sp.ZeroMatrix,
    sp.OneMatrix,
    sp.KroneckerDelta,
    sp.Derivative,
    sp.BlockMatrix,
    sp.MatrixBase,
    Boolean,
)
# Nodes of which only some arguments are expressions: names, sizes and ranges are none.
PARTS: dict[type, slice] = {
    sp.Sum: slice(0, 1),
    sp.Product: slice(0, 1),
    ops.MaxOver: slice(0, 1),
    ops.Tensor: slice(0, 1),
    sp.Lambda: slice(1, 2),
    sp.FunctionMatrix: slice(2, 3),
    sp.Inverse: slice(0, 1),
    sp.MatPow: slice(0, 1),
    MatrixElement: slice(0, 1),
    ops.TensorElement: slice(0, 1),
    MatrixSlice: slice(0, 1),
    ops.Broadcast: slice(0, 1),
    rec.At: slice(0, 0),
    rec.MatrixSum: slice(0, 1),
    rec.OrderedProduct: slice(0, 1),
    rec.Recurrence: slice(0, 0),
    ops.ArrayOperator: slice(0, 0),
    sp.Heaviside: slice(0, 1),
    ops.ScalarApplication: slice(1, None),
    ops.ScalarGradient: slice(2, None),
    ops.MatrixGradient: slice(2, None),
    ExprCondPair: slice(0, 1),
    sp.Subs: slice(2, 3),  # the point, a tuple
}


@dataclass(frozen=True)
class Place:
    """A subexpression, the way to it, and the variables that are bound around it."""

    path: Path
    node: Any
    bound: frozenset[Any]


def parts(node: Any) -> range:
    """The positions of a node's arguments that are expressions themselves."""
    positions = range(len(node.args))
    if isinstance(node, LEAVES) or is_entry(node):
        return positions[:0]
    for kind, chosen in PARTS.items():
        if isinstance(node, kind):
            return positions[chosen]
    return positions


def binds(node: Any) -> frozenset[Any]:
    """The variables that a node binds in its parts."""
    if isinstance(node, (sp.Sum, sp.Product)):
        return frozenset(limit[0] for limit in node.limits)
    if isinstance(node, (rec.MatrixSum, rec.OrderedProduct)):
        return frozenset((node.limits[0],))
    if isinstance(node, (ops.MaxOver, ops.Tensor, rec.Recurrence)):
        return frozenset(node.bound_symbols)
    if isinstance(node, sp.Lambda):
        return frozenset(node.variables)
    return frozenset()


def places(expr: Any) -> Iterator[Place]:
    """Every subexpression, the whole one first."""
    waiting = [Place((), expr, frozenset())]
    while waiting:
        place = waiting.pop()
        yield place
        inner = place.bound | binds(place.node)
        waiting += [
            Place((*place.path, position), place.node.args[position], inner)
            for position in reversed(parts(place.node))
        ]


def put(expr: Any, path: Path, new: Any) -> Any:
    """The expression with ``new`` at the place that ``path`` leads to.

    SymPy's constructors evaluate what they evaluate, and refuse what they refuse.
    """
    if not path:
        return new
    position, rest = path[0], path[1:]
    args = list(expr.args)
    args[position] = put(args[position], rest, new)
    if isinstance(expr, ops.TensorElement):
        return ops.entry(*args)  # its array may be a symbol now
    return expr.func(*args)


def is_entry(node: Any) -> bool:
    """Whether a node is an entry of a given array, not of a computed one."""
    return isinstance(node, ENTRIES) and isinstance(array_of(node), ARRAYS)


def array_of(entry: Any) -> Any:
    """The array that an entry is one of."""
    return entry.name if isinstance(entry, ArrayElement) else entry.args[0]


def is_matrix(node: Any) -> bool:
    """Whether a subexpression is a matrix, by what SymPy says of it."""
    return bool(getattr(node, "is_Matrix", False))


def is_variable(symbol: Any) -> bool:
    return isinstance(symbol, (sp.Symbol, *ARRAYS))


def is_size(symbol: Any) -> bool:
    """A size is a positive integer, or one that may be 0 such as a padding."""
    return isinstance(symbol, sp.Symbol) and bool(symbol.is_integer and symbol.is_nonnegative)


def is_index(symbol: Any) -> bool:
    return isinstance(symbol, sp.Symbol) and bool(symbol.is_integer and not symbol.is_nonnegative)


def symbols(*exprs: Any) -> set[Any]:
    """The free variables: numbers, arrays, and the sizes that the shapes of arrays name."""
    found: set[Any] = set()
    for expr in exprs:
        _collect(expr, frozenset(), found)
    return found


def _collect(node: Any, bound: frozenset[Any], found: set[Any]) -> None:
    if isinstance(node, ARRAYS):
        found.add(node)
        for size in node.shape or ():
            _collect(sp.sympify(size), bound, found)
    elif isinstance(node, sp.Symbol):
        if node not in bound:
            found.add(node)
    elif isinstance(node, sp.Basic):
        inner = bound | binds(node)
        if isinstance(node, sp.Subs):
            inner |= frozenset(node.variables)
        named = isinstance(node, (ops.ScalarApplication, *GRADIENTS))
        for arg in node.args[1:] if named else node.args:
            _collect(arg, inner, found)
