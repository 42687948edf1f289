"""A second opinion on claims: numbers in float64 and automatic differentiation by autograd.

It reads the SymPy of a claim node by node and shares nothing with the engine but the node
classes: no shapes, no rules, no evaluator of ours. It proves nothing; it is there so that an
error of the engine has to be made twice.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce, singledispatch
from itertools import product
from typing import Any

import autograd
import autograd.extend
import autograd.numpy as np
import numpy
import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.claims.kinds import Backward, Claim, Gradient, Hessian, Identity, Inequality, Jacobian
from derive.language import images as convolution
from derive.language import operators as ops
from derive.language import sequences as rec


@dataclass(frozen=True)
class Point:
    """A value for every symbol, a definition for the others, and the functions put in.

    A symbol that has a value is not looked up in the definitions: that is how one is cut.
    """

    values: Mapping[sp.Basic, Any]
    definitions: Mapping[sp.Basic, sp.Basic] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    known: dict[Any, Any] = field(default_factory=dict)
    moved: Mapping[sp.Basic, Any] = field(default_factory=dict)

    def at(self, values: Mapping[sp.Basic, Any]) -> Point:
        """The same point with other values, and nothing known about it yet.

        What is given for a sequence that is defined by its steps is added to each of them, so
        that later positions move with it.
        """
        steps = {s: v for s, v in values.items() if self.is_sequence(s)}
        others = {s: v for s, v in values.items() if s not in steps}
        return Point(
            {**self.values, **others},
            self.definitions,
            self.functions,
            moved={**self.moved, **steps},
        )

    def is_sequence(self, symbol: Any) -> bool:
        return isinstance(self.definitions.get(symbol), rec.Recurrence)

    def steps_through(self, symbol: Any) -> bool:
        """Whether an array is worked out position by position, and not given as a whole."""
        return self.is_sequence(symbol) and symbol not in self.values


@dataclass(frozen=True)
class Scope:
    """A point, and the variables bound around the expression being read."""

    point: Point
    bound: Mapping[sp.Basic, Any] = field(default_factory=dict)

    def bind(self, variables: Any, values: Any) -> Scope:
        return Scope(self.point, {**self.bound, **dict(zip(variables, values, strict=True))})

    def look_up(self, symbol: sp.Basic) -> Any:
        if symbol in self.bound:
            return self.bound[symbol]
        if symbol in self.point.values:
            return self.point.values[symbol]
        if self.point.is_sequence(symbol):
            count = _integer(symbol.shape[0], self)
            return np.stack([_position(symbol, time, self.point) for time in range(count)])
        if symbol not in self.point.known:
            # Read outside of what is bound here, so that no bound variable is captured.
            definition = self.point.definitions[symbol]
            self.point.known[symbol] = value(definition, Scope(self.point))
        return self.point.known[symbol]


@singledispatch
def value(expr: Any, scope: Scope) -> Any:
    """The value of an expression: a float, or an array of them."""
    raise NotImplementedError(f"the oracle does not read {type(expr).__name__}")


def _integer(expr: Any, scope: Scope) -> int:
    number = float(value(sp.sympify(expr), scope))
    assert number == int(number), f"{expr} = {number} where an integer is expected"
    return int(number)


def _values(args: Any, scope: Scope) -> list[Any]:
    return [value(arg, scope) for arg in args]


# Nodes that are a function of the values of their arguments


def _add(*terms: Any) -> Any:
    return reduce(operator.add, terms)


def _multiply(*factors: Any) -> Any:
    return reduce(operator.mul, factors)


def _matrix_product(*factors: Any) -> Any:
    def times(left: Any, right: Any) -> Any:
        if not (np.ndim(left) and np.ndim(right)):
            return left * right
        fits = np.shape(left)[1] == np.shape(right)[0]
        # A 1×1 matrix may stand where a scalar is meant.
        return left * right if not fits and 1 in (np.size(left), np.size(right)) else left @ right

    return reduce(times, factors)


def _of_square(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, of square matrices only: NumPy's trace takes any."""

    def checked(matrix: Any, *others: Any) -> Any:
        if np.ndim(matrix) != 2 or np.shape(matrix)[0] != np.shape(matrix)[1]:
            raise ValueError(f"a matrix of shape {np.shape(matrix)} where a square one is meant")
        return function(matrix, *others)

    return checked


