"""What the catalogue states, without building it: ``derive list`` need not wait for SymPy.

The index is the file ``index.json`` beside this one, written from the catalogue by
``python -m derive.formulas.index``. A test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from derive.claims.formula import Formula

FILE = Path(__file__).with_name("index.json")


@dataclass(frozen=True)
class Listed:
    """One claim of the catalogue, as a list shows it, and the module that it stands in."""

    id: str
    formula: str
    section: str
    kind: str
    title: str
    module: str


def listed() -> list[Listed]:
    """Every claim of the catalogue, by section, read from the index."""
    return [Listed(**record) for record in json.loads(FILE.read_text("utf-8"))]


def index_of(stated: Mapping[str, Formula]) -> list[Listed]:
    """The same of formulas by their modules, in the order in which each states its claims."""
    ordered = sorted(stated.items(), key=lambda item: _numbers(item[1].section))
    return [
        Listed(claim.id, formula.id, formula.section, claim.kind, claim.title, module)
        for module, formula in ordered
        for claim in formula.claims
    ]


def current() -> list[Listed]:
    """What the index should be: that of the catalogue itself."""
    from . import MODULES, catalogue

    return index_of({module: next(iter(catalogue([module]).values())) for module in MODULES})


def _numbers(section: str) -> list[int]:
    return [int(part) for part in section.split(".")]


def write() -> None:
    """Bring the index up to date."""
    records = [asdict(entry) for entry in current()]
    FILE.write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write()
