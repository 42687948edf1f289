"""The signs of atoms that stand for more than is seen: names, entries of matrices, squares."""

from __future__ import annotations

from derive.canonical import matrix_laws
from derive.canonical.atoms import Atom, RefAtom, SumAtom
from derive.canonical.definite import definite_places, definite_used, is_sum_of_squares
from derive.canonical.signs import MAX_SPLITS, Fact, sign_by_kind
from derive.canonical.verbs import Verbs

# So many suppositions, of nothing, that no further bracket is looked at from both sides.
NOTHING_MORE = [Fact((), "", frozenset(), None)] * MAX_SPLITS


def find_sign(n: Verbs, atom: Atom) -> str | None:
    """The sign of an atom: by its kind, and by what is known of names, matrices and squares."""
    if isinstance(atom, RefAtom) and atom.name in n.names.contents:
        return _name_sign(n, atom.name)
    places = definite_places(n, atom)
    if places is not None and places[0] == places[1]:
        definite_used(n, atom)
        return "+"
    if n.matrices.values and matrix_laws.is_positive(n, atom):
        return "+"
    found = sign_by_kind(n, atom)
    if found is None and isinstance(atom, SumAtom) and is_sum_of_squares(n, atom):
        return "0+"
    return found


def _name_sign(n: Verbs, name: int) -> str | None:
    """The sign of what a name stands for: found once, so nothing supposed may enter it."""
    if name not in n.signs.of_names:
        n.signs.of_names[name] = None
        saved = n.signs.found, n.signs.supposed
        n.signs.found, n.signs.supposed = {}, NOTHING_MORE
        try:
            n.signs.of_names[name] = n.sign(n.names.contents[name])
        finally:
            n.signs.found, n.signs.supposed = saved
    return n.signs.of_names[name]
