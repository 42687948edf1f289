"""Sums over symbolic ranges in one canonical form, whatever the names and order of their indices.

A sum is pushed as far in as it goes: over the terms of a polynomial, past the factors that do not
depend on its index, through deltas (which it uses up), into independent factors. What is left is
an atom: a connected product of factors under bound indices that run from 0, with canonical names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations, count, permutations
from typing import Any

from derive.base.errors import UnsupportedError
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
from derive.canonical.equations import Contractions
from derive.canonical.laws import law
from derive.core.integers import (
    BOUND,
    FRESH,
    ONE,
    SIZE,
    ZERO,
    Poly,
    Var,
    as_poly,
    is_nonnegative,
)

MAX_REDUCTIONS = 200
POWERS = (ExpAtom, WholePowerAtom)
UNROLLED = 4  # a range of at most so many values is written out
_colours: dict[int, Var] = {}


def _colour(number: int) -> Var:
    if number not in _colours:
        _colours[number] = Var(f"c{number}", BOUND, number=-1 - number)
    return _colours[number]


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
            return self._boxed(variables, monomial, dependent)
        for atom, _ in monomial:
            if isinstance(atom, IndexBracketAtom):
                done = self._use_bracket(variables, monomial, atom)
                if done is not None:
                    return done
        for rule in self.contractions:
            done = self.contracted(rule, variables, monomial)
            if done is not None:
                return done
        return self._factored(variables, monomial)

    @law("fixed range")
    def _boxed(self, variables: list[Var], monomial: Monomial, variable: Var) -> Polynomial:
        """A range that depends on another index becomes a fixed one, with a bracket.

        Always: outside of the old range the bracket is 0.
        """
        assert variable.high is not None
        widest = variable.high
        for other in variables:
            slope = widest.coefficient(other)
            if slope is None or other.high is None:
                raise UnsupportedError(f"a range up to {variable.high}")
            if slope == ZERO:
                continue
            if is_nonnegative(slope):
                widest = widest.substitute({other: other.high})
            elif is_nonnegative(-slope):
                widest = widest.substitute({other: ZERO})
            else:
                raise UnsupportedError(f"a range up to {variable.high}")
        new = Var(variable.name, FRESH, ZERO, widest)
        inside = self.index_bracket(">=", variable.high - as_poly(new))
        body = self.substitute({monomial: 1}, {variable: as_poly(new)})
        others = [v for v in variables if v is not variable]
        return self.sum_all([*others, new], self.multiply(inside, body))

    def sum_all(self, variables: list[Var], poly: Polynomial) -> Polynomial:
        return self.add(
            {}, *(self.scale(self._sum_monomial(variables, m), c) for m, c in poly.items())
        )

    def _use_bracket(
        self, variables: list[Var], monomial: Monomial, atom: IndexBracketAtom
    ) -> Polynomial | None:
        relation, poly = atom.relation, atom.poly
        rest = self.monomial({a: e for a, e in monomial if a is not atom})
        for variable in reversed(variables):
            slope = poly.coefficient(variable)
            if slope is None or slope.constant not in (1, -1):
                continue
            value = (as_poly(variable) * slope - poly) * slope
            if relation == "=":
                return self._solved(variables, variable, value, {rest: 1})
            between = self._count_between(variables, variable, value, slope, rest)
            if between is not None:
                return between
            if not any(variable in a.free for a, _ in rest):
                counted = self._count(variables, variable, value, slope, {rest: 1})
                if counted is not None:
                    return counted
            if not value.variables.isdisjoint(variables) or self._axis(variable, rest) is not None:
                continue
            tightened = self._tightened(variables, variable, value, slope, {rest: 1})
            if tightened is not None:
                return tightened
        return None

    @law("sum of a bracket")
    def _count(
        self, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Polynomial
    ) -> Polynomial | None:
        """Σ_k [k ≥ b] over 0 … high is high − b + 1, and Σ_k [k ≤ b] is b + 1.

        Where 0 ≤ b ≤ high + 1 in the first, and −1 ≤ b ≤ high in the second.
        """
        assert variable.high is not None
        if not (is_nonnegative(bound + 1) and is_nonnegative(variable.high + 1 - bound)):
            return None
        length = variable.high - bound + 1 if slope == ONE else bound + 1
        over = variable.high - bound if slope != ONE else bound
        if not is_nonnegative(over):
            return None
        others = [v for v in variables if v is not variable]
        product = self.multiply(self.of_integer(length), rest)
        return self.sum_all(others, product) if others else product

    def _count_between(
        self, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Monomial
    ) -> Polynomial | None:
        """Σ_k [a ≤ k]·[k ≤ b] is b − a + 1, for a and b in the range of k and a ≤ b + 1."""
        on_it = [(a, e) for a, e in rest if variable in a.free]
        if slope != ONE or len(on_it) != 1:
            return None
        bracket = on_it[0][0]
        if not isinstance(bracket, IndexBracketAtom):
            return None
        relation, form = bracket.relation, bracket.poly
        if relation != ">=" or form.coefficient(variable) != -ONE or variable.high is None:
            return None
        end = form + as_poly(variable)
        length = end - bound + 1
        if not all(is_nonnegative(gap) for gap in (bound, variable.high - end, length)):
            return None
        others = [v for v in variables if v is not variable]
        outside = self.settled({a: e for a, e in rest if a is not bracket}, 1)
        product = self.multiply(self.of_integer(length), outside)
        return self.sum_all(others, product) if others else product

    @law("sum over a delta")
    def _solved(
        self, variables: list[Var], variable: Var, value: Poly, rest: Polynomial
    ) -> Polynomial:
        """Σ_k [k = e] f(k) = [0 ≤ e ≤ high] f(e)

        Where k has the factor 1 or −1 in the equation, for an e without k.
        """
        assert variable.high is not None
        inside = self.multiply(
            self.index_bracket(">=", value), self.index_bracket(">=", variable.high - value)
        )
        product = self.multiply(inside, self.substitute(rest, {variable: value}))
        others = [v for v in variables if v is not variable]
        return self.sum_all(others, product) if others else product

    @law("tightened range")
    def _tightened(
        self, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Polynomial
    ) -> Polynomial | None:
        """A bracket that cuts a range shorter becomes the end of the range.

        Where the new end lies within the range, or one beside its ends.
        """
        high = variable.high
        assert high is not None
        others = [v for v in variables if v is not variable]
        if slope == ONE:  # k ≥ bound
            if not (is_nonnegative(bound) and is_nonnegative(high + 1 - bound)):
                return None
            new = Var(variable.name, FRESH, ZERO, high - bound)
            value = as_poly(new) + bound
        else:  # k ≤ bound
            if not (is_nonnegative(bound + 1) and is_nonnegative(high - bound)):
                return None
            new = Var(variable.name, FRESH, ZERO, bound)
            value = as_poly(new)
        return self.sum_all([*others, new], self.substitute(rest, {variable: value}))

    @law("independent factors")
    def _factored(self, variables: list[Var], monomial: Monomial) -> Polynomial:
        """Σ of a product of independent factors: the product of their sums.

        Where no index stands in two of the factors.
        """
        pending = list(monomial)
        outside = [(a, e) for a, e in pending if a.free.isdisjoint(variables)]
        result = self.settled(dict(outside), 1)
        pending = [pair for pair in pending if not pair[0].free.isdisjoint(variables)]
        left = list(variables)
        while left:
            group = {left.pop()}
            factors: list[tuple[Atom, Exponent]] = []
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
                return self._counted(variable.high + 1)
            brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom)]
            if len(factors) == len(brackets) == 2:
                digit = self._one_digit(variable, brackets[0].poly, brackets[1].poly)
                if digit is not None:
                    return digit
            if all(isinstance(a, IntAtom) and a.poly == as_poly(variable) for a, _ in factors):
                exponent = factors[0][1]
                if isinstance(exponent, int) and exponent > 0:
                    return self._power_sum(exponent, variable.high)
            if self._runs_down(variable, factors):
                # Σ_k f(k) = Σ_k f(high − k)
                turned = {variable: variable.high - as_poly(variable)}
                body = self.substitute(self.settled(dict(factors), 1), turned)
                return self.sum_all(variables, body)
        merged = self._one_number(variables, factors) if len(variables) > 1 else None
        if merged is not None:
            return merged
        moved = self._on_axes(variables, factors)
        if moved is not None:
            return moved
        return self._cut(variables, factors)

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
        if not powers or self._axis(variable, tuple(factors)) is not None:
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

    # ---- one range for every index: the axis that it runs along

    def _axis(self, variable: Var, monomial: Monomial) -> Poly | None:
        """The size of the axis that a variable runs along, if it runs along one."""
        for array, axis, index in _axes_used(monomial):
            slope = index.coefficient(variable)
            if slope is not None and slope.constant in (1, -1):
                return array.axes[axis]
        return None

    @law("index along an axis")
    def _on_axes(
        self, variables: list[Var], factors: list[tuple[Atom, Exponent]]
    ) -> Polynomial | None:
        """The sum with each index running along an axis of an array, from its start to its end.

        Σ_k f(k) A[k + a] is Σ_u f(u − a) A[u] over the whole axis, with brackets for the range
        of k: so x[0] + … + x[l] is the same however its index is shifted or turned round. The
        axes are taken in the order of the arrays; None where every index is as it should be.
        """
        old = list(variables)
        values: dict[Var, Poly] = {}
        new: list[Var] = []
        moved = False
        for array, axis, index in _axes_used(tuple(factors)):
            if not old:
                break
            form = index.substitute(values)
            pivots = [v for v in old if _unit_slope(form, v)]
            if not pivots:
                continue
            size = array.axes[axis]
            same = next((v for v in pivots if form == as_poly(v) and v.high == size - 1), None)
            if same is not None:
                old.remove(same)
                new.append(same)
                continue
            pivot = pivots[0]
            slope = form.coefficient(pivot)
            assert slope is not None
            along = Var(pivot.name, FRESH, ZERO, size - 1)
            value = (as_poly(along) - (form - as_poly(pivot) * slope)) * slope
            values = {v: p.substitute({pivot: value}) for v, p in values.items()}
            values[pivot] = value
            old.remove(pivot)
            new.append(along)
            moved = True
        if not moved:
            return None
        inside: Polynomial = {(): 1}
        for variable, value in values.items():
            assert variable.high is not None
            for gap in (value, variable.high - value):
                inside = self.multiply(inside, self.index_bracket(">=", gap))
        body = self.substitute(self.settled(dict(factors), 1), values)
        return self.sum_all([*old, *new], self.multiply(inside, body))

    @law("cut range")
    def _cut(self, variables: list[Var], factors: list[tuple[Atom, Exponent]]) -> Polynomial:
        """[p ≥ 0] = 1 − [−p − 1 ≥ 0] under a sum, and a few values at an end written out.

        Always, for an integer p.
        """
        brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom) and a.relation == ">="]
        narrow = self._narrow(variables, brackets, factors)
        if narrow is not None:
            return narrow
        for atom in brackets:
            poly = atom.poly
            others = self.monomial({a: e for a, e in factors if a is not atom})
            if self._implied(poly, [a.poly for a in brackets if a is not atom]):
                return self.sum_all(variables, self.settled(dict(others), 1))
            half = self._triangle(variables, poly, others)
            if half is not None:
                return half
            leader = self._leader(poly, variables, others)
            if leader is None:
                continue
            if poly.coefficient(leader) == -ONE:
                # [p ≥ 0] = 1 − [−p − 1 ≥ 0]
                opposite = self.index_bracket(">=", -poly - 1)
                product = self.subtract(
                    self.settled(dict(others), 1),
                    self.multiply(opposite, self.settled(dict(others), 1)),
                )
                return self.sum_all(variables, product)
            bound = as_poly(leader) - poly
            if any(v.kind != SIZE for v in bound.variables):
                cleared = self._without_offset(variables, poly, others)
                if cleared is not None:
                    return cleared
            if not bound.variables.isdisjoint(variables):
                continue
            assert leader.high is not None
            values: list[Poly] | None = None
            start, end = bound.constant, (leader.high - bound).constant
            rest = [v for v in variables if v is not leader]
            if start is not None and 0 < start <= UNROLLED:
                whole = self.sum_all(variables, self.settled(dict(others), 1))
                parts = self.at_values(
                    self.settled(dict(others), 1), leader, [as_poly(k) for k in range(int(start))]
                )
                return self.subtract(whole, self.sum_all(rest, parts) if rest else parts)
            if end is not None and end < UNROLLED:
                values = [bound + k for k in range(int(end) + 1)]
                parts = self.at_values(self.settled(dict(others), 1), leader, values)
                return self.sum_all(rest, parts) if rest else parts
        return self._canonical(variables, factors)

    def _narrow(
        self,
        variables: list[Var],
        brackets: list[IndexBracketAtom],
        factors: list[tuple[Atom, Exponent]],
    ) -> Polynomial | None:
        """[p ≥ 0]·[p ≤ c] = [p = 0] + … + [p = c] for a small number c; 0 for c < 0."""
        for one, two in combinations(brackets, 2):
            width = (one.poly + two.poly).constant
            if width is None or width >= UNROLLED or width != int(width):
                continue
            places = (one.poly - k for k in range(int(width) + 1))
            lines = self.add({}, *(self.index_bracket("=", place) for place in places))
            rest = self.settled({a: e for a, e in factors if a not in (one, two)}, 1)
            return self.sum_all(variables, self.multiply(lines, rest))
        return None

    @law("offset of a bracket")
    def _without_offset(
        self, variables: list[Var], poly: Poly, rest: Monomial
    ) -> Polynomial | None:
        """[k ≥ l + c] = [k ≥ l] − [k = l] − … − [k = l + c − 1] for a small number c.

        Where c ≥ 0.
        """
        offset = int(poly.terms.get((), 0))
        if not 0 < abs(offset) <= UNROLLED or len(poly.terms) != 3:
            return None
        self.offsets_seen = True
        if not self.clears_offsets:
            return None
        plain = poly - offset
        inside = self.index_bracket(">=", plain)
        for step in range(abs(offset)):
            # offset < 0: the bracket is the smaller; offset > 0: the larger
            line = self.index_bracket("=", plain - step if offset < 0 else plain + step + 1)
            inside = self.add(inside, self.scale(line, -1 if offset < 0 else 1))
        return self.sum_all(variables, self.multiply(inside, self.settled(dict(rest), 1)))

    @law("half of a square")
    def _triangle(self, variables: list[Var], poly: Poly, rest: Monomial) -> Polynomial | None:
        """Σ_k Σ_l [k ≥ l] f = (Σ_k Σ_l f + Σ_k f(k, k))/2 for an f that is symmetric in k and l.

        Where k and l have one range.
        """
        for k, l in permutations(variables, 2):
            gap = (poly - as_poly(k) + as_poly(l)).constant
            if gap not in (0, -1) or k.high != l.high:
                continue
            swap = {k: as_poly(l), l: as_poly(k)}
            if self.substitute({rest: 1}, swap) != {rest: 1}:
                continue
            square = self.sum_all(variables, self.settled(dict(rest), 1))
            others = [v for v in variables if v is not l]
            diagonal = self.sum_all(others, self.substitute({rest: 1}, {l: as_poly(k)}))
            if gap == -1:  # k > l
                diagonal = self.scale(diagonal, -1)
            return self.scale(self.add(square, diagonal), Fraction(1, 2))
        return None

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

    def _implied(self, poly: Poly, others: list[Poly]) -> bool:
        """Whether [poly ≥ 0] follows from another bracket that is as strong."""
        return any(is_nonnegative(poly - other) for other in others if other != poly)

    def _leader(self, poly: Poly, variables: list[Var], factors: Monomial) -> Var | None:
        """The index that gives a bracket its direction: that of the first axis in it."""
        for _, _, index in _axes_used(factors):
            variable = next(iter(index.variables), None)
            if (
                variable in variables
                and variable is not None
                and index == as_poly(variable)
                and _unit_slope(poly, variable)
            ):
                return variable
        return None

    @law("one digit")
    def _one_digit(self, variable: Var, first: Poly, second: Poly) -> Polynomial | None:
        """Σ_u [0 ≤ e − s·u < s] = [0 ≤ e < s·(high + 1)]: one digit u, where e has that many."""
        high = variable.high
        slope = first.coefficient(variable)
        if high is None or slope is None:
            return None
        if not is_nonnegative(-slope):
            first, second, slope = second, first, -slope
        step = -slope
        if second.coefficient(variable) != step or first + second != step - 1:
            return None
        if variable in step.variables or not is_nonnegative(step - 1):
            return None
        value = first + as_poly(variable) * step
        return self.multiply(
            self.index_bracket(">=", value),
            self.index_bracket(">=", step * (high + 1) - 1 - value),
        )

    @law("sum of ones")
    def _counted(self, length: Poly) -> Polynomial:
        """Σ 1 over a range is its length, or 0 where it is empty."""
        number = self.of_integer(length)
        if is_nonnegative(length):
            return number
        return self.multiply(number, self.index_bracket(">=", length))

    @law("sum of powers")
    def _power_sum(self, exponent: int, high: Poly) -> Polynomial:
        """Σ_{k=0}^{high} k^p by Faulhaber's formula; 0 where the range is empty."""
        length = high + 1
        total = ZERO
        power = ONE
        coefficients = _faulhaber(exponent)
        for degree in range(exponent + 2):
            total = total + power * coefficients[degree]
            power = power * length
        result = self.of_integer(total)
        if is_nonnegative(length):
            return result
        return self.multiply(result, self.index_bracket(">=", length))

    def opened(self, atom: SumAtom) -> tuple[list[Var], Polynomial]:
        """Fresh indices for those that a sum binds, and the product under it."""
        highs, monomial = atom.highs, atom.body
        first = atom.height - len(highs)
        fresh = [Var("k", FRESH, ZERO, high) for high in highs]
        values = {self.bound(first + k): as_poly(v) for k, v in enumerate(fresh)}
        return fresh, self.substitute({monomial: 1}, values)

    # ---- one name for every index

    @law("names of indices")
    def _canonical(self, variables: list[Var], factors: list[tuple[Atom, Exponent]]) -> Polynomial:
        """The sum as an atom: of all ways to name its indices, the first in order.

        A sum that is its own negative under other names is 0, as Σ_ij A[i, j] x[i] x[j] is for a
        skew A.

        Always: an index has no meaning outside of its sum.
        """
        body = self.monomial(dict(factors))
        height = max((a.height for a, _ in body), default=0)
        best: tuple[Any, ...] | None = None
        for order in self._orders(variables, factors):
            values = {v: as_poly(self.bound(height + k)) for k, v in enumerate(order)}
            named = self.substitute({body: 1}, values)
            if len(named) != 1 and len(variables) == 1:
                return self._term_by_term(variables[0], height, named)
            if len(named) != 1:
                continue  # by these names a factor is more than one
            ((monomial, coefficient),) = named.items()
            # Renaming may turn a factor's sign; the order of atoms may not depend on names.
            rank = (tuple((a.id, e) for a, e in monomial), coefficient)
            if best is not None and best[1] == monomial and best[2] == -coefficient:
                return {}
            if best is None or rank < best[0]:
                best = (rank, monomial, coefficient, tuple(v.high for v in order))
        if best is None:
            raise UnsupportedError("a sum whose factors change with the names of its indices")
        _, monomial, coefficient, highs = best
        if max((a.height for a, _ in monomial), default=0) != height:
            raise UnsupportedError("a sum whose factors change with the names of its indices")
        atom = self.atom(SumAtom, highs, monomial)
        return self.scale(self.named_sum(atom), coefficient)

    def _term_by_term(self, variable: Var, height: int, named: Polynomial) -> Polynomial:
        """The sum of a factor that is more than one by the name of its index: [−p > 0]."""
        assert variable.high is not None
        index, high = self.bound(height), variable.high
        result: Polynomial = {}
        for monomial, coefficient in named.items():
            outside = {a: e for a, e in monomial if index not in a.free}
            inside = self.monomial({a: e for a, e in monomial if a not in outside})
            if not inside:
                part = self._counted(high + 1)
            elif max(a.height for a, _ in inside) == height:
                part = self.named_sum(self.atom(SumAtom, (high,), inside))
            else:
                raise UnsupportedError("a sum whose factors change with the names of its indices")
            result = self.add(result, self.multiply(self.settled(outside, coefficient), part))
        return result

    def named_sum(self, atom: SumAtom) -> Polynomial:
        """A sum as a polynomial: the atom, or a name for it."""
        return self.of_atom(atom)

    def _orders(
        self, variables: list[Var], factors: list[tuple[Atom, Exponent]]
    ) -> Iterator[list[Var]]:
        """The orders of the indices that nothing tells apart, found by refining colours."""
        if len(variables) == 1:
            yield variables
            return
        signature: dict[Var, Any] = {
            v: () if v.high is None else v.high.sort_key() for v in variables
        }
        colours = _ranked(signature)
        yield from self._refined(colours, factors)

    def _refined(
        self, colours: dict[Var, int], factors: list[tuple[Atom, Exponent]]
    ) -> Iterator[list[Var]]:
        while len(set(colours.values())) < len(colours):
            signatures = {v: (colours[v], self._surroundings(v, colours, factors)) for v in colours}
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
            yield from self._refined(singled, factors)

    def _surroundings(
        self, variable: Var, colours: dict[Var, int], factors: list[tuple[Atom, Exponent]]
    ) -> tuple[Any, ...]:
        """What the factors with an index look like when only colours are seen."""
        values = {v: as_poly(_colour(c + 1)) for v, c in colours.items()}
        values[variable] = as_poly(_colour(0))
        seen = []
        for atom, exponent in factors:
            if variable in atom.free:
                try:
                    poly = self.substituted_atom(atom, values)
                except UndefinedValue:
                    poly = {}
                signless = len(poly) == 1  # what only a sign tells apart is not told apart
                key = tuple(
                    (tuple((a.id, e) for a, e in m), abs(c) if signless else c)
                    for m, c in self.key(poly)
                )
                seen.append((key, exponent))
        return tuple(sorted(seen))

    # ---- rebuilding an atom

    def rebuilt(self, atom: Atom, values: Mapping[Var, Poly]) -> Polynomial:
        if isinstance(atom, SumAtom):
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


