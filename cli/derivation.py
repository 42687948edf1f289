"""A derivation as a person writes it: its lines, each of them proved, with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.verdict import HOLDS, Verdict
from derive.evaluation.fields import EvaluationError
from derive.refutation.search import agrees_numerically

Decide = Callable[[Claim], Verdict]

MOST_LINES = 12  # on the way; a deep network has hundreds
LONGEST = 240  # characters of a line on the way; a longer one explains nothing


@dataclass(frozen=True)
class Line:
    """One derivative on the way, or one side of an identity written otherwise.

    :param claim: what the line is about, and what it is equal to.
    :param name: the symbol that stands for it in the lines below; None in the last ones.
    :param reasons: why, in words, one phrase each.
    :param facts: what is assumed, and used for the first time.
    :param goes_on: whether its left side is the one of the line before.
    """

    claim: Any
    name: Any
    reasons: tuple[str, ...]
    facts: tuple[Any, ...] = ()
    goes_on: bool = False

    @property
    def value(self) -> Any:
        return self.claim.documented


@dataclass(frozen=True)
class Derivation:
    """The lines of a claim, to its documented side.

    :param definitions: those that the result rests on, in their order.
    :param documented: the claim itself, whose side the lines come to.
    :param parts: what the lines give a name to that the document has none for.
    """

    definitions: dict[Any, Any]
    lines: tuple[Line, ...]
    documented: Any
    verdict: Verdict = field(repr=False)
    parts: dict[Any, Any] = field(default_factory=dict)


def proved(claim: Any, decide: Decide) -> Verdict | None:
    """The proof of a line, or None: most of what is tried differs at the first point."""
    try:
        if agrees_numerically(claim) is False:
            return None
    except (DeriveError, EvaluationError, ArithmeticError, ValueError, TypeError):
        return None
    verdict = decide(claim)
    return verdict if verdict.status == HOLDS else None


def listed(names: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
