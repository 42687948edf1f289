"""All readings of a statement: at one step first, through time where that does not do, and at one
layer where that does not do either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from derive.frontends.document import statements
from derive.frontends.document.choices import MAX_READINGS, Choices, readings
from derive.frontends.document.counters import over_steps
from derive.frontends.document.dependence import computed_loss, leaves, seen_by
from derive.frontends.document.knowledge import Knowledge
from derive.frontends.document.last_layers import (
    at_the_end,
    from_the_first,
    is_one_by_one,
    layers_of,
    of_the_last,
)
from derive.frontends.document.parts import Read, Task
from derive.frontends.document.reader import Reader
from derive.frontends.document.spelling import pretty
from derive.frontends.document.tasks import conventions
from derive.frontends.document.through_time import STEPS

Readings = list[tuple[Choices, Read]]


def all_readings(knowledge: Knowledge, task: Task, opaque: str = "") -> Readings | None:
    """All readings of a statement; None where there are too many.

    :param opaque: a name whose definition is left out of account.
    """
    return _read(knowledge, task, _Attempts(knowledge, task, opaque).attempt)


def readings_at_the_end(knowledge: Knowledge, task: Task) -> Readings | None:
    """All readings of what a statement about any layer says of the last ones; None where it is
    about none, or there are too many.
    """
    layers = layers_of(task)
    if layers is None or layers.is_last or not computed_loss(task, knowledge):
        return None
    known = at_the_end(knowledge, layers.high - layers.low)
    attempts = _Attempts(known, of_the_last(task, layers))
    return _read(knowledge, task, lambda choices: attempts.read(choices, layered=True))


def _read(knowledge: Knowledge, task: Task, attempt: Callable[[Choices], Read]) -> Readings | None:
    results = []
    for found in readings(attempt, conventions(knowledge, task.unit.section), MAX_READINGS):
        if found is None:
            return None
        results.append(found)
    return results


@dataclass
class _Attempts:
    """Ways to read a statement with the choices of a reading."""

    knowledge: Knowledge
    task: Task
    opaque: str = ""

    def read(
        self, choices: Choices, in_time: bool = False, unread: str = "", layered: bool = False
    ) -> Read:
        task = self.task
        reader = Reader(self.knowledge, task.unit.section, task.unit.at, choices)
        reader.opaque = {self.opaque, unread} - {""}
        reader.in_time, reader.layered = in_time, layered
        reader.sees = seen_by(self.knowledge, task, reader)
        reader.about = self.about()
        return statements.read(task, reader)

    def about(self) -> frozenset[str]:
        """The names that the statement is about in the end."""
        task = self.task
        roots = [root for root in (task.head, task.statement) if root is not None]
        place = task.unit.section, task.unit.at
        return frozenset().union(*(leaves(self.knowledge, root, *place) for root in roots))

    def attempt(self, choices: Choices) -> Read:
        task = self.task
        roots = [root for root in (task.head, task.statement) if root is not None]
        place = task.unit.section, task.unit.at
        of_many = task.defined is None and over_steps(self.knowledge, roots, *place)
        circles = ("circular",) if layers_of(task) else ()
        if not of_many:
            found = self.read(choices)
            if not _has(found, STEPS, *circles):
                return found
            choices.forget()
        found = self.read(choices, in_time=True)
        stuck = (STEPS, *circles, "undeclared") if circles else (STEPS,)
        if not _has(found, *stuck):
            return found
        layered = self.in_layers(choices)
        if layered is None:
            choices.forget()
            return self.read(choices, in_time=True)
        return layered

    def in_layers(self, choices: Choices) -> Read | None:
        """Layers of many sizes: what holds for any scalar of the next layer holds for this one.
        None where that does not do either.
        """
        layers = layers_of(self.task)
        computed = computed_loss(self.task, self.knowledge)
        if not computed and layers is None:
            return None
        about_any = computed != "" and layers is not None and not layers.is_last
        if about_any and not is_one_by_one(self.knowledge, self.task, computed):
            return None
        choices.forget()
        if layers is not None and layers.is_last:
            knowledge = at_the_end(self.knowledge, max(0, -layers.low))
            found = replace(self, knowledge=knowledge).read(choices, layered=True)
            return None if _has(found, STEPS) else found
        defining = layers is None or self.task.defined is not None
        task = self.task if defining or layers is None else from_the_first(self.task, layers)
        found = replace(self, task=task).read(choices, unread=computed, layered=True)
        if _has(found, STEPS):
            return None
        if task is not self.task and layers is not None:
            letter, by = layers.letter, -layers.low
            found = replace(
                found, inferred=(*found.inferred, f"read with {letter} + {by} for {letter}")
            )
        if computed:
            found.parts = [replace(part, foreign=(pretty(computed),)) for part in found.parts]
        return found


def _has(read: Read, *codes: str) -> bool:
    return any(part.code in codes for part in read.parts)


__all__ = ["all_readings", "readings_at_the_end"]
