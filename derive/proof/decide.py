"""Does a term vanish? A ladder of canonical forms, each step costlier than the one before.

Every step is sound on its own: zero in any canonical form is a proof. The steps differ in how
far they look into shared arrays and whether functions are written in exponentials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    CosAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    IndexBracketAtom,
    InverseAtom,
    Monomial,
    Polynomial,
    RealBracketAtom,
    SumAtom,
)
from derive.canonical.determinants import MAX_WRITTEN_OUT
from derive.canonical.forms import Normaliser
from derive.canonical.log_parts import in_parts
from derive.canonical.names import Merge
from derive.canonical.ranges import UNROLLED
from derive.canonical.readback import Reader
from derive.canonical.structure import VANISHES, absorbed, bears_on_zeros, masked
from derive.canonical.sums import places
from derive.core.integers import BOUND, FREE, FRESH, ONE, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import Add, Mul, Ref, Sum, Term, neg
from derive.proof.definedness import assume_defined
from derive.proof.factors import taken_apart
from derive.proof.flanks import vanishes_between
from derive.proof.inequality.bounds import (
    attained,
    gathered,
    grows,
    indices,
    lower_bounds,
    over_pairs,
    over_tuples,
)
from derive.proof.inequality.calculus import bounded_along
from derive.proof.inequality.cases import nonnegative_by_cases, on_each_side, vanishes_by_cases
from derive.proof.inequality.squares import is_sum_of_squares
from derive.proof.one_sum import as_one_sum, over_each
from derive.proof.rational import are_unlike, equal_quotients


@dataclass(frozen=True)
class Proof:
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


@dataclass(frozen=True)
class Rung:
    """One canonical form: how many terms a shared array may have to be looked into (None: any),
    whether hyperbolic functions are written in exponentials, the work it may take, and how
    often an inequality's difference is differentiated.
    """

    inline: int | None
    exponentials: bool
    work: float
    slopes: int = 0


# The cheap forms come before the search for a witness, the costly ones after it.
CHEAP = (Rung(3, False, 60e6), Rung(None, False, 0.5e6))
INDEX_DEPTH = 3  # brackets of indices that are taken one after the other
SLOPE_WORK = 1e6  # in which the derivatives of a difference are looked at
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
            if vanishes_multiplied(normaliser, difference, place):
                return Proof(normaliser, a, b)
            opened = normaliser.names.looked_into(difference)
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
                and vanishes_between(
                    normaliser, difference, place, partial(vanishes_multiplied, normaliser)
                )
            ):
                return Proof(normaliser, a, b)
            if bears_on_zeros(normaliser, difference) and any(
                vanishes(normaliser, zeros(normaliser, difference)) for zeros in (masked, absorbed)
            ):
                return Proof(normaliser, a, b)
            if normaliser.meets_determinants:
                normaliser.unite_determinants(Reader(normaliser).term)
                a, b = normaliser.of(left), normaliser.of(right)
                if vanishes(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
            if normaliser.meets_small_matrices:
                normaliser.write_out()
                a, b = normaliser.of(left), normaliser.of(right)
                if _vanishes_everywhere(normaliser, normaliser.subtract(a, b)):
                    return Proof(normaliser, a, b)
        except BudgetExceeded:
            budget.check()  # what a rung may not take ends that rung alone
    return None


def _vanishes_everywhere(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial vanishes at each value of its free indices of few values."""
    for variable in sorted({v for m in poly for a, _ in m for v in a.free}, key=lambda v: v.key):
        if variable.kind != FREE or variable.low is None or variable.high is None:
            continue
        length = (variable.high - variable.low).constant
        if length is not None and 0 <= length < MAX_WRITTEN_OUT:
            values = (variable.low + k for k in range(int(length) + 1))
            return all(_vanishes_everywhere(n, n.substitute(poly, {variable: v})) for v in values)
    return vanishes(n, poly)


