"""Letters that count steps, the t of h_t, and the names that are defined step by step.

A letter counts if a sum goes over it or a name stands at it and at a step beside it, h_t and
h_{t-1}. A name is defined step by step where one definition speaks of it at such a letter; gates
z_f, z_i, z_o, of which there are several, are names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from derive.frontends.document import tree
from derive.frontends.document.indices import components
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import (
    Mention,
    called_at_names,
    mention,
    of_capital,
    standing_alone,
    text_of,
    with_scripts,
)
from derive.frontends.document.tree import Node

_STEP = re.compile(r"^([a-z]|ell|tau)([+-]\d+)?$")
_HOLE = "\0"


def see(knowledge: Knowledge, statement: tree.Statement, section: int) -> None:
    """Add what a statement says: letters that count, between which ends, and names that are 0."""
    body = statement.body
    knowledge.alone.update(standing_alone(body))
    if isinstance(body, tree.Chain) and body.relations == ("=",):
        name = mention(body.sides[0])
        if name is not None and not name.after and text_of(body.sides[1]) in ("0", "bol(0)"):
            knowledge.zeros.setdefault(name.key, set()).add(section)
        _see_arguments(knowledge, body)
    for node in statement.walk():
        for by in _taken_in(node):
            knowledge.taken_in.update(
                name.letter for each in by.walk() if (name := mention(each)) is not None
            )
        name = mention(node) if isinstance(node, tree.Script) else None
        for place, _, _, stem in () if name is None else _placed(name):
            if (counted := stepped(place)) is not None:
                knowledge.steps_of.setdefault(stem, set()).add(counted[0])
        if isinstance(node, tree.Big):
            _see_sum(knowledge, node)
        elif isinstance(node, tree.Script):
            for script in (node.sub, node.sup):
                if isinstance(script, tree.Group):
                    script = script.body
                for part in () if script is None else components(script):
                    step = stepped(part)
                    if isinstance(part, tree.Sum) and step is not None:
                        knowledge.counting.add(step[0])


def _see_arguments(knowledge: Knowledge, body: tree.Chain) -> None:
    """The θ of L(θ) = Σ_i θ_i x_i, and the x of g(x) = Σ_i (x − x_i)², stand with an index."""
    head = body.sides[0]
    if called_at_names(head) is None or not isinstance(head, tree.Product):
        return
    group, _ = tree.brackets(head.factors[1])
    parts = () if group is None else tree.arguments(group)
    given = {name.key for part in parts if (name := mention(part)) is not None}
    for node in body.sides[1].walk():
        name = mention(node) if isinstance(node, tree.Script) else None
        if name is None or len(name.subs) != 1 or name.whole not in given:
            continue
        if all(isinstance(part, tree.Letter) for part in components(name.subs[0])):
            knowledge.with_index.add(name.whole)


def _taken_in(node: Node) -> list[Node]:
    """What a derivative is taken in: the z of ∂L/∂z, ∇_z L, dz."""
    if isinstance(node, tree.Derivative):
        return [by.variable for by in node.by]
    if isinstance(node, tree.Script) and node.sub is not None and text_of(node.base) == "nabla":
        return [node.sub]
    if isinstance(node, tree.Run) and node.text.startswith("d"):
        return list(node.letters[1:])
    if isinstance(node, tree.Product) and text_of(node.factors[0]) == "d":
        return [node.factors[1]]
    return []


def _see_sum(knowledge: Knowledge, node: tree.Big) -> None:
    low: Node | None = None
    sub = node.sub
    if isinstance(sub, tree.Chain) and sub.relations == ("=",):
        sub, low = sub.sides
    if isinstance(sub, tree.Letter):
        knowledge.counting.add(sub.name)
        if node.sup is not None:
            knowledge.spans.setdefault(sub.name, []).append((low, node.sup))
            for name in filter(None, map(mention, node.body.walk())):
                if name.subs and text_of(name.subs[-1]) == sub.name:
                    knowledge.summed_to.setdefault(name.letter, set()).add(text_of(node.sup))


def stepped(node: Node) -> tuple[str, int] | None:
    """The letter and the offset of t, t − 1, τ + 2; None for anything else."""
    match = _STEP.match(text_of(node))
    return None if match is None else (match[1], int(match[2] or 0))


@dataclass(frozen=True)
class Family:
    """A name that stands for one thing at each step.

    :param stem: the name without the step.
    :param letter: the letter that counts where it is defined or declared.
    :param key: the name there, with that letter.
    :param written: turns a step, as text, into the name at it.
    """

    stem: str
    letter: str
    key: str
    written: Callable[[str], str]
    definition: Definition | None
    offset: int = 0


@dataclass(frozen=True)
class Member:
    """A name at a step of a family, and what is left of its subscript: an entry of it."""

    family: Family
    step: Node
    entry: tuple[Node, ...]


def _placed(name: Mention) -> Iterator[tuple[Node, tuple[Node, ...], Callable[[str], str], str]]:
    """Where in the scripts of a name its step may stand."""

    def word(text: str) -> tree.Word:
        return tree.Word(name.node.start, name.node.end, text, "text")

    if name.subs:
        first, *rest = components(name.subs[-1])
        subs = name.subs[:-1]
        yield (
            first,
            tuple(rest),
            lambda text: with_scripts(name.letter, (*subs, word(text)), name.sups),
            with_scripts(name.letter, subs, name.sups),
        )
    last = name.sups[-1] if name.sups else None
    if isinstance(last, tree.Group):
        opening, closing, sups = last.opening, last.closing, name.sups[:-1]
        yield (
            last.body,
            (),
            lambda text: with_scripts(
                name.letter, name.subs, (*sups, word(opening + text + closing))
            ),
            with_scripts(name.letter, name.subs, sups),
        )


def member_of(knowledge: Knowledge, name: Mention, section: int, at: int) -> Member | None:
    """The family that a name with a step belongs to; None where there is none."""
    for step, entry, written, stem in _placed(name):
        if stepped(step) is None and not _is_end(step):
            continue
        found = _family(knowledge, written, stem, section, at)
        if found is not None:
            return Member(found, step, entry)
    return None


def _is_end(step: Node) -> bool:
    """Whether a step is a number, or the last one: T, T − 1."""
    return re.match(r"^(\d+|[A-Z]([+-]\d+)?)$", text_of(step)) is not None


def _family(
    knowledge: Knowledge, written: Callable[[str], str], stem: str, section: int, at: int
) -> Family | None:
    before, after = written(_HOLE).split(_HOLE)
    pattern = re.compile(re.escape(before) + r"([a-z]|ell|tau)([+-]\d+)?" + re.escape(after))
    counting = knowledge.counting
    defined = [
        (match[1], int(match[2] or 0), made)
        for key in knowledge.definitions
        if (match := pattern.fullmatch(key)) and match[1] in counting
        if (made := knowledge.defined(key, section, at)) is not None and not made.arguments
        if speaks_of(made.body, match[1])
    ]
    letters = {letter for letter, _, _ in defined}
    if len(letters) == 1:
        letter, offset, made = min(defined, key=lambda one: abs(one[1]))
        return Family(stem, letter, made.name, written, made, offset)
    if letters:
        return None
    indexed = knowledge.defined(stem, section, at)
    if indexed is not None:
        if len(indexed.indices) != 1 or indexed.arguments:
            return None
        letter = text_of(indexed.indices[0])
        return Family(stem, letter, written(letter), written, replace(indexed, indices=()))
    declared = {
        match[1]: key
        for key in knowledge.known
        if (match := pattern.fullmatch(key)) and match[1] in counting and not match[2]
        if (known := knowledge.declared(key, section, at)) is not None
        and known.kind in ("shape", "scalar")
    }
    if len(declared) == 1:
        ((letter, key),) = declared.items()
        return Family(stem, letter, key, written, None)
    return None


def of_nothing(knowledge: Knowledge, name: Mention, section: int, at: int) -> Member | None:
    """A name y_t of which nothing is known, nor of an array Y of which it may be a row, as a step
    of a family that nothing declares.
    """
    for step, entry, written, stem in _placed(name):
        found = stepped(step)
        if found is None or found[0] not in knowledge.counting or name.letter[:1].isupper():
            continue
        if any(
            knowledge.declared(key, section, at) or knowledge.defined(key, section, at)
            for key in (stem, name.key, name.letter, of_capital(name.letter))
        ):
            continue
        letters = knowledge.steps_of.get(stem, set()) & knowledge.counting | {found[0]}
        # g_i under a sum is one of the g_t, whose letter has an end of its own.
        letter = min(letters, key=lambda one: (one not in ("t", "tau"), one))
        return Member(Family(stem, letter, written(letter), written, None), step, entry)
    return None


def speaks_of(body: Node, letter: str) -> bool:
    """Whether a formula speaks of a counting letter: in a script, or as the end of a sum."""
    return any(isinstance(node, tree.Letter) and node.name == letter for node in body.walk())


def is_by_steps(knowledge: Knowledge, made: Definition) -> bool:
    """Whether a definition speaks of what it defines, at another step."""
    own = member_of(knowledge, made.written, made.section, made.at)
    for node in made.body.walk() if own is not None else ():
        name = mention(node)
        other = None if name is None else member_of(knowledge, name, made.section, made.at)
        if own is not None and other is not None and other.family.stem == own.family.stem:
            return stepped(other.step) is not None
    return False


def over_steps(knowledge: Knowledge, roots: Sequence[Node], section: int, at: int) -> bool:
    """Whether a formula about what is computed from the step before speaks of many steps at once:
    by a sum over them, or by their number, as in a^t.
    """
    letters: set[str] = set()
    summed: set[str] = set()
    plain: set[str] = set()
    for root in roots:
        plain.update(_numbers(root))
        for node in root.walk():
            if isinstance(node, tree.Big) and isinstance(node.sub, tree.Chain | tree.Letter):
                counted = {n.name for n in node.sub.walk() if isinstance(n, tree.Letter)}
                summed |= counted & set(_steps(node.body))
            name = mention(node)
            found = None if name is None else member_of(knowledge, name, section, at)
            made = None if found is None else found.family.definition
            step = None if found is None else stepped(found.step)
            if made is not None and is_by_steps(knowledge, made):
                letters.update([step[0]] if step is not None else [])
    return bool(letters) and bool(summed or letters & plain)


def _steps(body: Node) -> Iterator[str]:
    """The letters at whose steps names stand in a formula."""
    for node in body.walk():
        name = mention(node)
        for step, _, _, _ in () if name is None else _placed(name):
            found = stepped(step)
            if found is not None:
                yield found[0]


def _numbers(node: Node) -> Iterator[str]:
    """The letters of a formula that stand in no subscript and in no bracket above a name."""
    if isinstance(node, tree.Letter):
        yield node.name
    elif isinstance(node, tree.Script):
        yield from _numbers(node.base)
        if node.sup is not None and not isinstance(node.sup, tree.Group):
            yield from _numbers(node.sup)
    elif isinstance(node, tree.Big):
        yield from _numbers(node.body)
        if node.sup is not None:
            yield from _numbers(node.sup)
    else:
        for child in node.children():
            yield from _numbers(child)


__all__ = [
    "Family",
    "Member",
    "is_by_steps",
    "member_of",
    "of_nothing",
    "over_steps",
    "see",
    "speaks_of",
    "stepped",
]
