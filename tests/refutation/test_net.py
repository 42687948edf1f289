"""The check of a proof by numbers: what it must catch, and that it lets true claims pass."""

from dataclasses import replace

import pytest
import sympy as sp
from sympy import Abs, Eq, Function, Lambda, Max, Min, Piecewise, Product, Rational, Sum, sign, sqrt

from derive import Backward, Gradient, Identity, Inequality, engine, verify
from derive.canonical.forms import Normaliser
from derive.evaluation.fields import BALL, CONSTANTS, FLOATING, precision
from derive.proof.decide import Proof
from derive.refutation.net import agrees_throughout
from derive.refutation.points import PointMaker

n, m = sp.symbols("n m", integer=True, positive=True)
i, k = sp.symbols("i k", integer=True)
x, y, t = sp.symbols("x y t", real=True)
V = sp.IndexedBase("V", shape=(n,))
A = sp.MatrixSymbol("A", n, n)
w = sp.MatrixSymbol("w", 1, 1)[0, 0]
f = Function("f")


def over(value, condition):
    return Sum(Piecewise((value, condition), (0, True)), (k, 0, n - 1))


def where(condition):
    return Piecewise((x, condition), (0, True))


FALSE = {
    "clipped": Identity(
        f(x), f(Max(Min(x, 1), -1)), where={f: Lambda(t, sp.Determinant(A + t * sp.Identity(n)))}
    ),
    "half of a size": Identity(over(V[k], k > n / 2), over(V[k], k >= n / 2 + 1)),
    "root of a size": Identity(over(V[k], k > sqrt(n)), over(V[k], k >= sqrt(n) + 1)),
    "three halves": Identity(over(V[k], k > Rational(3, 2)), over(V[k], k >= Rational(5, 2))),
    "large threshold": Identity(over(V[k], k > Rational(15, 2)), over(V[k], k >= 9)),
    "harmonic": Identity(where(Sum(1 / k, (k, 1, n)) > 3), where(Sum(1 / k, (k, 1, n)) >= 4)),
    "given half": Identity(Piecewise((V[i], 2 * i <= n - 2), (0, True)), V[i], given=(i < n / 2)),
    "zero to zero": Identity(where(y ** (n - 1) > 0), where(y ** (n + 1) > 0)),
    "threshold": Identity(where(x > 7), where(x > Rational(15, 2))),
    "between": Identity(Max(x - Rational(7, 3), 0) * Max(Rational(5, 2) - x, 0), 0),
    "a tie": Identity(sign(x - y) ** 2, 1),
    "kink": Inequality(Max(x - 1, 0) / sqrt(Abs(y)), 0),
    "golden": Inequality(sp.GoldenRatio * Abs(x) ** Rational(2, 3), 0),
    "euler": Identity(sp.EulerGamma * x, Rational(5772, 10000) * x),
    "branch of a derivative": Gradient(
        Piecewise((sqrt(x), x > 1), (Abs(x), True)), x,
        Piecewise((1 / (2 * sqrt(x)), x > 1), (1, True)),
    ),
    "many given": Identity(Sum(V[k], (k, 0, 9)), Sum(V[k], (k, 0, n - 1)), given=(n >= 10)),
}  # fmt: skip

TRUE = {
    "half of a size": Identity(over(V[k], 2 * k > n), over(V[k], k > n / 2)),
    "zero to zero": Identity(where(y ** (2 * n) >= 0), x),
    "clipped": Identity(Max(Min(x, 1), -1), Min(Max(x, -1), 1)),
    "threshold": Identity(where(x > 7), x - where(x <= 7)),
    "many given": Identity(Product(V[k], (k, 0, n - 1)), Product(V[i], (i, 0, n - 1)),
                           given=(n >= 10)),
    "relu": Gradient(Max(x, 0), x, Piecewise((1, x > 0), (0, True))),
}  # fmt: skip


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_what_is_false_somewhere_does_not_agree_throughout(claim):
    assert agrees_throughout(claim) is False


@pytest.mark.parametrize("claim", TRUE.values(), ids=TRUE)
def test_what_is_true_agrees_throughout(claim):
    assert agrees_throughout(claim) is True


