"""torch's names and defaults: ``dim``, ``keepdim``, an unbiased variance, a split by sizes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sympy as sp

from derive.frontends.code import arithmetic, reshaping, sums
from derive.frontends.code import arrays as arr
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import BOOL, FLOAT, INT, Array, as_array
from derive.frontends.code.dtypes import DType, kind_of
from derive.frontends.code.einsums import einsum
from derive.frontends.code.extremes import place_of_largest, place_of_smallest
from derive.frontends.code.numpy_names import NAMES as NUMPY
from derive.frontends.code.sizes import expression, plain
from derive.frontends.code.torch_autograd import Context, Function, Module, Quiet, decorator
from derive.frontends.code.torch_functional import FUNCTIONAL, log_softmax, softmax
from derive.frontends.code.torch_indices import (
    apart,
    copy_,
    fill_,
    gather,
    in_place,
    index_add_,
    index_put_,
    index_select,
    is_one,
    masked_fill,
    scatter_,
    scatter_add_,
)
from derive.frontends.code.trace import Misfit, Refused, current

Moments = namedtuple("Moments", "var mean")


def _note_cast() -> None:
    current().note("casts and moves between devices are ignored")


# ---- reductions


def _reduction(function: Callable[[Any, Any, bool], Array]) -> Callable[..., Array]:
    def reduced(
        x: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None,
        keepdims: bool = False, dtype: Any = None,
    ) -> Array:  # fmt: skip
        return function(x, _dims(axis if dim is None else dim), keepdim or keepdims)

    return reduced


def _dims(dim: Any) -> Any:
    """torch takes no dimensions at all for every one."""
    if isinstance(dim, (list, tuple)):
        return tuple(dim) or None
    return dim


sum_, mean = _reduction(ops.total), _reduction(ops.mean)
amax, amin = _reduction(ops.largest), _reduction(ops.smallest)


def _spread(function: Callable[..., Array]) -> Callable[..., Array]:
    def spread(
        x: Any, dim: Any = None, unbiased: Any = True, keepdim: bool = False, *,
        correction: Any = None, axis: Any = None,
    ) -> Array:  # fmt: skip
        if isinstance(dim, bool):  # var(x, unbiased)
            dim, unbiased = None, dim
        less = int(bool(unbiased)) if correction is None else correction
        return function(x, _dims(axis if dim is None else dim), keepdim, less)

    return spread


var, std = _spread(ops.variance), _spread(ops.deviation)


def var_mean(x: Any, dim: Any = None, *args: Any, keepdim: bool = False, **options: Any) -> Any:
    return Moments(var(x, dim, *args, keepdim=keepdim, **options), mean(x, dim, keepdim))


def std_mean(x: Any, dim: Any = None, *args: Any, keepdim: bool = False, **options: Any) -> Any:
    return std(x, dim, *args, keepdim=keepdim, **options), mean(x, dim, keepdim)


class Extremes:
    """What ``max`` along a dimension returns: the values and the indices, found when asked for."""

    def __init__(self, values: Array, place: Callable[[], Array]) -> None:
        self.values = values
        self._place = place

    @property
    def indices(self) -> Array:
        return self._place()

    def __getitem__(self, position: int) -> Array:
        return self.values if position in (0, -2) else self.indices

    def __iter__(self) -> Iterator[Array]:
        yield self.values
        yield self.indices


def _extreme(
    reduce: Callable[..., Array], pair: Callable[..., Array], place: Callable[..., Array]
) -> Callable[..., Any]:
    def extreme(x: Any, dim: Any = None, keepdim: bool = False, axis: Any = None) -> Any:
        dim = axis if dim is None else dim
        if dim is None:
            return reduce(x)
        if isinstance(dim, Array):
            return pair(x, dim)
        return Extremes(reduce(x, dim, keepdim), lambda: place(x, dim, keepdim))

    return extreme


max_ = _extreme(ops.largest, arithmetic.maximum, place_of_largest)
min_ = _extreme(ops.smallest, arithmetic.minimum, place_of_smallest)


def argmax(x: Any, dim: Any = None, keepdim: bool = False, axis: Any = None) -> Array:
    return place_of_largest(x, axis if dim is None else dim, keepdim)


def argmin(x: Any, dim: Any = None, keepdim: bool = False, axis: Any = None) -> Array:
    return place_of_smallest(x, axis if dim is None else dim, keepdim)


def prod(x: Any, dim: Any = None, keepdim: bool = False) -> Array:
    return ops.product(x, dim, keepdim)


def norm(x: Any, p: Any = None, dim: Any = None, keepdim: bool = False) -> Array:
    return ops.norm(x, p, _dims(dim), keepdim)


def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Array:
    if dim is None:
        x = reshaping.reshaped(x, (-1,))
        dim = 0
        if keepdim:
            raise Refused("vector_norm over all dimensions with keepdim")
    return ops.norm(x, ord, _dims(dim), keepdim)


def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Array:
    return ops.logsumexp(x, dim, keepdim)


def cumsum(x: Any, dim: Any, dtype: Any = None) -> Array:
    return ops.cumulated(x, dim)


# ---- shapes


def _flat(sizes: Sequence[Any]) -> tuple[Any, ...]:
    """Sizes that are given one by one or as one tuple."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return tuple(sizes[0])
    return tuple(sizes)


