"""What an assumption such as ``Q.symmetric(A)`` says, read by the name of its predicate.

SymPy imports what it knows of a predicate of matrices where ``Q`` is first asked for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy as sp
from sympy.assumptions.assume import AppliedPredicate


def says(fact: Any, *names: str) -> bool:
    """Whether a fact is a predicate of one of these names."""
    return isinstance(fact, AppliedPredicate) and str(fact.function.name) in names


def is_given(name: str, of: Any, given: Iterable[Any]) -> bool:
    """Whether what is given says so of a matrix, by itself or joined to more by &."""
    parts = (part for fact in given for part in sp.And.make_args(fact))
    return any(says(part, name) and part.arg == of for part in parts)
