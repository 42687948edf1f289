"""Sequences: what is defined step by step, and what is put together over all steps.

Position t of a sequence is the matrix that :func:`at` takes from an array of one axis more. A
matrix of shape (N, m) is a sequence of N rows of shape (1, m), an array of shape (N, n, m) one of N
matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement, MatrixExpr
from sympy.printing.precedence import PRECEDENCE
from sympy.tensor.array.expressions import ArrayElement

from derive.base.errors import ClaimError, ShapeError
from derive.language.checked_arguments import given_array, given_expression, given_limits
from derive.language.operators import MatrixOperator, OverRange, entry


class At(MatrixOperator):
    """at(X, t): position t of a sequence, row t of a matrix as (1, m) or X[t, ·, ·] as (n, m)."""

    def __new__(cls, array: Any, index: Any) -> At:
        return MatrixExpr.__new__(cls, array, sp.sympify(index))

    @property
    def array(self) -> Any:
        return self.args[0]

    @property
    def index(self) -> sp.Expr:
        return self.args[1]

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        _, *rest = self.array.shape
        return (sp.S.One, rest[0]) if len(rest) == 1 else tuple(rest)

    @property
    def free_symbols(self) -> set[sp.Basic]:
        sizes = (sp.sympify(size).free_symbols for size in self.array.shape)
        return {self.array} | self.index.free_symbols.union(*sizes)

    def place(self, i: Any, j: Any, index: Any = None) -> tuple[Any, ...]:
        """Where in the array the entry (i, j) stands."""
        at = self.index if index is None else index
        return (at, j) if len(self.array.shape) == 2 else (at, i, j)

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        return entry(self.array, *self.place(i, j))

    def _sympystr(self, printer: Any) -> str:
        return f"at({printer._print(self.array)}, {printer._print(self.index)})"

    def _latex(self, printer: Any) -> str:
        return rf"{printer._print(self.array)}_{{{printer._print(self.index)}}}"


class Recurrence(sp.Expr):
    """A sequence by its steps: ``args`` are the step, (t, low, high), the value that it starts
    from (absent: ``None``) and the direction, 1 or −1.
    """

    is_commutative = True

    @property
    def step(self) -> Any:
        return self.args[0]

    @property
    def index(self) -> sp.Symbol:
        return self.args[1][0]

    @property
    def low(self) -> sp.Expr:
        return self.args[1][1]

    @property
    def high(self) -> sp.Expr:
        return self.args[1][2]

    @property
    def initial(self) -> Any:
        """The value at the position before the first step; None where there is none."""
        return None if self.args[2] == sp.S.NaN else self.args[2]

    @property
    def direction(self) -> int:
        return int(self.args[3])

    @property
    def origin(self) -> sp.Expr:
        """The position of the initial value."""
        return self.low - 1 if self.direction > 0 else self.high + 1

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [self.index]

    @property
    def free_symbols(self) -> set[sp.Basic]:
        ends = self.low.free_symbols | self.high.free_symbols
        initial = self.initial.free_symbols if self.initial is not None else set()
        return (self.step.free_symbols - {self.index}) | ends | initial

    @property
    def length(self) -> sp.Expr:
        """The number of positions, counted from 0."""
        after = self.direction < 0 and self.initial is not None
        return self.high + (2 if after else 1)

    def _sympystr(self, printer: Any) -> str:
        parts = [printer._print(self.step), printer._print(self.args[1])]
        if self.initial is not None:
            name = "start" if self.direction > 0 else "end"
            parts.append(f"{name}={printer._print(self.initial)}")
        kind = "sequence" if self.initial is None else "recurrence"
        return f"{kind}({', '.join(parts)})"


class MatrixSum(OverRange, MatrixOperator):
    """sum_over(body, (k, low, high)): the sum of matrices over a range. The shape of the body."""

    def __new__(cls, body: Any, limits: Any) -> MatrixSum:
        return MatrixExpr.__new__(cls, body, sp.Tuple(*limits))

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.body.shape

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        return sp.Sum(entry(self.body, i, j), tuple(self.limits))

    def _sympystr(self, printer: Any) -> str:
        return f"sum_over({printer._print(self.body)}, {printer._print(self.limits)})"

    def _latex(self, printer: Any) -> str:
        return _over_a_range(r"\sum", self, printer)


class OrderedProduct(OverRange, MatrixOperator):
    """ordered_product(body, (j, low, high)): the product of square matrices, in order.

    ``args`` are the body, the limits, and 1 where later factors stand on the left, −1 where they
    stand on the right. The identity where the range is empty.
    """

    @property
    def later_left(self) -> bool:
        return self.args[2] == 1

    @property
    def shape(self) -> tuple[sp.Expr, sp.Expr]:
        return self.body.shape

    def definition(self, i: sp.Expr, j: sp.Expr) -> sp.Expr:
        raise NotImplementedError("an ordered product has no closed form")

    def _entry(self, i: Any, j: Any, **_: Any) -> sp.Expr:
        return entry(self, i, j)

    def _sympystr(self, printer: Any) -> str:
        later = "left" if self.later_left else "right"
        parts = (printer._print(self.body), printer._print(self.limits), f"later='{later}'")
        return f"ordered_product({', '.join(parts)})"

    def _latex(self, printer: Any) -> str:
        arrow = "left" if self.later_left else "right"  # the way in which the index grows
        return _over_a_range(rf"\over{arrow}arrow{{\prod}}", self, printer)


def _over_a_range(sign: str, node: Any, printer: Any) -> str:
    variable, low, high = map(printer._print, node.limits)
    body = printer.parenthesize(node.body, PRECEDENCE["Mul"])
    return rf"{sign}_{{{variable}={low}}}^{{{high}}} {body}"


# ---- constructors


def at(array: Any, index: Any) -> Any:
    """Position ``index`` of a sequence: of an array of shape (N, m) its row as a (1, m) matrix, of
    shape (N, n, m) a matrix of shape (n, m), of shape (N,) a scalar.

    :raises ShapeError: for an array without a declared shape, or of another number of axes.
    """
    shape = getattr(array, "shape", None)
    if shape is None or not 1 <= len(shape) <= 3:
        raise ShapeError(f"{array} is no sequence: it takes a shape of one to three axes")
    return array[index] if len(shape) == 1 else At(array, index)


def recurrence(step: Any, limits: Any, *, start: Any = None, end: Any = None) -> Recurrence:
    """A definition for ``where``: the sequence H with H_t = ``step`` for t in ``(t, low, high)``.

    With ``start``, H at low − 1 is that value and the step reads ``at(H, t - 1)``; with ``end``, H
    at high + 1 is that value and the step reads ``at(H, t + 1)``. Positions are counted from 0, so
    that ``start`` at t = 0 makes H of shape (T + 1, …) for steps 1 … T; positions before are zero.
    The symbol that is being defined stands in its own step, and so may those of other sequences
    of the same range, at the previous position or, where they are defined before, at the same.

    :raises ClaimError: unless exactly one of ``start`` and ``end`` is given.
    """
    if (start is None) == (end is None):
        raise ClaimError("a recurrence has either a start or an end")
    direction = 1 if end is None else -1
    initial = given_expression(start if end is None else end, "recurrence")
    over = given_limits(limits, "recurrence")
    return Recurrence(given_expression(step, "recurrence"), over, initial, sp.Integer(direction))


def sequence(body: Any, limits: Any) -> Recurrence:
    """A definition for ``where``: the sequence with ``body`` at each t of ``(t, low, high)``.

    It starts from nothing: positions before ``low`` are zero. It may read a recurrence that is
    defined after it at the previous position, as a gate reads the state.
    """
    over = given_limits(limits, "sequence")
    return Recurrence(given_expression(body, "sequence"), over, sp.S.NaN, sp.Integer(1))


def sum_over(body: Any, limits: Any) -> Any:
    """Σ of matrices over ``(k, low, high)``, both ends included: a matrix. See ``sympy.Sum``."""
    over = given_limits(limits, "sum_over")
    body = given_expression(body, "sum_over")
    return MatrixSum(body, over) if isinstance(body, MatrixExpr) else sp.Sum(body, tuple(over))


def ordered_product(body: MatrixExpr, limits: Any, *, later: str = "left") -> OrderedProduct:
    """The product of square matrices over ``(j, low, high)`` in order; I where it is empty.

    :param later: the side of later factors: ``"left"`` for B_high … B_low, ``"right"`` for
        B_low … B_high.
    :raises ClaimError: for any other side.
    """
    if later not in ("left", "right"):
        raise ClaimError(f"later factors stand on the left or on the right, not on the {later}")
    side = sp.Integer(1 if later == "left" else -1)
    over = given_limits(limits, "ordered_product")
    return MatrixExpr.__new__(OrderedProduct, given_array(body, "ordered_product"), over, side)


# ---- systems: definitions that refer to one another through time


class System(NamedTuple):
    """Symbols whose definitions are to be worked out together, in order, position by position.

    A single symbol whose definition does not refer to itself is not ``recursive``.
    """

    symbols: tuple[Any, ...]
    recursive: bool


def systems(where: Mapping[Any, Any]) -> list[System]:
    """The definitions of a claim in groups that refer to one another, each after those it needs.

    :raises ClaimError: for a definition that uses what is defined after it otherwise than as a
        recurrence may.
    """
    try:
        return list(_systems(tuple(where.items())))
    except TypeError:  # a definition that cannot be hashed
        return _systems.__wrapped__(tuple(where.items()))


@lru_cache(maxsize=64)
def _systems(items: tuple[tuple[Any, Any], ...]) -> list[System]:
    where = dict(items)
    order = list(where)
    place = {symbol: k for k, symbol in enumerate(order)}
    groups: list[System] = []
    uses = {s: _defined_in(where[s], place) for s in order}
    k = 0
    while k < len(order):
        # The group reaches as far as the last definition that one of its members uses.
        reach = k
        member = k
        while member <= reach:
            reach = max([reach, *(place[s] for s in uses[order[member]])])
            member += 1
        group = tuple(order[k : reach + 1])
        recursive = reach > k or order[k] in uses[order[k]]
        if recursive:
            _check_system(group, where)
        groups.append(System(group, recursive))
        k = reach + 1
    return groups


def _defined_in(expr: Any, place: Mapping[Any, int]) -> set[Any]:
    return set() if isinstance(expr, sp.Lambda) else _symbols(expr) & set(place)


def _symbols(expr: Any) -> set[Any]:
    """The defined symbols in an expression; arrays by their own symbol."""
    try:
        return set(_names_in(expr))
    except TypeError:  # it cannot be hashed
        return set(_names_in.__wrapped__(expr))


@lru_cache(maxsize=1024)
def _names_in(expr: Any) -> frozenset[Any]:
    return frozenset(node for node in _walk(expr) if _is_name(node))


def _is_name(node: Any) -> bool:
    return isinstance(node, (sp.Symbol, sp.MatrixSymbol, sp.IndexedBase)) or (
        type(node).__name__ == "ArraySymbol"
    )


def _walk(expr: Any) -> Iterator[Any]:
    """All nodes of an expression, those inside of an array's own symbol apart, each once."""
    seen: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen or not isinstance(node, sp.Basic):
            continue
        seen.add(node)
        yield node
        if not _is_name(node):
            stack.extend(node.args)
            if isinstance(node, sp.MatrixBase):
                stack.extend(node)


