"""Expressions in the words of a reason: as a person would write them, and short."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr

from derive.language.printing import text_of

LONGEST = 90  # characters of an expression that is quoted
NUMBERED = re.compile(r"\b[a-z]·\d+'?")
INDICES = ("i", "j", "k", "l", "p", "q", "r", "s", "t", "u")


def quoted(words: str, *expressions: Any) -> str:
    """A sentence about some expressions; none where one of them is too long to be quoted."""
    texts = [e if isinstance(e, str) else text_in(e) for e in expressions]
    return words.format(*texts) if max(map(len, texts)) <= LONGEST else ""


def text_in(expr: Any) -> str:
    """The text of an expression, with ``xᵀAy`` for the sums that SymPy makes of it."""
    if not isinstance(expr, sp.Basic):
        return text_of(expr)
    products: dict[Any, Any] = {}
    for total in expr.atoms(sp.Sum):
        product = as_product(total)
        if product is not None:
            products[total] = sp.Symbol(f"({text_of(product)})")
    return text_of(expr.xreplace(products)) if products else text_of(expr)


def plainly_indexed(words: str) -> str:
    """A sentence in which the indices that a trace has numbered, i·12, have plain names."""
    numbered = list(dict.fromkeys(NUMBERED.findall(words)))
    taken = set(re.findall(r"\w+", NUMBERED.sub("", words)))
    free = iter([name for name in INDICES if name not in taken])
    names = dict(zip(numbered, free, strict=False))
    return NUMBERED.sub(lambda found: names.get(found[0], found[0]), words)


def as_product(total: sp.Sum) -> MatrixExpr | None:
    """The product of matrices whose only entry a sum over all of their indices is; None where it
    is not one.
    """
    bound = {k for k, low, _ in total.limits if low == 0}
    numbers: list[Any] = []
    entries: list[Any] = []
    for factor in sp.Mul.make_args(total.function):
        (entries if isinstance(factor, MatrixElement) else numbers).append(factor)
    if len(bound) != len(total.limits) or any(f.free_symbols & bound for f in numbers):
        return None
    ends = {(limit[0], limit[2] + 1) for limit in total.limits}
    factors: list[Any] = []
    index: Any = sp.S.Zero
    while entries:
        found = next((e for e in entries if index in e.args[1:]), None)
        if found is None:
            return None
        entries.remove(found)
        matrix, row, column = found.args
        turned = row != index
        factors.append(sp.Transpose(matrix) if turned else matrix)
        index = row if turned else column
        if index != 0 and (index, factors[-1].shape[1]) not in ends:
            return None
        if index == 0 and entries:
            return None
    used = {k for k in bound if any(k == limit[0] for limit in total.limits)}
    if index != 0 or len(used) != len(factors) - 1 or len(factors) < 2:
        return None
    return sp.MatMul(*numbers, *factors, evaluate=False)
