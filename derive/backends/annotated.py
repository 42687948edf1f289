"""A copy of a document with the outcome of each formula after it, as a comment."""

from __future__ import annotations

from derive.backends.marks import MARKS
from derive.claims.statuses import DECLARES, DEFINES, HOLDS, NO_STATEMENT
from derive.report import Document, FormulaFinding

_CLOSINGS = ("$$", r"\]", r"\end{", "```")


def render(document: Document) -> str:
    """The copy. Formulas that only define or declare, and those of notebooks, get no comment."""
    rows = document.source.splitlines()
    comments: dict[int, list[str]] = {}
    for formula in document.formulas:
        outcome, message = formula.outcome, formula.record["message"]
        if outcome in (DEFINES, DECLARES, NO_STATEMENT) or formula.cell is not None:
            continue
        text = f"{MARKS[outcome]} {outcome}"
        if outcome != HOLDS and message:
            text += f": {message}"
        comments.setdefault(_last_line(formula, rows), []).append(text)
    tex = document.path.lower().endswith(".tex")
    for line in sorted(comments, reverse=True):
        text = "; ".join(comments[line]).replace("--", "- -")
        note = f"% derive-verdict: {text}" if tex else f"<!-- derive-verdict: {text} -->"
        rows.insert(min(line, len(rows)), note)
    return "\n".join(rows) + "\n"


def _last_line(formula: FormulaFinding, rows: list[str]) -> int:
    """The line after which a comment does no harm: the one that closes the formula."""
    line = formula.last_line
    if formula.is_display:
        for row in range(line, min(line + 2, len(rows)) + 1):
            if any(end in rows[row - 1] for end in _CLOSINGS):
                return row
    return line
