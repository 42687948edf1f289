"""Does a term vanish? A ladder of canonical forms, each rung costlier than the one before.

Every rung is sound on its own: zero in any canonical form is a proof. The rungs differ in which
shared arrays they unfold, and in whether functions are written in exponentials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    CosAtom,
    Exponent,
    IndexBracketAtom,
    InverseAtom,
    Monomial,
    Polynomial,
    ProductAtom,
    RealBracketAtom,
    SumAtom,
)
from derive.canonical.determinants import MAX_WRITTEN_OUT
from derive.canonical.forms import Normaliser
from derive.canonical.log_parts import in_parts
from derive.canonical.ranges import UNROLLED
from derive.canonical.readback import Reader
from derive.canonical.state import Merge
from derive.canonical.structure import VANISHES, absorbed, bears_on_zeros, masked
from derive.canonical.sums import places
from derive.core.integers import BOUND, FREE, FRESH, ONE, Number, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Term
from derive.proof.definedness import assume_defined
from derive.proof.descent import vanishes_by_descent
from derive.proof.factors import taken_apart
from derive.proof.flanks import vanishes_between
from derive.proof.from_given import vanishes_by_given
from derive.proof.inequality.cases import vanishes_by_cases
from derive.proof.one_sum import as_one_sum
from derive.proof.rational import are_unlike, equal_quotients
from derive.proof.residues import vanishes_by_residues


class Proof(NamedTuple):
    """A proof that a term vanishes.

    It holds the normaliser that found it, the canonical forms of both sides, the lemmas that were
    proved by induction, and the arrays that were proved to be equal in other normalisers.
    """

    normaliser: Normaliser
    left: Polynomial
    right: Polynomial
    lemmas: tuple[Any, ...] = ()
    merged: tuple[Merge, ...] = ()
    others: tuple[Normaliser, ...] = ()


class Rung(NamedTuple):
    """One rung of the ladder: a canonical form, and what it may cost.

    :param inline: arrays of more terms than this are left opaque; None unfolds every array.
    :param exponentials: whether hyperbolic functions are written in exponentials.
    :param work: the units of work that it may take.
    :param slopes: how often the difference of an inequality may be differentiated.
    """

    inline: int | None
    exponentials: bool
    work: float
    slopes: int = 0


# The cheap forms come before the search for a witness, the costly ones after it.
CHEAP = (Rung(3, False, 60e6), Rung(None, False, 0.5e6))
MANY_INVERSES = 3  # of different matrices
INDEX_DEPTH = 3  # brackets of indices that are taken one after the other
SLOPE_WORK = 1e6  # for the derivatives of a difference
PAIR_DEPTH = 2  # how far two brackets of a pair of indices are looked at
OFFSET_WORK = 2e6  # for a form in which brackets have no offset
COSTLY = (Rung(None, True, 4e6), Rung(12, True, 8e6), Rung(None, True, 30e6))
BY_CALCULUS = (Rung(3, False, 10e6, 3),)  # of an inequality, before the costly forms


def prove_equal(
    left: Term,
    right: Term,
    prepare: Callable[[Normaliser], None],
    budget: Budget,
    ladder: tuple[Rung, ...] = CHEAP + COSTLY,
    place: tuple[Poly, ...] = (),
) -> Proof | None:
    """A proof that two terms are equal, or None where none of the canonical forms shows it.

    :raises BudgetExceeded: when there is no work left to do.
    :raises UnsupportedError: naming a node without a canonical form.
    """
    for rung in ladder:
        normaliser = Normaliser(rung.inline, rung.exponentials, budget.share(rung.work))
        try:
            prepare(normaliser)
            assume_defined(normaliser, left, right)
            quotient = equal_quotients(normaliser, left, right) if rung is ladder[0] else None
            if quotient is not None:
                return Proof(normaliser, quotient, quotient)
            if are_unlike(normaliser, left, right):
                return None
            a, b = normaliser.of(left), normaliser.of(right)
            difference = normaliser.subtract(a, b)
            if _vanishes_as_matrix(normaliser, difference, place, rung in COSTLY):
                return Proof(normaliser, a, b)
            if vanishes_by_given(normaliser, difference, place, vanishes) or vanishes_by_residues(
                normaliser, difference
            ):
                return Proof(normaliser, a, b)
            opened = normaliser.names.unfolded(difference)
            if opened != difference and vanishes(normaliser, opened):
                return Proof(normaliser, a, b)
            if normaliser.angles_refined:
                normaliser.forget()
                a, b = normaliser.of(left), normaliser.of(right)
                if vanishes(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
            if normaliser.offsets_seen:
                normaliser.clear_offsets(OFFSET_WORK)
                a, b = normaliser.of(left), normaliser.of(right)
                if vanishes(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
            if (
                rung in COSTLY
                and rung.inline is None
                and _vanishes_between(normaliser, difference, place)
            ):
                return Proof(normaliser, a, b)
            if bears_on_zeros(normaliser, difference) and any(
                vanishes(normaliser, zeros(normaliser, difference)) for zeros in (masked, absorbed)
            ):
                return Proof(normaliser, a, b)
            if rung is not ladder[0] and _vanishes_at_each_value(normaliser, difference):
                return Proof(normaliser, a, b)
            if normaliser.meets_determinants:
                normaliser.unite_determinants(Reader(normaliser).term)
                a, b = normaliser.of(left), normaliser.of(right)
                if vanishes(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
            if normaliser.matrices.meets_small:
                normaliser.write_out()
                a, b = normaliser.of(left), normaliser.of(right)
                if _vanishes_everywhere(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
        except BudgetExceeded:
            budget.check()  # what a rung may not take ends that rung alone
    return None


def _vanishes_between(n: Normaliser, poly: Polynomial, place: tuple[Poly, ...]) -> bool:
    """Whether a polynomial is zero between matrices, as it stands or over a common denominator."""
    inside = partial(vanishes_multiplied, n)
    if vanishes_between(n, poly, place, inside):
        return True
    cleared = n.related(without_denominators(n, poly))
    return cleared != poly and vanishes_between(n, cleared, place, inside)


def _vanishes_everywhere(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial vanishes at each value of its free indices of few values."""
    parts = _at_each_value(n, poly)
    return vanishes(n, poly) if parts is None else all(_vanishes_everywhere(n, p) for p in parts)


