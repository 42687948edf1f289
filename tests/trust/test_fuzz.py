"""A seeded sample of the random terms and claims; ``python -m tests.trust --part fuzz`` has all.

And the judge itself: it has to see what is wrong, and nothing wrong in what is right.
"""

from __future__ import annotations

import random
import re

import pytest
import sympy as sp
from flint import fmpq
from sympy import Abs, Max, Min, Piecewise, Q, Rational, Sum, exp, log, sign, sqrt

from derive import (
    Backward,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    Shape,
    at,
    conv2d,
    max_pool2d,
    recurrence,
)
from derive.canonical.nodes import NODE_RULES
from derive.claims.verdict import DISAGREES, HOLDS, ILL_SHAPED, Verdict, Witness
from derive.core.terms import FunctionEntry, FunctionTrace
from derive.language.operators import Softmax, entry

from . import fuzz, fuzz_terms
from .changing import changed
from .fuzz_claims import KINDS, made
from .judge import Place, scalar
from .judging import RIGHT, WRONG, judged
from .making import A, B, Maker, U, V, f, i, k, l, m, n, t, v, x, y
from .numbers import NoValue, Real, precise, real

SEED, TERMS, CLAIMS = 3, 120, 60
image = sp.IndexedBase("image", shape=(1, 1, n, 2))
h = sp.IndexedBase("h", shape=(n + 1,))
steps = {h: recurrence(x * at(h, l - 1) + V[l - 1], (l, 1, n), start=1)}
g = sp.MatrixSymbol("g", n, 1)


@pytest.mark.parametrize(("what", "count"), [("terms", TERMS), ("claims", CLAIMS)])
def test_nothing_in_the_sample_is_wrong(what, count):
    tally = fuzz.worked((what, 0, count, SEED))
    assert tally.failures == []
    assert tally.counts[what, RIGHT] >= count / 2


def test_every_kind_of_claim_is_made():
    kinds = {found[0] for seed in range(300) if (found := made(f"kinds {seed}"))}
    assert kinds == set(KINDS)


def test_a_seed_makes_the_same_again():
    def written(seed):  # SymPy numbers the indices of its own as it goes
        return re.sub(r"\d+", "", str(made(f"again {seed}")))

    assert list(map(written, range(30))) == list(map(written, range(30)))


# What is false and held

FALSE = [
    Identity(Abs(x), x),
    Identity(Max(x, 0), x, (Q.nonnegative(y),)),
    Identity(Piecewise((y, x > 0), (0, True)), Piecewise((y, x >= 0), (0, True))),
    Identity(
        Sum(Piecewise((V[k], k > n / 2), (0, True)), (k, 0, n - 1)),
        Sum(Piecewise((V[k], k >= n / 2 + 1), (0, True)), (k, 0, n - 1)),
    ),
    Identity(Piecewise((y, x ** (n - 1) > 0), (0, True)),
             Piecewise((y, x ** (n + 1) > 0), (0, True))),
    Identity(f(x), f(Max(Min(x, 1), -1)),
             where={f: sp.Lambda(t, sp.Determinant(A + t * sp.Identity(n)))}),
    Identity(Piecewise((V[i], 2 * i <= n - 2), (0, True)), V[i], (i < n / 2,)),
    Identity(A * B, B * A),
    Identity(A.T, A, (sp.Eq(sp.Trace(A), 1),)),
    Inequality(Max(x - 1, 0) / sqrt(Abs(y)), 0),
    Inequality(sign(x), 0, (x <= 1,)),
    Gradient(Abs(x), x, 1),
    Gradient(Sum(V[k] ** 2, (k, 0, n - 1)), V, V),
    Gradient(sp.Trace(A * B), A, B),
    Gradient(sp.Trace(A * B), A, B.T, (Q.symmetric(A),)),
    Gradient(at(h, n), x, n, where=steps),
    Hessian(entry(v.T * A * v, 0, 0), v, 2 * A),
    Jacobian(Softmax(v.T), v, sp.DiagMatrix(Softmax(v.T).T)),
    Backward((A * v).applyfunc(sp.Lambda(t, Max(t, 0))), v, g, A.T * g),
    Identity(at(h, n), x**n, where=steps),
    Identity(max_pool2d(image, (2, 1), padding=(1, 0))[0, 0, 0, 0], Max(0, image[0, 0, 0, 0])),
    Shape(conv2d(image, sp.IndexedBase("kernel", shape=(1, 1, 2, 1)), stride=(2, 1)), (1, 1, n, 2)),
]  # fmt: skip

