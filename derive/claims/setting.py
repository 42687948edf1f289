"""Definitions and assumptions that several claims share, written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from derive.base.errors import ClaimError
from derive.claims.kinds import Claim

Kind = TypeVar("Kind", bound=Claim)


@dataclass(frozen=True)
class Setting:
    """What several claims of a document stand in.

    A setting makes claims of any kind, each with its definitions and assumptions::

        stated = Setting(where={h: x * W1 + b1, o: h * W2 + b2}, given=Eq(Sum(y[0, j], …), 1))
        claims = (
            stated(Gradient, loss, W2, h.T * delta),
            stated(Gradient, loss, b2, delta),
        )

    :param where: definitions in order, symbol to expression.
    :param given: assumptions; a ``Shape`` is stated without them.
    """

    where: Mapping[Any, Any] = field(default_factory=dict)
    given: Any = ()

    def __post_init__(self) -> None:
        if not isinstance(self.where, Mapping):
            raise ClaimError(f"`where` is {self.where!r}; a dictionary is expected")

    def __call__(self, kind: type[Kind], /, *arguments: Any, **keywords: Any) -> Kind:
        """A claim in this setting, of the arguments that its kind takes. Its own definitions stand
        after these, and its own assumptions beside them.

        :raises ClaimError: as the kind does, and where both define one symbol.
        """
        if not (isinstance(kind, type) and issubclass(kind, Claim)):
            raise ClaimError(f"a setting makes a claim of a kind such as Gradient, not of {kind!r}")
        own = keywords.pop("where", {})
        for symbol in own:
            if symbol in self.where:
                raise ClaimError(f"`where` defines {symbol}, which the setting defines already")
        where = {**self.where, **own}
        assumed = (*_facts(self.given), *_facts(keywords.pop("given", ())))
        if any(each.name == "given" for each in fields(kind)):
            keywords["given"] = assumed
        return kind(*arguments, where=where, **keywords)


def _facts(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, (tuple, list, set, frozenset)) else (given,)