def _check_system(group: tuple[Any, ...], where: Mapping[Any, Any]) -> None:
    """Every member is defined by what stands before it in time, or in order at the same time."""
    for position, symbol in enumerate(group):
        if not isinstance(where[symbol], Recurrence):
            later = _symbols(where[symbol]) & set(group[position:])
            early = min(map(str, later), default=None)
            if early is None:
                raise ClaimError(f"{symbol} stands between definitions that need one another")
            raise ClaimError(f"the definition of {symbol} uses {early} before it is defined")
    direction = direction_of(group, where)
    ranges = {where[symbol].args[1][1:] for symbol in group}
    turned = any(where[s].initial is not None and where[s].direction != direction for s in group)
    if len(ranges) > 1 or turned:
        names = ", ".join(map(str, group))
        raise ClaimError(f"{names} refer to one another and run over unequal ranges")
    for position, symbol in enumerate(group):
        expr = where[symbol]
        if expr.initial is not None and _symbols(expr.initial) & set(group):
            early = min(map(str, _symbols(expr.initial) & set(group)))
            raise ClaimError(f"{symbol} starts from {early}, which is defined with it")
        for array, index in _reads(expr.step, set(group)):
            gap = None if index is None else sp.expand((index - expr.index) * direction)
            if gap == -1 or (gap == 0 and array in group[:position]):
                continue
            read = "as a whole" if index is None else f"at {index}"
            raise ClaimError(
                f"the definition of {symbol} uses {array} {read} before it is defined; a step "
                f"may read position {expr.index - direction}"
            )


