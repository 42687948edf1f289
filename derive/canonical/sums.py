"""Sums over symbolic ranges in one canonical form, whatever the names and order of their indices.

A sum is pushed as far in as it goes: over the terms of a polynomial, past the factors that do not
depend on its index, through deltas (which it uses up), into independent factors. What is left is
an atom: a connected product of factors under bound indices that run from 0, with canonical names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

from derive.canonical.atoms import (
    Atom,
    BaseAtom,
    BracketAtom,
    CosAtom,
    EntryAtom,
    ExpAtom,
    Exponent,
    FunctionAtom,
    IndexBracketAtom,
    IntAtom,
    MaximumAtom,
    Monomial,
    OneRangeAtom,
    Polynomial,
    ProductAtom,
    RealBracketAtom,
    RefAtom,
    SumAtom,
    UndefinedValue,
    UnknownAtom,
    WholePowerAtom,
    atoms_in,
)
from derive.canonical.axes import axis_of, on_axes
from derive.canonical.closed_sums import one_digit, sum_of_ones, sum_of_powers
from derive.canonical.equations import Contractions
from derive.canonical.guards import guarded_by_range
from derive.canonical.laws import law
from derive.canonical.ranges import UNROLLED, bracket_used, cut_range, over_fixed_range
from derive.core.integers import FRESH, ONE, ZERO, Poly, Var, as_poly, is_nonnegative

MAX_REDUCTIONS = 200
POWERS = (ExpAtom, WholePowerAtom)


class Summation(Contractions):
    """Adds bound indices to the algebra."""

    def __init__(self, exponentials: bool = False) -> None:
        super().__init__(exponentials)
        # Brackets lose their offsets only where that is needed: it makes more terms.
        self.clears_offsets = False
        self.offsets_seen = False

    # ---- sums

    def sum_over(self, variable: Var, poly: Polynomial) -> Polynomial:
        """Σ (a + b) = Σ a + Σ b, every range from 0; a range of few values is written out."""
        assert variable.low is not None and variable.high is not None
        low, high = variable.low, variable.high
        length = (high - low).constant
        if length is not None and length < UNROLLED:
            values = [low + k for k in range(int(length) + 1)]
            return self.add({}, *(self.substitute(poly, {variable: v}) for v in values))
        if low != ZERO:
            shifted = Var(variable.name, FRESH, ZERO, high - low)
            poly = self.substitute(poly, {variable: as_poly(shifted) + low})
            variable = shifted
        return self.add(
            {}, *(self.scale(self._sum_monomial([variable], m), c) for m, c in poly.items())
        )

    def _sum_monomial(self, variables: list[Var], monomial: Monomial) -> Polynomial:
        """Σ over some indices, each from 0, of one product."""
        self.check()
        # A sum inside that depends on an index out here becomes one sum with it.
        for atom, exponent in monomial:
            if (
                isinstance(atom, SumAtom)
                and isinstance(exponent, int)
                and 0 < exponent <= 4
                and not atom.free.isdisjoint(variables)
            ):
                opened, inside = self.opened(atom)
                rest = {a: e for a, e in monomial}
                rest[atom] = exponent - 1
                product = self.multiply(inside, self.settled(rest, 1))
                return self.sum_all([*variables, *opened], product)
        dependent = next((v for v in variables if not _ends(v).isdisjoint(variables)), None)
        if dependent is not None:
            return over_fixed_range(self, variables, monomial, dependent)
        for atom, _ in monomial:
            if isinstance(atom, IndexBracketAtom):
                done = bracket_used(self, variables, monomial, atom)
                if done is not None:
                    return done
        for rule in self.contractions:
            done = self.contracted(rule, variables, monomial)
            if done is not None:
                return done
        return self._factored(variables, monomial)

    def sum_all(self, variables: list[Var], poly: Polynomial) -> Polynomial:
        return self.add(
            {}, *(self.scale(self._sum_monomial(variables, m), c) for m, c in poly.items())
        )

    @law("independent factors")
    def _factored(self, variables: list[Var], monomial: Monomial) -> Polynomial:
        """Σ of a product of independent factors: the product of their sums.

        Where no index stands in two of the factors, and a factor without an index has a value
        even where the range is empty.
        """
        pending = list(monomial)
        outside = dict(pair for pair in pending if pair[0].free.isdisjoint(variables))
        pending = [pair for pair in pending if pair[0] not in outside]
        left = list(variables)
        guarded = {
            v: [pair for pair in guarded_by_range(self, v, monomial) if pair[0] in outside]
            for v in left
        }
        kept = {a for pairs in guarded.values() for a, _ in pairs}
        result = self.settled({a: e for a, e in outside.items() if a not in kept}, 1)
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
            result = self.multiply(result, self._connected(ordered, factors))
        return result

    def _connected(self, variables: list[Var], factors: list[tuple[Atom, Exponent]]) -> Polynomial:
        if len(variables) == 1:
            variable = variables[0]
            assert variable.high is not None
            if not factors:
                return sum_of_ones(self, variable.high + 1)
            brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom)]
            if len(factors) == len(brackets) == 2:
                digit = one_digit(self, variable, brackets[0].poly, brackets[1].poly)
                if digit is not None:
                    return digit
            if all(isinstance(a, IntAtom) and a.poly == as_poly(variable) for a, _ in factors):
                exponent = factors[0][1]
                if isinstance(exponent, int) and exponent > 0:
                    return sum_of_powers(self, exponent, variable.high)
            if self._runs_down(variable, factors):
                # Σ_k f(k) = Σ_k f(high − k)
                turned = {variable: variable.high - as_poly(variable)}
                body = self.substitute(self.settled(dict(factors), 1), turned)
                return self.sum_all(variables, body)
        merged = self._one_number(variables, factors) if len(variables) > 1 else None
        if merged is not None:
            return merged
        moved = on_axes(self, variables, factors)
        if moved is not None:
            return moved
        return cut_range(self, variables, factors)

    def _one_number(
        self, variables: list[Var], factors: list[tuple[Atom, Exponent]]
    ) -> Polynomial | None:
        """Σ_i Σ_{k<s} f(s·i + k) is Σ_u f(u): two digits that occur in one number only."""
        body = self.settled(dict(factors), 1)
        for index in dict.fromkeys(p for a, _ in factors for p in places(a)):
            for low, high in permutations(variables, 2):
                step = index.coefficient(high)
                if step is None or index.coefficient(low) != ONE:
                    continue
                if low.high is None or high.high is None or step != low.high + 1:
                    continue
                if not (is_nonnegative(step) or is_nonnegative(high.high + 1)):
                    continue  # two empty ranges: their lengths have a product above 0
                number = Var("u", FRESH, ZERO, step * (high.high + 1) - 1)
                value = as_poly(high) * step + as_poly(low)
                try:
                    as_one = self.substitute(body, {high: ZERO, low: as_poly(number)})
                    if self.substitute(as_one, {number: value}) != body:
                        continue
                except UndefinedValue:
                    continue
                rest = [v for v in variables if v not in (low, high)]
                return self.sum_all([*rest, number], as_one)
        return None

    def upwards(self, variable: Var, poly: Polynomial) -> Polynomial:
        """A polynomial to be summed, turned round where its sum would be."""
        assert variable.low is not None and variable.high is not None
        down = {m: c for m, c in poly.items() if self._runs_down(variable, list(m))}
        turned = {variable: variable.low + variable.high - as_poly(variable)}
        rest = {m: c for m, c in poly.items() if m not in down}
        return self.add(rest, self.substitute(down, turned)) if down else poly

    def _runs_down(self, variable: Var, factors: list[tuple[Atom, Exponent]]) -> bool:
        """Whether a sum of powers b^−k begins with the highest, by the first of its powers; one
        that runs along an axis has its direction from there.
        """
        powers = [
            (atom.form, exponent)
            for atom, exponent in factors
            if isinstance(atom, POWERS) and self._is_multiple(atom, variable)
        ]
        if not powers or axis_of(self, variable, tuple(factors)) is not None:
            return False
        return min(powers)[1] < 0

    @staticmethod
    def _is_multiple(atom: ExpAtom | WholePowerAtom, variable: Var) -> bool:
        """Whether the exponent of a power is an index times what does not depend on it."""
        power = atom.argument if isinstance(atom, ExpAtom) else atom.exponent
        on_it = [(a, e) for a, e in power if variable in a.free]
        if len(on_it) != 1:
            return False
        (index, exponent), *_ = on_it
        return exponent == 1 and isinstance(index, IntAtom) and index.poly == as_poly(variable)

    @law("chosen entries")
    def at_values(self, poly: Polynomial, variable: Var, values: list[Poly]) -> Polynomial:
        """The sum of a polynomial at some values of an index that lie in its range.

        Where each of the values is known to lie in the range.
        """
        parts = []
        for value in values:
            inside = self.index_bracket(">=", value)
            if variable.high is not None:
                over = self.index_bracket(">=", variable.high - value)
                inside = self.multiply(inside, over)
            parts.append(self.multiply(inside, self.substitute(poly, {variable: value})))
        return self.add({}, *parts)

    def opened(self, atom: SumAtom) -> tuple[list[Var], Polynomial]:
        """Fresh indices for those that a sum binds, and the product under it."""
        highs, monomial = atom.highs, atom.body
        first = atom.height - len(highs)
        fresh = [Var("k", FRESH, ZERO, high) for high in highs]
        values = {self.bound(first + k): as_poly(v) for k, v in enumerate(fresh)}
        return fresh, self.substitute({monomial: 1}, values)

    def named_sum(self, atom: SumAtom) -> Polynomial:
        """A sum as a polynomial: the atom, or a name for it."""
        return self.of_atom(atom)

    # ---- rebuilding an atom

    def rebuilt(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        if isinstance(atom, SumAtom):
            ends = (high.substitute(values).constant for high in atom.highs)
            if any(end is not None and end < 0 for end in ends):
                return {}  # nothing is summed, and what would be may have no value
            renamed = self._renamed_sum(atom, values)
            if renamed is not None:
                return renamed
            opened, inside = self.opened(atom)
            ranged = [Var(v.name, FRESH, ZERO, v.high.substitute(values)) for v in opened if v.high]
            renaming = {v: as_poly(new) for v, new in zip(opened, ranged, strict=True)}
            body = self.substitute(inside, {**values, **renaming})
            for variable in ranged:
                body = self.sum_over(variable, body)
            return body
        if isinstance(atom, OneRangeAtom):
            new = Var("k", FRESH, ZERO, atom.high.substitute(values))
            bound = self.bound(atom.height - 1)
            body = self.substitute(dict(atom.body), {bound: as_poly(new)})
            body = self.substitute(body, values)
            over = self.maximum_over if isinstance(atom, MaximumAtom) else self.product_over
            return over(new, body)
        if isinstance(atom, IntAtom):
            return self.of_integer(atom.poly.substitute(values))
        if isinstance(atom, IndexBracketAtom):
            return self.index_bracket(atom.relation, atom.poly.substitute(values))
        if isinstance(atom, RealBracketAtom):
            return self.real_bracket(atom.relation, self.substitute(dict(atom.key), values))
        if isinstance(atom, ExpAtom):
            return self.exp(self.substitute({atom.argument: 1}, values))
        if isinstance(atom, BaseAtom):
            return self.substitute(dict(atom.key), values)
        if isinstance(atom, CosAtom):
            return self.function("cos", self._keys((atom.argument,), values))
        if isinstance(atom, FunctionAtom):
            return self.function(atom.name, self._keys(atom.args, values))
        if isinstance(atom, UnknownAtom):
            keys = tuple(self.key(p) for p in self._keys(atom.args, values))
            return self.of_atom(self.atom(UnknownAtom, atom.function, atom.orders, *keys))
        return self.of_atom(self.atom(type(atom), *(_replaced(part, values) for part in atom.data)))

    @law("renamed sum")
    def _renamed_sum(self, atom: SumAtom, values: Mapping[Var, Poly]) -> Polynomial | None:
        """A sum over one index with free indices replaced inside, where nothing else changes."""
        highs, monomial = atom.highs, atom.body
        if len(highs) > 1 or any(isinstance(a, BracketAtom) for a, _ in monomial):
            return None
        if any(rule.at_fixed_indices for rule in self.contractions):
            return None  # what has not been this sum before may be it now
        bound = self.bound(atom.height - 1)
        body = self.substitute({monomial: 1}, values)
        if len(body) != 1:
            return None
        ((named, coefficient),) = body.items()
        if coefficient != 1 or len(named) != len(monomial):
            return None
        if any(bound not in a.free or isinstance(a, BracketAtom) for a, _ in named):
            return None
        if max(a.height for a, _ in named) != atom.height - 1:
            return None
        return self.of_atom(self.atom(SumAtom, (highs[0].substitute(values),), named))

    def _keys(self, keys: tuple[Any, ...], values: Mapping[Var, Poly]) -> list[Polynomial]:
        return [self.substitute(dict(key), values) for key in keys]

    def function(self, name: str, args: list[Polynomial]) -> Polynomial:
        """A known scalar function of polynomials, by its laws.

        Where the function has a value.
        """
        raise NotImplementedError

    def product_over(self, variable: Var, body: Polynomial) -> Polynomial:
        """Π over the range of a variable."""
        return self.bind(ProductAtom, variable, body)

    def maximum_over(self, variable: Var, body: Polynomial) -> Polynomial:
        """max_k (c + s·f) = c + s·max_k f, where c and s ≥ 0 do not depend on k."""
        fixed = {m: c for m, c in body.items() if all(variable not in a.free for a, _ in m)}
        varying = {m: c for m, c in body.items() if m not in fixed}
        if not varying:
            return body
        factor, common = self.content(varying)
        outside = {
            a: e
            for a, e in common.items()
            if variable not in a.free and self.monomial_sign(((a, e),)) in ("+", "0+")
        }
        inside = self.divided(varying, factor, outside)
        largest = self._largest_argument(variable, inside)
        if largest is None:
            largest = self.bind(MaximumAtom, variable, inside)
        scale = self.settled(outside, factor)
        return self.add(fixed, self.multiply(scale, largest))

    def _largest_argument(self, variable: Var, body: Polynomial) -> Polynomial | None:
        """max_k f(a_k) = f(max_k a_k) for an f that grows; max_k max(a_k, b_k) as a maximum of
        maxima.
        """
        bracket = next((a for m in body for a, _ in m if isinstance(a, RealBracketAtom)), None)
        if bracket is not None:
            above, below = self.sides_of(body, bracket)
            difference = self.subtract(above, below)
            if bracket.relation != ">" or self.primitive(difference) != (bracket.key, 1):
                return None
            first, second = (self.maximum_over(variable, side) for side in (above, below))
            gap = self.subtract(first, second)
            return self.add(second, self.multiply(gap, self.real_bracket(">", gap)))
        if len(body) != 1:
            return None
        ((monomial, coefficient),) = body.items()
        if all(isinstance(a, ExpAtom) for a, _ in monomial):
            argument = self.log({monomial: 1})
            largest = self.maximum_over(variable, self.scale(argument, coefficient))
            return self.scale(self.exp(self.scale(largest, coefficient)), coefficient)
        return None

    @law("range of a binder")
    def bind(self, kind: type[OneRangeAtom], variable: Var, body: Polynomial) -> Polynomial:
        """A product or a maximum over a range, as an atom with a canonical index.

        Always: an index has no meaning outside of its range.
        """
        low, high = variable.low, variable.high
        assert low is not None and high is not None
        if low != ZERO:
            shifted = Var(variable.name, FRESH, ZERO, high - low)
            body = self.substitute(body, {variable: as_poly(shifted) + low})
            variable, high = shifted, high - low
        if not any(variable in a.free for m in body for a, _ in m):
            if kind is MaximumAtom or body == {(): 1}:
                return body
            length = (high + 1).constant
            if length is not None:
                return self.power(body, max(int(length), 0))
            if self.sign(body) == "+" and is_nonnegative(high + 1):
                return self.exp(self.multiply(self.of_integer(high + 1), self.log(body)))
        height = max((a.height for m in body for a, _ in m), default=0)
        named = self.substitute(body, {variable: as_poly(self.bound(height))})
        return self.of_atom(self.atom(kind, (high,), self.key(named)))


def _ends(variable: Var) -> frozenset[Var]:
    """The variables that the end of a range mentions."""
    return frozenset() if variable.high is None else variable.high.variables


def places(atom: Atom) -> Iterator[Poly]:
    """The indices at which arrays are read in an atom."""
    for part in atoms_in(atom):
        if isinstance(part, (EntryAtom, RefAtom)):
            yield from part.indices


def _replaced(data: Any, values: Mapping[Var, Poly]) -> Any:
    if isinstance(data, Poly):
        return data.substitute(values)
    if isinstance(data, tuple):
        return tuple(_replaced(part, values) for part in data)
    return data
