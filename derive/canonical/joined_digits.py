"""Sums over two digits of one number, as sums over all numbers: blocks along an axis.

Σ_i Σ_k f(s·i + k), for k from 0 to s − 1 and i from 0 to h, is Σ_u f(u) for u from 0 to
s·(h + 1) − 1, in whatever order the sums stand among others. The law asks that both digits occur
in that number only, that the range of neither depends on the index of another sum there, that both
start at 0, and that s or h + 1 is not negative: two empty ranges have a product above 0 else.

What was read at ⌊a/s⌋ and a mod s is a sum over digits with an equation for a, which hides the
numbers: Σ_a [a = e]·f(a) is f(e) first, where e is seen to lie in the range of a.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from derive.core.graph import parts_of
from derive.core.integers import FRESH, ONE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Entry,
    IndexBracket,
    Mul,
    Ref,
    Sum,
    Term,
    mul,
    substitute,
    total,
)


def joined(term: Sum) -> Sum:
    """A nest of sums with every pair of digits of one number summed over as that number."""
    variables, body = _solved(*_nest(term))
    changed = False
    while len(variables) > 1:
        found = next(_numbers(variables, body), None)
        if found is None:
            break
        low, high, number, body = found
        variables = [number, *(v for v in variables if v not in (low, high))]
        changed = True
    if not changed:
        return term
    for variable in reversed(variables):
        body = total(variable, body)
    assert isinstance(body, Sum)
    return body


def _nest(term: Sum) -> tuple[list[Var], Term]:
    """The indices of sums that stand directly in one another, and what they sum: Σ_i [i = e]·Σ_j f
    is Σ_i Σ_j [i = e]·f.
    """
    variables: list[Var] = []
    body: Term = term
    while True:
        if isinstance(body, Sum):
            variables.append(body.variable)
            body = body.args[0]
            continue
        sums = [f for f in body.args if isinstance(f, Sum)] if isinstance(body, Mul) else []
        rest = [f for f in body.args if f not in sums]
        if len(sums) != 1 or not all(_is_equation(f) for f in rest):
            return variables, body
        (inner,) = sums
        if any(inner.variable in f.free for f in rest):
            return variables, body
        variables.append(inner.variable)
        body = mul(*rest, inner.args[0])


def _is_equation(term: Term) -> bool:
    return isinstance(term, IndexBracket) and term.data[0] == "="


def _ends(variables: list[Var]) -> frozenset[Var]:
    """What the ends of the ranges of these indices depend on."""
    return frozenset(v for end in variables for p in (end.low, end.high) if p for v in p.variables)


def _solved(variables: list[Var], body: Term) -> tuple[list[Var], Term]:
    """The nest without the indices that an equation fixes within their range."""
    while True:
        found = next(_fixed(variables, body), None)
        if found is None:
            return variables, body
        variable, value, body = found
        variables = [v for v in variables if v != variable]
        body = substitute(body, {variable: value})


def _fixed(variables: list[Var], body: Term) -> Iterator[tuple[Var, Poly, Term]]:
    """An index that an equation fixes, its value, and what else is summed."""
    equations = [f for f in body.args if _is_equation(f)] if isinstance(body, Mul) else []
    ends = _ends(variables) if equations else frozenset()
    for equation in equations:
        zero = equation.data[1]
        for variable in (v for v in variables if v not in ends):
            slope = zero.coefficient(variable)
            if slope not in (ONE, -ONE) or variable.low is None or variable.high is None:
                continue
            value = as_poly(variable) - slope * zero
            if is_nonnegative(value - variable.low) and is_nonnegative(variable.high - value):
                yield variable, value, mul(*(f for f in body.args if f is not equation))


def _numbers(variables: list[Var], body: Term) -> Iterator[tuple[Var, Var, Var, Term]]:
    """Two digits, the number that they make, and what is summed over, in it."""
    ends = _ends(variables)
    free = [v for v in variables if v.low == ZERO and v not in ends]
    free = [v for v in free if v.high is not None and v.high.variables.isdisjoint(variables)]
    indices = [p for p in _indices(body) if p.variables & set(free)] if len(free) > 1 else []
    for low, high in permutations(free, 2):
        assert low.high is not None and high.high is not None
        step = low.high + 1
        if step.constant is not None:
            continue  # few values are written out
        if not (is_nonnegative(step) or is_nonnegative(high.high + 1)):
            continue
        if not any(p.coefficient(high) == step and p.coefficient(low) == ONE for p in indices):
            continue
        number = Var("u", FRESH, ZERO, step * (high.high + 1) - 1)
        as_one = substitute(body, {high: ZERO, low: as_poly(number)})
        if substitute(as_one, {number: as_poly(high) * step + as_poly(low)}) is body:
            yield low, high, number, as_one


def _indices(body: Term) -> Iterator[Poly]:
    """The indices at which arrays are read, computed ones too."""
    for part in parts_of(body):
        if isinstance(part, (Entry, Ref)):
            yield from part.data[1]
