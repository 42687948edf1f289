"""The whole catalogue from the command line: a process each, its time and its peak memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = (
    ("--help",),
    ("list",),
    ("verify", "1"),
    ("verify", "4"),
    ("verify", "--jobs", "1"),
    ("verify", "--jobs", "2"),
)
DECIDED = (0, 1)  # exit codes: everything holds, or something does not

_MEASURE = """
import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seconds = time.perf_counter() - start
print(code, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


RUNS = 3


def measure(arguments: tuple[str, ...], runs: int = RUNS) -> tuple[float, float]:
    """The least seconds of several runs, and the peak megabytes of the largest process."""
    taken = []
    for _ in range(runs):
        command = [
            sys.executable,
            "-c",
            _MEASURE,
            sys.executable,
            "-m",
            "derive.cli.main",
            *arguments,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        code, seconds, megabytes = done.stdout.split()
        if int(code) not in DECIDED:
            raise RuntimeError(f"derive {' '.join(arguments)}: exit code {code}")
        taken.append((float(seconds), float(megabytes)))
    return min(taken)
