"""Values that a formula of a document stands for: SymPy with a shape, and what operators make of
them.

A value is a scalar, a matrix (a column or a row is one), or an array of any rank. Shapes are
checked here, before SymPy sees anything. A vector that is declared with one size is *thin*: it is
stored as a column and may stand as a row where only a row fits, as NumPy has it; whether that is
admitted is one of the readings of a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from derive.base.errors import DeriveError, UnsupportedError
from derive.language.dims import condition, is_unit, same_size, shown
from derive.language.operators import broadcast, entry, fresh_index, tensor

Shape = tuple[Any, ...]
ONE = sp.S.One


class Misfit(Exception):
    """Shapes that do not fit: the reading that leads to it is ill-shaped."""


class Unsure(Exception):
    """Whether shapes fit is not seen, or the operation has no meaning here."""


@dataclass(frozen=True)
class Value:
    """What a part of a formula stands for.

    :param expr: the SymPy expression.
    :param shape: its sizes: () for a scalar, two of them for a matrix.
    :param thin: declared with one size, so that it is a column and a row alike.
    :param path: for a derivative, what is differentiated and in what.
    :param entries: of a small matrix that is written out, its entries.
    """

    expr: Any
    shape: Shape = ()
    thin: bool = False
    path: tuple[Any, ...] = ()
    entries: sp.ImmutableDenseMatrix | None = None

    @property
    def is_scalar(self) -> bool:
        return is_unit(self.shape)

    @property
    def is_matrix(self) -> bool:
        return len(self.shape) == 2


def number(value: Any) -> Value:
    return Value(sp.sympify(value))


MOST_ENTRIES = 16
"""How many entries a matrix has at most that is multiplied out, entry by entry."""


def written_out(matrix: sp.ImmutableDenseMatrix) -> Value:
    """A matrix whose entries stand there, as an expression beside which any other may stand."""
    i, j = sp.Dummy("i", integer=True), sp.Dummy("j", integer=True)
    branches = [
        (matrix[r, c], sp.And(sp.Eq(i, r), sp.Eq(j, c)))
        for r in range(matrix.rows)
        for c in range(matrix.cols)
    ]
    body = sp.Piecewise(*branches[:-1], (branches[-1][0], True))
    made = sp.FunctionMatrix(matrix.rows, matrix.cols, sp.Lambda((i, j), body))
    kept = matrix if len(matrix) <= MOST_ENTRIES else None
    return Value(made, (sp.Integer(matrix.rows), sp.Integer(matrix.cols)), entries=kept)


def as_written(value: Value) -> Value:
    """I and 0 of a size that is a number as matrices that are written out, too."""
    if value.entries is not None or not isinstance(value.expr, sp.Identity | sp.ZeroMatrix):
        return value
    sizes = [size for size in value.shape if getattr(size, "is_Integer", False)]
    if len(sizes) != 2 or sizes[0] * sizes[1] > MOST_ENTRIES:
        return value
    return written_out(sp.ImmutableDenseMatrix(value.expr.as_explicit()))


@lru_cache(4096)
def _open_size(name: str, number: int) -> Any:
    return sp.Dummy(name, integer=True, positive=True)


@dataclass
class Sizes:
    """Sizes that nothing declares, of I, of a vector of ones, of an array without a declaration:
    found by unification, from how they are used in one statement.
    """

    open: set[Any] = field(default_factory=set)
    found: dict[Any, Any] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)  # how many of each name

    def new(self, name: str) -> Any:
        """A size that is found from use: the first of its name in one reading is that in another,
        too, so that what is made of it in both has to be made once.
        """
        number = self.made[name] = self.made.get(name, 0) + 1
        size = _open_size(name, number)
        self.open.add(size)
        return size

    def resolved(self, size: Any) -> Any:
        """A size with what was found put in."""
        size = sp.sympify(size)
        while known := {v: self.found[v] for v in size.free_symbols if v in self.found}:
            size = size.xreplace(known)
        return size

    def equal(self, a: Any, b: Any) -> bool:
        """Whether two sizes are equal, or can be: then they are from now on."""
        a, b = self.resolved(a), self.resolved(b)
        if a == b:
            return True
        for one, other in ((a, b), (b, a)):
            if one in self.open and one not in other.free_symbols:
                self.found[one] = other
                return True
        if (a.free_symbols | b.free_symbols) & self.open:
            raise Unsure(f"whether the sizes {a} and {b} are equal is not seen")
        return same_size(a, b)

    def put_in(self, expr: Any) -> Any:
        """An expression with every size that was found."""
        known = {v: self.resolved(v) for v in self.found}
        return expr.xreplace(known) if known else expr


_sizes: ContextVar[Sizes | None] = ContextVar("sizes of one statement", default=None)


@contextmanager
def unifying(sizes: Sizes) -> Iterator[Sizes]:
    """Find open sizes from use, as long as one statement is read."""
    token = _sizes.set(sizes)
    try:
        yield sizes
    finally:
        _sizes.reset(token)


def same(a: Any, b: Any) -> bool:
    """Whether two sizes are equal; an open one becomes so.

    :raises Unsure: where that is not seen.
    """
    sizes = _sizes.get()
    try:
        if sizes is not None:
            return sizes.equal(a, b)
        return bool(a == b) or same_size(sp.sympify(a), sp.sympify(b))
    except (UnsupportedError, DeriveError) as problem:
        raise Unsure(str(problem)) from None


def _is_open(size: Any) -> bool:
    """Whether nothing settles a size so far."""
    sizes = _sizes.get()
    return sizes is not None and sizes.resolved(size) in sizes.open


def alike(a: Shape, b: Shape) -> bool:
    return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))


def scalar(value: Value) -> Any:
    """The SymPy scalar that a value of one entry is.

    :raises Misfit: for any other value.
    """
    if not value.is_scalar:
        raise Misfit(f"it has shape {shown(value.shape)} where a scalar is meant")
    if not value.shape:
        return value.expr
    return entry(value.expr, *(0 for _ in value.shape))


def as_matrix(value: Value) -> Value:
    """An array of two axes as a matrix, everything else as it is."""
    if len(value.shape) != 2 or isinstance(value.expr, MatrixExpr):
        return value
    i, j = fresh_index("i"), fresh_index("j")
    body = sp.Lambda((i, j), entry(value.expr, i, j))
    return replace(value, expr=sp.FunctionMatrix(*value.shape, body))


def transpose(value: Value) -> Value:
    """Rows and columns exchanged; a scalar is its own transpose.

    :raises Misfit: for an array of more than two axes.
    """
    if not value.shape:
        return value
    if len(value.shape) != 2:
        raise Misfit(f"a transpose of an array with {len(value.shape)} axes")
    if value.entries is not None:
        return written_out(value.entries.T)
    expr = value.expr
    turned = expr.arg if isinstance(expr, sp.Transpose) else sp.Transpose(expr)
    return Value(turned, (value.shape[1], value.shape[0]))


def _hint(pairs: list[tuple[Any, Any]]) -> str:
    try:
        found = condition([(sp.sympify(a), sp.sympify(b)) for a, b in pairs])
    except DeriveError:
        return ""
    return f" ({found})" if found else ""


def common(a: Shape, b: Shape) -> Shape | None:
    """The shape to which two broadcast, None where they do not."""
    if not a or not b:
        return a or b
    if len(a) != len(b):
        return None
    result = []
    for x, y in zip(a, b, strict=True):
        if x == 1 or y == 1:
            result.append(y if x == 1 else x)
        elif same(x, y):
            result.append(x)
        else:
            return None
    return tuple(result)


def _fills(own: Shape, shape: Shape) -> bool:
    """Whether an array of its own shape needs no broadcasting to another: an open size is not
    settled by a 1 that can be broadcast to it, as by the b of W A + b.
    """
    ones = any(x == 1 and _is_open(y) for x, y in zip(own, shape, strict=False))
    return not ones and alike(own, shape)


def spread(value: Value, shape: Shape) -> Any:
    """The SymPy of a value, broadcast to a shape."""
    if not shape:
        return scalar(value)
    if value.shape and _fills(value.shape, shape):
        return value.expr
    if len(shape) == 2:
        return broadcast(value.expr, *shape)
    axes = [(fresh_index("k"), size) for size in shape]
    if not value.shape:
        return tensor(value.expr, *axes)
    at = [0 if own == 1 else k for own, (k, _) in zip(value.shape, axes, strict=True)]
    return tensor(entry(value.expr, *at), *axes)


def _entrywise(function: Callable[..., Any], values: Sequence[Value], shape: Shape) -> Value:
    """A function of the entries at the same place."""
    if not shape:
        return Value(function(*(scalar(value) for value in values)))
    indices = [fresh_index("ij"[k] if k < 2 else "k") for k in range(len(shape))]
    parts = []
    for value in values:
        if not value.shape:
            parts.append(value.expr)
            continue
        at = [0 if own == 1 else k for own, k in zip(value.shape, indices, strict=True)]
        parts.append(entry(value.expr, *at))
    body = function(*parts)
    if len(shape) == 2:
        return Value(sp.FunctionMatrix(*shape, sp.Lambda(tuple(indices), body)), shape)
    return Value(tensor(body, *zip(indices, shape, strict=True)), shape)


def meet(left: Value, right: Value, verb: str, loose: bool = False) -> tuple[Value, Value, Shape]:
    """Two values of one shape, broadcast where that is needed.

    :raises Misfit: where they have no common shape.
    """
    if left.is_scalar and right.is_scalar:
        if left.shape == right.shape and left.shape:
            return left, right, left.shape
        return Value(scalar(left)), Value(scalar(right)), ()
    for a, b in _turns(left, right, loose):
        shape = common(a.shape, b.shape)
        if shape is not None and (_fills(a.shape, shape) or _fills(b.shape, shape)):
            return a, b, shape
    pairs = [p for p in zip(left.shape, right.shape, strict=False) if 1 not in p]
    raise Misfit(
        f"shapes {shown(left.shape)} and {shown(right.shape)} cannot be {verb}{_hint(pairs)}"
    )


def _turns(left: Value, right: Value, loose: bool) -> list[tuple[Value, Value]]:
    """The two as they are; then, with a thin vector as a row: always where the other is a matrix
    proper, as in X W + b, and next to vectors only where vectors are read as NumPy has them.
    """
    turns = [(left, right)]
    wide = [bool(v.shape) and 1 not in v.shape for v in (left, right)]
    if left.thin and (loose or wide[1]):
        turns.append((transpose(left), right))
    if right.thin and (loose or wide[0]):
        turns.append((left, transpose(right)))
    return turns


def add(left: Value, right: Value, loose: bool = False) -> Value:
    """left + right, broadcast as NumPy does."""
    left, right, shape = meet(left, right, "added", loose)
    if left.entries is not None and right.entries is not None and left.shape == right.shape:
        return written_out(left.entries + right.entries)
    if not shape:
        return Value(left.expr + right.expr)
    a, b = spread(left, shape), spread(right, shape)
    thin = (left.thin or not left.shape) and (right.thin or not right.shape)
    if len(shape) == 2:
        terms: list[Any] = []
        for term in (a, b):
            terms.extend(term.args if isinstance(term, sp.MatAdd) else (term,))
        return Value(sp.MatAdd(*terms), shape, thin)
    return replace(_entrywise(lambda x, y: x + y, (left, right), shape), thin=thin)


def negate(value: Value) -> Value:
    return scale(sp.S.NegativeOne, value)


def scale(factor: Any, value: Value) -> Value:
    """A SymPy scalar times a value."""
    if not value.shape:
        return Value(factor * value.expr)
    if factor == 1:
        return value
    if len(value.shape) != 2:
        return _entrywise(lambda x: factor * x, (value,), value.shape)
    if value.entries is not None:
        return written_out(factor * value.entries)
    own, factors = _factors(value.expr)
    # Not by `*`, which evaluates everything inside of the factors.
    total = factor * own
    expr = sp.MatMul(total, *factors) if total != 1 or len(factors) > 1 else factors[0]
    return replace(value, expr=expr, path=())


def _factors(expr: Any) -> tuple[Any, list[Any]]:
    if not isinstance(expr, sp.MatMul):
        return ONE, [expr]
    return (
        sp.Mul(*(f for f in expr.args if not f.is_Matrix)),
        [f for f in expr.args if f.is_Matrix],
    )


def multiply(left: Value, right: Value, loose: bool = False) -> Value:
    """The product that two factors side by side stand for: of matrices, or with a scalar.

    :param loose: whether a thin vector on the left may be taken for a row.
    """
    if not left.shape:
        return scale(left.expr, right)
    if not right.shape:
        return scale(right.expr, left)
    if left.is_scalar and _is_open(right.shape[0]):
        return scale(scalar(left), right)  # x⊤y I, whatever the size of I
    if right.is_scalar and _is_open(left.shape[-1]):
        return scale(scalar(right), left)
    if left.is_matrix and right.is_matrix:
        if same(left.shape[1], right.shape[0]):
            return matmul(left, right)
        if loose and left.thin and same(left.shape[0], right.shape[0]):
            product = matmul(transpose(left), right)
            if right.thin or product.is_scalar:
                return Value(scalar(product)) if product.is_scalar else product
            turned = transpose(product)
            return replace(turned, thin=True)
    if left.is_scalar:
        return scale(scalar(left), right)
    if right.is_scalar:
        return scale(scalar(right), left)
    if not (left.is_matrix and right.is_matrix):
        raise Misfit(f"a product of arrays of shapes {shown(left.shape)} and {shown(right.shape)}")
    raise Misfit(
        f"shapes {shown(left.shape)} and {shown(right.shape)} cannot be multiplied: the inner "
        f"sizes {left.shape[1]} and {right.shape[0]} differ"
        + _hint([(left.shape[1], right.shape[0])])
    )


def matmul(left: Value, right: Value) -> Value:
    if left.entries is not None and right.entries is not None:
        return written_out(left.entries * right.entries)
    (one, first), (other, second) = _factors(left.expr), _factors(right.expr)
    factors = [*first, *second]
    factor = one * other
    expr = sp.MatMul(*factors) if factor == 1 else sp.MatMul(factor, *factors)
    thin = right.thin and not left.thin and left.shape[0] != 1
    return Value(expr, (left.shape[0], right.shape[1]), thin)


def dot(left: Value, right: Value) -> Value:
    """The inner product of two vectors, or Σ of the entrywise product of two matrices.

    :raises Misfit: where their shapes differ.
    """
    if left.is_scalar and right.is_scalar:
        return Value(scalar(left) * scalar(right))
    if left.is_matrix and right.is_matrix:
        if is_vector(left) and is_vector(right):
            a, b = column(left), column(right)
            if not alike(a.shape, b.shape):
                raise Misfit(
                    f"the inner product of vectors of {a.shape[0]} and {b.shape[0]} entries"
                    + _hint([(a.shape[0], b.shape[0])])
                )
            return Value(entry(sp.MatMul(transpose(a).expr, b.expr), 0, 0))
        if alike(left.shape, right.shape):
            return Value(sp.Trace(sp.MatMul(transpose(left).expr, right.expr)))
    raise Misfit(f"an inner product of shapes {shown(left.shape)} and {shown(right.shape)}")


def outer(left: Value, right: Value) -> Value:
    if not (is_vector(left) and is_vector(right)):
        raise Misfit(f"an outer product of shapes {shown(left.shape)} and {shown(right.shape)}")
    return matmul(column(left), transpose(column(right)))


def is_vector(value: Value) -> bool:
    return value.is_matrix and 1 in value.shape


def column(value: Value) -> Value:
    """A vector as a column.

    :raises Misfit: for what is no vector.
    """
    if not is_vector(value):
        raise Misfit(f"it has shape {shown(value.shape)} where a vector is meant")
    return value if value.shape[1] == 1 else transpose(value)


def hadamard(left: Value, right: Value, loose: bool = False) -> Value:
    """The product entry by entry; a scalar scales."""
    if not left.shape or not right.shape:
        return multiply(left, right)
    left, right, shape = meet(left, right, "multiplied entry by entry", loose)
    if not shape:
        return Value(left.expr * right.expr)
    thin = left.thin and right.thin
    if len(shape) == 2:
        a, b = spread(left, shape), spread(right, shape)
        parts: list[Any] = []
        for part in (a, b):
            parts.extend(part.args if isinstance(part, sp.HadamardProduct) else (part,))
        return Value(sp.HadamardProduct(*parts), shape, thin)
    return _entrywise(lambda x, y: x * y, (left, right), shape)


def divide(left: Value, right: Value, loose: bool = False) -> Value:
    """left over a scalar, or entry by entry over an array of its shape."""
    if right.is_scalar:
        divisor = scalar(right)
        if divisor.is_zero:
            raise Unsure("it divides by zero")
        if not left.shape:
            return Value(left.expr / divisor)
        return replace(scale(1 / divisor, left), thin=left.thin)
    left, right, shape = meet(left, right, "divided entry by entry", loose)
    return replace(
        _entrywise(lambda x, y: x / y, (left, right), shape), thin=left.thin and right.thin
    )


def power(base: Value, exponent: Value, entrywise: bool = False) -> Value:
    """A scalar's power, the power of a square matrix, or that of every entry.

    :raises Misfit: where the base is no square matrix.
    """
    if not exponent.is_scalar:
        if base.expr == sp.E and is_vector(exponent):
            return apply(sp.exp, exponent)
        raise Unsure(f"an exponent of shape {shown(exponent.shape)}")
    e = scalar(exponent)
    if e.is_Rational and abs(e) > 1000:
        raise Unsure(f"the exponent {e} is too large")
    if base.is_scalar:
        b = scalar(base)
        if b.is_zero and e.is_negative:
            raise Unsure("it divides by zero")
        return Value(b**e)
    if entrywise:
        return apply(lambda x: x**e, base)
    if not base.is_matrix or not same(*base.shape):
        raise Misfit(f"a power of a matrix of shape {shown(base.shape)}, which is not square")
    if not e.is_integer:
        raise Unsure(f"the power {e} of a matrix")
    if e == -1:
        return Value(sp.Inverse(base.expr), base.shape)
    return base if e == 1 else Value(sp.MatPow(base.expr, e), base.shape)


def apply(function: Callable[[Any], Any], value: Value) -> Value:
    """A function of scalars, of every entry."""
    if not value.shape:
        return Value(function(value.expr))
    if value.is_matrix:
        z = sp.Dummy("z", real=True)
        body = function(z)
        z0 = sp.Symbol("z", real=True)
        if z0 not in body.free_symbols:
            body, z = body.xreplace({z: z0}), z0
        try:
            return Value(value.expr.applyfunc(sp.Lambda(z, body)), value.shape, value.thin)
        except TypeError:  # SymPy tries a comparison with the whole array first
            return _entrywise(function, (value,), value.shape)
    return _entrywise(function, (value,), value.shape)


def combine(function: Callable[..., Any], values: Sequence[Value]) -> Value:
    """A function of several scalars, of the entries at the same place."""
    shape: Shape = ()
    for value in values:
        met = common(shape, value.shape)
        if met is None:
            raise Misfit(
                f"shapes {shown(shape)} and {shown(value.shape)} cannot be combined entry by entry"
            )
        shape = met
    arrays = {value.expr for value in values if value.shape}
    if len(arrays) == 1 and len(shape) == 2:
        (array,) = (
            (v for v in values if v.shape)
            if sum(bool(v.shape) for v in values) == 1
            else (next(v for v in values if v.shape),)
        )
        return apply(lambda z: function(*(z if v.shape else v.expr for v in values)), array)
    return _entrywise(function, values, shape)


def total(value: Value) -> Value:
    """Σ over all entries."""
    if not value.shape:
        return value
    axes = [(fresh_index("k"), size) for size in value.shape]
    body = entry(value.expr, *(0 if size == 1 else k for k, size in axes))
    limits = [(k, 0, size - 1) for k, size in axes if size != 1]
    return Value(sp.Sum(body, *limits) if limits else body)


def squares(value: Value) -> Any:
    """Σ of the squares of all entries: xᵀx of a column, tr(AᵀA) of a matrix."""
    if not value.shape:
        return value.expr**2
    if is_vector(value):
        a = column(value)
        return entry(sp.MatMul(transpose(a).expr, a.expr), 0, 0)
    if value.is_matrix:
        return sp.Trace(sp.MatMul(transpose(value).expr, value.expr))
    return scalar(total(apply(lambda x: x**2, value)))
