"""Sums, products and inequalities of scalars: sigmoids of differences, products over parts of a
range, logarithms of quotients, Gibbs' and Bernoulli's inequalities, and false neighbours of each.
"""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import (
    Abs,
    DiagMatrix,
    Eq,
    HadamardProduct,
    IndexedBase,
    Lambda,
    MatrixSymbol,
    Max,
    OneMatrix,
    Piecewise,
    Product,
    Q,
    Sum,
    Trace,
    exp,
    log,
    sin,
    tanh,
)

from derive import Gradient, Hessian, Identity, Inequality, verify
from derive.canonical.atoms import ConstAtom, IntAtom
from derive.canonical.forms import Normaliser
from derive.canonical.joined_digits import joined
from derive.canonical.log_parts import in_parts
from derive.core.integers import FREE, FRESH, SIZE, ZERO, Poly, Var, as_poly
from derive.core.terms import Array, delta, entry, mul, total
from derive.proof.factors import taken_apart

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k, l = sp.symbols("i j k l", integer=True)
x, y, t, u = sp.symbols("x y t u", real=True)
beta = sp.Symbol("beta", positive=True)
X, Y, Z, P = (IndexedBase(name, shape=(n,)) for name in "xyzp")
V = IndexedBase("v", shape=(n, n))
G = IndexedBase("g", shape=(n, m))
s = MatrixSymbol("s", n, 1)


def over(term, *ranges):
    return Sum(term, *[(index, 0, size - 1) for index, size in ranges])


def sigma(z):
    return 1 / (1 + exp(-z))


def softmax(z, index):
    return exp(z[index]) / Sum(exp(z[j]), (j, 0, n - 1))


def entries(low, high, factor=lambda index: Y[index]):
    return Product(factor(i), (i, low, high))


def logit(z):
    return log(z / (1 - z))


def pairwise(weights):
    """The Hessian of the loss over all pairs, given its weights, in matrix form."""
    apart = s * OneMatrix(1, n) - OneMatrix(n, 1) * s.T
    loss = apart.applyfunc(Lambda(t, log(1 + exp(-t))))
    slopes = HadamardProduct(
        apart.applyfunc(Lambda(t, sigma(t))), (-apart).applyfunc(Lambda(t, sigma(t)))
    )
    full = weights * slopes
    whole = Trace(OneMatrix(1, n) * loss * OneMatrix(n, 1))
    return Hessian(whole, s, DiagMatrix(full * OneMatrix(n, 1)) - full)


INSIDE = (k >= 0, k <= n - 1)
ONE = Eq(over(P[i], (i, n)), 1)
DISTRIBUTION = (ONE, Q.positive(P[k]))
whole = entries(0, n - 1)
margin = beta * (X[j] - Y[j])
ranked = over(V[i, j] * log(1 + exp(X[j] - X[i] + beta)), (j, n), (i, n))
ranked_slope = over(V[i, k] * sigma(X[k] - X[i] + beta), (i, n))
divergence = over(P[i] * log(P[i] / softmax(Z, i)), (i, n))
entropy = -over(P[i] * log(P[i]), (i, n))

xl, xr, yl, yr, d0, d1 = sp.symbols("xl xr yl yr d0 d1", real=True)


def spline(weight, of=lambda z: z):
    """The slope of a rational quadratic spline, with a weight that should be 1."""
    slope, z = (yr - yl) / (xr - xl), (x - xl) / (xr - xl)
    below = slope + (d1 + d0 - 2 * slope) * z * (1 - z)
    value = yl + (yr - yl) * (slope * z**2 + d0 * z * (1 - z)) / below
    above = d1 * z**2 + 2 * slope * z * (1 - z) + weight * d0 * (1 - z) ** 2
    return Gradient(of(value), x, slope**2 * above / below**2)


S, B = MatrixSymbol("S", m, m), MatrixSymbol("B", m, m)
a, b = MatrixSymbol("a", m, 1), MatrixSymbol("b", m, 1)
EIGEN = Eq(S * a, x * a)

