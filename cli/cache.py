"""What was found before, by what was claimed and by the engine that decided it.

A key is a digest of the claim, of the limits, of the versions of all that decides, and of the
engine's own source: nothing is trusted across versions. A claim of the catalogue has a second key,
its id and a digest of the catalogue's source, for which it need not be built: what SymPy would take
seconds to write down again is read in milliseconds. What is kept are files of this user alone, in
the cache directory of the system, and of findings only those that do not depend on the clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import pickle
import sys
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from derive.base.worker import run_deep
from derive.report import Finding, of_plain

if TYPE_CHECKING:
    from derive.claims.entry import Entry

DECIDES = ("sympy", "numpy", "python-flint", "mpmath")

# What decides nothing and tells nothing of a claim that is there.
APART = ("formulas", "frontends")

# Modules of files of claims, and of scripts: their classes are pickled by their names alone.
BY_NAME = (b"_claims_", b"__main__")


def default_directory() -> Path:
    """Where the system keeps what can be found again."""
    if found := os.environ.get("DERIVE_CACHE_DIR"):
        return Path(found)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "derive-formulas"


def is_off() -> bool:
    """Whether the environment says that nothing is to be kept."""
    return bool(os.environ.get("DERIVE_NO_CACHE"))


class Cache:
    """Findings in a directory, for one pair of limits.

    Nothing here raises: where a finding cannot be read or kept the claim is decided again.

    :param steps: how many steps of a proof a finding shows, with its mathematics: those of a page
        are kept apart from what a terminal is told, for which nobody should have to wait.
    """

    def __init__(self, directory: Path, timeout: float, effort: float, steps: int = 0) -> None:
        self.directory = directory
        self.limits = (timeout, effort, steps)
        self._last: tuple[Entry, Path | None] | None = None

    @cached_property
    def _engine(self) -> str:
        """A digest of everything that decides, and tells what was decided."""
        digest = hashlib.sha256(repr((sys.version_info[:3], self.limits)).encode())
        for name in DECIDES:
            digest.update(f"{name} {_version(name)}\n".encode())
        import derive
        import derive.cli

        root = Path(derive.__file__).parent
        _add_sources(digest, root, apart=(*APART, "cli"))
        _add_sources(digest, Path(derive.cli.__file__).parent)
        return digest.hexdigest()

    @cached_property
    def _catalogue(self) -> str:
        """The same, and of all that the claims of the catalogue are written in."""
        import derive.formulas

        digest = hashlib.sha256(self._engine.encode())
        _add_sources(digest, Path(derive.formulas.__file__).parent)
        return digest.hexdigest()

    def _file(self, *parts: bytes) -> Path:
        key = hashlib.sha256(b"\0".join(parts)).hexdigest()
        return self.directory / key[:2] / f"{key[2:]}.json"

    def _by_id(self, claim_id: str) -> Path:
        return self._file(b"id", self._catalogue.encode(), claim_id.encode())

    def _by_content(self, entry: Entry) -> Path | None:
        if self._last is None or self._last[0] is not entry:  # what is put was asked for before
            self._last = entry, self._content_key(entry)
        return self._last[1]

    def _content_key(self, entry: Entry) -> Path | None:
        try:
            written = run_deep(partial(_written, entry.claim))
        except Exception:  # a claim of functions that have no name to be found by
            return None
        if any(module in written for module in BY_NAME):
            return None  # what a class of the user's own means is not written in the claim
        formula = entry.formula
        stated = (entry.path, formula and (formula.id, formula.section, formula.title))
        return self._file(b"claim", self._engine.encode(), repr(stated).encode(), written)

    def of_catalogue(self, claim_id: str) -> Finding | None:
        """What is kept of a claim of the catalogue; None where nothing is."""
        with contextlib.suppress(Exception):
            return _read(self._by_id(claim_id))
        return None

    def get(self, entry: Entry) -> Finding | None:
        """What is kept of a claim; None where nothing is."""
        with contextlib.suppress(Exception):
            path = self._by_content(entry)
            finding = None if path is None else _read(path)
            if finding is not None and entry.line:  # a claim that was moved is the same claim
                return finding.marked(line=entry.line)
            return finding
        return None

    def put(self, entry: Entry, finding: Finding) -> None:
        """Keep a finding, but for one that the clock cut or that something broken gave."""
        if finding.depends_on_the_clock:
            return
        with contextlib.suppress(Exception):
            data = json.dumps(finding.plain(), ensure_ascii=False).encode()
            if not finding.is_cached and (path := self._by_content(entry)) is not None:
                _write(path, data)
            if entry.formula is not None and not entry.path:
                _write(self._by_id(entry.id), data)


def _written(claim: Any) -> bytes:
    """A claim as bytes that are the same in every process."""
    buffer = io.BytesIO()
    _ByContent(buffer, 5).dump(claim)
    return buffer.getvalue()


class _ByContent(pickle.Pickler):
    """Writes indices that have no name of their own by when they are met first: SymPy counts them
    from a random number on, and ``A.applyfunc(tanh)`` makes one.
    """

    def __init__(self, buffer: io.BytesIO, protocol: int) -> None:
        super().__init__(buffer, protocol)
        self._met: dict[Any, int] = {}

    def reducer_override(self, obj: Any) -> Any:
        if type(obj).__name__ != "Dummy":
            return NotImplemented
        number = self._met.setdefault(obj, len(self._met))
        return str, ((number, obj.name, sorted(obj._assumptions_orig.items())),)


def _version(project: str) -> str:
    """The version of an installed project, ``""`` where it is not installed.

    It stands in the name of a folder beside the project; what reads it there is slow to import.
    """
    start = f"{project.replace('-', '_')}-"
    for folder in sys.path:
        names: list[str] = []
        with contextlib.suppress(OSError):
            names = os.listdir(folder or ".")
        found = [n for n in names if n.lower().startswith(start) and n.endswith(".dist-info")]
        if found:  # of an installation that is broken, whatever it says
            return " ".join(sorted(found))
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(project)
    except PackageNotFoundError:
        return ""


def _add_sources(digest: Any, root: Path, apart: tuple[str, ...] = ()) -> None:
    """Put every file of a package into a digest, each with its name."""
    for folder, folders, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        folders[:] = sorted(name for name in folders if relative != "." or name not in apart)
        for name in sorted(name for name in names if name.endswith(".py")):
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            digest.update(f"{relative}/{name} {len(content)}\n".encode())
            digest.update(content)


def _read(path: Path) -> Finding | None:
    """The finding that is kept in a file, marked as kept."""
    if not path.is_file():
        return None
    return of_plain(json.loads(path.read_bytes())).marked(cached=True)


def _write(path: Path, data: bytes) -> None:
    """Write a file at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)
