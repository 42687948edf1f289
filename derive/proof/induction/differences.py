"""Proofs by differences over an integer: the end of a sum, or an exponent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

from derive.canonical.atoms import Atom, Exponent, Polynomial, ProductAtom, SumAtom
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.canonical.recursion import Reference
from derive.core.graph import in_order, parts_of
from derive.core.integers import FREE, ONE, SIZE, Poly, Var, as_poly
from derive.core.terms import (
    Add,
    Entry,
    Mul,
    Num,
    Pow,
    Product,
    Sum,
    Term,
    add,
    bounds,
    mul,
    neg,
    power,
    substitute,
)
from derive.proof.decide import Proof, vanishes
from derive.proof.definedness import may_switch_off


def telescoped(left: Term, right: Term, normaliser: Callable[[], Normaliser]) -> Proof | None:
    """A proof by differences: D(1) = 0, and for t > 1 D(t) − D(t − 1) = 0 or, with multiples
    of both, c(t)·D(t) = d(t)·D(t − 1), for the difference D of both sides as a function of an
    integer; and by those of D times what it is divided by, and without the sums that are a
    factor of all of it. Of the size of an array it goes up to that size: only the first t
    entries are read.
    """
    whole = add(left, neg(right))
    below = mul(*_denominators(whole))
    tried = [whole] if not below.args else [whole, mul(whole, below)]
    found = _by_differences(left, right, tried, normaliser)
    rest = _without_common_sums(normaliser(), tried[-1]) if found is None else None
    return found if rest is None else _by_differences(left, right, [rest], normaliser)


def _without_common_sums(n: Normaliser, whole: Term) -> Term | None:
    """A term without the sums and products over a range that each summand of it has as a factor:
    where the rest is 0, so is the whole. None where there are no such factors.
    """
    poly = n.of(whole)
    common = {a: e for a, e in n.content(poly)[1].items() if isinstance(a, (SumAtom, ProductAtom))}
    over: dict[Atom, Exponent] = {a: e for a, e in common.items() if e > 0}
    return Reader(n).term(n.divided(poly, 1, over)) if over else None


def _by_differences(
    left: Term, right: Term, tried: list[Term], normaliser: Callable[[], Normaliser]
) -> Proof | None:
    lengths = lengths_of(tried[0])
    ordered = sorted(lengths, key=lambda v: (lengths[v] is not None, v.key))
    for difference, variable in product(tried, ordered):
        low = variable.low if variable.low is not None else ONE
        time = Var("t", FREE, low + 1, lengths[variable] or variable.high)
        now, start = ({variable: p} for p in (as_poly(time), low))
        before = {variable: as_poly(time) - 1}
        n = normaliser()
        shift = min(past(difference, variable), default=-1) + 1  # the shortest range decides
        n.recursion.reference = Reference(as_poly(time) + shift, time, direction=1)
        if not vanishes(n, n.of(substitute(difference, start))):
            continue
        later, earlier = n.of(substitute(difference, now)), n.of(substitute(difference, before))
        if vanishes(n, n.subtract(later, earlier)) or _follows(n, later, earlier):
            return Proof(n, n.of(left), n.of(right))
    return None


def _follows(n: Normaliser, later: Polynomial, earlier: Polynomial) -> bool:
    """Whether one polynomial is zero where another is: c·later = d·earlier with a c that is not
    zero, where a sum or a product that stands in both has the coefficient d in the one, c in the
    other.
    """
    of_ranges = (
        a for m in earlier for a, e in m if e == 1 and isinstance(a, (SumAtom, ProductAtom))
    )
    for atom in dict.fromkeys(of_ranges):
        d, c = (
            {n.monomial({a: e for a, e in m if a is not atom}): factor for m, factor in p.items()
             if (atom, 1) in m}
            for p in (later, earlier)
        )  # fmt: skip
        if _is_not_zero(n, c) and vanishes(
            n, n.subtract(n.multiply(c, later), n.multiply(d, earlier))
        ):
            return True
    return False


def _is_not_zero(n: Normaliser, poly: Polynomial) -> bool:
    """Whether a polynomial is not zero where it has a value: what has a sign, and 1/p."""
    divides = len(poly) == 1 and all(e < 0 for m in poly for _, e in m)
    return divides or n.sign(poly) in ("+", "-")


def _denominators(term: Term) -> Iterator[Term]:
    """What the summands of a term are divided by: not zero where it has a value, unless beside a
    factor that is 0 there.
    """
    switches: dict[Term, bool] = {}
    summands = term.args if isinstance(term, Add) else (term,)
    factors: set[Term] = set()
    for summand in summands:
        beside = summand.args if isinstance(summand, Mul) else (summand,)
        if not any(may_switch_off(f, switches) for f in beside):
            factors.update(beside)
    for factor in sorted(factors, key=repr):
        if isinstance(factor, Pow) and isinstance(factor.args[1], Num):
            exponent = factor.args[1].data[0]
            if isinstance(exponent, int) and exponent < 0:
                yield power(factor.args[0], -exponent)


def lengths_of(term: Term) -> dict[Var, Poly | None]:
    """The integers that the ends of sums and powers depend on; with itself as the end of its range
    where it is the size of an array, and none that a defined array depends on.
    """
    parts = _all_parts(term)
    ends = {v for k in _ranges(parts) for end in bounds(k) for v in end.variables}
    axes = {
        v
        for part in parts
        if isinstance(part, Entry)
        for size in part.data[0].axes
        for v in size.variables
    }
    shared = {v for s in in_order([term]) for p in s.params for e in (p.low, p.high)
              if e is not None for v in e.variables}  # fmt: skip
    # Of a rounded size it is not known where it begins.
    return {
        v: as_poly(v) if v in axes else None
        for v in sorted(ends - shared)
        if v in term.free
        and ((v.kind == SIZE and not v.unbounded) or (v.kind == FREE and v.low is not None))
    }


def past(term: Term, length: Var) -> list[int]:
    """How far the last index of ranges is past a length, if they are to begin at 0."""
    spans = (high - low for low, high in map(bounds, _ranges(_all_parts(term))))
    gaps = ((span - as_poly(length)).constant for span in spans)
    return [int(gap) for gap in gaps if gap is not None and gap == int(gap)]


def _ranges(parts: Iterable[Term]) -> Iterator[Var]:
    """The indices of sums and products."""
    return (part.variable for part in parts if isinstance(part, (Sum, Product)))


def _all_parts(term: Term) -> set[Term]:
    """Every part of a term and of the arrays that it refers to."""
    bodies = [term, *(s.body for s in in_order([term]))]
    return {part for body in bodies for part in parts_of(body)}
