"""A random expression changed in one place: often to another value, at an edge only."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.relational import Relational

from derive.language import operators as ops

from .trees import ENTRIES

_SWAPPED = {sp.Max: sp.Min, sp.Min: sp.Max, sp.sin: sp.cos, sp.cosh: sp.sinh, sp.Gt: sp.Ge,
            sp.Ge: sp.Gt, sp.Lt: sp.Le, sp.Le: sp.Lt, sp.Eq: sp.Ge, sp.Ne: sp.Gt}  # fmt: skip
_FIXED = (sp.MatPow, sp.MatrixSymbol, sp.IndexedBase, sp.Tuple, sp.Identity, *ENTRIES)


def sites(expr: Any, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    found = [(path, expr)]
    if not isinstance(expr, (*_FIXED, sp.DiagMatrix, ops.ArrayOperator)):
        for position, arg in enumerate(expr.args):
            if isinstance(arg, (sp.Basic,)):
                found += sites(arg, (*path, position))
    return found


def put(expr: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    args = list(expr.args)
    args[path[0]] = put(args[path[0]], path[1:], new)
    if isinstance(expr, ops.TensorElement):
        return ops.entry(*args)
    return expr.func(*args)


def _choices(node: Any, rng: random.Random) -> list[Callable[[], Any]]:
    """Ways to change a node, of which one is worked out: SymPy's constructors take their time."""
    found: list[Callable[[], Any]] = []
    if isinstance(node, Relational):
        gap = rng.choice([1, -1, sp.Rational(1, 2)])
        found += [
            lambda: node.func(node.lhs, node.rhs + gap),
            lambda: node.func(node.rhs, node.lhs),
        ]
    if node.func in _SWAPPED:
        found += [lambda: _SWAPPED[node.func](*node.args)] * 2
    if isinstance(node, (sp.Sum, sp.Product)):
        (variable, low, high), *others = node.limits
        for ends in ((low + 1, high), (low, high - 1), (low, high + 1)):
            found.append(lambda e=ends: node.func(node.function, (variable, *e), *others))
    if not isinstance(node, sp.Expr) or getattr(node, "is_Matrix", False):
        return found
    if isinstance(node, sp.Pow):
        found += [
            lambda: node.base ** (node.exp + 1),
            lambda: sp.Abs(node.base) ** node.exp,
            lambda: node.base ** (node.exp - 1) * node.base,
            lambda: (node.base**2) ** (node.exp / 2),
        ]
    if node.is_Rational:
        found += [lambda: node + 1, lambda: node - 1]
    elif not node.is_integer:
        found += [
            lambda: -node,
            lambda: sp.Abs(node),
            lambda: sp.Max(node, 0),
            lambda: 2 * node,
            lambda: node + 1,
            lambda: sp.sqrt(node**2),
            lambda: sp.Piecewise((node, node > 0), (0, True)),
            lambda: sp.Piecewise((node, sp.Ne(node, 0)), (1, True)),
            lambda: sp.exp(sp.log(node)),
            lambda: sp.Max(sp.Min(node, 1), -1),
        ]
    return found


def changed(expr: Any, rng: random.Random) -> Any:
    """The expression changed in one place; None where that comes to nothing."""
    for _ in range(6):
        path, node = rng.choice(sites(expr))
        try:
            choices = _choices(node, rng)
            if not choices:
                continue
            found = put(expr, path, rng.choice(choices)())
        except Exception:  # SymPy's constructors refuse in many ways
            continue
        if found != expr and not found.has(sp.nan, sp.zoo, sp.oo, sp.I):
            return found
    return None