def reshape(x: Any, *shape: Any) -> Array:
    return reshaping.reshaped(x, _flat(shape))


def view(x: Array, *shape: Any) -> Array:
    if len(shape) == 1 and isinstance(shape[0], DType):
        raise Refused("a view as another type")
    return reshaping.reshaped(x, _flat(shape))


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Array:
    array = as_array(x)
    (first,), (last,) = sums.positions(array, start_dim), sums.positions(array, end_dim)
    middle = sp.Mul(*(expression(size) for size in array.shape[first : last + 1]))
    return reshaping.reshaped(
        array, (*array.shape[:first], plain(middle), *array.shape[last + 1 :])
    )


def unflatten(x: Any, dim: int, sizes: Any) -> Array:
    array = as_array(x)
    (place,) = sums.positions(array, dim)
    return reshaping.reshaped(array, (*array.shape[:place], *sizes, *array.shape[place + 1 :]))


def squeeze(x: Any, dim: Any = None) -> Array:
    array = as_array(x)
    if dim is None:
        return reshaping.squeezed(array)
    # torch leaves a dimension alone whose size is not 1
    places = sums.positions(array, dim)
    gone = tuple(k for k in places if arr.ax.is_unit(array.axes[k]))
    return reshaping.squeezed(array, gone) if gone else array


def unsqueeze(x: Any, dim: int) -> Array:
    return reshaping.expanded(x, dim)


def permute(x: Any, *dims: Any) -> Array:
    return reshaping.transpose(x, _flat(dims))


def transpose(x: Any, dim0: int, dim1: int) -> Array:
    return reshaping.swapped(x, dim0, dim1)


def t(x: Any) -> Array:
    array = as_array(x)
    if array.ndim > 2:
        raise Misfit(f"t() of a tensor with {array.ndim} dimensions")
    return reshaping.transpose(array)


def expand(x: Any, *sizes: Any) -> Array:
    array = as_array(x)
    wanted = _flat(sizes)
    more = len(wanted) - array.ndim
    own = (*(None for _ in range(more)), *array.shape)
    full = [
        have if expression(size) == -1 else size for size, have in zip(wanted, own, strict=True)
    ]
    return reshaping.broadcast_to(array, full)


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple[Array, ...]:
    return tuple(reshaping.split(x, chunks, dim))


def split(x: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Array, ...]:
    """By the size of each part, or by the sizes of all of them."""
    array = as_array(x)
    (place,) = sums.positions(array, dim)
    size = expression(array.shape[place])
    given = split_size_or_sections
    if isinstance(given, (list, tuple)):
        parts = [expression(part) for part in given]
    else:
        each = expression(given)
        count = sp.cancel(size / each)
        if not count.is_Integer:
            raise Refused(f"a split of {size} into parts of {each}")
        parts = [each] * int(count)
    if not arr.same(sp.Add(*parts), size):
        raise Misfit(f"split: the parts {', '.join(map(str, parts))} do not add up to {size}")
    ends = [sp.expand(sp.Add(*parts[: k + 1])) for k in range(len(parts) - 1)]
    return tuple(reshaping.split(array, [plain(end) for end in ends], dim)) if ends else (array,)


