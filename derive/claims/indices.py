"""Indices that are written as SymPy's ``Idx``, read as the whole numbers that they stand for.

An ``Idx`` carries its range: where it is free in a claim, that is given. A claim about a shape,
which is given nothing, is left as it is then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, TypeVar

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.claims.kinds import Claim

Stated = TypeVar("Stated", bound=Claim)


def as_symbols(claim: Stated) -> Stated:
    """The claim with a symbol for each ``Idx``; itself where it has none."""
    parts = list(_parts(claim))
    indices = {index for part in parts for index in _indices_in(part)}
    if not indices:
        return claim
    symbols = _named(indices, parts)
    changed: dict[str, Any] = {
        field.name: _with(getattr(claim, field.name), symbols)
        for field in fields(claim)
        if field.name in (*claim.expression_fields, "given", "equals")
    }
    free = [index for index in indices if any(index in part.free_symbols for part in parts)]
    ranges = [
        fact.xreplace({index.label: symbols[index]})
        for index in sorted(free, key=str)
        for fact in _range(index, parts)
    ]
    if ranges and "given" not in changed:
        return claim
    if ranges:
        changed["given"] = (*changed["given"], *ranges)
    where = {_with(s, symbols): _with(value, symbols) for s, value in claim.where.items()}
    return replace(claim, where=where, **changed)


@lru_cache(maxsize=4096)
def _indices_in(expr: Any) -> frozenset[Any]:
    """Kept, because a claim is asked several times and hardly ever has one."""
    return frozenset(expr.atoms(sp.Idx))


def _named(indices: set[Any], parts: list[Any]) -> dict[Any, Any]:
    """A symbol for each index, under its own name where nothing else has that."""
    apart = {index: sp.Dummy(integer=True) for index in indices}
    others = {s for part in parts for s in part.xreplace(apart).atoms(sp.Symbol)}
    taken = {symbol.name for symbol in others - {*apart.values()}}
    found: dict[Any, Any] = {}
    for index in sorted(indices, key=sp.default_sort_key):
        if isinstance(index.label, sp.Symbol):
            name = index.label.name
            while name in taken:
                name += "_"
            taken.add(name)
            found[index] = sp.Symbol(name, integer=True)
        else:  # an index that is a number
            found[index] = index.label
    return found


def _range(index: sp.Idx, parts: list[Any]) -> list[Any]:
    """What the range of a free index says, where it is not that of an axis that it reads."""
    low, high = index.lower, index.upper
    if low is None or (low == 0 and any(_reads_all(index, high + 1, part) for part in parts)):
        return []
    facts = (sp.Ge(index.label, low), sp.Le(index.label, high))
    return [fact for fact in facts if fact is not sp.true]


def _reads_all(index: sp.Idx, size: Any, part: Any) -> bool:
    """Whether an index stands along an axis of that size."""
    return any(
        index == at and size == along
        for entry in part.atoms(sp.Indexed, MatrixElement)
        for at, along in zip(entry.indices, _shape(entry), strict=False)
    )


def _shape(entry: Any) -> tuple[Any, ...]:
    base = entry.base if isinstance(entry, sp.Indexed) else entry.parent
    return base.shape or ()


def _parts(claim: Claim) -> Iterator[Any]:
    """Every expression of a claim, with what it defines."""
    given = getattr(claim, "given", ())
    for part in (*claim.said, *given, *claim.where):
        if isinstance(part, sp.Basic):
            yield part


def _with(value: Any, symbols: dict[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_with(part, symbols) for part in value)
    return value.xreplace(symbols) if isinstance(value, sp.Basic) else value
