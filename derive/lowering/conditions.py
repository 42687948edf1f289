"""Piecewise and conditions in brackets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from derive.base.errors import UnsupportedError
from derive.core.integers import ZERO, Poly, is_nonnegative
from derive.core.terms import (
    IndexBracket,
    RealBracket,
    Term,
    add,
    delta,
    mul,
    neg,
    num,
)
from derive.core.whole import cleared
from derive.language.conditions import Cases
from derive.lowering.lower import (
    SCALARS,
    Lowering,
    Scope,
)
from derive.lowering.scalars import taken_apart


@SCALARS.on(sp.KroneckerDelta)
def _kronecker_delta(low: Lowering, expr: Any, scope: Scope) -> Term:
    """[i = j]"""
    apart = taken_apart(low, expr, scope)
    if apart is not None:
        return apart
    left, right = (low.polynomial(a, scope) for a in expr.args[:2])
    return delta(cleared(left - right), ZERO)


@SCALARS.on(sp.Piecewise, Cases)
def _piecewise(low: Lowering, expr: Any, scope: Scope) -> Term:
    """Σ of each value times its condition and the failure of those before it"""
    terms: list[Term] = []
    before: list[Term] = []
    known = len(low.guards)
    for value, test in expr.args:
        if test == sp.false:
            continue  # what is in no case may read anything
        if test == sp.true:
            terms.append(mul(*before, low.scalar(value, scope)))
            break
        bracket = condition_term(low, test, scope)
        failed = len(low.guards)
        low.guards.extend(_guards(low, test, scope))
        terms.append(mul(*before, bracket, low.scalar(value, scope)))
        del low.guards[failed:]
        low.guards.extend(_guards(low, sp.Not(test), scope))
        before.append(_not(bracket))
    del low.guards[known:]
    return add(*terms)


def _guards(low: Lowering, test: Any, scope: Scope) -> Iterator[Poly]:
    """What is nonnegative, of integers, where a condition holds."""
    if isinstance(test, sp.Not):  # it holds where none of the alternatives does
        (inner,) = test.args
        parts = [sp.Not(a) for a in inner.args] if isinstance(inner, sp.Or) else []
    else:
        parts = list(test.args) if isinstance(test, sp.And) else []
    for part in parts:
        yield from _guards(low, part, scope)
    if isinstance(test, Relational) and all(low.is_integer(a, scope) for a in test.args):
        if _is_of_digits(test):
            return
        if isinstance(test, sp.Ne):  # a ≠ b of a ≥ b is a ≥ b + 1
            gap = low.integer(test.lhs, scope) - low.integer(test.rhs, scope)
            yield from (g - 1 for g in (gap, -gap) if is_nonnegative(g, low.guards))
            return
        bracket = _integer_relation(low, test, scope)
        if isinstance(bracket, IndexBracket):
            relation, poly = bracket.data
            yield poly
            if relation == "=":
                yield -poly


def _not(bracket: Term) -> Term:
    return add(num(1), neg(bracket))


def condition_term(low: Lowering, test: Any, scope: Scope) -> Term:
    """A condition as a term that is 1 where it is true and 0 where it is not."""
    if isinstance(test, BooleanTrue):
        return num(1)
    if isinstance(test, BooleanFalse):
        return num(0)
    if isinstance(test, sp.And):
        return mul(*(condition_term(low, a, scope) for a in test.args))
    if isinstance(test, sp.Or):
        return _not(mul(*(_not(condition_term(low, a, scope)) for a in test.args)))
    if isinstance(test, sp.Not):
        return _not(condition_term(low, test.args[0], scope))
    if not isinstance(test, Relational):
        raise UnsupportedError(f"{type(test).__name__} is no supported condition (in {test})")
    if low.is_integer(test.lhs, scope) and low.is_integer(test.rhs, scope):
        if _is_of_digits(test):
            same = low.scalar(sp.KroneckerDelta(*test.args), scope)
            return same if isinstance(test, sp.Eq) else _not(same)
        return _integer_relation(low, test, scope)
    left, right = low.scalar(test.lhs, scope), low.scalar(test.rhs, scope)
    return _real_relation(test, add(left, neg(right)), add(right, neg(left)))


def _is_of_digits(test: Any) -> bool:
    """Whether an equation is one of remainders or quotients, which a delta is of as well."""
    return isinstance(test, (sp.Eq, sp.Ne)) and bool(test.atoms(sp.Mod, sp.floor))


def _integer_relation(low: Lowering, test: Any, scope: Scope) -> Term:
    """A comparison of polynomials in integers, over their common denominator: k > n/2 where
    2·k − n ≥ 1
    """
    left, right = low.polynomial(test.lhs, scope), low.polynomial(test.rhs, scope)
    if isinstance(test, (sp.Lt, sp.Le)):
        left, right = right, left
    gap = cleared(left - right)
    if isinstance(test, sp.Eq):
        return delta(gap, ZERO)
    if isinstance(test, sp.Ne):
        return _not(delta(gap, ZERO))
    strict = isinstance(test, (sp.Lt, sp.Gt))
    return IndexBracket((), (">=", gap - 1 if strict else gap))


def _real_relation(test: Any, difference: Term, opposite: Term) -> Term:
    if isinstance(test, sp.Gt):
        return RealBracket((difference,), (">",))
    if isinstance(test, sp.Lt):
        return RealBracket((opposite,), (">",))
    if isinstance(test, sp.Ge):
        return _not(RealBracket((opposite,), (">",)))
    if isinstance(test, sp.Le):
        return _not(RealBracket((difference,), (">",)))
    if isinstance(test, sp.Eq):
        return RealBracket((difference,), ("=",))
    return _not(RealBracket((difference,), ("=",)))