def vanishes_multiplied(
    n: Normaliser, poly: Polynomial, place: tuple[Poly, ...], depth: int = 2
) -> bool:
    """Whether a matrix is zero: it is if it is when multiplied by an invertible matrix, here by
    one whose inverse stands in it, from the left or from the right.
    """
    if vanishes(n, poly):
        return True
    if depth == 0:
        return False
    names = {a.name for m in poly for b, _ in m for a in _atoms(b) if isinstance(a, InverseAtom)}
    for name in sorted(names):
        shared, transposed = n.matrices[name]
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
                rest = tuple(as_poly(other) if p == index else p for p in place)
                if vanishes_multiplied(n, product, rest, depth - 1):
                    return True
    return False


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
        inverse = [
            a for a, e in monomial if isinstance(a, InverseAtom) and a.name == name and e == 1
        ]
        outside = {a: e for a, e in monomial if a not in inverse}
        if len(inverse) == 1 and not any(k in a.free for a in outside):
            row, column = inverse[0].row, inverse[0].column
            if transposed:
                row, column = column, row
            met, far, own = (row, column, at[0]) if from_left else (column, row, at[1])
            if met == as_poly(k) and k not in far.variables:
                same = n.index_bracket("=", own - far)
                used = n.add(used, n.multiply(same, n.settled(outside, coefficient)))
                continue
        left[monomial] = coefficient
    return used, left


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
                middle = [cut]
            else:
                middle, cut = [], cut if slope == ONE else cut + 1
            after = cut + len(middle)
            sides = [(v.low, cut - 1), (after, v.high)]
            pieces = [as_poly(Var(v.name, FREE, a, b)) for a, b in sides if not _is_empty(a, b)]
            return all(
                vanishes(n, n.substitute(poly, {v: piece}), depth) for piece in (*pieces, *middle)
            )
    return False


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


def prove_at_most(
    left: Term,
    right: Term,
    prepare: Callable[[Normaliser], None],
    budget: Budget,
    ladder: tuple[Rung, ...] = CHEAP + COSTLY,
    place: tuple[Poly, ...] = (),
) -> Proof | None:
    """A proof that ``left`` ≤ ``right``: the sign of the difference, by sign rules and squares.

    First with every shared array as a name, so that rᵀr is seen to be a sum of squares.
    """
    for rung in (Rung(0, False, 5e6), *ladder):
        normaliser = Normaliser(rung.inline, rung.exponentials, budget.share(rung.work))
        try:
            prepare(normaliser)
            assume_defined(normaliser, left, right)
            a, b = normaliser.of(left), normaliser.of(right)
            if has_sign(normaliser, left, right, rung.slopes):
                return Proof(normaliser, a, b)
        except BudgetExceeded:
            budget.check()  # what a rung may not take ends that rung alone
    return None


def has_sign(n: Normaliser, left: Term, right: Term, slopes: int = 0) -> bool:
    """Whether left ≤ right, by their canonical forms, or as they are written where one is 0."""
    a, b = n.of(left), n.of(right)
    if is_nonnegative_everywhere(n, n.subtract(b, a), slopes=slopes):
        return True
    return (not a and is_nonnegative_term(n, right)) or (
        not b and is_nonnegative_term(n, neg(left))
    )


