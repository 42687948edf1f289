"""Claims that Python files state at module level: the files are run, and their values looked at."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from derive.base.near_names import near
from derive.claims.entry import Entry
from derive.claims.formula import Formula
from derive.claims.kinds import KINDS, Claim

_module_numbers = count()


class TargetError(Exception):
    """A target that cannot be resolved; the message is one sentence."""


class NoClaimError(Exception):
    """A value in a claim's place that is none."""


def load(target: str) -> list[Entry]:
    """The claims of ``file.py``, of ``file.py::name``, or of the files of a directory.

    :raises TargetError: where there are none, or the file cannot be read or fails.
    """
    file, separator, name = target.partition("::")
    path = Path(file)
    if os.path.isdir(path):
        if separator:
            raise TargetError(f"{file} is a directory; `::{name}` needs a Python file")
        return _load_directory(path)
    values = _module_level(_run(path))
    entries = _entries(path, values)
    if not entries:
        raise TargetError(f"{path} has no claims at module level")
    if not separator:
        return entries
    chosen = [entry for entry in entries if _is_called(entry, name)]
    if not chosen:
        names = list(dict.fromkeys(entry.name for entry in entries))
        known = ", ".join(near(name, names) or names[:5])
        if name in values:
            kind = type(values[name]).__name__
            raise TargetError(
                f"{path}::{name} is of type {kind}, and no claim; the file has {known}"
            )
        raise TargetError(f"{path} has no claim called {name!r}; it has {known}")
    return chosen


def _is_called(entry: Entry, name: str) -> bool:
    """By its id, its variable, or the variable of the container or formula that holds it."""
    of_formula = entry.formula is not None and entry.formula.id == name
    return name in (entry.id, entry.name) or entry.name.startswith(name + "[") or of_formula


def _load_directory(directory: Path) -> list[Entry]:
    try:
        files = sorted(path for path in directory.glob("*.py") if path.is_file())
    except OSError as problem:
        raise TargetError(f"{directory} cannot be read: {_cause(problem)}") from None
    entries = [entry for file in files if _may_state_claims(file) for entry in load_file(file)]
    if not entries:
        raise TargetError(f"{directory} has no Python files with claims")
    return entries


def _may_state_claims(path: Path) -> bool:
    """A file that never mentions ``derive`` states none; running it could do anything."""
    return b"derive" in _read(path)


def load_file(path: Path) -> list[Entry]:
    """Run a Python file and collect its module-level claims, in order of definition."""
    return _entries(path, _module_level(_run(path)))


def _entries(path: Path, values: Mapping[str, Any]) -> list[Entry]:
    found: dict[int, Entry] = {}  # by the identity of the claim: a second name is no second claim
    lines = _lines(path)
    for name, value in values.items():
        for label, claim, formula in _claims_of(path, name, value):
            first = found.get(id(claim))
            if first is None:
                named = claim if claim.id else replace(claim, id=f"{path.stem}.{label}")
                found[id(claim)] = Entry(named, formula, str(path), label, lines.get(name, 0))
            elif first.formula is None:
                found[id(claim)] = replace(first, formula=formula)
    entries = list(found.values())
    _refuse_duplicates(path, entries)
    return entries


def _lines(path: Path) -> dict[str, int]:
    """The line at which each name of a file is assigned last, at its module level."""
    try:
        statements = ast.parse(_read(path)).body
    except (SyntaxError, ValueError, RecursionError, TargetError):
        return {}
    found = {}
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement]
        for target in targets:
            names = target.target if isinstance(target, ast.AnnAssign) else target
            for node in names.elts if isinstance(names, ast.Tuple) else [names]:
                if isinstance(node, ast.Name):
                    found[node.id] = statement.lineno
    return found


def _claims_of(path: Path, name: str, value: Any) -> list[tuple[str, Claim, Formula | None]]:
    try:
        return list(_claims_in(name, value))
    except NoClaimError as problem:
        raise TargetError(f"{path}: {problem}") from None


