"""``derive init notes.md``: a draft of the declarations that a document needs."""

from __future__ import annotations

from pathlib import Path

import click

from derive.base.errors import DeriveError
from derive.frontends.document.check import is_document
from derive.frontends.document.declarations import SIDECAR
from derive.frontends.document.draft import Asked, Draft, Drafted, draft_of


def run(path: str, force: bool, to_paste: bool) -> str:
    """Write the sidecar of a document, or give the directive that may be pasted into it.

    :returns: what is to be printed.
    :raises click.ClickException: for what cannot be read or written, or is there already.
    """
    if not is_document(path) and not path.endswith(".py"):
        raise click.UsageError(f"{path} is no document: .md, .tex, .ipynb, .rst or .py")
    try:
        made = draft_of(path, beside=to_paste)
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if not (made.names or made.asked or made.losses):
        known = "declares all of its names" if made.declared else "has no formulas to declare for"
        return f"{path} {known}: nothing is drafted"
    if to_paste:
        return directive(made, Path(path).suffix)
    file = Path(path).with_name(Path(path).stem + SIDECAR)
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force writes over it")
    try:
        file.write_text(sidecar_text(made, Path(path).name), encoding="utf-8")
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be written: {problem.strerror}") from None
    count, asked = len(made.names), len(made.asked)
    questions = f", {asked} asked about" if asked else ""
    return (
        f"{file}: {count} {'name' if count == 1 else 'names'} drafted{questions}; "
        "correct it by hand"
    )


def sidecar_text(made: Draft, name: str) -> str:
    """A sidecar with comments for the author: what is proposed, and from where."""
    lines = [
        f"# Declarations for {name}, drafted by `derive init`. The shapes are found from use:",
        "# correct them, since what stands here is taken at its word.",
    ]
    lines += [f"# {said}" for said in _said(made)]
    lines.append("declare = [")
    for each in made.names:
        lines.append(f"  {_quoted(each.item)},  # guessed: used in line {_where(each)}")
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


def _said(made: Draft) -> list[str]:
    """What is known already, and what is asked: comments, which declare nothing."""
    found = [f"line {line} declares {item}" for item, line in made.declared]
    found += [f"{each.question} (used in line {_where(each)})" for each in made.asked]
    return found


def _where(each: Drafted | Asked) -> str:
    return ", ".join(map(str, each.lines[:4])) + (", …" if len(each.lines) > 4 else "")


def _quoted(text: str) -> str:
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\") + '"'


def directive(made: Draft, suffix: str) -> str:
    """The same as one directive in the comment of the document's language."""
    items = "; ".join(each.item for each in made.names)
    said = _said(made)
    if suffix == ".tex":
        return "\n".join(
            [*(f"% {each}" for each in said), *([f"% derive: {items}"] if items else [])]
        )
    if suffix in (".rst", ".py"):
        found = [*(f".. {each}" for each in said), *([f".. derive: {items}"] if items else [])]
        return "\n\n".join(found)
    comments = [f"<!-- {each} -->" for each in said]
    return "\n".join([*([f"<!-- derive: {items} -->"] if items else []), *comments])


__all__ = ["directive", "run", "sidecar_text"]
