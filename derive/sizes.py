"""Sizes that a document defines, such as u = d/h, put in wherever they stand: in ranges, in the
shapes of arrays, in other definitions.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import sympy as sp

from derive.claims import Claim
from derive.errors import ClaimError


def put_in(claim: Claim) -> Claim:
    """The claim in the sizes that are left; itself where it defines none.

    :raises ClaimError: where an array would have a size that it cannot have.
    """
    try:
        return _put_in(claim)
    except ValueError as problem:  # SymPy's, of a negative size
        raise ClaimError(f"a defined size cannot be one: {problem}") from None


def _put_in(claim: Claim) -> Claim:
    sizes: dict[Any, Any] = {}
    where: dict[Any, Any] = {}
    for symbol, value in claim.where.items():
        value = value.xreplace(sizes)
        if isinstance(symbol, sp.Symbol) and symbol.is_integer:
            sizes[symbol] = value
        else:
            where[symbol] = value
    if not sizes:
        return claim
    changed: dict[str, Any] = {name: _in(getattr(claim, name), sizes) for name in _spoken(claim)}
    where = {_in(symbol, sizes): value for symbol, value in where.items()}
    return replace(claim, where=where, **changed)


def _spoken(claim: Claim) -> list[str]:
    """The fields of a claim that say something, its definitions apart."""
    said = (*claim.expression_fields, "given", "equals")
    return [field.name for field in fields(claim) if field.name in said]


def _in(value: Any, sizes: dict[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_in(part, sizes) for part in value)
    return value.xreplace(sizes) if isinstance(value, sp.Basic) else value
