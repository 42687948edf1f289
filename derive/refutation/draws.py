"""What is drawn for a point: numbers of a sign, matrices of a structure, special values."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from derive.base.errors import UnsupportedError
from derive.evaluation.closed_values import is_closed
from derive.evaluation.fields import as_fraction
from derive.language.conditions import Cases

POOLS: tuple[tuple[Fraction, ...], ...] = tuple(
    tuple(map(Fraction, pool))
    for pool in (
        ("1", "2", "3"),
        ("-2", "-1", "0", "1", "2"),
        ("1/2", "3/2", "-1/2", "1", "2", "-3/2"),
        ("1/4", "1/3", "1/2", "2/3", "3/4", "1/5"),
        ("-3", "-2", "-1", "1", "2", "3"),
        ("0", "0", "0", "1", "-1"),
        ("1/3", "-2/3", "4/3", "5/3", "-7/3", "1/7"),
        ("-5", "-4", "4", "5", "7", "-7"),
        ("10", "-10", "1/10", "-1/10", "100", "1/100"),
        ("9/10",),  # all are the same
        ("-7/2",),
        ("1000", "-1000", "1/1000", "10000", "-10000", "1/10000", "10000000", "-10000000"),
    )
)


LEVELS = len(POOLS)


OWN = -2  # the level of numbers near those that a claim compares with


ORDINARY = -1  # the level of numbers none of which is zero, or large, or half of another


_PLAIN = tuple(map(Fraction, ("1/3", "-2/3", "4/5", "3/5", "-3/7", "1/7", "5/6", "-1/4")))


_MOST_OWN = 4  # numbers that a claim compares with


_COMPARING = (Relational, sp.Piecewise, Cases, sp.Max, sp.Min, sp.Abs, sp.sign)


def numbers_of_level(
    level: int, rng: random.Random, own: tuple[Fraction, ...] = ()
) -> tuple[Fraction, ...]:
    """The numbers of one level of simplicity; from :data:`LEVELS` on, those of any.

    :param own: the numbers of the level :data:`OWN`.
    """
    if level == ORDINARY:
        return _PLAIN
    if level == OWN:
        return own or POOLS[1]
    return POOLS[level] if level < LEVELS else rng.choice(POOLS)


def signed(value: Fraction, kinds: Iterable[str], rng: random.Random) -> Fraction:
    """The value, changed as little as the assumptions on its symbol ask."""
    wanted = set(kinds)
    if not wanted:
        return value
    if wanted & {"integer", "integer_elements", "even", "odd"} and value.denominator != 1:
        value = Fraction(math.ceil(value))
    if "even" in wanted:
        value *= 2
    if "odd" in wanted:
        value = 2 * value + 1
    if wanted & {"positive", "nonnegative"}:
        value = abs(value)
    if wanted & {"negative", "nonpositive"}:
        value = -abs(value)
    if value == 0 and wanted & {"positive", "negative", "nonzero"}:
        value = Fraction(-1 if "negative" in wanted else rng.choice((1, 2)))
    return Fraction(0) if "zero" in wanted else value


def kinds_of_symbol(symbol: Any) -> set[str]:
    """The assumptions that a symbol itself carries."""
    if not isinstance(symbol, (sp.Symbol, sp.IndexedBase)):
        return set()
    kinds = "positive negative nonnegative nonpositive nonzero zero integer even odd"
    return {kind for kind in kinds.split() if getattr(symbol, f"is_{kind}", None)}


def suits(symbol: Any, value: Fraction) -> bool:
    """Whether a value has every property that SymPy was told its symbol has."""
    known = symbol.assumptions0
    if len(known) <= 1:  # nothing but that it commutes
        return True
    number = value if is_closed(value) else sp.Rational(value.numerator, value.denominator)
    return all(getattr(number, f"is_{name}", None) == truth for name, truth in known.items())


def as_fractions(array: Any) -> np.ndarray:
    raw = np.asarray(array, dtype=object)
    result = np.empty(raw.size, dtype=object)
    for place, value in enumerate(raw.flat):
        result[place] = as_fraction(value)
    return result.reshape(raw.shape)


def _orthogonal(size: int, rng: random.Random) -> np.ndarray:
    """A rational orthogonal matrix: signs, a permutation, or a product of two reflections."""
    identity = as_fractions(np.eye(size, dtype=int))
    if rng.random() < 0.35:
        rows = list(range(size))
        rng.shuffle(rows)
        signs = [Fraction(rng.choice((1, -1))) for _ in rows]
        return np.array([identity[r] * s for r, s in zip(rows, signs, strict=True)], dtype=object)
    result = identity
    for _ in range(rng.choice((1, 2))):
        v = as_fractions([rng.choice((-2, -1, 1, 2, 3)) for _ in range(size)])
        result = result @ (identity - np.outer(v, v) * (Fraction(2) / (v @ v)))
    return result


def _orthonormal(shape: tuple[int, ...], rng: random.Random) -> np.ndarray:
    """A matrix with orthonormal columns, or rows where it is wider than tall."""
    rows, columns = shape
    return _orthogonal(max(shape), rng)[:rows, :columns]


def structured(raw: np.ndarray, kinds: set[str], rng: random.Random) -> np.ndarray:
    """A matrix with the properties asked for, made from one with random entries."""
    if not kinds:
        return raw
    size = len(raw)
    identity = as_fractions(np.eye(size, dtype=int))
    if raw.ndim != 2 or raw.shape[0] != raw.shape[1]:
        if "diagonal" in kinds:
            return raw * as_fractions(np.eye(*raw.shape, dtype=int))
    elif kinds & {"orthogonal", "unitary"}:
        if "diagonal" in kinds:
            return identity * as_fractions([rng.choice((1, -1)) for _ in range(size)])
        if "symmetric" in kinds:
            v = raw[0] if any(raw[0]) else identity[0]
            return identity - np.outer(v, v) * (Fraction(2) / (v @ v))
        return _orthogonal(size, rng)
    elif "positive_definite" in kinds:
        if "diagonal" in kinds:
            return identity * (abs(np.diag(raw)) + 1)
        return raw @ raw.T + identity * rng.choice((Fraction(1), Fraction(1, 8)))
    elif "diagonal" in kinds:
        return raw * identity
    elif "symmetric" in kinds:
        return np.triu(raw) + np.triu(raw, 1).T
    unit = "unit_triangular" in kinds
    if "upper_triangular" in kinds or (unit and "lower_triangular" not in kinds):
        raw = np.triu(raw)
    if "lower_triangular" in kinds:
        raw = np.tril(raw)
    if unit:
        raw = raw - raw * identity + identity
    if "singular" in kinds and size:
        raw = np.outer(raw[:, 0], raw[0])
        if size == 1:
            raw = raw * 0
    return as_fractions(raw)


def polynomial_function(function: Any, arguments: int, rank: int) -> sp.Lambda:
    """A generic polynomial to stand for an undefined function, another for each rank."""
    slots = sp.symbols(f"x:{arguments}", real=True) if arguments > 1 else (sp.Symbol("x"),)
    weights = [sp.Rational(2 * k + rank + 2, k + 2) for k in range(arguments)]
    linear = sum((w * s for w, s in zip(weights, slots, strict=True)), sp.S.Zero)
    # Of a function class, is_positive is a property and true as such; what was declared of an
    # undefined function stands in its own namespace.
    declared = {name for name, value in vars(function).items() if value is True}
    if declared & {"is_positive", "is_nonnegative", "is_nonzero"}:
        return sp.Lambda(slots, linear**2 / 2 + linear / 3 + sp.Rational(rank + 1, 2))
    if declared & {"is_negative", "is_nonpositive", "is_integer"}:
        raise UnsupportedError(f"the assumptions on {function} leave no polynomial to try")
    mixed = sum((s**2 * (k + 1) for k, s in enumerate(slots)), sp.S.Zero)
    body = linear / 3 + mixed / 2 + linear**3 / (5 + rank) + sp.Rational(rank + 1, 4)
    return sp.Lambda(slots, body)


@lru_cache(maxsize=256)
def scalar_polynomial(shapes: tuple[tuple[int, ...], ...], rank: int) -> sp.Lambda:
    """A polynomial of degree three in all entries of its arguments, each with its own weight.

    Kept, since all points of some sizes have it.
    """
    variables: list[Any] = []
    entries: list[Any] = []
    for k, shape in enumerate(shapes):
        if shape == ():
            variable: Any = sp.Symbol(f"x{k}")
            entries.append(variable)
        elif len(shape) == 2:
            variable = sp.MatrixSymbol(f"X{k}", *shape)
            entries.extend(variable[i, j] for i, j in np.ndindex(shape))
        else:
            raise UnsupportedError("a scalar function of an array that is not a matrix")
        variables.append(variable)
    first = sum(((k + 1) * e for k, e in enumerate(entries)), sp.S.Zero)
    second = sum(((k * k + rank) % 5 * e - e for k, e in enumerate(entries)), sp.S.Zero)
    squares = sum(((k + 2) * e**2 for k, e in enumerate(entries)), sp.S.Zero)
    return sp.Lambda(tuple(variables), squares / 2 + first * second + second**3 / 3 + first)


def numbers_near(*expressions: Any) -> tuple[Fraction, ...]:
    """The rationals that expressions compare with, and such as lie a little off them."""
    found: dict[Fraction, None] = {}
    for expr in expressions:
        for node in expr.atoms(*_COMPARING) if isinstance(expr, sp.Basic) else ():
            for number in node.atoms(sp.Rational):
                found[as_fraction(number)] = None
    numbers = sorted(n for n in found if abs(n) not in (0, 1) and abs(n) < 10**6)[:_MOST_OWN]
    steps = (Fraction(0), Fraction(1, 2), Fraction(-1, 2), Fraction(1), Fraction(-1))
    either = sorted({*numbers, *(-n for n in numbers)})  # x − 2 and 3 − x turn at 2 and at 3
    near = [(a + b) / 2 for a, b in pairwise(either)]
    near += [n + step for n in numbers for step in steps]
    return tuple(dict.fromkeys([*near, Fraction(0), *either])) if near else ()


def special_values(shape: tuple[int, ...], rng: random.Random) -> Iterator[Any]:
    """Values of this shape that solve equations which are common in documents."""
    if shape == ():
        yield from (Fraction(0), Fraction(1))
    elif len(shape) == 2:
        yield _orthonormal(shape, rng)
        one_hot = as_fractions(np.zeros(shape, dtype=int))
        for row in range(shape[0]):
            one_hot[row, rng.randrange(shape[1])] = Fraction(1)
        yield one_hot
        yield as_fractions([[rng.choice((0, 1)) for _ in range(shape[1])] for _ in range(shape[0])])
        if shape[0] == shape[1]:
            basis = _orthogonal(shape[0], rng)
            kept = as_fractions([rng.choice((0, 1)) for _ in range(shape[0])])
            yield (basis * kept) @ basis.T
        yield as_fractions(np.eye(*shape, dtype=int))
        yield one_hot * 0
    else:
        yield as_fractions(np.zeros(shape, dtype=int))
