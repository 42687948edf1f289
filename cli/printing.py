"""What commands print: styled lines, scripts and JSON, with as deep a stack as deciding needs.

rich is imported where something styled is printed: JSON does not wait for it.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.claims.entry import Entry
    from derive.claims.formula import Formula
    from derive.cli.screen import Screen


def deeply(function: Callable[..., Any], *arguments: Any) -> Any:
    """Printing recurses into expressions as deciding does, and needs as deep a stack."""
    from derive.base.worker import run_deep

    return run_deep(partial(function, *arguments))


def screen_now() -> Screen:
    from derive.cli.screen import Screen

    return Screen()


def blank() -> Any:
    from rich.text import Text

    return Text("")


def print_json(record: Any) -> None:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(record, indent=2, ensure_ascii=encoding != "utf8")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_shapes(rows: Sequence[Any]) -> None:
    from derive.backends.text import heading, heading_key
    from derive.cli.layers import layer_lines
    from derive.cli.render import shapes_lines

    screen = screen_now()
    for _, group in groupby(rows, key=lambda row: heading_key(row.entry)):
        section = list(group)
        entries = [row.entry for row in section]
        screen.print(heading(entries, screen.width))
        for formula in networks(entries):
            assert formula.network is not None
            screen.print([*layer_lines(formula.network, screen.width), blank()])
        screen.print(deeply(shapes_lines, section, screen.width))
        screen.print([blank()])


def networks(entries: Sequence[Entry]) -> list[Formula]:
    """The formulas that are networks, each once."""
    formulas = {entry.formula.id: entry.formula for entry in entries if entry.formula}
    return [formula for formula in formulas.values() if formula.network is not None]


def layers_of(formula: Formula) -> list[dict[str, Any]]:
    from derive.cli.layers import layer_records

    assert formula.network is not None
    return layer_records(formula.id, formula.network)


def formula_head(formula: Formula, screen: Screen) -> list[Any]:
    from derive.cli.render import formula_lines
    from derive.engine import shape_of
    from derive.language.printing import shape_text

    symbol_shapes = {}
    for symbol in formula.symbols:
        with contextlib.suppress(Exception):  # a symbol without a shape is shown without one
            symbol_shapes[symbol] = shape_text(shape_of(symbol))
    return formula_lines(formula, screen.width, symbol_shapes)
