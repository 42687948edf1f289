"""The elementwise functions that the evaluator knows: one record each, and no other table.

They say nothing that the engine reads, nor the other way: that both agree is what a check by the
evaluator is worth. The polygamma functions ψₘ are a function of their own for each order m.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from derive.base.errors import UnsupportedError

Conditions = Callable[[Any], tuple[Any, ...]]
# A derivative, from the arithmetic of jets, the number x and the value y of the function there.
Slope = Callable[[Any, Any, Any], Any]

POLYGAMMA = "polygamma:"  # and the order


class EvaluatedFunction(NamedTuple):
    """A function of one real number, by the name that fields and jets call it by.

    :param name: as :mod:`math` and python-flint's balls name it, where they know it.
    :param symbol: the SymPy class that stands for it; None for one that only powers use.
    :param first: its first derivative.
    :param second: its second derivative.
    :param domain: what must be nonnegative for it to have a value; None for all numbers.
    :param strict: whether what its domain names must be positive.
    :param of_positive: whether it is evaluated at positive numbers only, having poles elsewhere.
    :param at_zero: its value at 0 where that is rational.
    :param at_one: its value at 1 where that is rational.
    :param ufunc: NumPy's function of arrays of floats; None where NumPy has none.
    """

    name: str
    symbol: type | None
    first: Slope | None
    second: Slope | None
    domain: Conditions | None = None
    strict: bool = False
    of_positive: bool = False
    at_zero: int | None = None
    at_one: int | None = None
    ufunc: Callable[..., Any] | None = None


def _of(jets: Any, name: str, x: Any) -> Any:
    return jets.field.function(name, x)


def _psi(jets: Any, order: int, x: Any) -> Any:
    return _of(jets, f"{POLYGAMMA}{order}", x)


def _inverse_of(jets: Any, x: Any) -> Any:
    return jets.field.reciprocal(x)


def _half_power(jets: Any, x: Any, exponent: int) -> Any:
    """x to the power exponent/2."""
    return jets.half_power(x, exponent)


def _bell(jets: Any, x: Any) -> Any:
    """2/√π · exp(−x²), the derivative of erf."""
    scale = jets.field.power(jets.field.constant("pi"), Fraction(-1, 2))
    return 2 * scale * jets.field.function("exp", -(x * x))


def _quantile_slope(jets: Any, y: Any) -> Any:
    """√π/2 · exp(y²), the derivative of erf⁻¹ where its value is y."""
    scale = jets.field.power(jets.field.constant("pi"), Fraction(1, 2)) / 2
    return scale * jets.field.function("exp", y * y)


def _between_ones(x: Any) -> tuple[Any, ...]:
    return 1 - x, 1 + x


_RECORDS = (
    EvaluatedFunction(
        "exp", sp.exp, lambda J, x, y: y, lambda J, x, y: y, at_zero=1, ufunc=np.exp
    ),
    EvaluatedFunction(
        "log", sp.log,
        lambda J, x, y: _inverse_of(J, x),
        lambda J, x, y: -_inverse_of(J, x * x),
        domain=lambda x: (x,), strict=True, at_one=0, ufunc=np.log,
    ),
    EvaluatedFunction(
        "sqrt", None, None, None, domain=lambda x: (x,), at_zero=0, at_one=1, ufunc=np.sqrt
    ),
    EvaluatedFunction(
        "sin", sp.sin, lambda J, x, y: _of(J, "cos", x), lambda J, x, y: -y,
        at_zero=0, ufunc=np.sin,
    ),
    EvaluatedFunction(
        "cos", sp.cos, lambda J, x, y: -_of(J, "sin", x), lambda J, x, y: -y,
        at_zero=1, ufunc=np.cos,
    ),
    EvaluatedFunction(
        "tan", sp.tan, lambda J, x, y: 1 + y * y, lambda J, x, y: 2 * y * (1 + y * y),
        at_zero=0, ufunc=np.tan,
    ),
    EvaluatedFunction(
        "asin", sp.asin,
        lambda J, x, y: _half_power(J, 1 - x * x, -1),
        lambda J, x, y: x * _half_power(J, 1 - x * x, -3),
        domain=_between_ones, at_zero=0, ufunc=np.arcsin,
    ),
    EvaluatedFunction(
        "acos", sp.acos,
        lambda J, x, y: -_half_power(J, 1 - x * x, -1),
        lambda J, x, y: -x * _half_power(J, 1 - x * x, -3),
        domain=_between_ones, at_one=0, ufunc=np.arccos,
    ),
    EvaluatedFunction(
        "atan", sp.atan,
        lambda J, x, y: _inverse_of(J, 1 + x * x),
        lambda J, x, y: -2 * x * _inverse_of(J, (1 + x * x) * (1 + x * x)),
        at_zero=0, ufunc=np.arctan,
    ),
    EvaluatedFunction(
        "sinh", sp.sinh, lambda J, x, y: _of(J, "cosh", x), lambda J, x, y: y,
        at_zero=0, ufunc=np.sinh,
    ),
    EvaluatedFunction(
        "cosh", sp.cosh, lambda J, x, y: _of(J, "sinh", x), lambda J, x, y: y,
        at_zero=1, ufunc=np.cosh,
    ),
    EvaluatedFunction(
        "tanh", sp.tanh, lambda J, x, y: 1 - y * y, lambda J, x, y: -2 * y * (1 - y * y),
        at_zero=0, ufunc=np.tanh,
    ),
    EvaluatedFunction(
        "asinh", sp.asinh,
        lambda J, x, y: _half_power(J, 1 + x * x, -1),
        lambda J, x, y: -x * _half_power(J, 1 + x * x, -3),
        at_zero=0, ufunc=np.arcsinh,
    ),
    EvaluatedFunction(
        "acosh", sp.acosh,
        lambda J, x, y: _half_power(J, x * x - 1, -1),
        lambda J, x, y: -x * _half_power(J, x * x - 1, -3),
        domain=lambda x: (x - 1,), at_one=0, ufunc=np.arccosh,
    ),
    EvaluatedFunction(
        "atanh", sp.atanh,
        lambda J, x, y: _inverse_of(J, 1 - x * x),
        lambda J, x, y: 2 * x * _inverse_of(J, (1 - x * x) * (1 - x * x)),
        domain=_between_ones, strict=True, at_zero=0, ufunc=np.arctanh,
    ),
    EvaluatedFunction(
        "erf", sp.erf, lambda J, x, y: _bell(J, x), lambda J, x, y: -2 * x * _bell(J, x),
        at_zero=0,
    ),
    EvaluatedFunction(
        "erfc", sp.erfc, lambda J, x, y: -_bell(J, x), lambda J, x, y: 2 * x * _bell(J, x),
        at_zero=1,
    ),
    EvaluatedFunction(
        "erfinv", sp.erfinv,
        lambda J, x, y: _quantile_slope(J, y),
        lambda J, x, y: 2 * y * _quantile_slope(J, y) * _quantile_slope(J, y),
        domain=_between_ones, strict=True, at_zero=0,
    ),
    EvaluatedFunction(
        "gamma", sp.gamma,
        lambda J, x, y: y * _psi(J, 0, x),
        lambda J, x, y: y * (_psi(J, 0, x) * _psi(J, 0, x) + _psi(J, 1, x)),
        of_positive=True, at_one=1,
    ),
    EvaluatedFunction(
        "lgamma", sp.loggamma, lambda J, x, y: _psi(J, 0, x), lambda J, x, y: _psi(J, 1, x),
        of_positive=True, at_one=0,
    ),
    EvaluatedFunction(
        "digamma", sp.digamma, lambda J, x, y: _psi(J, 1, x), lambda J, x, y: _psi(J, 2, x),
        of_positive=True,
    ),
)  # fmt: skip

FUNCTIONS = {record.name: record for record in _RECORDS}
BY_SYMBOL = {record.symbol: record.name for record in _RECORDS if record.symbol is not None}


def domain_of(name: str) -> tuple[bool, Conditions]:
    """What must not be negative, or where the first is true must be positive, at a number."""
    known = FUNCTIONS.get(name)
    if known is None or known.domain is None:
        return False, lambda x: ()
    return known.strict, known.domain


def is_of_positive(name: str) -> bool:
    """Whether a function is evaluated at positive numbers only: Γ has poles elsewhere."""
    known = FUNCTIONS.get(name)
    return name.startswith(POLYGAMMA) if known is None else known.of_positive


def slopes_of(name: str) -> tuple[Slope, Slope]:
    """The first and the second derivative of a function, at x with value y.

    :raises UnsupportedError: for a function without a derivative here.
    """
    if name.startswith(POLYGAMMA):
        order = int(name.removeprefix(POLYGAMMA))
        return (
            lambda J, x, y: _psi(J, order + 1, x),
            lambda J, x, y: _psi(J, order + 2, x),
        )
    known = FUNCTIONS.get(name)
    if known is None or known.first is None or known.second is None:
        raise UnsupportedError(f"no derivative of {name} is known to the evaluator")
    return known.first, known.second
