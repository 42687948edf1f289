"""Whole numbers that an array holds, as indices: Z[i, t[i]] with 0 ≤ t[i] ≤ c − 1.

With Y[i, q] = [t[i] = q], which is one of 1 and for all others 0, what is read at a label is
f(t[i]) = Σ_q Y[i, q]·f(q), and Σ_q Y[i, q] = 1. The engine is given the claim in Y, of which it
knows this equation alone; numbers are tried in the claim as it stands. The law asks that t is
declared to hold integers, and that both of its bounds are given at every place.

A product, a power, a maximum or cases in which labels stand are one f each, so that Y² or
Y[i, q]·Y[i, r] never come up. There f has to have a value at all q and not at the label alone:
where a logarithm or a divisor has a label and is not seen to be of what is positive, only what is
read is written in Y, all over the claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.core.symbol import Str
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.claims.kinds import Claim
from derive.language.index_ranges import flat
from derive.language.operators import Softmax, fresh_index
from derive.language.sequences import At
from derive.lowering.reads import ELEMENTS


@dataclass(frozen=True)
class Labels:
    """An array of labels 0 … count − 1 by the facts given, its indicator Y and what Y obeys."""

    array: Any
    count: Any
    facts: tuple[Any, ...]
    indicator: Any
    equation: Any


def labels_of(claim: Claim) -> list[Labels]:
    """The arrays of a claim that hold labels, of which both bounds are given."""
    wrt = sp.sympify(getattr(claim, "wrt", 0))
    arrays = {
        a
        for expr in _said(claim)
        for a in expr.atoms(sp.IndexedBase)
        if a.label.is_integer and a.shape is not None and a not in claim.where and not wrt.has(a)
    }
    found = (_bounded(claim, array) for array in sorted(arrays, key=str))
    return [labels for labels in found if labels is not None]


def _said(claim: Claim) -> list[Any]:
    """The expressions of a claim and its definitions."""
    own = [getattr(claim, name) for name in claim.expression_fields]
    return [expr for expr in (*own, *claim.where.values()) if isinstance(expr, sp.Basic)]


def _bounded(claim: Claim, array: Any) -> Labels | None:
    facts = list(flat(getattr(claim, "given", ())))
    low, high, used = False, None, []
    places = None
    spoken = {s for expr in _said(claim) for s in expr.free_symbols}
    for fact in facts:
        if not fact.has(array):
            continue
        if not isinstance(fact, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            return None
        gap = 1 if isinstance(fact, (sp.Gt, sp.Lt)) else 0
        if _is_entry(fact.gts, array) and fact.lts.is_Integer and fact.lts + gap >= 0:
            low, entry = True, fact.gts
        elif _is_entry(fact.lts, array) and not fact.gts.has(sp.Indexed):
            if high is not None:
                return None
            high, entry = fact.gts - gap + 1, fact.lts
        else:
            return None
        if any(index in spoken for index in entry.indices):
            return None  # it is given at this place, and not at every one
        used.append(fact)
        places = entry.indices
    if not low or high is None or places is None or high.free_symbols & set(places):
        return None
    indicator = sp.IndexedBase(f"onehot({array})", shape=(*array.shape, high))
    k = fresh_index("q")
    equation = sp.Eq(sp.Sum(indicator[(*places, k)], (k, 0, high - 1)), 1, evaluate=False)
    return Labels(array, high, tuple(used), indicator, equation)


def _is_entry(expr: Any, array: Any) -> bool:
    """Whether an expression is an entry of an array at indices that are all free and differ."""
    return (
        isinstance(expr, sp.Indexed)
        and expr.base == array
        and all(isinstance(i, sp.Symbol) and not i.is_positive for i in expr.indices)
        and len(set(expr.indices)) == len(expr.indices)
    )


def in_indicators(claim: Claim, labels: list[Labels]) -> Claim:
    """The claim in the indicators of its labels; labels that are no indices stay as they are."""
    if not labels:
        return claim
    changed: dict[str, Any] = {}
    joint = not any(
        _is_partial(part) and any(part.has(one.array) for one in labels)
        for expr in _said(claim)
        for part in _parts(expr)
    )
    for field in fields(claim):
        if field.name in claim.expression_fields:
            changed[field.name] = _rewritten(getattr(claim, field.name), labels, joint)
    where = {s: _rewritten(value, labels, joint) for s, value in claim.where.items()}
    used = {fact for one in labels for fact in one.facts}
    given = [fact for fact in flat(getattr(claim, "given", ())) if fact not in used]
    changed["given"] = (*given, *(one.equation for one in labels))
    return replace(claim, where=where, **changed)


def _rewritten(expr: Any, labels: list[Labels], joint: bool) -> Any:
    """An expression in indicators, by what is a function of a label, or read by read."""
    if not isinstance(expr, sp.Basic) or not any(expr.has(one.array) for one in labels):
        return expr
    for one in labels:
        entry = _joint_read(expr, one.array) if joint else None
        if entry is not None:
            q = fresh_index("q")
            rest = _rewritten(expr.xreplace({entry: q}), labels, joint)
            return sp.Sum(one.indicator[(*entry.indices, q)] * rest, (q, 0, one.count - 1))
    indices = expr.args[:2] if isinstance(expr, sp.KroneckerDelta) else ()
    if isinstance(expr, ELEMENTS) and not isinstance(expr, At):
        indices = expr.indices
    for one in labels:
        for index in indices:
            if isinstance(index, sp.Indexed) and index.base == one.array:
                q = fresh_index("q")
                rest = _rewritten(expr.xreplace({index: q}), labels, joint)
                return sp.Sum(one.indicator[(*index.indices, q)] * rest, (q, 0, one.count - 1))
    if not expr.args:
        return expr
    args = [_rewritten(arg, labels, joint) for arg in expr.args]
    return expr if all(a is b for a, b in zip(args, expr.args, strict=True)) else expr.func(*args)


def _joint_read(expr: Any, array: Any) -> Any:
    """A label that all of an expression is a function of: in a product more than one factor has it,
    or in what is no sum of terms; None where there is none, or the function is not seen to have a
    value for every label.
    """
    if not isinstance(expr, JOINT) or any(not _is_total(part, array) for part in _parts(expr)):
        return None
    if expr.has(sp.Piecewise) and any(map(_is_partial, _parts(expr))):
        return None  # it has a value in some cases alone
    entries = sorted((e for e in expr.atoms(sp.Indexed) if e.base == array), key=str)
    bound = {s for part in expr.atoms(sp.Sum) for s in part.bound_symbols}
    for entry in entries:
        if not entry.free_symbols.isdisjoint(bound) or not _is_index(entry, expr):
            continue
        if not isinstance(expr, sp.Mul) or sum(factor.has(entry) for factor in expr.args) > 1:
            return entry
    return None


JOINT = (sp.Mul, sp.Pow, sp.exp, sp.log, sp.Max, sp.Min, sp.Abs, sp.tanh, sp.Piecewise)
MATRICES = (MatrixElement, sp.MatrixSymbol, Softmax)
TOTAL = (
    sp.Add, *JOINT, *MATRICES, sp.Sum, sp.KroneckerDelta, sp.Indexed, sp.IndexedBase, sp.Symbol,
    sp.Number, sp.Tuple, ExprCondPair, Relational, BooleanAtom, sp.And, sp.Or, sp.Not, Str,
)  # fmt: skip


def _parts(expr: Any) -> Iterator[Any]:
    return sp.preorder_traversal(expr)


def _is_total(part: Any, array: Any) -> bool:
    """Whether a part has a value whatever the labels are."""
    return isinstance(part, TOTAL) and not (_is_partial(part) and part.has(array))


def _is_partial(part: Any) -> bool:
    """Whether a part is a logarithm, a root or a quotient of what is not seen to be positive."""
    if isinstance(part, sp.Pow):
        return not (part.exp.is_Integer and part.exp >= 0) and not _is_positive(part.base)
    return isinstance(part, sp.log) and not _is_positive(part.args[0])


def _is_positive(expr: Any) -> bool:
    if isinstance(expr, (sp.Add, sp.Mul)):
        return all(map(_is_positive, expr.args))
    if isinstance(expr, sp.Pow):
        return _is_positive(expr.base)
    if isinstance(expr, sp.Sum):
        ends = all((high - low).is_nonnegative for _, low, high in expr.limits)
        return ends and _is_positive(expr.function)
    if isinstance(expr, MatrixElement):
        return isinstance(expr.parent, Softmax)
    return isinstance(expr, sp.exp) or bool(expr.is_positive)


def _is_index(entry: Any, expr: Any) -> bool:
    """Whether a label is read at, or compared, and not a number alone."""
    kinds = (sp.Indexed, sp.KroneckerDelta, Relational)
    return any(part != entry and entry in part.args for part in expr.atoms(*kinds))


def put_back(expr: Any, labels: list[Labels]) -> Any:
    """An expression without indicators: Y[i, q] is [t[i] = q]."""
    for one in labels:
        if isinstance(expr, sp.Basic) and expr.has(one.indicator):
            expr = expr.xreplace(
                {
                    entry: sp.KroneckerDelta(one.array[entry.indices[:-1]], entry.indices[-1])
                    for entry in expr.atoms(sp.Indexed)
                    if entry.base == one.indicator
                }
            )
    return expr


def in_facts(assumptions: tuple[Any, ...], labels: list[Labels]) -> tuple[Any, ...]:
    """Assumptions with the bounds of labels in the place of what their indicators obey, and what
    else is assumed without indicators. Bounds are relied on wherever a label is read.
    """
    equations = {one.equation for one in labels}
    bounds = [fact for one in labels for fact in one.facts]
    others = (put_back(fact, labels) for fact in assumptions if fact not in equations)
    return tuple(dict.fromkeys((*bounds, *others)))
