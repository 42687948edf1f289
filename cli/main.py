"""The command ``derive``: parse, run, print, exit.

Exit codes: 0 everything holds; 1 something disagrees, is ill-shaped or undecided; 2 usage, an
unreadable file, an internal error, each said in one sentence on standard error.

SymPy and rich are imported by the commands that need them: ``--help`` must not wait for them.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import json
import math
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from derive.claims.entry import Entry
    from derive.claims.formula import Formula
    from derive.claims.verdict import Verdict
    from derive.cli.cache import Cache
    from derive.cli.outputs import Output
    from derive.cli.runner import Progress
    from derive.cli.screen import Screen
    from derive.cli.settings import Settings
    from derive.frontends.code.request import Request
    from derive.frontends.typed.expression import ExpressionError, Question

OK, FAILS, USAGE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 130, 141

DEFAULT_TIMEOUT = 60.0
CLAIMS_WORTH_A_PROCESS = 8


def _complain(message: str) -> None:
    click.echo(f"derive: {' '.join(message.split())}", err=True)


class _Commands(click.Group):
    """Turns whatever ends a command into an exit code and at most one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one meets them

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        kwargs["standalone_mode"] = False
        # A short-lived process that builds many small objects: fewer looks for cycles among them.
        gc.set_threshold(1_000_000, 20, 20)
        _open_closed_streams()
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.NoArgsIsHelpError:
            _complain("no command is given; `derive --help` lists them")
            code = USAGE
        except click.ClickException as problem:
            _complain(problem.format_message())
            for line in getattr(problem, "pointer", ()):
                click.echo(line, err=True)
            code = USAGE
        except click.Abort:
            _complain("interrupted")
            code = INTERRUPTED
        except Exception as problem:
            code = _failed(problem)
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> int:
        try:
            return super().invoke(ctx) or OK
        except (click.ClickException, click.exceptions.Exit):
            raise
        except KeyboardInterrupt:
            _complain("interrupted")
            return INTERRUPTED
        except Exception as problem:
            return _failed(problem)


def _open_closed_streams() -> None:
    """What is written to a stream that the caller has closed (``>&-``) goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.StringIO())


def _failed(problem: Exception) -> int:
    """The exit code for an exception that nobody has expected."""
    if isinstance(problem, OSError) and problem.errno == errno.EPIPE:
        _abandon_output()
        return CLOSED_PIPE
    _complain(f"internal error: {_located(problem)}")
    return USAGE


def _abandon_output() -> None:
    """Whoever read standard output has gone: let the last flush go nowhere, quietly."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _located(problem: Exception) -> str:
    frames = traceback.extract_tb(problem.__traceback__)
    where = (
        f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    )
    return f"{type(problem).__name__}: {problem}{where}"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"derive {version('derive-formulas')}")
    except PackageNotFoundError:
        click.echo("derive (not installed)")
    ctx.exit()


def _seconds(_: click.Context, __: click.Parameter, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value} is not a positive number of seconds.")
    return value


