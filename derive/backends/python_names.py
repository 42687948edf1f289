"""Names of Python for what is written in documents: ASCII, no keyword, no two alike."""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from typing import Any


class Names:
    """A Python name for every symbol: ASCII, no keyword, no builtin, no two alike."""

    def __init__(self) -> None:
        self._taken = {"np", "math", "mpmath", "at", "jacobian", "symmetric_part", "Steps"}
        self._taken |= {"left", "right"}
        self._taken |= set(keyword.kwlist) | set(dir(builtins))
        self._given: dict[Any, str] = {}

    def of(self, key: Any, wanted: str) -> str:
        if key not in self._given:
            name = base = _identifier(wanted)
            number = 2
            while name in self._taken:
                name = base + "_" if number == 2 else f"{base}_{number}"
                number += 1
            self._taken.add(name)
            self._given[key] = name
        return self._given[key]


def _identifier(text: str) -> str:
    letters = "".join(map(_ascii_letter, text)).strip()
    return letters if letters.isidentifier() else f"v{letters}"


def _ascii_letter(letter: str) -> str:
    if letter == "_" or (letter.isascii() and letter.isalnum()):
        return letter
    if letter == "′" or letter == "'":
        return "_prime"
    name = unicodedata.name(letter, "")
    return name.split()[-1].lower() if "LETTER" in name else "_"
