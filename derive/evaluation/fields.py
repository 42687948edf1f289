"""The numbers that formulas are evaluated in, and what can go wrong with a value.

Three fields of real numbers. In every one of them a value is a real number or it is undefined:

- ``EXACT``: rationals; anything else raises :class:`NotExact`.
- ``BALL``: rationals for as long as they last, and enclosing balls from there on. A decision
  that a ball leaves open raises :class:`Inconclusive`.
- ``FLOATING``: Python floats and NumPy arrays of them; fast, and proof of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Any

import flint
import numpy as np
import sympy as sp
from flint import acb, arb, fmpq

from derive.base.errors import DeriveError
from derive.evaluation.functions import FUNCTIONS, POLYGAMMA, domain_of, is_of_positive


class EvaluationError(DeriveError):
    """A point at which an expression has no value that could be used."""


class Undefined(EvaluationError):
    """No real value: the logarithm of −1, a division by zero, the inverse of a singular matrix."""


class NotDifferentiable(EvaluationError):
    """A value, but no derivative: the kink of a maximum or of an absolute value."""


class OutOfRange(EvaluationError):
    """An entry outside its array's declared shape."""


class Inconclusive(EvaluationError):
    """A decision that the working precision leaves open."""


class NotExact(EvaluationError):
    """A value that is not rational, where a rational was asked for."""


Number = Any  # float, fmpq or arb
ROUNDED = 1e-12  # relative, what floats may lose
_LONGEST = 4096  # bits of a numerator or denominator that is kept exact among balls
# What is multiplied in one call cannot be interrupted meanwhile, so that it has to stay short.
_LONGEST_POWER = 1 << 18  # bits of an exact power
_MOST_FACTORS = 4096  # of a factorial or binomial coefficient that is exact


def _tribonacci() -> arb:
    """The real root of x³ = x² + x + 1."""
    root = arb(33).sqrt() * 3
    return (1 + (19 + root).root(3) + (19 - root).root(3)) / 3


# Each constant that is not rational, as a ball of the precision that is set.
CONSTANTS: dict[str, Callable[[], arb]] = {
    "pi": arb.pi,
    "e": arb.const_e,
    "GoldenRatio": lambda: (1 + arb(5).sqrt()) / 2,
    "TribonacciConstant": _tribonacci,
    "EulerGamma": arb.const_euler,
    "Catalan": arb.const_catalan,
}


def as_fraction(value: Any) -> Fraction:
    """The exact rational that a number of any kind stands for.

    A SymPy Float is read as the decimal that a document writes: 0.1 is one tenth.
    """
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, sp.Float):
        value = sp.Rational(str(value))
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, flint.fmpz):
        return Fraction(int(value))
    return Fraction(value)


