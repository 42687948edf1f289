"""Environments within a formula: matrices, cases, lines under a sum."""

from __future__ import annotations

from derive.frontends.document import vocabulary as known
from derive.frontends.document.expressions import Parser, atom
from derive.frontends.document.rows import ROW_END, braced_tokens, split_rows
from derive.frontends.document.scanner import Token
from derive.frontends.document.tree import (
    Branch,
    Cases,
    Connective,
    Empty,
    Listing,
    Matrix,
    Node,
    Text,
)


@atom("\\begin")
def _environment(p: Parser) -> Node:
    _, name, start, _, _ = p.token
    opening = p.token
    p.at += 1
    if name in known.WITH_ARGUMENT and p.key == "{":
        _, p.at = braced_tokens(p.tokens, p.at)
    elif p.key == "[" and name.endswith("*"):
        p.skip_to("]")
    if name in known.ALIGNED:
        rows = _cells(p, opening)
        return Matrix(start, p.end, "array", rows)
    if name in known.CASES:
        return cases_of(p, start, Matrix(start, start, "cases", _cells(p, opening)))
    if name in known.MATRICES:
        rows = _cells(p, opening)
        kind = name.rstrip("*")
        kind = {"psmallmatrix": "pmatrix", "bsmallmatrix": "bmatrix"}.get(kind, kind)
        return Matrix(start, p.end, "array" if kind == "subarray" else kind, rows)
    raise p.failure("unknown-environment", f"The environment {name} is not known.", opening)


def cases_of(p: Parser, start: int, matrix: Matrix) -> Cases:
    branches = tuple(
        Branch(row[0].start, row[-1].end, row[0], _conditions(row[1:])) for row in matrix.rows
    )
    return Cases(start, p.end, branches)


def _cells(p: Parser, opening: Token) -> tuple[tuple[Node, ...], ...]:
    """The entries up to the end of the environment, row by row."""
    rows: list[tuple[Node, ...]] = []
    row: list[Node] = []
    bars, p.bars = p.bars, ()
    inside, p.inside = p.inside, 0
    while True:
        row.append(_cell(p))
        if p.key == "&":
            p.at += 1
            continue
        rows.append(tuple(row))
        row = []
        if p.key in ROW_END:
            p.at += 1
            if p.key == "\\end":
                break
            continue
        break
    if p.key != "\\end":
        if p.at >= len(p.tokens):
            raise p.failure(
                "unbalanced-environment", f"This \\begin{{{opening[1]}}} has no \\end.", opening
            )
        raise p.failure("unexpected", f"{p.token[1]} is not expected here.")
    if p.token[1] != opening[1]:
        raise p.failure(
            "unbalanced-environment",
            f"\\begin{{{opening[1]}}} is closed by \\end{{{p.token[1]}}}.",
        )
    p.at += 1
    p.bars, p.inside = bars, inside
    return tuple(rows)


def _cell(p: Parser) -> Node:
    start = p.start
    parts: list[Node] = []
    while p.key not in ("&", "\\end", "") and p.key not in ROW_END:
        key, text, first, end, _ = p.token
        if key in ("W", ",", ".", ";"):
            p.at += 1
        elif key in known.CONNECTIVES:
            p.at += 1
            parts.append(Connective(first, end, known.CONNECTIVES[key]))
        elif p.is_prose() or (key == "T" and p.ahead(1) in ("&", "\\end", *ROW_END)):
            p.at += 1
            parts.append(Text(first, end, text))
        else:
            parts.append(p.chain())
            if p.key and p.key in known.CLOSING:
                raise p.failure("unbalanced-bracket", f"This {p.token[1]} closes nothing.")
            if p.key in ("}", "\\right", "\\rvert", "\\rVert") or p.is_bar():
                raise p.failure("unexpected", f"{p.token[1]} is not expected here.")
    if not parts:
        return Empty(start, start)
    if len(parts) == 1:
        return parts[0]
    return Listing(start, p.end, tuple(parts), ("",) * (len(parts) - 1))


@atom("\\substack")
def _substack(p: Parser) -> Node:
    opening = p.token
    p.at += 1
    tokens, stop = braced_tokens(p.tokens, p.at)
    rows: list[tuple[Node, ...]] = []
    for part in split_rows(list(tokens)):
        if part:
            inner = p.over(part)
            rows.append((inner.chain(),))
            if inner.at < len(part):
                raise inner.failure("unexpected", f"{inner.token[1]} is not expected here.")
    p.at = stop
    return Matrix(opening[2], p.end, "substack", tuple(rows))


def _conditions(cells: tuple[Node, ...]) -> tuple[Node, ...]:
    """What stands after the ``&`` of a case: its parts in order."""
    found: list[Node] = []
    for cell in cells:
        if isinstance(cell, Empty):
            continue
        if isinstance(cell, Listing) and "" in cell.separators:
            found += cell.items
        else:
            found.append(cell)
    return tuple(found)
