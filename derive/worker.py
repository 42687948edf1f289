"""Runs a decision where it can be stopped, and where deep expressions have room.

SymPy recurses into expressions, so that a deep one needs a deep stack: a thread of its own has
one. A thread can also be interrupted from outside wherever it is, which is how a time limit
reaches code that never looks at the clock.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from derive.errors import BudgetExceeded

Result = TypeVar("Result")

STACK_BYTES = 512 * 1024 * 1024
RECURSION_LIMIT = 100_000
GRACE = 5.0  # seconds for an interrupted thread to unwind

_one_at_a_time = threading.RLock()


def run_deep(compute: Callable[[], Result], timeout: float | None = None) -> Result:
    """What ``compute`` returns or raises, computed in a thread with a deep stack.

    :param timeout: seconds after which it is interrupted.
    :raises BudgetExceeded: when it was interrupted, or recursed too deep.
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
        thread = _started(body)
        try:
            thread.join(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        except BaseException:
            _interrupt(thread)
            raise
        if thread.is_alive():
            _interrupt(thread)
            raise BudgetExceeded("the time limit has passed")
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
    """Raise in the thread, at its next step, until it has ended."""
    assert thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(BudgetExceeded)
    )
    thread.join(GRACE)
