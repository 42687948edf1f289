"""``derive explain``: the chain rule line by line, each of them proved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import sympy as sp
from click.testing import CliRunner

import derive
from derive import Gradient, Hessian, Identity, gradient, verify
from derive.claims.verdict import DISAGREES, UNDECIDED, Verdict
from derive.claims.wording import derivative
from derive.cli.chain_rule import (
    AGAIN,
    OVER_TIME,
    THROUGH_TIME,
    NoChain,
    as_matrix_product,
    chain_rule,
)
from derive.cli.chain_writing import latex, text_lines
from derive.cli.local_rules import OF_SOFTMAX, PRODUCTS, rules_between
from derive.cli.main import main
from derive.formulas import rnn

n, m = sp.symbols("n m", integer=True, positive=True)
X, w, y = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("y", n, 1)
t, k = sp.Symbol("t", real=True), sp.Symbol("k", integer=True)
r, loss, beside = sp.MatrixSymbol("r", n, 1), sp.Symbol("loss"), sp.MatrixSymbol("s", n, 1)
WHERE = {r: X * w - y, beside: y, loss: sp.Trace(r.T * r) / 2}
CLAIM = Gradient(loss, w, X.T * r, where=WHERE, id="ols")
DECIDE = partial(verify, timeout=20)


def lines_of(claim, decide=DECIDE):
    return [(line.name, line.value) for line in chain_rule(claim, decide).lines]


def test_the_lines_run_from_the_result_back_and_use_the_ones_before():
    delta = sp.MatrixSymbol("delta_r", n, 1)
    assert lines_of(CLAIM) == [(delta, r), (None, X.T * delta)]


def test_a_line_that_is_not_proved_is_left_out():
    def decide(claim):
        return DECIDE(claim) if claim.wrt == w else Verdict(claim, UNDECIDED)

    assert [name for name, _ in lines_of(CLAIM, decide)] == [None]


def test_each_line_is_decided_with_what_the_ones_before_were_found_to_be():
    """A wrong line would be refuted: the names of the lines before are no free symbols."""
    seen = []

    def decide(claim):
        seen.append(claim)
        return DECIDE(claim)

    last = chain_rule(CLAIM, decide).lines[-1].claim
    assert last in seen
    assert verify(replace(last, equals=2 * last.equals), 20).status == DISAGREES


def test_the_reasons_name_the_operations_on_the_way():
    last = chain_rule(CLAIM, DECIDE).lines[-1]
    assert last.reasons == ("Z = AB gives back AᵀG to B",)
    hidden, z = sp.MatrixSymbol("hidden", n, 1), sp.MatrixSymbol("z", n, 1)
    where = {z: X * w, hidden: z.applyfunc(sp.Lambda(t, sp.tanh(t))), loss: (y.T * hidden)[0, 0]}
    rule = sp.HadamardProduct(y, z.applyfunc(sp.Lambda(t, 1 - sp.tanh(t) ** 2)))
    lines = chain_rule(Gradient(loss, z, rule, where=where), DECIDE).lines
    assert "tanh acts entry by entry, d tanh(u) = (1 − tanh(u)²) du" in lines[-1].reasons


def test_what_is_read_twice_adds_up():
    a, b = sp.MatrixSymbol("a", n, 1), sp.MatrixSymbol("b", n, 1)
    where = {r: X * w, a: 2 * r, b: 3 * r, loss: (a.T * b)[0, 0]}
    lines = chain_rule(Gradient(loss, w, 12 * X.T * r, where=where), DECIDE).lines
    assert [str(line.name) for line in lines] == ["delta_b", "delta_a", "delta_r", "None"]
    assert "their gradients add up" in lines[2].reasons[0]


def test_as_text_and_as_latex():
    chain = chain_rule(CLAIM, DECIDE)
    shown = [line.plain for line in text_lines(chain, 80)]
    assert "   1. delta_r = ∂loss/∂r" in shown
    assert "         = X.T*r" in shown
    rows = latex(chain).splitlines()
    assert (rows[0], rows[-1]) == (r"\begin{align*}", r"\end{align*}")
    assert all(row.count("&") == 3 for row in rows[1:-1])
    assert "as documented" in rows[-2]


def test_every_line_has_its_reason():
    for at_once in (sp.Trace(X.T * X), sp.log(w[0, 0]) ** 2, sp.Sum(w[k, 0], (k, 0, m - 1))):
        wrt = X if at_once.has(X) else w
        claim = Gradient(loss, wrt, gradient(at_once, wrt), where={loss: at_once})
        lines = chain_rule(claim, DECIDE).lines
        assert lines and all(line.reasons for line in lines)


def test_a_number_that_is_a_matrix_stays_one():
    """(y x)[0, 0]·xᵀ is not what a person writes."""
    x, w_, b = sp.MatrixSymbol("x", 1, n), sp.MatrixSymbol("w", n, 1), sp.MatrixSymbol("b", 1, 1)
    yhat = sp.MatrixSymbol("yhat", 1, 1)
    where = {yhat: x * w_ + b, loss: (yhat[0, 0] - 1) ** 2 / 2}
    claim = Gradient(loss, w_, (yhat[0, 0] - 1) * x.T, where=where)
    last = chain_rule(claim, DECIDE).lines[-1]
    assert last.value == x.T * sp.MatrixSymbol("delta_yhat", 1, 1)
    assert as_matrix_product(b[0, 0] * 2 * x) == sp.MatMul(2, b, x)
    assert as_matrix_product(b[0, 0] * X) == b[0, 0] * X  # it fits on neither side


def test_names_of_the_document_are_used_for_gradients_and_values():
    a, z, back = (sp.MatrixSymbol(name, n, 1) for name in ("a", "z", "back"))
    where = {z: X * w, a: z.applyfunc(sp.Lambda(t, sp.tanh(t))), loss: sp.Trace(a.T * a) / 2}
    where[back] = sp.HadamardProduct(a, a.applyfunc(sp.Lambda(t, 1 - t**2)))
    lines = lines_of(Gradient(loss, w, X.T * back, where=where))
    assert lines == [(sp.MatrixSymbol("delta_a", n, 1), a), (None, back), (None, X.T * back)]


def test_an_identity_is_shown_with_the_gradient_that_it_speaks_of():
    step = w - t * derive.partial(loss, w)
    chain = chain_rule(Identity(step, w - t * X.T * r, where=WHERE, id="step"), DECIDE)
    assert chain.lines[-1].claim.wrt == w
    shown = [line.plain for line in text_lines(chain, 80)]
    assert "      w - t*(∂loss/∂w)" in shown
    assert r"\frac{\partial" in latex(chain)


def test_through_time_a_step_is_shown_with_what_the_document_calls_its_gradient():
    claims = {claim.id: claim for claim in rnn.formula.claims}
    lines = chain_rule(claims["rnn.bptt.Wx"], partial(verify, effort=0.1)).lines
    assert "∂L/∂(at(H, t))" in [derivative(line.claim) for line in lines]
    assert str(lines[1].value) == "at(delta, t)"
    assert THROUGH_TIME in lines[1].reasons and THROUGH_TIME not in lines[0].reasons
    # A parameter that every step reads gets what all of them give.
    assert [OVER_TIME in line.reasons for line in lines] == [False] * (len(lines) - 1) + [True]
    # Of steps 1 … T: what is at step 0 is left out, and said.
    assert not lines[0].value.has(sp.Piecewise)
    assert lines[0].reasons[-1] == "for t ≥ 1 and t ≤ T"


def test_a_reason_says_what_the_symbol_is_to_the_operation():
    image, kernel, bias = (
        sp.IndexedBase(a, shape=(n,) * k) for a, k in (("x", 4), ("w", 4), ("b", 1))
    )
    slid = derive.conv2d(image, kernel, bias)
    said = [rules_between(slid, part) for part in (image, kernel, bias)]
    assert ["input" in said[0][0], "weight" in said[1][0], "bias" in said[2][0]] == [True] * 3
    i, j, p = sp.symbols("i j p", integer=True)
    z = sp.MatrixSymbol("z", n, m)
    shares = derive.tensor(sp.exp(z[i, j]) / sp.Sum(sp.exp(z[i, p]), (p, 0, m - 1)), (i, n), (j, m))
    others = derive.tensor(
        sp.exp(z[i, j]) / sp.Sum(sp.exp(2 * z[i, p]), (p, 0, m - 1)), (i, n), (j, m)
    )
    assert rules_between(shares, z) == [OF_SOFTMAX] and OF_SOFTMAX not in rules_between(others, z)
    product = derive.tensor(sp.Sum(X[i, p] * z[i, p], (p, 0, m - 1)), (i, n))
    assert rules_between(product, z) == [PRODUCTS]
    total = derive.tensor(sp.Sum(z[i, p], (p, 0, m - 1)), (i, n))
    assert PRODUCTS not in rules_between(total, z)
    line = z.applyfunc(sp.Lambda(t, 1 - t))
    assert rules_between(line, z) == ["d(1 − u) = −du"]


def test_other_claims_are_one_line_and_false_ones_none():
    assert "X &= X && " in latex(chain_rule(Identity(X, X), DECIDE))
    with pytest.raises(NoChain, match="no is disagrees"):
        chain_rule(Identity(X, 2 * X, id="no"), DECIDE)


@pytest.mark.parametrize(
    ("form", "start"), [("latex", r"\begin{align*}"), ("html", "<!doctype html>"), ("text", "  ✓")]
)
def test_the_command(form, start):
    result = CliRunner().invoke(main, ["explain", "mlp.grad-W2", "--format", form])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(start)
    assert "delta" in result.stdout or "δ" in result.stdout


@pytest.mark.parametrize(
    ("form", "shown"),
    [("latex", r"\frac{1}{2} = 1 - p && \text{disagrees}"), ("html", "left 1/2, right 0")],
)
def test_what_does_not_hold_is_shown_beside_what_does(form, shown):
    result = CliRunner().invoke(main, ["explain", "dropout.mask", "--format", form])
    assert result.exit_code == 1
    assert shown in result.stdout and "it would hold if p = 1/2" in result.stdout
    assert "derived:" not in result.stdout and "The derived side" not in result.stdout


def test_a_hessian_is_the_gradient_derived_once_more():
    S = sp.MatrixSymbol("S", m, m)
    claim = Hessian((w.T * S * w)[0, 0], w, 2 * S, given=(sp.Q.symmetric(S),))
    chain = chain_rule(claim, DECIDE)
    assert [line.value for line in chain.lines] == [(S + S.T) * w, 2 * S]
    assert chain.lines[-1].reasons == (AGAIN,) and chain.lines[-1].facts == claim.given
    shown = latex(chain)
    assert r"& && \text{as } S\ \text{is symmetric}" in shown


def test_a_named_function_has_its_own_slope_as_the_reason():
    logistic = w.applyfunc(sp.Lambda(t, 1 / (1 + sp.exp(-t))))
    assert rules_between(logistic, w) == ["sigmoid acts entry by entry, d σ(u) = σ(u)(1 − σ(u)) du"]
