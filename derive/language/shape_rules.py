"""The shape of each SymPy node, by one rule; its docstring is the rule in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.matrices.expressions.special import GenericIdentity, GenericZeroMatrix
from sympy.tensor.array import ArrayComprehension
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.errors import ShapeError, UnsupportedError
from derive.base.tables import Table
from derive.language.conditions import Cases
from derive.language.dims import SCALAR, Dims, condition, is_unit, same_shape, same_size, shown
from derive.language.lost_places import keep_places, shape_of_product
from derive.language.operators import (
    Broadcast,
    LogSumExp,
    MatrixGradient,
    MatrixPartial,
    MaxOver,
    Partial,
    ScalarApplication,
    ScalarGradient,
    Softmax,
    Tensor,
    TensorElement,
)
from derive.language.printing import text_of
from derive.language.sequences import At, MatrixSum, OrderedProduct, Recurrence

NO_REALS = frozenset((sp.I, sp.zoo, sp.oo, -sp.oo, sp.nan))


def _check_real(expr: Any) -> None:
    if expr in NO_REALS:
        raise UnsupportedError(f"{expr} is no real number, and all numbers here are")


class Shaping(Protocol):
    """The shapes of expressions, as the rules see them: what each verb does is told where it is
    defined, in :mod:`derive.language.shapes`.
    """

    notes: dict[str, None]
    wanted: dict[Any, Dims]

    def of(self, expr: Any) -> Dims: ...
    def scalar(self, expr: Any, where: Any) -> None: ...
    def is_array(self, expr: Any) -> bool: ...
    def signature(self, expr: Any) -> list[Dims]: ...
    def vector(self, expr: Any, where: Any) -> Any: ...
    def square(self, expr: Any, where: Any) -> Any: ...
    def broadcast(self, parts: list[Any], where: Any, verb: str) -> Dims: ...


Rule = Callable[[Shaping, Any], Dims]


# The docstring of each is the rule in words.
SHAPE_RULES: Table[Rule] = Table()


shape_rule = SHAPE_RULES.on


def rule_of(expr: Any) -> Rule:
    rule = SHAPE_RULES.find(type(expr))
    if rule is None:
        _check_real(expr)
        raise UnsupportedError(f"{type(expr).__name__} has no shape rule (in {expr})")
    return rule


@shape_rule(sp.Symbol, sp.Number, sp.NumberSymbol)
def _atom(shapes: Shaping, expr: Any) -> Dims:
    """A number or a symbol is a scalar."""
    _check_real(expr)
    return SCALAR


@shape_rule(sp.MatrixSymbol, sp.ZeroMatrix, sp.OneMatrix, sp.FunctionMatrix)
def _declared(shapes: Shaping, expr: Any) -> Dims:
    """The declared shape."""
    if isinstance(expr, (GenericIdentity, GenericZeroMatrix)):
        raise ShapeError(f"{expr} has no size")
    if isinstance(expr, sp.FunctionMatrix):
        shapes.scalar(expr.lamda.expr, expr)
    return tuple(expr.shape)


@shape_rule(sp.Identity)
def _identity(shapes: Shaping, expr: Any) -> Dims:
    """The declared size, twice."""
    if isinstance(expr, GenericIdentity):
        raise ShapeError(f"{expr} has no size")
    return tuple(expr.shape)


@shape_rule(ArraySymbol, sp.IndexedBase)
def _array(shapes: Shaping, expr: Any) -> Dims:
    """The declared shape."""
    shape = expr.shape
    if shape is None:
        raise ShapeError(f"{expr} has no declared shape; give it one: shape=(…)")
    return tuple(shape)


@shape_rule(sp.MatrixBase)
def _explicit(shapes: Shaping, expr: Any) -> Dims:
    """The number of rows and columns written out; each entry is a scalar."""
    for value in expr:
        shapes.scalar(value, expr)
    return tuple(map(sp.Integer, expr.shape))


@shape_rule(sp.Add)
def _sum_of_terms(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of scalars; arrays that are no matrices broadcast."""
    if any(map(shapes.is_array, expr.args)):
        return shapes.broadcast(_widest_first(shapes, expr.args), expr, "added")
    return _scalar_operation(shapes, expr)


