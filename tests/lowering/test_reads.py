"""Entries that are read outside of their arrays, and those that stay inside."""

import pytest
from sympy import (
    And,
    Eq,
    FunctionMatrix,
    IndexedBase,
    KroneckerDelta,
    Lambda,
    MatrixSymbol,
    Ne,
    Piecewise,
    Sum,
    ceiling,
    floor,
    symbols,
)
from sympy import Identity as Eye

import derive
from derive import Backward, Gradient, Identity, Shape, tensor, verify

n, m, k, p = symbols("n m k p", integer=True, positive=True)
i, j, l = symbols("i j l", integer=True)
x, y = IndexedBase("x", shape=(n,)), IndexedBase("y", shape=(m,))
X, W = IndexedBase("X", shape=(n, m)), IndexedBase("W", shape=(k, m))
G = IndexedBase("G", shape=(n, k))
A, S, Q = MatrixSymbol("A", n, m), MatrixSymbol("S", n, n), MatrixSymbol("Q", 2, 3)
B, u, v = MatrixSymbol("B", k, n), MatrixSymbol("u", n, 1), MatrixSymbol("v", m, 1)
wrong = tensor(Sum(X[i, l] * W[l, j], (l, 0, m - 1)), (i, n), (j, k))
right = tensor(Sum(X[i, l] * W[j, l], (l, 0, m - 1)), (i, n), (j, k))

OUTSIDE = [
    (Shape(wrong, (n, k)), "W[l, j] leaves its array: axis 0 has size k, and l goes to m - 1; it "
     "fits only if m <= k"),
    (Shape(tensor(A[j, i], (i, n), (j, m)), (n, m)), "only if m <= n"),
    (Shape(FunctionMatrix(n, m, Lambda((i, j), A[j, i])), (n, m)), "only if m <= n"),
    (Shape(tensor(Sum(A[i, l], (l, 0, k - 1)), (i, n)), (n,)), "only if k <= m"),
    (Shape(tensor(A[i + 1, j], (i, n), (j, m)), (n, m)), "i + 1 goes to n; it fits nowhere"),
    (Shape(tensor(A[i - 1, j], (i, n), (j, m)), (n, m)), "goes down to -1"),
    (Shape(tensor(Q[j, i], (i, 2), (j, 3)), (2, 3)), "axis 0 has size 2"),
    (Shape(tensor(Piecewise((x[i - 1], i >= 0), (0, True)), (i, n)), (n,)), "comes to be -1"),
    (Shape(tensor(Piecewise((x[i - 1], Ne(i, 1)), (0, True)), (i, n)), (n,)), "comes to be -1"),
    (Shape(tensor(Sum(x[2 * i + j], (j, 0, 1)), (i, ceiling(n / 2))), (ceiling(n / 2),)), "leaves"),
    (Shape(tensor(Sum(x[i + j] * y[j], (j, 0, m - 1)), (i, n - m + 2)), (n - m + 2,)), "nowhere"),
    (Backward(wrong, X, G, tensor(Sum(G[i, j] * W[l, j], (j, 0, k - 1)), (i, n), (l, m))),
     "only if m <= k"),
    (Gradient(Sum(A[j, i] ** 2, (i, 0, n - 1), (j, 0, m - 1)), A, 2 * A), "only if m <= n"),
    (Gradient(Sum(A[i, 0] ** 2, (i, 0, n)), A, 2 * A), "i goes to n; it fits nowhere"),
    (Gradient(Sum(x[i] * y[i], (i, 0, m - 1)), y, tensor(x[i], (i, m))), "only if m <= n"),
    (Identity(Sum(x[i + 1] - x[i], (i, 0, n - 1)), x[n - 1] - x[0]), "nowhere"),
    # SymPy has written out these products over the first of two inner sizes that differ.
    (Identity((A * B)[0, 0], (A * B)[0, 0]), "only if m <= k"),
    (Identity((u.T * MatrixSymbol("C", k, m) * v)[0, 0], 0), "only if n <= k"),
    (Shape(tensor(x[i], (i, m)), (m,), where={}), "only if m <= n"),
    (Identity(Sum(MatrixSymbol("z", m, 1)[i, 0], (i, 0, m - 1)), 0,
              where={MatrixSymbol("z", m, 1): FunctionMatrix(m, 1, Lambda((i, j), x[i]))}),
     "only if m <= n"),
]  # fmt: skip