def _matrix_power(base: Any, exponent: Any) -> Any:
    factor = base if exponent >= 0 else np.linalg.inv(base)
    return reduce(operator.matmul, [factor] * abs(int(exponent)), np.eye(len(base)))


def _entries(vector: Any) -> Any:
    if np.size(vector) != max(np.shape(vector)):
        raise ValueError(f"a matrix of shape {np.shape(vector)} where a vector is meant")
    return np.ravel(vector)


def _kronecker(*factors: Any) -> Any:
    def times(left: Any, right: Any) -> Any:
        (a, b), (c, d) = np.shape(left), np.shape(right)
        pairs = np.reshape(left, (a, 1, b, 1)) * np.reshape(right, (1, c, 1, d))
        return np.reshape(pairs, (a * c, b * d))

    return reduce(times, factors)


@autograd.extend.primitive
def _erf(x: Any) -> Any:
    return numpy.vectorize(math.erf, otypes=[float])(x)


autograd.extend.defvjp(
    _erf, lambda value, x: lambda g: g * 2 / np.sqrt(np.pi) * np.exp(-np.square(x))
)


def _softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


_OF_VALUES = {
    sp.Add: _add,
    sp.MatAdd: _add,
    sp.Mul: _multiply,
    sp.HadamardProduct: _multiply,
    sp.MatMul: _matrix_product,
    sp.Pow: operator.pow,
    sp.floor: np.floor,
    sp.ceiling: np.ceil,
    sp.HadamardPower: operator.pow,
    sp.MatPow: _of_square(_matrix_power),
    sp.KroneckerProduct: _kronecker,
    sp.Transpose: np.transpose,
    sp.Inverse: _of_square(lambda base, _exponent: np.linalg.inv(base)),
    sp.Trace: _of_square(np.trace),
    sp.Determinant: _of_square(np.linalg.det),
    sp.DiagMatrix: lambda vector: np.diag(_entries(vector)),
    DiagonalOf: _of_square(lambda matrix: np.reshape(np.diag(matrix), (-1, 1))),
    DiagonalMatrix: lambda matrix: matrix * np.eye(*np.shape(matrix)),
    sp.exp: np.exp,
    sp.log: np.log,
    sp.sin: np.sin,
    sp.cos: np.cos,
    sp.tan: np.tan,
    sp.asin: np.arcsin,
    sp.acos: np.arccos,
    sp.atan: np.arctan,
    sp.sinh: np.sinh,
    sp.cosh: np.cosh,
    sp.tanh: np.tanh,
    sp.asinh: np.arcsinh,
    sp.acosh: np.arccosh,
    sp.atanh: np.arctanh,
    sp.sech: lambda x: 1 / np.cosh(x),
    sp.coth: lambda x: 1 / np.tanh(x),
    sp.erf: _erf,
    sp.erfc: lambda x: 1 - _erf(x),
    sp.Heaviside: lambda x, at_zero: np.where(x == 0, at_zero, 1.0 * (x > 0)),
    sp.Abs: np.abs,
    sp.sign: np.sign,
    sp.Max: lambda *args: reduce(np.maximum, args),
    sp.Min: lambda *args: reduce(np.minimum, args),
    sp.Gt: operator.gt,
    sp.Ge: operator.ge,
    sp.Lt: operator.lt,
    sp.Le: operator.le,
    sp.Eq: lambda left, right: left == right,
    sp.Ne: lambda left, right: left != right,
    sp.And: lambda *tests: reduce(np.logical_and, tests),
    sp.Or: lambda *tests: reduce(np.logical_or, tests),
    sp.Not: np.logical_not,
    sp.KroneckerDelta: lambda i, j, *_range: float(i == j),
    sp.Identity: lambda n: np.eye(int(n)),
    sp.ZeroMatrix: lambda *shape: np.zeros([int(size) for size in shape]),
    sp.OneMatrix: lambda *shape: np.ones([int(size) for size in shape]),
    ops.Softmax: _softmax,
    ops.LogSumExp: lambda x: np.log(np.sum(np.exp(x), axis=1, keepdims=True)),
    ops.Broadcast: lambda x, *shape: x * np.ones([int(size) for size in shape]),
}


def _apply(expr: Any, scope: Scope) -> Any:
    return _OF_VALUES[expr.func](*_values(expr.args, scope))


for _node in _OF_VALUES:
    value.register(_node)(_apply)


# Nodes that look something up, choose, or bind a variable


