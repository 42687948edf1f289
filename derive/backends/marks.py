"""The mark of each outcome, and the style that a terminal gives it."""

from __future__ import annotations

from derive.claims.statuses import (
    AMBIGUOUS,
    DECLARES,
    DEFINES,
    DISAGREES,
    HOLDS,
    ILL_SHAPED,
    NO_STATEMENT,
    NOT_UNDERSTOOD,
    UNDECIDED,
)

MARKS = {
    HOLDS: "✓",
    DISAGREES: "✗",
    ILL_SHAPED: "⊘",
    UNDECIDED: "?",
    AMBIGUOUS: "≟",
    DEFINES: ":",
    DECLARES: "∈",
    NO_STATEMENT: "·",
    NOT_UNDERSTOOD: "!",
}
STYLES = {
    HOLDS: "green",
    DISAGREES: "bold red",
    ILL_SHAPED: "magenta",
    UNDECIDED: "yellow",
    AMBIGUOUS: "yellow",
    DEFINES: "dim",
    DECLARES: "dim",
    NO_STATEMENT: "dim",
    NOT_UNDERSTOOD: "cyan",
}

UNNAMED = "value"  # in pictures, what a claim computes that has no name of its own
