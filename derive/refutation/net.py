"""The net under a proof: both sides of a claim at points that take every way through it.

What is proved is evaluated once more, by an evaluator that shares nothing with the proof. Points
go on until each decision on values (a case of a Piecewise, an argument of a Max, the sign under an
Abs, the base of a power) has come out in every way that it can, at points where both sides have a
value, or until their number is spent: a cheap claim gets more of them than a dear one.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice, product
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from derive.base.budget import Budget
from derive.base.errors import UnsupportedError
from derive.claims.kinds import Claim
from derive.claims.sizes import put_in
from derive.evaluation.decisions import decisions
from derive.evaluation.point import Point
from derive.language.conditions import Cases
from derive.language.operators import ArrayOperator, MaxOver, defined
from derive.refutation.draws import LEVELS, OWN
from derive.refutation.large import agrees_large, is_huge, is_large, with_small_sizes
from derive.refutation.points import PointMaker
from derive.refutation.search import admitted, agrees_at, ordinary_point
from derive.refutation.symbols import fields_of

_ORDINARY_POINTS = 2
_TRIES = 8  # of ordinary points
_WORK = 20000  # parts times entries that are evaluated at further points
_LEAST, _MOST = 4, 48  # further points of a claim that decides something
_OFTEN = 3  # points of each outcome: sides that differ may well agree at one
_FEWEST = 3  # of one of which no decision comes out in ways that could be counted
_SMOOTH = 2  # of one that decides nothing
_SIZES = 9
_POSITIONS = 3  # values of the free indices at one point
_LEVELS = (1, 2, OWN, 5, 0, 9, 4, LEVELS, 3)

_SIGNED = (sp.Abs, sp.sign, sp.Heaviside)
_DECIDING = (Relational, *_SIGNED, sp.Max, sp.Min, MaxOver, sp.Pow, sp.Piecewise, Cases)


def agrees_throughout(claim: Claim) -> bool | None:
    """Whether both sides of a claim agree wherever they were evaluated.

    False: they provably differ at a point. None: no point could be evaluated.
    """
    try:
        claim = put_in(claim)
        maker = PointMaker(claim)
        if is_large(maker):
            found = _agrees_at_large_sizes(claim, maker)
            if found is not None or is_huge(maker):
                return found
        nodes = _nodes(claim)
        deciding = [node for node in nodes if _decides(node)]
        wanted = set(chain.from_iterable(map(_outcomes, deciding)))
        at_kinks = claim.states_both
        if not at_kinks:  # a derivative has no value on a border
            wanted = {(node, outcome) for node, outcome in wanted if outcome not in (0, "tie")}
        most = _MOST if deciding else _SMOOTH
        least = _LEAST if wanted else _FEWEST
        work = 0
        agreed = 0
        ordinary = 0
        seen: Counter[tuple[Any, Any]] = Counter()
        for point in _ordinary(maker):
            found = _agrees(claim, point, seen)
            if found is False:
                return False
            agreed += found is True
            ordinary += found is True
            if ordinary == (_ORDINARY_POINTS if wanted else 1):
                break
        for point in islice(_at_own_numbers(maker), _MOST):
            found = _agrees(claim, point, seen)
            if found is False:
                return False
            agreed += found is True
        for number, point in enumerate(_spread(maker, bool(deciding), _turns_late(maker, nodes))):
            if number >= most or (number and work > _WORK):
                break
            if number >= least and all(seen[one] >= _OFTEN for one in wanted):
                break
            work += _work_at(claim, point, len(nodes))
            found = _agrees(claim, point, seen)
            if found is False:
                return False
            agreed += found is True
    except UnsupportedError:
        return None
    return True if agreed else None


def _agrees_at_large_sizes(claim: Claim, maker: PointMaker) -> bool | None:
    """At the claim's own sizes; where its parts do not allow that, at small ones in their place.

    What small sizes contradict may well hold at those of the claim.
    """
    try:
        found = agrees_large(claim, maker)
    except UnsupportedError:
        found = None
    if found is None and is_huge(maker):
        smaller = with_small_sizes(claim)
        if smaller is not None and agrees_throughout(smaller):
            found = True
    return found


def _agrees(claim: Claim, point: Point, seen: Counter[tuple[Any, Any]]) -> bool | None:
    """Whether both sides agree at a point; what was decided there is seen if they do."""
    with decisions() as made:
        found = agrees_at(claim, point)
    if found:
        seen.update(made)
    return found


def _work_at(claim: Claim, point: Point, nodes: int) -> int:
    """What an evaluation costs, more or less: of each part, for each entry that is varied."""
    entries = sum(np.size(value) for value in point.values.values())
    return nodes * (entries if claim.states_both else 2 * entries)


def _nodes(claim: Claim) -> list[Any]:
    """Every part of a claim once, and of the operators what they are defined to be."""
    found: dict[Any, None] = {}
    pending: list[Any] = list(reversed(fields_of(claim)))
    while pending:
        node = pending.pop()
        if node in found or not isinstance(node, sp.Basic):
            continue
        found[node] = None
        if isinstance(node, ArrayOperator):
            pending.extend((*reversed(node.operands), *_bodies(node)))
        else:
            pending.extend(reversed(node.args))
    return list(found)


def _bodies(node: Any) -> tuple[Any, ...]:
    try:
        return (defined(node)[1],)
    except (UnsupportedError, NotImplementedError):
        return ()


def _decides(node: Any) -> bool:
    if isinstance(node, sp.Pow):
        return node.base is not sp.E and not node.exp.is_Integer
    return isinstance(node, _DECIDING)


def _outcomes(node: Any) -> Iterable[tuple[Any, Any]]:
    """The ways in which the decision of a node can come out."""
    if isinstance(node, (sp.Eq, sp.Ne)):
        return [(node, True), (node, False)]
    if isinstance(node, (Relational, *_SIGNED)):
        return [(node, outcome) for outcome in (-1, 0, 1)]
    if isinstance(node, (sp.Max, sp.Min)):
        return [(node, outcome) for outcome in (*range(len(node.args)), "tie")]
    if isinstance(node, MaxOver):
        return [(node, outcome) for outcome in (0, 1)]
    if isinstance(node, sp.Pow) and not node.exp.is_Rational:
        return [(node, (base, power)) for base in (0, 1) for power in (0, 1)]
    return []


def _ordinary(maker: PointMaker) -> Iterator[Point]:
    rng = random.Random(0)
    for _ in range(_TRIES):
        point = ordinary_point(maker, rng)
        if point is not None:
            yield point


def _at_own_numbers(maker: PointMaker) -> Iterator[Point]:
    """Points of scalars at the numbers that the claim compares with, and a little off them."""
    if not maker.own or maker.arrays or len(maker.scalars) not in (1, 2):
        return
    for sizes in islice(maker.sizes(), 1):
        for chosen in product(maker.own, repeat=len(maker.scalars)):
            point = maker.point(sizes, dict(zip(maker.scalars, chosen, strict=True)))
            if maker.suitable(point.values) and maker.admits(point, local=False):
                yield from _positions(maker, point, random.Random(0))


def _turns_late(maker: PointMaker, nodes: list[Any]) -> bool:
    """Whether larger sizes are cheap, and a condition may turn at one: it compares no values."""
    if any(len(array.shape or ()) > 1 for array in maker.arrays) or maker.scalar_functions:
        return False
    valued = {*maker.arrays, *maker.scalars}
    return any(isinstance(n, Relational) and not n.free_symbols & valued for n in nodes)


def _spread(maker: PointMaker, deciding: bool, wide: bool) -> Iterator[Point]:
    """Points of many sizes and kinds of numbers, no two alike in both."""
    sizes = list(islice(maker.sizes(), _SIZES))
    if deciding and wide:
        sizes += maker.wide_sizes()
    if not sizes:
        return
    levels = [level for level in _LEVELS if level != OWN or maker.own]
    levels += [OWN] * 2 if maker.own else []
    once = maker.constant
    for turn in range(len(sizes) * len(levels) * 3):
        if once and turn >= len(sizes):
            return
        chosen = sizes[(3 * turn + turn // len(sizes)) % len(sizes) if len(sizes) % 3 else
                       (2 * turn + turn // len(sizes)) % len(sizes)]  # fmt: skip
        level = levels[turn % len(levels)]
        rng = random.Random(turn)
        for base in islice(admitted(maker, chosen, level, rng, Budget()), 1):
            yield from _positions(maker, base, rng)


def _positions(maker: PointMaker, base: Point, rng: random.Random) -> Iterator[Point]:
    """The point at the first, at the last and at another value of the free indices."""
    points = [
        point
        for position in maker.positions(base.sizes)
        if maker.admits(
            point := Point({**base.sizes, **position}, base.values, base.functions), local=True
        )
    ]
    places = dict.fromkeys([0, len(points) - 1, rng.randrange(len(points))] if points else [])
    yield from (points[place] for place in islice(places, _POSITIONS))
