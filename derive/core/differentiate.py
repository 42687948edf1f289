"""Reverse accumulation over the shared graph: one rule per node, one table of derivatives.

The adjoint of every shared array is itself a shared array, made once, so that the work grows with
the number of arrays and not with the number of paths through them. Inside one body, a rule hands
the cotangent of a node on to its operands until an entry is reached; there it becomes a
contribution Σ (binders) cotangent · [place = index] to the adjoint of the array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from derive.base.budget import spend
from derive.base.errors import UnsupportedError
from derive.core.derivatives import DERIVATIVES, Target
from derive.core.graph import components, in_order, references
from derive.core.integers import FREE, SIZE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    OF_MATRICES,
    Array,
    Entry,
    Factors,
    Ref,
    Shared,
    Term,
    Unfolding,
    Whole,
    add,
    at_least,
    axis_variable,
    delta,
    fresh,
    mul,
    num,
    ref,
    renewed,
    substitute,
    total,
)

PULL = 90  # units of work for a cotangent that is handed on


@dataclass
class Contribution:
    """Σ over ``binders`` of ``cotangent``, added to an adjoint at ``place``."""

    binders: tuple[Var, ...]
    place: tuple[Poly, ...]
    cotangent: Term


@dataclass
class Reverse:
    """One reverse accumulation: from a scalar term to the adjoint of one array.

    ``conditions`` are what it needs of the point: a term, ``"!="`` (not zero) or ``"unique"`` (a
    maximum that is attained once), and the brackets of the branch in which it needs that.
    ``weights`` are, of each maximum, what its occurrences count: where the sum of them is 0, as of
    a maximum that is subtracted from all and added again, it may be attained more than once.
    ``relied_on`` are the traits of the array that the derivative was taken by.
    """

    target: Target
    conditions: dict[tuple[Term, str, Term | None], None] = field(default_factory=dict)
    weights: dict[Term, list[Term]] = field(default_factory=dict)
    relied_on: dict[tuple[str, Array], None] = field(default_factory=dict)
    steps: list[tuple[Shared, Shared]] = field(default_factory=list)
    _found: dict[Target, list[Contribution]] = field(default_factory=dict)
    _active: dict[Any, bool] = field(default_factory=dict)
    _adjoints: dict[Target, tuple[Shared, tuple[Poly, ...]]] = field(default_factory=dict)

    def run(
        self, of: Term, cotangent: Term | None = None, binders: tuple[Var, ...] = ()
    ) -> tuple[Shared, tuple[Poly, ...]]:
        """The adjoint of the target, and the indices that its leading parameters stand for.

        It starts from Σ over ``binders`` of ``cotangent`` times ``of``; from ``of`` by default.
        """
        # What is differentiated in is not unfolded, but for the later positions of a sequence.
        order = in_order([of], cut=lambda s: s is self.target and not s.recursive)
        groups = components(order) if any(s.recursive for s in order) else [[s] for s in order]
        for group in groups:
            if _is_system(group):
                active = any(s is self.target or self._outside(s.body, group) for s in group)
                self._active.update(dict.fromkeys(group, active))
            else:
                (shared,) = group
                self._active[shared] = shared is self.target or self.depends(shared.body)
        self.pull(of, cotangent or num(1), binders)
        for group in reversed(groups):
            if _is_system(group):
                self._system(group)
                continue
            (shared,) = group
            if shared is self.target or shared not in self._found:
                continue
            adjoint, outer = self.adjoint(shared)
            self.steps.append((shared, adjoint))
            binders = self.renamed(shared.params)
            places = tuple(as_poly(b) for b in binders)
            self.pull(shared.at(places), ref(adjoint, *outer, *places), binders)
        return self.adjoint(self.target)

    def _outside(self, term: Term, group: list[Shared]) -> bool:
        """Whether a term depends on the target otherwise than through some arrays."""
        if isinstance(term, Entry) and term.data[0] is self.target:
            return True
        others = [s for s in _shared_in(term) if s not in group]
        if any(self._active.get(s, False) for s in others):
            return True
        return any(self._outside(arg, group) for arg in term.args)

    def _system(self, group: list[Shared]) -> None:
        """The adjoints of arrays that refer to one another through time: a system again, which
        runs the other way. Each is what comes from outside, and what comes from the group.
        """
        if all(s not in self._found for s in group):
            return
        if len(group) == 1 and group[0].factors is not None:
            self._ordered_product(group[0], group[0].factors)
            return
        if any(v.low is None for s in group for v in s.params[: len(s.params)] if v.kind != FREE):
            raise UnsupportedError("an ordered product is not differentiated; write its recurrence")
        given = {s: list(self._found.get(s, ())) for s in group}
        outer = self._outer(given)
        own = tuple(as_poly(v) for v in outer)
        adjoints = {}
        for shared in group:
            adjoints[shared] = adjoint = Shared((*outer, *self.renamed(shared.params)), num(0))
            adjoint.recursive = adjoint.derived = True
            if shared.unfoldings:  # it has no closed form: what it is written as is a name
                adjoint.label, adjoint.named = sp.IndexedBase(f"d_{shared.label}"), True
            self._adjoints[shared] = adjoint, own
            self._found[shared] = []
        last = self._only_time(given)
        for shared, adjoint in adjoints.items():
            binders = self.renamed(shared.params)
            places = tuple(as_poly(b) for b in binders)
            cotangent = ref(adjoint, *own, *places)
            for unfolding in shared.unfoldings[:1]:
                if last is not None:
                    gap = (last - places[unfolding.axis]) * unfolding.direction
                    cotangent = mul(at_least(gap, ZERO), cotangent)
            self.pull(shared.at(places), cotangent, binders)
        for shared, adjoint in adjoints.items():
            indices = tuple(as_poly(p) for p in adjoint.params[len(outer) :])
            outside = [contracted(c, indices) for c in given[shared]]
            inside = []
            for c in self._found[shared]:
                part = contracted(c, indices)
                for unfolding in shared.unfoldings[:1]:
                    if last is not None:
                        # What comes after the one time that counts is of no influence.
                        gap = (last - indices[unfolding.axis]) * unfolding.direction
                        shift = c.place[unfolding.axis].terms.get((), 0) * unfolding.direction
                        part = mul(at_least(gap + int(shift), ZERO), part)
                inside.append(part)
            adjoint.body = add(*outside, *inside)
            adjoint.unfoldings = tuple(
                _reversed(u, shared, adjoint, len(outer), last) for u in shared.unfoldings[:1]
            )
            self.steps.append((shared, adjoint))

    def _ordered_product(self, product: Shared, factors: Factors) -> None:
        """d(B_n … B_1) = Σ_t B_n … B_{t+1}·dB_t·B_{t−1} … B_1, and dAⁿ = Σ_t Aⁿ⁻ᵗ·dA·Aᵗ⁻¹."""
        first_end = product.unfoldings[0].axis - 1
        outer = product.params[:first_end]
        for c in self._found[product]:
            own, (low, high), axes = (
                c.place[:first_end],
                c.place[first_end : first_end + 2],
                c.place[first_end + 2 :],
            )
            time = fresh("t", low, high)
            at = as_poly(time)
            earlier, later = (low, at - 1), (at + 1, high)
            if factors.place is None:
                later = (low, low + high - at - 1)
            left, right = (later, earlier) if factors.later_left else (earlier, later)
            values = dict(zip(outer, own, strict=True))
            ends = {factors.row: ZERO, factors.column: ZERO}
            binders = [time]
            places: list[tuple[Poly, ...]] = [(), ()]
            if axes:
                p, q = self.renamed((factors.row, factors.column))
                ends = {factors.row: as_poly(p), factors.column: as_poly(q)}
                binders += [p, q]
                places = [(axes[0], as_poly(p)), (as_poly(q), axes[1])]
            if factors.place is not None:
                values[factors.place] = at
            around = (
                ref(product, *own, *e, *x) for e, x in zip((left, right), places, strict=True)
            )
            here = substitute(factors.body, {**values, **ends})
            self.pull(here, mul(c.cotangent, *around), (*c.binders, *binders))

    def _outer(self, given: Mapping[Shared, list[Contribution]]) -> tuple[Var, ...]:
        """The indices that what comes from outside depends on, besides the places it comes to."""
        free: set[Var] = set()
        for contributions in given.values():
            for c in contributions:
                ends = [e for b in c.binders for e in (b.low, b.high) if e is not None]
                inside = {v for poly in (*c.place, *ends) for v in poly.variables}
                free |= (inside | c.cotangent.free) - set(c.binders)
        return tuple(sorted((v for v in free if v.kind != SIZE), key=lambda v: v.key))

    def _only_time(self, given: Mapping[Shared, list[Contribution]]) -> Poly | None:
        """The one time to which everything comes, if there is one for all of a system."""
        times = set()
        for shared, contributions in given.items():
            for c in contributions:
                if not shared.unfoldings:
                    return None
                time = c.place[shared.unfoldings[0].axis]
                if not time.variables.isdisjoint(c.binders):
                    return None
                times.add(time)
        return times.pop() if len(times) == 1 else None

    def renamed(self, params: tuple[Var, ...]) -> tuple[Var, ...]:
        """Fresh variables over the ranges of some parameters, which may depend on one another."""
        values: dict[Var, Poly] = {}
        fresh_ones = []
        for param in params:
            new = renewed(param, values)
            values[param] = as_poly(new)
            fresh_ones.append(new)
        return tuple(fresh_ones)

    def depends(self, term: Term) -> bool:
        """Whether a term depends on the target."""
        found = self._active.get(term)
        if found is None:
            found = any(self._active.get(s, False) for s in _shared_in(term)) or (
                isinstance(term, Entry) and term.data[0] is self.target
            )
            found = found or any(self.depends(arg) for arg in term.args)
            self._active[term] = found
        return found

    def is_active(self, target: Target) -> bool:
        """Whether an array is the target or depends on it."""
        return target is self.target or self._active.get(target, False)

    def pull(self, term: Term, cotangent: Term, binders: tuple[Var, ...]) -> None:
        """Hand the cotangent of a term on to the entries that it is made of."""
        if self.depends(term):
            spend(PULL)
            rule = DERIVATIVES.find(type(term))
            if rule is None:
                raise UnsupportedError(f"{type(term).__name__} has no derivative rule")
            rule(self, term, cotangent, binders)

    def emit(
        self, target: Target, place: tuple[Poly, ...], cotangent: Term, binders: tuple[Var, ...]
    ) -> None:
        """Add a contribution to the adjoint of an array that depends on the target."""
        if self.is_active(target):
            self._found.setdefault(target, []).append(Contribution(binders, place, cotangent))

    def _axes(self, target: Target) -> tuple[Var, ...]:
        """Fresh variables over the axes of an array."""
        if isinstance(target, Shared):
            return self.renamed(target.params)
        return tuple(axis_variable(size) for size in target.axes)

    def adjoint(self, target: Target) -> tuple[Shared, tuple[Poly, ...]]:
        """The sum of all contributions to one array, as a shared array over its axes."""
        if target in self._adjoints:
            return self._adjoints[target]
        found = self._found.get(target, [])
        params = self._axes(target)
        if found and len(found[0].place) != len(params):
            # An array without a declared shape: its indices range over all integers.
            params = tuple(Var("k", FREE) for _ in found[0].place)
        params = _own_axes(found, params) or params
        indices = tuple(as_poly(p) for p in params)
        body = add(*(contracted(c, indices) for c in found))
        if isinstance(target, Array) and "symmetric" in target.traits and len(params) == 2:
            symmetrised = _symmetrised(body, params)
            if symmetrised is not body:
                self.relied_on["symmetric", target] = None
            body = symmetrised
        outer = sorted(
            (v for v in body.free - set(params) if v.kind not in (SIZE, FREE)), key=lambda v: v.key
        )
        return Shared((*outer, *params), body), tuple(as_poly(v) for v in outer)


def _shared_in(term: Term) -> tuple[Shared, ...]:
    if isinstance(term, (Ref, *OF_MATRICES)):
        return (term.data[0],)
    return term.data[1] if isinstance(term, Whole) else ()


def _is_system(group: list[Shared]) -> bool:
    """Whether the arrays of a group refer to themselves."""
    return len(group) > 1 or (group[0].recursive and group[0] in references(group[0].body))


def _reversed(
    unfolding: Unfolding, of: Shared, adjoint: Shared, outer: int, only: Poly | None
) -> Unfolding:
    """How an adjoint is taken apart: from the other end of the time, or from the one time to
    which everything comes.
    """
    time = of.params[unfolding.axis]
    assert time.low is not None and time.high is not None
    ends = (time.high, time.low) if unfolding.direction > 0 else (time.low, time.high)
    origin = ends[0] if only is None else only
    return Unfolding(unfolding.axis + outer, -unfolding.direction, origin, adjoint.body, ends[1])


def _symmetrised(body: Term, params: tuple[Var, ...]) -> Term:
    """The gradient within the symmetric matrices: (G + Gᵀ)/2."""
    i, j = params
    swapped = substitute(body, {i: as_poly(j), j: as_poly(i)})
    if swapped is body:
        return body
    return mul(num(Fraction(1, 2)), add(body, swapped))


def _own_axes(found: list[Contribution], axes: tuple[Var, ...]) -> tuple[Var, ...] | None:
    """The binders of a contribution that is made at each entry once, in their order, and that
    are in no other: as axes of the adjoint they need no renaming. None where there are none.
    """
    if not found:
        return None
    first, *others = found
    own = {as_poly(b): b for b in first.binders}
    params = tuple(own[index] for index in first.place if index in own)
    if len(set(params)) != len(axes) or any(
        (p.low, p.high) != (axis.low, axis.high) for p, axis in zip(params, axes, strict=True)
    ):
        return None
    if any(not set(params).isdisjoint((*c.binders, *c.cotangent.free)) for c in others):
        return None
    return params


def contracted(contribution: Contribution, indices: tuple[Poly, ...]) -> Term:
    """Σ_binders cotangent · Π [place = index], the deltas used up where a binder solves them.

    A binder that is solved for must lie in its range: where that is not plain from the ranges of
    the indices, a bracket says so, and an index out of range contributes nothing.
    """
    term = contribution.cotangent
    equations = [place - index for place, index in zip(contribution.place, indices, strict=True)]
    # A binder that is the index itself is no longer summed over.
    remaining = [b for b in contribution.binders if as_poly(b) not in indices]
    brackets: list[Term] = []
    for position, _ in enumerate(equations):
        equation = equations[position]
        if equation == ZERO:
            continue
        solved = _solve(equation, remaining)
        if solved is None:
            brackets.append(delta(equation, ZERO))
            continue
        variable, value = solved
        values = {variable: value}
        term = substitute(term, values)
        equations = [e.substitute(values) for e in equations]
        brackets = [substitute(b, values) for b in brackets]
        assert variable.low is not None and variable.high is not None
        for gap in (value - variable.low, variable.high - value):
            if not is_nonnegative(gap):
                brackets.append(at_least(gap, ZERO))
        # A later binder's range may mention the one that is gone.
        renaming: dict[Var, Poly] = dict(values)
        rest = []
        for binder in remaining:
            if binder is variable:
                continue
            if _ends(binder).isdisjoint(renaming):
                rest.append(binder)
                continue
            new = renewed(binder, renaming)
            renaming[binder] = as_poly(new)
            rest.append(new)
        if len(renaming) > 1:
            term = substitute(term, renaming)
            equations = [e.substitute(renaming) for e in equations]
            brackets = [substitute(b, renaming) for b in brackets]
        remaining = rest
    body = mul(*brackets, term)
    for variable in reversed(remaining):
        body = total(variable, body)
    return body


def _solve(equation: Poly, binders: list[Var]) -> tuple[Var, Poly] | None:
    """A binder that occurs with factor ±1, and its value where the equation is 0."""
    for variable in binders:
        slope = equation.coefficient(variable)
        if slope is None or slope.constant not in (1, -1) or variable.low is None:
            continue
        rest = equation - as_poly(variable) * slope
        later = {b for b in binders if b.key > variable.key}
        # Its value may not need a binder whose range needs it in turn.
        if _ends(variable).isdisjoint(later) and rest.variables.isdisjoint(
            _ranging_with(variable, binders)
        ):
            return variable, -rest * slope
    return None


def _ends(variable: Var) -> set[Var]:
    """The variables that the ends of a range mention."""
    return {v for e in (variable.low, variable.high) if e is not None for v in e.variables}


def _ranging_with(variable: Var, binders: list[Var]) -> set[Var]:
    """The binders whose ranges depend on a variable, directly or through one another."""
    found = {variable}
    for binder in binders:  # ranges mention only what is bound outside of them
        if not _ends(binder).isdisjoint(found):
            found.add(binder)
    return found - {variable}