def _refuse_duplicates(path: Path, entries: list[Entry]) -> None:
    holders: dict[str, str] = {}
    for entry in entries:
        if entry.id in holders:
            both = f"{holders[entry.id]} and {entry.name}"
            raise TargetError(f"{path} has two claims with the id {entry.id!r}: {both}")
        holders[entry.id] = entry.name


def _module_level(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if not name.startswith("__")}


def _claims_in(
    name: str, value: Any, around: tuple[Any, ...] = ()
) -> Iterator[tuple[str, Claim, Formula | None]]:
    """The claims that a module-level value holds, each with the expression that reaches it.

    :raises NoClaimError: for what stands in a claim's place and is none.
    """
    if isinstance(value, Claim):
        if not isinstance(value, KINDS):
            kind = type(value).__name__
            raise NoClaimError(f"{name} is of type {kind}, which is no kind of claim")
        yield name, value, None
    elif isinstance(value, Formula):
        for position, claim in enumerate(value.claims):
            if not isinstance(claim, KINDS):
                kind = type(claim).__name__
                raise NoClaimError(f"{name}.claims[{position}] is of type {kind}, and no claim")
            yield f"{name}[{position}]", claim, value
    elif isinstance(value, (list, tuple, dict)) and not any(value is outer for outer in around):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _claims_in(f"{name}[{key}]", item, (*around, value))


def _run(path: Path) -> ModuleType:
    try:
        source = importlib.util.decode_source(_read(path))
    except (UnicodeDecodeError, SyntaxError):
        raise TargetError(f"{path} is not a Python file: it is not text in UTF-8") from None
    if "\0" in source:
        raise TargetError(f"{path} is not a Python file: it holds binary data")
    spec = importlib.util.spec_from_loader(f"_claims_{next(_module_numbers)}_{path.stem}", None)
    assert spec is not None  # only a loader could make it so
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # so that classes of the file can be pickled
    try:
        code = compile(source, str(path), "exec")
        with _as_a_script(path), _output_aside():
            exec(code, module.__dict__)
    except SyntaxError as problem:
        if problem.filename != str(path):
            raise TargetError(_in_file(path, problem)) from None
        said = f"{path}, line {problem.lineno}: SyntaxError: {problem.msg}"
        if path.suffix.lower() != ".py":
            said += "; it is read as Python, since documents end in .md, .tex, .rst or .ipynb"
        raise TargetError(said) from None
    except (Exception, SystemExit) as problem:
        raise TargetError(_in_file(path, problem)) from None
    return module


def _read(path: Path) -> bytes:
    # os.path answers where pathlib raises: a forbidden parent, a name that is too long
    if os.path.exists(path) and not os.path.isfile(path):
        raise TargetError(f"{path} is not a regular file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TargetError(f"{path} does not exist") from None
    except (OSError, ValueError) as problem:
        raise TargetError(f"{path} cannot be read: {_cause(problem)}") from None


def _cause(problem: Exception) -> str:
    return (getattr(problem, "strerror", None) or str(problem)).lower()


@contextlib.contextmanager
def _as_a_script(path: Path) -> Iterator[None]:
    """Let the file import its neighbours, and read no arguments, as ``python file.py`` would."""
    entry, arguments = str(path.parent.resolve()), sys.argv
    sys.path.insert(0, entry)
    sys.argv = [str(path)]
    try:
        yield
    finally:
        sys.argv = arguments
        with contextlib.suppress(ValueError):
            sys.path.remove(entry)


@contextlib.contextmanager
def _output_aside() -> Iterator[None]:
    """Standard output is the report's: what else is printed, by child processes too, goes to
    standard error.
    """
    sys.stdout.flush()
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(output, 1)
        os.close(output)


def _in_file(path: Path, problem: BaseException) -> str:
    """One line: the file, its last line on the way to the error, and the error."""
    line = None
    trace = problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"{path}, line {line}" if line is not None else str(path)
    message = " ".join(str(problem).split())
    kind = type(problem).__name__
    return f"{where}: {kind}: {message}" if message else f"{where}: {kind}"
