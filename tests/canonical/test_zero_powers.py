"""0^0 is 1: a power with a size in its exponent, of a base that is 0 on one side of a bracket."""

import pytest
import sympy as sp
from sympy import Abs, KroneckerDelta, Max, Piecewise, Product, Sum, sign

from derive import Gradient, Identity, Inequality, verify

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True)
x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
V = sp.IndexedBase("V", shape=(n,))
step = Piecewise((1, x > 0), (0, True))
nothing = Sum(KroneckerDelta(0, k) * V[n - 1], (k, 1, n))  # an empty choice: 0

# False at the exponent 0, of a base that is 0 there
FALSE = [
    Identity(step ** (2 - n), step),
    Identity(step ** (1 - n), step),
    Identity(step ** (n - 1), step),
    Identity(KroneckerDelta(0, i) ** (1 - n), KroneckerDelta(0, i)),
    Identity(nothing ** (1 - n), 0),
    Identity(nothing ** (n - 1), 0),
    Identity(KroneckerDelta(i, j) * (V[i] - V[j]) ** (1 - n), 0),
    Identity(KroneckerDelta(i, j) * (V[i] - V[j]) ** (n - 1), 0),
    Identity(Max(x, 0) ** (n - 1), Piecewise((x ** (n - 1), x > 0), (0, True))),
    Identity(sign(x) ** (2 * n - 2), sign(x) ** 2),
    Inequality(step ** (n - 1), step),
    Gradient(Max(x, 0) ** n, x, n * Max(x, 0) ** (n - 1)),
    Identity(Product(Max(x, 0), (k, 2, n)), Piecewise((x ** (n - 1), x > 0), (0, True))),
]

# The same with an exponent that is positive, or a base that is not 0
TRUE = [
    Identity(step**n, step),
    Identity(Max(x, 0) ** n, Piecewise((x**n, x > 0), (0, True))),
    Identity(Piecewise((y, x > 0), (p, True)) ** (n - 1),
             Piecewise((y ** (n - 1), x > 0), (p ** (n - 1), True))),
    Identity(KroneckerDelta(i, j) * (V[i] - V[j]) ** n, 0),
    Identity(Max(x, 0) ** n * Max(x, 0) ** m, Max(x, 0) ** (n + m)),
    Identity(sign(x) ** (2 * n), sign(x) ** 2),
    Identity(Abs(x) ** (2 * n), x ** (2 * n)),
    Identity(Product(Max(x, 0), (k, 1, n)), Max(x, 0) ** n),
    Gradient(Max(x, 0) ** (n + 1), x, (n + 1) * Max(x, 0) ** n),
]  # fmt: skip


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_nothing_to_a_power_that_may_be_zero_is_not_nothing(claim):
    assert verify(claim, 20).status in ("disagrees", "undecided")
    assert not verify(claim, 20).reason.startswith("internal error")


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_nothing_to_a_positive_power_is_nothing(claim):
    assert verify(claim, 20).status == "holds"
