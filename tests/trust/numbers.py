"""Numbers to judge by: exact rationals where they are rational, else balls that enclose them.

A number may carry what it becomes when two variables are moved (its derivatives in each, and in
both), so that gradients and Hessians need no rule but those of the functions here. Whatever has no
value, or none that is certain, raises: a judge that does not know says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

BITS = 192
LONG = 700  # bits of a rational, beyond which it is enclosed


class NoValue(Exception):
    """There is no real number there, no derivative, or none of which the judge is certain."""


class Uncertain(NoValue):
    """There may be one, and balls are too wide to tell."""


class Real:
    """A value, and its derivatives in two directions: in the first, the second, and both."""

    __slots__ = ("a", "ab", "b", "v")

    def __init__(self, v: Any, a: Any = None, b: Any = None, ab: Any = None) -> None:
        self.v, self.a, self.b, self.ab = v, a, b, ab

    def __repr__(self) -> str:
        return str(self.v)

    @property
    def moves(self) -> bool:
        """Whether it depends on a variable that is moved."""
        return self.a is not None or self.b is not None or self.ab is not None

    def __add__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # entry by entry
        other = real(other)
        if not (self.moves or other.moves):
            return Real(self.v + other.v)
        return Real(
            _sum(self.v, other.v),
            _sum(self.a, other.a),
            _sum(self.b, other.b),
            _sum(self.ab, other.ab),
        )

    __radd__ = __add__

    def __neg__(self) -> Real:
        return self * MINUS

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Real:
        return real(other) - self

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        other = real(other)
        if not (self.moves or other.moves):
            return Real(_short(self.v * other.v))
        return Real(
            _short(self.v * other.v),
            _sum(_times(self.a, other.v), _times(self.v, other.a)),
            _sum(_times(self.b, other.v), _times(self.v, other.b)),
            _sum(
                _sum(_times(self.ab, other.v), _times(self.v, other.ab)),
                _sum(_times(self.a, other.b), _times(self.b, other.a)),
            ),
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Real:
        return self * reciprocal(real(other))

    def __rtruediv__(self, other: Any) -> Real:
        return real(other) * reciprocal(self)

    def at(self, value: Any, first: Any, second: Callable[[], Any]) -> Real:
        """A function of this number, of which the value and two derivatives are given."""
        if not self.moves:
            return Real(value)
        ab = _times(first, self.ab)
        if self.a is not None and self.b is not None:
            ab = _sum(ab, _times(second(), _times(self.a, self.b)))
        return Real(value, _times(first, self.a), _times(first, self.b), ab)


def _sum(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def _short(value: Any) -> Any:
    if type(value) is fmpq and value.height_bits() > LONG:
        return arb(value)
    return value


MINUS = Real(fmpq(-1))
ZERO, ONE = Real(fmpq(0)), Real(fmpq(1))


def real(value: Any) -> Real:
    if isinstance(value, Real):
        return value
    return Real(fmpq(int(value.p), int(value.q)) if hasattr(value, "p") else fmpq(value))


def sign_of(value: Any) -> int:
    """The sign of a plain number, where it is certain."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    if value == 0:  # of a ball too, if it holds nothing else
        return 0
    raise Uncertain("a sign is not certain")


def sign(x: Real) -> int:
    """The sign, which may not be about to change."""
    found = sign_of(x.v)
    if found == 0 and x.moves:
        raise NoValue("a kink, exactly here")
    return found


def reciprocal(x: Real) -> Real:
    if sign_of(x.v) == 0:
        raise NoValue("a division by zero")
    value = 1 / x.v
    return x.at(value, -value * value, lambda: 2 * value * value * value)


def integer_power(x: Real, exponent: int) -> Real:
    """xⁿ by its meaning, a product: x⁰ is 1 whatever x is."""
    if exponent < 0:
        return reciprocal(integer_power(x, -exponent))
    if exponent > 64:
        raise Uncertain("a power that is not worked out")
    result = ONE
    for _ in range(exponent):
        result = result * x
    return result


def _root(value: fmpq, degree: int) -> Any:
    """The exact root of a rational that is not negative, or None."""
    parts = []
    for part in (int(value.p), int(value.q)):
        root = round(part ** (1 / degree)) if part < 1 << 50 else -1
        if root < 0 or root**degree != part:
            return None
        parts.append(root)
    return fmpq(*parts)


def rational_power(x: Real, exponent: fmpq) -> Real:
    """x^(p/q) for numbers that are not negative; whole powers of all of them."""
    if exponent.q == 1:
        return integer_power(x, int(exponent.p))
    around = sign_of(x.v)
    if around < 0:
        raise NoValue("a fractional power of a negative number")
    if around == 0:
        if exponent < 0 or x.moves:
            raise NoValue("a fractional power of zero")
        return ZERO

    def power(e: fmpq) -> Any:
        root = _root(x.v, int(e.q)) if type(x.v) is fmpq else None
        return root ** int(e.p) if root is not None else arb(x.v) ** arb(e)

    return x.at(
        power(exponent),
        exponent * power(exponent - 1) if x.moves else None,
        lambda: exponent * (exponent - 1) * power(exponent - 2),
    )


