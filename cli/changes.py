"""``derive verify --changed-since REV``: the files among the targets that Git says have changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from derive.base.errors import DeriveError
from derive.cli.exits import complain
from derive.cli.sources import source_of


class NoHistory(Exception):
    """What changed cannot be told; the message is one sentence."""


def changed_targets(targets: Sequence[str], revision: str) -> list[str]:
    """The targets, or files in them where they are directories, that changed since a revision.

    A file that Git does not track yet has changed. Of a directory these are the files that are
    verified when it is named as a target: Python files that state claims or declare pairs.

    :raises NoHistory: outside of a repository, for an unknown revision, and for a target that is
        neither a file nor a directory.
    """
    changed = _changed_files(revision)
    found: list[str] = []
    for target in targets:
        file = target.partition("::")[0]
        if os.path.isdir(file):
            found += [str(path) for path in _verified_in(Path(file)) if path.resolve() in changed]
        elif not os.path.exists(file):
            raise NoHistory(f"--changed-since is for files and directories: {target} is neither")
        elif Path(file).resolve() in changed:
            found.append(target)
    return found


def _changed_files(revision: str) -> set[Path]:
    """Every file that differs from a revision, or is not tracked."""
    top = Path(_git("rev-parse", "--show-toplevel").rstrip("\n"))
    # Before the revision's own output: a name that begins with - is no option then.
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    differing = _git("diff", "--name-only", "-z", "--no-renames", commit.strip(), "--")
    new = _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/")
    names = [name for name in (differing + new).split("\0") if name]
    return {(top / name).resolve() for name in names}


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError as problem:
        raise NoHistory(f"--changed-since needs git: {problem.strerror}") from None
    if done.returncode:
        said = done.stderr.strip().removeprefix("fatal: ").partition("\n")[0]
        wrong = said or f"{arguments[-1].removesuffix('^{commit}')} is no revision"
        raise NoHistory(f"git does not say what changed: {wrong}")
    return done.stdout


def _verified_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.glob("*.py")):
        try:
            source = source_of(path)
        except DeriveError:
            yield path  # it is verified, and what is wrong with it is said
            continue
        if source is not None and (source.states_claims or source.declared() or source.problems):
            yield path


def changed_among(targets: Sequence[str], revision: str) -> tuple[str, ...]:
    """The files among the targets that changed since a revision; none says so."""
    try:
        changed = changed_targets(targets or (os.curdir,), revision)
    except NoHistory as problem:
        raise click.ClickException(str(problem)) from None
    if not changed:
        complain(f"no file among the targets changed since {revision}")
    return tuple(changed)
