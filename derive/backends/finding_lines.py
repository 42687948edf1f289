"""Findings as lines of styled text, without SymPy. Pure: nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from derive.backends.layout import (
    USUAL_WIDTH,
    one_line,
    wrap_counts,
    wrap_expression,
    wrap_items,
    wrap_prose,
)
from derive.backends.marks import MARKS, STYLES
from derive.claims.statuses import DISAGREES, HOLDS, ILL_SHAPED, STATUSES, UNDECIDED
from derive.report import Finding, count_statuses

Lines = list[Text]

_WORD_WIDTH = max(map(len, STATUSES))
_INDENT = 6
LABEL_WIDTH = 12
STOPPED = "the time limit cut this decision short: with more time it may say more"
_LONGEST_FIELD = 4000  # of characters: beyond, nobody reads; the JSON has all of it


def heading(findings: Sequence[Finding], width: int) -> Lines:
    """The section and what it treats, or the file."""
    return heading_of(*findings[0].heading_key, (found.formula for found in findings), width)


def heading_of(path: str, section: str, formulas: Iterable[str], width: int) -> Lines:
    """The same of some formulas by their titles."""
    titles = dict.fromkeys(title for title in formulas if title)
    text = "  ".join(part for part in (path, section, " · ".join(titles)) if part)
    return [Text(line, "bold") for line in wrap_expression(text, width)]


def finding_lines(finding: Finding, width: int, id_width: int = 0) -> Lines:
    """One claim of the report: its verdict and, unless it holds, why.

    :param id_width: the width of the longest id of the section, to align the titles.
    """
    lines = [verdict_line(finding, width, id_width)]
    if finding.status == HOLDS:
        lines += assuming(finding, width, brief=True)
    else:
        lines += prose(finding.record["reason"], width)
        lines += side_lines(finding.sides, width)
        lines += witness_lines(finding, width)
    return lines + notes(finding, width)


def verdict_line(finding: Finding, width: int, id_width: int = 0) -> Text:
    """The status, the id and as much of the title as there is room for."""
    shown = f"{MARKS[finding.status]} {finding.status.ljust(_WORD_WIDTH)}"
    line = Text("  ").append(shown, STYLES[finding.status])
    line.append(f"  {finding.id.ljust(min(id_width, 36))}")
    room = width - cell_len(line.plain) - 2
    if finding.title and room >= 16:
        line.append("  " + one_line(finding.title, room), "dim")
    return line


def summary_lines(
    verdicts: Sequence[Any], total: int, seconds: float, width: int = USUAL_WIDTH
) -> Lines:
    """``41 claims: 29 hold, 7 disagree, 5 ill-shaped, 0 undecided · 1.2 s``."""
    counts = count_statuses(verdicts)
    words = {HOLDS: "hold", DISAGREES: "disagree", ILL_SHAPED: ILL_SHAPED, UNDECIDED: UNDECIDED}
    if counts[HOLDS] == 1:
        words[HOLDS] = "holds"
    if counts[DISAGREES] == 1:
        words[DISAGREES] = "disagrees"
    line = Text(_plural(total, "claim") + ": ", "bold")
    if len(verdicts) < total:
        line = Text(f"{len(verdicts)} of {_plural(total, 'claim')}: ", "bold")
    for position, (status, number) in enumerate(counts.items()):
        line.append(", " if position else "")
        line.append(f"{number} {words[status]}", STYLES[status] if number else "dim")
    line.append(f" · {seconds:.1f} s", "dim")
    return wrap_counts(line, width)


def expected_lines(ids: Sequence[str], file: str) -> Lines:
    """Which of what fails was expected to."""
    verb = "fails" if len(ids) == 1 else "fail"
    return [Text(f"{len(ids)} {verb} as {file} expects: {', '.join(ids)}", "dim")]


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# ----------------------------------------------------------------------- the parts of a finding


def notes(finding: Finding, width: int) -> Lines:
    """What changes nothing, and that the clock cut the decision, where it did."""
    said = [*finding.record["notes"], *([STOPPED] if finding.record["stopped"] else [])]
    return [line for note in said for line in prose(f"note: {note}", width, "dim")]


def prose(text: str, width: int, style: str = "") -> Lines:
    """Sentences, indented."""
    if not text:
        return []
    return [Text(" " * _INDENT).append(line, style) for line in wrap_prose(text, width - _INDENT)]


def field(label: str, text: str, width: int) -> Lines:
    """A label and an expression beside it, the expression wrapped under itself."""
    if len(text) > _LONGEST_FIELD:
        text = f"{text[:_LONGEST_FIELD]}… ({len(text)} characters in all)"
    return labelled(label, wrap_expression(text, field_width(width)))


def field_width(width: int) -> int:
    """How much room there is beside a label."""
    return width - _INDENT - LABEL_WIDTH


def labelled(label: str, parts: Sequence[str]) -> Lines:
    """A label and lines beside it."""
    labels = [label] + [""] * (len(parts) - 1)
    return [
        Text(" " * _INDENT).append((shown + " ").ljust(LABEL_WIDTH), "dim").append(part)
        for shown, part in zip(labels, parts, strict=True)
    ]


def assuming(finding: Finding, width: int, *, brief: bool) -> Lines:
    """What it holds under, in full or on one line."""
    if not finding.assumptions:
        return []
    text = "assuming " + ", ".join(finding.assumptions)
    return prose(one_line(text, width - _INDENT) if brief else text, width, "dim")


def side_lines(sides: Iterable[tuple[str, str]], width: int) -> Lines:
    """Each side with what it is."""
    return [line for label, text in sides for line in field(label, text, width)]


def witness_lines(finding: Finding, width: int) -> Lines:
    """The point of the witness and the values of both sides there."""
    if not finding.comparison:
        return []
    point = finding.point
    lines = labelled("witness", wrap_items(point, field_width(width))) if point else []
    at = f"at {finding.entry}" if finding.entry else "there"
    return lines + field(at, finding.comparison, width)