def _positive(_: click.Context, __: click.Parameter, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise click.BadParameter(f"{value} is not a positive number.")
    return value


_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A report for people, or JSON on standard output.",
)
_report_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html", "sarif", "junit", "github"]),
    default="text",
    show_default=True,
    help="A report for people, or one that programs, editors or CI servers read.",
)
_output = click.option(
    "--output",
    "-o",
    "wanted",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write the report into FILE; with FORMAT=, another one besides. Repeatable.",
)
_cache = click.option(
    "--cache-dir", metavar="DIR", help="Where verdicts are kept, instead of the user's cache."
)
_no_cache = click.option(
    "--no-cache", is_flag=True, help="Decide every claim, whatever was decided before."
)
_timeout = click.option(
    "--timeout",
    type=float,
    default=DEFAULT_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    callback=_seconds,
    help="How long to try each claim before it is called undecided.",
)
_effort = click.option(
    "--effort",
    type=float,
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    callback=_positive,
    help="How much work to do for each claim, as a multiple of the usual.",
)
_TARGETS = (
    "A TARGET is a claim (mlp.grad-W1), a formula (mlp), a section (1.3), a Python file of claims "
    "(my_claims.py, my_claims.py::name) or of code (my_layer.py, my_layer.py::affine_forward), or "
    "a directory of them; none means the whole catalogue. Such files are run as Python."
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


_targets = click.argument("targets", nargs=-1, metavar="[TARGET]...", shell_complete=_listed)
_id = click.argument("id", shell_complete=_listed)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"{_TARGETS} Exit code 0: everything holds; 1: something disagrees, is ill-shaped or "
    "undecided; 2: a usage error, an unreadable file or an internal error.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Tell whether documented derivations are right: shapes, gradients and identities."""


@main.command("list", short_help="Show the catalogue: id, section, kind, title.")
@_format
def list_command(form: str) -> int:
    """Show the catalogue: the id, section, kind and title of every claim."""
    from derive.cli.listing import list_lines, list_records
    from derive.formulas import index

    entries = index.listed()
    if form == "json":
        _print_json(list_records(entries))
        return OK
    screen = _screen()
    screen.print(list_lines(entries, screen.width if screen.is_terminal else None))
    return OK


@main.command(short_help="Say which derivations hold and which disagree.", epilog=_TARGETS)
@_targets
@_report_format
@_output
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Decide N claims at a time, each in its own process  [default: one per processor].",
)
@_timeout
@_effort
@_cache
@_no_cache
@click.option(
    "--declarations",
    metavar="FILE",
    help="Shapes and assumptions for a document that does not declare them (notes.derive.toml).",
)
@click.option("--strict", is_flag=True, help="Fail, too, for what of a document is not decided.")
@click.option("--annotate", metavar="FILE", help="Write a copy of the document with the verdicts.")
@click.option("--docstrings", is_flag=True, help="Read the formulas in docstrings of Python files.")
@click.option("--all", "everything", is_flag=True, help="List formulas that claim nothing, too.")
def verify(
    targets: tuple[str, ...],
    form: str,
    wanted: tuple[str, ...],
    jobs: int | None,
    timeout: float,
    effort: float,
    cache_dir: str | None,
    no_cache: bool,
    declarations: str | None,
    strict: bool,
    annotate: str | None,
    docstrings: bool,
    everything: bool,
) -> int:
    """Say which derivations hold and which disagree, with the reason and a witness.

    Of a file of code that is every gradient that a backward pass returns, where the shapes of its
    inputs are declared: # derive: x (N, D), w (D, M). Of a document (.md, .tex, .ipynb, .rst) it is
    every formula, where it stands.
    """
    from derive.cli.outputs import OutputError, outputs
    from derive.cli.settings import SettingsError, project_settings

    try:
        report = _Report(outputs(form, wanted))
        project = project_settings()
    except (OutputError, SettingsError) as problem:
        raise click.UsageError(str(problem)) from None
    everywhere = not targets
    targets = targets or project.targets
    timeout, effort = (project.or_typed(*o) for o in (("timeout", timeout), ("effort", effort)))
    jobs = project.or_typed("jobs", jobs)
    documents = [target for target in targets if docstrings or _is_document(target)]
    if documents:
        if len(documents) < len(targets):
            raise click.UsageError("documents and other targets are verified one after the other")
        return _verify_documents(
            documents,
            report,
            timeout,
            effort,
            declarations,
            strict,
            annotate,
            docstrings,
            everything,
        )
    for option, value in (("--declarations", declarations), ("--annotate", annotate)):
        if value is not None:
            raise click.UsageError(f"{option} is for documents: .md, .tex, .ipynb, .rst")
    entries, requests, problems = _asked(targets)
    cache = None if no_cache else _kept_verdicts(cache_dir, timeout, effort)
    asked = _Asked(
        entries, requests, jobs, timeout, effort, cache, report.steps, project, everywhere
    )
    code = _verify(asked, report) if entries or requests else OK
    for problem in problems:
        _complain(problem)
    return USAGE if problems else code


@main.command("check", short_help="Decide one formula in LaTeX, as it is pasted.")
@click.argument("formula")
@click.option("--where", multiple=True, metavar="FORMULA", help="A definition: 'Y = XW'.")
@click.option(
    "--shape",
    "declared",
    multiple=True,
    metavar="DECLARATION",
    help="What a directive says: 'X: n×d', 'λ > 0', 'vectors = column', 'L = any scalar of Y'.",
)
@_format
@_timeout
@_effort
def check_command(
    formula: str,
    where: tuple[str, ...],
    declared: tuple[str, ...],
    form: str,
    timeout: float,
    effort: float,
) -> int:
    """Decide one FORMULA in LaTeX: its text, or - for standard input.

    The exit code is 0 where it holds.
    """
    from derive.base.errors import DeriveError
    from derive.cli import checking

    try:
        checked = checking.check_pasted(
            checking.read_formula(formula), where, declared, _decide_one(timeout, effort)
        )
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        _print_json(_deeply(checking.document_record, [checked]))
    else:
        screen = _screen()
        screen.print(_deeply(checking.checked_lines, checked, screen.width))
    return OK if checking.holds(checked) else FAILS


