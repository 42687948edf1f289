"""Which targets are code, whose forward and backward passes are verified, and which are claims."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import decode_source
from pathlib import Path

from derive.base.near_names import near
from derive.claims.entry import Entry
from derive.frontends.code.finding import Pair, Source, SourceError, find
from derive.frontends.code.request import Request, request
from derive.frontends.files import TargetError, load_file


@dataclass
class Targets:
    """What the targets of a command come to.

    :param requests: the pairs of code, in order.
    :param claims: the targets that are claims, as they were given.
    :param entries: the claims that stand beside code in a directory.
    :param problems: a sentence for each pair or file that cannot be read.
    """

    requests: list[Request] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, pairs: Sequence[Pair]) -> None:
        """The pairs, each with what is asked of it, or with why nothing is."""
        for pair in pairs:
            with self.noted():
                self.requests.append(request(pair))

    def noted(self) -> _Noted:
        """Around what may be wrong with one of several: it is noted, and the others go on."""
        return _Noted(self.problems)


class _Noted:
    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, problem: BaseException | None, _: object) -> bool:
        if isinstance(problem, (SourceError, TargetError)):
            self._problems.append(str(problem))
            return True
        return False


def split(targets: Sequence[str]) -> Targets:
    """Tell code from claims, by the text of the files.

    :raises TargetError: for a file that is code, and in which there is nothing to verify.
    """
    found = Targets()
    for target in targets:
        file, separator, name = target.partition("::")
        path = Path(file)
        if os.path.isdir(path) and not separator:
            _split_directory(path, target, found)
        elif file.endswith(".py") and os.path.isfile(path):
            _split_file(path, name if separator else None, target, found)
        else:
            found.claims.append(target)
    return found


def source_of(path: Path) -> Source | None:
    """What a file of code holds; None where the text is not Python in UTF-8.

    :raises SourceError: where a declaration, or the file, cannot be read.
    """
    try:
        text = decode_source(path.read_bytes())
    except (UnicodeDecodeError, SyntaxError):
        return None
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise SourceError(f"{path} cannot be read: {reason}") from None
    return None if "\0" in text else find(path, text)


def _split_file(path: Path, name: str | None, target: str, found: Targets) -> None:
    try:
        source = source_of(path)
    except SourceError as problem:
        raise TargetError(str(problem)) from None
    if source is None or not (source.declares or (source.pairs and not source.states_claims)):
        found.claims.append(target)
    elif name is None:
        found.problems.extend(source.problems)
        if not source.declared():
            if source.problems:
                return
            if source.states_claims or not _speaks_of_code(source):
                found.claims.append(target)
                return
            raise TargetError(_nothing(source))
        found.take(source.declared())
        if source.states_claims:
            found.entries.extend(load_file(path))
    else:
        chosen = [pair for pair in source.declared() if _is_called(pair, name)]
        if chosen:
            found.take(chosen)
        elif source.problems:
            found.problems.extend(source.problems)
        elif source.states_claims:
            found.claims.append(target)
        else:
            raise TargetError(_unknown(source, name))


def _split_directory(path: Path, target: str, found: Targets) -> None:
    files = [file for file in sorted(path.glob("*.py")) if file.is_file()]
    sources = list(_sources(files, found))
    if not found.problems and not any(s.declared() or s.problems for s in sources):
        found.claims.append(target)
        return
    for source in sources:
        found.problems.extend(source.problems)
        found.take(source.declared())
        if source.states_claims:
            with found.noted():
                found.entries.extend(load_file(source.path))


def _sources(files: Sequence[Path], found: Targets) -> Iterator[Source]:
    for file in files:
        with found.noted():
            data = file.read_bytes()
            if b"derive" in data or b"jaxtyping" in data:
                source = source_of(file)
                if source is not None:
                    yield source


def _is_called(pair: Pair, name: str) -> bool:
    return name in (pair.name, pair.forward, pair.backward)


def _speaks_of_code(source: Source) -> bool:
    return source.declares or any(pair.has_backward for pair in source.pairs)


def _nothing(source: Source) -> str:
    """Why there is nothing to verify in a file of code."""
    for pair in source.pairs:
        if pair.has_backward and pair.declared is None:
            return _no_shapes(pair)
    alone = next(pair for pair in source.pairs if pair.declared is not None)
    return _no_backward(alone)


def _no_shapes(pair: Pair) -> str:
    inputs = ", ".join(f"{name} (…)" for name in (*pair.built_with, *pair.arguments))
    return (
        f"{pair.path}, line {pair.line}: the shapes of {pair.name} are not declared; "
        f"`# derive: {inputs}` above it declares them"
    )


def _no_backward(pair: Pair) -> str:
    first = next(iter(pair.declared.shapes), "x") if pair.declared else "x"
    return (
        f"{pair.path}, line {pair.line}: no backward of {pair.name} is found; "
        f"`derive gradient {pair.path}::{pair.name} --wrt {first}` derives it"
    )


def _unknown(source: Source, name: str) -> str:
    for pair in source.pairs:
        if _is_called(pair, name):
            return _no_backward(pair) if not pair.has_backward else _no_shapes(pair)
    names = [pair.name for pair in source.pairs]
    known = ", ".join(near(name, names) or names[:5])
    return f"{source.path} has no function or class called {name!r}; it has {known}"


def forward_of(path: Path, name: str) -> Pair:
    """The function or class of a file whose output is asked for, with its declared shapes.

    :raises TargetError: where the file has none of that name, or its shapes are not declared.
    """
    try:
        source = source_of(path)
    except SourceError as problem:
        raise TargetError(str(problem)) from None
    if source is None:
        raise TargetError(f"{path} is not a Python file: it is not text in UTF-8")
    for pair in source.pairs:
        if _is_called(pair, name):
            if pair.declared is None and source.problems:
                raise TargetError(source.problems[0])
            if pair.declared is None:
                raise TargetError(_no_shapes(pair))
            return pair
    raise TargetError(_unknown(source, name) if source.pairs else f"{path} has no functions")
