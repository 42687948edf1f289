"""``derive explain --format latex``: the chain rule line by line, each of them proved."""

from __future__ import annotations

from functools import partial

import pytest
import sympy as sp
from click.testing import CliRunner

from derive import Gradient, Identity, verify
from derive.backends.chain import ChainError, chain
from derive.claims.verdict import UNDECIDED, Verdict
from derive.cli.main import main
from derive.engine import derived

n, m = sp.symbols("n m", integer=True, positive=True)
X, w, y = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("y", n, 1)
r, loss, beside = sp.MatrixSymbol("r", n, 1), sp.Symbol("loss"), sp.MatrixSymbol("s", n, 1)
WHERE = {r: X * w - y, beside: y, loss: sp.Trace(r.T * r) / 2}
CLAIM = Gradient(loss, w, X.T * r, where=WHERE, id="ols")
DECIDE = partial(verify, timeout=20)


def test_the_lines_run_from_the_result_back():
    lines = chain(CLAIM, DECIDE, derived).splitlines()
    assert (lines[0], lines[-1]) == (r"\begin{align*}", r"\end{align*}")
    reasons = [line.rpartition(r"\text{")[2].partition("}")[0] for line in lines[1:-1]]
    assert reasons == ["definition", "definition", "chain rule", "as documented"]
    assert "&= r && " in lines[3]
    assert all(line.count("&") == 3 for line in lines[1:-1])


def test_a_line_that_is_not_proved_is_left_out():
    def decide(claim):
        return DECIDE(claim) if claim.wrt == w else Verdict(claim, UNDECIDED)

    assert "chain rule" not in chain(CLAIM, decide, derived)


def test_other_claims_are_one_line_and_false_ones_none():
    assert "X &= X && " in chain(Identity(X, X), DECIDE, derived)
    with pytest.raises(ChainError, match="no is disagrees"):
        chain(Identity(X, 2 * X, id="no"), DECIDE, derived)


def test_the_command():
    result = CliRunner().invoke(main, ["explain", "mlp.grad-W2", "--format", "latex"])
    assert result.exit_code == 0
    assert result.stdout.startswith(r"\begin{align*}")
