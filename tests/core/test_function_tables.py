"""Every elementwise function stands in every table that knows of functions."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import pytest
import sympy as sp

from derive.backends.numpy_text import NumpyPrinter
from derive.backends.python_names import Names
from derive.canonical.functions import function_laws
from derive.core import functions as engine
from derive.evaluation import functions as evaluator
from derive.evaluation.evaluate import evaluate
from derive.evaluation.fields import BALL
from derive.evaluation.point import Point
from derive.evaluation.special_functions import BALLS
from derive.lowering.lower import SCALARS

x = sp.Symbol("x", real=True)

# What SymPy has under more than one name, or builds of others, and where it has a value.
SOMEWHERE = {
    sp.acosh: sp.Rational(3, 2),
    sp.atanh: sp.Rational(1, 3),
    sp.erfinv: sp.Rational(1, 3),
    sp.asec: sp.Rational(3, 2),
    sp.acsc: sp.Rational(3, 2),
    sp.acoth: sp.Rational(3, 2),
    sp.li: sp.Rational(3, 2),
    sp.zeta: sp.Rational(3, 2),
}
RECIPROCALS = (sp.sec, sp.csc, sp.cot, sp.sech, sp.csch, sp.coth)
INVERSES = (sp.asec, sp.acsc, sp.acot, sp.asech, sp.acsch, sp.acoth)
ELSEWHERE = (*RECIPROCALS, *INVERSES, sp.erfcinv, sp.frac, sp.harmonic)
OF_TWO = (
    sp.besselj, sp.bessely, sp.besseli, sp.besselk, sp.uppergamma, sp.lowergamma, sp.expint,
    sp.polylog,
)  # fmt: skip
OF_ONE = tuple(f for f in engine.WITHOUT_LAWS if f not in OF_TWO)


def _in_numpy(expr: sp.Expr, value: float) -> float:
    """The value of the text that a replay script has for an expression of x."""
    printer = NumpyPrinter(Names(), {}, {}, {x: "x"})
    printer.known["x"] = "x"
    return float(eval(printer.print(expr), {"np": np, "math": math, "mpmath": mpmath, "x": value}))


def _evaluated(expr: sp.Expr, value: sp.Rational) -> float:
    return float(evaluate(expr, Point({}, {x: Fraction(value.p, value.q)}), field=BALL))


UNARY = [f.symbol for f in engine.FUNCTIONS.values() if len(f.slopes) == 1]


def test_the_engine_has_a_law_for_each_function():
    assert not engine.FUNCTIONS.keys() - function_laws().keys()


def test_each_function_is_lowered():
    assert not [f.name for f in engine.FUNCTIONS.values() if f.symbol not in SCALARS]


def test_the_evaluator_knows_each_function_of_the_engine():
    several = {"polygamma", "atan2", "Mod", "Abs", "sign", "Max"}  # nodes of their own there
    assert not engine.FUNCTIONS.keys() - evaluator.FUNCTIONS.keys() - several


def test_functions_without_laws_are_those_that_the_evaluator_encloses():
    assert set(engine.WITHOUT_LAWS) == set(BALLS)


CALLS = {f.__name__: (f(x), f) for f in (*UNARY, *ELSEWHERE, *OF_ONE)}
CALLS |= {f"{f.__name__} of two": (f(1, x), partial(f, 1)) for f in OF_TWO}


@pytest.mark.parametrize("name", CALLS)
def test_each_function_has_a_value_and_a_text(name):
    call, function = CALLS[name]
    at = SOMEWHERE.get(function, sp.Rational(1, 2))
    expected = float(mpmath.erfinv(1 - at) if name == "erfcinv" else sp.N(function(at)))
    assert np.isclose(_in_numpy(call, float(at)), expected)
    assert np.isclose(_evaluated(call, at), expected)


@pytest.mark.parametrize("constant", [sp.pi, sp.E, sp.GoldenRatio, sp.EulerGamma, sp.Catalan])
def test_each_constant_has_a_value_and_a_text(constant):
    assert np.isclose(_evaluated(constant * x, sp.Integer(1)), float(constant))
    assert np.isclose(_in_numpy(constant * x, 1.0), float(constant))
