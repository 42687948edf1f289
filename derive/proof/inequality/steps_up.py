"""Inequalities by induction over the end of a sum or a product, or an exponent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded
from derive.canonical.atoms import (
    Atom,
    EntryAtom,
    ExpAtom,
    IndexBracketAtom,
    IntAtom,
    Polynomial,
    ProductAtom,
    SumAtom,
    WholePowerAtom,
)
from derive.canonical.forms import Normaliser
from derive.canonical.recursion import Reference
from derive.core.graph import parts_of
from derive.core.integers import FREE, ONE, SIZE, Poly, Var, as_poly
from derive.core.terms import Entry, Pow, Ref, Term, add, neg, substitute
from derive.proof.decide import Proof
from derive.proof.induction.differences import lengths_of, past
from derive.proof.nonnegative import is_nonnegative_everywhere

WORK = 3e6
# Atoms of which the next is a multiple.
GROWING_WITH = (SumAtom, ProductAtom, WholePowerAtom, ExpAtom)
# Atoms that have a value at every step.
TOTAL = (IntAtom, EntryAtom, IndexBracketAtom, *GROWING_WITH)


def prove_by_steps(
    left: Term, right: Term, prepare: Callable[[Normaliser], None], budget: Budget
) -> Proof | None:
    """A proof that ``left`` ≤ ``right`` by such an induction, or None with the work there may be.

    :raises BudgetExceeded: when there is no work left to do.
    """
    end = budget.share(WORK)

    def normaliser() -> Normaliser:
        n = Normaliser(None, False, end)
        prepare(n)
        return n

    try:
        return _proved_by_steps(left, right, normaliser)
    except BudgetExceeded:
        budget.check()
        return None


def _proved_by_steps(left: Term, right: Term, normaliser: Callable[[], Normaliser]) -> Proof | None:
    """A proof of D ≥ 0 for the difference D of both sides as a function of an integer: D is not
    negative at the first of its values, and D(t + 1) ≥ c·D(t) for a c ≥ 0. So is Bernoulli's
    inequality, with c = 1 + u.

    Only for a D that has a value at every step: no power of the integer below 0, no logarithm.
    """
    difference = add(right, neg(left))
    lengths = integers_of(difference)
    for variable in sorted(lengths, key=lambda v: (lengths[v] is not None, v.key)):
        low = variable.low if variable.low is not None else ONE
        high = lengths[variable] or variable.high
        at = Var("t", FREE, low, None if high is None else high - 1)
        n = normaliser()
        shift = min(past(difference, variable), default=-1) + 2
        n.recursion.reference = Reference(as_poly(at) + shift, at, direction=1)
        first, now, then = (
            n.of(substitute(difference, {variable: value}))
            for value in (low, as_poly(at), as_poly(at) + 1)
        )
        if not (_is_total(now, at) and _is_total(then, at)):
            continue
        if not is_nonnegative_everywhere(n, first):
            continue
        for factor in _factors(n, now, then, at):
            step = n.subtract(then, n.multiply(factor, now))
            if is_nonnegative_everywhere(n, factor, 1) and is_nonnegative_everywhere(n, step):
                return Proof(n, n.of(left), n.of(right))
    return None


def integers_of(term: Term) -> dict[Var, Poly | None]:
    """The integers that an induction may be over: those that the ends of sums and products depend
    on, see :func:`lengths_of`, and those of exponents; a size that an axis has goes up to that.
    """
    exponents = [p.args[1] for p in parts_of(term) if isinstance(p, Pow)]
    found = {
        v
        for exponent in exponents
        for v in exponent.free
        if (v.kind == SIZE and not v.unbounded) or (v.kind == FREE and v.low is not None)
    }
    arrays = any(isinstance(p, Ref) or (isinstance(p, Entry) and p.data[1]) for p in parts_of(term))
    return lengths_of(term) or ({} if arrays else dict.fromkeys(sorted(found)))


def _is_total(poly: Polynomial, at: Var) -> bool:
    """Whether a polynomial has a value at every time."""
    return all(
        isinstance(a, TOTAL) and (isinstance(a, ExpAtom) or (isinstance(e, int) and e > 0))
        for m in poly
        for a, e in m
        if at in a.free
    )


def _factors(n: Normaliser, now: Polynomial, then: Polynomial, at: Var) -> Iterator[Polynomial]:
    """By how much what grows with the time is multiplied from one time to the next; and 1."""
    yield {(): 1}
    grown = {(a, e) for m in now for a, e in m if isinstance(a, GROWING_WITH) and at in a.free}
    for atom, exponent in sorted(grown, key=lambda pair: (pair[0].id, pair[1])):
        before, after = (_coefficient(n, poly, atom, exponent) for poly in (now, then))
        if before.keys() == {()} and after:
            yield n.scale(after, 1 / Fraction(before[()]))


def _coefficient(n: Normaliser, poly: Polynomial, atom: Atom, exponent: object) -> Polynomial:
    return {
        n.monomial({a: e for a, e in m if a is not atom}): c
        for m, c in poly.items()
        if (atom, exponent) in m
    }
