"""Entries at |a|, max(a, b), min(a, b) and a mod n: taken apart where that is seen to be right."""

import pytest
from sympy import Abs, Eq, IndexedBase, MatrixSymbol, Max, Min, Mod, Piecewise, Sum, symbols

from derive import Gradient, Identity, Shape, tensor, verify

n, p = symbols("n p", integer=True, positive=True)
i, j, l = symbols("i j l", integer=True)
x, y = IndexedBase("x", shape=(n,)), IndexedBase("y", shape=(n + 2 * p,))
S = MatrixSymbol("S", n, n)
upper = tensor(S[Min(i, j), Max(i, j)], (i, n), (j, n))


def over(body, *index):
    return Sum(body, *((k, 0, n - 1) for k in index))


CLAIMS = [
    (Shape(upper, (n, n)), "holds"),
    (Identity(over(upper[i, j] - upper[j, i], i, j), 0), "holds"),
    (Identity(over(upper[i, j], i, j), over(S[i, j], i, j)), "disagrees"),
    (Shape(tensor(S[Min(i, j), Max(i, j) + 1], (i, n), (j, n)), (n, n)), "ill-shaped"),
    (Identity(over(x[Mod(i - p, n)], i), over(x[i], i), given=(p <= n,)), "holds"),
    (Identity(over(x[Mod(i + p, n)], i), over(x[i], i), given=(p <= n,)), "holds"),
    (Identity(over(x[Mod(i - p, n)], i), over(x[i], i)), "undecided"),  # true; p may be anything
    (Identity(over(x[Mod(i - p, n)] * x[i], i), over(x[i] ** 2, i), given=(p <= n,)), "disagrees"),
    (Identity(Sum(x[Abs(i - p)], (i, 0, 2 * p)), x[0] + 2 * Sum(x[i], (i, 1, p)), given=(p < n,)),
     "holds"),
    (Identity(Sum(x[Abs(i - p)], (i, 0, 2 * p)), 2 * Sum(x[i], (i, 0, p)), given=(p < n,)),
     "disagrees"),
    (Identity(Sum(x[Abs(i - p)], (i, 0, 2 * p)), x[0] + 2 * Sum(x[i], (i, 1, p)), given=(p <= n,)),
     "ill-shaped"),  # for p = n
    (Shape(tensor(x[Abs(i - p)], (i, n + p)), (n + p,)), "ill-shaped"),
    (Gradient(Sum(x[Abs(i - 1)] * y[i], (i, 0, n)), x[l],
              Piecewise((y[1], Eq(l, 0)), (y[l + 1], True))
              + Piecewise((y[0], Eq(l, 1)), (0, True)), given=(n >= 2,)), "holds"),
    (Gradient(Sum(x[Abs(i - 1)] * y[i], (i, 0, n)), x[l],
              Piecewise((y[1], Eq(l, 0)), (y[l + 1], True)), given=(n >= 2,)), "disagrees"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "status"), CLAIMS)
def test_claims(claim, status):
    found = verify(claim)
    assert found.status == status, found.reason
