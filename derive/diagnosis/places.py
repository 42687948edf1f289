"""Places in an expression, and the expression with another part put there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.language.conditions import Cases
from derive.language.operators import (
    Broadcast,
    MatrixGradient,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarGradient,
    Tensor,
    TensorElement,
    entry,
)
from derive.language.sequences import At, MatrixSum, Recurrence
from derive.language.structure import scope_of

MOST = 60  # places of one expression

# Nodes that are affine in each of their parts.
LINEAR = (
    sp.Add, sp.Mul, sp.MatAdd, sp.MatMul, sp.HadamardProduct, sp.Transpose, sp.Trace, sp.Sum,
    sp.FunctionMatrix, sp.Lambda, Tensor, TensorElement, MatrixElement, Broadcast, DiagMatrix,
    DiagonalOf, sp.Piecewise, Cases, ExprCondPair,
)  # fmt: skip
# Nodes that are left whole. A derivative is: what it is taken in is no place for another part.
BINDING = (sp.Sum, sp.Product, MaxOver, MatrixSum, Tensor, sp.FunctionMatrix, sp.Lambda)
WHOLE = (
    sp.Number, sp.Symbol, sp.MatrixSymbol, sp.Identity, sp.ZeroMatrix, sp.OneMatrix,
    sp.MatrixBase, sp.BlockMatrix, sp.Indexed, sp.IndexedBase, sp.KroneckerDelta, sp.Derivative,
    sp.Subs, Boolean, Partial, MatrixPartial,
)  # fmt: skip


class Site(NamedTuple):
    """A part of an expression, with the nodes around it, the outermost first, and its position in
    each.

    ``affine``: whether the whole is affine in this part. ``bound``: the indices that are bound
    there, each with the number of its values; the variable of a function has none.
    """

    node: Any
    around: tuple[Any, ...] = ()
    path: tuple[int, ...] = ()
    affine: bool = True
    bound: tuple[tuple[Any, Any], ...] = ()

    @property
    def parent(self) -> Any:
        """The node that this is a part of; None for the whole."""
        return self.around[-1] if self.around else None

    @property
    def outer(self) -> Site:
        """The place of the parent."""
        return Site(self.parent, self.around[:-1], self.path[:-1])

    def put(self, part: Any) -> Any:
        """The whole expression with another part in this place."""
        for node, position in zip(reversed(self.around), reversed(self.path), strict=True):
            part = with_part(node, position, part)
        return part


def sites(whole: Any) -> list[Site]:
    """The places of an expression, the outer before the inner."""
    found = [Site(whole)]
    for site in found:
        affine = site.affine and isinstance(site.node, LINEAR)
        for position, bound in _parts(site.node):
            around, path = (*site.around, site.node), (*site.path, position)
            part = site.node.args[position]
            found.append(Site(part, around, path, affine, (*site.bound, *bound)))
        if len(found) >= MOST:
            break
    return found


def parts(whole: Any) -> list[Any]:
    """The nodes of an expression, each once, the outer before the inner."""
    found = {whole}
    order = [whole]
    for node in order:
        for position, _ in _parts(node):
            part = node.args[position]
            if part not in found:
                found.add(part)
                order.append(part)
        if len(order) >= MOST:
            break
    return order


def _parts(node: Any) -> Iterator[tuple[int, tuple[tuple[Any, Any], ...]]]:
    """The positions of a node's parts, with what the node binds in them."""
    if isinstance(node, WHOLE):
        return
    if isinstance(node, BINDING):
        scope = scope_of(node)
        assert scope is not None
        yield scope.at, tuple((binder.symbol, binder.size) for binder in scope.binders)
    elif isinstance(node, Recurrence):
        yield 0, ((node.index, sp.expand(node.high - node.low + 1)),)
        if node.initial is not None:
            yield 2, ()
    elif isinstance(node, (MatrixElement, TensorElement, Broadcast, At)) or (
        isinstance(node, (sp.Pow, sp.HadamardPower, sp.MatPow)) and node.args[1].is_number
    ):
        yield 0, ()
    else:
        first = 2 if isinstance(node, (MatrixGradient, ScalarGradient)) else 0
        kinds = (sp.Expr, MatrixExpr, sp.Lambda, ExprCondPair)
        for position, part in enumerate(node.args[first:], start=first):
            if isinstance(part, kinds):
                yield position, ()


# Constructors that compute, which takes long and is of no use here.
COMPUTING = (
    sp.Add, sp.Mul, sp.Pow, sp.MatAdd, sp.MatMul, sp.HadamardProduct, sp.Function,
)  # fmt: skip


def with_part(node: Any, position: int, part: Any) -> Any:
    """A node with one part replaced."""
    args = list(node.args)
    args[position] = part
    if isinstance(node, MatrixElement):
        return entry(*args)
    if isinstance(node, sp.Sum):
        return with_limits(node, args[1:], part)
    if isinstance(node, COMPUTING) and not isinstance(node, sp.Piecewise):
        return node.func(*args, evaluate=False)
    return node.func(*args)


def with_limits(node: Any, limits: Any, body: Any = None) -> Any:
    """A sum over other ranges."""
    if not isinstance(node, sp.Sum):
        return node.func(body or node.args[0], *limits)
    # Its own constructor takes long over the body.
    result = sp.Expr.__new__(type(node), node.function if body is None else body, *limits)
    result.is_commutative = result.args[0].is_commutative
    return result


def without_part(node: Any, position: int) -> Any:
    """A sum or product without one of its parts."""
    return made_of(type(node), node.args[:position] + node.args[position + 1 :])


def made_of(kind: Any, args: Any) -> Any:
    """A sum or product of some parts; one part is itself."""
    return args[0] if len(args) == 1 else kind(*args, evaluate=False)
