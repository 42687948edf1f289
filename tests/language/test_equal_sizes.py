"""Sizes that look different and are equal, that differ, and that are not known to."""

from itertools import product

import pytest
from sympy import (
    Eq,
    IndexedBase,
    MatrixSymbol,
    Max,
    Min,
    Mod,
    Q,
    Rational,
    Trace,
    ceiling,
    floor,
    sqrt,
    symbols,
    sympify,
)

from derive import Gradient, Shape, conv2d, verify
from derive.base.errors import UnsupportedError
from derive.claims.sizes import put_in
from derive.language.equal_sizes import candidates, differing, given_of_sizes, normal, number, same

n, m, s, a, b = symbols("n m s a b", integer=True, positive=True)
even = symbols("e", even=True, positive=True)

EQUAL = [
    (floor((n - 1) / 2) + 1, floor((n + 1) / 2)),
    (floor((n - 1) / 2) + 1, ceiling(n / 2)),
    (floor(n / 2) + ceiling(n / 2), n),
    (n - 2 * floor(n / 2), Mod(n, 2)),
    (s * floor(n / s) + Mod(n, s), n),
    (floor(floor(n / 2) / 3), floor(n / 6)),
    (floor((floor(n / a) + 1) / b), floor((n + a) / (a * b))),
    (ceiling(ceiling(n / 2) / 3), ceiling(n / 6)),
    (ceiling(n / s), floor((n - 1) / s) + 1),
    (floor((n + 2 * a - b) / s) + 1, floor((n + 2 * a - b + s) / s)),
    (floor(n / 3) + floor((n + 1) / 3) + floor((n + 2) / 3), n),
    (n * (n + 1) / 2, floor(n * (n + 1) / 2)),
    (Max(n, m) + Min(n, m), n + m),
    (Max(n, n + m), n + m),
    (Min(2 * n, n + 1, n), n),
]
DIFFERENT = [
    (n, m),
    (n, 2),
    (2 * n, n + 1),
    (floor(n / 2), ceiling(n / 2)),
    (2 * floor(n / 2), n),
    (floor(2 * floor(n / 2) / 3), floor(n / 3)),  # the factor 2 keeps the floors apart
    (floor(n / 3) + floor((n + 1) / 3) + floor((n + 3) / 3), n),
    (Max(n, 2), n),
    (floor(n / s) + 1, ceiling(n / s)),  # where s divides n
]


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=str)
def test_sizes_that_are_equal_are_found_to_be(left, right):
    assert same(left, right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT, ids=str)
def test_sizes_that_differ_somewhere_do_so_at_the_sizes_found(left, right):
    assert not same(left, right)
    values = differing(left, right) if hasattr(right, "free_symbols") else {n: 1}
    assert number(left, values) != number(right, values)


@pytest.mark.parametrize("expr", [side for pair in EQUAL + DIFFERENT for side in pair], ids=str)
def test_a_normal_form_is_worth_the_same(expr):
    form, symbols = normal(expr), sorted(sympify(expr).free_symbols, key=str)
    for values in product(range(1, 5), repeat=len(symbols)):
        point = dict(zip(symbols, values, strict=True))
        assert number(form, point) == number(expr, point)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (floor(n / 1000), floor((n + 1) / 1000)),  # differ from n = 1999 on
        (sqrt(n), n),
        (Max(n, m, s), Max(n, m + s) - Min(n - n, s)),
    ],
    ids=str,
)
def test_what_is_not_seen_is_not_decided(left, right):
    if differing(left, right) is None:
        with pytest.raises(UnsupportedError):
            same(left, right)


def test_what_is_given_decides_too():
    with given_of_sizes((n >= 5,)):
        assert same(Max(n, 5), n)
        assert not same(Max(n, 6), n)
    with given_of_sizes((n <= m,)):
        assert same(Max(n, m), m)
        assert not same(n, m)
    with given_of_sizes((n <= m, m <= n)):
        assert same(n, m)
    with given_of_sizes((Q.even(n),)), pytest.raises(UnsupportedError):
        same(2 * floor(n / 2), n)  # true, and no law says so: no misfit is made up
    with given_of_sizes((Eq(Mod(n, 4), 0),)), pytest.raises(UnsupportedError):
        same(4 * floor(n / 4), n)


def test_what_a_symbol_is_declared_to_be_holds_of_its_values():
    remainders = {values[even] % 2 for values in candidates({even})}
    assert remainders == {0}


image = IndexedBase("X", shape=(n, m, s, s))


def filters(size):
    return IndexedBase("W", shape=(a, m, size, size))


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (Shape(conv2d(image, filters(3), padding=1, stride=2), (n, a, *[floor((s + 1) / 2)] * 2)),
         "holds"),
        (Shape(conv2d(image, filters(1), stride=2), (n, a, *[ceiling(s / 2)] * 2)), "holds"),
        (Shape(conv2d(image, filters(1), stride=2), (n, a, *[floor(s / 2)] * 2)), "ill-shaped"),
        (Shape(conv2d(image, filters(3), padding=1, stride=2), (n, a, *[floor(s / 2)] * 2)),
         "ill-shaped"),
        (Shape(MatrixSymbol("P", floor(n / 2) + ceiling(n / 2), 1) + MatrixSymbol("R", n, 1),
               (n, 1)), "holds"),
        (Shape(MatrixSymbol("P", 2 * ceiling(n / 2), 1) + MatrixSymbol("R", n, 1), (n, 1)),
         "ill-shaped"),
    ],
)  # fmt: skip
def test_claims_of_shapes(claim, status):
    assert verify(claim).status == status


A, B = MatrixSymbol("A", n, m), MatrixSymbol("B", m, m)


def test_sizes_that_are_given_to_be_equal_are_one():
    true = verify(Gradient(Trace(A**2), A, 2 * A.T, given=(Eq(n, m),)))
    assert true.status == "holds" and Eq(n, m) in true.assumptions
    false = verify(Gradient(Trace(A**2), A, 3 * A.T, given=(Eq(n, m),)))
    assert false.status == "disagrees"
    assert false.witness.sizes["n"] == false.witness.sizes["m"]
    assert false.replay()
    assert verify(Gradient(Trace(A**2), A, 2 * A.T)).status == "ill-shaped"
    twice = MatrixSymbol("C", 2 * n, n)
    claim = Gradient(Trace(A * twice), A, twice.T, given=(Eq(m, 2 * n),))
    assert verify(claim).status == "holds"
    other = Gradient(Trace(A * twice), A, twice.T, given=(Eq(m, 2 * n + 1),))
    assert verify(other).status == "ill-shaped"


def test_a_size_that_may_be_none_is_not_put_in():
    """m = n − 1 is no size for n = 1, and m = n/2 none for n = 3."""
    for value in (n - 1, n * Rational(1, 2)):
        claim = Gradient(Trace(A * A.T), A, 2 * A, given=(Eq(m, value),))
        assert put_in(claim) == claim
    claim = Gradient(Trace(A * A.T), A, 2 * A, given=(Eq(m, 2 * n + s),))
    assert put_in(claim).wrt.shape == (n, 2 * n + s)
