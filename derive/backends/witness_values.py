"""Values of a witness, as a report keeps them: set as matrices, or as text where they are large."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST_VALUE = 300  # characters of a value that is shown as text
LARGEST_MATRIX = 12  # rows and columns of a matrix that is set


def value_latex(value: Any) -> Any:
    """A value of a witness as LaTeX: a number, a small matrix, or an array of such matrices; None
    where it is too large.
    """
    if isinstance(value, Mapping):
        return None
    if not isinstance(value, list):
        return _number(value)
    if not value or len(value) > LARGEST_MATRIX:
        return None
    if _depth(value) > 2:
        parts = [value_latex(part) for part in value]
        beside = r",\; ".join(part or "" for part in parts)
        return None if None in parts else rf"\left[ {beside} \right]"
    rows = [row if isinstance(row, list) else [row] for row in value]
    if len(rows[0]) > LARGEST_MATRIX:
        return None
    body = r" \\ ".join(" & ".join(_number(x) for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _depth(value: Any) -> int:
    return 1 + _depth(value[0]) if isinstance(value, list) and value else 0


def value_text(value: Any) -> str:
    """A value of a witness that is too large to be set, as text that is cut off."""
    if isinstance(value, Mapping):
        places = "; ".join(
            f"{', '.join(map(str, at))}: {number}" for at, number in value["entries"]
        )
        sizes = "×".join(map(str, value["shape"]))
        others = value["elsewhere"]
        if "diagonal" in value:
            others = f"{value['diagonal']} on the diagonal, {others}"
        text = f"{sizes}: {others} everywhere but at {places}" if places else f"{sizes}: {others}"
    else:
        text = _nested(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + " …"


def _nested(value: Any) -> str:
    return f"[{', '.join(map(_nested, value))}]" if isinstance(value, list) else str(value)


def _number(value: Any) -> str:
    text = str(value)
    if re.fullmatch(r"-?\d+", text):
        return text
    if fraction := re.fullmatch(r"(-?)(\d+)/(\d+)", text):
        return rf"{fraction[1]}\frac{{{fraction[2]}}}{{{fraction[3]}}}"
    return rf"\text{{{re.sub(r'[^0-9A-Za-z.+ …-]', '', text)}}}"