@shape_rule(sp.Mul)
def _product_of_factors(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of scalars; a scalar multiplies an array that is no matrix."""
    arrays = [factor for factor in expr.args if shapes.is_array(factor)]
    if not arrays:
        return _scalar_operation(shapes, expr)
    if len(arrays) > 1:
        raise UnsupportedError(
            f"{expr} is a product of arrays, of which it is not said which axes are summed over "
            f"(write it with tensor)"
        )
    for factor in expr.args:
        if factor != arrays[0]:
            shapes.scalar(factor, expr)
    return shapes.of(arrays[0])


@shape_rule(sp.Pow, sp.Max, sp.Min, sp.Function, sp.Abs, AppliedUndef)
def _scalar_operation(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of scalars."""
    for arg in expr.args:
        shapes.scalar(arg, expr)
    return SCALAR


@shape_rule(sp.KroneckerDelta)
def _delta(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of two indices (SymPy may add the range that they lie in)."""
    for index in expr.args[:2]:
        shapes.scalar(index, expr)
    return SCALAR


@shape_rule(sp.Piecewise, Cases)
def _piecewise(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of scalars and conditions between scalars; what no case reads may be anything."""
    for value, test in expr.args:
        if test != sp.false:
            shapes.scalar(value, expr)
        shapes.of(test)
        if test == sp.true:
            break
    return SCALAR


@shape_rule(Boolean)
def _boolean(shapes: Shaping, expr: Any) -> Dims:
    """A condition has scalars on its sides."""
    for arg in expr.args:
        if isinstance(arg, Boolean):
            shapes.of(arg)
        else:
            shapes.scalar(arg, expr)
    return SCALAR


@shape_rule(sp.Eq)
def _equation(shapes: Shaping, expr: Any) -> Dims:
    """The two sides have one shape."""
    left, right = shapes.of(expr.lhs), shapes.of(expr.rhs)
    if not same_shape(left, right):
        raise ShapeError(
            f"in {expr}: {expr.lhs} has shape {shown(left)} and {expr.rhs} has {shown(right)}"
        )
    return SCALAR


@shape_rule(ExprWithLimits)
def _limits(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the body; the ends of a range are scalars."""
    for limit in expr.limits:
        if len(limit) != 3:
            raise UnsupportedError(f"{expr} has no range: write ({limit[0]}, low, high)")
        for end in limit[1:]:
            shapes.scalar(end, expr)
    return shapes.of(expr.function)


@shape_rule(At)
def _at(shapes: Shaping, expr: Any) -> Dims:
    """Of a sequence of shape (N, m): (1, m); of (N, n, m): (n, m)."""
    shape = shapes.of(expr.array)
    if len(shape) not in (2, 3):
        raise ShapeError(f"{expr} reads {expr.array} of shape {shown(shape)}, which is no sequence")
    _check_indices(shapes, expr, shape[:1], (expr.index,))
    return (sp.S.One, shape[1]) if len(shape) == 2 else tuple(shape[1:])


@shape_rule(Recurrence)
def _recurrence(shapes: Shaping, expr: Any) -> Dims:
    """One axis more than the step, for the time; rows (1, m) become (N, m), scalars (N, 1)."""
    shape = shapes.of(expr.step)
    if expr.initial is not None and not same_shape(shape, shapes.of(expr.initial)):
        raise ShapeError(
            f"in {expr}: the step has shape {shown(shape)} and what it starts from, "
            f"{expr.initial}, has shape {shown(shapes.of(expr.initial))}"
        )
    for end in (expr.low, expr.high):
        shapes.scalar(end, expr)
    if is_unit(shape):
        return (expr.length, sp.S.One)
    return (expr.length, shape[1]) if len(shape) == 2 and shape[0] == 1 else (expr.length, *shape)


@shape_rule(MatrixSum)
def _matrix_sum(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the body; the ends of a range are scalars."""
    for end in expr.limits[1:]:
        shapes.scalar(end, expr)
    return shapes.of(expr.body)


@shape_rule(OrderedProduct)
def _ordered_product(shapes: Shaping, expr: Any) -> Dims:
    """Square, as its body; the ends of the range are scalars."""
    for end in expr.limits[1:]:
        shapes.scalar(end, expr)
    size = shapes.square(expr.body, expr)
    return (size, size)


@shape_rule(MaxOver)
def _max_over(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of a scalar body."""
    shapes.scalar(expr.body, expr)
    return SCALAR


@shape_rule(sp.Derivative, sp.Subs)
def _derivative(shapes: Shaping, expr: Any) -> Dims:
    """A scalar: the derivative of a scalar function in a scalar variable."""
    if not is_unit(shapes.of(expr.expr)):
        raise UnsupportedError(f"the derivative of a matrix or an array (in {expr})")
    return SCALAR


@shape_rule(sp.MatAdd)
def _sum(shapes: Shaping, expr: Any) -> Dims:
    """The operands' shapes broadcast: equal sizes, or 1."""
    return shapes.broadcast(_widest_first(shapes, expr.args), expr, "added")


@shape_rule(sp.HadamardProduct)
def _hadamard(shapes: Shaping, expr: Any) -> Dims:
    """The operands' shapes broadcast: equal sizes, or 1."""
    return shapes.broadcast(_widest_first(shapes, expr.args), expr, "multiplied entry by entry")


def _widest_first(shapes: Shaping, parts: Any) -> list[Any]:
    # SymPy sorts operands, so their order says nothing; a message reads best against the widest.
    return sorted(parts, key=lambda part: sum(size == 1 for size in shapes.of(part)))


@shape_rule(sp.HadamardPower)
def _hadamard_power(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the base; a scalar exponent."""
    base, exponent = expr.args
    if is_unit(shapes.of(exponent)):
        return shapes.of(base)
    return shapes.broadcast([base, exponent], expr, "raised entry by entry")


def product_shape(a: Dims, b: Dims) -> Dims | None:
    """The shape of a product, None where the inner sizes differ and neither side is a scalar."""
    if not a or not b:
        return a or b
    if len(a) == len(b) == 2 and same_size(a[1], b[0]):
        return (a[0], b[1])
    if is_unit(a):
        return b
    return a if is_unit(b) else None


@shape_rule(sp.MatMul)
def _product(shapes: Shaping, expr: Any) -> Dims:
    """Inner sizes agree; a scalar, or a 1×1 matrix where a scalar is meant, multiplies anything."""
    keep_places(expr, shapes.of, product_shape)
    shape: Dims = SCALAR
    for position, factor in enumerate(expr.args):
        right = shapes.of(factor)
        combined = product_shape(shape, right)
        if combined is None:
            left = [f for f in expr.args[:position] if shapes.of(f)]
            product = left[0] if len(left) == 1 else sp.MatMul(*left, evaluate=False)
            raise ShapeError(_misaligned(shapes, expr, product, shape, factor, right))
        shape = combined
    return shape


def _misaligned(shapes: Shaping, expr: Any, left: Any, a: Dims, right: Any, b: Dims) -> str:
    whole, first, second = text_of(expr), text_of(left), text_of(right)
    if len(a) != 2 or len(b) != 2:
        return (
            f"in {whole}: {first} has shape {shown(a)} and {second} has {shown(b)}; "
            f"a matrix product takes matrices"
        )
    hint = condition([(a[1], b[0])])
    remedies = []
    if hint:
        remedies.append(f"it fits {hint}")
    if (left, right) != expr.args:
        # What fits two of the factors may not fit the others.
        fitting = _rearranged(shapes, expr)
        if fitting is not None:
            remedies.append(f"{text_of(fitting)} would fit")
    elif same_size(b[1], a[0]):
        swapped = text_of(sp.MatMul(right, left, evaluate=False))
        remedies.append(f"the other order, {swapped}, would fit")
    elif same_size(a[0], b[0]):
        remedies.append("the transpose of the first would fit")
    elif same_size(a[1], b[1]):
        remedies.append("the transpose of the second would fit")
    return (
        f"in {whole}: {first} has shape {shown(a)} and {second} has shape {shown(b)}; "
        f"the inner sizes {a[1]} and {b[0]} differ"
        + (f" ({'; '.join(remedies)})" if remedies else "")
    )


def _rearranged(shapes: Shaping, expr: Any) -> Any:
    """A product that fits as a whole with one factor transposed, or else with two neighbours
    exchanged: the first of the wanted shape, or the first; None where none fits.
    """
    found = []
    for factors in (*_with_one_transposed(expr.args), *_with_two_exchanged(expr.args)):
        try:
            shape = shape_of_product(factors, shapes.of, product_shape)
        except (ShapeError, UnsupportedError):
            continue
        if shape is not None:
            found.append((sp.MatMul(*factors, evaluate=False), shape))
    wanted = shapes.wanted.get(expr)
    for product, shape in found:
        if wanted is not None and same_shape(shape, wanted):
            return product
    return found[0][0] if found else None


def _with_one_transposed(factors: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for place, factor in enumerate(factors):
        if getattr(factor, "is_Matrix", False):
            turned = factor.arg if isinstance(factor, sp.Transpose) else sp.Transpose(factor)
            yield (*factors[:place], turned, *factors[place + 1 :])


def _with_two_exchanged(factors: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for place in range(len(factors) - 1):
        first, second = factors[place : place + 2]
        yield (*factors[:place], second, first, *factors[place + 2 :])


@shape_rule(sp.MatPow)
def _power(shapes: Shaping, expr: Any) -> Dims:
    """A square matrix, or a 1×1 one where a scalar is meant."""
    shapes.scalar(expr.exp, expr)
    size = shapes.square(expr.base, expr)
    return (size, size)


@shape_rule(sp.Inverse)
def _inverse(shapes: Shaping, expr: Any) -> Dims:
    """Square, as its argument."""
    size = shapes.square(expr.arg, expr)
    return (size, size)


@shape_rule(sp.Transpose, sp.Adjoint)
def _transpose(shapes: Shaping, expr: Any) -> Dims:
    """The two sizes exchanged."""
    shape = shapes.of(expr.arg)
    return tuple(reversed(shape))


@shape_rule(sp.Trace, sp.Determinant)
def _of_square(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of a square matrix."""
    shapes.square(expr.arg, expr)
    return SCALAR


@shape_rule(ElementwiseApplyFunction)
def _applied(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the argument; the function takes and gives a scalar."""
    return shapes.of(expr.expr)


@shape_rule(DiagMatrix)
def _diag_matrix(shapes: Shaping, expr: Any) -> Dims:
    """A vector of n entries gives (n, n)."""
    size = shapes.vector(expr.args[0], expr)
    return (size, size)


@shape_rule(DiagonalMatrix)
def _diagonal_matrix(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the argument, with zeros off the diagonal."""
    return shapes.of(expr.arg)


@shape_rule(DiagonalOf)
def _diagonal_of(shapes: Shaping, expr: Any) -> Dims:
    """The diagonal of a square matrix, as a column."""
    return (shapes.square(expr.arg, expr), sp.S.One)


@shape_rule(sp.KroneckerProduct)
def _kronecker(shapes: Shaping, expr: Any) -> Dims:
    """The products of the sizes."""
    rows = cols = sp.S.One
    for arg in expr.args:
        shape = shapes.of(arg)
        if len(shape) != 2:
            raise ShapeError(f"in {expr}: {arg} has shape {shown(shape)}; a matrix is meant")
        rows, cols = rows * shape[0], cols * shape[1]
    return (rows, cols)


@shape_rule(sp.BlockMatrix)
def _block(shapes: Shaping, expr: Any) -> Dims:
    """The sizes of the blocks added up; blocks in a row have one height, in a column one width."""
    blocks = expr.blocks
    heights = [shapes.of(blocks[i, 0])[0] for i in range(blocks.shape[0])]
    widths = [shapes.of(blocks[0, j])[1] for j in range(blocks.shape[1])]
    for i, height in enumerate(heights):
        for j, width in enumerate(widths):
            shape = shapes.of(blocks[i, j])
            if not same_shape(shape, (height, width)):
                hint = condition([(shape[0], height), (shape[1], width)])
                raise ShapeError(
                    f"in {expr}: block ({i}, {j}), {blocks[i, j]}, has shape {shown(shape)} "
                    f"where {shown((height, width))} is meant"
                    + (f"; it fits {hint}" if hint else "")
                )
    return (sp.Add(*heights), sp.Add(*widths))


@shape_rule(MatrixSlice)
def _slice(shapes: Shaping, expr: Any) -> Dims:
    """The lengths of the two ranges."""
    shapes.of(expr.parent)
    for _, _, step in (expr.rowslice, expr.colslice):
        if step != 1:
            raise UnsupportedError(f"{expr}: a slice with a step is not supported")
    for (_, stop, _), size in zip((expr.rowslice, expr.colslice), expr.parent.shape, strict=True):
        if (size - stop).is_nonnegative is None:
            shapes.notes[
                f"{text_of(expr)} lies within {text_of(expr.parent)} where {stop <= size}"
            ] = None
    return tuple(stop - start for start, stop, _ in (expr.rowslice, expr.colslice))


@shape_rule(MatrixElement)
def _matrix_element(shapes: Shaping, expr: Any) -> Dims:
    """A scalar: an entry of a matrix."""
    shape = shapes.of(expr.parent)
    _check_indices(shapes, expr, shape, expr.indices)
    return SCALAR


@shape_rule(sp.Indexed, ArrayElement)
def _indexed(shapes: Shaping, expr: Any) -> Dims:
    """A scalar: an entry of an array; as many indices as axes."""
    base = expr.base if isinstance(expr, sp.Indexed) else expr.name
    if getattr(base, "shape", None) is not None:
        _check_indices(shapes, expr, tuple(base.shape), expr.indices)
    return SCALAR


@shape_rule(TensorElement)
def _tensor_element(shapes: Shaping, expr: Any) -> Dims:
    """A scalar: an entry of a tensor; as many indices as axes."""
    _check_indices(shapes, expr, shapes.of(expr.array), expr.indices)
    return SCALAR


def _check_indices(shapes: Shaping, expr: Any, shape: Dims, indices: Any) -> None:
    if len(indices) != len(shape):
        raise ShapeError(
            f"{expr} has {len(indices)} indices; the shape {shown(shape)} has {len(shape)} axes"
        )
    for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
        shapes.scalar(index, expr)
        low, high = sp.sympify(index), sp.expand(index - size)
        if (low.is_number and low < 0) or (high.is_number and high >= 0):
            raise ShapeError(
                f"{expr} reads outside its array: index {index} on axis {axis} of size {size}"
            )


@shape_rule(Tensor)
def _tensor(shapes: Shaping, expr: Any) -> Dims:
    """The sizes of its axes; the body is a scalar."""
    shapes.scalar(expr.body, expr)
    return tuple(expr.shape)


@shape_rule(ArrayComprehension)
def _comprehension(shapes: Shaping, expr: Any) -> Dims:
    """The lengths of its ranges; the body is a scalar."""
    shapes.scalar(expr.function, expr)
    return tuple(high - low + 1 for _, low, high in expr.limits)


@shape_rule(Softmax)
def _softmax(shapes: Shaping, expr: Any) -> Dims:
    """The shape of its argument, a matrix."""
    shape = shapes.of(expr.operand)
    if len(shape) != 2:
        raise ShapeError(f"in {expr}: {expr.operand} has shape {shown(shape)}; a matrix is meant")
    return shape


@shape_rule(LogSumExp)
def _logsumexp(shapes: Shaping, expr: Any) -> Dims:
    """A column with one entry for each row of its argument."""
    shape = shapes.of(expr.operand)
    if len(shape) != 2:
        raise ShapeError(f"in {expr}: {expr.operand} has shape {shown(shape)}; a matrix is meant")
    return (shape[0], sp.S.One)


@shape_rule(Broadcast)
def _broadcast(shapes: Shaping, expr: Any) -> Dims:
    """The shape asked for; each axis of the operand has that size or 1."""
    shape = shapes.of(expr.operand)
    full = (sp.S.One,) * (2 - len(shape)) + shape
    for size, target in zip(full, expr.shape, strict=True):
        if size != 1 and not same_size(size, target):
            raise ShapeError(
                f"in {expr}: {expr.operand} has shape {shown(shape)}, which does not broadcast to "
                f"{shown(expr.shape)}"
            )
    return tuple(expr.shape)


@shape_rule(ScalarApplication, ScalarGradient)
def _whole(shapes: Shaping, expr: Any) -> Dims:
    """A scalar, of arrays of any shape."""
    shapes.signature(expr)
    return SCALAR


@shape_rule(MatrixGradient)
def _whole_gradient(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the argument in which the gradient is taken."""
    return shapes.signature(expr)[expr.position]


@shape_rule(Partial)
def _partial(shapes: Shaping, expr: Any) -> Dims:
    """A scalar: the derivative of a scalar in a scalar."""
    shapes.scalar(expr.of, expr)
    shapes.scalar(expr.wrt, expr)
    return SCALAR


@shape_rule(MatrixPartial)
def _matrix_partial(shapes: Shaping, expr: Any) -> Dims:
    """The shape of the matrix in which a scalar is differentiated."""
    shapes.scalar(expr.of, expr)
    return shapes.of(expr.wrt)
