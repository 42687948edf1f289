"""The parser of a document that knows what its superscripts count: layers, or examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from derive.frontends.document import tree
from derive.frontends.document.contents import Contents, Directive
from derive.frontends.document.examples import examples
from derive.frontends.document.layers import counting, in_parentheses
from derive.frontends.document.tree import Node

Parse = Callable[[str], tree.Parsed]


def knowing_superscripts(contents: Contents, parse: Parse) -> Parse:
    """A parser that reads w^l of a layer as w^{(l)}, and x^{(i)} of an example as x_i."""
    parsed = {item.text: parse(item.text) for item in contents.formulas}
    declared = " ".join(item.text for item in contents.items if isinstance(item, Directive))
    layers = counting(parsed.values(), declared)
    counted = examples(parsed.values())
    if not layers and counted is None:
        return lambda text: parsed[text] if text in parsed else parse(text)

    def change(node: Node) -> Node:
        node = in_parentheses(node, layers)
        return node if counted is None else counted.as_index(node)

    def read(text: str) -> tree.Parsed:
        found = parsed[text] if text in parsed else parse(text)
        return cast(tree.Parsed, tree.rewritten(found, change))

    return read


__all__ = ["knowing_superscripts"]
