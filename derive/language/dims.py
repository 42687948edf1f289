"""Shapes as tuples of sizes: whether two are equal, and how they are written."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.language import equal_sizes

Dims = tuple[Any, ...]


SCALAR: Dims = ()


def same_size(a: Any, b: Any) -> bool:
    """Whether two sizes are equal whatever the symbols in them stand for.

    :raises UnsupportedError: where it is not seen (see :mod:`derive.language.equal_sizes`).
    """
    return equal_sizes.same(a, b)


def is_unit(shape: Dims) -> bool:
    """Whether a shape is a scalar's: () or all axes of size 1."""
    return all(size == 1 for size in shape)


def same_shape(a: Dims, b: Dims) -> bool:
    """Whether two shapes are equal; a scalar and a 1×1 matrix may stand for one another."""
    if is_unit(a) and is_unit(b):
        return len(a) == len(b) or {len(a), len(b)} <= {0, 2}
    return len(a) == len(b) and all(same_size(x, y) for x, y in zip(a, b, strict=True))


def shown(shape: Dims) -> str:
    """A shape in print: ``(n, 1)``."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def condition(pairs: list[tuple[Any, Any]]) -> str:
    """Under what the sizes in each pair would be equal, or '' if they never are."""
    parts = []
    for a, b in pairs:
        if same_size(a, b):
            continue
        difference = sp.expand(a - b)
        if difference.is_number:
            return ""
        symbol, number = (b, a) if sp.sympify(a).is_number else (a, b)
        if f"{number} = {symbol}" in parts:
            continue
        parts.append(f"{symbol} = {number}")
    return "only if " + " and ".join(dict.fromkeys(parts)) if parts else ""
