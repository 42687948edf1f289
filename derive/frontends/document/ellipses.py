"""Sums with an ellipsis: x_1 + x_2 + ⋯ + x_n is Σ_k x_k from 1 to n.

The first and the last term are one term but for a number and what stands in its place; a second
term before the dots has the next number there.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from derive.frontends.document import tree
from derive.frontends.document.lookup import defined_at, known_at
from derive.frontends.document.names import text_of
from derive.frontends.document.reader import WITHOUT_DOTS, Reader, Unread
from derive.frontends.document.tree import Node

LETTERS = "kijlmrs"


class _Unlike(Exception):
    """The terms differ in more than one number."""


@WITHOUT_DOTS.fill
def without_dots(reader: Reader, node: tree.Sum) -> Node:
    """The sum with a Σ for what stands around the dots.

    :raises Unread: where the terms do not show what is summed.
    """
    at = next(k for k, term in enumerate(node.terms) if isinstance(term, tree.Dots))
    try:
        made = _made(reader, node, at)
    except _Unlike:
        raise Unread("dots", "what the dots stand for is not seen", node.terms[at]) from None
    rest = node.terms[at + 2 :]
    if not rest:
        return made
    return replace(node, signs=("", *node.signs[at + 2 :]), terms=(made, *rest))


def _made(reader: Reader, node: tree.Sum, at: int) -> Node:
    if not 0 < at < 3 or at + 1 >= len(node.terms):
        raise _Unlike
    if any(sign not in ("", "+") for sign in node.signs[: at + 2]):
        raise _Unlike
    first, last = node.terms[0], node.terms[at + 1]
    taken = {part.name for part in node.walk() if isinstance(part, tree.Letter)}
    letter = next(
        name
        for name in (*LETTERS, "")
        if not name
        or not (
            name in taken
            or name in reader.indices
            or name in reader.knowledge.sizes
            or known_at(reader, name)
            or defined_at(reader, name)
        )
    )
    if not letter:
        raise _Unlike
    low, high, body, places = _between(first, last, letter)
    if at == 2:
        _, second, _, others = _between(first, node.terms[1], letter)
        if text_of(second) != str(int(low.text) + 1) or others != places:
            raise _Unlike
    index = tree.Letter(first.start, first.start, letter)
    below = tree.Chain(first.start, first.end, (index, low), ("=",))
    return tree.Big(first.start, last.end, "sum", below, high, body)


def _between(first: Node, last: Node, letter: str) -> tuple[tree.Number, Node, Node, list[int]]:
    """The number in the first term, what the last one has in its place, the term with a letter
    there, and all the places of the number.
    """
    pairs: list[tuple[Node, Node]] = []
    body = _merged(first, last, letter, pairs)
    if len({(text_of(a), text_of(b)) for a, b in pairs}) != 1:
        raise _Unlike
    low, high = pairs[0]
    if not isinstance(low, tree.Number) or low.text not in ("0", "1"):
        raise _Unlike
    return low, high, body, [a.start for a, _ in pairs]


def _merged(a: Any, b: Any, letter: str, pairs: list[tuple[Node, Node]]) -> Any:
    if isinstance(a, tree.Number) and isinstance(b, Node) and text_of(a) != text_of(b):
        pairs.append((a, b))
        return tree.Letter(a.start, a.end, letter)
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            raise _Unlike
        return tuple(_merged(x, y, letter, pairs) for x, y in zip(a, b, strict=True))
    if not isinstance(a, Node):
        if a != b:
            raise _Unlike
        return a
    if type(a) is not type(b):
        raise _Unlike
    changes = {
        field.name: _merged(getattr(a, field.name), getattr(b, field.name), letter, pairs)
        for field in fields(a)
        if field.name not in ("start", "end")
    }
    made: Any = a
    return replace(made, **changes)
