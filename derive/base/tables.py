"""What is done for each class of nodes: the one way to dispatch on what something is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Rule = TypeVar("Rule", bound=Callable[..., Any])


class Table(dict[type, Rule]):
    """A function for each class, each registered by the table's decorator.

    What has none of its own takes that of the nearest of its base classes.
    """

    def on(self, *kinds: type) -> Callable[[Rule], Rule]:
        """Decorates what is done for these classes."""

        def register(rule: Rule) -> Rule:
            self.update(dict.fromkeys(kinds, rule))
            return rule

        return register

    def find(self, kind: type) -> Rule | None:
        """What is done for a class; None where it is not known, nor is any of its bases."""
        for base in kind.__mro__:
            rule = self.get(base)
            if rule is not None:
                return rule
        return None

    def missing(self, kinds: Iterable[type]) -> list[str]:
        """The names of those for which nothing is done: a test asks each table."""
        return [kind.__name__ for kind in kinds if self.find(kind) is None]
