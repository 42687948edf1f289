"""What a document says once of all names of a kind, and equations between differentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.engine import verify
from derive.frontends.document.check import check


def said(folder: Path, text: str) -> list[str]:
    file = folder / "notes.md"
    file.write_text(text, encoding="utf-8")
    found = [one.outcome for one in check(file, verify).outcomes]
    return [outcome for outcome in found if outcome not in ("defines", "declares", "no-statement")]


SIZES = r"$X \in \mathbb{R}^{n \times p}$, $W \in \mathbb{R}^{p \times q}$. "


def test_an_adjoint_is_one_of_every_name(tmp_path):
    text = (
        r"Adjoints are $\bar{x} = \frac{\partial L}{\partial x}$."
        "\n\n# Products\n\n" + SIZES + r"Let $C = XW$. $\bar{W} = X^\top \bar{C}$, "
        r"$\bar{X} = \bar{C} W^\top$, $\bar{X} = W^\top \bar{C}$, $\bar{W} = -X^\top \bar{C}$"
    )
    assert said(tmp_path, text) == ["holds", "holds", "ill-shaped", "disagrees"]


def test_an_adjoint_is_another_one_in_the_next_section(tmp_path):
    text = (
        r"Adjoints are $\bar{x} = \frac{\partial L}{\partial x}$, $a, b \in \mathbb{R}^n$."
        "\n\n# Squares\n\n" + r"Let $$c = a \odot a$$ $\bar{a} = 2 a \odot \bar{c}$."
        "\n\n# Sums\n\n" + r"Let $$c = a + b$$ $$\bar{a} = \bar{c}$$ $\bar{a} = 2 a \odot \bar{c}$."
    )
    assert said(tmp_path, text) == ["holds", "holds", "disagrees"]


def test_the_error_of_a_layer_is_that_of_each(tmp_path):
    text = (
        r"Errors are $\delta^{(l)} = \frac{\partial L}{\partial z^{(l)}}$, "
        r"$x \in \mathbb{R}^n$, $y \in \mathbb{R}^m$, $V \in \mathbb{R}^{m \times n}$."
        "\n\n" + r"$$z^{(2)} = V x$$ $$L = \frac12 \|z^{(2)} - y\|^2$$"
        r"$$\delta^{(2)} = z^{(2)} - y$$ $$\delta^{(2)} = y - z^{(2)}$$"
        r"$$\frac{\partial L}{\partial V} = \delta^{(2)} x^\top$$"
    )
    assert said(tmp_path, text) == ["holds", "disagrees", "holds"]


def test_equations_between_differentials(tmp_path):
    text = SIZES + (
        r"$$E = XW$$ $$L = \frac12 \|E\|_F^2$$"
        r"$$\mathrm{d}L = \operatorname{tr}(E^\top \mathrm{d}E)$$"
        r"$$\mathrm{d}L = \operatorname{tr}(E^\top X \mathrm{d}W)$$"
        r"$$\mathrm{d}L = \operatorname{tr}(X^\top E \mathrm{d}W)$$"
        r"$$\mathrm{d}L = 2\operatorname{tr}(E^\top X \mathrm{d}W)$$"
    )
    assert said(tmp_path, text) == ["holds", "holds", "ill-shaped", "disagrees"]


def test_an_upright_d_is_no_number(tmp_path):
    text = SIZES + r"$\mathrm{d}(X W) = 3$. $f = 2 \mathrm{d} X$ $X \mathrm{d} W = W \mathrm{d} X$"
    assert not {"holds", "disagrees"} & set(said(tmp_path, text)[1:])


@pytest.mark.parametrize(
    "text",
    [
        r"<!-- derive: T: size; 0 < β; β < 1 --> $$\sum_{s=1}^T \beta^s + \beta^T = "
        r"\sum_{s=1}^{T} \beta^{s} + \beta^{T}$$",
        r"$x \in \mathbb{R}^d$, $x_1, \dots, x_N \in \mathbb{R}^d$. "
        r"$$\sum_{n=1}^N (x_n - x) = \sum_{n=1}^N x_n - N x$$",
        r"$x, a \in \mathbb{R}^D$. $$s^2 = \sum_i x_i^2$$ $$h_i = \frac{x_i}{\sqrt{s^2 + 1}}$$"
        r"$$g = \frac{\partial \ell}{\partial h}$$ $$\frac{\partial \ell}{\partial x_i} = "
        r"\frac{g_i - h_i \sum_j g_j h_j}{\sqrt{s^2 + 1}}$$",
        r"$a \in \mathbb{R}^K$. $$p_i = \frac{e^{a_i}}{\sum_k e^{a_k}}$$"
        r"$$\frac{\partial p_i}{\partial a_j} = p_i (\mathbb{1}\{i = j\} - p_j)$$",
        r"$A \in \mathbb{R}^{n \times n}$. $$H = A^\top A$$ $H^\top = H$",
        r"$$\ell(z) = \log(1 + e^{-z})$$ $$\ell''(z) = \frac{e^z}{(1 + e^z)^2}$$",
    ],
)
def test_what_is_true_holds(tmp_path, text):
    assert set(said(tmp_path, text)) == {"holds"}


def test_a_softmax_is_along_one_axis_in_a_document(tmp_path):
    text = (
        r"$S \in \mathbb{R}^{n \times m}$, $$P = \operatorname{softmax}(S)$$"
        r"$P_{ij} = \frac{e^{S_{ij}}}{\sum_k e^{S_{ik}}}$, $P \mathbf{1} = \mathbf{1}$, "
        r"$\mathbf{1}^\top P = \mathbf{1}^\top$"
    )
    assert said(tmp_path, text) == ["holds", "holds", "ambiguous"]


def test_an_unknown_loss_that_may_see_one_of_two_is_not_refuted(tmp_path):
    text = (
        r"$x \in \mathbb{R}^n$. $$u = x \odot x$$ $$v = e^x$$"
        r"$$\frac{\partial L}{\partial x} = v \odot \frac{\partial L}{\partial v}$$"
    )
    assert said(tmp_path, text) == ["ambiguous"]
