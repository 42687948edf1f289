"""Statements about a layer l of a network with L layers of many sizes.

What is said of layer l is said of the last layers, too: with L − 1 for l, where l + 1 is spoken of,
and the definitions of a^{(L)}, a^{(L−1)}, … put in, the loss that a^{(L)} gives refutes it. What
comes before the first of these layers is any array.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from derive.frontends.document import tree
from derive.frontends.document.counters import stepped
from derive.frontends.document.derivatives import differential
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import Mention, mention, side_by_side, text_of
from derive.frontends.document.parts import Task
from derive.frontends.document.tree import Node

LETTERS = {"l": "L", "ell": "L"}
"""Letters that count layers, and the last one of them."""


@dataclass(frozen=True)
class Layers:
    """Which layers a statement speaks of: from ``letter + low`` to ``letter + high``.

    :param is_last: whether they are counted from the last one.
    """

    letter: str
    low: int
    high: int

    @property
    def is_last(self) -> bool:
        return self.letter not in LETTERS


def layers_of(task: Task) -> Layers | None:
    """The layers that a statement speaks of; None where it speaks of none, or sums over them."""
    steps: set[tuple[str, int]] = set()
    for root in _roots(task):
        for node in root.walk():
            below = node.sub.walk() if isinstance(node, tree.Big) and node.sub is not None else ()
            if any(isinstance(part, tree.Letter) and part.name in LETTERS for part in below):
                return None
            if isinstance(node, tree.Script):
                steps.update(step for part in _scripts(node) if (step := _step(part)) is not None)
    letters = {letter for letter, _ in steps}
    if len(letters) != 1:
        return None
    offsets = [by for _, by in steps]
    return Layers(letters.pop(), min(offsets), max(offsets))


def from_the_first(task: Task, layers: Layers) -> Task:
    """A statement with the first of its layers as l: of l + 1 what is said of l beside l − 1."""
    return task if layers.low >= 0 else _moved(task, layers.letter, layers.letter, -layers.low)


def of_the_last(task: Task, layers: Layers) -> Task:
    """A statement of layer l with the last of its layers as L."""
    return _moved(task, layers.letter, LETTERS[layers.letter], -layers.high)


def _moved(task: Task, letter: str, other: str, by: int) -> Task:
    change = _changing(letter, other, by)
    head = None if task.head is None else tree.rewritten(task.head, change)
    statement = tree.rewritten(task.statement, change)
    assert isinstance(statement, tree.Statement) and not isinstance(head, tree.Statement)
    return replace(task, statement=statement, head=head, defined=None)  # type: ignore[arg-type]


def at_the_end(knowledge: Knowledge, by: int) -> Knowledge:
    """What is known, with what is said of each layer also said of the last ones, from L − by on."""
    found = replace(
        knowledge,
        definitions={key: list(made) for key, made in knowledge.definitions.items()},
        known={key: list(known) for key, known in knowledge.known.items()},
        _found={},
    )
    for key, definitions in knowledge.definitions.items():
        for letter, earlier in _earlier(key, by):
            for made in definitions:
                if earlier == 0 and _ends_short(knowledge, made):
                    continue
                one = _instance(made, letter, earlier)
                if one is not None and one.name not in knowledge.definitions:
                    found.define(one)
    for key, declared in knowledge.known.items():
        for letter, earlier in _earlier(key, by):
            name = _renamed(key, letter, earlier)
            for known in declared if name not in knowledge.known else ():
                sizes = tuple(_resized(size, letter, earlier) for size in known.sizes)
                found.declare(replace(known, name=name, sizes=sizes))
    return found


def _ends_short(knowledge: Knowledge, made: Definition) -> bool:
    """Whether a definition is said for l < L alone: the last layer may be another one."""
    return any(
        section == made.section and abs(at - made.at) <= 2 for section, at in knowledge.short
    )


def is_one_by_one(knowledge: Knowledge, task: Task, loss: str) -> bool:
    """Whether a loss depends on each layer through the next one alone, so that it may be any scalar
    of that: it speaks of the last layers only, each layer of the one before, by what that gives in
    the end, and what is differentiated in belongs to a layer.
    """
    if not all(map(_is_layered, _variables(task))):
        return False
    section, at = task.unit.section, task.unit.at
    reached: set[str] = set()
    seen: set[str] = set()
    pending = [loss]
    while pending:
        key = pending.pop()
        made = knowledge.defined(key, section, at)
        if made is None or key in seen:
            continue
        seen.add(key)
        for node in made.body.walk():
            below = node.sub if isinstance(node, tree.Big) else None
            if below is not None and set(_letters(below)) & LETTERS.keys():
                return False
            name = mention(node)
            step = None if name is None else _own_step(name)
            if step is not None and step[0] in LETTERS:
                return False
            if name is not None and step is not None:
                reached.add(name.letter)
            elif name is not None:
                pending.extend((name.key, name.whole))
    return _each_uses_the_last(knowledge, reached)


def _each_uses_the_last(knowledge: Knowledge, reached: set[str]) -> bool:
    """Whether each layer is made of itself and of what the one before gives in the end.

    :param reached: the letters of what a loss is computed from.
    """
    inside: set[str] = set()
    before: set[str] = set()
    defined: set[str] = set()
    made_of = {made.written.letter: made for made in _of_layers(knowledge)}
    pending = list(reached)
    while pending:
        letter = pending.pop()
        made = made_of.get(letter)
        own = None if made is None else _own_step(made.written)
        if made is None or own is None or letter in defined:
            continue
        defined.add(letter)
        for node in made.body.walk():
            name = mention(node) if isinstance(node, tree.Script) else None
            step = None if name is None else _own_step(name)
            if name is None or step is None:
                continue
            if step[0] != own[0] or step[1] - own[1] not in (0, -1):
                return False
            (inside if step[1] == own[1] else before).add(name.letter)
            pending.append(name.letter)
    return not inside & before & defined


def _of_layers(knowledge: Knowledge) -> Iterator[Definition]:
    """The definitions of what each layer has, but for derivatives."""
    for definitions in knowledge.definitions.values():
        for made in definitions:
            own = _own_step(made.written)
            if own is not None and own[0] in LETTERS and not isinstance(made.body, tree.Derivative):
                yield made


def _variables(task: Task) -> Iterator[Mention]:
    """What derivatives are taken in, in a statement."""
    for root in _roots(task):
        bases = {id(node.base) for node in root.walk() if isinstance(node, tree.Script)}
        for node in root.walk():
            parts: list[Node] = []
            if id(node) in bases:
                continue  # the dZ of dZ^{[l]}
            if isinstance(node, tree.Derivative):
                parts = [by.variable for by in node.by]
            elif isinstance(node, tree.Script) and text_of(node.base) == "nabla" and node.sub:
                parts = [node.sub]
            elif (inner := differential(node)) is not None:
                parts = [inner]
            yield from (name for part in parts if (name := mention(part)) is not None)


def _is_layered(name: Mention) -> bool:
    return _own_step(name) is not None


def _own_step(name: Mention) -> tuple[str, int] | None:
    """The layer that a name belongs to."""
    for part in (*name.sups, *name.subs):
        body = part.body if isinstance(part, tree.Group) else part
        if (step := _step(body)) is not None:
            return step
    return None


def _letters(node: Node) -> Iterator[str]:
    return (part.name for part in node.walk() if isinstance(part, tree.Letter))


def _roots(task: Task) -> Iterator[Node]:
    if task.head is not None:
        yield task.head
    yield task.statement


def _scripts(node: tree.Script) -> Iterator[Node]:
    """What stands as a whole below a name, or in brackets above it, as the l of [l]⊤."""
    if node.sub is not None:
        yield node.sub
    yield from (part.body for part in side_by_side(node.sup) if isinstance(part, tree.Group))


def _step(node: Node) -> tuple[str, int] | None:
    """l and its offset; L and its offset for the last layers."""
    found = stepped(node)
    if found is not None:
        return found if found[0] in LETTERS else None
    match = re.fullmatch(r"L([+-]\d+)?", text_of(node))
    return None if match is None else ("L", int(match[1] or 0))


def _written(letter: str, offset: int) -> str:
    return letter + (f"{offset:+d}" if offset else "")


def _last(letter: str, offset: int) -> str:
    return _written(LETTERS[letter], offset)


def _changing(letter: str, other: str, by: int) -> Callable[[Node], Node]:
    """The change of letter + k into other + k + by, below and above names."""

    def new(node: Node) -> Node | None:
        step = stepped(node)
        if step is None or step[0] != letter:
            return None
        return tree.Word(node.start, node.end, _written(other, step[1] + by), "text")

    def in_brackets(part: Node) -> Node:
        if not isinstance(part, tree.Group) or (above := new(part.body)) is None:
            return part
        return replace(part, body=above)

    def change(node: Node) -> Node:
        if not isinstance(node, tree.Script):
            return node
        if node.sub is not None and (sub := new(node.sub)) is not None:
            node = replace(node, sub=sub)
        if isinstance(node.sup, tree.Group):
            return replace(node, sup=in_brackets(node.sup))
        if isinstance(node.sup, tree.Product) and side_by_side(node.sup) == node.sup.factors:
            return replace(
                node,
                sup=replace(node.sup, factors=tuple(map(in_brackets, node.sup.factors))),
            )
        return node

    return change


def _earlier(key: str, by: int) -> Iterator[tuple[str, int]]:
    """The letter that counts layers in a name, and how far from the last one it is put."""
    match = re.search(r"[_^,]([(\[]?)(l|ell)([)\]]?)(?=$|,)", key)
    if match is not None:
        yield from ((match[2], earlier) for earlier in range(by + 1))


def _renamed(key: str, letter: str, by: int) -> str:
    return re.sub(
        rf"([_^,])([(\[]?){letter}([)\]]?)(?=$|,|\^)", rf"\g<1>\g<2>{_last(letter, -by)}\g<3>", key
    )


def _resized(size: str, letter: str, by: int) -> str:
    """n_{l-1} as n_{L-1-by}."""

    def last(match: re.Match[str]) -> str:
        return "_{" + _last(letter, int(match[1] or 0) - by) + "}"

    return re.sub(rf"_\{{?\\?{letter}([+-]\d+)?\}}?(?!\w)", last, size)


def _instance(made: Definition, letter: str, by: int) -> Definition | None:
    change = _changing(letter, LETTERS[letter], -by)
    written = mention(tree.rewritten(made.written.node, change))
    if written is None:
        return None
    name = _renamed(made.name, letter, by)
    return replace(made, name=name, written=written, body=tree.rewritten(made.body, change))
