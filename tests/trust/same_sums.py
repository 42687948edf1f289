"""Sums and indices written in other ways: one law of finite sums each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derive.language import operators as ops

from .same import fresh, is_never_empty, law
from .trees import array_of, is_entry, symbols
from .variants import Around


def _at(node: Any, variable: Any, value: Any) -> Any:
    return node.xreplace({variable: value})


@law(sp.Sum, sp.Product)
def renamed_index(node: Any, around: Around) -> Iterator[Any]:
    """a bound index may have any name"""
    for k, (variable, low, high) in enumerate(node.limits):
        if symbols(low, high).isdisjoint({variable}):
            other = fresh("renamed", node)
            yield node.func(
                _at(node.function, variable, other),
                *(
                    (other, low, high) if at == k else _at(limit, variable, other)
                    for at, limit in enumerate(node.limits)
                ),
            )


@law(sp.Lambda)
def renamed_argument(node: Any, around: Around) -> Iterator[Any]:
    """the argument of a function may have any name"""
    others = [sp.Dummy(str(v), **v.assumptions0) for v in node.variables]
    yield sp.Lambda(
        tuple(others), node.expr.xreplace(dict(zip(node.variables, others, strict=True)))
    )


@law(sp.Sum)
def reordered(node: Any, around: Around) -> Iterator[Any]:
    """sums whose ranges do not depend on one another may change places"""
    for k in range(len(node.limits) - 1):
        inner, outer = node.limits[k : k + 2]
        if symbols(*inner[1:]).isdisjoint({outer[0]}):
            limits = list(node.limits)
            limits[k : k + 2] = outer, inner
            yield sp.Sum(node.function, *limits)


def _single(node: Any) -> Any:
    """The one range of a sum over one index, else None."""
    return tuple(node.limits[0]) if len(node.limits) == 1 else None


@law(sp.Sum)
def shifted(node: Any, around: Around) -> Iterator[Any]:
    """Σ over k of f(k) = Σ over k + 1 of f(k − 1)"""
    if _single(node):
        k, low, high = _single(node)
        yield sp.Sum(_at(node.function, k, k - 1), (k, low + 1, high + 1))


@law(sp.Sum)
def turned_round(node: Any, around: Around) -> Iterator[Any]:
    """a sum may run backwards"""
    if _single(node):
        k, low, high = _single(node)
        yield sp.Sum(_at(node.function, k, low + high - k), (k, low, high))


@law(sp.Sum)
def one_term_apart(node: Any, around: Around) -> Iterator[Any]:
    """the first or the last term apart from the rest"""
    if _single(node):
        k, low, high = _single(node)
        if is_never_empty(low, high):
            yield _at(node.function, k, low) + sp.Sum(node.function, (k, low + 1, high))
            yield _at(node.function, k, high) + sp.Sum(node.function, (k, low, high - 1))


@law(sp.Sum)
def term_by_term(node: Any, around: Around) -> Iterator[Any]:
    """the sum of a sum is the sum of the sums"""
    body = node.function if isinstance(node.function, sp.Add) else sp.expand_mul(node.function)
    if isinstance(body, sp.Add):
        yield sp.Add(*(sp.Sum(term, *node.limits) for term in body.args))


@law(sp.Add)
def sums_joined(node: Any, around: Around) -> Iterator[Any]:
    """sums over one range are the sum of their terms"""
    sums = [term for term in node.args if isinstance(term, sp.Sum)]
    for first in sums:
        for second in sums:
            if first != second and first.limits == second.limits:
                joined = sp.Sum(first.function + second.function, *first.limits)
                yield node - first - second + joined


@law(sp.Sum)
def constant_outside(node: Any, around: Around) -> Iterator[Any]:
    """a factor that does not depend on the index comes out of the sum"""
    bound = {limit[0] for limit in node.limits}
    factors = sp.Mul.make_args(node.function)
    outside = [part for part in factors if symbols(part).isdisjoint(bound)]
    if outside and len(outside) < len(factors):
        inside = [part for part in factors if part not in outside]
        yield sp.Mul(*outside) * sp.Sum(sp.Mul(*inside), *node.limits)


@law(sp.Mul)
def constant_inside(node: Any, around: Around) -> Iterator[Any]:
    """a factor goes into a sum"""
    for k, part in enumerate(node.args):
        others = (*node.args[:k], *node.args[k + 1 :])
        if isinstance(part, sp.Sum) and symbols(*others).isdisjoint({s[0] for s in part.limits}):
            yield sp.Sum(sp.Mul(part.function, *others), *part.limits)


@law(sp.Mul, sp.Pow)
def product_of_sums(node: Any, around: Around) -> Iterator[Any]:
    """a product of sums is a sum over two indices"""
    sums = [part for part in sp.Mul.make_args(node) if isinstance(part, sp.Sum)]
    if isinstance(node, sp.Pow) and node.exp == 2 and isinstance(node.base, sp.Sum):
        sums = [node.base, node.base]
    if len(sums) >= 2 and all(map(_single, sums[:2])):
        first, second = sums[:2]
        k, low, high = _single(second)
        other = fresh("second", node)
        body = first.function * _at(second.function, k, other)
        rest = sp.S.One if isinstance(node, sp.Pow) else node / first / second
        yield rest * sp.Sum(body, *first.limits, (other, low, high))


@law(sp.MatrixSymbol, sp.Indexed, ops.TensorElement, sp.matrices.expressions.matexpr.MatrixElement)
def picked_by_a_delta(node: Any, around: Around) -> Iterator[Any]:
    """x[i] = Σ over k of [i = k] x[k]"""
    if is_entry(node) and array_of(node).shape:
        for at, (index, size) in enumerate(zip(node.indices, array_of(node).shape, strict=True)):
            # An index that stands nowhere else would lose the axis that it runs along.
            if size != 1 and index.free_symbols and index.free_symbols <= around.bound:
                k = fresh("picked", node)
                indices = [*node.indices[:at], k, *node.indices[at + 1 :]]
                entry = ops.entry(array_of(node), *indices)
                yield sp.Sum(sp.KroneckerDelta(index, k) * entry, (k, 0, size - 1))


@law(sp.Symbol)
def size_as_a_sum(node: Any, around: Around) -> Iterator[Any]:
    """n = Σ of n ones"""
    if node.is_integer and node.is_positive and node not in around.bound:
        yield sp.Sum(1, (fresh("one", node), 0, node - 1))