def real_power(x: Real, y: Real) -> Real:
    """x^y for x > 0, or for an exponent that is a whole number there."""
    if type(y.v) is fmpq and y.v.q == 1 and not y.moves:
        return integer_power(x, int(y.v))
    around = sign_of(x.v)
    if around <= 0:
        if around == 0 and not (x.moves or y.moves) and sign_of(y.v) > 0:
            return ZERO
        raise NoValue("a power of what is not positive")
    if type(y.v) is fmpq and not y.moves:
        return rational_power(x, y.v)
    return function("exp", y * function("log", x))


def _ball(value: Any) -> arb:
    return value if type(value) is arb else arb(value)


def _within(value: Any, low: int | None, high: int | None) -> None:
    if (low is not None and sign_of(value - low) < 0) or (
        high is not None and sign_of(high - value) < 0
    ):
        raise NoValue("outside of a function's domain")


def _plain(name: str, value: Any) -> Any:
    """The value of a function at a plain number: exact where it is known to be."""
    if type(value) is fmpq:
        if value == 0 and name in ("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "atanh",
                                   "erf"):  # fmt: skip
            return fmpq(0)
        if value == 0 and name in ("exp", "cos", "cosh", "erfc"):
            return fmpq(1)
        if value == 1 and name in ("log", "acos", "acosh"):
            return fmpq(0)
    if name == "log" and sign_of(value) == 0:
        raise NoValue("the logarithm of zero")
    if name == "log":
        _within(value, 0, None)
    elif name in ("asin", "acos", "atanh"):
        _within(value, -1, 1)
    elif name == "acosh":
        _within(value, 1, None)
    found = getattr(_ball(value), name)()
    if not found.is_finite():
        raise NoValue(f"{name} has no value there")
    return found


def function(name: str, x: Real) -> Real:
    """A known function of a number, with its derivatives."""
    value = Real(_plain(name, x.v))
    if not x.moves:
        return value
    plain = Real(x.v)
    first = _SLOPES[name](plain, value).v
    return x.at(value.v, first, lambda: _CURVES[name](plain, value).v)


TWO_OVER_ROOT_PI = Real(2 / arb.pi().sqrt())
_SLOPES: dict[str, Callable[[Real, Real], Real]] = {
    "exp": lambda x, y: y,
    "log": lambda x, y: 1 / x,
    "sin": lambda x, y: function("cos", x),
    "cos": lambda x, y: -function("sin", x),
    "tan": lambda x, y: 1 + y * y,
    "sinh": lambda x, y: function("cosh", x),
    "cosh": lambda x, y: function("sinh", x),
    "tanh": lambda x, y: 1 - y * y,
    "atan": lambda x, y: 1 / (1 + x * x),
    "asin": lambda x, y: 1 / rational_power(1 - x * x, fmpq(1, 2)),
    "acos": lambda x, y: -1 / rational_power(1 - x * x, fmpq(1, 2)),
    "asinh": lambda x, y: 1 / rational_power(1 + x * x, fmpq(1, 2)),
    "acosh": lambda x, y: 1 / rational_power(x * x - 1, fmpq(1, 2)),
    "atanh": lambda x, y: 1 / (1 - x * x),
    "erf": lambda x, y: TWO_OVER_ROOT_PI * function("exp", -(x * x)),
    "erfc": lambda x, y: -TWO_OVER_ROOT_PI * function("exp", -(x * x)),
}
FUNCTIONS = frozenset(_SLOPES)
_CURVES: dict[str, Callable[[Real, Real], Real]] = {
    "exp": lambda x, y: y,
    "log": lambda x, y: -1 / (x * x),
    "sin": lambda x, y: -y,
    "cos": lambda x, y: -y,
    "tan": lambda x, y: 2 * y * (1 + y * y),
    "sinh": lambda x, y: y,
    "cosh": lambda x, y: y,
    "tanh": lambda x, y: -2 * y * (1 - y * y),
    "atan": lambda x, y: -2 * x / integer_power(1 + x * x, 2),
    "asin": lambda x, y: x * rational_power(1 - x * x, fmpq(-3, 2)),
    "acos": lambda x, y: -x * rational_power(1 - x * x, fmpq(-3, 2)),
    "asinh": lambda x, y: -x * rational_power(1 + x * x, fmpq(-3, 2)),
    "acosh": lambda x, y: -x * rational_power(x * x - 1, fmpq(-3, 2)),
    "atanh": lambda x, y: 2 * x / integer_power(1 - x * x, 2),
    "erf": lambda x, y: -2 * x * TWO_OVER_ROOT_PI * function("exp", -(x * x)),
    "erfc": lambda x, y: 2 * x * TWO_OVER_ROOT_PI * function("exp", -(x * x)),
}


def whole_part(x: Real) -> int:
    """⌊x⌋, where x is not moved over a step."""
    if x.moves:
        raise NoValue("a step")
    if type(x.v) is fmpq:
        return int(x.v.floor())
    found = x.v.floor().unique_fmpz()
    if found is None:
        raise Uncertain("a whole part is not certain")
    return int(found)


def compared(left: Any, right: Any) -> int | None:
    """−1, 0 or 1: how two plain numbers stand to each other; None where balls overlap."""
    gap = left - right
    if gap > 0:
        return 1
    if gap < 0:
        return -1
    return 0 if gap == 0 else None


class precise:
    """Within this context balls are as narrow as the judge wants them."""

    def __enter__(self) -> None:
        self._before, ctx.prec = ctx.prec, BITS

    def __exit__(self, *_: Any) -> None:
        ctx.prec = self._before
