"""``%%verify``: which claims a cell states, and how a notebook shows them."""

from __future__ import annotations

import pytest

from derive import Gradient, Verdict, verify
from derive.backends.telling import deeply_told
from derive.base.errors import ClaimError
from derive.claims.entry import Entry
from derive.formulas import mlp
from derive.frontends.notebook import Verdicts, _options, stated
from derive.report import Report

SETUP = """
from sympy import MatrixSymbol, symbols
from derive import Gradient, Identity, Shape
n = symbols("n", integer=True, positive=True)
x, A = MatrixSymbol("x", n, 1), MatrixSymbol("A", n, n)
"""
CELL = """
good = Gradient((x.T*x)[0, 0], x, 2*x)
Gradient((x.T*x)[0, 0], x, x, id="bare")
more = [Shape(A*x, (n, 1)), {"k": Shape(A, (n,))}]
again = good
"""


def test_a_cell_states_what_it_assigns_and_what_it_writes_down():
    names: dict[str, object] = {}
    assert stated(SETUP, names) == []
    claims = stated(CELL, names)
    assert [claim.id for claim in claims] == ["good", "bare", "more[0]", "more[1][k]"]
    assert isinstance(names["good"], Gradient)
    assert not any(name.startswith("__derive") for name in names)
    assert [claim.id for claim in stated("other = good\n3", names)] == ["other"]
    assert stated("y = 2", names) == []


def test_an_error_of_a_cell_is_its_own_and_leaves_nothing_behind():
    names: dict[str, object] = {}
    with pytest.raises(ZeroDivisionError):
        stated("a = 1\n1/0", names)
    assert names["a"] == 1
    assert not any(name.startswith("__derive") for name in names)


def test_verdicts_are_shown_with_reason_and_witness():
    names: dict[str, object] = {}
    stated(SETUP, names)
    found = Verdicts(tuple(map(verify, stated(CELL, names))))
    assert [verdict.status for verdict in found] == ["holds", "disagrees", "holds", "ill-shaped"]
    markdown = found._repr_markdown_()
    assert "✗ **disagrees** `bare`" in markdown
    assert markdown.count("$$") == 8
    assert r"witness: $n = 1,\quad x = \begin{bmatrix}" in markdown
    assert "4 claims: 2 hold, 1 disagrees, 1 ill-shaped" in markdown
    assert repr(found).splitlines()[0] == "✓ holds  good"
    assert "no claim" in repr(Verdicts())


def test_a_formula_and_a_report_are_shown_with_what_they_claim():
    shown = mlp.formula._repr_markdown_()
    assert "**Multilayer perceptron** (1.3)" in shown and r"\times" in shown
    assert shown.count("$$") == 2 * len(mlp.formula.claims)
    entry = Entry(mlp.formula.claims[0], mlp.formula)
    told = deeply_told(entry, Verdict(entry.claim, "undecided", reason="X*r"))
    shown = Report([told])._repr_markdown_()
    assert f"**undecided** `{entry.id}`: X\\*r" in shown and "1 undecided" in shown


def test_text_is_not_taken_for_markdown():
    names: dict[str, object] = {}
    stated(SETUP, names)
    (claim,) = stated('Shape(A, (n, n), id="a", title="<b>*x*</b> $1")', names)
    assert r"\<b\>\*x\*\</b\> \$1" in Verdicts((verify(claim),))._repr_markdown_()


@pytest.mark.parametrize("line", ["--timeout 0", "--effort x", "--nothing", "names"])
def test_an_option_that_is_wrong_is_one_sentence(line):
    with pytest.raises(ClaimError, match="%%verify"):
        _options(line)


def test_in_a_real_notebook():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = ["%load_ext derive\n" + SETUP, "%%verify --effort 1\n" + CELL, "_[1].status", "good.id"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    (shown,) = notebook.cells[1].outputs
    assert "✗ **disagrees** `bare`" in shown["data"]["text/markdown"]
    assert "good" in shown["data"]["text/plain"]
    assert notebook.cells[2].outputs[0]["data"]["text/plain"] == "'disagrees'"
