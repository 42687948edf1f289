"""Ranges under sums, and indicators: lists, lines, comparisons, both letters or one."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import outcomes


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (r"\sum_{i,j=1}^n a_i a_j K_{ij} = a^\top K a", "holds"),
        (r"\sum_{i<j} K_{ij} = \frac12 \sum_{i \neq j} K_{ij}", "holds"),
        (r"\sum_{i<j} K_{ij} = \sum_{i \neq j} K_{ij}", "disagrees"),
        (r"\sum_{1 \le i < j \le n} K_{ij} = \frac12 \sum_{\substack{i,j=1\\ i \ne j}}^n K_{ij}",
         "holds"),
        (r"\sum_{i=1}^n \sum_{j=1, j\ne i}^n K_{ij} = a^\top a", "disagrees"),
        (r"\sum_{i=1}^n 1\{a_i > 0\} a_i = \sum_{i=1}^n \max(a_i, 0)", "holds"),
        (r"\sum_{i=1}^n I(a_i < 0) a_i = \sum_{i=1}^n \max(a_i, 0)", "disagrees"),
        # b is no number: it is compared with an index.
        (r"\sum_{i=1}^n a_i \mathbf{1}_{i=b} = a_b", "holds"),
        (r"(a^\top a) I + a a^\top = a a^\top + a^\top a I", "holds"),
    ],
)  # fmt: skip
def test_sums_and_indicators(tmp_path, formula, wanted):
    text = f"<!-- derive: a: n; K: n×n; K symmetric; vectors=column -->\n\n$${formula}$$\n"
    assert outcomes(tmp_path, text) == [wanted]


def test_pi_and_e_may_be_the_numbers_where_others_have_their_names(tmp_path):
    text = r"""<!-- derive: \pi: n; V: n×e; a, b: scalar; vectors=column -->
$$c = \log(2\pi) a$$
$$\frac{\partial c}{\partial a} = \log(2\pi)$$
$$e^{a + b} = e^a e^b$$
$$e^{a + b} = e^a + e^b$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "holds", "disagrees"]


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [
        (r"x^\top y = x_1 y_1 + x_2 y_2 + \dots + x_n y_n", "holds"),
        (r"x^\top y = x_1 y_1 + \cdots + x_n y_n + 1", "disagrees"),
        # The second term is not one of those that the first and the last are.
        (r"x^\top y = x_1 y_1 + x_2 y_1 + \cdots + x_n y_n", "not-understood"),
        (r"x^\top y = x_1 y_1 - \cdots - x_n y_n", "not-understood"),
        (r"2 x_i = \frac{\partial x^\top x}{\partial x_i}", "holds"),
        (r"3 x_i = \frac{\partial x^\top x}{\partial x_i}", "disagrees"),
    ],
)  # fmt: skip
def test_dots_and_a_derivative_on_the_right(tmp_path, sides, wanted):
    text = f"<!-- derive: x, y: n; vectors=column -->\n\n$${sides}$$\n"
    assert outcomes(tmp_path, text) == [wanted]
