"""Matrices written in other ways: one law of matrix algebra, or one index definition, each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp
from sympy import MatAdd, MatMul, OneMatrix, Trace, Transpose
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.language import operators as ops
from derive.language.operators import entry

from .same import by_entries, fresh, matrix_law, shape
from .trees import is_matrix
from .truth import KAPPA
from .variants import Around


def _unit(node: Any) -> bool:
    return all(size == 1 for size in shape(node))


def _pairs(node: Any) -> Iterator[tuple[int, Any, Any]]:
    """The neighbours in a product that are multiplied as matrices."""
    for k in range(len(node.args) - 1):
        first, second = node.args[k : k + 2]
        if is_matrix(first) and is_matrix(second) and shape(first)[1] == shape(second)[0]:
            yield k, first, second


def _instead(node: Any, k: int, new: Any, length: int = 2) -> Any:
    rest = (*node.args[:k], new, *node.args[k + length :])
    return rest[0] if len(rest) == 1 else node.func(*rest)


# ---- products


@matrix_law(MatMul)
def transposed_twice(node: Any, around: Around) -> Iterator[Any]:
    """A B = (Bᵀ Aᵀ)ᵀ"""
    for k, first, second in _pairs(node):
        yield _instead(node, k, Transpose(MatMul(Transpose(second), Transpose(first))))


@matrix_law(MatMul)
def other_brackets(node: Any, around: Around) -> Iterator[Any]:
    """A B C = A (B C) = (A B) C"""
    if len(node.args) > 2:
        for k, first, second in _pairs(node):
            yield _instead(node, k, MatMul(first, second))


@matrix_law(MatMul)
def product_by_entries(node: Any, around: Around) -> Iterator[Any]:
    """(A B)[i, j] = Σ over k of A[i, k] B[k, j]"""
    for k, first, second in _pairs(node):
        inner = fresh("inner", node)
        product = by_entries(
            MatMul(first, second),
            lambda i, j, a=first, b=second, q=inner: sp.Sum(
                entry(a, i, q) * entry(b, q, j), (q, 0, shape(a)[1] - 1)
            ),
        )
        yield _instead(node, k, product)


@matrix_law(MatMul)
def distributed(node: Any, around: Around) -> Iterator[Any]:
    """A (B + C) = A B + A C, where B and C have one shape"""
    for k, part in enumerate(node.args):
        if isinstance(part, MatAdd) and len({shape(term) for term in part.args}) == 1:
            yield MatAdd(*(_instead(node, k, term, 1) for term in part.args))


@matrix_law(MatAdd)
def common_factor(node: Any, around: Around) -> Iterator[Any]:
    """A B + A C = A (B + C)"""
    for k in range(len(node.args) - 1):
        first, second = node.args[k : k + 2]
        if isinstance(first, MatMul) and isinstance(second, MatMul):
            if first.args[0] == second.args[0]:
                rest = MatAdd(_product(first.args[1:]), _product(second.args[1:]))
                yield _instead(node, k, MatMul(first.args[0], rest))
            if first.args[-1] == second.args[-1]:
                rest = MatAdd(_product(first.args[:-1]), _product(second.args[:-1]))
                yield _instead(node, k, MatMul(rest, first.args[-1]))


def _product(factors: Any) -> Any:
    return factors[0] if len(factors) == 1 else MatMul(*factors)


@matrix_law(MatMul)
def scalar_inside(node: Any, around: Around) -> Iterator[Any]:
    """c (A B) = A (c B): a number commutes with a matrix"""
    numbers = [part for part in node.args if not is_matrix(part)]
    matrices = [part for part in node.args if is_matrix(part)]
    if numbers and matrices:
        yield MatMul(*matrices[:-1], MatMul(*numbers, matrices[-1]))
        yield MatMul(*matrices, *numbers)


@matrix_law(MatMul)
def diagonal_as_broadcast(node: Any, around: Around) -> Iterator[Any]:
    """diag(v) A = (v 1ᵀ) ⊙ A, A diag(v) = A ⊙ (1 vᵀ)"""
    for k, first, second in _pairs(node):
        if isinstance(first, DiagMatrix):
            column = _column(first.args[0])
            rows = MatMul(column, OneMatrix(1, shape(second)[1]))
            yield _instead(node, k, sp.HadamardProduct(rows, second))
        if isinstance(second, DiagMatrix):
            row = Transpose(_column(second.args[0]))
            columns = MatMul(OneMatrix(shape(first)[0], 1), row)
            yield _instead(node, k, sp.HadamardProduct(first, columns))


def _column(vector: Any) -> Any:
    return vector if shape(vector)[1] == 1 else Transpose(vector)


# ---- sums, entry-wise products and functions


@matrix_law(MatAdd, sp.HadamardProduct)
def terms_reversed(node: Any, around: Around) -> Iterator[Any]:
    """terms, and entry-wise factors, in another order"""
    if len({shape(part) for part in node.args}) == 1:
        yield node.func(*reversed(node.args))


@matrix_law(sp.MatrixExpr)
def added_and_taken_away(node: Any, around: Around) -> Iterator[Any]:
    """A + X − X = A"""
    if around.whole:
        others = [s for s in around.others(node)] if isinstance(node, sp.MatrixSymbol) else []
        for other in (*others[:1], node):
            yield MatAdd(node, other, MatMul(-1, other))


@matrix_law(sp.MatrixExpr)
def number_taken_out(node: Any, around: Around) -> Iterator[Any]:
    """A = κ (1/κ) A for κ > 0; A = A/2 + A/2"""
    if around.whole:
        yield MatMul(KAPPA, 1 / KAPPA, node)
        yield MatAdd(MatMul(sp.S.Half, node), MatMul(sp.S.Half, node))


@matrix_law(sp.HadamardProduct)
def diagonal_for_entrywise(node: Any, around: Around) -> Iterator[Any]:
    """v ⊙ w = diag(v) w for columns"""
    if len(node.args) == 2:
        v, w = node.args
        if shape(v) == shape(w) and shape(v)[1] == 1:
            yield MatMul(DiagMatrix(v), w)
        elif shape(v) == shape(w) and shape(v)[0] == 1:
            yield MatMul(w, DiagMatrix(Transpose(v)))


@matrix_law(sp.HadamardProduct)
def entrywise_by_entries(node: Any, around: Around) -> Iterator[Any]:
    """(A ⊙ B)[i, j] = A[i, j] B[i, j]"""
    if len({shape(part) for part in node.args}) == 1:
        yield by_entries(node, lambda i, j: sp.Mul(*(entry(part, i, j) for part in node.args)))


@matrix_law(sp.HadamardProduct)
def distributed_entrywise(node: Any, around: Around) -> Iterator[Any]:
    """A ⊙ (B + C) = A ⊙ B + A ⊙ C"""
    for k, part in enumerate(node.args):
        if isinstance(part, MatAdd) and len({shape(t) for t in (*part.args, *node.args)}) == 1:
            yield MatAdd(*(_instead(node, k, term, 1) for term in part.args))


@matrix_law(sp.HadamardProduct)
def repeated_as_power(node: Any, around: Around) -> Iterator[Any]:
    """A ⊙ A = A^∘2"""
    for k in range(len(node.args) - 1):
        if node.args[k] == node.args[k + 1]:
            yield _instead(node, k, sp.HadamardPower(node.args[k], 2))


@matrix_law(sp.HadamardPower)
def power_as_repeated(node: Any, around: Around) -> Iterator[Any]:
    """A^∘p = A ⊙ A^∘(p − 1)"""
    base, power = node.args
    if is_matrix(base) and power.is_Integer and power >= 2:
        less = base if power == 2 else sp.HadamardPower(base, power - 1)
        yield sp.HadamardProduct(base, less)


@matrix_law(ElementwiseApplyFunction)
def function_by_entries(node: Any, around: Around) -> Iterator[Any]:
    """f(A)[i, j] = f(A[i, j])"""
    if not node.function.expr.has(sp.Derivative):
        yield by_entries(node, lambda i, j: node.function(entry(node.expr, i, j)))


@matrix_law(ElementwiseApplyFunction)
def function_apart(node: Any, around: Around) -> Iterator[Any]:
    """(f g)(A) = f(A) ⊙ g(A), (f + g)(A) = f(A) + g(A)"""
    (variable,) = node.function.variables
    body = node.function.expr
    if isinstance(body, (sp.Mul, sp.Add)):
        parts = [ElementwiseApplyFunction(sp.Lambda(variable, p), node.expr) for p in body.args]
        yield (sp.HadamardProduct if isinstance(body, sp.Mul) else MatAdd)(*parts)


@matrix_law(ElementwiseApplyFunction)
def function_of_the_transpose(node: Any, around: Around) -> Iterator[Any]:
    """f(A) = f(Aᵀ)ᵀ"""
    yield Transpose(ElementwiseApplyFunction(node.function, Transpose(node.expr)))


@matrix_law(MatAdd)
def broadcast_by_ones(node: Any, around: Around) -> Iterator[Any]:
    """A + b = A + 1 b for a row b, A + b 1ᵀ for a column b"""
    rows, columns = shape(node)
    for k, part in enumerate(node.args):
        if shape(part) == (1, columns) and rows != 1:
            yield _instead(node, k, MatMul(OneMatrix(rows, 1), part), 1)
        elif shape(part) == (rows, 1) and columns != 1:
            yield _instead(node, k, MatMul(part, OneMatrix(1, columns)), 1)
        elif shape(part) != (rows, columns):
            yield _instead(node, k, ops.broadcast(part, rows, columns), 1)


# ---- transposes, inverses, traces, determinants


@matrix_law(Transpose)
def transpose_inside(node: Any, around: Around) -> Iterator[Any]:
    """(A + B)ᵀ = Aᵀ + Bᵀ, (A B)ᵀ = Bᵀ Aᵀ"""
    inner = node.arg
    if isinstance(inner, (MatAdd, sp.HadamardProduct)):
        yield inner.func(*map(Transpose, inner.args))
    if isinstance(inner, MatMul) and len(list(_pairs(inner))) == len(inner.args) - 1:
        yield MatMul(*map(Transpose, reversed(inner.args)))


@matrix_law(sp.MatrixSymbol)
def same_matrix(node: Any, around: Around) -> Iterator[Any]:
    """A = (Aᵀ)ᵀ = A I = I A"""
    rows, columns = shape(node)
    yield Transpose(Transpose(node))
    if columns != 1:
        yield MatMul(node, sp.Identity(columns))
    if rows != 1:
        yield MatMul(sp.Identity(rows), node)


@matrix_law(sp.MatrixSymbol, MatAdd)
def matrix_by_entries(node: Any, around: Around) -> Iterator[Any]:
    """A is the matrix with the entries A[i, j]"""
    yield by_entries(node, lambda i, j: entry(node, i, j))


@matrix_law(sp.Inverse)
def inverse_forms(node: Any, around: Around) -> Iterator[Any]:
    """A⁻¹ = ((Aᵀ)⁻¹)ᵀ = κ (κ A)⁻¹ = A⁻¹ A A⁻¹"""
    yield Transpose(sp.Inverse(Transpose(node.arg)))
    yield MatMul(KAPPA, sp.Inverse(MatMul(KAPPA, node.arg)))
    yield MatMul(node, node.arg, node)


@matrix_law(sp.MatPow)
def power_as_product(node: Any, around: Around) -> Iterator[Any]:
    """A² = A A"""
    base, power = node.args
    if is_matrix(base) and power.is_Integer and power >= 2:
        yield MatMul(*[base] * int(power))


@matrix_law(Trace)
def trace_forms(node: Any, around: Around) -> Iterator[Any]:
    """tr A = tr Aᵀ = Σ A[i, i]; tr A B = tr B A = Σ (A ⊙ Bᵀ)[i, j]"""
    inner = node.arg
    k = fresh("along", node)
    yield Trace(Transpose(inner))
    yield sp.Sum(entry(inner, k, k), (k, 0, shape(inner)[0] - 1))
    if isinstance(inner, MatMul) and all(is_matrix(p) and not _unit(p) for p in inner.args):
        first, rest = inner.args[0], _product(inner.args[1:])
        yield Trace(MatMul(rest, first))
        i, j = fresh("row", node), fresh("col", node)
        rows, columns = shape(first)
        entries = entry(sp.HadamardProduct(first, Transpose(rest)), i, j)
        yield sp.Sum(entries, (i, 0, rows - 1), (j, 0, columns - 1))


@matrix_law(Trace, MatAdd)
def trace_of_a_sum(node: Any, around: Around) -> Iterator[Any]:
    """tr(A + B) = tr A + tr B"""
    if isinstance(node, Trace) and isinstance(node.arg, MatAdd):
        yield sp.Add(*map(Trace, node.arg.args))


@matrix_law(sp.Determinant)
def determinant_of_the_transpose(node: Any, around: Around) -> Iterator[Any]:
    """det A = det Aᵀ"""
    yield sp.Determinant(Transpose(node.arg))


@matrix_law(MatrixElement)
def entry_of_a_product(node: Any, around: Around) -> Iterator[Any]:
    """an entry of A B is a sum, and of Aᵀ the mirrored one"""
    inner, i, j = node.args
    if isinstance(inner, MatMul) and len(inner.args) == 2 and list(_pairs(inner)):
        first, second = inner.args
        k = fresh("inner", node)
        yield sp.Sum(entry(first, i, k) * entry(second, k, j), (k, 0, shape(first)[1] - 1))
    yield entry(Transpose(inner), j, i)


@matrix_law(OneMatrix, sp.ZeroMatrix, sp.Identity, DiagMatrix)
def special_matrices(node: Any, around: Around) -> Iterator[Any]:
    """ones as an outer product, zero as a multiple, I as a diagonal, a diagonal by deltas"""
    rows, columns = shape(node)
    if isinstance(node, OneMatrix) and 1 not in (rows, columns):
        yield MatMul(OneMatrix(rows, 1), OneMatrix(1, columns))
    if isinstance(node, sp.ZeroMatrix):
        yield MatMul(0, OneMatrix(rows, columns))
    if isinstance(node, sp.Identity):
        yield DiagMatrix(OneMatrix(rows, 1))
        yield by_entries(node, sp.KroneckerDelta)
    if isinstance(node, DiagMatrix):
        yield sp.HadamardProduct(
            MatMul(_column(node.args[0]), OneMatrix(1, columns)), sp.Identity(rows)
        )


# ---- operators by their definitions


@matrix_law(ops.Softmax)
def softmax_forms(node: Any, around: Around) -> Iterator[Any]:
    """softmax(A)[i, j] = exp A[i, j] / Σ exp A[i, k]; softmax(A + κ) = softmax(A)"""
    a = node.operand
    rows, columns = shape(a)
    k = fresh("class", node)

    def total(i: Any) -> Any:
        return sp.Sum(sp.exp(entry(a, i, k)), (k, 0, columns - 1))

    yield by_entries(node, lambda i, j: sp.exp(entry(a, i, j)) / total(i))
    yield ops.softmax(MatAdd(a, MatMul(KAPPA, OneMatrix(rows, columns))))
    e = a.applyfunc(sp.exp)
    if rows == 1:
        yield MatMul(1 / total(sp.S.Zero), e)
    t = sp.Symbol("t", real=True)
    sums = ElementwiseApplyFunction(sp.Lambda(t, 1 / t), MatMul(e, OneMatrix(columns, 1)))
    yield sp.HadamardProduct(e, MatMul(sums, OneMatrix(1, columns)))


@matrix_law(ops.LogSumExp)
def logsumexp_forms(node: Any, around: Around) -> Iterator[Any]:
    """log Σ exp A[i, k]; = κ + log Σ exp(A[i, k] − κ)"""
    a = node.operand
    rows, columns = shape(a)
    e = MatMul(a.applyfunc(sp.exp), OneMatrix(columns, 1))
    yield e.applyfunc(sp.log)
    less = MatAdd(a, MatMul(-KAPPA, OneMatrix(rows, columns)))
    yield MatAdd(ops.logsumexp(less), MatMul(KAPPA, OneMatrix(rows, 1)))


@matrix_law(ops.MatrixPartial)
def gradient_by_entries(node: Any, around: Around) -> Iterator[Any]:
    """(∂f/∂A)[i, j] = ∂f/∂A[i, j]"""
    rows, columns = node.wrt.shape
    yield by_entries(
        node.wrt,
        lambda i, j: ops.partial(
            node.of, entry(node.wrt, 0 if rows == 1 else i, 0 if columns == 1 else j)
        ),
    )
