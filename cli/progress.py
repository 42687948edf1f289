"""One line on a terminal that says what is being decided."""

from __future__ import annotations

import os
from typing import TextIO


class Progress:
    """One line on a terminal that says what is being decided; nothing anywhere else."""

    def __init__(self, stream: TextIO, total: int = 0) -> None:
        self._stream = stream
        self.total = total
        self._shown = 0
        self._enabled = stream.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, name: str) -> None:
        """Replace the line."""
        if not self._enabled:
            return
        line = f"{done}/{self.total}  {name}"[:78]
        self._stream.write("\r" + line.ljust(self._shown))
        self._stream.flush()
        self._shown = len(line)

    def clear(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._enabled and self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0
