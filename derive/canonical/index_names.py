"""The names of the indices of a sum: of all ways to give them, the first in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import permutations
from typing import Any

from derive.base.errors import UnsupportedError
from derive.canonical.atoms import (
    Atom,
    Exponent,
    Polynomial,
    SumAtom,
    UndefinedValue,
    exact,
)
from derive.canonical.closed_sums import sum_of_ones
from derive.canonical.guards import guarded_by_range
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import BOUND, FRESH, ZERO, Poly, Var, as_poly

FEW = 3  # indices of which every order is tried

_colours: dict[int, Var] = {}


@law("names of indices")
def canonical_sum(
    n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]
) -> Polynomial:
    """The sum as an atom: of all ways to name its indices, the first in order.

    A sum that is its own negative under other names is 0, as Σ_ij A[i, j] x[i] x[j] is for a
    skew A. And by [−p > 0] = 1 − [p > 0] − [p = 0] a sum may be other sums less itself: as
    Σ_ij [x[i] > x[j]] is Σ_ij [x[j] > x[i]], it is (n² − Σ_ij [x[i] = x[j]])/2.

    Always: an index has no meaning outside of its sum.
    """
    body = n.monomial(dict(factors))
    height = max((a.height for a, _ in body), default=0)
    best: tuple[Any, ...] | None = None
    turned: list[tuple[list[Var], Polynomial]] = []
    orders = list(_orders(n, variables, factors))
    tried = 0
    while tried < len(orders):
        order = orders[tried]
        tried += 1
        values = {v: as_poly(n.bound(height + k)) for k, v in enumerate(order)}
        named = n.substitute({body: 1}, values)
        if len(named) != 1 and len(variables) == 1:
            return _term_by_term(n, variables[0], height, named)
        if len(named) != 1:  # by these names a factor is more than one: [−p > 0]
            if not turned and len(variables) <= FEW:
                same = (o for o in map(list, permutations(variables)) if _highs(o) == _highs(order))
                orders.extend(o for o in same if o not in orders)
            turned.append((order, named))
            continue
        ((monomial, coefficient),) = named.items()
        # Renaming may turn a factor's sign; the order of atoms may not depend on names.
        rank = (tuple((a.id, e) for a, e in monomial), coefficient)
        if best is not None and best[1] == monomial and best[2] == -coefficient:
            return {}
        if best is None or rank < best[0]:
            best = (rank, monomial, coefficient, _highs(order))
    if best is None:
        raise UnsupportedError("a sum whose factors change with the names of its indices")
    _, monomial, coefficient, highs = best
    for order, named in turned:
        times = coefficient - named.get(monomial, 0)
        if monomial in named and times and _highs(order) == highs:
            rest = {m: c for m, c in named.items() if m != monomial}
            return n.scale(_with_fresh(n, rest, height, order), exact(Fraction(coefficient, times)))
    if max((a.height for a, _ in monomial), default=0) != height:
        raise UnsupportedError("a sum whose factors change with the names of its indices")
    atom = n.atom(SumAtom, highs, monomial)
    return n.scale(n.named_sum(atom), coefficient)


def _highs(order: list[Var]) -> tuple[Poly | None, ...]:
    return tuple(v.high for v in order)


def _with_fresh(n: Verbs, named: Polynomial, height: int, order: list[Var]) -> Polynomial:
    """The sum of what has the names of bound indices, over indices of its own."""
    fresh = [Var(v.name, FRESH, ZERO, v.high) for v in order]
    values = {n.bound(height + k): as_poly(v) for k, v in enumerate(fresh)}
    return n.sum_all(fresh, n.substitute(named, values))


def _term_by_term(n: Verbs, variable: Var, height: int, named: Polynomial) -> Polynomial:
    """The sum of a factor that is more than one by the name of its index: [−p > 0]."""
    assert variable.high is not None
    index, high = n.bound(height), variable.high
    result: Polynomial = {}
    for monomial, coefficient in named.items():
        outside = {a: e for a, e in monomial if index not in a.free}
        for atom, _ in guarded_by_range(n, Var("k", FRESH, ZERO, high), outside.items()):
            del outside[atom]
        inside = n.monomial({a: e for a, e in monomial if a not in outside})
        if not inside:
            part = sum_of_ones(n, high + 1)
        elif max(a.height for a, _ in inside) == height:
            part = n.named_sum(n.atom(SumAtom, (high,), inside))
        else:
            raise UnsupportedError("a sum whose factors change with the names of its indices")
        result = n.add(result, n.multiply(n.settled(outside, coefficient), part))
    return result


def _orders(
    n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]
) -> Iterator[list[Var]]:
    """The orders of the indices that nothing tells apart, found by refining colours."""
    if len(variables) == 1:
        yield variables
        return
    signature: dict[Var, Any] = {v: () if v.high is None else v.high.sort_key() for v in variables}
    colours = _ranked(signature)
    yield from _refined(n, colours, factors)


def _refined(
    n: Verbs, colours: dict[Var, int], factors: list[tuple[Atom, Exponent]]
) -> Iterator[list[Var]]:
    while len(set(colours.values())) < len(colours):
        signatures = {v: (colours[v], _surroundings(n, v, colours, factors)) for v in colours}
        refined = _ranked(signatures)
        if len(set(refined.values())) == len(set(colours.values())):
            break
        colours = refined
    by_colour: dict[int, list[Var]] = {}
    for v, c in colours.items():
        by_colour.setdefault(c, []).append(v)
    tied = next((by_colour[c] for c in sorted(by_colour) if len(by_colour[c]) > 1), None)
    if tied is None:
        yield sorted(colours, key=lambda v: colours[v])
        return
    for chosen in tied:
        singled = {v: 2 * c + (v is not chosen and v in tied) for v, c in colours.items()}
        yield from _refined(n, singled, factors)


def _surroundings(
    n: Verbs, variable: Var, colours: dict[Var, int], factors: list[tuple[Atom, Exponent]]
) -> tuple[Any, ...]:
    """What the factors with an index look like when only colours are seen."""
    values = {v: _colour(c + 1) for v, c in colours.items()}
    values[variable] = _colour(0)
    seen = []
    for atom, exponent in factors:
        if variable in atom.free:
            try:
                poly = n.substituted_atom(atom, values)
            except UndefinedValue:
                poly = {}
            signless = len(poly) == 1  # what only a sign tells apart is not told apart
            key = tuple(
                (tuple((a.id, e) for a, e in m), abs(c) if signless else c) for m, c in n.key(poly)
            )
            seen.append((key, exponent))
    return tuple(sorted(seen))


def _colour(number: int) -> Poly:
    """A variable that stands for all those of a colour.

    The variables outlive a claim and their polynomials do not: what is new of a claim is work, and
    may not depend on the claims before it.
    """
    if number not in _colours:
        _colours[number] = Var(f"c{number}", BOUND, number=-1 - number)
    return Poly({(_colours[number],): 1})


def _ranked(signatures: Mapping[Var, Any]) -> dict[Var, int]:
    order = {s: k for k, s in enumerate(sorted(set(signatures.values())))}
    return {v: order[s] for v, s in signatures.items()}
