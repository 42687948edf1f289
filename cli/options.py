"""The options and arguments that several commands take."""

from __future__ import annotations

import math
from typing import Any

import click

from derive.cli.outputs import FORMATS

DEFAULT_TIMEOUT = 60.0


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"derive {version('derive-formulas')}")
    except PackageNotFoundError:
        click.echo("derive (not installed)")
    ctx.exit()


def seconds(_: click.Context, __: click.Parameter, value: float) -> float:
    """A number of seconds that was typed.

    :raises click.BadParameter: for one that is not positive and finite.
    """
    if not (value > 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value} is not a positive number of seconds.")
    return value


def _positive(_: click.Context, __: click.Parameter, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value} is not a positive number.")
    return value


form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A report for people, or JSON on standard output.",
)
report_form = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="A report for people, or one that programs, editors or CI servers read.",
)
output = click.option(
    "--output",
    "-o",
    "wanted",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write the report into FILE; with FORMAT=, another one besides. Repeatable.",
)
cache_option = click.option(
    "--cache-dir", metavar="DIR", help="Where verdicts are kept, instead of the user's cache."
)
no_cache = click.option(
    "--no-cache", is_flag=True, help="Decide every claim, whatever was decided before."
)
timeout_option = click.option(
    "--timeout",
    type=float,
    default=DEFAULT_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    callback=seconds,
    help="How long to try each claim before it is called undecided.",
)
effort_option = click.option(
    "--effort",
    type=float,
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    callback=_positive,
    help="How much work to do for each claim, as a multiple of the usual.",
)
ID = (
    "ID is a claim (mlp.grad-W1) or a formula (mlp) of the catalogue, or of a file: my_claims.py, "
    "my_claims.py::name."
)
TARGETS = (
    "A TARGET is a claim (mlp.grad-W1), a formula (mlp), a section (1.3), a Python file of claims "
    "(my_claims.py, my_claims.py::name) or of code (my_layer.py, my_layer.py::affine_forward), or "
    "a directory of them; none means the whole catalogue. Such files are run as Python."
)


OF_VERIFY = TARGETS.replace(
    "none means the whole catalogue",
    "none means those of [tool.derive] in pyproject.toml, or else the whole catalogue",
)


def _listed(_: click.Context, __: click.Parameter, typed: str) -> list[Any]:
    """What the shell completes a name of the catalogue to, or a file."""
    from click.shell_completion import CompletionItem

    from derive.formulas import index

    names: dict[str, str] = {}
    for entry in index.listed():
        names.setdefault(entry.formula, "")
        names[entry.id] = entry.title
    found = [name for name in names if name.startswith(typed)]
    if not found:
        return [CompletionItem(typed, type="file")]
    return [CompletionItem(name, help=names[name] or None) for name in found]


targets_argument = click.argument(
    "targets", nargs=-1, metavar="[TARGET]...", shell_complete=_listed
)
id_argument = click.argument("id", shell_complete=_listed)
