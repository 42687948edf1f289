"""SymPy's ``Idx``: a whole number, with the range that it carries where it is free."""

import pytest
from sympy import Idx, IndexedBase, MatrixSymbol, Max, Sum, Symbol, symbols

from derive import Gradient, Identity, Shape, tensor, verify
from derive.claims.indices import as_symbols

n, m = symbols("n m", integer=True, positive=True)
i, j, above = Idx("i", n), Idx("j", n), Idx("i", (1, n))
k = Symbol("k", integer=True)
x, y = IndexedBase("x", shape=(n,)), IndexedBase("y", shape=(n + 2,))
X = MatrixSymbol("X", n, 1)

CLAIMS = [
    (Identity(Sum(x[i] ** 2, (i, 0, n - 1)), Sum(x[k] ** 2, (k, 0, n - 1))), "holds"),
    (Identity(Sum(i, (i, 0, n - 1)), n * (n - 1) / 2), "holds"),
    (Identity(Sum(i, (i, 0, n - 1)), n * (n + 1) / 2), "disagrees"),
    (Gradient(Sum(x[i] ** 2, (i, 0, n - 1)), x[j], 2 * x[j]), "holds"),
    (Gradient(Sum(x[i] ** 2, (i, 0, n - 1)), x[j], 3 * x[j]), "disagrees"),
    (Identity(Max(n - i, 1), n - i), "holds"),  # by its range
    (Identity(Max(n - i, 2), n - i), "disagrees"),
    (Identity(Max(n - above, 1), n - above), "disagrees"),  # i = n
    (Identity(Max(n - Symbol("i", integer=True), 1), n - i), "disagrees"),  # another i
    (Gradient((X.T * X)[0, 0], X[i, 0], 2 * X[i, 0]), "holds"),
    (Identity(x[i] + x[above - 1], x[above - 1] + x[i]), "holds"),  # two of one name
    (Identity(x[i] + x[above - 1], 2 * x[i]), "disagrees"),
    (Shape(tensor(x[i] + y[j + 1], (i, n), (j, n)), (n, n)), "holds"),
]


@pytest.mark.parametrize(("claim", "status"), CLAIMS, ids=range(len(CLAIMS)))
def test_what_an_index_says(claim, status):
    verdict = verify(claim)
    assert verdict.status == status, verdict.reason


def test_a_range_is_given_only_where_no_axis_says_it():
    assert as_symbols(Identity(x[i], 1)).given == ()
    assert len(as_symbols(Identity(y[i], 1)).given) == 2
    assert as_symbols(Identity(x[k], 1)) == Identity(x[k], 1)
    (left, right) = as_symbols(Identity(x[i], Symbol("i"))).said
    assert left.indices[0] != right
    assert left.indices[0].name != right.name
