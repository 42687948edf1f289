"""Loops over symbolic ranges, which run once with a counter, and branches on values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.sizes import Size
from derive.frontends.code.trace import Refused


class Unbound:
    """What a name is that nothing was assigned to yet."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NameError(f"name {self._name!r} is not assigned")


Thunk = Callable[[], Any]


def value_of(name: str, thunk: Thunk) -> Any:
    try:
        return thunk()
    except NameError:
        return Unbound(name)


class Loop:
    """A loop over something that Python can iterate over."""

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def open(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)

    def close(self, name: str, thunk: Thunk) -> None:
        return None

    def after(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)


class Branch:
    """A branch that is taken or not, as the sizes say."""

    def __init__(self, test: Any) -> None:
        if isinstance(test, Array) and test.ndim == 0:
            test = bool(test)
        self.taken = bool(test)

    def __iter__(self) -> Iterator[bool]:
        return iter((self.taken,))

    def open(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)

    def close(self, name: str, thunk: Thunk) -> None:
        return None

    def after(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)


def loop(iterable: Any, line: int) -> Any:
    return Loop(iterable)


def branch(test: Any) -> Any:
    return Branch(test)


def repeated(values: Any, times: Size) -> Any:
    raise Refused(f"a list repeated {times} times")


class SymbolicRange:
    """``range`` with a symbolic end."""

    def __init__(self, *ends: Any) -> None:
        self.ends = ends

    def __iter__(self) -> Iterator[Any]:
        raise Refused("a symbolic range outside of a for loop")

    def as_array(self) -> Array:
        from derive.frontends.code.operations import arange

        return arange(*self.ends)


def listed(function: Callable[[Any], Any], iterable: Any) -> Any:
    return [function(item) for item in iterable]


_ = as_array


def symbolic_open(since_call: bool = False) -> bool:
    return False


def enumerated(values: Any, start: int) -> Any:
    return enumerate(values, start)


def zipped(values: Any) -> Any:
    return zip(*values, strict=False)


def turned(values: Any) -> Any:
    return reversed(values)


def list_method(values: Any, name: str) -> Any:
    return getattr(values, name)
