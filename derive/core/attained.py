"""Where a maximum is attained: [a_k = max_k a_k], and how often."""

from __future__ import annotations

from typing import Any

from derive.core.integers import Poly, Var, as_poly
from derive.core.terms import (
    Add,
    Binder,
    Maximum,
    Mul,
    RealBracket,
    Term,
    add,
    mul,
    neg,
    num,
    renewed,
    substitute,
    total,
)


def largest_of(term: Term) -> tuple[Term, tuple[Var, ...]]:
    """What a maximum is taken of, and all its indices: a maximum of maxima is one over those of
    both.
    """
    over: tuple[Var, ...] = ()
    while isinstance(term, Maximum):
        new = renewed(term.variable, {})
        term = substitute(term.args[0], {term.variable: as_poly(new)})
        over = (*over, new)
    return term, over


def is_largest(body: Term, maximum: Term) -> Term:
    """[a = max]"""
    return RealBracket((add(body, neg(maximum)),), ("=",))


def times_attained(maximum: Term) -> Term:
    """Σ_k [a_k = max_k a_k]: how often a maximum is attained."""
    body, over = largest_of(maximum)
    result = is_largest(body, maximum)
    for variable in reversed(over):
        result = total(variable, result)
    return result


def maxima_in(difference: Term) -> list[tuple[Term, Term]]:
    """The maxima that a difference has as terms, each with what it is compared with."""
    terms = difference.args if isinstance(difference, Add) else (difference,)
    found: list[tuple[Term, Term]] = []
    for k, term in enumerate(terms):
        others = (*terms[:k], *terms[k + 1 :])
        if isinstance(term, Maximum):
            found.append((term, add(*map(_opposite, others))))
        elif isinstance(maximum := _opposite(term), Maximum):
            found.append((maximum, add(*others)))
    return found


def _opposite(term: Term) -> Term:
    if isinstance(term, Mul) and term.args[0] == num(-1):
        return mul(*term.args[1:])
    return neg(term)


def is_one_of(value: Term, maximum: Term) -> bool:
    """Whether a value is seen to be one of those that a maximum is taken of."""
    body, over = largest_of(maximum)
    return _fits(body, value, {}, frozenset(over))


def _fits(pattern: Term, term: Term, values: dict[Var, Poly], over: frozenset[Var]) -> bool:
    """Whether a term is the pattern at some values of its indices, which are found on the way."""
    if type(pattern) is not type(term) or len(pattern.args) != len(term.args):
        return False
    if isinstance(pattern, Binder):
        ours, theirs = pattern.variable, term.data[0]
        ends = ((ours.low, theirs.low), (ours.high, theirs.high))
        if not all(_data_fits(a, b, values, over) for a, b in ends):
            return False
        values[ours] = as_poly(theirs)
    elif not _data_fits(pattern.data, term.data, values, over):
        return False
    return all(_fits(p, t, values, over) for p, t in zip(pattern.args, term.args, strict=True))


def _data_fits(pattern: Any, data: Any, values: dict[Var, Poly], over: frozenset[Var]) -> bool:
    if isinstance(pattern, Poly) and isinstance(data, Poly):
        for variable in over - values.keys():
            if pattern == as_poly(variable):
                values[variable] = data
        return pattern.substitute(values) == data
    if isinstance(pattern, tuple) and isinstance(data, tuple) and len(pattern) == len(data):
        return all(_data_fits(p, d, values, over) for p, d in zip(pattern, data, strict=True))
    return bool(pattern == data)
