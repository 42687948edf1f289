"""Arguments of functions that stand with an index in what these are: entries, or others."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import decided, outcomes

LINEAR = r"""
Let $x_i, w \in \mathbb{R}^d$ and $y_i \in \{-1, 1\}$.

$$\mathcal{L}(w, b, \alpha) = \frac12 w^\top w - \sum_{i=1}^m \alpha_i [y_i(w^\top x_i + b) - 1]$$

$$\frac{\partial\mathcal{L}}{\partial w} = w - \sum_{i=1}^m\alpha_i y_i x_i$$

$$\frac{\partial\mathcal{L}}{\partial w} = w - \sum_{i=1}^m\alpha_i x_i$$

$$\frac{\partial \mathcal{L}}{\partial b} = -\sum_{i=1}^m \alpha_i y_i$$

$$\frac{\partial \mathcal{L}}{\partial \alpha_i} = 1 - y_i(w^\top x_i + b)$$
"""

OTHERS = r"""
$$g(x) = \sum_{i=1}^n (x - x_i)^2$$

$$g'(x) = 2\sum_{i=1}^n (x - x_i)$$

$$g'(x) = \sum_{i=1}^n (x - x_i)$$

$$h(u) = \frac12 \|u\|^2 + \sum_{i=1}^n u_i$$

$$\nabla h(u) = u + 1$$
"""


def test_an_argument_with_entries_is_no_number(tmp_path):
    assert outcomes(tmp_path, LINEAR) == ["defines", "holds", "disagrees", "holds", "holds"]


def test_a_number_beside_others_of_its_letter(tmp_path):
    assert outcomes(tmp_path, OTHERS) == ["defines", "holds", "disagrees", "defines", "holds"]


def test_a_capital_above_0_is_a_number(tmp_path):
    text = r"""Let $w, x \in \mathbb{R}^d$ and $C > 0$, $A > 0$.
$$f(w) = \frac12\|w\|^2 + C w^\top x$$
$$\nabla f(w) = w + C x$$
$$\nabla f(w) = w + x$$
$$\operatorname{tr}(A x x^\top A^\top) = A^2 x^\top x$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "disagrees", "ill-shaped"]


def test_a_condition_in_parentheses_and_of_an_index_of_a_definition(tmp_path):
    text = r"""Let $v, u_1, \dots, u_V \in \mathbb{R}^d$.
$$J = u_o^\top v + \frac12 \sum_{w=1}^V \|u_w\|^2$$

$$\frac{\partial J}{\partial u_w} = u_w \quad (w \neq o)$$

$$\frac{\partial J}{\partial u_w} = 2 u_w \quad (w \neq o)$$

$$\frac{\partial J}{\partial u_w} = u_w$$
"""
    found = [one.outcome for one in decided(tmp_path, text).outcomes if "partial" in one.latex]
    assert found == ["holds", "disagrees", "disagrees"]
