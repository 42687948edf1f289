"""Shapes with symbolic sizes, decided here and not by SymPy.

One function per SymPy node, each with its shape rule in words. A node that is not listed has no
shape and is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from derive.base.budget import spend
from derive.base.errors import ShapeError
from derive.language.dims import Dims, condition, is_unit, same_shape, same_size, shown
from derive.language.printing import text_of
from derive.language.shape_rules import rule_of

SHAPE = 90  # units of work for the shape of a node


class Shapes:
    """The shapes of expressions and all their parts, each worked out once.

    ``notes`` collects where NumPy's broadcasting was needed. ``definitions`` are the symbols that
    a claim defines; a defined function is looked through. ``wanted`` are shapes that a document
    states, for hints.
    """

    def __init__(self, definitions: Mapping[Any, Any] | None = None) -> None:
        self.definitions = dict(definitions or {})
        self.notes: dict[str, None] = {}
        self.wanted: dict[Any, Dims] = {}
        self._memo: dict[Any, Dims] = {}
        self._signatures: dict[str, tuple[Any, list[Dims]]] = {}

    def of(self, expr: Any) -> Dims:
        """The shape of ``expr``: a tuple of SymPy sizes, () for a scalar.

        :raises ShapeError: naming the subexpression and both shapes.
        :raises UnsupportedError: naming a node that has no shape rule.
        """
        found = self._memo.get(expr)
        if found is None:
            spend(SHAPE)
            found = self._memo[expr] = rule_of(expr)(self, expr)
        return found

    def scalar(self, expr: Any, where: Any) -> None:
        """Insist that ``expr`` is a scalar or 1×1."""
        shape = self.of(expr)
        if not is_unit(shape):
            hint = condition([(size, sp.S.One) for size in shape])
            raise ShapeError(
                f"in {where}: {expr} has shape {shown(shape)} where a scalar is meant"
                + (f"; it fits {hint}" if hint else "")
            )

    def is_array(self, expr: Any) -> bool:
        """Whether an operand of + or * is an array that is neither a matrix nor 1×1."""
        return not getattr(expr, "is_Matrix", False) and not is_unit(self.of(expr))

    def signature(self, expr: Any) -> list[Dims]:
        """The shapes of the arguments of a scalar function, the same wherever it is applied."""
        own = [self.of(argument) for argument in expr.arguments]
        name = expr.function.name
        first, known = self._signatures.setdefault(name, (expr, own))
        if len(own) != len(known):
            raise ShapeError(f"{first} and {expr} give {name} different numbers of arguments")
        for argument, here, there in zip(expr.arguments, own, known, strict=True):
            if not same_shape(here, there):
                raise ShapeError(
                    f"in {expr}: {argument} has shape {shown(here)}, and {name} takes "
                    f"{shown(there)} there, as in {first}"
                )
        return own

    def vector(self, expr: Any, where: Any) -> Any:
        """The length of a row or a column."""
        shape = self.of(expr)
        if len(shape) == 2 and shape[1] == 1:
            return shape[0]
        if len(shape) == 2 and shape[0] == 1:
            return shape[1]
        raise ShapeError(
            f"in {where}: {expr} has shape {shown(shape)} where a row or a column is meant"
        )

    def square(self, expr: Any, where: Any) -> Any:
        """The size of a square matrix."""
        shape = self.of(expr)
        if len(shape) != 2:
            raise ShapeError(f"in {where}: {expr} has shape {shown(shape)}, a square is meant")
        if not same_size(*shape):
            hint = condition([shape])
            raise ShapeError(
                f"in {where}: {expr} has shape {shown(shape)}, which is not square"
                + (f"; it fits {hint}" if hint else "")
            )
        return shape[0]

    def broadcast(self, parts: list[Any], where: Any, verb: str) -> Dims:
        """NumPy's rule: axes of equal size, or of size 1, which is repeated."""
        shapes = [self.of(part) for part in parts]
        rank = max(len(shape) for shape in shapes)
        full = [(sp.S.One,) * (rank - len(s)) + tuple(s) for s in shapes]
        # The widest operand is the one that a clash is reported against.
        result, origin = list(full[0]), [parts[0]] * rank
        for part, shape in zip(parts[1:], full[1:], strict=True):
            for axis, size in enumerate(shape):
                if size == 1 or same_size(size, result[axis]):
                    continue
                if result[axis] == 1:
                    result[axis], origin[axis] = size, part
                    continue
                other = origin[axis]
                hint = _fits(list(self.of(other)), list(self.of(part)))
                raise ShapeError(
                    f"in {text_of(where)}: {text_of(other)} has shape {shown(self.of(other))} and "
                    f"{text_of(part)} has shape {shown(self.of(part))}; they cannot be {verb}"
                    + (f" ({hint})" if hint else "")
                )
        for part, shape in zip(parts, full, strict=True):
            if any(s == 1 and r != 1 for s, r in zip(shape, result, strict=True)):
                target = shown(tuple(result))
                self.notes[f"{text_of(part)} {shown(self.of(part))} is broadcast to {target}"] = (
                    None
                )
        return tuple(result)


def _fits(a: list[Any], b: list[Any]) -> str:
    """Under what two shapes would broadcast."""
    rank = max(len(a), len(b))
    a = [sp.S.One] * (rank - len(a)) + a
    b = [sp.S.One] * (rank - len(b)) + b
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if x != 1 and y != 1]
    return condition(pairs)
