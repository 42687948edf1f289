"""What was decided, of what, and from where: entries with their verdicts, counts, formulas.

A report is made once, and each back end writes it: as text, from the verdicts themselves, and in
every other format from its plain data, of which JSON is the dump. Exact numbers are strings there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.claims.entry import Entry
from derive.claims.typesetting import typeset
from derive.claims.verdict import STATUSES, SparseArray, Verdict, Witness
from derive.claims.wording import function_name, statement
from derive.language.printing import plain_text

Record = dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """A claim, where it comes from, and what was decided.

    :param expected: whether it is known to fail, and does.
    """

    entry: Entry
    verdict: Verdict
    expected: bool = False

    def data(self, typesetting: bool = False) -> Record:
        """As plain data.

        :param typesetting: with its mathematics in LaTeX, too.
        """
        claim, verdict = self.entry.claim, self.verdict
        return {
            **verdict_data(self.entry, verdict),
            **({"expected": verdict.status} if self.expected else {}),
            **({"latex": typeset(claim, verdict)} if typesetting else {}),
        }


@dataclass(frozen=True)
class Report:
    """What one run has decided.

    :param decisions: in order.
    :param formulas: the formulas of documents, each with its place and outcome; None where none
        was read.
    :param problems: what else of a document could not be read, each with its file and line.
    :param outcomes: how many formulas have each outcome.
    """

    decisions: tuple[Decision, ...]
    formulas: tuple[Record, ...] | None = None
    problems: tuple[Record, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many verdicts there are of each status, in the order of ``STATUSES``."""
        return counted(decision.verdict for decision in self.decisions)

    def data(self, typesetting: bool = False) -> Record:
        """As plain data: the claims, the formulas of documents where any was read, the counts."""
        claims = [decision.data(typesetting) for decision in self.decisions]
        if self.formulas is None:
            return {"claims": claims, "summary": self.counts}
        return {
            "claims": claims,
            "formulas": list(self.formulas),
            "problems": list(self.problems),
            "summary": {**self.counts, "formulas": dict(self.outcomes)},
        }


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts there are of each status, in the order of ``STATUSES``."""
    statuses = [verdict.status for verdict in verdicts]
    return {status: statuses.count(status) for status in STATUSES}


def verdict_data(entry: Entry, verdict: Verdict) -> Record:
    """One claim with its verdict."""
    claim = entry.claim
    return {
        **({"file": entry.path, "line": entry.line} if entry.line else {}),
        "id": claim.id,
        "formula": _formula_id(entry),
        "section": entry.section or None,
        "kind": claim.kind,
        "title": claim.title,
        "status": verdict.status,
        "assumptions": [plain_text(assumption) for assumption in verdict.assumptions],
        "statement": statement(claim),
        "documented": plain_text(claim.documented),
        "derived": None if verdict.derived is None else plain_text(verdict.derived),
        "witness": witness_data(verdict.witness) if verdict.witness else None,
        "reason": verdict.reason,
        "notes": list(verdict.notes),
        "source": claim.source,
        "stopped": verdict.stopped,
        "work": verdict.work,
        **({"cached": True} if verdict.cached else {}),
        "seconds": round(verdict.seconds, 4),
    }


def _formula_id(entry: Entry) -> str | None:
    return entry.formula.id if entry.formula else None


def witness_data(witness: Witness) -> Record:
    """A witness, its rationals as strings such as ``"1/2"``."""
    return {
        "sizes": {str(name): int(size) for name, size in witness.sizes.items()},
        "values": {str(name): _exact(value) for name, value in witness.values.items()},
        "functions": {function_name(key): str(value) for key, value in witness.functions.items()},
        "entry": [int(index) for index in witness.entry],
        "left": _exact(witness.left),
        "right": _exact(witness.right),
    }


def _exact(value: Any) -> Any:
    if isinstance(value, SparseArray):
        entries = [[list(position), _exact(number)] for position, number in value.entries.items()]
        return {
            "shape": list(value.shape),
            "entries": entries,
            "elsewhere": _exact(value.elsewhere),
        }
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    return str(value)
