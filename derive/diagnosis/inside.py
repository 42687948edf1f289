"""Factors that are missing where a claim is not linear: under a function, an inverse, a power.

A factor of what a side is linear in is read off from numbers (:class:`derive.diagnosis.mistakes.
Scaling`). Here each that the claim has to offer is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from derive.diagnosis.claimed import Documented, Repair, times
from derive.diagnosis.quoting import quoted

PRODUCTS = (sp.Mul, sp.MatMul, sp.HadamardProduct)
MOST_FACTORS = 10
MOST_PLACES = 12


def missing_factor_inside(d: Documented) -> Iterator[Repair]:
    """λI where I stands in an inverse; x/τ where x stands in an exponential."""
    places = (
        site for site in d.sites
        if not site.affine and not isinstance(site.parent, (*PRODUCTS, sp.Lambda, Boolean))
        and not site.node.is_number and not (isinstance(site.parent, sp.Pow) and site.path[-1] == 1)
    )  # fmt: skip
    for site in islice(places, MOST_PLACES):
        for factor in _factors(d):
            part = times(factor, site.node)
            if part is not None and not part.is_number:
                yield d.put(site, part, partial(quoted, "{} lacks a factor {}", site.node, factor))


def _factors(d: Documented) -> list[Any]:
    """The numbers that a claim speaks of, its sizes, and their inverses."""
    scalars = [s for s in d.symbols if isinstance(s, sp.Symbol)]
    sizes = [s for s in sorted(d.free, key=str) if s.is_Symbol and s.is_integer and s.is_positive]
    found = [f for s in (*scalars, *sizes) for f in (s, 1 / s)]
    return [sp.S.NegativeOne, sp.S.Half, sp.Integer(2), *islice(found, MOST_FACTORS)]
