"""What a command makes of its arguments: fractions, roots, sums, styles, notes over and under."""

from __future__ import annotations

import re

from derive.frontends.document import vocabulary as known
from derive.frontends.document.derivative_notation import as_derivative
from derive.frontends.document.expressions import Parser, atom
from derive.frontends.document.rows import OVER, braced_tokens
from derive.frontends.document.scanner import NotUnderstood
from derive.frontends.document.tree import (
    Annotated,
    Apply,
    Big,
    Binomial,
    Fraction,
    Letter,
    Node,
    Number,
    Root,
    Run,
    Script,
    Statement,
    Styled,
    Text,
    Word,
)

FRACTIONS = ("\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac", "\\nicefrac")
BRACES = {"\\underbrace": "underbrace", "\\overbrace": "overbrace"}


@atom("N")
def _number(p: Parser) -> Node:
    _, text, start, end, _ = p.token
    p.at += 1
    return Number(start, end, text)


@atom("T")
def _quantity(p: Parser) -> Node:
    """A name in ``\\text``."""
    _, text, start, end, _ = p.token
    p.at += 1
    return Word(start, end, " ".join(text.split()), "text")


@atom("\\operatorname")
def _operator_name(p: Parser) -> Node:
    _, text, start, end, _ = p.token
    p.at += 1
    plain = re.sub(r"\\[,;:! ]|\\math(?:rm|bf|sf)|[{}\s~]", "", text)
    return Word(start, end, plain, "operatorname")


@atom(*known.STYLES)
def _styled(p: Parser) -> Node:
    command, _, start, _, _ = p.token
    style = known.STYLES[command]
    p.at += 1
    braces = p.key == "{"
    if style == "roman" and braces and p.ahead(1) == "L" and p.ahead(2) == "}":
        _, text, first, last, _ = p.tokens[p.at + 1]
        if len(text) > 1:
            p.at += 3
            return Word(start, p.end, text, "roman")
        p.at += 3
        return Styled(start, p.end, style, Letter(first, last, text))
    if braces and p.ahead(1) == "L" and p.ahead(2) == "}":
        # Letters in a style are what is written: no command has lost its backslash here.
        _, text, first, last, _ = p.tokens[p.at + 1]
        p.at += 3
        letters = tuple(Letter(first + k, first + k + 1, sign) for k, sign in enumerate(text))
        inner = letters[0] if len(letters) == 1 else Run(first, last, text, letters)
        return Styled(start, p.end, style, inner)
    body = p.argument()
    return Styled(start, p.end, style, body)


@atom(*known.BIG)
def _big(p: Parser) -> Node:
    command, _, start, _, _ = p.token
    p.at += 1
    sub = sup = None
    while p.key in ("_", "^"):
        mark = p.key
        if (mark == "_" and sub is not None) or (mark == "^" and sup is not None):
            raise p.failure("double-script", f"A second {mark} follows the first.")
        p.at += 1
        value = p.argument()
        if mark == "_":
            sub = value
        else:
            sup = value
    while p.key == "W":
        p.at += 1
    if p.stops(p.key) and p.key not in known.SIGNS:
        raise p.failure("missing-operand", f"Nothing follows {command}.")
    body = p.signed() if p.key in known.SIGNS else p.product()
    return Big(start, p.end, known.BIG[command], sub, sup, body)


@atom(*FRACTIONS)
def _fraction(p: Parser) -> Node:
    start = p.start
    p.at += 1
    digits = p.token
    above = p.argument()
    below = p.argument()
    if digits[0] == "N" and p.key == "N" and p.token[2] == p.end:
        raise p.failure(
            "ambiguous-argument",
            "A fraction takes one digit each; put braces around what is meant.",
            digits,
        )
    return as_derivative(Fraction(start, p.end, above, below))


@atom("\\binom", "\\dbinom", "\\tbinom")
def _binomial(p: Parser) -> Node:
    start = p.start
    p.at += 1
    top = p.argument()
    return Binomial(start, p.end, top, p.argument())


@atom("\\sqrt")
def _root(p: Parser) -> Node:
    start = p.start
    p.at += 1
    degree = None
    if p.key == "[":
        p.at += 1
        degree = p.sum()
        if p.key != "]":
            raise p.failure("unbalanced-bracket", "The degree of a root is not closed.")
        p.at += 1
    body = p.argument()
    return Root(start, p.end, body, degree)


@atom(*BRACES)
def _brace_over(p: Parser) -> Node:
    command, _, start, _, _ = p.token
    p.at += 1
    body = p.argument()
    note = None
    if p.key == ("_" if command == "\\underbrace" else "^"):
        p.at += 1
        note = _note(p)
    return Annotated(start, p.end, BRACES[command], body, note)


def _note(p: Parser) -> Node:
    """What is said of something: read where it can be, and text otherwise."""
    start, at = p.start, p.at
    tokens, stop = braced_tokens(p.tokens, at)
    try:
        found = p.over(list(tokens))
        items = found.items()
        node: Node = items[0] if len(items) == 1 else Text(start, start, "")
        if isinstance(node, Statement):
            node = node.body
    except NotUnderstood:
        node = Text(start, start, "")
    p.at = stop
    if isinstance(node, Text) and not node.text:
        said = " ".join(token[1] for token in tokens)
        return Text(start, p.end, said)
    return node


@atom(*OVER)
def _set_over(p: Parser) -> Node:
    command, _, start, _, _ = p.token
    p.at += 1
    note = _note(p)
    body = p.argument()
    kind = "underset" if command == "\\underset" else "overset"
    if kind == "underset" and isinstance(body, (Word, Apply)):
        return Script(start, p.end, body, note, None, 0)
    return Annotated(start, p.end, kind, body, note)
