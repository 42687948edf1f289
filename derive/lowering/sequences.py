"""How sequences lower: a recurrence is a shared array whose body refers to itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from derive.base.errors import ClaimError, UnsupportedError
from derive.core.graph import components, in_order
from derive.core.integers import FRESH, ONE, SIZE, ZERO, Poly, Var, as_poly, is_nonnegative
from derive.core.terms import (
    Factors,
    Shared,
    Term,
    Unfolding,
    add,
    at_least,
    axis_variable,
    delta,
    fresh,
    mul,
    num,
    ref,
    substitute,
    total,
)
from derive.language.sequences import (
    At,
    MatrixSum,
    OrderedProduct,
    Recurrence,
    System,
    carried,
    direction_of,
)
from derive.lowering.lower import BODIES, THROUGH, Indices, Lowering, Scope


def define_system(low: Lowering, system: System, where: Mapping[Any, Any]) -> None:
    """Give the symbols of a recursive system their values: each may refer to all of them."""
    arrays: dict[Any, Shared] = {}
    for symbol in system.symbols:
        shape = symbol.shape if not isinstance(symbol, sp.Symbol) else None
        if shape is None or shape[0] == 1:
            raise ClaimError(f"{symbol} is no sequence: it has no axis for the time")
        shared = arrays[symbol] = Shared(low.axes(shape), num(0), symbol, named=True)
        low.named[symbol] = shared
    direction = direction_of(system.symbols, where)
    for symbol, shared in arrays.items():
        shared.body = _body(low, where[symbol], symbol.shape, shared.params, direction)
    for group in components(in_order([s.body for s in arrays.values()])):
        if not set(group).isdisjoint(arrays.values()):
            for shared in group:
                shared.recursive = True
    backward = carried(system.symbols, where)
    for symbol in (s for s in system.symbols if s in backward):
        expr, shared = where[symbol], arrays[symbol]
        origin = (expr.low - 1) if direction > 0 else (expr.high + 1)
        last = low.size(expr.high if direction > 0 else expr.low)
        shared.unfoldings = (Unfolding(0, direction, low.size(origin), shared.body, last),)


def _body(
    low: Lowering, expr: Recurrence, shape: Any, params: tuple[Var, ...], direction: int
) -> Term:
    """[t = origin]·initial + [low ≤ t ≤ high]·step, at the entry that the parameters are."""
    time = as_poly(params[0])
    first, last = low.size(expr.low), low.size(expr.high)
    length = low.size(shape[0])
    inside = (first, length - 1 - last)
    if expr.initial is not None:
        inside = (first - 1, inside[1]) if direction > 0 else (first, inside[1] - 1)
    if not all(is_nonnegative(gap) for gap in inside):
        raise ClaimError(f"{expr} does not fit into the positions 0 … {shape[0] - 1}")
    rest = low.spread(shape[1:], [as_poly(p) for p in params[1:]])
    step = fresh(str(expr.index), first, last)
    term = substitute(_entry(low, expr.step, rest, {expr.index: as_poly(step)}), {step: time})
    terms = [mul(*_within(time, first, last), term)]
    if expr.initial is not None:
        origin = low.size(expr.origin)
        terms.append(mul(delta(time, origin), _entry(low, expr.initial, rest, {})))
    return add(*terms)


def _entry(low: Lowering, expr: Any, rest: Indices, scope: Scope) -> Term:
    """The entry of one position: a scalar, a row by its last index, or a matrix."""
    shape = low.shapes.of(expr)
    if not shape:
        return low.scalar(expr, scope)
    place = (ZERO,) * (len(shape) - len(rest)) + tuple(rest)
    return low.element(expr, place, scope)


def _within(index: Poly, low: Poly, high: Poly) -> Iterable[Term]:
    """[low ≤ index ≤ high], as far as the index's own range does not say so."""
    for gap in (index - low, high - index):
        if not is_nonnegative(gap):
            yield at_least(gap, ZERO)


