"""What is decided on values while an expression is evaluated, for whoever wants to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_decisions: ContextVar[set[tuple[Any, Any]] | None] = ContextVar("decisions", default=None)


@contextmanager
def decisions() -> Iterator[set[tuple[Any, Any]]]:
    """What is decided on values inside the block: each node with the outcomes that it had."""
    found: set[tuple[Any, Any]] = set()
    token = _decisions.set(found)
    try:
        yield found
    finally:
        _decisions.reset(token)


def noted(node: Any, outcome: Any) -> None:
    """Keep what a node was decided to be, where someone wants to know."""
    found = _decisions.get()
    if found is not None:
        found.add((node, outcome))
