"""Documents as they are read: one outcome a formula, refuted only in every reading."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from derive.backends import annotated
from derive.backends.document_text import document_lines
from derive.engine import verify
from derive.frontends.document.check import check
from derive.frontends.document.choices import Choices, readings
from derive.frontends.document.declarations import DeclarationError, items
from derive.frontends.document.report import fails, report, told_document
from derive.frontends.document.size_text import split

TESTS = Path(__file__).resolve().parents[2]


def decided(tmp_path, text, name="notes.md"):
    document = tmp_path / name
    document.write_text(text, encoding="utf-8")
    return check(document, lambda claim: verify(claim, 20))


def outcomes(tmp_path, text):
    """The outcome of every display formula."""
    return [one.outcome for one in decided(tmp_path, text).outcomes if one.display]


REGRESSION = r"""# Regression
<!-- derive: X: n×d; w: d; y: n -->
$$L = \frac{1}{2} \|X w - y\|^2$$
$$\frac{\partial L}{\partial w} = X^\top (X w - y)$$
$$\frac{\partial L}{\partial w} = 2 X^\top (X w - y)$$
$$\frac{\partial L}{\partial w} = X (X w - y)$$
$$\nabla_w L = 0$$
"""


def test_a_regression_right_and_wrong(tmp_path):
    assert outcomes(tmp_path, REGRESSION) == [
        "defines", "holds", "disagrees", "ill-shaped", "no-statement"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # What nothing declares is no ground for a refutation: G is told of in prose.
        (r"<!-- derive: X: n×d; W: d×m; G: n×m; L = any scalar of Y -->"
         "\n$$Y = X W$$\n" r"$$\frac{\partial L}{\partial W} = X^\top G$$", "ambiguous"),
        # The text speaks of symmetric matrices; of A nothing says that.
        (r"<!-- derive: A: n×n; x: n -->" "\nOf symmetric matrices:\n\n$$f(x) = x^\\top A x$$\n"
         r"$$\nabla f(x) = 2 A x$$", "ambiguous"),
        (r"<!-- derive: A: symmetric n×n; x: n -->" "\n\n$$f(x) = x^\\top A x$$\n"
         r"$$\nabla f(x) = 2 A x$$", "holds"),
        # A row, in the numerator layout; one of both is declared.
        (r"<!-- derive: A: n×n; x: n; vectors = column -->" "\n$$f = x^\\top A x$$\n"
         r"$$\frac{\partial f}{\partial x} = x^\top (A + A^\top)$$", "holds"),
        (r"<!-- derive: A: n×n; x: n; vectors = column; layout = denominator -->"
         "\n$$f = x^\\top A x$$\n"
         r"$$\frac{\partial f}{\partial x} = x^\top (A + A^\top)$$", "ill-shaped"),
        # A declared name before an equation for it is a quantity of its own.
        (r"<!-- derive: X: n×d; W: d×k; Y: n×k -->" "\n$$L = \\|X W - Y\\|_F^2$$\n"
         r"$$\frac{\partial L}{\partial X} = 2 (X W - Y) W^\top$$"
         "\n\n$W = (X^\\top X)^{-1} X^\\top Y$", "holds"),
    ],
)  # fmt: skip
def test_no_verdict_on_what_is_not_said(tmp_path, text, wanted):
    assert outcomes(tmp_path, text)[-1] == wanted


def test_a_layer_and_the_next(tmp_path):
    text = r"""
<!-- derive: W^{(l)}: n_l × n_{l-1}; b^{(l)}: n_l; a^{(l)}: n_l; vectors = column;
σ: function; L = any scalar of a^{(l+1)} -->
$$z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}$$
$$a^{(l)} = \sigma(z^{(l)})$$
$$\delta^{(l)} = \frac{\partial L}{\partial z^{(l)}}$$
$$\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma'(z^{(l)})$$
$$\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)} \odot \sigma(z^{(l)})$$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_a_section_keeps_one_layout(tmp_path):
    text = r"""
<!-- derive: W: h×h; U: h×d; x_t: d; h_t: h; vectors = column -->
$$h_t = \tanh(W h_{t-1} + U x_t)$$
$$\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(1 - h_t^2) W$$
$$\frac{\partial h_t}{\partial h_{t-1}} = W^\top \mathrm{diag}(1 - h_t^2)$$
"""
    assert outcomes(tmp_path, text) == ["holds", "ambiguous", "ambiguous"]


