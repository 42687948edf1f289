"""Arrays that are proved to be one: what is suggested by numbers is proved, or not used."""

from __future__ import annotations

from sympy import (
    HadamardProduct,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Q,
    Rational,
    Symbol,
    cos,
    exp,
    sin,
    sqrt,
    tanh,
)

import derive.merge
from derive import Backward, Identity, answer, verify
from derive.merge import Comparison
from derive.problem import Problem
from derive.statement import state
from derive.worker import run_deep

n = Symbol("n", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
t = Symbol("t", real=True)
X, Y, G = (MatrixSymbol(name, n, m) for name in "XYG")
W, B = MatrixSymbol("W", m, m), MatrixSymbol("B", n, m)
A, C, D, E = (MatrixSymbol(name, n, m) for name in "ACDE")


def compared(claim):
    """Whether both sides agree at the points; how arrays were made one, and the assumptions."""

    def decide():
        expressions = tuple(getattr(claim, name) for name in claim.expression_fields)
        problem = Problem(expressions, claim.where, claim.assumed)
        statement = state(problem, claim)
        comparison = Comparison(
            statement.left, statement.right, problem.prepare, None, statement.place
        )
        proof = comparison.proof()
        if proof is None:
            return comparison.agree, None, None
        merged = [(m.axes, m.scale) for m in proof.merged]
        assumed = answer.assumptions(problem, proof.normaliser, *proof.others)
        return comparison.agree, merged, assumed

    return run_deep(decide)


def test_two_definitions_of_one_array():
    where = {A: HadamardProduct(X + Y, X + Y), C: 2 * HadamardProduct(X, Y), D: X * W}
    where[B] = HadamardProduct(X, X) + C + HadamardProduct(Y, Y)
    claim = Identity(
        HadamardProduct(A.applyfunc(Lambda(t, tanh(t))), D),
        HadamardProduct(B.applyfunc(Lambda(t, tanh(t))), D),
        where=where,
    )
    agree, merged, _ = compared(claim)
    assert agree
    assert ((0, 1), 1) in merged


def test_up_to_the_order_of_axes_and_a_factor():
    turned = MatrixSymbol("T", m, n)
    where = {A: (X + Y) * W, turned: -2 * W.T * X.T - 2 * W.T * Y.T}
    claim = Identity(
        A.applyfunc(Lambda(t, cos(t))), (-turned.T / 2).applyfunc(Lambda(t, cos(t))), where=where
    )
    agree, merged, _ = compared(claim)
    assert agree
    assert ((1, 0), Rational(-1, 2)) in merged


def test_agreement_at_the_sampled_sizes_alone_merges_nothing():
    # n² + 12 = 7 n for n = 3 and for n = 4, which are the sizes that are sampled.
    where = {A: (n**2 + 12) * X, C: 7 * n * X}
    claim = Identity(A.applyfunc(Lambda(t, sin(t))), C.applyfunc(Lambda(t, sin(t))), where=where)
    assert compared(claim) == (True, None, None)
    assert verify(claim).status == "disagrees"


def test_agreement_at_every_sampled_point_alone_merges_nothing(monkeypatch):
    monkeypatch.setattr(derive.merge, "close", lambda *_: True)
    where = {A: X * W, C: X * W + X / 1000}
    claim = Identity(A.applyfunc(Lambda(t, sin(t))), C.applyfunc(Lambda(t, sin(t))), where=where)
    assert compared(claim) == (True, None, None)


def test_a_relation_between_names_is_looked_into():
    # Each row of C sums to 0, which no name for C says.
    where = {C: X - X * OneMatrix(m, m) / m, D: C.applyfunc(Lambda(t, exp(t)))}
    where[A] = HadamardProduct(D, Y) + C * OneMatrix(m, m)
    claim = Identity(
        A.applyfunc(Lambda(t, tanh(t))),
        HadamardProduct(D, Y).applyfunc(Lambda(t, tanh(t))),
        where=where,
    )
    agree, merged, _ = compared(claim)
    assert agree
    assert merged


def test_what_a_merge_relies_on_is_listed():
    where = {A: HadamardProduct(X, X).applyfunc(Lambda(t, sqrt(t))), C: A * W, D: X * W}
    claim = Identity(
        C.applyfunc(Lambda(t, tanh(t))),
        D.applyfunc(Lambda(t, tanh(t))),
        where=where,
        given=(Q.positive(X),),
    )
    agree, merged, assumptions = compared(claim)
    assert (agree, bool(merged)) == (True, True)
    assert assumptions == (Q.positive(X),)
    without = Identity(claim.left, claim.right, where=where)
    assert compared(without)[1] is None


def test_no_value_at_the_points_is_no_suggestion():
    claim = Identity(
        X.applyfunc(Lambda(t, sqrt(-1 - t**2))), X.applyfunc(Lambda(t, sqrt(-1 - t**2)))
    )
    assert compared(claim)[0] is None


def test_the_steps_of_a_proof_name_the_arrays(monkeypatch):
    monkeypatch.setattr(derive.pipeline, "DEEP", 0)
    where = {A: X * W, C: A.applyfunc(Lambda(t, tanh(t)))}
    where[E] = HadamardProduct(G, C.applyfunc(Lambda(t, 1 - t**2)))
    verdict = verify(Backward(C, X, G, E * W.T, where=where))
    assert verdict.status == "holds"
    assert "equal arrays" in [step.rule for step in verdict.steps]
    assert verdict.replay()
