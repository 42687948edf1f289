"""Deciding many claims: here or in worker processes, each verdict as soon as it is its turn."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from typing import Any, TextIO

from derive.claims import Claim
from derive.verdict import UNDECIDED, Verdict
from derive.worker import run_deep

Decide = Callable[[Claim], Verdict]

TERMINATED = 128 + signal.SIGTERM


def verdicts(claims: Sequence[Claim], decide: Decide, jobs: int = 1) -> Generator[Verdict]:
    """The verdicts in the order of the claims.

    Nothing that goes wrong with one claim takes the others with it: an exception, an answer
    that cannot be pickled or a worker that dies costs at most that claim.
    """
    jobs = min(jobs, len(claims))
    # a forked worker inherits the claims, functions of the user's own file included
    if jobs <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        return (decide_safely(claim, decide) for claim in claims)
    return _in_workers(claims, decide, jobs)


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

_inherited: tuple[Sequence[Claim], Decide] | None = None


def _start_worker(claims: Sequence[Claim], decide: Decide) -> None:
    global _inherited
    _inherited = (claims, decide)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _work(position: int) -> bytes | None:
    """The pickled verdict, or None if it cannot travel."""
    assert _inherited is not None  # set by `_start_worker`
    claims, decide = _inherited
    # Steps are written when they are read, and no report of many claims reads them.
    verdict = replace(decide_safely(claims[position], decide), steps=())
    try:
        return run_deep(partial(pickle.dumps, verdict))
    except Exception:
        return None


def _in_workers(claims: Sequence[Claim], decide: Decide, jobs: int) -> Generator[Verdict]:
    with _workers(claims, decide, jobs) as pool:
        futures = [pool.submit(_work, position) for position in range(len(claims))]
        for position, future in enumerate(futures):
            try:
                yield _received(future, claims[position], decide)
            except BrokenProcessPool:
                yield _alone(position, claims, decide)


def _pool(claims: Sequence[Claim], decide: Decide, jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, context, _start_worker, (claims, decide))


def _received(future: Future[bytes | None], claim: Claim, decide: Decide) -> Verdict:
    answer = future.result()
    if answer is not None:
        try:
            return run_deep(partial(pickle.loads, answer))
        except Exception:
            pass  # decided once more below, where nothing need travel
    return decide_safely(claim, decide)


def _alone(position: int, claims: Sequence[Claim], decide: Decide) -> Verdict:
    """A worker died and took the pool with it: a claim each in a pool finds out which one."""
    with _pool(claims, decide, 1) as pool:
        try:
            return _received(pool.submit(_work, position), claims[position], decide)
        except BrokenProcessPool:
            return _failed(claims[position], "the process that decided it died")


@contextlib.contextmanager
def _workers(claims: Sequence[Claim], decide: Decide, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of which nothing is left behind on the way out, even by Ctrl-C or SIGTERM."""
    others = multiprocessing.active_children()
    handler = signal.signal(signal.SIGTERM, _terminated)
    pool = _pool(claims, decide, jobs)
    try:
        yield pool
    except BaseException:
        for process in multiprocessing.active_children():
            if process not in others:
                process.terminate()
        raise
    finally:
        # Waits for the pool's own thread, which must not be at work when the interpreter ends.
        pool.shutdown(cancel_futures=True)
        signal.signal(signal.SIGTERM, handler)


def _terminated(*_: Any) -> None:
    raise SystemExit(TERMINATED)


# ------------------------------------------------------------------------------------ progress


class Progress:
    """One line on a terminal that says what is being decided; nothing anywhere else."""

    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream = stream
        self._total = total
        self._shown = 0
        self._enabled = stream.isatty() and os.environ.get("TERM") != "dumb"

    def show(self, done: int, name: str) -> None:
        """Replace the line."""
        if not self._enabled:
            return
        line = f"{done}/{self._total}  {name}"[:78]
        self._stream.write("\r" + line.ljust(self._shown))
        self._stream.flush()
        self._shown = len(line)

    def clear(self) -> None:
        """Remove the line, before anything else is printed."""
        if self._enabled and self._shown:
            self._stream.write("\r" + " " * self._shown + "\r")
            self._stream.flush()
            self._shown = 0
