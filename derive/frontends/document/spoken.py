"""What a claim speaks of, and which of the definitions it needs."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.claims.kinds import Claim
from derive.frontends.document import derivatives


def foreign(claim: Claim | None) -> tuple[str, ...]:
    """The arrays in a documented derivative that nothing it is about speaks of."""
    if claim is None or not claim.derivatives or claim.weights is not None:
        return ()
    said: Any = claim
    own = _speaks_of(said.of, claim.where) | _speaks_of(said.wrt, {})
    documented = _speaks_of(said.equals, claim.where)
    return tuple(sorted(_label(name) for name in documented - own))


def _speaks_of(expr: Any, where: Any) -> set[Any]:
    """The symbols of an expression that are not defined, with those of its definitions."""
    found: set[Any] = set()
    names: set[str] = set()  # of what functions are written with, the z of 1/(1 + exp(-z))
    seen: set[Any] = set()
    pending = [expr]
    while pending:
        for part in sp.preorder_traversal(pending.pop()):
            if isinstance(part, sp.Lambda):
                names |= {_label(variable) for variable in part.variables}
            if isinstance(part, derivatives.SYMBOLS) and part not in seen:
                seen.add(part)
                if part in where:
                    pending.append(where[part])
                elif not getattr(part, "is_integer", False):
                    found.add(part)
    return {name for name in found if not (isinstance(name, sp.Symbol) and _label(name) in names)}


def needed(where: dict[Any, Any], said: list[Any]) -> dict[Any, Any]:
    """The definitions that are reached from what is said."""
    wanted = set()
    pending = [sp.sympify(item) for item in said if not isinstance(item, tuple)]
    by_name = {_label(name): name for name in where}
    while pending:
        expr = pending.pop()
        for part in sp.preorder_traversal(expr):
            name = by_name.get(_label(part))
            if name is not None and name not in wanted and part == name:
                wanted.add(name)
                pending.append(where[name])
    return {name: value for name, value in where.items() if name in wanted}


def counts(said: list[Any]) -> dict[Any, Any]:
    """For a name that was taken for a real number, and is a size in another place, as n in
    Σ_{k<n} rᵏ = (1 − rⁿ)/(1 − r): the size.
    """
    free = [s for expr in said for s in expr.free_symbols if isinstance(s, sp.Symbol)]
    sizes = {size.name: size for size in free if size.is_integer and size.is_positive}
    return {s: sizes[s.name] for s in free if not s.is_integer and s.name in sizes}


def _label(symbol_: Any) -> str:
    return str(getattr(symbol_, "name", getattr(symbol_, "label", ""))) or ""
