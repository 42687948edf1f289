"""NumPy's names and defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code import alignment, arithmetic, reshaping, sums, windows
from derive.frontends.code import arrays as arr
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import BOOL, FLOAT, INT, Array, as_array
from derive.frontends.code.dtypes import DType, FInfo, kind_of
from derive.frontends.code.einsums import einsum
from derive.frontends.code.entrywise import ENTRYWISE
from derive.frontends.code.extremes import place_of_largest, place_of_smallest, unraveled
from derive.frontends.code.grids import GRIDS, counted
from derive.frontends.code.indexing import Masked, Places
from derive.frontends.code.libraries import Library
from derive.frontends.code.matrix_class import with_matrices
from derive.frontends.code.not_numbers import NOT_NUMBERS
from derive.frontends.code.sizes import Size
from derive.frontends.code.sums import positions
from derive.frontends.code.trace import Misfit, Refused
from derive.frontends.code.writing import add_at


def _unary(function: Callable[[Any], Array]) -> Callable[..., Array]:
    def applied(x: Any, out: Any = None, dtype: Any = None) -> Any:
        if isinstance(x, Masked):
            return Masked(function(x.array), x.condition)
        return _into(out, function(x))

    return applied


def _binary(function: Callable[[Any, Any], Array]) -> Callable[..., Array]:
    def applied(x: Any, y: Any, out: Any = None, dtype: Any = None) -> Array:
        return _into(out, function(x, y))

    return applied


def _into(out: Any, value: Array) -> Array:
    """The value, written to ``out`` where that is given."""
    return value if out is None else out.changed(value)


def sum_(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False
) -> Array:
    if not isinstance(a, Array) and not isinstance(a, (list, tuple)) and hasattr(a, "__next__"):
        a = list(a)
    return _into(out, ops.total(a, axis, keepdims))


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False
) -> Array:
    return _into(out, ops.mean(a, axis, keepdims))


def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: bool = False, correction: Any = None,
) -> Array:  # fmt: skip
    return ops.variance(a, axis, keepdims, ddof if correction is None else correction)


def std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: bool = False, correction: Any = None,
) -> Array:  # fmt: skip
    return ops.deviation(a, axis, keepdims, ddof if correction is None else correction)


def max_(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
    return _into(out, ops.largest(a, axis, keepdims))


def min_(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
    return _into(out, ops.smallest(a, axis, keepdims))


def prod(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False
) -> Array:
    return ops.product(a, axis, keepdims)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    return ops.norm(x, ord, axis, keepdims)


def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Array:
    return ops.cumulated(a, axis)


def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, min: Any = None, max: Any = None
) -> Array:
    low = a_min if min is None else min
    high = a_max if max is None else max
    return _into(out, ops.clip(a, low, high))


def where(condition: Any, *values: Any) -> Any:
    if not values:
        return Places(ops.as_condition(condition))
    if len(values) != 2:
        raise Refused("where with one value")
    return arithmetic.where(condition, *values)


def array(object: Any, dtype: Any = None, copy: Any = True, ndmin: int = 0) -> Array:
    found = as_array(object)
    found = found.copy() if dtype is None else ops.cast(found, kind_of(dtype))
    while found.ndim < ndmin:
        found = alignment.inserted(found, 0)
    return found


def asarray(a: Any, dtype: Any = None) -> Array:
    found = as_array(a)
    return (
        found if dtype is None or kind_of(dtype) == found.kind else ops.cast(found, kind_of(dtype))
    )


def zeros(shape: Any, dtype: Any = None, order: Any = None) -> Array:
    return _filled(shape, 0, kind_of(dtype))


def empty(shape: Any, dtype: Any = None, order: Any = None) -> Array:
    return ops.full(shape, arr.UNWRITTEN, kind_of(dtype))


def empty_like(a: Any, dtype: Any = None) -> Array:
    return ops.like(a, arr.UNWRITTEN, None if dtype is None else kind_of(dtype))


def ones(shape: Any, dtype: Any = None, order: Any = None) -> Array:
    return _filled(shape, 1, kind_of(dtype))


def _filled(shape: Any, value: int, kind: str) -> Array:
    return ops.full(shape, bool(value) if kind == BOOL else value, kind)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Array:
    kind = arr.as_array(fill_value).kind if dtype is None else kind_of(dtype)
    return ops.full(shape, fill_value, kind)


def zeros_like(a: Any, dtype: Any = None, shape: Any = None) -> Array:
    return _like(a, 0, dtype, shape)


def ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Array:
    return _like(a, 1, dtype, shape)


def full_like(a: Any, fill_value: Any, dtype: Any = None) -> Array:
    return ops.like(a, fill_value, None if dtype is None else kind_of(dtype))


def _like(a: Any, value: int, dtype: Any, shape: Any) -> Array:
    kind = as_array(a).kind if dtype is None else kind_of(dtype)
    number = bool(value) if kind == BOOL else value
    return ops.like(a, number, kind) if shape is None else ops.full(shape, number, kind)


def eye(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Array:
    return ops.eye(N, M, k)


def arange(*ends: Any, dtype: Any = None) -> Array:
    found = ops.arange(*ends)
    return found if dtype is None else ops.cast(found, kind_of(dtype))


def reshape(a: Any, shape: Any = None, order: str = "C", newshape: Any = None) -> Array:
    wanted = reshaping.shape_of(newshape if shape is None else shape)
    if order == "F":  # the first axis runs fastest: as in C of the transpose
        return reshaping.transpose(reshaping.reshaped(reshaping.transpose(a), wanted[::-1]))
    if order not in ("C", "A"):
        raise Refused(f"a reshape in the order {order!r}")
    return reshaping.reshaped(a, wanted)


def transpose(a: Any, axes: Any = None) -> Array:
    return reshaping.transpose(a, axes)


def expand_dims(a: Any, axis: Any) -> Array:
    return reshaping.expanded(a, axis)


def squeeze(a: Any, axis: Any = None) -> Array:
    return reshaping.squeezed(a, axis)


def concatenate(arrays: Any, axis: Any = 0, out: Any = None, dtype: Any = None) -> Array:
    return reshaping.concatenated(_rows(arrays), axis)


def stack(arrays: Any, axis: int = 0) -> Array:
    return reshaping.stack(_rows(arrays), axis)


def _rows(arrays: Any) -> Any:
    if isinstance(arrays, Array):
        return [arrays[k] for k in range(len(arrays))]
    return arrays


def hstack(tup: Any) -> Array:
    items = reshaping.listed(tup)
    if items is not None:
        return reshaping.concatenated(tup, 0 if items.ndim == 2 else 1)
    found = [as_array(a) for a in tup]
    found = [alignment.inserted(a, 0) if a.ndim == 0 else a for a in found]
    return reshaping.concatenated(found, 0 if found[0].ndim == 1 else 1)


def vstack(tup: Any) -> Array:
    items = reshaping.listed(tup)
    if items is not None:
        return items if items.ndim == 2 else reshaping.concatenated(tup, 0)
    return reshaping.concatenated([_at_least_2d(a) for a in tup], 0)


def _at_least_2d(a: Any) -> Array:
    found = as_array(a)
    while found.ndim < 2:
        found = alignment.inserted(found, 0)
    return found


def _each(function: Callable[[Any], Array]) -> Callable[..., Any]:
    """A function of an array, and of several one by one."""

    def applied(*arrays: Any) -> Any:
        found = [function(a) for a in arrays]
        return found[0] if len(found) == 1 else tuple(found)

    return applied


def column_stack(tup: Any) -> Array:
    items = reshaping.listed(tup)
    if items is not None:
        return items.T if items.ndim == 2 else reshaping.concatenated(tup, 1)
    found = [as_array(a) for a in tup]
    return reshaping.concatenated(
        [alignment.inserted(a, 1) if a.ndim == 1 else a for a in found], 1
    )


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    return reshaping.split(ary, indices_or_sections, axis)


def pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Array:
    if mode != "constant":
        raise Refused(f"a pad in the mode {mode!r}")
    return reshaping.padded(array, pad_width, constant_values)


def tril(m: Any, k: Any = 0) -> Array:
    return ops.triangle(m, k, lower=True)


def triu(m: Any, k: Any = 0) -> Array:
    return ops.triangle(m, k, lower=False)


def matmul(x: Any, y: Any, out: Any = None) -> Array:
    return _into(out, sums.matmul(x, y))


def dot(a: Any, b: Any, out: Any = None) -> Array:
    return _into(out, ops.dot(a, b))


def shape(a: Any) -> tuple[Any, ...]:
    return as_array(a).shape


def broadcast_to(array: Any, shape: Any) -> Array:
    return reshaping.broadcast_to(array, reshaping.shape_of(shape))


def indices(dimensions: Any) -> list[Array]:
    return ops.index_grid(dimensions)


def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Array:
    return ops.take(a, indices, axis)


def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Array:
    return ops.gather(arr, indices, axis)


def as_strided(
    x: Any, shape: Any = None, strides: Any = None, subok: bool = False, writeable: bool = True
) -> Array:
    array = as_array(x)
    shape = array.shape if shape is None else windows.entries_of(shape)
    return windows.strided(array, shape, windows.strides(array) if strides is None else strides)


def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    return windows.convolved(a, v, mode)


def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    return windows.convolved(a, reshaping.flipped(v), mode)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int) -> None:
    array, index = as_array(arr), as_array(indices)
    (place,) = positions(array, axis)
    grid = ops.index_grid(index.shape)
    array[tuple(index if k == place else own for k, own in enumerate(grid))] = values


class _Joined:
    """``np.r_`` and ``np.c_``: what stands in the brackets, one after the other."""

    def __init__(self, columns: bool) -> None:
        self._columns = columns

    def __getitem__(self, key: Any) -> Array:
        parts = [self._part(part) for part in (key if isinstance(key, tuple) else (key,))]
        if self._columns:
            return column_stack([alignment.inserted(p, 0) if not p.ndim else p for p in parts])
        return reshaping.concatenated(
            [alignment.inserted(p, 0) if not p.ndim else p for p in parts], 0
        )

    @staticmethod
    def _part(part: Any) -> Array:
        if isinstance(part, str):
            raise Refused(f"the directive {part!r} of np.r_")
        if isinstance(part, slice):
            return counted(part)
        return as_array(part)


def _argmax(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
    return place_of_largest(a, axis, keepdims)


def _argmin(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
    return place_of_smallest(a, axis, keepdims)


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    if order != "C":
        raise Refused(f"unravel_index in the order {order!r}")
    return tuple(unraveled(indices, reshaping.shape_of(shape)))


def errstate(**options: Any) -> Any:
    from contextlib import nullcontext

    return nullcontext()


def isscalar(value: Any) -> bool:
    return isinstance(value, (int, float, Size)) or (isinstance(value, Array) and not value.ndim)


def _ignored(*args: Any, **options: Any) -> None:
    return None


NAMES: dict[str, Any] = {
    "pi": Array((), {(): sp.pi}, FLOAT),
    "e": Array((), {(): sp.E}, FLOAT),
    "inf": float("inf"),
    "nan": float("nan"),
    "newaxis": None,
    "ndarray": Array,
    "exp": _unary(ops.exp), "log": _unary(ops.log), "sqrt": _unary(ops.sqrt),
    "sin": _unary(ops.sin), "cos": _unary(ops.cos), "tan": _unary(ops.tan),
    "sinh": _unary(ops.sinh), "cosh": _unary(ops.cosh), "tanh": _unary(ops.tanh),
    "arcsin": _unary(ops.arcsin), "arccos": _unary(ops.arccos), "arctan": _unary(ops.arctan),
    "arcsinh": _unary(ops.arcsinh), "arccosh": _unary(ops.arccosh),
    "arctanh": _unary(ops.arctanh), "expm1": _unary(ops.expm1), "log1p": _unary(ops.log1p),
    "log2": _unary(ops.log2), "log10": _unary(ops.log10), "exp2": _unary(ops.exp2),
    "square": _unary(ops.square), "reciprocal": _unary(ops.reciprocal),
    "negative": _unary(ops.negative), "sign": _unary(ops.sign),
    "abs": _unary(arithmetic.absolute), "absolute": _unary(arithmetic.absolute),
    "fabs": _unary(arithmetic.absolute),
    "logical_not": _unary(ops.logical_not),
    "add": _binary(ops.add), "subtract": _binary(ops.subtract),
    "multiply": _binary(arithmetic.multiply), "divide": _binary(arithmetic.divide),
    "true_divide": _binary(arithmetic.divide), "power": _binary(arithmetic.power),
    "float_power": _binary(arithmetic.power),
    "maximum": _binary(ops.kept_above), "minimum": _binary(arithmetic.minimum),
    "fmax": _binary(ops.kept_above), "fmin": _binary(arithmetic.minimum),
    "logaddexp": _binary(lambda a, b: ops.log(ops.exp(a) + ops.exp(b))),
    "logical_and": _binary(ops.logical_and), "logical_or": _binary(ops.logical_or),
    "greater": _binary(lambda a, b: arithmetic.compare(sp.Gt, a, b)),
    "greater_equal": _binary(lambda a, b: arithmetic.compare(sp.Ge, a, b)),
    "less": _binary(lambda a, b: arithmetic.compare(sp.Lt, a, b)),
    "less_equal": _binary(lambda a, b: arithmetic.compare(sp.Le, a, b)),
    "equal": _binary(lambda a, b: arithmetic.compare(sp.Eq, a, b)),
    "not_equal": _binary(lambda a, b: arithmetic.compare(sp.Ne, a, b)),
    "heaviside": lambda x, y: arithmetic.where(
        as_array(x) > 0, 1, arithmetic.where(as_array(x) < 0, 0, y)
    ),
    "sum": sum_, "mean": mean, "var": var, "std": std, "max": max_, "min": min_, "amax": max_,
    "amin": min_, "prod": prod, "cumsum": cumsum, "clip": clip, "where": where,
    "linalg.norm": norm, "linalg.inv": ops.inverse,
    "lib.stride_tricks.sliding_window_view": windows.windows,
    "lib.stride_tricks.as_strided": as_strided, "convolve": convolve, "correlate": correlate,
    "linalg.det": ops.determinant, "linalg.slogdet": ops.log_determinant,
    "linalg.solve": ops.solved, "argmax": _argmax,
    "argmin": _argmin, "trace": ops.trace,
    "array": array, "asarray": asarray, "ascontiguousarray": asarray, "asanyarray": asarray,
    "copy": lambda a: as_array(a).copy(),
    "zeros": zeros, "ones": ones, "full": full, "empty": empty,
    "zeros_like": zeros_like, "ones_like": ones_like, "full_like": full_like,
    "empty_like": empty_like,
    "eye": eye, "identity": lambda n, dtype=None: ops.eye(n), "arange": arange,
    "reshape": reshape, "ravel": lambda a, order="C": reshape(a, -1, order), "transpose": transpose,
    "swapaxes": reshaping.swapped, "moveaxis": reshaping.moved, "expand_dims": expand_dims,
    "squeeze": squeeze, "flip": reshaping.flipped, "roll": reshaping.rolled,
    "repeat": reshaping.repeated,
    "fliplr": lambda m: reshaping.flipped(m, 1), "flipud": lambda m: reshaping.flipped(m, 0),
    "tile": reshaping.tiled, "concatenate": concatenate, "stack": stack, "hstack": hstack,
    "vstack": vstack, "column_stack": column_stack, "split": split, "array_split": split,
    "hsplit": lambda a, p: reshaping.split(a, p, 0 if as_array(a).ndim == 1 else 1),
    "vsplit": lambda a, p: reshaping.split(a, p, 0),
    "pad": pad, "tril": tril, "triu": triu, "diag": ops.diag,
    "diagflat": lambda v: ops.diag(reshape(v, -1)),
    "diagonal": ops.diagonal,
    "matmul": matmul, "dot": dot, 
    "vdot": lambda a, b: ops.dot(reshaping.reshaped(a, (-1,)), reshaping.reshaped(b, (-1,))),
    "outer": ops.outer, "inner": ops.inner, "tensordot": ops.tensordot, "einsum": einsum,
    "shape": shape, "ndim": lambda a: as_array(a).ndim,
    "size": lambda a, axis=None: reshaping.count(a) if axis is None else as_array(a).shape[axis],
    "broadcast_to": broadcast_to, "indices": indices, "take": take,
    "put_along_axis": put_along_axis, "r_": _Joined(False), "c_": _Joined(True),
    "take_along_axis": take_along_axis, "unravel_index": unravel_index, "add.at": add_at,
    "atleast_2d": _each(_at_least_2d), "finfo": FInfo, "errstate": errstate, "seterr": _ignored,
    "random.randn": lambda *shape: ops.random("randn", shape),
    "random.rand": lambda *shape: ops.random("rand", shape),
    "random.random": lambda size=None: ops.random("random", size),
    "random.random_sample": lambda size=None: ops.random("random_sample", size),
    "random.normal": lambda loc=0, scale=1, size=None: (
        as_array(loc) + as_array(scale) * ops.random("normal", size)
    ),
    "random.uniform": lambda low=0, high=1, size=None: (
        as_array(low) + (as_array(high) - as_array(low)) * ops.random("uniform", size)
    ),
    "random.binomial": lambda n, p, size=None: ops.random("binomial", size),
    "random.choice": lambda a, size=None, replace=True, p=None: ops.random("choice", size),
    "random.standard_normal": lambda size=None: ops.random("standard_normal", size),
    "random.default_rng": lambda seed=None: Library("numpy", "random."),
    "isscalar": isscalar, "random.seed": _ignored, "set_printoptions": _ignored,
    "float64": DType("float64", FLOAT), "float32": DType("float32", FLOAT),
    "float16": DType("float16", FLOAT), "double": DType("float64", FLOAT),
    "integer": DType("int64", INT), "floating": DType("float64", FLOAT),
    "issubdtype": lambda a, b: kind_of(a) == kind_of(b),
    "int64": DType("int64", INT), "int32": DType("int32", INT), "int_": DType("int64", INT),
    "intp": DType("int64", INT), "uint8": DType("uint8", INT), "bool_": DType("bool", BOOL),
    "bool": DType("bool", BOOL),
}  # fmt: skip


NAMES = with_matrices(
    NAMES | {**GRIDS, **ENTRYWISE, **NOT_NUMBERS, "nonzero": where, "row_stack": vstack}
)


class _Ufunc:
    """``np.add``: a function, and what hangs on it."""

    def __init__(self, function: Callable[..., Array], **parts: Any) -> None:
        self._function = function
        self.__dict__.update(parts)

    def __call__(self, *args: Any, **options: Any) -> Array:
        return self._function(*args, **options)


NAMES["add"] = _Ufunc(
    NAMES["add"], at=add_at, reduce=lambda a, axis=0, keepdims=False: ops.total(a, axis, keepdims)
)
NAMES["maximum"] = _Ufunc(
    NAMES["maximum"], reduce=lambda a, axis=0, keepdims=False: ops.largest(a, axis, keepdims)
)
NAMES["multiply"] = _Ufunc(NAMES["multiply"], outer=ops.outer)
NAMES["subtract"] = _Ufunc(
    NAMES["subtract"],
    at=lambda a, key, value: add_at(a, key, -as_array(value)),
)


def _reshape_method(a: Array, *shape: Any, order: str = "C") -> Array:
    return reshape(a, shape[0] if len(shape) == 1 else shape, order)


def _transpose_method(a: Array, *axes: Any) -> Array:
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
        return reshaping.transpose(a, axes[0])
    return reshaping.transpose(a, axes or None)


def _item(a: Array, *index: Any) -> Array:
    if index:
        return a[index[0] if len(index) == 1 else index]
    if any(size != 1 for size in a.shape):
        raise Misfit(f"item of an array of shape {a.shape}")
    return reshaping.reshaped(a, ())


def _fill(a: Array, value: Any) -> None:
    a[...] = value


METHODS: dict[str, Any] = {
    "sum": sum_, "mean": mean, "var": var, "std": std, "max": max_, "min": min_, "prod": prod,
    "cumsum": cumsum, "cumprod": GRIDS["cumprod"], "any": NOT_NUMBERS["any"],
    "all": NOT_NUMBERS["all"], "ptp": GRIDS["ptp"],
    "clip": lambda a, min=None, max=None, out=None: _into(out, ops.clip(a, min, max)),
    "dot": dot, "trace": ops.trace, "reshape": _reshape_method, "transpose": _transpose_method,
    "swapaxes": reshaping.swapped, "squeeze": squeeze,
    "ravel": lambda a, order="C": reshape(a, -1, order),
    "flatten": lambda a, order="C": reshape(a, -1, order).copy(), "repeat": reshaping.repeated,
    "copy": lambda a, order="C": a.copy(),
    "astype": lambda a, dtype, copy=True: ops.cast(a, kind_of(dtype)), "item": _item,
    "take": take, "diagonal": ops.diagonal, "fill": _fill,
    "view": lambda a, dtype=None: a, "argmax": _argmax, "argmin": _argmin,
}  # fmt: skip

ATTRIBUTES: dict[str, Any] = {
    "strides": windows.strides,
    "itemsize": lambda a: 1,
    "size": lambda a: reshaping.count(a),
    "T": lambda a: reshaping.transpose(a),
    "dtype": lambda a: NAMES[{FLOAT: "float64", INT: "int64", BOOL: "bool"}[a.kind]],
    "real": lambda a: a,
    "data": lambda a: a,
}
