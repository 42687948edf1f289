"""What `derive verify` says of a document, held against what is true of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from derive.cli.main import main
from tests.documents import truths
from tests.documents.truths import (
    DECLARATION,
    DEFINITION,
    FALSE,
    ILL_SHAPED,
    NO_STATEMENT,
    TRUE,
    Place,
    Row,
)

WORST = (FALSE, ILL_SHAPED, TRUE, DEFINITION, DECLARATION, NO_STATEMENT)
REFUTED = ("disagrees", "ill-shaped")
OPEN = ("undecided", "ambiguous", "not-understood")


@dataclass(frozen=True)
class Outcome:
    """One formula as the report has it."""

    place: Place
    latex: str
    outcome: str
    message: str

    def __str__(self) -> str:
        cell = f"[{self.place.cell}]" if self.place.cell else ""
        latex = " ".join(self.latex.split())
        return f"{cell}{self.place.line}:{self.place.column} {self.outcome}: {latex}"


def outcomes(document: Path) -> list[Outcome]:
    """The formulas of a document in order, each with its outcome."""
    arguments = ["verify", str(document), "--format", "json"]
    if document.suffix == ".py":
        arguments.append("--docstrings")
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1), f"{document.name}: {result.output} {result.exception!r}"
    report = json.loads(result.stdout)
    found = [
        Outcome(
            Place(entry.get("cell") or 0, entry["line"], entry["column"]),
            entry["latex"],
            entry["outcome"],
            entry.get("message") or "",
        )
        for entry in report["formulas"]
    ]
    return sorted(found, key=lambda outcome: outcome.place)


@dataclass(frozen=True)
class Judged:
    """What is said of one formula, and what is true; None where nobody has said what it is."""

    row: Row | None
    outcome: Outcome

    @property
    def wrong(self) -> bool:
        """A verdict that is wrong: the worst there is."""
        if self.row is None or self.row.truth not in (FALSE, ILL_SHAPED):
            return self.outcome.outcome in REFUTED
        return self.outcome.outcome == "holds"

    @property
    def off(self) -> bool:
        """Not wrong, but the other kind of refutation, or a statement that is passed over."""
        said = self.outcome.outcome
        if self.row is None or self.row.truth not in (TRUE, FALSE, ILL_SHAPED):
            return False
        if said in REFUTED:
            return self.row.truth in (FALSE, ILL_SHAPED) and (
                (said == "ill-shaped") != (self.row.truth == ILL_SHAPED)
            )
        return said in ("defines", "declares", "no-statement")

    @property
    def open(self) -> bool:
        """No verdict on a statement, or a definition that is not understood."""
        if self.row is None:
            return False
        if self.row.truth in (TRUE, FALSE, ILL_SHAPED):
            return self.outcome.outcome in OPEN
        return self.row.truth == DEFINITION and self.outcome.outcome in OPEN


def judged(document: Path, found: list[Outcome]) -> list[Judged]:
    """Each formula with its truth.

    Raises AssertionError where a formula whose truth is known is not in the report.
    """
    texts = truths.cells(document)
    rows: dict[int, Row] = {}
    for latex, row in truths.truths(document).items():
        (place,) = truths.places(texts, latex)
        number = _formula_of(found, " ".join(latex.strip("&$ ").split()), place)
        assert number is not None, f"{document.name}: no formula for {latex}"
        # A formula of several statements is as its worst.
        rows[number] = min(rows.get(number, row), row, key=lambda r: WORST.index(r.truth))
    return [Judged(rows.get(number), outcome) for number, outcome in enumerate(found)]


def _formula_of(found: list[Outcome], latex: str, place: Place) -> int | None:
    """The formula that a piece of LaTeX is in: the nearest one that holds it.

    What is not understood is reported at its caret, so that places alone do not tell.
    """
    holding = [
        (abs(outcome.place.line - place.line), abs(outcome.place.column - place.column), number)
        for number, outcome in enumerate(found)
        if outcome.place.cell == place.cell and latex in " ".join(outcome.latex.split())
    ]
    return min(holding)[2] if holding else None


def count(judgements: list[Judged]) -> Counter[tuple[str, str]]:
    """How often each truth met each outcome."""
    return Counter(
        (each.row.truth if each.row else "other", each.outcome.outcome) for each in judgements
    )


def share_open(judgements: list[Judged]) -> float:
    """The part of the statements and definitions that are declared and got no verdict."""
    declared: list[Any] = [
        each
        for each in judgements
        if each.row
        and each.row.declared
        and each.row.truth in (TRUE, FALSE, ILL_SHAPED, DEFINITION)
    ]
    return sum(each.open or each.off for each in declared) / max(1, len(declared))
