"""The definitions of a documented side, in any of which a mistake may stand.

A document defines δ on the way to a gradient, and code assigns ``ds`` on the way to ``dq``. A
mistake there is undone there: the claim is tried with that one definition changed. What the derived
side rests on, too, is no place for a mistake of the documented one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from derive.diagnosis.claimed import Documented
from derive.evaluation.mentioned import mentions

MOST = 12  # definitions in which a mistake is looked for


@dataclass(frozen=True)
class Meant:
    """What may be meant: a documented side, and definitions in the place of those that it has."""

    side: Any
    where: Mapping[Any, Any] = field(default_factory=dict)


class Place(NamedTuple):
    """Where a mistake may stand: the documented side itself, or the definition of ``name``.

    ``documented`` has what stands there, and of the claim what may be spoken of there.
    """

    documented: Documented
    side: Any
    name: Any = None

    def with_part(self, part: Any) -> Meant:
        """What is meant where another expression is meant in this place."""
        return Meant(part) if self.name is None else Meant(self.side, {self.name: part})

    def scaled(self, part: Any, side: Any) -> Meant:
        """The same, where the documented side is meant to be another, too."""
        return Meant(side) if self.name is None else Meant(side, {self.name: part})

    def told(self, words: str) -> str:
        """What is wrong here, with the name of the definition that it is wrong in."""
        return words if not words or self.name is None else f"in {self.name}: {words}"


def places(d: Documented) -> Iterator[Place]:
    """The places of a documented side: itself, then its own definitions, the last one first."""
    where = d.claim.where
    others = (getattr(d.claim, name) for name in d.claim.expression_fields[:-1])
    shared = _rested_on(where, *others)
    own = [name for name in _rested_on(where, d.side) if name not in shared]
    if d.side not in own:  # a name says no more than its definition
        yield Place(d, d.side)
    for name in sorted(own, key=list(where).index, reverse=True)[:MOST]:
        before = dict(where)
        for other in list(where)[list(where).index(name) :]:
            del before[other]
        claim = replace(d.claim, where=before)
        yield Place(Documented(claim, where[name], d.shapes), d.side, name)


def _rested_on(where: Mapping[Any, Any], *expressions: Any) -> set[Any]:
    """The names whose definitions some expressions rest on."""
    found: set[Any] = set()
    waiting = list(expressions)
    while waiting:
        for name in mentions(waiting.pop()) & where.keys():
            if name not in found:
                found.add(name)
                waiting.append(where[name])
    return found
