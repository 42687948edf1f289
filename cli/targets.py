"""What a TARGET on the command line means: a claim, a formula, a section or a file of claims."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from derive.claims.formula import Formula
from derive.claims.kinds import KINDS, Claim
from derive.formulas.index import Listed

_SECTION = re.compile(r"\d+(\.\d+)*")
_module_numbers = count()


class TargetError(Exception):
    """A target that cannot be resolved; the message is one sentence."""


class NoClaimError(Exception):
    """A value in a claim's place that is none."""


@dataclass(frozen=True)
class Entry:
    """A claim and where it comes from.

    :param claim: the claim, always with an id.
    :param formula: the formula that makes it; a file's bare claim has none.
    :param path: the file it was read from, ``""`` for the catalogue.
    :param name: the variable that holds it in that file, or the function that it is about.
    :param line: the line of code that it is about, 0 for a claim that is stated.
    """

    claim: Claim
    formula: Formula | None = None
    path: str = ""
    name: str = ""
    line: int = 0

    @property
    def id(self) -> str:
        return self.claim.id

    @property
    def section(self) -> str:
        return self.formula.section if self.formula else ""


def section_order(section: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts sections by number: 1.2 before 1.10."""
    parts = section.split(".") if section else []
    return tuple((int(part), "") if part.isdigit() else (sys.maxsize, part) for part in parts)


def catalogue_entries(catalogue: Mapping[str, Formula]) -> list[Entry]:
    """Every claim of the catalogue, by section, in the order in which a formula states them."""
    formulas = sorted(catalogue.values(), key=lambda formula: section_order(formula.section))
    return [Entry(claim, formula) for formula in formulas for claim in formula.claims]


def resolve(targets: Sequence[str], catalogue: Callable[[], Mapping[str, Formula]]) -> list[Entry]:
    """The claims that the targets name, in the order of the targets, each once.

    :param catalogue: called only if a target is not plainly a file.
    """
    if targets and all(_is_plainly_a_path(target) for target in targets):
        found = [entry for target in targets for entry in _resolve_path(target)]
    else:
        known = catalogue_entries(catalogue())
        found = [entry for target in targets for entry in _resolve_one(target, known)]
        if not targets:
            return known
    return list({(entry.path, entry.id): entry for entry in found}.values())


def needed_modules(targets: Sequence[str], listed: Sequence[Listed]) -> list[str]:
    """The modules of the formulas that the targets name; none where a target names nothing that
    is listed, as the message about it knows the whole catalogue.
    """
    found: dict[str, None] = {}
    for target in targets:
        named = [
            entry.module
            for entry in listed
            if target in (entry.id, entry.formula) or _is_within(entry.section, target)
        ]
        if not named:
            return []
        found.update(dict.fromkeys(named))
    return list(found)


def _resolve_one(target: str, known: list[Entry]) -> list[Entry]:
    for matches in (
        [entry for entry in known if entry.id == target],
        [entry for entry in known if entry.formula and entry.formula.id == target],
        [entry for entry in known if _is_within(entry.section, target)],
    ):
        if matches:
            return matches
    if _SECTION.fullmatch(target) and not os.path.exists(target):
        sections = list(dict.fromkeys(entry.section for entry in known))
        there_are = f"the sections are {', '.join(sections)}" if sections else "it is empty"
        raise TargetError(f"the catalogue has no section {target}; {there_are}")
    if _is_plainly_a_path(target) or (target and os.path.exists(target)):
        return _resolve_path(target)
    raise TargetError(_unknown(target, known))


def _is_within(section: str, target: str) -> bool:
    return section == target or section.startswith(target + ".")


def _is_plainly_a_path(target: str) -> bool:
    return "::" in target or target.endswith(".py") or os.sep in target


def _unknown(target: str, known: list[Entry]) -> str:
    names = [entry.id for entry in known]
    names += [entry.formula.id for entry in known if entry.formula]
    close = near(target, names)
    hint = f"did you mean {' or '.join(close)}?" if close else "`derive list` shows the catalogue"
    return f"no claim, formula, section or file is called {target!r}; {hint}"


def near(name: str, names: Sequence[str]) -> list[str]:
    """At most three names that could have been meant, whatever their case."""
    spelt = {known.lower(): known for known in names}
    return [spelt[key] for key in difflib.get_close_matches(name.lower(), spelt, n=3, cutoff=0.6)]


def _resolve_path(target: str) -> list[Entry]:
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
    for name, value in values.items():
        for label, claim, formula in _claims_of(path, name, value):
            first = found.get(id(claim))
            if first is None:
                named = claim if claim.id else replace(claim, id=f"{path.stem}.{label}")
                found[id(claim)] = Entry(named, formula, str(path), label)
            elif first.formula is None:
                found[id(claim)] = replace(first, formula=formula)
    entries = list(found.values())
    _refuse_duplicates(path, entries)
    return entries


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
        raise TargetError(f"{path}, line {problem.lineno}: SyntaxError: {problem.msg}") from None
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