def _vanishes_at_each_value(n: Normaliser, poly: Polynomial) -> bool:
    """The same of one that does not vanish as it stands."""
    parts = _at_each_value(n, poly)
    return parts is not None and all(_vanishes_everywhere(n, part) for part in parts)


def _at_each_value(n: Normaliser, poly: Polynomial) -> Iterator[Polynomial] | None:
    """A polynomial at each value of a free index of few values; None where it has none."""
    for variable in sorted({v for m in poly for a, _ in m for v in a.free}, key=lambda v: v.key):
        if variable.kind != FREE or variable.low is None or variable.high is None:
            continue
        length = (variable.high - variable.low).constant
        if length is not None and 0 <= length < MAX_WRITTEN_OUT:
            values = (variable.low + k for k in range(int(length) + 1))
            return (n.substitute(poly, {variable: v}) for v in values)
    return None


def _vanishes_as_matrix(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...], patient: bool
) -> bool:
    """Whether a matrix is zero as it stands or multiplied; where many inverses stand in it, those
    products first that leave fewer of them.
    """
    if len(_inverse_names(poly)) < MANY_INVERSES:
        return vanishes_multiplied(n, poly, place)
    if vanishes(n, poly) or vanishes_by_descent(n, poly, place, multiplied, vanishes):
        return True
    return patient and vanishes_multiplied(n, poly, place)


def _inverse_names(poly: Polynomial) -> list[int]:
    """The matrices whose inverses stand in a polynomial."""
    atoms = (a for m in poly for b, _ in m for a in _atoms(b))
    return sorted({a.name for a in atoms if isinstance(a, InverseAtom)})


