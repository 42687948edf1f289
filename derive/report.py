"""What was decided, of what, and from where: the one record that every back end writes.

It is text and numbers, without SymPy: it is made once of a claim and its verdict
(``derive.backends.telling``) or of a document (``derive.frontends.document.report``), can be kept
and sent, and is then written as text, JSON, or any other format. JSON is its dump
(``docs/report.schema.json``); exact numbers are strings there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from derive.claims.markdown import for_markdown
from derive.claims.statuses import INTERRUPTED, OUTCOMES, STATUSES

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
    def is_expected(self) -> bool:
        """Whether it is known to fail, and does."""
        return self.record.get("expected") == self.status

    @property
    def depends_on_the_clock(self) -> bool:
        """Whether more time, or another attempt, might have told something else."""
        return self.record["stopped"] or self.record["reason"].startswith("internal error")

    def marked(self, **marks: Any) -> Finding:
        """The same with more in its record: that it was kept, or that its failure is expected."""
        return replace(self, record=self.record | marks)

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
class FormulaFinding:
    """One formula of a document (or one row of it).

    :param record: what JSON says of it.
    :param findings: the claims that it makes and that were decided.
    :param decisive: those among them that came out as the formula does.
    :param reading: how it was read, as people are told it.
    :param last_line: the line in which it ends.
    :param is_display: whether it stands on lines of its own.
    """

    record: Record
    findings: tuple[Finding, ...] = ()
    decisive: tuple[Finding, ...] = ()
    reading: tuple[str, ...] = ()
    last_line: int = 0
    is_display: bool = False

    @property
    def outcome(self) -> str:
        return str(self.record["outcome"])

    @property
    def cell(self) -> int | None:
        """The cell of a notebook that it stands in; None elsewhere."""
        return self.record.get("cell")

    @property
    def expected(self) -> str:
        """What a directive says is expected of it, ``""`` for nothing."""
        return str(self.record.get("expected", ""))

    @property
    def is_expected(self) -> bool:
        """Whether a directive expects its outcome."""
        return self.expected == self.outcome

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C came before it was decided."""
        return bool(self.record["code"] == INTERRUPTED)


@dataclass(frozen=True)
class Document:
    """A document with what was found of each formula, in its order.

    :param problems: sentences on what else of it could not be read, each with its line.
    :param source: its text.
    """

    path: str
    formulas: tuple[FormulaFinding, ...]
    problems: tuple[tuple[int, str], ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Report:
    """What one run has decided.

    :param findings: the claims in order; those of documents are theirs.
    :param documents: the documents in order; None where none was read.
    """

    findings: Sequence[Finding] = ()
    documents: Sequence[Document] | None = None

    @property
    def formulas(self) -> list[FormulaFinding]:
        """The formulas of all documents, in order."""
        return [one for document in self.documents or () for one in document.formulas]

    def joined(self, other: Report) -> Report:
        """What this one and another have decided."""
        read = [one.documents for one in (self, other) if one.documents is not None]
        documents = [document for some in read for document in some] if read else None
        return Report([*self.findings, *other.findings], documents)

    def _repr_markdown_(self) -> str:
        """How a notebook shows it: a line for each claim, and the counts."""
        lines = []
        for finding in [*self.findings, *(f for one in self.formulas for f in one.findings)]:
            reason = finding.record.get("reason")
            said = f": {for_markdown(reason)}" if reason else ""
            lines.append(f"- **{finding.status}** `{finding.id}`{said}")
        counts = [
            f"{number} {status}" for status, number in self.data()["summary"].items()
            if isinstance(number, int)
        ]  # fmt: skip
        return "\n".join([*lines, "", ", ".join(counts)]) + "\n"

    def data(self) -> Record:
        """As plain data: the claims, the formulas of documents where any was read, the counts."""
        found = [*self.findings, *(each for one in self.formulas for each in one.findings)]
        claims = [finding.record for finding in found]
        if self.documents is None:
            return {"claims": claims, "summary": count_statuses(found)}
        return {
            "claims": claims,
            "formulas": [one.record for one in self.formulas],
            "problems": [
                {"file": document.path, "line": line, "message": message}
                for document in self.documents
                for line, message in document.problems
            ],
            "summary": {**count_statuses(found), "formulas": count_outcomes(self.formulas)},
        }


def count_statuses(found: Iterable[Any]) -> dict[str, int]:
    """How many verdicts, or findings, there are of each status, in the order of ``STATUSES``."""
    statuses: Sequence[str] = [one.status for one in found]
    return {status: statuses.count(status) for status in STATUSES}


def count_outcomes(formulas: Iterable[FormulaFinding]) -> dict[str, int]:
    """How many formulas have each outcome: together as many as there are formulas."""
    counts = Counter(one.outcome for one in formulas)
    return {outcome: counts[outcome] for outcome in OUTCOMES}
