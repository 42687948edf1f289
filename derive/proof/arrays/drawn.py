"""Arrays of random numbers, the same in every process.

From Python's own generator: NumPy's is a package of its own, which takes longer to import than
most claims take to decide.
"""

from __future__ import annotations

import math
import random

import numpy as np

_BITS = 53  # of a float in [0, 1)


class Drawn:
    """Draws arrays, one after the other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of [low, high)."""
        raw = np.frombuffer(self._random.randbytes(8 * math.prod(shape)), dtype="<u8")
        unit = (raw >> np.uint64(64 - _BITS)) * 2.0**-_BITS
        return (low + (high - low) * unit).reshape(shape)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
        """Whole numbers from low to high, both included."""
        found = np.floor(self.uniform(low, high + 1, shape)).astype(int)
        return np.minimum(found, high)  # that rounding has not led one further

    def shuffled(self, rows: np.ndarray) -> np.ndarray:
        """The same rows in another order."""
        return rows[np.argsort(self.uniform(0, 1, rows.shape[:1]))]
