"""The errors a caller can meet, each with a message that stands alone as one sentence."""

from __future__ import annotations


class DeriveError(Exception):
    """Base of every error that this package raises on purpose."""


class ShapeError(DeriveError):
    """An expression whose parts do not fit together.

    The message names the failing subexpression, the shapes that clash and, where there
    is one, the condition under which it would fit (``only if h = 1``).
    """


class UnsupportedError(DeriveError):
    """A SymPy node, a function or an assumption that the engine gives no meaning to."""


class RewrittenError(UnsupportedError):
    """What SymPy has made of an expression no longer tells what was written: nothing is decided."""


class ClaimError(DeriveError):
    """A claim that is not well-formed: a field of the wrong kind, a symbol defined twice."""


class BudgetExceeded(DeriveError):
    """A form grew too large, or took too much work; that is never a verdict."""


class Spent(BudgetExceeded):
    """The work that might be done, for a claim or a part of it, is done."""


class Stopped(DeriveError):
    """The time limit of a claim has passed; never turned into a verdict other than undecided."""
