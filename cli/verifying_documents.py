"""``derive verify notes.md``: the formulas of documents decided, and printed at their lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

import click

from derive.backends import annotated
from derive.backends.document_text import document_lines
from derive.base.errors import DeriveError
from derive.cli.deciding import one_by_one
from derive.cli.exits import FAILS, INTERRUPTED, OK, complain
from derive.cli.outputs import Outputs
from derive.cli.printing import screen_now
from derive.cli.progress import Progress
from derive.frontends.document.check import check
from derive.frontends.document.report import fails, told_document
from derive.report import Document, Report


def run(
    paths: Sequence[str],
    outputs: Outputs,
    timeout: float,
    effort: float,
    declarations: str | None,
    strict: bool,
    annotate: str | None,
    docstrings: bool,
    everything: bool,
) -> int:
    """Decide the formulas of documents, and print them at their lines."""
    from derive.cli.progress import Progress

    if annotate is not None and len(paths) != 1:
        raise click.UsageError("--annotate takes one document")
    decide = one_by_one(timeout, effort, outputs.steps)
    results = []
    documents: list[Document] = []
    for path in paths:
        progress = Progress(sys.stderr)
        seen = partial(_show_line, progress, path)
        try:
            checked = check(path, decide, declarations, docstrings, seen)
        except DeriveError as problem:
            raise click.ClickException(str(problem)) from None
        finally:
            progress.clear()
        results.append(checked)
        found = told_document(checked, bool(outputs.steps))
        documents.append(found)
        if annotate is not None:
            _write_copy(annotate, path, annotated.render(found))
        if outputs.is_text:
            screen = screen_now()
            screen.print(document_lines(found, screen.width, everything))
        if checked.interrupted:
            break
    outputs.add(Report(documents=documents))
    if results[-1].interrupted:
        complain("interrupted")
        return INTERRUPTED
    return FAILS if any(fails(checked, strict) for checked in results) else OK


def _show_line(progress: Progress, path: str, done: int, total: int, line: int) -> None:
    progress.total = total
    progress.show(done, f"{path}:{line}")


def _write_copy(copy: str, path: str, text: str) -> None:
    if os.path.exists(copy) and os.path.samefile(copy, path):
        raise click.UsageError("--annotate writes a copy, and never the document itself")
    try:
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise click.ClickException(f"{copy} cannot be written: {problem.strerror}") from None
