"""What SymPy folds out of what binds indices inside of a sum, put back.

``Sum(g[i]*Sum(Piecewise((f, c), (0, True)), (k, …)), (i, …))`` becomes, as SymPy builds it,
``Sum(Piecewise((g[i]*Sum(f, (k, …)), c), …), (i, …))``: the condition c leaves the sum that binds
its index k. Nobody writes that: a condition on an index that only the branch binds. Here the
condition goes back to where the index is bound, as :class:`Cases`, which stay there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from functools import lru_cache
from typing import Any

import sympy as sp

from derive.language.operators import MaxOver, Tensor

SUMS = (sp.Sum, sp.Product)  # whose constructors fold
BINDERS = (*SUMS, sp.Lambda, Tensor, MaxOver)


class Cases(sp.Expr):
    """A ``Piecewise`` that SymPy leaves where it is; the same ``args``, the same meaning."""

    is_commutative = True

    def _sympystr(self, printer: Any) -> str:
        return f"Piecewise({', '.join(printer._print(case) for case in self.args)})"

    def _latex(self, printer: Any) -> str:
        return printer._print_Piecewise(self)


def held(expr: Any) -> Any:
    """An expression whose conditions stay where they are, whatever is put in for its symbols."""
    while choices := expr.atoms(sp.Piecewise):
        inner = {c: Cases(*c.args) for c in choices if len(c.atoms(sp.Piecewise)) == 1}
        expr = expr.xreplace(inner)
    return expr


def put_back(expressions: Sequence[Any]) -> list[Any] | None:
    """Expressions with every condition where its index is bound; None where nothing changes.

    Nothing is changed in an expression that has the index elsewhere: it may be meant to be free.
    """
    wholes: dict[Any, Any] = {}
    for node, escaped in (found for expr in expressions for found in _lost(expr)):
        with suppress(TypeError, ValueError):  # SymPy's, of what cannot be put together
            wholes[node] = _unfolded(node, escaped)
    put = {node: whole for node, whole in wholes.items() if whole is not None}
    return [expr.xreplace(put) for expr in expressions] if put else None


def lost_index(expressions: Sequence[Any]) -> sp.Symbol | None:
    """An index that only a condition speaks of, which was about a sum inside; None without one."""
    lost = {s for expr in expressions for _, escaped in _lost(expr) for s in escaped}
    return min(lost, key=str, default=None)


Found = tuple[sp.Piecewise, frozenset[sp.Symbol]]


@lru_cache(maxsize=4096)
def _lost(expr: Any) -> tuple[Found, ...]:
    """The cases in an expression with conditions on indices that are bound in their branches and
    occur nowhere else, and these indices. Kept, since claims have definitions in common.
    """
    found = tuple(_folded(expr))
    if not found:
        return found
    rest = expr.xreplace({node: sp.Dummy("cases") for node, _ in found})
    free: set[Any] = getattr(rest, "free_symbols", set())
    return tuple((node, escaped) for node, escaped in found if free.isdisjoint(escaped))


def _folded(expr: Any) -> Iterator[Found]:
    """The outermost cases under a sum that have conditions on indices bound in their branches."""
    seen: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen or not isinstance(node, sp.Basic):
            continue
        seen.add(node)
        cases = node.function if isinstance(node, SUMS) else None
        escaped = _escaped(cases, node) if isinstance(cases, sp.Piecewise) else None
        if escaped:
            yield cases, frozenset(escaped)
        else:
            stack.extend(node.args)


def _escaped(cases: sp.Piecewise, around: Any) -> set[sp.Symbol]:
    """The indices of conditions that are bound in the branches, and not around them."""
    conditions = set().union(*(condition.free_symbols for _, condition in cases.args))
    if not conditions:
        return conditions
    return (conditions - set(around.bound_symbols)) & {
        s for expr, _ in cases.args for node in _binders(expr) for s in node.bound_symbols
    }


def _binders(expr: Any) -> list[Any]:
    """What binds indices in an expression, the outer ones first."""
    return [node for node in sp.preorder_traversal(expr) if isinstance(node, BINDERS)]


def _unfolded(cases: sp.Piecewise, escaped: Set[sp.Symbol]) -> Any:
    """The expression that SymPy folds into these cases, None where it is not seen.

    Cases of the whole, conditions without the indices, stay outside.
    """
    outside: dict[Any, list[Any]] = {}
    for expr, condition in cases.args:
        parts = sp.And.make_args(condition)
        inner = sp.And(*(p for p in parts if p.free_symbols & escaped))
        outer = sp.And(*(p for p in parts if not p.free_symbols & escaped))
        outside.setdefault(outer, []).append((expr, inner))
    whole = []
    for condition, branches in outside.items():
        expr = _under_its_sum(branches, escaped)
        if expr is None:
            return None
        whole.append((expr, condition))
    return whole[0][0] if len(whole) == 1 else Cases(*sp.Piecewise(*whole, evaluate=False).args)


def _under_its_sum(branches: list[Any], escaped: Set[sp.Symbol]) -> Any:
    """Cases of a sum inside of an expression as that expression, its sum of these cases."""
    if branches[-1][1] != sp.true:
        return None
    sums = [
        (expr, node)
        for expr, _ in branches
        for node in _binders(expr)
        if escaped & set(node.bound_symbols)
    ]
    if not sums:
        same = all(expr == branches[0][0] for expr, _ in branches)
        return branches[0][0] if same else None
    first, inner = sums[0]
    place = _with_body(inner, sp.Dummy("body"))
    template = first.xreplace({inner: place})
    bodies = [_at_place(expr, template, place, inner) for expr, _ in branches]
    if None not in bodies and not escaped & template.free_symbols:
        conditions = (condition for _, condition in branches)
        return template.xreplace({place: _of_cases(inner, zip(bodies, conditions, strict=True))})
    if len(branches) > 2:
        return None
    # Several sums with one condition: all of them have nothing to add where it fails.
    alike = [node for expr, node in sums if expr is first]
    if not all(isinstance(node, SUMS) for node in alike):
        return None
    nothing = {node: _with_body(node, _neutral(node)) for node in alike}
    if first.xreplace(nothing) != branches[1][0]:
        return None
    return first.xreplace(
        {s: _of_cases(s, [(s.function, branches[0][1]), (_neutral(s), True)]) for s in alike}
    )


def _body(binder: Any) -> Any:
    return binder.args[1] if isinstance(binder, sp.Lambda) else binder.args[0]


def _with_body(binder: Any, body: Any) -> Any:
    if isinstance(binder, sp.Lambda):
        return sp.Lambda(binder.args[0], body)
    return binder.func(body, *binder.args[1:])


def _of_cases(inner: Any, branches: Iterable[Any]) -> Any:
    """What binds indices, about cases that stay inside."""
    body = sp.Piecewise(*branches, evaluate=False)
    escaped = _escaped(body, inner)
    whole = _unfolded(body, escaped) if escaped else None
    if whole is None:
        whole = Cases(*body.args)
    return _with_body(inner, whole)


def _neutral(binder: Any) -> sp.Integer:
    return sp.Integer(isinstance(binder, sp.Product))


def _at_place(expr: Any, template: Any, place: Any, inner: Any) -> Any:
    """What stands in another branch where ``inner`` stands in the first one, under what binds the
    indices; None where the branches differ elsewhere.
    """
    if template.xreplace({place: inner}) == expr:
        return _body(inner)
    for node in _binders(expr):
        alike = type(node) is type(inner) and _with_body(inner, _body(node)) == node
        if alike and expr.xreplace({node: place}) == template:
            return _body(node)
    if isinstance(inner, SUMS) and template.xreplace({place: _neutral(inner)}) == expr:
        return _neutral(inner)
    return None
