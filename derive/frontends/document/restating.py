"""Equations for a name that is known already: what they say anew, and what they claim of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from derive.frontends.document import tree
from derive.frontends.document.counters import is_by_steps, member_of
from derive.frontends.document.defining import keys
from derive.frontends.document.dependence import is_backward, leaves, mentioned
from derive.frontends.document.knowledge import Definition, Knowledge
from derive.frontends.document.names import Mention, mention, of_capital, text_of


def used_before(knowledge: Knowledge, spoken: Mapping[int, set[str]], made: Definition) -> bool:
    """Whether a name is declared, and formulas before have spoken of it as it is."""
    around = knowledge.around(made.section)
    declared = [
        one.section
        for one in knowledge.known.get(made.name, [])
        if one.section in around and one.how != "subscript"
    ]
    return made.name not in knowledge.definitions and any(
        made.name in names and set(declared) & set(knowledge.around(section))
        for section, names in spoken.items()
    )


def is_circular(knowledge: Knowledge, made: Definition) -> bool:
    """Whether what would define a name is computed from that name, and not one step on."""
    if not _uses_itself(knowledge, made):
        return False
    own = member_of(knowledge, made.written, made.section, made.at)
    first = None if own is None else own.family.definition
    return made.name in knowledge.known or first is None or not is_by_steps(knowledge, first)


def _uses_itself(knowledge: Knowledge, made: Definition) -> bool:
    """Whether a name stands in the definitions that its own one uses."""
    seen: set[str] = set()
    pending = [made]
    while pending:
        one = pending.pop()
        for pair in mentioned(one.body):
            if made.name in pair and one is not made:
                return True
            for name in pair:
                found = knowledge.defined(name, made.section, made.at)
                if found is not None and name not in seen:
                    seen.add(name)
                    pending.append(found)
    return False


def restated(knowledge: Knowledge, made: Definition, ends: Collection[str]) -> bool:
    """Whether a name is defined around here already, of the same things: then the equation
    claims something, and defines nothing anew.
    """
    before = knowledge.defined(made.name, made.section, made.at)
    if before is None:
        return _is_step_of_derivative(knowledge, made)
    if before.section not in knowledge.around(made.section):
        # In another section only what is defined as a derivative is surely the same; δ = ∂C/∂z once
        # more is that of the C and z that are defined there.
        if isinstance(made.body, tree.Derivative):
            return False
        return any(isinstance(node, tree.Derivative) for node in before.body.walk())
    if is_backward(before, knowledge.is_taken):
        return True  # δ = ∂L/∂z, and then what it is
    if in_closed_form(knowledge, before, made, ends):
        return True
    if bool(before.arguments) != bool(made.arguments):
        return False
    if before.indices and made.indices and len(before.indices) != len(made.indices):
        return False
    ours = leaves(knowledge, made.body, made.section, made.at)
    theirs = leaves(knowledge, before.body, before.section, before.at)
    arrays = [name for name in theirs if name in knowledge.known]
    several = [
        name.letter
        for name in map(mention, before.body.walk())
        if name is not None and counts(knowledge, name)
    ]
    arrays += several
    # What is made of the rows x_i is made of X.
    theirs |= {of_capital(name) for name in several if not knowledge.is_taken(name)}
    if len(before.arguments) == len(made.arguments):
        # f(y), where f(x) is defined, is of y what that is of x.
        other = dict(zip(keys(made.arguments), keys(before.arguments), strict=True))
        ours = frozenset(other.get(name, name) for name in ours)
        theirs |= set(other.values())
    return bool(arrays) and {name for name in ours if is_free(knowledge, name, ours)} <= theirs


def _is_step_of_derivative(knowledge: Knowledge, made: Definition) -> bool:
    """Whether g_T is one of the g_t that are derivatives already: then the equation claims it."""
    found = member_of(knowledge, made.written, made.section, made.at)
    own = None if found is None else found.family.definition
    if own is None or own.at >= made.at or own.section not in knowledge.around(made.section):
        return False
    return isinstance(own.body, tree.Derivative)


def counts(knowledge: Knowledge, name: Mention | None) -> bool:
    """Whether a name is one of several, x_i under a sum over i."""
    return name is not None and bool(name.subs) and text_of(name.subs[-1]) in (knowledge.counting)


def in_closed_form(
    knowledge: Knowledge, before: Definition, made: Definition, ends: Collection[str]
) -> bool:
    """Whether the one is by steps, m_t = β m_{t-1} + g_t, and the other one is not, and they
    speak of the same things.
    """
    if is_by_steps(knowledge, before) == is_by_steps(knowledge, made):
        return False

    def stems(one: Definition) -> set[str]:
        found = {letter for pair in mentioned(one.body) for letter in pair}
        return {re.split(r"[_^]", name)[0] for name in found} - knowledge.counting

    own = {before.written.letter, *knowledge.sizes, *ends}
    within = leaves(knowledge, before.body, before.section, before.at)
    return stems(made) <= stems(before) | own | {re.split(r"[_^]", name)[0] for name in within}


def is_free(knowledge: Knowledge, name: str, among: Collection[str]) -> bool:
    """Whether a name is one of its own: no constant, and no product of others that stand
    beside it without a space.
    """
    if knowledge.is_taken(name):
        return True
    product = len(name) > 1 and all(
        letter in among or letter == "I" or knowledge.is_taken(letter) for letter in name
    )
    return name not in ("e", "pi", "I", "bol(1)") and not product


__all__ = ["is_circular", "restated", "used_before"]