@main.command(
    short_help="Show every expression with its shape, and every mismatch.", epilog=_TARGETS
)
@_targets
@_format
def shapes(targets: tuple[str, ...], form: str) -> int:
    """Show every expression and subexpression with its shape, and every mismatch.

    Of a file of code that is every assignment of the functions whose inputs are declared.
    """
    from derive.cli.shapes import shape_rows
    from derive.engine import shape_of

    if any(_may_be_code(target) for target in targets):
        from derive.cli.code_report import has_code

        if has_code(targets):
            return _code_shapes(targets, form)
    entries = _resolve(targets)
    rows = _deeply(lambda: list(shape_rows(entries, shape_of)))
    if form == "json":
        from derive.cli.records import shape_records

        layers = [record for formula in _networks(entries) for record in _layers_of(formula)]
        _print_json(layers + _deeply(shape_records, rows))
    else:
        _print_shapes(rows)
    return FAILS if any(row.error is not None for row in rows) else OK


@main.command(short_help="Show a formula or claim in full, with both of its sides.")
@_id
@_timeout
@_effort
def show(id: str, timeout: float, effort: float) -> int:
    """Show a formula or claim: its dimensions and symbols, what is documented and derived."""
    from derive.cli.render import show_lines
    from derive.cli.runner import decide_safely

    entries = _resolve([id])
    screen = _screen()
    verdicts = []
    shown: Formula | None = None
    for entry in entries:
        if entry.formula is not None and entry.formula is not shown:
            screen.print(_formula_head(entry.formula, screen))
            shown = entry.formula
        verdicts.append(decide_safely(entry.claim, _decide(timeout, effort)))
        screen.print([_blank(), *_deeply(show_lines, entry, verdicts[-1], screen.width)])
    return _exit_code(verdicts)


@main.command(short_help="Show a derivation step by step, or a witness worked out.")
@_id
@click.option("--numpy", is_flag=True, help="Print only the NumPy script that replays the witness.")
@click.option("--replay", "check", is_flag=True, help="Evaluate each step on its own, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "latex"]),
    default="text",
    show_default=True,
    help="Every step, or the main lines of a proof as an align* of LaTeX.",
)
@_timeout
@_effort
def explain(id: str, numpy: bool, check: bool, form: str, timeout: float, effort: float) -> int:
    """Show the derivation step by step, or the witness worked out and replayed in NumPy.

    With --format latex it is the chain rule from the result back, each line proved.
    """
    if form == "latex":
        return _explain_latex(id, timeout, effort)
    from derive.backends.snippet import replay
    from derive.cli.render import explain_lines, replay_lines
    from derive.cli.runner import decide_safely

    entries = _resolve([id])
    screen = _screen()
    verdicts = []
    for position, entry in enumerate(entries):
        verdict = decide_safely(entry.claim, _decide(timeout, effort))
        verdicts.append(verdict)
        script = _deeply(replay, verdict) if verdict.witness is not None else None
        if numpy:
            if script is None:
                raise click.ClickException(f"{entry.id} has no witness to replay: {verdict.status}")
            screen.print_script(script)
            continue
        if position:
            screen.print([_blank()])
        screen.print(_deeply(explain_lines, entry, verdict, screen.width))
        if check and verdict.status not in ("ill-shaped", "undecided"):
            screen.print(_deeply(replay_lines, verdict.replay(), screen.width))
        if script is not None:
            screen.print([_blank()])
            screen.print_script(script)
    return _exit_code(verdicts)


def _explain_latex(id: str, timeout: float, effort: float) -> int:
    """Print what holds of a claim or a formula as LaTeX."""
    from derive.backends.chain import ChainError, chain
    from derive.engine import derived

    decide = _decide(timeout, effort)
    for entry in _resolve([id]):
        try:
            click.echo(_deeply(chain, entry.claim, decide, derived), nl=False)
        except ChainError as problem:
            raise click.ClickException(str(problem)) from None
    return OK


