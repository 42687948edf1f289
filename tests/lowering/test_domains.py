"""What has a value in one branch only says nothing of the others.

A root, a logarithm or a quotient in a branch that is not taken need not have a value, so that no
sign follows from it, and no factor of one branch may be taken out of all. Every claim here is false
at a point that its comment gives, and is not proved even where nothing checks the proof; the true
ones beside them are proved.
"""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import (
    Abs,
    And,
    KroneckerDelta,
    Max,
    Ne,
    Piecewise,
    Product,
    Rational,
    Sum,
    exp,
    log,
    sqrt,
)

from derive import Gradient, Identity, Inequality, verify
from derive.language.operators import entry

n = sp.symbols("n", integer=True, positive=True)
k = sp.symbols("k", integer=True)
x, y, z, w, a, b, t = sp.symbols("x y z w a b t", real=True)
U, V, W = (sp.IndexedBase(name, shape=(n,)) for name in "UVW")
X = sp.MatrixSymbol("X", 1, 1)
A = sp.MatrixSymbol("A", n, n)
x0 = X[0, 0]
both = And(Ne(x + y, 0), Ne(x + z, 0))


def over(body, low=0):
    return Sum(body, (k, low, n - 1))


def if_(value, condition, other=0):
    return Piecewise((value, condition), (other, True))


FALSE = {
    # at x = −1 the derivative of the second branch is −1
    "derivative": Gradient(
        if_(entry(X.applyfunc(sqrt), 0, 0), x0 > 1, Abs(x0)), X, if_(1 / (2 * sqrt(x0)), x0 > 1, 1)
    ),
    # a = 0, y = −1, for all of these
    "root": Identity(if_(sqrt(y), a > 0, Abs(y)), if_(sqrt(y), a > 0, y)),
    "logarithm": Identity(if_(log(y), a > 0, Abs(y)), if_(log(y), a > 0, y)),
    "defined": Identity(if_(t, a > 0, Abs(y)), if_(t, a > 0, y), where={t: sqrt(y)}),
    "under a maximum": Inequality(0, if_(Max(sqrt(y), 1), a > 0, y)),
    "root and factor": Inequality(0, if_(sqrt(y), a > 0, 0) + y),
    "inverse root": Inequality(0, if_(1 / sqrt(y), a > 0, 0) + y),
    "nested": Identity(
        if_(if_(sqrt(y), b > 0, 1), a > 0, Abs(y)), if_(if_(sqrt(y), b > 0, 1), a > 0, y)
    ),
    "given": Inequality(0, y * exp(x), given=(if_(1 / sqrt(y), a > 0, 1) > 0,)),
    "atanh": Identity(if_(sp.atanh(y), a > 0, Abs(y)), if_(sp.atanh(y), a > 0, y)),
    # y = −1, n = 1: the sum is empty
    "empty sum": Identity(over(sqrt(y) * V[k], 1) + Abs(y), over(sqrt(y) * V[k], 1) + y),
    "under a sum": Identity(
        over(if_(sqrt(V[k]), k > 0, Abs(V[k]))), over(if_(sqrt(V[k]), k > 0, V[k]))
    ),
    "size": Identity(if_(sqrt(V[0]), n > 1, Abs(V[0])), if_(sqrt(V[0]), n > 1, V[0])),
    # x = 2, y = 1
    "inverse root of a size": Inequality(Max(x - 1, 0) / sqrt(Abs(y)), 0),
    "under a sum, inverse": Inequality(over(Max(V[k] - 1, 0) / sqrt(Abs(U[k]))), 0),
    "other root": Inequality(Max(x - 1, 0) / Abs(y) ** Rational(3, 2), 0),
    "both signs": Inequality(if_(-1 / sqrt(y), y > 0, 1 / sqrt(-y)), 0),
    "irrational factor": Inequality(sp.GoldenRatio * Abs(x) ** Rational(2, 3), 0),
    "fraction of a size": Inequality(Abs(x) ** Rational(2, 3) + 1, 1),
    # x = −1, y = 1
    "root of a branch": Inequality(0, if_(x / sqrt(y), y > 0, Abs(x) / sqrt(-y))),
    # x = 0, y = −1: √(x·y) = 0 has a value there
    "root of a product": Inequality(0, sqrt(x * y) + y * exp(w), given=(x >= 0,)),
    "root of a square": Inequality(0, sqrt(x**2 * y + x**2 * z) + (y + z) * exp(w)),
    # x = y = 0: the other branch
    "norm": Inequality(0, if_(1 / (x**2 + y**2), x**2 + y**2 > 0, -1)),
    "share": Inequality(0, if_(x**2 / (x**2 + y**2), x**2 + y**2 > 0, -1)),
    "distance": Inequality(0, if_(1 / (x - y) ** 2, Ne(x, y), -1)),
    "more than one": Inequality(1, if_(1 + 1 / (x - y) ** 2, Ne(x, y), 0)),
    "norm of a vector": Inequality(0, if_(1 / over(V[k] ** 2), over(V[k] ** 2) > 0, -1)),
    "sum of a denominator": Inequality(0, if_(1 / (x + y), x + y > 0, x + y)),
    # x = y = z = 0: both quotients stand in the one branch, and the others differ
    "partial fractions": Identity(
        if_(1 / (x + y) - 1 / (x + z), both, 1),
        if_((z - y) / ((x + y) * (x + z)), both, 0),
    ),
    # x + y = 0, and z = 1: a part of what is guarded is no 0/0
    "parts of one": Identity(if_(x / (x + y), Ne(x + y, 0)) + if_(y / (x + y), Ne(x + y, 0)), 1),
    "guarded by a product": Identity(
        if_(x * z / (x + y), Ne(z * (x + y), 0)) + if_(y * z / (x + y), Ne(z * (x + y), 0)), z
    ),
    "guarded by a factor": Identity(
        if_(x / (x**2 - y**2), Ne(x, y)) - if_(y / (x**2 - y**2), Ne(x, y)), 1 / (x + y)
    ),
    # x = 0 and n = 1: 0⁰ is 1
    "hidden power": Identity(x ** (1 - n), if_(x ** (1 - n), Ne(x, 0))),
    "hidden power of a sum": Identity(
        if_(x / (x + y) ** n, Ne(x + y, 0)) + if_(y / (x + y) ** n, Ne(x + y, 0)),
        (x + y) ** (1 - n),
    ),
    # x = 0, y = 1
    "cancelled by name": Identity(if_(t / x, Ne(x, 0)), y, where={t: x * y}),
    "cancelled": Identity(if_(x / y, Ne(y, 0), 1), if_(x / y, Ne(y, 0), 0)),
    "product": Identity(
        if_(Product(V[k], (k, 0, n - 1)) / V[0], Ne(V[0], 0), 1), Product(V[k], (k, 1, n - 1))
    ),
}  # fmt: skip

