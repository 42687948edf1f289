"""Axes: segments one after the other, each a product of factors with an index of its own.

An axis of size C·H·W that was three axes is one segment of three factors, so that a reshape costs
nothing; what was concatenated is several segments, and each keeps its own body. An axis of size 1
is one segment without factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, permutations
from typing import Any

import sympy as sp

from derive.frontends.code.sizes import at_least, divided, expanded, same
from derive.frontends.code.trace import Misfit, current

Factor = tuple[Any, Any]  # an index and its size
Segment = tuple[Factor, ...]
Axis = tuple[Segment, ...]
MOST_COUNTERS = 4  # that make a position together
Place = tuple[int, dict[Any, Any]]  # a segment, and what its indices are

UNIT: Axis = ((),)
MAX_SEGMENTS = 8


def segment_size(segment: Segment) -> Any:
    return expanded(sp.Mul(*(size for _, size in segment)))


def size_of(axis: Axis) -> Any:
    return expanded(sp.Add(*(segment_size(segment) for segment in axis)))


def is_unit(axis: Axis) -> bool:
    return len(axis) == 1 and not axis[0]


def of_size(size: Any) -> Axis:
    """An axis of one factor; of none for 1."""
    size = expanded(size)
    if size == 1:
        return UNIT
    return (((current().index_of(size), size),),)


def of_declared(
    size: Any,
    order: Sequence[str] = (),
    turned: bool = False,
    number_last: bool = False,
    swapped: bool = False,
) -> Axis:
    """The axis of an input: a sum of sizes is segments, 4·H four of them, C·H·W three factors.

    :param order: the names and numbers of the sizes as they are written: so factors and terms are
        to stand.
    :param turned: whether factors stand the other way round.
    :param number_last: whether a number is the last factor instead (H·2, of windows of two).
    :param swapped: whether terms stand the other way round.
    """
    inner = order[::-1] if turned else order

    def place(term: Any) -> int:
        named = (str(s) for s in (term.free_symbols or {term}))
        return min(order.index(name) if name in order else len(order) for name in named)

    segments: list[Segment] = []
    for term in sorted(sp.Add.make_args(sp.sympify(size)), key=place, reverse=swapped):
        number, rest = term.as_coeff_Mul()
        parts: list[Any] = []
        for factor in sp.Mul.make_args(rest):
            base, power = factor.as_base_exp()
            parts += [base] * int(power) if power.is_Integer and power > 0 else [factor]
        if not rest.free_symbols:
            parts = [] if rest == 1 else [rest]
        parts.sort(key=lambda part: inner.index(str(part)) if str(part) in inner else len(inner))
        if number < 0 or any(part.has(sp.floor, sp.Add) for part in parts):
            return of_size(size)
        times = 1
        if number_last and parts and number.is_Integer and number > 1:
            parts = [*parts, number]
        elif parts and number.is_Integer and 1 < number <= MAX_SEGMENTS:
            times = int(number)
        elif number != 1:
            parts = [number, *parts]
        for _ in range(times):
            segments.append(tuple((current().index_of(part), part) for part in parts))
    return tuple(segments)


def of_factors(terms: Sequence[Sequence[Any]]) -> Axis:
    """An axis of a segment for each term, with a factor for each of its sizes."""
    return tuple(tuple((current().index_of(size), size) for size in term) for term in terms)


def fresh(axis: Axis) -> Axis:
    """The same axis with indices of its own."""
    return tuple(tuple((current().index_of(size), size) for _, size in segment) for segment in axis)


def offsets(axis: Axis) -> list[Any]:
    found, total = [], sp.Integer(0)
    for segment in axis:
        found.append(total)
        total = expanded(total + segment_size(segment))
    return found


def flat(segment: Segment) -> Any:
    """The position within a segment."""
    position: Any = sp.Integer(0)
    for index, size in segment:
        position = position * size + index
    return expanded(position)


def digits(position: Any, segment: Segment) -> dict[Any, Any]:
    """The indices of a segment at a position of it."""
    if len(segment) == 1:
        return {segment[0][0]: position}
    counted = counted_along(position, [size for _, size in segment])
    if counted is not None:
        return {index: c for (index, _), c in zip(segment, counted, strict=True)}
    found: dict[Any, Any] = {}
    left = expanded(position)
    for place, (index, _) in enumerate(segment[:-1]):
        stride = expanded(sp.Mul(*(size for _, size in segment[place + 1 :])))
        high, low = divided(left, stride)
        least_, most = bounds(low, current().ranges)
        if least_ is None or not (at_least(least_, 0) and at_least(stride - 1 - most, 0)):
            return _by_division(position, segment)
        found[index], left = high, low
    found[segment[-1][0]] = left
    return found


def counted_along(position: Any, sizes: Sequence[Any] | None = None) -> list[Any] | None:
    """The counters of open loops that run through positions together, as i and j do at i·W + j,
    where j is below W; None where it is not so.

    :param sizes: what they are to run through each; any sizes where it is None.
    """
    trace = current()
    counters = [c for c in trace.counters if c in position.free_symbols]
    if not 1 < len(counters) <= MOST_COUNTERS or (sizes and len(sizes) != len(counters)):
        return None
    for order in permutations(counters):
        own = [trace.ranges[c] for c in order]
        fits = sizes is None or all(same(a, b) for a, b in zip(own, sizes, strict=True))
        if fits and same(flat(tuple(zip(order, own, strict=True))), position):
            return list(order)
    return None


def without_digits(expr: Any, ranges: Mapping[Any, Any]) -> Any:
    """An expression without the digits ⌊e/n⌋ and e mod n of what is at least 0 and less than n, as
    of a place in a flattened axis.

    :param ranges: the sizes over which indices run.
    """
    plain: dict[Any, Any] = {}
    for found in expr.atoms(sp.floor, sp.Mod):
        over, base = found.args if isinstance(found, sp.Mod) else found.args[0].as_numer_denom()
        if not over.free_symbols & ranges.keys():
            continue
        low, high = bounds(expanded(over), ranges)
        if low is None or not at_least(low, 0) or not at_least(expanded(base - 1 - high), 0):
            continue
        plain[found] = over if isinstance(found, sp.Mod) else sp.Integer(0)
    return expr.xreplace(plain) if plain else expr


def _by_division(position: Any, segment: Segment) -> dict[Any, Any]:
    found, rest = {}, sp.Integer(1)
    for place, (index, size) in reversed(list(enumerate(segment))):
        digit = position if rest == 1 else sp.floor(position / rest)
        found[index] = digit if place == 0 else sp.Mod(digit, size, evaluate=False)
        rest = rest * size
    return found


def bounds(expr: Any, ranges: Mapping[Any, Any]) -> tuple[Any, Any]:
    """The least and the largest value over ranges of indices from 0; None where not seen."""
    low = high = expanded(expr)
    for index in sorted(expr.free_symbols, key=str):
        if index.is_positive:
            continue
        if index not in ranges:
            return None, None
        coefficient = expanded(expr).coeff(index, 1)
        if index in expanded(expr - coefficient * index).free_symbols:
            return None, None
        last = ranges[index] - 1
        if at_least(coefficient, 0):
            low, high = low.xreplace({index: sp.Integer(0)}), high.xreplace({index: last})
        elif at_least(-coefficient, 0):
            low, high = low.xreplace({index: last}), high.xreplace({index: sp.Integer(0)})
        else:
            return None, None
    return expanded(low), expanded(high)


def _grouped(fine: Segment, coarse: Segment) -> dict[Any, Any] | None:
    """The indices of ``coarse`` in those of ``fine``, where each of its factors is a product of
    successive factors of ``fine``.
    """
    found: dict[Any, Any] = {}
    at = 0
    for index, size in coarse:
        start, product = at, sp.Integer(1)
        while not same(product, size):
            if at == len(fine):
                return None
            product = expanded(product * fine[at][1])
            at += 1
        found[index] = flat(fine[start:at])
    return found if at == len(fine) else None


def floor_of(position: Any, step: Any) -> Any:
    """⌊position/step⌋, without a floor where the ranges of the indices show it."""
    whole, rest = divided(position, step)
    low, high = bounds(rest, current().ranges)
    if low is not None and at_least(low, 0) and at_least(step - 1 - high, 0):
        return whole
    return sp.floor(expanded(position) / step)


def within(source: Segment, target: Segment) -> dict[Any, Any]:
    """The indices of one segment in those of another of the same size."""
    found = _grouped(target, source)
    return digits(flat(target), source) if found is None else found


def places(source: Axis, target: Axis) -> list[Place] | None:
    """For each segment of ``target`` where it lies in ``source``; None where one of them lies in
    more than one segment.
    """
    if len(source) == len(target) and all(
        same(segment_size(a), segment_size(b)) for a, b in zip(source, target, strict=True)
    ):
        return [(k, within(a, b)) for k, (a, b) in enumerate(zip(source, target, strict=True))]
    found: list[Place] = []
    starts = offsets(source)
    ends = [*starts[1:], size_of(source)]
    for segment, start in zip(target, offsets(target), strict=True):
        end = start + segment_size(segment)
        for k, (low, high) in enumerate(zip(starts, ends, strict=True)):
            if at_least(start - low, 0) and at_least(high - end, 0):
                if same(low, start) and same(high, end):
                    found.append((k, within(source[k], segment)))
                else:
                    found.append((k, digits(expanded(start - low + flat(segment)), source[k])))
                break
        else:
            return None
    return found


def common(a: Axis, b: Axis) -> Axis:
    """An axis as fine as both, or as fine as can be seen.

    :raises Misfit: where the sizes differ.
    """
    if not same(size_of(a), size_of(b)):
        raise Misfit(f"{size_of(a)} and {size_of(b)} differ")
    if len(a) == len(b) == 1:
        return a if _finer(a[0], b[0]) else b
    if (
        len(a) == len(b)
        and places(a, b)
        and all(same(segment_size(s), segment_size(t)) for s, t in zip(a, b, strict=True))
    ):
        return tuple(s if _finer(s, t) else t for s, t in zip(a, b, strict=True))
    if places(a, b) is not None:
        return b
    if places(b, a) is not None:
        return a
    cuts = _cuts(a, b)
    if cuts is None:
        return of_size(size_of(a))
    return tuple(of_size(expanded(high - low))[0] for low, high in pairwise(cuts))


def _finer(a: Segment, b: Segment) -> bool:
    return len(a) >= len(b)


def _cuts(a: Axis, b: Axis) -> list[Any] | None:
    """The boundaries of both, in order; None where the order is not seen."""
    found: list[Any] = []
    for cut in (*offsets(a), *offsets(b), size_of(a)):
        if any(same(cut, other) for other in found):
            continue
        place = 0
        for place in range(len(found) + 1):
            if place == len(found) or at_least(found[place] - cut, 1):
                break
            if not at_least(cut - found[place], 1):
                return None
        found.insert(place, cut)
    return found


def shown(axes: Sequence[Axis]) -> str:
    """A shape for people."""
    sizes = [str(size_of(axis)) for axis in axes]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