def test_the_report(tmp_path):
    text = REGRESSION.replace("$$\\frac{\\partial L}{\\partial w} = 2", "<!-- derive: expect "
                              "disagrees -->\n$$\\frac{\\partial L}{\\partial w} = 2")  # fmt: skip
    checked = decided(tmp_path, text)
    assert sum(checked.counts.values()) == len(checked.outcomes) == 5
    record = json.loads(json.dumps(report([checked]).data()))
    lines = [formula["line"] for formula in record["formulas"]]
    assert lines == [3, 4, 6, 7, 8]
    ids = {claim["id"] for claim in record["claims"]}
    assert all(set(formula["claims"]) <= ids for formula in record["formulas"])
    assert record["formulas"][2]["expected"] == "disagrees"
    printed = "\n".join(line.plain for line in document_lines(told_document(checked), 80))
    assert "as expected" in printed and "7:" in printed and "^" in printed
    assert fails(checked, strict=False)  # by what is ill-shaped
    assert (
        annotated.render(told_document(checked)).splitlines()[4]
        == "<!-- derive-verdict: ✓ holds -->"
    )


def test_readings_go_through_every_choice():
    def attempt(choices: Choices) -> str:
        first = choices.pick("a", ("1", "2"))
        return first + (choices.pick("b", ("x", "y")) if first == "1" else "")

    assert sorted(found[1] for found in readings(attempt, {})) == ["1x", "1y", "2"]
    assert [found[1] for found in readings(attempt, {"a": "2"})] == ["2"]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("n×d", 2), ("n x d", 2), ("3x4", 2), (r"(n-K+1)\times d", 2), ("(1, m)", 2), ("2n", 1)],
)
def test_sizes_as_people_write_them(text, sizes):
    assert len(split(text)) == sizes


def test_a_directive_that_says_nothing():
    with pytest.raises(DeclarationError, match="declares nothing"):
        items("the usual shapes")


# --------------------------------------------------------------------------- the notes themselves

NOTES = os.environ.get("DERIVE_NOTES", "")
STATED = {
    15: "holds", 19: "holds", 23: "holds", 24: "holds", 28: "holds", 34: "holds", 37: "holds",
    45: "holds", 46: "holds", 55: "ill-shaped", 63: "ill-shaped", 69: "holds", 70: "holds",
    74: "holds",
    78: "holds", 79: "holds", 80: "holds", 81: "holds", 82: "holds", 91: "holds",
    96: "disagrees", 106: "holds", 111: "ill-shaped", 132: "ill-shaped", 133: "ill-shaped",
    137: "ill-shaped", 140: "ill-shaped",
    142: "ill-shaped", 148: "ill-shaped", 149: "ill-shaped", 154: "holds", 155: "holds",
    157: "holds",
}  # fmt: skip
MALFORMED = (52, 61, 156, 165)


@pytest.mark.skipif(not NOTES, reason="DERIVE_NOTES does not name the notes")
def test_the_notes_and_the_catalogue_agree():
    """Each line has the verdict that the catalogue gives its statements; no other line has one."""
    checked = check(
        NOTES, lambda claim: verify(claim, 20), TESTS / "documents" / "notes_zh.derive.toml"
    )
    found: dict[int, list[str]] = {}
    for one in checked.outcomes:
        found.setdefault(one.place.line, []).append(one.outcome)
        if one.outcome in ("disagrees", "ill-shaped"):
            assert STATED[one.place.line] == one.outcome, one
        if one.place.line == 55:  # l has a wrong subscript; both gradients are right
            assert [each.outcome for each in one.claims] == ["ill-shaped", "holds", "holds"]
    for line, wanted in STATED.items():
        assert set(found[line]) == {wanted}, (line, found[line])
    for line in MALFORMED:
        assert "not-understood" in found[line]


SUMS_TO_ONE = r"""
Let $z \in \mathbb{R}^k$, $y \in \mathbb{R}^k$ with $\sum_j y_j = 1$, and $p = \mathrm{softmax}(z)$.
$$L = -\sum_{i=1}^k y_i \log p_i$$
$$\frac{\partial L}{\partial z} = p - y$$
$$\sum_j p_j = 1$$
"""


def test_a_sum_of_a_name_that_nothing_defines_is_assumed(tmp_path):
    path = tmp_path / "loss.md"
    path.write_text(SUMS_TO_ONE, encoding="utf-8")
    checked = check(path, verify)
    assert [one.outcome for one in checked.outcomes[2:]] == [
        "declares", "defines", "defines", "holds", "holds",
    ]  # fmt: skip
    (gradient,) = checked.outcomes[5].claims
    assert "y" in str(gradient.verdict.assumptions)


def test_an_interruption_keeps_what_was_decided(tmp_path):
    document = tmp_path / "notes.md"
    document.write_text(REGRESSION, encoding="utf-8")
    told = []

    def decide(claim):
        if told[-1][0] == 2:
            raise KeyboardInterrupt
        return verify(claim, 20)

    checked = check(document, decide, seen=lambda *progress: told.append(progress))
    assert [one.outcome for one in checked.outcomes] == [
        "defines", "holds", "undecided", "undecided", "undecided"
    ]  # fmt: skip
    assert checked.interrupted and told == [(0, 5, 3), (1, 5, 4), (2, 5, 5)]
    printed = [line.plain for line in document_lines(told_document(checked), 80)]
    assert printed[-1] == "5 formulas: 1 holds, 3 undecided, 1 defines"
    assert not any(line.startswith("  ?") for line in printed)
