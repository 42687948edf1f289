"""Arrays whose place in a product SymPy has lost: it takes what is no matrix to it for a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from derive.base.errors import RewrittenError
from derive.language.dims import SCALAR, Dims
from derive.language.printing import text_of

Combined = Callable[[Dims, Dims], Dims | None]


def keep_places(expr: Any, of: Callable[[Any], Dims], combined: Combined) -> None:
    """Refuse a product in which a factor may have been written elsewhere.

    SymPy moves an ``IndexedBase`` to the front of a product of matrices. It was written there for
    certain only if it fits there, and nowhere else.
    """
    front = [*takewhile(lambda factor: not factor.is_Matrix, expr.args)]
    arrays = [factor for factor in front if len(of(factor)) == 2]
    matrices = [factor for factor in expr.args[len(front) :] if len(of(factor)) == 2]
    if not arrays or not matrices:
        return
    array = arrays[0]
    orders = [[*matrices[:k], array, *matrices[k:]] for k in range(len(matrices) + 1)]
    fitting = [shape_of_product(order, of, combined) is not None for order in orders]
    if len(arrays) > 1 or not fitting[0] or any(fitting[1:]):
        raise RewrittenError(
            f"in {text_of(expr)}: SymPy does not keep the place of {text_of(array)} in a product; "
            "a MatrixSymbol, or a tensor of its entries, stands where it is written"
        )


def shape_of_product(
    factors: Sequence[Any], of: Callable[[Any], Dims], combined: Combined
) -> Dims | None:
    """The shape of a product; None where two of the factors do not fit."""
    shape: Dims | None = SCALAR
    for factor in factors:
        shape = combined(shape, of(factor)) if shape is not None else None
    return shape
