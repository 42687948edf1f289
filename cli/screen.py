"""Where the text goes: its width, its colour, and the characters it can show."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.text import Text

from derive.language.spelling import encodable

DEFAULT_WIDTH = 80
WIDEST = 120


class Screen:
    """Standard output. Lines arrive already wrapped and leave as they are."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream: TextIO = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.width = self._width()
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self._colour = self.is_terminal and not plain

    def _width(self) -> int:
        if self.is_terminal or os.environ.get("COLUMNS"):
            return max(40, min(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, WIDEST))
        return DEFAULT_WIDTH

    def print(self, lines: Iterable[Text]) -> None:
        """Write the lines and flush, so that a reader sees each section as it is done."""
        for line in lines:
            self.stream.write(encodable(self._render(line), self.stream.encoding) + "\n")
        self.stream.flush()

    def print_script(self, script: str) -> None:
        """Write a script exactly as it is, so that it can be copied out and run."""
        self.stream.write(encodable(script, self.stream.encoding).rstrip("\n") + "\n")
        self.stream.flush()

    def _render(self, line: Text) -> str:
        if not self._colour:
            return line.plain.rstrip()
        from rich.console import Console  # where there is colour

        buffer = io.StringIO()
        console = Console(file=buffer, force_terminal=True, highlight=False, width=10_000)
        console.print(line, end="", soft_wrap=True)
        return buffer.getvalue()
