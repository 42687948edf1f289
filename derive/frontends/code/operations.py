"""What array libraries have in common, under neutral names; each library has a table of its own.

Every function takes and returns traced arrays; numbers and nested lists are taken for arrays.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import inserted, rearranged
from derive.frontends.code.arithmetic import (
    absolute,
    compare,
    conditions,
    divide,
    elementwise,
    maximum,
    minimum,
    multiply,
    named,
)
from derive.frontends.code.arrays import (
    BOOL,
    FLOAT,
    INT,
    Array,
    as_array,
    as_real,
    choice,
    filled,
    keys,
    number,
)
from derive.frontends.code.extremes import without_places
from derive.frontends.code.guards import NEAR, is_guard
from derive.frontends.code.indexing import Masked
from derive.frontends.code.masked import in_cases
from derive.frontends.code.reshaping import (
    broadcast_to,
    flipped,
    reshaped,
    shape_of,
    single_factor,
)
from derive.frontends.code.shapes import one_hot_rows
from derive.frontends.code.sizes import Size, at_least, expression, plain, quotient, same
from derive.frontends.code.sizes import expanded as expand_size
from derive.frontends.code.sums import (
    contracted,
    count_over,
    matmul,
    max_over,
    positions,
    product_over,
    sum_over,
)
from derive.frontends.code.trace import Misfit, Refused, current

SignAndLog = namedtuple("SignAndLog", "sign logabsdet")

# ---- entry by entry


def unary(function: Callable[[Any], Any]) -> Callable[..., Array]:
    """A function of entries. What else a library allows (``out=``, ``dtype=``) is refused."""

    def applied(x: Any) -> Array:
        return elementwise(function, x, kind=FLOAT)

    return applied


def _exp(body: Any) -> Any:
    """exp, of an entry that is masked by −∞ in each case by itself."""
    return in_cases(_finite_exp, body) if body.has(sp.oo, -sp.oo) else sp.exp(body)


def _finite_exp(value: Any) -> Any:
    return sp.Integer(0) if value is sp.S.NegativeInfinity else sp.exp(value)


exp, log, sqrt = unary(_exp), unary(sp.log), unary(sp.sqrt)
sin, cos, tan = unary(sp.sin), unary(sp.cos), unary(sp.tan)
sinh, cosh, tanh = unary(sp.sinh), unary(sp.cosh), unary(sp.tanh)
arcsin, arccos, arctan = unary(sp.asin), unary(sp.acos), unary(sp.atan)
arcsinh, arccosh, arctanh = unary(sp.asinh), unary(sp.acosh), unary(sp.atanh)
erf, erfc = unary(sp.erf), unary(sp.erfc)
expm1 = unary(lambda x: sp.exp(x) - 1)
log1p = unary(lambda x: sp.log(1 + x))
log2 = unary(lambda x: sp.log(x) / sp.log(2))
log10 = unary(lambda x: sp.log(x) / sp.log(10))
exp2 = unary(lambda x: sp.Integer(2) ** x)
square = unary(lambda x: x**2)
reciprocal = unary(lambda x: 1 / x)
rsqrt = unary(lambda x: x ** sp.Rational(-1, 2))
negative = unary(lambda x: -x)
sigmoid = unary(lambda x: 1 / (1 + sp.exp(-x)))
softplus = unary(lambda x: sp.log(1 + sp.exp(x)))
silu = unary(lambda x: x / (1 + sp.exp(-x)))


def sign(x: Any) -> Array:
    return elementwise(sp.sign, named(as_array(x), "u"), kind=FLOAT)


def relu(x: Any) -> Array:
    return maximum(x, 0)


CUBIC = sp.Rational(44715, 10**6)


def gelu(x: Any, tanh: bool = False) -> Array:
    if tanh:
        return elementwise(
            lambda a: a / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (a + CUBIC * a**3))),
            x, kind=FLOAT,
        )  # fmt: skip
    return elementwise(lambda a: a / 2 * (1 + sp.erf(a / sp.sqrt(2))), x, kind=FLOAT)


def add(x: Any, y: Any) -> Array:
    return as_array(x) + as_array(y)


def subtract(x: Any, y: Any) -> Array:
    return as_array(x) - as_array(y)


def clip(x: Any, low: Any = None, high: Any = None) -> Array:
    found = as_array(x)
    ends = [as_array(end) for end in (low, high) if end is not None]
    if all(not end.ndim for end in ends) and is_guard([end.scalar() for end in ends]):
        current().clips = True
        if current().inside:
            return _between(found, low, high)
    if low is not None:
        found = maximum(found, low)
    return found if high is None else minimum(found, high)


def kept_above(x: Any, y: Any) -> Array:
    """The larger of both; a small positive number keeps the other from 0, as a clip does."""
    for one, other in ((x, y), (y, x)):
        end = as_array(one)
        if not end.ndim and end.kind == FLOAT and as_array(other).kind == FLOAT:
            value = end.scalar()
            if value.is_number and 0 < value <= NEAR:
                return clip(other, low=one)
    return maximum(x, y)


def _between(x: Array, low: Any, high: Any) -> Array:
    """An array that is taken to lie between two numbers: that is given then."""
    array = named(x, "u")
    for body in array.bodies.values():
        entry = body
        if isinstance(body, sp.Indexed):
            free = [sp.Symbol(f"i{k + 1}", integer=True) for k in range(len(body.indices))]
            entry = body.base[tuple(free)]
        for end, relation in ((low, sp.Gt), (high, sp.Lt)):
            if end is not None:
                fact = relation(entry, as_array(end).scalar(), evaluate=False)
                current().given[fact] = None
                current().between[fact] = None
    return array


def logical_not(x: Any) -> Array:
    return ~as_condition(x)


def as_condition(x: Any) -> Array:
    found = as_array(x)
    return found if found.kind == BOOL else compare(sp.Ne, found, 0)


def logical_and(x: Any, y: Any) -> Array:
    return conditions(lambda a, b: sp.And(a, b), as_condition(x), as_condition(y))


def logical_or(x: Any, y: Any) -> Array:
    return conditions(lambda a, b: sp.Or(a, b), as_condition(x), as_condition(y))


# ---- reductions


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(x, Masked) and not keepdims:
        return x.sum(axis)
    return sum_over(as_array(x), axis, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    if isinstance(x, Masked) and not keepdims:
        return x.mean(axis)
    array = as_array(x)
    return divide(sum_over(array, axis, keepdims), Size(count_over(array, axis)))


def variance(x: Any, axis: Any = None, keepdims: bool = False, less: Any = 0) -> Array:
    """The mean of squares around the mean, divided by the count less ``less``."""
    array = as_array(x)
    center = named(mean(array, axis, True), "mean")
    squares = sum_over((array - center) ** 2, axis, keepdims)
    return divide(squares, Size(count_over(array, axis) - expression(less)))


def deviation(x: Any, axis: Any = None, keepdims: bool = False, less: Any = 0) -> Array:
    return sqrt(named(variance(x, axis, keepdims, less), "var"))


def largest(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return max_over(as_array(x), axis, keepdims)


def smallest(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return -max_over(-as_array(x), axis, keepdims)


def product(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return product_over(as_array(x), axis, keepdims)


def norm(x: Any, order: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    array = as_array(x)
    if order in (None, 2, "fro") and not (order == 2 and axis is None and array.ndim == 2):
        return sqrt(sum_over(array**2, axis, keepdims))
    if order == 1 and (axis is not None or array.ndim == 1):
        return sum_over(absolute(array), axis, keepdims)
    raise Refused(f"a norm of order {order!r}")


def softmax(x: Any, axis: Any) -> Array:
    raised = named(exp(x), "e")
    return raised / named(sum_over(raised, axis, True), "total")


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Array:
    return log(sum_over(exp(x), axis, keepdims))


def log_softmax(x: Any, axis: Any) -> Array:
    return as_array(x) - named(logsumexp(x, axis, True), "lse")


def cumulated(x: Any, axis: Any = None) -> Array:
    array = as_array(x)
    if axis is None:
        array, axis = reshaped(array, (-1,)), 0
    (place,) = positions(array, axis)
    array = single_factor(array, place)
    if ax.is_unit(array.axes[place]):
        return array.copy()
    ((index, _),) = array.axes[place][0]
    k = current().index("k")
    bodies = {
        key: sp.Sum(body.xreplace({index: k}), (k, 0, index)) for key, body in array.bodies.items()
    }
    return Array(array.axes, bodies, array.kind)


# ---- products


def dot(x: Any, y: Any) -> Array:
    """NumPy's: over the last axis of the first and the last but one of the second."""
    a, b = as_array(x), as_array(y)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    inner = max(b.ndim - 2, 0)
    if not same(ax.size_of(a.axes[-1]), ax.size_of(b.axes[inner])):
        raise Misfit(f"dot: the inner sizes of {ax.shown(a.axes)} and {ax.shown(b.axes)} differ")
    return contracted(a, b, [a.ndim - 1], [inner])


