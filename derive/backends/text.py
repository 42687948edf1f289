"""Verdicts as lines of styled text, for people. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from derive.backends.layout import one_line, wrap_expression, wrap_items, wrap_prose
from derive.claims.entry import Entry
from derive.claims.verdict import (
    DISAGREES,
    HOLDS,
    ILL_SHAPED,
    STATUSES,
    UNDECIDED,
    SparseArray,
    Step,
    Verdict,
    Witness,
)
from derive.claims.wording import definitions, equation, function_name
from derive.language.printing import number_text, numbers_apart, text_of
from derive.report import counted

Lines = list[Text]

_MARKS = {
    HOLDS: ("✓", "green"),
    DISAGREES: ("✗", "bold red"),
    ILL_SHAPED: ("⊘", "magenta"),
    UNDECIDED: ("?", "yellow"),
}
_WORD_WIDTH = max(map(len, STATUSES))
_INDENT = 6
LABEL_WIDTH = 12
_VALUE_WIDTH = 60
STOPPED = "the time limit cut this decision short: with more time it may say more"
_LONGEST_FIELD = 4000  # of characters: beyond, nobody reads; the JSON has all of it


# ---------------------------------------------------------------------------------- the report


def heading_key(entry: Entry) -> tuple[str, str]:
    """Claims with the same key stand under one heading."""
    return (entry.path, entry.section)


def heading(entries: Sequence[Entry], width: int) -> Lines:
    """The section and what it treats, or the file."""
    path, section = heading_key(entries[0])
    titles = dict.fromkeys(entry.formula.title for entry in entries if entry.formula)
    text = "  ".join(part for part in (path, section, " · ".join(titles)) if part)
    return [Text(line, "bold") for line in wrap_expression(text, width)]


def verdict_lines(entry: Entry, verdict: Verdict, width: int, id_width: int = 0) -> Lines:
    """One claim of the report: its verdict and, unless it holds, why.

    :param id_width: the width of the longest id of the section, to align the titles.
    """
    lines = [_verdict_line(entry, verdict, width, id_width)]
    if verdict.status == HOLDS:
        lines += _conditions(verdict, width, brief=True)
    else:
        lines += _reason(verdict, width)
        lines += _sides(verdict, width)
        lines += _witness(verdict, width)
    return lines + _notes(verdict, width)


def _verdict_line(entry: Entry, verdict: Verdict, width: int, id_width: int = 0) -> Text:
    mark, style = _MARKS[verdict.status]
    line = Text("  ").append(f"{mark} {verdict.status.ljust(_WORD_WIDTH)}", style)
    line.append(f"  {entry.id.ljust(min(id_width, 36))}")
    room = width - cell_len(line.plain) - 2
    if entry.claim.title and room >= 16:
        line.append("  " + one_line(entry.claim.title, room), "dim")
    return line


def summary_lines(verdicts: Sequence[Verdict], total: int, seconds: float) -> Lines:
    """``41 claims: 29 hold, 7 disagree, 5 ill-shaped, 0 undecided · 1.2 s``."""
    counts = counted(verdicts)
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
        line.append(f"{number} {words[status]}", _MARKS[status][1] if number else "dim")
    line.append(f" · {seconds:.1f} s", "dim")
    return [line]


def expected_lines(ids: Sequence[str], file: str) -> Lines:
    """Which of what fails was expected to."""
    verb = "fails" if len(ids) == 1 else "fail"
    return [Text(f"{len(ids)} {verb} as {file} expects: {', '.join(ids)}", "dim")]


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# ----------------------------------------------------------------------- the parts of a verdict


def _notes(verdict: Verdict, width: int) -> Lines:
    """What changes nothing, and that the clock cut the decision, where it did."""
    notes = [*verdict.notes, *([STOPPED] if verdict.stopped else [])]
    return [line for note in notes for line in prose(f"note: {note}", width, "dim")]


def prose(text: str, width: int, style: str = "") -> Lines:
    if not text:
        return []
    return [Text(" " * _INDENT).append(line, style) for line in wrap_prose(text, width - _INDENT)]


def _field(label: str, text: str, width: int) -> Lines:
    """A label and an expression beside it, the expression wrapped under itself."""
    if len(text) > _LONGEST_FIELD:
        text = f"{text[:_LONGEST_FIELD]}… ({len(text)} characters in all)"
    return _labelled(label, wrap_expression(text, _field_width(width)))


def _field_width(width: int) -> int:
    return width - _INDENT - LABEL_WIDTH


def _labelled(label: str, parts: Sequence[str]) -> Lines:
    labels = [label] + [""] * (len(parts) - 1)
    return [
        Text(" " * _INDENT).append((shown + " ").ljust(LABEL_WIDTH), "dim").append(part)
        for shown, part in zip(labels, parts, strict=True)
    ]


def _conditions(verdict: Verdict, width: int, *, brief: bool) -> Lines:
    if not verdict.assumptions:
        return []
    text = "assuming " + ", ".join(text_of(fact) for fact in verdict.assumptions)
    return prose(one_line(text, width - _INDENT) if brief else text, width, "dim")


def _reason(verdict: Verdict, width: int) -> Lines:
    return prose(verdict.reason, width)


def _sides(verdict: Verdict, width: int) -> Lines:
    """The documented and the derived side; an identity has a left and a right one."""
    claim: Any = verdict.claim
    sides = [("documented", text_of(claim.documented))]
    if claim.states_both:
        sides = [("left", text_of(claim.left)), ("right", text_of(claim.right))]
    derived = None if verdict.derived is None else text_of(verdict.derived)
    if derived is not None and derived != sides[0][1]:
        sides.append(("derived", derived))
    elif derived is not None and not claim.states_both:
        sides.append(("derived", "the same"))
    return [line for label, text in sides for line in _field(label, text, width)]


def _witness(verdict: Verdict, width: int) -> Lines:
    witness = verdict.witness
    if witness is None:
        return []
    point = _point(witness)
    lines = _labelled("witness", wrap_items(point, _field_width(width))) if point else []
    at = f"at {_entry_text(witness.entry)}" if witness.entry else "there"
    return lines + _field(at, _comparison(verdict, witness), width)


def _comparison(verdict: Verdict, witness: Witness) -> str:
    names = verdict.claim.sides
    left, right = numbers_apart(witness.left, witness.right)
    return f"{names[0]} {left}, {names[1]} {right}"


def _entry_text(entry: Iterable[Any]) -> str:
    return f"[{', '.join(str(index) for index in entry)}]"


def _point(witness: Witness) -> list[str]:
    """``m = 2``, ``W = [[1, 1/2]]``, ``f(z) = z**2``, …: everything that fixes the point."""
    parts = [f"{name} = {size}" for name, size in witness.sizes.items()]
    parts += [f"{name} = {value_text(value)}" for name, value in witness.values.items()]
    return parts + [
        f"{function_name(function)} = {text_of(meaning)}"
        for function, meaning in witness.functions.items()
    ]


def value_text(value: Any) -> str:
    """A value of a witness; a large array only by its first numbers and its shape."""
    if isinstance(value, SparseArray):
        return str(value)
    text = _nested(value)
    if len(text) <= _VALUE_WIDTH or not isinstance(value, (list, tuple)):
        return text
    sizes: list[str] = []
    row: Any = value
    while isinstance(row, (list, tuple)):
        sizes.append(str(len(row)))
        first, row = row, row[0] if row else None
    start = ", ".join([*map(_nested, first[:4]), *(["…"] if len(first) > 4 else [])])
    brackets = len(sizes) - 1
    return f"{'[' * brackets}[{start}]{', …]' * brackets} ({'×'.join(sizes)})"


def _nested(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_nested(item) for item in value)}]"
    return number_text(value)


# --------------------------------------------------------------------------- show and explain


def show_lines(entry: Entry, verdict: Verdict, width: int) -> Lines:
    """A claim in full: what it states, both sides, and the verdict."""
    claim = entry.claim
    lines = [_verdict_line(entry, verdict, width)]
    lines += _provenance(entry, width)
    lines += _field("states", equation(claim), width)
    lines += _given(entry, width)
    lines += _sides(verdict, width)
    lines += _reason(verdict, width) if verdict.status != HOLDS else []
    lines += _conditions(verdict, width, brief=False)
    lines += _witness(verdict, width)
    return lines + _notes(verdict, width)


def _provenance(entry: Entry, width: int) -> Lines:
    lines: Lines = []
    for label, text in (("source", entry.claim.source), ("reading", entry.claim.note)):
        if text:
            lines += _labelled(label, wrap_prose(text, _field_width(width)))
    return lines


def _given(entry: Entry, width: int) -> Lines:
    lines: Lines = []
    for position, definition in enumerate(definitions(entry.claim)):
        lines += _field("where" if position == 0 else "", definition, width)
    for position, fact in enumerate(entry.claim.assumed):
        lines += _field("given" if position == 0 else "", text_of(fact), width)
    return lines


def explain_lines(
    entry: Entry, verdict: Verdict, width: int, derivation: Lines | None = None
) -> Lines:
    """The derivation, or the witness worked out, or why there is neither.

    :param derivation: its main lines; every step of the proof where there are none.
    """
    lines = [_verdict_line(entry, verdict, width)]
    lines += _field("states", equation(entry.claim), width)
    lines += _given(entry, width)
    if verdict.status == HOLDS:
        lines += [Text(""), *(derivation or ())]
        for number, step in enumerate(verdict.steps if derivation is None else (), start=1):
            lines += _step_lines(number, step, width)
        if not verdict.steps:
            lines += prose("The proof records no step.", width)
    else:
        lines += _reason(verdict, width) + _sides(verdict, width)
        lines += _witness(verdict, width)
    lines += _conditions(verdict, width, brief=False)
    return lines + _notes(verdict, width)


def _step_lines(number: int, step: Step, width: int) -> Lines:
    lines = [Text(f"  {number:>3}. ").append(step.rule, "bold")]
    lines += _field("", text_of(step.before), width)
    return lines + _field("        →", text_of(step.after), width)
