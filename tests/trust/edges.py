"""Points at the edges: zeros, ties, halves, both signs, sizes from 1, and free indices in range."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import sympy as sp
from flint import fmpq
from sympy.assumptions import AppliedPredicate

from derive.language import operators as ops

from .judge import Misfit, Place, determinant, filled, integer, meets, value
from .numbers import NoValue, Real
from .trees import ARRAYS, ENTRIES, array_of, symbols

EDGES = [fmpq(*q) for q in (
    (0, 1), (0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (2, 1), (-2, 1), (3, 2), (-3, 2), (3, 1),
    (-3, 1), (1, 3), (-2, 3), (4, 1), (5, 2), (-5, 1), (10, 1),
)]  # fmt: skip
SIZES = (1, 1, 2, 2, 3, 3, 4, 5)
TRIES = 60  # of points, for each that is wanted


def points(
    exprs: Iterable[Any],
    rng: random.Random,
    count: int,
    given: Iterable[Any] = (),
    definitions: Any = None,
    functions: Any = None,
) -> Iterator[Place]:
    """At most ``count`` points that satisfy what is given, with a value for every symbol."""
    exprs, given = list(exprs), list(given)
    definitions = definitions or {}
    everything = [*exprs, *given, *definitions.values(), *definitions]
    free = sorted(symbols(*everything) - set(definitions), key=_order)
    indices = _indices(everything)
    for _ in range(count * (TRIES if given else 2)):
        if count == 0:
            return
        try:
            place = Place(_values(free, indices, given, rng), definitions, functions or {})
            met = all([meets(fact, place, {}) for fact in given])
        except (NoValue, Misfit):
            continue
        if met:
            count -= 1
            yield place


def _order(symbol: Any) -> tuple[bool, str]:
    return isinstance(symbol, ARRAYS), str(symbol)


def _indices(exprs: list[Any]) -> dict[Any, list[Any]]:
    """For each integer symbol that stands alone in an entry, the sizes of its axes."""
    found: dict[Any, list[Any]] = {}
    for expr in exprs:
        for node in sp.preorder_traversal(expr):
            if isinstance(node, (*ENTRIES, ops.TensorElement)):
                shape = getattr(array_of(node), "shape", None) or ()
                for index, size in zip(node.indices, shape, strict=False):
                    if isinstance(index, sp.Symbol):
                        found.setdefault(index, []).append(size)
    return found


def _values(free: list[Any], indices: Any, given: list[Any], rng: random.Random) -> dict[Any, Any]:
    values: dict[Any, Any] = {}
    calm = rng.random() < 0.3  # a point of few different numbers, with many ties
    pool = rng.sample(EDGES, 2) if calm else EDGES
    later = []
    for symbol in free:
        if isinstance(symbol, ARRAYS):
            shape = [integer(sp.sympify(s), Place(values), {}) for s in symbol.shape or ()]
            if any(size < 0 or size > 40 for size in shape):
                raise NoValue("a size that is not worked out")
            values[symbol] = filled(shape, lambda *_: Real(rng.choice(pool)))
            if not shape:
                values[symbol] = values[symbol][()]
        elif symbol.is_integer and symbol.is_nonnegative:
            least = 1 if symbol.is_positive else 0
            values[symbol] = Real(fmpq(rng.choice(SIZES) - (1 - least)))
        elif symbol.is_integer:
            later.append(symbol)
        else:
            drawn = rng.choice(pool if not symbol.is_nonnegative else EDGES)
            if symbol.is_positive or symbol.is_nonnegative:
                drawn = abs(drawn)
            if symbol.is_negative or symbol.is_nonpositive:
                drawn = -abs(drawn)
            if drawn == 0 and (symbol.is_positive or symbol.is_negative or symbol.is_nonzero):
                drawn = fmpq(1) if not symbol.is_negative else fmpq(-1)
            values[symbol] = Real(drawn)
    for symbol in later:
        sizes = [integer(sp.sympify(s), Place(values), {}) for s in indices.get(symbol, ())
                 if sp.sympify(s).free_symbols <= set(values)]  # fmt: skip
        ends = (0, min(sizes) - 1) if sizes else (-2, 4)
        if ends[1] < ends[0]:
            raise NoValue("an index without a range")
        values[symbol] = Real(fmpq(rng.randint(*ends)))
    for fact in given:
        _obey(fact, values, rng)
    return values


def _obey(fact: Any, values: dict[Any, Any], rng: random.Random) -> None:
    """Make an assumption hold where that is easy; whether it does is asked afterwards."""
    if isinstance(fact, sp.And):
        for part in fact.args:
            _obey(part, values, rng)
    elif isinstance(fact, AppliedPredicate):
        argument, name = fact.arguments[0], str(fact.function.name)
        if argument not in values:
            return
        a = values[argument]
        if not isinstance(a, np.ndarray):
            flips = {"positive": 1, "nonnegative": 1, "negative": -1, "nonpositive": -1}
            if name in flips:
                values[argument] = Real(abs(a.v) * flips[name])
        elif name in ("positive", "nonnegative"):
            values[argument] = filled(a.shape, lambda *at: Real(abs(a[at].v) or fmpq(1)))
        elif a.ndim == 2 and a.shape[0] == a.shape[1]:
            values[argument] = _structured(name, a, rng)
    elif isinstance(fact, sp.Eq):
        for side, other in ((fact.lhs, fact.rhs), (fact.rhs, fact.lhs)):
            if side in values and not other.has(side):
                found = value(other, Place(values), {})
                if isinstance(found, np.ndarray) == isinstance(values[side], np.ndarray):
                    values[side] = found
                return


def _structured(name: str, a: np.ndarray, rng: random.Random) -> np.ndarray:
    n = len(a)
    if name == "symmetric":
        return filled(a.shape, lambda i, j: a[min(i, j), max(i, j)])
    if name == "diagonal":
        return filled(a.shape, lambda i, j: a[i, j] if i == j else Real(fmpq(0)))
    if name == "orthogonal":
        if n == 2 and rng.random() < 0.5:
            c, s = fmpq(3, 5), fmpq(4, 5)
            return filled(a.shape, lambda i, j: Real(c if i == j else s if i < j else -s))
        order = rng.sample(range(n), n)
        signs = [rng.choice((1, -1)) for _ in range(n)]
        return filled(a.shape, lambda i, j: Real(fmpq(signs[i] if order[i] == j else 0)))
    if name == "positive_definite":
        lower = filled(a.shape, lambda i, j: a[i, j] if i > j else Real(fmpq(int(i == j) * 2)))
        return filled(a.shape, lambda i, j: sum((lower[i, k] * lower[j, k] for k in range(n)),
                                                start=Real(fmpq(0))))  # fmt: skip
    if name in ("invertible", "fullrank", "nonsingular") and determinant(a).v == 0:
        return filled(a.shape, lambda i, j: a[i, j] + (7 if i == j else 0))
    return a
