"""Whole square matrices by class, and the entries of their inverses.

Matrices that are equal, or each the transpose of the other, form one class: A⁻¹ is then one array,
however A was written.
"""

from __future__ import annotations

from derive.base.errors import UnsupportedError
from derive.canonical import matrix_laws, structure
from derive.canonical.atoms import InverseAtom, Polynomial
from derive.canonical.determinants import inverse_of_rank_one, inverse_written_out, is_small
from derive.canonical.laws import law
from derive.canonical.names import rank_of
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, FRESH, ZERO, Poly, Var, as_poly
from derive.core.terms import FunctionEntry, Shared


def matrix_name(n: Verbs, shared: Shared) -> tuple[int, bool, bool]:
    """The class of a whole square matrix, whether transposed, and whether symmetric."""
    found = n.matrices.names.get(shared)
    if found is not None:
        return found
    own = n.of(shared.body)
    keys = []
    for order in ((0, 1), (1, 0)):
        renaming = n.names.parameters(shared, order)
        named = n.substitute(own, {v: as_poly(p) for v, p in renaming.items()})
        keys.append((tuple(renaming.values()), n.key(named)))
    symmetric = keys[0] == keys[1] or structure.is_symmetric(n, own, shared.params)
    transposed = rank_of(keys[1][1], keys[1][0]) < rank_of(keys[0][1], keys[0][0])
    name = n.names.number(("matrix", keys[transposed]))
    found = n.matrices.names[shared] = (name, transposed, symmetric)
    n.matrices.met.setdefault(name, (shared, transposed))
    if symmetric:
        n.matrices.symmetric.add(name)
    return found


def _inverse_laws(n: Verbs, shared: Shared) -> None:
    """Σ_k A[i, k]·A⁻¹[k, j] = [i = j], and the other way round; not of a matrix for whose sums
    there is no canonical form.
    """
    size = shared.params[0].high
    assert size is not None
    i, j = (Var(n, FREE, ZERO, size) for n in "ij")
    k = Var("k", FRESH, ZERO, size)
    same = n.index_bracket("=", as_poly(i) - as_poly(j))
    name, transposed, _ = n.matrices.names[shared]
    for flipped in (False, True):
        place = (as_poly(k), as_poly(j)) if flipped else (as_poly(i), as_poly(k))
        other = (as_poly(i), as_poly(k)) if flipped else (as_poly(k), as_poly(j))
        matrix = n.of(shared.at(place))
        inverse = n.class_inverse(name, *(other[::-1] if transposed else other))
        product = n.multiply(matrix, inverse)
        try:
            law = n.subtract(n.sum_over(k, product), same)
        except UnsupportedError:
            continue
        n.add_equation(law, frozenset((i, j)), ("inverse", shared))


def inverse_entry(n: Verbs, shared: Shared, i: Poly, j: Poly) -> Polynomial:
    """An entry of an inverse, the indices in order where the matrix is symmetric."""
    n.matrices.meets_small |= is_small(shared)
    if n.matrices.writes_out:
        found = inverse_written_out(n, shared, i, j)
        if found is not None:
            return found
    found = inverse_of_rank_one(n, shared, i, j)
    name, transposed, _ = n.matrix_name(shared)
    if found is not None:
        n.matrices.inverted.setdefault(name, {})[shared.label] = None
        return found
    if name in n.matrices.factors:
        return matrix_laws.inverse_of_square(n, n.matrices.factors[name], i, j)
    if name not in n.matrices.inverted:
        n.matrices.inverted[name] = {}
        _inverse_laws(n, shared)
    if not isinstance(shared.body, FunctionEntry):  # which is invertible
        n.matrices.inverted[name][shared.label] = None
    return n.class_inverse(name, *((j, i) if transposed else (i, j)))


@law("entry of an inverse")
def class_inverse(n: Verbs, name: int, i: Poly, j: Poly) -> Polynomial:
    """An entry of the inverse of a class of matrices.

    Where the matrix is invertible.
    """
    shared, transposed = n.matrices.met[name]
    place = (j, i) if transposed else (i, j)
    known = structure.known_inverse_entry(n, shared, _sides_of(n, name), *place)
    if known is not None:
        return known
    if name in n.matrices.symmetric and j.sort_key() < i.sort_key():
        i, j = j, i
    return n.of_atom(n.atom(InverseAtom, name, i, j))


def _sides_of(n: Verbs, name: int) -> structure.Sides:
    """On which sides of the diagonal the entries of the matrix are zero that a class was met
    as; looked for once.
    """
    found = n.matrices.sides.get(name)
    if found is None:
        n.matrices.sides[name] = structure.NONE  # while it is looked for
        found = n.matrices.sides[name] = structure.sides_of(n, n.matrices.met[name][0])
    return found


def sides_of_class(n: Verbs, name: int) -> structure.Sides:
    """On which sides of the diagonal the inverse of a class has zeros."""
    sides = _sides_of(n, name)
    return structure.turned(sides) if n.matrices.met[name][1] else sides
