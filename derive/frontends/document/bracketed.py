"""What stands in brackets and between bars: groups, norms, conditions, values at a point."""

from __future__ import annotations

from derive.frontends.document import vocabulary as known
from derive.frontends.document.derivative_notation import as_derivative
from derive.frontends.document.environments import cases_of
from derive.frontends.document.expressions import BARS, MIDDLES, Parser, atom
from derive.frontends.document.scanner import NotUnderstood, Token
from derive.frontends.document.tree import (
    Binomial,
    Conditional,
    Empty,
    Fraction,
    Group,
    Mark,
    Matrix,
    Node,
    Norm,
    Product,
)

LEFT_BARS = {"\\lvert": ("\\rvert", 1), "\\lVert": ("\\rVert", 2)}


@atom("{")
def braced(p: Parser) -> Node:
    opening = p.token
    p.at += 1
    if p.key == "}":
        p.at += 1
        return Empty(opening[2], p.end)
    bars, p.bars = p.bars, ()
    inside, p.inside = p.inside, 0
    node = _only_marks(p) or _angled(p)
    if node is None:
        node = p.chain()
        if p.key in ("\\over", "\\choose"):
            over = p.key == "\\over"
            p.at += 1
            below = p.chain()
            node = (
                as_derivative(Fraction(opening[2], p.end, node, below))
                if over
                else Binomial(opening[2], p.end, node, below)
            )
        elif p.is_bar() or p.key in MIDDLES:
            node = _conditional(p, node)
    p.bars, p.inside = bars, inside
    if p.key != "}":
        if p.at >= len(p.tokens):
            raise p.failure("unbalanced-brace", "This { is not closed.", opening)
        raise p.failure("unexpected", f"{p.token[1]} is not expected here.")
    p.at += 1
    return node


def _only_marks(p: Parser) -> Node | None:
    """Signs that stand for themselves, to the end of the braces: ``{*}``, ``{+}``, ``{:}``."""
    first, at = p.at, p.at
    while at < len(p.tokens) and p.tokens[at][0] in known.SCRIPT_MARKS:
        at += 1
    if at == first or at >= len(p.tokens) or p.tokens[at][0] != "}":
        return None
    if at > first + 1 and p.tokens[first][0] in known.SIGNS:
        return None  # −⊤ is a sum
    marks = [Mark(token[2], token[3], known.SCRIPT_MARKS[token[0]]) for token in p.tokens[first:at]]
    p.at = at
    if len(marks) == 1:
        return marks[0]
    return Product(marks[0].start, p.end, tuple(marks), ("",) * (len(marks) - 1))


def _angled(p: Parser) -> Node | None:
    """``{<t>}``, a time in angle brackets, as some courses write it."""
    close = next((k for k in range(p.at, len(p.tokens)) if p.tokens[k][0] == "}"), -1)
    if p.key != "<" or close < p.at + 3 or p.tokens[close - 1][0] != ">":
        return None
    start = p.start
    inner = p.over(p.tokens[p.at + 1 : close - 1])
    body = inner.sum()
    if inner.at < len(inner.tokens):
        raise inner.failure("unexpected", f"{inner.token[1]} is not expected here.")
    p.at = close
    return Group(start, p.end, "<", body, ">")


def norm(p: Parser, closing: str, bars: int) -> Node:
    opening = p.token
    p.at += 1
    before, p.bars = p.bars, (closing,)
    inside, p.inside = p.inside, p.inside + 1
    body = p.chain()
    p.bars, p.inside = before, inside
    if p.key != closing and not (closing == "\\right" and p.key == "\\right"):
        raise p.failure("unbalanced-bar", "This bar has no partner.", opening)
    p.at += 1
    return Norm(opening[2], p.end, body, bars)


@atom("\\left", *known.OPENING)
def group(p: Parser) -> Node:
    opening = p.token
    start = opening[2]
    left = opening[0] == "\\left"
    p.at += 1
    shown = opening[1] if left else opening[0]
    if left and (shown in BARS or shown in ("\\lvert", "\\lVert")):
        p.at -= 1
        return norm(p, "\\right", 2 if shown in ("\\|", "\\Vert", "\\lVert") else 1)
    name = "." if left and shown == "." else known.OPENING.get(shown)
    if name is None:
        name = {")": ")", "]": "]"}.get(shown, "")
        if not name:
            raise p.failure("unknown-command", f"{shown} is no bracket.", opening)
    bars, p.bars = p.bars, ()
    inside, p.inside = p.inside, p.inside + 1
    node = _body_of_group(p, opening)
    p.bars, p.inside = bars, inside
    closing = _closed(p, opening, left)
    if name == "." and closing in BARS:
        return _evaluated_at(p, start, node)
    if isinstance(node, Matrix) and name == "{" and closing == ".":
        return cases_of(p, start, node)
    return Group(start, p.end, name, node, known.CLOSING.get(closing, closing))


def _body_of_group(p: Parser, opening: Token) -> Node:
    if p.key in known.CLOSING or p.key == "\\right":
        return Empty(p.start, p.start)
    node = _only_marks_in_brackets(p) or p.chain()
    while p.is_bar() or p.key in MIDDLES:
        node = _conditional(p, node)
    if p.key == "W":
        p.at += 1
    return node


def _only_marks_in_brackets(p: Parser) -> Node | None:
    """``(\\cdot)``, ``[:]``"""
    if p.key in known.SCRIPT_MARKS and p.ahead(1) in known.CLOSING:
        return p.mark()
    return None


def _conditional(p: Parser, left: Node) -> Node:
    bars = MIDDLES.get(p.key) or BARS[p.key]
    p.at += 1
    right = p.chain()
    return Conditional(left.start, p.end, left, right, bars)


def _closed(p: Parser, opening: Token, left: bool) -> str:
    """The closing bracket, taken."""
    if left:
        if p.key != "\\right":
            raise p.failure("unbalanced-bracket", "This \\left has no \\right.", opening)
        closing = p.token[1]
    else:
        closing = p.key
        if closing not in known.CLOSING:
            raise _unclosed(p, opening)
    p.at += 1
    return closing


def _unclosed(p: Parser, opening: Token) -> NotUnderstood:
    if p.at >= len(p.tokens) or p.key in ("}", "&", "\\end", "\\right", "W"):
        return p.failure("unbalanced-bracket", f"This {opening[1]} is not closed.", opening)
    return p.failure("unexpected", f"{p.token[1]} is not expected here.")


def _evaluated_at(p: Parser, start: int, body: Node) -> Node:
    """``\\left. e \\right|_{x = 0}``"""
    p.at -= 1
    return p.evaluated(start, body)


@atom(*LEFT_BARS)
def _left_bars(p: Parser) -> Node:
    return norm(p, *LEFT_BARS[p.key])


@atom(*BARS)
def _bars(p: Parser) -> Node:
    return norm(p, p.key, BARS[p.key])
