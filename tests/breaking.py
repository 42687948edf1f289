"""Every rewrite rule of the engine, broken in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from derive.canonical.forms import Normaliser
from derive.canonical.functions import function_laws
from derive.canonical.laws import LAWS
from derive.canonical.nodes import NODE_RULES

# Of two functions nothing is known but their derivatives: whatever they are called will do. The
# logarithms of sizes are made last, when nothing is rebuilt any more.
OPAQUE = ("atan2", "Mod", "log size")
# Of one only a difference is known, in which 1 would cancel.
BY_A_DIFFERENCE = ("polygamma",)
FUNCTIONS = {f"law of {name}": name for name in function_laws() if name not in OPAQUE}
NODES = {f"rule of {node.__name__}": node for node in NODE_RULES}


def rule_names() -> tuple[str, ...]:
    """Every rule that :func:`breaking` can break: the laws, the functions' laws, the nodes'."""
    return (*LAWS, *FUNCTIONS, *NODES)


def broken(name: str) -> tuple[dict[Any, Any], Any, Any]:
    """The table that the rule of that name stands in, its key, and what is false in its place."""
    if name in LAWS:
        return LAWS, name, LAWS[name]._replace(apply=_broken(LAWS[name].apply))
    if name in FUNCTIONS:
        laws = function_laws()
        change = _broken if FUNCTIONS[name] in BY_A_DIFFERENCE else _with_one_added
        return laws, FUNCTIONS[name], change(laws[FUNCTIONS[name]])
    return NODE_RULES, NODES[name], _broken(NODE_RULES[NODES[name]])


@contextmanager
def breaking(name: str) -> Iterator[None]:
    """While it lasts, the rule of that name gives something else than it should."""
    table, key, false = broken(name)
    with mock.patch.dict(table, {key: false}):
        yield


def _with_one_added(right: Callable[..., Any]) -> Callable[..., Any]:
    """f(x) + 1: twice a function of which little is known would only be another name for it."""

    def wrong(n: Normaliser, *arguments: Any) -> Any:
        return n.add(right(n, *arguments), {(): 1})

    return wrong


def _broken(right: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*arguments: Any) -> Any:
        return _falsified(right(*arguments))

    return wrong


def _falsified(result: Any) -> Any:
    """Twice a polynomial, and 1 for 0."""
    if isinstance(result, dict):
        return {m: 2 * c for m, c in result.items()} or {(): 1}
    if isinstance(result, tuple):  # a power that is left, and a factor
        exponent, factor = result
        return exponent, _falsified(factor or {(): 1})
    return result
