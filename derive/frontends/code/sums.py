"""What is computed over axes: sums, products, maxima, products of matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from derive.frontends.code import axes as ax
from derive.frontends.code.alignment import (
    inserted,
    rearranged,
    transposed,
)
from derive.frontends.code.arithmetic import (
    multiply,
    named,
)
from derive.frontends.code.arrays import (
    BOOL,
    FLOAT,
    INT,
    MASKED_MAXIMUM,
    MATMUL,
    Array,
    Key,
    as_array,
    as_real,
    choice,
    keys,
)
from derive.frontends.code.axes import UNIT
from derive.frontends.code.sizes import expanded, expression, same
from derive.frontends.code.trace import Misfit, current
from derive.language.conditions import Cases
from derive.language.operators import MaxOver


def positions(array: Array, axis: Any) -> tuple[int, ...]:
    """The axes that NumPy means by None, a number or a tuple of numbers.

    :raises Misfit: for an axis that the array does not have.
    """
    if axis is None:
        return tuple(range(array.ndim))
    found = []
    for one in axis if isinstance(axis, (tuple, list)) else (axis,):
        place = int(expression(one))
        if not -array.ndim <= place < array.ndim:
            raise Misfit(f"axis {place} of an array of shape {ax.shown(array.axes)}")
        found.append(place % array.ndim)
    return tuple(found)


def summed(body: Any, segment: ax.Segment) -> Any:
    """Σ over the indices of a segment."""
    inside: dict[Any, Any] = {}
    limits = []
    factor: Any = sp.Integer(1)
    free = body.free_symbols
    for index, size in segment:
        if index in free:
            own = current().index("k")
            inside[index] = own
            limits.append((own, 0, size - 1))
        else:
            factor = factor * size
    if limits:
        body = sum_of(body.xreplace(inside), *limits)
    return factor * body


def sum_of(body: Any, *limits: Any) -> Any:
    """Σ over ranges; conditions and deltas that are not about their indices stand outside."""
    bound = {index for index, _, _ in limits}
    outside: list[Any] = []
    inner: list[Any] = []
    conditions: list[Any] = []
    for factor in sp.Mul.make_args(body):
        if isinstance(factor, sp.KroneckerDelta) and not factor.free_symbols & bound:
            outside.append(factor)
        elif isinstance(factor, Cases) and len(factor.args) == 2 and factor.args[1][0] == 0:
            value, condition = factor.args[0]
            parts = sp.And.make_args(condition)
            conditions += [p for p in parts if not p.free_symbols & bound]
            rest = sp.And(*(p for p in parts if p.free_symbols & bound))
            inner.append(choice(rest, value, sp.Integer(0)))
        else:
            inner.append(factor)
    whole = sp.Sum(sp.Mul(*inner), *limits)
    return sp.Mul(*outside, choice(sp.And(*conditions), whole, sp.Integer(0)))


def reduced(
    array: Array,
    axis: Any,
    keepdims: bool,
    over: Callable[[Any, ax.Segment], Any],
    join: Callable[[list[Any]], Any],
) -> Array:
    """A reduction: ``over`` for the indices of a segment, ``join`` for segments."""
    gone = positions(array, axis)
    bodies: dict[Key, Any] = {}
    rest = [k for k in range(array.ndim) if k not in gone]
    for key in keys([array.axes[k] for k in rest]):
        parts = []
        for inner in keys([array.axes[k] for k in gone]):
            own = [0] * array.ndim
            for k, segment in (*zip(rest, key, strict=True), *zip(gone, inner, strict=True)):
                own[k] = segment
            body = as_real(array.bodies[tuple(own)])
            indices = tuple(f for k, s in zip(gone, inner, strict=True) for f in array.axes[k][s])
            parts.append(over(body, indices))
        whole = parts[0] if len(parts) == 1 else join(parts)
        if keepdims:
            full = [0] * array.ndim
            for k, segment in zip(rest, key, strict=True):
                full[k] = segment
            bodies[tuple(full)] = whole
        else:
            bodies[key] = whole
    if keepdims:
        axes = [UNIT if k in gone else array.axes[k] for k in range(array.ndim)]
    else:
        axes = [array.axes[k] for k in rest]
    return Array(axes, bodies, INT if array.kind == BOOL else array.kind)


def sum_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return reduced(array, axis, keepdims, summed, lambda parts: sp.Add(*parts))


def _largest(body: Any, segment: ax.Segment) -> Any:
    if body.has(sp.oo, -sp.oo):
        return MASKED_MAXIMUM(body, lambda finite: _largest(finite, segment))
    for index, size in segment:
        if index in body.free_symbols:
            own = current().index("k")
            body = MaxOver(body.xreplace({index: own}), (own, 0, size - 1))
    return body


def max_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    nested = all(isinstance(body, MaxOver) for body in array.bodies.values())
    array = array if nested else named(array, "u")  # a maximum of maxima is one over both axes
    return reduced(array, axis, keepdims, _largest, lambda parts: sp.Max(*parts))


def count_over(array: Array, axis: Any) -> Any:
    """How many entries a reduction over axes takes, as an expression."""
    return expanded(sp.Mul(*(ax.size_of(array.axes[k]) for k in positions(array, axis))))


def product_over(array: Array, axis: Any = None, keepdims: bool = False) -> Array:
    def over(body: Any, segment: ax.Segment) -> Any:
        for index, size in segment:
            own = current().index("k")
            body = sp.Product(body.xreplace({index: own}), (own, 0, size - 1))
        return body

    return reduced(array, axis, keepdims, over, lambda parts: sp.Mul(*parts))


def contracted(a: Array, b: Array, left: Sequence[int], right: Sequence[int]) -> Array:
    """Σ over pairs of axes; the other axes of ``a``, then those of ``b``.

    :raises Misfit: where two of the axes differ in size.
    """
    rest_a = [k for k in range(a.ndim) if k not in left]
    rest_b = [k for k in range(b.ndim) if k not in right]
    shared = [ax.common(a.axes[p], b.axes[q]) for p, q in zip(left, right, strict=True)]
    shared = [ax.fresh(axis) for axis in shared]
    own = [ax.fresh(a.axes[k]) for k in rest_a] + [ax.fresh(b.axes[k]) for k in rest_b]
    target_a: list[Any] = [None] * a.ndim
    target_b: list[Any] = [None] * b.ndim
    for axis, k in zip(own, rest_a, strict=False):
        target_a[k] = axis
    for axis, k in zip(own[len(rest_a) :], rest_b, strict=True):
        target_b[k] = axis
    for axis, p, q in zip(shared, left, right, strict=True):
        target_a[p] = target_b[q] = axis
    bodies_a, bodies_b = rearranged(a, target_a), rearranged(b, target_b)
    found: dict[Key, Any] = {}
    for key in keys(own):
        total = []
        for inner in keys(shared):
            key_a, key_b = [0] * a.ndim, [0] * b.ndim
            for k, s in zip(rest_a, key, strict=False):
                key_a[k] = s
            for k, s in zip(rest_b, key[len(rest_a) :], strict=True):
                key_b[k] = s
            for p, q, s in zip(left, right, inner, strict=True):
                key_a[p] = key_b[q] = s
            body = as_real(bodies_a[tuple(key_a)]) * as_real(bodies_b[tuple(key_b)])
            indices = tuple(f for axis, s in zip(shared, inner, strict=True) for f in axis[s])
            total.append(summed(body, indices))
        found[key] = sp.Add(*total)
    kind = INT if a.kind in (INT, BOOL) and b.kind in (INT, BOOL) else FLOAT
    return Array(own, found, kind)


@MATMUL.fill
def matmul(a: Any, b: Any) -> Array:
    """A matrix product, with leading axes that broadcast."""
    a, b = as_array(a), as_array(b)
    if not a.ndim or not b.ndim:
        raise Misfit("matmul of a number")
    inner = 0 if b.ndim == 1 else b.ndim - 2
    if not same(ax.size_of(a.axes[-1]), ax.size_of(b.axes[inner])):
        raise Misfit(f"matmul: the inner sizes of {ax.shown(a.axes)} and {ax.shown(b.axes)} differ")
    if a.ndim <= 2 and b.ndim <= 2:
        return contracted(a, b, [a.ndim - 1], [inner])
    if b.ndim <= 2:
        return contracted(a, b, [a.ndim - 1], [inner])
    # (…, n, 1, k) times (…, 1, m, k), summed over k
    turned = transposed(b, [*range(b.ndim - 2), b.ndim - 1, b.ndim - 2])
    left = a if a.ndim == 1 else inserted(a, a.ndim - 1)
    right = inserted(turned, turned.ndim - 2) if a.ndim > 1 else turned
    return sum_over(multiply(left, right), -1)
