"""Formulas, headings and directives in Markdown, TeX, notebooks, reStructuredText, docstrings.

Places are exact. Code is left out, and nothing of a document is ever executed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from derive.base.errors import DeriveError
from derive.frontends.document.contents import (
    Contents,
    Directive,
    Formula,
    Heading,
    Lines,
    Paragraph,
    Passage,
    Place,
)

MAX_BYTES = 10_000_000
ENVIRONMENTS = "equation|align|gather|multline|eqnarray|displaymath|alignat|flalign"

MARKDOWN = re.compile(
    r"""
    ^```math[^\n]*\n(?P<fenced>.*?)^```
  | \$`(?P<ticks>[^`]+)`\$
  | (?P<code>^(?P<fence>```+|~~~+).*?(?:^(?P=fence)|\Z) | `[^`\n]+`(?!`))
  | <!--\s*derive:(?P<directive>.*?)-->
  | (?P<comment><!--.*?-->)
  | \$\$(?P<dollars>.+?)\$\$
  | \\\[(?P<brackets>.+?)\\\]
  | (?P<environment>\\begin\{(?P<name>(?:%s)\*?)\}.+?\\end\{(?P=name)\})
  | (?<![\\$\w])\$(?P<inline>(?![\s\d.,]*\$)[^$\n]*(?:\n(?!\s*\n)[^$\n]*)*?[^\s\\$])\$(?![\d$])
  | \\\((?P<parens>.+?)\\\)
  | ^(?P<marks>\#{1,6})\ +(?P<heading>[^\n]*?)\ *\#*$
  | ^(?P<title>[^\s|\-=<>$`][^\n]*)\n(?P<line>=+|-+)[^\S\n]*$
    """
    % ENVIRONMENTS,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
TEX = re.compile(
    r"""
    ^[^\S\n]*%%\s*derive:(?P<directive>[^\n]*)
  | (?P<code>\\begin\{verbatim\}.*?\\end\{verbatim\})
  | (?P<comment>(?<!\\)%%[^\n]*)
  | (?P<environment>\\begin\{(?P<name>(?:%s)\*?)\}.+?\\end\{(?P=name)\})
  | \$\$(?P<dollars>.+?)\$\$
  | \\\[(?P<brackets>.+?)\\\]
  | (?<!\\)\$(?P<inline>[^$]+)\$
  | \\\((?P<parens>.+?)\\\)
  | \\(?P<marks>chapter|section|subsection|subsubsection|paragraph)\*?\{(?P<heading>[^{}]*)\}
    """
    % ENVIRONMENTS,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
RST = re.compile(
    r"""
    ^[^\S\n]*\.\.\s+derive:(?P<directive>[^\n]*(?:\n[^\S\n]+[^\n]+)*)
  | ^(?P<indent>[^\S\n]*)\.\.\s+math::[^\S\n]*(?P<dollars>[^\n]*(?:\n(?:(?P=indent)[^\S\n]+[^\n]*|
      [^\S\n]*(?=\n)))*)
  | :math:`(?P<inline>[^`]+)`
  | ^(?P<heading>[^\n]+)\n(?P<marks>=+|-+|~+|\^+|"+)$
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
LEVELS = {"chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}


class UnreadableError(DeriveError):
    """A file that is no document; one sentence."""


def read_document(path: Path, docstrings: bool = False) -> tuple[Contents, str]:
    """What a document holds, and its text.

    :raises UnreadableError: for a file that cannot be read as one.
    """
    text = _text(path)
    suffix = path.suffix.lower()
    if docstrings or suffix == ".py":
        return Contents(tuple(_docstrings(path, text))), text
    if suffix == ".ipynb":
        return Contents(tuple(_notebook(path, text))), text
    if suffix == ".tex":
        begin = text.find("\\begin{document}")
        head = text[: max(begin, 0)]
        return Contents(tuple(found(text, TEX)), (head,) if head else ()), text
    pattern = RST if suffix == ".rst" else MARKDOWN
    return Contents(tuple(found(text, pattern))), text


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise UnreadableError(f"{path} is a directory")
        data = path.read_bytes()
    except OSError as problem:
        raise UnreadableError(f"{path} cannot be read: {problem.strerror}") from None
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"{path} has more than {MAX_BYTES} bytes")
    if b"\0" in data:
        raise UnreadableError(f"{path} holds binary data")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not text in UTF-8") from None


def found(
    text: str, pattern: re.Pattern[str], lines: Lines | None = None, shift: int = 0
) -> Iterator[Passage]:
    """The passages of a text, in order."""
    lines = lines or Lines.of(text)
    last = 0

    def anchors(start: int) -> tuple[tuple[int, int], ...]:
        return ((0, start + shift),)

    for match in pattern.finditer(text):
        between = text[last : match.start()]
        if between.strip():
            yield Paragraph(between, anchors(last), lines)
        last = match.end()
        groups = match.groupdict()
        for name in ("fenced", "dollars", "brackets", "environment", "inline", "parens", "ticks"):
            if groups.get(name):
                display = name not in ("inline", "parens", "ticks")
                yield Formula(
                    groups[name],
                    anchors(match.start(name)),
                    lines,
                    display=display,
                    environment=groups.get("name") or "",
                )
        if groups.get("title"):
            level = 1 if groups["line"][0] == "=" else 2
            yield Heading(groups["title"], anchors(match.start("title")), lines, level=level)
        if groups.get("directive"):
            yield Directive(groups["directive"], anchors(match.start("directive")), lines)
        elif groups.get("heading"):
            yield Heading(
                groups["heading"],
                anchors(match.start("heading")),
                lines,
                level=_level(groups["marks"]),
            )
    if text[last:].strip():
        yield Paragraph(text[last:], anchors(last), lines)


def _level(marks: str) -> int:
    if marks in LEVELS:
        return LEVELS[marks]
    return len(marks) if marks[0] == "#" else '=-~^"'.index(marks[0]) + 1


def _notebook(path: Path, text: str) -> Iterator[Passage]:
    try:
        cells = json.loads(text)["cells"]
        sources = [
            (number, cell["source"])
            for number, cell in enumerate(cells)
            if cell.get("cell_type") == "markdown"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnreadableError(f"{path} is no notebook") from None
    for number, source in sources:
        joined = "".join(source) if isinstance(source, list) else str(source)
        yield from found(joined, MARKDOWN, Lines.of(joined, number))


def _docstrings(path: Path, text: str) -> Iterator[Passage]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        raise UnreadableError(f"{path} is no Python file") from None
    lines = Lines.of(text)
    for node in ast.walk(module):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body
        if not body or not isinstance(body[0], ast.Expr):
            continue
        value = body[0].value
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            continue
        # The place of the text within its quotes; escapes are written out in a docstring that is
        # not raw, so that it is read as it stands.
        start = lines.starts[value.lineno - 1]
        segment = ast.get_source_segment(text, value) or ""
        start = text.find(segment, start)
        quote = re.match(r"[A-Za-z]*(\"\"\"|'''|\"|')", segment)
        if quote is None or start < 0:
            continue
        raw = "r" in segment[: quote.start(1)].lower()
        inner = segment[quote.end() : len(segment) - len(quote.group(1))]
        name = getattr(node, "name", "")
        yield Heading(name, ((0, start),), lines, level=2)
        shift = start + quote.end()
        pattern = RST if ":math:" in inner or ".. math::" in inner else MARKDOWN
        for passage in found(inner, pattern, lines, shift):
            if not raw and "\\\\" in passage.text:
                passage = _unescaped(passage)
            yield passage


def _unescaped(passage: Passage) -> Passage:
    """A passage of a docstring that is not raw, each pair of backslashes as the one it stands for."""
    from dataclasses import replace

    made, anchors, at = [], [passage.anchors[0]], passage.anchors[0][1]
    length = position = 0
    text = passage.text
    while position < len(text):
        if text.startswith("\\\\", position):
            made.append("\\")
            position += 2
            length += 1
            anchors.append((length, at + position))
        else:
            made.append(text[position])
            position += 1
            length += 1
    return replace(passage, text="".join(made), anchors=tuple(anchors))


__all__ = ["Place", "UnreadableError", "read_document"]
