"""Arithmetic on values that carry their derivatives: forward-mode differentiation.

A :class:`Jet` holds a value of shape S, its first derivatives of shape (d,) + S in d directions,
and its second derivatives of shape (d, d) + S. The directions come first, so that NumPy's own
broadcasting and ``@`` apply to the derivatives as they do to the values. A derivative that is
zero because nothing depends on the directions is None. Scalars are bare numbers, not arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from derive.base.budget import spend
from derive.base.errors import ShapeError
from derive.evaluation.fields import (
    Field,
    Inconclusive,
    NotDifferentiable,
    Number,
    Undefined,
    as_fraction,
)
from derive.evaluation.functions import slopes_of

SUM = 25  # units of work for a sum of two


class Jet:
    """A value, its first and its second derivatives."""

    __slots__ = ("g", "h", "v")

    def __init__(self, v: Any, g: Any = None, h: Any = None) -> None:
        self.v = v
        self.g = g
        self.h = h

    @property
    def shape(self) -> tuple[int, ...]:
        v = self.v
        return v.shape if isinstance(v, np.ndarray) else ()


def _aligned(derivatives: np.ndarray, lead: int, missing: int) -> np.ndarray:
    """Derivatives of a scalar, given the axes that its partner has and it has not."""
    if missing <= 0:
        return derivatives
    shape = derivatives.shape
    return derivatives.reshape(shape[:lead] + (1,) * missing + shape[lead:])


class Jets:
    """The operations on jets over one field, up to one order of derivative (0, 1 or 2)."""

    def __init__(self, field: Field, order: int) -> None:
        self.field = field
        self.order = order
        self._one = field.number(1)

    # -- making and taking apart ---------------------------------------------------------------

    def linear(self, f: Callable[[np.ndarray], Any], a: Jet) -> Jet:
        """``f`` of an array, for an f that is linear and acts on trailing axes."""
        return Jet(
            f(a.v),
            None if a.g is None else f(a.g),
            None if a.h is None else f(a.h),
        )

    def entry(self, a: Jet, position: tuple[int, ...]) -> Jet:
        """One entry of an array, a scalar; of a scalar, itself."""
        if not isinstance(a.v, np.ndarray):
            return a
        if a.g is None:
            return Jet(a.v.item(*position))
        where = (..., *position)
        return Jet(a.v.item(*position), a.g[where], None if a.h is None else a.h[where])

    def squeezed(self, a: Jet) -> Jet:
        """The scalar that an array with a single entry stands for."""
        return self.entry(a, (0,) * a.v.ndim)

    def as_matrix(self, a: Jet, rank: int = 2) -> Jet:
        """The 1×1 matrix that a scalar stands for, or the array of more axes of size 1."""
        return self.stack([a], (1,) * rank) if a.shape == () else a

    def stack(self, entries: Sequence[Jet], shape: tuple[int, ...]) -> Jet:
        """The array of this shape whose entries are these scalars, in row-major order."""
        value = np.empty(len(entries), dtype=self.field.dtype)
        for position, one in enumerate(entries):
            value[position] = one.v
        parts: list[Any] = [value.reshape(shape), None, None]
        for lead, name in ((1, "g"), (2, "h")):
            found = [getattr(one, name) for one in entries]
            known = next((d for d in found if d is not None), None)
            if known is not None:
                full = self._zeros((*known.shape, len(entries)))
                for position, derivatives in enumerate(found):
                    if derivatives is not None:
                        full[..., position] = derivatives
                parts[lead] = full.reshape(known.shape + shape)
        return Jet(*parts)

    def concatenate(self, parts: Sequence[Jet], axis: int) -> Jet:
        """Arrays side by side along a trailing axis (−1 or −2)."""
        try:
            value = np.concatenate([one.v for one in parts], axis=axis)
        except ValueError as problem:
            raise ShapeError(f"the blocks of a matrix do not fit together: {problem}") from problem
        derivatives: list[Any] = []
        for name in ("g", "h"):
            found = [getattr(one, name) for one in parts]
            known = next((d for d in found if d is not None), None)
            if known is None:
                derivatives.append(None)
                continue
            lead = known.shape[: 1 if name == "g" else 2]
            filled = [
                self._zeros(lead + one.v.shape) if d is None else d
                for one, d in zip(parts, found, strict=True)
            ]
            derivatives.append(np.concatenate(filled, axis=axis))
        return Jet(value, *derivatives)

    def _zeros(self, shape: tuple[int, ...]) -> np.ndarray:
        if self.field.dtype is float:
            return np.zeros(shape)
        result = np.empty(shape, dtype=object)
        result.fill(self.field.number(0))
        return result

    def move_alike(self, a: Jet, b: Jet) -> bool:
        """Whether two scalars are seen to have the same derivatives."""
        pairs = ((a.g, b.g), (a.h, b.h))
        return all(self._same(first, second) for first, second in pairs)

    def _same(self, a: np.ndarray | None, b: np.ndarray | None) -> bool:
        if a is None or b is None:
            known = b if a is None else a
            return known is None or all(self._is_zero(x) for x in known.flat)
        return all(self._is_zero(x - y) for x, y in zip(a.flat, b.flat, strict=True))

    def _is_zero(self, x: Number) -> bool:
        try:
            return self.field.sign(x) == 0
        except Inconclusive:
            return False

    # -- arithmetic ----------------------------------------------------------------------------

    def add(self, a: Jet, b: Jet) -> Jet:
        """a + b, with NumPy's broadcasting."""
        spend(SUM)
        value = a.v + b.v
        if a.g is None and b.g is None:
            return Jet(value)
        shape = value.shape if isinstance(value, np.ndarray) else ()
        return Jet(value, self._added(a, b, "g", 1, shape), self._added(a, b, "h", 2, shape))

    def _added(self, a: Jet, b: Jet, name: str, lead: int, shape: tuple[int, ...]) -> Any:
        first, second = getattr(a, name), getattr(b, name)
        if first is not None:
            first = _aligned(first, lead, len(shape) - len(a.shape))
        if second is not None:
            second = _aligned(second, lead, len(shape) - len(b.shape))
        if first is not None and second is not None:
            return first + second
        only = second if first is None else first
        if only is None:
            return None
        wanted = only.shape[:lead] + shape
        return only if only.shape == wanted else np.broadcast_to(only, wanted)

    def negative(self, a: Jet) -> Jet:
        return self.linear(lambda x: -x, a)

    def scaled(self, number: Number, a: Jet) -> Jet:
        """A number of the field times a jet."""
        return self.linear(lambda x: number * x, a)

    def multiply(self, a: Jet, b: Jet) -> Jet:
        """a · b entry by entry, with NumPy's broadcasting."""
        value = a.v * b.v
        if a.g is None and b.g is None:
            return Jet(value)
        shape = value.shape if isinstance(value, np.ndarray) else ()
        rank = len(shape)
        missing_a, missing_b = rank - len(a.shape), rank - len(b.shape)
        ga = None if a.g is None else _aligned(a.g, 1, missing_a)
        gb = None if b.g is None else _aligned(b.g, 1, missing_b)
        first = self._total(
            None if ga is None else ga * b.v,
            None if gb is None else a.v * gb,
        )
        first = self._spread(first, 1, shape)
        if self.order < 2:
            return Jet(value, first)
        ha = None if a.h is None else _aligned(a.h, 2, missing_a) * b.v
        hb = None if b.h is None else a.v * _aligned(b.h, 2, missing_b)
        second = self._total(ha, hb)
        if ga is not None and gb is not None:
            cross = ga[:, np.newaxis] * gb[np.newaxis]
            second = self._total(second, cross + np.swapaxes(cross, 0, 1))
        return Jet(value, first, self._spread(second, 2, shape))

    @staticmethod
    def _total(a: Any, b: Any) -> Any:
        if a is None:
            return b
        return a if b is None else a + b

    @staticmethod
    def _spread(derivatives: Any, lead: int, shape: tuple[int, ...]) -> Any:
        if derivatives is None or derivatives.shape[lead:] == shape:
            return derivatives
        return np.broadcast_to(derivatives, derivatives.shape[:lead] + shape)

    def matmul(self, a: Jet, b: Jet) -> Jet:
        """The product of two matrices."""
        value = a.v @ b.v
        if a.g is None and b.g is None:
            return Jet(value)
        first = self._total(None if a.g is None else a.g @ b.v, None if b.g is None else a.v @ b.g)
        if self.order < 2:
            return Jet(value, first)
        second = self._total(None if a.h is None else a.h @ b.v, None if b.h is None else a.v @ b.h)
        if a.g is not None and b.g is not None:
            cross = a.g[:, np.newaxis] @ b.g[np.newaxis]
            second = self._total(second, cross + np.swapaxes(cross, 0, 1))
        return Jet(value, first, second)

    def chain(self, a: Jet, value: Any, first: Any, second: Any) -> Jet:
        """f(a), where f(a.v) = ``value``; ``first()``, ``second()`` give f′ and f″ at a.v."""
        if a.g is None:
            return Jet(value)
        slope = first()
        g = slope * a.g
        if self.order < 2:
            return Jet(value, g)
        h = second() * (a.g[:, np.newaxis] * a.g[np.newaxis])
        return Jet(value, g, h if a.h is None else h + slope * a.h)

    def reciprocal(self, a: Jet) -> Jet:
        """1/a, entry by entry; raises :class:`Undefined` at zero."""
        r = self.field.reciprocal(a.v)
        return self.chain(a, r, lambda: -(r * r), lambda: 2 * r * r * r)

    def integer_power(self, a: Jet, n: int) -> Jet:
        """a to an integer power, entry by entry; 0 to the power 0 is 1, as in SymPy."""
        if n < 0:
            return self.integer_power(self.reciprocal(a), -n)
        x = a.v
        if n == 0:
            return self._ones_like(a)
        if n == 1:
            return a
        power = self.field.integer_power
        return self.chain(
            a,
            power(x, n),
            lambda: n * power(x, n - 1),
            lambda: n * (n - 1) * power(x, n - 2) if n > 2 else 2 * self._one,
        )

    def _ones_like(self, a: Jet) -> Jet:
        if a.shape == ():
            return Jet(self._one)
        return Jet(self.field.array(np.ones(a.shape, dtype=int)))

    def rational_power(self, a: Jet, exponent: Fraction) -> Jet:
        """a to a rational power that is not an integer, entry by entry.

        Raises :class:`Undefined` for a negative base, and for zero to a negative power.
        """
        if isinstance(a.v, np.ndarray):
            return self.each(lambda one: self.rational_power(one, exponent), a)
        sign = self.field.sign(a.v)
        if sign < 0 or (sign == 0 and exponent < 0):
            raise Undefined(f"{exponent} as the power of a number that is not positive")
        if sign == 0:
            if a.g is not None and exponent < self.order:
                raise NotDifferentiable(f"zero to the power {exponent}")
            if a.g is not None and any(self.field.sign(slope) for slope in np.ravel(a.g)):
                raise NotDifferentiable("a fractional power at the end of its domain")
            zero = self.field.number(0)
            return self.chain(a, zero, lambda: zero, lambda: zero)
        y = self.field.power(a.v, exponent)
        r = self.field.reciprocal(a.v)
        p = self.field.number(exponent)
        return self.chain(a, y, lambda: p * y * r, lambda: p * (p - 1) * y * r * r)

    def power(self, a: Jet, exponent: Jet) -> Jet:
        """a to any real power, entry by entry; negative bases only to integer powers."""
        if exponent.g is None and exponent.shape == ():
            known = self._rational(exponent.v)
            if known is not None:
                if known.denominator == 1:
                    return self.integer_power(a, int(known))
                return self.rational_power(a, known)
        if a.shape == () and exponent.shape == () and self.field.sign(a.v) == 0:
            if a.g is None and self.field.sign(exponent.v) > 0:
                return Jet(self.field.number(0))
            raise Undefined("zero to a power that is not a positive number")
        return self.apply("exp", self.multiply(exponent, self.apply("log", a)))

    def half_power(self, x: Any, exponent: int) -> Any:
        """x to the power exponent/2, of a number or of every entry."""
        return self.rational_power(Jet(x), Fraction(exponent, 2)).v

    def _rational(self, x: Number) -> Fraction | None:
        """The number as a fraction, where it is one that a power can use."""
        if isinstance(x, (float, np.floating)):
            nearest = Fraction(float(x)).limit_denominator(1000)
            return nearest if float(nearest) == x else None
        try:
            return as_fraction(x)
        except (TypeError, ValueError):  # a ball
            return None

    def apply(self, name: str, a: Jet) -> Jet:
        """A function of :data:`derive.evaluation.functions.FUNCTIONS`, entry by entry."""
        x = a.v
        if name == "sqrt":
            return self.rational_power(a, Fraction(1, 2))
        y = self.field.function(name, x)
        if a.g is None:
            return Jet(y)
        first, second = slopes_of(name)
        if name in ("asin", "acos", "acosh"):
            self._inside_domain(name, x)
        return self.chain(a, y, lambda: first(self, x, y), lambda: second(self, x, y))

    def _inside_domain(self, name: str, x: Any) -> None:
        """At ±1 these functions have a value and no derivative."""
        for number in x.reshape(-1) if isinstance(x, np.ndarray) else (x,):
            if self.field.sign(1 - number * number) == 0:
                raise NotDifferentiable(f"{name} at the end of its domain")

    def each(self, f: Callable[[Jet], Jet], a: Jet) -> Jet:
        """``f``, which takes and gives a scalar, of every entry."""
        entries = [f(self.entry(a, position)) for position in np.ndindex(a.v.shape)]
        return self.stack(entries, a.v.shape)

    # -- linear algebra ------------------------------------------------------------------------

    def inverse(self, a: Jet) -> Jet:
        """The inverse of a square matrix: d(A⁻¹) = −A⁻¹ dA A⁻¹."""
        inverse = self.field.inverse(a.v)
        if a.g is None:
            return Jet(inverse)
        left = inverse @ a.g
        first = -(left @ inverse)
        if self.order < 2:
            return Jet(inverse, first)
        cross = left[:, np.newaxis] @ left[np.newaxis] @ inverse
        second = cross + np.swapaxes(cross, 0, 1)
        return Jet(inverse, first, second if a.h is None else second - inverse @ a.h @ inverse)

    def determinant(self, a: Jet) -> Jet:
        """The determinant, expanded row by row: no division, so singular matrices do as well."""
        size = a.shape[0]
        # The minors of the last rows, by the columns that they use.
        minors: dict[frozenset[int], Jet] = {frozenset(): Jet(self._one)}
        for row in reversed(range(size)):
            larger: dict[frozenset[int], Jet] = {}
            for columns, minor in minors.items():
                for column in range(size):
                    if column in columns:
                        continue
                    term = self.multiply(self.entry(a, (row, column)), minor)
                    if sum(other < column for other in columns) % 2:
                        term = self.negative(term)
                    key = columns | {column}
                    larger[key] = self.add(larger[key], term) if key in larger else term
            minors = larger
        return minors[frozenset(range(size))]
