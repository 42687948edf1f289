"""Arrays that are laid out from others or from numbers: grids, powers, differences, diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from derive.frontends.code import alignment, reshaping
from derive.frontends.code import axes as ax
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import FLOAT, INT, Array, as_array
from derive.frontends.code.sizes import expression
from derive.frontends.code.sums import positions
from derive.frontends.code.trace import Misfit, Refused


def meshgrid(*vectors: Any, indexing: str = "xy", sparse: bool = False) -> list[Array]:
    """For each vector its entries along an axis of their own; the first two swapped for "xy"."""
    parts = [as_array(v) for v in vectors]
    found = []
    for place, part in enumerate(parts):
        for other in range(len(parts)):
            if other != place:
                part = alignment.inserted(part, other)
        found.append(part)
    if not sparse:
        shape = [part.shape[place] for place, part in enumerate(found)]
        found = [reshaping.broadcast_to(part, shape) for part in found]
    if indexing == "xy" and len(parts) > 1:
        found = [reshaping.swapped(part, 0, 1) for part in found]
    return found


class Grid:
    """``np.ogrid`` and ``np.mgrid``: the numbers of each slice along an axis of their own."""

    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        ranges = [counted(part) for part in (key if isinstance(key, tuple) else (key,))]
        if not isinstance(key, tuple):
            return ranges[0]
        grid = meshgrid(*ranges, indexing="ij", sparse=self._sparse)
        return grid if self._sparse else reshaping.stack(grid, 0)


def counted(part: slice) -> Array:
    """The numbers that a slice in the brackets of such a name stands for."""
    if isinstance(part.step, complex):
        raise Refused("a slice with an imaginary step, outside of an array")
    step = 1 if part.step is None else part.step
    return ops.arange(0 if part.start is None else part.start, part.stop, step)


def open_grid(*vectors: Any) -> tuple[Array, ...]:
    """``np.ix_``."""
    return tuple(meshgrid(*vectors, indexing="ij", sparse=True))


def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, **options: Any) -> Array:
    axis = ax.of_size(expression(num))
    index = axis[0][0][0] if axis[0] else sp.Integer(0)
    steps = expression(num) - (1 if endpoint else 0)
    if steps == 0:
        raise Refused("linspace of one number with its end")
    at = Array([axis], {(0,): index}, INT)
    return as_array(start) + (as_array(stop) - as_array(start)) * at / _number(steps)


def _number(value: Any) -> Array:
    return Array((), {(): value}, FLOAT)


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Array:
    below = ops.triangle(ops.ones((N, N if M is None else M)), k, lower=True)
    return below if dtype is None else below.astype(dtype)


def vander(x: Any, N: Any = None, increasing: bool = False) -> Array:
    column = as_array(x)[:, None]
    powers = ops.arange(column.shape[0] if N is None else N)
    return column ** (powers if increasing else reshaping.flipped(powers, 0))


def differences(a: Any, n: int = 1, axis: int = -1) -> Array:
    """``np.diff``."""
    found = as_array(a)
    (place,) = positions(found, axis)
    before = (slice(None),) * place
    for _ in range(n):
        found = found[(*before, slice(1, None))] - found[(*before, slice(None, -1))]
    return found


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    array = as_array(a)
    if array.ndim != 2:
        raise Refused(f"fill_diagonal of an array of shape {ax.shown(array.axes)}")
    is_diagonal = ops.eye(*array.shape) != 0
    array[is_diagonal] = val


def cumulated_product(a: Any, axis: Any = None, **options: Any) -> Array:
    array = as_array(a)
    if axis is None:
        array, axis = reshaping.reshaped(array, (-1,)), 0
    (place,) = positions(array, axis)
    array = reshaping.single_factor(array, place)
    if ax.is_unit(array.axes[place]):
        return array.copy()
    ((index, _),) = array.axes[place][0]
    k = ops.current().index("k")
    bodies = {
        key: sp.Product(body.xreplace({index: k}), (k, 0, index))
        for key, body in array.bodies.items()
    }
    return Array(array.axes, bodies, array.kind)


def weighted_mean(a: Any, axis: Any = None, weights: Any = None) -> Array:
    """``np.average``."""
    array = as_array(a)
    if weights is None:
        return ops.mean(array, axis)
    own = as_array(weights)
    if own.ndim == array.ndim:
        return ops.total(array * own, axis) / ops.total(own, axis)
    if own.ndim != 1 or axis is None:
        raise Misfit(f"weights of shape {ax.shown(own.axes)} for {ax.shown(array.axes)}")
    (place,) = positions(array, axis)
    column = own
    for _ in range(array.ndim - 1 - place):
        column = alignment.inserted(column, column.ndim)
    return ops.total(array * column, axis) / ops.total(own)


def kronecker(a: Any, b: Any) -> Array:
    x, y = as_array(a), as_array(b)
    if x.ndim != y.ndim:
        raise Refused("kron of arrays with different numbers of axes")
    outer = x[(slice(None), None) * x.ndim] * y[(None, slice(None)) * y.ndim]
    return reshaping.reshaped(outer, [m * n for m, n in zip(x.shape, y.shape, strict=True)])


def chained(arrays: Sequence[Any]) -> Array:
    """``np.linalg.multi_dot``."""
    found = as_array(arrays[0])
    for one in arrays[1:]:
        found = found @ as_array(one)
    return found


def matrix_power(a: Any, n: int) -> Array:
    if not isinstance(n, int) or n < 1:
        raise Refused(f"the matrix power {n}")
    return chained([a] * n)


def at_least_1d(a: Any) -> Array:
    found = as_array(a)
    return found if found.ndim else alignment.inserted(found, 0)


def stacked_in_depth(arrays: Any) -> Array:
    """``np.dstack``."""
    found = []
    for one in arrays:
        array = at_least_1d(one)
        array = alignment.inserted(array, 0) if array.ndim == 1 else array
        found.append(alignment.inserted(array, 2) if array.ndim == 2 else array)
    return reshaping.concatenated(found, 2)


GRIDS: dict[str, Any] = {
    "ogrid": Grid(sparse=True), "mgrid": Grid(sparse=False), "ix_": open_grid,
    "meshgrid": meshgrid, "linspace": linspace, "tri": tri, "vander": vander, "diff": differences,
    "fill_diagonal": fill_diagonal, "cumprod": cumulated_product, "average": weighted_mean,
    "kron": kronecker, "linalg.multi_dot": chained, "linalg.matrix_power": matrix_power,
    "atleast_1d": at_least_1d, "dstack": stacked_in_depth,
    "cbrt": lambda x: ops.sign(x) * abs(as_array(x)) ** (as_array(1) / 3),
    "hypot": lambda x, y: ops.sqrt(as_array(x) ** 2 + as_array(y) ** 2),
    "ptp": lambda a, axis=None: ops.largest(a, axis) - ops.smallest(a, axis),
}  # fmt: skip
