"""What a SymPy expression is worth at a point: a judge that shares nothing with the engine.

It reads the tree node by node, sums and products term by term, matrices entry by entry. Of the
engine it knows the node classes only, and from the classes of operators on images what their
documentation says. What a branch that is not taken is worth is never asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from flint import arb, fmpq, fmpq_mat
from sympy.assumptions import AppliedPredicate
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.language import images as convolution
from derive.language import operators as ops
from derive.language import sequences as rec
from derive.language.conditions import Cases

from .numbers import (
    ONE,
    ZERO,
    NoValue,
    Real,
    Uncertain,
    function,
    rational_power,
    real,
    real_power,
    reciprocal,
    sign,
    sign_of,
    whole_part,
)

MOST_TERMS = 400


class Misfit(Exception):
    """Shapes that do not fit together, as NumPy would say."""


class OutsideArray(NoValue):
    """An entry that its array does not have."""


@dataclass
class Place:
    """A value for every symbol, definitions for the others, and a Lambda for each function."""

    values: Mapping[Any, Any]
    definitions: Mapping[Any, Any] = field(default_factory=dict)
    functions: Mapping[Any, sp.Lambda] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)

    def moved(self, values: Mapping[Any, Any]) -> Place:
        return Place({**self.values, **values}, self.definitions, self.functions)


Bound = Mapping[Any, Any]
_READERS: dict[type, Callable[[Any, Place, Bound], Any]] = {}


def reads(*nodes: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(reader: Callable[..., Any]) -> Callable[..., Any]:
        _READERS.update(dict.fromkeys(nodes, reader))
        return reader

    return enter


def value(expr: Any, place: Place, bound: Bound) -> Any:
    """A Real, or an array of them."""
    for kind in type(expr).__mro__:
        reader = _READERS.get(kind)
        if reader is not None:
            return reader(expr, place, bound)
    raise NotImplementedError(f"the judge does not read {type(expr).__name__}")


def scalar(expr: Any, place: Place, bound: Bound) -> Real:
    found = value(expr, place, bound)
    if isinstance(found, np.ndarray):
        if found.size != 1:
            raise Misfit(f"an array of shape {found.shape} where a number is meant")
        return found.reshape(-1)[0]
    return found


def integer(expr: Any, place: Place, bound: Bound) -> int:
    found = scalar(expr, place, bound)
    if type(found.v) is not fmpq or found.v.q != 1:
        raise NoValue(f"{expr} is no integer there")
    return int(found.v.p)


def matrix(expr: Any, place: Place, bound: Bound) -> np.ndarray:
    found = value(expr, place, bound)
    if not isinstance(found, np.ndarray):
        found = filled((1, 1), lambda *_: found)
    return found


def filled(shape: Any, entry: Callable[..., Any]) -> np.ndarray:
    result = np.empty(shape, dtype=object)
    for at in np.ndindex(*shape):
        result[at] = entry(*at)
    return result


# Numbers and symbols


@reads(sp.Rational)
def _(expr, place, bound):
    return real(expr)


@reads(sp.Float)
def _(expr, place, bound):
    return real(sp.Rational(str(expr)))


@reads(type(sp.pi), type(sp.E), type(sp.GoldenRatio), type(sp.EulerGamma), type(sp.Catalan))
def _(expr, place, bound):
    if expr is sp.GoldenRatio:
        return Real((1 + arb(5).sqrt()) / 2)
    names = {
        sp.pi: "pi",
        sp.E: "const_e",
        sp.EulerGamma: "const_euler",
        sp.Catalan: "const_catalan",
    }
    return Real(getattr(arb, names[expr])())


@reads(sp.Symbol, sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
def _(expr, place, bound):
    if expr in bound:
        return bound[expr]
    if expr in place.values:
        return place.values[expr]
    if expr not in place.definitions:
        raise NotImplementedError(f"{expr} has no value")
    if expr not in place.known:
        definition = place.definitions[expr]
        if isinstance(definition, rec.Recurrence):
            place.known[expr] = _steps(expr, definition, place)
        else:
            found = value(definition, place, {})
            shape = getattr(expr, "shape", None)
            if isinstance(expr, sp.MatrixSymbol) and not isinstance(found, np.ndarray):
                found = filled((1, 1), lambda *_: found)
            elif not shape and isinstance(found, np.ndarray) and found.size == 1:
                found = found.reshape(-1)[0]
            place.known[expr] = found
    return place.known[expr]


def _steps(symbol: Any, definition: Any, place: Place) -> np.ndarray:
    shape = [integer(size, place, {}) for size in symbol.shape]
    whole = filled(shape, lambda *_: ZERO)
    place.known[symbol] = whole
    low, high = integer(definition.low, place, {}), integer(definition.high, place, {})
    if definition.initial is not None:
        at = integer(definition.origin, place, {})
        whole[at] = np.reshape(np.array(value(definition.initial, place, {}), object), shape[1:])
    times = range(low, high + 1)
    for time in times if definition.direction > 0 else reversed(times):
        found = value(definition.step, place, {definition.index: real(time)})
        if isinstance(found, np.ndarray):
            whole[time] = found.reshape(shape[1:])
        else:
            whole[time] = found if len(shape) == 1 else filled(shape[1:], lambda *_, f=found: f)
    return whole


def _entry(array: Any, indices: Any, place: Place, bound: Bound) -> Any:
    at = tuple(integer(index, place, bound) for index in indices)
    if not isinstance(array, np.ndarray):
        array = filled((1,) * len(at), lambda *_: array)
    if len(at) != array.ndim:
        raise Misfit(f"{len(at)} indices for {array.ndim} axes")
    if not all(0 <= k < size for k, size in zip(at, array.shape, strict=True)):
        raise OutsideArray("an entry outside of its array")
    return array[at]


@reads(MatrixElement)
def _(expr, place, bound):
    return _entry(matrix(expr.parent, place, bound), expr.indices, place, bound)


@reads(sp.Indexed)
def _(expr, place, bound):
    return _entry(value(expr.base, place, bound), expr.indices, place, bound)


@reads(ArrayElement)
def _(expr, place, bound):
    return _entry(value(expr.name, place, bound), expr.indices, place, bound)


@reads(ops.TensorElement)
def _(expr, place, bound):
    array = expr.array
    if isinstance(array, ops.Tensor):
        at = [real(integer(index, place, bound)) for index in expr.indices]
        sizes = [integer(size, place, bound) for _, size in array.axes]
        if not all(0 <= k.v < size for k, size in zip(at, sizes, strict=True)):
            raise OutsideArray("an entry outside of its array")
        return scalar(
            array.body, place, {**bound, **dict(zip(array.bound_symbols, at, strict=True))}
        )
    return _entry(value(array, place, bound), expr.indices, place, bound)


@reads(ops.Tensor)
def _(expr, place, bound):
    sizes = [integer(size, place, bound) for _, size in expr.axes]

    def one(*at: int) -> Any:
        inner = {**bound, **dict(zip(expr.bound_symbols, map(real, at), strict=True))}
        return scalar(expr.body, place, inner)

    return filled(sizes, one)


# Arithmetic


def _plus(left: Any, right: Any) -> Any:
    return _together(left, right, lambda a, b: a + b)


def _together(left: Any, right: Any, join: Callable[[Any, Any], Any]) -> Any:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        try:
            np.broadcast_shapes(left.shape, right.shape)
        except ValueError:
            raise Misfit(f"{left.shape} and {right.shape}") from None
    return join(left, right)


@reads(sp.Add, sp.MatAdd)
def _(expr, place, bound):
    parts = [value(arg, place, bound) for arg in expr.args]
    total = parts[0]
    for part in parts[1:]:
        total = _plus(total, part)
    return total


@reads(sp.Mul)
def _(expr, place, bound):
    if getattr(expr, "is_Matrix", False):
        return _matrix_product(expr, place, bound)
    total: Any = ONE
    for arg in expr.args:
        part = value(arg, place, bound)
        if isinstance(part, np.ndarray) and isinstance(total, np.ndarray):
            part = scalar(arg, place, bound)  # of two arrays one has a single entry
        total = total * part
    return total


@reads(sp.HadamardProduct)
def _(expr, place, bound):
    total = value(expr.args[0], place, bound)
    for arg in expr.args[1:]:
        total = _together(total, value(arg, place, bound), lambda a, b: a * b)
    return total


def _times(left: Any, right: Any) -> Any:
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
        return left * right
    if left.shape[1] != right.shape[0]:
        if 1 in (left.size, right.size):
            one, other = (left, right) if left.size == 1 else (right, left)
            return other * one.reshape(-1)[0]
        raise Misfit(f"{left.shape} times {right.shape}")
    return filled(
        (left.shape[0], right.shape[1]),
        lambda i, j: sum((left[i, k] * right[k, j] for k in range(left.shape[1])), start=ZERO),
    )


@reads(sp.MatMul)
def _matrix_product(expr, place, bound):
    total: Any = ONE
    for arg in expr.args:
        total = _times(total, value(arg, place, bound))
    return total


@reads(sp.Pow)
def _(expr, place, bound):
    base, exponent = expr.args
    if base is sp.E:
        return function("exp", scalar(exponent, place, bound))
    x = scalar(base, place, bound)
    if isinstance(exponent, sp.Rational):
        return rational_power(x, fmpq(int(exponent.p), int(exponent.q)))
    return real_power(x, scalar(exponent, place, bound))


@reads(sp.HadamardPower)
def _(expr, place, bound):
    found, exponent = matrix(expr.args[0], place, bound), scalar(expr.args[1], place, bound)
    return filled(found.shape, lambda *at: real_power(found[at], exponent))


_FUNCTIONS = {
    sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.sinh: "sinh",
    sp.cosh: "cosh", sp.tanh: "tanh", sp.asin: "asin", sp.acos: "acos", sp.atan: "atan",
    sp.asinh: "asinh", sp.acosh: "acosh", sp.atanh: "atanh", sp.erf: "erf", sp.erfc: "erfc",
}  # fmt: skip
_UNDER_ONE = {sp.sec: "cos", sp.csc: "sin", sp.sech: "cosh", sp.csch: "sinh", sp.cot: "tan",
              sp.coth: "tanh"}  # fmt: skip


@reads(*_FUNCTIONS)
def _(expr, place, bound):
    if len(expr.args) != 1:
        raise NotImplementedError("a logarithm with a base")
    return function(_FUNCTIONS[expr.func], scalar(expr.args[0], place, bound))


@reads(*_UNDER_ONE)
def _(expr, place, bound):
    return reciprocal(function(_UNDER_ONE[expr.func], scalar(expr.args[0], place, bound)))


# What is decided on values


@reads(sp.Abs)
def _(expr, place, bound):
    x = scalar(expr.args[0], place, bound)
    return -x if sign(x) < 0 else x


@reads(sp.sign)
def _(expr, place, bound):
    return real(sign(scalar(expr.args[0], place, bound)))


@reads(sp.Heaviside)
def _(expr, place, bound):
    found = sign(scalar(expr.args[0], place, bound))
    return scalar(expr.args[1], place, bound) if found == 0 else real(int(found > 0))


def largest(values: Any, by: int) -> Real:
    """The largest of some numbers, or the smallest: a kink where it is taken twice, unless the two
    move alike.
    """
    best, tied = None, False
    for one in values:
        gap = real(by) if best is None else one - best
        order = by * sign_of(gap.v)
        if order > 0:
            best, tied = one, False
        elif order == 0:
            tied = tied or any(part not in (None, 0) for part in (gap.a, gap.b, gap.ab))
    if best is None:
        raise NoValue("the largest of nothing")
    if tied:
        raise NoValue("a kink, exactly here")
    return best


@reads(sp.Max, sp.Min)
def _(expr, place, bound):
    values = [scalar(arg, place, bound) for arg in expr.args]
    return largest(values, 1 if isinstance(expr, sp.Max) else -1)


@reads(ops.MaxOver)
def _(expr, place, bound):
    inner = ranges([expr.limits], place, bound)
    return largest([scalar(expr.body, place, one) for one in inner], 1)


@reads(sp.floor)
def _(expr, place, bound):
    return real(whole_part(scalar(expr.args[0], place, bound)))


@reads(sp.ceiling)
def _(expr, place, bound):
    return real(-whole_part(-scalar(expr.args[0], place, bound)))


@reads(sp.Mod)
def _(expr, place, bound):
    a, b = (scalar(arg, place, bound) for arg in expr.args)
    return a - b * whole_part(a / b)


@reads(sp.factorial)
def _(expr, place, bound):
    n = integer(expr.args[0], place, bound)
    if not 0 <= n < 30:
        raise Uncertain("a factorial that is not worked out")
    return real(int(sp.factorial(n)))


@reads(sp.KroneckerDelta)
def _(expr, place, bound):
    i, j = (integer(arg, place, bound) for arg in expr.args[:2])
    return real(int(i == j))


@reads(sp.Piecewise, Cases)
def _(expr, place, bound):
    for branch, condition in expr.args:
        if truth(condition, place, bound):
            return value(branch, place, bound)
    raise NoValue("no case applies")


def truth(test: Any, place: Place, bound: Bound) -> bool:
    """Whether a condition is met. One part that is not makes an And false whatever the others are,
    of which the order says nothing; and Or alike.
    """
    if test in (sp.true, True):
        return True
    if test in (sp.false, False):
        return False
    if isinstance(test, Relational):
        order = sign(scalar(test.lhs, place, bound) - scalar(test.rhs, place, bound))
        return {
            sp.Gt: order > 0, sp.Ge: order >= 0, sp.Lt: order < 0, sp.Le: order <= 0,
            sp.Eq: order == 0, sp.Ne: order != 0,
        }[test.func]  # fmt: skip
    if isinstance(test, (sp.And, sp.Or)):
        return _joined(test, place, bound)
    if isinstance(test, sp.Not):
        return not truth(test.args[0], place, bound)
    raise NotImplementedError(f"the judge does not read {type(test).__name__}")


def _joined(test: Any, place: Place, bound: Bound) -> bool:
    settles, problem = isinstance(test, sp.Or), None
    for part in test.args:
        try:
            if truth(part, place, bound) == settles:
                return settles
        except NoValue as found:
            problem = found
    if problem is not None:
        raise problem
    return not settles


# What binds


def ranges(limits: Any, place: Place, bound: Bound) -> Iterator[Bound]:
    """The scopes of a sum: SymPy binds the last limit first."""
    *others, (variable, low, high) = limits
    ends = integer(low, place, bound), integer(high, place, bound)
    if ends[1] - ends[0] > MOST_TERMS:
        raise Uncertain("too many terms")
    for at in range(ends[0], ends[1] + 1):
        inner = {**bound, variable: real(at)}
        if others:
            yield from ranges(others, place, inner)
        else:
            yield inner


@reads(sp.Sum, rec.MatrixSum)
def _(expr, place, bound):
    limits = [expr.limits] if isinstance(expr, rec.MatrixSum) else expr.limits
    total = None
    for inner in ranges(limits, place, bound):
        found = value(expr.args[0], place, inner)
        total = found if total is None else _plus(total, found)
    if total is None:
        if isinstance(expr, rec.MatrixSum):
            return filled([integer(s, place, bound) for s in expr.shape], lambda *_: ZERO)
        return ZERO
    return total


@reads(sp.Product)
def _(expr, place, bound):
    total = ONE
    for inner in ranges(expr.limits, place, bound):
        total = total * scalar(expr.function, place, inner)
    return total


@reads(rec.OrderedProduct)
def _(expr, place, bound):
    size = integer(expr.shape[0], place, bound)
    total: Any = filled((size, size), lambda i, j: ONE if i == j else ZERO)
    for inner in ranges([expr.limits], place, bound):
        factor = matrix(expr.body, place, inner)
        total = _times(factor, total) if expr.later_left else _times(total, factor)
    return total


@reads(sp.Subs)
def _(expr, place, bound):
    points = [scalar(point, place, bound) for point in expr.point]
    return scalar(expr.expr, place, {**bound, **dict(zip(expr.variables, points, strict=True))})


@reads(AppliedUndef)
def _(expr, place, bound):
    body = place.definitions.get(expr.func, place.functions.get(expr.func))
    if body is None:
        raise NotImplementedError(f"{expr.func} has no meaning")
    arguments = [scalar(arg, place, bound) for arg in expr.args]
    return scalar(body.expr, place, dict(zip(body.variables, arguments, strict=True)))


@reads(ElementwiseApplyFunction)
def _(expr, place, bound):
    operand, body = matrix(expr.expr, place, bound), expr.function
    if not isinstance(body, sp.Lambda):
        raise NotImplementedError(f"{body} applied entry by entry")
    (variable,) = body.variables
    return filled(
        operand.shape, lambda *at: scalar(body.expr, place, {**bound, variable: operand[at]})
    )


# Matrices


@reads(sp.Transpose)
def _(expr, place, bound):
    return matrix(expr.arg, place, bound).T


def square(expr: Any, place: Place, bound: Bound) -> np.ndarray:
    found = matrix(expr, place, bound)
    if found.ndim != 2 or found.shape[0] != found.shape[1]:
        raise Misfit(f"a matrix of shape {found.shape} where a square one is meant")
    return found


@reads(sp.Trace)
def _(expr, place, bound):
    found = square(expr.arg, place, bound)
    return sum((found[k, k] for k in range(len(found))), start=ZERO)


def determinant(a: np.ndarray) -> Real:
    """By the first row: without a division, so that it may be moved."""
    exact = _exact(a)
    if exact is not None:
        return Real(exact.det())
    if len(a) > 4:
        raise Uncertain("a determinant that is not worked out")
    total = ZERO
    for k in range(len(a)):
        minor = determinant(np.delete(a[1:], k, axis=1))
        total = total + (a[0, k] * minor if k % 2 == 0 else -(a[0, k] * minor))
    return total


def _exact(a: np.ndarray) -> fmpq_mat | None:
    """The matrix in rationals, where it is rational and not moved."""
    entries = list(a.reshape(-1))
    if all(type(one.v) is fmpq and not one.moves for one in entries):
        return fmpq_mat(len(a), len(a), [one.v for one in entries])
    return None


def inverse(a: np.ndarray) -> np.ndarray:
    exact = _exact(a)
    if exact is not None:
        if exact.det() == 0:
            raise NoValue("a matrix that is not invertible")
        found = exact.inv()
        return filled(a.shape, lambda i, j: Real(found[i, j]))
    d = reciprocal(determinant(a))

    def one(i: int, j: int) -> Real:
        minor = determinant(np.delete(np.delete(a, j, axis=0), i, axis=1))
        return d * minor if (i + j) % 2 == 0 else -(d * minor)

    return filled(a.shape, one)


@reads(sp.Determinant)
def _(expr, place, bound):
    return determinant(square(expr.arg, place, bound))


@reads(sp.MatPow, sp.Inverse)
def _(expr, place, bound):
    base = square(expr.args[0], place, bound)
    exponent = integer(expr.args[1], place, bound)
    if abs(exponent) > 8:
        raise Uncertain("a power that is not worked out")
    base = inverse(base) if exponent < 0 else base
    total: Any = filled(base.shape, lambda i, j: ONE if i == j else ZERO)
    for _ in range(abs(exponent)):
        total = _times(total, base)
    return total


@reads(sp.Identity)
def _(expr, place, bound):
    size = integer(expr.shape[0], place, bound)
    return filled((size, size), lambda i, j: ONE if i == j else ZERO)


@reads(sp.ZeroMatrix, sp.OneMatrix)
def _(expr, place, bound):
    one = ONE if isinstance(expr, sp.OneMatrix) else ZERO
    return filled([integer(size, place, bound) for size in expr.shape], lambda *_: one)


@reads(sp.FunctionMatrix)
def _(expr, place, bound):
    sizes = [integer(size, place, bound) for size in expr.shape]

    def one(*at: int) -> Any:
        inner = dict(zip(expr.lamda.variables, map(real, at), strict=True))
        return scalar(expr.lamda.expr, place, {**bound, **inner})

    return filled(sizes, one)


@reads(sp.MatrixBase)
def _(expr, place, bound):
    return filled(expr.shape, lambda i, j: scalar(expr[i, j], place, bound))


@reads(sp.BlockMatrix)
def _(expr, place, bound):
    rows = [[matrix(b, place, bound) for b in row] for row in expr.blocks.tolist()]
    try:
        return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    except ValueError as problem:
        raise Misfit(str(problem)) from None


@reads(DiagMatrix)
def _(expr, place, bound):
    vector = matrix(expr.args[0], place, bound)
    if vector.size != max(vector.shape):
        raise Misfit("the diagonal of what is no vector")
    flat = vector.reshape(-1)
    return filled((len(flat), len(flat)), lambda i, j: flat[i] if i == j else ZERO)


@reads(DiagonalOf)
def _(expr, place, bound):
    found = square(expr.arg, place, bound)
    return filled((len(found), 1), lambda i, _: found[i, i])


@reads(DiagonalMatrix)
def _(expr, place, bound):
    found = square(expr.arg, place, bound)
    return filled(found.shape, lambda i, j: found[i, j] if i == j else ZERO)


@reads(sp.KroneckerProduct)
def _(expr, place, bound):
    total = matrix(expr.args[0], place, bound)
    for arg in expr.args[1:]:
        a, b = total, matrix(arg, place, bound)
        rows, columns = b.shape
        total = filled(
            (a.shape[0] * rows, a.shape[1] * columns),
            lambda i, j, a=a, b=b, r=rows, c=columns: a[i // r, j // c] * b[i % r, j % c],
        )
    return total


@reads(ops.Softmax)
def _(expr, place, bound):
    x = matrix(expr.operand, place, bound)
    powers = filled(x.shape, lambda *at: function("exp", x[at]))
    return filled(x.shape, lambda i, j: powers[i, j] / sum(powers[i], start=ZERO))


@reads(ops.LogSumExp)
def _(expr, place, bound):
    x = matrix(expr.operand, place, bound)
    rows = [sum((function("exp", one) for one in row), start=ZERO) for row in x]
    return filled((len(rows), 1), lambda i, _: function("log", rows[i]))


@reads(ops.Broadcast)
def _(expr, place, bound):
    shape = tuple(integer(size, place, bound) for size in expr.shape)
    x = value(expr.operand, place, bound)
    if not isinstance(x, np.ndarray):
        return filled(shape, lambda *_: x)
    if any(size not in (1, wanted) for size, wanted in zip(x.shape, shape, strict=True)):
        raise Misfit(f"{x.shape} does not broadcast to {shape}")
    return np.broadcast_to(x, shape)


@reads(rec.At)
def _(expr, place, bound):
    whole = value(expr.array, place, bound)
    time = integer(expr.index, place, bound)
    if not 0 <= time < len(whole):
        raise NoValue("a position outside of its sequence")
    return whole[time].reshape(1, -1) if whole.ndim == 2 else whole[time]


# Images, by loops over all places


def _pair(pair: Any, place: Place, bound: Bound) -> tuple[int, ...]:
    return tuple(integer(one, place, bound) for one in pair)


def _pixel(x: np.ndarray, *at: int) -> Any:
    return x[at] if 0 <= at[2] < x.shape[2] and 0 <= at[3] < x.shape[3] else ZERO


def _counts(size: Any, window: Any, stride: Any, padding: Any, dilation: Any = (1, 1)) -> list[int]:
    counts = [
        (h + 2 * p - d * (k - 1) - 1) // s + 1
        for h, k, s, p, d in zip(size, window, stride, padding, dilation, strict=True)
    ]
    if min(counts) < 1:
        raise NoValue("an image of which nothing is left")
    return counts


@reads(convolution.Conv2d)
def _(expr, place, bound):
    x, w, *bias = (value(one, place, bound) for one in expr.operands)
    stride, padding, dilation = (_pair(pair, place, bound) for pair in expr.options[:3])
    groups = integer(expr.options[3], place, bound)
    if x.shape[1] != w.shape[1] * groups or w.shape[0] % groups:
        raise Misfit("channels")
    counts = _counts(x.shape[2:], w.shape[2:], stride, padding, dilation)
    block = w.shape[0] // groups

    def one(a: int, o: int, i: int, j: int) -> Any:
        total = bias[0][o] if bias else ZERO
        for c, p, q in np.ndindex(*w.shape[1:]):
            seen = (o // block) * w.shape[1] + c
            row, column = (
                s * k + d * offset - pad
                for s, k, d, offset, pad in zip(
                    stride, (i, j), dilation, (p, q), padding, strict=True
                )
            )
            total = total + w[o, c, p, q] * _pixel(x, a, seen, row, column)
        return total

    return filled((x.shape[0], w.shape[0], *counts), one)


@reads(convolution.MaxPool2d, convolution.AvgPool2d)
def _(expr, place, bound):
    (image,) = expr.operands
    x = value(image, place, bound)
    window, stride, padding = (_pair(pair, place, bound) for pair in expr.options[:3])
    if len(expr.options) > 3 and expr.options[3] != sp.false:
        raise NotImplementedError("windows that are rounded up")
    counts = _counts(x.shape[2:], window, stride, padding)
    mean = isinstance(expr, convolution.AvgPool2d)

    def one(a: int, c: int, i: int, j: int) -> Any:
        places = [
            (stride[0] * i + p - padding[0], stride[1] * j + q - padding[1])
            for p, q in product(range(window[0]), range(window[1]))
        ]
        if mean:
            return sum((_pixel(x, a, c, *at) for at in places), start=ZERO) / len(places)
        inside = [at for at in places if 0 <= at[0] < x.shape[2] and 0 <= at[1] < x.shape[3]]
        return largest([x[(a, c, *at)] for at in inside], 1)

    return filled((*x.shape[:2], *counts), one)


# What is given


def meets(fact: Any, place: Place, bound: Bound) -> bool:
    """Whether an assumption is met at a point.

    :raises NoValue: where that is not certain.
    """
    if isinstance(fact, AppliedPredicate):
        return _is(str(fact.function.name), fact.arguments[0], place, bound)
    if isinstance(fact, sp.And):
        return all([meets(part, place, bound) for part in fact.args])
    if isinstance(fact, sp.Eq):
        left, right = value(fact.lhs, place, bound), value(fact.rhs, place, bound)
        gap = _plus(left, -right)
        return all(sign_of(one.v) == 0 for one in np.ravel(np.array(gap, object)))
    return truth(fact, place, bound)


_SIGNS = {"positive": (1,), "negative": (-1,), "nonnegative": (0, 1), "nonpositive": (-1, 0),
          "nonzero": (-1, 1)}  # fmt: skip


def _is(name: str, argument: Any, place: Place, bound: Bound) -> bool:
    if name in _SIGNS:
        found = value(argument, place, bound)
        entries = found.reshape(-1) if isinstance(found, np.ndarray) else [found]
        return all(sign_of(one.v) in _SIGNS[name] for one in entries)
    if name in ("real", "real_elements"):
        return True
    a = square(argument, place, bound)
    pairs = list(np.ndindex(*a.shape))
    if name == "symmetric":
        return all(sign_of((a[i, j] - a[j, i]).v) == 0 for i, j in pairs)
    if name == "diagonal":
        return all(sign_of(a[i, j].v) == 0 for i, j in pairs if i != j)
    if name in ("invertible", "fullrank", "nonsingular"):
        return sign_of(determinant(a).v) != 0
    if name == "orthogonal":
        product_ = _times(a.T, a)
        return all(sign_of((product_[i, j] - int(i == j)).v) == 0 for i, j in pairs)
    if name == "positive_definite":
        minors = (sign_of(determinant(a[:k, :k]).v) > 0 for k in range(1, len(a) + 1))
        return _is("symmetric", argument, place, bound) and all(minors)
    raise NotImplementedError(f"the judge does not read the assumption {name}")
