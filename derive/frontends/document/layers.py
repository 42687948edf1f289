"""Superscripts that count layers: w^l, a^{l-1}, δ^L are names of layers, and no powers.

A 1 is no power either: a letter with a 1 above, W^1, counts by its superscripts, W^2 too. Of an l
that is so in a document which writes l − 1 or l + 1 above several letters, or declares a name with
an l above, and sums over no l. There these superscripts are read as if they stood in parentheses,
w^{(l)}.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from derive.frontends.document import tree
from derive.frontends.document.names import text_of
from derive.frontends.document.tree import Node

LETTERS = ("l", "ell")
ABOVE = "^"
"""Stands behind a letter whose numbers above are layers."""

LAST = "L"
"""The number of the last layer, where the others are counted by one of the letters."""


def counting(formulas: Collection[tree.Parsed], declared: str) -> frozenset[str]:
    """The letters that count layers in these formulas."""
    above: dict[str, set[str]] = {}
    summed: set[str] = set()
    for formula in formulas:
        for node in formula.walk():
            if isinstance(node, tree.Big) and node.sub is not None:
                summed.update(n.name for n in node.sub.walk() if isinstance(n, tree.Letter))
            elif isinstance(node, tree.Script) and isinstance(node.sup, tree.Sum):
                letter = _stepped(node.sup)
                base = next((n.name for n in node.base.walk() if isinstance(n, tree.Letter)), "")
                if letter and base:
                    above.setdefault(letter, set()).add(base)
    numbered = {
        base + ABOVE
        for formula in formulas
        for node in formula.walk()
        if isinstance(node, tree.Script)
        and isinstance(node.sup, tree.Number)
        and node.sup.text == "1"
        and (base := _letter(node.base))
    }
    found = {letter for letter, bases in above.items() if len(bases) > 1}
    found |= {letter for letter in LETTERS if re.search(rf"\^\{{?\\?{letter}\b", declared)}
    counting = found - summed
    return frozenset((counting | {LAST} if counting else set()) | numbered)


def _letter(node: Node) -> str:
    """The letter that a name consists of, with its style; "" for anything else."""
    plain = node
    while isinstance(plain, tree.Styled | tree.Accent):
        plain = plain.body
    return text_of(node) if isinstance(plain, tree.Letter | tree.Word) else ""


def _stepped(node: Node) -> str:
    """The letter of l, l − 1 and l + 1; "" for anything else."""
    if isinstance(node, tree.Letter) and node.name in (*LETTERS, LAST):
        return node.name
    if isinstance(node, tree.Sum) and len(node.terms) == 2:
        head, step = node.terms
        if isinstance(step, tree.Number) and node.signs[0] == "":
            return _stepped(head)
    return ""


def in_parentheses(node: Node, letters: frozenset[str]) -> Node:
    """w^l as w^{(l)}, where l counts layers; any other node as it is."""
    if not isinstance(node, tree.Script) or node.sup is None:
        return node
    numbered = isinstance(node.sup, tree.Number) and _letter(node.base) + ABOVE in letters
    if numbered or _stepped(node.sup) in letters:
        sup = tree.Group(node.sup.start, node.sup.end, "(", node.sup, ")")
        return replace(node, sup=sup)
    return node


__all__ = ["counting", "in_parentheses"]
