"""What is given, as rewriting: Σ_k a_k·b_k = c replaces the one side wherever it occurs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from derive.canonical.atoms import (
    Atom,
    DeterminantAtom,
    EntryAtom,
    Exponent,
    Key,
    Monomial,
    Polynomial,
    RefAtom,
    SumAtom,
    WholeAtom,
    atoms_in,
    leading,
)
from derive.canonical.instances import instances
from derive.canonical.laws import law
from derive.canonical.powers import Algebra
from derive.core.integers import FREE, Number, Poly, Var, as_poly

MAX_REDUCTIONS = 200


@dataclass
class Contraction:
    """An equation Σ (factors) = value, used from left to right wherever the factors occur.

    ``bound`` are the summation indices of the pattern with the ends of their ranges, ``open``
    the indices that stand for anything.
    """

    bound: tuple[Var, ...]
    highs: tuple[Poly, ...]
    factors: Monomial
    open: frozenset[Var]
    value: Polynomial
    label: Any = None

    @cached_property
    def at_fixed_indices(self) -> bool:
        """Whether a free index of the claim stands in the factors for itself alone."""
        named = {v for atom, _ in self.factors for v in atom.free if v.kind == FREE}
        return not named <= {*self.open, *self.bound}


class Contractions(Algebra):
    """Adds given equations to the algebra."""

    def __init__(self, exponentials: bool = False) -> None:
        super().__init__(exponentials)
        self.contractions: list[Contraction] = []

    def opened(self, atom: SumAtom) -> tuple[list[Var], Polynomial]:
        """The indices of a sum, made fresh, and what it is a sum of."""
        raise NotImplementedError

    def sum_all(self, variables: list[Var], poly: Polynomial) -> Polynomial:
        """Σ over several indices, one after the other."""
        raise NotImplementedError

    @law("given equation")
    def contracted(
        self, rule: Contraction, variables: list[Var], monomial: Monomial
    ) -> Polynomial | None:
        """A given equation Σ (factors) = value, used where the factors stand under a sum."""
        match = self._match(rule, list(rule.factors), dict(monomial), variables, {})
        if match is None:
            return None
        bindings, rest = match
        # An index that a sum in the factors binds is no value of an open one.
        seen = {v for a, _ in monomial for v in a.free}.union(variables)
        if any(not value.indices <= seen for value in bindings.values()):
            return None
        used = {next(iter(bindings[v].variables)) for v in rule.bound}
        value = self.substitute(
            rule.value, {v: p for v, p in bindings.items() if v not in rule.bound}
        )
        self.used[rule.label] = None
        product = self.multiply(value, self.settled(rest, 1))
        others = [v for v in variables if v not in used]
        return self.sum_all(others, product) if others else product

    def _match(
        self,
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
            for data in self.readings(candidate):
                extended = self._unify(rule, atom.data, data, variables, dict(bindings))
                if extended is not None:
                    found = self._match(rule, later, left, variables, extended)
                    if found is not None:
                        return found
        return None

    def readings(self, atom: Atom) -> tuple[tuple[Any, ...], ...]:
        """The data of an atom, in every way in which the same atom may be written."""
        return (atom.data,)

    def _unify(
        self,
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
                extended = self._unify(rule, p, v, variables, bindings)
                if extended is None:
                    return None
                bindings = extended
            return bindings
        if isinstance(pattern, Atom) and isinstance(value, Atom):
            if pattern is value:
                return bindings
            if type(pattern) is not type(value):
                return None
            return self._unify(rule, pattern.data, value.data, variables, bindings)
        return bindings if pattern == value else None

    def matches(self, pattern: Key, key: Key, open_: frozenset[Var]) -> bool:
        if pattern == key:
            return True
        if not open_:
            return False
        # An index that a sum in the key binds is no value: Σ_k A[k, k] is no Σ_k A[k, i].
        free = {v for m, _ in key for a, _ in m for v in a.free}
        return any(
            free.issuperset(index for value in found.values() for index in value.indices)
            for found in instances(pattern, key, open_, {})
        )

    def add_equation(self, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
        """Use ``poly = 0``, for all values of its ``open_`` indices, as a rewriting of its most
        complicated term; whether that is possible.

        A sum is replaced wherever its factors stand under a sum; an atom, wherever it occurs.
        """
        if not poly:
            return True
        candidates = [(a, c) for m, c in poly.items() for a, e in m if len(m) == 1 and e == 1]
        sums = [(a, c) for a, c in candidates if isinstance(a, SumAtom)]
        if sums:
            longest, coefficient = max(sums, key=lambda s: (len(s[0].highs), s[0].id))
            alone = ((longest, 1),)
            return self._add_contraction(poly, longest, alone, coefficient, open_, label)
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
            self.replacements[atom] = (self.scale(rest, -1 / Fraction(coefficient)), label)
            self._substituted.clear()
            return True
        for monomial, coefficient in poly.items():
            multiplied = [a for a, e in monomial if isinstance(a, SumAtom) and e == 1]
            if len(multiplied) == 1 and self._add_contraction(
                poly, multiplied[0], monomial, coefficient, open_, label
            ):
                return True
        return self._add_relation(poly, open_, label)

    def _add_contraction(
        self,
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
        opened, inside = self.opened(atom)
        ((factors, scale),) = inside.items()
        value = self.scale(rest, -1 / (Fraction(coefficient) * Fraction(scale)))
        if self.monomial_sign(outside) in ("+", "-"):
            value = self.multiply(value, self.power({outside: 1}, -1))
        else:
            factors = self.monomial(dict((*factors, *outside)))
        highs = tuple(v.high for v in opened if v.high is not None)
        self.contractions.append(
            Contraction(tuple(opened), highs, factors, open_ & atom.free, value, label)
        )
        self._substituted.clear()
        return True

    def _add_relation(self, poly: Polynomial, open_: frozenset[Var], label: Any) -> bool:
        """A product of powers of given entries is replaced by what it equals."""
        lead = leading(poly)
        if not lead or any(
            not isinstance(a, (EntryAtom, DeterminantAtom)) or e <= 0 for a, e in lead
        ):
            return False
        named = {v for a, _ in lead for v in a.free}
        rest = {m: c for m, c in poly.items() if m != lead}
        if any(v not in named for m in rest for a, _ in m for v in a.free & open_):
            return False
        value = self.scale(rest, -1 / Fraction(poly[lead]))
        self.contractions.append(Contraction((), (), lead, open_ & named, value, label))
        self._substituted.clear()
        return True

    def fixed_indices(self) -> frozenset[Var]:
        """The indices of which something is assumed that is not assumed of all their values."""
        found: set[Var] = set()
        for fact in self.facts:
            found |= {v for m, _ in fact.key for a, _ in m for v in a.free} - fact.open
        for rule in self.contractions:
            named = {v for a, _ in rule.factors for v in a.free}
            named |= {v for m in rule.value for a, _ in m for v in a.free}
            found |= named - rule.open - set(rule.bound)
        for atom, (value, _) in self.replacements.items():
            found |= atom.free | {v for m in value for a, _ in m for v in a.free}
        return frozenset(found)

    @law("given relations")
    def related(self, poly: Polynomial) -> Polynomial:
        """A polynomial reduced by the given equations between products of entries.

        Where the equations hold, which is assumed and listed.
        """
        rules = [r for r in self.contractions if not r.bound]
        for _ in range(MAX_REDUCTIONS if rules else 0):
            for monomial, coefficient in poly.items():
                done = next(
                    (d for r in rules if (d := self.contracted(r, [], monomial)) is not None), None
                )
                if done is not None:
                    rest = {m: c for m, c in poly.items() if m != monomial}
                    poly = self.add(rest, self.scale(done, coefficient))
                    break
            else:
                return poly
        return poly