@value.register(sp.Number)
@value.register(sp.NumberSymbol)
@value.register(sp.logic.boolalg.BooleanAtom)
def _(expr, scope):
    return float(expr) if isinstance(expr, sp.Expr) else bool(expr)


@value.register(sp.Symbol)
@value.register(sp.MatrixSymbol)
@value.register(sp.IndexedBase)
@value.register(ArraySymbol)
def _(expr, scope):
    return scope.look_up(expr)


@value.register(MatrixElement)
@value.register(sp.Indexed)
@value.register(ArrayElement)
@value.register(ops.TensorElement)
def _(expr, scope):
    array, indices = expr.args[0], expr.indices
    if scope.point.steps_through(array) and array not in scope.bound:
        first, *indices = indices
        return _entry(_position(array, _integer(first, scope), scope.point), indices, scope)
    return _entry(_array_once(array, scope), indices, scope)


def _entry(array: Any, indices: Any, scope: Scope) -> Any:
    at = tuple(_integer(index, scope) for index in indices)
    in_range = len(at) == np.ndim(array) and all(
        0 <= index < size for index, size in zip(at, np.shape(array), strict=True)
    )
    assert in_range, f"entry {at} of an array of shape {np.shape(array)}"
    return array[at]


def _array_once(expr: Any, scope: Scope) -> Any:
    """The value of an array, worked out once at a point if nothing bound here is in it."""
    if not isinstance(expr, ops.ArrayOperator) or expr.free_symbols & set(scope.bound):
        return value(expr, scope)
    if expr not in scope.point.known:
        scope.point.known[expr] = value(expr, Scope(scope.point))
    return scope.point.known[expr]


@value.register(MatrixSlice)
def _(expr, scope):
    rows, columns = (
        slice(*(_integer(end, scope) for end in part)) for part in (expr.rowslice, expr.colslice)
    )
    return value(expr.parent, scope)[rows, columns]


@value.register(rec.At)
def _(expr, scope):
    time = _integer(expr.index, scope)
    if scope.point.is_sequence(expr.array) and expr.array not in scope.bound:
        position = _position(expr.array, time, scope.point)
    else:
        whole = value(expr.array, scope)
        assert 0 <= time < len(whole), f"position {time} of {len(whole)}"
        position = whole[time]
    return np.reshape(position, (1, -1)) if np.ndim(position) == 1 else position


def _position(symbol: Any, time: int, point: Point) -> Any:
    """One position of a sequence by its definition, each worked out once."""
    if (symbol, time) not in point.known:
        definition, scope = point.definitions[symbol], Scope(point)
        shape = [_integer(size, scope) for size in symbol.shape[1:]]
        low, high = (_integer(end, scope) for end in (definition.low, definition.high))
        assert 0 <= time < _integer(symbol.shape[0], scope)
        point.known[symbol, time] = None
        if low <= time <= high:
            found = value(definition.step, scope.bind([definition.index], [time]))
        elif definition.initial is not None and time == _integer(definition.origin, scope):
            found = value(definition.initial, scope)
        else:
            found = np.zeros(shape)
        found = np.reshape(found, shape)
        if symbol in point.moved:
            found = found + point.moved[symbol][time]
        point.known[symbol, time] = found
    if point.known[symbol, time] is None:
        raise ValueError(f"position {time} of {symbol} is defined by itself")
    return point.known[symbol, time]


@value.register(rec.MatrixSum)
def _(expr, scope):
    return sum(_over(expr.body, [expr.limits], scope), start=0.0)


@value.register(rec.OrderedProduct)
def _(expr, scope):
    result = np.eye(_integer(expr.shape[0], scope))
    for factor in _over(expr.body, [expr.limits], scope):
        result = factor @ result if expr.later_left else result @ factor
    return result


@value.register(sp.MatrixBase)
def _(expr, scope):
    return np.reshape(np.array(_values(list(expr), scope)), expr.shape)


@value.register(sp.Piecewise)
def _(expr, scope):
    return _by_cases(list(expr.args), scope)


def _by_cases(cases: list[Any], scope: Scope) -> Any:
    """The first value whose condition is met; one that is not chosen need not exist."""
    if not cases:
        return np.nan
    (branch, condition), *rest = cases
    chosen = value(condition, scope)
    if np.ndim(chosen) == 0:
        return value(branch, scope) if chosen else _by_cases(rest, scope)
    return np.where(chosen, value(branch, scope), _by_cases(rest, scope))


# Operators on images, written with slices and selections and not by their definitions


