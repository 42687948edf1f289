"""λ_1, σ_n: names with a subscript that is no index, of which nothing else tells what they are."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import outcomes

ELASTIC_NET = r"""
Let $x, b \in \mathbb{R}^d$.

$$f(x) = \lambda_1 \|x\|_1 + \frac{\lambda_2}{2}\|x\|_2^2$$

$$\nabla f(x) = \lambda_1 \operatorname{sign}(x) + \lambda_2 x$$

$$\nabla f(x) = \lambda_1 \operatorname{sign}(x) + 2\lambda_2 x$$

$$\|x - a_0 b\|^2 = \|x\|^2 - 2 a_0 b^\top x + a_0^2\|b\|^2$$

$$\|x - a_0 b\|^2 = \|x\|^2 - 2 a_0 b^\top x + a_0\|b\|^2$$
"""


def test_they_are_read_as_names_without_one_are(tmp_path):
    assert outcomes(tmp_path, ELASTIC_NET) == [
        "defines",
        "holds",
        "disagrees",
        "holds",
        "disagrees",
    ]


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        # Words may say that λ_1 is the largest eigenvalue.
        (r"v^\top A v \le \lambda_1 v^\top v", "no-statement"),
        (r"\lambda_n v^\top v \le v^\top A v", "no-statement"),
        (r"\lambda_1 + \lambda_2 = \operatorname{tr}(A)", "ambiguous"),
        (r"A u_1 = \lambda_1 u_1", "ambiguous"),
        (r"\nabla_v \frac{v^\top A v}{2} = \lambda_1 v", "ambiguous"),
        (r"v^\top A v + \lambda_1 v^\top v = v^\top A v", "ambiguous"),
        # u_1 is an entry of u, and no name of its own.
        (r"u_1^2 + \|u\|^2 = u^\top u", "ambiguous"),
    ],
)
def test_what_words_may_say_of_them_is_no_mistake(tmp_path, formula, wanted):
    text = r"Let $A \in \mathbb{R}^{n\times n}$ be symmetric and $v \in \mathbb{R}^n$." "\n\n"
    assert outcomes(tmp_path, f"{text}$${formula}$$") == [wanted]