@main.command(short_help="Write a formula and its proved gradient as code, with its test.")
@_id
@click.option(
    "--to",
    "target",
    type=click.Choice(["numpy", "torch", "jax", "latex"]),
    default="numpy",
    show_default=True,
    help="What to write it in.",
)
@_timeout
@_effort
def export(id: str, target: str, timeout: float, effort: float) -> int:
    """Write a formula and its proved gradient as code with its test, or as LaTeX.

    Of a claim that is wrong it is the derived gradient, proved as any other. The NumPy code has
    passed its test before it is shown.
    """
    from derive.backends.export import ExportError
    from derive.backends.export import export as exported

    entries = _resolve([id])
    if len(entries) > 1:
        raise click.ClickException(f"{id} makes {len(entries)} claims; export takes one of them")
    try:
        text = _deeply(exported, entries[0], _decide(timeout, effort), target)
    except ExportError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(text, nl=False)
    return OK


@main.command(short_help="Draw a formula: the graph of its definitions, as SVG.")
@_id
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "text"]),
    default="svg",
    show_default=True,
    help="A picture, or the same in sentences.",
)
@click.option("--gradient", "way_back", is_flag=True, help="Mark the gradient's way back.")
@click.option("--output", "-o", metavar="FILE", help="Write it into FILE.")
def draw(id: str, form: str, way_back: bool, output: str | None) -> int:
    """Draw the definitions of a formula from its inputs to its result, each edge with its shape.

    Of a formula with several claims it is the one that defines most.
    """
    from derive.backends.draw import drawn

    text = _deeply(drawn, _resolve([id]), form, way_back)
    if output is None:
        click.echo(text, nl=False)
        return OK
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise click.ClickException(f"{output} cannot be written: {problem.strerror}") from None
    return OK


class _TakesFormula(click.Command):
    """A command whose argument may start with a minus: ``-log(x)`` is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = re.compile(r"-h|--|--[a-z].*", re.DOTALL)
        shielded = (
            f" {arg}" if arg.startswith("-") and not options.fullmatch(arg) else arg for arg in args
        )
        return super().parse_args(ctx, list(shielded))


class _Misread(click.ClickException):
    """A formula that cannot be read, with the place in it marked."""

    def __init__(self, problem: ExpressionError) -> None:
        from derive.cli.render import pointer_lines

        super().__init__(str(problem))
        self.pointer = pointer_lines(problem.text, problem.start, problem.end)


@main.command(cls=_TakesFormula, short_help="Derive a gradient, or check one, at the prompt.")
@click.argument("expression", metavar="EXPR")
@click.option("--wrt", required=True, metavar="NAME", help="What the gradient is taken in.")
@click.option(
    "--dim",
    "dims",
    multiple=True,
    metavar="NAME=N,M",
    help="NAME is a matrix with N rows and M columns, names or integers; NAME=N is a column. "
    "Repeatable; a name without sizes is a real scalar.",
)
@click.option("--equals", metavar="EXPR", help="The gradient that is claimed, to be verified.")
@click.option(
    "--given",
    multiple=True,
    metavar="FACT",
    help="What is assumed: symmetric(A), positive(t), 'sum(y) == 1', … Repeatable.",
)
@click.option(
    "--to",
    type=click.Choice(["math", "numpy", "torch", "jax"]),
    default="math",
    show_default=True,
    help="Of a function in a file: its derivative, or a backward in the file's library.",
)
@_format
@_timeout
@_effort
def gradient(
    expression: str,
    wrt: str,
    dims: tuple[str, ...],
    equals: str | None,
    given: tuple[str, ...],
    to: str,
    form: str,
    timeout: float,
    effort: float,
) -> int:
    """Derive the gradient of the scalar EXPR, or with --equals decide whether it is the one given.

    EXPR may be a function in a file of code, my_layer.py::affine_forward, whose inputs are
    declared there; --to numpy then prints a backward that is proved to be right.

    EXPR is made of numbers, names, + - * / **, A.T, X[0, 1] and functions: exp log sqrt sin cos
    tan atan sinh cosh tanh erf erfc erfinv gamma loggamma digamma abs sign sigmoid softplus relu
    gelu silu max min where(a < b, then, otherwise) entry by entry;
    softmax logsumexp row by row; sum mean norm (Frobenius) trace det logdet inv
    cholesky sqrtm expm hadamard diag outer dot; ones(n, m) zeros(n, m) eye(n). Both * and @ are
    the product, of matrices too.
    """
    from derive.base.errors import BudgetExceeded, Stopped
    from derive.base.worker import run_deep
    from derive.claims.verdict import ILL_SHAPED, Verdict
    from derive.cli.runner import decide_safely
    from derive.frontends.typed.expression import (
        Asked,
        ExpressionError,
        MisfitError,
        read,
        unread_claim,
    )

    if _is_function(expression) and equals is None:
        return _derive_code(expression, wrt, to, form)
    asked = Asked(expression, wrt, dims, equals, given)
    try:
        question = run_deep(partial(read, asked), timeout)
    except MisfitError as problem:
        if equals is None:
            raise _Misread(problem) from None
        # What does not fit together is what `verify` calls ill-shaped, and no usage error.
        return _answer(Verdict(unread_claim(asked), ILL_SHAPED, reason=str(problem)), form)
    except ExpressionError as problem:
        raise _Misread(problem) from None
    except (BudgetExceeded, Stopped) as problem:
        raise click.ClickException(f"the expression cannot be read: {problem}") from None
    if equals is None:
        return _derive(question, form, timeout, effort)
    return _answer(decide_safely(question.claim(asked), _decide(timeout, effort)), form)


def _code_shapes(targets: tuple[str, ...], form: str) -> int:
    """Print every assignment of functions of the user's with its shape."""
    from derive.cli.code_report import shape_lines, shape_rows
    from derive.frontends.files import TargetError

    try:
        rows, problems = _deeply(shape_rows, targets)
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        _print_json(rows)
    else:
        _screen().print(shape_lines(rows))
    for problem in problems:
        _complain(problem)
    return FAILS if problems else OK