TRUE = {
    "beside the bracket": Identity(sqrt(y) + if_(Abs(y), a > 0, 0), sqrt(y) + if_(y, a > 0, 0)),
    "in a maximum": Identity(Max(sqrt(y), Abs(y)), Max(sqrt(y), y)),
    "its own branch": Identity(if_(sqrt(y) * Abs(y), y > 0, 0), if_(y * sqrt(y), y > 0, 0)),
    "partial fractions": Identity(
        if_(1 / (x + y) - 1 / (x + z), both, 1),
        if_((z - y) / ((x + y) * (x + z)), both, 1),
    ),
    "parts of one": Identity(
        if_(x / (x + y), Ne(x + y, 0)) + if_(y / (x + y), Ne(x + y, 0)), if_(1, Ne(x + y, 0))
    ),
    "guarded by a product": Identity(
        if_(x * z / (x + y), Ne(z * (x + y), 0)) + if_(y * z / (x + y), Ne(z * (x + y), 0)),
        if_(z, Ne(z * (x + y), 0)),
    ),
    "cancelled by name": Identity(if_(t / x, Ne(x, 0)), if_(y, Ne(x, 0)), where={t: x * y}),
    "size over what it is of": Identity(if_(Abs(x + y) / (x + y), Ne(x + y, 0)), sp.sign(x + y)),
    "norm": Inequality(0, if_(1 / (x**2 + y**2), x**2 + y**2 > 0, 1)),
    "root of a size": Inequality(0, Max(x - 1, 0) / sqrt(Abs(y))),
    "root of a product": Inequality(0, sqrt(x * y) + y * exp(w), given=(x > 0,)),
    "derivative": Gradient(
        if_(entry(X.applyfunc(sqrt), 0, 0), x0 > 1, Abs(x0)), X,
        if_(1 / (2 * sqrt(x0)), x0 > 1, sp.sign(x0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_nothing_follows_from_a_branch_that_is_not_taken(name, alone):
    assert verify(FALSE[name], timeout=20).status == "undecided"


@pytest.mark.parametrize("name", TRUE)
def test_what_has_a_value_everywhere_is_used(name):
    verdict = verify(TRUE[name], timeout=20)
    assert verdict.status == "holds", verdict.reason


def test_a_delta_that_is_zero_needs_no_root(alone):
    i, j = sp.symbols("i j", integer=True)
    claim = Inequality(0, KroneckerDelta(i, j) * sqrt(V[i]) + V[i])
    assert verify(claim, timeout=20).status == "undecided"
