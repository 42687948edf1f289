"""Where the entries of a matrix are zero: triangular and diagonal matrices and their inverses.

A matrix is *lower* triangular where A[i, j] = 0 for all i < j, *upper* where Aᵀ is lower, and
diagonal where it is both. Products, inverses and transposes of such matrices are such again, and
of both the determinant is the product of the diagonal. Nothing here asks for entries below 1.
"""

from __future__ import annotations

from itertools import combinations

from derive.base.slot import Slot
from derive.canonical.atoms import (
    Atom,
    BracketAtom,
    EntryAtom,
    IndexBracketAtom,
    InverseAtom,
    Monomial,
    Number,
    Polynomial,
    SumAtom,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import FREE, FRESH, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Array, Entry, Shared

Sides = frozenset[str]  # of "lower" and "upper": both for a diagonal matrix
NONE: Sides = frozenset()
# Whether a polynomial over atoms is zero, by all that a proof may try.
VANISHES = Slot("derive.engine")

TRIANGULAR = {"lower_triangular": "lower", "upper_triangular": "upper"}

BOUNDED = {*TRIANGULAR, "diagonal"}


def sides_of_array(array: Array) -> Sides:
    """What a given matrix is by what is assumed of it."""
    return frozenset(side for trait, side in TRIANGULAR.items() if trait in array.traits)


def turned(sides: Sides) -> Sides:
    """What the transpose is."""
    return frozenset({"lower": "upper", "upper": "lower"}[side] for side in sides)


def is_zero_at(sides: Sides, row: Poly, column: Poly) -> bool:
    """Whether the indices are seen to stand on the side where the entries are zero."""
    above = is_nonnegative(column - row - 1)
    below = is_nonnegative(row - column - 1)
    return ("lower" in sides and above) or ("upper" in sides and below)


def known_entry(n: Verbs, array: Array, indices: tuple[Poly, ...]) -> Polynomial | None:
    """An entry of a given triangular matrix where it is known: 0 on the one side of the diagonal,
    1 on the diagonal of a unit triangular one; None elsewhere.
    """
    row, column = indices
    if row == column:
        if "unit_triangular" in array.traits:
            n.used["unit_triangular", array] = None
            return {(): 1}
        return None
    sides = sides_of_array(array)
    if sides and is_zero_at(sides, row, column):
        _note(n, array)
        return {}
    return None


def _note(n: Verbs, array: Array) -> None:
    for trait in TRIANGULAR:
        if trait in array.traits:
            n.used[trait, array] = None


def sides_of(n: Verbs, shared: Shared) -> Sides:
    """What a computed matrix is: on which sides of the diagonal its entries are seen to be 0."""
    rows, columns = (p.high for p in shared.params)
    if rows is None or rows != columns or any(p.low != ZERO for p in shared.params):
        return NONE
    if isinstance(shared.body, Entry) and shared.body.data[0].traits.isdisjoint(BOUNDED):
        return NONE  # its entries are arbitrary
    own = n.of(shared.body)
    if not any(_bears_on_zeros(n, a) for m in own for a, _ in m):
        return NONE
    own = masked(n, own)
    first = Var("i", FREE, ZERO, rows)
    second = Var("j", FREE, as_poly(first) + 1, rows)
    found = set()
    for side, place in (("lower", (first, second)), ("upper", (second, first))):
        at = dict(zip(shared.params, map(as_poly, place), strict=True))
        if not n.substitute(own, at):
            found.add(side)
    return frozenset(found)


def _bears_on_zeros(n: Verbs, atom: Atom) -> bool:
    """Whether an atom may be zero on one side of a diagonal by its indices."""
    if isinstance(atom, IndexBracketAtom):
        return True
    if isinstance(atom, EntryAtom):
        return bool(sides_of_array(atom.array))
    if isinstance(atom, InverseAtom):
        return bool(n.sides_of_class(atom.name))
    return isinstance(atom, SumAtom) and any(
        _bears_on_zeros(n, a) for m, _ in _terms(atom) for a, _ in m
    )


def _terms(atom: SumAtom) -> tuple[tuple[tuple[tuple[Atom, object], ...], object], ...]:
    """The one product under a sum, as the terms of a polynomial."""
    return ((atom.body, 1),)


def bears_on_zeros(n: Verbs, poly: Polynomial) -> bool:
    """Whether an entry of a triangular matrix stands in a polynomial or under its sums."""
    return any(_has_triangle(n, a) for m in poly for a, _ in m)


def _has_triangle(n: Verbs, atom: Atom) -> bool:
    return not isinstance(atom, IndexBracketAtom) and _bears_on_zeros(n, atom)


def masked(n: Verbs, poly: Polynomial) -> Polynomial:
    """A polynomial with L[i, j] = [i ≥ j]·L[i, j] for every lower triangular L in it, given or an
    inverse, and the same for the upper ones, under its sums too.
    """
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        product: Polynomial = {(): coefficient}
        for atom, exponent in monomial:
            factor = n.of_atom(atom, exponent)
            if isinstance(exponent, int) and exponent > 0:
                if isinstance(atom, SumAtom) and _bears_on_zeros(n, atom):
                    opened, inside = n.opened(atom)
                    factor = n.power(n.sum_all(opened, masked(n, inside)), exponent)
                elif isinstance(atom, (EntryAtom, InverseAtom)):
                    factor = n.multiply(_mask(n, atom), factor)
            product = n.multiply(product, factor)
        result = n.add(result, _without_cycles(n, product))
    return result


def absorbed(n: Verbs, poly: Polynomial) -> Polynomial:
    """A polynomial with [i ≥ j]·L[i, j] = L[i, j] for every lower triangular L in it, given or an
    inverse; [i > j]·L[i, j] = L[i, j] − [i = j]·L[i, j], [i ≤ j]·L[i, j] = [i = j]·L[i, j] and
    [i < j]·L[i, j] = 0; and the same for the upper ones, under its sums too.
    """
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        product: Polynomial = {(): coefficient}
        for atom, exponent in monomial:
            factor = n.of_atom(atom, exponent)
            single = isinstance(exponent, int) and exponent > 0
            if single and isinstance(atom, SumAtom) and _bears_on_zeros(n, atom):
                opened, inside = n.opened(atom)
                factor = n.power(n.sum_all(opened, absorbed(n, inside)), exponent)
            product = n.multiply(product, factor)
        result = n.add(result, *(_absorbed(n, m, c) for m, c in product.items()))
    return result


def _absorbed(n: Verbs, monomial: Monomial, coefficient: Number) -> Polynomial:
    """The same of one product."""
    for bracket, form in ((a, a.poly) for a, _ in monomial if isinstance(a, IndexBracketAtom)):
        if bracket.relation != ">=":
            continue
        for atom, exponent in monomial:
            if not isinstance(exponent, int) or exponent < 1:
                continue
            for gap in _nonnegative_gaps(n, atom):
                if form not in (gap, gap - 1, -gap, -gap - 1):
                    continue
                if isinstance(atom, EntryAtom):
                    _note(n, atom.array)
                rest = n.settled({a: e for a, e in monomial if a is not bracket}, coefficient)
                on = n.multiply(n.index_bracket("=", gap), rest)
                if form == gap:
                    whole = rest
                elif form == gap - 1:
                    whole = n.subtract(rest, on)
                else:
                    whole = on if form == -gap else {}
                return n.add({}, *(_absorbed(n, m, c) for m, c in whole.items()))
    return {monomial: coefficient}


def _nonnegative_gaps(n: Verbs, atom: Atom) -> list[Poly]:
    """i − j where an entry is zero unless i ≥ j."""
    if isinstance(atom, EntryAtom) and len(atom.indices) == 2:
        sides, (row, column) = sides_of_array(atom.array), atom.indices
    elif isinstance(atom, InverseAtom):
        name, row, column = atom.name, atom.row, atom.column
        sides = n.sides_of_class(name)
    else:
        return []
    gaps = {"lower": row - column, "upper": column - row}
    return [gaps[side] for side in sorted(sides)]


def _without_cycles(n: Verbs, poly: Polynomial) -> Polynomial:
    """[a ≥ b]·[b ≥ c]·[c ≥ a] = [a = b]·[b = c]·[c ≥ a], in every product, for cycles of up to
    four brackets.
    """
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        bounds = {
            a: a.poly for a, _ in monomial if isinstance(a, IndexBracketAtom) and a.relation == ">="
        }
        equal = [a for a in bounds if _closes_a_cycle(a, bounds)] if len(bounds) > 2 else []
        rest = n.settled({a: e for a, e in monomial if a not in equal}, coefficient)
        same = (n.index_bracket("=", bounds[a]) for a in equal)
        result = n.add(result, n.multiply(rest, *same))
    return result


def _closes_a_cycle(atom: IndexBracketAtom, bounds: dict[IndexBracketAtom, Poly]) -> bool:
    """Whether p ≥ 0 is p = 0, for −p is a sum of others that are ≥ 0."""
    others = [p for a, p in bounds.items() if a is not atom]
    return any(
        sum(chosen, start=bounds[atom]) == ZERO
        for count in (2, 3)
        for chosen in combinations(others, count)
    )


def _mask(n: Verbs, atom: EntryAtom | InverseAtom) -> Polynomial:
    """The bracket outside of which an entry is 0."""
    if isinstance(atom, EntryAtom):
        sides = sides_of_array(atom.array)
        if not sides or len(atom.indices) != 2:
            return {(): 1}
        row, column = atom.indices
        _note(n, atom.array)
    else:
        name, row, column = atom.name, atom.row, atom.column
        sides = n.sides_of_class(name)
    result: Polynomial = {(): 1}
    if "lower" in sides:
        result = n.multiply(result, n.index_bracket(">=", row - column))
    if "upper" in sides:
        result = n.multiply(result, n.index_bracket(">=", column - row))
    return result


def known_inverse_entry(
    n: Verbs, shared: Shared, sides: Sides, row: Poly, column: Poly
) -> Polynomial | None:
    """An entry of the inverse of a triangular matrix where it is known: 0 where the entries of
    the matrix are, 1/A[i, i] on the diagonal, which is not 0 where A is invertible; of a diagonal
    matrix [i = j]/A[i, i]. None elsewhere.

    :param sides: what the matrix itself is.
    """
    if not sides:
        return None
    if len(sides) == 2 or row == column:
        on = n.index_bracket("=", row - column)
        return n.multiply(on, n.power(n.of(shared.at((row, row))), -1)) if on else {}
    return {} if is_zero_at(sides, row, column) else None


def determinant(n: Verbs, shared: Shared) -> Polynomial | None:
    """det A = Π_k A[k, k] of a triangular matrix, 1 of one that is unit triangular, whichever side
    of its diagonal is zero; None of one that is not seen to be triangular.
    """
    body = shared.body
    if isinstance(body, Entry) and "unit_triangular" in body.data[0].traits:
        array, places = body.data
        ends = tuple(p.high + 1 for p in shared.params if p.high is not None)
        if set(places) == set(map(as_poly, shared.params)) and ends == array.axes:  # all of it
            n.used["unit_triangular", array] = None
            return {(): 1}
    if not sides_of(n, shared):
        return None
    k = Var("k", FRESH, ZERO, shared.params[0].high)
    return n.product_over(k, n.of(shared.at((as_poly(k), as_poly(k)))))


def is_symmetric(n: Verbs, poly: Polynomial, params: tuple[Var, ...]) -> bool:
    """Whether A[i, j] − A[j, i] is seen to vanish for a matrix with cases in it, whose two forms
    may differ in how the cases are told apart.
    """
    if not any(isinstance(a, BracketAtom) for m in poly for a, _ in m):
        return False
    size = params[0].high
    if size is None or size != params[1].high:
        return False
    i, j = (Var(name, FREE, ZERO, size) for name in "ij")
    place, mirror = (dict(zip(params, map(as_poly, p), strict=True)) for p in ((i, j), (j, i)))
    gap = n.subtract(n.substitute(poly, place), n.substitute(poly, mirror))
    found: bool = VANISHES(n, gap)
    return found
