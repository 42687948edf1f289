"""What is defined step by step: sequences where a statement needs them, and nothing supposed."""

from __future__ import annotations

import pytest
import sympy as sp

from derive import Identity
from derive.frontends.document import sameness
from tests.frontends.document.test_documents_reading import decided, outcomes


def test_a_sum_over_all_steps_of_what_is_computed_step_by_step(tmp_path):
    text = r"""<!-- derive: w, u: scalar; x_t, h_t: scalar; T: size -->
$$h_t = w h_{t-1} + u x_t$$
$$L = \sum_{t=1}^T h_t^2$$
$$\delta_t = 2 h_t + w \delta_{t+1}, \quad \delta_{T+1} = 0$$
$$\frac{\partial L}{\partial w} = \sum_{t=1}^T \delta_t h_{t-1}$$
$$\frac{\partial L}{\partial w} = \sum_{t=1}^T \delta_t h_t$$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_that_a_recurrence_begins_at_zero_is_not_supposed(tmp_path):
    text = r"""<!-- derive: a: scalar; s_t, x_t: scalar -->
$$s_t = a s_{t-1} + x_t$$
$$s_t = \sum_{k=1}^t a^{t-k} x_k$$
"""
    _, closed = decided(tmp_path, text).outcomes
    assert (closed.outcome, closed.code) == ("ambiguous", "assumption")
    assert "s_0 = 0" in closed.message
    assert outcomes(tmp_path, text + "\nHere $s_0 = 0$.\n")[1] == "holds"
    assert outcomes(tmp_path, text.replace(" -->", "; s_0 = 0 -->"))[1] == "holds"


def test_a_zero_that_a_directive_states_is_one_of_vectors(tmp_path):
    text = r"""<!-- derive: s_t, x_t: n; A: n×n; vectors=column; s_0 = 0 -->
$$s_t = A s_{t-1} + x_t$$
$$s_t = \sum_{k=1}^t A^{t-k} x_k$$
"""
    assert outcomes(tmp_path, text)[1] == "holds"


def test_a_step_outside_of_a_sequence_is_not_read(tmp_path):
    text = r"""<!-- derive: a: scalar; s_t: scalar; T: size -->
$$s_t = a s_{t-1}$$
$$L = \sum_{t=1}^T s_{t+1}$$
$$\frac{\partial L}{\partial a} = 0$$
"""
    assert outcomes(tmp_path, text)[-1] == "undecided"


def test_gates_are_no_steps(tmp_path):
    text = r"""<!-- derive: x: d; W_i, W_o: h×d -->
$$z_i = W_i x$$
$$z_o = W_o x$$
$$L = \sum_{i=1}^h z_{o,i}$$
$$\frac{\partial L}{\partial x} = W_o^\top \mathbf{1}$$
"""
    assert outcomes(tmp_path, text)[-1] == "holds"


def test_what_nothing_declares_is_a_number_or_a_vector(tmp_path):
    text = r"""<!-- derive: m: scalar -->
$$S = \sum_{i=1}^n (x_i - m)^2$$
$$\frac{\partial S}{\partial m} = -2 \sum_{i=1}^n (x_i - m)$$
$$\frac{\partial S}{\partial m} = 2 \sum_{i=1}^n (x_i - m)$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "disagrees"]


def test_an_interval_declares_a_number(tmp_path):
    text = r"""Let $D \in (0, 1)$.
$$L = -\log D$$
$$\frac{\partial L}{\partial D} = \frac{1}{D}$$
"""
    assert outcomes(tmp_path, text) == ["defines", "disagrees"]


@pytest.mark.parametrize("other", [sp.Dummy("k"), sp.Symbol("k")])
def test_claims_are_the_same_but_for_bound_indices(other):
    k, n = sp.Dummy("k"), sp.Symbol("n", integer=True, positive=True)
    x = sp.MatrixSymbol("x", n, 1)

    def claim(index, factor):
        return Identity(sp.Sum(x[index, 0], (index, 0, n - 1)) * factor, sp.Integer(0))

    assert sameness.key(claim(k, 1)) == sameness.key(claim(other, 1))
    assert sameness.key(claim(k, 1)) != sameness.key(claim(k, 2))


def test_a_loss_is_the_sum_of_its_losses_at_each_step(tmp_path):
    """L = Σ_t L_t defines L by names of its own, and not by itself."""
    text = r"""
Let $W \in \mathbb{R}^{K\times D}$, $x_t \in \mathbb{R}^D$, $y_t \in \mathbb{R}^K$.
The output is $o_t = W x_t$.
$$ L = \sum_{t=1}^T L_t, \qquad L_t = \frac12 \|o_t - y_t\|^2 $$
$$ \nabla_W L = \sum_{t=1}^T (o_t - y_t) x_t^\top $$
$$ \nabla_W L = \sum_{t=1}^T o_t x_t^\top $$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_an_example_is_no_entry_of_what_each_example_is(tmp_path):
    text = r"""
Let $x \in \mathbb{R}^d$, $w \in \mathbb{R}^d$ and $\hat y = w^\top x$.
$$ L = \frac12 \sum_{i=1}^n (w^\top x_i - y_i)^2 $$
$$ \nabla_w L = \sum_{i=1}^n (w^\top x_i - y_i) x_i $$
$$ \nabla_w L = \sum_{i=1}^n (w^\top x_i) x_i $$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_the_first_of_the_rows_that_a_sum_goes_over(tmp_path):
    text = r"""
Let $q \in \mathbb{R}^d$ and $K \in \mathbb{R}^{N\times d}$ with $p = \mathrm{softmax}(Kq)$.
$$ \ell = -q^\top k_1 + \log \sum_{j=1}^N \exp(q^\top k_j) $$
$$ \nabla_q \ell = K^\top p - k_1 $$
$$ \nabla_q \ell = k_1 - K^\top p $$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_the_g_i_under_a_sum_are_the_g_t(tmp_path):
    text = r"""
$$m_t = \beta m_{t-1} + (1-\beta) g_t, \qquad m_0 = 0$$
$$m_t = (1-\beta) \sum_{i=1}^{t} \beta^{t-i} g_i$$
$$m_t = \sum_{i=1}^{t} \beta^{t-i} g_i$$
"""
    assert outcomes(tmp_path, text)[-2:] == ["holds", "disagrees"]


def test_the_last_of_the_derivatives_is_claimed_where_targets_are_given(tmp_path):
    text = r"""
Let $a, h_t, x_t, y_t \in \mathbb{R}$ for $t = 1, \dots, T$.
$$h_t = a h_{t-1} + x_t, \qquad L = \frac12 \sum_{t=1}^T (h_t - y_t)^2, \qquad
g_t = \frac{\partial L}{\partial h_t}$$
$$g_T = h_T - y_T$$
$$g_T = 2 (h_T - y_T)$$
$$g_t = h_t - y_t + a g_{t+1}$$
$$g_t = h_t - y_t + g_{t+1}$$
"""
    assert outcomes(tmp_path, text)[-4:] == ["holds", "disagrees", "holds", "disagrees"]