@value.register(convolution.Conv2d)
def _(expr, scope):
    x, kernel, *bias = _values(expr.operands, scope)
    (stride, padding, dilation), groups = _pairs(expr, scope, 3), _integer(expr.options[3], scope)
    x = np.pad(x, ((0, 0), (0, 0), *((max(p, 0), max(p, 0)) for p in padding)), "constant")
    cut = [
        slice(max(-p, 0), size - max(-p, 0)) for p, size in zip(padding, x.shape[2:], strict=True)
    ]
    x = x[(slice(None), slice(None), *cut)]
    rows, columns = (_integer(size, scope) for size in expr.shape[2:])
    total = 0.0
    seen = np.split(x, groups, axis=1)
    for p, q in np.ndindex(kernel.shape[2:]):
        down, right = p * dilation[0], q * dilation[1]
        places = (
            slice(down, down + stride[0] * rows, stride[0]),
            slice(right, right + stride[1] * columns, stride[1]),
        )
        blocks = [
            np.einsum("acij,oc->aoij", part[(slice(None), slice(None), *places)], weights)
            for part, weights in zip(seen, np.split(kernel[:, :, p, q], groups), strict=True)
        ]
        total = total + np.concatenate(blocks, axis=1)
    return total + np.reshape(bias[0], (1, -1, 1, 1)) if bias else total


@value.register(convolution.ConvTranspose2d)
def _(expr, scope):
    g, kernel = _values(expr.operands, scope)
    stride, padding, _, dilation = _pairs(expr, scope, 4)
    sizes = [_integer(size, scope) for size in expr.shape[2:]]
    total = 0.0
    for place in np.ndindex(kernel.shape[2:]):
        rows, columns = (
            numpy.equal.outer(range(size), numpy.arange(count) * s + d * at - p).astype(float)
            for size, count, s, d, at, p in zip(
                sizes, g.shape[2:], stride, dilation, place, padding, strict=True
            )
        )
        weights = kernel[:, :, place[0], place[1]]
        total = total + np.einsum("aoij,oc,ui,vj->acuv", g, weights, rows, columns)
    return total


def _pairs(expr: Any, scope: Scope, count: int) -> list[tuple[int, int]]:
    return [tuple(_integer(part, scope) for part in pair) for pair in expr.options[:count]]


def _windows(expr: Any, scope: Scope) -> Any:
    """The entries of each window along a new first axis; windows do not leave the image."""
    x = value(expr.image, scope)
    window, stride, padding = _pairs(expr, scope, 3)
    assert padding == (0, 0)
    rows, columns = (_integer(size, scope) for size in expr.shape[2:])
    return np.array(
        [
            x[:, :, p : p + stride[0] * rows : stride[0], q : q + stride[1] * columns : stride[1]]
            for p, q in np.ndindex(*window)
        ]
    )


@value.register(convolution.MaxPool2d)
def _(expr, scope):
    return np.max(_windows(expr, scope), axis=0)


@value.register(convolution.AvgPool2d)
def _(expr, scope):
    return np.mean(_windows(expr, scope), axis=0)


@value.register(convolution.BatchNorm2d)
def _(expr, scope):
    x, scale, shift, epsilon = _values(expr.operands, scope)
    mean = np.mean(x, axis=(0, 2, 3), keepdims=True)
    deviation = np.sqrt(np.mean((x - mean) ** 2, axis=(0, 2, 3), keepdims=True) + epsilon)
    scale, shift = (np.reshape(part, (1, -1, 1, 1)) for part in (scale, shift))
    return scale * (x - mean) / deviation + shift


@value.register(convolution.Concatenation)
def _(expr, scope):
    return np.concatenate(_values(expr.operands, scope), axis=1)


@value.register(convolution.Elementwise)
def _(expr, scope):
    return value(
        expr.function.expr, scope.bind(expr.function.variables, _values(expr.operands, scope))
    )


@value.register(convolution.Flatten)
def _(expr, scope):
    x = value(expr.image, scope)
    return np.reshape(x, (len(x), -1))


def _over(body: Any, limits: Any, scope: Scope) -> Iterator[Any]:
    """The values of ``body`` over its ranges, of which the last is the outermost."""
    if not limits:
        yield value(body, scope)
        return
    *inner, (variable, low, high) = limits
    for at in range(_integer(low, scope), _integer(high, scope) + 1):
        yield from _over(body, inner, scope.bind([variable], [at]))


