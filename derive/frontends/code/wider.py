"""A pair with sizes for the numbers that are declared: what holds for a window of every width holds
for one of width 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.claims.verdict import HOLDS, Verdict
from derive.frontends.code.declared import Named
from derive.frontends.code.pairs import Pair, symbols_of
from derive.frontends.code.shapes import size_of


def widened(pair: Pair) -> tuple[Pair, dict[Any, int]] | None:
    """The pair, and what its new sizes stand for; None where no number is declared."""
    taken = {str(symbol) for symbol in symbols_of(pair)} | set(pair.shapes)
    meant: dict[str, int] = {}

    def size(value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return {key: size(one, str(key)) for key, one in value.items()}
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            return value
        while not name.isidentifier() or name in taken:
            name = f"size_{name}" if name.isidentifier() else "size"
        taken.add(name)
        meant[name] = value
        return Named(name)

    fixed = {name: size(value, name) for name, value in pair.fixed.items()}
    init = {name: size(value, name) for name, value in pair.init.items()}
    if not meant:
        return None
    numbers = {size_of(name): value for name, value in meant.items()}
    return replace(pair, fixed=fixed, init=init), numbers


def narrowed(verdict: Verdict, numbers: Mapping[Any, int]) -> Verdict | None:
    """What a proof for every size says of the numbers; None where it says nothing of them."""
    if verdict.status != HOLDS:
        return None
    assumptions = []
    for given in verdict.assumptions:
        if isinstance(given, sp.Basic):
            given = given.xreplace({symbol: sp.Integer(n) for symbol, n in numbers.items()})
            if given.doit() == sp.false:
                return None  # it is of other numbers
            if given.doit() == sp.true:
                continue
        assumptions.append(given)
    told = ", ".join(f"{symbol} = {number}" for symbol, number in numbers.items())
    note = f"it holds for every size in the place of {told}"
    return replace(verdict, assumptions=tuple(assumptions), notes=(*verdict.notes, note))
