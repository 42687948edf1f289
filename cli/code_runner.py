"""Deciding pairs of code, each in a process of its own: a user's file is run as Python there.

What the file prints goes to standard error. A process that is still at it when the time of all its
claims is over is ended; that costs the verdicts of its pair.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import re
import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any

import sympy as sp

from derive.base.worker import run_deep
from derive.claims.entry import Entry
from derive.claims.kinds import Backward
from derive.claims.verdict import UNDECIDED, Verdict
from derive.cli.claim_runner import packed
from derive.cli.runner import OVERTIME
from derive.frontends.code.request import Request
from derive.frontends.code.sizes import COUNTER

Answers = dict[str, Verdict]
Answer = Callable[[Request], Answers]
Results = list[tuple[Entry, Verdict]]

LOADING = 20.0  # seconds that running a file and tracing it may take besides


def results(
    requests: Sequence[Request], answer: Answer, jobs: int, timeout: float
) -> Generator[Results]:
    """The entries and verdicts of each pair, in order.

    :param answer: what decides a pair; what it raises becomes undecided verdicts.
    :param timeout: seconds for each gradient.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        for request in requests:
            yield named(request, _safely(request, answer))
        return
    waiting = list(enumerate(requests))
    running: list[_Job] = []
    done: dict[int, Answers] = {}
    try:
        for turn, request in enumerate(requests):
            while turn not in done:
                while waiting and len(running) < jobs:
                    running.append(_Job(*waiting.pop(0), answer, timeout))
                ends = min(job.deadline for job in running)
                wait([job.channel for job in running], max(ends - time.monotonic(), 0.01))
                for job in [job for job in running if job.is_over()]:
                    running.remove(job)
                    done[job.position] = job.answers()
            yield named(request, done.pop(turn))
    finally:
        for job in running:
            job.end()


class _Job:
    """The process that decides one pair."""

    def __init__(self, position: int, request: Request, answer: Answer, timeout: float) -> None:
        self.position, self.request = position, request
        context = multiprocessing.get_context("fork")
        self.channel, theirs = context.Pipe(duplex=False)
        sys.stdout.flush()
        self.process = context.Process(target=_work, args=(request, answer, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.started = time.monotonic()
        self.timeout = timeout
        self.deadline = self.started + LOADING + (timeout + OVERTIME) * len(request.wrt)

    def is_over(self) -> bool:
        return self.channel.poll() or time.monotonic() >= self.deadline

    def answers(self) -> Answers:
        """What it has said, or why it has said nothing."""
        try:
            if not self.channel.poll():
                return _without(self.request, f"the time limit has passed ({self.timeout:g} s)")
            data = self.channel.recv_bytes()
            return run_deep(partial(pickle.loads, data))
        except (EOFError, OSError):
            return _without(self.request, "the process that decided it died")
        except Exception as problem:
            return _without(self.request, f"internal error: {problem}")
        finally:
            self.end()

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


def _work(request: Request, answer: Answer, channel: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(2, 1)  # standard output is the report's
    answers = _safely(request, answer)
    shown = {name: replace(verdict, steps=()) for name, verdict in answers.items()}
    with contextlib.suppress(OSError):  # the parent is gone
        channel.send_bytes(run_deep(partial(packed, shown)))


def _safely(request: Request, answer: Answer) -> Answers:
    try:
        return answer(request)
    except Exception as problem:
        message = " ".join(f"{type(problem).__name__}: {problem}".split())
        return _without(request, f"internal error: {message}")


def _without(request: Request, reason: str) -> Answers:
    """Undecided verdicts of a pair of which nothing came."""
    return {name: undecided(request, name, reason) for name in request.wrt}


def undecided(request: Request, name: str, reason: str) -> Verdict:
    """An undecided verdict on the gradient in one input, whose claim is in print only."""
    of, upstream = sp.Symbol(request.pair.name), sp.Symbol("upstream")
    claim = Backward(of, sp.Symbol(name), upstream, sp.Symbol(f"d{name}"), id=request.id(name))
    return Verdict(claim, UNDECIDED, reason=reason)


def named(request: Request, answers: Answers) -> Results:
    """The verdicts as entries of a report, under the ids of their file."""
    found: Results = []
    for name, verdict in answers.items():
        path, line = str(request.pair.path), _line(request, verdict)
        title = f"{request.pair.path.name}:{line}"
        claim: Any = run_deep(partial(_readable, verdict.claim))
        claim = replace(claim, id=request.id(name), title=title, source=title)
        entry = Entry(claim, None, path, request.pair.name, line)
        derived = verdict.derived
        if isinstance(derived, sp.Basic):
            derived = run_deep(partial(_with_letters, derived))
        found.append((entry, replace(verdict, claim=claim, derived=derived)))
    return found


_LETTERS = "ijklpqrst"


def _readable(claim: Any) -> Any:
    """The claim for print: indices of the trace are plain letters in each expression."""
    shown = {}
    for name in claim.expression_fields:
        value = getattr(claim, name)
        if isinstance(value, sp.Basic):
            shown[name] = _with_letters(value)
    where = {symbol: _with_letters(value) for symbol, value in claim.where.items()}
    return replace(claim, **shown, where=where)


def _with_letters(expr: Any) -> Any:
    symbols = expr.atoms(sp.Symbol)
    taken = {symbol.name for symbol in symbols}
    letters = (a + b for b in ("", "2", "3", "4") for a in _LETTERS if a + b not in taken)
    counters = sorted((s for s in symbols if COUNTER in s.name), key=_number)
    new = {s: sp.Symbol(n, integer=True) for s, n in zip(counters, letters, strict=False)}
    try:
        return expr.xreplace(new)
    except Exception:  # what SymPy cannot build anew is shown as it is
        return expr


def _number(symbol: Any) -> tuple[int, str]:
    digits = symbol.name.rpartition(COUNTER)[2]
    return (int(digits) if digits.isdigit() else 0, symbol.name)


def _line(request: Request, verdict: Verdict) -> int:
    """The line of the assignment of the gradient, where it is in the file of the pair, or the line
    that does not fit; else that of the forward.
    """
    own = os.path.abspath(request.pair.path)
    for text in (verdict.claim.source, verdict.reason):
        path, _, rest = text.partition(":")
        number = re.match(r"\d+", rest)
        if number and os.path.abspath(path) == own:
            return int(number[0])
    return request.pair.line
