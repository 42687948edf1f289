"""jax's names and defaults: ``jax.numpy`` as NumPy, with arrays that nothing writes into."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import sympy as sp

from derive.frontends.code import arithmetic, reshaping, sums
from derive.frontends.code import arrays as arr
from derive.frontends.code import operations as ops
from derive.frontends.code.arrays import Array, as_array
from derive.frontends.code.libraries import Unknown
from derive.frontends.code.numpy_names import ATTRIBUTES as NUMPY_ATTRIBUTES
from derive.frontends.code.numpy_names import METHODS as NUMPY_METHODS
from derive.frontends.code.numpy_names import NAMES as NUMPY
from derive.frontends.code.trace import Refused
from derive.frontends.code.writing import add_at

# ---- writing


class At:
    """``x.at[key].add(value)``: a copy of an array that is changed at a key."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __getitem__(self, key: Any) -> Place:
        return Place(self._array, key)


class Place:
    """``x.at[key]``."""

    def __init__(self, array: Array, key: Any) -> None:
        self._array, self._key = array, key

    def get(self, **options: Any) -> Any:
        return self._array[self._key]

    def set(self, value: Any, **options: Any) -> Array:
        if self._may_repeat():
            raise Refused("places that may repeat are set: which of the values stays is left open")
        found = self._array.copy()
        found[self._key] = value
        return found

    def add(self, value: Any, **options: Any) -> Array:
        found = self._array.copy()
        add_at(found, self._key, value)
        return found

    def subtract(self, value: Any, **options: Any) -> Array:
        return self.add(-as_array(value))

    def multiply(self, value: Any, **options: Any) -> Array:
        return self._by(arithmetic.multiply, value)

    mul = multiply

    def divide(self, value: Any, **options: Any) -> Array:
        return self._by(arithmetic.divide, value)

    def power(self, value: Any, **options: Any) -> Array:
        return self._by(arithmetic.power, value)

    def min(self, value: Any, **options: Any) -> Array:
        return self._by(arithmetic.minimum, value)

    def max(self, value: Any, **options: Any) -> Array:
        return self._by(arithmetic.maximum, value)

    def _may_repeat(self) -> bool:
        """Whether integers that are read from an input are among the indices."""
        parts = self._key if isinstance(self._key, tuple) else (self._key,)
        return any(
            isinstance(part, Array)
            and part.kind == arr.INT
            and any(body.atoms(sp.Indexed) for body in part.bodies.values())
            for part in parts
        ) and not any(_counts(part) for part in parts)

    def _by(self, function: Callable[[Any, Any], Array], value: Any) -> Array:
        if self._may_repeat():
            raise Refused("places that may repeat are multiplied or compared")
        found = self._array.copy()
        found[self._key] = function(found[self._key], value)
        return found


def _counts(part: Any) -> bool:
    """Whether an index array counts up, as ``arange`` does: no place is named twice then."""
    if not isinstance(part, Array) or part.kind != arr.INT or part.ndim != 1:
        return False
    return all(body.is_Symbol for body in part.bodies.values())


# ---- derivatives of one's own


class CustomVJP:
    """A function with a derivative of its own, which ``defvjp`` says."""

    def __init__(self, fun: Callable[..., Any], nondiff_argnums: Any = ()) -> None:
        self.fun = fun
        self.nondiff_argnums = tuple(nondiff_argnums)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        update_wrapper(self, fun)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.fun(*args, **options)

    def defvjp(self, fwd: Any, bwd: Any, symbolic_zeros: bool = False) -> None:
        self.fwd, self.bwd = fwd, bwd


def _decorator(*args: Any, **options: Any) -> Any:
    """A decorator that changes nothing, with arguments of its own or none."""
    if args and callable(args[0]):
        return args[0]
    return lambda function: function


# ---- lax and nn


def select(pred: Any, on_true: Any, on_false: Any) -> Array:
    return arithmetic.where(pred, on_true, on_false)


def lax_cumsum(operand: Any, axis: int = 0, reverse: bool = False) -> Array:
    if not reverse:
        return ops.cumulated(operand, axis)
    return reshaping.flipped(ops.cumulated(reshaping.flipped(operand, axis), axis), axis)


def expand_dims(array: Any, dimensions: Any) -> Array:
    return reshaping.expanded(array, tuple(dimensions))


def dynamic_slice_in_dim(operand: Any, start_index: Any, slice_size: Any, axis: int = 0) -> Array:
    array = as_array(operand)
    (place,) = sums.positions(array, axis)
    return array[(slice(None),) * place + (slice(start_index, start_index + slice_size),)]


def softmax(x: Any, axis: Any = -1, where: Any = None) -> Array:
    if where is not None:
        raise Refused("a softmax with where=")
    return ops.softmax(x, axis)


def log_softmax(x: Any, axis: Any = -1) -> Array:
    return ops.log_softmax(x, axis)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Array:
    if b is not None:
        raise Refused("logsumexp with b=")
    return ops.logsumexp(a, axis, keepdims)


def gelu(x: Any, approximate: bool = True) -> Array:
    return ops.gelu(x, tanh=bool(approximate))


def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Array:
    return arithmetic.where(as_array(x) >= 0, x, arithmetic.multiply(x, negative_slope))


