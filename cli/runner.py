"""Deciding many claims: here or in worker processes, each verdict as soon as it is its turn.

A worker that is given a limit is ended a second after it, whatever it does: a thread can be stuck
in one call that nothing interrupts, a process cannot. What that costs is one verdict.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import pickle
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any, TextIO

import sympy as sp
from sympy.core.function import Application, AppliedUndef
from sympy.core.relational import Relational

from derive.base.worker import run_deep
from derive.claims.kinds import Claim
from derive.claims.verdict import UNDECIDED, Verdict

Decide = Callable[[Claim], Verdict]

TERMINATED = 128 + signal.SIGTERM
OVERTIME = 1.0  # seconds after the limit of a claim until the process that decides it is ended


def verdicts(
    claims: Sequence[Claim],
    decide: Decide,
    jobs: int = 1,
    limit: float | None = None,
    steps: int = 0,
) -> Generator[Verdict]:
    """The verdicts in the order of the claims.

    Nothing that goes wrong with one claim takes the others with it: an exception, an answer
    that cannot be pickled or a worker that dies costs at most that claim.

    :param limit: seconds for each claim, which ``decide`` keeps to by itself where it can.
    :param steps: how many steps of a proof a verdict keeps; they are written when they are read.
    """
    jobs = min(jobs, len(claims))
    # a forked worker inherits the claims, functions of the user's own file included
    if "fork" not in multiprocessing.get_all_start_methods() or (jobs <= 1 and limit is None):
        return (decide_safely(claim, decide) for claim in claims)
    return _in_workers(claims, partial(_brief, decide, steps), jobs, limit)


def _brief(decide: Decide, steps: int, claim: Claim) -> Verdict:
    """A verdict with as many steps as a report reads."""
    verdict = decide_safely(claim, decide)
    if not steps or not verdict.steps:
        return replace(verdict, steps=())
    return replace(verdict, steps=run_deep(lambda: tuple(islice(verdict.steps, steps))))


def decide_safely(claim: Claim, decide: Decide) -> Verdict:
    """The verdict; an exception becomes an undecided one that says so."""
    started = time.perf_counter()
    try:
        return decide(claim)
    except Exception as problem:
        message = " ".join(f"{type(problem).__name__}: {problem}".split())
        return _failed(claim, message, time.perf_counter() - started)


def _failed(claim: Claim, message: str, seconds: float = 0.0) -> Verdict:
    return Verdict(claim, UNDECIDED, reason=f"internal error: {message}", seconds=seconds)


# ------------------------------------------------------------------------------------- workers


def _work(claims: Sequence[Claim], decide: Decide, channel: Connection) -> None:
    """Decide the claims whose positions come in; verdicts go out, or nothing where one cannot."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            verdict = decide_safely(claims[channel.recv()], decide)
            try:
                answer = run_deep(partial(packed, verdict))
            except Exception:
                answer = b""
            channel.send_bytes(answer)


@dataclass
class _Worker:
    process: Any
    channel: Connection
    position: int | None = None  # of the claim that it is at
    since: float = 0.0

    def start(self, position: int) -> None:
        self.position, self.since = position, time.monotonic()
        with contextlib.suppress(OSError):  # it has died, which is seen when it is waited for
            self.channel.send(position)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


def _started(claims: Sequence[Claim], decide: Decide) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(claims, decide, theirs), daemon=True)
    with warnings.catch_warnings():
        # Of threads of others, such as a test runner has: none of theirs is needed in the worker.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _in_workers(
    claims: Sequence[Claim], decide: Decide, jobs: int, limit: float | None
) -> Generator[Verdict]:
    answers: dict[int, Verdict] = {}
    waiting = iter(range(len(claims)))
    with _workers() as workers:
        for turn in range(len(claims)):
            while turn not in answers:
                workers.extend(_started(claims, decide) for _ in range(jobs - len(workers)))
                for worker in workers:
                    if worker.position is None and (position := next(waiting, None)) is not None:
                        worker.start(position)
                for worker in [w for w in workers if w.position is not None]:
                    assert worker.position is not None
                    claim = claims[worker.position]
                    verdict = _answer(worker, claim, decide, limit)
                    if verdict is not None:
                        answers[worker.position] = verdict
                        worker.position = None
                        if not worker.process.is_alive():
                            worker.end()
                            workers.remove(worker)
                if turn not in answers:
                    _wait(workers, limit)
            yield answers.pop(turn)