def outer(x: Any, y: Any) -> Array:
    a, b = reshaped(x, (-1,)), reshaped(y, (-1,))
    return contracted(a, b, [], [])


def inner(x: Any, y: Any) -> Array:
    a, b = as_array(x), as_array(y)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return contracted(a, b, [a.ndim - 1], [b.ndim - 1])


def tensordot(x: Any, y: Any, axes: Any = 2) -> Array:
    a, b = as_array(x), as_array(y)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([k] if isinstance(k, int) else list(k) for k in axes)
    left, right = list(positions(a, left)), list(positions(b, right))
    for p, q in zip(left, right, strict=True):
        if not same(ax.size_of(a.axes[p]), ax.size_of(b.axes[q])):
            raise Misfit(f"tensordot: {ax.shown(a.axes)} and {ax.shown(b.axes)} differ")
    return contracted(a, b, left, right)


def trace(x: Any) -> Array:
    return total(diagonal(x))


def diagonal(x: Any, offset: int = 0) -> Array:
    array = as_array(x)
    if array.ndim != 2 or offset:
        raise Refused("a diagonal of what is no matrix, or beside the main one")
    if not same(ax.size_of(array.axes[0]), ax.size_of(array.axes[1])):
        raise Refused("the diagonal of a matrix that is not square")
    axis = ax.fresh(ax.common(array.axes[0], array.axes[1]))
    bodies = rearranged(array, [axis, axis])
    return Array([axis], {(k,): bodies[k, k] for k in range(len(axis))}, array.kind)


