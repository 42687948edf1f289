"""SymPy's ``Idx`` read as the integer symbol that it is; a range that one has is given."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.base.errors import ClaimError
from derive.claims.kinds import Claim

Stated = TypeVar("Stated", bound=Claim)


def read(claim: Stated) -> Stated:
    """The claim with a symbol for each index object; itself where there is none.

    :raises ClaimError: where an index object and something else have one name.
    """
    said = {
        field.name: getattr(claim, field.name)
        for field in fields(claim)
        if field.name in (*claim.expression_fields, "given", "equals", "where")
    }
    parts = [part for value in said.values() for part in _parts(value)]
    found = sorted({i for part in parts for i in part.atoms(sp.Idx)}, key=str)
    if not found:
        return claim
    dummies = {index: sp.Dummy() for index in found}
    others = {str(s) for part in parts for s in part.xreplace(dummies).atoms(sp.Symbol)}
    names = [str(index.label) for index in found]
    for name in names:
        if name in others or names.count(name) > 1:
            raise ClaimError(f"two things are called {name}, of which one is an Idx")
    symbols = {index: sp.Symbol(str(index.label), integer=True) for index in found}
    free = {s for part in parts for s in part.free_symbols}
    ranges = [
        end
        for index in found
        if index.lower is not None and index in free and "given" in said
        if not any(_is_along(index, part) for part in parts)
        for end in (symbols[index] >= index.lower, symbols[index] <= index.upper)
        if end is not sp.true
    ]
    changed = {name: _in(value, symbols) for name, value in said.items()}
    if ranges:
        changed["given"] = (*changed["given"], *ranges)
    return replace(claim, **changed)


def _is_along(index: Any, part: Any) -> bool:
    """Whether an array is read at an index object whose range is the axis there."""
    for entry in part.atoms(sp.Indexed, MatrixElement):
        array, *indices = entry.args
        for own, size in zip(indices, getattr(array, "shape", None) or (), strict=False):
            if own == index and (index.lower, index.upper) == (0, size - 1):
                return True
    return False


def _parts(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [part for inner in value for part in _parts(inner)]
    if hasattr(value, "items"):
        return [part for pair in value.items() for part in _parts(pair)]
    return [value] if isinstance(value, sp.Basic) else []


def _in(value: Any, symbols: dict[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_in(part, symbols) for part in value)
    if hasattr(value, "items"):
        return {_in(name, symbols): _in(part, symbols) for name, part in value.items()}
    return value.xreplace(symbols) if isinstance(value, sp.Basic) else value
