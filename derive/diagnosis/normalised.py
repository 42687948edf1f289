"""What a softmax is made of where nothing has its name: exp(e)/Σ exp(e), read off the sums of
exponentials in a claim, at the indices of another place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import sympy as sp

from derive.diagnosis.claimed import Documented
from derive.diagnosis.places import sites
from derive.refutation.symbols import fields_of

MOST = 6  # quotients in one place


def quotients(d: Documented, scope: tuple[tuple[Any, Any], ...]) -> list[Any]:
    """The quotients at indices that are bound in a place, each with the number of its values."""
    found = (q for total, bound in _totals(d) for q in _at(d, total, bound, scope))
    return list(islice(dict.fromkeys(found), MOST))


def _totals(d: Documented) -> Iterator[tuple[sp.Sum, dict[Any, Any]]]:
    """Sums of exponentials over one index, with what is bound around them; those of the documented
    side first.
    """
    seen: set[Any] = set()
    for expr in (d.side, *fields_of(d.claim)):
        if not isinstance(expr, sp.Basic) or not expr.has(sp.exp):
            continue
        for site in sites(expr):
            node = site.node
            if not isinstance(node, sp.Sum) or len(node.limits) != 1 or node in seen:
                continue
            if any(isinstance(f, sp.exp) for f in sp.Mul.make_args(node.function)):
                seen.add(node)
                yield node, dict(site.bound)


def _at(
    d: Documented, total: sp.Sum, bound: dict[Any, Any], scope: tuple[tuple[Any, Any], ...]
) -> Iterator[Any]:
    k, low, high = total.limits[0]
    around = [s for s in sorted(total.free_symbols, key=str) if s in bound]
    sizes = [high + 1, *(bound[s] for s in around)]
    if low != 0:
        return
    for chosen in product(*([i for i, n in scope if n == size] for size in sizes)):
        if len({*chosen}) == len(chosen):
            values = dict(zip(around, chosen[1:], strict=True))
            part = total.function.xreplace({k: chosen[0]}).xreplace(values)
            yield part / total.xreplace(values)