class Field:
    """What the three fields have in common: numbers in, decisions out."""

    name = ""
    dtype: Any = object
    precisions: tuple[int, ...] = (53,)  # bits, tried in turn while a decision is left open

    def number(self, value: Any) -> Number:
        """A rational of any kind as a number of this field."""
        raise NotImplementedError

    def array(self, values: Any) -> np.ndarray:
        """An array of rationals as an array of this field."""
        raw = np.asarray(values, dtype=object)
        result = np.empty(raw.size, dtype=self.dtype)
        for place, value in enumerate(raw.flat):
            result[place] = self.number(value)
        return result.reshape(raw.shape)

    def constant(self, name: str) -> Number:
        """One of :data:`CONSTANTS`."""
        raise NotImplementedError

    def sign(self, x: Number) -> int:
        """−1, 0 or 1; raises :class:`Inconclusive` where a ball contains zero."""
        raise NotImplementedError

    def reciprocal(self, x: Any) -> Any:
        """1/x of a number or of every entry; raises :class:`Undefined` at zero."""
        raise NotImplementedError

    def power(self, x: Number, exponent: Fraction) -> Number:
        """x to a rational power that is not an integer, for x > 0."""
        raise NotImplementedError

    def integer_power(self, x: Any, n: int) -> Any:
        """x to the power n ≥ 0, of a number or of every entry."""
        raise NotImplementedError

    def factorial(self, n: int) -> Number:
        """n! for n ≥ 0."""
        if n > _MOST_FACTORS:
            return self.quotient_of_factorials(n, 0, 0)
        return self.number(math.factorial(n))

    def binomial(self, n: int, k: int) -> Number:
        """The number of ways to choose k out of n ≥ 0; 0 where there is none."""
        if not 0 <= k <= n:
            return self.number(0)
        few = min(k, n - k)
        if few * n.bit_length() > _LONGEST_POWER or few > _MOST_FACTORS:
            return self.quotient_of_factorials(n, k, n - k)
        return self.number(math.comb(n, k))

    def quotient_of_factorials(self, n: int, k: int, rest: int) -> Number:
        """n!/(k! rest!), of numbers too large for its digits to be written down."""
        raise Inconclusive("the factorial of a large number")

    def function(self, name: str, x: Any) -> Any:
        """A function of :mod:`derive.evaluation.functions` of a number or of every entry.

        Raises :class:`Undefined` outside the domain.
        """
        raise NotImplementedError

    def enclosed(self, function: Callable[..., arb], values: list[Any]) -> Any:
        """A function of balls at numbers, or at the entries of arrays of one shape."""
        if any(isinstance(x, np.ndarray) for x in values):
            arrays = np.broadcast_arrays(*(np.asarray(x, dtype=object) for x in values))
            result = np.empty(arrays[0].shape, dtype=self.dtype)
            for position in np.ndindex(result.shape):
                result[position] = self._enclosed(function, [a[position] for a in arrays])
            return result
        return self._enclosed(function, values)

    def _enclosed(self, function: Callable[..., arb], values: list[Number]) -> Number:
        raise NotImplementedError

    def floor(self, x: Number) -> int:
        """The largest integer that is not above x."""
        raise NotImplementedError

    def inverse(self, a: np.ndarray) -> np.ndarray:
        """The inverse of a square matrix; raises :class:`Undefined` where it is singular."""
        raise NotImplementedError

    def shortened(self, values: Any) -> Any:
        """The same number or array, its numbers brought to a size that stays workable."""
        return values


