"""What a command ends with: its exit code, and at most one sentence on standard error.

0: everything holds; 1: something disagrees, is ill-shaped or undecided; 2: usage, an unreadable
file, an internal error.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from derive.claims.verdict import Verdict

OK, FAILS, USAGE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 130, 141


def complain(message: str) -> None:
    click.echo(f"derive: {' '.join(message.split())}", err=True)


def exit_code(verdicts: Sequence[Verdict]) -> int:
    return OK if all(verdict.status == "holds" for verdict in verdicts) else FAILS


class Commands(click.Group):
    """Turns whatever ends a command into an exit code and at most one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order in which one meets them

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            if getattr(problem, "possibilities", None):
                raise
            said = f"{problem.format_message()} `derive --help` lists the commands"
            raise click.UsageError(said, ctx) from None

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        kwargs["standalone_mode"] = False
        # A short-lived process that builds many small objects: fewer looks for cycles among them.
        gc.set_threshold(5_000_000, 20, 20)
        _open_closed_streams()
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.NoArgsIsHelpError:
            complain("no command is given; `derive --help` lists them")
            code = USAGE
        except click.ClickException as problem:
            complain(problem.format_message())
            for line in getattr(problem, "pointer", ()):
                click.echo(line, err=True)
            code = USAGE
        except click.Abort:
            complain("interrupted")
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
            complain("interrupted")
            return INTERRUPTED
        except Exception as problem:
            return _failed(problem)


def in_a_process(command: Callable[[], Any]) -> None:
    """Run a command as the whole of a process, which ends as soon as everything is written.

    Python would take all modules apart before, which of SymPy lasts half as long as its import.
    """
    # NumPy's matrices are small here: its BLAS need not start a thread for each processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code: list[Any] = []
    atexit.register(_end, code)  # the first that is registered is the last that is called
    try:
        command()
    except SystemExit as ended:
        code.append(ended.code)
        raise


def _end(code: Sequence[Any]) -> None:
    """End the process; what cannot be written, or is no number, Python tells by itself."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
    if code and isinstance(code[0], int):
        os._exit(code[0])


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
    complain(f"internal error: {_located(problem)}")
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
