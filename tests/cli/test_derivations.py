"""``derive explain`` of Jacobians, of identities and of formulas that are nested."""

from __future__ import annotations

from functools import partial

import sympy as sp

from derive import Gradient, Identity, Jacobian, logsumexp, recurrence, softmax, verify
from derive.claims.verdict import HOLDS
from derive.cli.chain_rule import chain_rule
from derive.cli.chain_writing import _plain, latex, text_lines
from derive.cli.inner_parts import with_parts
from derive.cli.law_phrases import ALGEBRA, ARITHMETIC, OF_INVERSES, PHRASES
from derive.cli.local_rules import (
    OF_LOGSUMEXP,
    OF_SOFTMAX,
    PRODUCT_RULE,
    SLOPES,
    jacobian_rules,
)
from derive.language.sequences import at

n, m, k = sp.symbols("n m k", integer=True, positive=True)
i, j = sp.symbols("i j", integer=True)
A, B = sp.MatrixSymbol("A", m, n), sp.MatrixSymbol("B", k, m)
x, b = sp.MatrixSymbol("x", n, 1), sp.MatrixSymbol("b", m, 1)
z, h, o = sp.MatrixSymbol("z", m, 1), sp.MatrixSymbol("h", m, 1), sp.MatrixSymbol("o", k, 1)
t = sp.Symbol("t", real=True)
TANH = sp.Lambda(t, sp.tanh(t))
WHERE = {z: A * x + b, h: z.applyfunc(TANH), o: B * h}
SLOPE = sp.DiagMatrix(sp.OneMatrix(m, 1) - sp.HadamardProduct(h, h))
DECIDE = partial(verify, timeout=20)


def values(chain):
    return [str(line.value) for line in chain.lines]


def text(chain):
    return "\n".join(line.plain for line in text_lines(chain, 80))


def test_a_jacobian_is_derived_forward_and_each_line_is_proved():
    claim = Jacobian(o, x, B * SLOPE * A, where=WHERE)
    chain = chain_rule(claim, DECIDE)
    assert [line.claim.of for line in chain.lines] == [z, h, o]
    jacobian = sp.MatrixSymbol("J_h", m, n)
    assert [line.name for line in chain.lines] == [None, jacobian, None]
    assert chain.lines[0].value == A and chain.lines[2].value == B * jacobian
    assert all(verify(line.claim).status == HOLDS for line in chain.lines)
    assert "the chain rule, through z" in chain.lines[1].reasons
    assert "put together, as documented" in text(chain) and "J_z stands for" in text(chain)


def test_what_is_read_on_two_ways_adds_up_in_a_jacobian():
    claim = Jacobian(x + A.T * h, x, sp.Identity(n) + A.T * SLOPE * A, where=WHERE)
    last = chain_rule(claim, DECIDE).lines[-1]
    assert "what comes through x and h adds up" in last.reasons
    assert last.value == sp.Identity(n) + A.T * sp.MatrixSymbol("J_h", m, n)


def test_a_jacobian_s_reasons_are_about_its_matrix():
    row = sp.MatrixSymbol("row", 1, m)
    assert jacobian_rules(A * x, x) == ["the Jacobian of Ax in x is A"]
    assert jacobian_rules(row * A, row) == ["the Jacobian of xA in x is Aᵀ"]
    assert jacobian_rules(sp.HadamardProduct(b, z), z) == ["the Jacobian of a ⊙ x in x is diag(a)"]
    assert jacobian_rules(softmax(row), row) == [OF_SOFTMAX]
    assert jacobian_rules(x * (x.T * x), x) == ["the product rule"]


def test_what_is_no_vector_has_one_line():
    claim = Jacobian((A * x)[i, 0], x[j, 0], A[i, j])
    (line,) = chain_rule(claim, DECIDE).lines
    assert line.value == A[i, j] and line.reasons


def test_a_nested_formula_gets_names_for_what_its_variable_is_read_through():
    nested = Jacobian(B * (A * x + b).applyfunc(TANH), x, 0)
    parts = with_parts(nested)
    u1 = sp.MatrixSymbol("u1", m, 1)
    assert list(parts.where.values()) == [A * x + b, u1.applyfunc(TANH)]
    assert parts.of == B * sp.MatrixSymbol("u2", m, 1)
    assert with_parts(Gradient(sp.Trace(A * A.T), A, 2 * A)).where == {}
    assert with_parts(Jacobian(A * x, x, A)).where == {}
    assert with_parts(Jacobian(h, x, A, where=WHERE)).where == WHERE  # the document has names
    used = Jacobian((A * x).applyfunc(TANH) + sp.MatrixSymbol("u1", m, 1), x, 0)
    assert [str(name) for name in with_parts(used).where] == ["u2", "u3"]


