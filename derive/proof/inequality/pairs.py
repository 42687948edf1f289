"""Sums as sums over pairs of indices, or over more of them: Σ x² · Σ y² − (Σ x·y)² is one of
squares there.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any

from derive.canonical.atoms import (
    Atom,
    Exponent,
    Monomial,
    Number,
    Polynomial,
    RangeAtom,
    SumAtom,
)
from derive.canonical.forms import Normaliser
from derive.core.integers import FREE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.proof.inequality.bounds import count_of, summand_at, without_factors

MAX_TUPLE = 4  # indices over which a sum is taken at once


def over_pairs(n: Normaliser, poly: Polynomial) -> tuple[Polynomial, Polynomial, Polynomial] | None:
    """f(i, j), f(i, i) and g(i) with Σ_i Σ_j f(i, j) + Σ_i g(i) = the polynomial, f symmetric:
    products of two sums of one range, where the number of its values counts as Σ 1, and so does
    a sum that is given to be 1. None where that is not its form.

    Σ x² · Σ y² − (Σ x·y)² has f = (x_i·y_j − x_j·y_i)²/2, by Lagrange's identity.
    """
    highs = [a.highs for m in poly for a, _ in m if isinstance(a, SumAtom) and len(a.highs) == 1]
    if not highs:
        return None
    high = highs[0][0]
    if not is_nonnegative(high + 1):
        return None  # what is no number of values is not Σ 1
    count = count_of(n, high)
    i, j = (Var(name, FREE, ZERO, high) for name in "ij")
    unit = _given_unit(n, i)
    two: Polynomial = {}
    one: Polynomial = {}
    for monomial, coefficient in poly.items():
        found = _two_sums(n, monomial, high, count)
        over = (a for a, e in monomial if isinstance(a, RangeAtom) and e == 1)
        single = next((a for a in over if a.highs == (high,)), None)
        if found is not None:
            first, second, rest, share = found
            inside = [summand_at(n, first, i), summand_at(n, second, i), n.settled(rest, share)]
        elif isinstance(single, SumAtom) and unit is not None:
            outside = {a: e for a, e in monomial if a is not single}
            inside = [summand_at(n, single, i), unit, n.settled(outside, 1)]
        elif isinstance(single, SumAtom):
            outside = {a: e for a, e in monomial if a is not single}
            one = n.add(one, n.multiply(n.settled(outside, coefficient), summand_at(n, single, i)))
            continue
        else:
            return None
        for turned in (inside[:2], inside[1::-1]):
            other = n.substitute(turned[1], {i: as_poly(j)})
            product = n.multiply(turned[0], other, inside[2])
            two = n.add(two, n.scale(product, Fraction(coefficient) / 2))
    return two, n.substitute(two, {j: as_poly(i)}), one


def over_tuples(n: Normaliser, poly: Polynomial) -> Polynomial | None:
    """f with Σ f over several indices = the polynomial, the same in whatever order the indices
    of one range are taken. None where its terms are not sums over the same ranges.

    Σ_ij A² · Σ_k v² − Σ_i (Σ_j A_ij·v_j)² has f = (A_ij·v_k − A_ik·v_j)²/2.
    """
    if not _over_same_ranges(poly):
        return None
    parts: list[tuple[list[Var], Polynomial]] = []
    for monomial, coefficient in poly.items():
        variables: list[Var] = []
        body = n.constant(coefficient)
        for atom, exponent in monomial:
            if not isinstance(atom, SumAtom) or not isinstance(exponent, int) or exponent < 1:
                body = n.multiply(body, n.of_atom(atom, exponent))
                continue
            for _ in range(exponent):
                opened, inside = n.opened(atom)
                variables += opened
                body = n.multiply(body, inside)
        parts.append((sorted(variables, key=lambda v: v.high.sort_key()), body))  # type: ignore[union-attr]
    if not parts or any([v.high for v in p[0]] != [v.high for v in parts[0][0]] for p in parts):
        return None
    names = [Var("k", FREE, ZERO, v.high) for v in parts[0][0]]
    orders = [
        o
        for o in permutations(names)
        if all(a.high == b.high for a, b in zip(o, names, strict=True))
    ]
    result: Polynomial = {}
    for order in orders:
        for variables, body in parts:
            named = dict(zip(variables, map(as_poly, order), strict=True))
            result = n.add(result, n.substitute(body, named))
    return n.scale(result, Fraction(1, len(orders)))


def _over_same_ranges(poly: Polynomial) -> bool:
    """Whether the sums in each term have the same ranges, from two to as many as may be."""
    ranges: set[tuple[Any, ...]] = set()
    for monomial in poly:
        highs = [
            high.sort_key()
            for atom, exponent in monomial
            if isinstance(atom, SumAtom) and isinstance(exponent, int) and exponent > 0
            for high in atom.highs * min(exponent, MAX_TUPLE + 1)
        ]
        if not 2 <= len(highs) <= MAX_TUPLE:
            return False
        ranges.add(tuple(sorted(highs)))
    return len(ranges) == 1


def _given_unit(n: Normaliser, index: Var) -> Polynomial | None:
    """What has the sum 1 over a range, by an equation that is given; None without one."""
    for rule in n.given.contractions:
        alone = len(rule.bound) == 1 and not rule.open
        if alone and rule.highs == (index.high,) and rule.value == {(): 1}:
            n.used[rule.label] = None
            return n.substitute({rule.factors: 1}, {rule.bound[0]: as_poly(index)})
    return None


def _two_sums(
    n: Normaliser, monomial: Monomial, high: Poly, count: tuple[Monomial, Number] | None
) -> tuple[SumAtom | None, SumAtom | None, dict[Atom, Exponent], Number] | None:
    """Two sums of a range in a product, None for Σ 1, and the factors and the coefficient that
    are left of it.
    """
    left: dict[Atom, Exponent] = dict(monomial)
    chosen: list[SumAtom | None] = []
    share = Fraction(1)
    for atom in [a for a, _ in monomial if isinstance(a, SumAtom) and a.highs == (high,)]:
        while left[atom] >= 1 and len(chosen) < 2:
            left[atom] -= 1
            chosen.append(atom)
    while len(chosen) < 2:
        fewer = None if count is None else without_factors(left, count[0])
        if count is None or fewer is None:
            return None
        left, share = fewer, share / Fraction(count[1])
        chosen.append(None)
    return chosen[0], chosen[1], {a: e for a, e in left.items() if e}, share
