"""The symbols that an expression speaks of and does not bind, remembered.

SymPy tells them of a sum by making its body anew, and asks of each entry in it whether its indices
are in range.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

REMEMBERED = 8192  # expressions


@lru_cache(maxsize=REMEMBERED)
def free_names(expr: Any) -> frozenset[Any]:
    """The ``free_symbols`` of an expression, as SymPy defines them."""
    kind: Any = type(expr)
    if isinstance(expr, (sp.Sum, sp.Product)) and all(_is_plain(e) for e in expr.limits):
        found = free_names(expr.function)
        for index, *ends in expr.limits:  # the innermost first
            found = found.difference((index,)).union(*map(free_names, ends))
        return found
    if kind.free_symbols is sp.Basic.free_symbols:
        return frozenset().union(*map(free_names, expr.args))
    return frozenset(expr.free_symbols)


def _is_plain(limit: Any) -> bool:
    return len(limit) == 3 and isinstance(limit[0], sp.Symbol)
