"""Witnesses: found where a claim is wrong, never where it is right, always within the givens."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest
import sympy as sp
from sympy import Q
from sympy.matrices.expressions.diagonal import DiagonalMatrix

from derive.base.budget import for_claim
from derive.base.errors import UnsupportedError
from derive.claims.kinds import Backward, Gradient, Hessian, Identity, Inequality, Jacobian, Shape
from derive.evaluation.evaluate import Point, evaluate, sides
from derive.language.operators import ScalarFunction, max_over, partial, softmax
from derive.refutation.draws import LEVELS
from derive.refutation.points import PointMaker
from derive.refutation.search import (
    agrees_numerically,
    confirm,
    dimension_symbols,
    free_indices,
    search,
)

n, m, c = sp.symbols("n m c", integer=True, positive=True)
i, j, k, p = sp.symbols("i j k p", integer=True)
x, y, t = sp.symbols("x y t", real=True)
X, W = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("W", n, c)
A, B = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("B", n, n)
w, u = sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("u", n, 1)
b, o = sp.MatrixSymbol("b", 1, c), sp.MatrixSymbol("o", 1, c)
a = sp.IndexedBase("a", shape=(n,))
f, g = sp.Function("f"), sp.Function("g")
L = ScalarFunction("L")

SHORT = 0.25e6  # units of work: enough for every size up to three of these claims


def total(array, size):
    return sp.Sum(array[0, j], (j, 0, size - 1))


def entries(matrix):
    return sp.Sum(matrix[i, j], (i, 0, n - 1), (j, 0, m - 1))


residual = X * w - u
squares = (residual.T * residual)[0, 0] / 2
cross_entropy = -sp.Sum(b[0, j] * sp.log(softmax(o)[0, j]), (j, 0, c - 1))
norm = sp.sqrt(sp.Sum(b[0, j] ** 2, (j, 0, c - 1)))

# Each right claim with a wrong one that is close to it, and the smallest sizes that tell.
PAIRS = {
    "gradient": (
        Gradient(squares, w, X.T * residual),
        Gradient(squares, w, 2 * X.T * residual),
        {"n": 1, "m": 1},
    ),
    "order of factors": (Identity((A * B).T, B.T * A.T), Identity((A * B).T, A.T * B.T), {"n": 2}),
    "inverse": (
        Identity((A * B).inverse(), B.inverse() * A.inverse()),
        Identity((A * B).inverse(), A.inverse() * B.inverse()),
        {"n": 2},
    ),
    "determinant": (
        Gradient(sp.log(sp.Determinant(A)), A, A.inverse().T),
        Gradient(sp.log(sp.Determinant(A)), A, A.inverse()),
        {"n": 2},
    ),
    "hessian": (
        Hessian(squares, w, X.T * X),
        Hessian(squares, w, 2 * X.T * X),
        {"n": 1, "m": 1},
    ),
    "jacobian": (Jacobian(X * w, w, X), Jacobian(X * w, w, -X), {"n": 1, "m": 1}),
    "backward": (
        Backward(X * w, X, u, u * w.T),
        Backward(X * w, X, u, u * w.T / n),
        {"n": 2, "m": 1},
    ),
    "elementwise": (
        Gradient(entries(X.applyfunc(f)), X, X.applyfunc(sp.Lambda(x, f(x).diff(x)))),
        Gradient(entries(X.applyfunc(f)), X, X.applyfunc(sp.Lambda(x, g(x).diff(x)))),
        {"n": 1, "m": 1},
    ),
    "scalar function": (
        Gradient(L(2 * A, x), A, 2 * L.gradient(0)(2 * A, x)),
        Gradient(L(2 * A, x), A, 2 * L.gradient(0)(A, x)),
        {"n": 1},
    ),
    "free index": (
        Gradient(sp.Sum(a[i] ** 2, (i, 0, n - 1)), a[p], 2 * a[p]),
        Gradient(sp.Sum(a[i] ** 2, (i, 0, n - 1)), a[p], 2 * a[0]),
        {"n": 2, "p": 1},
    ),
    "only in the last entry": (
        Identity(sp.Sum(a[i], (i, 0, p)), sp.Sum(a[p - i], (i, 0, p))),
        Identity(sp.Sum(a[i], (i, 0, p)), sp.Sum(a[i], (i, 0, sp.Min(p, 1)))),
        {"n": 3, "p": 2},
    ),
    "inequality": (
        Inequality(2 * x * y, x**2 + y**2),
        Inequality(3 * x * y, x**2 + y**2),
        {},
    ),
    "inequality that is nearly an equation": (
        Inequality(x - x**2 / 4, 1),
        Inequality(x - x**2 / 4, sp.Rational(99, 100)),
        {},
    ),
    "relu": (
        Gradient(sp.Max(0, x), x, sp.Piecewise((1, x > 0), (0, True))),
        Gradient(sp.Max(0, x), x, sp.Piecewise((1, x > -2), (0, True))),
        {},
    ),
    "irrational": (
        Identity(sp.exp(x + y), sp.exp(x) * sp.exp(y)),
        Identity(sp.exp(x + y), sp.exp(x) + sp.exp(y)),
        {},
    ),
    "maximum": (
        Inequality(b[0, j], max_over(b[0, k], (k, 0, c - 1))),
        Inequality(max_over(b[0, k], (k, 0, c - 1)), b[0, j]),
        {"c": 2, "j": 0},
    ),
    "derivative as a factor": (
        Identity(partial(x**2 * y, x) * y, 2 * x * y**2),
        Identity(partial(x**2 * y, x) * y, x * y**2),
        {},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_claim_has_no_witness(name):
    right, _, _ = PAIRS[name]
    assert search(right, work=SHORT) is None
    assert agrees_numerically(right) is True


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_claim_is_refuted_at_the_smallest_sizes(name):
    _, wrong, sizes = PAIRS[name]
    witness = search(wrong, work=2e6)
    assert witness is not None
    smallest = {s: size for s, size in witness.sizes.items() if s in sizes}
    if "j" in sizes:
        smallest["j"] = sizes["j"]  # which entry is not the largest depends on the values
    assert smallest == sizes
    assert witness.left != witness.right


@pytest.mark.parametrize("name", PAIRS)
def test_a_witness_can_be_replayed_from_what_it_shows(name):
    _, wrong, _ = PAIRS[name]
    witness = search(wrong, work=2e6)
    symbols = {str(s): s for s in (n, m, c, i, j, k, p, x, y, t, X, W, A, B, w, u, b, o, a)}
    point = Point(
        {symbols[s]: size for s, size in witness.sizes.items()},
        {symbols[s]: value for s, value in witness.values.items()},
        witness.functions,
    )
    again = confirm(wrong, point)
    assert (again.entry, again.left, again.right) == (witness.entry, witness.left, witness.right)
    json.dumps(dict(witness.values), default=str)


def test_exact_and_enclosed_sides():
    exact = search(PAIRS["gradient"][1])
    assert type(exact.left) is Fraction and type(exact.right) is Fraction
    ball = search(PAIRS["irrational"][1])
    assert isinstance(ball.left, sp.Float) and str(ball.left) != str(ball.right)


def test_the_difference_shows_in_print():
    tiny = Identity(sp.exp(x), sp.exp(x) * (1 + sp.Rational(1, 10**20)))
    point = Point({}, {x: 1})
    witness = confirm(tiny, point)
    assert str(witness.left) != str(witness.right)


# -- assumptions -----------------------------------------------------------------------------

one = sp.S.One
below = sp.Piecewise((A[i, j], i > j), (0, True))
above = sp.Piecewise((A[i, j], i < j), (0, True))
orthonormal = sp.Eq(W.T * W, sp.Identity(c))
probabilities = sp.Eq(total(b, c), 1)

# What holds under the assumption and not without it.
GIVEN = {
    "symmetric": (Q.symmetric(A), Identity, A, A.T),
    "orthogonal": (Q.orthogonal(A), Identity, A * A.T, sp.Identity(n)),
    "diagonal": (Q.diagonal(A), Identity, A, DiagonalMatrix(A)),
    "upper": (Q.upper_triangular(A), Identity, below, 0),
    "lower": (Q.lower_triangular(A), Identity, above, 0),
    "unit triangular": (Q.unit_triangular(A), Identity, sp.Determinant(A), 1),
    "invertible": (Q.invertible(A), Identity, sp.sign(sp.Determinant(A)) ** 2, 1),
    "singular": (Q.singular(A), Identity, sp.Determinant(A), 0),
    "full rank": (
        Q.fullrank(W) & sp.Le(c, n),
        Identity,
        sp.sign(sp.Determinant(W.T * W)) ** 2,
        1,
    ),
    "positive definite": (Q.positive_definite(A), Inequality, 0, sp.Determinant(A)),
    "normal": (Q.normal(A), Identity, A * A.T, A.T * A),
    "integer entries": (Q.integer_elements(A), Identity, sp.floor(A[i, j]), A[i, j]),
    "positive": (Q.positive(x), Identity, sp.Abs(x) / x, one),
    "nonnegative": (Q.nonnegative(x), Identity, sp.Abs(x), x),
    "negative": (Q.negative(x), Identity, sp.Abs(x), -x),
    "nonpositive": (Q.nonpositive(x), Identity, sp.Abs(x), -x),
    "nonzero": (Q.nonzero(x), Identity, sp.sign(x) ** 2, 1),
    "zero": (Q.zero(x), Identity, x, 0),
    "integer": (Q.integer(x), Identity, sp.floor(x), x),
    "even": (Q.even(x), Identity, (-1) ** x, 1),
    "odd": (Q.odd(x), Identity, (-1) ** x, -1),
    "positive entries": (Q.positive(b[0, k]), Inequality, b[0, 0], total(b, c)),
    "positive sum": (Q.positive(total(b, c)), Inequality, 0, total(b, c)),
    "an equation solved": (probabilities, Identity, total(b, c) ** 2, 1),
    "an equation by scaling": (
        sp.And(probabilities, Q.positive(b[0, k])),
        Inequality,
        sp.Sum(b[0, j] ** 2, (j, 0, c - 1)),
        1,
    ),
    "an equation for each row": (
        sp.Eq(sp.Sum(A[k, j], (j, 0, n - 1)), 1),
        Identity,
        sp.Sum(A[i, j], (i, 0, n - 1), (j, 0, n - 1)),
        n,
    ),
    "equations in two scalars": (sp.Eq(x + 2 * y, 3), Identity, x, 3 - 2 * y),
    "orthonormal columns": (orthonormal, Identity, W * W.T * W, W),
    "unit norm": (sp.Eq(norm, 1), Identity, sp.Sum(b[0, j] ** 2, (j, 0, c - 1)), 1),
    "idempotent": (sp.Eq(A * A, A), Identity, A * A * A, A),
    "inverse of each other": (sp.Eq(A * B, sp.Identity(n)), Identity, B * A, sp.Identity(n)),
    "commuting": (sp.Eq(A * B, B * A), Identity, (A + B) * (A - B), A * A - B * B),
    "mask": (
        sp.Eq(sp.HadamardProduct(A, A), A),
        Identity,
        sp.HadamardPower(A, 3),
        A,
    ),
    "inequality": (sp.Gt(x, 1), Inequality, x, x**2),
    "interval": (sp.And(t > 0, t < 1), Inequality, t**2, t),
    "a norm above a threshold": (sp.And(norm > t, t > 0), Identity, sp.Min(1, t / norm) * norm, t),
    "either": (sp.Or(x > 1, x < -1), Inequality, 1, x**2),
    "not": (sp.Not(sp.Eq(x, 0)), Identity, sp.sign(x) ** 2, 1),
    "unequal": (sp.Ne(x, y), Identity, sp.sign(x - y) ** 2, 1),
    "order of indices": (sp.Lt(p, k), Identity, sp.KroneckerDelta(p, k) * a[p] * a[k], 0),
    "sizes": (sp.Ge(n, 2), Identity, sp.Min(n, 2), 2),
    "large sizes": (sp.Ge(n, 5), Identity, sp.Min(n, 5) * a[0], 5 * a[0]),
}


def claim_of(name, with_given):
    given, kind, left, right = GIVEN[name]
    return kind(left, right, given=given if with_given else ())


@pytest.mark.parametrize("name", GIVEN)
def test_under_its_assumption_the_claim_has_no_witness(name):
    claim = claim_of(name, with_given=True)
    assert search(claim, work=SHORT) is None
    assert agrees_numerically(claim) is True  # not None: there were points


@pytest.mark.parametrize("name", GIVEN)
def test_without_its_assumption_the_claim_is_refuted(name):
    assert search(claim_of(name, with_given=False), work=2e6) is not None


@pytest.mark.parametrize("name", GIVEN)
def test_points_vary_under_an_assumption(name):
    """A wrong claim is still refuted under it: assumptions do not leave trivial points only."""
    if name == "zero":
        pytest.skip("zero is all that is left")
    claim = Inequality(sp.Symbol("free", real=True), 3, given=GIVEN[name][0])
    assert search(claim, work=2e6) is not None


def test_orthogonal_points_are_not_only_permutations():
    claim = Identity(sp.HadamardPower(A, 3), A, given=Q.orthogonal(A))
    witness = search(claim)
    assert witness is not None and any(
        e.denominator > 1 for row in witness.values["A"] for e in row
    )


@pytest.mark.parametrize(
    "fact",
    [Q.prime(x), Q.algebraic(x), sp.Contains(x, sp.Interval(0, 1))],
    ids=str,
)
def test_an_assumption_that_cannot_be_checked_is_never_ignored(fact):
    claim = Identity(x, x + 1, given=fact)
    assert search(claim) is None
    assert agrees_numerically(claim) is None
    with pytest.raises(UnsupportedError):
        PointMaker(claim)


def test_an_assumption_that_nothing_satisfies():
    assert search(Identity(x, x + 1, given=(x > 1, x < 0)), work=SHORT) is None
    assert search(Identity(x, x + 1, given=sp.Eq(sp.exp(x), -2)), work=SHORT) is None


def test_an_assumption_that_only_a_logarithm_satisfies():
    witness = search(Identity(x, x + 1, given=sp.Eq(sp.exp(x), 2)))
    assert witness.values == {"x": sp.log(2)}


def test_assumptions_that_symbols_carry():
    for name in ("positive", "negative", "nonnegative", "integer", "nonzero", "even"):
        z = sp.Symbol("z", **{name: True})
        witness = search(Identity(z, z + 1))
        assert getattr(sp.Rational(witness.values["z"]), f"is_{name}")
    above = sp.Symbol("above", positive=True)
    assert search(Identity(sp.Abs(above), above), work=SHORT) is None
    array = sp.IndexedBase("array", shape=(n,), negative=True)
    assert search(Identity(sp.Abs(array[i]), -array[i]), work=SHORT) is None
    assert search(Identity(sp.Abs(array[i]), array[i])) is not None


def test_a_size_keeps_the_assumptions_of_its_symbol():
    even = sp.Symbol("even", integer=True, positive=True, even=True)
    v = sp.MatrixSymbol("v", even, 1)
    assert search(Gradient((v.T * v)[0, 0], v, v)).sizes == {"even": 2}


@pytest.mark.parametrize("level", range(LEVELS + 1))
def test_every_level_of_values_keeps_every_assumption(level):
    claim = Identity(
        A * W, W, given=(Q.positive_definite(A), orthonormal, Q.positive(x), sp.Lt(x + y, 1))
    )
    maker, rng = PointMaker(claim), random.Random(level)
    used = 0
    for values in maker.values({n: 3, c: 2}, level, rng):
        point = maker.point({n: 3, c: 2}, values)
        if maker.admits(point, local=False):
            used += 1
            assert (evaluate(W.T * W, point) == evaluate(sp.Identity(c), point)).all()
            assert evaluate(A - A.T, point).any() == 0
            assert evaluate(x, point) > 0 and evaluate(x + y, point) < 1
    assert used


# -- what is left out, and when to stop ------------------------------------------------------


def test_points_without_a_value_or_off_an_array_are_no_witness():
    assert search(Identity(sp.log(-1 - x**2), 0), work=SHORT) is None
    assert agrees_numerically(Identity(sp.log(-1 - x**2), 0)) is None
    assert search(Identity(a[n], 0), work=SHORT) is None
    assert search(Gradient(sp.Abs(0 * x + sp.Max(x, x + 0 * y)), x, sp.sign(x)), work=0.1e6) is None


def test_sizes_that_do_not_fit_are_no_witness():
    assert search(Identity(X, X.T), work=SHORT).sizes["n"] > 1
    assert search(Identity(X * X.T, sp.Identity(m)), work=SHORT).sizes["n"] < 4
    assert search(Identity(sp.MatAdd(X, A), X), work=SHORT) is not None
    v = sp.MatrixSymbol("v", n, 2)
    assert search(Identity(v * v.T, sp.ZeroMatrix(n + 1, n)), work=SHORT) is None


def test_a_claim_about_shapes_has_no_witness():
    assert search(Shape(X, (n, m))) is None


def test_definitions_get_their_values_from_what_they_say():
    hidden = sp.MatrixSymbol("hidden", n, m)
    where = {hidden: 2 * X}
    assert search(Gradient(entries(hidden), X, 2 * sp.OneMatrix(n, m), where=where),
                  work=SHORT) is None  # fmt: skip
    witness = search(Gradient(entries(hidden), X, hidden, where=where))
    assert "hidden" not in witness.values and set(witness.values) == {"X"}
    cut = Gradient(entries(sp.HadamardPower(hidden, 2)), hidden, 4 * X, where=where)
    assert search(cut, work=SHORT) is None


def test_no_more_work_is_done_than_may_be():
    right, wrong, *_ = PAIRS["gradient"]
    assert search(wrong, work=-1) is None
    for claim in (right, Identity(softmax(A * B * A), softmax(A * B * A))):
        with for_claim() as budget:
            assert search(claim, work=0.2e6) is None
        assert 0.2e6 < budget.spent < 0.3e6


def test_the_search_is_reproducible():
    wrong = PAIRS["determinant"][1]
    assert search(wrong, seed=3) == search(wrong, seed=3)


def test_the_sanity_check_notices_a_planted_error():
    assert agrees_numerically(Gradient(cross_entropy, o, softmax(o) - b, given=probabilities))
    for wrong in (softmax(o) + b, 2 * softmax(o) - b, softmax(b) - b):
        assert agrees_numerically(Gradient(cross_entropy, o, wrong, given=probabilities)) is False
    assert agrees_numerically(Inequality(x**2 + 1, x)) is False


def test_the_sanity_check_does_not_mistake_rounding_for_a_difference():
    """Floats lose every digit here; the exact look says that both sides agree."""
    cancelling = Identity((x + 10**16) ** 2 - 10**32 - 2 * 10**16 * x, x**2)
    assert agrees_numerically(cancelling) is not False
    assert search(cancelling, work=SHORT) is None


def test_what_a_claim_speaks_of():
    image = sp.IndexedBase("I", shape=(c, n + p - 1))
    s = sp.Symbol("s", integer=True, positive=True)
    claim = Gradient(sp.Sum(image[k, s * i + j], (j, 0, p - 1)), image[k, m], t)
    assert set(dimension_symbols(claim)) == {c, n, p, s}
    assert set(free_indices(claim)) == {k, i, m}
    assert free_indices(claim)[k] == [c, c]


def test_sides_in_rationals_agree_with_the_witness():
    _, wrong, _ = PAIRS["inverse"]
    witness = search(wrong)
    left, right = sides(wrong, Point({n: 2}, {A: witness.values["A"], B: witness.values["B"]}))
    assert Fraction(str(left[witness.entry])) == witness.left
    assert Fraction(str(right[witness.entry])) == witness.right


@pytest.mark.parametrize(
    "claim",
    [
        Inequality(x, 1000),
        Inequality(x, 10**6),
        Inequality(x, 1000 * x**2, given=(x >= 0,)),
        Inequality(-7, sp.log(x), given=(x > 0, x < 1)),
        Inequality(sp.exp(-x), 100),
        Inequality(1 + 3 * x, (1 + x) ** 3),
        Inequality(3 * x * y, x**4 + y**4 + 1),
        Inequality(
            sp.Sum(sp.Abs(u[i, 0]), (i, 0, n - 1)),
            sp.sqrt(3) * sp.sqrt(sp.Sum(u[i, 0] ** 2, (i, 0, n - 1))),
        ),
    ],
    ids=str,
)
def test_what_fails_far_out_close_by_or_at_a_larger_size_is_found(claim):
    assert search(claim) is not None