INSIDE = [
    Shape(right, (n, k)),
    Shape(tensor(A.T[j, i], (i, n), (j, m)), (n, m)),
    Shape(tensor(Sum(Piecewise((x[i + j - 1], And(i + j - 1 >= 0, i + j - 1 <= n - 1)), (0, True)),
                     (j, 0, 2)), (i, n)), (n,)),
    Shape(tensor(Piecewise((0, i < 1), (x[i - 1], True)), (i, n)), (n,)),
    Shape(tensor(Piecewise((x[i - 1], Ne(i, 0)), (0, True)), (i, n)), (n,)),
    Shape(tensor(Piecewise((0, Eq(i, n - 1)), (x[i + 1], True)), (i, n)), (n,)),
    Shape(tensor(Sum(S[i, j] * x[j], (j, 0, i)), (i, n)), (n,)),
    Shape(tensor(Sum(x[2 * i + j], (j, 0, 1)), (i, floor(n / 2))), (floor(n / 2),)),
    Shape(tensor(Sum(x[i + j] * y[j], (j, 0, m - 1)), (i, n - m + 1)), (n - m + 1,)),
    Identity(Sum((x[i + 1] - x[i]) ** 2, (i, 0, n - 2)),
             Sum((x[i] - x[i - 1]) ** 2, (i, 1, n - 1))),
    Identity(Sum(x[i], (i, 0, p - 1)), Sum(x[p - 1 - i], (i, 0, p - 1)), given=(p <= n,)),
    Identity(Sum(x[i] * y[i], (i, 0, m - 1)), Sum(y[i] * x[i], (i, 0, m - 1)), given=(m <= n,)),
]  # fmt: skip

# Where an entry is read is not known to fit for every size, and may well be what is meant.
OPEN = [
    Shape(tensor(i * x[i - 1], (i, n)), (n,)),  # 0·x[-1]
    Shape(tensor(KroneckerDelta(i, 0) * x[i + 1], (i, n)), (n,)),
    Shape(tensor(x[0] + x[1], (i, n)), (n,)),  # not for n = 1
    Identity(x[l + 1] - x[l], x[l + 1] - x[l]),  # for l < n − 1
    Identity(x[p - 1], x[p - 1]),  # for p ≤ n
]


@pytest.mark.parametrize(("claim", "said"), OUTSIDE)
def test_what_leaves_its_array_is_ill_shaped(claim, said):
    verdict = verify(claim)
    assert verdict.status == "ill-shaped"
    assert said in verdict.reason


@pytest.mark.parametrize("claim", INSIDE)
def test_what_stays_inside_is_not(claim):
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("claim", OPEN)
def test_what_is_neither_is_undecided(claim):
    assert verify(claim).status == "undecided"


def test_what_is_given_of_arrays_may_say_something_of_their_sizes():
    """W.T·W = I of k columns and m rows only if k ≤ m: nothing is said of where W is read."""
    V = MatrixSymbol("V", m, k)
    claim = Identity(
        Sum(y[i], (i, 0, k - 1)), Sum(y[i], (i, 0, k - 1)), given=(Eq(V.T * V, Eye(k)),)
    )
    assert verify(claim).status == "undecided"


def test_an_entry_of_an_image_is_read_where_there_is_one():
    """An image smaller than its kernel has no entries: that is no size to call a read wrong at."""
    h, w, k = symbols("h w k", integer=True, positive=True)
    image, kernel = IndexedBase("X", shape=(1, 1, h, w)), IndexedBase("K", shape=(1, 1, k, k))
    first = derive.conv2d(image, kernel, stride=(2, 1), dilation=(2, 1))[0, 0, 0, 0]
    assert verify(derive.Identity(first, 2 * first)).status == "disagrees"
    assert verify(derive.Identity(first + 1, 1 + first)).status != "ill-shaped"


def test_a_read_at_a_number_is_left_alone_where_an_image_may_be_large_enough():
    """The second row of what is pooled is there from h = 4 on: no misfit, as x[1] is none."""
    h, w = symbols("h w", integer=True, positive=True)
    image = IndexedBase("X", shape=(1, 1, h, w))
    pooled = derive.max_pool2d(image, window=(2, 1), stride=(2, 1))
    assert verify(Identity(pooled[0, 0, 1, 0], pooled[0, 0, 1, 0])).status == "undecided"
    assert verify(Identity(pooled[0, 0, h, 0], pooled[0, 0, h, 0])).status != "holds"