def test_a_sum_of_squares_is_derived_through_what_is_squared():
    residual = A * x - b
    claim = Gradient(sp.Trace(residual.T * residual) / 2, x, A.T * residual)
    chain = chain_rule(claim, DECIDE)
    assert [str(line.claim.wrt) for line in chain.lines] == ["u1", "x"]
    assert values(chain) == ["u1", "A.T*delta_u1"]
    assert "with u1 = A*x - b" in text(chain) and r"u_{1} &= " in latex(chain)
    assert chain.documented == claim


def test_what_both_sides_speak_of_stays_in_an_identity():
    r = sp.MatrixSymbol("r", m, 1)
    claim = Identity(r.T * r, r.T * A * x - r.T * b, where={r: A * x - b})
    (line,) = chain_rule(claim, DECIDE).lines
    assert line.reasons[0] == "the definition of r"
    opaque = Identity((2 * r).T * r, 2 * (r.T * r), where={r: A * x - b})
    (line,) = chain_rule(opaque, DECIDE).lines
    assert line.reasons == (ALGEBRA,)  # whatever r is


def test_the_slope_of_logsumexp_is_its_own_reason():
    row = sp.MatrixSymbol("row", 1, m)
    claim = Gradient(logsumexp(row), row, softmax(row))
    assert chain_rule(claim, DECIDE).lines[-1].reasons == (OF_LOGSUMEXP,)


def test_an_identity_is_shown_by_its_definitions():
    S, P, V, out = (sp.MatrixSymbol(name, n, n) for name in ("S", "P", "V", "out"))
    where = {P: softmax(S), out: P * V}
    chain = chain_rule(Identity(out + out, 2 * softmax(S) * V, where=where), DECIDE)
    of_out, of_P = "the definition of out", "the definition of P"
    assert [line.reasons for line in chain.lines] == [(of_out,), (of_P,)]
    assert [line.goes_on for line in chain.lines] == [False, True]
    assert all(verify(line.claim).status == HOLDS for line in chain.lines)
    shown = text(chain)
    assert "   2. = " in shown and "documented" not in shown
    assert latex(chain).count("definition of") == 2


def test_an_identity_says_what_it_rests_on():
    weights = Identity(sp.Sum(softmax(A)[i, j], (j, 0, n - 1)), 1)
    (line,) = chain_rule(weights, DECIDE).lines
    assert line.reasons[-1] == PHRASES["independent factors"]
    one_hot = sp.Eq(sp.Sum(b[i, 0], (i, 0, m - 1)), 1)
    total = Identity(sp.Sum(b[i, 0] * t, (i, 0, m - 1)), t, given=(one_hot,))
    assert chain_rule(total, DECIDE).lines[-1].facts == (one_hot,)
    (line,) = chain_rule(Identity((t + 1) ** 2, t**2 + 2 * t + 1), DECIDE).lines
    assert line.reasons == (ALGEBRA,)
    (line,) = chain_rule(Identity(sp.Integer(3), 3), DECIDE).lines
    assert line.reasons == (ARITHMETIC,)
    (line,) = chain_rule(Identity(sp.sin(t + 1) ** 2 + sp.cos(t + 1) ** 2, 1), DECIDE).lines
    assert ALGEBRA not in line.reasons


def test_matrices_have_laws_of_their_own():
    S, T = sp.MatrixSymbol("S", n, n), sp.MatrixSymbol("T", n, n)
    for claim, reason in (
        (Identity(sp.Trace(S * T), sp.Trace(T * S)), "tr(AB) = tr(BA)"),
        (
            Identity(sp.Determinant(S * T), sp.Determinant(S) * sp.Determinant(T)),
            "det(AB) = det(A) det(B)",
        ),
        (Identity(S.I * (S * T + S), T + sp.Identity(n), given=(sp.Q.invertible(S),)), OF_INVERSES),
        (Jacobian(sp.HadamardProduct(x, x), x, 2 * sp.DiagMatrix(x)), PRODUCT_RULE),
    ):
        (line,) = chain_rule(claim, DECIDE).lines
        assert line.reasons == (reason,), claim


def test_an_induction_is_told():
    states, step = sp.MatrixSymbol("H", n + 1, 1), sp.Symbol("s", integer=True, positive=True)
    where = {states: recurrence(2 * at(states, step - 1), (step, 1, n), start=sp.Matrix([[1]]))}
    claim = Identity(states[step, 0], 2**step, where=where, given=(sp.Le(step, n),))
    assert verify(claim).status == HOLDS
    (line,) = chain_rule(claim, DECIDE).lines
    assert any("induction over t: it holds at t = 0" in reason for reason in line.reasons)


def test_reasons_can_be_set_by_tex():
    for phrase in (*SLOPES.values(), *PHRASES.values(), OF_SOFTMAX, ALGEBRA):
        outside = "".join(_plain(phrase).split("$")[::2])
        assert outside.isascii() and not set(outside) & set("|<>^_&"), phrase