def _unit_slope(poly: Poly, variable: Var) -> bool:
    slope = poly.coefficient(variable)
    return slope is not None and slope.constant in (1, -1)


def _axes_used(factors: Monomial) -> list[tuple[Any, int, Poly]]:
    """Which axes of given arrays some factors read and where, in the order of the arrays."""
    found: dict[tuple[Any, int, Poly], None] = {}
    stack: list[Any] = [a for a, _ in factors]
    while stack:
        part = stack.pop()
        if isinstance(part, Atom):
            if isinstance(part, EntryAtom):
                array, indices = part.array, part.indices
                for axis, index in enumerate(indices):
                    if axis < len(array.axes):
                        found[(array, axis, index)] = None
            else:
                stack.extend(part.data)
        elif isinstance(part, tuple):
            stack.extend(part)
    usable = [f for f in found if not any(v.kind == BOUND for v in f[2].variables)]
    return sorted(usable, key=lambda f: (f[0].serial, f[1], _offset(f[2])))


def _offset(index: Poly) -> tuple[Any, ...]:
    """An order of the indices along one axis that does not depend on names."""
    constant = index.terms.get((), 0)
    sizes = [(m, c) for m, c in index.key if m and all(v.kind == SIZE for v in m)]
    return (len(index.terms), constant, [(tuple(v.key for v in m), c) for m, c in sizes])


def _replaced(data: Any, values: Mapping[Var, Poly]) -> Any:
    if isinstance(data, Poly):
        return data.substitute(values)
    if isinstance(data, tuple):
        return tuple(_replaced(part, values) for part in data)
    return data


def _ranked(signatures: Mapping[Var, Any]) -> dict[Var, int]:
    order = {s: k for k, s in enumerate(sorted(set(signatures.values())))}
    return {v: order[s] for v, s in signatures.items()}


def _faulhaber(exponent: int) -> list[Fraction]:
    """Coefficients of Σ_{k=0}^{n−1} k^p as a polynomial in n, lowest degree first."""
    bernoulli = [Fraction(1)]
    for m in count(1):
        if m > exponent:
            break
        bernoulli.append(
            -sum((math.comb(m + 1, k) * bernoulli[k] for k in range(m)), Fraction(0)) / (m + 1)
        )
    result = [Fraction(0)] * (exponent + 2)
    for k in range(exponent + 1):
        result[exponent + 1 - k] += (
            Fraction(math.comb(exponent + 1, k)) * bernoulli[k] / (exponent + 1)
        )
    return result
