"""Deciding many claims: here or in worker processes, each verdict as soon as it is its turn.

A worker that is given a limit is ended a second after it, whatever it does: a thread can be stuck
in one call that nothing interrupts, a process cannot. What that costs is one verdict.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import pickle
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

import sympy as sp
from sympy.core.function import Application, AppliedUndef
from sympy.core.relational import Relational

from derive.base.worker import run_deep
from derive.claims.kinds import Claim
from derive.claims.verdict import UNDECIDED, Verdict

Decide = Callable[[Claim], Verdict]
Answer = TypeVar("Answer")

TERMINATED = 128 + signal.SIGTERM
OVERTIME = 1.0  # seconds after the limit of a claim until the process that decides it is ended


@dataclass(frozen=True)
class Questions(Generic[Answer]):
    """What is asked, by position, and how an answer travels from a worker to its parent.

    :param number: how many there are.
    :param answer: answers one of them, and never raises.
    :param failed: the answer where none came: position, reason, seconds, whether time was over.
    :param sent: an answer as bytes; what cannot be sent is asked once more in the parent.
    :param received: the same answer again.
    :param groups: what each of them shares with others, so that one worker should be asked it.
    """

    number: int
    answer: Callable[[int], Answer]
    failed: Callable[[int, str, float, bool], Answer]
    sent: Callable[[Answer], bytes]
    received: Callable[[int, bytes], Answer]
    groups: Sequence[str] = ()


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

    def received(position: int, data: bytes) -> Verdict:
        return replace(run_deep(partial(pickle.loads, data)), claim=claims[position])

    def failed(position: int, reason: str, seconds: float, stopped: bool) -> Verdict:
        return undecided(claims[position], reason, seconds, stopped)

    return answers(
        Questions(
            len(claims),
            lambda position: with_steps(decide_safely(claims[position], decide), steps),
            failed,
            packed,
            received,
        ),
        jobs,
        limit,
    )


def answers(
    questions: Questions[Answer], jobs: int = 1, limit: float | None = None
) -> Generator[Answer]:
    """The answers in the order of the questions, from some worker processes.

    :param limit: seconds for each; a worker that takes longer is ended.
    """
    jobs = min(jobs, questions.number)
    # a forked worker inherits the claims, functions of the user's own file included
    if "fork" not in multiprocessing.get_all_start_methods() or (jobs <= 1 and limit is None):
        return (questions.answer(position) for position in range(questions.number))
    return _in_workers(questions, jobs, limit)


def with_steps(verdict: Verdict, steps: int) -> Verdict:
    """A verdict with as many steps as a report reads."""
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
        return undecided(claim, f"internal error: {message}", time.perf_counter() - started)


def undecided(claim: Claim, reason: str, seconds: float = 0.0, stopped: bool = False) -> Verdict:
    """What is said of a claim that nothing came of."""
    return Verdict(claim, UNDECIDED, reason=reason, stopped=stopped, seconds=seconds)


# ------------------------------------------------------------------------------------- workers


def _work(questions: Questions[Any], channel: Connection) -> None:
    """Answer the questions whose positions come in; answers go out, or nothing where one cannot."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            answer = questions.answer(channel.recv())
            try:
                data = run_deep(partial(questions.sent, answer))
            except Exception:
                data = b""
            channel.send_bytes(data)


@dataclass
class _Worker:
    process: Any
    channel: Connection
    position: int | None = None  # of the claim that it is at
    since: float = 0.0
    group: str | None = None  # of what it was asked last

    def start(self, position: int) -> None:
        self.position, self.since = position, time.monotonic()
        with contextlib.suppress(OSError):  # it has died, which is seen when it is waited for
            self.channel.send(position)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


def _started(questions: Questions[Any]) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(questions, theirs), daemon=True)
    with warnings.catch_warnings():
        # Of threads of others, such as a test runner has: none of theirs is needed in the worker.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    return _Worker(process, ours)


