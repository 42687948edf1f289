"""Recurrences: their values, their adjoints, their proofs, and planted errors that are caught."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from expected import EXPECTED
from sympy import Lambda, MatrixSymbol, Symbol, symbols

from derive import (
    ClaimError,
    Gradient,
    Identity,
    Jacobian,
    Shape,
    ShapeError,
    at,
    max_over,
    ordered_product,
    recurrence,
    sequence,
    shape_of,
    sum_over,
    verify,
)
from derive.base.budget import Budget
from derive.base.errors import BudgetExceeded, DeriveError
from derive.core.graph import components, in_order
from derive.evaluation.evaluate import Point, derivative, evaluate
from derive.formulas import gru, lstm, rnn, sequences
from derive.language.sequences import carried, systems
from derive.lowering.problem import Problem
from derive.lowering.statement import state
from derive.proof.decide import CHEAP, prove_equal
from derive.proof.hypotheses import Hypotheses
from derive.proof.induction import induction, stepping
from derive.proof.induction.induction import Induction
from derive.proof.induction.suggested import Numbers

T, n, m = symbols("T n m", integer=True, positive=True)
t, s, j, k = symbols("t s j k", integer=True)
u, w = Symbol("u", real=True), Symbol("w", real=True)
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
X, H = MatrixSymbol("X", T, n), MatrixSymbol("H", T + 1, n)
h0 = MatrixSymbol("h0", 1, n)
LINEAR = {H: recurrence(at(H, t - 1) * A + at(X, t - 1), (t, 1, T), start=h0)}


def status(claim):
    return verify(claim, timeout=60).status


# ---- what they are worth


def point(steps):
    values = {
        A: [[1, 2], [0, 1]],
        B: [[1, 0], [3, 1]],
        X: np.arange(2 * steps).reshape(steps, 2).tolist(),
        h0: [[1, -1]],
    }
    return Point({T: steps, n: 2}, values)


@pytest.mark.parametrize("steps", (1, 2, 4))
def test_a_recurrence_is_unrolled(steps):
    here = point(steps)
    state_, rows = np.array(here.values[h0]), [np.array(here.values[h0])]
    for x in np.array(here.values[X]):
        state_ = state_ @ np.array(here.values[A]) + x
        rows.append(state_)
    assert (evaluate(H, here, LINEAR).astype(int) == np.concatenate(rows)).all()


def test_later_positions_move_with_an_earlier_one():
    at_three = Point({**point(3).sizes, t: 3}, point(3).values)
    found = derivative(at(H, t), at(H, sp.Integer(1)), at_three, LINEAR).reshape(2, 2)
    assert (found.astype(int) == np.linalg.matrix_power(np.array([[1, 2], [0, 1]]), 2).T).all()


def test_a_product_is_taken_in_order():
    factor = A + B * Symbol("c")
    here = Point({n: 2}, {**point(1).values, Symbol("c"): 1})
    left = ordered_product(sp.MatMul(A, B), (j, 1, 2))
    assert (evaluate(left, here) == evaluate(sp.MatMul(A, B, A, B), here)).all()
    empty = evaluate(ordered_product(factor, (j, 2, 1)), here)
    assert (empty.astype(int) == np.eye(2, dtype=int)).all()


# ---- what they may be


def test_the_shapes_of_sequences():
    batch = sp.IndexedBase("S", shape=(T, m, n))
    assert shape_of(at(X, t)) == (1, n)
    assert shape_of(at(batch, t)) == (m, n)
    assert shape_of(sum_over(at(X, t).T * at(X, t), (t, 0, T - 1))) == (n, n)
    assert shape_of(recurrence(at(batch, t), (t, 1, T), start=MatrixSymbol("S0", m, n))) == (
        T + 1,
        m,
        n,
    )
    with pytest.raises(ShapeError):
        at(sp.IndexedBase("free"), t)
    with pytest.raises(ClaimError):
        recurrence(at(H, t - 1), (t, 1, T))


@pytest.mark.parametrize(
    "step",
    (
        at(H, t) * A,  # itself at the same time
        at(H, t + 1) * A,  # what comes later
        at(H, 0) * A,  # always the first
        sum_over(at(H, k), (k, 0, t - 1)),  # all of them
    ),
)
def test_a_step_reads_the_position_before(step):
    found = verify(Shape(H, (T + 1, n), where={H: recurrence(step, (t, 1, T), start=h0)}))
    assert found.status == "undecided"
    assert "before it is defined" in found.reason


def test_a_start_of_another_shape_is_ill_shaped():
    wrong = {H: recurrence(at(H, t - 1) * A, (t, 1, T), start=MatrixSymbol("c", n, 1))}
    assert status(Shape(H, (T + 1, n), where=wrong)) == "ill-shaped"


def test_gates_and_states_are_one_system():
    (system,) = systems(gru.unit)
    assert system.recursive and system.symbols == (gru.R, gru.Z, gru.C, gru.H)
    assert carried(system.symbols, gru.unit) == {gru.H}


# ---- adjoints


def test_the_adjoint_of_a_system_is_a_system():
    claim = next(c for c in rnn.formula.claims if c.id == "rnn.bptt.Wh")
    problem = Problem((claim.of, claim.wrt, claim.equals), claim.where)
    statement = state(problem, claim)
    groups = components(in_order([statement.left]))
    derived = [group for group in groups if any(a.derived for a in group)]
    assert len(derived) == 1 and len(derived[0]) > 1
    (head,) = (a for a in derived[0] if a.unfoldings)
    assert head.unfoldings[0].direction == -1


# ---- proofs, and what is wrong


def powers(exponent):
    return sum_over(at(X, k - 1) * A**exponent, (k, 1, t))


TRUE = (
    Identity(at(H, t), h0 * A**t + powers(t - k), where=LINEAR),
    Jacobian(at(H, t), at(H, s), (A ** (t - s)).T, where=LINEAR, given=(s <= t,)),
    Identity(ordered_product(A, (j, 1, t)), A**t, given=(t >= 1, t <= T)),
    Identity(at(H, 0), h0, where=LINEAR),
)
FALSE = (
    Identity(at(H, t), h0 * A**t + powers(t - k + 1), where=LINEAR),  # off by one
    Identity(at(H, t), h0 * A**t, where=LINEAR),  # the inputs forgotten
    Jacobian(at(H, t), at(H, s), A ** (t - s), where=LINEAR, given=(s <= t,)),  # turned
    Identity(at(H, T), (h0 * A**T + sum_over(at(X, k - 1), (k, 1, T))), where=LINEAR),
)


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_a_true_claim_is_proved(claim):
    assert status(claim) == "holds"


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_a_false_claim_is_refuted(claim):
    found = verify(claim, timeout=60)
    assert found.status == "disagrees"
    assert found.witness.sizes["T"] <= 3


def proved_without_a_look_at_numbers(claim):
    """Whether the engine alone proves a claim; nothing is evaluated."""
    fields = [getattr(claim, name) for name in claim.expression_fields]
    problem = Problem(tuple(fields), claim.where, claim.assumed)
    sides = state(problem, claim)
    budget = Budget(8e6)
    try:
        cheap = prove_equal(sides.left, sides.right, Hypotheses.of(problem).prepare, budget, CHEAP)
        return bool(
            cheap
            or induction.prove(sides.left, sides.right, Hypotheses.of(problem).prepare, budget)
        )
    except BudgetExceeded:
        return False


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_no_induction_proves_what_is_false(claim):
    assert not proved_without_a_look_at_numbers(claim)


WRONG = [c for c in rnn.formula.claims if EXPECTED[c.id] == "disagrees"]
WRONG += [c for c in sequences.formula.claims if EXPECTED[c.id] == "disagrees"]


@pytest.mark.parametrize("claim", WRONG, ids=lambda claim: claim.id)
def test_no_induction_proves_a_wrong_claim_of_the_catalogue(claim):
    assert not proved_without_a_look_at_numbers(claim)


PLANTED = {
    "later input": rnn.over_time(at(rnn.H, t).T * rnn.through(t)),
    "mean for sum": rnn.over_time(at(rnn.H, t - 1).T * rnn.through(t)) / rnn.T,
    "last step left out": sum_over(at(rnn.H, t - 1).T * rnn.through(t), (t, 1, rnn.T - 1)),
    "forgotten slope": rnn.over_time(at(rnn.H, t - 1).T * at(rnn.delta, t)),
    "transposed": rnn.over_time(rnn.through(t).T * at(rnn.H, t - 1)),
}


@pytest.mark.parametrize("equals", PLANTED.values(), ids=list(PLANTED))
def test_a_planted_error_in_a_gradient_through_time_is_refuted(equals):
    equals = equals.xreplace({t: rnn.t})
    claim = Gradient(rnn.loss, rnn.Wh, equals, where=rnn.backward)
    assert status(claim) == "disagrees"
    assert not proved_without_a_look_at_numbers(claim)


def test_a_recurrence_of_the_adjoint_that_reads_the_wrong_slope_is_refuted():
    wrong = {
        **rnn.network,
        rnn.delta: recurrence(
            rnn.error(t) * rnn.Wq.T + rnn.through(t) * rnn.Wh.T, (t, 1, rnn.T - 1),
            end=rnn.error(rnn.T) * rnn.Wq.T,
        ),
    }  # fmt: skip
    verdict = verify(Gradient(rnn.loss, rnn.Wh, rnn.grad_Wh, where=wrong))
    assert verdict.status == "undecided" and "before it is defined" in verdict.reason


def test_two_recurrences_are_one_only_if_start_and_step_agree():
    other = MatrixSymbol("G", T + 1, n)
    step = at(other, t - 1) * A + at(X, t - 1)
    same = {**LINEAR, other: recurrence(step, (t, 1, T), start=h0)}
    assert status(Identity(at(H, t), at(other, t), where=same)) == "holds"
    late = {**LINEAR, other: recurrence(step, (t, 1, T), start=2 * h0)}
    assert status(Identity(at(H, t), at(other, t), where=late)) == "disagrees"
    turned = {**LINEAR, other: recurrence(at(other, t - 1) * A.T, (t, 1, T), start=h0)}
    assert status(Identity(at(H, t), at(other, t), where=turned)) == "disagrees"


def test_a_proof_by_induction_shows_its_base_and_its_step():
    claim = next(c for c in rnn.formula.claims if c.id == "rnn.bptt.Wh")
    rules = [step.rule for step in verify(claim).steps]
    assert "induction, base t = T" in rules
    assert "induction, step from t + 1 to t" in rules


GATE = next(c for c in lstm.formula.claims if c.id == "lstm.bptt.bf")


def test_what_a_document_states_is_tried_before_deeper_forms_fail():
    """Of two states the adjoints are stated; by what is left of one alone it took 1.3e6."""
    found = verify(GATE)
    assert found.status == "holds"
    assert found.work < 0.9e6


@pytest.mark.parametrize("stated", [False, True])
def test_what_is_tried_first_decides_nothing(monkeypatch, stated):
    """Whether no further lemma of an induction is taken in haste, or every one."""
    monkeypatch.setattr(stepping, "_is_stated", lambda lemma: stated)
    assert status(GATE) == "holds"


def test_an_induction_without_its_base_is_no_proof(monkeypatch):
    """H and G have one step and another start: with the base left out they would be one."""
    other = MatrixSymbol("G", T + 1, n)
    two = {
        **LINEAR,
        other: recurrence(at(other, t - 1) * A + at(X, t - 1), (t, 1, T), start=2 * h0),
    }
    claim = Identity(at(H, t), at(other, t), where=two)
    monkeypatch.setattr(Induction, "_base", lambda self, lemmas, position, tried: None)
    assert status(claim) != "holds"


@pytest.mark.parametrize("length", (T, 3), ids=str)
def test_a_number_of_steps_may_be_a_number(length):
    states = MatrixSymbol("H", length + 1, n)
    inputs = MatrixSymbol("X", length, n)
    where = {
        states: recurrence(at(states, t - 1) * A + at(inputs, t - 1), (t, 1, length), start=h0)
    }
    half = A**length if length is T else A * A * A
    claim = Jacobian(at(states, length), h0, half.T, where=where)
    assert status(claim) == "holds"


def test_a_sequence_of_gates_starts_with_nothing():
    gates = MatrixSymbol("G", T + 1, n)
    where = {gates: sequence(at(X, t - 1).applyfunc(Lambda(u, u**2)), (t, 1, T))}
    assert status(Identity(at(gates, 0), sp.ZeroMatrix(1, n), where=where)) == "holds"


# ---- sequences of numbers, and recurrences that add something up

M, x = sp.IndexedBase("M", shape=(T + 1,)), sp.IndexedBase("x", shape=(T + 1,))
a, first = Symbol("a", real=True), Symbol("first", real=True)


def numbers(step, start):
    return {M: recurrence(step, (t, 1, T), start=start)}


MEAN = numbers(M[t - 1] + (x[t] - M[t - 1]) / t, 0)
LARGEST = numbers(sp.Max(M[t - 1], x[t]), x[0])
AVERAGE = numbers(a * M[t - 1] + (1 - a) * x[t], x[0])
TOTAL = sp.Sum(x[k], (k, 1, T))
TRUE_OF_NUMBERS = {
    "a running mean": Identity(M[T], TOTAL / T, where=MEAN),
    "a running mean, squared": Identity(M[T] ** 2, TOTAL**2 / T**2, where=MEAN),
    "a running maximum": Identity(M[T], max_over(x[k], (k, 0, T)), where=LARGEST),
    "an average with a factor": Identity(
        M[T], a**T * x[0] + (1 - a) * sp.Sum(a ** (T - k) * x[k], (k, 1, T)), where=AVERAGE
    ),
}
FALSE_OF_NUMBERS = {
    "a mean of one too many": Identity(M[T], TOTAL / (T + 1), where=MEAN),
    "a mean that begins too early": Identity(M[T] ** 2, (TOTAL + x[0]) ** 2 / T**2, where=MEAN),
    "a maximum without the first": Identity(M[T], max_over(x[k], (k, 1, T)), where=LARGEST),
    "an average without its start": Identity(
        M[T], (1 - a) * sp.Sum(a ** (T - k) * x[k], (k, 1, T)), where=AVERAGE
    ),
}


@pytest.mark.parametrize("claim", TRUE_OF_NUMBERS.values(), ids=TRUE_OF_NUMBERS)
def test_what_a_recurrence_adds_up_is_proved(claim):
    assert status(claim) == "holds"


@pytest.mark.parametrize("claim", FALSE_OF_NUMBERS.values(), ids=FALSE_OF_NUMBERS)
def test_what_a_recurrence_does_not_add_up_is_refuted(claim):
    assert status(claim) == "disagrees"


def test_a_documented_adjoint_may_leave_what_comes_in_to_the_next_step():
    """h[t] = a h[t−1] + x[t] with the loss on every h: g[t] = a (g[t+1] + u[t+1])."""
    u, g, h = sp.IndexedBase("u", shape=(T + 1,)), M, sp.IndexedBase("h", shape=(T + 1,))
    states = {h: recurrence(a * h[t - 1] + x[t], (t, 1, T), start=first)}
    loss = sp.Sum(u[k] * h[k], (k, 1, T))

    def there(step):
        return {**states, g: recurrence(step, (t, 0, T - 1), end=0)}

    right = there(a * (g[t + 1] + u[t + 1]))
    of_a = sp.Sum((g[k] + u[k]) * h[k - 1], (k, 1, T))
    for wrt, equals in ((first, g[0]), (a, of_a)):
        assert status(Gradient(loss, wrt, equals, where=right)) == "holds"
    assert status(Gradient(loss, a, of_a + g[0], where=right)) == "disagrees"
    assert status(Gradient(loss, first, g[0], where=there(a * g[t + 1] + u[t + 1]))) == "disagrees"


def test_sums_of_states_may_leave_out_a_first_term_that_is_zero():
    h = sp.IndexedBase("h", shape=(T + 1,))
    where = {h: recurrence(a * h[t - 1] + x[t], (t, 1, T), start=0)}
    whole, shorter = sp.Sum(h[k] ** 3, (k, 0, T)), sp.Sum(h[k] ** 3, (k, 1, T))
    assert status(Identity(whole, shorter, where=where)) == "holds"
    assert status(Identity(whole, shorter - h[T] ** 3, where=where)) == "disagrees"


def test_what_an_induction_has_used_is_listed():
    """The lemma needs the given, what is left after it does not."""
    where = numbers(a * M[t - 1], first)
    one = sp.Eq(a, 1)
    found = verify(Identity(M[T], first, where=where, given=one))
    assert found.status == "holds" and found.assumptions == (one,)
    positive = verify(
        Identity(M[T], a**T * first, where=numbers(sp.Abs(a) * M[t - 1], first),
                 given=sp.Q.positive(a))
    )  # fmt: skip
    assert positive.status == "holds" and positive.assumptions == (sp.Q.positive(a),)


def test_what_is_refused_says_so():
    product = ordered_product(A * w, (j, 1, T))
    found = verify(Gradient(sp.Trace(product), w, 0))
    assert found.status in ("undecided", "disagrees")
    with pytest.raises(DeriveError):
        ordered_product(A, (j, 1, T), later="above")


# ---- a backward pass that cuts the adjoints at other places


def cell(carried, put_in):
    """Two states in numbers, as in an LSTM; a backward pass with arrays of its own beside them."""
    c, h, dc, dh, back = (
        sp.IndexedBase(name, shape=(size,))
        for name, size in (("c", T + 1), ("h", T + 1), ("dc", T + 1), ("dh", T + 1), ("back", T))
    )
    gate = sp.IndexedBase("gate", shape=(T + 1,))
    up = sp.IndexedBase("up", shape=(T,))
    where = {
        gate: sequence(sp.tanh(a * h[t - 1] + x[t]), (t, 1, T)),
        c: recurrence(c[t - 1] * gate[t] + x[t], (t, 1, T), start=0),
        h: recurrence(gate[t] * sp.tanh(c[t]), (t, 1, T), start=first),
        back: sequence(carried(dc, dh, up, h, c, gate), (t, 0, T - 1)),
        dc: recurrence(back[t] * gate[t + 1], (t, 0, T - 1), end=0),
        dh: recurrence(
            a * (1 - gate[t + 1] ** 2)
            * (back[t] * c[t] + put_in(dh, up) * sp.tanh(c[t + 1])),
            (t, 0, T - 1), end=0,
        ),
    }  # fmt: skip
    return sp.Sum(up[k] * h[k + 1], (k, 0, T - 1)), dh[0], where


def total(dh, up):
    return up[t] + dh[t + 1]


def of_c(dc, dh, up, h, c, gate):
    return dc[t + 1] + total(dh, up) * gate[t + 1] * (1 - sp.tanh(c[t + 1]) ** 2)


def test_states_that_need_one_another_are_proved_together():
    loss, equals, where = cell(of_c, total)
    found = verify(Gradient(loss, first, equals, where=where))
    assert found.status == "holds"
    assert "equal arrays" in {step.rule for step in found.steps}


def test_what_a_step_leaves_out_is_refuted():
    loss, equals, where = cell(of_c, lambda dh, up: up[t])
    assert status(Gradient(loss, first, equals, where=where)) == "disagrees"


@pytest.mark.parametrize("gradient", (of_c, lambda dc, *_: dc[t + 1]), ids=("c", "h"))
def test_numbers_alone_prove_no_lemma(monkeypatch, gradient):
    """Where they say that all agrees, a wrong backward pass is not proved."""
    monkeypatch.setattr(Numbers, "agree", lambda *_: True)
    monkeypatch.setattr(Numbers, "shift", lambda *_: 1)
    put_in = (lambda dh, up: up[t]) if gradient is of_c else total
    loss, equals, where = cell(gradient, put_in)
    claim = Gradient(loss, first, equals, where=where)
    problem = Problem((loss, first, equals), claim.where, claim.assumed)
    sides = state(problem, claim)
    sides = sides.left, sides.right
    try:
        found = induction.prove(
            *sides, Hypotheses.of(problem).prepare, Budget(0.7e6), Numbers(sides)
        )
    except BudgetExceeded:
        return
    assert found is None
