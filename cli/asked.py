"""What the targets of a command come to: claims of the catalogue and of files, pairs of code."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from derive.claims.entry import Entry
    from derive.claims.formula import Formula
    from derive.cli.tasks import Task
    from derive.frontends.code.request import Request


def _catalogue(targets: Sequence[str]) -> Mapping[str, Formula]:
    """The formulas that the targets name: building all of them takes a while."""
    from derive import formulas
    from derive.cli.targets import needed_modules
    from derive.formulas import index

    if not targets:
        return formulas.catalogue()
    return formulas.catalogue(needed_modules(targets, index.listed()))


def resolved(targets: Sequence[str]) -> list[Entry]:
    """The claims of the catalogue and of files of claims that the targets name."""
    from derive.cli.targets import resolve
    from derive.frontends.files import TargetError

    document = next((t for t in targets if is_document(t) and os.path.exists(t)), None)
    if document is not None:
        said = f"`derive verify {document}` decides its formulas, `derive check` a single one"
        raise click.ClickException(f"{document} is a document: {said}")
    try:
        entries = resolve(targets, lambda: _catalogue(targets))
    except TargetError as problem:
        raise click.ClickException(f"{problem}{_instead(targets)}") from None
    if not entries:
        raise click.ClickException("the catalogue is empty")
    return entries


def _instead(targets: Sequence[str]) -> str:
    """What may be done with targets that state no claims but are something else."""
    from derive.cli.code_report import has_code

    for folder in filter(os.path.isdir, targets):
        found = sorted(name for name in os.listdir(folder) if is_document(name))
        if found:
            return f"; a document is a target by itself: {os.path.join(folder, found[0])}"
    files = [target for target in targets if may_be_code(target)]
    if files and all(map(_is_python, files)) and has_code(tuple(targets)):
        return "; of code there are `derive verify`, `shapes`, `explain` and `gradient FILE::NAME`"
    return ""


def _is_python(target: str) -> bool:
    """Whether the text of a file can be read as Python."""
    try:
        ast.parse(Path(target.partition("::")[0]).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def asked_for(targets: Sequence[str]) -> tuple[list[Task], list[Request], list[str]]:
    """The claims and the pairs of code that the targets name, and what cannot be read of them.

    Claims of the catalogue are not built yet.
    """
    from derive.cli import tasks
    from derive.formulas import index

    named = tasks.of_catalogue(targets, index.listed())
    if named:
        return named, [], []
    entries, requests, problems = _from_files(targets)
    return tasks.of_entries(entries), requests, problems


def _from_files(targets: Sequence[str]) -> tuple[list[Entry], list[Request], list[str]]:
    if not any(may_be_code(target) for target in targets):
        return resolved(targets), [], []
    from derive.cli.sources import split
    from derive.frontends.files import TargetError

    try:
        found = split(targets)
    except TargetError as problem:
        raise click.ClickException(f"{problem}{_instead(targets)}") from None
    entries = resolved(found.claims) if found.claims else []
    return [*entries, *found.entries], found.requests, found.problems


def is_function(text: str) -> bool:
    """Whether what is to be derived is ``path/to/file.py::name``."""
    file, mark, name = text.partition("::")
    return bool(mark) and file.endswith(".py") and name.isidentifier()


def may_be_code(target: str) -> bool:
    file = target.partition("::")[0]
    return file.endswith(".py") or os.path.isdir(file)


def is_document(target: str) -> bool:
    return target.lower().endswith((".md", ".markdown", ".tex", ".ipynb", ".rst"))
