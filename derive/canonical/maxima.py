"""Maxima over ranges: what does not depend on the index taken out, functions that grow let in."""

from __future__ import annotations

from functools import reduce

from derive.canonical.atoms import ExpAtom, MaximumAtom, Polynomial, RealBracketAtom
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, Var, as_poly, is_nonnegative

COMPARED = 3  # values, up to which a maximum over a range is one of a few


@law("maximum")
def maximum_over(n: Verbs, variable: Var, body: Polynomial) -> Polynomial:
    """max over the range of a variable, its last values apart that an induction is about.

    Where the range is not empty.
    """
    low, high = variable.low, variable.high
    assert low is not None and high is not None
    length = (high - low).constant
    if length is not None and 0 <= length < COMPARED:
        values = (n.substitute(body, {variable: low + k}) for k in range(int(length) + 1))
        return reduce(lambda a, b: n.function("Max", [a, b]), values)
    steps = n.recursion.steps_past(high - low) - 1  # something is left, unlike of a sum
    if steps <= 0 or not is_nonnegative(high - low - steps):
        return _taken_out(n, variable, body)
    shorter = Var(variable.name, FRESH, low, high - steps)
    largest = n.maximum_over(shorter, n.substitute(body, {variable: as_poly(shorter)}))
    for k in reversed(range(steps)):
        largest = n.function("Max", [largest, n.substitute(body, {variable: high - k})])
    return largest


def _taken_out(n: Verbs, variable: Var, body: Polynomial) -> Polynomial:
    """max_k (c + s·f) = c + s·max_k f, where c and s ≥ 0 do not depend on k."""
    fixed = {m: c for m, c in body.items() if all(variable not in a.free for a, _ in m)}
    varying = {m: c for m, c in body.items() if m not in fixed}
    if not varying:
        return body
    factor, common = n.content(varying)
    outside = {
        a: e
        for a, e in common.items()
        if variable not in a.free and n.monomial_sign(((a, e),)) in ("+", "0+")
    }
    inside = n.divided(varying, factor, outside)
    largest = _largest_argument(n, variable, inside)
    if largest is None:
        largest = n.bind(MaximumAtom, variable, inside)
    scale = n.settled(outside, factor)
    return n.add(fixed, n.multiply(scale, largest))


def _largest_argument(n: Verbs, variable: Var, body: Polynomial) -> Polynomial | None:
    """max_k f(a_k) = f(max_k a_k) for an f that grows; max_k max(a_k, b_k) as a maximum of
    maxima.
    """
    bracket = next((a for m in body for a, _ in m if isinstance(a, RealBracketAtom)), None)
    if bracket is not None:
        above, below = n.sides_of(body, bracket)
        difference = n.subtract(above, below)
        if bracket.relation != ">" or n.primitive(difference) != (bracket.key, 1):
            return None
        first, second = (n.maximum_over(variable, side) for side in (above, below))
        gap = n.subtract(first, second)
        return n.add(second, n.multiply(gap, n.real_bracket(">", gap)))
    if len(body) != 1:
        return None
    ((monomial, coefficient),) = body.items()
    if all(isinstance(a, ExpAtom) for a, _ in monomial):
        argument = n.log({monomial: 1})
        largest = n.maximum_over(variable, n.scale(argument, coefficient))
        return n.scale(n.exp(n.scale(largest, coefficient)), coefficient)
    return None
