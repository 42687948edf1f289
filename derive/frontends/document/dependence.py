"""What depends on what, by the names in definitions: from this follows what a loss sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from derive.frontends.document import tree
from derive.frontends.document.derivatives import differential
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import LOSSES, is_loss, mention, with_scripts
from derive.frontends.document.tree import Node

if TYPE_CHECKING:
    from derive.frontends.document.parts import Task
    from derive.frontends.document.reader import Reader

_STEP = re.compile(r"([_^])(\(|\[)?(l|t|ell)([+-]\d+)?(\)|\])?$")


def seen_by(knowledge: Knowledge, task: Task, reader: Reader) -> Callable[[str], tuple[str, ...]]:
    """For a loss that nothing defines, the names that it is read as a function of: those that
    are computed, from what it is differentiated in, and from which nothing else is.
    """

    def seen(loss: str) -> tuple[str, ...]:
        arrays = {name for name, made in _defined(knowledge, task).items() if made.indices}

        def array(name: str) -> str:
            """The array of which a name is an entry: x̂ for x̂_j."""
            stem = name.rpartition("_")[0]
            return stem if stem in arrays else name

        wanted = list(dict.fromkeys(map(array, _wrt(knowledge, task, loss))))
        known = {
            name: deps
            for name, deps in _definitions(knowledge, task)
            if name != loss and loss not in deps
        }
        downstream: dict[str, None] = {}
        pending = list(wanted)
        while pending:
            name = pending.pop()
            for made, deps in known.items():
                if name in deps and made not in downstream:
                    downstream[made] = None
                    pending.append(made)
        if not downstream and wanted and not _heads(task):
            return tuple(wanted)  # an upstream gradient that the statement speaks of
        if not downstream:
            upstream = wanted[1:]
            return tuple(upstream) if len(wanted) > 1 else ()
        ends = [
            name
            for name in downstream
            if not any(name in deps for made, deps in known.items() if made in downstream)
        ]
        others = [
            name
            for name in wanted
            if name not in downstream and not any(name in deps for deps in known.values())
        ]
        if wanted and wanted[0] in others:
            return ()
        return tuple(dict.fromkeys([*ends, *others]))

    return seen


def computed_loss(task: Task, knowledge: Knowledge) -> str:
    """The loss that a statement differentiates, where it is defined; or ""."""
    place = task.unit.section, task.unit.at
    for root in (task.head, task.statement):
        for node in () if root is None else root.walk():
            if differential(node) is not None:
                return next((key for key in LOSSES if knowledge.defined(key, *place)), "")
            name = mention(node)
            if name is not None and is_loss(name):
                made = knowledge.defined(name.key, task.unit.section, task.unit.at)
                if made is not None:
                    return name.key
            made = (
                None
                if name is None
                else knowledge.defined(name.key, task.unit.section, task.unit.at)
            )
            if made is not None and isinstance(made.body, tree.Derivative) and made.body.of:
                of = mention(made.body.of)
                if of is not None and knowledge.defined(of.key, made.section, made.at):
                    return of.key
    return ""


def _heads(task: Task) -> bool:
    """Whether a statement is about a derivative, as its left side says."""
    body = task.head or task.statement.body
    assert isinstance(body, tree.Chain)
    return any(
        isinstance(node, tree.Derivative)
        or differential(node) is not None
        or (isinstance(node, tree.Letter) and node.name in ("nabla", "partial"))
        for node in body.sides[0].walk()
    )


def _wrt(knowledge: Knowledge, task: Task, loss: str) -> Iterator[str]:
    """What the loss is differentiated in, in the statement and its head."""
    nodes: list[Node] = [task.statement]
    if task.head is not None:
        nodes.insert(0, task.head.sides[0])
    for root in nodes:
        for node in root.walk():
            named = mention(node)
            made = (
                None
                if named is None
                else knowledge.defined(named.key, task.unit.section, task.unit.at)
            )
            if made is not None and isinstance(made.body, tree.Derivative) and made.body.of:
                of = mention(made.body.of)
                if of is not None and of.key == loss and len(made.body.by) == 1:
                    name = mention(made.body.by[0].variable)
                    if name is not None:
                        yield name.key
            inner = differential(node) if loss == "L" else None
            if inner is not None and (name := mention(inner)) is not None:
                yield name.key if knowledge.known.get(name.key) else name.letter
            if isinstance(node, tree.Derivative) and node.of is not None:
                of = mention(node.of)
                if of is not None and of.key == loss:
                    for by in node.by:
                        name = mention(by.variable)
                        if name is not None:
                            yield name.key
            if isinstance(node, tree.Product):
                for head, of_node in zip(node.factors, node.factors[1:], strict=False):
                    base = head.base if isinstance(head, tree.Script) else head
                    of = mention(of_node)
                    if (
                        isinstance(base, tree.Letter)
                        and base.name in ("nabla", "partial")
                        and isinstance(head, tree.Script)
                        and head.sub is not None
                        and of is not None
                        and of.key == loss
                    ):
                        name = mention(head.sub)
                        if name is not None:
                            yield name.key


def _definitions(knowledge: Knowledge, task: Task) -> Iterator[tuple[str, frozenset[str]]]:
    """Every definition that holds at the statement, and what it speaks of; those of a layer or a
    step once more for the next one.
    """
    found = _defined(knowledge, task)
    backward = _of_derivatives(knowledge, found)
    for name, made in found.items():
        if name in backward:
            continue
        deps = names_in(made)
        yield name, deps
        if _STEP.search(name):
            yield _next(name), frozenset(map(_next, deps))


def _defined(knowledge: Knowledge, task: Task) -> dict[str, Definition]:
    """Every definition that holds at the statement."""
    section, at = task.unit.section, task.unit.at
    return {
        name: made
        for name in knowledge.definitions
        if (made := knowledge.defined(name, section, at)) is not None
    }


def _of_derivatives(knowledge: Knowledge, found: dict[str, Definition]) -> set[str]:
    """The names that are defined by derivatives, dX among them, or by such names: they belong to
    the backward pass, and no loss depends on them.
    """

    def is_taken(name: str) -> bool:
        return name in found or name in knowledge.known

    backward = {name for name, made in found.items() if is_backward(made, is_taken)}
    deps = {name: names_in(made) for name, made in found.items()}
    while more := {name for name in found if name not in backward and deps[name] & backward}:
        backward |= more
    return backward


def is_backward(made: Definition, is_taken: Callable[[str], bool]) -> bool:
    """Whether a definition has a derivative in it, or the dX of a name X that is taken."""
    return any(
        isinstance(node, tree.Derivative)
        or (
            (inner := differential(node)) is not None
            and (of := mention(inner)) is not None
            and is_taken(of.letter)
        )
        for node in made.body.walk()
    )


def names_in(made: Definition) -> frozenset[str]:
    found: set[str] = set()
    for node in _outside_subscripts(made.body):
        name = mention(node)
        if name is not None:
            found.update((name.key, f"{name.key}^2", name.letter))
            if name.subs:
                found.add(with_scripts(name.letter, name.subs[:-1], name.sups))
    return frozenset(found)


def _outside_subscripts(node: Node) -> Iterator[Node]:
    """A formula's nodes without those in subscripts: the Q of W_Q is no part of what W_Q is."""
    yield node
    below = node.sub if isinstance(node, tree.Script) else None
    for child in node.children():
        if child is not below:
            yield from _outside_subscripts(child)


