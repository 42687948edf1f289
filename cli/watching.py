"""``derive verify --watch``: files are verified again when they are saved, each that changed alone.

Each run is a process of its own, so that a file that is saved again is read again, with all that
it imports.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from derive.cli.exits import OK

BEAT = 200  # milliseconds after which nothing has been saved
Changes = Iterable[set[tuple[object, str]]]


class NotWatched(Exception):
    """Targets that cannot be watched; the message is one sentence."""


def watch(
    targets: Sequence[str],
    options: Sequence[str],
    run: Callable[[Sequence[str]], None],
    changes: Callable[..., Changes] | None = None,
) -> None:
    """Verify the targets, and then, whenever one is saved, what was saved, until Ctrl-C.

    :param run: starts ``derive`` with these arguments and waits for its end.
    :param changes: yields what was saved, for given paths, and nothing as soon as it sees that;
        watchfiles by itself.
    :raises NotWatched: for a target that is no file and no directory, and without watchfiles.
    """
    for target in targets or (""):
        if not os.path.exists(target.partition("::")[0]):
            raise NotWatched(f"--watch is for files and directories: {target} is neither")
    if not targets:
        raise NotWatched("--watch needs a file or a directory as TARGET")
    changes = changes or _watchfiles()
    # Editors save by a new file in the place of the old one: what is watched are the folders.
    folders = {_folder(target.partition("::")[0]) for target in targets}
    stream = iter(changes(*sorted(folders)))
    next(stream, None)  # what is saved while the first run lasts is seen, too
    run(["verify", *targets, *options])
    for saved in stream:
        paths = {Path(path).resolve() for _, path in saved}
        again = [target for target in targets if _concerned(target, paths)]
        if again:
            run(["verify", *again, *options])


def _watchfiles() -> Callable[..., Changes]:
    try:
        import watchfiles
    except ModuleNotFoundError:
        raise NotWatched(
            "watchfiles is not installed; pip install 'derive-formulas[watch]' brings it"
        ) from None

    def changes(*folders: str) -> Changes:
        return watchfiles.watch(
            *folders,
            recursive=False,
            raise_interrupt=True,
            yield_on_timeout=True,
            rust_timeout=BEAT,
        )

    return changes


def _folder(file: str) -> str:
    return file if os.path.isdir(file) else os.path.dirname(os.path.abspath(file))


def _concerned(target: str, saved: set[Path]) -> bool:
    """Whether a target was saved, or a Python file in it, or one beside it that it may import."""
    file = target.partition("::")[0]
    own = Path(file).resolve()
    if own.is_dir():
        return any(path.parent == own and path.suffix == ".py" for path in saved)
    beside = own.suffix == ".py" and any(
        p.parent == own.parent and p.suffix == ".py" for p in saved
    )
    return own in saved or beside or own.with_suffix(".derive.toml") in saved


def as_typed(context: click.Context, leave_out: Sequence[str]) -> list[str]:
    """The options of a command as they were given to it, for another run of it."""
    found: list[str] = []
    for option in context.command.params:
        name = str(option.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not isinstance(option, click.Option) or not given or name in leave_out:
            continue
        value = context.params[name]
        if option.is_flag:
            found.append(option.opts[0])
            continue
        for one in value if option.multiple else (value,):
            found += [option.opts[0], str(one)]
    return found


def in_a_process(arguments: Sequence[str]) -> None:
    """Run ``derive`` and wait; an interruption ends it, too."""
    subprocess.run([sys.executable, "-m", "derive.cli.main", *arguments], check=False)
    click.echo("waiting for changes; Ctrl-C ends it", err=True)


def watch_over(context: click.Context, targets: Sequence[str], revision: str | None) -> int:
    """Verify what is saved among the targets, until an interruption."""
    if revision is not None:
        raise click.UsageError("--watch and --changed-since are two ways to choose files")
    try:
        watch(targets, as_typed(context, leave_out=("watched", "of_project")), in_a_process)
    except NotWatched as problem:
        raise click.UsageError(str(problem)) from None
    except KeyboardInterrupt:
        pass
    return OK
