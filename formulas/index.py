"""What the catalogue states, without building it: ``derive list`` need not wait for SymPy.

The index is the file ``index.json`` beside this one, written from the catalogue by
``python -m formulas.index``. A test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derive.formula import Formula

FILE = Path(__file__).with_name("index.json")


@dataclass(frozen=True)
class Listed:
    """One claim of the catalogue, as a list shows it."""

    id: str
    formula: str
    section: str
    kind: str
    title: str


def listed() -> list[Listed]:
    """Every claim of the catalogue, by section, read from the index."""
    return [Listed(**record) for record in json.loads(FILE.read_text("utf-8"))]


def index_of(catalogue: Mapping[str, Formula]) -> list[Listed]:
    """The same of a catalogue itself, in the order in which each formula states its claims."""
    ordered = sorted(catalogue.values(), key=lambda formula: _numbers(formula.section))
    return [
        Listed(claim.id, formula.id, formula.section, claim.kind, claim.title)
        for formula in ordered
        for claim in formula.claims
    ]


def _numbers(section: str) -> list[int]:
    return [int(part) for part in section.split(".")]


def write() -> None:
    """Bring the index up to date."""
    import formulas

    records = [asdict(entry) for entry in index_of(formulas.catalogue())]
    FILE.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write()
