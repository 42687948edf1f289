"""A document from its file: Markdown, TeX, a notebook, reStructuredText, docstrings.

Nothing in a document is executed, and no other file is read for it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from derive.frontends.document.contents import Contents, Lines
from derive.frontends.document.docstrings import in_docstrings
from derive.frontends.document.markup import DocumentError, Source, joined, markdown, rst, tex

MAX_BYTES = 5_000_000


def read_document(path: Path, docstrings: bool = False) -> tuple[Contents, str]:
    """What a document holds, and its text.

    :param docstrings: read the formulas in the docstrings of a Python file.
    :raises DocumentError: for a file that is missing, no text in UTF-8, or longer than 5 MB.
    """
    source = _text_of(path)
    suffix = path.suffix.lower()
    if docstrings or suffix == ".py":
        return in_docstrings(source, path), source
    if suffix == ".ipynb":
        return _in_notebook(source, path), source
    dialect = {".tex": tex, ".rst": rst}.get(suffix, markdown)
    return dialect(Source(source, ((0, 0),), Lines.of(source))), source


def _text_of(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise DocumentError(f"{path} is not a regular file")
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(f"{path} has more than {MAX_BYTES // 10**6} MB")
        data = path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{path} does not exist") from None
    except (OSError, ValueError) as problem:
        cause = getattr(problem, "strerror", None) or str(problem)
        raise DocumentError(f"{path} cannot be read: {cause.lower()}") from None
    if b"\0" in data:
        raise DocumentError(f"{path} is no text: it holds binary data")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise DocumentError(f"{path}, line {line}: this is no text in UTF-8") from None


def _in_notebook(source: str, path: Path) -> Contents:
    """The Markdown cells of a notebook; its code is never run."""
    try:
        notebook = json.loads(source)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        texts = [
            (
                number,
                "".join(cell["source"]) if isinstance(cell["source"], list) else cell["source"],
            )
            for number, cell in enumerate(cells)
            if cell.get("cell_type") in ("markdown", "heading")
        ]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise DocumentError(f"{path} is no notebook") from None
    found = joined(
        markdown(Source(str(text), ((0, 0),), Lines.of(str(text), number)))
        for number, text in texts
    )
    return replace(found, cells={number: str(text) for number, text in texts})


__all__ = ["MAX_BYTES", "DocumentError", "read_document"]
