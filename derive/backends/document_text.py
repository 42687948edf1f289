"""Documents in print: every formula that says something, at its line. Nothing is printed here."""

from __future__ import annotations

from rich.text import Text

from derive.backends.finding_lines import Lines, finding_lines, prose
from derive.backends.layout import one_line, wrap_counts
from derive.backends.marks import MARKS, STYLES
from derive.claims.statuses import (
    DECLARES,
    DEFINES,
    DISAGREES,
    HOLDS,
    NO_STATEMENT,
    OUTCOMES,
    REFUTED,
)
from derive.report import Document, FormulaFinding, count_outcomes

_INDENT = 6
_WORD = max(map(len, OUTCOMES))
_MOST_CLAIMS = 3  # of one formula that are shown


def document_lines(document: Document, width: int, everything: bool = False) -> Lines:
    """The report on one document: what holds in a line, all else with the place and the reason."""
    lines: Lines = [Text(document.path, "bold")]
    for number, message in document.problems:
        lines.append(Text(f"  {document.path}:{number}: {message}", "cyan"))
    for formula in document.formulas:
        if formula.is_interrupted:
            continue  # the summary counts them
        silent = formula.outcome in (DEFINES, DECLARES, NO_STATEMENT) and not everything
        if silent and (not formula.expected or formula.is_expected):
            continue
        lines += formula_lines(document, formula, width)
    return [*lines, *wrap_counts(summary_line(document), width)]


def formula_lines(document: Document, formula: FormulaFinding, width: int) -> Lines:
    """One formula of a document: its outcome and, unless it holds, why."""
    record, outcome = formula.record, formula.outcome
    line = Text("  ").append(f"{MARKS[outcome]} {outcome.ljust(_WORD)}", STYLES[outcome])
    cell = "" if formula.cell is None else f"cell {formula.cell}:"
    row, column = record["caret"]
    line.append(f"  {cell}{row}:{column}  ")
    room = width - len(line.plain)
    line.append(one_line(" ".join(record["latex"].split()), max(room, 10)), "dim")
    lines: Lines = [line]
    if formula.expected:
        word = "as expected" if formula.is_expected else f"expected: {formula.expected}"
        style = "dim" if formula.is_expected else "bold red"
        lines.append(Text(" " * _INDENT).append(word, style))
    if outcome in (HOLDS, DEFINES, DECLARES, NO_STATEMENT):
        return lines + _reading(formula, width)
    lines += _pointer(document, formula, width)
    if formula.decisive and outcome in REFUTED:
        for finding in formula.decisive[:_MOST_CLAIMS]:
            lines += finding_lines(finding, width)[1:]
    else:
        lines += prose(record["message"], width)
    return lines + _reading(formula, width)


def _reading(formula: FormulaFinding, width: int) -> Lines:
    if not formula.reading:
        return []
    return prose("read as: " + "; ".join(formula.reading), width, "dim")


def _pointer(document: Document, formula: FormulaFinding, width: int) -> Lines:
    """The line of the document, and a caret under the place."""
    rows = document.source.splitlines()
    number, column = formula.record["caret"]
    if formula.cell is not None or not 0 < number <= len(rows):
        return []
    row, offset = rows[number - 1].replace("\t", " "), column - 1
    room = max(width - _INDENT - 2, 30)
    begin = max(0, min(offset - room // 3, len(row) - room))
    shown = row[begin : begin + room]
    return [
        Text(" " * _INDENT + shown, "dim"),
        Text(" " * (_INDENT + offset - begin) + "^", "bold"),
    ]


def summary_line(document: Document) -> Text:
    """``12 formulas: 5 hold, 1 disagrees, …``: the counts add up."""
    total = len(document.formulas)
    line = Text(f"{total} formula{'' if total == 1 else 's'}: ", "bold")
    parts = [(o, number) for o, number in count_outcomes(document.formulas).items() if number]
    words = {HOLDS: "hold", DISAGREES: "disagree", DEFINES: "define", DECLARES: "declare"}
    for position, (outcome, number) in enumerate(parts):
        word = words.get(outcome, outcome) if number != 1 else outcome
        line.append(", " if position else "")
        line.append(f"{number} {word}", STYLES[outcome])
    if not parts:
        line.append("none")
    return line
