"""Comparisons that a formula is said under, in its sentence: "for j ≠ y …", "…, if x > 0".

Such a comparison is a formula of its own and claims nothing. What is refuted without it and holds
under it is said to hold, and the verdict names the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from derive.frontends.document import tree
from derive.frontends.document.knowledge import Fact
from derive.frontends.document.names import mention
from derive.frontends.document.tree import Node
from derive.frontends.document.units import Collected, Unit

COMPARISONS = frozenset(["<", ">", "<=", ">=", "!="])
FAR = 300
"""How many characters may stand between the two."""

NEAR = 8
"""How many formulas apart they may be."""

_ENDED = re.compile(
    r"[.!?。！？](?=\s|\$|$)|^#|\\(?:sub)*section|^\s*[-*+] |^\s*\d+\. "
    r"|\n\s*\n(?!\s*(?:\$\$|\\\[|\\begin|\.\. math|[a-z]))",
    re.M,
)
_INTRODUCED = re.compile(
    r"^[\s$,.]*(?:\\(?:\]|\)|quad|qquad|text\w*\{|mathrm\{|end\{[a-z]+\*?\})[\s,]*)*"
    r"(?:for|if|when|whenever|where|with|provided|as long as|für|falls|wenn|pour|si|lorsque|"
    r"其中|当|若|对于?)",
    re.I,
)


def said_with(collected: Collected, unit: Unit) -> Iterator[Fact]:
    """The comparisons in the sentence of a formula: before it, or after it with "for" or "if"."""
    for other in collected.units[max(0, unit.at - NEAR) : unit.at + NEAR]:
        if other is unit or other.section != unit.section:
            continue
        chain = _comparison(other)
        if chain is None:
            continue
        if other.formula is unit.formula or _is_beside(collected.text(unit), other, unit):
            yield Fact((), "", chain, unit.section, other.place.line, "condition")


def _comparison(unit: Unit) -> tree.Chain | None:
    """The comparison of names and numbers that a formula is, if it is nothing else."""
    statements = [item for item in unit.row.items if isinstance(item, tree.Statement)]
    if len(statements) != 1:
        return None
    chain: Node = statements[0].body
    if isinstance(chain, tree.Group) and chain.opening == "(":
        chain = chain.body  # (j ≠ y) beside a formula
    if not isinstance(chain, tree.Chain):
        return None
    if not set(chain.relations) <= COMPARISONS or not all(map(_is_plain, chain.sides)):
        return None
    return chain


def _is_plain(node: Node) -> bool:
    """A name, a number, or a sum or product of a few of these."""
    if isinstance(node, tree.Sum):
        return all(map(_is_plain, node.terms))
    if isinstance(node, tree.Run):
        return len(node.letters) < 4
    if isinstance(node, tree.Product):
        return len(node.factors) < 4 and all(map(_is_plain, node.factors))
    return isinstance(node, tree.Number) or mention(node) is not None


def in_one_sentence(source: str, before: Unit, after: Unit) -> bool:
    """Whether a formula in the text, and one after it, stand in one sentence."""
    return between(source, before, after) is not None and not before.formula.display


def between(source: str, before: Unit, after: Unit) -> str | None:
    """What stands between two formulas of a sentence; None where no sentence has both."""
    if not source or before.place.cell != after.place.cell:
        return None
    start = before.formula.place(len(before.formula.text)).offset
    text = source[start : after.formula.place(0).offset]
    return None if len(text) > FAR or _ENDED.search(text) is not None else text


def _is_beside(source: str, other: Unit, unit: Unit) -> bool:
    before, after = sorted((other, unit), key=lambda one: one.place.offset)
    text = between(source, before, after)
    if text is None or other.formula.display:
        return False
    return other is before or (after.at - before.at == 1 and bool(_INTRODUCED.match(text)))
