"""What stands under a sum: the letters of its indices, their ends, and conditions on them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from derive.frontends.document import tree
from derive.frontends.document.indices import components
from derive.frontends.document.names import text_of
from derive.frontends.document.reader import Unread
from derive.frontends.document.tree import Node

ORDERED = ("<", "<=", ">", ">=")


@dataclass
class Summed:
    """The indices of a sum.

    :param letters: the letters that count.
    :param low: the lower end that is written for a letter.
    :param high: the upper end, where it is written below.
    :param conditions: what restricts them, as comparisons.
    """

    letters: list[str] = field(default_factory=list)
    low: dict[str, Node] = field(default_factory=dict)
    high: dict[str, Node] = field(default_factory=dict)
    conditions: list[tree.Chain] = field(default_factory=list)

    def add(self, letter: str) -> None:
        if letter not in self.letters:
            self.letters.append(letter)


Pick = Callable[[str, tuple[str, str]], str]


def summed(node: tree.Big, taken: Collection[str], pick: Pick) -> Summed:
    """What is written under a sum.

    :param taken: letters that are indices around it already.
    :param pick: chooses between two meanings.
    :raises Unread: where it is not understood.
    """
    found = Summed()
    if node.sub is None:
        raise Unread("sum", "a sum without an index", node)
    for part in _parts(node.sub):
        if isinstance(part, tree.Chain):
            _chain(found, part, taken, pick)
            continue
        for letter in _letters(part):
            found.add(letter)
    if not found.letters:
        raise Unread("sum", "a sum without an index", node)
    return found


def _parts(sub: Node) -> list[Node]:
    """The lines and the items of a list under a sum, each on its own: ``j = 1, j ≠ i``."""
    if isinstance(sub, tree.Matrix) and sub.kind == "substack":
        return [part for row in sub.rows for cell in row for part in _parts(cell)]
    if not isinstance(sub, tree.Chain):
        return [sub]
    found: list[Node] = []
    sides: list[Node] = [sub.sides[0]]
    relations: list[str] = []
    for relation, side in zip(sub.relations, sub.sides[1:], strict=True):
        relations.append(relation)
        if isinstance(side, tree.Listing) and len(side.items) > 1 and relation != "in":
            found.append(_joined([*sides, side.items[0]], relations))
            found.extend(side.items[1:-1])
            sides, relations = [side.items[-1]], []
        else:
            sides.append(side)
    found.append(_joined(sides, relations))
    return found


def _joined(sides: list[Node], relations: list[str]) -> Node:
    if not relations:
        return sides[0]
    return tree.Chain(sides[0].start, sides[-1].end, tuple(sides), tuple(relations))


def _chain(found: Summed, chain: tree.Chain, taken: Collection[str], pick: Pick) -> None:
    sides, relations = chain.sides, chain.relations
    if relations == ("=",):
        for letter in _letters(sides[0]):
            found.add(letter)
            found.low[letter] = sides[1]
        return
    if relations == ("!=",):
        names = [part.name for part in sides if isinstance(part, tree.Letter)]
        if not set(names) & set(found.letters):  # Σ_{j ≠ i}: over j
            _compared(found, _letters(sides[0]), names, taken, pick)
        found.conditions.append(chain)
        return
    if not all(relation in ORDERED for relation in relations):
        raise Unread("sum", "the range under the sum is not read", chain)
    rising = all(relation in ("<", "<=") for relation in relations)
    counting = [
        part.name
        for part in sides
        if isinstance(part, tree.Letter) and part.name not in taken and part.name.islower()
    ]
    if len(sides) > 2:
        # 1 ≤ i < j ≤ n: the ends are written, and what stands between counts.
        if not rising or relations[0] != "<=" or relations[-1] != "<=":
            raise Unread("sum", "the range under the sum is not read", chain)
        inner = [part for part in sides[1:-1] if isinstance(part, tree.Letter)]
        if len(inner) != len(sides) - 2:
            raise Unread("sum", "the range under the sum is not read", chain)
        counting = [part.name for part in inner]
        for letter in counting:
            found.low[letter], found.high[letter] = sides[0], sides[-1]
        sides, relations = sides[1:-1], relations[1:-1]
    if not counting and not set(found.letters):
        raise Unread("sum", "the range under the sum is not read", chain)
    _compared(found, counting[:1], counting, taken, pick)
    if relations:
        condition = _joined(list(sides), list(relations))
        assert isinstance(condition, tree.Chain)
        found.conditions.append(condition)


def _compared(
    found: Summed, first: list[str], names: list[str], taken: Collection[str], pick: Pick
) -> None:
    """Σ_{i ≠ j} and Σ_{i < j} where nothing says what j is: over both, or over i for each j."""
    free = [name for name in names if name not in taken]
    several = len(free) > 1 and not any(name in found.low for name in free)
    if several and pick(f"Σ over {', '.join(free)}", ("one", "both")) == "one":
        free = first
    for letter in free if len(free) > 1 else (free or first):
        found.add(letter)


def _letters(node: Node) -> list[str]:
    found = []
    for part in components(node):
        if isinstance(part, tree.Script) and isinstance(part.base, tree.Letter):
            found.append(text_of(part))
        elif isinstance(part, tree.Letter):
            found.append(part.name)
        else:
            raise Unread("sum", "the range under the sum is not read", node)
    return found
