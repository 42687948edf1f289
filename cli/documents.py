"""Documents in print: every formula that says something, at its line; an annotated copy."""

from __future__ import annotations

from rich.text import Text

from derive.backends.layout import one_line, wrap_prose
from derive.backends.text import verdict_lines
from derive.claims.entry import Entry
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, UNDECIDED
from derive.frontends.document.check import Checked
from derive.frontends.document.contents import Place
from derive.frontends.document.outcomes import (
    AMBIGUOUS,
    DECLARES,
    DEFINES,
    INTERRUPTED,
    NO_STATEMENT,
    NOT_UNDERSTOOD,
    Outcome,
)
from derive.frontends.document.report import FAILING

Lines = list[Text]

MARKS = {
    HOLDS: ("✓", "green"),
    DISAGREES: ("✗", "bold red"),
    ILL_SHAPED: ("⊘", "magenta"),
    UNDECIDED: ("?", "yellow"),
    AMBIGUOUS: ("≟", "yellow"),
    DEFINES: (":", "dim"),
    DECLARES: ("∈", "dim"),
    NO_STATEMENT: ("·", "dim"),
    NOT_UNDERSTOOD: ("!", "cyan"),
}
_INDENT = 6
_WORD = max(map(len, MARKS))


def position(path: str, place: Place) -> str:
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{path}:{cell}{place.line}:{place.column}"


def document_lines(checked: Checked, width: int, everything: bool = False) -> Lines:
    """The report on one document: what holds in a line, all else with the place and the reason."""
    lines: Lines = [Text(checked.path, "bold")]
    for number, message in checked.problems:
        lines.append(Text(f"  {checked.path}:{number}: {message}", "cyan"))
    for one in checked.outcomes:
        if one.code == INTERRUPTED:
            continue  # the summary counts them
        silent = one.outcome in (DEFINES, DECLARES, NO_STATEMENT) and not everything
        if silent and (not one.expected or one.as_expected):
            continue
        lines += outcome_lines(checked, one, width)
    return [*lines, summary_line(checked)]


def outcome_lines(checked: Checked, one: Outcome, width: int) -> Lines:
    mark, style = MARKS[one.outcome]
    line = Text("  ").append(f"{mark} {one.outcome.ljust(_WORD)}", style)
    line.append(f"  {position('', one.caret).lstrip(':')}  ")
    room = width - len(line.plain)
    line.append(one_line(" ".join(one.latex.split()), max(room, 20)), "dim")
    lines: Lines = [line]
    if one.expected:
        word = "as expected" if one.as_expected else f"expected: {one.expected}"
        lines.append(Text(" " * _INDENT + word, "dim" if one.as_expected else "bold red"))
    if one.outcome in (HOLDS, DEFINES, DECLARES, NO_STATEMENT):
        return lines + _reading(one, width)
    lines += _pointer(checked, one, width)
    shown = [d for d in one.claims if d.outcome == one.outcome and d.verdict is not None]
    if shown and one.outcome in FAILING:
        for decided in shown[:3]:
            assert decided.claim is not None and decided.verdict is not None
            lines += verdict_lines(Entry(decided.claim), decided.verdict, width)[1:]
    elif one.message:
        lines += [Text(" " * _INDENT + part) for part in wrap_prose(one.message, width - _INDENT)]
    return lines + _reading(one, width)


def _reading(one: Outcome, width: int) -> Lines:
    """How it was read: the choices, and what was inferred from which line."""
    told = dict.fromkeys(
        sentence
        for decided in one.claims
        for sentence in (*decided.reading, *decided.inferred)
        if decided.outcome not in (DEFINES, NO_STATEMENT)
    )
    if not told:
        return []
    text = "read as: " + "; ".join(told)
    return [Text(" " * _INDENT + part, "dim") for part in wrap_prose(text, width - _INDENT)]


def _pointer(checked: Checked, one: Outcome, width: int) -> Lines:
    """The line of the document, and a caret under the place."""
    if one.caret.cell is not None:
        return []
    rows = checked.source.splitlines()
    if not 0 < one.caret.line <= len(rows):
        return []
    row = rows[one.caret.line - 1].replace("\t", " ")
    column = one.caret.column - 1
    room = max(width - _INDENT - 2, 30)
    begin = max(0, min(column - room // 3, len(row) - room))
    shown = row[begin : begin + room]
    return [
        Text(" " * _INDENT + shown, "dim"),
        Text(" " * (_INDENT + column - begin) + "^", "bold"),
    ]


def summary_line(checked: Checked) -> Text:
    """``12 formulas: 5 hold, 1 disagrees, …``: the counts add up."""
    total = len(checked.outcomes)
    line = Text(f"{total} formula{'' if total == 1 else 's'}: ", "bold")
    parts = [(outcome, number) for outcome, number in checked.counts.items() if number]
    words = {HOLDS: "hold", DISAGREES: "disagree", DEFINES: "define", DECLARES: "declare"}
    for place, (outcome, number) in enumerate(parts):
        word = words.get(outcome, outcome.replace("-", " ")) if number != 1 else outcome
        line.append(", " if place else "")
        line.append(f"{number} {word}", MARKS[outcome][1])
    if not parts:
        line.append("none")
    return line


# ---------------------------------------------------------------------------------------- a copy


def annotated(checked: Checked) -> str:
    """The document with a mark after each formula that says something, as a comment."""
    marks: dict[int, list[str]] = {}
    for one in checked.outcomes:
        if one.outcome in (DEFINES, DECLARES, NO_STATEMENT) or one.place.cell is not None:
            continue
        mark = MARKS[one.outcome][0]
        text = f"{mark} {one.outcome}"
        if one.outcome != HOLDS and one.message:
            text += f": {one.message}"
        marks.setdefault(_last_line(checked, one), []).append(text)
    rows = checked.source.splitlines()
    tex = checked.path.lower().endswith(".tex")
    for line in sorted(marks, reverse=True):
        text = "; ".join(marks[line]).replace("--", "- -")
        note = f"% derive-verdict: {text}" if tex else f"<!-- derive-verdict: {text} -->"
        rows.insert(min(line, len(rows)), note)
    return "\n".join(rows) + "\n"


def _last_line(checked: Checked, one: Outcome) -> int:
    """The line after which a mark does no harm: the one that closes the formula."""
    line = one.last_line
    if one.display:
        rows = checked.source.splitlines()
        for row in range(line, min(line + 2, len(rows)) + 1):
            if any(end in rows[row - 1] for end in ("$$", r"\]", r"\end{", "```")):
                return row
    return line
