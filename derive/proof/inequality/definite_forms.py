"""Σ_ab C_ab·(u_aᵀ S u_b) ≥ 0 for a positive definite S, where the matrix C is semidefinite.

For C = Σ_k v_k v_kᵀ it is the sum of w_kᵀ S w_k with w_k = Σ_a v_k[a]·u_a, as for
uᵀSu − 2uᵀSv + vᵀSv = (u − v)ᵀS(u − v). And uᵀSu·vᵀSv ≥ (uᵀSv)².
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from derive.canonical.atoms import Atom, EntryAtom, InverseAtom, Polynomial, SumAtom
from derive.canonical.definite import definite_places, definite_used
from derive.canonical.forms import Normaliser
from derive.core.integers import FRESH, ZERO, Var, as_poly
from derive.proof.inequality.squares import is_semidefinite

MOST = 6  # vectors


def is_definite_form(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is such a sum, of one S that is given to be positive definite, or of
    the inverse of one.
    """
    products: dict[tuple[Any, Any], Fraction] = {}
    matrix, u = None, None
    for monomial, coefficient in poly.items():
        atom, exponent = monomial[0] if len(monomial) == 1 else (None, 0)
        if not isinstance(atom, SumAtom) or exponent != 1 or len(set(atom.highs)) != 1:
            return False
        u = u or Var("u", FRESH, ZERO, atom.highs[0])
        found = _taken_apart(n, atom, u)
        if found is None or u.high != atom.highs[0]:
            return False
        form, left, right, scale = found
        if matrix is not None and _named(form) != _named(matrix):
            return False
        matrix = form
        for pair in ((left, right), (right, left)):
            share = Fraction(coefficient) * Fraction(scale) / 2
            products[pair] = products.get(pair, Fraction(0)) + share
    vectors = list(dict.fromkeys(left for left, _ in products))
    if matrix is None or not 1 < len(vectors) <= MOST:
        return False
    none = Fraction(0)
    if not is_semidefinite([[products.get((a, b), none) for b in vectors] for a in vectors]):
        return False
    definite_used(n, matrix)
    return True


def is_cauchy_schwarz(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is c·uᵀSu·vᵀSv − d·(uᵀSv)² for c ≥ d ≥ 0 and a positive definite S."""
    if len(poly) != 2:
        return False
    (more, c), (less, d) = sorted(poly.items(), key=lambda item: -item[1])
    forms = [a for a, e in (*more, *less) if isinstance(a, SumAtom) and len(a.highs) == 2]
    if [e for _, e in more] != [1, 1] or [e for _, e in less] != [2] or len(forms) != 3:
        return False
    u = Var("u", FRESH, ZERO, forms[0].highs[0])
    found = [_taken_apart(n, form, u) for form in forms]
    if any(part is None for part in found) or {h for f in forms for h in f.highs} != {u.high}:
        return False
    (one, left, left2, s), (two, right, right2, t), (three, *mixed, r) = (p for p in found if p)
    same = _named(one) == _named(two) == _named(three) and left == left2 and right == right2
    if not same or {*mixed} != {left, right} or c * s * t < -d * r * r or min(s, t) < 0 or c < 0:
        return False
    definite_used(n, one)
    return True


def _taken_apart(n: Normaliser, atom: SumAtom, u: Var) -> tuple[Atom, Any, Any, Any] | None:
    """S, and the vectors on either side of it at one index, with a number."""
    opened, inside = n.opened(atom)
    if len(opened) != 2 or len(inside) != 1:
        return None
    ((monomial, scale),) = inside.items()
    ends = {as_poly(v) for v in opened}
    forms = [a for a, e in monomial if e == 1 and {*(definite_places(n, a) or ())} == ends]
    if len(forms) != 1:
        return None
    sides: list[Any] = []
    rest = [pair for pair in monomial if pair[0] is not forms[0]]
    for variable, other in (opened, opened[::-1]):
        own = {a: e for a, e in rest if variable in a.free}
        if any(other in a.free for a in own):
            return None
        sides.append(n.key(n.substitute({n.monomial(own): 1}, {variable: as_poly(u)})))
    if any(a.free.isdisjoint(opened) for a, _ in rest):
        return None
    return forms[0], sides[0], sides[1], scale


def _named(form: Atom) -> Any:
    """The matrix of an entry, or the class of an inverse."""
    if isinstance(form, EntryAtom):
        return form.array
    return form.name if isinstance(form, InverseAtom) else form