# What is true and refuted, or called ill-shaped
TRUE = [
    Identity(Abs(x), Max(x, -x)),
    Identity(sqrt(x**2), x, (x >= 0,)),
    Identity(Piecewise((x, k >= Rational(1, 2)), (0, True)), Piecewise((x, k >= 1), (0, True))),
    Inequality(x * y, (x**2 + y**2) / 2),
    Gradient(log(1 + exp(x)), x, 1 / (1 + exp(-x))),
    Gradient(sp.Trace(A * B), A, (B + B.T) / 2, (Q.symmetric(A),)),
    Hessian(entry(v.T * A * v, 0, 0), v, A + A.T),
    Jacobian(A * v, v, A),
    Backward(A * v, A, g, g * v.T),
    Identity(at(h, 1), x + V[0], where=steps),
    Shape(max_pool2d(image, (2, 1)), (1, 1, sp.floor(n / 2), 2)),
    Shape(sp.MatrixSymbol("P", sp.floor(n / 2) + sp.ceiling(n / 2), 1).T * v, (1, 1)),
]


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_the_judge_sees_that_a_false_claim_does_not_hold(claim):
    found = [judged(claim, Verdict(claim, HOLDS), random.Random(seed))[0] for seed in range(6)]
    assert WRONG in found


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_the_judge_lets_a_true_claim_hold(claim):
    found = {judged(claim, Verdict(claim, HOLDS), random.Random(seed))[0] for seed in range(6)}
    assert found == {RIGHT}


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_the_judge_sees_that_a_fitting_claim_is_called_ill_shaped(claim):
    assert judged(claim, Verdict(claim, ILL_SHAPED), random.Random(0))[0] == WRONG


@pytest.mark.parametrize(("claim", "sizes", "values", "outcome"), [
    (Identity(Abs(x), x), {}, {"x": Rational(-1, 2)}, RIGHT),
    (Identity(Abs(x), x), {}, {"x": Rational(1, 2)}, WRONG),
    (Identity(Abs(x), x, (x > 0,)), {}, {"x": -1}, WRONG),  # it is not given there
    (Inequality(x, y), {}, {"x": 0, "y": 1}, WRONG),  # the sides differ, and in order
    (Gradient(sp.Trace(A * B), A, B), {"n": 2},
     {"A": [[0, 0], [0, 0]], "B": [[0, 1], [0, 0]]}, RIGHT),
    (Gradient(sp.Trace(A * B), A, B), {"n": 1}, {"A": [[1]], "B": [[2]]}, WRONG),
])  # fmt: skip
def test_a_witness_has_to_show_a_difference(claim, sizes, values, outcome):
    witness = Witness(sizes, values, {}, (), 0, 0)
    verdict = Verdict(claim, DISAGREES, witness=witness)
    assert judged(claim, verdict, random.Random(0))[0] == outcome


def test_what_the_verdict_assumes_is_assumed_by_the_judge():
    claim = Identity(sqrt(x**2), x)
    assert judged(claim, Verdict(claim, HOLDS), random.Random(0))[0] == WRONG
    listed = Verdict(claim, HOLDS, assumptions=(x > 0,))
    assert judged(claim, listed, random.Random(0))[0] == RIGHT


# Values


