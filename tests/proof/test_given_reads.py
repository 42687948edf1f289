"""What is given of arrays of different lengths says nothing past the end of the shorter one."""

import pytest
from sympy import Abs, Eq, IndexedBase, Ne, Sum, exp, symbols

from derive import Identity, Inequality, verify

n, m = symbols("n m", integer=True, positive=True)
i, j, k, l = symbols("i j k l", integer=True)
x = IndexedBase("x", shape=(n,))
a, b = (IndexedBase(name, shape=(n + 1,)) for name in "ab")
p, q = (IndexedBase(name, shape=(m,)) for name in "pq")
Y = IndexedBase("Y", shape=(m, n))

FALSE = [
    Identity(a[j], 0, given=(Eq(a[i], x[i]), Eq(x[i], 0))),
    Identity(q[j], 0, given=(Eq(q[i], x[i]), Eq(x[i], 0))),
    Identity(Sum(a[i], (i, 0, n)), 0, given=(Eq(a[k], 2 * x[k]), Eq(x[k], 0))),
    Identity(Y[i, j], 0, given=(Eq(Y[k, l] * x[k], 0), Ne(x[k], 0))),
    Inequality(0, a[j], given=Eq(a[i], x[i] ** 2)),
    Inequality(0, q[j], given=Eq(q[i], x[i] ** 2)),
    Identity(Abs(q[j]), q[j], given=Eq(q[i], x[i] ** 2)),
    Identity(a[j], b[j], given=(Eq(a[i], exp(x[i])), Eq(b[i], exp(x[i])))),
    Identity(q[j], p[j], given=(Eq(q[i], x[i]), Eq(p[i], x[i]))),
    Inequality(q[j], p[j], given=(q[i] <= x[i], x[i] <= p[i])),
]


@pytest.mark.parametrize("claim", FALSE, ids=range(len(FALSE)))
def test_it_is_not_used_there(claim):
    assert verify(claim).status == "disagrees"
