"""Clips that only keep something finite, told from those that are a part of the function.

A guard against rounding (``np.clip(p, 1e-7, 1 - 1e-7)`` before a logarithm, ``np.clip(z, -500,
500)`` before an exponential) is not meant to be differentiated, and a backward that leaves it out
is right where it does not cut. A clip such as ReLU6 or hardtanh is differentiated like any other
function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

NEAR = sp.Rational(1, 1000)  # of 0, 1 or −1: what a logarithm or a quotient is kept away from
FAR = 20  # exp(−20) is 0 beside 1 for most that compute with it
_EDGES = (sp.Integer(0), sp.Integer(1), sp.Integer(-1))


def is_guard(ends: Sequence[Any]) -> bool:
    """Whether the ends of a clip, exact numbers, are those of a guard.

    At least one is close to 0, 1 or −1, or far away; any other is 0, 1 or −1 themselves.
    """
    if not all(end.is_number for end in ends):
        return False
    strict = [
        any(0 < abs(end - edge) <= NEAR for edge in _EDGES) or abs(end) >= FAR for end in ends
    ]
    return any(strict) and all(one or end in _EDGES for one, end in zip(strict, ends, strict=True))
