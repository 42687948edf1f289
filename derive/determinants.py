"""The determinant of a matrix and a product of two vectors, by the matrix determinant lemma."""

from __future__ import annotations

from typing import TYPE_CHECKING

from derive.atoms import Atom, Exponent, Monomial, Number, Polynomial
from derive.index import Determinant, Shared, entry
from derive.integers import FRESH, Poly, Var, as_poly

if TYPE_CHECKING:
    from derive.normalise import Normaliser


def of_rank_one(n: Normaliser, shared: Shared, size: Poly) -> Polynomial | None:
    """det(A + u vᵀ) = det A·(1 + vᵀ A⁻¹ u) for a given matrix A, which is then assumed to be
    invertible, or for A = I; None for a matrix of another form.
    """
    i, j = shared.params
    body = n.of(shared.body)
    if len(body) != 2 or i.high != j.high:
        return None
    for base, product in (tuple(body), tuple(body)[::-1]):
        vectors = _vectors(n, product, body[product], i, j)
        if vectors is None or len(base) != 1 or body[base] != 1 or base[0][1] != 1:
            continue
        k, m = (Var(name, FRESH, i.low, i.high) for name in "km")
        left, right = (
            n.substitute(vector, {index: as_poly(k)})
            for vector, index in zip(vectors, (i, j), strict=True)
        )
        if _is_identity(base[0][0], i, j):
            return n.add({(): 1}, n.sum_over(k, n.multiply(left, right)))
        matrix = _matrix(base[0][0], i, j)
        if matrix is not None:
            turned = n.substitute(vectors[1], {j: as_poly(m)})
            inverse = n.inverse_entry(matrix, as_poly(m), as_poly(k))
            inside = n.sum_over(k, n.sum_over(m, n.multiply(turned, inverse, left)))
            return n.multiply(n.of(Determinant((), (matrix, size))), n.add({(): 1}, inside))
    return None


def _vectors(
    n: Normaliser, product: Monomial, coefficient: Number, i: Var, j: Var
) -> tuple[Polynomial, Polynomial] | None:
    """u and v where a product is u[i]·v[j]."""
    if any({i, j} <= a.free for a, _ in product):
        return None
    column: dict[Atom, Exponent] = {a: e for a, e in product if j in a.free}
    row: dict[Atom, Exponent] = {a: e for a, e in product if j not in a.free}
    if not column or not any(i in a.free for a in row):
        return None
    return n.scale(n.settled(row, 1), coefficient), n.settled(column, 1)


def _is_identity(atom: Atom, i: Var, j: Var) -> bool:
    gap = as_poly(i) - as_poly(j)
    return atom.kind == "index" and atom.data[0] == "=" and atom.data[1] in (gap, -gap)


def _matrix(atom: Atom, i: Var, j: Var) -> Shared | None:
    """The given matrix of which an atom is the entry [i, j], as an array."""
    if atom.kind != "entry" or atom.data[1] != (as_poly(i), as_poly(j)):
        return None
    return Shared((i, j), entry(atom.data[0], as_poly(i), as_poly(j)), atom.data[0].symbol)