@pytest.mark.parametrize(("expr", "value"), [
    (Piecewise((log(x), x > 0), (1, True)), 1),
    (x**0.5, None), (1 / x, Rational(-1, 2)), (Abs(x) ** Rational(1, 2), sqrt(2)),
    (y ** (n - 1), 0), (y ** (m - 1), 1), (1 / y, None), (sqrt(y), 0), (y ** Rational(-1, 2), None),
    (Sum(k, (k, 2, m)), 0), (sp.Product(k, (k, 2, m)), 1), (Sum(1 / k, (k, 1, n)), Rational(11, 6)),
    (sp.floor(n / 2), 1), (sp.ceiling(n / 2), 2), (sp.Mod(n, 2), 1), (sign(y), 0),
    (Sum(Piecewise((1, k > Rational(3, 2)), (0, True)), (k, 0, n)), 2),
])  # fmt: skip
def test_values_at_an_edge(expr, value):
    place = Place({x: real(-2), y: real(0), n: real(3), m: real(1)})
    with precise():
        if value is None:
            with pytest.raises(NoValue):
                scalar(sp.nsimplify(expr), place, {})
        else:
            assert abs(float(scalar(expr, place, {}).v) - float(value)) < 1e-12


@pytest.mark.parametrize("expr", [
    exp(x * y), log(2 + x**2), sqrt(3 + x), sp.sin(x * y), sp.cos(x) ** 3, sp.tan(x / 2),
    sp.sinh(x), sp.cosh(x * y), sp.tanh(x - y), sp.atan(x), sp.asin(x / 3), sp.acos(x / 3),
    sp.asinh(x * y), sp.acosh(2 + x), sp.atanh(x / 4), sp.erf(x), sp.erfc(x * y), 1 / (1 + x**2),
    (3 + x) ** Rational(2, 3), (2 + x) ** y, sp.sech(x), sp.coth(x),
], ids=str)  # fmt: skip
def test_derivatives_are_those_of_calculus(expr):
    here = {x: Rational(1, 2), y: Rational(3, 4)}
    moved = {s: Real(fmpq(q.p, q.q), fmpq(1), fmpq(1)) for s, q in here.items() if s == x}
    with precise():
        found = scalar(expr, Place({**moved, y: real(here[y])}), {})
        for part, order in ((found.a, 1), (found.ab, 2)):
            expected = sp.diff(expr, x, order).subs(here).evalf(25)
            assert abs(float(part) - float(expected)) < 1e-12 * (1 + abs(float(expected)))


@pytest.mark.parametrize("expr", [Abs(x), Max(x, 0), sign(x), Piecewise((x, x > 0), (0, True)),
                                  sp.floor(x)], ids=str)  # fmt: skip
def test_there_is_no_derivative_at_a_kink(expr):
    with precise(), pytest.raises(NoValue):
        scalar(expr, Place({x: Real(fmpq(0), fmpq(1))}), {})


# A broken rule of the engine is noticed


# Random terms have no functions of matrices, whose laws have tests of their own.
OF_TERMS = set(NODE_RULES) - {FunctionEntry, FunctionTrace}


@pytest.mark.parametrize("node", sorted(OF_TERMS, key=lambda node: node.__name__))
def test_a_rule_that_is_off_by_one_is_noticed(node, monkeypatch):
    rule = NODE_RULES[node]

    def broken(normaliser, term):
        return normaliser.add(rule(normaliser, term), {(): 1})

    monkeypatch.setitem(NODE_RULES, node, broken)
    if node.__name__ in ("Unknown", "Whole", "Const"):  # no random term has one
        return
    found = (
        fuzz_terms.examine(
            Maker(random.Random(f"broken {seed}")).scalar(3), False, random.Random(0)
        )
        for seed in range(400)
    )
    assert any(result.outcome == fuzz_terms.WRONG for result in found)


def test_a_change_is_a_change():
    rng = random.Random(0)
    for seed in range(40):
        expr = sp.sympify(Maker(random.Random(seed)).scalar(3))
        other = changed(expr, rng)
        assert other is None or other != expr
    assert changed(U[0], rng) not in (None, U[0])
