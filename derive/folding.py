"""What SymPy folds out of the sums inside of a sum, put back.

``Sum(g[i]*Sum(Piecewise((f, c), (0, True)), (k, …)), (i, …))`` becomes, as SymPy builds it,
``Sum(Piecewise((g[i]*Sum(f, (k, …)), c), …), (i, …))``: the condition c leaves the sum that binds
its index k. Nobody writes that: a condition on an index that only the branch binds. Here the
condition goes back to where the index is bound, and stays there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

BINDERS = (sp.Sum, sp.Product)


class KeepsConditions(sp.Basic):
    """An expression that binds indices, and whose conditions SymPy may not take out of it: it takes
    them out of what ``has`` them.
    """

    __slots__ = ()

    def has(self, *patterns: Any) -> bool:
        return super().has(*(p for p in patterns if p is not sp.Piecewise))


class InnerSum(KeepsConditions, sp.Sum):
    """A sum whose conditions stay inside."""


class InnerProduct(KeepsConditions, sp.Product):
    """A product whose conditions stay inside."""


INNER = {sp.Sum: InnerSum, sp.Product: InnerProduct}


def put_back(expressions: Sequence[Any]) -> list[Any] | None:
    """Expressions with every condition where its index is bound; None where nothing changes.

    Nothing is changed in an expression that has the index elsewhere: it may be meant to be free.
    """
    wholes = {node: _unfolded(node) for expr in expressions for node in _lost(expr)}
    put = {node: whole for node, whole in wholes.items() if whole is not None}
    return [expr.xreplace(put) for expr in expressions] if put else None


def lost_index(expressions: Sequence[Any]) -> sp.Symbol | None:
    """An index that only a condition speaks of, which was about a sum inside; None without one."""
    lost = {s for expr in expressions for node in _lost(expr) for s in _escaped(node)}
    return min(lost, key=str, default=None)


def _lost(expr: Any) -> list[sp.Piecewise]:
    """The cases in an expression with conditions on indices that are bound in their branches and
    occur nowhere else.
    """
    found = list(_folded(expr))
    if not found:
        return found
    rest = expr.xreplace({node: sp.Dummy("cases") for node in found})
    free = getattr(rest, "free_symbols", set())
    return [node for node in found if free.isdisjoint(_escaped(node))]


def _folded(expr: Any) -> Iterator[sp.Piecewise]:
    """The outermost cases under a sum that have conditions on indices bound in their branches."""
    seen: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen or not isinstance(node, sp.Basic):
            continue
        seen.add(node)
        cases = node.function if isinstance(node, BINDERS) else None
        if isinstance(cases, sp.Piecewise) and _escaped(cases) - set(node.bound_symbols):
            yield cases
        else:
            stack.extend(node.args)


def _escaped(cases: sp.Piecewise) -> set[sp.Symbol]:
    """The indices of conditions that are bound in the branches."""
    conditions = set().union(*(condition.free_symbols for _, condition in cases.args))
    if not conditions:
        return conditions
    return conditions & {s for expr, _ in cases.args for node in _binders(expr)
                         for s in node.bound_symbols}  # fmt: skip


def _binders(expr: Any) -> list[Any]:
    """The sums and products in an expression, the outer ones first."""
    return [node for node in sp.preorder_traversal(expr) if isinstance(node, BINDERS)]


def _unfolded(cases: sp.Piecewise) -> Any:
    """The expression that SymPy folds into these cases, None where it is not seen."""
    escaped = _escaped(cases)
    if not escaped:
        return cases
    place = sp.Dummy("place")
    first, inner = next(
        (expr, node)
        for expr, _ in cases.args
        for node in _binders(expr)
        if escaped & set(node.bound_symbols)
    )
    template = first.xreplace({inner: place})
    branches = []
    for expr, condition in cases.args:
        body = _at_place(expr, template, place, inner)
        if body is None:
            return None
        branches.append((body, condition))
    body = _unfolded(sp.Piecewise(*branches, evaluate=False))
    if body is None or escaped & template.free_symbols:
        return None
    return template.xreplace({place: INNER[type(inner)](body, *inner.limits)})


def _at_place(expr: Any, template: Any, place: sp.Dummy, inner: Any) -> Any:
    """What stands in another branch under the sum or product that stands in the first one; None
    where the branches differ elsewhere.
    """
    if template.xreplace({place: inner}) == expr:
        return inner.function
    for node in _binders(expr):
        alike = type(node) is type(inner) and node.limits == inner.limits
        if alike and expr.xreplace({node: place}) == template:
            return node.function
    neutral = sp.Integer(isinstance(inner, sp.Product))
    return neutral if template.xreplace({place: neutral}) == expr else None
