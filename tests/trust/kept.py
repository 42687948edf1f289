"""What has been found so far, in a file: a run that was ended goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from .examination import Finding, Task, findings


def found_so_far(path: Path) -> dict[Task, list[Finding]]:
    """The findings of each task that a file has, a line each; none where there is no file."""
    if not path.exists():
        return {}
    known = {}
    for line in path.read_text("utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # an empty line, or the run was ended while it wrote it
        task = Task(**record["task"])
        known[task] = [_finding(one) for one in record["findings"]]
    return known


def _finding(record: dict[str, object]) -> Finding:
    changes = record.pop("changes")
    return Finding(**record, changes=tuple(changes))  # type: ignore[arg-type]


def kept(asked: list[Task], jobs: int, path: Path | None) -> Iterator[list[Finding]]:
    """What each task finds; what a file has of it is taken from there, and what is new is added."""
    known = found_so_far(path) if path is not None else {}
    yield from (known[task] for task in asked if task in known)
    missing = [task for task in asked if task not in known]
    for task, some in zip(missing, findings(missing, jobs), strict=True):
        if path is not None:
            record = {"task": asdict(task), "findings": [asdict(one) for one in some]}
            with path.open("a", encoding="utf-8") as file:
                # On a line of its own, even where the last one was not ended.
                file.write("\n" + json.dumps(record))
        yield some
