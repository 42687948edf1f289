"""Where a report goes: one format on standard output, and files in any formats besides."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from derive.cli.printing import print_json

if TYPE_CHECKING:
    from derive.report import Report

FORMATS = ("text", "json", "html", "sarif", "junit", "github")


class OutputError(Exception):
    """An output that cannot be made; the message is one sentence."""


class Output(NamedTuple):
    """A format and the file that it goes to; None is standard output."""

    form: str
    path: str | None = None


def outputs(form: str, wanted: Sequence[str]) -> list[Output]:
    """What ``--format`` and every ``--output`` ask for.

    ``FORMAT=FILE`` writes that format besides; a FILE alone is where ``--format`` goes.

    :raises OutputError: for a format that is not known, and where two go to one place.
    """
    main = Output(form)
    besides: list[Output] = []
    for text in wanted:
        name, separator, path = text.partition("=")
        if separator and name in FORMATS:
            if name == "text":
                raise OutputError("text goes to standard output; redirect it to keep it in a file")
            besides.append(Output(name, path))
        elif separator and name.isidentifier():
            known = ", ".join(FORMATS[1:])
            raise OutputError(f"{name!r} is no format; the formats are {known}")
        elif text in FORMATS[1:]:
            raise OutputError(f"--output {text} needs a file: --output {text}=FILE")
        elif form == "text":
            raise OutputError(f"--output {text} needs a format: --output html={text}")
        elif main.path is not None:
            raise OutputError(f"{main.path} and {text} are both to hold the {form} report")
        else:
            main = Output(form, text)
    found = [main, *besides]
    paths = [output.path for output in found if output.path is not None]
    for path in paths:
        if paths.count(path) > 1:
            raise OutputError(f"two reports are to go to {path}")
        if not path:
            raise OutputError("--output has no file after its =")
    return found


def needs_typesetting(wanted: Sequence[Output]) -> bool:
    """Whether a format among them shows mathematics."""
    return any(output.form == "html" for output in wanted)


def without_pictures(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report as programs read it, whatever other outputs show besides."""
    claims = [
        {name: value for name, value in claim.items() if name != "drawing"}
        for claim in report["claims"]
    ]
    return {**report, "claims": claims}


def rendered(form: str, report: Mapping[str, Any]) -> str:
    """A report as text in a format.

    :raises OutputError: where a library of the extra ``html`` is missing.
    """
    if form == "json":
        return json.dumps(without_pictures(report), indent=2, ensure_ascii=False) + "\n"
    back_end = importlib.import_module(f"derive.backends.{form}")
    try:
        text: str = back_end.render(report)
    except ModuleNotFoundError as problem:
        extra = f"pip install 'derive-formulas[{form}]'"
        raise OutputError(f"{problem.name} is not installed; {extra} brings it") from None
    return text


def write(output: Output, report: Mapping[str, Any]) -> None:
    """Write a report into its file.

    :raises OutputError: where that cannot be done.
    """
    assert output.path is not None
    text = rendered(output.form, report)
    try:
        Path(output.path).write_text(text, encoding="utf-8")
    except OSError as problem:
        cause = (problem.strerror or str(problem)).lower()
        raise OutputError(f"{output.path} cannot be written: {cause}") from None


class Outputs:
    """The outputs of one run, written together when all that it decides was found."""

    def __init__(self, outputs: list[Output]) -> None:
        self.outputs = outputs
        self._found: Report | None = None

    @property
    def is_text(self) -> bool:
        """Whether people read standard output, where each verdict appears as it is found."""
        return self.outputs[0].form == "text"

    @property
    def is_text_alone(self) -> bool:
        """Whether that is all that is asked for."""
        return self.is_text and len(self.outputs) == 1

    @property
    def steps(self) -> int:
        """How many steps of each proof an output shows."""
        if not needs_typesetting(self.outputs):
            return 0
        from derive.claims.typesetting import MOST_STEPS

        return MOST_STEPS

    def add(self, report: Report) -> None:
        """A part of what is found: of claims and code, or of documents."""
        self._found = report if self._found is None else self._found.joined(report)

    def finish(self) -> None:
        """Write every output but text, which was printed as it was found."""
        written = [output for output in self.outputs if output.form != "text"]
        if not written or self._found is None:
            return
        data = self._found.data()
        try:
            for output in written:
                if output.path is not None:
                    write(output, data)
                elif output.form == "json":
                    print_json(without_pictures(data))
                else:
                    click.echo(rendered(output.form, data), nl=False)
        except OutputError as problem:
            raise click.ClickException(str(problem)) from None
