"""What SymPy folds out of the sums inside of a sum, put back.

``Sum(g[i]*Sum(Piecewise((f, c), (0, True)), (k, …)), (i, …))`` becomes, as SymPy builds it,
``Sum(Piecewise((g[i]*Sum(f, (k, …)), c), …), (i, …))``: the condition c leaves the sum that binds
its index k. Nobody writes that: a condition on an index that only the branch binds. Here the
condition goes back to where the index is bound, as :class:`Cases`, which stay there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sympy as sp

BINDERS = (sp.Sum, sp.Product)


class Cases(sp.Expr):
    """A ``Piecewise`` that SymPy leaves where it is; the same ``args``, the same meaning."""

    is_commutative = True

    def _sympystr(self, printer: Any) -> str:
        return f"Piecewise({', '.join(printer._print(case) for case in self.args)})"

    def _latex(self, printer: Any) -> str:
        return printer._print_Piecewise(self)


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
    free: set[Any] = getattr(rest, "free_symbols", set())
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
    """The expression that SymPy folds into these cases, None where it is not seen.

    Cases of the whole, conditions without the indices, stay outside.
    """
    escaped = _escaped(cases)
    if not escaped:
        return cases
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


def _under_its_sum(branches: list[Any], escaped: set[sp.Symbol]) -> Any:
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
    place = sp.Dummy("place")
    template = first.xreplace({inner: place})
    bodies = [_at_place(expr, template, place, inner) for expr, _ in branches]
    if None not in bodies and not escaped & template.free_symbols:
        conditions = (condition for _, condition in branches)
        return template.xreplace({place: _of_cases(inner, zip(bodies, conditions, strict=True))})
    if len(branches) > 2:
        return None
    # Several sums with one condition: all of them have nothing to add where it fails.
    alike = [node for expr, node in sums if expr is first]
    nothing = {node: type(node)(_neutral(node), *node.limits) for node in alike}
    if first.xreplace(nothing) != branches[1][0]:
        return None
    return first.xreplace(
        {s: _of_cases(s, [(s.function, branches[0][1]), (_neutral(s), True)]) for s in alike}
    )


def _of_cases(inner: Any, branches: Iterable[Any]) -> Any:
    """A sum or product of cases that stay inside."""
    body = sp.Piecewise(*branches, evaluate=False)
    whole = _unfolded(body)
    if whole is None or whole is body:
        whole = Cases(*body.args)
    return type(inner)(whole, *inner.limits)


def _neutral(binder: Any) -> sp.Integer:
    return sp.Integer(isinstance(binder, sp.Product))


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
    return _neutral(inner) if template.xreplace({place: _neutral(inner)}) == expr else None
