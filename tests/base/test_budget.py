"""Work is counted once, shares end alone, and the clock only stops a decision."""

from __future__ import annotations

import threading

import pytest
import sympy as sp

from derive import Gradient, verify
from derive.base import budget
from derive.base.budget import Budget, for_claim, share, spend
from derive.base.errors import ClaimError, Spent, Stopped

t = sp.Symbol("t", real=True)
RIGHT = Gradient(sp.sin(t) ** 2, t, 2 * sp.sin(t) * sp.cos(t))


def test_what_is_done_within_a_share_is_done_within_the_whole():
    whole = Budget(100)
    part = whole.share(30)
    spend(31)
    assert part.over and not whole.over and whole.spent == part.spent == 31
    with pytest.raises(Spent):
        part.check()
    rest = whole.share(1000)
    spend(70)
    assert rest.over and whole.over


def test_an_effort_scales_the_shares():
    with for_claim(0.5) as claim:
        part = share(100)
        spend(51)
        assert part.over and not claim.over
    spend(1000)
    assert claim.spent == 51


def test_a_halt_ends_what_has_work_left():
    try:
        budget.halt()
        with for_claim() as claim, pytest.raises(Stopped):
            claim.check()
    finally:
        budget.resume()
    assert claim.stopped
    claim.check()


def test_a_verdict_tells_its_work_and_whether_the_clock_cut_it():
    first, second = verify(RIGHT), verify(RIGHT)
    assert first.status == "holds" and not first.stopped
    assert first.work == second.work > 0
    cut = verify(RIGHT, timeout=0)
    assert cut.status == "undecided" and cut.stopped


def test_too_little_work_is_no_verdict_and_no_matter_of_the_clock():
    verdict = verify(RIGHT, effort=1e-9)
    assert verdict.status == "undecided" and not verdict.stopped


@pytest.mark.parametrize("effort", [0, -1, float("nan"), float("inf")])
def test_an_effort_is_a_positive_number(effort):
    with pytest.raises(ClaimError):
        verify(RIGHT, effort=effort)


def test_a_decision_that_was_left_behind_leaves_no_budget_behind():
    """Its thread goes on, and what is done after the next decision has its own share."""
    entered, leave = threading.Event(), threading.Event()

    def stuck():
        with budget.for_claim() as own:
            budget.spend(int(budget.MOST) + 1)
            assert own.over
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stuck)
    thread.start()
    entered.wait()
    try:
        assert not budget.share(1e6).over
        with budget.for_claim():
            pass
        assert not budget.share(1e6).over
    finally:
        leave.set()
        thread.join()
    assert not budget.share(1e6).over