def elu(x: Any, alpha: Any = 1.0) -> Array:
    return arithmetic.where(as_array(x) > 0, x, arithmetic.multiply(ops.expm1(x), alpha))


def standardize(x: Any, axis: Any = -1, epsilon: Any = 1e-5) -> Array:
    array = as_array(x)
    centered = array - arithmetic.named(ops.mean(array, axis, True), "mean")
    spread = arithmetic.named(ops.variance(array, axis, True), "var") + as_array(epsilon)
    return centered * ops.rsqrt(spread)


def glu(x: Any, axis: int = -1) -> Array:
    first, second = reshaping.split(x, 2, axis)
    return first * ops.sigmoid(second)


def one_hot(x: Any, num_classes: Any, dtype: Any = None, axis: int = -1) -> Array:
    if axis != -1:
        raise Refused("a one_hot along another axis than the last")
    return ops.one_hot(x, num_classes)


def stop_gradient(x: Any) -> Any:
    raise Refused("stop_gradient: the derivative is not that of what is computed")


def scan(
    f: Callable[[Any, Any], Any], init: Any, xs: Any = None, length: Any = None,
    reverse: bool = False, unroll: int = 1,
) -> Any:  # fmt: skip
    from derive.frontends.code.scans import scan as scanned

    return scanned(f, init, xs, length, reverse)


def vmap(fun: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Any:
    from derive.frontends.code.scans import vmapped

    return vmapped(fun, in_axes, out_axes)


_NUMPY_APART = {"add.at", "random.seed", "seterr", "errstate"}

_NN: dict[str, Any] = {
    "relu": ops.relu, "sigmoid": ops.sigmoid, "softmax": softmax, "log_softmax": log_softmax,
    "logsumexp": logsumexp, "silu": ops.silu, "swish": ops.silu, "gelu": gelu,
    "softplus": ops.softplus, "leaky_relu": leaky_relu, "elu": elu, "one_hot": one_hot,
    "tanh": ops.tanh, "log_sigmoid": lambda x: -ops.softplus(-as_array(x)),
    "standardize": standardize, "glu": glu,
}  # fmt: skip

_LAX: dict[str, Any] = {
    "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "rsqrt": ops.rsqrt, "tanh": ops.tanh,
    "logistic": ops.sigmoid, "sin": ops.sin, "cos": ops.cos, "erf": ops.erf, "neg": ops.negative,
    "square": ops.square, "abs": arithmetic.absolute, "sign": ops.sign, "add": ops.add,
    "sub": ops.subtract, "mul": arithmetic.multiply, "div": arithmetic.divide,
    "pow": arithmetic.power,
    "integer_pow": arithmetic.power, "max": arithmetic.maximum, "min": arithmetic.minimum,
    "select": select,
    "exp2": ops.exp2, "expm1": ops.expm1, "log1p": ops.log1p, "dot": ops.dot,
    "batch_matmul": sums.matmul, "clamp": lambda low, x, high: ops.clip(x, low, high),
    "cumsum": lax_cumsum, "expand_dims": expand_dims, "reshape": NUMPY["reshape"],
    "concatenate": NUMPY["concatenate"], "stop_gradient": stop_gradient, "scan": scan,
    "dynamic_slice_in_dim": dynamic_slice_in_dim,
    "dynamic_index_in_dim": lambda x, index, axis=0, keepdims=True: dynamic_slice_in_dim(
        x, index, 1, axis
    ) if keepdims else ops.take(x, index, axis),
    "transpose": lambda operand, permutation: reshaping.transpose(operand, permutation),
    "gt": lambda a, b: arithmetic.compare(sp.Gt, a, b),
    "ge": lambda a, b: arithmetic.compare(sp.Ge, a, b),
    "lt": lambda a, b: arithmetic.compare(sp.Lt, a, b),
    "le": lambda a, b: arithmetic.compare(sp.Le, a, b),
    "eq": lambda a, b: arithmetic.compare(sp.Eq, a, b),
    "ne": lambda a, b: arithmetic.compare(sp.Ne, a, b),
}  # fmt: skip

NAMES: dict[str, Any] = {
    **{f"numpy.{name}": value for name, value in NUMPY.items() if name not in _NUMPY_APART},
    "numpy.add": ops.add, "numpy.subtract": ops.subtract,
    **{f"nn.{name}": function for name, function in _NN.items()},
    **{f"lax.{name}": function for name, function in _LAX.items()},
    "scipy.special.logsumexp": logsumexp, "scipy.special.erf": ops.erf,
    "scipy.special.expit": ops.sigmoid, "scipy.special.softmax": lambda x, axis=None: ops.softmax(
        x, axis
    ),
    "scipy.special.erfc": ops.erfc,
    "custom_vjp": CustomVJP, "jit": _decorator, "checkpoint": _decorator, "remat": _decorator,
    "named_call": _decorator, "Array": Array, "numpy.bfloat16": NUMPY["float32"],
    "grad": Unknown("jax.grad"), "vjp": Unknown("jax.vjp"), "vmap": vmap,
    "custom_jvp": Unknown("jax.custom_jvp"),
}  # fmt: skip

METHODS: dict[str, Any] = dict(NUMPY_METHODS)
del METHODS["fill"]

ATTRIBUTES: dict[str, Any] = {
    **NUMPY_ATTRIBUTES,
    "at": At,
    "mT": lambda x: reshaping.swapped(x, -1, -2),
}
