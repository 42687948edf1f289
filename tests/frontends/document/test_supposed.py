"""What a sentence supposes, what a declared loss is, and what divides."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import decided

SOFTMAX = r"""
Let $z \in \mathbb{R}^K$ and $p_i = \frac{e^{z_i}}{\sum_{k=1}^K e^{z_k}}$.

1. If $p = \mathrm{softmax}(z/T)$ then $\frac{\partial p_i}{\partial z_j} = \frac1T p_i(\delta_{ij}-p_j)$.
2. $\frac{\partial}{\partial z_j}\log\sum_k e^{z_k} = p_j$
3. $\frac{\partial p_i}{\partial z_j} = \frac1T p_i(\delta_{ij}-p_j)$
"""  # noqa: E501

RIDGE = r"""
Let $X \in \mathbb{R}^{n\times d}$. The solution $w$ satisfies
$$(X^\top X + \lambda I) w = X^\top y.$$
"""

BATCH_NORM = r"""
Given a batch $x_1,\dots,x_m$:

$$\mu = \frac1m\sum_{i=1}^m x_i, \qquad \sigma^2 = \frac1m \sum_{i=1}^m (x_i-\mu)^2, \qquad
\hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\epsilon}}, \qquad y_i = \gamma \hat x_i + \beta$$

$$\frac{\partial \ell}{\partial \mu} =
\sum_{i=1}^m \frac{\partial \ell}{\partial \hat x_i}\cdot\frac{-1}{\sqrt{\sigma^2+\epsilon}}$$

$$\frac{\partial \ell}{\partial \gamma} = \sum_{i=1}^m \frac{\partial \ell}{\partial y_i} x_i$$
"""


def _outcomes(tmp_path, text):
    kinds = ("holds", "disagrees", "ambiguous", "no-statement")
    found = decided(tmp_path, text).outcomes
    return [one.outcome for one in found if one.outcome in kinds and "=" in one.latex]


def test_a_supposed_definition_ends_with_its_sentence(tmp_path):
    assert _outcomes(tmp_path, SOFTMAX) == ["holds", "holds", "ambiguous"]


def test_what_satisfies_an_equation_is_what_it_is_a_condition_for(tmp_path):
    assert _outcomes(tmp_path, RIDGE) == ["no-statement"]


def test_a_batch_of_nothing_but_names(tmp_path):
    assert _outcomes(tmp_path, BATCH_NORM) == ["holds", "disagrees"]


@pytest.mark.parametrize("said", ["L: scalar", "", "W: d×m"])
def test_a_loss_that_is_declared_a_scalar_is_any_scalar(tmp_path, said):
    text = rf"""<!-- derive: X: n×d; W: d×m{"; " if said else ""}{said} -->
$Y = XW$

$$\frac{{\partial L}}{{\partial W}} = X^\top \frac{{\partial L}}{{\partial Y}}$$
"""
    assert _outcomes(tmp_path, text)[-1] == "holds"


def test_what_multiplies_entry_by_entry_is_an_array(tmp_path):
    text = r"""
For $x \in \mathbb{R}^d$ let $\mu = \frac{1}{d}\sum_i x_i$ and $y = \gamma \odot (x - \mu)$. Then
$$\frac{\partial L}{\partial \gamma} = \frac{\partial L}{\partial y} \odot (x - \mu)$$
"""
    assert _outcomes(tmp_path, text)[-1] == "holds"


def test_an_equation_for_a_name_that_nothing_defines_is_a_condition(tmp_path):
    text = r"""
Let $A, S \in \mathbb{R}^{n\times n}$ with $A^\top A = S$. Then $\operatorname{tr}(S) = \|A\|_F^2$.
"""
    assert _outcomes(tmp_path, text) == ["no-statement", "holds"]


@pytest.mark.parametrize("name", ["W_Q", "W_1"])
def test_a_product_whose_last_factor_has_a_subscript(tmp_path, name):
    text = rf"""
Let $X\in\mathbb{{R}}^{{T\times d}}$, ${name}\in\mathbb{{R}}^{{d\times k}}$ and $Q = X{name}$.

$$\frac{{\partial L}}{{\partial {name}}} = X^\top\frac{{\partial L}}{{\partial Q}}$$
"""
    assert _outcomes(tmp_path, text) == ["holds"]


@pytest.mark.parametrize(("first", "holds"), [(0, True), (1, False)])
def test_indices_count_from_where_the_document_says(tmp_path, first, holds):
    text = rf"""<!-- derive: x: N+K-1; w: K -->
$$y_i = \sum_{{k=0}}^{{K-1}} w_k x_{{i+k}}, \quad i = {first},\dots,N-1$$

$$\frac{{\partial L}}{{\partial w_k}} = \sum_{{i=0}}^{{N-1}}\frac{{\partial L}}{{\partial y_i}} x_{{i+k}}$$
"""  # noqa: E501
    assert ("holds" in _outcomes(tmp_path, text)) == holds


def test_what_is_said_of_nothing_is_no_condition_unless_it_may_be_rounded(tmp_path):
    text = r"$1 + 1 = 3$, $28 \times 28 = 784$, $60000/128 = 468$, $\sqrt{2} = 1.41$"
    found = _outcomes(tmp_path, text)
    assert found == ["disagrees", "holds", "no-statement", "no-statement"]