def is_nonnegative_everywhere(
    n: Normaliser, poly: Polynomial, depth: int = 3, slopes: int = 0, of: Atom | None = None
) -> bool:
    """Whether a polynomial over atoms is ≥ 0: over its positive denominators, by the signs of its
    terms, as a sum of squares, entry by entry of a sum, or with the help of what is given.

    :param slopes: how often it may be differentiated.
    :param of: the only entry in which it may be, if there is one.
    """
    n.check()
    if depth > 1:
        poly = _without_positive(n, poly)
    cleared, _ = n.cleared(poly, False)
    if poly:
        # Nonnegative factors of all terms, denominators among them, change nothing, and negative
        # ones the sign.
        factor, common = n.content(cleared)
        signs = {
            a: n.monomial_sign(((a, e),)) if n.lasts(cleared, a) else None
            for a, e in common.items()
        }
        cleared = n.divided(cleared, factor, {a: e for a, e in common.items() if signs[a]})
        cleared = n.add({}, *(n.settled(dict(m), c) for m, c in cleared.items()))
        if sum(sign in ("-", "0-") for sign in signs.values()) % 2:
            cleared = n.scale(cleared, -1)
    roots = dict.fromkeys(
        a for m in cleared for a, e in m if isinstance(a, BaseAtom) and not isinstance(e, int)
    )
    multiples = [
        n.multiply(cleared, n.of_atom(a, Fraction(1, 2))) for a in roots if n.atom_sign(a) == "+"
    ]
    for candidate in (poly, cleared, *multiples):
        if n.sign(candidate) in ("+", "0+") or is_sum_of_squares(n, candidate):
            return True
    if nonnegative_by_cases(n, cleared):
        return True

    def sooner(other: Polynomial) -> bool:
        return is_nonnegative_everywhere(n, other, depth - 1)

    if depth > 0 and grows(n, cleared, sooner):
        return True
    found = gathered(n, cleared) if depth > 0 else None
    if found is not None and not found[2] and is_nonnegative_everywhere(n, found[1], depth):
        return True
    nested = depth > 0 and any(
        len(a.highs) > 1 for m in cleared for a, _ in m if isinstance(a, SumAtom)
    )
    if nested and any(is_nonnegative_everywhere(n, f, depth) for f in over_each(n, cleared)):
        return True
    pairs = over_pairs(n, cleared)
    if pairs is not None and _each_pair(n, *pairs):
        return True
    tuples = over_tuples(n, cleared) if depth > 1 else None
    if tuples is not None and is_nonnegative_everywhere(n, tuples, 1):
        return True
    if depth > 0 and any(
        is_nonnegative_everywhere(n, p, depth - 1)
        for p in lower_bounds(n, cleared, sooner, depth > 1)
    ):
        return True
    bracket = next(
        (a for m in cleared for a, _ in m if isinstance(a, RealBracketAtom) and a.relation == ">"),
        None,
    )
    if bracket is not None and depth > 0:
        sides = on_each_side(n, poly if slopes else cleared, bracket)
        return all(
            n.supposing(
                bracket.data[1],
                sign,
                partial(is_nonnegative_everywhere, n, side, depth - 1, slopes, of),
            )
            for sign, side in sides
        )
    place = next((a for m in cleared for a, _ in m if isinstance(a, IndexBracketAtom)), None)
    if place is not None and all(
        is_nonnegative_everywhere(n, side, depth) for side in n.sides_of(cleared, place)
    ):
        return True
    anywhere = attained(n, cleared)
    if anywhere is not None and is_nonnegative_everywhere(n, anywhere, depth):
        return True
    less = without_entries(n, cleared)
    if less is not None and is_nonnegative_everywhere(n, less, depth):
        return True
    if depth > 0 and any(
        is_nonnegative_everywhere(n, rest, depth - 1) for rest in _less_facts(n, cleared)
    ):
        return True
    forms = [poly] if cleared == poly else [poly, cleared]
    return slopes > 0 and any(_by_calculus(n, form, slopes - 1, of) for form in forms)


def _without_positive(n: Normaliser, poly: Polynomial) -> Polynomial:
    """A polynomial times the denominators that are seen not to be negative only by a proof, and
    times the roots in its denominators.
    """
    below: dict[BaseAtom, Exponent] = {}
    for atom, exponent in ((a, e) for m in poly for a, e in m if isinstance(a, BaseAtom) and e < 0):
        if not isinstance(exponent, int) or n.atom_sign(atom) is None:
            below[atom] = min(below.get(atom, 0), exponent)
    for atom, exponent in below.items():
        if not n.lasts(poly, atom):
            continue
        if not isinstance(exponent, int) or is_nonnegative_everywhere(n, dict(atom.key), 1):
            poly = n.multiply(poly, n.of_atom(atom, -exponent))
    return poly


def _by_calculus(n: Normaliser, poly: Polynomial, slopes: int, of: Atom | None) -> bool:
    """Whether a polynomial is ≥ 0 by its derivatives in one entry of it, in a limited time."""
    saved = n.budget
    n.budget = saved.share(SLOPE_WORK) if of is None else saved
    try:
        return bounded_along(
            n,
            poly,
            lambda p: is_nonnegative_everywhere(n, p, 1, slopes),
            lambda x: lambda p: is_nonnegative_everywhere(n, p, 1, slopes, x),
            of,
        )
    except BudgetExceeded:
        return False
    finally:
        n.budget = saved