@value.register(sp.Sum)
def _(expr, scope):
    return sum(_over(expr.function, expr.limits, scope), start=0.0)


@value.register(sp.Product)
def _(expr, scope):
    return reduce(operator.mul, _over(expr.function, expr.limits, scope), 1.0)


@value.register(ops.MaxOver)
def _(expr, scope):
    values = list(_over(expr.body, [expr.limits], scope))
    if not values:
        raise ArithmeticError("the maximum of nothing")
    return reduce(np.maximum, values)


def _built(shape: Any, body: Any, variables: Any, scope: Scope) -> Any:
    """The array of the given shape with ``body`` at the indices ``variables``."""
    shape = [_integer(size, scope) for size in shape]
    entries = [value(body, scope.bind(variables, at)) for at in product(*map(range, shape))]
    return np.reshape(np.array(entries), shape)


@value.register(sp.FunctionMatrix)
def _(expr, scope):
    return _built(expr.shape, expr.lamda.expr, expr.lamda.variables, scope)


@value.register(ops.Tensor)
def _(expr, scope):
    return _built(expr.shape, expr.body, expr.bound_symbols, scope)


@value.register(sp.BlockMatrix)
def _(expr, scope):
    rows = [_values(row, scope) for row in expr.blocks.tolist()]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)


@value.register(sp.ImmutableDenseMatrix)
def _(expr, scope):
    return np.array([_values(row, scope) for row in expr.tolist()])


@value.register(ElementwiseApplyFunction)
def _(expr, scope):
    operand = value(expr.expr, scope)
    applied = value(expr.function.expr, scope.bind(expr.function.variables, [operand]))
    return applied + 0 * operand  # a constant function gives one number for all positions


# Undefined functions and derivatives


@value.register(AppliedUndef)
def _(expr, scope):
    return scope.point.functions[expr.func.__name__](*_values(expr.args, scope))


@value.register(ops.ScalarApplication)
def _(expr, scope):
    return scope.point.functions[expr.function.name](*_values(expr.arguments, scope))


@value.register(ops.ScalarGradient)
@value.register(ops.MatrixGradient)
def _(expr, scope):
    function = scope.point.functions[expr.function.name]
    return autograd.grad(function, expr.position)(*_values(expr.arguments, scope))


@value.register(sp.Derivative)
def _(expr, scope):
    ((variable, order),) = expr.variable_count
    free = sp.Dummy()  # the variable may be an entry such as h[0, k]
    body = expr.expr.xreplace({variable: free})

    def function(at):
        return value(body, scope.bind([free], [at]))

    for _ in range(order):
        function = autograd.elementwise_grad(function)
    return function(1.0 * value(variable, scope))


@value.register(sp.Subs)
def _(expr, scope):
    return value(expr.expr, scope.bind(expr.variables, _values(expr.point, scope)))


@value.register(ops.Partial)
@value.register(ops.MatrixPartial)
def _(expr, scope):
    return gradient(expr.of, expr.wrt, scope)


def _array_and_entry(wrt: Any) -> tuple[Any, tuple[Any, ...]]:
    if isinstance(wrt, MatrixElement):
        return wrt.parent, wrt.indices
    if isinstance(wrt, sp.Indexed):
        return wrt.base, wrt.indices
    if isinstance(wrt, rec.At):
        return wrt.array, (wrt.index,)
    if isinstance(wrt, ArrayElement):
        return wrt.name, wrt.indices
    return wrt, ()


def _differentiate(function: Callable[[Scope], Any], wrt: Any, scope: Scope) -> Any:
    """The derivative of a function of the scope: its own axes, then the axes of ``wrt``."""
    array, indices = _array_and_entry(wrt)

    def at(values):
        return function(Scope(scope.point.at({array: values}), scope.bound))

    if not np.all(np.isfinite(function(scope))):
        raise ArithmeticError("there is no derivative where there is no value")
    with warnings.catch_warnings():
        # What does not depend on its argument has the derivative 0, and that is meant.
        warnings.filterwarnings("ignore", message="Output seems independent of input")
        here = scope.look_up(array)
        start = 0.0 if scope.point.is_sequence(array) else 1.0
        jacobian = autograd.jacobian(at)(start * here)
    return _part(jacobian, wrt, indices, np.ndim(here), scope)


