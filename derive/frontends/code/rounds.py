"""The rounds of a loop: its states, and what is known of them while they are settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from derive.frontends.code.axes import bounds
from derive.frontends.code.sizes import at_least
from derive.frontends.code.trace import current

Table = dict[Any, Callable[..., Any]]

# What stands for a read that has no value here; no claim may speak of it.
UNREAD = sp.Symbol("an array is read while a loop writes it", real=True)


@dataclass
class Cell:
    """One body of a state.

    :param base: P, whose entries are P[counter, counters of outer loops…, own indices…].
    :param factors: its own indices with their sizes.
    :param initial: the entry at its own indices before the loop.
    :param array: the array that is changed in place; None for a name.
    :param left: whether the first round alone may change that array, and its name goes on.
    :param update: the entry at its own indices after a round.
    :param final: likewise after the loop.
    """

    name: str
    key: tuple[int, ...]
    base: Any
    factors: list[tuple[Any, Any]]
    outer: list[tuple[Any, Any]]
    initial: Any
    array: Any
    axes_of: Any
    update: Any = None
    final: Any = None
    left: bool = False
    kind: str = ""
    core: list[Any] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    @property
    def indices(self) -> tuple[Any, ...]:
        return tuple(i for i, _ in self.factors)

    def entry(self, counter: Any) -> Any:
        return self.base[(counter, *(c for c, _ in self.outer), *self.indices)]

    def at(self, expr: Any, args: tuple[Any, ...]) -> Any:
        """An expression in its own indices (and outer counters) at others."""
        own = (*(c for c, _ in self.outer), *self.indices)
        return expr.xreplace(dict(zip(own, args, strict=True)))


@dataclass
class Write:
    """A write in each round: the entries at ``position`` get ``value``.

    :param index: the own index that says in which round an entry is written, or None.
    :param round: this round.
    :param rest: further conditions.
    :param overlaps: whether several rounds may write an entry: the last of them stays.
    """

    value: Any
    index: Any
    position: Any
    round: Any
    rest: list[Any]
    overlaps: bool = False


class Rounds:
    """The rounds of a loop: its states, and what of them is settled.

    :param definitions: what a round defines, in order.
    :param counter: the index of a round.
    :param count: how many rounds there are.
    :param direction: 1 where they count up, −1 where they count down.
    """

    def __init__(
        self, cells: list[Cell], definitions: list[Any], counter: Any, count: Any, direction: int
    ) -> None:
        self.trace = current()
        self.cells = cells
        self.bases = {cell.base: cell for cell in cells}
        self.definitions = definitions
        self.own = set(definitions)
        self.counter = counter
        self.count = sp.sympify(count)
        self.direction = direction
        self.table: Table = {}
        self.renamed: Table = {}
        self._entries: dict[Any, frozenset[Any]] = {}

    # ---- what depends on what

    def mentioned(self, expr: Any, seen: set[Any] | None = None) -> set[Any]:
        """The states in an expression, and in the definitions that it rests on."""
        seen = set() if seen is None else seen
        found: set[Any] = set()
        where = self.trace.where
        for atom in expr.atoms(sp.IndexedBase, sp.Symbol):
            if atom in self.bases and atom not in self.table:
                found.add(atom)
            elif atom in where and atom not in seen and atom in self.own:
                seen.add(atom)
                found |= self.mentioned(where[atom], seen)
        return found

    def changed(self, expr: Any) -> Any:
        """An expression of a round without states."""
        for _ in range(len(self.cells) + 2):
            found = {
                e: (self.renamed.get(e.base) or self.table[e.base])(*e.indices)
                for e in self.entries(expr)
                if e.base in self.table or e.base in self.renamed
            }
            found = {e: value for e, value in found.items() if value != e}
            if not found:
                return expr
            expr = expr.xreplace(found)
        return expr

    def entries(self, expr: Any) -> frozenset[Any]:
        """The entries in an expression: few are changed by what one state is found to be."""
        found = self._entries.get(expr)
        if found is None:
            found = self._entries[expr] = frozenset(expr.atoms(sp.Indexed))
        return found

    @property
    def before_first(self) -> Any:
        return sp.Integer(0) if self.direction > 0 else self.count - 1

    def ranges(self, cell: Cell) -> dict[Any, Any]:
        return {**dict(cell.outer), **dict(cell.factors)}

    def in_range(self, round_: Any, ranges: dict[Any, Any]) -> list[Any]:
        """That a round is one of the loop's, where that is not seen."""
        low, high = bounds(round_, ranges)
        found = []
        if low is None or not at_least(low, 0):
            found.append(sp.Ge(round_, 0, evaluate=False))
        if high is None or not at_least(self.count - 1 - high, 0):
            found.append(sp.Lt(round_, self.count, evaluate=False))
        return found
