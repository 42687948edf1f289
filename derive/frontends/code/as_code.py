"""What was derived of a trace as an expression of the file's library, in the names of the file."""

from __future__ import annotations

from typing import Any

import sympy as sp

from derive.backends.array_code import ArrayCode
from derive.base.errors import UnsupportedError
from derive.frontends.code.pairs import Traced
from derive.language.conditions import held
from derive.language.operators import Tensor
from derive.language.sequences import Recurrence

LONGEST = 160  # characters: a longer expression is no help beside the formula


def as_code(traced: Traced, expr: Any) -> str | None:
    """An answer as code, None where it is long, or reads what has no name in the file."""
    if expr is None:
        return None
    known = {
        symbol
        for given in traced.inputs.values()
        if len(given.symbols) == 1
        for symbol in given.symbols.values()
    }
    known |= {
        base
        for upstream in traced.upstreams
        if len(upstream.bodies) == 1
        for body in upstream.bodies.values()
        for base in body.atoms(sp.IndexedBase)
    }
    known |= {s for s in traced.trace.lines if _is_named(traced, s)}
    known -= traced.trace.rewritten
    sizes = {s for given in traced.inputs.values() for size in given.sizes for s in size.atoms()}
    read = expr.atoms(sp.IndexedBase)
    if not read <= known:
        return None
    names = {symbol: str(symbol) for symbol in known}
    rows = (given for given in traced.inputs.values() if given.one_hot)
    names |= {symbol: given.in_code for given in rows for symbol in given.symbols.values()}

    def size_text(size: Any) -> str:
        if size.atoms(sp.Function) or not size.free_symbols <= sizes:
            raise UnsupportedError(f"the size {size}")
        return str(size)

    try:
        found = array_text(ArrayCode(traced.trace.library, names, size_text), expr)
    except (UnsupportedError, KeyError):
        return None
    return found if len(found) <= LONGEST else None


def _is_named(traced: Traced, symbol: Any) -> bool:
    """Whether the file has what a definition says under the name that is shown.

    That is not so of a part of an array, of a name that is given to several arrays, and of what a
    name is in each round of a loop: in one of them, or after it, the file has less under it.
    """
    trace, name = traced.trace, str(symbol)
    root, _, number = name.rpartition("_")
    numbered = number.isdecimal() and not trace.names.isdisjoint((root, f"{root}_1", f"{root}_2"))
    if numbered or f"{name}_2" in trace.names:
        return False
    return not isinstance(trace.where.get(symbol), Recurrence) and not trace.leading.get(symbol)


def array_text(writer: ArrayCode, value: Any) -> str:
    """A definition, a function of indices or an entry's formula as the text of an array."""
    value = held(value) if isinstance(value, sp.Basic) else value
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
