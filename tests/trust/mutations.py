"""Errors that people make in a formula: one small function each, on SymPy trees."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix

from derive.claims.kinds import Claim, Shape
from derive.language import operators as ops

from .trees import (
    ARRAYS,
    ENTRIES,
    GRADIENTS,
    PARTIALS,
    array_of,
    is_entry,
    is_index,
    is_matrix,
    is_size,
    is_variable,
    symbols,
)
from .variants import (
    Around,
    Changes,
    Variant,
    entry_in,
    variables,
    variants,
)

SUMS = (sp.Add, sp.MatAdd)
PRODUCTS = (sp.Mul, sp.MatMul, sp.HadamardProduct, sp.KroneckerProduct)
RANGES = (sp.Sum, sp.Product, ops.MaxOver)


MUTATIONS: Changes = {}

mutation = partial(entry_in, MUTATIONS)


def _with(args: Any, position: int, *new: Any) -> list[Any]:
    return [*args[:position], *new, *args[position + 1 :]]


def _negated(node: Any) -> Any:
    return sp.MatMul(-1, node) if is_matrix(node) else -node


def _times(factor: Any, node: Any) -> Any:
    return sp.MatMul(factor, node) if is_matrix(node) else factor * node


# ---- signs, factors, terms


@mutation(sp.Expr)
def sign(node: Any, around: Around) -> Iterator[Any]:
    """the sign of the whole, or of a term, is wrong"""
    if around.whole:
        yield _negated(node)
    if isinstance(node, SUMS):
        for k, term in enumerate(node.args):
            yield node.func(*_with(node.args, k, _negated(term)))


@mutation(sp.Expr)
def factor(node: Any, around: Around) -> Iterator[Any]:
    """a factor 2 or 1/2 is wrong, of the whole or of a term"""
    if around.whole:
        yield from (_times(2, node), _times(sp.S.Half, node))
    if isinstance(node, SUMS):
        for k, term in enumerate(node.args):
            yield node.func(*_with(node.args, k, _times(2, term)))


@mutation(sp.Number)
def constant(node: Any, around: Around) -> Iterator[Any]:
    """a number is wrong"""
    yield from (node + 1, -node)


@mutation(*SUMS)
def dropped_term(node: Any, around: Around) -> Iterator[Any]:
    """a term is missing"""
    for k in range(len(node.args)):
        rest = _with(node.args, k)
        yield rest[0] if len(rest) == 1 else node.func(*rest)


@mutation(*PRODUCTS)
def dropped_factor(node: Any, around: Around) -> Iterator[Any]:
    """a factor is missing"""
    for k in range(len(node.args)):
        rest = _with(node.args, k)
        yield rest[0] if len(rest) == 1 else node.func(*rest)


@mutation(*PRODUCTS)
def factor_twice(node: Any, around: Around) -> Iterator[Any]:
    """a factor is there twice"""
    for k, part in enumerate(node.args):
        yield node.func(*_with(node.args, k, part, part))


@mutation(sp.Pow, sp.HadamardPower)
def exponent(node: Any, around: Around) -> Iterator[Any]:
    """an exponent has the wrong sign, or is half of what it is"""
    base, power = node.args
    yield from (node.func(base, -power), node.func(base, power / 2))


# ---- products, transposes, axes


@mutation(sp.Transpose)
def lost_transpose(node: Any, around: Around) -> Iterator[Any]:
    """a transpose is missing"""
    yield node.arg


@mutation(sp.MatrixSymbol, sp.Inverse)
def transpose(node: Any, around: Around) -> Iterator[Any]:
    """a transpose too many"""
    if node.shape != (1, 1):
        yield sp.Transpose(node)


@mutation(sp.MatMul, sp.KroneckerProduct)
def swapped_factors(node: Any, around: Around) -> Iterator[Any]:
    """two factors that do not commute are swapped"""
    for k in range(len(node.args) - 1):
        first, second = node.args[k : k + 2]
        if is_matrix(first) and is_matrix(second):
            yield node.func(*node.args[:k], second, first, *node.args[k + 2 :])


@mutation(sp.MatMul)
def entrywise_product(node: Any, around: Around) -> Iterator[Any]:
    """an entry-wise product instead of a matrix product"""
    for k in range(len(node.args) - 1):
        pair = node.args[k : k + 2]
        if all(map(is_matrix, pair)):
            yield sp.MatMul(*node.args[:k], sp.HadamardProduct(*pair), *node.args[k + 2 :])


@mutation(sp.HadamardProduct)
def matrix_product(node: Any, around: Around) -> Iterator[Any]:
    """a matrix product instead of an entry-wise product"""
    yield sp.MatMul(*node.args)


@mutation(ops.Softmax, ops.LogSumExp)
def columns_for_rows(node: Any, around: Around) -> Iterator[Any]:
    """taken over the columns instead of the rows"""
    yield sp.Transpose(node.func(sp.Transpose(node.operand)))


@mutation(sp.MatMul)
def sum_over_the_other_axis(node: Any, around: Around) -> Iterator[Any]:
    """a product with ones sums over the other axis"""
    for k, ones in enumerate(node.args):
        rest = _with(node.args, k)
        if isinstance(ones, sp.OneMatrix) and rest:
            other = sp.MatMul(*rest)
            if not is_matrix(other):
                continue
            if k < len(node.args) - 1 and ones.shape[0] == ones.shape[1]:
                yield sp.MatMul(other, sp.OneMatrix(other.shape[1], other.shape[1]))
            elif ones.shape[0] == ones.shape[1]:
                yield sp.MatMul(sp.OneMatrix(other.shape[0], other.shape[0]), other)
            elif 1 in ones.shape:
                yield sp.Transpose(sp.MatMul(sp.OneMatrix(1, other.shape[0]), other))


@mutation(*ENTRIES)
def swapped_indices(node: Any, around: Around) -> Iterator[Any]:
    """two indices of an entry are swapped: rows are read as columns"""
    indices = node.indices
    for k in range(len(indices) - 1):
        if indices[k] != indices[k + 1] and 0 not in indices[k : k + 2]:
            yield _entry(node, _with(_with(indices, k, indices[k + 1]), k + 1, indices[k]))


def _entry(node: Any, indices: Any) -> Any:
    return ops.entry(array_of(node), *indices)


@mutation(sp.Trace)
def all_entries_for_the_trace(node: Any, around: Around) -> Iterator[Any]:
    """the sum of all entries instead of the trace"""
    rows, columns = node.arg.shape
    product = sp.MatMul(sp.OneMatrix(1, rows), node.arg, sp.OneMatrix(columns, 1))
    yield ops.entry(product, 0, 0)


@mutation(DiagMatrix)
def spread_for_diagonal(node: Any, around: Around) -> Iterator[Any]:
    """a vector repeated instead of a diagonal matrix; the vector itself"""
    vector = node.args[0]
    yield vector
    if vector.shape[1] == 1:
        yield sp.MatMul(vector, sp.OneMatrix(1, vector.shape[0]))


@mutation(sp.Identity, sp.OneMatrix)
def identity_or_ones(node: Any, around: Around) -> Iterator[Any]:
    """a matrix of ones instead of the identity, or the other way round"""
    if isinstance(node, sp.Identity):
        yield sp.OneMatrix(*node.shape)
    elif node.shape[0] == node.shape[1]:
        yield sp.Identity(node.shape[0])


@mutation(sp.Inverse)
def lost_inverse(node: Any, around: Around) -> Iterator[Any]:
    """an inverse is missing"""
    yield node.arg


@mutation(sp.BlockMatrix)
def swapped_blocks(node: Any, around: Around) -> Iterator[Any]:
    """the blocks stand in another order"""
    blocks = node.blocks.tolist()
    yield sp.BlockMatrix([row[::-1] for row in blocks])
    yield sp.BlockMatrix(blocks[::-1])


# ---- ranges and indices


@mutation(*RANGES)
def range_off_by_one(node: Any, around: Around) -> Iterator[Any]:
    """a range begins or ends one too early or too late"""
    limits = [node.limits] if isinstance(node, ops.MaxOver) else list(node.limits)
    for k, (variable, low, high) in enumerate(limits):
        for ends in ((low + 1, high), (low, high - 1), (low - 1, high), (low, high + 1)):
            yield node.func(node.args[0], *_with(limits, k, (variable, *ends)))


@mutation(*ENTRIES)
def another_index(node: Any, around: Around) -> Iterator[Any]:
    """a neighbour, the first entry, or the one at another index"""
    for k, index in enumerate(node.indices):
        if index.free_symbols:
            for other in (index + 1, index - 1, sp.S.Zero, *around.indices()):
                yield _entry(node, _with(node.indices, k, other))


@mutation(sp.KroneckerDelta)
def delta(node: Any, around: Around) -> Iterator[Any]:
    """a delta is missing, or off by one"""
    yield from (sp.S.One, sp.KroneckerDelta(node.args[0], node.args[1] + 1))


@mutation(sp.Sum)
def mean_for_sum(node: Any, around: Around) -> Iterator[Any]:
    """a mean instead of a sum"""
    for _, low, high in node.limits:
        if symbols(high - low).isdisjoint(limit[0] for limit in node.limits):
            yield node / (high - low + 1)


@mutation(sp.Symbol)
def another_size(node: Any, around: Around) -> Iterator[Any]:
    """another size is counted: a mean over the wrong axis"""
    if is_size(node):
        yield from around.others(node)


# ---- functions, and where they are evaluated


@mutation(sp.Symbol, *ARRAYS, *ENTRIES)
def another_variable(node: Any, around: Around) -> Iterator[Any]:
    """another variable of the same shape: y for ŷ"""
    if is_entry(node):
        yield from (ops.entry(other, *node.indices) for other in around.others(array_of(node)))
    elif is_variable(node) and not is_size(node) and not is_index(node):
        yield from around.others(node)


@mutation(ElementwiseApplyFunction)
def derivative_at_the_output(node: Any, around: Around) -> Iterator[Any]:
    """a derivative evaluated at the output of its function instead of its input"""
    for derivative in node.function.expr.atoms(sp.Derivative):
        (variable,) = node.function.variables
        function = sp.Lambda(variable, derivative.expr)
        yield ElementwiseApplyFunction(node.function, ElementwiseApplyFunction(function, node.expr))
    if not node.function.expr.has(sp.Derivative):
        yield ElementwiseApplyFunction(node.function, node)


@mutation(ElementwiseApplyFunction)
def missing_slope(node: Any, around: Around) -> Iterator[Any]:
    """a function of the entries is left out: ones, or the entries themselves"""
    yield from (sp.OneMatrix(*node.shape), node.expr)


@mutation(sp.Derivative)
def function_for_its_derivative(node: Any, around: Around) -> Iterator[Any]:
    """a function instead of its derivative"""
    yield node.expr


@mutation(AppliedUndef)
def derivative_for_its_function(node: Any, around: Around) -> Iterator[Any]:
    """a derivative instead of its function"""
    for argument in node.args:
        if isinstance(argument, sp.Symbol):
            yield sp.Derivative(node, argument)


@mutation(sp.Function, ops.Softmax)
def function_left_out(node: Any, around: Around) -> Iterator[Any]:
    """a function is left out"""
    if len(node.args) == 1:
        yield node.args[0]


@mutation(sp.Function)
def negated_argument(node: Any, around: Around) -> Iterator[Any]:
    """the argument of a function has the wrong sign"""
    for k, argument in enumerate(node.args):
        if not isinstance(argument, (ExprCondPair, sp.Tuple)):
            yield node.func(*_with(node.args, k, -argument))


ALIKE = {
    sp.sin: sp.cos, sp.cos: sp.sin, sp.sinh: sp.cosh, sp.cosh: sp.sinh, sp.tanh: sp.atan,
    sp.exp: sp.cosh, sp.log: sp.Abs, sp.Max: sp.Min, sp.Min: sp.Max, sp.Abs: sp.sign,
    sp.sign: sp.Abs, sp.erf: sp.tanh, sp.tan: sp.tanh, sp.atan: sp.tanh,
}  # fmt: skip


@mutation(*ALIKE)
def another_function(node: Any, around: Around) -> Iterator[Any]:
    """a function is mistaken for one that is like it"""
    yield ALIKE[node.func](*node.args)


@mutation(sp.Piecewise)
def condition(node: Any, around: Around) -> Iterator[Any]:
    """a condition is turned round, or two cases are exchanged"""
    for k, (value, test) in enumerate(node.args):
        if isinstance(test, Relational):
            yield sp.Piecewise(*_with(node.args, k, (value, test.reversedsign)))
    if len(node.args) == 2:
        (first, test), (second, _) = node.args
        yield sp.Piecewise((second, test), (first, True))


@mutation(*GRADIENTS)
def another_argument(node: Any, around: Around) -> Iterator[Any]:
    """the gradient in another argument, or the function at other arguments"""
    for k in range(len(node.arguments)):
        if k != node.position:
            yield node.function.gradient(k)(*node.arguments)


@mutation(*PARTIALS)
def another_derivative(node: Any, around: Around) -> Iterator[Any]:
    """the derivative in another variable, or of another one"""
    if is_variable(node.wrt):
        yield from (ops.partial(node.of, other) for other in around.others(node.wrt))
    elif isinstance(node.wrt, ENTRIES):
        for other in another_index(node.wrt, around):
            yield ops.partial(node.of, other)
    if is_variable(node.of):
        yield from (ops.partial(other, node.wrt) for other in around.others(node.of))


# ---- of whole claims

# Errors that may change a shape; the others leave a claim about one as true as it was.
TURNING = {
    "another-variable", "columns-for-rows", "dropped-factor", "dropped-term", "entrywise-product",
    "factor-twice", "lost-transpose", "matrix-product", "spread-for-diagonal",
    "sum-over-the-other-axis", "swapped-blocks", "swapped-factors", "transpose",
}  # fmt: skip


def wrong_shape(claim: Claim) -> Iterator[Claim]:
    """sizes exchanged, dropped, off by one, or those of something else"""
    if isinstance(claim, Shape):
        sizes = claim.equals
        wrong = [sizes[::-1], sizes[1:], (*sizes, sp.S.One), (sp.S.One, *sizes)]
        for k, size in enumerate(sizes):
            others = (size + 1, 2 * size, *filter(is_size, variables(claim)))
            wrong += [tuple(_with(sizes, k, other)) for other in others]
        yield from (dataclasses.replace(claim, equals=equals) for equals in wrong)


def mutants(claim: Claim, count: int, rng: random.Random) -> list[Variant]:
    """At most ``count`` claims with an error in them, no two alike: single errors, then pairs."""
    changes = [
        change
        for change in MUTATIONS.values()
        if not isinstance(claim, Shape) or change.name in TURNING
    ]
    return variants(claim, changes, {"wrong-shape": wrong_shape}, count, rng)