TRUE = {
    "power of an eigenvalue": Identity(B * S**n * a, x**n * B * a, given=EIGEN),
    "from the left": Identity(a.T * S**n, x**n * a.T, given=Eq(a.T * S, x * a.T)),
    "fixed point": Identity(S**n * a, a, given=Eq(S * a, a)),
    "kernel": Identity(S**n * a, 0 * a, given=Eq(S * a, 0 * a)),
    "spline": spline(1),
    "seven unknowns": Identity(
        (xl * x + xr) / (yl * x + yr) + d0 / (x + d1),
        ((xl * x + xr) * (x + d1) + d0 * (yl * x + yr)) / ((yl * x + yr) * (x + d1)),
    ),
    "log sigma of a difference": Gradient(
        over(log(1 / (1 + exp(X[j] - y))), (j, n)), y, over(sigma(X[j] - y), (j, n))
    ),
    "sigma of a difference": Gradient(
        over(sigma(y - X[j]), (j, n)), y, over(sigma(y - X[j]) * sigma(X[j] - y), (j, n))
    ),
    "preference": Gradient(
        -over(log(sigma(margin)), (j, n)), X[k], -beta * sigma(-margin).subs(j, k)
    ),
    "preference in beta": Gradient(
        -over(log(sigma(margin)), (j, n)), beta, -over((X[j] - Y[j]) * sigma(-margin), (j, n))
    ),
    "ranked pairs": Gradient(
        ranked, X[k], ranked_slope - over(V[k, j] * sigma(X[j] - X[k] + beta), (j, n))
    ),
    "Bradley and Terry": Gradient(
        over(V[i, j] * (X[i] - log(exp(X[i]) + exp(X[j]))), (j, n), (i, n)),
        X[k],
        over(
            (V[k, j] * exp(X[j]) - V[j, k] * exp(X[k])) / (exp(X[k]) + exp(X[j])), (j, n)
        ),
    ),
    "all pairs": Identity(over(sigma(X[i] - X[j]), (j, n), (i, n)), n**2 / 2),
    "all pairs twice": pairwise(2),
    "product without one": Gradient(whole, Y[k], entries(0, k - 1) * entries(k + 1, n - 1)),
    "product split": Identity(whole, entries(0, k - 1) * entries(k, n - 1), given=INSIDE),
    "product split at its end": Identity(
        whole, entries(0, k - 1) * entries(k, n - 1), given=(k >= 0, k <= n)
    ),
    "factor taken out": Identity(
        whole, entries(0, k - 1) * Y[k] * entries(k + 1, n - 1), given=INSIDE
    ),
    "first factor": Identity(whole, Y[0] * entries(1, n - 1)),
    "last factor": Identity(whole, Y[n - 1] * entries(0, n - 2)),
    "empty product": Identity(entries(k, k - 1), 1, given=INSIDE),
    "product over each": Gradient(whole, Y[k], whole / Y[k]),
    "product in a parameter": Gradient(
        entries(0, n - 1, lambda a: 1 + x * Y[a]),
        x,
        over(
            Y[j]
            * entries(0, j - 1, lambda a: 1 + x * Y[a])
            * entries(j + 1, n - 1, lambda a: 1 + x * Y[a]),
            (j, n),
        ),
    ),
    "rising": Identity(Product(x + i, (i, 0, n)), x * Product(x + 1 + i, (i, 0, n - 1))),
    "rising split": Identity(
        Product(x + i, (i, 0, n - 1)),
        Product(x + i, (i, 0, k - 1)) * Product(x + i, (i, k, n - 1)),
        given=INSIDE,
    ),
    "telescoped before": Identity(over((1 - Y[l]) * entries(0, l - 1), (l, n)), 1 - whole),
    "telescoped after": Identity(over((1 - Y[l]) * entries(l + 1, n - 1), (l, n)), 1 - whole),
    "telescoped between": Identity(
        over((Y[l] - X[l]) * entries(0, l - 1) * Product(X[i], (i, l + 1, n - 1)), (l, n)),
        whole - Product(X[i], (i, 0, n - 1)),
    ),
    "telescoped quotients": Identity(Product(X[i + 1] / X[i], (i, 0, n - 2)), X[n - 1] / X[0]),
    "under a sum": Identity(
        over(X[j] * entries(0, j) * entries(j + 1, n - 1), (j, n)), whole * over(X[j], (j, n))
    ),
    "two sums": Inequality(0, over(exp(G[i, j]) - G[i, j] - 1, (j, m), (i, n))),
    "two sums and a count": Inequality(n * m, over(exp(G[i, j]) - G[i, j], (j, m), (i, n))),
    "two sums with weights": Inequality(
        0, over(Y[i] ** 2 * (exp(G[i, j]) - G[i, j] - 1), (j, m), (i, n))
    ),
    "hinge": Inequality(0, over(Max(0, 1 - G[i, j]) - Max(0, -G[i, j]), (j, m), (i, n))),
    "bounded": Inequality(-n * m, over(sin(G[i, j]), (j, m), (i, n))),
    "logit": Gradient(over(logit(X[i]), (i, n)), X[k], 1 / (X[k] * (1 - X[k]))),
    "logit apart": Identity(over(logit(X[i]), (i, n)), over(log(X[i]) - log(1 - X[i]), (i, n))),
    "logit turned": Identity(over(log((1 - X[i]) / X[i]), (i, n)), -over(logit(X[i]), (i, n))),
    "logit of entries": Identity(
        s.applyfunc(Lambda(t, log((1 - t) / t))), -s.applyfunc(Lambda(t, logit(t)))
    ),
    "sizes": Identity(log(x / y), log(Abs(x)) - log(Abs(y))),
    "both negative": Identity(log(x * y), log(-x) + log(-y)),
    "divergence": Inequality(0, divergence, given=DISTRIBUTION),
    "cross-entropy": Inequality(
        entropy, -over(P[i] * log(softmax(Z, i)), (i, n)), given=DISTRIBUTION
    ),
    "divergence of softmaxes": Inequality(
        0, over(softmax(Z, i) * log(softmax(Z, i) / softmax(X, i)), (i, n))
    ),
    "entropy of a softmax": Inequality(
        -over(softmax(Z, i) * log(softmax(Z, i)), (i, n)), log(n)
    ),
    "Fenchel": Inequality(
        over(P[i] * Z[i], (i, n)) + entropy, log(over(exp(Z[j]), (j, n))), given=DISTRIBUTION
    ),
    "Bernoulli": Inequality(1 + n * u, (1 + u) ** n, given=u >= -1),
    "Bernoulli below": Inequality(1 - n * u, (1 - u) ** n, given=u <= 1),
    "exponential": Inequality((1 + u) ** n, exp(n * u), given=u >= -1),
    "powers of two": Inequality(n + 1, 2**n),
    "at most one": Inequality(u**n, 1, given=(u >= 0, u <= 1)),
    "Weierstrass": Inequality(
        1 - over(X[i], (i, n)),
        Product(1 - X[i], (i, 0, n - 1)),
        given=(Q.nonnegative(X[k]), Q.nonnegative(1 - X[k])),
    ),
    "Weierstrass above": Inequality(
        1 + over(X[i], (i, n)), Product(1 + X[i], (i, 0, n - 1)), given=Q.nonnegative(X[k])
    ),
    "running sums": Gradient(
        over(Y[k] * Sum(X[j], (j, 0, k)), (k, n)), X[l], Sum(Y[k], (k, l, n - 1))
    ),
    "one running sum": Gradient(
        Sum(X[j] ** 2, (j, 0, k)), X[l], Piecewise((2 * X[l], l <= k), (0, True)), given=INSIDE
    ),
}  # fmt: skip

