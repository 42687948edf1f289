"""What a derivative is said to keep away from: the kinks that there are, and no others."""

from __future__ import annotations

import pytest
from sympy import Abs, Max, Min, Ne, Piecewise, Q, Rational, Symbol, symbols

from derive import Gradient, gradient, verify

t, u, a = symbols("t u a", real=True)
delta = Symbol("delta", positive=True)
low, high = Rational(4, 5), Rational(6, 5)
clipped = Min(t * a, Max(low, Min(high, t)) * a)
smooth = Piecewise((t**2 / 2, Abs(t) < delta), (delta * (Abs(t) - delta / 2), True))

CONDITIONS = {
    "a maximum within a minimum": (Min(Max(0, t), 6), (), {Ne(t, 0), Ne(t - 6, 0)}),
    "one function in a region": (Max(t, Abs(t)), (), {Ne(t, 0)}),
    "both ends of a region": (clipped, (), {Ne(a, 0), Ne(5 * t - 4, 0), Ne(5 * t - 6, 0)}),
    "within the region": (clipped, (t > low, t < high), {t > low, t < high}),
    "in a branch not taken": (smooth, (), {Ne(delta - Abs(t), 0), Q.positive(delta)}),
    "a factor that is not zero": (Max(t, u * t), (u < 1,), {Ne(t, 0), u < 1}),
}


@pytest.mark.parametrize("of,given,conditions", CONDITIONS.values(), ids=CONDITIONS)
def test_the_kinks_of_a_derivative_are_listed(of, given, conditions):
    found = verify(Gradient(of, t, gradient(of, t), given))
    assert found.status == "holds", found.reason
    assert set(found.assumptions) == conditions
