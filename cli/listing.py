"""The list of the catalogue, as text and as JSON. Nothing here needs SymPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from derive.backends.layout import wrap_prose
from derive.formulas.index import Listed


def list_records(entries: Sequence[Listed]) -> list[dict[str, Any]]:
    """The catalogue, one record a claim."""
    shown = ("id", "formula", "section", "kind", "title")
    return [{name: asdict(entry)[name] for name in shown} for entry in entries]


def list_lines(entries: Sequence[Listed], width: int | None) -> list[Text]:
    """The catalogue as a table; ``width=None`` (no terminal) keeps each claim on one line."""
    rows = [(entry.id, entry.section, entry.kind) for entry in entries]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    lines: list[Text] = []
    for entry, row in zip(entries, rows, strict=True):
        cells = [cell.ljust(size) for cell, size in zip(row, widths, strict=True)]
        line = Text("  ".join(cells) + "  ")
        line.stylize("bold", 0, len(row[0]))
        line.stylize("dim", len(cells[0]) + 2, len(line))
        lines += _titled(line, entry.title, width)
    return lines


def _titled(line: Text, title: str, width: int | None) -> list[Text]:
    """The title beside the other columns, or under them where it has no room."""
    if width is None:
        return [line.append(title)]
    hang = len(line)
    if width - hang < 20:
        return [line, *(Text("    " + part) for part in wrap_prose(title, width - 4))]
    first, *others = wrap_prose(title, width - hang)
    return [line.append(first), *(Text(" " * hang + part) for part in others)]