def carried(group: tuple[Any, ...], where: Mapping[Any, Any]) -> set[Any]:
    """The symbols of a system of which an earlier position is read: the states."""
    return {
        array
        for symbol in group
        for array, index in _reads(where[symbol].step, set(group))
        if index is not None and sp.expand(index - where[symbol].index) != 0
    }


def direction_of(group: tuple[Any, ...], where: Mapping[Any, Any]) -> int:
    """1 where a system runs forward in time, −1 where it runs backward."""
    return next((where[s].direction for s in group if where[s].initial is not None), 1)


def _reads(expr: Any, symbols: set[Any]) -> Iterator[tuple[Any, Any]]:
    """Each use of the symbols with the position that is read, None where it is no single one."""
    seen: set[Any] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if node in seen or not isinstance(node, sp.Basic):
            continue
        seen.add(node)
        if _is_name(node):
            if node in symbols:
                yield node, None
            continue
        array, index = _read_of(node)
        if array in symbols:
            yield array, index
            stack.extend(a for a in node.args if a is not array)
        else:
            stack.extend(node.args)
            if isinstance(node, sp.MatrixBase):
                stack.extend(node)


def _read_of(node: Any) -> tuple[Any, Any]:
    """The array and the leading index of an entry or a position."""
    if isinstance(node, At):
        return node.array, node.index
    if isinstance(node, MatrixElement):
        return node.parent, node.indices[0]
    if isinstance(node, sp.Indexed):
        return node.base, node.indices[0]
    if isinstance(node, ArrayElement):
        return node.name, node.indices[0]
    return None, None
