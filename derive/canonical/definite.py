"""Sums that are not negative: squares, also with a positive definite matrix between."""

from __future__ import annotations

from collections.abc import Iterator

from derive.canonical.atoms import Atom, EntryAtom, InverseAtom, Monomial, SumAtom
from derive.canonical.verbs import Verbs
from derive.core.integers import ZERO, Poly, Var, as_poly
from derive.core.terms import Entry


def is_sum_of_squares(n: Verbs, atom: SumAtom) -> bool:
    """Σ_k Σ_a Σ_b f(k, a) f(k, b) = Σ_k (Σ_a f(k, a))²: a sum that its own mirror image is.

    And so is Σ_k Σ_a Σ_b f(k, a) S[a, b] f(k, b) ≥ 0 for a positive definite S.
    """
    opened, inside = n.opened(atom)
    if len(inside) != 1:
        return False
    ((monomial, coefficient),) = inside.items()
    if coefficient < 0 or any(e != 1 for _, e in monomial) or not 2 <= len(opened) <= 4:
        return False
    if _is_square(n, opened, monomial):
        return True
    for position, (form, _) in enumerate(monomial):
        places = definite_places(n, form)
        rest = monomial[:position] + monomial[position + 1 :]
        if places is not None and _is_square(n, opened, rest, places):
            definite_used(n, form)
            return True
    return False


def definite_places(n: Verbs, atom: Atom) -> tuple[Poly, Poly] | None:
    """The row and the column of an entry of a positive definite matrix or of its inverse."""
    if isinstance(atom, EntryAtom) and "positive_definite" in atom.array.traits:
        if len(atom.indices) != 2:
            return ZERO, ZERO  # a 1×1 matrix
        row, column = atom.indices
        return row, column
    if isinstance(atom, InverseAtom):
        body = n.matrices.met[atom.name][0].body
        if isinstance(body, Entry) and "positive_definite" in body.data[0].traits:
            return atom.row, atom.column
    return None


def definite_used(n: Verbs, atom: Atom) -> None:
    """Note that the positive definiteness of an entry's matrix was relied on."""
    if isinstance(atom, EntryAtom):
        n.used["positive_definite", atom.array] = None
    elif isinstance(atom, InverseAtom):
        n.used["positive_definite", n.matrices.met[atom.name][0].body.data[0]] = None


def _is_square(
    n: Verbs,
    opened: list[Var],
    monomial: Monomial,
    between: tuple[Poly, Poly] | None = None,
) -> bool:
    """Whether a product falls into two factors that are one another's mirror image.

    :param between: indices that must be one another's mirror image too.
    """
    for pairs in _pairings(opened):
        first, second = {p[0] for p in pairs}, {p[1] for p in pairs}
        left = tuple(p for p in monomial if not p[0].free.isdisjoint(first))
        right = tuple(p for p in monomial if not p[0].free.isdisjoint(second))
        if len(left) + len(right) != len(monomial) or set(left) & set(right):
            continue
        if any(a.high != b.high for a, b in pairs):
            continue
        mirror = {a: as_poly(b) for a, b in pairs}
        mirror.update({b: as_poly(a) for a, b in pairs})
        if between is not None:
            row, column = between
            apart = any(
                row.variables.isdisjoint(a) and column.variables.isdisjoint(b)
                for a, b in ((first, second), (second, first))
            )
            if not apart or row.substitute(mirror) != column:
                continue
        if n.substitute({left: 1}, mirror) == {right: 1}:
            return True
    return False


def _pairings(variables: list[Var]) -> Iterator[list[tuple[Var, Var]]]:
    """The ways to pair off some of the variables, at least two of them."""
    if len(variables) < 2:
        return
    head, *rest = variables
    yield from _pairings(rest)
    for other in rest:
        left = [v for v in rest if v is not other]
        yield [(head, other)]
        for more in _pairings(left):
            yield [(head, other), *more]
