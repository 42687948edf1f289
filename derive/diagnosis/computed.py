"""Factors that a claim computes, without a name: 1/‖x‖, 1/√(σ² + ε), 1/Σ exp."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import sympy as sp

from derive.diagnosis.claimed import Documented, Repair
from derive.diagnosis.quoting import quoted
from derive.diagnosis.spans import Span, spans
from derive.language.dims import is_unit

MOST_BASES = 5
MOST_SPANS = 16
TOTALS = (sp.Trace, sp.Sum, sp.Determinant)
EXPONENTS = (-sp.S.Half, -sp.S.One, sp.S.Half, sp.S.One)


def bases(d: Documented) -> list[Any]:
    """The numbers that a claim computes and divides by, or takes the root of; and what is
    differentiated, with its own parts, as the rule of a quotient has them.
    """
    of = getattr(d.claim, "of", None)
    found: dict[Any, None] = {}
    for expr in (d.side, of, *d.claim.where.values()):
        for power in sorted(expr.atoms(sp.Pow), key=str) if isinstance(expr, sp.Basic) else ():
            under = not power.exp.is_Integer or power.exp.could_extract_minus_sign()
            if under and not (power.base.is_number or power.base.is_Symbol):
                found |= dict.fromkeys((power.base, *_means(power.base)))
    if isinstance(of, sp.Mul) and d.claim.derivatives:
        found |= dict.fromkeys((*(f for f in of.args if isinstance(f, TOTALS)), of))
    return [b for b in found if d.shape(b) == () or is_unit(d.shape(b) or (2,))]


def _means(total: Any) -> Iterator[Any]:
    """The mean of what a sum adds up, whose root SymPy writes as a quotient of two."""
    if isinstance(total, sp.Sum) and len(total.limits) == 1 and total.limits[0][1] == 0:
        yield total / (total.limits[0][2] + 1)


def missing_computed_factor(d: Documented) -> Iterator[Repair]:
    """A norm, a deviation or a total is left out, or stands with another power."""
    for base in islice(bases(d), MOST_BASES):
        for exponent in EXPONENTS:
            factor = base**exponent
            for span in islice(spans(d), MOST_SPANS):
                if not d.means_something(base, span.site):
                    continue
                part = span.times(factor)
                # What a whole matrix lacks is read off from the canonical forms.
                if part is not None and (span.site.around or not span.shape):
                    yield d.put(span.site, part, partial(_words, factor, span))


def _words(factor: Any, span: Span) -> str:
    told = quoted("the factor {} is missing", factor)
    if not told or (span.first is None and not span.site.around):
        return told or "a factor is missing"
    return quoted("the factor {} is missing in {}", factor, span.node) or told
