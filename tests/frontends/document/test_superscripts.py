"""Superscripts and subscripts that are names, indices or layers, and never powers by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from derive.engine import verify
from derive.frontends.document.check import check

COLUMNS = "<!-- derive: vectors=column -->\n"


def said(folder: Path, text: str, name: str = "notes.md") -> list[str]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    found = [
        one.code or one.outcome
        for one in check(file, verify, docstrings=name.endswith(".py")).outcomes
    ]
    return [each for each in found if each not in ("defines", "declares")]


def test_a_sum_over_examples_is_no_multiple_of_one(tmp_path):
    text = (
        r"$y^{(i)} \in \mathbb{R}$, $$\sum_{i=1}^m y^{(i)} = m y^{(i)}$$"
        r"$$\sum_{i=1}^m y^{(i)} = \sum_{k=1}^m y^{(k)}$$"
    )
    assert said(tmp_path, text) == ["disagrees", "holds"]


def test_layers_without_parentheses(tmp_path):
    text = (
        COLUMNS + r"<!-- derive: w^l: m×n; a^{l-1}: n; b^l: m; C = any scalar of z^l -->"
        "\n$$z^l = w^l a^{l-1} + b^l$$\n"
        r"$$\frac{\partial C}{\partial a^{l-1}} = (w^l)^T \frac{\partial C}{\partial z^l}$$"
        "\n" + r"$$\frac{\partial C}{\partial a^{l-1}} = w^l \frac{\partial C}{\partial z^l}$$"
    )
    assert said(tmp_path, text) == ["holds", "ill-shaped"]


def test_gates_are_named_and_not_counted(tmp_path):
    text = (
        COLUMNS + "<!-- derive: W_f, W_i: h×d; x: d; L = any scalar of c -->\n"
        r"$$z_f = W_f x$$ $$z_i = W_i x$$ $$c = z_f \odot z_i$$"
        r"$$\frac{\partial L}{\partial z_f} = \frac{\partial L}{\partial c} \odot z_i$$"
        r"$$\frac{\partial L}{\partial z_f} = \frac{\partial L}{\partial c} \odot z_f$$"
    )
    assert said(tmp_path, text) == ["holds", "disagrees"]


def test_the_functions_of_a_module_do_not_share_what_they_declare(tmp_path):
    text = '''
def first(x):
    r"""A vector.

    .. derive: x: n; vectors=column

    $x^T x = \\|x\\|^2$
    """


def second(x):
    r"""$$g(x) = x^2$$ $$g'(x) = 2x$$ $$g'(x) = x$$"""
'''
    assert said(tmp_path, text, "layers.py") == ["holds", "holds", "disagrees"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # A function at another argument takes along what its definition rests on.
        (r"$W \in \mathbb{R}^{m\times n}$, $x, y \in \mathbb{R}^n$, $v \in \mathbb{R}^m$."
         r"$$h = W x$$ $$f(x) = v^\top h$$ $$f(y) = v^\top W y$$ $$f(y) + f(x) = 2 v^\top W x$$",
         ["holds", "disagrees"]),
        # σ beside its own derivative is its value.
        (r"$$\sigma(a) = \frac{1}{1 + e^{-a}}$$ $$\frac{d\sigma}{da} = \sigma (1 - \sigma)$$",
         ["holds"]),
        # At one point.
        (r"$$g(x) = \log(1 + e^x)$$ $$\frac{dg}{dx}\Big|_{x=0} = \frac12$$"
         r"$$\frac{dg}{dx}\Big|_{x=0} = 1$$", ["holds", "disagrees"]),
        # A condition that a formula states is assumed, one of a case is not.
        (r"Let $u \in \mathbb{R}^n$ have $u^\top u = 1$. $$P = u u^\top$$ $$P P = P$$",
         ["condition", "holds"]),
        (r"Take $u \in \mathbb{R}^n$; if $u^\top u = 1$, fine. $$P = u u^\top$$ $$P P = P$$",
         ["condition", "assumption"]),
        # The range of an index beside a definition.
        (r"<!-- derive: x: N; w: K; index=0; N > K -->"
         r"$$y_i = \sum_{k=0}^{K-1} w_k x_{i+k}, \quad i = 0, \dots, N-K$$"
         r"$$\frac{\partial y_i}{\partial w_k} = x_{i+k}$$", ["no-statement", "holds"]),
        # Numbers written out.
        (r"$$\begin{pmatrix} a & b \\ c & d \end{pmatrix} \begin{pmatrix} e & f \\ g & h"
         r"\end{pmatrix} = \begin{pmatrix} ae + bg & af + bh \\ ce + dg & cf + dh \end{pmatrix}$$",
         ["holds"]),
        (r"$R = \begin{pmatrix} \cos t & -\sin t \\ \sin t & \cos t \end{pmatrix}$ and"
         r" $$R^\top R = I$$ $$R R = I$$", ["holds", "disagrees"]),
        # ∇∇ is the Hessian.
        (r"$A \in \mathbb{R}^{n\times n}$, $x \in \mathbb{R}^n$."
         r"$$f(x) = x^\top A x$$ $$\nabla\nabla f(x) = A + A^\top$$", ["holds"]),
        # What is left out has a code of its own.
        (r"$$\log p(x) = \mathbb{E}_{q}[\log p(x)]$$", ["expectation"]),
        (r"$$p = p(y \mid x)$$", ["probability"]),
    ],
)  # fmt: skip
def test_readings(text, wanted, tmp_path):
    assert said(tmp_path, COLUMNS + text) == wanted
