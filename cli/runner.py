"""Answering many questions: here or in worker processes, each answer as soon as it is its turn.

A worker that is given a limit is ended a second after it, whatever it does: a thread can be stuck
in one call that nothing interrupts, a process cannot. What that costs is one answer.

Nothing here needs SymPy, so that workers can import it all at once while their parent has none.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")

TERMINATED = 128 + signal.SIGTERM
OVERTIME = 1.0  # seconds after the limit of a question until the process that is at it is ended
PREPARING = 60.0  # seconds that a worker may take besides, before its first one
FEW = 2  # workers


@dataclass(frozen=True)
class Questions(Generic[Answer]):
    """What is asked, by position, and how an answer travels from a worker to its parent.

    :param number: how many there are.
    :param answer: answers one of them, and never raises.
    :param failed: the answer where none came: position, reason, seconds, whether time was over.
    :param sent: an answer as bytes; what cannot be sent is asked once more in the parent.
    :param received: the same answer again.
    :param groups: what each of them shares with others, so that one worker should be asked it.
    :param prepare: what a worker does before it is asked, which is not of the time of any.
    """

    number: int
    answer: Callable[[int], Answer]
    failed: Callable[[int, str, float, bool], Answer]
    sent: Callable[[Answer], bytes]
    received: Callable[[int, bytes], Answer]
    groups: Sequence[str] = ()
    prepare: Callable[[], object] = lambda: None


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


# ------------------------------------------------------------------------------------- workers


def _work(questions: Questions[Any], channel: Connection) -> None:
    """Answer the questions whose positions come in; answers go out, or nothing where one cannot."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent alone answers Ctrl-C
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        with contextlib.suppress(Exception):  # whoever needs it will be told
            questions.prepare()
        channel.send_bytes(b"")
        while (position := channel.recv()) is not None:
            answer = questions.answer(position)
            try:
                data = questions.sent(answer)
            except Exception:
                data = b""
            channel.send_bytes(data)


@dataclass
class _Worker:
    process: Any
    channel: Connection
    prepared: bool = False
    position: int | None = None  # of the question that it is at
    since: float = 0.0
    group: str | None = None  # of what it was asked last
    dismissed: bool = False

    def start(self, position: int | None) -> None:
        """Ask it a question; without one it may go, so that nobody has to wait for that later."""
        self.position, self.since, self.dismissed = position, time.monotonic(), position is None
        with contextlib.suppress(OSError):  # it has died, which is seen when it is waited for
            self.channel.send(position)

    def has_spoken(self) -> bool:
        """Whether it has said something, or has died. That it is prepared is heard here, and is no
        answer: its time begins then.
        """
        if self.channel.poll() and not self.prepared:
            with contextlib.suppress(EOFError, OSError):
                self.channel.recv_bytes()
                self.prepared, self.since = True, time.monotonic()
        return self.channel.poll()

    def left(self, limit: float | None) -> float:
        """The seconds until it has to have answered."""
        if limit is None:
            return math.inf
        allowed = limit + OVERTIME + (0 if self.prepared else PREPARING)
        return self.since + allowed - time.monotonic()

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

    def __init__(self, questions: Questions[Any], workers: int) -> None:
        self._alone = workers == 1
        groups = questions.groups or [""] * questions.number
        self._left: dict[str, deque[int]] = {}
        for position, group in enumerate(groups):
            self._left.setdefault(group, deque()).append(position)
        self._begun: set[str] = set()

    def next_for(self, worker: _Worker) -> int | None:
        """One of the group that a worker is at, then of one that nobody has begun, then of the one
        of which most are left: its last one, for as a rule those take longest, and at the end none
        should have to be waited for. Of questions that share nothing, and for one worker, which
        nobody waits for, it is the first.
        """
        if not self._left:
            return None
        if worker.group is None or worker.group not in self._left:
            fresh = (group for group in self._left if group not in self._begun)
            worker.group = next(fresh, None)
            if worker.group is None:
                worker.group = max(self._left, key=lambda group: len(self._left[group]))
            self._begun.add(worker.group)
        own = self._left[worker.group]
        position = own.pop() if worker.group and not self._alone else own.popleft()
        if not own:
            del self._left[worker.group]
        return position


def _in_workers(questions: Questions[Answer], jobs: int, limit: float | None) -> Generator[Answer]:
    found: dict[int, Answer] = {}
    if jobs > FEW:
        # Few prepare themselves at the same time, for which they would have to wait here; many
        # had better share what was prepared before them.
        questions.prepare()
    waiting = _Waiting(questions, jobs)
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
                if worker.position is None and not worker.dismissed:
                    worker.start(waiting.next_for(worker))
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
    if any(worker.has_spoken() for worker in busy):
        return
    left = max(min(worker.left(limit) for worker in busy), 0)
    wait([worker.channel for worker in busy], min(left, _LONGEST_WAIT))


_LONGEST_WAIT = 86_400.0  # seconds; the operating system counts them in a short number


def _is_done(worker: _Worker, limit: float | None) -> bool:
    """Whether a worker has something to say, or its time is over."""
    return worker.has_spoken() or worker.left(limit) <= 0


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
        for worker in workers:  # all at once, for each takes a while to go
            worker.process.kill()
        for worker in workers:
            worker.end()
        if main:
            signal.signal(signal.SIGTERM, handler)


def _terminated(*_: Any) -> None:
    raise SystemExit(TERMINATED)
