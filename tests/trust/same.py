"""The registry of laws by which the same can be written in another way, and what they share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import sympy as sp

import derive

from .trees import is_matrix, is_size
from .variants import Around, Changes, Replacements, entry_in

LAWS: Changes = {}

# Enters a law: in words, what is equal to what. It yields other forms of a node.
matrix_law = partial(entry_in, LAWS)


def law(*nodes: type) -> Callable[[Replacements], Replacements]:
    """Enter a law of numbers. To SymPy a matrix sum is an ``Add`` too, and it is none here."""

    def enter(function: Replacements) -> Replacements:
        @functools.wraps(function)
        def of_numbers(node: Any, around: Around) -> Iterable[Any]:
            return () if is_matrix(node) else function(node, around)

        return matrix_law(*nodes)(of_numbers)

    return enter


def shape(node: Any) -> tuple[Any, ...]:
    """The shape of an expression. SymPy's own is wrong where NumPy's broadcasting is meant."""
    return derive.shape_of(node)


def fresh(name: str, *exprs: Any) -> sp.Symbol:
    """An index that occurs in none of the expressions, not even bound."""
    taken = {str(symbol) for expr in exprs for symbol in expr.atoms(sp.Symbol)}
    names = (f"{name}{number or ''}" for number in range(1000))
    return sp.Symbol(next(free for free in names if free not in taken), integer=True)


def by_entries(node: Any, body: Any) -> sp.FunctionMatrix:
    """The matrix with the shape of ``node`` and the entry ``body(i, j)``."""
    i, j = fresh("row", node), fresh("col", node)
    return sp.FunctionMatrix(*shape(node), sp.Lambda((i, j), body(i, j)))


def is_never_empty(low: Any, high: Any) -> bool:
    """Whether a range is as long as a size: 0 … n − 1 or 1 … n."""
    return is_size(high - low + 1)
