"""tr and log before brackets with a power on them, or more behind them."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import outcomes


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (r"\operatorname{tr}(A + B) C = \operatorname{tr} AC + \operatorname{tr} BC", "holds"),
        (r"\operatorname{tr}(A + B) C = \operatorname{tr} AC - \operatorname{tr} BC", "disagrees"),
        (r"\operatorname{tr}(I + AA^\top)^{-1} = n - \operatorname{tr}(I + AA^\top)^{-1} A A^\top",
         "holds"),
        (r"\operatorname{tr}(A)^2 = \operatorname{tr}(A A)", "disagrees"),  # the square of tr A
        (r"\operatorname{tr}(A) B = B \operatorname{tr}(A)", "holds"),
        (r"\log (s/t)^2 = 2\log s - 2\log t", "holds"),
        (r"\log (s/t)^2 = (\log s - \log t)^2", "holds"),
        (r"\log(s)^2 = 2\log s", "disagrees"),
    ],
)  # fmt: skip
def test_how_far_a_word_reaches(tmp_path, formula, wanted):
    text = r"Let $A, B, C \in \mathbb{R}^{n\times n}$ and $s, t > 0$."
    assert outcomes(tmp_path, f"{text} $${formula}$$")[-1] == wanted
