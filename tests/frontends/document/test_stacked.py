"""X and the x_i that are its rows or columns, both declared or one of them alone; y and the y_i."""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import decided, outcomes

GRAM = r"$$X^\top X = \sum_{i=1}^n x_i x_i^\top$$"
DOUBLED = r"$$X^\top X = 2\sum_{i=1}^n x_i x_i^\top$$"
OUTER = r"$$X X^\top = \sum_{i=1}^n x_i x_i^\top$$"
EACH = r"Let $x_i \in \mathbb{R}^p$ for $i = 1, \dots, n$"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (rf"{EACH} and $X \in \mathbb{{R}}^{{n\times p}}$. {GRAM}", "holds"),
        (rf"{EACH} and $X \in \mathbb{{R}}^{{n\times p}}$. {DOUBLED}", "disagrees"),
        (rf"{EACH} and $X \in \mathbb{{R}}^{{p\times n}}$. {OUTER}", "holds"),
        (rf"{EACH} and $X$ the matrix with rows $x_i^\top$. {GRAM}", "holds"),
        (rf"{EACH} and $X$ the matrix with rows $x_i^\top$. {DOUBLED}", "disagrees"),
        (rf"{EACH} and $X$ the matrix with rows $x_i^\top$. {OUTER}", "ill-shaped"),
        (rf"{EACH} and $X$ the matrix with columns $x_i$. {GRAM}", "ill-shaped"),
        (rf"{EACH} and $X$ the matrix with columns $x_i$. {OUTER}", "holds"),
        # Another X, and x_i that are no rows of it.
        (
            rf"{EACH}, $X \in \mathbb{{R}}^{{p\times p}}$ and $f = \sum_{{i=1}}^n x_i^\top X x_i$."
            r" $$\nabla_X f = \sum_{i=1}^n x_i x_i^\top$$",
            "holds",
        ),
    ],
)
def test_a_matrix_beside_what_it_is_made_of(tmp_path, text, wanted):
    assert outcomes(tmp_path, text)[-1] == wanted


def test_what_is_said_of_another_section_is_said_there(tmp_path):
    text = f"# A\n{EACH} and $X$ the matrix with columns $x_i$.\n# B\n{EACH}. {GRAM}"
    found = decided(tmp_path, text).outcomes[-1]
    assert found.outcome == "holds"
    assert "each x_i is a row of X" in found.claims[0].inferred


def test_a_vector_beside_its_entries(tmp_path):
    text = r"""Let $y_i \in \mathbb{R}$ for $i = 1, \dots, n$ and $f \in \mathbb{R}^n$.
$$\|y - f\|^2 = \sum_{i=1}^n (y_i - f_i)^2$$
$$\|y - f\|^2 = 2 \sum_{i=1}^n (y_i - f_i)^2$$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_the_diagonal_matrix_of_all_entries(tmp_path):
    text = r"""Let $p, q \in \mathbb{R}^n$ and $D = \operatorname{diag}(p_i (1 - p_i))$.
$$D = \operatorname{diag}(p \odot (1 - p))$$
$$D = \operatorname{diag}(p)$$
$$\operatorname{diag}(p_i) q = p \odot q$$
"""
    assert outcomes(tmp_path, text)[-3:] == ["holds", "disagrees", "holds"]


def test_an_argument_behind_a_transpose_may_be_a_vector(tmp_path):
    text = rf"""{EACH} and $y_i \in \mathbb{{R}}$, with
$S(\beta) = \sum_{{i=1}}^n (y_i - x_i^\top\beta)^2$.
$$\nabla_\beta S = -2\sum_{{i=1}}^n (y_i - x_i^\top\beta) x_i$$
$$\nabla_\beta S = 2\sum_{{i=1}}^n (y_i - x_i^\top\beta) x_i$$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


WEIGHTS = r"""Let $x_1, \dots, x_N \in \mathbb{R}^d$, $\mu \in \mathbb{R}^d$ and $r_{nk}$ with
$\sum_{k=1}^K r_{nk} = 1$ be given. With $N_k = \sum_{n=1}^N r_{nk}$:
"""


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (r"\sum_{k=1}^K N_k = N", "holds"),
        (r"\sum_{k=1}^K N_k = 2N", "ambiguous"),  # words may say more of them
        (r"\nabla_\mu \sum_{n=1}^N \sum_{k=1}^K r_{nk} \|x_n - \mu\|^2"
         r" = 2\sum_{n=1}^N \sum_{k=1}^K r_{nk} (\mu - x_n)", "holds"),
        (r"\sum_{n=1}^N \sum_{k=1}^K r_{nk} = \sum_{n=1}^N \sum_{k=1}^K r_{kn}", "ambiguous"),
    ],
)  # fmt: skip
def test_what_has_two_indices_and_is_not_declared(tmp_path, formula, wanted):
    assert outcomes(tmp_path, f"{WEIGHTS} $${formula}$$")[-1] == wanted


def test_a_definition_for_another_case(tmp_path):
    text = r"""Let $s, b \in \mathbb{R}^n$. With `unit=RETURN` it is
$$\alpha = s^\top b$$
With `unit=RATIO` it is
$$\alpha = 2 s^\top b$$
In the second variant it is
$$\alpha = 4 s^\top b$$
It is not the case that
$$\alpha = 3 s^\top b$$
"""
    assert outcomes(tmp_path, text) == ["defines", "ambiguous", "ambiguous", "disagrees"]


def test_an_array_at_a_time_is_no_product(tmp_path):
    text = r"""Let $\dot x = A x$ with $x \in \mathbb{R}^n$, $A \in \mathbb{R}^{n\times n}$. Then
$$\dot x(t) - A x(t) = 0$$
$$\dot x(t) - A x(t) = x$$
"""
    assert "disagrees" not in outcomes(tmp_path, text)
