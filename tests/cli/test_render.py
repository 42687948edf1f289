"""Verdicts as text and JSON: what is said, within 80 columns, and NumPy replays that run."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest
import sympy as sp
from rich.cells import cell_len
from sympy import MatrixSymbol, Q, Symbol

from derive import (
    Backward,
    Formula,
    Gradient,
    Hessian,
    Identity,
    Inequality,
    Jacobian,
    ScalarFunction,
    Shape,
    Step,
    Verdict,
    Witness,
    broadcast,
    formulas,
    logsumexp,
    max_over,
    shape_of,
    softmax,
    tensor,
)
from derive.backends.finding_lines import finding_lines
from derive.backends.layout import one_line, wrap_expression
from derive.backends.snippet import replay
from derive.backends.telling import told
from derive.backends.text import (
    explain_lines,
    heading,
    show_lines,
    summary_lines,
    value_text,
    verdict_lines,
)
from derive.claims.entry import Entry
from derive.claims.wording import statement
from derive.cli.listing import list_lines, list_records
from derive.cli.render import formula_lines, shapes_lines
from derive.cli.shapes import shape_records, shape_rows
from derive.formulas.index import index_of
from derive.language.operators import partial
from derive.language.printing import number_text, numbers_apart, plain_text, text_of
from derive.language.spelling import encodable
from derive.report import Report

n, m, c = (Symbol(name, integer=True, positive=True) for name in "nmc")
i, j, k = (Symbol(name, integer=True) for name in "ijk")
t, l = Symbol("t", real=True), Symbol("l", real=True)
X, w, y = MatrixSymbol("X", n, m), MatrixSymbol("w", m, 1), MatrixSymbol("y", n, 1)
x, W, o = MatrixSymbol("x", 1, m), MatrixSymbol("W", m, c), MatrixSymbol("o", 1, c)
f = sp.Function("f")

HALF = Fraction(1, 2)


def plain(lines):
    return "\n".join(line.plain.rstrip() for line in lines)


def entry(claim, formula=None, path=""):
    return Entry(claim, formula, path)


def witness(claim, values, *, sizes=None, functions=None, at=(0, 0), left=0, right=0, **kwargs):
    found = Witness(sizes or {}, values, functions or {}, at, left, right)
    return Verdict(claim, "disagrees", witness=found, **kwargs)


# ------------------------------------------------------------------------------------ notation


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x.applyfunc(f), "f(x)"),
        (x.applyfunc(sp.Lambda(t, f(t).diff(t))), "f'(x)"),
        (x.applyfunc(sp.Lambda(t, sp.Max(0, t))), "Max(0, x)"),
        (x.applyfunc(sp.Lambda(t, sp.Piecewise((1, t > 0), (0, True)))), "[x > 0]"),
        ((2 * x).applyfunc(sp.Lambda(t, 1 - t)), "1 - 2*x"),
        (x.applyfunc(sp.Lambda(t, t * (1 - t) / 2)), "(1 - x) ⊙ x/2"),
        (x.applyfunc(sp.Lambda(t, t**3 / (1 + sp.exp(t)))), "x.**3/(exp(x) + 1)"),
        (x.applyfunc(sp.tanh), "tanh(x)"),
        (f(t).diff(t).subs(t, 2 * t), "f'(2*t)"),
        (sp.HadamardProduct(x, x + x.T.T), "x ⊙ (2*x)"),
        (sp.HadamardProduct(X, broadcast(1, n, m) - X), "X ⊙ (1 - X)"),
        (X - broadcast(t - 1, n, m), "1 - t + X"),
        (2 * broadcast(t, n, m), "2*broadcast(t, n, m)"),
        (broadcast(1, n, m) * X.T, "broadcast(1, n, m)*X.T"),
        (sp.Eq(t, 1), "t = 1"),
        (sp.Ne(t, 1), "t ≠ 1"),
        (t <= 1, "t ≤ 1"),
        (Q.positive_definite(W), "W is positive definite"),
        (partial(l, W), "(∂l/∂W)"),
        (partial(partial(l, t), W[i, j]), "(∂(∂l/∂t)/∂W[i, j])"),
        ((n, 1), "(n, 1)"),
        ((n,), "(n,)"),
        ((), "()"),
    ],
)
def test_expressions_read_as_in_a_document(expression, expected):
    assert text_of(expression) == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (Gradient(l, w, w, where={l: sp.Trace(w.T * w)}), "∂l/∂w = w, where l = Trace(w.T*w)"),
        (Gradient(t**2, t, 2 * t, given=(t > 0,)), "∂(t**2)/∂t = 2*t, given t > 0"),
        (Gradient(l, W[0, 1], t), "∂l/∂W[0, 1] = t"),
        (Jacobian(x, x, sp.Identity(m)), "∂x/∂x = I"),
        (Hessian(l, w, W), "∂²l/∂w² = W"),
        (Backward(x, x, o, o), "Σ o · ∂x/∂x = o"),
        (Identity(t, t + 1), "t = t + 1"),
        (Inequality(t, t + 1), "t ≤ t + 1"),
        (Shape(X * w, (n, 1)), "shape of X*w = (n, 1)"),
    ],
)
def test_a_claim_in_one_line(claim, expected):
    assert statement(claim) == expected


def test_numbers():
    assert number_text(Fraction(-1, 3)) == "-1/3"
    assert number_text(sp.Rational(10**30, 3 * 10**30 + 1)) == "0.333333…"
    assert number_text("3.00000000000000000") == "3"
    assert number_text("300.0000000000000000") == "300"
    assert number_text("0.999999969540041") == "0.999999…"
    assert number_text("-9.707941241529028e+17") == "-9.70794e+17…"
    assert number_text(f"1e{10**3}" + " " * 15).strip() == f"1e{10**3}"
    assert number_text("441.732110906413") == "441.732…"
    assert number_text("[0.5 +/- 1e-20] and more") == "[0.5 +/- 1e-20] and more"


def test_two_numbers_are_shortened_where_they_can_be_told_apart():
    third = sp.Rational(10**30, 3 * 10**30 + 1)
    assert numbers_apart(third, 1) == ("0.333333…", "1")
    assert numbers_apart(third, third + sp.Rational(1, 10**20))[0] == str(third)


def test_the_text_for_programs_is_sympys_own():
    for formula in formulas.catalogue().values():
        for claim in formula.claims:
            for name in claim.expression_fields:
                expression = getattr(claim, name)
                assert plain_text(expression) == str(expression)
    assert plain_text((n, 1)) == "(n, 1)"


# -------------------------------------------------------------------------------------- layout


def test_expressions_break_at_their_outermost_operators():
    text = "alpha*(beta + gamma) + delta*(epsilon + elliptic_k) + eta*(theta + iota)"
    assert wrap_expression(text, 40) == [
        "alpha*(beta + gamma)",
        "  + delta*(epsilon + elliptic_k)",
        "  + eta*(theta + iota)",
    ]


@pytest.mark.parametrize("width", [20, 33, 62])
@pytest.mark.parametrize(
    "text",
    [
        "x" * 200,
        "Sum(exp(o[0, k])**2, (k, 0, c - 1))*" * 5 + "x",
        "梯度 + " * 40 + "x",
        "a**b**c**d" * 12,
    ],
)
def test_no_line_is_too_wide_and_nothing_is_lost(text, width):
    lines = wrap_expression(text, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_power_is_not_broken():
    assert wrap_expression("(a + b)**gamma*delta", 16) == ["(a + b)**gamma*", "  delta"]


def test_one_line_cuts_by_cells():
    assert one_line("short", 10) == "short"
    assert one_line("梯度梯度梯度", 7) == "梯度梯…"


# ---------------------------------------------------------------------------------- the report

FAILING = witness(
    Gradient(l, W, x.T * o, id="softmax-regression.grad-W", title="the gradient", where={l: t}),
    {"x": [[HALF, 1]], "W": [[Fraction(k, 7) for k in range(40)] for _ in range(3)]},
    sizes={"m": 2, "c": 1},
    functions={f: sp.Lambda(t, t**2)},
    at=(1, 0),
    left=HALF,
    right=Fraction(3, 2),
    reason="The factor x is missing.",
    derived=2 * x.T * o,
    notes=("b is broadcast to every row",),
)


def test_a_disagreement_shows_reason_sides_and_witness():
    assert plain(verdict_lines(entry(FAILING.claim), FAILING, 80)) == (
        "  ✗ disagrees   softmax-regression.grad-W  the gradient\n"
        "      The factor x is missing.\n"
        "      documented  x.T*o\n"
        "      derived     2*x.T*o\n"
        "      witness     m = 2, c = 1, x = [[1/2, 1]],\n"
        "                  W = [[0, 1/7, 2/7, 3/7, …], …] (3×40), f = t ↦ t**2\n"
        "      at [1, 0]   derived 1/2, documented 3/2\n"
        "      note: b is broadcast to every row"
    )


def test_a_claim_that_holds_takes_one_line_and_its_assumptions():
    claim = Identity(t, t, id="a.b", title="t is t")
    verdict = Verdict(claim, "holds", assumptions=(t > 0, sp.Ne(t, 1)))
    assert plain(verdict_lines(entry(claim), verdict, 80)) == (
        "  ✓ holds       a.b  t is t\n      assuming t > 0, t ≠ 1"
    )


def test_what_is_told_for_a_terminal_alone_is_printed_the_same():
    held = Verdict(Identity(t, t, id="a.b", title="t is t"), "holds", assumptions=(t > 0,))
    cut = Verdict(held.claim, "undecided", reason="no proof was found", stopped=True)
    for verdict in (FAILING, held, cut):
        brief, whole = (told(entry(verdict.claim), verdict, brief=b) for b in (True, False))
        assert brief.heading_key == whole.heading_key
        assert plain(finding_lines(brief, 80)) == plain(finding_lines(whole, 80))
    assert "documented" not in brief.record


def test_identities_are_left_and_right():
    verdict = witness(Identity(t, t + 1, id="a"), {"t": 0}, at=(), left=0, right=1)
    text = plain(verdict_lines(entry(verdict.claim), verdict, 80))
    assert "      left        t\n      right       t + 1\n" in text
    assert text.endswith("      there       left 0, right 1")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_of_a_report_is_wider_than_the_terminal(width):
    long = sum((sp.Symbol(f"parameter_{k}") * sp.exp(x[0, k]) for k in range(30)), sp.S.Zero)
    claim = Gradient(
        l, w, long, id="long.claim-with-a-name", title="a title " * 20, where={l: long}
    )
    values = {f"name{k}": HALF for k in range(40)}
    verdict = witness(claim, values, derived=long + 1, reason="because " * 40, notes=("n " * 90,))
    held = Verdict(claim, "holds", assumptions=(long > 0,), steps=(Step("a rule", long, long),))
    formula = Formula("long", "title " * 30, "1.1", {n: "word " * 40}, {w: "w " * 90}, (claim,))
    rows = list(shape_rows([entry(claim)], lambda expression, where: (n, m)))
    lines = [
        *verdict_lines(entry(claim), verdict, width),
        *verdict_lines(entry(claim), held, width),
        *show_lines(entry(claim), verdict, width),
        *explain_lines(entry(claim), held, width),
        *heading([entry(claim, formula)], width),
        *formula_lines(formula, width, {}),
        *shapes_lines(rows, width),
        *list_lines(index_of({"long": formula}), width),
    ]
    assert max(cell_len(line.plain) for line in lines) <= width


def test_the_summary_counts():
    verdicts = [Verdict(Identity(t, t), status) for status in ("holds", "holds", "ill-shaped")]
    expected = "3 claims: 2 hold, 0 disagree, 1 ill-shaped, 0 undecided · 1.2 s"
    assert plain(summary_lines(verdicts, 3, 1.23)) == expected
    assert plain(summary_lines(verdicts[:1], 3, 0)).startswith(
        "1 of 3 claims: 1 holds, 0 disagree,"
    )
    assert plain(summary_lines(verdicts[:1], 1, 0)).startswith("1 claim: ")
    assert len(plain(summary_lines(verdicts * 999, 9999, 99.9))) <= 80
    narrow = plain(summary_lines(verdicts, 3, 1.23, 40)).splitlines()
    assert len(narrow) == 2 and max(map(len, narrow)) <= 40
    assert "".join(narrow).replace(",  ", ", ") == expected


def test_values_are_abbreviated_only_when_long():
    assert value_text([[HALF, 2], [3, 4]]) == "[[1/2, 2], [3, 4]]"
    assert value_text([[1] * 50] * 2).endswith("…] (2×50)")
    assert value_text(HALF) == "1/2"


def test_the_derivation_is_numbered():
    claim = Gradient(t**2, t, 2 * t, id="a.b", where={l: t}, given=(t > 0,))
    steps = (Step("power rule", t**2, 2 * t), Step("reorder", 2 * t, t * 2))
    text = plain(explain_lines(entry(claim), Verdict(claim, "holds", steps=steps), 80))
    assert (
        "    1. power rule\n                  t**2\n              →   2*t\n    2. reorder" in text
    )
    assert "      where       l = t\n      given       t > 0\n" in text


def test_a_list_without_a_terminal_keeps_each_claim_on_one_line():
    claim = Identity(t, t, id="a.b", title="long " * 40)
    formula = Formula("a", "A", "1.1", {}, {}, (claim,))
    assert len(list_lines(index_of({"a": formula}), None)) == 1
    assert len(list_lines(index_of({"a": formula}), 80)) > 1


def test_ascii_where_the_output_has_no_more():
    assert encodable("✗ ∂l/∂W ≤ σ 梯", "ascii") == "x dl/dW <= sigma \\u68af"
    assert encodable("✓ ∂", "utf-8") == "✓ ∂"
    assert encodable("é", "latin-1") == "é"


# ---------------------------------------------------------------------------------------- JSON


def test_the_record_of_a_verdict():
    formula = Formula("softmax-regression", "Softmax regression", "1.2", {}, {}, (FAILING.claim,))
    record = Report([told(entry(FAILING.claim, formula), FAILING)]).data()
    assert record["summary"] == {"holds": 0, "disagrees": 1, "ill-shaped": 0, "undecided": 0}
    (claim,) = record["claims"]
    found = claim["witness"].pop("values")
    assert found["x"] == [["1/2", "1"]]
    assert claim == {
        "id": "softmax-regression.grad-W",
        "formula": "softmax-regression",
        "section": "1.2",
        "kind": "gradient",
        "title": "the gradient",
        "status": "disagrees",
        "assumptions": [],
        "statement": "∂l/∂W = x.T*o, where l = t",
        "documented": "x.T*o",
        "derived": "2*x.T*o",
        "witness": {
            "sizes": {"m": 2, "c": 1},
            "functions": {"f": "Lambda(t, t**2)"},
            "entry": [1, 0],
            "left": "1/2",
            "right": "3/2",
        },
        "reason": "The factor x is missing.",
        "notes": ["b is broadcast to every row"],
        "source": "",
        "stopped": False,
        "work": 0,
        "seconds": 0.0,
    }
    json.dumps(record)


def test_the_record_of_a_bare_claim():
    claim = Shape(X * w, (n, 1), id="file.a", source="page 3")
    verdict = Verdict(claim, "holds", assumptions=(Q.symmetric(W),), seconds=1.25)
    (record,) = Report([told(entry(claim), verdict)]).data()["claims"]
    assert (record["formula"], record["section"], record["witness"]) == (None, None, None)
    assert (record["documented"], record["derived"]) == ("(n, 1)", None)
    assert record["assumptions"] == ["Q.symmetric(W)"]
    assert record["seconds"] == 1.25


def test_list_records():
    claim = Identity(t, t, id="a.b", title="A")
    (record,) = list_records(index_of({"a": Formula("a", "A", "1.1", {}, {}, (claim,))}))
    assert record == {
        "id": "a.b",
        "formula": "a",
        "section": "1.1",
        "kind": "identity",
        "title": "A",
    }


# -------------------------------------------------------------------------------------- shapes


def test_a_mismatch_is_named_once_and_the_rest_goes_on():
    rows = list(shape_rows([entry(Shape(w * X, (m, m), id="a"))], shape_of))
    errors = [row.error for row in rows if row.error]
    assert len(errors) == 1
    assert "w has shape (m, 1) and X has shape (n, m)" in errors[0]
    assert [(str(row.expression), row.shape) for row in rows[1:]] == [
        ("w", (m, 1)),
        ("X", (n, m)),
    ]


def test_shapes_of_definitions_and_fields_each_once():
    where = {y: X * w}
    claims = (
        Shape(X.T * y, (m, 1), id="a", where=where),
        Gradient(l, w, X.T * y, id="b", where=where),
    )
    formula = Formula("f", "F", "1.1", {}, {}, claims)
    rows = list(shape_rows([entry(claim, formula) for claim in claims], shape_of))
    top = [(row.claim, row.field, str(row.expression)) for row in rows if row.depth == 0]
    assert top == [
        ("a", "where[y]", "X*w"),
        ("a", "of", "X.T*y"),
        ("b", "of", "l"),
        ("b", "wrt", "w"),
    ]
    assert shape_records(rows)[0] == {
        "claim": "a",
        "field": "where[y]",
        "expression": "X*w",
        "shape": ["n", "1"],
        "error": None,
    }


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (Shape(X * w, (m, 1), id="a"), "X*w has shape (n, 1), and (m, 1) is documented"),
        (
            Gradient(l, w, w.T, id="a"),
            "the documented w.T has shape (1, m) (its transpose would fit)",
        ),
        (Shape(l, (1, 1), id="a"), None),
        (Shape(X * w, (n + m - m, 1), id="a"), None),
    ],
)
def test_shapes_that_clash_between_fields(claim, expected):
    rows = list(shape_rows([entry(claim)], shape_of))
    errors = [row.error for row in rows if row.error]
    assert len(errors) == (0 if expected is None else 1)
    assert all(expected in error for error in errors)


def test_the_shape_tree_as_text():
    rows = list(shape_rows([entry(Shape(X * w, (m, 1), id="a.b"))], shape_of))
    assert plain(shapes_lines(rows, 80)) == (
        "  a.b  of\n"
        "    (n, 1)  X*w\n"
        "    (n, m)    X\n"
        "    (m, 1)    w\n"
        "  a.b  equals\n"
        "    ✗       (m, 1)\n"
        "              X*w has shape (n, 1), and (m, 1) is documented (it fits only if m\n"
        "              = n)"
    )


# ------------------------------------------------------------------------------------- replays

a, b = sp.IndexedBase("a"), sp.IndexedBase("b")
L = ScalarFunction("L")
S, v, w2 = MatrixSymbol("S", 2, 2), MatrixSymbol("v", 2, 1), MatrixSymbol("w2", 2, 1)
relu = sp.Lambda(t, sp.Max(0, t))
SIZES = {"n": 2, "m": 3, "c": 2}
VALUES = {
    "X": [[1, HALF, -2], [0, 3, 1]],
    "w": [[HALF], [-1], [2]],
    "y": [[1], [-HALF]],
    "x": [[1, HALF, -2]],
    "W": [[1, 2], [HALF, 0], [-1, 1]],
    "S": [[2, 1], [1, 3]],
    "v": [[1], [-HALF]],
    "w2": [[3], [5]],
    "a": [1, HALF, 3],
    "b": [[1, 2, 3], [4, 5, 6]],
    "t": HALF,
    "lambda": 3,
}
FUNCTIONS = {f: sp.Lambda(t, t**2 + t), L: sp.Lambda(MatrixSymbol("u", 3, 1), 0)}
u = MatrixSymbol("u", 3, 1)
FUNCTIONS[L] = sp.Lambda(u, sp.Trace(u.T * u) + u[0, 0])
row_sum = sp.Sum(sp.exp(o[0, k]), (k, 0, c - 1))
loss = {o: x * W, l: sp.log(row_sum) - o[0, 0]}
onehot = sp.FunctionMatrix(1, c, sp.Lambda((i, j), sp.KroneckerDelta(j, 0)))

# True statements: a script that replays one must print the same number twice.
TRUE = [
    Gradient((X * w).T[0, 0] ** 2, w, 2 * (X * w)[0, 0] * X.T * sp.Matrix([1, 0])),
    Gradient(l, W, x.T * (softmax(o) - onehot), where=loss),
    Gradient(l, o, softmax(o) - onehot, where=loss),
    Gradient(l, W, x.T * partial(l, o), where=loss),
    Gradient(sp.Trace(x.applyfunc(f).T * x.applyfunc(f)), x, 2 * sp.HadamardProduct(
        x.applyfunc(f), x.applyfunc(sp.Lambda(t, f(t).diff(t))))),
    Gradient(sp.Sum(relu(x[0, k]), (k, 0, m - 1)), x, x.applyfunc(
        sp.Lambda(t, sp.Piecewise((1, t > 0), (0, True))))),
    Gradient((v.T * S * v)[0, 0], v, (S + S.T) * v),
    Gradient((v.T * S * w2)[0, 0], S, (v * w2.T + w2 * v.T) / 2, given=(Q.symmetric(S),)),
    Gradient(sp.Determinant(S), S, sp.Determinant(S) * S.T.inverse()),
    Gradient(L(w), w, L.gradient(0)(w)),
    Gradient(sp.Sum(a[k] ** 3, (k, 0, m - 1)), a[i], 3 * a[i] ** 2),
    Gradient(t**3, t, 3 * t**2),
    Gradient(f(t) * 5, t, 10 * t, where={f: sp.Lambda(t, t**2)}),
    Gradient(sp.Symbol("lambda") * t, t, sp.Symbol("lambda")),
    Jacobian(X * w, w, X),
    Jacobian(softmax(x), x, sp.FunctionMatrix(m, m, sp.Lambda((i, j),
        softmax(x)[0, i] * (sp.KroneckerDelta(i, j) - softmax(x)[0, j])))),
    Jacobian(X.T, X, tensor(sp.KroneckerDelta(i, sp.Symbol("q")) * sp.KroneckerDelta(
        j, sp.Symbol("p")), (i, m), (j, n), (sp.Symbol("p"), n), (sp.Symbol("q"), m))),
    Backward(X * w, w, y, X.T * y),
    Hessian((v.T * S * v)[0, 0] ** 2, v, 2 * (v.T * S * v)[0, 0] * (S + S.T)
        + 2 * (S + S.T) * v * v.T * (S + S.T)),
    Identity(logsumexp(X)[1, 0], sp.log(sp.Sum(sp.exp(X[1, k]), (k, 0, m - 1)))),
    Identity(max_over(x[0, k], (k, 0, m - 1)), 1),
    Identity(broadcast(w.T, n, m), sp.OneMatrix(n, 1) * w.T),
    Identity(sp.Product(a[k], (k, 0, m - 1)), sp.Rational(3, 2)),
    Identity(sp.KroneckerProduct(v, v.T), v * v.T),
    Identity(sp.BlockMatrix([[v, v]]) * sp.OneMatrix(2, 1), 2 * v),
    Identity(S**2 - S * S + sp.Identity(2), sp.Identity(2)),
    Identity(sp.DiagMatrix(v) * v, sp.HadamardProduct(v, v)),
    Identity(sp.HadamardPower(v, 2), sp.HadamardProduct(v, v)),
    Identity(sp.MatMul((X * w).T * X, w, v.T), (w.T * X.T * X * w)[0, 0] * v.T),
    Identity(sp.Sum(b[i, k], (i, 0, k - 1), (k, 0, 2)), 2 + 3 + 6),
    Identity(sp.sqrt(sp.Abs(-4 * t)) / (2 * sp.tanh(t)), sp.sqrt(t) / sp.tanh(t)),
]  # fmt: skip


def run(script):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + script
    return dict(line.split(":", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("claim", TRUE, ids=lambda claim: statement(claim)[:60])
def test_a_replay_prints_both_sides(claim):
    entries = {"jacobian": (1, 0), "gradient": (0, 0), "hessian": (1, 0), "backward": (2, 0)}
    at = entries.get(claim.kind, (0, 0))
    if claim.kind == "gradient" and not claim.wrt.is_Matrix:
        at = ()
    if hasattr(getattr(claim, "equals", None), "axes"):  # of a tensor of four axes
        at = (2, 1, 1, 2)
    sizes = SIZES | {"i": 1}
    script = replay(witness(claim, VALUES, sizes=sizes, functions=FUNCTIONS, at=at, left=7))
    assert script.isascii()
    printed = run(script)
    assert "not replayed" not in script
    left, right = list(printed.values())[:2]
    assert float(left) == pytest.approx(float(right), rel=1e-5, abs=1e-6)
    assert printed["recorded left"].strip() == "7"


def test_a_replay_tells_a_wrong_gradient_from_the_right_one():
    wrong = Gradient((w.T * w)[0, 0], w, w, id="a")
    printed = run(replay(witness(wrong, VALUES, sizes=SIZES, at=(1, 0), left=-2, right=-1)))
    assert float(printed["by differences"]) == pytest.approx(-2)
    assert float(printed["documented"]) == pytest.approx(-1)


def test_names_that_python_would_not_take():
    size = Symbol("h", integer=True, positive=True)
    hidden = MatrixSymbol("h", 1, size)
    names = ["σ", "x'", "W_{xh}", "sum", "np", "lambda"]
    claim = Identity(size * hidden[0, 1] + sum(map(Symbol, names)), 0)
    values = {name: 10**k for k, name in enumerate(names)} | {"h": [[1, 3]]}
    script = replay(witness(claim, values, sizes={"h": 2}, at=()))
    assert float(run(script)["left"]) == 111111 + 2 * 3


def test_what_cannot_be_replayed_says_so_and_prints_what_was_recorded():
    claim = Identity(sp.elliptic_k(t), 0, id="a")
    script = replay(witness(claim, {"t": 2}, at=(), left=HALF, right=0))
    assert "# not replayed: the function elliptic_k" in script
    assert run(script) == {"recorded left": "  1/2", "recorded right": " 0"}
    missing = replay(witness(Identity(t, 0), {}, at=()))
    assert "# not replayed: the witness gives no value to t" in missing
