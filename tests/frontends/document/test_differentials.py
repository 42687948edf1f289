"""Differentials with an italic d, and ∇f⊤ and ∇²f inside of formulas."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import outcomes


def test_an_italic_d_before_formulas(tmp_path):
    text = r"""<!-- derive: Y, Z: n×n; x: n; b: n; vectors=column -->
$$d(YZ) = (dY) Z + Y\, dZ$$
$$f = \|Y x - b\|^2$$
$$df = 2 (Y x - b)^T d(Y x)$$
$$df = (Y x - b)^T (dY\, x + Y\, dx)$$
"""
    assert outcomes(tmp_path, text) == [
        "holds", "defines", "holds", "disagrees"
    ]  # fmt: skip


def test_gradients_and_hessians_inside_of_a_formula(tmp_path):
    text = r"""<!-- derive: x, y: n; P: n×n; P symmetric; vectors=column -->
$$f(x) = \frac12 x^T P x$$
$$f(y) = f(x) + \nabla f(x)^T (y - x) + \frac12 (y-x)^T \nabla^2 f(x) (y-x)$$
$$\nabla f(x)^T = x^T P$$
$$\nabla^2 f(x) y = 2 P y$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "holds", "disagrees"]


def test_an_equation_that_is_assumed_gives_i_its_size(tmp_path):
    text = r"""<!-- derive: U, S: k×k; U^T U = I -->
$$\operatorname{tr}(U^T S U) = \operatorname{tr}(S)$$
$$\operatorname{tr}(U S) = \operatorname{tr}(S)$$
"""
    assert outcomes(tmp_path, text) == ["holds", "disagrees"]
