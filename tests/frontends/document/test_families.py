"""u_k, one of several, wherever it stands; numbers above a letter that count layers."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import outcomes


def test_one_of_several_outside_of_the_sum(tmp_path):
    text = r"""<!-- derive: v: d; u_o: d; u_k: d; K: size; vectors=column -->
$$J = u_o^\top v - \sum_{k=1}^K \exp(-u_k^\top v)$$
$$\frac{\partial J}{\partial u_k} = \exp(-u_k^\top v) v$$
$$\frac{\partial J}{\partial u_k} = -\exp(-u_k^\top v) v$$
$$\frac{\partial J}{\partial u_o} = v$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "disagrees", "holds"]


def test_a_number_above_counts_layers_where_a_one_stands(tmp_path):
    text = r"""<!-- derive: W^1: m×k; W^2: k×c; x: m; vectors=column; L = any scalar of Z^2 -->
$$Z^1 = {W^1}^T x$$
$$Z^2 = {W^2}^T Z^1$$
$$\frac{\partial L}{\partial W^2} = Z^1 \left(\frac{\partial L}{\partial Z^2}\right)^T$$
$$\frac{\partial L}{\partial W^1} = W^2 x \left(\frac{\partial L}{\partial Z^2}\right)^T$$
"""
    assert outcomes(tmp_path, text) == ["defines", "defines", "holds", "ill-shaped"]


def test_an_entry_of_a_defined_array_is_no_loss(tmp_path):
    text = r"""<!-- derive: z: K; vectors=column -->
$$p = \mathrm{softmax}(z)$$
$$\ell = \log p$$
$$\frac{\partial \ell_i}{\partial z_j} = \mathbb{1}[i = j] - p_j$$
$$F = \log \sum_{j=1}^K e^{z_j}$$
"""
    assert outcomes(tmp_path, text) == ["defines", "defines", "holds", "defines"]


def test_an_array_before_brackets_may_be_a_factor(tmp_path):
    text = r"""<!-- derive: w: m×n; a: n; vectors=column; C = any scalar of z -->
$$z = w a$$
$$\delta = \frac{\partial C}{\partial z}$$
$$\frac{\partial C}{\partial w} = \delta (a)^T$$
$$\frac{\partial C}{\partial w} = a (\delta)^T$$
"""
    assert outcomes(tmp_path, text)[2:] == ["holds", "ill-shaped"]


def test_a_name_for_the_matrix_of_its_entries(tmp_path):
    text = r"""<!-- derive: R: m×n; V: n×k; b: m; vectors=column -->
$$e_{ui} = R_{ui} - b_u$$
$$E = (e_{ui})$$
$$E V = R V - b \mathbf{1}^\top V$$
$$E V = R V - b$$
$$d_M(x, y) = (x - y)^\top (x - y)$$
"""
    found = outcomes(tmp_path, text)
    assert found == ["defines", "defines", "holds", "disagrees", "defines"]


def test_the_argument_of_a_function_is_an_array_where_it_is_transposed(tmp_path):
    text = r"""Let $A \in \mathbb{R}^{d \times d}$, $b \in \mathbb{R}^d$.
$$f(\theta) = \frac12 \theta^\top A \theta - b^\top \theta$$
$$\nabla f(\theta) = \frac12 (A + A^\top) \theta - b$$
$$\nabla f(\theta) = A \theta + b$$
"""
    assert outcomes(tmp_path, text) == ["defines", "holds", "disagrees"]


def test_one_beside_a_square_matrix_may_be_the_identity(tmp_path):
    text = r"""<!-- derive: A: d×d; H: n×m; x: d; vectors=column -->
$$(1 - A) x = x - A x$$
$$(1 - A) x = x + A x$$
$$H \odot (1 - H) = H - H \odot H$$
"""
    assert outcomes(tmp_path, text) == ["holds", "disagrees", "holds"]


def test_a_named_function_of_an_array_of_one_entry_ends(tmp_path):
    text = r"""Let $p = \sigma(x)$ where $\sigma$ is the sigmoid.
$$\frac{dp}{dx} = p (1 - p)$$
$$\frac{dp}{dx} = p^2$$
"""
    assert outcomes(tmp_path, text) == ["holds", "disagrees"]


def test_the_first_of_several_is_one_of_them(tmp_path):
    text = r"""<!-- derive: vectors=column -->
With $q \in \mathbb{R}^d$ and $k_1, \dots, k_N \in \mathbb{R}^d$ let $s_i = q^\top k_i$ and

$$\ell = -s_1 + \log \sum_{i=1}^N e^{s_i}, \quad p_i = \frac{e^{s_i}}{\sum_{j=1}^N e^{s_j}}$$
$$\frac{\partial \ell}{\partial s_i} = p_i - \delta_{i1}$$
$$\frac{\partial \ell}{\partial s_i} = p_i - \delta_{i2}$$
$$\frac{\partial \ell}{\partial q} = \sum_{i=1}^N p_i k_i - k_1$$
$$\frac{\partial \ell}{\partial q} = \sum_{i=1}^N p_i k_i + k_1$$
$$\frac{\partial \ell}{\partial k_1} = (p_1 - 1) q$$
"""
    wanted = ["holds", "disagrees", "holds", "disagrees", "holds"]
    assert outcomes(tmp_path, text)[-5:] == wanted


def test_a_policy_is_said_of_an_index(tmp_path):
    text = r"""Let $\theta \in \mathbb{R}^K$ and
$$\pi_\theta(a) = \frac{e^{\theta_a}}{\sum_{b=1}^K e^{\theta_b}}, \quad J = \sum_a \pi_\theta(a) r_a$$
$$\frac{\partial \log \pi_\theta(a)}{\partial \theta_b} = \delta_{ab} - \pi_\theta(b)$$
$$\frac{\partial \log \pi_\theta(a)}{\partial \theta_b} = \delta_{ab} - \pi_\theta(a)$$
$$\frac{\partial J}{\partial \theta_b} = \pi_\theta(b) (r_b - J)$$
$$\frac{\partial J}{\partial \theta_b} = \pi_\theta(b) (r_b + J)$$
"""  # noqa: E501
    assert outcomes(tmp_path, text)[-4:] == ["holds", "disagrees", "holds", "disagrees"]


def test_two_that_are_declared_alone_are_two(tmp_path):
    text = r"""Let $x_1, x_2 \in \mathbb{R}^d$.
$$\|x_1 - x_2\|^2 = \|x_1\|^2 + \|x_2\|^2 - 2 x_1^\top x_2$$
$$\|x_1 - x_2\|^2 = \|x_1\|^2 + \|x_2\|^2$$

The mean is $m = \frac1n \sum_{i=1}^n x_i$ and $$\sum_{i=1}^n (x_i - m) = 0$$

$$f = \sum_{i=1}^n x_i^\top x_i + x_1^\top x_2$$ $$\frac{\partial f}{\partial x_2} = x_1$$
"""
    wanted = ["holds", "disagrees", "holds", "defines", "ambiguous"]
    assert outcomes(tmp_path, text) == wanted
