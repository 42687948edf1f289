"""Runs a decision where it can be stopped, and where deep expressions have room.

SymPy recurses into expressions, so that a deep one needs a deep stack: a thread of its own has
one. A thread can also be interrupted from outside between any two steps of Python, which is how a
time limit reaches code that does not count its work (:mod:`derive.base.budget`); code that does is
told before that it has to end. What no interruption reaches is the inside of one call that is not
made of Python's steps, so that such calls are kept short where they are made
(:mod:`derive.base.bounded`, :mod:`derive.evaluation.fields`); the command line decides in processes
besides, which can be ended whatever they do (:mod:`derive.cli.runner`).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from derive.base import budget
from derive.base.errors import BudgetExceeded, Stopped

Result = TypeVar("Result")

STACK_BYTES = 512 * 1024 * 1024
RECURSION_LIMIT = 100_000
OVERTIME = 0.4  # seconds for what counts its work to end by itself, before it is interrupted
GRACE = 0.5  # seconds for an interrupted thread to unwind; then it is left behind
AGAIN = 0.02  # seconds after which a thread that did not heed an interruption gets another


class _Interrupted(BaseException):
    """Raised in a thread that is to end; nothing but the thread's own last step catches it."""


_one_at_a_time = threading.RLock()


def run_deep(compute: Callable[[], Result], timeout: float | None = None) -> Result:
    """What ``compute`` returns or raises, computed in a thread with a deep stack.

    :param timeout: seconds after which it is interrupted.
    :raises Stopped: when it was interrupted.
    :raises BudgetExceeded: when it recursed too deep.

    Of what comes after the limit, at most :data:`OVERTIME` and :data:`GRACE` are waited for.
    """
    if threading.current_thread().name == "derive":
        return compute()
    results: list[Result] = []
    problems: list[BaseException] = []

    def body() -> None:
        try:
            results.append(compute())
        except RecursionError:
            problems.append(BudgetExceeded("the expression is nested too deeply"))
        except MemoryError:
            problems.append(BudgetExceeded("there is not enough memory"))
        except BaseException as problem:  # handed to the caller below
            problems.append(problem)

    with _one_at_a_time, _without_collection():
        if timeout is not None and timeout <= 0:
            budget.halt()
        thread = _started(body)
        try:
            thread.join(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
            if thread.is_alive():
                budget.halt()
                thread.join(OVERTIME)
        except BaseException:
            _interrupt(thread)
            raise
        finally:
            budget.resume()
        if thread.is_alive():
            _interrupt(thread)
            raise Stopped("the time limit has passed")
    if problems:
        raise problems[0]
    return results[0]


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """No search for reference cycles meanwhile: a decision makes many small objects and hardly
    any cycle, and going through all of them again and again would cost more than it frees.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _started(body: Callable[[], None]) -> threading.Thread:
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
    previous = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=body, name="derive", daemon=True)
        thread.start()
    finally:
        threading.stack_size(previous)
    return thread


def _interrupt(thread: threading.Thread) -> None:
    """End the thread; one that is inside of a long call will end after it, on its own."""
    if not _ends(thread, GRACE):
        threading.Thread(target=_ends, args=(thread, None), daemon=True).start()


def _ends(thread: threading.Thread, grace: float | None) -> bool:
    """Raise in the thread, at its next step, until it has ended.

    Once is not enough: what is raised in a callback or a destructor is dropped.
    """
    assert thread.ident is not None
    start = time.monotonic()
    while thread.is_alive() and (grace is None or time.monotonic() < start + grace):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_Interrupted)
        )
        thread.join(AGAIN)
    return not thread.is_alive()
