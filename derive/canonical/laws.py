"""The laws by which canonical forms are rewritten, by name.

A law is a function or a method that :func:`law` has put into the table; its docstring states it.
Each use goes through the table, so that whatever stands there under a name is the law (the tests
put something false there and see that it is noticed), and the normaliser's ``listener`` is told.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


class Law(NamedTuple):
    """A law: its name, and the function of a normaliser and what is rewritten that applies it."""

    name: str
    apply: Callable[..., Any]

    @property
    def statement(self) -> str:
        """The law in words: the first paragraph of the docstring."""
        text = inspect.getdoc(self.apply) or self.name
        return " ".join(text.split("\n\n")[0].split()).rstrip(".")


# Told of a law that was used, of what it was used on, and of what came out.
Listener = Callable[[str, tuple[Any, ...], Any], None]

LAWS: dict[str, Law] = {}


def law(name: str) -> Callable[[Function], Function]:
    """Put a function or a method into the table of laws; its first argument is the normaliser.

    :raises ValueError: if there is a law of that name.
    """

    def register(function: Function) -> Function:
        if name in LAWS:
            raise ValueError(f"two laws have the name {name!r}")
        LAWS[name] = Law(name, function)

        @functools.wraps(function)
        def applied(n: Any, *arguments: Any) -> Any:
            if n.listener is None:
                return LAWS[name].apply(n, *arguments)
            result = LAWS[name].apply(n, *arguments)
            n.listener(name, arguments, result)
            return result

        @functools.wraps(function)
        def applied_to_two(n: Any, one: Any, other: Any) -> Any:
            # Most laws: without a tuple of arguments a use takes less long.
            if n.listener is None:
                return LAWS[name].apply(n, one, other)
            return applied(n, one, other)

        code = function.__code__
        two = code.co_argcount == 3 and not (function.__defaults__ or code.co_flags & 12)
        return cast("Function", applied_to_two if two else applied)

    return register
