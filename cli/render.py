"""Formulas, shapes, gradients and replays as lines of styled text. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from derive.backends.layout import wrap_expression, wrap_prose
from derive.backends.text import LABEL_WIDTH, Lines, prose
from derive.claims.formula import Formula
from derive.claims.verdict import Replay
from derive.cli.shapes import ShapeRow
from derive.language.printing import shape_text, text_of

_POINTER_WIDTH = 72


def shapes_lines(rows: Sequence[ShapeRow], width: int) -> Lines:
    """Each field as a tree, the shape of every expression before it."""
    if not rows:
        return [Text("  nothing that is not shown above", "dim")]
    shape_width = min(max(len(_shape_cell(row)) for row in rows), 24)
    lines: Lines = []
    for (claim, field), group in groupby(rows, key=lambda row: (row.claim, row.field)):
        lines.append(Text("  ").append(claim, "bold").append(f"  {field}", "dim"))
        for row in group:
            lines += _shape_lines(row, shape_width, width)
    return lines


def _shape_cell(row: ShapeRow) -> str:
    if row.error is not None:
        return "✗"
    return "?" if row.shape is None else shape_text(row.shape)


def _shape_lines(row: ShapeRow, shape_width: int, width: int) -> Lines:
    cell = _shape_cell(row).ljust(shape_width)
    indent = " " * (2 * min(row.depth, 12))
    margin = 4 + cell_len(cell) + 2 + len(indent)
    style = "bold red" if row.error is not None else "cyan"
    lines = []
    for position, part in enumerate(wrap_expression(text_of(row.expression), width - margin)):
        shown = cell if position == 0 else " " * len(cell)
        lines.append(Text("    ").append(shown, style).append(f"  {indent}{part}"))
    if row.error is not None:
        for part in wrap_prose(row.error, width - margin - 2):
            lines.append(Text(" " * (margin + 2)).append(part, "red"))
    return lines


def formula_lines(formula: Formula, width: int, symbol_shapes: Mapping[Any, str]) -> Lines:
    """The head of a formula: what it is about, its dimensions, its symbols, where it is published.

    :param symbol_shapes: the shape of each symbol, as text.
    """
    lines = [Text(line, "bold") for line in wrap_prose(formula.title, width)]
    lines.append(Text(f"  {formula.id} · section {formula.section}", "dim"))
    lines += _table("dimensions", [(text_of(k), v) for k, v in formula.dimensions.items()], width)
    symbols = [
        (f"{text_of(symbol)} {symbol_shapes.get(symbol, '')}".strip(), meaning)
        for symbol, meaning in formula.symbols.items()
    ]
    lines += _table("symbols", symbols, width)
    lines += _table("references", [("", reference) for reference in formula.references], width)
    return lines


def _table(title: str, rows: Sequence[tuple[str, str]], width: int) -> Lines:
    if not rows:
        return []
    first = min(max(cell_len(name) for name, _ in rows), 28)
    lines = [Text(f"  {title}", "dim")]
    for name, meaning in rows:
        margin = 4 + first + (2 if first else 0)
        for position, part in enumerate(wrap_prose(meaning, width - margin)):
            shown = name if position == 0 else ""
            lines.append(Text("    " + (shown + " ").ljust(margin - 4) + part))
    return lines


def gradient_lines(shape: Sequence[Any], derived: Any, width: int) -> Lines:
    """A gradient of which nothing is claimed: its shape, and what it is."""
    lines: Lines = []
    for label, text in (("shape", shape_text(shape)), ("gradient", text_of(derived))):
        first, *others = wrap_expression(text, width - LABEL_WIDTH)
        lines.append(Text(label.ljust(LABEL_WIDTH), "dim").append(first))
        lines += [Text(" " * LABEL_WIDTH + other) for other in others]
    return lines


def pointer_lines(text: str, start: int, end: int) -> list[str]:
    """A line of what was typed and a line of carets under its faulty part, of a readable length."""
    if not text:
        return []
    first = max(0, start - _POINTER_WIDTH // 2) if len(text) > _POINTER_WIDTH else 0
    shown = text[first : first + _POINTER_WIDTH]
    start, end = start - first, min(end - first, len(shown))
    before, faulty = cell_len(shown[:start]), cell_len(shown[start:end])
    return [f"    {shown}", "    " + " " * before + "^" * max(1, faulty)]


def replay_lines(replay: Replay, width: int) -> Lines:
    """What came of evaluating every step, or the witness, once more."""
    if not replay.steps:
        return prose(f"replay: the witness {'stands' if replay else 'does not stand'}", width)
    number = len(replay.steps)
    said = f"replay: {number - len(replay.unchecked)} of {number} steps could be evaluated, "
    said += f"{len(replay.failed)} of them are false" if replay.failed else "and all agree"
    lines = prose(said, width)
    for step in replay.failed:
        lines += prose(f"false: {step.rule}", width)
    return lines
