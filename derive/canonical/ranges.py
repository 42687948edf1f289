"""Brackets and deltas in sums: used up by the range, made its end, or written the one way."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

from derive.base.errors import UnsupportedError
from derive.canonical.atoms import (
    Atom,
    Exponent,
    IndexBracketAtom,
    Monomial,
    Polynomial,
    UndefinedValue,
)
from derive.canonical.axes import axes_used, axis_of, has_unit_slope
from derive.canonical.guards import may_lack_value
from derive.canonical.index_names import canonical_sum
from derive.canonical.laws import law
from derive.canonical.verbs import Verbs
from derive.core.integers import FRESH, ONE, SIZE, ZERO, Poly, Var, as_poly, is_nonnegative

UNROLLED = 4  # a range of at most so many values is written out


@law("fixed range")
def over_fixed_range(
    n: Verbs, variables: list[Var], monomial: Monomial, variable: Var
) -> Polynomial:
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
    inside = n.index_bracket(">=", variable.high - as_poly(new))
    body = n.substitute({monomial: 1}, {variable: as_poly(new)})
    others = [v for v in variables if v is not variable]
    return n.sum_all([*others, new], n.multiply(inside, body))


def bracket_used(
    n: Verbs, variables: list[Var], monomial: Monomial, atom: IndexBracketAtom
) -> Polynomial | None:
    relation, poly = atom.relation, atom.poly
    rest = n.monomial({a: e for a, e in monomial if a is not atom})
    for variable in reversed(variables):
        slope = poly.coefficient(variable)
        if slope is None or slope.constant not in (1, -1):
            continue
        value = (as_poly(variable) * slope - poly) * slope
        if relation == "=":
            return at_solution(n, variables, variable, value, {rest: 1})
        between = sum_between(n, variables, variable, value, slope, rest)
        if between is not None:
            return between
        if not any(variable in a.free for a, _ in rest):
            counted = sum_of_bracket(n, variables, variable, value, slope, {rest: 1})
            if counted is not None:
                return counted
        if not value.variables.isdisjoint(variables) or axis_of(n, variable, rest) is not None:
            continue
        tightened = shortened(n, variables, variable, value, slope, {rest: 1})
        if tightened is not None:
            return tightened
    return None


@law("sum of a bracket")
def sum_of_bracket(
    n: Verbs, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Polynomial
) -> Polynomial | None:
    """Σ_k [k ≥ b] over 0 … high is high − b + 1, and Σ_k [k ≤ b] is b + 1.

    Where 0 ≤ b ≤ high + 1 in the first, and −1 ≤ b ≤ high in the second; and where the range may
    be empty, beside what has a value there.
    """
    assert variable.high is not None
    if not (is_nonnegative(bound + 1) and is_nonnegative(variable.high + 1 - bound)):
        return None
    length = variable.high - bound + 1 if slope == ONE else bound + 1
    over = variable.high - bound if slope != ONE else bound
    if not is_nonnegative(over):
        return None
    if not is_nonnegative(length - 1) and may_lack_value(n, length, rest):
        return None
    others = [v for v in variables if v is not variable]
    product = n.multiply(n.of_integer(length), rest)
    return n.sum_all(others, product) if others else product


@law("sum between two brackets")
def sum_between(
    n: Verbs, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Monomial
) -> Polynomial | None:
    """Σ_k [a ≤ k]·[k ≤ b] is b − a + 1

    Where a and b lie in the range of k, a ≤ b + 1, and what stands beside has a value where
    a = b + 1.
    """
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
    outside = n.settled({a: e for a, e in rest if a is not bracket}, 1)
    if not is_nonnegative(length - 1) and may_lack_value(n, length, outside):
        return None
    product = n.multiply(n.of_integer(length), outside)
    return n.sum_all(others, product) if others else product


@law("sum over a delta")
def at_solution(
    n: Verbs, variables: list[Var], variable: Var, value: Poly, rest: Polynomial
) -> Polynomial:
    """Σ_k [k = e] f(k) = [0 ≤ e ≤ high] f(e)

    Where k has the factor 1 or −1 in the equation, for an e without k.
    """
    assert variable.high is not None
    inside = n.multiply(n.index_bracket(">=", value), n.index_bracket(">=", variable.high - value))
    product = n.multiply(inside, n.substitute(rest, {variable: value}))
    others = [v for v in variables if v is not variable]
    return n.sum_all(others, product) if others else product


@law("tightened range")
def shortened(
    n: Verbs, variables: list[Var], variable: Var, bound: Poly, slope: Poly, rest: Polynomial
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
    return n.sum_all([*others, new], n.substitute(rest, {variable: value}))


@law("cut range")
def cut_range(n: Verbs, variables: list[Var], factors: list[tuple[Atom, Exponent]]) -> Polynomial:
    """[p ≥ 0] = 1 − [−p − 1 ≥ 0] under a sum, and a few values at an end written out.

    For an integer p, beside what has a value where p < 0.
    """
    brackets = [a for a, _ in factors if isinstance(a, IndexBracketAtom) and a.relation == ">="]
    narrow = few_values(n, variables, brackets, factors)
    if narrow is not None:
        return narrow
    for atom in brackets:
        poly = atom.poly
        others = n.monomial({a: e for a, e in factors if a is not atom})
        if is_implied(n, poly, [a.poly for a in brackets if a is not atom]):
            return n.sum_all(variables, n.settled(dict(others), 1))
        half = half_of_square(n, variables, poly, others)
        if half is not None:
            return half
        leader = leading_index(n, poly, variables, others)
        if leader is None:
            continue
        if poly.coefficient(leader) == -ONE:
            if may_lack_value(n, poly, {others: 1}):
                continue
            # [p ≥ 0] = 1 − [−p − 1 ≥ 0]
            opposite = n.index_bracket(">=", -poly - 1)
            product = n.subtract(
                n.settled(dict(others), 1),
                n.multiply(opposite, n.settled(dict(others), 1)),
            )
            return n.sum_all(variables, product)
        bound = as_poly(leader) - poly
        if any(v.kind != SIZE for v in bound.variables):
            kept = may_lack_value(n, poly, {others: 1})
            cleared = None if kept else without_offset(n, variables, poly, others)
            if cleared is not None:
                return cleared
        if not bound.variables.isdisjoint(variables):
            continue
        assert leader.high is not None
        start, end = bound.constant, (leader.high - bound).constant
        rest = [v for v in variables if v is not leader]
        if start is not None and 0 < start <= UNROLLED:
            parts = _written_out(n, leader, [as_poly(k) for k in range(int(start))], others)
            if parts is None:
                continue
            whole = n.sum_all(variables, n.settled(dict(others), 1))
            return n.subtract(whole, n.sum_all(rest, parts) if rest else parts)
        if end is not None and end < UNROLLED:
            parts = _written_out(n, leader, [bound + k for k in range(int(end) + 1)], others)
            if parts is None:
                continue
            return n.sum_all(rest, parts) if rest else parts
    return canonical_sum(n, variables, factors)


def _written_out(n: Verbs, leader: Var, values: list[Poly], others: Monomial) -> Polynomial | None:
    """The sum of a product at a few values of an index; None where it has no value at one."""
    try:
        return n.at_values(n.settled(dict(others), 1), leader, values)
    except UndefinedValue:
        return None


@law("few values")
def few_values(
    n: Verbs,
    variables: list[Var],
    brackets: list[IndexBracketAtom],
    factors: list[tuple[Atom, Exponent]],
) -> Polynomial | None:
    """[p ≥ 0]·[p ≤ c] = [p = 0] + … + [p = c] for a small number c; 0 for c < 0.

    Where p and c are integers.
    """
    for one, two in combinations(brackets, 2):
        width = (one.poly + two.poly).constant
        if width is None or width >= UNROLLED or width != int(width):
            continue
        places = (one.poly - k for k in range(int(width) + 1))
        lines = n.add({}, *(n.index_bracket("=", place) for place in places))
        rest = n.settled({a: e for a, e in factors if a not in (one, two)}, 1)
        return n.sum_all(variables, n.multiply(lines, rest))
    return None


@law("offset of a bracket")
def without_offset(n: Verbs, variables: list[Var], poly: Poly, rest: Monomial) -> Polynomial | None:
    """[k ≥ l + c] = [k ≥ l] − [k = l] − … − [k = l + c − 1] for a small number c.

    Where c ≥ 0.
    """
    offset = int(poly.terms.get((), 0))
    if not 0 < abs(offset) <= UNROLLED or len(poly.terms) < 3:
        return None
    n.offsets_seen = True
    if not n.clears_offsets:
        return None
    plain = poly - offset
    inside = n.index_bracket(">=", plain)
    for step in range(abs(offset)):
        # offset < 0: the bracket is the smaller; offset > 0: the larger
        line = n.index_bracket("=", plain - step if offset < 0 else plain + step + 1)
        inside = n.add(inside, n.scale(line, -1 if offset < 0 else 1))
    return n.sum_all(variables, n.multiply(inside, n.settled(dict(rest), 1)))


@law("half of a square")
def half_of_square(n: Verbs, variables: list[Var], poly: Poly, rest: Monomial) -> Polynomial | None:
    """Σ_k Σ_l [k ≥ l] f = (Σ_k Σ_l f + Σ_k f(k, k))/2 for an f that is symmetric in k and l.

    Where k and l have one range.
    """
    for k, l in permutations(variables, 2):
        gap = (poly - as_poly(k) + as_poly(l)).constant
        if gap not in (0, -1) or k.high != l.high:
            continue
        swap = {k: as_poly(l), l: as_poly(k)}
        if n.substitute({rest: 1}, swap) != {rest: 1}:
            continue
        square = n.sum_all(variables, n.settled(dict(rest), 1))
        others = [v for v in variables if v is not l]
        diagonal = n.sum_all(others, n.substitute({rest: 1}, {l: as_poly(k)}))
        if gap == -1:  # k > l
            diagonal = n.scale(diagonal, -1)
        return n.scale(n.add(square, diagonal), Fraction(1, 2))
    return None


def is_implied(n: Verbs, poly: Poly, others: list[Poly]) -> bool:
    """Whether [poly ≥ 0] follows from another bracket that is as strong."""
    return any(is_nonnegative(poly - other) for other in others if other != poly)


def leading_index(n: Verbs, poly: Poly, variables: list[Var], factors: Monomial) -> Var | None:
    """The index that gives a bracket its direction: that of the first axis in it."""
    for _, _, index in axes_used(factors):
        variable = next(iter(index.variables), None)
        if (
            variable in variables
            and variable is not None
            and index == as_poly(variable)
            and has_unit_slope(poly, variable)
        ):
            return variable
    return None
