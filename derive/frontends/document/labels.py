"""Subscripts that are labels, and no indices: z_f = W_f x + b_f of one gate among several."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from derive.frontends.document.knowledge import Definition
from derive.frontends.document.names import mention, text_of, with_scripts
from derive.frontends.document.tree import Script


def labelled(made: Definition, declared: Collection[str]) -> Definition:
    """A definition whose subscript is a label as one of a name; any other one as it is.

    The subscript is a label where all names on the right that have it are declared with it, and
    with other letters in its place besides: W_f beside W_i and W_o.
    """
    if len(made.indices) != 1:
        return made
    label = text_of(made.indices[0])
    stems = {
        with_scripts(name.letter, name.subs[:-1], name.sups)
        for node in made.body.walk()
        if isinstance(node, Script)
        and (name := mention(node)) is not None
        and name.subs
        and text_of(name.subs[-1]) == label
    }
    if not stems or not all(_is_label(stem, label, declared) for stem in stems):
        return made
    return replace(made, name=made.written.key, indices=())


def _is_label(stem: str, label: str, declared: Collection[str]) -> bool:
    """Whether a name is declared with this label, and with another letter in its place."""
    others = [
        name
        for name in declared
        if name.startswith(f"{stem}_") and name.removeprefix(f"{stem}_").isalpha()
    ]
    return f"{stem}_{label}" in declared and len(others) > 1


__all__ = ["labelled"]
