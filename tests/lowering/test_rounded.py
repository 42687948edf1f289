"""⌊x⌋ and ⌈x⌉ of real numbers: quantisers, their errors, and what is false of them at a step."""

import pytest
from sympy import (
    Abs,
    IndexedBase,
    Mod,
    Ne,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    ceiling,
    floor,
    frac,
    symbols,
)

from derive import Gradient, Identity, Inequality, verify

n = Symbol("n", integer=True, positive=True)
i, k = symbols("i k", integer=True)
x, y, a = symbols("x y a", real=True)
step = Symbol("Delta", positive=True)
V = IndexedBase("V", shape=(n,))
half = Rational(1, 2)


def rounded(value):
    return step * floor(value / step + half)


error = Sum((V[k] - rounded(V[k])) ** 2, (k, 0, n - 1))

TRUE = [
    Inequality(Abs(x - rounded(x)), step / 2),
    Inequality(error, n * step**2 / 4),
    Inequality(x - 1, floor(x)),
    Inequality(ceiling(x), x + 1),
    Inequality(frac(x) ** 2, frac(x)),
    Identity(floor(x + n), floor(x) + n),
    Identity(floor(floor(x) + half), floor(x)),
    Identity(ceiling(x), -floor(-x)),
    Identity(frac(n * frac(x)), frac(n * x)),
    Gradient((x - step * floor(x / step)) ** 2 / 2, step,
             (step * floor(x / step) - x) * floor(x / step)),
]  # fmt: skip

FALSE = [
    Inequality(Abs(x - step * floor(x / step)), step / 2),
    Inequality(error, step**2 / 4),
    Inequality(x, floor(x), given=x >= 0),
    Inequality(x - half, floor(x)),
    Inequality(0, Mod(x, y), given=Ne(y, 0)),  # y < 0
    Inequality(y * frac(x), y),
    Identity(floor(x + y), floor(x) + floor(y)),
    Identity(ceiling(x), floor(x) + 1),  # x is whole
    Identity(Piecewise((1, Mod(x, 1) > 0), (0, True)), 1),  # again
    Identity(frac(a * frac(x)), frac(a * x)),
    Identity(floor(n / 2 + x), floor(x) + n / 2),
    Identity(frac(n**2 / 2), 0),
    Gradient(floor(x) * x, x, x),
]


@pytest.mark.parametrize("claim", TRUE, ids=range(len(TRUE)))
def test_is_proved(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_a_wrong_one_is_refuted(claim):
    assert verify(claim).status == "disagrees"


def test_a_derivative_keeps_away_from_the_steps():
    verdict = verify(Gradient(error / 2, V[i], V[i] - rounded(V[i])))
    assert verdict.status == "holds"
    assert [str(fact) for fact in verdict.assumptions] == ["Ne(Mod(1/2 + V[j]/Delta, 1), 0)"]