def _derive_code(target: str, wrt: str, to: str, form: str) -> int:
    """Print the derivative of a function in a file, or code that is proved to compute it."""
    from derive.cli.code_report import gradient_text
    from derive.frontends.files import TargetError

    try:
        found, code = _deeply(gradient_text, target, wrt, to)
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    if found is None:
        if form == "json":
            _print_json({"of": target, "wrt": wrt, "code": code})
        else:
            _screen().print_script(code)
        return OK
    shape, answer = found
    if form == "json":
        from derive.cli.records import gradient_record

        _print_json(_deeply(gradient_record, target, wrt, shape, answer))
        return OK
    from derive.cli.render import gradient_lines

    screen = _screen()
    screen.print(_deeply(gradient_lines, shape, answer, screen.width))
    return OK


def _derive(question: Question, form: str, timeout: float, effort: float) -> int:
    """Print the gradient that nothing is claimed of."""
    from derive.base.errors import DeriveError
    from derive.engine import shape_of
    from derive.frontends.typed.expression import derived

    try:
        answer = derived(question, timeout, effort)
        shape = shape_of(question.wrt)
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        from derive.cli.records import gradient_record

        _print_json(_deeply(gradient_record, question.of, question.wrt, shape, answer))
        return OK
    from derive.cli.render import gradient_lines

    screen = _screen()
    screen.print(_deeply(gradient_lines, shape, answer, screen.width))
    return OK


def _answer(verdict: Verdict, form: str) -> int:
    """Print the verdict on a claim that was made at the prompt."""
    from derive.claims.entry import Entry
    from derive.cli.records import verify_record
    from derive.cli.render import verdict_lines

    entry = Entry(verdict.claim)
    if form == "json":
        _print_json(_deeply(verify_record, [(entry, verdict)]))
    else:
        screen = _screen()
        screen.print(_deeply(verdict_lines, entry, verdict, screen.width))
    return _exit_code([verdict])


# ----------------------------------------------------------------------------------- documents


def _is_document(target: str) -> bool:
    return target.lower().endswith((".md", ".markdown", ".tex", ".ipynb", ".rst"))


