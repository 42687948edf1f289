"""A claim and its verdict as a report tells them: text and numbers, which can be kept and printed
again without SymPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from derive.claims.statuses import STATUSES

Record = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """One claim of a report.

    :param record: what JSON says of it.
    :param formula: the title of the formula that makes the claim, ``""`` where none does.
    :param path: the file that states it, ``""`` for the catalogue.
    :param assumptions: what it holds under, as people read it.
    :param sides: where it does not hold, each side with what it is: (label, text).
    :param point: what fixes the point of a witness: ``n = 1``, ``W = [[2]]``, …
    :param entry: the entry at which the sides differ there, such as ``[0, 1]``.
    :param comparison: the values of both sides there.
    """

    record: Record
    formula: str = ""
    path: str = ""
    assumptions: tuple[str, ...] = ()
    sides: tuple[tuple[str, str], ...] = ()
    point: tuple[str, ...] = ()
    entry: str = ""
    comparison: str = ""

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def status(self) -> str:
        return str(self.record["status"])

    @property
    def title(self) -> str:
        return str(self.record["title"])

    @property
    def section(self) -> str:
        return self.record["section"] or ""

    @property
    def heading_key(self) -> tuple[str, str]:
        """Claims with the same key stand under one heading."""
        return (self.path, self.section)

    @property
    def is_cached(self) -> bool:
        """Whether it was found before, and kept."""
        return "cached" in self.record

    @property
    def depends_on_the_clock(self) -> bool:
        """Whether more time, or another attempt, might have told something else."""
        return self.record["stopped"] or self.record["reason"].startswith("internal error")

    def plain(self) -> Record:
        """The same as dictionaries and lists."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def of_plain(data: Mapping[str, Any]) -> Finding:
    """What :meth:`Finding.plain` gave.

    :raises KeyError, TypeError, ValueError: for anything else.
    """
    record = data["record"]
    if record["status"] not in STATUSES:
        raise ValueError(record["status"])
    return Finding(
        record,
        formula=str(data["formula"]),
        path=str(data["path"]),
        assumptions=tuple(map(str, data["assumptions"])),
        sides=tuple((str(label), str(text)) for label, text in data["sides"]),
        point=tuple(map(str, data["point"])),
        entry=str(data["entry"]),
        comparison=str(data["comparison"]),
    )


@dataclass(frozen=True)
class Findings:
    """A report made of what is found of claims.

    :param expected: whether a claim is known to fail, and does.
    """

    found: Sequence[Finding]
    expected: Callable[[Finding], bool] = lambda _: False

    def data(self, typesetting: bool = False) -> Record:
        """The JSON of ``verify``: every claim with its verdict, and how many there are of each.
        It has its mathematics in LaTeX where that was told.
        """
        return {
            "claims": [
                finding.record | ({"expected": finding.status} if self.expected(finding) else {})
                for finding in self.found
            ],
            "summary": count_statuses(self.found),
        }


def count_statuses(verdicts: Iterable[Any]) -> dict[str, int]:
    """How many verdicts, or findings, there are of each status, in the order of ``STATUSES``."""
    statuses: Sequence[str] = [verdict.status for verdict in verdicts]
    return {status: statuses.count(status) for status in STATUSES}