def _wait(workers: list[_Worker], limit: float | None) -> None:
    """Until one of those at work has something to say, or its time is over."""
    busy = [worker for worker in workers if worker.position is not None]
    if any(worker.channel.poll() for worker in busy):
        return
    first = min(worker.since for worker in busy)
    left = None if limit is None else max(first + limit + OVERTIME - time.monotonic(), 0)
    wait([worker.channel for worker in busy], left if left is None else min(left, _LONGEST_WAIT))


_LONGEST_WAIT = 86_400.0  # seconds; the operating system counts them in a short number


def _answer(worker: _Worker, claim: Claim, decide: Decide, limit: float | None) -> Verdict | None:
    """The verdict of the claim that a worker is at, None where it is still at it."""
    seconds = time.monotonic() - worker.since
    if worker.channel.poll():
        try:
            packed = worker.channel.recv_bytes()
        except (EOFError, OSError):
            worker.process.join()
            return _failed(claim, "the process that decided it died", seconds)
        if packed:
            try:
                return replace(run_deep(partial(pickle.loads, packed)), claim=claim)
            except Exception:
                pass  # decided once more below, where nothing need travel
        return decide_safely(claim, decide)
    if limit is not None and seconds >= limit + OVERTIME:
        worker.process.kill()
        worker.process.join()
        reason = f"the time limit has passed (limit {limit:g} s)"
        return Verdict(claim, UNDECIDED, reason=reason, stopped=True, seconds=seconds)
    return None


@contextlib.contextmanager
def _workers() -> Iterator[list[_Worker]]:
    """Workers of which none is left behind on the way out, even by Ctrl-C or SIGTERM."""
    workers: list[_Worker] = []
    main = threading.current_thread() is threading.main_thread()  # none other may set a handler
    handler = signal.signal(signal.SIGTERM, _terminated) if main else None
    try:
        yield workers
    finally:
        for worker in workers:
            worker.end()
        if main:
            signal.signal(signal.SIGTERM, handler)


def _terminated(*_: Any) -> None:
    raise SystemExit(TERMINATED)


# ----------------------------------------------------------------------------- what is sent


def packed(value: Any) -> bytes:
    """A verdict, or several in a container, with their expressions as they are written."""
    buffer = io.BytesIO()
    _AsWritten(buffer).dump(value)
    return buffer.getvalue()


class _AsWritten(pickle.Pickler):
    """Sends expressions as they are written: SymPy would work each out anew on its arrival, which
    takes long, and makes True of x ≠ 0 for an entry x.
    """

    def reducer_override(self, obj: Any) -> Any:
        plain = isinstance(obj, (sp.Add, sp.Mul, sp.Pow, Relational, Application))
        if plain and obj.args and not isinstance(obj, AppliedUndef):
            return _unevaluated, (type(obj), obj.args)
        if isinstance(obj, sp.Sum):
            return _sum, obj.args
        return NotImplemented


def _unevaluated(kind: Any, arguments: tuple[Any, ...]) -> Any:
    return kind(*arguments, evaluate=False)


def _sum(*arguments: Any) -> Any:
    result = sp.Expr.__new__(sp.Sum, *arguments)
    result.is_commutative = True
    return result


# ------------------------------------------------------------------------------------ progress


class Progress:
    """One line on a terminal that says what is being decided; nothing anywhere else."""

    def __init__(self, stream: TextIO, total: int = 0) -> None:
        self._stream = stream
        self.total = total
        self._shown = 0
        self._enabled = stream.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, name: str) -> None:
        """Replace the line."""
        if not self._enabled:
            return
        line = f"{done}/{self.total}  {name}"[:78]
        self._stream.write("\r" + line.ljust(self._shown))
        self._stream.flush()
        self._shown = len(line)

    def clear(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._enabled and self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0