def _verify_documents(
    paths: Sequence[str],
    report: _Report,
    timeout: float,
    effort: float,
    declarations: str | None,
    strict: bool,
    annotate: str | None,
    docstrings: bool,
    everything: bool,
) -> int:
    """Decide the formulas of documents, and print them at their lines."""
    from derive.base.errors import DeriveError
    from derive.cli.documents import annotated, document_lines, document_record, fails
    from derive.cli.runner import Progress
    from derive.frontends.document.check import check

    if annotate is not None and len(paths) != 1:
        raise click.UsageError("--annotate takes one document")
    decide = _decide_one(timeout, effort, report.steps)
    results = []
    for path in paths:
        progress = Progress(sys.stderr)
        seen = partial(_show_line, progress, path)
        try:
            checked = check(path, decide, declarations, docstrings, seen)
        except DeriveError as problem:
            raise click.ClickException(str(problem)) from None
        finally:
            progress.clear()
        results.append(checked)
        if annotate is not None:
            _write_copy(annotate, path, annotated(checked))
        if report.is_text:
            screen = _screen()
            screen.print(_deeply(document_lines, checked, screen.width, everything))
        if checked.interrupted:
            break
    report.finish(lambda typesetting: document_record(results, typesetting))
    if results[-1].interrupted:
        _complain("interrupted")
        return INTERRUPTED
    return FAILS if any(fails(checked, strict) for checked in results) else OK


def _show_line(progress: Progress, path: str, done: int, total: int, line: int) -> None:
    progress.total = total
    progress.show(done, f"{path}:{line}")