def vanishes_multiplied(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...], depth: int = 2
) -> bool:
    """Whether a matrix is zero: it is if it is when multiplied by an invertible matrix, here by
    one whose inverse stands in it, from the left or from the right.
    """
    if vanishes(n, poly):
        return True
    return depth > 0 and any(
        vanishes_multiplied(n, product, rest, depth - 1)
        for product, rest in multiplied(n, poly, place)
    )


def multiplied(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...]
) -> Iterator[tuple[Polynomial, tuple[Poly, ...]]]:
    """A matrix multiplied by each of those whose inverses stand in it, from either side."""
    for name in _inverse_names(poly):
        shared, transposed = n.matrices.met[name]
        for index in place:
            variable = next(iter(index.variables), None)
            if variable is None or variable.high != shared.params[0].high:
                continue
            k = Var("k", FRESH, variable.low, variable.high)
            other = Var(variable.name, FREE, variable.low, variable.high)
            moved = n.substitute(poly, {variable: as_poly(k)})
            for at in ((as_poly(other), as_poly(k)), (as_poly(k), as_poly(other))):
                used, left = _against_inverse(n, moved, name, transposed, at, k)
                product = n.sum_over(k, n.multiply(n.of(shared.at(at)), left))
                product = n.add(used, product)
                yield product, tuple(as_poly(other) if p == index else p for p in place)


def _against_inverse(
    n: Normaliser,
    poly: Polynomial,
    name: int,
    transposed: bool,
    at: tuple[Poly, Poly],
    k: Var,
) -> tuple[Polynomial, Polynomial]:
    """What Σ_k A[i, k]·A⁻¹[k, j] = [i = j] makes of a polynomial's terms, and its other terms.

    :param at: the indices of A, one of which is k: on the right it is multiplied from the left.
    """
    used: Polynomial = {}
    left: Polynomial = {}
    from_left = at[1] == as_poly(k)
    for monomial, coefficient in poly.items():
        bound, inside, scale = _opened_at(n, monomial, name)
        inverse = [
            a
            for a, e in inside
            if isinstance(a, InverseAtom) and a.name == name and e == 1 and k in a.free
        ]
        outside = {a: e for a, e in inside if a not in inverse}
        ends = any(e is None or k in e.variables for v in bound for e in (v.low, v.high))
        if len(inverse) == 1 and not ends and not any(k in a.free for a in outside):
            row, column = inverse[0].row, inverse[0].column
            if transposed:
                row, column = column, row
            met, far, own = (row, column, at[0]) if from_left else (column, row, at[1])
            if met == as_poly(k) and k not in far.variables:
                same = n.index_bracket("=", own - far)
                term = n.multiply(same, n.settled(outside, coefficient * scale))
                used = n.add(used, n.sum_all(bound, term) if bound else term)
                continue
        left[monomial] = coefficient
    return used, left


def _opened_at(n: Normaliser, monomial: Monomial, name: int) -> tuple[list[Var], Monomial, Number]:
    """A product with the sum opened in which the inverse stands: that of A⁻¹ x, as that of A⁻¹."""
    for atom, exponent in monomial:
        if exponent == 1 and isinstance(atom, SumAtom) and name in _inverse_names({atom.body: 1}):
            bound, body = n.opened(atom)
            ((inner, scale),) = body.items()
            outside: dict[Atom, Any] = {a: e for a, e in monomial if a is not atom}
            for a, e in inner:
                outside[a] = outside.get(a, 0) + e
            return list(bound), n.monomial(outside), scale
    return [], monomial, 1


def _atoms(atom: Atom) -> Iterator[Atom]:
    """An atom and the atoms under the sums in it."""
    yield atom
    if isinstance(atom, SumAtom):
        for inner, _ in atom.body:
            yield from _atoms(inner)


