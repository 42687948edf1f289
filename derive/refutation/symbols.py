"""What a claim speaks of: its sizes, its free indices, its arrays, scalars and functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.claims.kinds import Claim
from derive.language.operators import (
    ArrayOperator,
    Broadcast,
    MatrixGradient,
    ScalarApplication,
    ScalarFunction,
    ScalarGradient,
    TensorElement,
)
from derive.language.sequences import At
from derive.language.structure import Binder, Scope, scope_of

_ARRAYS = (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)


@dataclass
class Inventory:
    """The symbols of some expressions, by what they stand for. Bound indices are left out.

    :param shapes: symbols in the shape of an array or an operator.
    :param ranges: symbols in an end of a range.
    :param axes: each symbol that is an index by itself, with the sizes of the axes it indexes.
    :param affine: symbols inside an index, such as the stride s in ``x[s*i]``.
    :param scalars: symbols with any other occurrence.
    :param functions: each undefined function with the number of its arguments.
    :param scalar_functions: each scalar function with the arguments of one of its calls.
    """

    shapes: dict[Any, None] = field(default_factory=dict)
    ranges: dict[Any, None] = field(default_factory=dict)
    axes: dict[Any, list[Any]] = field(default_factory=dict)
    affine: dict[Any, None] = field(default_factory=dict)
    scalars: dict[Any, None] = field(default_factory=dict)
    arrays: dict[Any, None] = field(default_factory=dict)
    functions: dict[Any, int] = field(default_factory=dict)
    scalar_functions: dict[ScalarFunction, tuple[Any, ...]] = field(default_factory=dict)
    _seen: set[tuple[Any, frozenset[Any]]] = field(default_factory=set)

    def visit(self, expr: Any, bound: frozenset[Any] = frozenset()) -> None:
        """Take in an expression inside which the symbols ``bound`` are bound; each part once."""
        if (expr, bound) in self._seen:
            return
        self._seen.add((expr, bound))
        scope = None if isinstance(expr, sp.FunctionMatrix) else scope_of(expr)
        if scope is not None:
            self._visit_scope(expr, scope, bound)
        elif isinstance(expr, sp.Symbol):
            if expr not in bound:
                self.scalars[expr] = None
        elif isinstance(expr, _ARRAYS):
            if expr not in bound:
                self.arrays[expr] = None
                self._note(self.shapes, expr.shape or (), bound)
        elif isinstance(expr, (MatrixElement, sp.Indexed, ArrayElement, TensorElement, At)):
            self._visit_element(expr, bound)
        elif isinstance(expr, sp.KroneckerDelta):
            for index in expr.args[:2]:
                self._visit_index(index, bound)
        elif isinstance(expr, ArrayOperator):
            self._note(self.shapes, expr.args[-1:], bound)
            self._visit_all(expr.operands, bound)
        elif isinstance(expr, (ScalarApplication, ScalarGradient, MatrixGradient)):
            self.scalar_functions.setdefault(expr.function, expr.arguments)
            self._visit_all(expr.arguments, bound)
        else:
            if isinstance(expr, AppliedUndef):
                self.functions[expr.func] = len(expr.args)
            elif isinstance(expr, MatrixExpr):
                self._visit_sizes(expr, bound)
                if isinstance(expr, (sp.Identity, sp.OneMatrix, sp.ZeroMatrix)):
                    return
            self._visit_all(expr.args, bound)

    def _visit_scope(self, expr: Any, scope: Scope, bound: frozenset[Any]) -> None:
        inner = bound | scope.symbols
        for binder in scope.ranges:
            self._note_ends(binder, inner)
        if scope.is_axes:
            self._note(self.shapes, expr.shape, bound)
        if isinstance(expr, sp.Subs):  # its points come first, a beginning after the step
            self._visit_all(scope.beside, bound)
        self.visit(scope.body, inner)
        if not isinstance(expr, sp.Subs):
            self._visit_all(scope.beside, bound)

    def _note_ends(self, binder: Binder, bound: frozenset[Any]) -> None:
        """The ends of a range: the entries in them are numbers that arrays hold."""
        for end in (binder.low, binder.high):
            held = end.atoms(sp.Indexed)
            if held:
                self.visit(end, bound)
            rest = end.xreplace(dict.fromkeys(held, sp.S.Zero)) if held else end
            self._note(self.ranges, (rest,), bound)

    def _visit_all(self, expressions: Iterable[Any], bound: frozenset[Any]) -> None:
        for expr in expressions:
            if isinstance(expr, sp.Basic):
                self.visit(expr, bound)

    def _visit_sizes(self, expr: Any, bound: frozenset[Any]) -> None:
        """The sizes that a matrix node carries itself, besides those of its operands."""
        sized = (sp.Identity, sp.OneMatrix, sp.ZeroMatrix, sp.FunctionMatrix, Broadcast)
        if isinstance(expr, sized):
            self._note(self.shapes, expr.shape, bound)

    def _visit_element(self, expr: Any, bound: frozenset[Any]) -> None:
        indices = (expr.index,) if isinstance(expr, At) else expr.indices
        if isinstance(expr, MatrixElement):
            array = expr.parent
        elif isinstance(expr, sp.Indexed):
            array = expr.base
        else:
            array = expr.name if isinstance(expr, ArrayElement) else expr.array
        self.visit(array, bound)
        shape = getattr(array, "shape", None) or (None,) * len(indices)
        for index, size in zip(indices, shape, strict=False):
            if isinstance(index, sp.Symbol) and index not in bound:
                self.axes.setdefault(index, [])
                if size is not None:
                    self.axes[index].append(size)
            else:
                self._visit_index(index, bound)

    def _visit_index(self, index: Any, bound: frozenset[Any]) -> None:
        """An index, or what is compared with one: the entries in it are numbers that arrays hold,
        such as the label t[i] in Z[i, t[i]].
        """
        held = index.atoms(sp.Indexed) if isinstance(index, sp.Basic) else ()
        for entry in held:
            self.visit(entry, bound)
        rest = index.xreplace({entry: sp.S.Zero for entry in held}) if held else index
        self._note(self.affine, [rest], bound)

    @staticmethod
    def _note(table: dict[Any, None], expressions: Iterable[Any], bound: frozenset[Any]) -> None:
        for expr in expressions:
            if isinstance(expr, sp.Symbol):
                if expr not in bound:
                    table[expr] = None
                continue
            for symbol in sorted(sp.sympify(expr).free_symbols - bound, key=str):
                if isinstance(symbol, sp.Symbol):
                    table[symbol] = None

    def dimensions(self) -> list[Any]:
        """The symbols that count something."""
        strides = [s for s in self.affine if s.is_positive]
        found = dict.fromkeys([*self.shapes, *self.ranges, *strides])
        return [s for s in found if s in self.shapes or s not in self.axes]

    def indices(self) -> dict[Any, list[Any]]:
        """The free indices, with the sizes of the axes that they range over."""
        dimensions = set(self.dimensions())
        found = {s: sizes for s, sizes in self.axes.items() if s not in dimensions}
        for symbol in self.affine:
            if symbol not in dimensions:
                found.setdefault(symbol, [])
        return found


def fields_of(claim: Claim) -> list[Any]:
    return [getattr(claim, name) for name in claim.expression_fields] + list(claim.where.values())


def inventory(claim: Claim) -> Inventory:
    """What a claim speaks of, its assumptions apart."""
    found = Inventory()
    for expr in fields_of(claim):
        found.visit(expr)
    for symbol in claim.where:
        if isinstance(symbol, sp.Basic):
            found.visit(symbol)
    return found


def dimension_symbols(claim: Claim) -> list[Any]:
    """The symbols of a claim that count something: sizes of arrays and ends of ranges."""
    return inventory(claim).dimensions()


def free_indices(claim: Claim) -> dict[Any, list[Any]]:
    """The free indices of a claim, each with the sizes of the axes that it ranges over."""
    return inventory(claim).indices()


def witness_names(claim: Claim) -> dict[Any, str]:
    """The name of each symbol in a witness, the sizes and indices among themselves and what has a
    value among itself: its own, or a number after it where another has that one.
    """
    found = Inventory()
    for expr in (*claim.said, *claim.where):
        if isinstance(expr, sp.Basic):
            found.visit(expr)
    counted = dict.fromkeys([*found.dimensions(), *found.indices()])
    valued = dict.fromkeys([*found.arrays, *(s for s in found.scalars if s not in counted)])
    return {**_distinct(valued), **_distinct(counted)}


def _distinct(symbols: Iterable[Any]) -> dict[Any, str]:
    """A name for each symbol, whatever the order in which they are met; scalars come first."""
    ordered = sorted(symbols, key=lambda s: (not isinstance(s, sp.Symbol), _identity(s)))
    plain = {str(symbol) for symbol in ordered}
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for symbol in ordered:
        name, number = str(symbol), 1
        while name in taken or (number > 1 and name in plain):
            number += 1
            name = f"{symbol}_{number}"
        taken.add(name)
        names[symbol] = name
    return names


def _identity(symbol: Any) -> tuple[Any, ...]:
    """What tells a symbol from others of its name."""
    assumed = sorted(map(str, getattr(symbol, "assumptions0", {}).items()))
    return (str(symbol), type(symbol).__name__, getattr(symbol, "dummy_index", 0), assumed,
            str(getattr(symbol, "shape", "")))  # fmt: skip
