"""What may be meant by a documented side that does not fit together, or has a wrong shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise, permutations, product
from typing import Any

import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.diagnosis.claimed import Documented, Repair, transposed
from derive.diagnosis.places import Site, made_of
from derive.diagnosis.quoting import quoted
from derive.language.dims import Dims, same_shape


def fitting(d: Documented, shape: Dims) -> Iterator[Repair]:
    """What may be meant by a side that has another shape than this one, or none."""
    seen: set[Any] = set()
    for repair in _refitted(d, shape):
        if repair.side not in seen:
            seen.add(repair.side)
            own = d.shape(repair.side)
            if own is not None and same_shape(own, shape):
                yield repair


def _refitted(d: Documented, shape: Dims) -> Iterator[Repair]:
    """A side as a whole transposed, summed or put on a diagonal; factors of a product transposed
    and swapped; any part transposed; the matrix product for the other; other sizes.
    """
    side = d.side
    if isinstance(side, MatrixExpr):
        yield _refit(d, Site(side), transposed(side))
    for site in d.sites:
        node = site.node
        if isinstance(node, sp.MatMul):
            for factors in _arrangements(node.args):
                if d.product_shape(factors) is not None:
                    yield _refit(d, *_narrowed(site, factors))
        elif isinstance(node, MatrixExpr) and not isinstance(site.parent, sp.Transpose):
            yield _refit(d, site, transposed(node))
    for site in d.sites:
        if isinstance(site.node, sp.HadamardProduct) and len(site.node.args) == 2:
            for factors in permutations(site.node.args):
                if d.product_shape(factors) is not None:
                    yield _refit(d, site, made_of(sp.MatMul, factors))
    for site in d.sites:
        if isinstance(site.node, (sp.Identity, sp.OneMatrix)):
            for size in dict.fromkeys(shape):
                yield _refit(d, site, type(site.node)(*[size] * len(site.node.args)))
    own = d.shape(side)
    if own is not None and len(own) == 2 and len(shape) == 2:
        rows, columns = sp.OneMatrix(1, own[0]), sp.OneMatrix(own[1], 1)
        for axis, factors in (("rows", (rows, side)), ("columns", (side, columns))):
            words = f"the sum of the documented side over its {axis}"
            yield Repair(sp.MatMul(*factors, evaluate=False), partial(str, words))
        if 1 in own:
            yield _refit(d, Site(side), DiagMatrix(side))


def _arrangements(factors: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The factors of a product with some transposed, then in other orders as well."""
    places = [p for p, factor in enumerate(factors) if isinstance(factor, MatrixExpr)]
    orders = permutations(places) if len(places) <= 3 else [tuple(places), *_swaps(places)]
    for order in orders:
        for turned in product((False, True), repeat=len(places)):
            if sum(turned) > 2 or (len(places) > 3 and sum(turned) > 1):
                continue
            result = list(factors)
            for place, source, turn in zip(places, order, turned, strict=True):
                result[place] = transposed(factors[source]) if turn else factors[source]
            yield tuple(result)


def _narrowed(site: Site, factors: tuple[Any, ...]) -> tuple[Site, Any]:
    """A product's place and its new value; a factor's where that alone is another one."""
    own = site.node.args
    changed = [p for p, (a, b) in enumerate(zip(own, factors, strict=True)) if a != b]
    if len(changed) != 1:
        return site, made_of(sp.MatMul, factors)
    (p,) = changed
    inner = Site(own[p], (*site.around, site.node), (*site.path, p))
    return inner, factors[p]


def _swaps(places: list[int]) -> Iterator[tuple[int, ...]]:
    for p, q in pairwise(range(len(places))):
        swapped = list(places)
        swapped[p], swapped[q] = swapped[q], swapped[p]
        yield tuple(swapped)


def _refit(d: Documented, site: Site, part: Any) -> Repair:
    side = site.put(part)
    return Repair(side, partial(_refit_words, d, site, side, part))


def _refit_words(d: Documented, site: Site, side: Any, part: Any) -> str:
    """What would fit: the whole, or where that is long the part that changes."""
    return quoted("{}", side) or quoted("the documented side with {} for {}", part, site.node)
