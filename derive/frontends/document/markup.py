"""Where formulas stand in Markdown, TeX and reStructuredText.

Libraries for these formats give a tree of the page and not the exact place of what stands within a
line, so that they are scanned here, for nothing but formulas, headings, directives and paragraphs:
one pass, in which every search for an end goes on where the last one of its kind stopped. Nothing
in a document is executed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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
from derive.frontends.document.scanner import MAX_LENGTH
from derive.frontends.document.vocabulary import ALIGNED

MOST_ALIKE = 20  # problems that are told in the same words


class DocumentError(DeriveError):
    """A document that cannot be read; one sentence."""


@dataclass(frozen=True)
class Source:
    """A text with the way back to the document that it is a part of (see ``Passage``)."""

    text: str
    anchors: tuple[tuple[int, int], ...]
    lines: Lines

    def document(self, offset: int) -> int:
        at = bisect_right(self.anchors, (offset, float("inf"))) - 1
        local, document = self.anchors[max(at, 0)]
        return document + offset - local

    def place(self, offset: int) -> Place:
        return self.lines.place(self.document(offset))

    def passage(self, kind: type[Any], start: int, end: int, **more: Any) -> Any:
        """A piece of the text, without the marks of a quotation at the beginnings of its lines."""
        anchors = [(0, self.document(start))]
        for local, document in self.anchors:
            if start < local < end:
                anchors.append((local - start, document))
        piece = self.text[start:end]
        if _QUOTED.search(piece):
            kept: list[str] = []
            shifted: list[tuple[int, int]] = [anchors[0]]
            at = length = 0
            for mark in _QUOTED.finditer(piece):
                kept.append(piece[at : mark.start(1)])
                length += mark.start(1) - at
                at = mark.end()
                shifted.append((length, self.document(start + at)))
            piece, anchors = "".join([*kept, piece[at:]]), shifted
        return kind(piece, tuple(anchors), self.lines, **more)


_QUOTED = re.compile(r"\n((?:[ \t]*>)+ ?)")


@dataclass
class _Scan:
    """One pass over a text: what was found, and where each kind of end was last looked for."""

    source: Source
    items: list[tuple[int, Passage]] = field(default_factory=list)
    macros: list[str] = field(default_factory=list)
    problems: list[tuple[Place, str]] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)  # what is no prose
    _ends: dict[str, int] = field(default_factory=dict)
    _said: dict[str, int] = field(default_factory=dict)

    def find(self, mark: str, at: int) -> int:
        """Where a text stands next, from an offset that only grows; -1 where it does not."""
        known = self._ends.get(mark)
        if known is not None and (known < 0 or known >= at):
            return known
        found = self._ends[mark] = self.source.text.find(mark, at)
        return found

    def add(self, kind: type[Any], start: int, end: int, **more: Any) -> None:
        self.items.append((start, self.source.passage(kind, start, end, **more)))

    def formula(self, start: int, end: int, display: bool, environment: str = "") -> None:
        self.add(Formula, start, end, display=display, environment=environment)

    def problem(self, at: int, said: str) -> None:
        """Keeps a sentence with its place; of the same one again and again, the first ones."""
        self._said[said] = self._said.get(said, 0) + 1
        if self._said[said] <= MOST_ALIKE:
            self.problems.append((self.source.place(at), said))

    def contents(self) -> Contents:
        self.items.sort(key=lambda item: item[0])
        items = tuple(passage for _, passage in self.items)
        return Contents(items, tuple(self.macros), tuple(self.problems))


_ENVIRONMENTS = "|".join(re.escape(name) for name in sorted(ALIGNED, key=len, reverse=True))
_BEGIN = rf"\\begin\s*\{{(?P<environment>{_ENVIRONMENTS})\}}"
_PAIRS = {"\\[": "\\]", "\\(": "\\)", "\\\\[": "\\\\]", "\\\\(": "\\\\)"}


# Markdown -------------------------------------------------------------------------------------

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MARKDOWN = re.compile(
    rf"""
    (?P<fence>^[ \t>]*(?:[-*+][ ]+|\d+[.)][ ]+)?(?P<ticks>`{{3,}}|~{{3,}})(?P<info>[^\n`]*)$)
  | (?P<comment><!--)
  | (?P<raw><(?P<tag>script|style|pre|code)\b[^>]*>)
  | (?P<dollars>\$\$)
  | (?P<tick>\$`)
  | (?P<code>`+)
  | {_BEGIN}
  | (?P<bracket>\\\\?[\[(])
  | (?P<escape>\\.)
  | (?P<dollar>\$)
    """,
    re.VERBOSE | re.MULTILINE,
)
_HEADING = re.compile(r"^[ ]{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"^(?=[^\n]*\w)([^\n#>\s][^\n]*)\n[ ]{0,3}(=+|-{2,})[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"<!--\s*derive:(.*)-->\Z", re.DOTALL)
_BLANK = re.compile(r"\n[ \t>]*\n")
_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")


def markdown(source: Source) -> Contents:
    """Formulas of Markdown: ``$``, ``$$``, ``\\[``, ``\\(``, environments, ``math`` fences."""
    scan, text = _Scan(source), source.text
    front = _FRONT.match(text)
    at = 0
    if front is not None:
        scan.macros.append(front.group(1))
        at = front.end()
        scan.taken.append((0, at))
    while (found := _MARKDOWN.search(text, at)) is not None:
        at = _markdown_piece(scan, text, found)
    _headings_and_paragraphs(scan, text, (_HEADING, _SETEXT))
    return scan.contents()


def _markdown_piece(scan: _Scan, text: str, found: re.Match[str]) -> int:
    """Take in what begins at a mark; the offset at which to go on."""
    kind, start, end = found.lastgroup, found.start(), found.end()
    if found.group("fence"):
        return _fence(scan, text, found)
    if kind == "comment":
        close = scan.find("-->", end)
        if close < 0:
            scan.problem(start, "this comment is not closed")
            return len(text)
        said = _DIRECTIVE.match(text[start : close + 3])
        if said is not None:
            scan.add(Directive, start + said.start(1), start + said.end(1))
        scan.taken.append((start, close + 3))
        return close + 3
    if found.group("raw"):
        tag = found.group("tag")
        close = scan.find(f"</{tag}", end)
        if close < 0:
            return end
        if tag == "script":
            scan.macros.append(text[start:close])
        scan.taken.append((start, close))
        return close
    if kind == "code":
        close = _closing_ticks(text, found.group("code"), end)
        return close if close > 0 else end
    if kind == "tick":
        close = scan.find("`$", end)
        if 0 <= close - end <= MAX_LENGTH:
            scan.formula(end, close, display=False)
            return close + 2
        return end
    if kind == "dollars":
        return _delimited(scan, text, end, "$$", display=True)
    if found.group("environment"):
        return _environment(scan, text, start, found.group("environment"))
    if kind == "bracket":
        mark = found.group("bracket")
        if mark.startswith("\\\\") and start and text[start - 1] == "\\":
            return end
        return _delimited(scan, text, end, _PAIRS[mark], display="[" in mark, quietly=True)
    if kind == "dollar":
        return _inline(scan, text, end)
    return end


def _fence(scan: _Scan, text: str, found: re.Match[str]) -> int:
    ticks = found.group("ticks")
    close = re.compile(rf"^[ \t>]*{re.escape(ticks[0])}{{{len(ticks)},}}[ \t]*$", re.MULTILINE)
    start = min(found.end() + 1, len(text))
    end = close.search(text, start)
    stop = end.start() if end is not None else len(text)
    if found.group("info").strip().lower() in ("math", "latex-math"):
        scan.formula(start, max(stop - 1, start), display=True)
    scan.taken.append((found.start(), end.end() if end is not None else len(text)))
    return end.end() if end is not None else len(text)


def _closing_ticks(text: str, ticks: str, at: int) -> int:
    """After the backticks that close a span of code in the same paragraph; -1 where none do."""
    stop = _BLANK.search(text, at, at + MAX_LENGTH)
    last = stop.start() if stop is not None else min(len(text), at + MAX_LENGTH)
    for found in re.compile("`+").finditer(text, at, last):
        if len(found.group()) == len(ticks):
            return found.end()
    return -1


def _delimited(
    scan: _Scan, text: str, start: int, mark: str, display: bool, quietly: bool = False
) -> int:
    """A formula up to a mark; the offset after it."""
    close = scan.find(mark, start)
    if close < 0 or close - start > MAX_LENGTH:
        if not quietly:
            begin = start - len(mark)
            said = "is not closed" if close < 0 else f"is closed more than {MAX_LENGTH} letters on"
            scan.problem(begin, f"this {text[begin:start]} {said}")
        return start
    if not display and _BLANK.search(text, start, close):
        return start
    if text[start:close].strip():
        scan.formula(start, close, display)
    return close + len(mark)


_COMMAND = re.compile(r"\\[A-Za-z]")


def _inline(scan: _Scan, text: str, start: int, spaces: bool = False) -> int:
    """A formula between single dollars, where both look like it; the offset after it."""
    if start >= len(text) or (not spaces and text[start] == "\n"):
        return start
    at = start
    while True:
        close = text.find("$", at, start + MAX_LENGTH)
        if close < 0:
            if start + MAX_LENGTH < len(text) and "\n" not in text[start : start + MAX_LENGTH]:
                said = f"this $ begins a line of more than {MAX_LENGTH} letters, which is not read"
                scan.problem(start - 1, said)
            return start
        backslashes = len(text[start:close]) - len(text[start:close].rstrip("\\"))
        if backslashes % 2 == 0:
            break
        at = close + 1
    if _BLANK.search(text, start, close) or close == start:
        return start
    after = text[close + 1 : close + 2]
    if not spaces and (text[close - 1] == "\n" or after.isdigit()):
        return start
    inside = text[start:close]
    if not spaces and inside != inside.strip() and not _COMMAND.search(inside):
        return start  # of "$ 5 and $ 10", but not of "$ \alpha $"
    scan.formula(start, close, display=False)
    return close + 1


def _environment(scan: _Scan, text: str, start: int, name: str) -> int:
    """An environment that is a formula by itself; the offset after it."""
    mark = f"\\end{{{name}}}"
    close = scan.find(mark, start)
    if close < 0 or close - start > MAX_LENGTH:
        scan.problem(start, f"this \\begin{{{name}}} is not closed")
        return start + len("\\begin")
    end = close + len(mark)
    scan.formula(start, end, display=True, environment=name)
    return end


def _headings_and_paragraphs(scan: _Scan, text: str, patterns: tuple[re.Pattern[str], ...]) -> None:
    """Add headings, and the prose between blank lines, outside of code and comments."""
    taken = sorted(scan.taken)
    starts = [start for start, _ in taken]

    def outside(at: int) -> bool:
        k = bisect_right(starts, at) - 1
        return k < 0 or taken[k][1] <= at

    headings: set[int] = set()
    for pattern in patterns:
        for found in pattern.finditer(text):
            if not outside(found.start()) or found.start() in headings:
                continue
            headings.add(found.start())
            if pattern is _HEADING:
                level, group = len(found.group(1)), 2
            else:
                level, group = (1 if found.group(2)[0] == "=" else 2), 1
            scan.add(Heading, found.start(group), found.end(group), level=level)
    for found in _PARAGRAPH.finditer(text):
        if outside(found.start()) and found.start() not in headings:
            scan.items.append(
                (found.start(), source_passage(scan.source, found.start(), found.end()))
            )


def source_passage(source: Source, start: int, end: int) -> Passage:
    """A paragraph, cut off where it is too long to be one."""
    found: Passage = source.passage(Paragraph, start, min(end, start + MAX_LENGTH))
    return found


# TeX ------------------------------------------------------------------------------------------

_VERBATIM = "verbatim|lstlisting|minted|Verbatim|alltt|filecontents|comment|tikzpicture|algorithm"
_TEX = re.compile(
    rf"""
    (?P<percent>%[^\n]*)
  | \\begin\s*\{{(?P<verbatim>(?:{_VERBATIM})\*?)\}}
  | \\verb\*?(?P<verb>[^A-Za-z\s])
  | {_BEGIN}
  | \\(?P<included>input|include|subfile)\s*\{{
  | \\(?P<section>part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]*\])?\{{
  | (?P<dollars>\$\$)
  | (?P<bracket>\\[\[(])
  | (?P<escape>\\(?:\\|.))
  | (?P<dollar>\$)
    """,
    re.VERBOSE,
)
_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
_TEX_DIRECTIVE = re.compile(r"%+\s*derive:(.*)")
_BODY = re.compile(r"\\begin\s*\{document\}")


def tex(source: Source) -> Contents:
    """Formulas of TeX: ``$``, ``$$``, ``\\[``, ``\\(`` and environments, in its body."""
    scan, text = _Scan(source), source.text
    scan.macros.append(re.sub(r"(?<!\\)%[^\n]*", "", text))
    body = _BODY.search(text)
    at = body.end() if body is not None else 0
    if body is not None:
        scan.taken.append((0, at))
        for said in _TEX_DIRECTIVE.finditer(text, 0, at):
            scan.add(Directive, said.start(1), said.end(1))
    while (found := _TEX.search(text, at)) is not None:
        at = _tex_piece(scan, text, found)
    _headings_and_paragraphs(scan, text, ())
    return scan.contents()


def _tex_piece(scan: _Scan, text: str, found: re.Match[str]) -> int:
    start, end = found.start(), found.end()
    if found.group("percent"):
        said = _TEX_DIRECTIVE.match(found.group("percent"))
        if said is not None:
            scan.add(Directive, start + said.start(1), start + said.end(1))
        scan.taken.append((start, end))
        return end
    if found.group("verbatim"):
        close = scan.find(f"\\end{{{found.group('verbatim')}}}", end)
        scan.taken.append((start, close if close > 0 else len(text)))
        return close if close > 0 else len(text)
    if found.group("verb"):
        close = text.find(found.group("verb"), end, end + 1000)
        return close + 1 if close > 0 else end
    if found.group("environment"):
        return _environment(scan, text, start, found.group("environment"))
    if found.group("included"):
        scan.problem(
            start, f"\\{found.group('included')} is not followed: other files are not read"
        )
        return end
    if found.group("section"):
        close = _closing_brace(text, end)
        if close > 0:
            scan.add(Heading, end, close, level=_LEVELS.get(found.group("section"), 5))
        return end
    if found.group("dollars"):
        return _delimited(scan, text, end, "$$", display=True)
    if found.group("bracket"):
        mark = found.group("bracket")
        return _delimited(scan, text, end, _PAIRS[mark], display="[" in mark)
    if found.group("dollar"):
        return _inline(scan, text, end, spaces=True)
    return end


def _closing_brace(text: str, at: int) -> int:
    depth = 1
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(text, at, at + 2000):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if depth == 0:
            return found.start()
    return -1


# reStructuredText ---------------------------------------------------------------------------

_RST = re.compile(
    r"""
    (?P<math>^(?P<indent>[ \t]*)\.\.[ ]+math::[ \t]*(?P<said>[^\n]*)$)
  | (?P<directive>^[ \t]*\.\.[ ]+derive:(?P<declared>[^\n]*(?:\n[ \t]+\S[^\n]*)*))
  | (?P<block>^(?P<outer>[ \t]*)\.\.[ ]+(?:code-block|code|sourcecode|parsed-literal)::[^\n]*$)
  | (?P<role>:math:`)
  | (?P<literal>``)
  | (?P<dollars>\$\$)
  | (?P<escape>\\.)
  | (?P<dollar>\$)
    """,
    re.VERBOSE | re.MULTILINE,
)
_UNDERLINED = re.compile(r"^(\S[^\n]*)\n([=\-~^\"'`#*+.:_])\2{2,}[ \t]*$", re.MULTILINE)
_OPTION = re.compile(r"[ \t]*:[\w-]+:[^\n]*(?:\n|\Z)")


def rst(source: Source, dollars: bool = False) -> Contents:
    """Formulas of reStructuredText: ``.. math::`` and ``:math:``, and in docstrings ``$``, too."""
    scan, text = _Scan(source), source.text
    at = 0
    while (found := _RST.search(text, at)) is not None:
        at = _rst_piece(scan, text, found, dollars)
    levels: dict[str, int] = {}
    for found in _UNDERLINED.finditer(text):
        level = levels.setdefault(found.group(2), len(levels) + 1)
        scan.add(Heading, found.start(1), found.end(1), level=level)
    _headings_and_paragraphs(scan, text, ())
    return scan.contents()


def _rst_piece(scan: _Scan, text: str, found: re.Match[str], dollars: bool) -> int:
    start, end = found.start(), found.end()
    if found.group("math"):
        return _math_block(scan, text, found)
    if found.group("directive"):
        scan.add(Directive, found.start("declared"), found.end("declared"))
        scan.taken.append((start, end))
        return end
    if found.group("block"):
        stop = _block_end(text, end, len(found.group("outer")))
        scan.taken.append((start, stop))
        return stop
    if found.group("role"):
        close = scan.find("`", end)
        if 0 < close - end <= MAX_LENGTH:
            scan.formula(end, close, display=False)
            return close + 1
        return end
    if found.group("literal"):
        close = text.find("``", end, end + 2000)
        return close + 2 if close > 0 else end
    if dollars and found.group("dollars"):
        return _delimited(scan, text, end, "$$", display=True, quietly=True)
    if dollars and found.group("dollar"):
        return _inline(scan, text, end)
    return end


def _block_end(text: str, at: int, indent: int) -> int:
    """The end of the lines that are indented by more than ``indent``, blank ones among them."""
    last = at
    while at < len(text):
        stop = text.find("\n", at + 1)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop].strip("\n")
        if line.strip():
            if len(line) - len(line.lstrip()) <= indent:
                break
            last = stop
        at = stop
    return last


def _math_block(scan: _Scan, text: str, found: re.Match[str]) -> int:
    """A ``math`` directive: each of its paragraphs is a formula."""
    if found.group("said").strip():
        scan.formula(found.start("said"), found.end("said"), display=True)
    stop = _block_end(text, found.end(), len(found.group("indent")))
    at = min(found.end() + 1, stop)
    while (option := _OPTION.match(text, at, stop)) is not None:
        at = option.end()
    for piece in _PARAGRAPH.finditer(text, at, stop):
        scan.formula(piece.start(), piece.end(), display=True)
    scan.taken.append((found.start(), stop))
    return stop


def joined(parts: Iterable[Contents]) -> Contents:
    """The contents of several pieces of a document, one after the other."""
    found = list(parts)
    return Contents(
        tuple(item for part in found for item in part.items),
        tuple(macro for part in found for macro in part.macros),
        tuple(problem for part in found for problem in part.problems),
    )