@VANISHES.fill
def vanishes(n: Normaliser, poly: Polynomial, depth: int = INDEX_DEPTH) -> bool:
    """Whether a polynomial over atoms is zero: as it stands, over a common denominator, on
    either side of every bracket, or with its sums of one range taken together.
    """
    poly = n.related(poly)
    if not poly:
        return True
    poly = taken_apart(n, poly)
    cleared = without_opposites(n, n.related(without_denominators(n, poly)))
    if not cleared:
        return True
    if vanishes_by_cases(n, cleared) or _vanishes_by_sums(n, cleared):
        return True
    if any(not _by_residues(n, cleared, stride) for stride in _strides(cleared)):
        return True
    parts = in_parts(n, cleared) if depth > 0 else cleared
    if parts != cleared and vanishes(n, parts, depth - 1):
        return True
    if depth > 0 and any(vanishes(n, body, depth - 1) for body in as_one_sum(n, cleared)):
        return True
    if depth > 0 and _vanishes_by_index(n, cleared, depth - 1):
        return True
    guard = next(
        (a for m in cleared if _is_quotient(m) for a, _ in m if isinstance(a, RealBracketAtom)),
        None,
    )
    return guard is not None and all(vanishes(n, s, depth) for s in n.sides_of(cleared, guard))


def _is_quotient(monomial: Monomial) -> bool:
    """Whether a product has a denominator that could be multiplied out."""
    return any(isinstance(a, (BaseAtom, CosAtom)) and e < 0 for a, e in monomial)


def _vanishes_by_index(n: Normaliser, poly: Polynomial, depth: int) -> bool:
    """Whether a polynomial is zero on each side of a bracket [v ≥ e] or [v = e] of an index v of
    the claim: the bracket is known there, and so is what of v depends on it.
    """
    brackets = dict.fromkeys(a for m in poly for a, _ in m if isinstance(a, IndexBracketAtom))
    for atom in brackets:
        relation, form = atom.relation, atom.poly
        for v in sorted(form.variables, key=lambda v: v.key, reverse=True):
            slope = form.coefficient(v)
            if v.kind != FREE or slope is None or slope.constant not in (1, -1):
                continue
            if v.low is None or v.high is None:
                continue
            cut = as_poly(v) - form * slope  # the bracket is about slope·(v − cut)
            if any(c != int(c) for c in cut.terms.values()):
                continue
            if relation == "=":
                return _vanishes_around(n, poly, v, cut, [cut], depth)
            cut = cut if slope == ONE else cut + 1
            if _vanishes_around(n, poly, v, cut, [], depth):
                return True
            # A product up to where the bracket begins is empty there, and has factors after.
            products = any(isinstance(a, ProductAtom) for m in poly for a, _ in m)
            return products and _vanishes_around(n, poly, v, cut, [cut], depth)
    return False


def _vanishes_around(
    n: Normaliser, poly: Polynomial, v: Var, cut: Poly, middle: list[Poly], depth: int
) -> bool:
    """Whether a polynomial is zero for all values of an index before a cut, at it and after it."""
    assert v.low is not None and v.high is not None
    sides = [(v.low, cut - 1), (cut + len(middle), v.high)]
    pieces = [as_poly(Var(v.name, FREE, a, b)) for a, b in sides if not _is_empty(a, b)]
    return all(vanishes(n, n.substitute(poly, {v: piece}), depth) for piece in (*pieces, *middle))


def _strides(poly: Polynomial) -> list[int]:
    """The numbers in steps of which arrays are read under the sums of a polynomial."""
    found = {
        abs(int(c))
        for m in poly
        for a, _ in m
        if isinstance(a, SumAtom)
        for place in places(a)
        for variables, c in place.key
        if any(v.kind == BOUND for v in variables)
    }
    return sorted(number for number in found if 1 < number <= UNROLLED)


