"""The parts of a documented side that a factor may be missing of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.diagnosis.claimed import Documented, times, transposed
from derive.diagnosis.places import Site, made_of
from derive.language.dims import Dims, is_unit, same_shape


class Span(NamedTuple):
    """A part that a factor may be missing of: a whole place, or some factors of a product there."""

    site: Site
    node: Any
    shape: Dims
    first: int | None = None
    last: int = 0

    def times(self, factor: Any) -> Any:
        """The place with this part multiplied by a factor, entry by entry; None where it cannot
        be.
        """
        if isinstance(factor, MatrixExpr) and not is_unit(self.shape):
            part = sp.HadamardProduct(self.node, factor, evaluate=False)
        else:
            part = times(factor, self.node)
        if part is None:
            return None
        return self.instead(part)

    def instead(self, part: Any) -> Any:
        """The place with another part."""
        if self.first is None:
            return part
        factors = self.site.node.args
        return made_of(sp.MatMul, (*factors[: self.first], part, *factors[self.last :]))


def spans(d: Documented) -> Iterator[Span]:
    """The parts that a factor may be missing of."""
    for site in d.sites:
        node, shape = site.node, d.shape(site.node)
        # A factor of one factor is one of the product.
        inside = isinstance(site.parent, (sp.Mul, sp.HadamardProduct, sp.Transpose))
        if shape is None or node.is_number:
            continue
        if not inside:
            yield Span(site, node, shape)
        if isinstance(node, sp.MatMul):
            count = len(node.args)
            for p, q in combinations(range(count + 1), 2):
                part = node.args[p:q]
                if q - p < count and all(isinstance(factor, MatrixExpr) for factor in part):
                    shape = d.product_shape(part)
                    if shape is not None and not is_unit(shape):
                        yield Span(site, made_of(sp.MatMul, part), shape, p, q)


def fitted(factor: Any, shape: Dims, wanted: Dims) -> Any:
    """A factor, or its transpose, that multiplies what has a shape entry by entry; or None."""
    if is_unit(shape) or same_shape(shape, wanted):
        return factor
    if len(shape) == 2 and same_shape(shape[::-1], wanted) and isinstance(factor, MatrixExpr):
        return transposed(factor)
    return None
