"""Given arrays by what is assumed of them: mirror images, definitions, indices along their axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derive.canonical.atoms import EntryAtom, Polynomial
from derive.core.graph import arrays_in
from derive.core.integers import ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Term

if TYPE_CHECKING:
    from derive.canonical.forms import Normaliser


def mirrored(n: Normaliser, array: Any, indices: tuple[Poly, ...]) -> Polynomial:
    """A[i, j] = ±A[j, i]; on the diagonal of a skew matrix, 0."""
    sign, label = n.mirrors[array]
    n.used[label] = None
    if sign < 0 and indices[0] == indices[1]:
        return {}
    ordered = tuple(sorted(indices, key=lambda p: p.sort_key()))
    found = n.of_atom(n.atom(EntryAtom, array, ordered))
    return found if ordered == indices else n.scale(found, sign)


def arrays_behind(n: Normaliser, term: Term) -> set[Any]:
    """The given arrays in a term, and in what those of them are that are defined."""
    found: set[Any] = set()
    left = arrays_in(term)
    while left:
        array = left.pop()
        found.add(array)
        if array in n.definitions:
            left |= arrays_in(n.definitions[array][0].body) - found
    return found


def is_outside(index: Poly, size: Poly) -> bool:
    """Whether an index that no other index stands in is seen to be outside of its axis."""
    if index.indices:
        return False
    place = index.constant
    if place is not None:
        return place < 0
    return is_nonnegative(index - size) or is_nonnegative(-index - 1)


def whole_axes(
    array: Any, indices: tuple[Poly, ...], open_: frozenset[Var]
) -> tuple[Var, ...] | None:
    """The different open indices that run along the axes of an array; None where others do."""
    along = {as_poly(v): v for v in open_}
    params = tuple(along[index] for index in indices if index in along)
    if len(set(params)) < len(array.axes) or len(params) != len(indices):
        return None
    whole = all((v.low, v.high) == (ZERO, a - 1) for v, a in zip(params, array.axes, strict=True))
    return params if whole else None
