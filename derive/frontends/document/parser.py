"""The parser of formulas: from tokens to the syntax tree, by recursive descent.

It records what is written and decides no reading (see :mod:`.tree`). What it does not know it
refuses: each failure has a stable code, one sentence and a place, and nothing is skipped silently.

From the outside to the inside: a formula is rows, a row statements, a statement a chain of sides
with relations between them, a side a listing, a sum, a product, a factor with its scripts.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.frontends.document import bracketed, commands, environments
from derive.frontends.document.contents import Contents
from derive.frontends.document.expressions import Parser
from derive.frontends.document.macros import Macros, from_script
from derive.frontends.document.rows import joined, split_rows, tidied
from derive.frontends.document.scanner import NotUnderstood, Token, scan
from derive.frontends.document.tree import (
    Failure,
    Parsed,
    Row,
)

NOTATIONS = (bracketed, commands, environments)
"""The modules that read the atoms of a formula."""

Parse = Callable[[str], Parsed]


def parser(contents: Contents) -> Parse:
    """What parses the formulas of a document, with the macros that it defines outside of them."""
    macros = Macros()
    for source in contents.macros:
        macros.read(source)
        for macro in from_script(source):
            macros.add(macro)
    return lambda text: parse(text, macros)


def parse(text: str, macros: Macros | None = None) -> Parsed:
    """The tree of a formula. Never raises: what is not understood is in ``failures``.

    :param macros: those in force; definitions in the formula are added to them.
    """
    macros = Macros() if macros is None else macros
    try:
        tokens = tidied(macros.expand(scan(macros.read(text))))
        rows = [_row(part, text) for part in joined(split_rows(tokens))]
    except NotUnderstood as problem:
        rows = [_failed(problem, 0, len(text))]
    failures = tuple(row.failure for row in rows if row.failure is not None)
    return Parsed(0, len(text), tuple(rows), failures)


def _failed(problem: NotUnderstood, start: int, end: int) -> Row:
    failure = Failure(problem.start, problem.end, problem.code, problem.message)
    return Row(start, end, (), ((start, end),), "", "", failure)


def _row(parts: list[list[Token]], text: str) -> Row:
    """One row, or several source rows that are one statement."""
    tag = label = ""
    tokens: list[Token] = []
    for part in parts:
        for token in part:
            if token[0] == "\\tag":
                tag = token[1]
            elif token[0] == "\\label":
                label = token[1]
            else:
                tokens.append(token)
    ranges = tuple((part[0][2], part[-1][3]) for part in parts)
    start, end = ranges[0][0], ranges[-1][1]
    try:
        items = Parser(tokens, len(text)).items()
    except NotUnderstood as problem:
        row = _failed(problem, start, end)
        return Row(start, end, (), ranges, tag, label, row.failure)
    return Row(start, end, tuple(items), ranges, tag, label, None)