class _Rationals(Field):
    """Exact rationals, with one way out for what is not rational."""

    name = "exact"

    def number(self, value: Any) -> Number:
        if isinstance(value, (fmpq, arb)):
            return value
        if isinstance(value, (int, np.integer)):
            return fmpq(int(value))
        fraction = as_fraction(value)
        return fmpq(fraction.numerator, fraction.denominator)

    def constant(self, name: str) -> Number:
        return self._irrational(f"{name} is not rational")

    def _irrational(self, what: str) -> Number:
        raise NotExact(what)

    def sign(self, x: Number) -> int:
        return (x > 0) - (x < 0)

    def reciprocal(self, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return self._each(self.reciprocal, x)
        if self.sign(x) == 0:
            raise Undefined("division by zero")
        return fmpq(1) / x

    def power(self, x: Number, exponent: Fraction) -> Number:
        root = exponent.denominator
        numerator, denominator = _exact_root(int(x.p), root), _exact_root(int(x.q), root)
        if numerator is None or denominator is None:
            raise NotExact(f"({x})**({exponent}) is not rational")
        return fmpq(numerator, denominator) ** exponent.numerator

    def integer_power(self, x: Any, n: int) -> Any:
        if isinstance(x, np.ndarray):
            return self._each(lambda number: self.integer_power(number, n), x)
        if n <= 2 or isinstance(x, arb):
            return x**n
        length = x.height_bits()
        if length <= 1:  # 0, 1 and -1
            return x if n % 2 else x * x
        if length * n > _LONGEST_POWER:
            return self._long_power(x, n)
        return x**n

    def _long_power(self, x: Number, n: int) -> Number:
        raise NotExact(f"({x})**{n} has too many digits")

    def quotient_of_factorials(self, n: int, k: int, rest: int) -> Number:
        raise NotExact("the factorial of a large number has too many digits")

    def function(self, name: str, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return self._each(lambda number: self.function(name, number), x)
        self._check_domain(name, x)
        return self._rational_function(name, x)

    def _rational_function(self, name: str, x: Number) -> Number:
        if name == "sqrt":
            return fmpq(0) if x == 0 else self.power(x, Fraction(1, 2))
        known = FUNCTIONS.get(name)
        value = None if known is None else {0: known.at_zero, 1: known.at_one}.get(x)
        if value is not None:
            return fmpq(value)
        if name == "gamma" and x.q == 1 and 0 < x < 1000:
            return fmpq(math.factorial(int(x.p) - 1))
        raise NotExact(f"{name}({x}) is not rational")

    def _enclosed(self, function: Callable[..., arb], values: list[Number]) -> Number:
        raise NotExact("a function that is known by its enclosures alone")

    def _check_domain(self, name: str, x: Number) -> None:
        if is_of_positive(name) and self.sign(x) <= 0:
            raise Undefined(f"{name} of a number that is not positive")
        strict, conditions = domain_of(name)
        for condition in conditions(x):
            if self.sign(condition) < int(strict):
                raise Undefined(f"{name} outside its domain")

    def floor(self, x: Number) -> int:
        return int(x.floor())

    def inverse(self, a: np.ndarray) -> np.ndarray:
        size = len(a)
        rows = np.empty((size, 2 * size), dtype=object)
        rows[:, :size], rows[:, size:] = a, self.array(np.eye(size, dtype=int))
        for column in range(size):
            pivot = self._pivot(rows[column:, column]) + column
            rows[[column, pivot]] = rows[[pivot, column]]
            rows[column] = rows[column] * self.reciprocal(rows[column, column])
            for row in range(size):
                if row != column:
                    rows[row] = rows[row] - rows[row, column] * rows[column]
        return rows[:, size:]

    def _pivot(self, candidates: np.ndarray) -> int:
        unclear = False
        for position, candidate in enumerate(candidates):
            try:
                if self.sign(candidate) != 0:
                    return position
            except Inconclusive:
                unclear = True
        if unclear:
            raise Inconclusive("no pivot is provably nonzero")
        raise Undefined("the inverse of a singular matrix")

    def _each(self, f: Callable[[Number], Number], x: np.ndarray) -> np.ndarray:
        result = np.empty(x.shape, dtype=object)
        flat = result.reshape(-1)
        for position, number in enumerate(x.reshape(-1)):
            flat[position] = f(number)
        return result


class _Balls(_Rationals):
    """Rationals, and balls from the first irrational value on.

    Keeping rationals exact decides every tie between them, which no ball could.
    """

    name = "ball"

    def __init__(self, *precisions: int) -> None:
        self.precisions = precisions

    def constant(self, name: str) -> Number:
        return CONSTANTS[name]()

    def sign(self, x: Number) -> int:
        if isinstance(x, arb) and x.is_finite() and x.is_exact():
            return (x > 0) - (x < 0)
        if x > 0:
            return 1
        if x < 0:
            return -1
        if isinstance(x, arb):
            raise Inconclusive("the sign of a ball that contains zero")
        return 0

    def power(self, x: Number, exponent: Fraction) -> Number:
        if isinstance(x, fmpq):
            try:
                return super().power(x, exponent)
            except NotExact:
                x = arb(x)
        return self._finite(x ** arb(fmpq(exponent.numerator, exponent.denominator)))

    def _rational_function(self, name: str, x: Number) -> Number:
        if isinstance(x, fmpq):
            try:
                return super()._rational_function(name, x)
            except NotExact:
                x = arb(x)
        if name.startswith(POLYGAMMA):
            order = int(name.removeprefix(POLYGAMMA))
            return self._finite(acb(x).polygamma(acb(order)).real)
        return self._finite(getattr(x, name)())

    def _enclosed(self, function: Callable[..., arb], values: list[Number]) -> Number:
        return self._finite(function(*map(arb, values)))

    def _long_power(self, x: Number, n: int) -> Number:
        return self._finite(arb(x) ** n)

    def quotient_of_factorials(self, n: int, k: int, rest: int) -> Number:
        above, *below = (arb(m + 1).gamma() for m in (n, k, rest))
        return self._finite(above / (below[0] * below[1]))

    def shortened(self, values: Any) -> Any:
        """Rationals of many digits as balls: a deep chain of polynomials would never end."""
        if isinstance(values, np.ndarray):
            if not any(self._is_long(x) for x in values.reshape(-1)):
                return values
            return self._each(self.shortened, values)
        return arb(values) if self._is_long(values) else values

    @staticmethod
    def _is_long(x: Number) -> bool:
        return isinstance(x, fmpq) and x.height_bits() > _LONGEST

    def _finite(self, x: arb) -> arb:
        if not x.is_finite():
            raise Inconclusive("a ball without bounds")
        return x

    def floor(self, x: Number) -> int:
        if isinstance(x, fmpq):
            return super().floor(x)
        whole = x.floor().unique_fmpz()
        if whole is None:
            raise Inconclusive("the floor of a ball that contains an integer")
        return int(whole)


class _Floats(Field):
    """Floats, and NumPy arrays of them."""

    name = "floating"
    dtype = float

    def number(self, value: Any) -> Number:
        if isinstance(value, fmpq):
            return int(value.p) / int(value.q)
        return float(value)

    def array(self, values: Any) -> np.ndarray:
        if isinstance(values, np.ndarray) and values.dtype != object:
            return values.astype(float)
        return super().array(values)

    def constant(self, name: str) -> Number:
        return float(CONSTANTS[name]())

    def sign(self, x: Number) -> int:
        if x != x:
            raise Inconclusive("not a number")
        return int(x > 0) - int(x < 0)

    def reciprocal(self, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            if not x.all():
                raise Undefined("division by zero")
            return 1.0 / x
        if x == 0:
            raise Undefined("division by zero")
        return 1.0 / x

    def power(self, x: Number, exponent: Fraction) -> Number:
        return float(x) ** float(exponent)

    def integer_power(self, x: Any, n: int) -> Any:
        return x**n if abs(n) < 1 << 53 else x ** float(n)

    def function(self, name: str, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            return self._of_array(name, x)
        strict, conditions = domain_of(name)
        if any(c <= 0 if strict else c < 0 for c in conditions(float(x))):
            raise Undefined(f"{name} outside its domain")
        if is_of_positive(name) and x <= 0:
            raise Undefined(f"{name} of a number that is not positive")
        if name not in vars(math):
            enclosed = BALL.function(name, BALL.number(Fraction(float(x))))
            return self.number(enclosed)
        try:
            return getattr(math, name)(x)
        except OverflowError as problem:
            raise Inconclusive(f"{name} of a large number") from problem

    def _of_array(self, name: str, x: np.ndarray) -> np.ndarray:
        ufunc = FUNCTIONS[name].ufunc if name in FUNCTIONS else None
        if ufunc is None:
            result = np.empty(x.shape)
            flat = result.reshape(-1)
            for position, number in enumerate(x.reshape(-1).tolist()):
                flat[position] = self.function(name, number)
            return result
        strict, conditions = domain_of(name)
        if any((c <= 0 if strict else c < 0).any() for c in conditions(x)):
            raise Undefined(f"{name} outside its domain")
        return ufunc(x)

    def _enclosed(self, function: Callable[..., arb], values: list[Number]) -> Number:
        exact = [BALL.number(Fraction(float(x))) for x in values]
        return self.number(BALL.enclosed(function, exact))

    def floor(self, x: Number) -> int:
        if not math.isfinite(x):
            raise Inconclusive("not a finite number")
        whole = round(x)  # a quotient may be a whole number up to rounding
        return whole if abs(x - whole) < ROUNDED * (1 + abs(x)) else math.floor(x)

    def inverse(self, a: np.ndarray) -> np.ndarray:
        try:
            return np.linalg.inv(a)
        except np.linalg.LinAlgError as problem:
            raise Undefined("the inverse of a singular matrix") from problem


@lru_cache(maxsize=4096)
def _exact_root(n: int, k: int) -> int | None:
    """The k-th root of n ≥ 0 where it is an integer."""
    root, exact = sp.integer_nthroot(n, k)
    return int(root) if exact else None


EXACT = _Rationals()
BALL = _Balls(128, 512)
FINE = _Balls(512, 2048)
FLOATING = _Floats()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls are computed with this many bits inside the block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before
