"""Writes docs/nodes.md from the code: ``python docs/nodes.py``."""

from __future__ import annotations

import inspect
from pathlib import Path

from derive.language import images  # noqa: F401  (it fills the tables, as the next do)
from derive.language.shape_rules import SHAPE_RULES
from derive.lowering import conditions, matrices, scalars, sequences  # noqa: F401
from derive.lowering.lower import lowered_nodes

HEAD = """# The SymPy that goes in

Every node that has a meaning here: its shape, and what it lowers to in index notation. A node that
is not in this table is refused by name. Written by `python docs/nodes.py` from the functions that
do it.

| node | shape | lowers to |
| --- | --- | --- |
"""


def _words(function: object) -> str:
    return " ".join((inspect.getdoc(function) or "").split()).replace("|", "\\|")


def _nearest(node: type, table: dict[type, object]) -> object | None:
    return next((table[base] for base in node.__mro__ if base in table), None)


def table() -> str:
    """The whole page."""
    shapes, lowered = dict(SHAPE_RULES), dict(lowered_nodes())
    nodes = sorted({*shapes, *lowered}, key=lambda node: node.__name__.lower())
    rows = []
    for node in nodes:
        meaning = _nearest(node, lowered)
        shape = _nearest(node, shapes)
        cells = (f"`{node.__name__}`", _words(shape), _words(meaning) or "by its parts")
        rows.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(table(), encoding="utf-8")
