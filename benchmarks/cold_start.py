"""From nothing to a verdict on chapter 1, against what importing SymPy alone takes.

Both are whole processes, taken in turn, so that whatever else the machine does slows both; with
bytecode, as it is where a package is installed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERIFY = ("-m", "derive.cli.main", "verify", "1")
IMPORT = ("-c", "import sympy")
DECIDED = (0, 1)  # exit codes: everything holds, or something does not

TARGET_RATIO = 3.0


@dataclass(frozen=True)
class ColdStart:
    """Seconds of wall time, the median of several runs."""

    verify: float
    sympy: float

    @property
    def ratio(self) -> float:
        return self.verify / self.sympy


def measure(runs: int = 5) -> ColdStart:
    """The two commands in turn, after one run of each that warms the disk and the bytecode."""
    times: dict[Sequence[str], list[float]] = {VERIFY: [], IMPORT: []}
    with tempfile.TemporaryDirectory() as kept:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": kept, "DERIVE_NO_CACHE": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for run in range(runs + 1):
            for arguments, taken in times.items():
                seconds = _seconds(arguments, environment)
                if run:
                    taken.append(seconds)
    return ColdStart(statistics.median(times[VERIFY]), statistics.median(times[IMPORT]))


def _seconds(arguments: Sequence[str], environment: dict[str, str]) -> float:
    command = [sys.executable, *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    taken = time.perf_counter() - start
    if done.returncode not in DECIDED:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return taken
