"""What vanishes by what is given where no equation can be put in for a part of it; by factors; and
for each remainder of what is rounded. Each with a claim that violates a condition.
"""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import Eq, IndexedBase, Inverse, MatrixSymbol, Ne, Product, Q, Sum, ceiling, floor

from derive import Gradient, Identity, Inequality, verify

n, m = sp.symbols("n m", integer=True, positive=True)
i, l, q = sp.symbols("i l q", integer=True)
a, b, c, t, x, y = sp.symbols("a b c t x y", real=True)
A, B, C, one = (*(MatrixSymbol(name, n, n) for name in "ABC"), sp.Identity(n))
u, v, none = MatrixSymbol("u", n, 1), MatrixSymbol("v", n, 1), sp.ZeroMatrix(n, 1)
W = MatrixSymbol("W", n, m)
X, g = IndexedBase("X", shape=(n,)), IndexedBase("g", shape=(n,))
within = (t >= 0, t <= 1)


def upto(k):
    return Product(X[q], (q, 0, k))


running = Sum(g[i] * upto(i), (i, 0, n - 1))

HOLD = {
    "cancelled": Identity(b, c, given=(Eq(a * b, a * c), Ne(a, 0))),
    "cancelled sum": Identity(x, 1, given=(Eq((x - 1) * (y - 2), 0), Ne(y, 2))),
    "equal squares": Identity(a, b, given=(Eq(a**2, b**2), a > 0, b > 0)),
    "a root": Identity(x, -2, given=(Eq(x**2, 4), x < 0)),
    "divided": Identity(a * b / x, y, given=Eq(y * x, a * b)),
    "two bounds": Identity(a, b, given=(a <= b, b <= a)),
    "injective": Identity(u, v, given=(Eq(A * u, A * v), Q.invertible(A))),
    "injective from the right": Identity(u.T, none.T, given=(Eq(u.T * A, none.T), Q.invertible(A))),
    "definite": Identity(u, none, given=(Eq(A * u, none), Q.positive_definite(A))),
    "idempotent": Identity(A, one, given=(Eq(A * A, A), Q.invertible(A))),
    "an inverse": Identity(Inverse(A), B, given=Eq(A * B, one)),
    "turned": Identity(B * C * A, one, given=Eq(A * B * C, one)),
    "cubes": Inequality(0, (a**3 - b**3) * (a - b)),
    "factors of both signs": Inequality(0, (x - 1) ** 2 * (x + 3) * (x - 5) * -1,
                                        given=(x >= -3, x <= 5)),
    "convex": Inequality(1 / (t * x + (1 - t) * y), t / x + (1 - t) / y,
                         given=(*within, x > 0, y > 0)),
    "convex form": Inequality(
        (t * u + (1 - t) * v).T * W * W.T * (t * u + (1 - t) * v),
        t * u.T * W * W.T * u + (1 - t) * v.T * W * W.T * v, given=within),
    "halves": Identity(floor(n / 2) + floor((n + 1) / 2), n),
    "thirds": Identity(x * floor(n / 3) + x * floor((n + 1) / 3) + x * floor((n + 2) / 3), n * x),
    "floors in a floor": Identity(floor(floor(n / 2) / 3), floor(n / 6)),
    "a square": Identity(floor(n**2 / 4), floor(n / 2) * ceiling(n / 2)),
    "running product": Gradient(
        running, X[l], Sum(g[i] * upto(i), (i, l, n - 1)) / X[l], given=Ne(X[l], 0)),
}  # fmt: skip

FAIL = {
    "a factor that may be 0": Identity(b, c, given=Eq(a * b, a * c)),
    "another factor is not 0": Identity(x, 1, given=(Eq((x - 1) * (y - 2), 0), Ne(y, 1))),
    "squares of both signs": Identity(a, b, given=(Eq(a**2, b**2), a > 0)),
    "bounds apart": Identity(a, b, given=(a <= b, b <= a + 1)),
    "not invertible": Identity(u, v, given=Eq(A * u, A * v)),
    "different matrices": Identity(
        u, v, given=(Eq(A * u, B * v), Q.invertible(A), Q.invertible(B))),
    "the other side": Identity(B, sp.ZeroMatrix(n, n),
                               given=(Eq(A * B, sp.ZeroMatrix(n, n)), Q.invertible(B + one))),
    "not square": Identity(W * W.T, one, given=Eq(W.T * W, sp.Identity(m))),
    "another order": Identity(B * A * C, one, given=Eq(A * B * C, one)),
    "an even power": Inequality(0, (a**4 - b**4) * (a - b)),
    "a factor of both signs": Inequality(0, (x - 1) * (x + 3), given=x >= -3),
    "a power that may be odd": Inequality(0, x**n * (x - 1) ** 2),
    "0 to the power 0": Inequality(x ** (n - 1) * (y - 1) ** 2, 0, given=(x >= 0, x <= 0)),
    "beyond the segment": Inequality(
        (t * x + (1 - t) * y) ** 2, t * x**2 + (1 - t) * y**2, given=t >= 0),
    "one half twice": Identity(2 * floor(n / 2), n),
    "another remainder": Identity(floor(n / 3) + floor((n + 1) / 3) + floor((n + 3) / 3), n),
    "divided too early": Identity(floor(n * m / 2), floor(n / 2) * m),
    "from the first": Gradient(running, X[l], Sum(g[i] * upto(i), (i, 0, n - 1)) / X[l],
                               given=Ne(X[l], 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLD)
def test_it_holds(name):
    verdict = verify(HOLD[name], timeout=20)
    assert verdict.status == "holds", verdict.reason
    assert all(fact in verdict.assumptions for fact in HOLD[name].given if name != "definite")


@pytest.mark.parametrize("name", FAIL)
def test_it_does_not_where_a_condition_fails(name):
    assert verify(FAIL[name], timeout=20).status == "disagrees"