def _each_pair(n: Normaliser, two: Polynomial, diagonal: Polynomial, one: Polynomial) -> bool:
    """Whether Σ_i Σ_j f(i, j) + Σ_i g(i) ≥ 0, from f(i, j) ≥ 0 and, where there is a g, from
    f(i, i) + g(i) ≥ 0, for pairs of different indices are nonnegative then.
    """

    def is_nonnegative_here(part: Polynomial) -> bool:
        return is_nonnegative_everywhere(n, part, PAIR_DEPTH)

    return is_nonnegative_here(two) and (not one or is_nonnegative_here(n.add(diagonal, one)))


def _less_facts(n: Normaliser, poly: Polynomial) -> Iterator[Polynomial]:
    """The polynomial less a multiple of each given sign, so that a term of it cancels."""
    for fact in n.facts:
        if fact.sign == "!=" or fact.open:
            continue
        known = n.scale(dict(fact.key), 1 if "+" in fact.sign else -1)
        for monomial, coefficient in known.items():
            ratio = Fraction(poly.get(monomial, 0)) / Fraction(coefficient)
            if ratio > 0:
                n.used[fact.label] = None
                yield n.subtract(poly, n.scale(known, ratio))


def without_entries(n: Normaliser, poly: Polynomial) -> Polynomial | None:
    """A lower bound: Σ_k f(k) − f(e) ≥ 0 for f ≥ 0 and e in range, taken off; None without one."""
    for monomial, coefficient in poly.items():
        for atom, exponent in monomial:
            if (
                coefficient <= 0
                or not isinstance(atom, SumAtom)
                or exponent != 1
                or len(atom.highs) != 1
            ):
                continue
            rest = {a: e for a, e in monomial if a is not atom}
            if n.monomial_sign(n.monomial(rest)) not in ("+", "0+"):
                continue
            if n.monomial_sign(atom.body) not in ("+", "0+"):
                continue  # every term must be nonnegative, not only the sum
            taken = _entry_taken(n, poly, atom, rest, coefficient)
            if taken is not None:
                return {m: c for m, c in n.add(poly, taken).items() if m != monomial}
    return None


def _entry_taken(
    n: Normaliser, poly: Polynomial, atom: SumAtom, rest: dict[Atom, Exponent], coefficient: Any
) -> Polynomial | None:
    """rest·f(e) for an index e at which the polynomial has a multiple −c·rest·f(e), c ≤ 1."""
    (variable,), inside = n.opened(atom)
    for monomial, c in poly.items():
        if c >= 0 or -c > coefficient:
            continue
        ends = (i for a, _ in monomial if isinstance(a, (EntryAtom, ExpAtom)) for i in indices(a))
        for place in dict.fromkeys(ends):
            gap = (atom.highs[0] - place, place)
            if not all(is_nonnegative(g) for g in gap):
                continue
            entry = n.multiply(n.settled(rest, -c), n.substitute(inside, {variable: place}))
            if entry == {monomial: -c}:
                return entry
    return None


def is_nonnegative_term(n: Normaliser, term: Term) -> bool:
    """Whether a term is ≥ 0 as it is written: before products of sums are multiplied out."""
    if n.sign(n.of(term)) in ("+", "0+"):
        return True
    if isinstance(term, Sum):
        return is_nonnegative_term(n, term.args[0])
    if isinstance(term, Add):
        return all(is_nonnegative_term(n, a) for a in term.args)
    if isinstance(term, Ref):
        return is_nonnegative_term(n, term.data[0].at(term.data[1]))
    if isinstance(term, Mul):
        odd: dict[Any, Term] = {}
        for arg in term.args:
            key = n.key(n.of(arg))
            if key in odd:
                del odd[key]
            else:
                odd[key] = arg
        return _is_nonnegative_product(n, list(odd.values()))
    return is_nonnegative_everywhere(n, n.of(term), 1)


def _is_nonnegative_product(n: Normaliser, factors: list[Term]) -> bool:
    """Whether each factor has a sign, and an even number of them the negative one."""
    negative = 0
    for factor in factors:
        if not is_nonnegative_term(n, factor):
            if isinstance(factor, Sum):  # −Σ f = Σ −f
                opposite = is_nonnegative_term(n, neg(factor.args[0]))
            else:
                opposite = is_nonnegative_everywhere(n, n.scale(n.of(factor), -1), 1)
            if not opposite:
                return False
            negative += 1
    return negative % 2 == 0
