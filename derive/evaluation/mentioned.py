"""What an expression mentions, and so what its value depends on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.tensor.array.expressions import ArraySymbol

from derive.language.operators import MatrixGradient, ScalarApplication, ScalarGradient

MOST_TERMS = 64  # of a product of sums
_NOTHING: frozenset[Any] = frozenset()


@lru_cache(maxsize=65536)
def mentions(expr: Any) -> frozenset[Any]:
    """Every symbol, array and undefined function that occurs in an expression, bound or not."""
    if isinstance(expr, sp.Symbol):
        return frozenset((expr,))
    if isinstance(expr, (sp.MatrixSymbol, ArraySymbol)):
        return frozenset((expr,)).union(*(mentions(size) for size in expr.shape))
    if isinstance(expr, sp.IndexedBase):
        return frozenset((expr,)).union(*(mentions(size) for size in expr.shape or ()))
    args = expr.args
    if isinstance(expr, (ScalarApplication, ScalarGradient, MatrixGradient)):
        args = expr.arguments
        return frozenset((expr.function,)).union(*(mentions(arg) for arg in args))
    if not args:
        return _NOTHING
    found = _NOTHING.union(*(mentions(arg) for arg in args if isinstance(arg, sp.Basic)))
    return found | {expr.func} if isinstance(expr, AppliedUndef) else found


@lru_cache(maxsize=65536)
def bindable(expr: Any) -> tuple[Any, ...]:
    return tuple(s for s in mentions(expr) if isinstance(s, (sp.Symbol, sp.MatrixSymbol)))


@lru_cache(maxsize=65536)
def whole_terms(expr: Any) -> tuple[tuple[int, tuple[Any, ...]], ...] | None:
    """A sum or product of integers and integer symbols, multiplied out: each term's number and its
    symbols; None for any other expression, and for one of too many terms.
    """
    if isinstance(expr, sp.Integer):
        return ((int(expr), ()),)
    if isinstance(expr, sp.Symbol):
        return ((1, (expr,)),)
    if not is_whole(expr):
        return None
    added: list[tuple[int, tuple[Any, ...]]] = []
    multiplied: list[tuple[int, tuple[Any, ...]]] = [(1, ())]
    for part in map(whole_terms, expr.args):
        if part is None or len(part) * len(multiplied) > MOST_TERMS:
            return None
        if isinstance(expr, sp.Add):
            added.extend(part)
        else:
            multiplied = [(a * b, (*s, *t)) for a, s in multiplied for b, t in part]
    return tuple(added if isinstance(expr, sp.Add) else multiplied)


@lru_cache(maxsize=65536)
def is_whole(expr: Any) -> bool:
    """Whether an expression consists of sums and products of integers and integer symbols."""
    if isinstance(expr, (sp.Add, sp.Mul)):
        return all(is_whole(arg) for arg in expr.args)
    return isinstance(expr, sp.Integer) or (isinstance(expr, sp.Symbol) and bool(expr.is_integer))
