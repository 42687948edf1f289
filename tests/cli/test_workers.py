"""No worker is left without a question while there is one; what it prepares is no question's."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import pytest

from derive.cli.runner import FEW, OVERTIME, Questions, _Waiting, _Worker, answers

PATIENCE = 20.0  # seconds, of which none passes where both workers are busy


FORKED = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="workers are forked"
)


@FORKED
def test_a_worker_goes_on_while_another_is_at_a_long_question(tmp_path: Path) -> None:
    """The first question is long: it is answered once the last one has been."""
    last = tmp_path / "last"

    def answer(position: int) -> str:
        if position == 4:
            last.touch()
        end = time.monotonic() + PATIENCE
        while position == 0 and not last.exists() and time.monotonic() < end:
            time.sleep(0.01)
        return f"{position} {last.exists()}"

    asked = Questions[str](
        5, answer, lambda *_: "none", lambda text: text.encode(), lambda _, data: data.decode()
    )
    found = list(answers(asked, jobs=2))
    assert [text.split()[0] for text in found] == ["0", "1", "2", "3", "4"]
    assert found[0] == "0 True"


def _asked(number: int, **more: Any) -> Questions[str]:
    return Questions[str](
        number,
        more.pop("answer", str),
        lambda position, reason, seconds, stopped: f"{position} {reason}",
        lambda text: text.encode(),
        lambda _, data: data.decode(),
        **more,
    )


@FORKED
def test_the_time_of_a_question_begins_once_its_worker_is_prepared() -> None:
    asked = _asked(2, prepare=lambda: time.sleep(OVERTIME + 0.5))
    assert list(answers(asked, jobs=1, limit=0.1)) == ["0", "1"]


@FORKED
@pytest.mark.parametrize("jobs", [FEW, FEW + 1])
def test_few_workers_prepare_themselves_and_many_share_it(tmp_path: Path, jobs: int) -> None:
    def prepare() -> None:
        (tmp_path / str(os.getpid())).touch()

    list(answers(_asked(2 * FEW, prepare=prepare), jobs))
    prepared = {int(path.name) for path in tmp_path.iterdir()}
    assert (os.getpid() in prepared) == (jobs > FEW)


@FORKED
def test_what_fails_while_a_worker_is_prepared_costs_no_answer() -> None:
    assert list(answers(_asked(3, prepare=lambda: 1 // 0), jobs=2)) == ["0", "1", "2"]


@FORKED
def test_a_worker_for_which_nothing_is_left_goes_while_another_works(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    def answer(position: int) -> str:
        if position == 1:
            Finalize(None, gone.touch, exitpriority=1)
        end = time.monotonic() + PATIENCE
        while position == 0 and not gone.exists() and time.monotonic() < end:
            time.sleep(0.01)
        return f"{position} {gone.exists()}"

    assert list(answers(_asked(2, answer=answer), jobs=2)) == ["0 True", "1 False"]


def test_a_worker_without_a_group_begins_one_and_then_helps_with_the_longest() -> None:
    waiting = _Waiting(_asked(9, groups=["a", "a", "a", "a", "b", "c", "c", "c", "c"]), workers=2)
    first, second = _Worker(None, None), _Worker(None, None)
    assert waiting.next_for(first) == 3  # the last ones of a group take longest
    assert [waiting.next_for(second) for _ in range(3)] == [4, 8, 7]
    assert waiting.next_for(first) == 2
    assert [waiting.next_for(second) for _ in range(3)] == [6, 5, 1]
    assert waiting.next_for(first) == 0
    assert waiting.next_for(second) is None


def test_questions_that_share_nothing_are_asked_in_order() -> None:
    waiting = _Waiting(_asked(4), workers=2)
    first, second = _Worker(None, None), _Worker(None, None)
    assert [waiting.next_for(w) for w in (first, second, first, second)] == [0, 1, 2, 3]
    assert waiting.next_for(first) is None


def test_a_single_worker_is_asked_in_order() -> None:
    waiting = _Waiting(_asked(4, groups=["a", "a", "b", "b"]), workers=1)
    worker = _Worker(None, None)
    assert [waiting.next_for(worker) for _ in range(5)] == [0, 1, 2, 3, None]
