"""Where in a report's sources a failure stands, and what is said of it in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from derive.claims.statuses import REFUTED

PROBLEMS = {
    "disagrees": "a statement that is wrong, with a witness",
    "ill-shaped": "a statement whose parts do not fit together",
    "undecided": "a statement that is neither proved nor refuted",
    "ambiguous": "a formula that holds in one reading and not in another",
    "not-understood": "a formula that could not be read",
}
AS_CODE = "derived, as code: "  # how a note on code begins
PLURALS = {"holds": "hold", "disagrees": "disagree", "defines": "define", "declares": "declare"}


@dataclass(frozen=True)
class Failure:
    """A claim or a formula that does not hold, and where.

    :param name: the claim's id, or the formula's place in its document.
    :param outcome: a key of :data:`PROBLEMS`.
    :param message: one line.
    :param file: the file it stands in; None for the catalogue.
    :param line: counted from 1; None where only the file is known.
    :param column: counted from 1.
    """

    name: str
    outcome: str
    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def is_error(self) -> bool:
        """Whether it is known to be wrong, and not only undecided."""
        return self.outcome in REFUTED


def failures(report: Mapping[str, Any]) -> Iterator[Failure]:
    """All that does not hold and was not expected to fail, in the order of the report."""
    found = [
        *map(failure_of_claim, claims_beside(report)),
        *map(failure_of_formula, report.get("formulas", ())),
    ]
    yield from (failure for failure in found if failure is not None)


def claims_beside(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims but those of documents: what a document says is told by its formulas, of which one
    may have several readings, a claim each.
    """
    inside = {id for formula in report.get("formulas", ()) for id in formula.get("claims", ())}
    return [claim for claim in report["claims"] if claim["id"] not in inside]


def failure_of_claim(claim: Mapping[str, Any]) -> Failure | None:
    """None where it holds, or fails as is expected."""
    if claim["status"] not in PROBLEMS or claim.get("expected") == claim["status"]:
        return None
    return Failure(
        claim["id"],
        claim["status"],
        _message(claim),
        claim.get("file"),
        claim.get("line"),
        claim.get("column"),
    )


def failure_of_formula(formula: Mapping[str, Any]) -> Failure | None:
    """None where it is nothing that has to be mended, or comes out as is expected."""
    if formula["outcome"] not in PROBLEMS or formula.get("expected") == formula["outcome"]:
        return None
    return Failure(
        f"{formula['file']}:{formula['line']}",
        formula["outcome"],
        formula.get("message") or formula["outcome"],
        formula["file"],
        formula["line"],
        formula.get("column"),
    )


def _message(claim: Mapping[str, Any]) -> str:
    parts = [claim.get("reason") or claim["status"]]
    derived = claim.get("derived")
    as_code = [note for note in claim.get("notes", ()) if note.startswith(AS_CODE)]
    if claim["status"] == "disagrees":
        if as_code:
            parts += as_code
        elif derived and len(derived) < 400 and "Lambda(" not in derived:
            parts.append(f"derived: {derived}")
    return "; ".join(" ".join(str(part).split()) for part in parts)


def counted(report: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many there are of each: of the formulas of documents, and of the claims beside them."""
    summary = report["summary"]
    counts = Counter(summary.get("formulas", summary))
    if "formulas" in summary:
        counts.update(claim["status"] for claim in claims_beside(report))
    return list(counts.items())


def verb(outcome: str, number: int) -> str:
    """``hold`` for several that hold, and so on."""
    return PLURALS.get(outcome, outcome) if number != 1 else outcome
