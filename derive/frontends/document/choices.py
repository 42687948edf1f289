"""Readings: what a notation is taken for where it has several meanings.

Reading a statement asks for a choice wherever it meets such a notation. A reading is the list of
the choices that were made on the way, and :func:`readings` goes through all of them. A choice has
one key in a section, so that one reading takes a notation for the same thing everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MAX_READINGS = 48

Result = TypeVar("Result")


@dataclass
class Choices:
    """The choices of one reading.

    :param fixed: what the document declares or lets be known: these are no choices.
    :param plan: the choices with which this reading begins.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def pick(self, key: str, options: Sequence[str]) -> str:
        """The option that this reading takes for ``key``; the first one where it is free."""
        if key in self.made:
            return self.made[key]
        if key in self.fixed and self.fixed[key] in options:
            self.used.add(key)
            return self.fixed[key]
        option = self.plan.get(key, options[0])
        if option not in options:
            option = options[0]
        if len(options) > 1:
            self.made[key] = option
            self.options[key] = tuple(options)
        return option

    def forget(self) -> None:
        """Begin anew with the same plan."""
        self.made.clear()
        self.options.clear()
        self.used.clear()


def readings(
    attempt: Callable[[Choices], Result], fixed: Mapping[str, str], limit: int = MAX_READINGS
) -> Iterator[tuple[Choices, Result] | None]:
    """Every reading with what the attempt makes of it, the preferred options first.

    Ends with None where there are more readings than the limit.
    """
    pending: list[dict[str, str]] = [{}]
    number = 0
    while pending:
        if number == limit:
            yield None
            return
        plan = min(pending, key=_far)
        pending.remove(plan)
        number += 1
        choices = Choices(fixed, plan)
        result = attempt(choices)
        yield choices, result
        before: dict[str, str] = {}
        for key, option in choices.made.items():
            if key not in plan:
                for other in choices.options[key]:
                    if other != option:
                        pending.append({**before, key: other})
            before[key] = option


def _far(plan: Mapping[str, str]) -> int:
    """How far a reading is from the preferred one."""
    return len(plan) + 2 * (plan.get("vectors") == "numpy")
