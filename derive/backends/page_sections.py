"""The claims of a page by section, with what they have in common: a picture, definitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from derive.backends.marks import UNNAMED
from derive.backends.mathml import parsed

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = frozenset({
    "aria-labelledby", "class", "d", "height", "id", "marker-end", "marker-start", "markerHeight",
    "markerUnits", "markerWidth", "orient", "refX", "refY", "role", "rx", "viewBox", "width", "x",
    "y",
})  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The claims of a file, a section or a formula.

    :param drawing: its picture; None where there is none.
    :param definitions: those that several of its claims rest on, in LaTeX, which are shown once.
    """

    name: str
    drawing: Any
    definitions: tuple[str, ...]
    claims: Sequence[Mapping[str, Any]]

    def own(self, claim: Mapping[str, Any]) -> list[str]:
        """The definitions of a claim that the section does not show."""
        return [one for one in claim["latex"]["where"] if one not in self.definitions]

    def names(self, claim: Mapping[str, Any]) -> list[str]:
        """What a claim needs of what the section shows, by the names that are defined."""
        return [_name(one) for one in claim["latex"]["where"] if one in self.definitions]

    def steps(self, claim: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The steps of a proof, less the definitions that are shown."""
        typeset = claim["latex"]
        shown = set(typeset["where"])
        return [
            step
            for step in typeset["steps"]
            if step["rule"] != "definition" or f"{step['before']} = {step['after']}" not in shown
        ]


def sections(claims: Sequence[Mapping[str, Any]]) -> list[Section]:
    """The claims by file, section or formula, in their order."""
    found: dict[str, list[Any]] = {}
    for claim in claims:
        parts = (claim.get("file"), claim.get("section"), claim.get("formula"))
        name = " · ".join(str(part) for part in parts if part) or "Claims"
        found.setdefault(name, []).append(claim)
    return [
        Section(name, _drawing(claims), _shared(claims), claims) for name, claims in found.items()
    ]


def _shared(claims: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What several claims define, and none of them otherwise, in the order in which they do."""
    told = [claim["latex"]["where"] for claim in claims if claim.get("latex")]
    times = Counter(one for where in told for one in dict.fromkeys(where))
    meanings = Counter(_name(one) for one in times)
    return tuple(one for one in times if times[one] > 1 and meanings[_name(one)] == 1)


def _name(definition: str) -> str:
    """The left side of a definition."""
    return definition.partition(" = ")[0]


def _drawing(claims: Sequence[Mapping[str, Any]]) -> Any:
    """The picture of the claim that defines most, and comes to what has a name if any does; None
    where there is none.
    """
    from markupsafe import Markup

    def defines(text: str) -> tuple[bool, int]:
        return re.search(rf">{UNNAMED}\b", text) is None, text.count('<g class="node')

    drawings = [claim["drawing"] for claim in claims if claim.get("drawing")]
    most = max(drawings, key=defines, default="")
    return Markup(most) if most and parsed(most, SVG, DRAWN) is not None else None
