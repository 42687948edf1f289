"""What the operators of a typed formula mean: sums, products, quotients and powers in SymPy.

Shapes are checked here, before SymPy sees anything, so that a misfit is named as it was typed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, Protocol

import sympy as sp
from sympy.matrices.exceptions import ShapeError as SymPyShapeError

from derive.engine import shape_of
from derive.frontends.typed.syntax import Source
from derive.language.dims import condition, is_unit, same_shape, same_size, shown
from derive.language.operators import broadcast, entry
from derive.language.shape_rules import product_shape

LARGEST_BITS = 4096  # of a number that is worked out
LARGEST_EXPONENT = 1000

Shape = tuple[Any, ...]


class Reading(Protocol):
    """What reads a text, as operators and functions see it: what each verb does is told where it is
    defined, in :mod:`derive.frontends.typed.expression`.
    """

    @property
    def source(self) -> Source: ...
    def value(self, node: ast.expr) -> Any: ...
    def size(self, node: ast.expr) -> Any: ...
    def shape(self, value: Any) -> Shape: ...
    def fresh(self, letter: str, **assumptions: bool) -> Any: ...
    def indices(self) -> tuple[Any, Any]: ...


COMPARISONS: dict[type, Callable[..., Any]] = {
    ast.Lt: sp.Lt,
    ast.LtE: sp.Le,
    ast.Gt: sp.Gt,
    ast.GtE: sp.Ge,
    ast.Eq: partial(sp.Eq, evaluate=False),
    ast.NotEq: partial(sp.Ne, evaluate=False),
}


def bits_of(value: Any) -> int:
    return max(int(value.p).bit_length(), int(value.q).bit_length()) if value.is_Rational else 0


def scalar(value: Any) -> Any:
    """A 1×1 matrix as the scalar that it is."""
    return entry(value, 0, 0) if value.is_Matrix else value


def _factors(value: Any) -> tuple[Any, list[Any]]:
    """The scalar in front of a matrix product, and its matrices."""
    if not isinstance(value, sp.MatMul):
        return sp.S.One, [value]
    return sp.Mul(*(f for f in value.args if not f.is_Matrix)), [
        f for f in value.args if f.is_Matrix
    ]


def _matrix_product(coefficient: Any, factors: Sequence[Any]) -> Any:
    # Not by `*`, which evaluates everything inside of the factors.
    if coefficient == 1:
        return factors[0] if len(factors) == 1 else sp.MatMul(*factors)
    return sp.MatMul(coefficient, *factors)


def scaled(coefficient: Any, value: Any) -> Any:
    if not value.is_Matrix:
        return coefficient * value
    inner, factors = _factors(value)
    return _matrix_product(coefficient * inner, factors)


def transpose(value: Any) -> Any:
    if not value.is_Matrix:
        return value
    return value.arg if isinstance(value, sp.Transpose) else sp.Transpose(value)


def common_shape(reader: Reading, node: ast.expr, parts: Sequence[tuple[ast.expr, Shape]]) -> Shape:
    """The shape to which all parts broadcast: axes of equal size, or of size 1."""
    result, widest = parts[0][1] or (sp.S.One,) * 2, parts[0]
    for part in parts[1:]:
        axes = list(zip(result, part[1] or (sp.S.One,) * 2, strict=True))
        if not all(same_size(a, b) or 1 in (a, b) for a, b in axes):
            clash(reader, node, [widest, part], "combined entry by entry")
        if any(a == 1 != b for a, b in axes):
            widest = part
        result = tuple(b if a == 1 else a for a, b in axes)
    return result


def clash(
    reader: Reading, node: ast.expr, parts: Sequence[tuple[ast.expr, Shape]], verb: str
) -> NoReturn:
    (left, a), (right, b) = parts
    text = reader.source.of
    pairs = [(x, y) for x, y in zip(a, b, strict=False) if 1 not in (x, y)]
    hint = condition(pairs)
    raise reader.source.misfit(
        f"in {text(node)}: {text(left)} has shape {shown(a)} and {text(right)} has shape "
        f"{shown(b)}; they cannot be {verb}" + (f" ({hint})" if hint else ""),
        node,
    )


def fitted(value: Any, shape: Shape, own: Shape) -> Any:
    return value if own and same_shape(own, shape) else broadcast(value, *shape)


def _add(reader: Reading, node: ast.BinOp, left: Any, right: Any) -> Any:
    a, b = reader.shape(left), reader.shape(right)
    if is_unit(a) and is_unit(b) and not (a and b):
        return scalar(left) + scalar(right)
    shape = common_shape(reader, node, [(node.left, a), (node.right, b)])
    # A scalar has to be broadcast. SymPy takes a row or a column as it is, and so prints it as it
    # was typed, unless the sizes are integers.
    values = [value if own else broadcast(value, *shape) for value, own in ((left, a), (right, b))]
    terms = [
        term
        for value in values
        for term in (value.args if isinstance(value, sp.MatAdd) else (value,))
    ]
    try:
        return sp.MatAdd(*terms)
    except SymPyShapeError:
        return sp.MatAdd(*(fitted(term, shape, shape_of(term)) for term in terms))


def _subtract(reader: Reading, node: ast.BinOp, left: Any, right: Any) -> Any:
    return _add(reader, node, left, scaled(sp.S.NegativeOne, right))


def _multiply(reader: Reading, node: ast.BinOp, left: Any, right: Any) -> Any:
    a, b = reader.shape(left), reader.shape(right)
    if not a:
        return scaled(left, right)
    if not b:
        return scaled(right, left)
    if product_shape(a, b) is None:
        raise reader.source.misfit(_misaligned(reader, node, a, b), node)
    if not same_size(a[1], b[0]):  # one of them is 1×1, which SymPy would not take for a scalar
        return scaled(scalar(left), right) if is_unit(a) else scaled(scalar(right), left)
    (one, first), (other, second) = _factors(left), _factors(right)
    return _matrix_product(one * other, [*first, *second])


def _misaligned(reader: Reading, node: ast.BinOp, a: Shape, b: Shape) -> str:
    text = reader.source.of
    remedies = [f"it fits {hint}"] if (hint := condition([(a[1], b[0])])) else []
    if same_size(a[0], b[0]):
        remedies.append("the transpose of the first would fit")
    elif same_size(a[1], b[1]):
        remedies.append("the transpose of the second would fit")
    if same_shape(a, b):
        remedies.append("the product entry by entry is hadamard(A, B)")
    return (
        f"in {text(node)}: {text(node.left)} has shape {shown(a)} and {text(node.right)} has shape "
        f"{shown(b)}; the inner sizes {a[1]} and {b[0]} differ"
        + (f" ({'; '.join(remedies)})" if remedies else "")
    )


def _divide(reader: Reading, node: ast.BinOp, left: Any, right: Any) -> Any:
    shape = reader.shape(right)
    if not is_unit(shape):
        text = reader.source.of
        message = f"in {text(node)}: {text(node.right)} has shape {shown(shape)}, and only scalars "
        raise reader.source.misfit(message + "divide; the inverse of a matrix is inv(A)", node)
    divisor = scalar(right)
    if divisor.is_zero:
        raise reader.source.error(f"{reader.source.of(node)} divides by zero", node)
    return left / divisor if not left.is_Matrix else scaled(1 / divisor, left)


def _power(reader: Reading, node: ast.BinOp, base: Any, exponent: Any) -> Any:
    text = reader.source.of
    if not is_unit(reader.shape(exponent)):
        shape = shown(reader.shape(exponent))
        message = f"in {text(node)}: the exponent {text(node.right)} has shape {shape}; a scalar"
        raise reader.source.misfit(f"{message} is meant", node)
    exponent = scalar(exponent)
    if exponent.is_Rational:
        bits = 0 if base.is_Matrix else bits_of(base.as_coeff_Mul()[0])
        if abs(exponent) > LARGEST_EXPONENT or bits * abs(exponent) > LARGEST_BITS:
            raise reader.source.error(f"the exponent of {text(node)} is too large", node)
    if is_unit(reader.shape(base)):
        base = scalar(base)
        if base.is_zero and exponent.is_negative:
            raise reader.source.error(f"{text(node)} divides by zero", node)
        return base**exponent
    size = square(reader, node.left, base, "; hadamard(A, A) multiplies entry by entry")
    if not exponent.is_Integer:
        message = f"the exponent of the matrix {text(node.left)} is not an integer"
        raise reader.source.error(message, node)
    if exponent == 0:
        return sp.Identity(size)
    if exponent == -1:
        return sp.Inverse(base)
    return base if exponent == 1 else sp.MatPow(base, exponent)


def square(reader: Reading, node: ast.expr, value: Any, otherwise: str = "") -> Any:
    """The size of a square matrix."""
    shape = reader.shape(value)
    text = reader.source.of(node)
    if not shape:
        raise reader.source.misfit(f"{text} is a scalar, and a square matrix is meant", node)
    if not same_size(*shape):
        hint = condition([(shape[0], shape[1])])
        raise reader.source.misfit(
            f"{text} has shape {shown(shape)}, which is not square"
            + (f" ({hint})" if hint else "")
            + otherwise,
            node,
        )
    return shape[0]


OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.MatMult: _multiply,
    ast.Div: _divide,
    ast.Pow: _power,
}
