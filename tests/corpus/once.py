"""SymPy evaluates every sum in a product of matrices each time that one is built: here once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sympy import Sum


@contextmanager
def sums_evaluated_once() -> Iterator[None]:
    """While it lasts, what a sum evaluates to is kept; many claims of the corpus share theirs."""
    evaluate, kept = Sum.doit, {}

    def doit(self: Sum, **hints: Any) -> Any:
        key = (self, *sorted(hints.items()))
        if key not in kept:
            kept[key] = evaluate(self, **hints)
        return kept[key]

    with mock.patch.object(Sum, "doit", doit):
        yield
