"""A difference of sums as one sum: zero where what is under it is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    Exponent,
    IntAtom,
    Polynomial,
    ProductAtom,
    SumAtom,
    atoms_in,
)
from derive.canonical.forms import Normaliser
from derive.canonical.log_parts import is_parted
from derive.core.integers import FREE, ZERO, Number, Poly, Var, as_poly, is_nonnegative
from derive.proof.inequality.bounds import count_of, without_factors
from derive.proof.inequality.pairs import over_tuples


def as_one_sum(n: Normaliser, poly: Polynomial) -> Iterator[Polynomial]:
    """Each f with Σ_k f(k) = the polynomial that one of its ranges gives, or that times sizes that
    it is divided by, what does not depend on k taken under the sum; and over several indices the
    mean of f over the orders of those of one range. A term without a sum counts for each k as its
    share, where it is a multiple of the number of values.
    """
    if not any(_has_inner_law(n, a) for m in poly for a, _ in m if isinstance(a, SumAtom)):
        return
    poly = _times_sizes(n, poly)
    yield from over_each(n, poly)
    tuples = over_tuples(n, poly)
    if tuples is not None:
        yield tuples


def _times_sizes(n: Normaliser, poly: Polynomial) -> Polynomial:
    """The polynomial times what is known to be a positive integer and divides a term of it."""
    below: dict[Atom, Exponent] = {}
    for monomial in poly:
        for atom, exponent in monomial:
            if isinstance(atom, IntAtom) and exponent < 0 and is_nonnegative(atom.poly - 1):
                below[atom] = max(below.get(atom, 0), -exponent)
    for atom, exponent in below.items():
        poly = n.multiply(poly, {((atom, exponent),): 1})
    return poly


def over_each(n: Normaliser, poly: Polynomial) -> Iterator[Polynomial]:
    """Each f with Σ_k f(k) = the polynomial that one of its ranges gives."""
    highs = {h: None for m in poly for a, _ in m if isinstance(a, SumAtom) for h in a.highs}
    for high in sorted(highs, key=lambda h: h.sort_key()):
        body = _over(n, poly, high)
        if body is not None:
            yield body


def _has_inner_law(n: Normaliser, atom: Atom) -> bool:
    """Whether what is under a sum may vanish without being so written: by denominators, products
    over parts of a range, or logarithms of products.
    """
    return any(
        isinstance(part, (BaseAtom, ProductAtom)) or _divides(part) or is_parted(n, part)
        for part in atoms_in(atom)
    )


def _divides(atom: Atom) -> bool:
    """Whether what a sum adds up is divided by another sum."""
    return isinstance(atom, SumAtom) and any(
        isinstance(inner, SumAtom) and exponent < 0 for inner, exponent in atom.body
    )


def _over(n: Normaliser, poly: Polynomial, high: Poly) -> Polynomial | None:
    """f with Σ_k f(k) = the polynomial, k from 0 to an end; None where a term is no such sum."""
    count = count_of(n, high) if is_nonnegative(high + 1) else None
    summed: list[tuple[dict[Atom, Exponent], SumAtom, Number]] = []
    shares: list[tuple[dict[Atom, Exponent], Number]] = []
    for monomial, coefficient in poly.items():  # before any of the sums is opened
        exponents = dict(monomial)
        chosen = max(
            (a for a, e in monomial if isinstance(a, SumAtom) and high in a.highs
             and isinstance(e, int) and e > 0),
            key=lambda a: a.id, default=None,
        )  # fmt: skip
        if chosen is not None:
            exponents[chosen] -= 1
            summed.append((exponents, chosen, coefficient))
            continue
        left = None if count is None else without_factors(exponents, count[0])
        if count is None or left is None:
            return None
        shares.append((left, coefficient / Fraction(count[1])))
    k = Var("k", FREE, ZERO, high)
    body = n.add({}, *(n.settled(left, share) for left, share in shares))
    for exponents, outer, coefficient in summed:
        opened, inside = n.opened(outer)
        first = next(v for v in opened if v.high == high)
        others = [v for v in opened if v is not first]
        inside = n.substitute(inside, {first: as_poly(k)})
        inside = n.sum_all(others, inside) if others else inside
        body = n.add(body, n.multiply(n.settled(exponents, coefficient), inside))
    return body
