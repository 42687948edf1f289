"""Superscripts that count layers: w^l, a^{l-1}, δ^L are names of layers, and no powers.

That is so in a document which writes l − 1 or l + 1 above several letters, or declares a name with
an l above, and sums over no l. There these superscripts are read as if they stood in parentheses,
w^{(l)}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from derive.frontends.document import tree
from derive.frontends.document.contents import Contents, Directive
from derive.frontends.document.tree import Node

Parse = Callable[[str], tree.Parsed]

LETTERS = ("l", "ell")
LAST = "L"
"""The number of the last layer, where the others are counted by one of the letters."""


def naming_layers(contents: Contents, parse: Parse) -> Parse:
    """The parser of a document, with the superscripts that count its layers in parentheses."""
    parsed = {item.text: parse(item.text) for item in contents.formulas}
    declared = " ".join(item.text for item in contents.items if isinstance(item, Directive))
    letters = _counting(parsed.values(), declared)

    def layered(text: str) -> tree.Parsed:
        found = parsed.get(text)
        made = parse(text) if found is None else found
        return _rewritten(made, letters) if letters else made

    return layered


def _counting(formulas: Iterable[tree.Parsed], declared: str) -> frozenset[str]:
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
    found = {letter for letter, bases in above.items() if len(bases) > 1}
    found |= {letter for letter in LETTERS if re.search(rf"\^\{{?\\?{letter}\b", declared)}
    counting = found - summed
    return frozenset(counting | {LAST}) if counting else frozenset()


def _stepped(node: Node) -> str:
    """The letter of l, l − 1 and l + 1; "" for anything else."""
    if isinstance(node, tree.Letter) and node.name in (*LETTERS, LAST):
        return node.name
    if isinstance(node, tree.Sum) and len(node.terms) == 2:
        head, step = node.terms
        if isinstance(step, tree.Number) and node.signs[0] == "":
            return _stepped(head)
    return ""


def _rewritten(value: Any, letters: frozenset[str]) -> Any:
    if isinstance(value, tuple):
        made = tuple(_rewritten(item, letters) for item in value)
        return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
    if not isinstance(value, Node):
        return value
    changes = {}
    for field in fields(value):
        old = getattr(value, field.name)
        new = _rewritten(old, letters)
        if new is not old:
            changes[field.name] = new
    if isinstance(value, tree.Script) and value.sup is not None:
        sup = changes.get("sup", value.sup)
        if _stepped(sup) in letters:
            changes["sup"] = tree.Group(sup.start, sup.end, "(", sup, ")")
    return replace(value, **changes) if changes else value


__all__ = ["naming_layers"]
