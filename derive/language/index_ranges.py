"""What inequalities between integers say of the ranges of indices and of sizes.

Every inequality is read as a polynomial with integer coefficients that is never negative: of
integers, a < b is b − a − 1 ≥ 0. Of the free indices in it, the latest by name is bounded; what
follows for those before it is found by eliminating it, as k ≤ n − 1 from k ≤ l and l ≤ n − 1
(J. Fourier, 1824; T. Motzkin, 1936). No order among the inequalities matters, and none replaces
another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from derive.language.checked_arguments import given_array

MOST = 64  # inequalities that one index is eliminated from


@dataclass
class Ranges:
    """``lows`` and ``highs`` of each free index, both included, the given ones first; ``sizes``
    are polynomials in sizes alone that are never negative.
    """

    lows: dict[Any, list[Any]] = field(default_factory=dict)
    highs: dict[Any, list[Any]] = field(default_factory=dict)
    sizes: list[Any] = field(default_factory=list)


def flat(given: Iterable[Any]) -> Iterator[Any]:
    """The facts that are given, those joined by & one by one."""
    for fact in given:
        if isinstance(fact, sp.And):
            yield from flat(fact.args)
        else:
            yield fact


def within(array: Any, count: Any) -> Any:
    """The assumption that an array of integers holds labels 0 … count − 1, for ``given``.

    :param array: an ``IndexedBase`` with a shape, made with ``integer=True``.
    :raises ClaimError: for what has no shape.
    """
    array = given_array(array, "within")
    places = tuple(sp.Dummy(letter, integer=True) for letter in "ijkl"[: len(array.shape)])
    return sp.And(array[places] >= 0, array[places] <= sp.sympify(count) - 1)


def gap(fact: Any, integers: Iterable[Any]) -> Any:
    """The polynomial that an inequality between integers says is never negative, else None."""
    if not isinstance(fact, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
        return None
    difference = fact.gts - fact.lts
    known = set(integers)
    if not difference.free_symbols <= known or not difference.free_symbols:
        return None
    poly = _polynomial(difference)
    if poly is None:
        return None
    if isinstance(fact, (sp.Gt, sp.Lt)):
        poly = poly - 1
    return sp.expand(poly)


def goes_without_saying(poly: Any) -> bool:
    """Whether a polynomial is never negative because sizes are at least 1."""
    sizes = {s: s + 1 for s in poly.free_symbols if s.is_positive}
    if len(sizes) != len(poly.free_symbols):
        return False
    shifted = sp.expand(poly.xreplace(sizes))
    return not shifted.has(sp.floor, sp.ceiling) and all(
        c >= 0 for c in shifted.as_coefficients_dict().values()
    )


def _polynomial(expr: Any) -> Any:
    """A positive multiple of an expression with whole coefficients, whose other factors are
    integers; None where there is none.
    """
    expr = sp.expand(expr)
    terms = expr.as_coefficients_dict()
    if not all(c.is_Rational and _is_whole(part) for part, c in terms.items()):
        return None
    return sp.expand(expr * sp.ilcm(1, *(c.q for c in terms.values())))


def _is_whole(part: Any) -> bool:
    """Whether a product is one of integer symbols and rounded numbers."""
    return all(
        factor.is_Integer
        or isinstance(factor, (sp.Symbol, sp.floor, sp.ceiling))
        or (factor.is_Pow and factor.exp.is_Integer and factor.exp > 0 and _is_whole(factor.base))
        for factor in sp.Mul.make_args(part)
    )


def ranges(
    indices: Iterable[Any], axes: Mapping[Any, tuple[Any, Any]], gaps: Iterable[Any]
) -> Ranges:
    """The ranges of free indices, from those of their axes and from what is given."""
    order = sorted(indices, key=str)
    result = Ranges()
    known: dict[Any, None] = dict.fromkeys(gaps)
    for index in reversed(order):
        low, high = axes.get(index, (None, None))
        lows: dict[Any, None] = {}
        highs: dict[Any, None] = {}
        for poly in list(known):
            if not poly.has(index):
                continue
            del known[poly]
            slope = poly.coeff(index, 1)
            rest = sp.expand(poly - slope * index)
            if rest.has(index) or not slope.is_Integer:
                continue
            # c·i + rest ≥ 0
            end = -rest / slope
            if slope > 0:
                lows[end if slope == 1 else sp.ceiling(end)] = None
            else:
                highs[end if slope == -1 else sp.floor(end)] = None
        lows |= {} if low is None else {low: None}
        highs |= {} if high is None else {high: None}
        result.lows[index], result.highs[index] = list(lows), list(highs)
        if len(lows) * len(highs) <= MOST:
            whole = (sp.expand(b - a) for a in lows for b in highs)
            known |= dict.fromkeys(poly for poly in whole if _polynomial(poly) == poly)
    result.sizes = [poly for poly in known if poly.free_symbols]
    return result
