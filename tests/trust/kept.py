"""What has been found so far, in a file: a run that was ended goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .examination import Finding, Task, findings


def lines_of(path: Path | None) -> Iterator[dict[str, Any]]:
    """The records of a file, a line each; none where there is no file."""
    if path is None or not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue  # an empty line, or the run was ended while it wrote it


def write(path: Path | None, record: dict[str, Any]) -> None:
    """Add a record to a file, if there is one, on a line of its own: the last may not be ended."""
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record))


def found_so_far(path: Path | None) -> dict[Task, list[Finding]]:
    """The findings of each task that a file has."""
    known = {}
    for record in lines_of(path):
        if "task" in record:
            known[Task(**record["task"])] = [_finding(one) for one in record["findings"]]
    return known


def _finding(record: dict[str, object]) -> Finding:
    changes = record.pop("changes")
    return Finding(**record, changes=tuple(changes))  # type: ignore[arg-type]


def kept(asked: list[Task], jobs: int, path: Path | None) -> Iterator[list[Finding]]:
    """What each task finds; what a file has of it is taken from there, and what is new is added."""
    known = found_so_far(path)
    yield from (known[task] for task in asked if task in known)
    missing = [task for task in asked if task not in known]
    for task, some in zip(missing, findings(missing, jobs), strict=True):
        write(path, {"task": asdict(task), "findings": [asdict(one) for one in some]})
        yield some
