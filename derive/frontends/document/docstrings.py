"""The docstrings of a Python file, each with the place of what it says in the source."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from derive.frontends.document.contents import Contents, Heading, Lines
from derive.frontends.document.markup import DocumentError, Source, joined, markdown, rst

DEPTH = 10
"""By how much the level of a heading grows with each class or function around it."""

Holder = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def in_docstrings(source: str, path: Path) -> Contents:
    """The docstrings of a module, its classes and functions, in their order; nothing is run.

    Each class and each function is a section of its own, a method one within that of its class.

    :raises DocumentError: for what is no Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as problem:
        line = getattr(problem, "lineno", None)
        where = f"{path}, line {line}" if line else str(path)
        raise DocumentError(f"{where}: this is no Python") from None
    lines = Lines.of(source)
    texts = source.splitlines()
    starts: dict[tuple[int, int], int] = {}
    parts: list[tuple[int, Contents]] = []
    for node, depth in _holders(tree):
        if not isinstance(node, ast.Module):
            at = lines.starts[node.lineno - 1]
            name = Heading(node.name, ((0, at),), lines, level=DEPTH * depth, is_closed=True)
            parts.append((at, Contents((name,))))
        if ast.get_docstring(node, clean=False) is not None:
            value = node.body[0]
            line = texts[value.lineno - 1].encode()[: value.col_offset].decode()
            starts[value.lineno, len(line)] = depth
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING and token.start in starts:
            offset = lines.starts[token.start[0] - 1] + token.start[1]
            found = _docstring(token.string, offset, lines)
            parts.append((offset, _within(found, DEPTH * starts[token.start])))
    return joined(part for _, part in sorted(parts, key=lambda part: part[0]))


def _holders(tree: ast.Module) -> Iterator[tuple[Holder, int]]:
    """The module, its classes and functions, and in how many others each of them stands."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, depth
            depth += 1
        pending.extend((child, depth) for child in ast.iter_child_nodes(node))


def _within(found: Contents, depth: int) -> Contents:
    """The contents of a docstring, its headings below that of what it belongs to."""
    items = tuple(
        replace(item, level=item.level + depth) if isinstance(item, Heading) else item
        for item in found.items
    )
    return replace(found, items=items)


_PREFIX = re.compile(r"([A-Za-z]*)(\"\"\"|'''|\"|')")
_ESCAPE = re.compile(
    r"\\(?:\n|[\\'\"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|N\{[^}]*\})"
)


def _docstring(literal: str, offset: int, lines: Lines) -> Contents:
    """One docstring, with the way back from its text to the literal in the source."""
    prefix = _PREFIX.match(literal)
    assert prefix is not None
    start, stop = prefix.end(), len(literal) - len(prefix.group(2))
    raw = literal[start:stop]
    anchors = [(0, offset + start)]
    if "r" in prefix.group(1).lower():
        text = raw
    else:
        pieces: list[str] = []
        at = length = 0
        for found in _ESCAPE.finditer(raw):
            written = (
                str(ast.literal_eval(f'"""{found.group()}"""')) if found.group() != '\\"' else '"'
            )
            pieces += [raw[at : found.start()], written]
            length += found.start() - at + len(written)
            at = found.end()
            anchors.append((length, offset + start + at))
        text = "".join([*pieces, raw[at:]])
    source = Source(text, tuple(anchors), lines)
    dialect: Callable[[Source], Contents] = markdown
    if ":math:" in text or ".. math::" in text or ".. derive:" in text:
        return rst(source, dollars=True)
    return dialect(source)
