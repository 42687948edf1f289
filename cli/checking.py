"""``derive check``: one pasted formula, in print and as data."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.text import Text

from derive.backends.document_text import formula_lines
from derive.frontends.document.check import Checked
from derive.frontends.document.pasted import PastedError, check_pasted, holds
from derive.frontends.document.report import report as document_report
from derive.frontends.document.report import told_document

STDIN = "-"


def read_formula(text: str) -> str:
    """The formula that is given, or standard input for ``-``.

    :raises PastedError: for input that is no text.
    """
    if text != STDIN:
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PastedError("standard input is no UTF-8 text") from None


def checked_lines(checked: Checked, width: int) -> Sequence[Text]:
    """The report: each row of the formula with its place and reason."""
    found = told_document(checked)
    return [line for each in found.formulas for line in formula_lines(found, each, width)]


__all__ = ["check_pasted", "checked_lines", "document_report", "holds", "read_formula"]
