"""Verdicts that were found before, by what was claimed and by the engine that decided it.

A key is a digest of the claim, of the limits, of the versions of all that decides, and of the
engine's own source: no verdict is trusted across versions. What is kept are files of this user
alone, in the cache directory of the system. Only verdicts that do not depend on the clock are kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from derive.base.worker import run_deep
from derive.claims.kinds import Claim
from derive.claims.verdict import Verdict
from derive.cli.runner import packed

DECIDES = ("sympy", "numpy", "python-flint", "mpmath")

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
    """Verdicts in a directory, for one pair of limits.

    Nothing here raises: where a verdict cannot be read or kept it is decided again.
    """

    def __init__(self, directory: Path, timeout: float, effort: float) -> None:
        self.directory = directory
        self.limits = (timeout, effort)

    @cached_property
    def _engine(self) -> str:
        """A digest of everything that decides."""
        from importlib.metadata import PackageNotFoundError, version

        digest = hashlib.sha256(repr((sys.version_info[:3], self.limits)).encode())
        for name in DECIDES:
            with contextlib.suppress(PackageNotFoundError):
                digest.update(f"{name} {version(name)}\n".encode())
        import derive

        root = Path(derive.__file__).parent
        for path in sorted(root.rglob("*.py")):
            part = path.relative_to(root).parts[0]
            if part not in ("cli", "formulas", "frontends", "backends"):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _file(self, claim: Claim) -> Path | None:
        try:
            written = run_deep(partial(pickle.dumps, claim, 5))
        except Exception:  # a claim of functions that have no name to be found by
            return None
        if any(module in written for module in BY_NAME):
            return None  # what a class of the user's own means is not written in the claim
        key = hashlib.sha256(self._engine.encode() + written).hexdigest()
        return self.directory / key[:2] / f"{key[2:]}.verdict"

    def get(self, claim: Claim) -> Verdict | None:
        """The verdict that was kept, with ``cached`` set; None where there is none."""
        try:
            path = self._file(claim)
            if path is None or not path.is_file():
                return None
            data = path.read_bytes()
            verdict = run_deep(partial(pickle.loads, data))
        except Exception:
            return None
        if not isinstance(verdict, Verdict):
            return None
        return replace(verdict, claim=claim, cached=True)

    def put(self, claim: Claim, verdict: Verdict) -> None:
        """Keep a verdict, but for one that the clock cut or that something broken gave."""
        if verdict.stopped or verdict.cached or verdict.reason.startswith("internal error"):
            return
        with contextlib.suppress(Exception):
            path = self._file(claim)
            if path is None:
                return
            data = run_deep(partial(packed, replace(verdict, steps=())))
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_bytes(data)
            draft.replace(path)

    def known(self, claims: Iterable[Claim]) -> dict[int, Verdict]:
        """The kept verdicts among some claims, by position."""
        found = {number: self.get(claim) for number, claim in enumerate(claims)}
        return {number: verdict for number, verdict in found.items() if verdict is not None}
