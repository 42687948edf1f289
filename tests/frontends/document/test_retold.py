"""What is refuted in every reading is told in the one that the rest of the document is read in."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import decided

MODEL = r"Let $z \in \mathbb{R}$, $s = \sigma(z)$." + "\n\n"
RIGHT, WRONG = (rf"$$\frac{{ds}}{{dz}} = {side}.$$" for side in ("s (1 - s)", "-s (1 - s)"))


def test_a_slip_is_named_where_the_rest_says_what_the_function_is(tmp_path):
    found = decided(tmp_path, MODEL + RIGHT + "\n\nand not\n" + WRONG).outcomes
    held, slip = (one for one in found if one.outcome in ("holds", "disagrees"))
    assert (held.outcome, slip.outcome) == ("holds", "disagrees")
    assert "σ: the logistic function" in slip.claims[0].reading
    assert slip.message.startswith("the sign ")


def test_without_a_formula_that_holds_nothing_is_chosen(tmp_path):
    found = decided(tmp_path, MODEL + WRONG).outcomes
    (slip,) = (one for one in found if one.outcome == "disagrees")
    assert "σ: any function" in slip.claims[0].reading