def _write_copy(copy: str, path: str, text: str) -> None:
    if os.path.exists(copy) and os.path.samefile(copy, path):
        raise click.UsageError("--annotate writes a copy, and never the document itself")
    try:
        with open(copy, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        raise click.ClickException(f"{copy} cannot be written: {problem.strerror}") from None


# ---------------------------------------------------------------------------------- the report


class _Report:
    """The outputs of one run."""

    def __init__(self, outputs: list[Output]) -> None:
        self.outputs = outputs

    @property
    def is_text(self) -> bool:
        """Whether people read standard output, where each verdict appears as it is found."""
        return self.outputs[0].form == "text"

    @property
    def steps(self) -> int:
        """How many steps of each proof an output shows."""
        from derive.cli.outputs import needs_typesetting

        if not needs_typesetting(self.outputs):
            return 0
        from derive.claims.typesetting import MOST_STEPS

        return MOST_STEPS

    def finish(self, made: Callable[[bool], Mapping[str, Any]]) -> None:
        """Write every output.

        :param made: the report's data, with its mathematics in LaTeX or without.
        """
        from derive.cli.outputs import OutputError, needs_typesetting, rendered, write

        written = [output for output in self.outputs if output.form != "text"]
        if not written:
            return
        data = _deeply(made, needs_typesetting(written))
        try:
            for output in written:
                if output.path is not None:
                    write(output, data)
                elif output.form == "json":
                    _print_json(data)
                else:
                    click.echo(rendered(output.form, data), nl=False)
        except OutputError as problem:
            raise click.ClickException(str(problem)) from None


@dataclass(frozen=True)
class _Asked:
    """What is to be decided, and how."""

    entries: list[Entry]
    requests: list[Request]
    jobs: int | None
    timeout: float
    effort: float
    cache: Cache | None
    steps: int
    project: Settings
    everywhere: bool  # all that the project has, and not what was typed

    @property
    def total(self) -> int:
        return len(self.entries) + sum(len(request.wrt) for request in self.requests)


def _kept_verdicts(directory: str | None, timeout: float, effort: float) -> Cache | None:
    from pathlib import Path

    from derive.cli.cache import Cache, default_directory, is_off

    if directory is None and is_off():
        return None
    return Cache(Path(directory) if directory else default_directory(), timeout, effort)


def _verify(asked: _Asked, report: _Report) -> int:
    from derive.cli.records import verify_record

    results: list[tuple[Entry, Verdict]] = []
    try:
        with contextlib.closing(_all_results(asked)) as stream:
            if report.is_text:
                _print_results(stream, results, asked)
            else:
                results.extend(stream)
    finally:  # what was decided before Ctrl-C is not lost
        expected = asked.project.is_expected
        report.finish(lambda typesetting: verify_record(results, typesetting, expected))
    unknown = asked.project.unknown(results) if asked.everywhere else []
    surprises = asked.project.surprises(results)
    for message in (*unknown, *surprises):
        _complain(message)
    if unknown:
        return USAGE
    if surprises:
        return FAILS
    return _exit_code([verdict for entry, verdict in results if not expected(entry, verdict)])


def _print_results(
    stream: Generator[tuple[Entry, Verdict]],
    results: list[tuple[Entry, Verdict]],
    asked: _Asked,
) -> None:
    """Print each section as soon as it is decided, and the counts at the end."""
    from derive.cli.render import expected_lines, heading_key, summary_lines

    screen = _screen()
    started = time.perf_counter()
    waiting: list[tuple[Entry, Verdict]] = []
    sections = _section_ends(asked.entries)
    try:
        for entry, verdict in stream:
            if waiting and heading_key(waiting[0][0]) != heading_key(entry):
                _print_section(screen, waiting)
                waiting = []
            results.append((entry, verdict))
            waiting.append((entry, verdict))
            if len(results) in sections:
                _print_section(screen, waiting)
                waiting = []
    finally:
        _print_section(screen, waiting)
        elapsed = time.perf_counter() - started
        verdicts = [verdict for _, verdict in results]
        screen.print(summary_lines(verdicts, max(asked.total, len(verdicts)), elapsed))
        expected = [entry.id for entry, v in results if asked.project.is_expected(entry, v)]
        if expected:
            screen.print(expected_lines(expected, asked.project.file))


def _all_results(asked: _Asked) -> Generator[tuple[Entry, Verdict]]:
    """Each claim with its verdict, then those of the code."""
    if asked.entries:
        with contextlib.closing(_results(asked)) as stream:
            yield from stream
    if asked.requests:
        jobs, timeout = asked.jobs, asked.timeout
        with contextlib.closing(_code_results(asked.requests, jobs, timeout)) as stream:
            yield from stream


def _code_results(
    requests: list[Request], jobs: int | None, timeout: float
) -> Generator[tuple[Entry, Verdict]]:
    from derive.cli.code_runner import results
    from derive.cli.runner import Progress
    from derive.frontends.code.answers import answers

    answer = partial(answers, timeout=timeout)
    jobs = min(jobs or os.cpu_count() or 1, len(requests))
    progress = Progress(sys.stderr, len(requests))
    with contextlib.closing(results(requests, answer, jobs, timeout)) as stream:
        try:
            progress.show(0, requests[0].pair.name)
            for done, found in enumerate(stream, start=1):
                progress.clear()
                yield from found
                if done < len(requests):
                    progress.show(done, requests[done].pair.name)
        finally:
            progress.clear()


def _results(asked: _Asked) -> Generator[tuple[Entry, Verdict]]:
    """Each entry with its verdict, in order, behind a progress line."""
    from derive.cli.runner import Progress, verdicts

    entries, cache, jobs = asked.entries, asked.cache, asked.jobs
    # A proof that is to be shown is written while it is found, and no cache keeps it.
    known = {} if cache is None or asked.steps else cache.known(entry.claim for entry in entries)
    claims = [entry.claim for number, entry in enumerate(entries) if number not in known]
    if jobs is None:
        # A process of its own pays off for a number of claims only.
        jobs = min(os.cpu_count() or 1, 1 + len(claims) // CLAIMS_WORTH_A_PROCESS)
    progress = Progress(sys.stderr, len(entries))
    decide = _decide(asked.timeout, asked.effort)
    found = verdicts(claims, decide, jobs, asked.timeout, asked.steps) if claims else _nothing()
    with contextlib.closing(found) as stream:
        try:
            for done, entry in enumerate(entries):
                if done in known:
                    yield entry, known[done]
                    continue
                progress.show(done, entry.id)
                verdict = next(stream)
                progress.clear()
                if cache is not None:
                    cache.put(entry.claim, verdict)
                yield entry, verdict
        finally:
            progress.clear()


def _nothing() -> Generator[Verdict]:
    yield from ()


def _section_ends(entries: Sequence[Entry]) -> set[int]:
    """After how many claims a section, and so its part of the report, is complete."""
    from derive.cli.render import heading_key

    keys = [heading_key(entry) for entry in entries]
    return {
        done
        for done in range(1, len(keys) + 1)
        if done == len(keys) or keys[done] != keys[done - 1]
    }


def _print_section(screen: Screen, results: Sequence[tuple[Entry, Verdict]]) -> None:
    from derive.cli.render import heading, verdict_lines

    if not results:
        return
    screen.print(heading([entry for entry, _ in results], screen.width))
    id_width = max(len(entry.id) for entry, _ in results)
    for entry, verdict in results:
        screen.print(_deeply(verdict_lines, entry, verdict, screen.width, id_width))
    screen.print([_blank()])


def _print_shapes(rows: Sequence[Any]) -> None:
    from itertools import groupby

    from derive.cli.layers import layer_lines
    from derive.cli.render import heading, heading_key, shapes_lines

    screen = _screen()
    for _, group in groupby(rows, key=lambda row: heading_key(row.entry)):
        section = list(group)
        entries = [row.entry for row in section]
        screen.print(heading(entries, screen.width))
        for formula in _networks(entries):
            assert formula.network is not None
            screen.print([*layer_lines(formula.network, screen.width), _blank()])
        screen.print(_deeply(shapes_lines, section, screen.width))
        screen.print([_blank()])


def _networks(entries: Sequence[Entry]) -> list[Formula]:
    """The formulas that are networks, each once."""
    formulas = {entry.formula.id: entry.formula for entry in entries if entry.formula}
    return [formula for formula in formulas.values() if formula.network is not None]


def _layers_of(formula: Formula) -> list[dict[str, Any]]:
    from derive.cli.layers import layer_records

    assert formula.network is not None
    return layer_records(formula.id, formula.network)


def _formula_head(formula: Formula, screen: Screen) -> list[Any]:
    from derive.cli.render import formula_lines
    from derive.engine import shape_of
    from derive.language.printing import shape_text

    symbol_shapes = {}
    for symbol in formula.symbols:
        with contextlib.suppress(Exception):  # a symbol without a shape is shown without one
            symbol_shapes[symbol] = shape_text(shape_of(symbol))
    return formula_lines(formula, screen.width, symbol_shapes)


# ------------------------------------------------------------------------ what commands rest on


def _catalogue(targets: Sequence[str]) -> Mapping[str, Formula]:
    """The formulas that the targets name: building all of them takes a while."""
    from derive import formulas
    from derive.cli.targets import needed_modules
    from derive.formulas import index

    return formulas.catalogue(needed_modules(targets, index.listed()) or formulas.MODULES)


def _resolve(targets: Sequence[str]) -> list[Entry]:
    from derive.cli.targets import resolve
    from derive.frontends.files import TargetError

    try:
        entries = resolve(targets, lambda: _catalogue(targets))
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    if not entries:
        raise click.ClickException("the catalogue is empty")
    return entries


def _asked(targets: Sequence[str]) -> tuple[list[Entry], list[Request], list[str]]:
    """The claims and the pairs of code that the targets name, and what cannot be read of them."""
    if not any(_may_be_code(target) for target in targets):
        return _resolve(targets), [], []
    from derive.cli.sources import split
    from derive.frontends.files import TargetError

    try:
        found = split(targets)
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    entries = _resolve(found.claims) if found.claims else []
    return [*entries, *found.entries], found.requests, found.problems


def _is_function(text: str) -> bool:
    """Whether what is to be derived is ``path/to/file.py::name``."""
    file, mark, name = text.partition("::")
    return bool(mark) and file.endswith(".py") and name.isidentifier()


def _may_be_code(target: str) -> bool:
    file = target.partition("::")[0]
    return file.endswith(".py") or os.path.isdir(file)


def _decide(timeout: float, effort: float) -> Any:
    from derive import engine

    return partial(engine.verify, timeout=timeout, effort=effort)


def _decide_one(timeout: float, effort: float, steps: int = 0) -> Callable[[Any], Verdict]:
    """Decides one claim after the other, each in a process that is ended where it takes too long;
    never raises.
    """
    from derive.cli.runner import verdicts

    decide = _decide(timeout, effort)
    return lambda claim: next(verdicts([claim], decide, 1, timeout, steps))


def _deeply(function: Callable[..., Any], *arguments: Any) -> Any:
    """Printing recurses into expressions as deciding does, and needs as deep a stack."""
    from derive.base.worker import run_deep

    return run_deep(partial(function, *arguments))


def _exit_code(verdicts: Sequence[Verdict]) -> int:
    return OK if all(verdict.status == "holds" for verdict in verdicts) else FAILS


def _screen() -> Screen:
    from derive.cli.screen import Screen

    return Screen()


def _blank() -> Any:
    from rich.text import Text

    return Text("")


def _print_json(record: Any) -> None:
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(record, indent=2, ensure_ascii=encoding != "utf8")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
