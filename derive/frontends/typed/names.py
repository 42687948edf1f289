"""What the names in a typed formula stand for: matrices, sizes, real numbers."""

from __future__ import annotations

import ast
import keyword
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from derive.frontends.typed.functions import FUNCTIONS, OF_SIZES
from derive.frontends.typed.syntax import ExpressionError, Source, meant, names_in

MOST_DIGITS = 9  # of a size


def declared(dims: Sequence[str], sources: Sequence[Source]) -> dict[str, Any]:
    """Every name with its symbol: matrices with their sizes, sizes, real scalars.

    Only the first source, the expression itself, may introduce a scalar: elsewhere an unknown
    name is a misspelt one.
    """
    shapes = dict(_dimension(dim) for dim in dims)
    if len(shapes) < len(dims):
        raise ExpressionError("--dim: a name is given sizes twice")
    sizes = {size for shape in shapes.values() for size in shape if not size.isdigit()}
    for source in sources:
        sizes |= _size_names(source)
    for name in sizes & set(shapes):
        raise ExpressionError(f"{name} is the name of a matrix and of a size")
    used = {name for source in sources for name in names_in(source)}
    for name in set(shapes) - used:
        undeclared = sorted(used - set(shapes) - sizes)
        there = f"; without sizes are {', '.join(undeclared)}" if undeclared else ""
        raise ExpressionError(f"--dim: {name} does not occur{meant(name, undeclared) or there}")
    meaning: dict[str, Any] = {name: sp.Symbol(name, real=True) for name in names_in(sources[0])}
    meaning.pop("pi", None)
    meaning |= {name: sp.Symbol(name, integer=True, positive=True) for name in sizes}
    for name, shape in shapes.items():
        rows, cols = (sp.Integer(size) if size.isdigit() else meaning[size] for size in shape)
        meaning[name] = sp.MatrixSymbol(name, rows, cols)
    return {"pi": sp.pi} | meaning


def _dimension(dim: str) -> tuple[str, tuple[str, str]]:
    """``X=n,m``, or ``x=n`` for a column."""
    name, separator, sizes = (part.strip() for part in _normal(dim).partition("="))
    parts = [size.strip() for size in sizes.split(",")]
    if not separator or len(parts) > 2 or not all([name, *parts]):
        raise ExpressionError(f"--dim: {dim!r} is not of the form NAME=rows,columns")
    _refuse_name(name)
    for size in parts:
        number = size.isascii() and size.isdigit()
        if not number and size.isidentifier():
            _refuse_name(size)
        elif not number or len(size) > MOST_DIGITS or int(size) == 0:
            largest = 10**MOST_DIGITS - 1
            raise ExpressionError(
                f"--dim: {size} is not a size: a number from 1 to {largest}, or a name"
            )
    return name, (parts[0], parts[1] if len(parts) == 2 else "1")


def _refuse_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ExpressionError(f"--dim: {name!r} is not a name")
    if name in FUNCTIONS or name == "pi":
        raise ExpressionError(f"--dim: {name} has a meaning of its own; call it something else")


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name)  # as Python does with names


def _size_names(source: Source) -> set[str]:
    """The names in the arguments of ``ones``, ``zeros`` and ``eye``."""
    return {
        name.id
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in OF_SIZES
        for argument in call.args
        for name in ast.walk(argument)
        if isinstance(name, ast.Name)
    }


def differentiated(wrt: str, of: Source, names: Mapping[str, Any]) -> Any:
    name, known = _normal(wrt.strip()), [key for key in names_in(of) if key != "pi"]
    if not name:
        raise ExpressionError("--wrt: no name is given")
    if getattr(names.get(name), "is_integer", False):
        raise ExpressionError(f"--wrt: {name} is a size, in which nothing is differentiated")
    if name not in known:
        there = f"; it has {', '.join(sorted(known))}" if known else ""
        raise ExpressionError(
            f"--wrt: {wrt} does not occur in the expression{meant(name, known) or there}"
        )
    return names[name]
