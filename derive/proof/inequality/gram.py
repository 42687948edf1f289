"""Positive definite matrices as products: A = RᵀR with R = √A, put in for each of its entries.

What is true of RᵀR for every square matrix R is true of A, so that tr(A B) is a sum of quadratic
forms with B, and A[i, j]² ≤ A[i, i]·A[j, j] the inequality of Cauchy and Schwarz.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from derive.core.graph import arrays_in, nodes_below
from derive.core.integers import as_poly
from derive.core.terms import (
    OF_MATRICES,
    Array,
    Entry,
    Ref,
    Term,
    Whole,
    add,
    axis_variable,
    entry,
    mul,
    total,
)

MOST = 3  # arrays that are taken as products
LARGEST = 400  # nodes of what is rewritten


def as_products(left: Term, right: Term) -> Iterator[tuple[Term, Term, tuple[Array, ...]]]:
    """Both sides with one positive definite matrix as a product, and with all of them, where they
    read these by their entries alone.
    """
    both = add(left, right)
    definite = sorted((a for a in arrays_in(both) if _is_definite(a)), key=lambda a: a.serial)
    if not 0 < len(definite) <= MOST or sum(1 for _ in nodes_below([both])) > LARGEST:
        return
    chosen = [(array,) for array in definite]
    for arrays in (*chosen, tuple(definite)) if len(definite) > 1 else chosen:
        one, other = left, right
        for array in arrays:
            root = Array(sp.MatrixSymbol(f"sqrtm({array})", *array.symbol.shape), array.axes)
            made: dict[Term, Term | None] = {}
            first, second = (_put_in(side, array, root, made) for side in (one, other))
            if first is None or second is None:
                break
            one, other = first, second
        else:
            yield one, other, arrays


def _is_definite(array: Array) -> bool:
    return "positive_definite" in array.traits and len(array.axes) == 2


def _put_in(term: Term, array: Array, root: Array, made: dict[Term, Term | None]) -> Term | None:
    """A term with Σ_k R[k, i]·R[k, j] for A[i, j]; None where it reads A in another way."""
    if term not in made:
        made[term] = _rewritten(term, array, root, made)
    return made[term]


def _rewritten(term: Term, array: Array, root: Array, made: dict[Term, Term | None]) -> Term | None:
    if array not in arrays_in(term):
        return term
    if isinstance(term, Entry):
        row, column = term.data[1]
        k = axis_variable(array.axes[0])
        return total(k, mul(entry(root, as_poly(k), row), entry(root, as_poly(k), column)))
    if isinstance(term, Ref):
        shared, indices = term.data
        return None if shared.recursive else _put_in(shared.at(indices), array, root, made)
    if isinstance(term, (Whole, *OF_MATRICES)):
        return None
    args = [_put_in(arg, array, root, made) for arg in term.args]
    if any(arg is None for arg in args):
        return None
    return type(term)(tuple(arg for arg in args if arg is not None), term.data)
