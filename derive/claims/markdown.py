"""Text in Markdown, which reads some characters as its own."""

from __future__ import annotations

import re

_OWN = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def for_markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _OWN.sub(r"\\\1", " ".join(text.split()))
