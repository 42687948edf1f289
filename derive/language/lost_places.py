"""Arrays whose place in a product SymPy has lost: it takes what is no matrix to it for a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any


def out_of_place(
    factors: Sequence[Any], rank: Callable[[Any], int], fits: Callable[[Sequence[Any]], bool]
) -> Any:
    """The first factor that may have been written elsewhere, or None.

    SymPy moves an ``IndexedBase`` to the front of a product of matrices. It was written there for
    certain only if it fits there, and nowhere else.
    """
    front = [*takewhile(lambda factor: not factor.is_Matrix, factors)]
    arrays = [factor for factor in front if rank(factor) == 2]
    matrices = [factor for factor in factors[len(front) :] if rank(factor) == 2]
    if not arrays or not matrices:
        return None
    array = arrays[0]
    fitting = [
        place
        for place in range(len(matrices) + 1)
        if fits([*matrices[:place], array, *matrices[place:]])
    ]
    return None if len(arrays) == 1 and fitting == [0] else array