def _part(derivative: Any, wrt: Any, indices: Any, rank: int, scope: Scope) -> Any:
    """The part of a derivative in an array that is about an entry or a position of it."""
    if not indices:
        return derivative
    places = tuple(_integer(index, scope) for index in indices)
    if not isinstance(wrt, rec.At):
        return derivative[(..., *places)]
    axis = np.ndim(derivative) - rank
    part = derivative[(slice(None),) * axis + places]
    return part if rank == 3 else np.expand_dims(part, axis)


def gradient(of: Any, wrt: Any, scope: Scope) -> Any:
    """∂of/∂wrt of a scalar or a 1×1 matrix, in the shape of ``wrt``."""
    bound = tuple((s, scope.bound[s]) for s in of.free_symbols if s in scope.bound)
    array, indices = _array_and_entry(wrt)

    def whole():
        return _differentiate(lambda at: np.reshape(value(of, at), ()), array, scope)

    rank = len(getattr(array, "shape", ()) or ())

    if all(type(at) is int for _, at in bound):  # an array bound by a function is no key
        if (of, array, bound) not in scope.point.known:
            scope.point.known[of, array, bound] = whole()
        found = scope.point.known[of, array, bound]
    else:
        found = whole()
    return _part(found, wrt, indices, rank, scope)


# Claims


def sides(claim: Claim, point: Point) -> tuple[Any, Any]:
    """What the claim says is equal (or left ≤ right), as autograd and NumPy have it."""
    return asked(claim, Scope(point)), documented(claim, Scope(point))


def documented(claim: Claim, scope: Scope) -> Any:
    """The side that the document gives as the answer."""
    given = isinstance(claim, (Identity, Inequality))
    return value(claim.right if given else claim.equals, scope)


def asked(claim: Claim, scope: Scope) -> Any:
    """The other side, worked out."""
    if isinstance(claim, (Identity, Inequality)):
        return value(claim.left, scope)
    if isinstance(claim, Gradient):
        return _within_symmetric(claim, gradient(claim.of, claim.wrt, scope))
    if isinstance(claim, Backward):
        upstream = value(claim.upstream, scope)
        paired = _differentiate(lambda at: np.sum(upstream * value(claim.of, at)), claim.wrt, scope)
        return _within_symmetric(claim, paired)
    if isinstance(claim, Hessian):
        second = _differentiate(lambda at: gradient(claim.of, claim.wrt, at), claim.wrt, scope)
        return _as_matrix(second, claim.wrt, claim.wrt, scope)
    if isinstance(claim, Jacobian):
        first = _differentiate(lambda at: value(claim.of, at), claim.wrt, scope)
        if _is_vector(claim.of) and _is_vector(claim.wrt):
            first = _as_matrix(first, claim.of, claim.wrt, scope)
        return first
    raise NotImplementedError(f"the oracle does not read the claim {type(claim).__name__}")


def _within_symmetric(claim: Claim, found: Any) -> Any:
    """The part of a gradient that lies in the symmetric matrices, where those are meant."""
    symmetric = sp.Q.symmetric(claim.wrt) in claim.assumed
    return (found + np.transpose(found)) / 2 if symmetric else found


def _as_matrix(array: Any, of: Any, wrt: Any, scope: Scope) -> Any:
    """A derivative between two vectors as a matrix, without their axes of size 1."""
    return np.reshape(array, (np.size(value(of, scope)), np.size(value(wrt, scope))))


def _is_vector(expr: Any) -> bool:
    shape = getattr(expr, "shape", ())
    return len(shape) == 2 and 1 in shape


def agree(left: Any, right: Any) -> bool:
    """Equal up to rounding, and of one shape; a 1×1 matrix may stand for a scalar."""
    if np.shape(left) != np.shape(right) and not np.size(left) == np.size(right) == 1:
        return False
    left, right = numpy.ravel(left), numpy.ravel(right)
    return bool(numpy.allclose(left, right, rtol=1e-9, atol=1e-9))


# Points to ask at

MANY_PLACES = 40  # values of the free indices of a claim, beyond which some are drawn
DRAWS = 200  # of all values, until the inequalities hold


def expressions(claim: Claim) -> list[sp.Basic]:
    """Every expression in a claim."""
    fields = [getattr(claim, name) for name in claim.expression_fields]
    return [*fields, *claim.where.values(), *claim.assumed]


