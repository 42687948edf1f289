"""The report on documents as plain data, and whether one of them fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from derive.claims.entry import Entry
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, UNDECIDED
from derive.frontends.document.check import Checked
from derive.frontends.document.decided import AMBIGUOUS, NOT_UNDERSTOOD, Outcome
from derive.report import Decision, Report

FAILING = (DISAGREES, ILL_SHAPED)
DECIDED = (HOLDS, *FAILING)
STRICT = (*FAILING, UNDECIDED, AMBIGUOUS, NOT_UNDERSTOOD)


def fails(checked: Checked, strict: bool) -> bool:
    """Whether a document fails: by what disagrees or is ill-shaped, or is not what a directive
    expects; ``strict`` also by whatever is not decided.
    """
    return any(is_wrong(one, strict) for one in checked.outcomes)


def is_wrong(one: Outcome, strict: bool = False) -> bool:
    """Whether a formula fails its document."""
    if one.expected:
        return not one.as_expected
    return one.outcome in (STRICT if strict else FAILING)


def report(results: Sequence[Checked]) -> Report:
    """The report on documents: their formulas in order, and the claims that were decided."""
    decided = [d for checked in results for one in checked.outcomes for d in one.claims]
    counts: dict[str, int] = {}
    for checked in results:
        for outcome, number in checked.counts.items():
            counts[outcome] = counts.get(outcome, 0) + number
    return Report(
        tuple(Decision(Entry(d.claim), d.verdict) for d in decided if d.claim and d.verdict),
        tuple(record for checked in results for record in _formulas(checked)),
        tuple(
            {"file": checked.path, "line": line, "message": message}
            for checked in results
            for line, message in checked.problems
        ),
        counts,
    )


def _formulas(checked: Checked) -> Iterator[dict[str, Any]]:
    for one in checked.outcomes:
        record: dict[str, Any] = {
            "file": checked.path,
            "line": one.place.line,
            "column": one.place.column,
            "caret": [one.caret.line, one.caret.column],
            "latex": one.latex,
            "outcome": one.outcome,
            "code": one.code,
            "message": one.message,
            "reading": _told(one),
            "claims": [d.claim.id for d in one.claims if d.claim is not None and d.verdict],
        }
        if one.place.cell is not None:
            record["cell"] = one.place.cell
        if one.expected:
            record["expected"] = one.expected
        yield record


def _told(one: Outcome) -> list[str]:
    return list(dict.fromkeys(s for d in one.claims for s in (*d.reading, *d.inferred)))
