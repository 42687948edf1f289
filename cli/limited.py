"""A function run in a process that is ended where it takes too long, or is not wanted any more.

A process that has already imported what deciding needs starts the others (a fork server), so that
one begins within milliseconds. Each has a session of its own, which is ended with all that was
started in it, and sends its answer as JSON: what pasted Python could send is not unpickled.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from derive.cli.pasted import Paste, answer

PRELOADED = [
    "derive.cli.pasted",
    "derive.cli.deciding",
    "derive.engine",
    "derive.frontends.document.check",
    "derive.frontends.document.report",
    "derive.backends.html",
    "derive.cli.verifying",
    "derive.cli.finding_out",
    "derive.cli.code_runner",
    "jinja2",
    "latex2mathml.converter",
]
MOST_MEMORY = 8 * 1024**3  # bytes of addresses: the engine's threads reserve deep stacks
LONGEST_ANSWER = 64 * 1024**2  # bytes
OVERTIME = 5.0  # seconds after its limit until the process is ended

NO_ANSWER = {"problem": "the process that decided it died, or took too much memory"}


def ready() -> None:
    """Start the process that starts the others."""
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()


def _context() -> Any:
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


class Deciding:
    """One process, at one paste.

    :raises OSError: where no process, or no directory, can be had.
    """

    def __init__(self, paste: Paste) -> None:
        self._paste = paste
        self._directory = tempfile.mkdtemp(prefix="derive-")
        context = _context()
        self._channel, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(paste, self._directory, theirs))
        self._process.start()
        theirs.close()

    def wait(self) -> Mapping[str, Any]:
        """The answer, or why there is none; to be called once, in any thread."""
        try:
            if not self._channel.poll(self._paste.seconds + OVERTIME):
                return {"problem": f"nothing was decided within {self._paste.seconds:g} s"}
            found = json.loads(self._channel.recv_bytes(LONGEST_ANSWER))
            return found if isinstance(found, dict) else NO_ANSWER
        except (EOFError, OSError, ValueError):
            return NO_ANSWER
        finally:
            self.end()
            self._channel.close()
            self._process.join()
            shutil.rmtree(self._directory, ignore_errors=True)

    def end(self) -> None:
        """End the process and all that it has started; :meth:`wait` then returns."""
        if self._process.pid is not None and self._process.exitcode is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()


def _work(paste: Paste, directory: str, channel: Connection) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        least = MOST_MEMORY if most == resource.RLIM_INFINITY else min(most, MOST_MEMORY)
        resource.setrlimit(resource.RLIMIT_AS, (least, most))
    try:
        found = answer(paste, directory)
    except Exception as problem:
        message = " ".join(f"{type(problem).__name__}: {problem}".split())
        found = {"problem": f"internal error: {message}"}
    with contextlib.suppress(OSError):  # the parent is gone
        channel.send_bytes(json.dumps(found).encode())
