"""No worker is left without a question while there is one."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from derive.cli.runner import Questions, answers

PATIENCE = 20.0  # seconds, of which none passes where both workers are busy


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="workers are forked"
)
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
