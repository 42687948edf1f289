"""Indices ⌊a/s⌋ and a mod s: an array whose axis is flat, read by its blocks.

With a = s·q + r and 0 ≤ r < s, ⌊a/s⌋ is q and a mod s is r, so that an entry at such indices is
Σ_q Σ_r [s·q + r = a] of the entry at q and r. ⌊a/(s·t)⌋ is ⌊q/t⌋ then, and a mod s·t is
s·(q mod t) + r. The law asks that s ≥ 1 and 0 ≤ a ≤ s·n − 1 are seen, for n values of q.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from derive.base.errors import UnsupportedError
from derive.core.integers import SIZE, Number, Poly, as_poly, is_nonnegative
from derive.core.terms import Term, axis_variable, delta, mul, total
from derive.lowering.bent_indices import at_indices, indices_of

if TYPE_CHECKING:
    from derive.lowering.lower import Lowering, Scope


def in_digits(low: Lowering, expr: Any, scope: Scope) -> Term | None:
    """An entry or a delta whose indices hold digits, as a sum over these; None where none do.

    :raises UnsupportedError: where the range of what is taken apart is not seen.
    """
    indices = indices_of(expr)
    found = (p for i in indices for p in sorted(i.atoms(sp.Mod, sp.floor), key=str))
    parts = [p for p in found if not low.is_opaque(p, scope)]
    known = [
        (max(map(len, low.integer(below, scope).terms)), str(part), above, below)
        for part in parts
        for above, below in [_fraction(part)]
        if not above.has(sp.Mod, sp.floor)
    ]
    for _, _, above, below in sorted(known, key=lambda found: found[:2]):
        number, step = low.integer(above, scope), low.integer(below, scope)
        count = _blocks(low, number, step)
        if count is None:
            continue
        upper, lower = sp.Dummy("q", integer=True), sp.Dummy("r", integer=True)
        digits = {
            part: digit
            for part in parts
            if (digit := _digit(part, above, below, upper, lower)) is not None
        }
        q, r = axis_variable(count, "q"), axis_variable(step, "r")
        here = delta(as_poly(q) * step + as_poly(r), number)
        inner = {**scope, upper: as_poly(q), lower: as_poly(r)}
        value = low.scalar(at_indices(expr, [i.xreplace(digits) for i in indices]), inner)
        return total(q, total(r, mul(here, value)))
    for part in parts:
        if isinstance(part, sp.Mod):
            above, below = part.args
            raise UnsupportedError(
                f"{part}: {above} is not seen to lie between -{below} and 2*{below}, nor to run "
                f"through blocks of length {below}"
            )
    return None


def _fraction(part: Any) -> tuple[Any, Any]:
    """a and s of ⌊a/s⌋ and of a mod s."""
    if isinstance(part, sp.Mod):
        return part.args
    above, below = sp.fraction(sp.together(part.args[0]))
    return above, below


def _digit(part: Any, above: Any, below: Any, upper: Any, lower: Any) -> Any:
    """⌊a/(s·t)⌋ or a mod s·t in the digits of a; None for digits of another number."""
    own, size = _fraction(part)
    times = sp.cancel(size / below)
    if sp.expand(own - above) != 0 or sp.fraction(times)[1] != 1:
        return None
    if isinstance(part, sp.floor):
        return upper if times == 1 else sp.floor(upper / times)
    return lower if times == 1 else below * sp.Mod(upper, times) + lower


def _blocks(low: Lowering, number: Poly, step: Poly) -> Poly | None:
    """How many blocks of length s a number runs through, which is not negative; None where that
    is no polynomial, or not seen.
    """
    if not is_nonnegative(step - 1) or not is_nonnegative(number, low.guards):
        return None
    largest = number
    for variable in sorted(number.variables, reverse=True):
        if variable.kind == SIZE:
            continue
        slope = largest.coefficient(variable)
        if slope is None or variable.low is None or variable.high is None:
            return None
        largest = largest.substitute(
            {variable: variable.high if is_nonnegative(slope) else variable.low}
        )
    count = _quotient(largest + 1, step)
    if count is None or not is_nonnegative(step * count - 1 - number, low.guards):
        return None
    return count


def _quotient(whole: Poly, step: Poly) -> Poly | None:
    """The polynomial divided by one term, where that leaves whole coefficients."""
    if len(step.terms) != 1:
        return None
    ((divisor, factor),) = step.terms.items()
    terms: dict[tuple[Any, ...], Number] = {}
    for monomial, coefficient in whole.terms.items():
        rest = list(monomial)
        for variable in divisor:
            if variable not in rest:
                return None
            rest.remove(variable)
        if coefficient % factor != 0:
            return None
        terms[tuple(rest)] = int(coefficient / factor)
    return Poly(terms)
