"""The rows of a formula: its tokens without what is only for the eye, split and joined into
statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.frontends.document import vocabulary as known
from derive.frontends.document.scanner import NotUnderstood, Token

OVER = frozenset(["\\overset", "\\stackrel", "\\underset"])
ROW_END = frozenset(("\\\\", "\\cr", "\\newline"))


def tidied(tokens: list[Token]) -> list[Token]:
    """Tokens without what is only for the eye: relations with something set over them become
    the relation, ``\\left.`` of a bracket that goes on in the next row goes away.
    """
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        key, _, start, _, spaced = tokens[at]
        if key in OVER:
            note, after = braced_tokens(tokens, at + 1)
            body, stop = braced_tokens(tokens, after)
            if len(body) == 1 and body[0][0] in known.RELATIONS:
                said = "".join(token[1] for token in note)
                relation = body[0][0]
                if relation == "=" and ("def" in said.lower() or "triangle" in said):
                    relation = ":="
                elif relation == "=" and said in ("?", "!"):
                    relation = "?="
                result.append((relation, relation, start, tokens[stop - 1][3], spaced))
                at = stop
                continue
        if key in known.FRAMED:
            _, at = braced_tokens(tokens, at + 1)
            continue
        result.append(tokens[at])
        at += 1
    return _across_rows(result)


def braced_tokens(tokens: list[Token], at: int) -> tuple[list[Token], int]:
    """The tokens of an argument without its braces, and where it ends."""
    if at >= len(tokens):
        return [], at
    if tokens[at][0] != "{":
        return [tokens[at]], at + 1
    depth = 0
    for stop in range(at, len(tokens)):
        depth += (tokens[stop][0] == "{") - (tokens[stop][0] == "}")
        if depth == 0:
            return tokens[at + 1 : stop], stop + 1
    return tokens[at + 1 :], len(tokens)


def _across_rows(tokens: list[Token]) -> list[Token]:
    """A bracket that is closed by ``\\right.`` in one row and reopened by ``\\left.`` in another is
    one bracket.
    """
    opened: list[Token] = []
    dropped: set[int] = set()
    waiting = 0
    for at, token in enumerate(tokens):
        if token[0] == "\\left":
            if token[1] == "." and waiting:
                waiting -= 1
                dropped.add(at)
                continue
            opened.append(token)
        elif token[0] == "\\right" and opened:
            left = opened[-1]
            later = any(t[0] == "\\left" and t[1] == "." for t in tokens[at + 1 :])
            if token[1] == "." and left[1] in "([\\{" and later:
                waiting += 1
                dropped.add(at)
                continue
            opened.pop()
    return [token for at, token in enumerate(tokens) if at not in dropped]


def split_rows(tokens: list[Token]) -> Iterator[list[Token]]:
    """The rows of a formula: the environments around them taken away, ``&`` for alignment too."""
    row: list[Token] = []
    depth = columns = 0
    at = 0
    while at < len(tokens):
        token = tokens[at]
        key, name = token[0], token[1]
        at += 1
        if key in ("\\begin", "\\end") and name in known.ALIGNED and depth == 0:
            if key == "\\begin" and name in known.WITH_ARGUMENT:
                _, at = braced_tokens(tokens, at)
            elif key == "\\begin" and at < len(tokens) and tokens[at][0] == "[":
                close = next((k for k in range(at, len(tokens)) if tokens[k][0] == "]"), None)
                at = at if close is None or close - at > 2 else close + 1
            if key == "\\begin" and row:
                row.append(("W", "", token[2], token[2], True))
            columns = 0
            continue
        depth += (key in ("{", "\\begin")) - (key in ("}", "\\end"))
        if depth == 0 and key in ROW_END:
            yield row
            row, columns = [], 0
            continue
        if depth == 0 and key == "&":
            columns += 1
            if not row:
                row.append(("W", "&", token[2], token[3], True))  # an empty first cell
                continue
            before = row[-1][0] if row else ""
            after = tokens[at][0] if at < len(tokens) else ""
            if columns % 2 == 0 and not {before, after} & known.RELATIONS.keys():
                row.append(("W", "&", token[2], token[3], True))
            continue
        row.append(token)
    yield row


def joined(rows: Iterable[list[Token]]) -> Iterator[list[list[Token]]]:
    """Rows that are one statement.

    A row goes on where a bracket is still open, and where the next has an empty first cell and no
    relation that it begins with. Without a cell to tell, a row that begins with a sign goes on
    unless it is an equation of its own, and one that says nothing by itself may be the rest of the
    row before.

    :raises NotUnderstood: where it cannot be told.
    """
    parts: list[list[Token]] = []
    open_ = 0
    for row in rows:
        cell = bool(row) and row[0][0] == "W" and row[0][1] == "&"
        row = row[1:] if cell else row
        if not row:
            continue
        if parts and not (open_ > 0 or _goes_on(parts, row, cell)):
            yield parts
            parts, open_ = [], 0
        while parts and row and row[0][0] == "W":
            row = row[1:]  # an indentation
        parts.append(row)
        open_ += sum(opens(token) for token in row)
    if parts:
        yield parts


def _goes_on(parts: list[list[Token]], row: list[Token], cell: bool) -> bool:
    """Whether a row is the rest of those before it, none of whose brackets is open."""
    first = next((token for token in row if token[0] != "W"), None)
    if first is None or first[0] in known.RELATIONS or first[0] in known.CONNECTIVES:
        return False
    relations = _relations(row)
    joined = first[0] in known.SIGNS or first[0] in known.OPERATORS
    if any(token[0] == "T" for token in row) and not joined:
        return False
    before = any(_relations(part) for part in parts)
    if cell:
        return not relations or joined
    if joined and not relations:
        return True
    if joined or (before and not relations):
        raise NotUnderstood(
            "ambiguous-continuation",
            "It cannot be told whether this row goes on with the one before.",
            first[2],
            max(first[3], first[2] + 1),
        )
    return False


def _relations(row: list[Token]) -> int:
    """How many relations a row has outside of brackets."""
    depth = count = 0
    for token in row:
        depth += opens(token)
        count += depth == 0 and token[0] in known.RELATIONS and token[0] != ":"
    return count


def opens(token: Token) -> int:
    if token[0] in ("(", "[", "\\{", "\\left", "{"):
        return 1
    return -1 if token[0] in (")", "]", "\\}", "\\right", "}") else 0


__all__ = ["OVER", "ROW_END", "braced_tokens", "joined", "opens", "split_rows", "tidied"]
