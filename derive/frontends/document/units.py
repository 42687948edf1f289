"""What gets an outcome: the rows of the formulas of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from derive.frontends.document import tree
from derive.frontends.document.contents import Formula, Place
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import Mention

EQUALS = ("=", ":=", "equiv", "triangleq", "=:", "?=")


DEFINES = (":=", "equiv", "triangleq")


@dataclass
class Unit:
    """One row of one formula: what gets an outcome.

    :param at: its number in the document.
    :param is_condition: whether it says what is assumed of a name, and claims nothing.
    :param solves: whether it gives the point at which a gradient was set to 0, and no definition.
    :param annotations: what is differentiated in it, with the shape that its subscript states.
    :param head: for a row that goes on with a chain, the statement in which that begins and the
        unit of it.
    """

    at: int
    formula: Formula
    row: tree.Row
    section: int
    place: Place
    latex: str
    skipped: bool = False
    expected: str = ""
    declares: bool = False
    is_condition: bool = False
    defines: list[Definition] = field(default_factory=list)
    solves: bool = False
    annotations: list[Mention] = field(default_factory=list)
    head: tuple[Unit, tree.Statement] | None = None


@dataclass
class Collected:
    """A document after the first pass.

    :param asserted: whether every equation is claimed, as one that is asked about is: of a
        document some are conditions.
    """

    units: list[Unit]
    knowledge: Knowledge
    problems: list[tuple[int, str]]
    prose: list[tuple[int, str, int]]  # the section, the text, the line
    source: str = ""
    cells: Mapping[int, str] = field(default_factory=dict)
    asserted: bool = False

    def text(self, unit: Unit) -> str:
        """The text that the places of a formula count in: the document, or a notebook's cell."""
        cell = unit.place.cell
        return self.source if cell is None else self.cells.get(cell, "")


def one_by_one(row: tree.Row) -> list[tree.Row]:
    """The statements of a row, each as a row of its own, where none follows from another."""
    statements = [item for item in row.items if isinstance(item, tree.Statement)]
    joined = any(
        isinstance(item, tree.Connective) and item.name in ("implies", "iff", "impliedby")
        for item in row.items
    )
    if len(statements) < 2 or joined:
        return [row]
    return [
        replace(row, start=one.start, end=one.end, items=(one,), parts=((one.start, one.end),))
        for one in statements
    ]