def unbind(x: Any, dim: int = 0) -> tuple[Array, ...]:
    array = as_array(x)
    (place,) = sums.positions(array, dim)
    count = array.shape[place]
    if not isinstance(count, int):
        raise Refused(f"unbind along a dimension of size {count}")
    return tuple(array[(slice(None),) * place + (k,)] for k in range(count))


def cat(tensors: Any, dim: int = 0) -> Array:
    return reshaping.concatenated(tensors, dim)


def stack(tensors: Any, dim: int = 0) -> Array:
    return reshaping.stack(tensors, dim)


def flip(x: Any, *dims: Any) -> Array:
    return reshaping.flipped(x, _flat(dims))


def roll(x: Any, shifts: Any, dims: Any = None) -> Array:
    return reshaping.rolled(x, shifts, dims)


def repeat(x: Any, *times: Any) -> Array:
    return reshaping.tiled(x, _flat(times))


def repeat_interleave(x: Any, repeats: Any, dim: Any = None) -> Array:
    return reshaping.repeated(x, repeats, dim)


# ---- arrays of their own


def _sized(value: int) -> Callable[..., Array]:
    def made(*size: Any, dtype: Any = None, **options: Any) -> Array:
        if "size" in options:
            size = (options["size"],)
        kind = kind_of(dtype)
        return ops.full(_flat(size), bool(value) if kind == BOOL else value, kind)

    return made


zeros, ones = _sized(0), _sized(1)