FALSE = {
    "power of an eigenvalue": Identity(S**n * a, x ** (n + 1) * a, given=EIGEN),
    "another vector": Identity(S**n * b, x**n * b, given=EIGEN),
    "from the other side": Identity(a.T * S**n, x**n * a.T, given=EIGEN),
    "spline": spline(2),
    "spline turned": spline(1, lambda z: -z),
    "seven unknowns": Identity(
        (xl * x + xr) / (yl * x + yr) + d0 / (x + d1),
        ((xl * x + xr) * (x + d1) + d0 * (yl * x + yr)) / ((yl * x + yr) * (x - d1)),
    ),
    "preference": Gradient(
        -over(log(sigma(margin)), (j, n)), X[k], -beta * sigma(margin).subs(j, k)
    ),
    "ranked pairs": Gradient(
        ranked, X[k], ranked_slope - over(V[k, j] * sigma(X[j] - X[k] - beta), (j, n))
    ),
    "all pairs": Identity(over(sigma(X[i] - X[j]), (j, n), (i, n)), (n**2 - 1) / 2),
    "all pairs twice": pairwise(1),
    "tanh": Gradient(over(tanh(y - X[j]), (j, n)), y, over(1 - tanh(y - X[j]), (j, n))),
    "product without one": Gradient(whole, Y[k], entries(0, k - 1) * entries(k, n - 1)),
    "product from one": Gradient(whole, Y[k], entries(1, k - 1) * entries(k + 1, n - 1)),
    "product split": Identity(whole, entries(0, k) * entries(k, n - 1), given=INSIDE),
    "telescoped after": Identity(over((1 - Y[l]) * entries(l, n - 1), (l, n)), 1 - whole),
    "under a sum": Identity(
        over(X[j] * entries(0, j - 1) * entries(j + 1, n - 1), (j, n)), whole * over(X[j], (j, n))
    ),
    "two sums": Inequality(0, over(exp(G[i, j]) - G[i, j] - 2, (j, m), (i, n))),
    "two sums with weights": Inequality(
        0, over(Y[i] * (exp(G[i, j]) - G[i, j] - 1), (j, m), (i, n))
    ),
    "logit turned": Identity(over(log((1 - X[i]) / X[i]), (i, n)), over(logit(X[i]), (i, n))),
    "sizes": Identity(log(x / y), log(Abs(x)) + log(Abs(y))),
    "of no product": Identity(log(x * y + 1), log(Abs(x)) + log(Abs(y))),
    "divergence turned": Inequality(divergence, 0, given=DISTRIBUTION),
    "divergence of weights": Inequality(0, divergence, given=Q.positive(P[k])),
    "half an entropy": Inequality(entropy, log(n) / 2, given=DISTRIBUTION),
    "Bernoulli": Inequality(1 + n * u, (1 + u) ** n),
    "Bernoulli turned": Inequality((1 + u) ** n, 1 + n * u, given=u >= -1),
    "powers of two": Inequality(n + 2, 2**n),
    "squares": Inequality(n**2, 2**n),
    "at most one": Inequality(u**n, 1, given=u >= 0),
    "Weierstrass": Inequality(
        1 - over(X[i], (i, n)), Product(1 - X[i], (i, 0, n - 1)), given=Q.nonnegative(X[k])
    ),
    "running sums": Gradient(
        over(Y[k] * Sum(X[j], (j, 0, k)), (k, n)), X[l], Sum(Y[k], (k, l + 1, n - 1))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    verdict = verify(TRUE[name])
    assert verdict.status == "holds", verdict.reason


@pytest.mark.parametrize("name", FALSE)
def test_a_false_neighbour_is_refuted(name):
    verdict = verify(FALSE[name])
    assert verdict.status == "disagrees", verdict.reason


@pytest.mark.parametrize(
    "claim",
    [
        Identity(whole, entries(0, k - 1) * entries(k, n - 1), given=(k >= 0,)),
        Identity(whole, entries(0, k - 1) * entries(k, n - 1), given=(k >= 0, k <= n + 1)),
        Identity(log(x * y), log(-x) + log(y)),
    ],
)
def test_a_law_does_not_apply_past_its_bounds(claim):
    assert verify(claim).status != "holds"


def test_the_derivative_of_a_product_asks_for_no_factor_but_0():
    assert not verify(TRUE["product without one"]).assumptions


def test_an_equation_between_the_unknowns_is_not_passed_over():
    left, right = xl + xr + yl + yr + d0 / x, xl + xr + yl + yr + d0 / d1
    assert verify(Identity(left, right)).status == "disagrees"
    assert verify(Identity(left, right, given=Eq(x, d1))).status == "holds"


# ---- the laws themselves, where their conditions fail


def test_a_product_is_not_taken_apart_at_a_place_that_may_be_past_it():
    for low, apart in ((ZERO, True), (None, False)):
        normaliser = Normaliser()
        size = Var("n", SIZE)
        cut = as_poly(Var("k", FREE, low, None if low is None else as_poly(size) - 1))
        index = Var("u", FREE, ZERO, as_poly(size) - 1)
        factor = normaliser.add({(): 1}, normaliser.of_integer(as_poly(index) * 2))
        whole_range = normaliser.product_over(index, factor)
        rest = Var("u", FREE, cut, as_poly(size) - 1)
        moved = normaliser.substitute(factor, {index: as_poly(rest)})
        both = normaliser.add(whole_range, normaliser.product_over(rest, moved))
        assert (taken_apart(normaliser, both) != both) is apart


def test_only_quotients_over_exponentials_are_turned():
    normaliser = Normaliser()
    a, b = ({((normaliser.atom(ConstAtom, name), 1),): 1} for name in (sp.pi, sp.EulerGamma))
    for one, two, turned in ((a, b, False), (normaliser.exp(a), normaliser.exp(b), True)):
        below = normaliser.power(normaliser.add(one, two), -1)
        quotients = [normaliser.multiply(normaliser.power(p, -1), below) for p in (one, two)]
        assert any(len(quotient) > 1 for quotient in quotients) is turned


def test_a_logarithm_of_one_factor_stays_what_it_is():
    normaliser = Normaliser()
    a, b = ({((normaliser.atom(IntAtom, as_poly(Var(name, FREE))), 1),): 1} for name in "ab")
    plain = normaliser.log(a)
    assert in_parts(normaliser, plain) == plain
    parted = in_parts(normaliser, normaliser.log(normaliser.multiply(a, b)))
    assert len(parted) == 2
    assert not any(normaliser.sign({m: c}) for m, c in parted.items())


@pytest.mark.parametrize(("fewer", "joins"), [(0, True), (3, False)])
def test_two_empty_ranges_are_no_range_of_the_product_of_their_lengths(fewer, joins):
    """Σ_i Σ_k v[s·i + k] for s = size − 3 and as many i: both lengths are −2 for a size of 1."""
    length = as_poly(Var("size", SIZE, as_poly(1))) - fewer
    low, high = (Var(name, FRESH, ZERO, length - 1) for name in "ki")
    array = Array("v", (Poly({(): 9}),))
    term = total(high, total(low, entry(array, length * as_poly(high) + as_poly(low))))
    assert (joined(term) is not term) == joins


@pytest.mark.parametrize(("last", "joins"), [(0, True), (1, False)])
def test_an_equation_is_solved_for_an_index_that_takes_the_value(last, joins):
    """Σ_a Σ_l [a = q·s + r] v[s·r + l] over q, r < s, with a up to s² − 1 or one less."""
    size = as_poly(Var("size", SIZE, as_poly(1)))
    q, r, l_ = (Var(name, FRESH, ZERO, size - 1) for name in "qrl")
    a = Var("a", FRESH, ZERO, size * size - 1 - last)
    here = delta(as_poly(q) * size + as_poly(r), as_poly(a))
    read = entry(Array("v", (size * size,)), size * as_poly(r) + as_poly(l_))
    term = total(a, total(l_, total(q, total(r, mul(here, read)))))
    assert (joined(term) is not term) == joins


SHUFFLED = IndexedBase("S", shape=(n, m * m))
flat = over(SHUFFLED[sp.floor(i / m), sp.Mod(i, m) * m + j], (j, m), (i, n * m))


def test_blocks_of_which_one_is_read_by_its_remainder():
    assert verify(Identity(flat, over(SHUFFLED[i, k], (k, m**2), (i, n)))).status == "holds"
    assert verify(Identity(flat, over(SHUFFLED[i, k], (k, m), (i, n)))).status == "disagrees"


LOWER = MatrixSymbol("L", n, n)
LOGS = Sum(log(LOWER[i, i]), (i, 0, n - 1))


def test_the_logarithm_of_a_product_whose_factors_have_no_known_sign():
    given = sp.Q.lower_triangular(LOWER)
    size = log(sp.Determinant(LOWER))
    assert verify(Identity(size, LOGS, given=given)).status == "holds"
    squared = Identity(log(sp.Determinant(LOWER) ** 2), 2 * log(Abs(sp.Determinant(LOWER))))
    assert verify(squared).status == "holds"
    assert verify(Identity(size, 2 * LOGS, given=given)).status == "disagrees"
    assert verify(Identity(size, -LOGS, given=given)).status == "disagrees"


@pytest.mark.parametrize("claim", [
    Identity(sp.sqrt(x**2 - 2 * x * y + y**2), Abs(x - y)),
    Identity(log((x - 3 * y) ** 2), 2 * log(Abs(x - 3 * y))),
    Identity((4 * t**2 - 4 * t * u + u**2) ** sp.Rational(3, 2), Abs(2 * t - u) ** 3),
    Identity(log(1 + 2 * exp(x) + exp(2 * x)), 2 * log(1 + exp(x))),
    Identity(sp.sqrt(sp.expand((x + y + t) ** 2)), Abs(x + y + t)),
])  # fmt: skip
def test_the_root_of_a_square_that_is_multiplied_out(claim):
    assert verify(claim).status == "holds"
