"""Whole numbers that an array holds, as indices: Z[i, t[i]] with 0 ≤ t[i] ≤ c − 1.

An array that is declared to hold integers stands for no real numbers: each of its entries is an
integer variable that moves with the indices at which it is read (a
:class:`~derive.core.integers.Label`), in the range that is given of all entries of the array. So
an array that is read at a label has an entry there like any other, Σ_q [t[i] = q]·f(q) is f(t[i])
where the range of q is that of the labels, and the gradient of a gather is a scatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sympy as sp

from derive.language.index_ranges import flat
from derive.language.structure import bound_within


class Held(NamedTuple):
    """The range of the whole numbers that an array holds, where it is given, by which facts."""

    low: Any = None
    high: Any = None
    facts: tuple[Any, ...] = ()


def held(
    expressions: Iterable[Any], where: Mapping[Any, Any], given: Iterable[Any]
) -> dict[Any, Held]:
    """The arrays that hold whole numbers, each with its range."""
    said = [e for e in (*expressions, *where.values()) if isinstance(e, sp.Basic)]
    arrays = {
        a
        for expr in (*said, *given)
        for a in expr.atoms(sp.IndexedBase)
        if a.label.is_integer and a.shape is not None and a not in where
    }
    if not arrays:
        return {}
    spoken = {s for expr in said for s in expr.free_symbols}
    bound = {s for expr in said for s in bound_within(expr)}
    facts = list(flat(given))
    found = {}
    for array in sorted(arrays, key=str):
        places = {e.indices for expr in said for e in expr.atoms(sp.Indexed) if e.base == array}
        # Where one entry is all that is read, a fact about it is one about all that are read.
        alone = places.pop() if len(places) == 1 and bound.isdisjoint(*places) else ()
        own = spoken.difference(alone)
        found[array] = _bounded(array, [f for f in facts if f.has(array)], own)
    return found


def _bounded(array: Any, facts: list[Any], spoken: set[Any]) -> Held:
    """The range that facts give to all entries of an array."""
    low = high = None
    used = []
    for fact in facts:
        if not isinstance(fact, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            continue
        above = _is_any_entry(fact.gts, array, spoken)  # the array's entries, of the other side
        entry, end = (fact.gts, fact.lts) if above else (fact.lts, fact.gts)
        if not _is_any_entry(entry, array, spoken) or end.has(sp.Indexed, *entry.indices):
            continue
        gap = 1 if isinstance(fact, (sp.Gt, sp.Lt)) else 0
        if above and low is None:
            low = end + gap
        elif not above and high is None:
            high = end - gap
        else:
            continue
        used.append(fact)
    return Held(low, high, tuple(used))


def _is_any_entry(expr: Any, array: Any, spoken: set[Any]) -> bool:
    """Whether an expression is an entry of an array at indices that are all free, differ and are
    none of those that a claim speaks of, so that a fact about it is one about all entries.
    """
    return (
        isinstance(expr, sp.Indexed)
        and expr.base == array
        and all(isinstance(i, sp.Symbol) and not i.is_positive for i in expr.indices)
        and len(set(expr.indices)) == len(expr.indices)
        and spoken.isdisjoint(expr.indices)
    )
