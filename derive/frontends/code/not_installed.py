"""What is not installed where a file is run: libraries, and packages of annotations."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from derive.frontends.code.bases import is_foreign


class NotRun(Exception):
    """The user's functions cannot be run here."""


class NotInstalled(NotRun):
    """A library that is read is not installed."""


class Missing:
    """What a module that is not installed has: names that may stand in annotations."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self.__name__}.{name}")

    def __getitem__(self, key: Any) -> Any:
        return self

    def __or__(self, other: Any) -> Any:
        return self

    __ror__ = __or__

    def __call__(self, *args: Any, **options: Any) -> Any:
        if len(args) == 1 and callable(args[0]) and not options:
            return args[0]  # a decorator
        raise NotRun(f"{self.__name__} is not installed")


def _importing() -> str:
    """The file that imports something now."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        "importlib" in frame.f_code.co_filename or frame.f_code.co_filename == __file__
    ):
        frame = frame.f_back
    return frame.f_code.co_filename


class Annotations:
    """Finds packages of annotations where they are not installed."""

    NAMES = ("jaxtyping", "torchtyping", "nptyping", "beartype", "typeguard", "typing_extensions")

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] not in self.NAMES or is_foreign(_importing()):
            return None  # what is installed does without what it does not need
        return importlib.util.spec_from_loader(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> Any:
        return None

    def exec_module(self, module: Any) -> None:
        missing = Missing(module.__name__)
        module.__getattr__ = lambda name: getattr(missing, name)
