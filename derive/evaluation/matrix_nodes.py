"""What each SymPy node of matrices and arrays is worth at a point."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import ArrayComprehension, NDimArray

from derive.base.errors import ShapeError, UnsupportedError
from derive.evaluation.extents import MOST_FACTORS, refuse_huge, refuse_long
from derive.evaluation.fields import OutOfRange
from derive.evaluation.interpreter import Environment, Interpreter, handles
from derive.evaluation.jets import Jet
from derive.evaluation.matrix_values import of_matrix
from derive.evaluation.through_time import position_of, reshaped
from derive.language.matrix_functions import MatrixFunction
from derive.language.operators import (
    ArrayOperator,
    MatrixOperator,
    Tensor,
    TensorElement,
    defined,
)
from derive.language.sequences import At, MatrixSum, OrderedProduct, Recurrence


def _product_of(walk: Interpreter, a: Jet, b: Jet) -> Jet:
    """The product of two matrices, or a multiple where one is a scalar or stands for one."""
    if a.shape == () or b.shape == ():
        return walk.jets.multiply(a, b)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ShapeError(f"a matrix product of the shapes {a.shape} and {b.shape}")
    if a.shape[1] == b.shape[0]:
        return walk.jets.matmul(a, b)
    if a.shape == (1, 1) or b.shape == (1, 1):
        return walk.jets.multiply(a, b)
    raise ShapeError(f"a matrix product of the shapes {a.shape} and {b.shape}")


@handles(sp.MatMul)
def _matmul(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    total: Jet | None = None
    for arg in expr.args:
        part = walk.value(arg, env)
        total = part if total is None else _product_of(walk, total, part)
    assert total is not None
    return total


@handles(DotProduct)
def _dot(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    a, b = (walk.matrix(arg, env) for arg in expr.args)
    if a.v.size != b.v.size:
        raise ShapeError(f"a dot product of the shapes {a.shape} and {b.shape}")
    row = walk.jets.linear(lambda x: x.reshape((*x.shape[:-2], 1, -1)), a)
    column = walk.jets.linear(lambda x: x.reshape((*x.shape[:-2], -1, 1)), b)
    return walk.jets.squeezed(walk.jets.matmul(row, column))


def broadcast(expr: Any, parts: list[Jet], operation: Callable[[Jet, Jet], Jet]) -> Jet:
    total = parts[0]
    for part in parts[1:]:
        try:
            total = operation(total, part)
        except ValueError as problem:
            raise ShapeError(
                f"the shapes {total.shape} and {part.shape} do not fit in {expr}"
            ) from problem
    return total


@handles(sp.MatAdd)
def _matadd(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return broadcast(expr, [walk.value(arg, env) for arg in expr.args], walk.jets.add)


@handles(sp.HadamardProduct)
def _hadamard(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return broadcast(expr, [walk.value(arg, env) for arg in expr.args], walk.jets.multiply)


@handles(sp.HadamardPower)
def _hadamard_power(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.jets.power(walk.value(expr.base, env), walk.value(expr.exp, env))


@handles(sp.Transpose, sp.Adjoint)
def _transpose(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.jets.linear(lambda x: np.swapaxes(x, -1, -2), walk.matrix(expr.args[0], env))


def _square(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    operand = walk.matrix(expr, env)
    if operand.shape[0] != operand.shape[1]:
        raise ShapeError(f"{expr} has shape {operand.shape} where a square matrix is expected")
    return operand


@handles(sp.Trace)
def _trace(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    jets = walk.jets
    operand = _square(walk, expr.args[0], env)
    total = walk.number(0)
    for i in range(operand.shape[0]):
        total = jets.add(total, jets.entry(operand, (i, i)))
    return total


@handles(sp.Determinant)
def _determinant(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.jets.determinant(_square(walk, expr.args[0], env))


@handles(sp.Inverse)
def _inverse(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return walk.jets.inverse(_square(walk, expr.args[0], env))


@handles(MatrixFunction)
def _matrix_function(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return of_matrix(walk.jets, expr.function, _square(walk, expr.operand, env))


@handles(sp.MatPow)
def _matpow(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    base = _square(walk, expr.base, env)
    jets = walk.jets
    if base.shape == (1, 1):
        return jets.as_matrix(jets.power(jets.squeezed(base), walk.scalar(expr.exp, env)))
    n = walk.integer(expr.exp, env)
    if n < 0:
        base, n = jets.inverse(base), -n
    refuse_long(n, MOST_FACTORS)
    total = _eye(walk, base.shape)
    while n:
        if n % 2:
            total = jets.matmul(total, base)
        n //= 2
        if n:
            base = jets.matmul(base, base)
    return total


def _eye(walk: Interpreter, shape: tuple[int, ...]) -> Jet:
    refuse_huge(*shape)
    return Jet(walk.field.array(np.eye(*shape, dtype=int)))


@handles(sp.Identity)
def _identity(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    return _eye(walk, tuple(walk.integer(size, env) for size in expr.shape))


@handles(sp.OneMatrix, sp.ZeroMatrix)
def _filled(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    shape = tuple(walk.integer(size, env) for size in expr.shape)
    refuse_huge(*shape)
    return Jet(walk.field.array(np.full(shape, int(isinstance(expr, sp.OneMatrix)))))


@handles(DiagMatrix)
def _diag_matrix(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    vector = walk.matrix(expr.args[0], env)
    if 1 not in vector.shape:
        raise ShapeError(f"{expr.args[0]} has shape {vector.shape} where a vector is expected")
    column = walk.jets.linear(lambda x: x.reshape((*x.shape[:-2], -1, 1)), vector)
    return walk.jets.multiply(column, _eye(walk, (column.shape[0], column.shape[0])))


@handles(DiagonalMatrix)
def _diagonal_matrix(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    operand = walk.matrix(expr.args[0], env)
    return walk.jets.multiply(operand, _eye(walk, operand.shape))


@handles(DiagonalOf)
def _diagonal_of(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    operand = walk.matrix(expr.args[0], env)
    return walk.jets.linear(
        lambda x: np.diagonal(x, axis1=-2, axis2=-1)[..., np.newaxis].copy(), operand
    )


def _reshaper(rank: int, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """Gives the last ``rank`` axes another shape."""
    return lambda x: x.reshape(x.shape[: x.ndim - rank] + shape)


@handles(sp.KroneckerProduct)
def _kronecker(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    jets = walk.jets
    total, *rest = (walk.matrix(arg, env) for arg in expr.args)
    for part in rest:
        (n, m), (p, q) = total.shape, part.shape
        outer = jets.linear(_reshaper(2, (n, 1, m, 1)), total)
        inner = jets.linear(_reshaper(2, (1, p, 1, q)), part)
        total = jets.linear(
            _reshaper(4, (n * p, m * q)),
            jets.multiply(outer, inner),
        )
    return total


@handles(sp.BlockMatrix)
def _block_matrix(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    blocks = expr.blocks
    rows = [
        walk.jets.concatenate(
            [walk.matrix(blocks[i, j], env) for j in range(blocks.shape[1])], axis=-1
        )
        for i in range(blocks.shape[0])
    ]
    return walk.jets.concatenate(rows, axis=-2)


@handles(MatrixSlice)
def _slice(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    operand = walk.matrix(expr.parent, env)
    chosen: list[Any] = []
    for (start, stop, step), size in zip((expr.rowslice, expr.colslice), operand.shape,
                                         strict=True):  # fmt: skip
        low, high = walk.integer(sp.sympify(start), env), walk.integer(sp.sympify(stop), env)
        if not 0 <= low <= high <= size:
            raise OutOfRange(f"{expr.parent} of shape {operand.shape} has no part {expr}")
        chosen.append(slice(low, high, walk.integer(sp.sympify(step), env)))
    return walk.jets.linear(lambda x: x[(..., *chosen)], operand)


@handles(sp.FunctionMatrix)
def _function_matrix(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    shape = tuple(walk.integer(size, env) for size in expr.shape)
    return walk.table(list(expr.lamda.variables), shape, expr.lamda.expr, env)


@handles(sp.MatrixBase, NDimArray)
def _explicit(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    shape = tuple(int(size) for size in expr.shape)
    entries = [walk.scalar(expr[position], env) for position in np.ndindex(shape)]
    return walk.jets.stack(entries, shape)


@handles(MatrixOperator, ArrayOperator)
def _operator(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    indices, body = defined(expr)
    shape = tuple(walk.integer(size, env) for size in expr.shape)
    return walk.table(list(indices), shape, body, env)


@handles(Tensor)
def _tensor(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    shape = tuple(walk.integer(size, env) for size in expr.shape)
    return walk.table(expr.bound_symbols, shape, expr.body, env)


@handles(At)
def _at(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    if expr.array in walk.unfinished:
        position = walk.step(expr.array, walk.integer(expr.index, env))
        shape = position.shape if len(position.shape) == 2 else (1, *position.shape)
        return reshaped(walk, position, shape)
    return position_of(walk, expr, walk.value(expr.array, env), env)


@handles(MatrixSum)
def _matrix_sum(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    total: Jet | None = None
    for inner in walk.ranges([expr.limits], env):
        term = walk.value(expr.body, inner)
        total = term if total is None else walk.jets.add(total, term)
    if total is None:
        shape = tuple(walk.integer(size, env) for size in expr.shape)
        return Jet(walk.field.array(np.zeros(shape, dtype=int)))
    return total


@handles(OrderedProduct)
def _ordered_product(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    total: Jet | None = None
    for inner in walk.ranges([expr.limits], env):
        factor = walk.matrix(expr.body, inner)
        if total is None:
            total = factor
        else:
            pair = (factor, total) if expr.later_left else (total, factor)
            total = walk.jets.matmul(*pair)
    if total is None:
        return _eye(walk, tuple(walk.integer(size, env) for size in expr.shape))
    return total


@handles(Recurrence)
def _recurrence(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    if env:
        raise UnsupportedError(f"{expr} inside of another expression")
    low, high = walk.integer(expr.low, {}), walk.integer(expr.high, {})
    parts: dict[int, Jet] = {t: walk.value(expr.step, {expr.index: t})
                             for t in range(low, high + 1)}  # fmt: skip
    if expr.initial is not None:
        parts[walk.integer(expr.origin, {})] = walk.value(expr.initial, {})
    shape = next(iter(parts.values())).shape or (1, 1)
    row = shape[1:] if shape[0] == 1 else shape
    nothing = Jet(walk.field.array(np.zeros((1, *row), dtype=int)))
    rows = [
        reshaped(walk, parts[t], (1, *row)) if t in parts else nothing
        for t in range(walk.integer(expr.length, {}))
    ]
    return walk.jets.concatenate(rows, axis=-1 - len(row))


@handles(TensorElement)
def _tensor_element(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    shape = tuple(walk.integer(size, env) for size in expr.array.shape)
    position = tuple(walk.integer(index, env) for index in expr.indices)
    walk.check_range(expr.array, position, shape)
    if isinstance(expr.array, ArrayOperator):
        return walk.jets.entry(walk.value(expr.array, env), position)
    bound = dict(zip(expr.array.bound_symbols, position, strict=True))
    return walk.scalar(expr.array.body, {**env, **bound})


@handles(ArrayComprehension)
def _comprehension(walk: Interpreter, expr: Any, env: Environment) -> Jet:
    indices, lows, shape = [], [], []
    for index, low, high in expr.limits:
        start, stop = walk.integer(low, env), walk.integer(high, env)
        indices.append(index)
        lows.append(start)
        shape.append(max(0, stop - start + 1))
    entries = [
        walk.scalar(
            expr.function,
            {**env, **{i: a + k for i, a, k in zip(indices, lows, position, strict=True)}},
        )
        for position in product(*map(range, shape))
    ]
    return walk.jets.stack(entries, tuple(shape))
