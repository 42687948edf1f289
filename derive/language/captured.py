"""A definition that speaks of an index, used where that index is bound: two readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.tensor.array.expressions import ArraySymbol

from derive.language.free_names import free_names
from derive.language.structure import bound_within, scope_of


def captured(expressions: Iterable[Any], where: Mapping[Any, Any]) -> tuple[Any, Any] | None:
    """A defined symbol and the name in its definition that is bound where the symbol stands: in
    Σ_i o with o = x_i², the i of the definition may be that of the sum, or another. None without.
    """
    rests_on: dict[Any, set[Any]] = {}
    for symbol, value in where.items():
        if isinstance(value, sp.Basic):
            own = set(free_names(value)).union(*(rests_on.get(s, ()) for s in _names(value)))
            rests_on[symbol] = own - {symbol}
    spoken = set().union(*rests_on.values())
    for expr in dict.fromkeys((*expressions, *where.values())):
        if not isinstance(expr, sp.Basic) or bound_within(expr).isdisjoint(spoken):
            continue
        for scope in filter(None, map(scope_of, sp.preorder_traversal(expr))):
            for symbol in sorted(_names(scope.body) & rests_on.keys(), key=str):
                bound = scope.symbols & rests_on[symbol]
                if bound:
                    return symbol, min(bound, key=str)
    return None


@lru_cache(maxsize=4096)
def _names(expr: Any) -> frozenset[Any]:
    found: set[Any] = expr.atoms(sp.Symbol, sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
    return frozenset(found | {call.func for call in expr.atoms(AppliedUndef)})
