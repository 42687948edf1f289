"""Given arrays by what is assumed of them: mirror images, definitions, indices along their axes."""

from __future__ import annotations

from typing import Any

from derive.canonical import structure
from derive.canonical.atoms import EntryAtom, Polynomial
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.graph import arrays_in
from derive.core.integers import FREE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Entry, Shared, Term


def mirrored(n: Verbs, array: Any, indices: tuple[Poly, ...]) -> Polynomial:
    """A[i, j] = ±A[j, i]; on the diagonal of a skew matrix, 0."""
    sign, label = n.given.mirrors[array]
    n.used[label] = None
    if sign < 0 and indices[0] == indices[1]:
        return {}
    ordered = tuple(sorted(indices, key=lambda p: p.sort_key()))
    found = n.of_atom(n.atom(EntryAtom, array, ordered))
    return found if ordered == indices else n.scale(found, sign)


@law("entry")
def entry(n: Verbs, array: Any, indices: tuple[Poly, ...]) -> Polynomial:
    """An entry of a given array, by what is assumed of the array.

    Where what the law uses of the array is given, and then it is listed.
    """
    definition = n.given.definitions.get(array)
    if definition is not None:
        value, label = definition
        n.used[label] = None
        return n.of(value.at(indices))
    if array in n.given.mirrors:
        return mirrored(n, array, indices)
    if len(indices) == 2 and "diagonal" in array.traits:
        n.used[("diagonal", array)] = None
        on = n.index_bracket("=", indices[0] - indices[1])
        if "unit_triangular" in array.traits:
            n.used[("unit_triangular", array)] = None
            return on
        return n.multiply(on, n.of_atom(n.atom(EntryAtom, array, indices)))
    if len(indices) == 2 and array.traits:
        known = structure.known_entry(n, array, indices)
        if known is not None:
            return known
    for trait in ("symmetric", "exchangeable"):
        if len(indices) == 2 and trait in array.traits:
            n.used[(trait, array)] = None
            indices = tuple(sorted(indices, key=lambda p: p.sort_key()))
    if any(is_outside(index, size) for index, size in zip(indices, array.axes, strict=False)):
        return {}  # what is read there counts for nothing: it is read under a condition
    return n.of_atom(n.atom(EntryAtom, array, indices))


def define(n: Verbs, left: Term, right: Term, open_: frozenset[Var], label: Any) -> bool:
    """Take A[i, j] = e, given for all i and j, as what A is, unless e mentions A; whether
    that is possible. It is not for an A of which more is assumed, which would be lost.
    """
    if not isinstance(left, Entry) or not left.data[1]:
        return False
    array, indices = left.data
    params = whole_axes(array, indices, open_)
    free = {v for v in right.free if v.kind == FREE}
    if params is None or not free <= set(params):
        return False
    if array.traits or array in n.given.definitions or array in arrays_behind(n, right):
        return False
    n.given.definitions[array] = Shared(params, right), label
    n.forget()
    return True


def replace(n: Verbs, array: Any, value: Shared, label: Any) -> bool:
    """Take a given array to be what is known to be equal to it, all at once; whether it is not
    known to be something else.
    """
    if array in n.given.definitions or array in n.given.mirrors:
        return False
    n.given.definitions[array] = value, label
    n.matrices.names.clear()
    n.forget()
    return True


def arrays_behind(n: Verbs, term: Term) -> set[Any]:
    """The given arrays in a term, and in what those of them are that are defined."""
    found: set[Any] = set()
    left = arrays_in(term)
    while left:
        array = left.pop()
        found.add(array)
        if array in n.given.definitions:
            left |= arrays_in(n.given.definitions[array][0].body) - found
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
