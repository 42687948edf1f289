"""Entries that are masked by −∞ before a softmax.

−∞ is no value of an array; it is kept in cases until an exponential makes it 0, or a maximum leaves
it out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sympy as sp

from derive.frontends.code.arrays import MASKED_MAXIMUM, choice
from derive.frontends.code.trace import Refused
from derive.language.conditions import Cases


def is_masked(body: Any) -> bool:
    """Whether an entry is −∞ in some case."""
    return isinstance(body, sp.Basic) and body.has(sp.oo, -sp.oo)


def in_cases(function: Callable[[Any], Any], body: Any) -> Any:
    """A function of an entry, in each of its cases by itself where it is masked."""
    if not is_masked(body):
        return function(body)
    if isinstance(body, (Cases, sp.Piecewise)):
        *branches, last = body.args
        found = in_cases(function, last[0])
        for value, condition in reversed(branches):
            here = in_cases(function, value)
            if here == 0:  # what is masked is 0, what is not is in one case
                found = choice(sp.Not(condition), found, sp.Integer(0))
            else:
                found = choice(condition, here, found)
        return found
    if isinstance(body, (sp.Add, sp.Mul)):
        for part in body.args:
            if isinstance(part, (Cases, sp.Piecewise)) and is_masked(part):
                others = [other for other in body.args if other is not part]
                return in_cases(partial(_beside, function, body.func, others), part)
        return function(_limit(body))
    return function(body)


def _beside(function: Callable[[Any], Any], join: Any, others: list[Any], value: Any) -> Any:
    return in_cases(function, join(value, *others))


def _limit(body: Any) -> Any:
    """−∞ beside a number or an entry is −∞."""
    infinite = [part for part in body.args if part is sp.S.NegativeInfinity]
    rest = body.func(*(part for part in body.args if part is not sp.S.NegativeInfinity))
    grows = isinstance(body, sp.Add) or bool(rest.is_number and rest.is_positive)
    if len(infinite) == 1 and grows and not is_masked(rest):
        return sp.S.NegativeInfinity
    return body


@MASKED_MAXIMUM.fill
def _masked_maximum(body: Any, largest: Callable[[Any], Any]) -> Any:
    """The largest of entries of which some are masked: for a masked one stands the smallest of all,
    which no other is below. One at least is taken not to be masked.
    """
    found = in_cases(lambda value: value, body)
    if not isinstance(found, Cases):
        raise Refused("the largest of entries that are −∞")
    finite = [part for part in found.args if not is_masked(part[0])]
    if not finite or any(is_masked(p[0]) and p[0] != -sp.oo for p in found.args):
        raise Refused("the largest of entries that are −∞")
    value = finite[-1][0]
    for other, condition in reversed(finite[:-1]):
        value = choice(condition, other, value)
    least = -largest(-value)
    whole = found.args[-1][0]
    result = least if is_masked(whole) else whole
    for other, condition in reversed(found.args[:-1]):
        result = choice(condition, least if is_masked(other) else other, result)
    return largest(result)