def full(size: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
    kind = as_array(fill_value).kind if dtype is None else kind_of(dtype)
    return ops.full(tuple(size), fill_value, kind)


def _like(value: int) -> Callable[..., Array]:
    def made(x: Any, dtype: Any = None, **options: Any) -> Array:
        kind = as_array(x).kind if dtype is None else kind_of(dtype)
        return ops.like(x, bool(value) if kind == BOOL else value, kind)

    return made


zeros_like, ones_like = _like(0), _like(1)


def full_like(x: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Array:
    return ops.like(x, fill_value, None if dtype is None else kind_of(dtype))


def _new(make: Callable[..., Array]) -> Callable[..., Array]:
    def made(x: Array, *size: Any, **options: Any) -> Array:
        options.setdefault("dtype", NAMES[{FLOAT: "float32", INT: "int64", BOOL: "bool"}[x.kind]])
        return make(*size, **options)

    return made


def new_full(x: Array, size: Any, fill_value: Any, **options: Any) -> Array:
    return full(size, fill_value)


def tensor(data: Any, dtype: Any = None, **options: Any) -> Array:
    found = as_array(data).copy()
    return found if dtype is None else ops.cast(found, kind_of(dtype))


def as_tensor(data: Any, dtype: Any = None, **options: Any) -> Array:
    found = as_array(data)
    return (
        found if dtype is None or kind_of(dtype) == found.kind else ops.cast(found, kind_of(dtype))
    )


def arange(*ends: Any, dtype: Any = None, **options: Any) -> Array:
    found = ops.arange(*ends)
    return found if dtype is None else ops.cast(found, kind_of(dtype))


def eye(n: Any, m: Any = None, **options: Any) -> Array:
    return ops.eye(n, m)


def to(x: Array, *args: Any, **options: Any) -> Array:
    """To another type, which is ignored among floats, or to another device."""
    _note_cast()
    for given in (*args, options.get("dtype")):
        if isinstance(given, DType):
            kind = kind_of(given)
            return x if kind == x.kind else ops.cast(x, kind)
        if isinstance(given, Array):
            return x if given.kind == x.kind else ops.cast(x, given.kind)
    return x


def _as_kind(kind: str) -> Callable[..., Array]:
    def cast(x: Array, *args: Any, **options: Any) -> Array:
        _note_cast()
        return x if x.kind == kind else ops.cast(x, kind)

    return cast


# ---- products and sums with weights


def mm(x: Any, y: Any) -> Array:
    a, b = as_array(x), as_array(y)
    if a.ndim != 2 or b.ndim != 2:
        raise Misfit(f"mm of tensors with {a.ndim} and {b.ndim} dimensions")
    return sums.matmul(a, b)


def bmm(x: Any, y: Any) -> Array:
    a, b = as_array(x), as_array(y)
    if a.ndim != 3 or b.ndim != 3:
        raise Misfit(f"bmm of tensors with {a.ndim} and {b.ndim} dimensions")
    return sums.matmul(a, b)


def addmm(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Array:
    return arithmetic.multiply(x, beta) + arithmetic.multiply(sums.matmul(a, b), alpha)


def add(x: Any, other: Any, *, alpha: Any = 1) -> Array:
    return ops.add(x, other if is_one(alpha) else arithmetic.multiply(other, alpha))


def sub(x: Any, other: Any, *, alpha: Any = 1) -> Array:
    return ops.subtract(x, other if is_one(alpha) else arithmetic.multiply(other, alpha))


def addcmul(x: Any, a: Any, b: Any, *, value: Any = 1) -> Array:
    return ops.add(x, arithmetic.multiply(arithmetic.multiply(a, b), value))


def addcdiv(x: Any, a: Any, b: Any, *, value: Any = 1) -> Array:
    return ops.add(x, arithmetic.multiply(arithmetic.divide(a, b), value))


def lerp(x: Any, end: Any, weight: Any) -> Array:
    start = as_array(x)
    return start + arithmetic.multiply(weight, as_array(end) - start)


def clamp(x: Any, min: Any = None, max: Any = None) -> Array:
    return ops.clip(x, min, max)


def div(x: Any, other: Any, *, rounding_mode: Any = None) -> Array:
    if rounding_mode is not None:
        raise Refused(f"a division that rounds ({rounding_mode!r})")
    return arithmetic.divide(x, other)


def _compare(relation: Any) -> Callable[[Any, Any], Array]:
    return lambda a, b: arithmetic.compare(relation, a, b)


_ENTRIES: dict[str, Any] = {
    "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "rsqrt": ops.rsqrt, "sin": ops.sin,
    "cos": ops.cos, "tan": ops.tan, "sinh": ops.sinh, "cosh": ops.cosh, "tanh": ops.tanh,
    "asin": ops.arcsin, "acos": ops.arccos, "atan": ops.arctan, "asinh": ops.arcsinh,
    "acosh": ops.arccosh, "atanh": ops.arctanh, "erf": ops.erf, "erfc": ops.erfc,
    "expm1": ops.expm1, "log1p": ops.log1p, "log2": ops.log2, "log10": ops.log10,
    "exp2": ops.exp2, "square": ops.square, "reciprocal": ops.reciprocal, "neg": ops.negative,
    "negative": ops.negative, "sigmoid": ops.sigmoid, "sign": ops.sign, "sgn": ops.sign,
    "abs": arithmetic.absolute, "absolute": arithmetic.absolute, "relu": ops.relu,
    "add": add, "sub": sub, "subtract": sub, "mul": arithmetic.multiply,
    "multiply": arithmetic.multiply,
    "div": div, "divide": div, "true_divide": div, "pow": arithmetic.power, "clamp": clamp,
    "clip": clamp, "clamp_min": lambda x, min: ops.clip(x, min, None),
    "clamp_max": lambda x, max: ops.clip(x, None, max),
    "addcmul": addcmul, "addcdiv": addcdiv, "lerp": lerp, "masked_fill": masked_fill,
    "tril": lambda x, diagonal=0: ops.triangle(x, diagonal, lower=True),
    "triu": lambda x, diagonal=0: ops.triangle(x, diagonal, lower=False),
}  # fmt: skip

_BOTH: dict[str, Any] = {
    **_ENTRIES,
    "sum": sum_, "mean": mean, "amax": amax, "amin": amin, "var": var, "std": std,
    "max": max_, "min": min_, "argmax": argmax, "argmin": argmin, "prod": prod, "norm": norm,
    "softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp, "cumsum": cumsum,
    "reshape": reshape, "flatten": flatten, "unflatten": unflatten, "squeeze": squeeze,
    "unsqueeze": unsqueeze, "permute": permute, "transpose": transpose, "swapaxes": transpose,
    "movedim": reshaping.moved, "t": t, "chunk": chunk, "split": split, "unbind": unbind,
    "flip": flip, "roll": roll, "repeat_interleave": repeat_interleave, "ravel": flatten,
    "matmul": sums.matmul, "mm": mm, "bmm": bmm, "mv": sums.matmul, "dot": ops.dot,
    "outer": ops.outer, "ger": ops.outer, "addmm": addmm, "baddbmm": addmm, "addmv": addmm,
    "gather": gather, "index_select": index_select, "trace": ops.trace, "diag": ops.diag,
    "scatter_add": apart(scatter_add_), "scatter": apart(scatter_),
    "index_add": apart(index_add_),
    "maximum": arithmetic.maximum, "minimum": arithmetic.minimum,
    "gt": _compare(sp.Gt), "ge": _compare(sp.Ge), "lt": _compare(sp.Lt), "le": _compare(sp.Le),
    "eq": _compare(sp.Eq), "ne": _compare(sp.Ne), "logical_not": ops.logical_not,
    "logical_and": ops.logical_and, "logical_or": ops.logical_or,
    "clone": lambda x, **options: as_array(x).copy(),
    "numel": reshaping.count,
    "broadcast_to": lambda x, size: expand(x, *size),
}  # fmt: skip


_TYPES: dict[str, Any] = {
    **{n: DType(n, FLOAT) for n in ("float32", "float64", "float16", "bfloat16")},
    "float": DType("float32", FLOAT), "double": DType("float64", FLOAT),
    "half": DType("float16", FLOAT), "bool": DType("bool", BOOL),
    **{n: DType(n, INT) for n in ("int64", "int32", "int16", "int8", "uint8")},
    "long": DType("int64", INT), "int": DType("int32", INT),
}  # fmt: skip

NAMES: dict[str, Any] = {
    **_BOTH,
    "pi": NUMPY["pi"], "e": NUMPY["e"], "inf": float("inf"), "nan": float("nan"),
    "Tensor": Array, "FloatTensor": Array, "LongTensor": Array,
    "zeros": zeros, "ones": ones, "empty": zeros, "full": full, "zeros_like": zeros_like,
    "ones_like": ones_like, "empty_like": zeros_like, "full_like": full_like,
    "tensor": tensor, "as_tensor": as_tensor, "from_numpy": as_tensor, "arange": arange,
    "eye": eye, "cat": cat, "concat": cat, "concatenate": cat, "stack": stack,
    "hstack": NUMPY["hstack"], "vstack": NUMPY["vstack"], "where": NUMPY["where"],
    "einsum": einsum, "tensordot": lambda a, b, dims=2: ops.tensordot(a, b, dims),
    "var_mean": var_mean, "std_mean": std_mean, "repeat": repeat, "tile": repeat,
    "linalg.norm": lambda x, ord=None, dim=None, keepdim=False: norm(x, ord, dim, keepdim),
    "linalg.vector_norm": vector_norm, "linalg.inv": ops.inverse, "inverse": ops.inverse,
    "linalg.det": ops.determinant, "linalg.slogdet": ops.log_determinant,
    "slogdet": ops.log_determinant, "det": ops.determinant, "linalg.solve": ops.solved,
    "special.expit": ops.sigmoid, "special.erf": ops.erf, "special.logsumexp": logsumexp,
    "special.log_softmax": log_softmax, "special.softmax": softmax,
    "autograd.Function": Function, "autograd.function.Function": Function,
    "autograd.function.once_differentiable": decorator,
    "autograd.function.InplaceFunction": Function, "autograd.function.FunctionCtx": Context,
    "Function": Function, "nn.Module": Module,
    "nn.Parameter": lambda data, requires_grad=True: data,
    "nn.parameter.Parameter": lambda data, requires_grad=True: data,
    **{f"nn.functional.{name}": function for name, function in FUNCTIONAL.items()},
    "nn.functional.normalize": lambda x, p=2.0, dim=1, eps=1e-12: as_array(x)
    / arithmetic.maximum(ops.norm(x, 2 if p == 2 else p, dim, True), eps),
    "no_grad": Quiet, "enable_grad": Quiet, "inference_mode": Quiet,
    "set_grad_enabled": Quiet, "is_grad_enabled": lambda: True, "autocast": Quiet,
    "cuda.amp.custom_fwd": decorator, "cuda.amp.custom_bwd": decorator,
    "cuda.amp.autocast": Quiet, "amp.custom_fwd": decorator, "amp.custom_bwd": decorator,
    "amp.autocast": Quiet, "cuda.is_available": lambda: False, "jit.script": decorator,
    "compile": decorator, "jit.ignore": decorator, "jit.export": decorator,
    "manual_seed": lambda seed: None, "is_tensor": lambda x: isinstance(x, Array),
    "device": lambda *args: args, "Size": tuple,
    **_TYPES,
}  # fmt: skip


def _item(x: Array) -> Array:
    if any(size != 1 for size in x.shape):
        raise Misfit(f"item of a tensor of shape {arr.ax.shown(x.axes)}")
    return reshaping.reshaped(x, ())


def _size(x: Array, dim: Any = None) -> Any:
    return x.shape if dim is None else x.shape[dim]


METHODS: dict[str, Any] = {
    **_BOTH,
    **{f"{name}_": in_place(function) for name, function in _ENTRIES.items()},
    "view": view, "expand": expand, "repeat": repeat, "tile": repeat,
    "expand_as": lambda x, other: reshaping.broadcast_to(x, other.shape),
    "view_as": lambda x, other: reshaping.reshaped(x, other.shape),
    "reshape_as": lambda x, other: reshaping.reshaped(x, other.shape),
    "sum_to_size": lambda x, *size: _summed_to(x, _flat(size)),
    "size": _size, "dim": lambda x: x.ndim, "ndimension": lambda x: x.ndim, "nelement":
    reshaping.count, "item": _item, "to": to, "type": to, "type_as": to,
    "contiguous": lambda x, **options: x, "detach": lambda x: x, "cpu": lambda x: x,
    "cuda": lambda x, *args, **options: x, "requires_grad_": lambda x, *args: x,
    "retain_grad": lambda x: None, "is_contiguous": lambda x: True,
    "is_floating_point": lambda x: x.kind == FLOAT, "numpy": lambda x: x,
    "float": _as_kind(FLOAT), "double": _as_kind(FLOAT), "half": _as_kind(FLOAT),
    "bfloat16": _as_kind(FLOAT), "long": _as_kind(INT), "int": _as_kind(INT),
    "bool": _as_kind(BOOL),
    "new_zeros": _new(zeros), "new_ones": _new(ones), "new_empty": _new(zeros),
    "new_full": new_full, "new_tensor": lambda x, data, **options: tensor(data),
    "scatter_add_": scatter_add_, "scatter_": scatter_, "index_add_": index_add_,
    "index_put_": index_put_, "copy_": copy_, "fill_": fill_, "zero_": lambda x: fill_(x, 0),
}  # fmt: skip


def _summed_to(x: Array, size: Sequence[Any]) -> Array:
    extra = x.ndim - len(size)
    found = ops.total(x, tuple(range(extra))) if extra else x
    ones_ = tuple(k for k, wanted in enumerate(size) if wanted == 1 and found.shape[k] != 1)
    return ops.total(found, ones_, True) if ones_ else found


ATTRIBUTES: dict[str, Any] = {
    "T": lambda x: reshaping.transpose(x),
    "mT": lambda x: reshaping.swapped(x, -1, -2),
    "dtype": lambda x: NAMES[{FLOAT: "float32", INT: "int64", BOOL: "bool"}[x.kind]],
    "device": lambda x: "cpu",
    "is_cuda": lambda x: False,
    "requires_grad": lambda x: True,
    "data": lambda x: x,
}
