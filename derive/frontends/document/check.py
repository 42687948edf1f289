"""A document from its file to the outcome of every formula: the one way in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from derive.claims.kinds import Claim
from derive.claims.statuses import INTERRUPTED, OUTCOMES
from derive.claims.verdict import Verdict
from derive.frontends.document.collect import collect
from derive.frontends.document.containers import DocumentError, read_document
from derive.frontends.document.decided import Outcome
from derive.frontends.document.declarations import SIDECAR, DeclarationError, sidecar
from derive.frontends.document.outcomes import Seen, outcomes
from derive.frontends.document.parser import parser

SUFFIXES = (".md", ".markdown", ".tex", ".ipynb", ".rst")


@dataclass(frozen=True)
class Checked:
    """A document with the outcome of every formula, in its order.

    :param problems: sentences on what else could not be read, each with its line.
    """

    path: str
    outcomes: tuple[Outcome, ...]
    problems: tuple[tuple[int, str], ...]
    source: str = ""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many formulas have each outcome: together as many as there are formulas."""
        found = Counter(one.outcome for one in self.outcomes)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the deciding."""
        return any(one.code == INTERRUPTED for one in self.outcomes)

    @property
    def unexpected(self) -> tuple[Outcome, ...]:
        """The formulas of which a directive expects something else."""
        return tuple(one for one in self.outcomes if one.expected and not one.as_expected)


def is_document(path: str | os.PathLike[str]) -> bool:
    return Path(path).suffix.lower() in SUFFIXES


def check(
    path: str | os.PathLike[str],
    decide: Callable[[Claim], Verdict],
    declarations: str | os.PathLike[str] | None = None,
    docstrings: bool = False,
    seen: Seen | None = None,
) -> Checked:
    """Read a document and decide its formulas.

    :param decide: decides one claim, and never raises.
    :param seen: is told before each formula how many are done, of how many, and its line.
    :param declarations: a sidecar file; without one, ``NAME.derive.toml`` beside the document.
    :raises DocumentError: for a file that cannot be read.
    """
    file = Path(path)
    contents, source = read_document(file, docstrings=docstrings)
    beside = Path(declarations) if declarations else file.with_name(file.stem + SIDECAR)
    try:
        said = sidecar(beside) if declarations or beside.is_file() else []
    except DeclarationError as problem:
        raise DocumentError(str(problem)) from None
    parse = parser(contents)
    collected = collect(contents, parse, said)
    # For suggestions alone: the words of a document, wherever its container puts them.
    collected.prose.append((0, source, 1))
    collected.source, collected.cells = source, contents.cells
    found = named(str(path), outcomes(collected, decide, *([seen] if seen else [])))
    problems = [(place.line, message) for place, message in contents.problems]
    return Checked(str(path), tuple(found), (*problems, *collected.problems), source)


def named(path: str, found: list[Outcome]) -> list[Outcome]:
    """The outcomes with ids for their claims: the document, the line, and a number where a line
    makes several.
    """
    stem = Path(path).stem
    taken: Counter[str] = Counter()
    result = []
    for one in found:
        claims = []
        for decided in one.claims:
            if decided.claim is not None:
                cell = "" if decided.place.cell is None else f"c{decided.place.cell}."
                base = f"{stem}.{cell}{decided.place.line}"
                taken[base] += 1
                number = taken[base]
                label = base if number == 1 else f"{base}.{number}"
                source = f"{path}:{decided.place.line}:{decided.place.column}"
                claim = replace(
                    decided.claim, id=label, source=source, title=" ".join(one.latex.split())
                )
                verdict = decided.verdict and replace(decided.verdict, claim=claim)
                decided = replace(decided, claim=claim, verdict=verdict)
            claims.append(decided)
        result.append(replace(one, claims=tuple(claims)))
    return result
