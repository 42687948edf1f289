"""Where a claim is evaluated: sizes, values, and functions for the undefined ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zlib import crc32

import sympy as sp


class LazyArray(dict[tuple[int, ...], Fraction]):
    """The values of an ``IndexedBase`` without a shape: each is made up when first read."""

    def __init__(self, name: str, seed: int = 0) -> None:
        super().__init__()
        self.name = name
        self.seed = seed

    def __missing__(self, position: tuple[int, ...]) -> Fraction:
        code = crc32(f"{self.name}{position}{self.seed}".encode())
        value = Fraction(code % 13 - 6 or 7, 1 + code // 13 % 3)
        self[position] = value
        return value


@dataclass(frozen=True)
class Point:
    """Where an expression is evaluated.

    :param sizes: the value of each dimension symbol and free index.
    :param values: the value of each other symbol: a number, an array of them, or a
        :class:`LazyArray`; exact numbers of any kind.
    :param functions: a ``Lambda`` for each undefined function and each ``ScalarFunction``. A
        matrix argument stands in it as a ``MatrixSymbol``.
    :ivar floats: what the evaluator has made of values, in floats.
    """

    sizes: Mapping[Any, int]
    values: Mapping[Any, Any]
    functions: Mapping[Any, sp.Lambda] = field(default_factory=dict)
    floats: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