def diag(x: Any) -> Array:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    array = as_array(x)
    if array.ndim == 2:
        return diagonal(array)
    return multiply(inserted(array, 1), eye(array.shape[0]))


# ---- shapes


# ---- arrays of their own


def zeros(shape: Any, kind: str = FLOAT) -> Array:
    return filled(shape_of(shape), 0, kind)


def ones(shape: Any, kind: str = FLOAT) -> Array:
    return filled(shape_of(shape), 1, kind)


def full(shape: Any, value: Any, kind: str = FLOAT) -> Array:
    if isinstance(value, Array):
        return broadcast_to(value, shape_of(shape))
    return filled(shape_of(shape), value, kind)


def like(x: Any, value: Any, kind: str | None = None) -> Array:
    """An array of one number, of the shape of another."""
    array = as_array(x)
    if isinstance(value, Array) and value.ndim:
        return cast(broadcast_to(value, array.shape), kind or array.kind)
    axes = [ax.fresh(axis) for axis in array.axes]
    body = number(value)
    return Array(axes, {key: body for key in keys(axes)}, kind or array.kind)


def eye(rows: Any, columns: Any = None, offset: Any = 0) -> Array:
    axes = [
        ax.of_size(expression(rows)),
        ax.of_size(expression(rows if columns is None else columns)),
    ]
    i, j = (axis[0][0][0] if axis[0] else sp.Integer(0) for axis in axes)
    return Array(axes, {(0, 0): sp.KroneckerDelta(i + expression(offset), j)}, FLOAT)


def arange(*ends: Any) -> Array:
    """start, stop, step as for ``range``."""
    start, stop, step = sp.Integer(0), None, sp.Integer(1)
    if len(ends) == 1:
        stop = expression(ends[0])
    else:
        start, stop = expression(ends[0]), expression(ends[1])
        step = expression(ends[2]) if len(ends) == 3 else step
    if step == -1:
        return flipped(arange(plain(stop + 1), plain(start + 1)))
    if not at_least(step, 1):
        raise Refused(f"arange with the step {step}")
    length = expand_size(stop - start)
    if step != 1:
        length = quotient(expand_size(length + step - 1), step)
    axis = ax.of_size(length)
    index = axis[0][0][0] if axis[0] else sp.Integer(0)
    return Array([axis], {(0,): start + step * index}, INT)


def triangle(x: Any, offset: Any, lower: bool) -> Array:
    """The entries at or below (above) a diagonal, 0 elsewhere."""
    array = as_array(x)
    for place in (array.ndim - 2, array.ndim - 1):
        array = single_factor(array, place)
    i, j = (axis[0][0][0] if axis[0] else sp.Integer(0) for axis in array.axes[-2:])
    bound = i + expression(offset)
    condition = (sp.Le if lower else sp.Ge)(j, bound, evaluate=False)
    bodies = {
        key: sp.And(condition, body) if array.kind == BOOL
        else choice(condition, as_real(body), sp.Integer(0))
        for key, body in array.bodies.items()
    }  # fmt: skip
    return Array(array.axes, bodies, array.kind)


def index_grid(shape: Sequence[Any]) -> list[Array]:
    """For each axis the array of positions along it, of the whole shape."""
    axes = [ax.of_size(expression(size)) for size in shape]
    return [
        Array(axes, {(0,) * len(axes): axis[0][0][0] if axis[0] else sp.Integer(0)}, INT)
        for axis in axes
    ]


def one_hot(x: Any, count: Any) -> Array:
    return without_places(one_hot_rows(as_array(x), expression(count)))


