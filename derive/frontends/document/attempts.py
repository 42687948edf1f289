"""All readings of a statement: at one step first, and through time where that does not do."""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document import statements
from derive.frontends.document.choices import MAX_READINGS, Choices, readings
from derive.frontends.document.counters import over_steps
from derive.frontends.document.dependence import computed_loss, seen_by
from derive.frontends.document.knowledge import Knowledge
from derive.frontends.document.parts import Read, Task
from derive.frontends.document.reader import Reader
from derive.frontends.document.spelling import pretty
from derive.frontends.document.tasks import conventions
from derive.frontends.document.through_time import STEPS


def all_readings(
    knowledge: Knowledge, task: Task, opaque: str = ""
) -> list[tuple[Choices, Read]] | None:
    """All readings of a statement; None where there are too many.

    :param opaque: a name whose definition is left out of account.
    """

    def read(choices: Choices, in_time: bool = False, unread: str = "") -> Read:
        reader = Reader(knowledge, task.unit.section, task.unit.at, choices)
        reader.opaque = {opaque, unread} - {""}
        reader.in_time = in_time
        reader.sees = seen_by(knowledge, task, reader)
        return statements.read(task, reader)

    roots = [root for root in (task.head, task.statement) if root is not None]
    of_many = task.defined is None and over_steps(knowledge, roots, task.unit.section, task.unit.at)

    def attempt(choices: Choices) -> Read:
        if not of_many:
            found = read(choices)
            if not _needs_steps(found):
                return found
            choices.forget()
        found = read(choices, in_time=True)
        computed = computed_loss(task, knowledge)
        if not computed or not _needs_steps(found):
            return found
        # Layers of many sizes: what holds for any scalar of the next layer holds for this one.
        choices.forget()
        layers = read(choices, unread=computed)
        if _needs_steps(layers):
            choices.forget()
            return read(choices, in_time=True)
        layers.parts = [replace(part, foreign=(pretty(computed),)) for part in layers.parts]
        return layers

    results = []
    for found in readings(attempt, conventions(knowledge, task.unit.section), MAX_READINGS):
        if found is None:
            return None
        results.append(found)
    return results


def _needs_steps(read: Read) -> bool:
    return any(part.code == STEPS for part in read.parts)


__all__ = ["all_readings"]
