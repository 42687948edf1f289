"""Work: what may still be done for a claim, counted and not timed.

A verdict must not depend on how fast a machine is, so that every limit of the engine counts what
the engine itself does: one unit is about a microsecond. Work is spent where it is done, with
:func:`spend`; a :class:`Budget` says how far it may go. What SymPy does is not counted, and nothing
behind a cache that outlives a claim: both depend on what was decided before.

Decisions are made one at a time (:mod:`derive.base.worker`), so that there is one count for all.
The clock is the worker's alone: it calls :func:`halt`, and then every check ends the decision.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator

from derive.base.errors import Spent, Stopped

MOST = 60e6  # units for a claim: about a minute
EFFORT = 1.0

_spent = 0
_halted = False


def spend(units: int) -> None:
    """Count work that is done."""
    global _spent
    _spent += units


class Budget:
    """Work that may be done from now on.

    All work is counted once: what is done within a :meth:`share` is done within the whole.

    :param units: how much; any amount where it is infinite.
    :param effort: what shares are multiplied by.
    """

    __slots__ = ("_begin", "_closed", "_end", "effort", "stopped")

    def __init__(self, units: float = math.inf, effort: float = EFFORT) -> None:
        self._begin = _spent
        self._end = _spent + units
        self.effort = effort
        self.stopped = False
        self._closed: int | None = None

    def share(self, units: float) -> Budget:
        """Work of which no more than so much, times the effort, may be done."""
        return Budget(min(units * self.effort, self._end - _spent), self.effort)

    @property
    def spent(self) -> int:
        """The work that was done since it was made, and until it was closed."""
        return (_spent if self._closed is None else self._closed) - self._begin

    @property
    def left(self) -> float:
        """The work that may still be done, in units of a share."""
        return (self._end - _spent) / self.effort

    @property
    def over(self) -> bool:
        """Whether more was done than may be.

        :raises Stopped: when the time of the decision is over.
        """
        if _halted:
            _stop()
        return _spent > self._end

    def check(self) -> None:
        """Insist that there is work left to do.

        :raises Spent: where there is none.
        :raises Stopped: when the time of the decision is over.
        """
        if self.over:
            raise Spent("too much work was done")


_IDLE = Budget()  # of what is done for no claim
_claim = _IDLE  # of the claim that is decided
_owner = 0  # the thread that decides it


def share(units: float) -> Budget:
    """A share of the work for the claim that this thread decides; of no other where it decides
    none.
    """
    return (_claim if _owner == threading.get_ident() else _IDLE).share(units)


@contextlib.contextmanager
def for_claim(effort: float = EFFORT) -> Iterator[Budget]:
    """The budget of a claim, of which all shares inside the block are taken.

    ``stopped`` of it tells, at the end, whether the clock cut the decision.
    """
    global _claim, _owner
    own = threading.get_ident()
    # The claim of another thread, which was left behind, has no more to say.
    before = _claim if _owner == own else _IDLE
    opened = Budget(MOST * effort, effort)
    _claim, _owner = opened, own
    try:
        yield opened
    finally:
        opened._closed = _spent
        if _claim is opened:  # it is not where a thread was left behind, and goes on
            _claim = before


def halt() -> None:
    """End what is being done at its next check."""
    global _halted
    _halted = True


def resume() -> None:
    """Let other work begin."""
    global _halted
    _halted = False


def _stop() -> None:
    _claim.stopped = True
    raise Stopped("the time limit has passed")
