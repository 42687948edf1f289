"""Names for what stands inside of a nested formula, as a person gives it before deriving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.language.operators import Broadcast
from derive.language.structure import bound_within

MOST_PARTS = 4
# Of these nobody names the operands: their derivative is seen at once.
LINEAR = (sp.MatAdd, sp.MatMul, sp.Transpose, sp.Add, sp.Mul, sp.Trace, Broadcast)


def with_parts(claim: Any) -> Any:
    """A claim about a derivative whose formula is nested, with its inner parts as definitions; the
    claim itself where there are none.

    A part is what the variable is read through alone: with a name for it, the formula does not
    speak of the variable any more.
    """
    if claim.where or not isinstance(claim.wrt, sp.MatrixSymbol):
        return claim
    parts = list(_parts(claim.of, claim.wrt))[:MOST_PARTS]
    taken = {str(symbol) for side in claim.said for symbol in side.free_symbols}
    names = (f"u{number}" for number in range(1, 100) if f"u{number}" not in taken)
    where: dict[Any, Any] = {}
    named: dict[Any, Any] = {}
    for part in reversed(parts):  # the innermost first
        name = sp.MatrixSymbol(next(names), *part.shape)
        where[name] = _put(part, named)
        named[part] = name
    return replace(claim, of=_put(claim.of, named), where=where) if where else claim


def _put(expression: Any, named: dict[Any, Any]) -> Any:
    """An expression with the largest of its named parts replaced, and their transposes."""
    for part, name in reversed(named.items()):
        if expression != part and (put := _replaced(expression, part, name)) != expression:
            return put
    return expression


def _replaced(expression: Any, part: Any, name: Any) -> Any:
    return expression.xreplace({part: name, _turned(part): name.T})


def _turned(part: Any) -> Any:
    """The transpose, as SymPy writes it: of a product or a sum factor by factor."""
    return sp.Transpose(part).doit(deep=False)  # deeply, it would work sums out


def _parts(of: Any, wrt: Any) -> Iterator[Any]:
    """The parts that are worth a name, the outermost first."""
    bound = bound_within(of)
    nodes = list(sp.preorder_traversal(of))
    seen = {of, wrt, _turned(wrt)}
    times = 1  # how often the part stands in the formula that is named already
    for parent in nodes:
        for node in parent.args:
            if node in seen or not isinstance(node, sp.MatrixExpr) or node.shape == (1, 1):
                continue
            turned = _turned(node)
            seen |= {node, turned}
            if turned in nodes and _transposes(turned) < _transposes(node):
                node = turned
            if isinstance(node, sp.Transpose) or node.free_symbols & bound or not node.has(wrt):
                continue
            count = sum(nodes.count(one) for one in {node, _turned(node)})
            if isinstance(node, LINEAR) and isinstance(parent, LINEAR) and count <= times:
                continue
            if not _replaced(of, node, sp.MatrixSymbol(sp.Dummy().name, *node.shape)).has(wrt):
                times = count
                yield node


def _transposes(node: Any) -> int:
    return sum(isinstance(part, sp.Transpose) for part in sp.preorder_traversal(node))
