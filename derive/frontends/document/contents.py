"""What a document holds: formulas, headings and directives, each with its exact place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: ``offset`` counts characters from 0, ``line`` and ``column`` from 1.

    In a notebook all three count within the source of the cell ``cell`` (from 0); elsewhere
    ``cell`` is None.
    """

    offset: int
    line: int
    column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """The beginnings of the lines of a text, to turn offsets into places."""

    starts: tuple[int, ...]
    cell: int | None = None

    @classmethod
    def of(cls, text: str, cell: int | None = None) -> Lines:
        starts = [0]
        at = text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        return cls(tuple(starts), cell)

    def place(self, offset: int) -> Place:
        line = bisect_right(self.starts, offset)
        return Place(offset, line, offset - self.starts[line - 1] + 1, self.cell)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document whose text may leave out what its container adds.

    A formula in a quotation has no ``>`` in its text, one in a docstring no doubled backslashes:
    ``anchors`` are pairs (offset in ``text``, offset in the document), in order; between two of
    them both count alike.
    """

    text: str
    anchors: tuple[tuple[int, int], ...]
    lines: Lines

    def place(self, offset: int) -> Place:
        """The place in the document of an offset into ``text``."""
        at = bisect_right(self.anchors, (offset, float("inf"))) - 1
        local, document = self.anchors[max(at, 0)]
        return self.lines.place(document + offset - local)


@dataclass(frozen=True, slots=True)
class Formula(Passage):
    """A formula without its delimiters.

    ``display`` is False for one within a line; ``environment`` is the name of the environment that
    makes it one ("align*"; ``text`` then includes ``\\begin`` and ``\\end``), or "".
    """

    display: bool = False
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Directive(Passage):
    """``<!-- derive: X: n×d -->``, ``% derive: …``, ``.. derive: …``: the text after the colon."""


@dataclass(frozen=True, slots=True)
class Heading(Passage):
    """A heading; ``level`` 1 is the highest. ``text`` is its source without the marks.

    ``is_closed``: what is said below it holds there alone, as in the docstring of one function.
    """

    level: int = 1
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph(Passage):
    """Prose between formulas, as written, for suggestions only; formulas in it are left in."""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that was found, in the order of the document.

    ``items`` hold formulas, directives, headings and paragraphs; ``macros`` the sources of macro
    definitions outside of formulas (preambles, front matter); ``problems`` sentences on what could
    not be read at all, each with its place; ``cells`` the texts of a notebook, by number.
    """

    items: tuple[Passage, ...]
    macros: tuple[str, ...] = ()
    problems: tuple[tuple[Place, str], ...] = ()
    cells: Mapping[int, str] = field(default_factory=dict)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        return tuple(item for item in self.items if isinstance(item, Formula))
