"""Whether two sizes are equal for all values of the symbols in them, are not, or are not known.

Equal is what has one normal form: a polynomial with whole coefficients, ⌊p/q⌋ and maxima being
further variables. The laws, of integers p, k and whole numbers q, a, b ≥ 1:

- ⌊(p + k·q)/q⌋ = ⌊p/q⌋ + k, ⌈p/q⌉ = ⌊(p + q − 1)/q⌋, p mod q = p − q·⌊p/q⌋;
- ⌊(⌊p/a⌋ + k)/b⌋ = ⌊(p + k·a)/(a·b)⌋;
- max(p, q) = p where p − q is never negative; min(p, q) = −max(−p, −q).

Where all denominators are numbers that is decided fully: with Q their common multiple and n taken
as Q·n' + r, each ⌊p/q⌋ is a polynomial in n' for each r.

Different is what is so at some sizes, found by trial among those that what is given allows. Where
neither is found nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import lru_cache, partial
from itertools import islice, product
from math import floor, prod
from operator import ge, gt, le, lt
from typing import Any

import sympy as sp
from sympy.assumptions import AppliedPredicate
from sympy.core.relational import Relational

from derive.base.errors import UnsupportedError
from derive.language.index_ranges import flat, gap

CLASSES = 512  # residue classes that are tried
POINTS = 4096  # sizes that are tried
CACHED = 8192  # expressions and comparisons that are remembered

_given: ContextVar[tuple[Any, ...]] = ContextVar("what is given of sizes", default=())


@contextmanager
def given_of_sizes(facts: Iterable[Any]) -> Iterator[None]:
    """Within, sizes are compared under these facts; those that say more than of sizes do not
    count.
    """
    token = _given.set(tuple(flat(facts)))
    try:
        yield
    finally:
        _given.reset(token)


class NoNumber(Exception):
    """What is no exact number where sizes are numbers, or is none that is known here."""


Number = int | Fraction
Values = Mapping[Any, int]


def number(expr: Any, values: Values) -> Number:
    """The value of an expression in integers.

    :raises NoNumber: where it speaks of anything else, or divides by zero.
    """
    return _evaluator(sp.sympify(expr))(values)


def holds(fact: Any, values: Values) -> bool:
    """Whether a condition between integers holds. Raises as :func:`number` does."""
    return _test(fact)(values)


@lru_cache(maxsize=CACHED)
def _evaluator(expr: Any) -> Callable[[Values], Number]:
    """What evaluates an expression: its tree is gone through once, not at each of its values."""
    if expr.is_Rational:
        exact = int(expr.p) if expr.q == 1 else Fraction(int(expr.p), int(expr.q))
        return lambda values: exact
    if expr.is_Atom:
        return partial(_looked_up, expr)
    combine = next((c for kind, c in _COMBINED if isinstance(expr, kind)), None)
    if combine is None:
        return partial(_looked_up, expr)
    parts = [_evaluator(arg) for arg in expr.args]
    return lambda values: combine([part(values) for part in parts])


def _looked_up(expr: Any, values: Values) -> Number:
    found = values.get(expr)
    if found is None:
        raise NoNumber(str(expr))
    return found


def _added(parts: list[Number]) -> Number:
    return sum(parts)


def _multiplied(parts: list[Number]) -> Number:
    return prod(parts)


def _power(parts: list[Number]) -> Number:
    base, exponent = parts
    if exponent.denominator != 1 or not (base or exponent > 0) or not -64 < exponent < 64:
        raise NoNumber(f"{base}**{exponent}")
    whole = int(exponent)
    result: Number = Fraction(base) ** whole if whole < 0 else base**whole
    return result


def _modulo(parts: list[Number]) -> Number:
    if not parts[1]:
        raise NoNumber(f"{parts[0]} mod 0")
    return parts[0] % parts[1]


_COMBINED: tuple[tuple[Any, Callable[[list[Any]], Number]], ...] = (
    (sp.Add, _added),
    (sp.Mul, _multiplied),
    (sp.Pow, _power),
    (sp.floor, lambda parts: floor(parts[0])),
    (sp.ceiling, lambda parts: -floor(-parts[0])),
    (sp.Mod, _modulo),
    (sp.Max, lambda parts: max(parts)),
    (sp.Min, lambda parts: min(parts)),
    (sp.Abs, lambda parts: -parts[0] if parts[0] < 0 else parts[0]),
    (sp.KroneckerDelta, lambda parts: int(parts[0] == parts[1])),
)


@lru_cache(maxsize=CACHED)
def _test(fact: Any) -> Callable[[Values], bool]:
    """What tells whether a condition holds at some values."""
    if fact in (sp.true, sp.false):
        true = bool(fact)
        return lambda values: true
    if isinstance(fact, (sp.And, sp.Or)):
        parts = [_test(part) for part in fact.args]
        joined = all if isinstance(fact, sp.And) else any
        return lambda values: joined([part(values) for part in parts])
    if isinstance(fact, sp.Not):
        opposite = _test(fact.args[0])
        return lambda values: not opposite(values)
    if isinstance(fact, AppliedPredicate):
        name, argument = str(fact.function.name), _evaluator(fact.arguments[0])
        return lambda values: _property(name, argument(values))
    if not isinstance(fact, Relational):
        return partial(_no_test, fact)
    left, right = _evaluator(fact.lhs), _evaluator(fact.rhs)
    if isinstance(fact, (sp.Eq, sp.Ne)):
        equal = isinstance(fact, sp.Eq)
        return lambda values: (left(values) == right(values)) == equal
    compare = next(c for kind, c in _COMPARED if isinstance(fact, kind))
    return lambda values: compare(left(values), right(values))


def _no_test(fact: Any, values: Values) -> bool:
    raise NoNumber(str(fact))


_COMPARED = ((sp.Gt, gt), (sp.Lt, lt), (sp.Ge, ge), (sp.Le, le))


def _property(name: str, value: Number) -> bool:
    """Whether a number has a property that SymPy has a word for."""
    known = getattr(sp.Rational(value.numerator, value.denominator), f"is_{name}", None)
    if known is None:
        raise NoNumber(name)
    return bool(known)


# ---- the normal form


def normal(size: Any) -> Any:
    """A size in normal form: a polynomial in symbols, ⌊p/q⌋ and maxima."""
    size = sp.sympify(size)
    if size.is_Atom:
        return size
    if isinstance(size, sp.floor):
        return _floor(normal(size.args[0]))
    if isinstance(size, sp.ceiling):
        return _ceiling(normal(size.args[0]))
    if isinstance(size, sp.Mod):
        above, below = (normal(arg) for arg in size.args)
        return sp.expand(above - below * _floor(sp.expand(above / below)))
    if isinstance(size, sp.Max):
        return _maximum([normal(arg) for arg in size.args])
    if isinstance(size, sp.Min):
        parts = [normal(arg) for arg in size.args]
        if len(parts) == 2:  # of both ends the sum is known
            return sp.expand(parts[0] + parts[1] - _maximum(parts))
        return sp.expand(-_maximum([sp.expand(-part) for part in parts]))
    if isinstance(size, (sp.Add, sp.Mul, sp.Pow)):
        return sp.expand(size.func(*map(normal, size.args)))
    return size


def _whole(expr: Any) -> bool:
    """Whether an expression is an integer wherever its symbols are, as in sizes they are."""
    return all(
        part.is_Integer
        or (part.is_Symbol and part.is_integer is not False)
        or isinstance(part, sp.floor)
        or (isinstance(part, (sp.Max, sp.Min)) and all(map(_whole, part.args)))
        or (part.is_Pow and part.exp.is_Integer and part.exp > 0 and _whole(part.base))
        for term in sp.Add.make_args(expr)
        for part in sp.Mul.make_args(term)
    )


def _fraction(expr: Any) -> tuple[Any, Any] | None:
    """(p, q) of p/q, of integers, where q is a product of numbers and sizes; None otherwise."""
    above, below = sp.fraction(sp.together(expr))
    above, below = sp.expand(above), sp.expand(below)
    if below.could_extract_minus_sign():
        above, below = sp.expand(-above), -below
    if below.is_Add or not (_whole(above) and _whole(below)):
        return None
    return (above, below) if all(s.is_positive for s in below.free_symbols) else None


def _floor(expr: Any) -> Any:
    parts = _fraction(expr)
    if parts is None:
        return sp.floor(expr)
    above, below = parts
    inner, outer = sp.S.Zero, sp.S.Zero  # what stays below the floor and what leaves it
    for term in sp.Add.make_args(above):
        times = sp.expand(term / below)
        coefficient, rest = times.as_coeff_Mul()
        if not _whole(rest):
            inner += term
            continue
        taken = sp.floor(coefficient)
        outer += taken * rest
        inner += sp.expand((coefficient - taken) * rest * below)
    inner = sp.expand(inner)
    nested = [t for t in sp.Add.make_args(inner) if isinstance(t, sp.floor)]
    rest = sp.expand(inner - nested[0]) if nested else inner
    if nested and _whole(rest):
        deeper = _fraction(nested[0].args[0])
        if deeper is not None:
            p, a = deeper
            return sp.expand(outer + _floor(sp.expand((p + rest * a) / (a * below))))
    return sp.expand(outer + (sp.floor(sp.expand(inner / below)) if inner != 0 else 0))


def _ceiling(expr: Any) -> Any:
    parts = _fraction(expr)
    if parts is None:
        return sp.ceiling(expr)
    above, below = parts
    return _floor(sp.expand((above + below - 1) / below))


def _maximum(parts: list[Any]) -> Any:
    kept: list[Any] = []
    for part in parts:
        if not any(never_negative(sp.expand(k - part)) for k in kept):
            kept = [k for k in kept if not never_negative(sp.expand(part - k))] + [part]
    return kept[0] if len(kept) == 1 else sp.Max(*kept)


def never_negative(poly: Any, depth: int = 2) -> bool:
    """Whether a polynomial in sizes is seen to be at least 0, with what is given: what is given to
    be at least 0 may be taken off.
    """
    shifts = {s: s + _least(s) for s in poly.free_symbols}
    if not all(s.is_Symbol and s.is_nonnegative for s in shifts):
        return False
    if poly.has(sp.floor, sp.Max, sp.ceiling, sp.Min):
        return False
    shifted = sp.expand(poly.xreplace(shifts)).as_coefficients_dict()
    if all(c >= 0 for c in shifted.values()):
        return True
    return depth > 0 and any(
        not known.free_symbols.isdisjoint(poly.free_symbols)
        and never_negative(sp.expand(poly - known), depth - 1)
        for known in _gaps()
    )


def _gaps() -> list[Any]:
    """The polynomials in sizes that are given not to be negative."""
    found = []
    for fact in _given.get():
        poly = gap(fact, fact.free_symbols) if isinstance(fact, Relational) else None
        if poly is not None and all(s.is_Symbol and s.is_integer for s in poly.free_symbols):
            found.append(poly)
    return found


def _least(symbol: Any) -> int:
    least = 1 if symbol.is_positive else 0
    for fact in _given.get():
        poly = gap(fact, (symbol,))
        if poly is not None and poly.is_Add and poly.coeff(symbol, 1) > 0:
            slope, rest = poly.coeff(symbol, 1), poly.coeff(symbol, 0)
            if sp.expand(slope * symbol + rest - poly) == 0:
                least = max(least, int(sp.ceiling(-rest / slope)))
    return least


def _vanishes(difference: Any) -> bool:
    """Whether a normal form is 0 in each class of its symbols modulo its denominators."""
    if difference == 0:
        return True
    floors = difference.atoms(sp.floor)
    if not floors or difference.has(sp.Max, sp.Min, sp.ceiling):
        return False
    common = 1
    for found in floors:
        parts = _fraction(found.args[0])
        if parts is None or not parts[1].is_Integer:
            return False
        common *= int(parts[1])
    symbols = sorted({s for f in floors for s in f.free_symbols}, key=str)
    if common ** len(symbols) > CLASSES or not all(s.is_integer for s in symbols):
        return False
    return all(
        normal(difference.xreplace({s: common * s + r for s, r in zip(symbols, rest, strict=True)}))
        == 0
        for rest in product(range(common), repeat=len(symbols))
    )


# ---- the comparison


def same(a: Any, b: Any) -> bool:
    """Whether two sizes are equal wherever what is given holds.

    :raises UnsupportedError: where neither this nor sizes at which they differ are found.
    """
    return a is b or _same(sp.sympify(a), sp.sympify(b), _given.get())


@lru_cache(maxsize=CACHED)
def _same(a: Any, b: Any, given: tuple[Any, ...]) -> bool:
    """The same of what is given, which the comparison reads from where it stands."""
    if a == b:
        return True
    difference = sp.expand(a - b)
    if difference == 0:
        return True
    if difference.is_Rational:
        return False
    if a.is_Symbol and b.is_Symbol and not given:
        return False
    if difference.has(sp.floor, sp.ceiling, sp.Mod, sp.Max, sp.Min) and _vanishes(
        sp.expand(normal(a) - normal(b))
    ):
        return True
    if given and never_negative(difference) and never_negative(-difference):
        return True
    if differing(a, b) is None:
        raise UnsupportedError(f"it is not seen whether the sizes {a} and {b} are equal")
    return False


def differing(a: Any, b: Any) -> dict[Any, int] | None:
    """Sizes at which two expressions are both sizes, and differ; None where none are found."""
    for values in candidates(a.free_symbols | b.free_symbols):
        try:
            first, second = number(a, values), number(b, values)
        except NoNumber:
            continue
        if first != second and all(x.denominator == 1 and x >= 1 for x in (first, second)):
            return values
    return None


def candidates(
    symbols: Iterable[Any], lowest: int = 1, also: Iterable[Any] = ()
) -> Iterator[dict[Any, int]]:
    """Values of sizes that what is given allows, the smallest first.

    :param also: conditions besides what is given.

    What is given of these sizes and of others is to hold for some value of the others; what says
    something of other things than integers is taken to hold.
    """
    wanted = set(symbols)
    given = (*_given.get(), *also)
    facts = [f for f in given if f.free_symbols and all(s.is_Symbol for s in f.free_symbols)]
    while any(not f.free_symbols <= wanted and f.free_symbols & wanted for f in facts):
        wanted |= {s for f in facts if f.free_symbols & wanted for s in f.free_symbols}
    facts = [f for f in facts if f.free_symbols <= wanted]
    order = sorted(wanted, key=str)
    lows = [max(_least(s), lowest if s.is_positive else 0) for s in order]
    reach = next(r for r in (12, 8, 6, 5, 4, 3, 2) if r ** len(order) <= POINTS or r == 2)
    suiting = [
        {value for value in range(low, low + reach) if _suits(symbol, value)}
        for symbol, low in zip(order, lows, strict=True)
    ]
    tests = [_test(fact) for fact in facts]
    for choice in _choices(tuple(lows), reach):
        if not all(value in allowed for value, allowed in zip(choice, suiting, strict=True)):
            continue
        values = dict(zip(order, choice, strict=True))
        try:
            if all(test(values) for test in tests):
                yield values
        except NoNumber:
            continue


@lru_cache(maxsize=64)
def _choices(lows: tuple[int, ...], reach: int) -> list[tuple[int, ...]]:
    """So many values of each of some sizes, the smallest first."""
    choices = islice(product(*(range(low, low + reach) for low in lows)), POINTS)
    return sorted(choices, key=sum)


DECLARED = ("positive", "nonnegative", "nonzero", "even", "odd", "prime", "composite")


@lru_cache(maxsize=CACHED)
def _suits(symbol: Any, value: int) -> bool:
    """Whether a number is what a symbol is declared to be."""
    number = sp.Integer(value)
    return all(
        (known := getattr(symbol, f"is_{name}")) is None or known == getattr(number, f"is_{name}")
        for name in DECLARED
    )
