"""The elementwise functions that the engine knows: one record each, and no other table.

What is said of a function here is used by all passes: lowering finds it by its SymPy class,
differentiation takes its slopes, signs and bounds its properties, samples its floats, and print its
class again. Its laws in canonical forms stand in :mod:`derive.canonical.functions`, by its name;
the evaluator has records of its own (:mod:`derive.evaluation.functions`), so that its agreement
means something.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from derive.core.terms import Const, RealBracket, Term, add, apply, mul, neg, num, power

Slope = Callable[..., Term]


class ElementwiseFunction(NamedTuple):
    """A scalar function by its name in the core.

    :param name: how a term :class:`~derive.core.terms.Apply` calls it.
    :param symbol: the SymPy class that stands for it.
    :param slopes: its derivative in each of its arguments, as a term of them: true inside of its
        domain, away from its kinks.
    :param sampled: its values for an array of floats; None where they are not sampled.
    :param kink: the term of its arguments that is not 0 where it is differentiable; None where it
        is wherever it has a value.
    :param odd: f(−x) = −f(x) for all x at which it has a value.
    :param growing: x < y implies f(x) < f(y), for all x and y at which it has values.
    :param total: it has a value for every real number.
    :param between_ones: |f(x)| ≤ 1 for all x.
    """

    name: str
    symbol: type
    slopes: tuple[Slope, ...]
    sampled: Callable[..., Any] | None = None
    kink: Slope | None = None
    odd: bool = False
    growing: bool = False
    total: bool = False
    between_ones: bool = False


LARGEST_SAMPLED = 100.0  # whose Γ is far from the largest float


def _positive_only(function: Callable[[float], float]) -> Callable[..., Any]:
    """A function of each number that is positive and not too large, and no number elsewhere."""

    def of_one(x: float) -> float:
        return function(x) if 0 < x < LARGEST_SAMPLED else math.nan

    return np.vectorize(of_one, otypes=[float])


def _minus_square(value: Term) -> Term:
    return add(num(1), neg(power(value, 2)))


def _positive(value: Term) -> Term:
    return RealBracket((value,), (">",))


def _gauss(x: Term) -> Term:
    """2/√π · exp(−x²), the derivative of erf."""
    scale = mul(num(2), power(Const((), (sp.pi,)), Fraction(-1, 2)))
    return mul(scale, apply("exp", neg(power(x, 2))))


def _inverse_gauss(y: Term) -> Term:
    """√π/2 · exp(y²), the derivative of erf⁻¹ where its value is y."""
    scale = mul(num(Fraction(1, 2)), power(Const((), (sp.pi,)), Fraction(1, 2)))
    return mul(scale, apply("exp", power(y, 2)))


def _squares(x: Term, y: Term) -> Term:
    return add(power(x, 2), power(y, 2))


MINUS_HALF = Fraction(-1, 2)

_RECORDS = (
    ElementwiseFunction(
        "exp", sp.exp, (lambda x: apply("exp", x),), np.exp, total=True
    ),
    ElementwiseFunction("log", sp.log, (lambda x: power(x, -1),), np.log, growing=True),
    ElementwiseFunction(
        "sin", sp.sin, (lambda x: apply("cos", x),), np.sin,
        odd=True, total=True, between_ones=True,
    ),
    ElementwiseFunction(
        "cos", sp.cos, (lambda x: neg(apply("sin", x)),), np.cos, total=True, between_ones=True
    ),
    ElementwiseFunction(
        "tan", sp.tan, (lambda x: add(num(1), power(apply("tan", x), 2)),), np.tan, odd=True
    ),
    ElementwiseFunction(
        "asin", sp.asin, (lambda x: power(_minus_square(x), MINUS_HALF),), np.arcsin,
        odd=True, growing=True,
    ),
    ElementwiseFunction(
        "acos", sp.acos, (lambda x: neg(power(_minus_square(x), MINUS_HALF)),), np.arccos
    ),
    ElementwiseFunction(
        "atan", sp.atan, (lambda x: power(add(num(1), power(x, 2)), -1),), np.arctan,
        odd=True, growing=True, total=True,
    ),
    ElementwiseFunction(
        "sinh", sp.sinh, (lambda x: apply("cosh", x),), np.sinh,
        odd=True, growing=True, total=True,
    ),
    ElementwiseFunction("cosh", sp.cosh, (lambda x: apply("sinh", x),), np.cosh, total=True),
    ElementwiseFunction(
        "tanh", sp.tanh, (lambda x: _minus_square(apply("tanh", x)),), np.tanh,
        odd=True, growing=True, total=True, between_ones=True,
    ),
    ElementwiseFunction(
        "asinh", sp.asinh, (lambda x: power(add(power(x, 2), num(1)), MINUS_HALF),), np.arcsinh,
        odd=True, growing=True, total=True,
    ),
    ElementwiseFunction(
        "acosh", sp.acosh, (lambda x: power(add(power(x, 2), num(-1)), MINUS_HALF),), np.arccosh
    ),
    ElementwiseFunction(
        "atanh", sp.atanh, (lambda x: power(_minus_square(x), -1),), np.arctanh,
        odd=True, growing=True,
    ),
    ElementwiseFunction(
        "erf", sp.erf, (_gauss,), np.vectorize(math.erf, otypes=[float]),
        odd=True, growing=True, total=True, between_ones=True,
    ),
    ElementwiseFunction(
        "erfc", sp.erfc, (lambda x: neg(_gauss(x)),), np.vectorize(math.erfc, otypes=[float])
    ),
    ElementwiseFunction(
        "erfinv", sp.erfinv, (lambda x: _inverse_gauss(apply("erfinv", x)),),
        odd=True, growing=True,
    ),
    ElementwiseFunction(
        "gamma", sp.gamma, (lambda x: mul(apply("gamma", x), apply("polygamma", num(0), x)),),
        _positive_only(math.gamma),
    ),
    ElementwiseFunction(
        "lgamma", sp.loggamma, (lambda x: apply("polygamma", num(0), x),),
        _positive_only(math.lgamma),
    ),
    ElementwiseFunction(
        # The order is a number, in which nothing is differentiated.
        "polygamma", sp.polygamma,
        (lambda m, x: num(0), lambda m, x: apply("polygamma", add(m, num(1)), x)),
    ),
    ElementwiseFunction(
        # The angle jumps where y = 0 and x ≤ 0, which is where max(x, |y|) is 0.
        "atan2", sp.atan2,
        (
            lambda y, x: mul(x, power(_squares(x, y), -1)),
            lambda y, x: neg(mul(y, power(_squares(x, y), -1))),
        ),
        np.arctan2, kink=lambda y, x: apply("Max", x, apply("Abs", y)),
    ),
    ElementwiseFunction(
        # Mod(a, b) = a − b·⌊a/b⌋, and ⌊a/b⌋ = (a − Mod(a, b))/b does not change away from a step.
        "Mod", sp.Mod,
        (
            lambda a, b: num(1),
            lambda a, b: mul(add(apply("Mod", a, b), neg(a)), power(b, -1)),
        ),
        np.mod, kink=lambda a, b: apply("Mod", a, b),
    ),
    ElementwiseFunction(
        "Abs", sp.Abs, (lambda x: apply("sign", x),), np.abs, kink=lambda x: x
    ),
    ElementwiseFunction("sign", sp.sign, (lambda x: num(0),), np.sign, kink=lambda x: x),
    ElementwiseFunction(
        # Where the two are equal, the first of them counts.
        "Max", sp.Max,
        (
            lambda a, b: add(num(1), neg(_positive(add(b, neg(a))))),
            lambda a, b: _positive(add(b, neg(a))),
        ),
        np.maximum, kink=lambda a, b: add(a, neg(b)),
    ),
)  # fmt: skip

FUNCTIONS = {record.name: record for record in _RECORDS}

# Smooth wherever they have a value, and nothing else is said of them: what is proved of a claim
# with one of them is true of any function in its place.
WITHOUT_LAWS = (
    sp.Ei, sp.li, sp.Si, sp.Ci, sp.Shi, sp.Chi, sp.LambertW, sp.erfi, sp.fresnels, sp.fresnelc,
    sp.airyai, sp.airybi, sp.zeta, sp.besselj, sp.bessely, sp.besseli, sp.besselk, sp.uppergamma,
    sp.lowergamma, sp.expint, sp.polylog,
)  # fmt: skip

# Those that a SymPy class of one call stands for; Max takes any number of arguments.
BY_SYMBOL = {record.symbol: record.name for record in _RECORDS if record.name != "Max"}
