"""Arrays of torch and jax for native runs of code that is written for them, in full precision."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np


def library_of(module: ModuleType | None) -> str:
    """The library whose arrays a module's functions take, by what it has imported."""
    for value in vars(module).values() if module is not None else ():
        owner = (
            value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        )
        root = str(owner).partition(".")[0]
        if root in ("torch", "jax"):
            return root
    return "numpy"


def of_library(library: str, value: np.ndarray) -> Any:
    """A copy of an array, as the library has it; of NumPy a number where it has no axes."""
    if library == "torch":
        return sys.modules["torch"].tensor(value)
    if library == "jax":
        return sys.modules["jax"].numpy.asarray(value)
    if value.ndim:
        return value.copy()
    # NumPy's own number, which is a float and has a type and axes as an array has.
    return value[()] if value.dtype.kind == "f" else value.item()


def plain(value: Any) -> np.ndarray:
    """An array of floats of NumPy."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    return np.array(value, dtype=float)


@contextmanager
def in_double(library: str) -> Iterator[None]:
    """The block in which a library computes in 64 bits where nothing else is said."""
    loaded = sys.modules.get(library)
    if library == "torch" and loaded is not None:
        before = loaded.get_default_dtype()
        loaded.set_default_dtype(loaded.float64)
        try:
            yield
        finally:
            loaded.set_default_dtype(before)
    elif library == "jax" and loaded is not None:
        wide = loaded.config.jax_enable_x64
        loaded.config.update("jax_enable_x64", True)
        try:
            yield
        finally:
            loaded.config.update("jax_enable_x64", wide)
    else:
        yield
