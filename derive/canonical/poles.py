"""Poles of integers beside brackets of what is summed: 1/(n − 1) under Σ_k [k ≠ 0].

[k ≠ 0] is written 1 − [k = 0], and the sum of it is n − 1. So what a bracket kept from being a
division by zero, at n = 1 where no k is left, would be cancelled in (n − 1)/(n − 1).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    EntryAtom,
    IndexBracketAtom,
    IntAtom,
    Polynomial,
    UndefinedValue,
)
from derive.canonical.verbs import Verbs
from derive.core.integers import ONE, SIZE, ZERO, Number, Poly, Var, as_poly

MOST_DIVISORS = 1_000  # the greatest last coefficient whose divisors are tried as roots
PLAIN = (IndexBracketAtom, EntryAtom, IntAtom)
MOST_PLACES = 64  # as many values of indices are gone through at a root


def poles_beside_brackets(n: Verbs, variables: list[Var], poly: Polynomial) -> list[Atom]:
    """What is divided by that has integers alone in it, none of them a summed one, and may be 0,
    beside brackets [k = …] of what is summed.
    """
    poles: dict[Atom, None] = {}
    compared = False
    for monomial in poly:
        for atom, exponent in monomial:
            if isinstance(atom, IndexBracketAtom):
                compared |= atom.relation == "=" and not atom.free.isdisjoint(variables)
            elif exponent < 0 and isinstance(atom, (BaseAtom, IntAtom)):
                poles[atom] = None
    if not compared:
        return []
    return [a for a in poles if a.free.isdisjoint(variables) and _may_be_zero(n, a)]


def _may_be_zero(n: Verbs, atom: Atom) -> bool:
    base = _base(atom)
    if not all(isinstance(a, IntAtom) for m in base for a, _ in m):
        return False
    return n.sign(base) not in ("+", "-") and not n.known(n.primitive(base)[0], "!=")


def _base(atom: Atom) -> Polynomial:
    return dict(atom.key) if isinstance(atom, BaseAtom) else {((atom, 1),): 1}


def with_poles_guarded(
    n: Verbs, variables: list[Var], poly: Polynomial, poles: list[Atom]
) -> Polynomial:
    """What is to be summed, with [p ≠ 0] beside 1/p where brackets may leave nothing of it.

    :raises UndefinedValue: for a pole whose roots are not found.
    """
    for pole in poles:
        beside = {m: c for m, c in poly.items() if any(a is pole and e < 0 for a, e in m)}
        apart = n.add(
            {},
            *(n.settled({a: e for a, e in m if a is not pole}, c) for m, c in beside.items()),
        )
        for variable, root in _roots(pole):
            if _leaves_something(n, variables, apart, variable, root):
                continue
            gap = as_poly(variable) - root
            greater, less = n.index_bracket(">=", gap - 1), n.index_bracket(">=", -gap - 1)
            rest = {m: c for m, c in poly.items() if m not in beside}
            beside = n.multiply(n.add(greater, less), beside)
            poly = n.add(rest, beside)
    return poly


def _roots(pole: Atom) -> list[tuple[Var, Poly]]:
    """The whole numbers at which a polynomial in integers is 0: of one variable, or linear with
    the factor 1 or −1 in one of them.

    :raises UndefinedValue: where they are not found.
    """
    value = ZERO
    for monomial, coefficient in _base(pole).items():
        term = ONE
        for atom, exponent in monomial:
            assert isinstance(atom, IntAtom) and isinstance(exponent, int)
            for _ in range(exponent):
                term = term * atom.poly
        value = value + term * coefficient
    for variable in value.variables:
        slope = value.coefficient(variable)
        if slope is not None and slope.constant in (1, -1):
            return [(variable, as_poly(variable) - value * slope)]
    if len(value.variables) == 1:
        (variable,) = value.variables
        last = value.substitute({variable: ZERO}).constant
        if isinstance(last, int) and 0 < abs(last) <= MOST_DIVISORS:
            divisors = [as_poly(d) for d in range(1, abs(last) + 1) if last % d == 0]
            places = [r for d in divisors for r in (d, -d)]
            return [(variable, r) for r in places if value.substitute({variable: r}) == ZERO]
    raise UndefinedValue("a division by what may be zero")


def _leaves_something(
    n: Verbs, summed: list[Var], poly: Polynomial, variable: Var, root: Poly
) -> bool:
    """Whether the brackets of a sum are seen to leave a term of it where an integer is at a root,
    whatever the other indices are.
    """
    atoms = dict.fromkeys(a for m in poly for a, _ in m)
    if root.constant is None or not all(isinstance(a, PLAIN) for a in atoms):
        return False
    indices = {v for a in atoms for v in a.free if v.kind != SIZE}
    places = _places(sorted(indices.difference(summed, [variable])), variable, root)
    inside = _places(summed, variable, root)
    if places is None or inside is None or len(places) * len(inside) > MOST_PLACES:
        return False
    return all(any(_is_left(n, poly, {**p, **q}) for q in inside) for p in places)


def _places(variables: list[Var], at: Var, root: Poly) -> list[dict[Var, Poly]] | None:
    """The values of some indices where another integer is at a root; None if they are not few."""
    ranges = []
    for v in variables:
        if v.kind == SIZE or v.low is None or v.high is None:
            return None
        low, high = (end.substitute({at: root}).constant for end in (v.low, v.high))
        if low is None or high is None or high - low >= MOST_PLACES:
            return None
        ranges.append([as_poly(k) for k in range(int(low), int(high) + 1)])
    if prod(map(len, ranges)) > MOST_PLACES:
        return None
    return [{at: root, **dict(zip(variables, p, strict=True))} for p in product(*ranges)]


def _is_left(n: Verbs, poly: Polynomial, values: dict[Var, Poly]) -> bool:
    """Whether a polynomial is one product of entries at some integers, so that no bracket is seen
    to make it 0: two products might be one, as r[n − 1] and r[0] are.
    """
    indices = {v: value for v, value in values.items() if v.kind != SIZE}
    left: dict[tuple[Any, ...], Number] = {}
    try:
        poly = n.substitute(poly, indices)
    except UndefinedValue:
        return False
    for monomial, coefficient in poly.items():
        rest = []
        for atom, exponent in monomial:
            number = None
            if isinstance(atom, (IndexBracketAtom, IntAtom)):
                number = atom.poly.substitute(values).constant
            if isinstance(atom, IndexBracketAtom):
                if number is None:
                    return False
                coefficient *= int(number == 0 if atom.relation == "=" else number >= 0)
            elif number is not None and (number or exponent > 0) and isinstance(exponent, int):
                coefficient *= Fraction(number) ** exponent
            else:
                rest.append((atom, exponent))
        key = tuple(rest)
        left[key] = left.get(key, 0) + coefficient
    return sum(map(bool, left.values())) == 1
