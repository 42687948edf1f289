"""What people type in directives and tables, as LaTeX, and the heads of tables of shapes."""

from __future__ import annotations

import re
import unicodedata

SHAPE_HEADS = ("shape", "dimension", "dimensions", "dim", "dims", "size", "form", "形状", "维度",
               "dimensionen", "größe", "taille", "forme")  # fmt: skip


NAME_HEADS = ("symbol", "name", "variable", "symbole", "符号", "größe", "tensor", "matrix")


def heading_number(heading: str) -> str:
    match = re.match(r"[\d.]+", heading.strip())
    return match.group().rstrip(".") if match else ""


_HATS = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0303": r"\tilde", "\u0307": r"\dot"}


def latex(text: str) -> str:
    """What people type in a directive, ŷ and xᵀ too, as LaTeX."""
    made = []
    for letter in text.replace("ᵀ", r"^\top ").replace("ᵗ", r"^\top "):
        parts = unicodedata.normalize("NFD", letter)
        if len(parts) == 2 and parts[1] in _HATS:
            made.append(f"{_HATS[parts[1]]}{{{parts[0]}}}")
        else:
            made.append(letter)
    return "".join(made)
