"""Macros: definitions found in documents and configurations, and their bounded expansion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from derive.frontends.document.scanner import NotUnderstood, Token, braced, scan

MAX_TOKENS = 20_000
MAX_EXPANSIONS = 2_000
MAX_MACROS = 5_000


@dataclass(frozen=True, slots=True)
class Macro:
    """``\\name`` with ``parameters`` arguments; the first has a ``default`` where it is optional.

    ``body`` is LaTeX, in which ``#1`` … ``#9`` stand for the arguments.
    """

    name: str
    parameters: int
    body: str
    default: str | None = None


_DEFINITION = re.compile(
    r"""
    \\(?P<kind>(?:re|provide)?newcommand|providecommand|renewcommand
        |DeclareMathOperator|DeclarePairedDelimiter|[gex]?def|let|NewDocumentCommand)
    (?![A-Za-z]) \*?
    """,
    re.VERBOSE,
)
_COMMAND = re.compile(r"\s*(?:\{\s*(\\(?:[A-Za-z@]+|.))\s*\}|(\\(?:[A-Za-z@]+|.)))")
_COUNT = re.compile(r"\s*\[\s*([0-9])\s*\]")
_DEFAULT = re.compile(r"\s*\[([^\[\]]*)\]")
_PARAMETERS = re.compile(r"((?:#[1-9])*)\s*(?=\{)")
_LET = re.compile(r"\s*=?\s*(\\[A-Za-z@]+|[^\s{}])")
_SPACES = re.compile(r"\s*")


@dataclass(slots=True)
class Macros:
    """The macros in force at a place of a document; ``read`` adds those that a text defines."""

    table: dict[str, Macro] = field(default_factory=dict)
    _scanned: dict[str, list[Token]] = field(default_factory=dict)

    def add(self, macro: Macro) -> None:
        if len(self.table) < MAX_MACROS:
            self.table[macro.name] = macro
            self._scanned.pop(macro.name, None)

    def read(self, text: str) -> str:
        """Take the definitions out of ``text``, keeping its length: spaces stand in their place."""
        if "\\" not in text:
            return text
        pieces: list[str] = []
        last = 0
        at = 0
        while True:
            found = _DEFINITION.search(text, at)
            if found is None:
                break
            end, macro = _definition(text, found)
            if end < 0:
                at = found.end()
                continue
            if macro is not None:
                self.add(macro)
            pieces.append(text[last : found.start()])
            pieces.append(" " * (end - found.start()))
            last = at = end
        if not last:
            return text
        pieces.append(text[last:])
        return "".join(pieces)

    def expand(self, tokens: list[Token]) -> list[Token]:
        """The tokens with all macros in them replaced by their bodies.

        Raises:
            NotUnderstood: endless-macro, missing-argument.
        """
        table = self.table
        if not table or not any(token[0] in table for token in tokens):
            return tokens
        result: list[Token] = []
        pending = tokens[::-1]
        work = 0
        while pending:
            token = pending.pop()
            macro = table.get(token[0])
            if macro is None:
                result.append(token)
                if len(result) > MAX_TOKENS:
                    raise _endless(token)
                continue
            work += 1
            arguments = [_take(pending, macro, token, k) for k in range(macro.parameters)]
            body = self._body(macro, arguments, token)
            if work > MAX_EXPANSIONS or len(pending) + len(body) > MAX_TOKENS:
                raise _endless(token)
            pending.extend(reversed(body))
        return result

    def _body(self, macro: Macro, arguments: list[list[Token]], call: Token) -> list[Token]:
        tokens = self._scanned.get(macro.name)
        if tokens is None:
            try:
                tokens = scan(macro.body)
            except NotUnderstood as problem:
                raise NotUnderstood(
                    problem.code, f"In the macro {macro.name}: {problem.message}", call[2], call[3]
                ) from None
            self._scanned[macro.name] = tokens
        body: list[Token] = []
        start, end = call[2], call[3]
        first = True
        index = 0
        while index < len(tokens):
            key, text, _, _, spaced = tokens[index]
            index += 1
            if key == "#" and index < len(tokens) and tokens[index][0] == "N":
                number = tokens[index][1]
                slot = int(number[0]) - 1
                if slot >= len(arguments):
                    raise NotUnderstood(
                        "missing-argument", f"{macro.name} has no argument #{number}.", start, end
                    )
                body.extend(arguments[slot])
                if len(number) > 1:
                    body.append(("N", number[1:], start, end, False))
                index += 1
            elif "#" in text and key in ("T", "\\operatorname"):
                for slot, argument in enumerate(arguments):
                    written = "".join(token[1] for token in argument)
                    text = text.replace(f"#{slot + 1}", written)
                body.append((key, text, start, end, spaced))
            else:
                body.append((key, text, start, end, spaced or (first and call[4])))
            first = False
            if len(body) > MAX_TOKENS:
                raise _endless(call)
        return body


def _endless(token: Token) -> NotUnderstood:
    return NotUnderstood(
        "endless-macro", f"The macro {token[1]} expands without end.", token[2], token[3]
    )


def _take(pending: list[Token], macro: Macro, call: Token, position: int) -> list[Token]:
    """The next argument, off the stack of tokens."""
    if position == 0 and macro.default is not None:
        if pending and pending[-1][0] == "[":
            pending.pop()
            taken: list[Token] = []
            while pending and pending[-1][0] != "]":
                taken.append(pending.pop())
            if pending:
                pending.pop()
                return taken
            raise NotUnderstood("unbalanced-bracket", "This [ is not closed.", call[2], call[3])
        return [(k, t, call[2], call[3], s) for k, t, _, _, s in scan(macro.default)]
    if not pending or pending[-1][0] in ("}", "&", "\\\\"):
        raise NotUnderstood(
            "missing-argument",
            f"{macro.name} needs {macro.parameters} arguments.",
            call[2],
            call[3],
        )
    token = pending.pop()
    key, text, start, end, spaced = token
    if key == "{":
        taken = []
        depth = 1
        while pending:
            token = pending.pop()
            depth += (token[0] == "{") - (token[0] == "}")
            if depth == 0:
                return taken
            taken.append(token)
        raise NotUnderstood("unbalanced-brace", "This { is not closed.", start, end)
    if key in ("L", "N") and len(text) > 1:
        pending.append((key, text[1:], start + 1, end, False))
        return [(key, text[0], start, start + 1, spaced)]
    return [token]


def _definition(text: str, found: re.Match[str]) -> tuple[int, Macro | None]:
    """The offset after a definition and what it defines; -1 where it is none."""
    kind = found.group("kind")
    name_found = _COMMAND.match(text, found.end())
    if name_found is None:
        return -1, None
    name = name_found.group(1) or name_found.group(2)
    at = name_found.end()
    if kind == "let":
        target = _LET.match(text, at)
        if target is None:
            return -1, None
        return target.end(), Macro(name, 0, target.group(1))
    parameters = 0
    default = None
    if kind.endswith("def"):
        spec = _PARAMETERS.match(text, at)
        if spec is None:
            return -1, None
        parameters = len(spec.group(1)) // 2
        at = spec.end()
    elif kind == "NewDocumentCommand":
        spec = re.compile(r"\s*\{([ m]*)\}").match(text, at)
        if spec is None:
            return -1, None
        parameters = spec.group(1).count("m")
        at = spec.end()
    elif kind.endswith("command"):
        count = _COUNT.match(text, at)
        if count is not None:
            parameters = int(count.group(1))
            at = count.end()
            optional = _DEFAULT.match(text, at)
            if optional is not None:
                default = optional.group(1)
                at = optional.end()
    body, at = _body_at(text, at)
    if body is None:
        return -1, None
    if kind == "DeclareMathOperator":
        return at, Macro(name, 0, f"\\operatorname{{{body}}}")
    if kind == "DeclarePairedDelimiter":
        closing, at = _body_at(text, at)
        if closing is None:
            return -1, None
        return at, Macro(name, 1, f"\\left{body} #1 \\right{closing}")
    return at, Macro(name, parameters, body, default)


def _body_at(text: str, at: int) -> tuple[str | None, int]:
    spaces = _SPACES.match(text, at)
    at = spaces.end() if spaces is not None else at
    if at >= len(text):
        return None, at
    if text[at] == "{":
        end = braced(text, at)
        return (text[at + 1 : end - 1], end) if end > 0 else (None, at)
    single = re.compile(r"\\(?:[A-Za-z@]+|.)|[^\\{}]").match(text, at)
    return (single.group(), single.end()) if single is not None else (None, at)


def from_mapping(entries: Mapping[str, object]) -> Iterable[Macro]:
    """The macros of a MathJax or KaTeX configuration.

    ``{"RR": "{\\\\mathbb R}", "bold": ["{\\\\bf #1}", 1], "\\\\KL": "\\\\operatorname{KL}"}``, with
    an optional default as third entry of the list.
    """
    for name, value in entries.items():
        if not isinstance(name, str):
            continue
        command = name if name.startswith("\\") else "\\" + name
        if isinstance(value, str):
            numbers = [int(digit) for digit in re.findall(r"#([1-9])", value)]
            yield Macro(command, max(numbers, default=0), value)
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
            count = value[1] if len(value) > 1 and isinstance(value[1], int) else 0
            default = value[2] if len(value) > 2 and isinstance(value[2], str) else None
            if 0 <= count <= 9:
                yield Macro(command, count, value[0], default)


_CONFIGURATION = re.compile(r"(?:[\"']?)\b[Mm]acros[\"']?\s*:\s*\{")
_ENTRY = re.compile(
    r"""
    (?:["'](?P<quoted>\\*[A-Za-z@]+)["']|(?P<plain>[A-Za-z@]+)) \s*:\s*
    (?:(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      |\[\s*(?P<listed>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*,\s*(?P<count>[0-9])
        (?:\s*,\s*(?P<default>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))?\s*\])
    """,
    re.VERBOSE,
)


def from_script(text: str) -> Iterable[Macro]:
    """The macros of a JavaScript configuration within a page (``macros: { … }``); nothing runs."""
    for found in _CONFIGURATION.finditer(text):
        end = _object_end(text, found.end() - 1)
        for entry in _ENTRY.finditer(text, found.end(), end):
            name = (entry.group("quoted") or entry.group("plain")).lstrip("\\")
            body = _unquoted(entry.group("text") or entry.group("listed"))
            if entry.group("listed"):
                default = entry.group("default")
                yield Macro(
                    "\\" + name,
                    int(entry.group("count")),
                    body,
                    _unquoted(default) if default else None,
                )
            else:
                yield from from_mapping({name: body})


def _object_end(text: str, at: int) -> int:
    depth = 0
    for found in re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[{}]").finditer(text, at):
        if found.group() == "{":
            depth += 1
        elif found.group() == "}":
            depth -= 1
            if depth == 0:
                return found.end()
    return len(text)


def _unquoted(literal: str) -> str:
    inner = literal[1:-1]
    if literal[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        value = json.loads(f'"{inner}"')
    except ValueError:
        return inner.replace("\\\\", "\\")
    return value if isinstance(value, str) else inner
