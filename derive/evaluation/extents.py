"""How much is worked out at a point: entries of an array, terms of a sum, factors of a power."""

from __future__ import annotations

import math

from derive.base.errors import UnsupportedError
from derive.evaluation.fields import Inconclusive

MOST_NUMBERS = 4_000_000  # in one array
MOST_TERMS = 100_000  # in one range of a sum or product
MOST_FACTORS = 4096  # in a power of a matrix


def refuse_huge(*shape: int) -> None:
    """Refuse an array that would take up the memory of the machine.

    :raises UnsupportedError: for one of more than :data:`MOST_NUMBERS` entries.
    """
    if math.prod(shape) > MOST_NUMBERS:
        raise UnsupportedError(f"an array of shape {shape} is too large to be evaluated")


def refuse_long(count: int, most: int = MOST_TERMS) -> None:
    """Refuse a sum or a product that would take longer than all else: another point may do.

    :raises Inconclusive: for one of more than ``most`` terms.
    """
    if count > most:
        raise Inconclusive("a sum or a product of many terms")
