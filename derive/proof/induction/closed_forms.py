"""The closed form of a linear recurrence, as a lemma."""

from __future__ import annotations

from typing import Any

from derive.canonical.atoms import Atom, Polynomial, RefAtom, atoms_in
from derive.canonical.forms import Normaliser
from derive.canonical.readback import Reader
from derive.canonical.recursion import Reference
from derive.core.integers import FREE, Poly, Var, as_poly
from derive.core.terms import (
    Int,
    Pow,
    Product,
    Shared,
    Term,
    add,
    fresh,
    mul,
    num,
    ref,
    substitute,
    total,
)
from derive.proof.induction.lemmas import Lemma


def closed_form(n: Normaliser, shared: Shared) -> Lemma | None:
    """A_t = a_t A_{t−1} + b_t gives A_t = Π_j a_j A_0 + Σ_k Π_{j>k} a_j b_k; and the other way
    round where A runs backward. None unless every step is linear in one entry of A.
    """
    unfolding = shared.unfoldings[0]
    axis, direction, last = unfolding.axis, unfolding.direction, unfolding.last
    moving = shared.params[axis]
    if len(shared.unfoldings) > 1 or last is None or moving in unfolding.origin.variables:
        return None
    others = {p: Var(p.name, FREE, p.low, p.high) for p in shared.params if p is not moving}
    placed = {p: as_poly(v) for p, v in others.items()}
    origin, last = unfolding.origin.substitute(placed), last.substitute(placed)
    low, high = (origin, last) if direction > 0 else (last, origin)

    def places(time: Poly) -> tuple[Poly, ...]:
        return tuple(placed.get(p, time) for p in shared.params)

    n.recursion.reference = Reference(None, None)
    at = Var("t", FREE, low + (direction > 0), high - (direction < 0))
    step = n.of(shared.unfolded(unfolding, places(as_poly(at))))
    before = n.of(ref(shared, *places(as_poly(at) - direction)))
    parts = _linear_in(n, step, before)
    if parts is None:
        return None
    reader = Reader(n)
    factor, summand = (reader.term(part) for part in parts)
    g = _quotient_of(n, parts[0], at) if direction > 0 else None
    start = reader.term(n.of(shared.unfolded(unfolding, places(origin))))
    time = Var("t", FREE, low, high)
    k = (
        fresh("k", origin + 1, as_poly(time))
        if direction > 0
        else fresh("k", as_poly(time), origin - 1)
    )

    def between(first: Poly, end: Poly) -> Term:
        """The product of the factors of all steps from one to another; of g(j − 1)/g(j), it
        is what stands at both ends: so of a running mean, or an online softmax.
        """
        if factor == num(1):
            return factor
        if g is not None:
            below = n.power(n.substitute(g, {at: end}), -1)
            return reader.term(n.multiply(n.substitute(g, {at: first - 1}), below))
        if at not in factor.free:
            return Pow((factor, Int((), (end - first + 1,))))
        j = fresh("j", first, end)
        return Product((substitute(factor, {at: as_poly(j)}),), (j,))

    ends = (origin + 1, as_poly(time)) if direction > 0 else (as_poly(time), origin - 1)
    rest = (as_poly(k) + 1, ends[1]) if direction > 0 else (ends[0], as_poly(k) - 1)
    own = substitute(summand, {at: as_poly(k)})
    value = mul(between(*ends), start)
    if summand != num(0):
        value = add(value, total(k, mul(between(*rest), own)))
    return Lemma(shared, places(as_poly(time)), value, axis, direction, time,
                 frozenset(others.values()))  # fmt: skip


def _linear_in(
    n: Normaliser, poly: Polynomial, entry: Polynomial
) -> tuple[Polynomial, Polynomial] | None:
    """A polynomial as a·x + b for an entry x of an array that stands in neither a nor b."""
    if len(entry) != 1 or len(next(iter(entry))) != 1:
        return None
    (((atom, _),),) = entry
    factor: Polynomial = {}
    rest: Polynomial = {}
    for monomial, coefficient in poly.items():
        if (atom, 1) in monomial:
            factor[n.monomial({a: e for a, e in monomial if a is not atom})] = coefficient
        else:
            rest[monomial] = coefficient
    left = {a for part in (factor, rest) for m in part for b, _ in m for a in atoms_in(b)}
    name = atom.name if isinstance(atom, RefAtom) else None
    if any(isinstance(a, RefAtom) and a.name == name for a in left):
        return None
    return factor, rest


def _quotient_of(n: Normaliser, factor: Polynomial, time: Var) -> Polynomial | None:
    """The g with factor = g(t − 1)/g(t), where what is below the factor is 1."""
    below: dict[Atom, Any] = {}
    for monomial in factor:
        for atom, exponent in monomial:
            if time in atom.free and exponent < 0:
                below[atom] = max(-exponent, below.get(atom, 0))
    g: Polynomial = {n.monomial(below): 1}
    if not below or n.multiply(factor, g) != n.substitute(g, {time: as_poly(time) - 1}):
        return None
    return g
