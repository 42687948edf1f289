"""``derive init``: the declarations that a document needs, drafted for its author to correct.

Every statement is read, and nothing is decided. A name that nothing declares or defines is taken
for what its letter is used for, a matrix, a vector or a number, in the first reading that fits;
what the statements say of one name is put together, and sizes that are equal get one letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sympy as sp

from derive.frontends.document import statements, tree
from derive.frontends.document.choices import Choices, readings
from derive.frontends.document.collect import collect
from derive.frontends.document.containers import read_document
from derive.frontends.document.declarations import SIDECAR, sidecar
from derive.frontends.document.dependence import seen_by
from derive.frontends.document.parser import parser
from derive.frontends.document.parts import Task
from derive.frontends.document.reader import Reader
from derive.frontends.document.spelling import PRETTY, pretty
from derive.frontends.document.tasks import conventions, task_of
from derive.frontends.document.units import Collected
from derive.frontends.document.values import Value

READINGS = 12
"""How many readings of a statement are looked into for shapes."""

LETTERS = "nmpqrsuvhgNMPQR"

Slot_ = tuple[str, int]  # an axis of a name


@dataclass(frozen=True)
class Drafted:
    """What is proposed for one name.

    :param sizes: its sizes as a directive writes them; () for a scalar.
    :param lines: where it is used.
    """

    name: str
    sizes: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def item(self) -> str:
        return f"{self.name}: {'×'.join(self.sizes) or 'scalar'}"


@dataclass(frozen=True)
class Asked:
    """A name of which its use does not tell what it is: a question to the author.

    :param kinds: what it can be; () where nothing tells.
    """

    name: str
    kinds: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def question(self) -> str:
        return f"{self.name}: {' or '.join(self.kinds) or 'not known'}?"


@dataclass
class Draft:
    """The names in the order in which they are used, and losses with what they are read to see.

    :param declared: what the document says itself, each with its line.
    """

    names: list[Drafted] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    declared: list[tuple[str, int]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def draft_of(path: str, beside: bool = False) -> Draft:
    """The declarations that the document in a file needs.

    :param beside: whether what its sidecar declares is known already.
    :raises DocumentError: for a file that cannot be read.
    """
    file = Path(path)
    contents, _ = read_document(file, docstrings=file.suffix == ".py")
    said = file.with_name(file.stem + SIDECAR)
    known = sidecar(said) if beside and said.is_file() else []
    return draft(collect(contents, parser(contents), known))


def draft(collected: Collected) -> Draft:
    """The declarations that a document needs: what each name can be in all its statements."""
    tasks = list(_tasks(collected))
    unknown: dict[str, int] = {}
    kinds: dict[str, Counter[str]] = {}  # in the first reading that fits
    can_be: dict[str, list[str]] = {}
    lines: dict[str, list[int]] = {}
    decided: set[str] = set()  # names of statements that can be decided as they are
    for task in tasks:
        fitting = _fitting(collected, task, {}, unknown)
        for name, value in fitting[0].names.items() if fitting else ():
            kinds.setdefault(name, Counter())[_kind(value)] += 1
            others = [_kind(read.names[name]) for read in fitting if name in read.names]
            can_be.setdefault(name, []).extend(others)
            lines.setdefault(name, []).append(task.unit.place.line)
        if fitting and not any(map(_is_array_by_letter, fitting[0].names)):
            decided.update(fitting[0].names)
    # A statement that is decided in every reading is not to be decided in another way.
    chosen = {
        name: found.most_common(1)[0][0]
        for name, found in kinds.items()
        if name not in decided or len(set(can_be[name])) == 1
    }
    axes = _Axes(collected.knowledge.sizes | kinds.keys())
    losses: dict[str, None] = {}
    reads = [
        (read.losses, {n: v for n, v in read.names.items() if _kind(v) == chosen.get(n)})
        for task in tasks
        for read in _fitting(collected, task, {pretty(n): kind for n, kind in chosen.items()})[:1]
    ]
    ranks: dict[str, int] = {}
    oblong = {name for _, found in reads for name, value in found.items() if not _square(value)}
    for seen, found in reads:
        losses.update(dict.fromkeys(seen))
        axes.begin()
        # A slip may fit with a square matrix only, and is no evidence that it is one.
        slip = any(_square(value) and name in oblong for name, value in found.items())
        for name, value in found.items():
            sizes = _sizes(value)
            ranks.setdefault(name, len(sizes))
            for axis, size in enumerate(() if slip else sizes):
                axes.put((name, axis), size)
    names, asked = [], []
    for name in kinds:
        where = tuple(dict.fromkeys(lines[name]))
        sizes = tuple(axes.size((name, axis)) for axis in range(ranks.get(name, 0)))
        if name in chosen and name in ranks and "1" not in sizes:
            names.append(Drafted(written(name), sizes, where))
        else:
            asked.append(Asked(written(name), tuple(dict.fromkeys(can_be[name])), where))
    said = {each.name for each in names} | {each.name for each in asked}
    for item, line in unknown.items():
        name = item.split(":")[0]
        if name not in said:
            asked.append(Asked(name, (), (line,)))
    return Draft(names, list(losses), _declared(collected), asked)


def _is_array_by_letter(name: str) -> bool:
    """Whether a name that nothing declares is refused as it is: no number has a capital."""
    return name[:1].isupper()


def _declared(collected: Collected) -> list[tuple[str, int]]:
    """The shapes that a document declares itself, each with its line."""
    found: dict[str, int] = {}
    for known in (one for each in collected.knowledge.known.values() for one in each):
        if known.kind in ("shape", "scalar") and known.line:
            found.setdefault(Drafted(written(known.name), known.sizes, ()).item, known.line)
    return sorted(found.items(), key=lambda each: each[1])


def written(key: str) -> str:
    """A name as a directive takes it: ``\\hat{y}``, ``W^{(1)}``, ``μ``."""
    key = re.sub(r"([_^])([^_^]+)", r"\1{\2}", key)
    key = re.sub(r"(hat|bar|tilde|dot|check)\((\w+)\)", r"\\\1{\2}", key)
    key = re.sub(r"(bla|cal|fra|scr)\((\w+)\)", lambda m: f"{_STYLES[m[1]]}{{{m[2]}}}", key)
    return re.sub(r"(?<![\\A-Za-z])[A-Za-z]{2,}", lambda m: PRETTY.get(m[0], m[0]), key)


_STYLES = {"bla": r"\mathbb", "cal": r"\mathcal", "fra": r"\mathfrak", "scr": r"\mathscr"}


def _tasks(collected: Collected) -> Iterator[Task]:
    for unit in collected.units:
        if unit.skipped or unit.row.failure is not None:
            continue
        for statement in unit.row.items:
            if isinstance(statement, tree.Statement):
                task = task_of(unit, statement)
                if task is not None:
                    yield task


@dataclass(frozen=True)
class _Reading:
    """A reading that fits.

    :param names: what it takes the names for that nothing declares or defines.
    :param losses: the losses of which nothing else is known, with what they see.
    """

    names: dict[str, Value]
    losses: tuple[str, ...]


def _fitting(
    collected: Collected, task: Task, fixed: dict[str, str], unknown: dict[str, int] | None = None
) -> list[_Reading]:
    """The readings of a statement that fit; those with an array of one entry only where there are
    no others.

    :param unknown: is told what is lacking where none fits.
    """
    knowledge = collected.knowledge
    lacking: dict[str, int] = {}

    def attempt(choices: Choices) -> _Reading | None:
        reader = Reader(knowledge, task.unit.section, task.unit.at, choices, drafting=True)
        reader.sees = seen_by(knowledge, task, reader)
        read = statements.read(task, reader)
        for part in read.parts:
            if part.code == "undeclared" and ":" in part.remedy:
                lacking.setdefault(part.remedy, task.unit.place.line)
        fits = bool(read.parts) and all(part.code == "" for part in read.parts)
        return _guesses(reader) if fits else None

    declared = {**fixed, **conventions(knowledge, task.unit.section)}
    found = [each[1] for each in readings(attempt, declared, READINGS) if each is not None]
    fitting = [read for read in found if read is not None]
    if not fitting and unknown is not None:
        for item, line in lacking.items():
            unknown.setdefault(item, line)
    return [read for read in fitting if not _of_one(read)] or fitting


def _guesses(reader: Reader) -> _Reading:
    sizes = reader.sizes
    names = {
        name: Value(value.expr, tuple(map(sizes.resolved, value.shape)), value.thin)
        for name, value in reader.symbols.items()
        if name in reader.guessed
    }
    losses = []
    for sentence in reader.inferred:
        loss, said, seen = sentence.partition(" is any scalar function of ")
        if said and "its arguments" not in seen:
            losses.append(f"{loss} = any scalar of {seen}")
    return _Reading(names, tuple(losses))


def _of_one(read: _Reading) -> bool:
    """Whether an array that a reading guesses at has one entry, or a matrix one row."""
    return any(value.shape and "1" in map(str, _sizes(value)) for value in read.names.values())


def _kind(value: Value) -> str:
    if not value.shape:
        return "scalar"
    return "vector" if value.thin else "matrix"


def _square(value: Value) -> bool:
    return _kind(value) == "matrix" and len(set(value.shape)) == 1


def _sizes(value: Value) -> tuple[Any, ...]:
    if value.thin:
        return tuple(size for size in value.shape if size != 1)[:1] or (sp.S.One,)
    return value.shape


class _Axes:
    """Which axes of which names are of one size, and what that is."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)
        self.above: dict[Any, Any] = {}
        self.known: dict[Any, str] = {}
        self.number = 0

    def begin(self) -> None:
        """A statement begins: its open sizes are its own."""
        self.number += 1

    def root(self, one: Any) -> Any:
        while one in self.above:
            one = self.above[one]
        return one

    def put(self, slot: Slot_, size: Any) -> None:
        is_open = isinstance(size, sp.Dummy)
        other = (self.number, size) if is_open else ("size", str(size))
        a, b = self.root(slot), self.root(other)
        if not is_open:
            self.known.setdefault(b, str(size))
        if a == b:
            return
        if a in self.known and b in self.known:
            return  # two sizes that are not one: the first stays
        if a in self.known:
            a, b = b, a
        self.above[a] = b

    def size(self, slot: Slot_) -> str:
        root = self.root(slot)
        if root not in self.known:
            letter = next((each for each in LETTERS if each not in self.taken), None)
            self.known[root] = letter or f"n_{len(self.taken)}"
            self.taken.add(self.known[root])
        return self.known[root]


__all__ = ["Asked", "Draft", "Drafted", "draft", "draft_of"]