def _by_residues(n: Normaliser, poly: Polynomial, stride: int) -> Polynomial:
    """Σ_{k<s·m} f(k) = Σ_{r<s} Σ_{k<m} f(s·k + r), for a number s, in all sums of a polynomial."""
    result: Polynomial = {}
    for monomial, coefficient in poly.items():
        rest: Polynomial = {(): coefficient}
        for atom, exponent in monomial:
            factor: Polynomial = {((atom, exponent),): 1}
            if isinstance(atom, SumAtom) and isinstance(exponent, int) and exponent > 0:
                opened, inside = n.opened(atom)
                for v in opened:
                    assert v.high is not None
                    length = (v.high + 1) * Fraction(1, stride)
                    if any(c != int(c) for c in length.terms.values()):
                        inside = n.sum_over(v, inside)
                        continue
                    w = Var(v.name, FRESH, v.low, length - 1)
                    steps = (as_poly(w) * stride + r for r in range(stride))
                    parts = (n.sum_over(w, n.substitute(inside, {v: step})) for step in steps)
                    inside = n.add({}, *parts)
                factor = n.power(inside, exponent)
            rest = n.multiply(rest, factor)
        result = n.add(result, rest)
    return result


def _is_empty(low: Poly, high: Poly) -> bool:
    return is_nonnegative(low - high - 1)


def without_opposites(n: Normaliser, poly: Polynomial) -> Polynomial:
    """[−p − 1 ≥ 0] = 1 − [p ≥ 0] where both occur: an integer is on one side of a bound."""
    brackets = {
        a.poly: a
        for m in poly
        for a, _ in m
        if isinstance(a, IndexBracketAtom) and a.relation == ">="
    }
    for bound, atom in brackets.items():
        opposite = brackets.get(-bound - 1)
        if opposite is not None and atom.id < opposite.id:
            above, below = n.sides_of(poly, opposite)
            on: Polynomial = {((atom, 1),): 1}
            poly = n.add(above, n.multiply(on, n.subtract(below, above)))
    return poly


def without_denominators(n: Normaliser, poly: Polynomial) -> Polynomial:
    """The polynomial times every denominator in it, multiplied out.

    One that stands beside a bracket only is left: where both are 0, the product would be too.
    """
    for _ in range(8):
        below: dict[Atom, Exponent] = {}
        for monomial in poly:
            for atom, exponent in monomial:
                if isinstance(atom, (BaseAtom, CosAtom)) and exponent < 0:
                    below[atom] = max(below.get(atom, 0), math.ceil(-exponent))
        below = {atom: exponent for atom, exponent in below.items() if n.lasts(poly, atom)}
        if not below:
            return poly
        for atom, exponent in below.items():
            poly = n.multiply(poly, {((atom, exponent),): 1})
    return poly


def _vanishes_by_sums(n: Normaliser, poly: Polynomial) -> bool:
    """Σ_t c_t·m·Σ_k b_t(k) = m·Σ_k Σ_t c_t·b_t(k): sums of one range under one sign."""
    groups: dict[Any, list[tuple[SumAtom, Any]]] = {}
    rest: Polynomial = {}
    for monomial, coefficient in poly.items():
        sums = [(a, e) for a, e in monomial if isinstance(a, SumAtom) and e == 1]
        chosen = max(sums, key=lambda pair: pair[0].id, default=None)
        if chosen is None:
            rest[monomial] = coefficient
            continue
        others: Monomial = tuple(p for p in monomial if p is not chosen)
        groups.setdefault((others, chosen[0].highs), []).append((chosen[0], coefficient))
    if rest or not groups:
        return False
    for members in groups.values():
        if len(members) == 1:
            return False
        first, _ = n.opened(members[0][0])
        body: Polynomial = {}
        for atom, coefficient in members:
            opened, inside = n.opened(atom)
            names = dict(zip(opened, first, strict=True))
            renamed = n.substitute(inside, {v: as_poly(w) for v, w in names.items()})
            body = n.add(body, n.scale(renamed, coefficient))
        if not vanishes(n, body):
            return False
    return True