def _next(name: str) -> str:
    def moved(match: re.Match[str]) -> str:
        mark, opening, letter, offset, closing = match.groups()
        by = int(offset or 0) + 1
        return mark + (opening or "") + letter + (f"{by:+d}" if by else "") + (closing or "")

    return _STEP.sub(moved, name)


def leaves(knowledge: Knowledge, node: Node, section: int, at: int) -> frozenset[str]:
    """The names that a formula is about in the end, every definition put in; without indices."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [(node, section, at)]
    while pending:
        root, section, at = pending.pop()
        for key, letter in mentioned(root):
            for name in (key, letter):
                if name in seen:
                    break
                made = knowledge.defined(name, section, at)
                if made is not None:
                    seen.add(name)
                    if made.body is not root:
                        pending.append((made.body, made.section, made.at))
                    break
            else:
                if knowledge.declared(key, section, at) is not None:
                    found.add(key)
                else:
                    found.add(letter)
    return frozenset(found)


def mentioned(node: Node) -> Iterator[tuple[str, str]]:
    """Every name in a formula, whole and without its last subscript; indices and words not."""
    match node:
        case tree.Script(base=base, sub=_, sup=sup):
            name = mention(node)
            if name is not None and name.primes:
                yield name.key + "'" * name.primes, name.key + "'" * name.primes
            elif name is not None:
                stem = with_scripts(name.letter, name.subs[:-1], name.sups)
                yield name.key, stem
            if name is None or isinstance(base, tree.Run):
                yield from mentioned(base)
            if isinstance(base, tree.Run):  # XW_1 is X times W_1 where it is no name
                yield from mentioned(replace(node, base=base.letters[-1], sup=None))
            if sup is not None:
                yield from (pair for pair in mentioned(sup) if pair[0] not in ("T", "top"))
        case tree.Big(body=body):
            yield from mentioned(body)
        case tree.Run(letters=letters):
            yield node.text, node.text
            for letter in letters:
                yield letter.name, letter.name
        case tree.Letter() | tree.Styled() | tree.Accent() | tree.Word():
            name = mention(node)
            if name is not None:
                yield name.key, name.letter
            elif isinstance(node, tree.Styled | tree.Accent):
                yield from mentioned(node.body)
        case tree.Apply(argument=argument):
            yield from mentioned(argument)
        case _:
            for child in node.children():
                yield from mentioned(child)
