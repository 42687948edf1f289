"""What a sentence supposes, and claims nothing of: a condition, or for its own length another
definition of a name, as in "if p = f(z/T), then …".
"""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document import hints, tree
from derive.frontends.document.counters import member_of
from derive.frontends.document.dependence import mentioned
from derive.frontends.document.derivative_sides import derivative_alone
from derive.frontends.document.lookup import defined_at
from derive.frontends.document.names import IDENTITY, Mention, a_constant, mention
from derive.frontends.document.parts import Part, Task
from derive.frontends.document.provisos import NEAR, in_one_sentence
from derive.frontends.document.reader import Reader
from derive.frontends.document.spelling import pretty
from derive.frontends.document.tree import Node
from derive.frontends.document.units import Collected


def within_their_sentences(collected: Collected) -> None:
    """Let each supposed definition of a name that has another one end with its sentence."""
    definitions = collected.knowledge.definitions
    for unit in collected.units:
        place = unit.formula.place(0)
        others = [
            made for made in unit.defines if any(d.at < made.at for d in definitions[made.name])
        ]
        source = collected.text(unit)
        if not others or not source or not hints.is_case(source, place):
            continue
        until = unit.at
        for after in collected.units[unit.at + 1 : unit.at + NEAR]:
            if in_one_sentence(source, unit, after):
                until = after.at
        for made in others:
            known = definitions[made.name]
            known[known.index(made)] = replace(made, until=until)


def why_no_claim(collected: Collected, task: Task, part: Part) -> str:
    """Why an equation that is refuted as a claim may be a condition; "" where it is a claim."""
    source, place = collected.text(task.unit), task.unit.formula.place(0)
    if hints.CONSTRAINED.search(task.unit.formula.text, 0, task.statement.start):
        return "what a problem is subject to is a condition"
    if IDENTITY in part.lenient and not hints.is_of_some(source, place):
        return ""  # "also, UU⊤ = I" is said of the U that has been spoken of
    at = task.unit.section, task.unit.at
    names = filter(None, (mention(node) for node in task.statement.body.walk()))
    defined = any(collected.knowledge.defined(name.key, *at) is not None for name in names)
    if not part.lenient and hints.is_supposed(source, place, defined):
        return "what is supposed is a condition"
    return part.lenient


def of_another_case(collected: Collected, task: Task) -> str:
    """Why an equation for a name alone, which another formula defines, may be said of another case
    than that; "" where its sentence speaks of none.
    """
    body = task.statement.body
    name = mention(body.sides[0]) if isinstance(body, tree.Chain) and task.head is None else None
    if name is None or name.after or name.primes or task.defined is not None:
        return ""
    at = task.unit.section, task.unit.at
    made = collected.knowledge.defined(name.key, *at)
    if made is None and name.subs:
        made = collected.knowledge.defined(name.whole, *at)
    source, place = collected.text(task.unit), task.unit.formula.place(0)
    if made is None or not hints.is_of_another_case(source, place):
        return ""
    return f"it may be said of another case than line {made.line}, with which it disagrees"


def may_be_condition(reader: Reader, task: Task, head: Node, side: Node) -> str:
    """Why a refuted equation with this side may be no claim."""
    if task.head is None and task.defined is None:
        name = mention(head)
        if name is not None and name.after and mention(_without_sign(side)) is not None:
            own = (name.key, name.letter)
            if all(reader.knowledge.defined(key, reader.section, reader.at) is None for key in own):
                return f"an equation for {pretty(name.key)} may be a condition"
        if name is not None and not name.after and not name.primes:
            if not _is_defined(reader, name):
                return (
                    f"an equation for {pretty(name.key)}, which nothing defines, may be a condition"
                )
            if any(
                other is not None and other.key == name.key for other in map(mention, side.walk())
            ):
                return "a name on both sides: an update, or a condition"
    if (line := _solved_later(reader, head, side)) is not None:
        return f"an equation that what line {line} defines may solve"
    if (free := _free_name(reader, head, side)) is not None:
        return f"an equation for {pretty(free)}, which nothing defines, may be a condition"
    if derivative_alone(head) is None and any(
        reader.knowledge.defined(name, reader.section, reader.at) is not None
        for pair in mentioned(head)
        for name in pair
    ):
        return ""
    if (constant := a_constant(side)) and not _is_counted(head):
        return f"an equation with {constant} may be a condition"
    return ""


def _is_counted(node: Node) -> bool:
    """Whether a node adds and multiplies whole numbers alone: 2 + 2 = 5 is said of nothing, and
    60000/128 = 468 may be rounded.
    """
    exact = (tree.Sum, tree.Product, tree.Group, tree.Number)
    return all(
        isinstance(part, exact)
        and not (isinstance(part, tree.Number) and not part.text.isdigit())
        and not (isinstance(part, tree.Product) and "/" in part.operators)
        for part in node.walk()
    )


def _is_defined(reader: Reader, name: Mention) -> bool:
    """Whether a name is defined, or the array that it is an entry of, or each of its steps."""
    if any(defined_at(reader, key) for key in (name.key, name.whole)):
        return True
    found = member_of(reader.knowledge, name, reader.section, reader.home[1])
    return found is not None and found.family.definition is not None


def _without_sign(node: Node) -> Node:
    """The X of −X."""
    return node.terms[0] if isinstance(node, tree.Sum) and len(node.terms) == 1 else node


def _solved_later(reader: Reader, head: Node, side: Node) -> int | None:
    """The line that defines, later on, what stands under a derivative on one side and on the other
    one: u′ = u is an equation to be solved, there.
    """
    taken = derivative_alone(head)
    name = None if taken is None or taken.of is None else mention(taken.of)
    if name is None or not any(name.key in pair for pair in mentioned(side)):
        return None
    made = reader.knowledge.defined(name.key, reader.section, reader.at)
    return made.line if made is not None and made.at > reader.at else None


def _free_name(reader: Reader, head: Node, side: Node) -> str | None:
    """A name that is all of a side, and that nothing defines: no equation holds of any other
    side for every value of it. None for a derivative, which people write before its name.
    """
    name = mention(side)
    if name is None or name.after or name.primes or a_constant(side):
        return None
    if derivative_alone(head) is not None:
        return None
    if _is_defined(reader, name):
        return None
    if name.key in reader.bound or name.key in reader.knowledge.sizes:
        return None
    return None if any(name.key in pair for pair in mentioned(head)) else name.key
