"""Undefined functions of whole arrays, ``Function("L")(W, b)``, read as what they are: scalars.

SymPy lets an undefined function be applied to matrices, and takes the value to be neither a scalar
nor a matrix. Here it is an arbitrary differentiable scalar function of them, as
:class:`~derive.language.operators.ScalarFunction` is, and ``Derivative(L(W, b), W[i, j])`` its
derivative.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.tensor.array.expressions import ArraySymbol

from derive.language.operators import ArrayOperator, ScalarFunction, Tensor, partial

ARRAYS = (MatrixExpr, sp.MatrixBase, sp.IndexedBase, ArraySymbol, Tensor, ArrayOperator)


def read_whole(expressions: Sequence[Any], defined: Collection[Any]) -> list[Any] | None:
    """Expressions with every undefined function of arrays as a scalar function of them; None where
    there is none.

    :param defined: the functions that the claim defines, which are left as they are.
    """
    calls = {
        node
        for expr in expressions
        if isinstance(expr, sp.Basic)
        for node in _calls_of_arrays(expr)
        if node.func not in defined
    }
    if not calls:
        return None
    # What stands inside of another is read first.
    read: dict[Any, Any] = {}
    for call in sorted(calls, key=lambda node: len(node.atoms(AppliedUndef))):
        arguments = (a.xreplace(read) for a in call.args)
        read[call] = ScalarFunction(call.func.__name__)(*arguments)
    return [_with_derivatives(expr, read) for expr in expressions]


@lru_cache(maxsize=4096)
def _calls_of_arrays(expr: sp.Basic) -> tuple[AppliedUndef, ...]:
    """The undefined functions of arrays in an expression. Kept, since claims have definitions in
    common.
    """
    calls = expr.atoms(AppliedUndef)
    return tuple(node for node in calls if any(isinstance(a, ARRAYS) for a in node.args))


def _with_derivatives(expr: Any, read: dict[Any, Any]) -> Any:
    if not isinstance(expr, sp.Basic):
        return expr
    slopes: dict[Any, Any] = {}
    for node in expr.atoms(sp.Derivative):
        if node.expr not in read:
            continue
        slope = read[node.expr]
        for variable, times in node.variable_count:
            for _ in range(int(times)):
                slope = partial(slope, variable)
        slopes[node] = slope
    return expr.xreplace({**read, **slopes})
