"""Indices that bend: |a|, max(a, b), min(a, b) and a mod n, as in reflected or circular padding.

An entry at such an index is one of some cases: x[|a|] is x[a] where a ≥ 0, and x[−a] elsewhere.
x[a mod n] is x[a], x[a − n] or x[a + n], where −n ≤ a ≤ 2n − 1 is seen; elsewhere it is left to
:mod:`derive.lowering.flat_indices`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement

from derive.core.integers import is_nonnegative
from derive.language.conditions import Cases
from derive.language.operators import TensorElement, entry

if TYPE_CHECKING:
    from derive.lowering.lower import Lowering, Scope

BENT = (sp.Abs, sp.Max, sp.Min, sp.Mod)


def in_cases(low: Lowering, expr: Any, scope: Scope) -> Any:
    """An entry or a delta with one bent part of its indices taken apart; None where none is."""
    indices = indices_of(expr)
    found = sorted(
        {
            part
            for index in indices
            for part in sorted(index.atoms(*BENT), key=str)
            if not part.args[0].has(*BENT, sp.floor) and not low.is_opaque(part, scope)
            if not isinstance(part, sp.Mod) or _is_near(low, part, scope)
        },
        key=str,
    )
    if not found:
        return None
    bent = found[0]
    return Cases(
        *(
            sp.Tuple(at_indices(expr, [index.xreplace({bent: value}) for index in indices]), test)
            for value, test in _straight(low, bent, scope)
        )
    )


def indices_of(expr: Any) -> tuple[Any, ...]:
    """The indices of an entry, or the two of a delta."""
    return expr.args[:2] if isinstance(expr, sp.KroneckerDelta) else tuple(expr.indices)


def at_indices(expr: Any, indices: list[Any]) -> Any:
    """The same entry, or delta, at other indices."""
    if isinstance(expr, sp.KroneckerDelta):
        return sp.KroneckerDelta(*indices)
    if isinstance(expr, MatrixElement):
        return entry(expr.parent, *indices)
    if isinstance(expr, TensorElement):
        return TensorElement(expr.array, *indices)
    array = expr.name if isinstance(expr, ArrayElement) else expr.base
    return array[tuple(indices)]


def _straight(low: Lowering, bent: Any, scope: Scope) -> list[tuple[Any, Any]]:
    """What a bent index is, each with the condition under which, if none before it holds."""
    first, *rest = bent.args
    if isinstance(bent, sp.Abs):
        return [(first, sp.Ge(first, 0, evaluate=False)), (-first, sp.true)]
    if isinstance(bent, (sp.Max, sp.Min)):
        other = bent.func(*rest)
        relation = sp.Ge if isinstance(bent, sp.Max) else sp.Le
        return [(first, relation(first, other, evaluate=False)), (other, sp.true)]
    (size,) = rest
    return [
        (first + size, sp.Lt(first, 0, evaluate=False)),
        (first, sp.Lt(first, size, evaluate=False)),
        (first - size, sp.true),
    ]


def _is_near(low: Lowering, bent: Any, scope: Scope) -> bool:
    """Whether −n ≤ a ≤ 2n − 1 is seen, of a mod n."""
    place, length = (low.integer(part, scope) for part in bent.args)
    gaps = (place + length, length + length - 1 - place, length - 1)
    return all(is_nonnegative(gap, low.guards) for gap in gaps)
