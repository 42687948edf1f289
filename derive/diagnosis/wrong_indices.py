"""Mistakes in the indices of entries, and sums over an index that should be a free one.

In the form of :mod:`derive.diagnosis.mistakes`; nothing here decides whether a repair is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import combinations, permutations
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.diagnosis.claimed import Documented, Repair
from derive.diagnosis.places import with_limits
from derive.language.operators import TensorElement, entry
from derive.language.sequences import At
from derive.refutation.symbols import fields_of

ENTRIES = (MatrixElement, sp.Indexed, TensorElement, At)


def wrong_index(d: Documented) -> Iterator[Repair]:
    """The indices of an entry are swapped, or one is another, is one too large or small, has a
    wrong sign in it, or is made otherwise than where the claim reads the array elsewhere: s + j
    for 2·s + j.
    """
    read = _read_elsewhere(d)
    for site in d.sites:
        node = site.node
        if isinstance(node, ENTRIES):
            first, indices = 1, list(node.args[1:])
        elif isinstance(node, sp.KroneckerDelta):
            first, indices = 0, list(node.args[:2])
        else:
            continue
        for p, q in combinations(range(len(indices)), 2) if first else ():
            if indices[p] != indices[q]:
                swapped = list(indices)
                swapped[p], swapped[q] = indices[q], indices[p]
                yield d.put(site, entry_like(node, swapped, first))
        for p, index in enumerate(indices):
            if index.is_number:
                continue
            terms = sp.Add.make_args(index)
            others = [index - 2 * term for term in terms] if len(terms) > 1 else []
            if index.is_Symbol:
                others = [other for other in d.indices_at(site) if other not in indices]
            elif first:
                others += _made_alike(index, read.get((node.args[0], p), ()))
            for other in (*others, index + 1, index - 1):
                yield d.put(site, entry_like(node, [*indices[:p], other, *indices[p + 1 :]], first))


def _read_elsewhere(d: Documented) -> dict[tuple[Any, int], dict[Any, None]]:
    """The indices, other than symbols, at which the claim reads each axis of an array."""
    found: dict[tuple[Any, int], dict[Any, None]] = {}
    for expr in (*fields_of(d.claim), *d.claim.where.values()):
        if expr != d.side:
            for node in sorted(expr.atoms(*ENTRIES), key=str):
                for p, index in enumerate(node.args[1:]):
                    if not index.is_Atom:
                        found.setdefault((node.args[0], p), {})[index] = None
    return found


def _made_alike(index: Any, others: Iterable[Any]) -> Iterator[Any]:
    """Other indices in the symbols of one."""
    own = sorted((s for s in index.free_symbols if not s.is_positive), key=str)
    for other in others:
        symbols = sorted((s for s in other.free_symbols if not s.is_positive), key=str)
        for order in permutations(own) if len(own) == len(symbols) <= 3 else ():
            made = other.xreplace(dict(zip(symbols, order, strict=True)))
            if made != index:
                yield made


def superfluous_sum(d: Documented) -> Iterator[Repair]:
    """A sum over an axis where the entry at a free index is meant."""
    for site in d.sites:
        node = site.node
        if not isinstance(node, sp.Sum):
            continue
        for position, (k, low, high) in enumerate(node.limits):
            rest = [*node.limits[:position], *node.limits[position + 1 :]]
            for index, size in d.free_axes:
                if low == 0 and sp.expand(size - 1 - high) == 0 and index not in node.free_symbols:
                    body = node.function.xreplace({k: index})
                    part = with_limits(node, rest, body) if rest else body
                    words = partial(
                        str, f"the sum over {k} is superfluous: it holds at {k} = {index}"
                    )
                    yield d.put(site, part, words)


def entry_like(node: Any, indices: list[Any], first: int = 1) -> Any:
    """The entry of the same array at other indices."""
    if isinstance(node, MatrixElement):
        return entry(node.parent, *indices)
    return node.func(*node.args[:first], *indices)
