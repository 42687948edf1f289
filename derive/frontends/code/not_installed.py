"""What is not installed where a file is run: libraries, packages of annotations, and whatever else
a file imports and its functions may do without, such as what draws its plots.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import FrameType
from typing import Any

from derive.frontends.code.bases import is_foreign
from derive.frontends.code.libraries import is_annotating

ANNOTATING = ("jaxtyping", "torchtyping", "nptyping", "beartype", "typeguard", "typing_extensions")
NEEDED = ("torch", "jax")  # a file that imports one of them is about it


class NotRun(Exception):
    """The user's functions cannot be run here."""


class NotInstalled(NotRun):
    """A library that is read is not installed."""


class Missing:
    """What a module that is not installed has: names that may stand in annotations, and that a file
    may use while it is imported.
    """

    importing = 0  # files that are being imported

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self.__name__}.{name}")

    def __getitem__(self, key: Any) -> Any:
        return self

    __iter__ = None  # or it would be iterated over without end

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check()

    def __or__(self, other: Any) -> Any:
        return self

    __ror__ = __or__

    def _told(self, *_: Any) -> Any:
        raise NotInstalled(f"{self.__name__.partition('.')[0]} is not installed")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = _told  # it may be anything
    __contains__ = __len__ = __float__ = __int__ = __index__ = _told
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return False if is_annotating() else self._told()

    def __mro_entries__(self, bases: Any) -> tuple[()]:
        return ()

    def __call__(self, *args: Any, **options: Any) -> Any:
        if len(args) == 1 and callable(args[0]) and not options:
            return args[0]  # a decorator
        self._check()
        return self

    def _check(self) -> None:
        if not Missing.importing:
            self._told()


def _importing() -> FrameType | None:
    """The frame of the statement that imports something now; None where it is only looked for."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_back is not None:
        file = frame.f_code.co_filename
        if frame.f_code.co_name == "find_spec" and file == importlib.util.__file__:
            return None
        if "importlib" not in file and file != __file__:
            break
        frame = frame.f_back
    return frame


@lru_cache(maxsize=64)
def _tried_lines(path: str) -> frozenset[int]:
    """The lines of a file that stand in a ``try``."""
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, ValueError, SyntaxError):
        return frozenset()
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Try)]
    return frozenset(
        line for body in bodies for line in range(body[0].lineno, (body[-1].end_lineno or 0) + 1)
    )


class StandIns:
    """Finds what a user's file imports and what is not installed; packages of annotations always,
    others where the file does not do without them itself.
    """

    def __init__(self) -> None:
        self.found: list[str] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        frame = _importing()
        if frame is None or is_foreign(frame.f_code.co_filename):
            return None  # what is installed does without what it does not need
        root = name.partition(".")[0]
        tried = frame.f_lineno in _tried_lines(frame.f_code.co_filename)
        if root not in ANNOTATING and (root in NEEDED or tried or _is_own(root)):
            return None
        self.found.append(name)
        spec = importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]
        if spec is not None:
            spec.submodule_search_locations = []
        return spec

    def create_module(self, spec: Any) -> Any:
        return None

    def exec_module(self, module: Any) -> None:
        missing = Missing(module.__name__)
        module.__getattr__ = lambda name: getattr(missing, name)


def _is_own(root: str) -> bool:
    """Whether a module of this name is there, and one in it is not."""
    module = sys.modules.get(root)
    return module is not None and not isinstance(getattr(module, "__loader__", None), StandIns)


@contextmanager
def standing_in() -> Iterator[None]:
    """The block in which a user's file is imported; afterwards nothing else finds what stood in."""
    finder = StandIns()
    sys.meta_path.append(finder)  # after what is installed
    Missing.importing += 1
    try:
        yield
    finally:
        Missing.importing -= 1
        sys.meta_path.remove(finder)
        for name in finder.found:
            if name.partition(".")[0] not in ANNOTATING:
                sys.modules.pop(name, None)
