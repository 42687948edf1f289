"""Mathematical text for an output that cannot carry its letters."""

from __future__ import annotations

_ASCII = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "⊘": "#",
        "∂": "d",
        "Σ": "sum",
        "σ": "sigma",
        "·": "*",
        "⊙": ".*",
        "²": "^2",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "≈": "~",
        "×": "x",
        "−": "-",
        "↦": "->",
        "→": "->",
        "…": "...",
        "—": "-",
        "–": "-",
        "ᵀ": "^T",
    }
)


def encodable(text: str, encoding: str | None) -> str:
    """The text as it is if the encoding can carry it, else spelt in ASCII."""
    encoding = encoding or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        spelt = text.translate(_ASCII)
        return spelt.encode("ascii", "backslashreplace").decode("ascii")
    return text
