"""The shape of every expression and subexpression of a claim, going on after a mismatch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions.array_expressions import ArrayElement, ArraySymbol

from derive.base.errors import DeriveError, ShapeError
from derive.claims.entry import Entry
from derive.claims.kinds import Claim
from derive.language.conditions import Cases
from derive.language.operators import (
    MatrixGradient,
    ScalarApplication,
    ScalarGradient,
    TensorElement,
)
from derive.language.printing import plain_text
from derive.lowering.problem import Problem
from derive.lowering.statement import state

ShapeOf = Callable[[Any, Mapping[Any, Any]], tuple[Any, ...]]

_ENTRIES = (MatrixElement, sp.Indexed, ArrayElement, TensorElement)
_SYMBOLS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
_APPLICATIONS = (ScalarApplication, ScalarGradient, MatrixGradient)


@dataclass(frozen=True)
class ShapeRow:
    """One line of the report.

    :param field: the field of the claim, or ``where[h]`` for the definition of h.
    :param depth: how deep the expression sits in that field.
    :param shape: the sizes; ``None`` where they are unknown because of a mismatch.
    :param error: the mismatch, at the innermost expression that shows it.
    """

    entry: Entry
    field: str
    depth: int
    expression: Any
    shape: tuple[Any, ...] | None
    error: str | None

    @property
    def claim(self) -> str:
        return self.entry.id


@dataclass
class _Walk:
    """What one formula has shown so far: nothing is shown, or complained of, twice."""

    shape_of: ShapeOf
    shown: set[Any] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)


def shape_rows(entries: Iterable[Entry], shape_of: ShapeOf) -> Iterator[ShapeRow]:
    """The rows of all entries, each expression once per formula (or file)."""
    for _, group in groupby(entries, key=lambda entry: (entry.path, _formula_id(entry))):
        walk = _Walk(shape_of)
        for entry in group:
            yield from _claim_rows(entry, walk)


def _formula_id(entry: Entry) -> str | None:
    return entry.formula.id if entry.formula else None


def _claim_rows(entry: Entry, walk: _Walk) -> Iterator[ShapeRow]:
    claim = entry.claim
    known: dict[Any, Any] = {}
    network = entry.formula.network if entry.formula else None
    layers = network.where if network else {}
    for symbol, value in claim.where.items():
        # a function has no shape, and the layers of a network stand in a table of their own
        if not isinstance(value, sp.Lambda) and symbol not in layers:
            yield from _tree(entry, f"where[{symbol}]", value, dict(known), walk)
        known[symbol] = value
    failed = False
    for name in claim.expression_fields:
        for row in _tree(entry, name, getattr(claim, name), known, walk):
            failed |= row.error is not None
            yield row
    error = None if failed else clash(claim)
    if error is not None and error not in walk.errors:
        walk.errors.add(error)
        name = "equals" if hasattr(claim, "equals") else "right"
        yield ShapeRow(entry, name, 0, claim.documented, None, error)


def clash(claim: Claim) -> str | None:
    """What is wrong where the parts of a claim are well-shaped each but do not fit together."""
    expressions = tuple(getattr(claim, name) for name in claim.expression_fields)
    try:
        state(Problem(expressions, claim.where, claim.assumed), claim)
    except ShapeError as problem:
        return str(problem)
    except DeriveError:  # not a matter of shapes
        return None
    return None


def _tree(
    entry: Entry, name: str, expression: Any, where: Mapping[Any, Any], walk: _Walk, depth: int = 0
) -> Iterator[ShapeRow]:
    shape, error = _shape(expression, where, walk.shape_of)
    parts = _parts(expression)
    # a symbol is named again beside the factors it must fit; nothing else is
    if shape is not None and (parts or depth == 0):
        if (expression, shape) in walk.shown:
            return
        walk.shown.add((expression, shape))
    rows = [row for part in parts for row in _tree(entry, name, part, where, walk, depth + 1)]
    # the mismatch is named once, by the innermost expression that shows it
    if error in walk.errors:
        error = None
    elif error is not None:
        walk.errors.add(error)
    yield ShapeRow(entry, name, depth, expression, shape, error)
    yield from rows


def _shape(
    expression: Any, where: Mapping[Any, Any], shape_of: ShapeOf
) -> tuple[tuple[Any, ...] | None, str | None]:
    try:
        return tuple(shape_of(expression, where)), None
    except DeriveError as problem:
        return None, str(problem)
    except Exception as problem:
        return None, f"internal error: {type(problem).__name__}: {problem}"


def _parts(expression: Any) -> list[Any]:
    """The subexpressions worth a line: no sizes, indices, numbers, bound variables or names."""
    candidates: Iterable[Any] = getattr(expression, "args", ())
    if isinstance(expression, _SYMBOLS):
        candidates = ()
    elif isinstance(expression, _ENTRIES):
        candidates = expression.args[:1]
    elif isinstance(expression, (sp.Piecewise, Cases)):
        candidates = (branch.expr for branch in expression.args)
    elif isinstance(expression, _APPLICATIONS):
        candidates = expression.arguments
    elif isinstance(expression, sp.MatrixBase):
        candidates = expression.flat()
    return [part for part in candidates if _is_worth_a_line(part)]


def _is_worth_a_line(part: Any) -> bool:
    if not isinstance(part, sp.Expr) or isinstance(part, (sp.Lambda, sp.Dummy)):
        return False
    return bool(part.is_Matrix) or not (part.is_number or part.is_integer)


def shape_records(rows: Sequence[ShapeRow]) -> list[dict[str, Any]]:
    """The report of ``shapes``: every expression with its shape, or the error in it."""
    return [
        {
            "claim": row.claim,
            "field": row.field,
            "expression": plain_text(row.expression),
            "shape": None if row.shape is None else [str(size) for size in row.shape],
            "error": row.error,
        }
        for row in rows
    ]
