"""Array libraries by the name they are imported under, each a table of names.

A table maps a dotted name (``"linalg.norm"``) to a function of traced arrays, to a number, or to
a type; ``METHODS`` maps a method or an attribute of an array to a function of the array and the
arguments. A method in ``ATTRIBUTES`` is read without a call.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from typing import Any

from derive.base.errors import DeriveError
from derive.frontends.code.arrays import METHOD
from derive.frontends.code.trace import Refused, current

TABLES = {
    "numpy": "derive.frontends.code.numpy_names",
    "math": "derive.frontends.code.math_names",
    "torch": "derive.frontends.code.torch_names",
    "jax": "derive.frontends.code.jax_names",
    "scipy": "derive.frontends.code.scipy_names",
}


def table(library: str) -> Any:
    """The module with the names of a library.

    :raises Refused: for a library that is not read.
    """
    try:
        return import_module(TABLES[library])
    except (KeyError, ModuleNotFoundError):
        raise Refused(f"the library {library} is not read") from None


class Library:
    """A library or a part of one, as the user's file sees it."""

    def __init__(self, library: str, path: str = "") -> None:
        self._library = library
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        names: dict[str, Any] = table(self._library).NAMES
        full = f"{self._path}{name}"
        if full in names:
            return names[full]
        if any(known.startswith(f"{full}.") for known in names):
            return Library(self._library, f"{full}.")
        return Unknown(f"{self._library}.{full}")

    def __repr__(self) -> str:
        return f"<{self._library} {self._path}>"


class Unknown:
    """A name that is not read: it may be passed around, and not be used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _told(self) -> str:
        return f"{self._name} is not read"

    def _used(self, *args: Any, **options: Any) -> Any:
        raise Refused(self._told())

    __call__ = _used
    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _used  # it may be anything
    __contains__ = __len__ = __float__ = __int__ = __index__ = __mro_entries__ = _used
    as_array = _used

    def __hash__(self) -> int:  # it may be equal to any key
        return object.__hash__(self) if is_annotating() else self._used()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return False if is_annotating() else self._used()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unknown(f"{self._name}.{name}")

    def __getitem__(self, key: Any) -> Any:  # in annotations
        return self

    __iter__ = None  # or it would be iterated over without end

    def __repr__(self) -> str:
        return f"<{self._name}, which is not read>"


def is_annotating() -> bool:
    """Whether it is ``typing`` that compares something, with the forms that it has itself."""
    return sys._getframe(2).f_globals.get("__name__") == "typing"


class Broken(Unknown):
    """A name of the user's whose statement fails when the file is loaded."""

    def __init__(self, name: str, problem: BaseException, line: int | None) -> None:
        own = isinstance(problem, DeriveError)
        why = str(problem) if own else f"{type(problem).__name__}: {problem}"
        at = f" (line {line})" if line is not None else ""
        super().__init__(f"{name}{at}")
        self._why = why

    def _told(self) -> str:
        return f"{self._name} is not read: {self._why}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class Passing(Unknown):
    """A name that leaves functions as they are, as a decorator that only says something."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        if len(args) == 1 and callable(args[0]) and not options:
            return args[0]
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Passing(f"{self._name}.{name}")


def imported(module: str) -> Library | None:
    """The library that ``import module`` names, None where it is none of ours."""
    root, _, path = module.partition(".")
    if root not in TABLES:
        return None
    return Library(root, f"{path}." if path else "")


def names_of(library: Library) -> dict[str, Any]:
    """What ``from library import *`` binds."""
    names: dict[str, Any] = table(library._library).NAMES
    own = {
        n.removeprefix(library._path): v for n, v in names.items() if n.startswith(library._path)
    }
    return {name: value for name, value in own.items() if "." not in name}


@METHOD.fill
def method(array: Any, name: str) -> Any:
    """A method or attribute of an array, in the library of the trace."""
    library = current().library
    names = table(library)
    if name in names.ATTRIBUTES:
        return names.ATTRIBUTES[name](array)
    if name in names.METHODS:
        return partial(names.METHODS[name], array)
    raise Refused(f"an array has no {name} in {library}, or it is not read")
