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


@dataclass
class Draft:
    """The names in the order in which they are used, and losses with what they are read to see."""

    names: list[Drafted] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def draft_of(path: str) -> Draft:
    """The declarations that the document in a file needs, besides those of its sidecar.

    :raises DocumentError: for a file that cannot be read.
    """
    file = Path(path)
    contents, _ = read_document(file, docstrings=file.suffix == ".py")
    return draft(collect(contents, parser(contents)))


def draft(collected: Collected) -> Draft:
    """The declarations that a document needs."""
    tasks = list(_tasks(collected))
    kinds: dict[str, Counter[str]] = {}
    for task in tasks:
        for name, value in _undeclared(collected, task, {}).items():
            kinds.setdefault(name, Counter())[_kind(value)] += 1
    chosen = {name: found.most_common(1)[0][0] for name, found in kinds.items()}
    fixed = {pretty(name): kind for name, kind in chosen.items()}
    axes = _Axes(collected.knowledge.sizes)
    shapes: dict[str, int] = {}
    lines: dict[str, list[int]] = {}
    losses: dict[str, None] = {}
    for task in tasks:
        read = _undeclared(collected, task, fixed, losses)
        axes.begin()
        for name, value in read.items():
            if _kind(value) != chosen.get(name):
                continue
            sizes = _sizes(value)
            shapes.setdefault(name, len(sizes))
            lines.setdefault(name, []).append(task.unit.place.line)
            for axis, size in enumerate(sizes):
                axes.put((name, axis), size)
    names = [
        Drafted(
            written(name),
            tuple(axes.size((name, axis)) for axis in range(rank)),
            tuple(dict.fromkeys(lines[name])),
        )
        for name, rank in shapes.items()
    ]
    return Draft(names, list(losses))


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


def _undeclared(
    collected: Collected,
    task: Task,
    fixed: dict[str, str],
    losses: dict[str, None] | None = None,
) -> dict[str, Value]:
    """The names of a statement that nothing declares or defines, in the first reading that fits."""
    knowledge = collected.knowledge

    def attempt(choices: Choices) -> tuple[Reader, bool]:
        reader = Reader(knowledge, task.unit.section, task.unit.at, choices, drafting=True)
        reader.sees = seen_by(knowledge, task, reader)
        read = statements.read(task, reader)
        fits = bool(read.parts) and all(part.code == "" for part in read.parts)
        return reader, fits

    declared = {**fixed, **conventions(knowledge, task.unit.section)}
    for found in readings(attempt, declared, READINGS):
        if found is None:
            break
        _, (reader, fits) = found
        if not fits:
            continue
        if losses is not None:
            for sentence in reader.inferred:
                loss, said, seen = sentence.partition(" is any scalar function of ")
                if said and "its arguments" not in seen:
                    losses.setdefault(f"{loss} = any scalar of {seen}")
        sizes = reader.sizes
        return {
            name: Value(value.expr, tuple(map(sizes.resolved, value.shape)), value.thin)
            for name, value in reader.symbols.items()
            if name in reader.guessed
        }
    return {}


def _kind(value: Value) -> str:
    if not value.shape:
        return "scalar"
    return "vector" if value.thin else "matrix"


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


__all__ = ["Draft", "Drafted", "draft", "draft_of"]
