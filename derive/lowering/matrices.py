"""How each matrix-valued SymPy node lowers: its entry at two indices, in index notation."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array import ArrayComprehension

from derive.base.errors import UnsupportedError
from derive.core.integers import ONE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.names import FUNCTION_OF_A_MATRIX
from derive.core.terms import (
    FunctionEntry,
    InverseEntry,
    Pow,
    Term,
    add,
    at_least,
    axis_variable,
    delta,
    mul,
    num,
    power,
    total,
)
from derive.language.dims import is_unit, same_size
from derive.language.matrix_functions import Cholesky, MatrixExp, SquareRoot, named
from derive.language.operators import (
    ArrayOperator,
    MatrixGradient,
    MatrixOperator,
    MatrixPartial,
    Tensor,
    defined,
)
from derive.lowering.lower import (
    BODIES,
    THROUGH,
    Indices,
    Lowering,
    Scope,
    called,
    target_of,
)
from derive.lowering.scalars import whole_term
from derive.lowering.sequences import matrix_power

# ---- arrays that only rearrange: entries pass through, nothing is shared


@THROUGH.on(sp.Transpose, sp.Adjoint)
def _transpose(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Aᵀ[i, j] = A[j, i]"""
    return low.element(expr.arg, tuple(reversed(indices)), scope)


