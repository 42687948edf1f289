"""Superscripts in parentheses that count examples: x^{(i)} under a sum over i.

Where a document sums over i with x^{(i)} in the sum, the x^{(i)} are several arrays of one kind,
and i is an index. They are named apart from the entries x_i of an array x.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from derive.frontends.document import tree
from derive.frontends.document.names import mention
from derive.frontends.document.tree import Node

EXAMPLE = "example"
"""The accent of the names of examples; it is never printed."""


@dataclass(frozen=True)
class Examples:
    """The letters that count examples, and the names that they count."""

    letters: frozenset[str]
    names: frozenset[str]

    def as_index(self, node: Node) -> Node:
        """x^{(i)} as an array with an index, x^{(i)}_j with two; any other node as it is."""
        if not isinstance(node, tree.Script) or node.primes:
            return node
        counted = _counted(node)
        name = mention(node.base)
        if counted is None or name is None or name.letter not in self.names:
            return node
        if isinstance(counted, tree.Letter) and counted.name not in self.letters:
            return node
        base = tree.Accent(node.base.start, node.base.end, EXAMPLE, node.base)
        sub: Node = counted
        if node.sub is not None:
            rest = node.sub.items if isinstance(node.sub, tree.Listing) else (node.sub,)
            items = (counted, *rest)
            sub = tree.Listing(counted.start, node.end, items, (",",) * (len(items) - 1))
        return replace(node, base=base, sub=sub, sup=None)


def _counted(node: tree.Script) -> Node | None:
    """The i of a superscript (i), also a number; None for anything else."""
    sup = node.sup
    if not isinstance(sup, tree.Group) or sup.opening != "(":
        return None
    return sup.body if isinstance(sup.body, tree.Letter | tree.Number) else None


def examples(formulas: Iterable[tree.Parsed]) -> Examples | None:
    """What counts examples in these formulas; None where nothing does."""
    letters: set[str] = set()
    stepped: set[str] = set()
    scripts: list[tuple[str, str]] = []
    for formula in formulas:
        for node in formula.walk():
            if isinstance(node, tree.Big) and node.sub is not None:
                bound = set(_letters(node.sub))
                letters.update(bound & {letter for _, letter in _superscripts(node.body)})
            elif (
                isinstance(node, tree.Script)
                and isinstance(node.sup, tree.Group)
                and isinstance(node.sup.body, tree.Sum)
            ):
                stepped.update(_letters(node.sup.body))  # (l − 1): a layer, or a time
        scripts.extend(_superscripts(formula))
    letters -= stepped
    names = frozenset(name for name, letter in scripts if letter in letters)
    return Examples(frozenset(letters), names) if letters else None


def _letters(node: Node) -> Iterator[str]:
    return (part.name for part in node.walk() if isinstance(part, tree.Letter))


def _superscripts(node: Node) -> Iterator[tuple[str, str]]:
    """Each name with a letter in parentheses above it, and that letter."""
    for part in node.walk():
        if isinstance(part, tree.Script):
            counted, name = _counted(part), mention(part.base)
            if isinstance(counted, tree.Letter) and name is not None:
                yield name.letter, counted.name


__all__ = ["EXAMPLE", "Examples", "examples"]
