"""Definitions for every name of a kind: δ^{(l)} = ∂L/∂z^{(l)}, x̄ = ∂L/∂x for the adjoint of x.

A definition by a derivative whose name is a mark on the name that is differentiated in, or that
shares its layer with it, is meant for all of them: δ^{(2)} and W̄ are then derivatives too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from derive.frontends.document import tree
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.names import Mention, mention, text_of, with_scripts

_ACCENTED = re.compile(r"(bar|hat|tilde|dot|check)\((\w+)\)$")
_LAYER = re.compile(r"\((\w+|ell)\)$|\[(\w+|ell)\]$")
_NUMBER = re.compile(r"[(\[]([A-Z]|\d+)[)\]]$")


@dataclass(frozen=True)
class Pattern:
    """A definition by a derivative that speaks of more names than its own.

    :param accent: the mark on the name that is differentiated in, or "".
    :param layer: the superscript that both names share, or "".
    """

    made: Definition
    derivative: tree.Derivative
    variable: Mention
    accent: str = ""
    layer: str = ""

    def instance(self, name: Mention, is_known: Callable[[str], bool]) -> Definition | None:
        """The definition of another name of the kind, if what it is a derivative in is known."""
        for candidate in _candidates(name):
            key = self._variable(candidate)
            if key and is_known(key):
                word = tree.Word(self.derivative.start, self.derivative.end, key, "text")
                (by,) = self.derivative.by
                body = replace(self.derivative, by=(replace(by, variable=word),))
                if self.accent:
                    body = replace(body, form="adjoint")
                return replace(self.made, name=candidate.key, written=candidate, body=body)
        return None

    def _variable(self, name: Mention) -> str:
        if self.accent:
            match = _ACCENTED.match(name.letter)
            if match is None or match[1] != self.accent:
                return ""
            return with_scripts(match[2], name.subs, name.sups)
        if name.letter != self.made.written.letter or not name.sups or name.subs:
            return ""
        script = text_of(name.sups[-1])
        if not _NUMBER.match(script):
            return ""
        stem = with_scripts(self.variable.letter, self.variable.subs, self.variable.sups[:-1])
        return f"{stem}{',' if self.variable.sups[1:] else '^'}{script}"


def _candidates(name: Mention) -> Iterator[Mention]:
    plain = replace(name, after=(), primes=0, shape=None)
    yield plain
    if name.subs:
        yield replace(plain, subs=name.subs[:-1])


def pattern(made: Definition) -> Pattern | None:
    """The pattern that a definition is; None for any other one."""
    body = made.body
    if not isinstance(body, tree.Derivative) or body.of is None or body.order is not None:
        return None
    if len(body.by) != 1 or body.by[0].order is not None or made.arguments or made.indices:
        return None
    variable = mention(body.by[0].variable)
    if variable is None or variable.after or variable.primes:
        return None
    written = made.written
    match = _ACCENTED.match(written.letter)
    if match is not None and written.key.replace(match[0], match[2], 1) == variable.key:
        return Pattern(made, body, variable, accent=match[1])
    if written.sups and variable.sups and not written.subs:
        layer = text_of(written.sups[-1])
        if layer == text_of(variable.sups[-1]) and _LAYER.match(layer):
            return Pattern(made, body, variable, layer=layer)
    return None


__all__ = ["Pattern", "pattern"]