@THROUGH.on(sp.Identity)
def _identity(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """I[i, j] = [i = j]"""
    return delta(*indices)


@THROUGH.on(sp.ZeroMatrix)
def _zero(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """0[i, j] = 0"""
    return num(0)


@THROUGH.on(sp.OneMatrix)
def _ones(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """1[i, j] = 1"""
    return num(1)


@THROUGH.on(DiagMatrix)
def _diag_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """diag(v)[i, j] = v[i]·[i = j]"""
    vector = expr.args[0]
    row = low.shapes.of(vector)[0] == 1
    place = (ZERO, indices[0]) if row else (indices[0], ZERO)
    return mul(low.element(vector, place, scope), delta(*indices))


@THROUGH.on(DiagonalMatrix)
def _diagonal_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """D[i, j] = A[i, j]·[i = j]"""
    return mul(low.element(expr.arg, indices, scope), delta(*indices))


@THROUGH.on(DiagonalOf)
def _diagonal_of(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """d[i, 0] = A[i, i]"""
    return low.element(expr.arg, (indices[0], indices[0]), scope)


@THROUGH.on(MatrixSlice)
def _slice(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """A[a:b, c:d][i, j] = A[a + i, c + j]"""
    starts = [low.integer(part[0], scope) for part in (expr.rowslice, expr.colslice)]
    place = tuple(i + start for i, start in zip(indices, starts, strict=True))
    return low.element(expr.parent, place, scope)


@THROUGH.on(sp.Inverse)
def _inverse(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """A⁻¹[i, j]; what is known of it is Σ_k A[i, k] A⁻¹[k, j] = [i = j]; of blocks, by a Schur
    complement"""
    if is_unit(low.shapes.of(expr.arg)):
        return power(low.scalar(expr.arg, scope), -1)
    if isinstance(expr.arg, MatrixExp):
        return low.element(MatrixExp(-expr.arg.operand), indices, scope)
    blocks = low.eliminated(expr.arg)
    if blocks is not None:
        return low.element(blocks.inverse(), indices, scope)
    key = low.scoped(sp.Inverse, expr.arg, scope)
    shared = low._shared.get(key)
    if shared is None:
        shared = low._shared[key] = low.matrix(expr.arg, scope)
    return InverseEntry((), (shared, low.size(low.shapes.of(expr.arg)[0]), *indices))


@THROUGH.on(Cholesky, SquareRoot, MatrixExp)
def _matrix_function(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """f(A)[i, j]; what is known of it is its defining equation, and what follows from that"""
    if is_unit(low.shapes.of(expr)):
        return low.scalar(expr.of_scalar(expr.operand[0, 0]), scope)
    return FunctionEntry((), (*low.function_of(expr, scope), *indices))


# ---- arrays that are computed: their entries are shared


@BODIES.on(sp.MatAdd, sp.Add)
def _matadd(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A + B)[i, j] = A[i, j] + B[i, j], an axis of size 1 repeated"""
    return add(*(_aligned(low, part, indices, scope) for part in expr.args))


@BODIES.on(sp.HadamardProduct, sp.Mul)
def _hadamard(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A ⊙ B)[i, j] = A[i, j]·B[i, j], an axis of size 1 repeated"""
    return mul(*(_aligned(low, part, indices, scope) for part in expr.args))


def _aligned(low: Lowering, part: Any, indices: Indices, scope: Scope) -> Term:
    """An entry of an operand that NumPy's broadcasting has repeated."""
    shape = low.shapes.of(part)
    own = indices[len(indices) - len(shape) :]
    place = tuple(ZERO if size == 1 else i for size, i in zip(shape, own, strict=True))
    return low.element(part, place, scope)


@BODIES.on(sp.HadamardPower)
def _hadamard_power(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A^∘p)[i, j] = A[i, j]^p"""
    base, exponent = expr.args
    return Pow((_aligned(low, base, indices, scope), _aligned(low, exponent, indices, scope)))


@BODIES.on(sp.MatMul)
def _matmul(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A B)[i, j] = Σ_k A[i, k]·B[k, j]; a scalar or a 1×1 factor multiplies every entry"""
    scalars: list[Term] = []
    chain: list[Any] = []
    shape: Any = ()
    for factor in expr.args:
        right = low.shapes.of(factor)
        if right == ():
            scalars.append(low.scalar(factor, scope))
        elif not chain:
            chain, shape = [factor], right
        elif same_size(shape[1], right[0]):
            chain, shape = [*chain, factor], (shape[0], right[1])
        elif is_unit(right):
            scalars.append(low.scalar(factor, scope))
        else:
            # What stands to the left is 1×1: it is a scalar here.
            scalars.append(_chain(low, chain, (ZERO, ZERO), scope))
            chain, shape = [factor], right
    return mul(*scalars, _chain(low, chain, indices, scope))


def _chain(low: Lowering, factors: list[Any], indices: Indices, scope: Scope) -> Term:
    binders: list[Var] = []
    terms: list[Term] = []
    left = indices[0]
    for position, factor in enumerate(factors):
        last = position == len(factors) - 1
        if last:
            right = indices[1]
        elif low.shapes.of(factor)[1] == 1:
            right = ZERO
        else:
            variable = axis_variable(low.size(low.shapes.of(factor)[1]))
            binders.append(variable)
            right = as_poly(variable)
        terms.append(low.element(factor, (left, right), scope))
        left = right
    body = mul(*terms)
    for variable in reversed(binders):
        body = total(variable, body)
    return body


@BODIES.on(sp.MatPow)
def _matpow(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Aᵖ = A A … A, A⁰ = I, A⁻ᵖ = A⁻¹ … A⁻¹ for an integer p, which may be symbolic from 0 on"""
    base, exponent = expr.args
    if is_unit(low.shapes.of(base)):
        return Pow((low.scalar(base, scope), low.scalar(exponent, scope)))
    if not exponent.is_Integer:
        times = low.integer(exponent, scope) if low.is_integer(exponent, scope) else None
        if times is None or not is_nonnegative(times, low.guards):
            raise UnsupportedError(
                f"{expr}: a matrix power needs an integer exponent, not negative"
            )
        return matrix_power(low, base, times, indices, scope)
    if exponent == 0:
        return delta(*indices)
    factor = base if exponent > 0 else sp.Inverse(base)
    return _chain(low, [factor] * abs(int(exponent)), indices, scope)


@BODIES.on(ElementwiseApplyFunction)
def _applied(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """f(A)[i, j] = f(A[i, j])"""
    return called(low, expr.function, [low.element(expr.expr, indices, scope)], scope)


@BODIES.on(sp.KroneckerProduct)
def _kronecker(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(A ⊗ B)[i, j] = Σ A[a, b]·B[c, d]·[i = a·r + c]·[j = b·s + d], B of shape (r, s)"""
    first, rest = expr.args[0], expr.args[1:]
    second = rest[0] if len(rest) == 1 else sp.KroneckerProduct(*rest)
    outer, inner = low.shapes.of(first), low.shapes.of(second)
    a, b = (axis_variable(low.size(s)) for s in outer)
    c, d = (axis_variable(low.size(s)) for s in inner)
    row = as_poly(a) * low.size(inner[0]) + as_poly(c)
    col = as_poly(b) * low.size(inner[1]) + as_poly(d)
    body = mul(
        delta(indices[0], row),
        delta(indices[1], col),
        low.element(first, (as_poly(a), as_poly(b)), scope),
        low.element(second, (as_poly(c), as_poly(d)), scope),
    )
    for variable in (d, c, b, a):
        body = total(variable, body)
    return body


@BODIES.on(sp.BlockMatrix)
def _blocks(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Block (p, q) at its offset: Σ_pq [within]·A_pq[i − rows above, j − columns before]"""
    blocks = expr.blocks
    terms = []
    top = ZERO
    for p in range(blocks.shape[0]):
        height = low.size(low.shapes.of(blocks[p, 0])[0])
        left = ZERO
        for q in range(blocks.shape[1]):
            width = low.size(low.shapes.of(blocks[0, q])[1])
            inside = [
                *_within(indices[0], top, height, blocks.shape[0] > 1),
                *_within(indices[1], left, width, blocks.shape[1] > 1),
            ]
            place = (
                ZERO if height == ONE else indices[0] - top,
                ZERO if width == ONE else indices[1] - left,
            )
            terms.append(mul(*inside, low.element(blocks[p, q], place, scope)))
            left = left + width
        top = top + height
    return add(*terms)


def _within(index: Poly, start: Poly, length: Poly, needed: bool) -> list[Term]:
    if not needed:
        return []
    if length == ONE:
        return [delta(index, start)]
    return [at_least(index, start), at_least(start + length - 1, index)]


@BODIES.on(sp.FunctionMatrix)
def _function_matrix(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """F[i, j] = f(i, j)"""
    row, col = expr.lamda.variables
    return low.scalar(expr.lamda.expr, {**scope, row: indices[0], col: indices[1]})


@BODIES.on(MatrixOperator, ArrayOperator)
def _operator(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """the operator's own definition"""
    symbols, body = defined(expr)
    return low.scalar(body, {**scope, **dict(zip(symbols, indices, strict=True))})


@BODIES.on(sp.MatrixBase)
def _explicit(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """Σ_ab value(a, b)·[i = a]·[j = b]"""
    constants = [i.constant for i in indices]
    if None not in constants:
        return low.scalar(expr[tuple(map(int, constants))], scope)  # type: ignore[arg-type]
    return add(
        *(
            mul(
                low.scalar(expr[a, b], scope),
                delta(indices[0], as_poly(a)),
                delta(indices[1], as_poly(b)),
            )
            for a in range(expr.shape[0])
            for b in range(expr.shape[1])
        )
    )


@BODIES.on(Tensor)
def _tensor(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """T[i, j, …] = the body at i, j, …"""
    return low.scalar(expr.body, {**scope, **dict(zip(expr.bound_symbols, indices, strict=True))})


@BODIES.on(ArrayComprehension)
def _comprehension(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """T[i, …] = the body at low + i, …"""
    inner = dict(scope)
    for index, (symbol, start, _) in zip(indices, expr.limits, strict=True):
        inner[symbol] = index + low.integer(start, scope)
    return low.scalar(expr.function, inner)


@BODIES.on(MatrixGradient)
def _matrix_gradient(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """∂L/∂(argument)[i, j] at the arguments"""
    shape = low.shapes.of(expr.arguments[expr.position])
    return whole_term(low, expr, ((expr.position, low.kept(shape, indices)),), scope)


@BODIES.on(MatrixPartial)
def _matrix_partial(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """∂f/∂A[i, j]"""
    target, leading = target_of(low, expr.wrt, scope)
    kept = low.kept(low.shapes.of(expr.wrt), indices)
    return low.differentiate(low.scalar(expr.of, scope), target, (*leading, *kept))


FUNCTION_OF_A_MATRIX.fill(named)
