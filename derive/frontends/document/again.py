"""What is refuted or left open, decided once more: under what its text says, and with declared
names as quantities of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from derive.claims.statuses import AMBIGUOUS, HOLDS, REFUTED
from derive.frontends.document.adjectives import said_of
from derive.frontends.document.attempts import readings_at_the_end
from derive.frontends.document.choices import Choices
from derive.frontends.document.decided import Condition, Decided, is_open, under
from derive.frontends.document.knowledge import Knowledge
from derive.frontends.document.parts import Read, Task
from derive.frontends.document.provisos import in_one_sentence, said_with
from derive.frontends.document.spelling import pretty
from derive.frontends.document.units import Collected, Unit


class Decider(Protocol):
    """What decides a statement in all of its readings."""

    collected: Collected
    knowledge: Knowledge
    conditions: list[Condition]
    hinting: bool

    def all_readings(self, task: Task, opaque: str = "") -> list[tuple[Choices, Read]] | None: ...

    def over_readings(self, task: Task, results: list[tuple[Choices, Read]]) -> list[Decided]: ...


def once_more(decider: Decider, task: Task, found: list[Decided]) -> list[Decided]:
    """The parts of a statement, with what is said of them beside it."""
    if any(map(_is_foreign, found)):
        found = _at_the_end(decider, task, found)
    if any(map(is_open, found)):
        found = _under_conditions(decider, task, found)
    if any(one.outcome in REFUTED for one in found):
        found = _as_quantities(decider, task, found)
    return found


def _is_foreign(one: Decided) -> bool:
    """Whether a claim is refuted for any loss, and not for the one that is defined."""
    refuted = one.verdict is not None and one.verdict.status in REFUTED
    return one.outcome == AMBIGUOUS and one.code == "undeclared" and refuted


def _at_the_end(decider: Decider, task: Task, found: list[Decided]) -> list[Decided]:
    """What is refuted of layer l for any loss, once more of the last layers, for the loss that
    the document defines.
    """
    results = readings_at_the_end(decider.knowledge, task)
    again = [] if not results else decider.over_readings(task, results)
    if len(again) != len(found):
        return found
    return [
        after if _is_foreign(before) and after.outcome in REFUTED else before
        for before, after in zip(found, again, strict=True)
    ]


def _as_quantities(decider: Decider, task: Task, found: list[Decided]) -> list[Decided]:
    """What is refuted once more, with declared names as quantities of their own: y = H x + v
    may define y, or say what is assumed of a y that is measured.
    """
    knowledge = decider.knowledge
    inferred = {sentence for one in found for sentence in one.inferred}
    at = (task.unit.section, task.unit.at)
    both = {
        key: made
        for key in knowledge.definitions
        if (made := knowledge.defined(key, *at)) is not None
        and (known := knowledge.declared(key, *at)) is not None
        and known.how != "subscript"
        and f"{pretty(key)} is defined in line {made.line}" in inferred
    }
    for key, made in both.items():
        results = decider.all_readings(task, opaque=key)
        again = [] if results is None else decider.over_readings(task, results)
        if len(again) != len(found):
            continue
        message = (
            f"it holds if {pretty(key)} is a quantity of its own, and line {made.line} does "
            "not define it; put `derive: skip` before that"
        )
        found = [
            replace(before, outcome=AMBIGUOUS, code="readings", message=message)
            if before.outcome in REFUTED and after.outcome == HOLDS
            else before
            for before, after in zip(found, again, strict=True)
        ]
    return found


def _under_conditions(decider: Decider, task: Task, found: list[Decided]) -> list[Decided]:
    """What is open once more: with the conditions that formulas before it state, and with what
    the words beside a name say of it; it may hold under them.
    """
    collected, unit = decider.collected, task.unit
    around = decider.knowledge.around(unit.section)
    stated = [one for one in decider.conditions if one.fact.section in around]
    stated += [Condition(fact, False, None) for fact in said_with(collected, unit)]
    own = [one for one in stated if not one.is_case or _follows(collected, one, unit)]
    if own:
        found = _assuming(decider, task, found, own)
    for facts in said_of(collected, unit):
        if any(map(is_open, found)):
            said = [Condition(fact, False, None) for fact in facts]
            decider.hinting = False  # what else the text may say was tried without these
            try:
                found = _assuming(decider, task, found, [*own, *said])
            finally:
                decider.hinting = True
    if len(own) < len(stated) and any(one.outcome in REFUTED for one in found):
        found = _assuming(decider, task, found, stated, elsewhere=True)
    return found


def _assuming(
    decider: Decider,
    task: Task,
    found: list[Decided],
    stated: Sequence[Condition],
    elsewhere: bool = False,
) -> list[Decided]:
    """What is open once more under conditions.

    :param elsewhere: whether some of them are said of a case that this is not said of.
    """
    facts = decider.knowledge.facts
    decider.knowledge.facts = [*facts, *(one.fact for one in stated)]
    try:
        results = decider.all_readings(task)
        again = [] if results is None else decider.over_readings(task, results)
    finally:
        decider.knowledge.facts = facts
    lines = ", ".join(
        dict.fromkeys(str(one.fact.line) for one in stated if one.fact.body is not None)
    )
    return found if len(again) != len(found) else under(found, again, lines, elsewhere)


def _follows(collected: Collected, condition: Condition, unit: Unit) -> bool:
    """Whether a formula follows a condition in its sentence: "if A = A⊤, then …"."""
    said = condition.unit
    if said is None or said.at >= unit.at:
        return False
    return in_one_sentence(collected.text(unit), said, unit)
