"""What the chain rule says of one definition, in words: a phrase for each operation on the way."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix

from derive.language.images import AvgPool2d, Conv2d, MaxPool2d
from derive.language.operators import Broadcast, LogSumExp, Softmax
from derive.language.printing import function_name

OF_SOFTMAX = "the Jacobian of p = softmax(z) is diag(p) − pᵀp"

# Of an operation, and of classes before those that they are built upon.
RULES: tuple[tuple[type, str], ...] = (
    (Softmax, OF_SOFTMAX),
    (LogSumExp, "the gradient of logsumexp is softmax"),
    (Broadcast, "what is repeated in the value is summed in the gradient"),
    (Conv2d, "a convolution gives back a correlation"),
    (MaxPool2d, "a maximum gives back to the entry that attains it"),
    (AvgPool2d, "a mean gives back an equal share to each entry"),
    (sp.Inverse, "d(A⁻¹) = −A⁻¹ dA A⁻¹"),
    (sp.Determinant, "d det A = det A tr(A⁻¹ dA)"),
    (sp.HadamardProduct, "an entrywise product gives back the other factor, entry by entry"),
    (sp.Trace, "tr(AB) has the gradient Bᵀ in A"),
    (DiagMatrix, "only the diagonal of the gradient comes back through diag"),
)


def rules_between(definition: Any, symbol: Any) -> list[str]:
    """Phrases for the operations between a definition and a symbol that it reads, outermost first.

    Of what is not named there nothing is said.
    """
    found: dict[str, None] = {}
    for node in sp.preorder_traversal(definition):
        if node == symbol or not _reads(node, symbol):
            continue
        for said in _rules_of(node, symbol):
            found[said] = None
    return list(found)


def _reads(node: Any, symbol: Any) -> bool:
    return isinstance(node, sp.Basic) and node.has(symbol)


def _rules_of(node: Any, symbol: Any) -> list[str]:
    if isinstance(node, ElementwiseApplyFunction):
        name = function_name(node.function) if isinstance(node.function, sp.Lambda) else None
        applied = name or "the function"
        return [f"{applied} acts entry by entry, and so does its derivative"]
    if isinstance(node, sp.MatMul):
        matrices = [arg for arg in node.args if getattr(arg, "is_Matrix", False)]
        if len(matrices) < 2:
            return []
        places = [k for k, arg in enumerate(matrices) if arg.has(symbol)]
        rules = []
        if any(k < len(matrices) - 1 for k in places):
            rules.append("Z = AB gives back GBᵀ to A")
        if any(k > 0 for k in places):
            rules.append("Z = AB gives back AᵀG to B")
        return rules
    return [said for kind, said in RULES if isinstance(node, kind)][:1]
