"""``np.matrix``: an array that keeps two axes, whose ``*`` is the product of matrices.

What NumPy's functions make of one is a matrix again, except for those that ask for an array.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

from derive.frontends.code import alignment, grids, reshaping
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import BOOL, MATMUL, METHOD, Array, as_array
from derive.frontends.code.sizes import Size
from derive.frontends.code.trace import Misfit, Refused

ARRAYS = ("array", "asarray", "ascontiguousarray", "where", "outer", "take", "kron", "choose")
REDUCTIONS = ("sum", "mean", "var", "std", "max", "min", "amax", "amin", "prod")


class Matrix(Array):
    """A matrix as NumPy's class has it."""

    def copy(self) -> Matrix:
        return as_matrix(super().copy())

    def __mul__(self, other: Any) -> Array:
        return _product(self, other) if _is_array(other) else as_matrix(super().__mul__(other))

    def __rmul__(self, other: Any) -> Array:
        return _product(other, self) if _is_array(other) else as_matrix(super().__rmul__(other))

    def __matmul__(self, other: Any) -> Array:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return _product(other, self)

    def __pow__(self, other: Any) -> Array:
        if not isinstance(other, int):
            raise Refused("a power of an np.matrix that is no whole number")
        return as_matrix(self.I if other == -1 else grids.matrix_power(plain(self), other))

    def __getitem__(self, key: Any) -> Any:
        parts = list(key) if isinstance(key, tuple) else [key]
        if any(isinstance(p, Array) and (p.ndim or p.kind == BOOL) for p in parts):
            raise Refused("entries of an np.matrix at a list of places or a condition")
        places = [isinstance(p, (int, Size, Array)) and not isinstance(p, bool) for p in parts]
        found = super().__getitem__(key)
        if len(parts) == 2 and all(places):
            return found
        if found.ndim == 1:
            found = alignment.inserted(found, 0 if places[0] else 1)
        return as_matrix(found)

    def __getattr__(self, name: str) -> Any:
        if name in ("A", "A1"):
            return plain(self) if name == "A" else reshaping.reshaped(plain(self), (-1,))
        if name in ("H", "T"):
            return as_matrix(reshaping.transpose(plain(self)))
        if name == "I":
            return as_matrix(ops.inverse(plain(self)))
        if name.startswith("__"):
            raise AttributeError(name)
        found = METHOD(self, name)
        return through(name, found, (self,)) if callable(found) else found


def _forward(name: str) -> None:
    own = getattr(Array, name)
    setattr(Matrix, name, lambda self, *other: as_matrix(own(self, *other)))


for _name in ("add", "radd", "sub", "rsub", "truediv", "rtruediv", "neg", "abs", "eq", "ne", "lt",
              "le", "gt", "ge"):  # fmt: skip
    _forward(f"__{_name}__")
Matrix.__hash__ = Array.__hash__  # type: ignore[method-assign]


def _is_array(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, Array) and bool(value.ndim))


def _product(a: Any, b: Any) -> Array:
    return as_matrix(MATMUL(plain(as_matrix(as_array(a))), plain(as_matrix(as_array(b)))))


def plain(value: Array) -> Array:
    """A matrix as an array."""
    return Array(value.axes, dict(value.bodies), value.kind)


def as_matrix(value: Any) -> Any:
    """An array as a matrix; a number where it has no axes and is no argument of ``np.matrix``."""
    if not isinstance(value, Array) or isinstance(value, Matrix) or not value.ndim:
        return value
    if value.ndim > 2:
        raise Misfit("a matrix must be 2-dimensional")
    found = alignment.inserted(value, 0) if value.ndim == 1 else value
    return Matrix(found.axes, dict(found.bodies), found.kind)


def matrix(data: Any, dtype: Any = None, copy: bool = True) -> Any:
    """``np.matrix`` and ``np.mat``."""
    if isinstance(data, str):
        raise Refused("np.matrix of a text")
    found = as_array(data)
    while found.ndim < 1:
        found = alignment.inserted(found, 0)
    found = as_matrix(plain(found) if isinstance(found, Matrix) else found)
    return found if dtype is None else as_matrix(ops.cast(found, dtype))


def through(name: str, function: Callable[..., Any], own: tuple[Any, ...] = ()) -> Any:
    """A function that gives matrices where it is given some.

    :param own: what a method is one of.
    """

    @wraps(function)
    def applied(*args: Any, **options: Any) -> Any:
        if not any(isinstance(a, Matrix) for a in _flat((*own, *args))):
            return function(*args, **options)
        if name in REDUCTIONS:
            place = options.get("axis", (*own, *args, None, None)[1])
            if place is not None:
                options["keepdims"] = True
        found = function(*args, **options)
        if name in ARRAYS:
            return plain(found) if isinstance(found, Matrix) else found
        if isinstance(found, list):
            return [as_matrix(part) for part in found]
        return as_matrix(found) if isinstance(found, Array) and found.ndim <= 2 else found

    return applied


def _flat(args: tuple[Any, ...]) -> list[Any]:
    own = (a if type(a) is tuple else list.__iter__(a) if isinstance(a, list) else (a,)
           for a in args)  # fmt: skip
    return [part for parts in own for part in parts]


def with_matrices(names: dict[str, Any]) -> dict[str, Any]:
    """A table of names whose functions give matrices where they are given some."""
    found = {n: through(n, v) if type(v) is FunctionType else v for n, v in names.items()}
    return {**found, "matrix": matrix, "mat": matrix, "asmatrix": matrix}
