"""``[tool.derive]`` in a project's ``pyproject.toml``: what ``derive verify`` does by itself there.

It is read from the nearest ``pyproject.toml``, in the current directory or above it. What is typed
on the command line is stronger.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from derive.report import Finding

FILE = "pyproject.toml"
FAILURES = ("disagrees", "ill-shaped", "undecided")
TO_BE = {"disagrees": "disagree", "ill-shaped": "be ill-shaped", "undecided": "be undecided"}
IT_IS = {"holds": "holds", "disagrees": "disagrees"} | {
    adjective: f"is {adjective}" for adjective in ("ill-shaped", "undecided")
}
ANY_FAILURE = "fails"


class SettingsError(Exception):
    """A setting that is none; the message is one sentence."""


@dataclass(frozen=True)
class Settings:
    """What a project asks for; None where it says nothing.

    :param file: where that stands, ``""`` for nowhere.
    :param targets: as on the command line; paths are relative to the current directory.
    :param expect: claims that are known to fail, by id: a status, or ``"fails"`` for any of them.
    """

    file: str = ""
    targets: tuple[str, ...] = ()
    effort: float | None = None
    timeout: float | None = None
    jobs: int | None = None
    expect: Mapping[str, str] = field(default_factory=dict)

    def or_typed(self, option: str, value: Any) -> Any:
        """What an option of the running command is: as typed, as set here, or its default."""
        own = getattr(self, option)
        typed = click.get_current_context().get_parameter_source(option)
        return value if own is None or typed is not ParameterSource.DEFAULT else own

    def without_targets(self) -> str:
        """What is said where targets are asked for and none are named."""
        where = f"{self.file} has" if self.file else f"there is no {FILE}, and so there are"
        return f'{where} no targets in [tool.derive]: targets = ["notes.md", "claims.py"]'

    def is_expected(self, finding: Finding) -> bool:
        """Whether a claim fails, and is said to."""
        wanted = self.expect.get(finding.id)
        return finding.status != "holds" and wanted in (finding.status, ANY_FAILURE)

    def surprises(self, findings: Sequence[Finding]) -> list[str]:
        """A sentence for each claim that is said to fail and does otherwise."""
        return [
            f"{found.id} is said in {self.file} to {TO_BE[self.expect[found.id]]}, and it "
            f"{IT_IS[found.status]}"
            if self.expect[found.id] != ANY_FAILURE
            else f"{found.id} is said in {self.file} to fail, and it holds"
            for found in findings
            if found.id in self.expect and not self.is_expected(found)
        ]

    def unknown(self, findings: Sequence[Finding]) -> list[str]:
        """A sentence for each claim that is said to fail where there is none of that id."""
        ids = {finding.id for finding in findings}
        return [
            f"{self.file} expects {name} to fail, and no claim is called that{_hint(name, ids)}"
            for name in self.expect
            if name not in ids
        ]


def project_settings(directory: Path | None = None) -> Settings:
    """The settings that hold in a directory, the current one by default.

    :raises SettingsError: for a file that cannot be read, a key or a value that is wrong.
    """
    start = directory or Path(os.path.abspath("."))
    for folder in (start, *start.parents):
        file = folder / FILE
        if os.path.isfile(file):
            return _read(file, start)
    return Settings()


def _read(file: Path, start: Path) -> Settings:
    import tomllib  # where there is such a file alone: every command starts here

    shown = os.path.relpath(file, start)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as problem:
        cause = (problem.strerror or str(problem)).lower()
        raise SettingsError(f"{shown} cannot be read: {cause}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{shown} is not TOML: {problem}") from None
    tool = content.get("tool", {})
    table = tool.get("derive", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"{shown}: tool.derive is a table, as [tool.derive]")
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READ:
            raise SettingsError(
                f"{shown}: [tool.derive] has no setting {key!r}{_hint(key, _READ)}; "
                f"there are {', '.join(_READ)}"
            )
        read, wanted = _READ[key]
        try:
            found[key] = read(value)
        except ValueError as problem:
            said = f": {problem}" if str(problem) else ""
            raise SettingsError(f"{shown}: {key} in [tool.derive] is {wanted}{said}") from None
    if "targets" in found:
        found["targets"] = tuple(_from(file.parent, start, text) for text in found["targets"])
    return Settings(file=shown, **found)


def _hint(name: str, known: Any) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _from(folder: Path, start: Path, target: str) -> str:
    """A path of the project as it is written in the current directory; anything else as it is."""
    path, separator, name = target.partition("::")
    if folder == start or not path or not os.path.exists(folder / path):
        return target
    return os.path.relpath(folder / path, start) + separator + name


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError
    if not (value > 0 and math.isfinite(value)):
        raise ValueError
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError
    return tuple(value)


def _failures(value: Any) -> dict[str, str]:
    if isinstance(value, list):
        return dict.fromkeys(_texts(value), ANY_FAILURE)
    if not isinstance(value, dict):
        raise ValueError
    for name, status in value.items():
        if isinstance(status, dict):
            raise ValueError(f'an id with a dot stands in quotes, as "{name}.{next(iter(status))}"')
        if status not in (*FAILURES, ANY_FAILURE):
            raise ValueError(f"{name} is {status!r}")
    return dict(value)


_READ: dict[str, tuple[Callable[[Any], Any], str]] = {
    "targets": (_texts, "a list of targets, as on the command line"),
    "effort": (_positive, "a positive number"),
    "timeout": (_positive, "a positive number of seconds"),
    "jobs": (_count, "a whole number of at least 1"),
    "expect": (
        _failures,
        "a list of ids, or a table from ids to disagrees, ill-shaped, undecided or fails",
    ),
}