@BODIES.on(Recurrence)
def _recurrence(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """H[t, …] = the initial value at its place, the step within the range, 0 elsewhere"""
    if scope:
        raise UnsupportedError(f"{expr} under a sum or inside of another sequence")
    params = low.axes(low.shapes.of(expr))
    body = _body(low, expr, low.shapes.of(expr), params, expr.direction)
    return substitute(body, dict(zip(params, low.kept(low.shapes.of(expr), indices), strict=True)))


@THROUGH.on(At)
def _at(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """X_t[i, j] = X[t, j] of a matrix, X[t, i, j] of an array of three axes"""
    shape = low.shapes.of(expr.array)
    time = low.integer(expr.index, scope)
    low.check_read(expr, (time,), shape[:1])
    place = (time, indices[1]) if len(shape) == 2 else (time, *indices)
    return low.element(expr.array, place, scope)


@BODIES.on(MatrixSum)
def _matrix_sum(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """(Σ_k A_k)[i, j] = Σ_k A_k[i, j]"""
    variable, inner = low.bind(expr.limits, scope)
    return total(variable, low.element(expr.body, indices, inner))


@THROUGH.on(OrderedProduct)
def _ordered_product(low: Lowering, expr: Any, indices: Indices, scope: Scope) -> Term:
    """P(low, high) = B_high P(low, high − 1) = P(low + 1, high) B_low, P = I for an empty range"""
    first, last = expr.limits[1:]
    ends = (low.integer(first, scope), low.integer(last, scope))
    shape = low.shapes.of(expr.body)
    variable, inner = low.bind(expr.limits, scope)
    product, own = _product(low, expr.body, variable, inner, (first, last), expr.later_left)
    return ref(product, *own, *ends, *low.kept(shape, indices))


def matrix_power(low: Lowering, base: Any, times: Poly, indices: Indices, scope: Scope) -> Term:
    """Aⁿ for a symbolic n ≥ 0: the product of n factors A; (Aᵀ)ⁿ = (Aⁿ)ᵀ."""
    if isinstance(base, sp.Transpose) and "symmetric" not in low.traits.get(base.arg, ()):
        return matrix_power(low, base.arg, times, indices[::-1], scope)
    product, own = _product(low, base, None, scope, (), True)
    return ref(product, *own, ONE, times, *low.kept(low.shapes.of(base), indices))


def _product(
    low: Lowering,
    body: Any,
    place: Var | None,
    scope: Scope,
    limits: tuple[Any, ...],
    later_left: bool,
) -> tuple[Shared, Indices]:
    """The products of one kind of factors, as an array over both ends; what else it depends on."""
    symbols = body.free_symbols.union(*(end.free_symbols for end in limits))
    bound = None if place is None else as_poly(place)
    needed = tuple((s, v) for s, v in scope.items() if s in symbols and v is not bound)
    key = (OrderedProduct, body, None if place is None else place.name, limits, needed, later_left)
    product = low._shared.get(key)
    if product is None:
        size = low.size(low.shapes.of(body)[0])
        row, column = axis_variable(size, "i"), axis_variable(size, "k")
        factor = low.element(body, (as_poly(row), as_poly(column)), scope)
        product = low._shared[key] = ordered(factor, place, (row, column), size, later_left)
        if place is None and product.factors is not None:
            product.factors = replace(product.factors, matrix=body)
    own = product.params[: product.unfoldings[0].axis - 1]
    return product, tuple(as_poly(v) for v in own)


def ordered(
    factor: Term, place: Var | None, axes: tuple[Var, Var], size: Poly, later_left: bool
) -> Shared:
    """The products of matrices, ``factor`` at ``axes``, over a range of ``place``: an array over
    both ends of the range and the two axes, after what else the factor depends on.
    """
    row, column = axes
    bound = {place, row, column}
    outer = sorted((v for v in factor.free - bound if v.kind != SIZE), key=lambda v: v.key)
    a, b = Var("a", FRESH), Var("b", FRESH)
    unit = size == ONE
    i, j = axis_variable(size, "i"), axis_variable(size, "j")
    params = (*outer, a, b) if unit else (*outer, a, b, i, j)
    product = Shared(params, num(0), sp.IndexedBase("product"), named=True)
    own = tuple(as_poly(v) for v in outer)
    first, last = as_poly(a), as_poly(b)

    def times(at: Poly, low: Poly, high: Poly, left: bool) -> Term:
        """The factor at one end, times the product of the others."""
        position = {} if place is None else {place: at}
        if unit:
            here = substitute(factor, {**position, row: ZERO, column: ZERO})
            return mul(here, ref(product, *own, low, high))
        k = axis_variable(size)
        outside, inside = (as_poly(i), as_poly(k)), (as_poly(k), as_poly(j))
        mine, theirs = (outside, inside) if left else (inside, outside)
        here = substitute(factor, {**position, row: mine[0], column: mine[1]})
        return total(k, mul(here, ref(product, *own, low, high, *theirs)))

    one = num(1) if unit else delta(as_poly(i), as_poly(j))
    empty = mul(delta(first, last + 1), one)
    some = at_least(last, first)
    upper = add(empty, mul(some, times(last, first, last - 1, later_left)))
    lower = add(empty, mul(some, times(first, first + 1, last, not later_left)))
    product.body = upper
    product.recursive = True
    product.factors = Factors(factor, place, row, column, later_left)
    axis = len(outer)
    product.unfoldings = (
        Unfolding(axis + 1, 1, first - 1, upper),
        Unfolding(axis, -1, last + 1, lower),
    )
    if place is None:  # Aⁿ is A Aⁿ⁻¹ and Aⁿ⁻¹ A
        right = add(empty, mul(some, times(last, first, last - 1, not later_left)))
        product.unfoldings = (product.unfoldings[0], Unfolding(axis + 1, 1, first - 1, right))
    return product
