"""Indices ⌊a/s⌋ and a mod s: an array whose axis is flat, read by its blocks.

With a = s·q + r and 0 ≤ r < s, ⌊a/s⌋ is q and a mod s is r, so that an entry at such indices is
Σ_q Σ_r [s·q + r = a] of the entry at q and r. ⌊a/(s·t)⌋ is ⌊q/t⌋ then, as q = ⌊a/s⌋ and t is whole.
The law asks that s ≥ 1 and 0 ≤ a ≤ s·n − 1 are seen, for n values of q.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sympy as sp

from derive.errors import UnsupportedError
from derive.index import Term, axis_variable, delta, mul, total
from derive.integers import SIZE, ZERO, Number, Poly, as_poly, is_nonnegative

if TYPE_CHECKING:
    from derive.lower import Lowering, Scope


def in_digits(low: Lowering, expr: Any, scope: Scope) -> Term | None:
    """An entry or a delta whose indices hold digits, as a sum over these; None where none do, or
    where their ranges are not seen.
    """
    indices = expr.args[:2] if isinstance(expr, sp.KroneckerDelta) else tuple(expr.indices)
    parts = [p for i in indices for p in i.atoms(sp.Mod, sp.floor) if not low.is_opaque(p, scope)]
    known: list[tuple[int, str, Any, Any, Poly, Poly]] = []
    for part in parts:
        above, below = of_digit(part)
        if above.has(sp.Mod, sp.floor):
            continue
        try:
            number, step = low.integer(above, scope), low.integer(below, scope)
        except UnsupportedError:
            continue
        known.append((max(map(len, step.terms)), str(part), above, below, number, step))
    for _, _, above, below, number, step in sorted(known, key=lambda found: found[:2]):
        count = _blocks(low, number, step)
        if count is None:
            continue
        upper, lower = sp.Dummy("q", integer=True), sp.Dummy("r", integer=True)
        values = {}
        for part in parts:
            own, size = of_digit(part)
            if sp.expand(own - above) != 0:
                continue
            times = sp.cancel(size / below)
            if times == 1:
                values[part] = upper if isinstance(part, sp.floor) else lower
            elif sp.fraction(times)[1] == 1:
                rest = sp.Mod(upper, times, evaluate=False) * below + lower
                is_floor = isinstance(part, sp.floor)
                values[part] = sp.floor(upper / times, evaluate=False) if is_floor else rest
        q, r = axis_variable(count, "q"), axis_variable(step, "r")
        here = delta(as_poly(q) * step + as_poly(r), number)
        inner = {**scope, upper: as_poly(q), lower: as_poly(r)}
        value = low.scalar(_at(expr, [index.xreplace(values) for index in indices]), inner)
        return total(q, total(r, mul(here, value)))
    return None