def take(x: Any, indices: Any, axis: Any = None) -> Array:
    array = as_array(x)
    if axis is None:
        array, axis = reshaped(array, (-1,)), 0
    (place,) = positions(array, axis)
    return array[(slice(None),) * place + (indices,)]


def gather(x: Any, indices: Any, axis: int) -> Array:
    """x[i, …, indices[i, …, j], …]: NumPy's take_along_axis."""
    array, index = as_array(x), as_array(indices)
    (place,) = positions(array, axis)
    grid = index_grid(index.shape)
    return array[tuple(index if k == place else own for k, own in enumerate(grid))]


def cast(x: Any, kind: str) -> Array:
    """To another type; floats stay as they are where they are wanted as integers of wholes."""
    array = as_array(x)
    if kind == array.kind:
        return array.copy()
    if kind == BOOL:
        return compare(sp.Ne, array, 0)
    if array.kind == BOOL:
        return elementwise(lambda a: a, array, kind=kind)
    if kind == INT and array.kind == FLOAT:
        if all(body.is_Integer for body in array.bodies.values()):
            return Array(array.axes, dict(array.bodies), INT)
        raise Refused("floats are cut to integers")
    return Array(array.axes, dict(array.bodies), kind)


BETWEEN_0_AND_1 = ("rand", "random", "random_sample", "uniform")  # who draws such numbers


def random(name: str, shape: Any) -> Array:
    """Numbers that are drawn: an array of which its shape is known, and where they lie.

    :param name: the function that draws them, in whose place a native run gets the same numbers.
    """
    trace_ = current()
    if trace_.counters:
        raise Refused("random numbers are drawn in a loop over a symbolic range")
    trace_.note("random numbers are taken for arbitrary ones")
    axes = [ax.of_size(expression(size)) for size in (() if shape is None else shape_of(shape))]
    factors = [f for axis in axes for f in axis[0]]
    label = trace_.name("drawn")
    if factors:
        symbol = sp.IndexedBase(label, shape=tuple(size for _, size in factors))
        body = symbol[tuple(index for index, _ in factors)]
    else:
        symbol = body = sp.Symbol(label, real=True)
    found = Array(axes, {(0,) * len(axes): body}, FLOAT)
    trace_.drawn.append((name, found.copy()))
    if name in BETWEEN_0_AND_1:
        at = [sp.Symbol(f"i{k}", integer=True) for k in range(len(factors))]
        entry = symbol[tuple(at)] if at else symbol
        trace_.given[sp.Ge(entry, 0, evaluate=False)] = None
        trace_.given[sp.Lt(entry, 1, evaluate=False)] = None
    return found


def _square(x: Any, what: str) -> tuple[Array, Any]:
    """A matrix with a definition of its own, and the matrix expression that it is.

    :raises Misfit: where its axes differ in size.
    """
    a = as_array(x)
    if a.ndim != 2 or len(a.bodies) != 1 or any(len(axis[0]) != 1 for axis in a.axes):
        raise Refused(f"{what} of an array of shape {ax.shown(a.axes)}")
    rows, columns = (ax.size_of(axis) for axis in a.axes)
    if not same(rows, columns):
        raise Misfit(f"{what} of a matrix of shape {ax.shown(a.axes)}")
    (body,) = a.bodies.values()
    (i, _), (j, _) = (axis[0][0] for axis in a.axes)
    if any(counter in body.free_symbols for counter in current().counters):
        raise Refused(f"{what} inside of a loop over a symbolic range")
    return a, sp.FunctionMatrix(rows, rows, sp.Lambda((i, j), as_real(body)))


def inverse(x: Any) -> Array:
    """A⁻¹, where A is invertible: the verdict lists that."""
    a, matrix = _square(x, "the inverse")
    axes = [ax.fresh(axis) for axis in a.axes]
    (i, _), (j, _) = (axis[0][0] for axis in axes)
    found = MatrixElement(sp.Inverse(matrix), i, j)
    return named(Array(axes, {(0, 0): found}, FLOAT), "inverse")


def determinant(x: Any) -> Array:
    _, matrix = _square(x, "the determinant")
    return Array((), {(): sp.Determinant(matrix)}, FLOAT)


def log_determinant(x: Any) -> SignAndLog:
    """The sign of the determinant and log of its absolute value, of an invertible matrix."""
    found = named(determinant(x), "det")
    return SignAndLog(elementwise(sp.sign, found), log(absolute(found)))


def solved(a: Any, b: Any) -> Array:
    """x with A·x = b."""
    if as_array(b).ndim > 2:
        raise Refused("a system of equations with several right sides at once")
    return matmul(inverse(a), b)
