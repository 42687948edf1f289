"""Long text on short lines: expressions broken at their outermost operators, prose at words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

USUAL_WIDTH = 80  # of a screen, and of what is no screen

# the operators a line may break before (a space precedes them) and after, the best first
_BREAK_BEFORE = (" = ", " ≤ ", " + ", " - ", " ⊙ ")
_BREAK_AFTER = (", ", "*")


def wrap_prose(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters, broken at spaces where there are any."""
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def wrap_expression(text: str, width: int, hang: int = 2) -> list[str]:
    """Lines of at most ``width`` cells, those after the first indented by ``hang``."""
    lines: list[str] = []
    rest, room = text.strip(), width
    while cell_len(rest) > room:
        position = _break_position(rest, room)
        lines.append(rest[:position].rstrip())
        rest, room = rest[position:].lstrip(), width - hang
    lines.append(rest)
    return [lines[0], *(" " * hang + line for line in lines[1:])]


def wrap_items(items: Sequence[str], width: int) -> list[str]:
    """Items separated by commas, an item on one line wherever it fits on one."""
    lines = [""]
    for position, item in enumerate(items):
        text = item + ("," if position < len(items) - 1 else "")
        joined = f"{lines[-1]} {text}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines += wrap_expression(text, width)
    return lines if lines[0] else lines[1:]


def wrap_counts(line: Text, width: int) -> list[Text]:
    """A line of counts, broken after commas on a narrow screen alone: others read it as one."""
    lines: list[Text] = []
    while width < USUAL_WIDTH and line.cell_len > width:
        comma = line.plain.rfind(", ", 0, width)
        at = comma + 1 if comma > 0 else line.plain.rfind(" ", 0, width)
        if at <= 2:
            break
        lines.append(line[:at])
        line = Text(" ").append_text(line[at:])
    return [*lines, line]


def _break_position(text: str, room: int) -> int:
    """The outermost operator in the second half of the line, the last of equals."""
    best: tuple[int, int, int] | None = None
    depth = cells = 0
    for position, character in enumerate(text):
        cells += cell_len(character)
        if cells > room:
            break
        depth += (character in "([{") - (character in ")]}")
        rank = _rank(text, position)
        if rank is not None and cells > room * 0.4:
            best = min(best or (depth, rank[0], -rank[1]), (depth, rank[0], -rank[1]))
    if best is not None:
        return -best[2]
    return max(1, position)  # nowhere to break: a name longer than the line


def _rank(text: str, position: int) -> tuple[int, int] | None:
    """How good a break is here, if it is one, and where the next line would begin."""
    if text[position] == " " and text.startswith(_BREAK_BEFORE, position):
        return 0, position + 1
    if "**" in text[max(position - 1, 0) : position + 2]:
        return None  # a power stays whole
    for order, mark in enumerate(_BREAK_AFTER, start=1):
        if text.startswith(mark, position):
            return order, position + len(mark)
    return None


def one_line(text: str, width: int) -> str:
    """The text cut to ``width`` cells, with an ellipsis for what is left out."""
    if cell_len(text) <= width:
        return text
    kept = ""
    for character in text:
        if cell_len(kept + character) > width - 1:
            break
        kept += character
    return kept.rstrip() + "…"
