"""``derive init notes.md``: a draft of the declarations that a document needs."""

from __future__ import annotations

from pathlib import Path

import click

from derive.base.errors import DeriveError
from derive.frontends.document.check import SIDECAR, is_document
from derive.frontends.document.draft import Draft, draft_of


def run(path: str, force: bool, to_paste: bool) -> str:
    """Write the sidecar of a document, or give the directive that may be pasted into it.

    :returns: what is to be printed.
    :raises click.ClickException: for what cannot be read or written, or is there already.
    """
    if not is_document(path) and not path.endswith(".py"):
        raise click.UsageError(f"{path} is no document: .md, .tex, .ipynb, .rst or .py")
    try:
        made = draft_of(path)
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if to_paste:
        return directive(made, Path(path).suffix)
    file = Path(path).with_name(Path(path).stem + SIDECAR)
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force writes over it")
    try:
        file.write_text(sidecar_text(made, Path(path).name), encoding="utf-8")
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be written: {problem.strerror}") from None
    count = len(made.names)
    return f"{file}: {count} {'name' if count == 1 else 'names'} drafted; correct it by hand"


def sidecar_text(made: Draft, name: str) -> str:
    """A sidecar with comments for the author: what is proposed, and from where."""
    lines = [
        f"# Declarations for {name}, drafted by `derive init`. The shapes are found from use:",
        "# correct them, since what stands here is taken at its word.",
        "declare = [",
    ]
    for each in made.names:
        where = ", ".join(map(str, each.lines[:4])) + (", …" if len(each.lines) > 4 else "")
        lines.append(f"  {_quoted(each.item)},  # used in line {where}")
    lines.extend(f"  # {_quoted(loss)},  # as it is read" for loss in made.losses)
    lines += [
        "  # 'vectors = column',  # or row, or numpy",
        "  # 'layout = denominator',  # or numerator: the shape of ∂L/∂x",
        "]",
        "",
        "# What holds in one section only:",
        "# [[section]]",
        '# heading = "…"',
        "# declare = ['λ > 0']",
        "",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\") + '"'


def directive(made: Draft, suffix: str) -> str:
    """The same as one directive in the comment of the document's language."""
    items = "; ".join(each.item for each in made.names)
    if suffix == ".tex":
        return f"% derive: {items}"
    if suffix in (".rst", ".py"):
        return f".. derive: {items}"
    return f"<!-- derive: {items} -->"


__all__ = ["directive", "run", "sidecar_text"]
