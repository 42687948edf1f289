"""Clips and small numbers that a documented derivative ignores."""

import pytest
import sympy as sp

from derive import Gradient, verify

x = sp.Symbol("x", real=True)
n = sp.Symbol("n", integer=True, positive=True)
i, k = sp.symbols("i k", integer=True)
p, y = (sp.IndexedBase(name, shape=(n,)) for name in "py")
EPS = sp.Rational(1, 10**7)


def clip(value):
    return sp.Max(EPS, sp.Min(1 - EPS, value))


def loss(inside):
    return sp.Sum(-y[i] * sp.log(inside), (i, 0, n - 1))


INSIDE = "it holds where 1/10000000 < {} < 9999999/10000000"


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Gradient(loss(clip(p[i])), p[k], -y[k] / p[k]), INSIDE.format("p[i]")),
        (Gradient(loss(p[i] + EPS), p[k], -y[k] / p[k]), "it holds with 1e-07 = 0 only"),
        (Gradient(1 / (x + sp.Float("1e-5")), x, -1 / x**2), "it holds with 1e-05 = 0 only"),
        (
            Gradient(sp.log(clip(x) + EPS), x, 1 / x),
            INSIDE.format("x") + ", and with 1e-07 = 0 only",
        ),
        (Gradient(sp.Min(2, sp.Max(-1, x)) ** 2, x, 2 * x), "it holds where -1 < x < 2"),
    ],
    ids=str,
)
def test_what_is_ignored_is_said(claim, said):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith(said + ";")
    assert verdict.replay()


@pytest.mark.parametrize(
    "claim",
    [
        Gradient(loss(clip(p[i])), p[k], y[k] / p[k]),
        Gradient(loss(p[i] + EPS), p[k], -2 * y[k] / p[k]),
        Gradient(1 / (x + sp.Rational(1, 10)), x, -1 / x**2),  # that is no small number
        Gradient(sp.Max(2, sp.Min(-1, x)) ** 2, x, 2 * x),  # the ends are swapped: always 2
    ],
    ids=str,
)
def test_nothing_is_said_that_is_not_proved(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert "it holds where" not in verdict.reason
    assert "= 0 only" not in verdict.reason