@pytest.mark.parametrize("given", [
    (n >= 10,), (n >= 100, m >= n), (Eq(n, 2 * m), m >= 7), (m >= n + 12,), (Eq(n, 3 * m),),
])  # fmt: skip
def test_sizes_satisfy_what_is_given(given):
    B = sp.MatrixSymbol("B", n, m)
    sizes = next(PointMaker(Identity(sp.Trace(B * B.T), 0, given=given)).sizes())
    assert all(fact.subs(sizes) == sp.true for fact in given)


def test_no_sizes_satisfy_a_contradiction():
    assert next(PointMaker(Identity(V[0], 0, given=(n >= 10, n <= 9))).sizes(), None) is None


def test_a_proof_that_no_point_checks_is_none():
    verdict = verify(Identity(sp.zeta(3) * x, x * sp.zeta(3), given=sp.Q.positive(-1 - x**2)))
    assert verdict.status == "undecided"


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_has_a_value_in_every_field(name):
    symbol = {"pi": sp.pi, "e": sp.E}.get(name) or getattr(sp, name)
    with precision(200):
        ball = BALL.constant(name)
    assert abs(float(ball) - float(symbol)) < 1e-14
    assert ball.rad() < 1e-30
    assert abs(FLOATING.constant(name) - float(symbol)) < 1e-14


def test_the_check_is_the_same_every_time():
    claim = FALSE["clipped"]
    sizes = [list(PointMaker(claim).sizes()) for _ in range(2)]
    assert sizes[0] == sizes[1]
    assert agrees_throughout(Backward(x * y, x, t, t * y)) is True


def test_a_proof_is_no_verdict_where_no_point_could_check_it(monkeypatch):
    claim = Gradient(x**2, x, 2 * x)
    assert verify(claim).status == "holds"
    monkeypatch.setattr(engine, "agrees_throughout", lambda claim: None)
    monkeypatch.setattr(engine, "agrees_somewhere", lambda claim: None)
    verdict = verify(claim)
    assert (verdict.status, verdict.reason) == ("undecided", engine.UNCHECKED)
    monkeypatch.setattr(engine, "agrees_somewhere", lambda claim: True)
    assert verify(claim).status == "holds"


@pytest.mark.parametrize("right", [y**x, Abs(y) * y**x])
def test_a_point_that_a_proof_leaves_out_refutes_all_the_same(right):
    """y^x is negative at y = -1, x = 1, and a proof by its logarithm speaks of y > 0 alone."""
    claim = Inequality(0, right)
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert verdict.reason.endswith("; it is proved where y > 0")
    assert verify(replace(claim, given=(y > 0,))).status == "holds"
    assert verify(Inequality(1, right)).status == "disagrees"


def test_no_assumption_of_a_broken_proof_hides_what_contradicts_it(monkeypatch):
    """What is said to be assumed is 0 ≤ x: the points where it is so speak against the proof."""
    assumed = (x >= 0,)
    monkeypatch.setattr(engine.answer, "assumptions", lambda *_: assumed)
    monkeypatch.setattr(engine, "prove_equal", lambda *_, **__: Proof(Normaliser(), {}, {}))
    verdict = verify(Identity(x, 2 * x))
    assert (verdict.status, verdict.assumptions) == ("undecided", ())
    assert "contradicted" in verdict.reason


def test_what_is_said_of_one_entry_is_not_said_of_all():
    n, j, k = sp.Symbol("n", integer=True, positive=True), *sp.symbols("j k", integer=True)
    V, A = sp.IndexedBase("V", shape=(n,)), sp.MatrixSymbol("A", n, n)
    for claim in (
        Inequality(0, V[j], given=sp.Q.positive(V[0])),
        Inequality(0, A[j, k], given=(sp.Q.positive(A[0, 0]), sp.Q.positive_definite(A))),
        Inequality(0, A[0, j], given=sp.Q.positive(A[k, k])),
    ):
        assert verify(claim).status == "disagrees"
    assert verify(Inequality(0, V[j], given=sp.Q.positive(V[k]))).status == "holds"
