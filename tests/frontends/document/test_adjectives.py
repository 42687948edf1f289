"""What words right beside a name say of it is assumed, and nothing that other words say."""

from __future__ import annotations

import json

import pytest

from tests.frontends.document.test_documents_reading import decided

GRADIENT = r"$\nabla_x (x^\top A x) = 2 A x$"
DECLARED = r"Let $A, B \in \mathbb{R}^{n\times n}$ and $x \in \mathbb{R}^n$."


@pytest.mark.parametrize(
    "text",
    [
        rf"{DECLARED} Now let $A$ be symmetric. Then {GRADIENT}.",
        rf"{DECLARED} If $A$ is symmetric, then {GRADIENT}.",
        rf"{DECLARED} For symmetric $A$ we have {GRADIENT}.",
        r"Let $x \in \mathbb{R}^n$. For a real symmetric matrix $A \in \mathbb{R}^{n\times n}$"
        f" we have {GRADIENT}.",
        r"Let $A \in \mathbb{R}^{n\times n}$ (symmetric, positive definite) and"
        rf" $x \in \mathbb{{R}}^n$. Then {GRADIENT}.",
        rf"{DECLARED} The covariance matrix $A$ has {GRADIENT}.",
    ],
)
def test_what_is_said_of_a_name(tmp_path, text):
    found = next(one for one in decided(tmp_path, text).outcomes if "nabla" in one.latex)
    assert found.outcome == "holds"
    assert any(" by line 1" in said and "A is" in said for said in found.claims[0].inferred)


@pytest.mark.parametrize(
    "text",
    [
        rf"{DECLARED} If $A$ is symmetric, all is well. Always {GRADIENT}.",
        rf"{DECLARED} With symmetric $A$ all is well. Always {GRADIENT}.",
        rf"{DECLARED} If $A$ is symmetric, all is well, otherwise {GRADIENT}.",
        rf"{DECLARED} The matrix $A$ is not symmetric. Then {GRADIENT}.",
        rf"{DECLARED} Neither $B$ nor $A$ is symmetric. Then {GRADIENT}.",
        rf"{DECLARED} For a non-symmetric $A$ we have {GRADIENT}.",
        rf"{DECLARED} A skew-symmetric $A$ has {GRADIENT}.",
        rf"{DECLARED} We show that the matrix $A$ is symmetric. Then {GRADIENT}.",
        rf"{DECLARED} The matrix $A$ is symmetric iff $B$ is. Then {GRADIENT}.",
        rf"{DECLARED} Let $B$ be symmetric. Then {GRADIENT}.",
        rf"{DECLARED} The symmetric part of $A$ is large. Then {GRADIENT}.",
        "# A\n" rf"{DECLARED}" "\n## B\nLet $A$ be symmetric.\n\n## C\n" f"{GRADIENT}",
        rf"{DECLARED} {GRADIENT}. Let $A$ be symmetric.",
        rf"{DECLARED} Right for symmetric $A$ only: {GRADIENT}.",
        rf"{DECLARED} For symmetric $A$, but often quoted: {GRADIENT}.",
        rf"{DECLARED} The matrix $A$ is symmetric in the first part, but not here. {GRADIENT}",
        rf"{DECLARED} Many authors take $A$ symmetric, which we do not. {GRADIENT}",
        rf"{DECLARED} Is the matrix $A$ symmetric? {GRADIENT}",
        rf"{DECLARED} Let $A$ be symmetric. Now we drop this assumption. {GRADIENT}",
        rf"{DECLARED} First, let $A$ be symmetric. From here on $A$ is arbitrary. {GRADIENT}",
    ],
)
def test_what_is_not_said_of_it(tmp_path, text):
    found = next(one for one in decided(tmp_path, text).outcomes if "nabla" in one.latex)
    assert found.outcome == "ambiguous"


def test_what_is_wrong_of_a_symmetric_matrix_too(tmp_path):
    text = rf"{DECLARED} Let $A$ be symmetric. Then $\nabla_x (x^\top A x) = A x$."
    found = decided(tmp_path, text).outcomes[-1]
    assert found.outcome == "disagrees"
    assert "A is symmetric by line 1" in found.claims[0].inferred


def test_more_that_is_said_takes_nothing_back(tmp_path):
    text = rf"{DECLARED} The matrix $A$ is symmetric but not necessarily definite. Then {GRADIENT}."
    assert decided(tmp_path, text).outcomes[-1].outcome == "holds"


def test_a_notebook_has_sentences_too(tmp_path):
    cell = (
        r"For $V \in \mathbb{R}^{d\times k}$ with $V^\top V = I$ and $X \in \mathbb{R}^{n\times d}$"
        "\n\n"
        r"$$\|X - X V V^\top\|_F^2 = \|X\|_F^2 - \|X V\|_F^2$$"
    )
    made = {"cells": [{"cell_type": "markdown", "source": cell}]}
    found = decided(tmp_path, json.dumps(made), "notes.ipynb").outcomes
    assert found[-1].outcome == "holds"


SIGNS = r"""
# A
The ReLU is $x$ where $x > 0$.
With a weight $\lambda > 0$ and $c \in [0, \infty)$, $q_i \in (0, 1)$:
$$|x| = x$$
$$|\lambda| = \lambda$$
$$|c| = c$$
$$|1 - q_k| = 1 - q_k$$
$$|2 - c| = 2 - c$$
# B
If $\mu > 0$, fine.
$$|\lambda| = \lambda$$
$$|\mu| = \mu$$
"""


def test_what_is_said_to_be_above_0(tmp_path):
    found = [one.outcome for one in decided(tmp_path, SIGNS).outcomes if one.display]
    assert found == ["disagrees", *["holds"] * 3, *["disagrees"] * 3]


def test_a_loss_sees_what_it_is_differentiated_in(tmp_path):
    text = r"""With $x, s \in \mathbb{R}^d$ let $y = s \odot \exp(2x)$, $h = \exp(x)$,
and $g = \frac{\partial \ell}{\partial y}$. Then
$$\frac{\partial \ell}{\partial x} = 2 s \odot g \odot h \odot h$$
$$\frac{\partial \ell}{\partial x} = s \odot g \odot h \odot h$$
"""
    found = [one.outcome for one in decided(tmp_path, text).outcomes if one.display]
    assert found == ["holds", "disagrees"]


def test_what_is_solved_for_is_claimed(tmp_path):
    text = r"""Let $a_t \in (0, 1)$ and $x_t = a_t x_0 + (1 - a_t) \epsilon$.
$$x_0 = \frac{1}{a_t} (x_t - (1 - a_t) \epsilon)$$
$$x_0 = \frac{1}{a_t} (x_t - a_t \epsilon)$$
"""
    found = [one.outcome for one in decided(tmp_path, text).outcomes if one.display]
    assert found == ["holds", "no-statement"]


def test_one_of_two_numbers(tmp_path):
    text = r"""Let $y_i \in \{-1, 1\}$, $f_i, s \in \mathbb{R}$ and $z \in \{0, 1\}$.
$$\sum_{i=1}^n (y_i - f_i)^2 = \sum_{i=1}^n (1 - y_i f_i)^2$$
$$\sum_{i=1}^n (y_i - f_i)^2 = \sum_{i=1}^n (1 + y_i f_i)^2$$
$$(z - s)^2 = (z - s)(1 - 2s) + s (1 - s)$$
$$(z - s)^2 = (z - s)(1 - 2s) + 2s (1 - s)$$
"""
    found = [one.outcome for one in decided(tmp_path, text).outcomes if one.display]
    assert found == ["holds", "disagrees", "holds", "disagrees"]
