"""Sums over symbolic ranges in one canonical form, whatever the names and order of their indices.

A sum is pushed as far in as it goes: over the terms of a polynomial, past the factors that do not
depend on its index, through deltas (which it uses up), into independent factors. What is left is
an atom: a connected product of factors under bound indices that run from 0, with canonical names.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from derive.canonical.atoms import (
    Atom,
    EntryAtom,
    ExpAtom,
    Exponent,
    IndexBracketAtom,
    IntAtom,
    Monomial,
    Polynomial,
    RefAtom,
    SumAtom,
    UndefinedValue,
    WholePowerAtom,
    atoms_in,
)
from derive.canonical.axes import axis_of, on_axes
from derive.canonical.closed_sums import one_digit, sum_of_ones, sum_of_powers
from derive.canonical.guards import guarded_by_range
from derive.canonical.laws import law
from derive.canonical.matrix_powers import joined_powers, matrix_joined, power_of_eigenvalue
from derive.canonical.poles import poles_beside_brackets, with_poles_guarded
from derive.canonical.ranges import UNROLLED, bracket_used, cut_range, over_fixed_range
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ONE, ZERO, Poly, Var, as_poly, is_nonnegative

MAX_REDUCTIONS = 200
POWERS = (ExpAtom, WholePowerAtom)


@law("sum")
def sum_over(n: Verbs, variable: Var, poly: Polynomial) -> Polynomial:
    """Σ over the range of a variable, its terms apart that an induction is about.

    Always: the terms of a finite sum may be taken in any order.
    """
    parted = n.recursion.parted(variable, poly.keys())
    if parted is None:
        return _term_by_term(n, variable, poly)
    shorter, places = parted
    if places[0] != variable.low:
        poly = _upwards(n, variable, poly)
    rest = n.substitute(poly, {variable: as_poly(shorter)})
    apart = (n.substitute(poly, {variable: place}) for place in places)
    return n.add(_term_by_term(n, shorter, rest), *apart)


def _term_by_term(n: Verbs, variable: Var, poly: Polynomial) -> Polynomial:
    """Σ (a + b) = Σ a + Σ b, every range from 0; a range of few values is written out."""
    assert variable.low is not None and variable.high is not None
    low, high = variable.low, variable.high
    length = (high - low).constant
    if length is not None and length < UNROLLED:
        values = [low + k for k in range(int(length) + 1)]
        return n.add({}, *(n.substitute(poly, {variable: v}) for v in values))
    if low != ZERO:
        shifted = Var(variable.name, FRESH, ZERO, high - low)
        poly = n.substitute(poly, {variable: as_poly(shifted) + low})
        variable = shifted
    return sum_all(n, [variable], poly)


@law("sum of a product")
def _sum_monomial(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial:
    """Σ over some indices, each from 0, of one product; powers of a matrix joined first.

    Where each index starts at 0.
    """
    if n.recursion.heads and not n.recursion.steps:
        for rewrite in (joined_powers, power_of_eigenvalue, matrix_joined):
            joined = rewrite(n, variables, monomial)
            if joined is not None:
                return joined
    return _of_product(n, variables, monomial)


def _of_product(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial:
    """Σ over some indices, each from 0, of one product."""
    n.check()
    # A sum inside that depends on an index out here becomes one sum with it.
    for atom, exponent in monomial:
        if (
            isinstance(atom, SumAtom)
            and isinstance(exponent, int)
            and 0 < exponent <= 4
            and not atom.free.isdisjoint(variables)
        ):
            opened, inside = n.opened(atom)
            rest = {a: e for a, e in monomial}
            rest[atom] = exponent - 1
            product = n.multiply(inside, n.settled(rest, 1))
            return n.sum_all([*variables, *opened], product)
    dependent = next((v for v in variables if not _ends(v).isdisjoint(variables)), None)
    if dependent is not None:
        return over_fixed_range(n, variables, monomial, dependent)
    for atom, _ in monomial:
        if isinstance(atom, IndexBracketAtom):
            done = bracket_used(n, variables, monomial, atom)
            if done is not None:
                return done
    for rule in n.given.contractions:
        done = n.contracted(rule, variables, monomial)
        if done is not None:
            return done
    return _factored(n, variables, monomial)


def sum_all(n: Verbs, variables: list[Var], poly: Polynomial) -> Polynomial:
    """Σ over several indices, each from 0, one after the other."""

    poles = poles_beside_brackets(n, variables, poly) if len(poly) > 1 else []
    return _past_poles(n, variables, poly, poles) if poles else _one_by_one(n, variables, poly)


def _one_by_one(n: Verbs, variables: list[Var], poly: Polynomial) -> Polynomial:
    return n.add({}, *(n.scale(_sum_monomial(n, variables, m), c) for m, c in poly.items()))


@law("pole beside brackets")
def _past_poles(n: Verbs, variables: list[Var], poly: Polynomial, poles: list[Atom]) -> Polynomial:
    """Σ_k (1 − [k = 0])·f/p = [p ≠ 0]/p · Σ_k (1 − [k = 0])·f

    Always: where p is 0 each term is 0 by its brackets, or the sum has no value.
    """
    return _one_by_one(n, variables, with_poles_guarded(n, variables, poly, poles))


@law("independent factors")
def _factored(n: Verbs, variables: list[Var], monomial: Monomial) -> Polynomial:
    """Σ of a product of independent factors: the product of their sums.

    Where no index stands in two of the factors, and a factor without an index has a value
    even where the range is empty.
    """
    pending = list(monomial)
    outside = dict(pair for pair in pending if pair[0].free.isdisjoint(variables))
    pending = [pair for pair in pending if pair[0] not in outside]
    left = list(variables)
    guarded = {
        v: [pair for pair in guarded_by_range(n, v, monomial) if pair[0] in outside] for v in left
    }
    kept = {a for pairs in guarded.values() for a, _ in pairs}
    result = n.settled({a: e for a, e in outside.items() if a not in kept}, 1)
    while left:
        first = left.pop()
        group = {first}
        # What is guarded by several ranges stays in one of them.
        factors = [pair for pair in guarded[first] if pair[0] in kept]
        kept.difference_update(a for a, _ in factors)
        grown = True
        while grown:
            grown = False
            for pair in list(pending):
                if not pair[0].free.isdisjoint(group):
                    pending.remove(pair)
                    factors.append(pair)
                    joined = {v for v in left if v in pair[0].free}
                    group |= joined
                    left = [v for v in left if v not in joined]
                    grown = True
        ordered = sorted(group, key=lambda v: v.key)
        result = n.multiply(result, _connected(n, ordered, factors))
    return result


def _connected(n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]) -> Polynomial:
    if len(variables) == 1:
        variable = variables[0]
        assert variable.high is not None
        if not factors:
            return sum_of_ones(n, variable.high + 1)
        brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom)]
        if len(factors) == len(brackets) == 2:
            digit = one_digit(n, variable, brackets[0].poly, brackets[1].poly)
            if digit is not None:
                return digit
        if all(isinstance(a, IntAtom) and a.poly == as_poly(variable) for a, _ in factors):
            exponent = factors[0][1]
            if isinstance(exponent, int) and exponent > 0:
                return sum_of_powers(n, exponent, variable.high)
        if _runs_down(n, variable, factors):
            # Σ_k f(k) = Σ_k f(high − k)
            turned = {variable: variable.high - as_poly(variable)}
            body = n.substitute(n.settled(dict(factors), 1), turned)
            return n.sum_all(variables, body)
    merged = _one_number(n, variables, factors) if len(variables) > 1 else None
    if merged is not None:
        return merged
    moved = on_axes(n, variables, factors)
    if moved is not None:
        return moved
    return cut_range(n, variables, factors)


def _one_number(
    n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]
) -> Polynomial | None:
    """Σ_i Σ_{k<s} f(s·i + k) is Σ_u f(u): two digits that occur in one number only."""
    body: Polynomial | None = None
    for index in dict.fromkeys(p for a, _ in factors for p in places(a)):
        for low, high in permutations(variables, 2):
            step = index.coefficient(high)
            if step is None or index.coefficient(low) != ONE:
                continue
            if low.high is None or high.high is None or step != low.high + 1:
                continue
            if not (is_nonnegative(step) or is_nonnegative(high.high + 1)):
                continue  # two empty ranges: their lengths have a product above 0
            body = n.settled(dict(factors), 1) if body is None else body
            number = Var("u", FRESH, ZERO, step * (high.high + 1) - 1)
            value = as_poly(high) * step + as_poly(low)
            try:
                as_one = n.substitute(body, {high: ZERO, low: as_poly(number)})
                if n.substitute(as_one, {number: value}) != body:
                    continue
            except UndefinedValue:
                continue
            rest = [v for v in variables if v not in (low, high)]
            return n.sum_all([*rest, number], as_one)
    return None


def _upwards(n: Verbs, variable: Var, poly: Polynomial) -> Polynomial:
    """A polynomial to be summed, turned round where its sum would be."""
    assert variable.low is not None and variable.high is not None
    down = {m: c for m, c in poly.items() if _runs_down(n, variable, list(m))}
    turned = {variable: variable.low + variable.high - as_poly(variable)}
    rest = {m: c for m, c in poly.items() if m not in down}
    return n.add(rest, n.substitute(down, turned)) if down else poly


def _runs_down(n: Verbs, variable: Var, factors: list[tuple[Atom, Exponent]]) -> bool:
    """Whether a sum of powers b^−k begins with the highest, by the first of its powers; one
    that runs along an axis has its direction from there.
    """
    powers = [
        (atom.form, exponent)
        for atom, exponent in factors
        if isinstance(atom, POWERS) and _is_multiple(atom, variable)
    ]
    if not powers or axis_of(n, variable, tuple(factors)) is not None:
        return False
    return min(powers)[1] < 0


def _is_multiple(atom: ExpAtom | WholePowerAtom, variable: Var) -> bool:
    """Whether the exponent of a power is an index times what does not depend on it."""
    power = atom.argument if isinstance(atom, ExpAtom) else atom.exponent
    on_it = [(a, e) for a, e in power if variable in a.free]
    if len(on_it) != 1:
        return False
    (index, exponent), *_ = on_it
    return exponent == 1 and isinstance(index, IntAtom) and index.poly == as_poly(variable)


@law("chosen entries")
def at_values(n: Verbs, poly: Polynomial, variable: Var, values: list[Poly]) -> Polynomial:
    """The sum of a polynomial at some values of an index that lie in its range.

    Where each of the values is known to lie in the range.
    """
    parts = []
    for value in values:
        inside = n.index_bracket(">=", value)
        if variable.high is not None:
            over = n.index_bracket(">=", variable.high - value)
            inside = n.multiply(inside, over)
        parts.append(n.multiply(inside, n.substitute(poly, {variable: value})))
    return n.add({}, *parts)


def opened(n: Verbs, atom: SumAtom) -> tuple[list[Var], Polynomial]:
    """Fresh indices for those that a sum binds, and the product under it."""
    highs, monomial = atom.highs, atom.body
    first = atom.height - len(highs)
    fresh = [Var("k", FRESH, ZERO, high) for high in highs]
    values = {n.bound(first + k): as_poly(v) for k, v in enumerate(fresh)}
    return fresh, n.substitute({monomial: 1}, values)


def _ends(variable: Var) -> frozenset[Var]:
    """The variables that the end of a range mentions."""
    return frozenset() if variable.high is None else variable.high.variables


def places(atom: Atom) -> Iterator[Poly]:
    """The indices at which arrays are read in an atom."""
    for part in atoms_in(atom):
        if isinstance(part, (EntryAtom, RefAtom)):
            yield from part.indices
