"""Claims built, looked up, decided and told of in worker processes: what comes back is text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from derive.cli.runner import Questions
from derive.cli.tasks import Task
from derive.report import Finding, of_plain

if TYPE_CHECKING:
    from derive.claims.verdict import Verdict
    from derive.cli.cache import Cache
    from derive.cli.claim_runner import Decide


def questions(
    tasks: Sequence[Task], decide: Decide, cache: Cache | None, steps: int, brief: bool
) -> Questions[Finding]:
    """What is to be found out of some claims. A worker is asked those of one module one after the
    other, so that it builds few.

    :param steps: how many steps of a proof are shown, and its mathematics in LaTeX; 0 for none.
    :param brief: tell what a terminal shows alone, where nothing is kept.
    """

    def told(task: Task, verdict: Verdict) -> Finding:
        from derive.backends.telling import deeply_told
        from derive.cli.claim_runner import with_steps

        shown = with_steps(verdict, steps)
        return deeply_told(task.built(), shown, bool(steps), brief and cache is None)

    def answer(position: int) -> Finding:
        from derive.cli.claim_runner import decide_safely

        task = tasks[position]
        entry = task.built()
        kept = None if cache is None else cache.get(entry)
        finding = kept or told(task, decide_safely(entry.claim, decide))
        if cache is not None:
            cache.put(entry, finding)
        return finding

    def failed(position: int, reason: str, seconds: float, stopped: bool) -> Finding:
        from derive.cli.claim_runner import undecided

        task = tasks[position]
        return told(task, undecided(task.built().claim, reason, seconds, stopped))

    return Questions(
        len(tasks),
        answer,
        failed,
        sent=lambda finding: json.dumps(finding.plain()).encode(),
        received=lambda _, data: of_plain(json.loads(data)),
        groups=[task.module for task in tasks],
        prepare=_prepare,
    )


def _prepare() -> None:
    """Import what decides and tells; a parent that only prints what its workers say has none."""
    import derive.backends.telling
    import derive.cli.claim_runner
    import derive.engine  # noqa: F401
