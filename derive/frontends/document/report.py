"""The report on documents as plain data, and whether one of them fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from derive.backends.telling import deeply_told
from derive.claims.entry import Entry
from derive.claims.statuses import (
    AMBIGUOUS,
    DEFINES,
    HOLDS,
    NO_STATEMENT,
    NOT_UNDERSTOOD,
    REFUTED,
    UNDECIDED,
)
from derive.frontends.document.check import Checked
from derive.frontends.document.decided import Decided, Outcome
from derive.report import Document, FormulaFinding, Report

DECIDED = (HOLDS, *REFUTED)
STRICT = (*REFUTED, UNDECIDED, AMBIGUOUS, NOT_UNDERSTOOD)


def fails(checked: Checked, strict: bool) -> bool:
    """Whether a document fails: by what disagrees or is ill-shaped, or is not what a directive
    expects; ``strict`` also by whatever is not decided.
    """
    return any(is_wrong(one, strict) for one in checked.outcomes)


def is_wrong(one: Outcome, strict: bool = False) -> bool:
    """Whether a formula fails its document."""
    if one.expected:
        return not one.as_expected
    return one.outcome in (STRICT if strict else REFUTED)


def report(results: Sequence[Checked], typesetting: bool = False) -> Report:
    """The report on documents.

    :param typesetting: with the mathematics of their claims in LaTeX, too.
    """
    return Report(documents=[told_document(checked, typesetting) for checked in results])


def told_document(checked: Checked, typesetting: bool = False) -> Document:
    """What was found of a document, as plain data."""
    formulas = tuple(told_formula(checked.path, one, typesetting) for one in checked.outcomes)
    return Document(checked.path, formulas, checked.problems, checked.source)


def told_formula(path: str, one: Outcome, typesetting: bool = False) -> FormulaFinding:
    """What was found of one formula, as plain data."""
    decided = [(d, d.claim, d.verdict) for d in one.claims if d.claim and d.verdict]
    findings = [deeply_told(Entry(claim), verdict, typesetting) for _, claim, verdict in decided]
    record: dict[str, Any] = {
        "file": path,
        "line": one.place.line,
        "column": one.place.column,
        "caret": [one.caret.line, one.caret.column],
        "latex": one.latex,
        "outcome": one.outcome,
        "code": one.code,
        "message": one.message,
        "reading": _reading(one.claims),
        "claims": [finding.id for finding in findings],
    }
    if one.place.cell is not None:
        record["cell"] = one.place.cell
    if one.expected:
        record["expected"] = one.expected
    with_claims = zip(decided, findings, strict=True)
    decisive = tuple(finding for (d, *_), finding in with_claims if d.outcome == one.outcome)
    return FormulaFinding(
        record,
        findings=tuple(findings),
        decisive=decisive,
        reading=tuple(_reading(d for d in one.claims if d.outcome not in (DEFINES, NO_STATEMENT))),
        last_line=one.last_line,
        is_display=one.display,
    )


def _reading(claims: Iterable[Decided]) -> list[str]:
    """How claims were read: the choices, and what was inferred from which line."""
    return list(dict.fromkeys(said for d in claims for said in (*d.reading, *d.inferred)))
