"""Arrays that are proved to be equal: what is suggested by numbers is proved, or not used."""

from __future__ import annotations

import os
from itertools import product

import pytest
from sympy import (
    Function,
    HadamardProduct,
    Integer,
    Lambda,
    MatrixSymbol,
    OneMatrix,
    Q,
    Rational,
    Symbol,
    ZeroMatrix,
    cos,
    erf,
    exp,
    sin,
    sqrt,
    tanh,
)

import derive.proof.arrays.merge
import derive.proof.arrays.sample
from derive import Backward, Identity, verify
from derive.base.budget import Budget
from derive.base.worker import run_deep
from derive.formulas import transformer
from derive.lowering.problem import Problem
from derive.lowering.statement import state
from derive.presentation import answer
from derive.proof.arrays.merge import Comparison

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
        comparison = Comparison(statement.left, statement.right, problem, Budget(), statement.place)
        proof = comparison.proof()
        if proof is None:
            return comparison.agree, None, None
        merged = [(m.axes, m.scale) for m in proof.merged]
        assumed = answer.assumptions(problem, statement, proof.normaliser, *proof.others)
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
    # n² + a b = (a + b) n for n = a and for n = b, which are the sizes that are sampled.
    a, b = derive.proof.arrays.sample.MANY
    where = {A: (n**2 + a * b) * X, C: (a + b) * n * X}
    claim = Identity(A.applyfunc(Lambda(t, sin(t))), C.applyfunc(Lambda(t, sin(t))), where=where)
    assert compared(claim) == (True, None, None)
    assert verify(claim).status == "disagrees"


def test_agreement_at_every_sampled_point_alone_merges_nothing(monkeypatch):
    monkeypatch.setattr(derive.proof.arrays.merge, "close", lambda *_: True)
    where = {A: X * W, C: X * W + X / 1000}
    claim = Identity(A.applyfunc(Lambda(t, sin(t))), C.applyfunc(Lambda(t, sin(t))), where=where)
    assert compared(claim) == (True, None, None)


def test_a_relation_between_names_is_unfolded():
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
    monkeypatch.setattr(derive.proof.arrays.merge, "DEEP", 0)
    where = {A: X * W, C: A.applyfunc(Lambda(t, tanh(t)))}
    where[E] = HadamardProduct(G, C.applyfunc(Lambda(t, 1 - t**2)))
    verdict = verify(Backward(C, X, G, E * W.T, where=where))
    assert verdict.status == "holds"
    assert "equal arrays" in [step.rule for step in verdict.steps]
    assert verdict.replay()


# ---- a block of a Transformer

gelu = Lambda(t, t * (1 + erf(t / sqrt(2))) / 2)
unknown = Lambda(t, Function("sigma")(t))
ACTIVATIONS = {
    "relu": (transformer.relu, transformer.step),
    "gelu": (gelu, Lambda(t, gelu(t).diff(t))),
    "unknown": (unknown, Lambda(t, unknown(t).diff(t))),
}


# Each takes seconds: all of them with ALL_CLAIMS in the environment.
BLOCKS = list(product((transformer.pre_norm_block, transformer.encoder_block), ACTIVATIONS))
BLOCKS = BLOCKS if os.environ.get("ALL_CLAIMS") else BLOCKS[-1:]


@pytest.mark.parametrize(("made", "activation"), BLOCKS)
def test_every_gradient_of_a_block(made, activation, monkeypatch):
    for name, value in zip(("relu", "step"), ACTIVATIONS[activation], strict=True):
        monkeypatch.setattr(transformer, name, value)
    output, block = made()
    assert len(block.gradients) == 13
    for symbol, gradient in block.gradients.items():
        claim = Backward(output, symbol, transformer.G, gradient, where=block.definitions)
        assert verify(claim).status == "holds", symbol


def test_two_blocks():
    output, gradients, where = transformer.stack(2)
    for symbol in (transformer.X, *(s for s in gradients if str(s) in ("Wq1", "gamma12"))):
        claim = Backward(output, symbol, transformer.G, gradients[symbol], where=where)
        assert verify(claim).status == "holds", symbol


def _without_centring(block):
    dN, dfirst = _named(block, "dN2"), _named(block, "dfirst")
    centring = transformer._row_means(dN)
    block.backward[dfirst] = block.backward[dfirst].xreplace({-centring: ZeroMatrix(*dN.shape)})


def _without_the_root(block):
    dQ = _named(block, "dQ")
    block.backward[dQ] = block.backward[dQ].xreplace({1 / sqrt(transformer.u): Integer(1)})


def _swapped(block):
    dQ, dK = _named(block, "dQ"), _named(block, "dK")
    block.backward[dQ], block.backward[dK] = block.backward[dK], block.backward[dQ]


def _named(block, name):
    return next(symbol for symbol in block.backward if str(symbol) == name)


MISTAKES = [_without_centring, _without_the_root, _swapped]


@pytest.mark.parametrize("mistake", MISTAKES if os.environ.get("ALL_CLAIMS") else MISTAKES[:1])
def test_a_mistake_in_a_block(mistake):
    output, block = transformer.pre_norm_block()
    right = dict(block.backward)
    mistake(block)
    assert block.backward != right
    gradient = block.gradients[transformer.X]
    claim = Backward(output, transformer.X, transformer.G, gradient, where=block.definitions)
    assert verify(claim).status == "disagrees"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_block_that_numbers_do_not_see(mistake, monkeypatch):
    monkeypatch.setattr(derive.proof.arrays.merge, "close", lambda *_: True)
    output, block = transformer.pre_norm_block()
    mistake(block)
    gradient = block.gradients[transformer.X]
    claim = Backward(output, transformer.X, transformer.G, gradient, where=block.definitions)
    agree, merged, _ = compared(claim)
    assert agree
    assert merged is None


def test_values_seen_before_are_those_of_an_evaluation_anew():
    """Of arrays of which others are looked into than before, with one array made another."""
    where = {A: HadamardProduct(X, X), C: A + X, D: C * W, E: HadamardProduct(A + X, A)}
    where[B] = HadamardProduct(D, E) + D
    claim = Identity(B + A, B + HadamardProduct(X, X), where=where)

    def decide():
        expressions = tuple(getattr(claim, name) for name in claim.expression_fields)
        problem = Problem(expressions, claim.where, claim.assumed)
        statement = state(problem, claim)
        comparison = Comparison(statement.left, statement.right, problem, Budget(), statement.place)
        assert comparison.agree
        arrays = comparison.order
        sets = [set(), {arrays[0]}, set(arrays), *(set(arrays) - {s} for s in arrays), set()]
        tops = []
        for opened in sets * 2:
            for signed in (False, True):
                seen = [comparison._names(opened, signed)(s) for s in arrays]
                comparison._versions.clear()
                comparison._seen.clear()
                anew = [comparison._names(opened, signed)(s) for s in arrays]
                assert all((a == b).all() for a, b in zip(seen, anew, strict=True))
                for before in (set(), set(arrays)):  # what the next set may find seen before
                    for array in arrays:
                        comparison._names(before, signed)(array)
                tops.append(seen[-1])
        return tops

    tops = run_deep(decide)
    assert len({top.tobytes() for top in tops}) > 4  # the sets make a difference