class _Waiting:
    """The positions that no worker was given yet, by group."""

    def __init__(self, questions: Questions[Any]) -> None:
        groups = questions.groups or [""] * questions.number
        self._left: dict[str, deque[int]] = {}
        for position, group in enumerate(groups):
            self._left.setdefault(group, deque()).append(position)
        self._begun: set[str] = set()

    def next_for(self, worker: _Worker) -> int | None:
        """The next one of the group that a worker is at; then the first of one that nobody has
        begun, or the last of one that another worker is at, where more are left of that.
        """
        if not self._left:
            return None
        group = worker.group
        if group is None or group not in self._left:
            group = self._group_for_one_more()
        joins = group in self._begun and group != worker.group
        if not joins:
            self._begun.add(group)
            worker.group = group
        own = self._left[group]
        # Of one that nobody shares anything of, the first: what comes first is shown first.
        position = own.pop() if joins and group else own.popleft()
        if not own:
            del self._left[group]
        return position

    def _group_for_one_more(self) -> str:
        most = max(self._left, key=lambda group: len(self._left[group]))
        fresh = next((group for group in self._left if group not in self._begun), most)
        return most if len(self._left[most]) > len(self._left[fresh]) else fresh


def _in_workers(questions: Questions[Answer], jobs: int, limit: float | None) -> Generator[Answer]:
    found: dict[int, Answer] = {}
    waiting = _Waiting(questions)
    with _workers() as workers:

        def handed_on() -> bool:
            """Whether an answer came; no worker is left without a question, whatever is waited
            for: one that is would wait for the others.
            """
            before = len(found)
            for worker in [w for w in workers if w.position is not None]:
                assert worker.position is not None
                if not _is_done(worker, limit):
                    continue
                found[worker.position] = _answer(questions, worker, worker.position, limit)
                worker.position = None
                if not worker.process.is_alive():
                    worker.end()
                    workers.remove(worker)
            workers.extend(_started(questions) for _ in range(jobs - len(workers)))
            for worker in workers:
                if worker.position is None:
                    position = waiting.next_for(worker)
                    if position is not None:
                        worker.start(position)
            return len(found) > before

        for turn in range(questions.number):
            handed_on()
            while turn not in found:
                if not handed_on():
                    _wait(workers, limit)
            yield found.pop(turn)


def _wait(workers: list[_Worker], limit: float | None) -> None:
    """Until one of those at work has something to say, or its time is over."""
    busy = [worker for worker in workers if worker.position is not None]
    if any(worker.channel.poll() for worker in busy):
        return
    first = min(worker.since for worker in busy)
    left = None if limit is None else max(first + limit + OVERTIME - time.monotonic(), 0)
    wait([worker.channel for worker in busy], left if left is None else min(left, _LONGEST_WAIT))


_LONGEST_WAIT = 86_400.0  # seconds; the operating system counts them in a short number


def _is_done(worker: _Worker, limit: float | None) -> bool:
    """Whether a worker has something to say, or its time is over."""
    over = limit is not None and time.monotonic() - worker.since >= limit + OVERTIME
    return over or worker.channel.poll()


def _answer(
    questions: Questions[Answer], worker: _Worker, position: int, limit: float | None
) -> Answer:
    """What a worker says that is done with a question, or what is said of its end."""
    seconds = time.monotonic() - worker.since
    if not worker.channel.poll():
        worker.process.kill()
        worker.process.join()
        reason = f"the time limit has passed (limit {limit:g} s)"
        return questions.failed(position, reason, seconds, True)
    try:
        data = worker.channel.recv_bytes()
    except (EOFError, OSError):
        worker.process.join()
        reason = "internal error: the process that decided it died"
        return questions.failed(position, reason, seconds, False)
    if data:
        with contextlib.suppress(Exception):
            return questions.received(position, data)
    return questions.answer(position)  # once more, where nothing need travel


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
