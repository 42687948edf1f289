"""What is given, as rewriting: Σ_k a_k·b_k = c replaces the one side wherever it occurs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from derive.canonical.atoms import (
    Atom,
    DeterminantAtom,
    EntryAtom,
    Exponent,
    InverseAtom,
    Monomial,
    Polynomial,
    RefAtom,
    SumAtom,
    WholeAtom,
    atoms_in,
    leading,
)
from derive.canonical.given_arrays import whole_axes
from derive.canonical.laws import law
from derive.canonical.state import Contraction
from derive.canonical.verbs import Verbs
from derive.core.integers import Number, Poly, Var, as_poly

MAX_REDUCTIONS = 200


@law("given equation")
def contracted(
    n: Verbs, rule: Contraction, variables: list[Var], monomial: Monomial
) -> Polynomial | None:
    """A given equation Σ (factors) = value, used where the factors stand under a sum."""
    found = match(n, rule, list(rule.factors), dict(monomial), variables, {})
    if found is None:
        return None
    bindings, rest = found
    # An index that a sum in the factors binds is no value of an open one.
    seen = {v for a, _ in monomial for v in a.free}.union(variables)
    if any(not value.indices <= seen for value in bindings.values()):
        return None
    used = {next(iter(bindings[v].variables)) for v in rule.bound}
    value = n.substitute(rule.value, {v: p for v, p in bindings.items() if v not in rule.bound})
    n.used[rule.label] = None
    product = n.multiply(value, n.settled(rest, 1))
    others = [v for v in variables if v not in used]
    return n.sum_all(others, product) if others else product


def match(
    n: Verbs,
    rule: Contraction,
    pattern: list[tuple[Atom, Exponent]],
    available: dict[Atom, Exponent],
    variables: list[Var],
    bindings: Mapping[Var, Poly],
) -> tuple[dict[Var, Poly], dict[Atom, Exponent]] | None:
    if not pattern:
        if any(v not in bindings for v in rule.bound):
            return None
        used = {next(iter(bindings[v].variables)) for v in rule.bound}
        if any(e and not a.free.isdisjoint(used) for a, e in available.items()):
            return None
        for v in rule.open:
            value = bindings.get(v)
            if value is not None and not value.variables.isdisjoint(used):
                return None
        return dict(bindings), {a: e for a, e in available.items() if e}
    (atom, exponent), *later = pattern
    for candidate, have in available.items():
        if type(candidate) is not type(atom) or have < exponent or not have:
            continue
        left = {**available, candidate: have - exponent}
        for data in _readings(n, candidate):
            extended = _unify(rule, atom.data, data, variables, dict(bindings))
            if extended is not None:
                found = match(n, rule, later, left, variables, extended)
                if found is not None:
                    return found
    return None


def _readings(n: Verbs, atom: Atom) -> tuple[tuple[Any, ...], ...]:
    """The data of an atom; of a symmetric matrix or its inverse, S[i, j] = S[j, i]."""
    if isinstance(atom, EntryAtom):
        array, indices = atom.array, atom.indices
        symmetric = "symmetric" in array.traits or n.given.mirrors.get(array, (0,))[0] == 1
        if symmetric and len(indices) == 2:
            return atom.data, (array, indices[::-1])
    elif isinstance(atom, InverseAtom) and atom.name in n.matrices.symmetric:
        return atom.data, (atom.name, atom.column, atom.row)
    return (atom.data,)


def _unify(
    rule: Contraction,
    pattern: Any,
    value: Any,
    variables: list[Var],
    bindings: dict[Var, Poly],
) -> dict[Var, Poly] | None:
    if isinstance(pattern, Poly):
        variable = min((v for v in pattern.variables if v in rule.bound), default=None)
        if variable is not None:  # k + 1 is a place where k is one before it
            offset = pattern - as_poly(variable)
            if offset.indices.isdisjoint((*rule.bound, *rule.open)):
                pattern, value = as_poly(variable), value - offset
        else:
            variable = next(iter(pattern.variables), None)
        plain = variable is not None and pattern == as_poly(variable)
        if plain and (variable in rule.open or variable in rule.bound):
            assert variable is not None
            if variable in bindings:
                return bindings if bindings[variable] == value else None
            if variable in rule.bound:
                inner = next(iter(value.variables), None)
                place = rule.bound.index(variable)
                if (
                    inner not in variables
                    or value != as_poly(inner)
                    or inner.high != rule.highs[place]
                    or any(bindings.get(v) == value for v in rule.bound)
                ):
                    return None
            bindings[variable] = value
            return bindings
        return bindings if pattern.substitute(bindings) == value else None
    if isinstance(pattern, tuple) and isinstance(value, tuple) and len(pattern) == len(value):
        for p, v in zip(pattern, value, strict=True):
            extended = _unify(rule, p, v, variables, bindings)
            if extended is None:
                return None
            bindings = extended
        return bindings
    if isinstance(pattern, Atom) and isinstance(value, Atom):
        if pattern is value:
            return bindings
        if type(pattern) is not type(value):
            return None
        return _unify(rule, pattern.data, value.data, variables, bindings)
    return bindings if pattern == value else None


def add_equation(n: Verbs, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
    """Use ``poly = 0``, for all values of its ``open_`` indices; whether that is possible.

    A[i, j] = ±A[j, i] is a property of A; of all else the most complicated term is rewritten: a
    sum is replaced wherever its factors stand under a sum; an atom, wherever it occurs.
    """
    if not poly or _is_mirror(n, poly, open_, label):
        return True
    candidates = [(a, c) for m, c in poly.items() for a, e in m if len(m) == 1 and e == 1]
    sums = [(a, c) for a, c in candidates if isinstance(a, SumAtom)]
    if sums:
        longest, coefficient = max(sums, key=lambda s: (len(s[0].highs), s[0].id))
        alone = ((longest, 1),)
        return _add_contraction(n, poly, longest, alone, coefficient, open_, label)
    plain = [
        (a, c)
        for a, c in candidates
        if isinstance(a, (EntryAtom, RefAtom, DeterminantAtom, WholeAtom))
    ]
    for atom, coefficient in sorted(plain, key=lambda s: -s[0].id):
        rest = {m: c for m, c in poly.items() if m != ((atom, 1),)}
        if any(atom in atoms_in(a) for m in rest for a, _ in m):
            continue
        if not atom.free.isdisjoint(open_):
            continue
        n.given.replacements[atom] = (n.scale(rest, -1 / Fraction(coefficient)), label)
        n.substituted.clear()
        return True
    for monomial, coefficient in poly.items():
        multiplied = [a for a, e in monomial if isinstance(a, SumAtom) and e == 1]
        if len(multiplied) == 1 and _add_contraction(
            n, poly, multiplied[0], monomial, coefficient, open_, label
        ):
            return True
    return _add_relation(n, poly, open_, label)


def _is_mirror(n: Verbs, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
    """Note A[i, j] = ±A[j, i], given for all i and j; whether that is what is given."""
    atoms = [m[0][0] for m in poly if len(m) == 1 and m[0][1] == 1]
    entries = [a for a in atoms if isinstance(a, EntryAtom)]
    if not len(poly) == len(entries) == 2:
        return False
    (array, place), (other, turned) = ((a.array, a.indices) for a in entries)
    one, two = poly.values()
    mirrored = array is other and len(place) == 2 and place == turned[::-1]
    if not (mirrored and abs(one) == abs(two) and whole_axes(array, place, open_)):
        return False
    n.given.mirrors[array] = (-1 if one == two else 1, label)
    n.substituted.clear()
    return True


def _add_contraction(
    n: Verbs,
    poly: Polynomial,
    atom: SumAtom,
    monomial: Monomial,
    coefficient: Number,
    open_: frozenset[Var],
    label: Any,
) -> bool:
    """c·f·Σ (factors) + rest = 0 gives Σ (factors) = −rest/(c·f) where f is not zero, and
    else f·Σ (factors) = −rest/c; whether it does.
    """
    rest = {m: c for m, c in poly.items() if m != monomial}
    if any(v not in atom.free for m in rest for a, _ in m for v in a.free & open_):
        return False  # an index that only the right side has is not determined
    outside = tuple(pair for pair in monomial if pair[0] is not atom)
    if any(not a.free.isdisjoint(open_) for a, _ in outside):
        return False
    opened, inside = n.opened(atom)
    ((factors, scale),) = inside.items()
    value = n.scale(rest, -1 / (Fraction(coefficient) * Fraction(scale)))
    if n.monomial_sign(outside) in ("+", "-"):
        value = n.multiply(value, n.power({outside: 1}, -1))
    else:
        factors = n.monomial(dict((*factors, *outside)))
    highs = tuple(v.high for v in opened if v.high is not None)
    n.given.contractions.append(
        Contraction(tuple(opened), highs, factors, open_ & atom.free, value, label)
    )
    n.substituted.clear()
    return True


def _add_relation(n: Verbs, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
    """A product of powers of given entries is replaced by what it equals."""
    lead = leading(poly)
    if not lead or any(not isinstance(a, (EntryAtom, DeterminantAtom)) or e <= 0 for a, e in lead):
        return False
    named = {v for a, _ in lead for v in a.free}
    rest = {m: c for m, c in poly.items() if m != lead}
    if any(v not in named for m in rest for a, _ in m for v in a.free & open_):
        return False
    value = n.scale(rest, -1 / Fraction(poly[lead]))
    n.given.contractions.append(Contraction((), (), lead, open_ & named, value, label))
    n.substituted.clear()
    return True


def fixed_indices(n: Verbs) -> frozenset[Var]:
    """The indices of which something is assumed that is not assumed of all their values."""
    found: set[Var] = set()
    for fact in n.signs.facts:
        found |= {v for m, _ in fact.key for a, _ in m for v in a.free} - fact.open
    for rule in n.given.contractions:
        named = {v for a, _ in rule.factors for v in a.free}
        named |= {v for m in rule.value for a, _ in m for v in a.free}
        found |= named - rule.open - set(rule.bound)
    for atom, (value, _) in n.given.replacements.items():
        found |= atom.free | {v for m in value for a, _ in m for v in a.free}
    return frozenset(found)


@law("given relations")
def related(n: Verbs, poly: Polynomial) -> Polynomial:
    """A polynomial reduced by the given equations between products of entries.

    Where the equations hold, which is assumed and listed.
    """
    rules = [r for r in n.given.contractions if not r.bound]
    for _ in range(MAX_REDUCTIONS if rules else 0):
        for monomial, coefficient in poly.items():
            done = next(
                (d for r in rules if (d := n.contracted(r, [], monomial)) is not None), None
            )
            if done is not None:
                rest = {m: c for m, c in poly.items() if m != monomial}
                poly = n.add(rest, n.scale(done, coefficient))
                break
        else:
            return poly
    return poly
