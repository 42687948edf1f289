"""What torch reads and writes at indices, and its changes in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.frontends.code import arithmetic, reshaping, sums
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.writing import add_at


def is_one(alpha: Any) -> bool:
    return isinstance(alpha, int) and alpha == 1


def gather(x: Any, dim: int, index: Any) -> Array:
    return ops.gather(x, index, dim)


def index_select(x: Any, dim: int, index: Any) -> Array:
    return ops.take(x, index, dim)


def masked_fill(x: Any, mask: Any, value: Any) -> Array:
    return arithmetic.where(mask, value, x)


def _grid(x: Array, dim: int, index: Any) -> tuple[Any, ...]:
    (place,) = sums.positions(x, dim)
    found = as_array(index)
    grid = ops.index_grid(found.shape)
    return tuple(found if k == place else own for k, own in enumerate(grid))


def _rows(x: Array, dim: int, index: Any) -> tuple[Any, ...]:
    (place,) = sums.positions(x, dim)
    return (slice(None),) * place + (index,)


def scatter_add_(x: Array, dim: int, index: Any, src: Any) -> Array:
    add_at(x, _grid(x, dim, index), src)
    return x


def scatter_(x: Array, dim: int, index: Any, src: Any = None, value: Any = None) -> Array:
    x[_grid(x, dim, index)] = value if src is None else src
    return x


def index_add_(x: Array, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Array:
    add_at(x, _rows(x, dim, index), source if is_one(alpha) else arithmetic.multiply(source, alpha))
    return x


def index_put_(x: Array, indices: Any, values: Any, accumulate: bool = False) -> Array:
    if accumulate:
        add_at(x, tuple(indices), values)
    else:
        x[tuple(indices)] = values
    return x


def copy_(x: Array, source: Any) -> Array:
    x[...] = source
    return x


def fill_(x: Array, value: Any) -> Array:
    x[...] = value
    return x


def apart(change: Callable[..., Array]) -> Callable[..., Array]:
    """What changes a tensor in place, on a copy."""

    def changed(x: Any, *args: Any, **options: Any) -> Array:
        return change(as_array(x).copy(), *args, **options)

    return changed


def in_place(function: Callable[..., Array]) -> Callable[..., Array]:
    def changed(x: Array, *args: Any, **options: Any) -> Array:
        value = as_array(function(x, *args, **options))
        return x.changed(reshaping.broadcast_to(value, x.shape))

    return changed
