"""Arrays of whole numbers that are read as indices, such as the labels t in Z[i, t[i]]: what lies
outside of the axis has no value there, so that the axis says the range where nothing given does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement

from derive.claims.kinds import Claim

Stated = TypeVar("Stated", bound=Claim)

_LETTERS = "ijklabcdpq"


def within_their_axes(claim: Stated) -> Stated:
    """The claim with the range of each array of labels that nothing given bounds; itself where
    there is none.
    """
    given = getattr(claim, "given", None)
    if given is None:
        return claim
    parts = [p for p in (*claim.said, *claim.where.values()) if isinstance(p, sp.Basic)]
    axes: dict[Any, dict[Any, None]] = {}
    for part in parts:
        for label, size in _labels_in(part):
            if label.base not in claim.where:
                axes.setdefault(label, {})[size] = None
    if not axes:
        return claim
    taken = {s.name for p in (*parts, *given) for s in getattr(p, "free_symbols", ())}
    sizes: dict[Any, dict[Any, None]] = {}
    places: dict[Any, tuple[Any, ...]] = {}
    for label, found in axes.items():
        sizes.setdefault(label.base, {}).update(found)
        places.setdefault(label.base, label.indices)
    facts: list[Any] = []
    for base in sorted(sizes, key=str):
        entry = base[_general(places[base], taken)]
        low, high = _bounded(base, given)
        if not low:
            facts.append(sp.Ge(entry, 0))
        if not high and len(sizes[base]) == 1:
            facts.append(sp.Le(entry, next(iter(sizes[base])) - 1))
    return replace(claim, given=(*given, *facts)) if facts else claim  # type: ignore[call-arg]


@lru_cache(maxsize=4096)
def _labels_in(expr: Any) -> tuple[tuple[Any, Any], ...]:
    """The entries of arrays of whole numbers that are an index, each with the size of its axis.

    Kept, because a claim is asked several times and hardly ever has one.
    """
    return tuple(
        (index, size)
        for entry in sorted(expr.atoms(sp.Indexed, MatrixElement, ArrayElement), key=str)
        for index, size in zip(entry.indices, _shape(entry), strict=False)
        if isinstance(index, sp.Indexed) and index.base.label.is_integer and index.base.shape
    )


def _shape(entry: Any) -> tuple[Any, ...]:
    if isinstance(entry, MatrixElement):
        return tuple(entry.parent.shape)
    array = entry.base if isinstance(entry, sp.Indexed) else entry.name
    return tuple(array.shape or ())


def _general(indices: tuple[Any, ...], taken: set[str]) -> tuple[Any, ...]:
    """An index for each axis, none of which a claim speaks of: under the names that they have
    where they are bound.
    """
    found: list[Any] = []
    for index in indices:
        used = taken | {other.name for other in found}
        own = (index.name,) if isinstance(index, sp.Symbol) else ()
        free = _not_in((*own, *_LETTERS), used)
        found.append(sp.Symbol(free, integer=True))
    return tuple(found)


def _not_in(names: tuple[str, ...], used: set[str]) -> str:
    first = next((name for name in names if name not in used), None)
    return first or next(name for k in range(len(used) + 1) if (name := f"i_{k}") not in used)


def _bounded(base: Any, given: tuple[Any, ...]) -> tuple[bool, bool]:
    """Whether what is given bounds entries of an array from below, and from above."""
    relations = list(_relations(given))
    return (
        any(_is_entry(fact.gts, base) for fact in relations),
        any(_is_entry(fact.lts, base) for fact in relations),
    )


def _relations(given: tuple[Any, ...]) -> Iterator[Any]:
    for fact in given:
        if isinstance(fact, sp.And):
            yield from _relations(fact.args)
        elif isinstance(fact, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            yield fact


def _is_entry(expr: Any, base: Any) -> bool:
    return isinstance(expr, sp.Indexed) and expr.base == base
