"""Functions that are called below of where they are defined.

Imports run one way. Where a lower module needs, in a rare case, what only a higher one can do, it
declares a slot, and the higher module fills it as it is imported, as :mod:`derive.engine` does
with all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Filler = TypeVar("Filler", bound=Callable[..., Any])


class Slot:
    """A function that is named here and defined elsewhere.

    :param home: the module that fills it, for the message of an empty slot.
    """

    def __init__(self, home: str) -> None:
        self.home = home
        self.function: Callable[..., Any] | None = None

    def fill(self, function: Filler) -> Filler:
        """Decorates the function that this slot stands for."""
        self.function = function
        return function

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives.

        :raises RuntimeError: where the module that fills the slot was not imported.
        """
        if self.function is None:
            raise RuntimeError(f"import {self.home} first")
        return self.function(*arguments)
