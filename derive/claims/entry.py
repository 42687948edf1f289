"""A claim and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from derive.claims.formula import Formula
from derive.claims.kinds import Claim


@dataclass(frozen=True)
class Entry:
    """A claim and where it comes from.

    :param claim: the claim, always with an id.
    :param formula: the formula that makes it; a file's bare claim has none.
    :param path: the file it was read from, ``""`` for the catalogue.
    :param name: the variable that holds it in that file, or the function that it is about.
    :param line: the line that states it, or the line of code that it is about; 0 where none is
        known, as in the catalogue.
    """

    claim: Claim
    formula: Formula | None = None
    path: str = ""
    name: str = ""
    line: int = 0

    @property
    def id(self) -> str:
        return self.claim.id

    @property
    def section(self) -> str:
        return self.formula.section if self.formula else ""
