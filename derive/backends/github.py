"""Annotations of a GitHub workflow: one line a failure, shown beside the line it stands at.

The format is that of workflow commands, https://docs.github.com/actions (``::error``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.backends.places import counted, failures, verb


def render(report: Mapping[str, Any]) -> str:
    """The report as workflow commands, and its counts."""
    lines = []
    for found in failures(report):
        where = {"file": found.file, "line": found.line, "col": found.column}
        where["title"] = f"{found.name} {found.outcome}"
        properties = ",".join(
            f"{key}={_property(str(value))}" for key, value in where.items() if value is not None
        )
        level = "error" if found.is_error else "warning"
        lines.append(f"::{level} {properties}::{_text(found.message)}")
    counts = [f"{number} {verb(outcome, number)}" for outcome, number in counted(report) if number]
    return "\n".join([*lines, f"derive: {', '.join(counts) or 'nothing to decide'}", ""])


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
