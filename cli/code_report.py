"""What ``derive shapes`` and ``derive gradient`` print of a function in a file of code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.text import Text

from derive.base.errors import ClaimError, DeriveError
from derive.cli.sources import forward_of, source_of
from derive.frontends.code import forwards, gradient_code
from derive.frontends.code.finding import Pair, SourceError
from derive.frontends.code.pairs import Failed
from derive.frontends.files import TargetError


def has_code(targets: tuple[str, ...]) -> bool:
    """Whether every target is a file in which the shapes of code are declared."""
    return bool(targets) and all(_declares(target) for target in targets)


def _declares(target: str) -> bool:
    path = Path(target.partition("::")[0])
    if path.suffix != ".py" or not os.path.isfile(path):
        return False
    try:
        source = source_of(path)
    except SourceError:
        return True  # which is said where it is read
    return source is not None and source.declares and not source.states_claims


def shape_rows(targets: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[str]]:
    """The assignments of the declared functions, and what cannot be traced of them.

    :raises TargetError: for a file, or a name in it, that cannot be read.
    """
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for target in targets:
        pairs, unread = _declared(target)
        problems += unread
        for pair in pairs:
            try:
                with output_aside():
                    found = forwards.assignments(pair)
            except (Failed, ClaimError, SourceError) as problem:
                problems.append(str(problem))
                continue
            rows += [
                {
                    "file": str(pair.path),
                    "line": row.line,
                    "function": pair.name,
                    "name": row.name,
                    "shape": [str(size) for size in row.shape],
                }
                for row in found
            ]
    return rows, problems


def _declared(target: str) -> tuple[list[Pair], list[str]]:
    """The declared functions, and what is not understood of a file."""
    file, mark, name = target.partition("::")
    if mark:
        return [forward_of(Path(file), name)], []
    try:
        source = source_of(Path(file))
    except SourceError as problem:
        raise TargetError(str(problem)) from None
    assert source is not None
    return [pair for pair in source.pairs if pair.declared is not None], source.problems


def shape_lines(rows: list[dict[str, Any]]) -> list[Text]:
    """The rows as text: a heading for each function, then line, name and shape."""
    lines: list[Text] = []
    heading = ""
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        own = f"{row['file']}::{row['function']}"
        if own != heading:
            lines += [Text("")] if lines else []
            lines.append(Text(own, "bold"))
            heading = own
        line = Text(f"  {row['line']:>4}  ", "dim").append(f"{row['name']:<{width}}  ")
        lines.append(line.append(f"({', '.join(row['shape'])})", "cyan"))
    return lines


def gradient_text(target: str, wrt: str, to: str) -> tuple[dict[str, tuple[Any, Any]], str]:
    """For each input the shape and the derivative of a function in a file, or its code in a
    library.

    :raises TargetError: with one sentence, whatever is in the way.
    """
    file, _, name = target.partition("::")
    pair = forward_of(Path(file), name)
    try:
        with output_aside():
            names = wrt.replace(",", " ").split()
            if to == "math":
                found = {}
                for name in names:
                    answer, traced = forwards.derivative(pair, name)
                    found[name] = traced.inputs[name].sizes, answer
                return found, ""
            return {}, gradient_code.code(pair, names, to)
    except (Failed, DeriveError) as problem:
        raise TargetError(f"{target}: {problem}") from None


@contextlib.contextmanager
def output_aside() -> Iterator[None]:
    """What a user's file prints goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
