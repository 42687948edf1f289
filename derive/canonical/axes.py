"""Sums with each index along an axis of an array: one range for every index, wherever it starts."""

from __future__ import annotations

from typing import Any

from derive.canonical.atoms import Atom, Exponent, Monomial, Polynomial, UndefinedValue
from derive.canonical.laws import law
from derive.canonical.powers import bracket_by_range
from derive.canonical.verbs import Verbs
from derive.core.integers import BOUND, FRESH, SIZE, ZERO, Poly, Var, as_poly


def axis_of(n: Verbs, variable: Var, monomial: Monomial) -> Poly | None:
    """The size of the axis that a variable runs along, if it runs along one."""
    for array, axis, index in axes_used(monomial):
        slope = index.coefficient(variable)
        if slope is not None and slope.constant in (1, -1):
            return array.axes[axis]
    return None


@law("index along an axis")
def on_axes(
    n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]
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
    for array, axis, index in axes_used(tuple(factors)):
        if not old:
            break
        form = index.substitute(values)
        pivots = [v for v in old if has_unit_slope(form, v)]
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
    gaps = [gap for v, value in values.items() for gap in (value, _end(v) - value)]
    body = n.substitute(n.settled(dict(factors), 1), values)
    inside = [n.index_bracket(">=", gap) for gap in gaps]
    try:
        product = n.multiply(*inside, body)
    except UndefinedValue:  # of what has no value at an end of the axis, which is outside
        product = n.multiply(*(bracket_by_range(n, ">=", gap) for gap in gaps), body)
    return n.sum_all([*old, *new], product)


def _end(variable: Var) -> Poly:
    assert variable.high is not None
    return variable.high


def has_unit_slope(poly: Poly, variable: Var) -> bool:
    slope = poly.coefficient(variable)
    return slope is not None and slope.constant in (1, -1)


def axes_used(factors: Monomial) -> list[tuple[Any, int, Poly]]:
    """Which axes of given arrays some factors read and where, in the order of the arrays."""
    found: dict[tuple[Any, int, Poly], None] = {}
    for atom, _ in reversed(factors):
        for array, indices in atom.reads:
            for axis, index in enumerate(indices[: len(array.axes)]):
                found[(array, axis, index)] = None
    usable = [f for f in found if not any(v.kind == BOUND for v in f[2].variables)]
    return sorted(usable, key=lambda f: (f[0].serial, f[1], _offset(f[2])))


def _offset(index: Poly) -> tuple[Any, ...]:
    """An order of the indices along one axis that does not depend on names."""
    constant = index.terms.get((), 0)
    sizes = [(m, c) for m, c in index.key if m and all(v.kind == SIZE for v in m)]
    return (len(index.terms), constant, [(tuple(v.key for v in m), c) for m, c in sizes])
