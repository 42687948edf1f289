"""Verdicts as lines of styled text, for people. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from derive.backends.finding_lines import (
    LABEL_WIDTH,
    Lines,
    assuming,
    expected_lines,
    field,
    field_width,
    finding_lines,
    heading_of,
    labelled,
    notes,
    prose,
    side_lines,
    summary_lines,
    verdict_line,
    witness_lines,
)
from derive.backends.layout import wrap_prose
from derive.backends.telling import sides, told, value_text
from derive.claims.entry import Entry
from derive.claims.verdict import HOLDS, Step, Verdict
from derive.claims.wording import definitions, equation
from derive.language.printing import text_of

__all__ = [
    "LABEL_WIDTH",
    "Lines",
    "expected_lines",
    "explain_lines",
    "heading",
    "heading_key",
    "prose",
    "show_lines",
    "summary_lines",
    "value_text",
    "verdict_lines",
]


def heading_key(entry: Entry) -> tuple[str, str]:
    """Claims with the same key stand under one heading."""
    return (entry.path, entry.section)


def heading(entries: Sequence[Entry], width: int) -> Lines:
    """The section and what it treats, or the file."""
    titles = (entry.formula.title for entry in entries if entry.formula)
    return heading_of(*heading_key(entries[0]), titles, width)


def verdict_lines(entry: Entry, verdict: Verdict, width: int, id_width: int = 0) -> Lines:
    """One claim of the report: its verdict and, unless it holds, why.

    :param id_width: the width of the longest id of the section, to align the titles.
    """
    return finding_lines(told(entry, verdict), width, id_width)


def show_lines(entry: Entry, verdict: Verdict, width: int) -> Lines:
    """A claim in full: what it states, both sides, and the verdict."""
    finding = told(entry, verdict)
    lines = [verdict_line(finding, width)]
    lines += _provenance(entry, width)
    lines += field("states", equation(entry.claim), width)
    lines += _given(entry, width)
    lines += side_lines(sides(verdict), width)
    lines += prose(verdict.reason, width) if verdict.status != HOLDS else []
    lines += assuming(finding, width, brief=False)
    lines += witness_lines(finding, width)
    return lines + notes(finding, width)


def _provenance(entry: Entry, width: int) -> Lines:
    lines: Lines = []
    for label, text in (("source", entry.claim.source), ("reading", entry.claim.note)):
        if text:
            lines += labelled(label, wrap_prose(text, field_width(width)))
    return lines


def _given(entry: Entry, width: int) -> Lines:
    lines: Lines = []
    for position, definition in enumerate(definitions(entry.claim)):
        lines += field("where" if position == 0 else "", definition, width)
    for position, fact in enumerate(entry.claim.assumed):
        lines += field("given" if position == 0 else "", text_of(fact), width)
    return lines


def explain_lines(
    entry: Entry, verdict: Verdict, width: int, derivation: Lines | None = None
) -> Lines:
    """The derivation, or the witness worked out, or why there is neither.

    :param derivation: its main lines; every step of the proof where there are none.
    """
    finding = told(entry, verdict)
    lines = [verdict_line(finding, width)]
    lines += field("states", equation(entry.claim), width)
    lines += _given(entry, width)
    if verdict.status == HOLDS:
        lines += [Text(""), *(derivation or ())]
        for number, step in enumerate(verdict.steps if derivation is None else (), start=1):
            lines += _step_lines(number, step, width)
        if not verdict.steps:
            lines += prose("The proof records no step.", width)
    else:
        lines += prose(verdict.reason, width) + side_lines(finding.sides, width)
        lines += witness_lines(finding, width)
    lines += assuming(finding, width, brief=False)
    return lines + notes(finding, width)


def _step_lines(number: int, step: Step, width: int) -> Lines:
    first, *rest = wrap_prose(step.rule, width - 7)
    lines = [Text(f"  {number:>3}. ").append(first, "bold")]
    lines += [Text(" " * 7).append(line, "bold") for line in rest]
    lines += field("", text_of(step.before), width)
    return lines + field("        →", text_of(step.after), width)