def free_symbols(claim: Claim) -> set[sp.Basic]:
    """Every symbol a claim speaks of, sizes included, defined ones excluded."""
    found = set().union(*(expr.free_symbols for expr in expressions(claim)))
    indexed = set().union(*(expr.atoms(sp.IndexedBase) for expr in expressions(claim)))
    # SymPy counts an entry X[i], and X's name, among the free symbols
    found = {s for s in found if not isinstance(s, sp.Indexed)} - {b.label for b in indexed}
    arrays = found | indexed | set(claim.where)
    found |= indexed
    sizes = (sp.sympify(size) for array in arrays for size in getattr(array, "shape", ()) or ())
    return found.union(*(size.free_symbols for size in sizes)) - set(claim.where)


def dimensions(claim: Claim) -> list[sp.Symbol]:
    """The size symbols of a claim, in alphabetical order."""
    found = (s for s in free_symbols(claim) if s.is_integer and s.is_nonnegative)
    return sorted(found, key=str)


def arrays(claim: Claim) -> list[Any]:
    """Every array of a claim that is no matrix: symbols, tensors, and operators on images."""
    kinds = (sp.IndexedBase, ops.Tensor, ops.ArrayOperator)
    found = [node for expr in expressions(claim) for node in sp.preorder_traversal(expr)]
    return [node for node in dict.fromkeys(found) if isinstance(node, kinds)]


def rank(expr: Any) -> int:
    """How many axes an array has that is no matrix; 0 for anything else."""
    return (
        len(expr.shape) if isinstance(expr, (sp.IndexedBase, ops.Tensor, ops.ArrayOperator)) else 0
    )


def image_sizes(claim: Claim, count: int) -> Iterator[dict[sp.Symbol, int]]:
    """Small sizes, strides and paddings at random, at which no array of the claim is empty."""
    rng = numpy.random.default_rng(0)
    names, shapes = dimensions(claim), [node.shape for node in arrays(claim)]
    while count:
        sizes = {s: int(rng.integers(1 if s.is_positive else 0, 4)) for s in names}
        scope = Scope(Point(sizes))
        if all(_integer(size, scope) >= 1 for shape in shapes for size in shape):
            count -= 1
            yield sizes


def is_index(symbol: Any) -> bool:
    """Whether an integer symbol is an index, and not a size."""
    return bool(symbol.is_integer and not symbol.is_nonnegative)


def free_indices(claim: Claim) -> dict[sp.Symbol, Any]:
    """The free indices of a claim, and the size of the axis that each runs over."""
    found = {}
    free = free_symbols(claim)
    for expr in expressions(claim):
        for element in expr.atoms(MatrixElement, sp.Indexed, ops.TensorElement):
            for index, size in zip(element.indices, element.args[0].shape, strict=True):
                if index in free and not index.is_nonnegative:
                    found.setdefault(index, size)
        for position in expr.atoms(rec.At):
            if position.index in free and not position.index.is_positive:
                found[position.index] = position.array.shape[0]
    for fact in claim.assumed:  # an upper end that is given
        about_index = isinstance(fact, sp.Le) and fact.lhs in free and is_index(fact.lhs)
        if about_index and fact.rhs.free_symbols <= set(dimensions(claim)):
            found[fact.lhs] = fact.rhs + 1
    return found


def undefined_functions(claim: Claim) -> tuple[set[str], set[str]]:
    """The names of the undefined elementwise functions, and of the scalar functions."""
    elementwise, scalar = set(), set()
    for expr in expressions(claim):
        for node in sp.preorder_traversal(expr):
            if isinstance(node, AppliedUndef):
                elementwise.add(node.func.__name__)
            elif isinstance(node, (ops.ScalarApplication, ops.ScalarGradient, ops.MatrixGradient)):
                scalar.add(node.function.name)
    return elementwise, scalar


def _an_elementwise_function(t: Any) -> Any:
    # Bounded, so that a network of many steps stays where floats can tell values apart.
    return np.sin(2 * t) + np.cos(t) / 3 + 0.7


def _a_scalar_function(*arguments: Any) -> Any:
    """Smooth, and with no two entries independent of each other."""
    entries = np.concatenate([np.ravel(argument) for argument in arguments])
    weights = np.arange(1.0, len(entries) + 1)
    return np.sum(weights * np.sin(entries)) + np.sum(weights * entries) ** 3 / 10


