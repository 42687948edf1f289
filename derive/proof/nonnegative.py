"""The ladder of inequalities: is a difference never negative, at any entry?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    IndexBracketAtom,
    Polynomial,
    RealBracketAtom,
    SumAtom,
)
from derive.canonical.forms import Normaliser
from derive.core.integers import Poly, is_nonnegative
from derive.core.terms import Add, Mul, Ref, Sum, Term, neg
from derive.proof.decide import CHEAP, COSTLY, PAIR_DEPTH, SLOPE_WORK, Proof, Rung
from derive.proof.definedness import assume_defined
from derive.proof.factored import factors, quotient
from derive.proof.inequality.bounds import (
    attained,
    gathered,
    grows,
    indices,
    lower_bounds,
)
from derive.proof.inequality.calculus import bounded_along, bounded_at_both_ends
from derive.proof.inequality.cases import nonnegative_by_cases, on_each_side
from derive.proof.inequality.definite_forms import is_cauchy_schwarz, is_definite_form
from derive.proof.inequality.gram import as_products
from derive.proof.inequality.pairs import over_pairs, over_tuples
from derive.proof.inequality.squares import is_above_squares, is_sum_of_squares
from derive.proof.inequality.totals import with_totals
from derive.proof.one_sum import over_each


def prove_at_most(
    left: Term,
    right: Term,
    prepare: Callable[[Normaliser], None],
    budget: Budget,
    ladder: tuple[Rung, ...] = CHEAP + COSTLY,
    place: tuple[Poly, ...] = (),
) -> Proof | None:
    """A proof that ``left`` ≤ ``right``: the sign of the difference, by sign rules and squares.

    First with every shared array as a name, so that rᵀr is seen to be a sum of squares, and then
    with sums within sums as names as well; and last, of a search that takes its time, with definite
    matrices as products.
    """
    in_names = Rung(0, False, 5e6)
    proof = _on_rungs(left, right, prepare, budget, (in_names,))
    totals = with_totals((left, right)) if ladder else None
    if proof is None and totals is not None:
        one, other = totals
        proof = _on_rungs(one, other, prepare, budget, (in_names,))
    if proof is None:
        proof = _on_rungs(left, right, prepare, budget, ladder)
    if proof is None and any(rung.slopes for rung in ladder):
        for one, other, matrices in as_products(left, right):
            proof = _on_rungs(one, other, prepare, budget, CHEAP)
            if proof is not None:
                proof.normaliser.used |= {("positive_definite", a): None for a in matrices}
                return proof
    return proof


def _on_rungs(
    left: Term,
    right: Term,
    prepare: Callable[[Normaliser], None],
    budget: Budget,
    ladder: tuple[Rung, ...],
) -> Proof | None:
    """A proof that ``left`` ≤ ``right`` on the first rung on which there is one."""
    for rung in ladder:
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
        if is_definite_form(n, candidate) or is_cauchy_schwarz(n, candidate):
            return True
    if nonnegative_by_cases(n, cleared) or is_above_squares(n, cleared):
        return True
    if depth > 0 and _is_nonnegative_factored(n, cleared, depth - 1):
        return True

    def sooner(other: Polynomial) -> bool:
        return is_nonnegative_everywhere(n, other, depth - 1)

    if depth > 0 and grows(n, cleared, sooner):
        return True
    if depth > 0 and bounded_at_both_ends(n, cleared, sooner):
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


def _is_nonnegative_factored(n: Normaliser, poly: Polynomial, depth: int) -> bool:
    """Whether the factors of odd exponent are ≥ 0, but for an even number of them that are ≤ 0."""
    parts = factors(n, poly)
    left: Polynomial = {(): 1}  # of which neither is seen
    for part, exponent in parts or ():
        if exponent % 2 == 0 or is_nonnegative_everywhere(n, part, depth):
            continue
        negative = is_nonnegative_everywhere(n, n.scale(part, -1), depth)
        left = n.scale(left, -1) if negative else n.multiply(left, part)
    return parts is not None and n.sign(left) in ("+", "0+")


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
    for fact in n.signs.facts:
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
    """Whether each factor has a sign, or two of them have the same one wherever they are not 0,
    and an even number of factors the negative one.
    """
    negative = False
    unsigned = []
    for factor in factors:
        if is_nonnegative_term(n, factor):
            continue
        if isinstance(factor, Sum):  # −Σ f = Σ −f
            opposite = is_nonnegative_term(n, neg(factor.args[0]))
        else:
            opposite = is_nonnegative_everywhere(n, n.scale(n.of(factor), -1), 1)
        if opposite:
            negative = not negative
        else:
            unsigned.append(n.of(factor))
    if len(unsigned) == 2:
        first, second = unsigned
        second = n.scale(second, -1) if negative else second
        return _has_sign_of(n, second, first) or _has_sign_of(n, first, second)
    return not unsigned and not negative


def _has_sign_of(n: Normaliser, poly: Polynomial, other: Polynomial) -> bool:
    """Whether p·q ≥ 0: p is ≥ 0 where q > 0, and ≤ 0 where q < 0.

    So it is for the difference of the values of a function that grows and that of its arguments,
    and where p = q·r for an r ≥ 0.
    """
    ratio = quotient(n, poly, other)
    if ratio is not None and is_nonnegative_everywhere(n, ratio, 1):
        return True
    key, scale = n.primitive(other)
    poly = n.scale(poly, 1 if scale > 0 else -1)
    return all(
        n.supposing(key, sign, partial(is_nonnegative_everywhere, n, n.scale(poly, factor), 1))
        for sign, factor in (("+", 1), ("-", -1))
    )
