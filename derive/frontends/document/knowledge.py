"""What a document says at each of its places: declared shapes, definitions, conventions.

A declaration holds to the next heading of the same or a higher level. Where nothing in the
sections around a formula declares or defines a name, the nearest section before it does, as
gradients stand in a section of their own after the model; the verdict says from which line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from derive.frontends.document.names import Mention, mention
from derive.frontends.document.tree import Node

LINES = 99  # the level of a section that is made of some lines, by a sidecar


@dataclass(frozen=True)
class Section:
    """From a heading to the next of its level or a higher one.

    :param around: the numbers of the sections that contain it, itself first.
    :param is_closed: whether what is said in it is not carried to the sections after it.
    """

    number: int
    level: int
    heading: str
    line: int
    around: tuple[int, ...]
    is_closed: bool = False


@dataclass(frozen=True)
class Known:
    """That a name has a shape, or what else it is declared to be.

    :param kind: ``shape``, ``scalar``, ``size``, ``index``, ``function`` or ``any-scalar``.
    :param sizes: the sizes as text; for ``any-scalar`` the names that it is a function of.
    """

    name: str
    kind: str
    sizes: tuple[str, ...]
    section: int
    at: int
    line: int
    how: str


@dataclass(frozen=True)
class Definition:
    """``name = body``, with arguments ``name(x)`` or indices ``name_{ij}``.

    :param at: the number of its formula in the document.
    :param until: that of the last formula for which it holds, where a sentence supposes it.
    """

    name: str
    written: Mention
    body: Node
    section: int
    at: int
    line: int
    arguments: tuple[Node, ...] = ()
    indices: tuple[Node, ...] = ()
    text: str = ""
    until: int | None = None


@dataclass(frozen=True)
class Range:
    """``i = 1, …, n`` beside a definition: how far an index counts."""

    letter: str
    first: Node
    last: Node
    section: int
    at: int


@dataclass(frozen=True)
class Fact:
    """An assumption: a formula, or a property of a name.

    :param body: the formula, None for a property.
    """

    names: tuple[str, ...]
    word: str
    body: Node | None
    section: int
    line: int
    how: str


Stated = TypeVar("Stated", Known, Definition)


@dataclass
class Knowledge:
    """All of it, collected before anything is decided."""

    sections: list[Section] = field(default_factory=lambda: [Section(0, 0, "", 0, (0,))])
    known: dict[str, list[Known]] = field(default_factory=dict)
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    points: dict[str, list[Definition]] = field(default_factory=dict)  # x = …, of a known x
    options: list[tuple[int, str, str, int]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    short: set[tuple[int, int]] = field(default_factory=set)  # where layers end before the last
    sizes: set[str] = field(default_factory=set)
    sized: dict[str, set[int]] = field(default_factory=dict)  # by which sections a size is known
    arrays: set[str] = field(default_factory=set)  # letters that are transposed, or beside a ⊙
    alone: set[str] = field(default_factory=set)  # letters that stand somewhere without a subscript
    stacked: dict[str, set[tuple[int, str]]] = field(default_factory=dict)  # said to be rows, where
    beside: set[str] = field(default_factory=set)  # letters right behind a ⊤ or ∇: maybe arrays
    with_index: set[str] = field(default_factory=set)  # arguments that have one: the θ of Σ_i θ_i
    divisors: set[str] = field(default_factory=set)  # letters that something is divided by
    members: set[str] = field(default_factory=set)  # u_k, of which there is one for each k
    counting: set[str] = field(default_factory=set)  # letters that count steps, the t of h_t
    spans: dict[str, list[tuple[Node | None, Node]]] = field(default_factory=dict)  # their ends
    zeros: dict[str, set[int]] = field(default_factory=dict)  # names that are said to be 0, where
    taken_in: set[str] = field(default_factory=set)  # letters in which derivatives are taken
    steps_of: dict[str, set[str]] = field(default_factory=dict)  # the t and i of g_t and g_i
    summed_to: dict[str, set[str]] = field(default_factory=dict)  # ends of sums over the i of x_i
    speaks_of_relu: bool = False
    hints: list[Fact] = field(default_factory=list)  # what prose and conditions say
    _found: dict[tuple[str, int, int], Known | None] = field(default_factory=dict)  # as declared

    def _reaching(self, found: list[Stated], section: int) -> list[Stated]:
        """What may be meant in a section: what a closed one says stays there."""
        around = self.around(section)
        return [one for one in found if one.section in around or not self._is_closed(one.section)]

    def _is_closed(self, section: int) -> bool:
        """Whether a section, or one around it, keeps what is said in it; lines of a sidecar do."""
        return any(
            self.sections[number].is_closed or self.sections[number].level == LINES
            for number in self.around(section)
        )

    def declare(self, known: Known) -> None:
        self.known.setdefault(known.name, []).append(known)
        self._found.clear()

    def define(self, definition: Definition) -> None:
        self.definitions.setdefault(definition.name, []).append(definition)
        self._found.clear()

    def around(self, section: int) -> tuple[int, ...]:
        return self.sections[section].around

    def declared(self, name: str, section: int, at: int) -> Known | None:
        """What declares a name at a place: the innermost section, in it the last before."""
        if name not in self.known:
            return None
        place = (name, section, at)
        if place not in self._found:
            found = self._reaching(self.known[name], section)
            self._found[place] = _nearest(found, self.around(section), at)
        return self._found[place]

    def defined(self, name: str, section: int, at: int, until: int = 0) -> Definition | None:
        """The definition of a name that holds at a place.

        :param until: the number of the statement that is read: what is defined between there and
            ``at`` counts as known.
        """
        if name not in self.definitions:
            return None
        made = self._reaching(self.definitions[name], section)
        made = [one for one in made if one.until is None or max(at, until) <= one.until]
        found = _nearest(made, self.around(section), at)
        known = self.declared(name, section, at) if found is not None else None
        if (
            found is not None
            and found.at > max(at, until)
            and known is not None
            and known.how != "subscript"
        ):
            return None  # it is a quantity of its own until then
        if found is None or found.section in self.around(section):
            return found
        if (
            known is not None
            and known.how != "subscript"
            and known.section != 0
            and known.section not in self.around(found.section)
        ):
            return None  # declared anew since
        return found

    def point(self, name: str, section: int, at: int) -> Definition | None:
        """The equation before a place that says what a declared name is: a definition of it, or
        one point among others.
        """
        around = self.around(section)
        found = [one for one in self.points.get(name, []) if one.section in around and one.at < at]
        return found[-1] if found else None

    def range_of(self, letter: str, definition: Definition) -> Range | None:
        """How far an index counts, as it is said beside a definition."""
        found = [
            one
            for one in self.ranges
            if one.letter == letter
            and one.section == definition.section
            and 0 < one.at - definition.at <= 2
        ]
        return found[0] if found else None

    def option(self, name: str, section: int) -> tuple[str, int] | None:
        """What a convention is declared to be, and in which line."""
        said = [one for one in self.options if one[1] == name]
        for number in self.around(section):
            for where, _, value, line in reversed(said):
                if where == number:
                    return value, line
        # As with names: a section on conventions speaks for those after it.
        before = [
            (value, line)
            for where, _, value, line in said
            if where < section and not self._is_closed(where)
        ]
        return before[-1] if before else None

    def is_size(self, name: str, section: int) -> bool:
        """Whether a letter is a size where it is written as an index: a size that only other
        sections speak of is none.
        """
        if name not in self.sizes:
            return False
        said = self.sized.get(name)
        return said is None or bool(said & set(self.around(section)))

    def is_taken(self, name: str) -> bool:
        """Whether a name is declared or defined anywhere so far."""
        return name in self.known or name in self.definitions

    def is_zero(self, name: str, section: int) -> bool:
        """Whether a name, as h_0, is said to be 0 around here."""
        return bool(self.zeros.get(name, set()) & set(self.around(section)))

    def facts_at(self, sections: Iterable[int]) -> Iterator[Fact]:
        """What is assumed in these sections."""
        around = {number for section in sections for number in self.around(section)}
        return (fact for fact in self.facts if fact.section in around)

    def doubtful(self, known: Known, section: int) -> bool:
        """Whether a name that a section before declares may be another one here: where it is
        declared more than once, or this section has declarations of its own.
        """
        if known.section in self.around(section):
            return False
        if len({one.section for one in self.known.get(known.name, [])}) > 1:
            return True
        own = set(self.around(section)) - set(self.around(known.section))
        return any(
            one.section in own and one.kind == "shape" and one.how in ("directive", "sidecar")
            for found in self.known.values()
            for one in found
        )

    def is_defined_with(self, name: str, section: int, before: int) -> bool:
        """Whether a section that is not in the one before defines something by this name: it may
        stand for another thing there.
        """
        own = set(self.around(section)) - set(self.around(before))
        return any(
            made.section in own
            and any(
                said is not None and name in (said.key, said.letter)
                for said in map(mention, made.body.walk())
            )
            for found in self.definitions.values()
            for made in found
        )


def _nearest(found: list[Stated], around: tuple[int, ...], at: int) -> Stated | None:
    for number in around:
        here = [item for item in found if item.section == number]
        if here:
            before = [item for item in here if item.at <= at]
            return before[-1] if before else here[0]
    before = [item for item in found if item.at <= at]
    return before[-1] if before else None
