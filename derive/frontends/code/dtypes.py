"""Types of entries, which say no more than their kind: numbers here are real, and whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import BOOL, FLOAT, INT
from derive.frontends.code.trace import Refused


class DType:
    """A type of entries, which can be called as NumPy's are."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind_name = kind

    def __call__(self, value: Any = 0) -> Any:
        return ops.cast(value, self.kind_name)

    def __eq__(self, other: Any) -> bool:
        return kind_of(other) == self.kind_name

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def type(self) -> DType:
        return self

    def __repr__(self) -> str:
        return self.name


FLOATS = ("float64", "float32", "float16", "float_", "double", "single", "floating", "longdouble",
          "bfloat16", "half", "float")  # fmt: skip
INTS = ("int64", "int32", "int16", "int8", "int_", "intp", "uint8", "integer", "long", "int")
BOOLS = ("bool_", "bool")


def kind_of(dtype: Any) -> str:
    """The kind that a ``dtype=`` means.

    :raises Refused: for one that is not read.
    """
    if dtype is None:
        return FLOAT
    if isinstance(dtype, DType):
        return dtype.kind_name
    if dtype in (float, int, bool):
        return {float: FLOAT, int: INT, bool: BOOL}[dtype]
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None)
    if name in FLOATS or name in ("f", "d", "f4", "f8"):
        return FLOAT
    if name in INTS or name in ("i", "i4", "i8"):
        return INT
    if name in BOOLS:
        return BOOL
    raise Refused(f"the type {dtype!r}")


class FInfo:
    """What NumPy says of a type of floats."""

    def __init__(self, dtype: Any) -> None:
        told = np.finfo("float32" if getattr(dtype, "name", "") == "float32" else "float64")
        self.eps, self.tiny, self.max, self.min = map(
            float, (told.eps, told.tiny, told.max, told.min)
        )
