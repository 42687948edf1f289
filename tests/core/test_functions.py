"""Special functions: their derivatives, their laws, and what is false of them."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import (
    HadamardProduct,
    Mod,
    Ne,
    OneMatrix,
    Piecewise,
    Sum,
    Symbol,
    Trace,
    atan2,
    beta,
    cos,
    digamma,
    erfinv,
    exp,
    gamma,
    log,
    loggamma,
    pi,
    polygamma,
    sin,
    sinc,
    sqrt,
    symbols,
)

import derive
from derive import Gradient, Hessian, Identity, verify
from derive.backends.snippet import replay

x, y = symbols("x y", real=True)
p, q = symbols("p q", positive=True)
n = Symbol("n", integer=True, positive=True)
i, j = symbols("i j", integer=True)
v, X = sp.MatrixSymbol("v", n, 1), sp.MatrixSymbol("X", n, 1)
total = Sum(X[i, 0], (i, 0, n - 1))
s = derive.sigmoid

TRUE = {
    "angle in y": Gradient(atan2(y, x), y, x / (x**2 + y**2)),
    "angle in x": Gradient(atan2(y, x), x, -y / (x**2 + y**2)),
    "angle of a ray": Gradient(atan2(p * y, p * x), p, 0),
    "gamma": Gradient(gamma(x), x, gamma(x) * digamma(x)),
    "gamma, one up": Identity(gamma(x + 1), x * gamma(x)),
    "gamma, three up": Identity(gamma(p + 3), p * (p + 1) * (p + 2) * gamma(p)),
    "loggamma": Gradient(loggamma(p), p, digamma(p)),
    "loggamma, one up": Identity(loggamma(p + 1), loggamma(p) + log(p)),
    "loggamma, one down": Identity(loggamma(p - 1), loggamma(p) - log(p - 1)),
    "log of gamma": Identity(log(gamma(p)), loggamma(p)),
    "digamma, one up": Identity(digamma(x + 1), digamma(x) + 1 / x),
    "trigamma": Gradient(digamma(p), p, polygamma(1, p)),
    "trigamma, one up": Identity(polygamma(1, p + 1), polygamma(1, p) - 1 / p**2),
    "tetragamma, one up": Identity(polygamma(2, p + 1), polygamma(2, p) + 2 / p**3),
    "beta": Gradient(log(beta(p, q)), p, digamma(p) - digamma(p + q)),
    "beta, one up": Identity(beta(p + 1, q), beta(p, q) * p / (p + q)),
    "dirichlet": Gradient(
        loggamma(total) - Sum(loggamma(X[i, 0]), (i, 0, n - 1)),
        X[j, 0],
        digamma(total) - digamma(X[j, 0]),
    ),
    "quantile": Gradient(erfinv(x), x, sqrt(pi) / 2 * exp(erfinv(x) ** 2)),
    "quantile is odd": Identity(erfinv(-x), -erfinv(x)),
    "sinc": Gradient(sinc(x), x, cos(x) / x - sin(x) / x**2),
    "remainder": Gradient(x * Mod(x, 2), x, Mod(x, 2) + x),
    "remainder in the divisor": Gradient(Mod(x, p), p, (Mod(x, p) - x) / p),
    "sigmoid": Gradient(s(x), x, s(x) * (1 - s(x))),
    "softplus": Gradient(derive.softplus(x), x, s(x)),
    "silu": Gradient(derive.silu(x), x, s(x) * (1 + x * (1 - s(x)))),
    "an inverse of a reciprocal": Gradient(sp.acoth(x), x, 1 / (1 - x**2)),
    "the complementary quantile": Identity(sp.erfcinv(x), erfinv(1 - x)),
    "the fraction's slope": Gradient(sp.frac(x), x, 1),
    "harmonic numbers": Identity(sp.harmonic(n), Sum(1 / i, (i, 1, n))),
    "harmonic, one up": Identity(sp.harmonic(n + 1), sp.harmonic(n) + 1 / (n + 1)),
    "a function without laws": Identity(
        (sp.zeta(p) + 1) ** 2, sp.zeta(p) ** 2 + 2 * sp.zeta(p) + 1
    ),
    "gelu": Identity(derive.gelu(x), x * (1 + sp.erf(x / sqrt(2))) / 2),
    "relu": Gradient(derive.relu(x), x, Piecewise((1, x > 0), (0, True))),
    "sigmoid of a matrix": Gradient(
        Trace(s(X).T * s(X)), X, 2 * HadamardProduct(s(X), s(X), OneMatrix(n, 1) - s(X))
    ),
}
FALSE = {
    "angle, the other sign": Gradient(atan2(y, x), x, y / (x**2 + y**2)),
    "angle, no square": Gradient(atan2(y, x), y, x / sqrt(x**2 + y**2)),
    "angle is odd, but on the axis": Identity(atan2(-y, x), -atan2(y, x)),
    "angle as a quotient": Identity(atan2(y, x), sp.atan(y / x)),
    "gamma without itself": Gradient(gamma(p), p, digamma(p)),
    "gamma, the wrong factor": Identity(gamma(p + 1), (p + 1) * gamma(p)),
    "digamma, the wrong sign": Identity(digamma(p + 1), digamma(p) - 1 / p),
    "trigamma, the wrong sign": Identity(polygamma(1, p + 1), polygamma(1, p) + 1 / p**2),
    "trigamma, the wrong order": Gradient(digamma(p), p, polygamma(2, p)),
    "beta, the other argument": Identity(beta(p + 1, q), beta(p, q) * q / (p + q)),
    "quantile without its scale": Gradient(erfinv(x), x, exp(erfinv(x) ** 2)),
    "sinc, one term": Gradient(sinc(x), x, cos(x) / x),
    "remainder as a constant": Gradient(x * Mod(x, 2), x, x),
    "sigmoid, the wrong sign": Gradient(s(x), x, s(x) * (1 + s(x))),
    "an inverse of a reciprocal, the wrong sign": Gradient(sp.acoth(x), x, 1 / (x**2 - 1)),
    "harmonic, one off": Identity(sp.harmonic(n), Sum(1 / i, (i, 1, n - 1))),
    "a function without laws as another": Identity(sp.zeta(p), sp.besselj(0, p)),
    "an order for another": Identity(sp.expint(2, p), sp.expint(3, p)),
    "silu as sigmoid": Gradient(derive.silu(x), x, s(x)),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_holds(name):
    verdict = verify(TRUE[name])
    assert verdict.status == "holds", verdict.reason
    assert not verdict.notes  # a point was found that checks it


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_disagrees(name):
    assert verify(FALSE[name]).status == "disagrees"


def test_steps_are_assumed_away():
    angle = verify(TRUE["angle in y"])
    assert Ne(sp.Max(x, sp.Abs(y)), 0) in angle.assumptions
    assert Ne(Mod(x, 2), 0) in verify(TRUE["remainder"]).assumptions


def test_second_derivatives():
    a = sp.MatrixSymbol("a", 2, 1)
    of = loggamma(a[0, 0]) + loggamma(a[1, 0])
    right = sp.Matrix([[polygamma(1, a[0, 0]), 0], [0, polygamma(1, a[1, 0])]])
    assert verify(Hessian(of, a, right)).status == "holds"
    assert verify(Hessian(of, a, 2 * right)).status == "disagrees"


def test_a_named_function_keeps_its_name_in_print():
    assert str(s(x) * derive.gelu(y)) == "gelu(y)*sigmoid(x)"
    assert sp.latex(s(x)) == r"\sigma\left(x\right)"
    assert str(verify(TRUE["sigmoid"]).derived) == "(1 - sigmoid(x))*sigmoid(x)"


def test_sympy_and_numpy_know_a_named_function():
    assert sp.simplify(s(x).diff(x).doit() - (s(x) * (1 - s(x))).doit()) == 0
    assert sp.lambdify(x, derive.softplus(x), "numpy")(0.0) == pytest.approx(0.6931471805599453)


@pytest.mark.parametrize("name", FALSE)
def test_every_function_has_numpy_text(name, capsys):
    verdict = verify(FALSE[name])
    exec(replay(verdict), {"__name__": "replay"})
    assert capsys.readouterr().out


def test_a_power_has_no_derivative_at_the_end_of_its_domain():
    root = sp.Rational(4, 3) * sp.cbrt(x)
    own = Gradient(x ** sp.Rational(4, 3), x, Piecewise((root, x > 0), (5, True)))
    assert verify(own).status != "disagrees"  # at 0 there is no other side
    assert verify(Gradient(x ** sp.Rational(4, 3), x, root)).status == "holds"
    assert verify(Gradient(x ** sp.Rational(4, 3), x, 2 * root)).status == "disagrees"
