"""What was derived of a trace as an expression of the file's library, in the names of the file."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.backends.array_code import ArrayCode
from derive.base.errors import UnsupportedError
from derive.frontends.code.pairs import Traced
from derive.language.operators import Tensor

LONGEST = 160  # characters: a longer expression is no help beside the formula


def as_code(traced: Traced, expr: Any) -> str | None:
    """An answer as code, None where it is long, or reads what has no name in the file."""
    if expr is None:
        return None
    known = {s for given in traced.inputs.values() for s in given.symbols.values()}
    known |= {
        base
        for upstream in traced.upstreams
        for body in upstream.bodies.values()
        for base in body.atoms(sp.IndexedBase)
    }
    known |= traced.trace.lines.keys()
    sizes = {s for given in traced.inputs.values() for size in given.sizes for s in size.atoms()}
    read = expr.atoms(sp.IndexedBase)
    if not read <= known:
        return None
    names = {symbol: str(symbol) for symbol in known}

    def size_text(size: Any) -> str:
        if size.atoms(sp.Function) or not size.free_symbols <= sizes:
            raise UnsupportedError(f"the size {size}")
        return str(size)

    try:
        found = array_text(ArrayCode(traced.trace.library, names, size_text), expr)
    except (UnsupportedError, KeyError):
        return None
    return found if len(found) <= LONGEST else None


def array_text(writer: ArrayCode, value: Any) -> str:
    """A definition, a function of indices or an entry's formula as the text of an array."""
    if isinstance(value, Tensor):
        return writer.array(value.body, [tuple(axis) for axis in value.axes])
    if isinstance(value, sp.FunctionMatrix):
        i, j = (sp.Dummy(n, integer=True) for n in "ij")
        return writer.array(value.lamda(i, j), list(zip((i, j), value.shape, strict=True)))
    if getattr(value, "shape", ()):
        indices = [sp.Dummy("i", integer=True) for _ in value.shape]
        entry = value[tuple(indices)]
        return writer.array(entry, list(zip(indices, value.shape, strict=True)))
    return writer.array(value, [])
