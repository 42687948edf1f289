"""What a sentence supposes, and claims nothing of: a condition, or for its own length another
definition of a name, as in "if p = f(z/T), then …".
"""

from __future__ import annotations

from dataclasses import replace

from derive.frontends.document import hints
from derive.frontends.document.names import IDENTITY, mention
from derive.frontends.document.parts import Part, Task
from derive.frontends.document.provisos import NEAR, in_one_sentence
from derive.frontends.document.units import Collected


def within_their_sentences(collected: Collected) -> None:
    """Let each supposed definition of a name that has another one end with its sentence."""
    definitions = collected.knowledge.definitions
    for unit in collected.units:
        place = unit.formula.place(0)
        others = [
            made for made in unit.defines if any(d.at < made.at for d in definitions[made.name])
        ]
        if not others or not collected.source or not hints.is_case(collected.source, place):
            continue
        until = unit.at
        for after in collected.units[unit.at + 1 : unit.at + NEAR]:
            if in_one_sentence(collected.source, unit, after):
                until = after.at
        for made in others:
            known = definitions[made.name]
            known[known.index(made)] = replace(made, until=until)


def why_no_claim(collected: Collected, task: Task, part: Part) -> str:
    """Why an equation that is refuted as a claim may be a condition; "" where it is a claim."""
    source, place = collected.source, task.unit.formula.place(0)
    if IDENTITY in part.lenient and not hints.is_of_some(source, place):
        return ""  # "also, UU⊤ = I" is said of the U that has been spoken of
    at = task.unit.section, task.unit.at
    names = filter(None, (mention(node) for node in task.statement.body.walk()))
    defined = any(collected.knowledge.defined(name.key, *at) is not None for name in names)
    if not part.lenient and hints.is_supposed(source, place, defined):
        return "what is supposed is a condition"
    return part.lenient
