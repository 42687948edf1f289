"""Reports as SARIF, JUnit, GitHub annotations and HTML, from their plain data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest
import sympy as sp

from derive import Gradient, Identity, at, recurrence, verify
from derive.backends import github, html, junit, mathml, sarif
from derive.backends.html import page_part
from derive.backends.page_sections import sections
from derive.backends.witness_values import value_latex, value_text
from derive.claims.typesetting import latex_of_verdict, latex_of_witness, typeset
from derive.claims.verdict import Witness
from derive.language.differing import differing
from derive.language.images import elementwise
from derive.language.printing import text_of
from derive.language.typesetting import latex_of
from derive.operators import broadcast

n, m = sp.symbols("n m", integer=True, positive=True)
X, w, y = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("y", n, 1)
LOSS = ((X * w - y).T * (X * w - y))[0, 0] / 2
RIGHT, WRONG = X.T * (X * w - y), X.T * (X * w + y)

HOLDS = {
    "id": "ols.right", "formula": "ols", "section": "1.1", "kind": "gradient", "status": "holds",
    "assumptions": [], "statement": "∂l/∂w = X.T*r", "documented": "X.T*r", "derived": "X.T*r",
    "witness": None, "reason": "", "source": "", "seconds": 0.25,
}  # fmt: skip
DISAGREES = HOLDS | {
    "id": "ols.wrong", "status": "disagrees", "file": "a, b/claims: 1.py", "line": 7,
    "reason": "the factor 1/n is missing\nby 50 %", "derived": "X.T*r/n",
    "witness": {
        "sizes": {"n": 2}, "values": {"X": [["1", "-1/2"]], "t": "3"},
        "functions": {"phi": "Lambda((s, t), s*t**2)"},
        "entry": [0, 0], "left": "1/2", "right": "1",
    },
}  # fmt: skip
EVIL = HOLDS | {
    "id": "<script>alert(1)</script>", "status": "undecided", "reason": "a\x00b </article>",
}  # fmt: skip
FORMULA = {
    "file": "notes.md", "line": 3, "column": 5, "latex": r"\frac{a}", "outcome": "not-understood",
    "code": "missing-argument", "message": "\\frac needs two arguments", "claims": [],
}  # fmt: skip
REPORT = {
    "claims": [HOLDS, DISAGREES, EVIL],
    "summary": {"holds": 1, "disagrees": 1, "ill-shaped": 0, "undecided": 1},
    "formulas": [FORMULA],
}


def test_annotations_stand_on_one_line_each_at_their_place():
    lines = github.render(REPORT).splitlines()
    assert lines[0].startswith("::error file=a%2C b/claims%3A 1.py,line=7,title=ols.wrong")
    assert "the factor 1/n is missing by 50 %25" in lines[0]
    assert lines[1].startswith("::warning title=<script>")
    assert lines[2].startswith("::warning file=notes.md,line=3,col=5")
    assert lines[3] == "derive: 1 holds, 1 disagrees, 1 undecided"


def test_annotations_tell_the_derived_side_as_people_read_it():
    record = DISAGREES | {"derived": "FunctionMatrix(n, 1, Lambda((i, j), t[i]))"}
    report = REPORT | {"claims": [record | {"notes": []}]}
    assert "derived: " not in github.render(report)
    code = {"notes": ["derived, as code: t[:, None]"]}
    assert "50 %25; derived, as code: t[:, None]" in github.render(
        REPORT | {"claims": [record | code]}
    )


def test_junit_counts_what_fails():
    root = Xml.fromstring(junit.render(REPORT).encode())
    suites = {suite.get("name"): suite for suite in root}
    assert suites["ols"].get("tests") == "3" and suites["ols"].get("failures") == "2"
    assert suites["notes.md"].get("skipped") == "1"
    assert [case.get("name") for case in suites["ols"]][:2] == ["ols.right", "ols.wrong"]


def test_sarif_names_rule_and_region():
    run = json.loads(sarif.render(REPORT))["runs"][0]
    wrong, undecided, unread = run["results"]
    assert (wrong["ruleId"], wrong["level"]) == ("disagrees", "error")
    place = wrong["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%2C%20b/claims%3A%201.py"
    assert place["region"] == {"startLine": 7}
    assert (undecided["level"], unread["ruleId"]) == ("warning", "not-understood")
    known = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= known


class _Outline(HTMLParser):
    """Elements that were opened and not closed, ids, and whatever would be loaded or run."""

    VOID = ("meta", "input", "link", "br", "mspace")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loads += [v for k, v in found.items() if k in ("src", "href") and v[0] != "#"]
        self.ids += [found["id"]] if "id" in found else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page():
    claims = (
        Gradient(LOSS, w, RIGHT, id="ols.right", title="the gradient"),
        Gradient(LOSS, w, WRONG, id="ols.wrong"),
    )
    records = []
    for claim, like in zip(claims, (HOLDS, DISAGREES), strict=True):
        records.append(like | {"latex": typeset(claim, verify(claim)), "title": claim.title})
    outline = _Outline()
    outline.source = html.render(REPORT | {"claims": [*records, EVIL]})
    outline.feed(outline.source)
    return outline


def test_a_page_is_whole_and_loads_nothing(page):
    assert not page.open and not page.loads
    assert len(page.ids) == len(set(page.ids))


def test_colours_can_be_read():
    style = page_part("report.css")
    dark = style[style.index("@media screen and (prefers-color-scheme: dark)") :]  # not in print
    for text in (style, dark):
        colours = dict(re.findall(r"--(\w+): (#\w{6})", text[: text.index("}")]))
        for ink in ("ink", "faint", "green", "red", "violet", "amber"):
            for ground in ("paper", "card", *(["marked"] if ink == "ink" else [])):
                assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


def _contrast(one, other):
    """The ratio of two luminances, as WCAG defines it."""
    levels = []
    for colour in (one, other):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (
            x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
        )
        levels.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(levels) + 0.05) / (min(levels) + 0.05)


def test_what_stands_in_an_array_is_set_without_constructors():
    B = sp.MatrixSymbol("B", 2, 2)
    i, j = sp.symbols("i j", integer=True)
    beside = sp.MatAdd(broadcast(1, 2, 2), sp.MatMul(-1, B))
    assert latex_of(beside) == "1 - B"
    squared = sp.HadamardProduct(-B, B)
    assert latex_of(sp.MatAdd(broadcast(1, 2, 2), squared), {squared}) == (
        r"1 - \class{differs}{B^{\odot 2}}"
    )
    entries = sp.FunctionMatrix(2, 2, sp.Lambda((i, j), B[j, i]))
    assert latex_of(entries) == r"\left[{B}_{j,i}\right]_{i<2, j<2}"
    t = sp.Symbol("t", real=True)
    A = sp.tensor.array.expressions.ArraySymbol("A", (2, 2, 2))
    rectified = elementwise(sp.Lambda(t, sp.Max(0, t)), A)
    assert (latex_of(rectified), text_of(rectified)) == (r"\max\left(0, A\right)", "Max(0, A)")
    H = sp.IndexedBase("H", shape=(n, m))
    steps = recurrence(at(H, i - 1) * 2, (i, 1, n), start=B)
    assert latex_of(steps) == r"\left[2 {H}_{i - 1}\right]_{i=1}^{n}\ \text{from } B"
    assert latex_of(sp.Symbol("conv1.out")) == r"\mathit{conv1.out}"
    doubled = sp.MatMul(sp.MatAdd(B, B.T), B)
    assert latex_of(doubled, {doubled, B}).count("differs") == 1  # one mark is enough


def test_what_a_user_wrote_is_text(page):
    assert page.source.count("<script>") == 1
    assert "alert(1)" in page.text


def test_a_page_has_mathematics_and_marks_what_differs(page):
    assert "<math" in page.source and 'class="differs"' in page.source
    assert "Proof" in page.text and "Witness" in page.text and "(s, t) ↦ s*t**2" in page.text


@pytest.mark.parametrize(
    "latex", [r"\text{<img src=x onerror=alert(1)>}", r"\text{</mtext></math><script>}", "<b>x</b>"]
)
def test_mathematics_brings_no_elements_of_its_own(latex):
    shown = str(html._math(latex))
    assert not {"<img", "<script", "<b>"} & {
        tag for tag in ("<img", "<script", "<b>") if tag in shown
    }


def test_what_is_wider_than_paper_is_set_smaller_there():
    assert "on-paper" not in html._math("a + b = c", True)
    wide = html._math(" + ".join(["x"] * 45) + r" = \alpha", True)
    assert wide.startswith('<math display="block" class="on-paper-55">')
    style = html.page_part("report.css")
    assert all(f".on-paper-{percent} {{" in style for percent in mathml.ON_PAPER if percent < 100)


@pytest.mark.parametrize(
    ("latex", "set_as"),
    [
        (r"{A}_{n}", "<msub><mi>A</mi><mi>n</mi></msub>"),
        (r"\mathit{hidden} b", '<mi class="word">hidden</mi><mi>b</mi>'),
        (r"\mathrm{diag} b", "<mi>diag</mi><mi>b</mi>"),
        (r"\mathbf{1}", "<mn>\N{MATHEMATICAL BOLD DIGIT ONE}</mn>"),
        (r"\boldsymbol{\beta}", "<mi>\N{MATHEMATICAL BOLD ITALIC SMALL BETA}</mi>"),
        (r"\left(a\right)", "<mo>(</mo><mi>a</mi><mo>)</mo>"),
        (r"a{-}b", "<mi>a</mi><mrow><mo>−</mo></mrow><mi>b</mi>"),
        (r"]a[", '<mo stretchy="false">]</mo><mi>a</mi><mo stretchy="false">[</mo>'),
        (r"\begin{array}{l} a \end{array}",
         '<mtable class="to-left"><mtr><mtd><mi>a</mi></mtd></mtr></mtable>'),
    ],
)  # fmt: skip
def test_mathml_says_what_browsers_do_not_do_by_themselves(latex, set_as):
    assert mathml.mathml(latex, False) == f"<math>{set_as}</math>"


def test_what_several_claims_define_is_shown_once():
    def record(name, *where):
        steps = [
            {"rule": "definition", "before": "r", "after": "Xw"},
            {"rule": "law", "before": "a", "after": "b"},
        ]
        set_in = {"left": "l", "relation": "=", "documented": "d", "derived": None,
                  "where": list(where), "given": [], "assumptions": [], "steps": steps,
                  "more_steps": 0}  # fmt: skip
        return HOLDS | {"id": name, "latex": set_in}

    claims = [record("a", "r = Xw", "s = 1"), record("b", "r = Xw", "s = 2"), record("c", "t = 3")]
    (section,) = sections(claims)
    assert section.definitions == ("r = Xw",)  # and not s, which is another thing in each
    first, _, last = claims
    assert (section.names(first), section.own(first)) == (["r"], ["s = 1"])
    assert (section.names(last), section.own(last)) == ([], ["t = 3"])
    assert [step["rule"] for step in section.steps(first)] == ["law"]
    assert [step["rule"] for step in section.steps(last)] == ["definition", "law"]  # not shown yet
    twice = [record("a", "s = 1"), record("b", "s = 1"), record("c", "s = 2")]
    assert sections(twice)[0].definitions == ()


def test_what_is_1_where_something_holds_is_a_bracket():
    t = sp.Symbol("t")
    positive = sp.Piecewise((1, t > 0), (0, True))
    assert latex_of(2 * t * positive) == r"2 t \mathbf{1}[t > 0]"
    for other in (sp.Piecewise((0, t > 0), (1, True)), sp.Piecewise((t, t > 0), (0, True))):
        assert "cases" in latex_of(other)


def test_a_step_that_nobody_reads_is_cut_off():
    long = " + ".join(["x"] * 300)
    steps = [{"rule": "law", "before": long, "after": "y"}]
    set_in = {"left": "l", "relation": "=", "documented": "d", "derived": None, "where": [],
              "given": [], "assumptions": [], "steps": steps, "more_steps": 0}  # fmt: skip
    page = html.render(REPORT | {"claims": [HOLDS | {"latex": set_in}]})
    assert f"<code>{long[: html.CUT_OFF_STEP]} …</code>" in page
    assert "<code>" not in html._math(long)  # as a statement it is set


def test_a_witness_is_set_as_mathematics():
    whole = value_latex([[[["1"]], [["2"]]]])
    assert whole.count("bmatrix") == 4 and "'" not in whole
    assert value_latex([["1"] * 13]) is None and value_text([["1"] * 2]) == "[[1, 1]]"
    sparse = {"shape": [9, 9], "entries": [[[0, 1], "2"]], "elsewhere": "0", "diagonal": "1"}
    assert value_text(sparse) == "9×9: 1 on the diagonal, 0 everywhere but at 0, 1: 2"
    t = sp.Symbol("t")
    found = Witness({"n": 1}, {"W_1": 2}, {sp.Function("phi"): sp.Lambda(t, t**2)}, (), 0, 1)
    assert latex_of_witness(found, str) == {
        "names": {"W_1": "W_{1}", "phi": r"\phi"},
        "functions": {"phi": r"t \mapsto t^{2}"},
    }


def test_what_a_message_is_about_is_marked_in_the_formula():
    formula = FORMULA | {"latex": r"a = \det(A)<", "caret": [3, 9]}
    page = html.render(REPORT | {"formulas": [formula]})
    assert r"<code>a = <mark>\det</mark>(A)&lt;</code>" in page
    for other in ({"caret": [4, 9]}, {"caret": [3, 99]}, {"outcome": "disagrees"}):
        assert html._at_its_caret(formula | other)[1:] == ("", "")


def test_a_page_on_one_file_is_called_after_it():
    document = REPORT | {"claims": [HOLDS], "formulas": [FORMULA | {"claims": ["ols.right"]}]}
    assert "<h1>Derivations in notes.md</h1>" in html.render(document)
    assert "<h1>Derivations</h1>" in html.render(REPORT)


def test_what_fails_as_expected_says_so():
    expected = REPORT | {"claims": [DISAGREES | {"expected": "disagrees"}], "formulas": []}
    assert "as expected" in html.render(expected)
    assert "as expected" not in html.render(expected | {"claims": [DISAGREES, HOLDS]})


def test_a_formula_is_set_as_its_document_writes_it():
    assert "<mi>X</mi>" in html._as_written(r"X w &= y \label{a}")
    assert html._as_written(r"\mine{X} = y") == ""


def test_mathematics_of_claims_is_set(page):
    assert page.source.count("<math") > 5


def test_parts_that_differ_are_the_smallest():
    assert differing(X.T * w, X.T * w) == (set(), set())
    assert differing(RIGHT, WRONG) == ({-y}, {y})
    a, b, c = sp.symbols("a b c")
    assert differing(a + b, a + b + c) == ({a + b}, {c})
    assert differing(sp.exp(a) * b, sp.exp(c) * b) == ({a}, {c})


def test_latex_is_a_document_s():
    f = sp.Lambda(sp.Symbol("z"), 1 - sp.tanh(sp.Symbol("z")) ** 2)
    weights = sp.MatrixSymbol("Whi", n, m)
    assert latex_of(weights.T) == r"W_{hi}^{\top}"
    assert latex_of(sp.HadamardProduct(X, X.applyfunc(f))) == (
        r"X \odot \left(1 - \tanh^{2}{\left(X \right)}\right)"
    )
    assert latex_of(X.T * w, marked={w}) == r"X^{\top} \class{differs}{w}"
    half = sp.Rational(1, 2)
    assert latex_of(half * X.T * y) == r"\frac{1}{2} X^{\top} y"
    assert latex_of(-half * X) == r"- \frac{1}{2} X"
    assert latex_of(sp.DiagMatrix(y)) == r"\operatorname{diag}\left(y\right)"
    assert latex_of(sp.Symbol("lam") * y) == r"\lambda y"


def test_a_verdict_is_an_aligned():
    verdict = verify(Identity(X.T * y, (y.T * X).T))
    assert latex_of_verdict(verdict).startswith("\\begin{aligned}")
    assert sp.latex(verdict) == latex_of_verdict(verdict)
    assert verdict._repr_latex_().startswith("$\\displaystyle")


def test_claims_that_do_not_hold_are_sections_of_their_own_among_derivations():
    reports = [{"report": {"claims": [DISAGREES | {"id": name}], "summary": {}}} for name in "ab"]
    outline = _Outline()
    outline.feed(html.derivations(reports, "ols"))
    assert not outline.open and len(set(outline.ids)) == len(outline.ids) > 0