def sample(claim: Claim, sizes: Mapping[sp.Symbol, int], rng: Any) -> Iterator[Point]:
    """A random point that satisfies the claim's assumptions, at every value of its free indices."""
    indices = free_indices(claim)
    elementwise, scalar = undefined_functions(claim)
    functions = dict.fromkeys(elementwise, _an_elementwise_function)
    functions.update(dict.fromkeys(scalar, _a_scalar_function))
    local = [fact for fact in claim.assumed if fact.free_symbols & set(indices)]
    others = [fact for fact in claim.assumed if fact not in local]
    equations = [fact for fact in others if isinstance(fact, sp.Eq)]
    for _ in range(DRAWS):
        values: dict[Any, Any] = dict(sizes)
        for symbol in sorted(free_symbols(claim) - set(sizes) - set(indices), key=str):
            shape = [_integer(size, Scope(Point(sizes))) for size in getattr(symbol, "shape", ())]
            drawn = rng.standard_normal(shape)
            values[symbol] = abs(drawn) if getattr(symbol, "is_positive", None) else drawn
        point = solved([(fact, {}) for fact in equations], Point(values, claim.where, functions))
        if satisfies([fact for fact in others if fact not in equations], point):
            break
    else:
        raise ArithmeticError("the oracle found no point that satisfies the assumptions")
    ranges = [range(_integer(size, Scope(point))) for size in indices.values()]
    places = list(product(*ranges))
    if len(places) > MANY_PLACES:
        places = [places[k] for k in rng.choice(len(places), MANY_PLACES, replace=False)]
    for at in places:
        there = point.at(dict(zip(indices, at, strict=True)))
        if satisfies(local, there):
            yield there


def solved(equations: Any, point: Point) -> Point:
    """The point moved to where the equations hold, by Gauss–Newton steps of least norm.

    Each comes with values for indices that it alone speaks of.
    """
    arrays = [s for s in point.values if any(fact.has(s) for fact, _ in equations)]
    arrays = [array for array in arrays if not array.is_integer]
    if not arrays:
        return point

    def move(flat):
        moved, start = {}, 0
        for array in arrays:
            old = point.values[array]
            moved[array] = np.reshape(flat[start : start + np.size(old)], np.shape(old))
            start += np.size(old)
        return point.at(moved)

    def residuals(flat):
        moved = move(flat)
        scopes = [(fact, Scope(moved.at(at))) for fact, at in equations]
        gaps = [value(fact.lhs, scope) - value(fact.rhs, scope) for fact, scope in scopes]
        return np.concatenate([np.ravel(gap) for gap in gaps])

    flat = np.concatenate([np.ravel(point.values[array]) for array in arrays])
    for _ in range(50):
        gap = residuals(flat)
        if np.max(np.abs(gap)) < 1e-13:
            return move(flat)
        flat = flat - np.linalg.pinv(autograd.jacobian(residuals)(flat)) @ gap
    raise ArithmeticError("the oracle found no point that satisfies the assumptions")


def satisfies(given: Any, point: Point) -> bool:
    """Whether every equation and inequality in ``given`` is met at the point."""
    for fact in given:
        if isinstance(fact, sp.Eq):
            met = agree(value(fact.lhs, Scope(point)), value(fact.rhs, Scope(point)))
        else:
            met = bool(value(fact, Scope(point)))
        if not met:
            return False
    return True


def _array(nested: Any) -> Any:
    if isinstance(nested, (list, tuple)):
        return numpy.array([_array(part) for part in nested])
    return float(nested)


def python_function(function: sp.Lambda) -> Callable[..., Any]:
    def call(*arguments):
        sizes = {}
        for variable, argument in zip(function.variables, arguments, strict=True):
            if isinstance(variable, sp.MatrixSymbol):
                sizes.update(zip(variable.shape, np.shape(argument), strict=True))
        return value(function.expr, Scope(Point(sizes)).bind(function.variables, arguments))

    return call


def point_of(claim: Claim, witness: Any) -> Point:
    """The point that a witness describes."""
    given = {**witness.sizes, **{name: _array(v) for name, v in witness.values.items()}}
    symbols = free_symbols(claim) | set(claim.where)
    values = {s: given[s.name] for s in symbols if s.name in given}
    functions = {
        getattr(function, "__name__", None) or function.name: python_function(replacement)
        for function, replacement in witness.functions.items()
    }
    return Point(values, claim.where, functions)


def replay(claim: Claim, witness: Any) -> tuple[float, float]:
    """Both sides of the claim at the witness's entry, worked out anew."""
    found = []
    for side in sides(claim, point_of(claim, witness)):
        scalar = np.ndim(side) == 0 or np.size(side) == 1
        found.append(float(numpy.ravel(side)[0] if scalar else side[tuple(witness.entry)]))
    return found[0], found[1]
