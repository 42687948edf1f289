"""Layers with sizes of their own: a statement about any layer, and one about the last."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import decided, outcomes

NETWORK = r"""
For $l = 1, \dots, L$ let $z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}$ and $a^{(l)} = \sigma(z^{(l)})$
with $W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$ and $b^{(l)} \in \mathbb{R}^{n_l}$.
"""
QUADRATIC = r"The cost is $C = \frac12\|a^{(L)} - y\|^2$."
DECAYED = (
    r"The cost is $C = \frac12\|a^{(L)} - y\|^2 + \frac{\lambda}{2}\sum_{l=1}^L \|W^{(l)}\|_F^2$."
)
ERRORS = r"We write $\delta^{(l)} = \frac{\partial C}{\partial z^{(l)}}$."

LAST = r"""
$$\delta^{(L)} = (a^{(L)} - y) \odot \sigma'(z^{(L)})$$
$$\delta^{(L)} = a^{(L)} - y$$
$$\delta^{(L-1)} = \left((W^{(L)})^\top \delta^{(L)}\right) \odot \sigma'(z^{(L-1)})$$
"""
HIDDEN = r"""
$$\delta^{(l)} = \left((W^{(l+1)})^\top \delta^{(l+1)}\right) \odot \sigma'(z^{(l)})$$
$$\delta^{(l-1)} = \left((W^{(l)})^\top \delta^{(l)}\right) \odot \sigma'(z^{(l-1)})$$
$$\delta^{(l)} = (W^{(l+1)})^\top \delta^{(l+1)}$$
$$\delta^{(l)} = \left(W^{(l+1)} \delta^{(l+1)}\right) \odot \sigma'(z^{(l)})$$
"""
PARAMETERS = r"""
$$\frac{\partial C}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^\top$$
$$\frac{\partial C}{\partial W^{(l)}} = 2\delta^{(l)} (a^{(l-1)})^\top$$
$$\frac{\partial C}{\partial b^{(l)}} = \delta^{(l)}$$
"""


def test_the_last_layer(tmp_path):
    text = NETWORK + QUADRATIC + ERRORS + LAST
    assert outcomes(tmp_path, text) == ["holds", "disagrees", "holds"]


def test_any_layer(tmp_path):
    text = NETWORK + QUADRATIC + ERRORS + HIDDEN + PARAMETERS
    found = [one for one in decided(tmp_path, text).outcomes if one.display]
    assert [one.outcome for one in found] == [
        "holds", "holds", "disagrees", "ill-shaped", "holds", "disagrees", "holds"
    ]  # fmt: skip
    assert "read with l + 1 for l" in found[1].claims[0].inferred


def test_any_layer_of_any_loss(tmp_path):
    assert outcomes(tmp_path, NETWORK + ERRORS + HIDDEN.partition("\n$$\\delta^{(l-1)}")[0]) == [
        "holds"
    ]


def test_what_holds_at_the_last_layer_is_not_refuted_there(tmp_path):
    text = NETWORK + QUADRATIC + r"$$\frac{\partial C}{\partial a^{(l)}} = a^{(l)} - y$$"
    assert outcomes(tmp_path, text) == ["ambiguous"]


def test_a_loss_that_speaks_of_every_layer_is_no_scalar_of_the_next(tmp_path):
    assert outcomes(
        tmp_path,
        NETWORK
        + DECAYED
        + ERRORS
        + PARAMETERS.partition("\n$$\\frac{\\partial C}{\\partial W^{(l)}} = 2")[0],
    ) == ["not-understood"]


def test_nor_where_a_layer_is_made_of_the_one_before_the_last(tmp_path):
    text = r"""
Let $z^{(l)} = W^{(l)} a^{(l-1)} + V^{(l)} a^{(l-2)}$ and $a^{(l)} = \sigma(z^{(l)})$ with
$W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, $V^{(l)} \in \mathbb{R}^{n_l\times n_{l-2}}$ and
$C = \frac12\|a^{(L)} - y\|^2$.
$$\frac{\partial C}{\partial a^{(l)}} = (W^{(l+1)})^\top \frac{\partial C}{\partial z^{(l+1)}}$$
"""
    assert outcomes(tmp_path, text) == ["not-understood"]


def test_batches_with_d_before_a_name(tmp_path):
    text = r"""
With $X, Y \in \mathbb{R}^{n_0 \times m}$ and $A^{[0]} \in \mathbb{R}^{n_0 \times m}$ let
$Z^{[l]} = W^{[l]} A^{[l-1]}$, $A^{[l]} = g(Z^{[l]})$, where
$W^{[l]} \in \mathbb{R}^{n_l \times n_{l-1}}$ and $g$ is applied entrywise, and
$J = \frac{1}{2m} \|A^{[L]}\|_F^2$.
$$dZ^{[L]} = \frac1m A^{[L]} \odot g'(Z^{[L]})$$
$$dW^{[l]} = dZ^{[l]} (A^{[l-1]})^\top$$
$$dA^{[l-1]} = (W^{[l]})^\top dZ^{[l]}$$
$$dW^{[l]} = \frac{1}{m} dZ^{[l]} (A^{[l-1]})^\top$$
"""
    assert outcomes(tmp_path, text) == ["holds", "holds", "holds", "disagrees"]


def test_functions_of_a_layer_and_transposes_beside_it(tmp_path):
    text = r"""
With $X, Y \in \mathbb{R}^{n_0 \times m}$ and $A^{[0]} = X$ let
$Z^{[l]} = W^{[l]} A^{[l-1]} + b^{[l]}$, $A^{[l]} = g^{[l]}(Z^{[l]})$, where
$W^{[l]} \in \mathbb{R}^{n_l \times n_{l-1}}$, $b^{[l]} \in \mathbb{R}^{n_l\times 1}$,
$Y \in \mathbb{R}^{n_L\times m}$ and $J = \frac{1}{2m} \|A^{[L]} - Y\|_F^2$.
$$dZ^{[L]} = \frac1m (A^{[L]} - Y) \odot g^{[L]\prime}(Z^{[L]})$$
$$dZ^{[L]} = (A^{[L]} - Y) \odot g^{[L]'}(Z^{[L]})$$
$$dA^{[l-1]} = W^{[l]\top} dZ^{[l]}$$
$$dZ^{[l-1]} = W^{[l]\top} dZ^{[l]} \odot {g^{[l-1]}}'(Z^{[l-1]})$$
$$dZ^{[l-1]} = W^{[l]\top} dZ^{[l]}$$
$$db^{[l]} = dZ^{[l]} \mathbf{1}_m$$
"""
    assert outcomes(tmp_path, text)[-6:] == [
        "holds", "disagrees", "holds", "holds", "disagrees", "holds"
    ]  # fmt: skip


OUTPUT = r"""
$$\delta^{(L)} = a^{(L)} - y$$
$$\delta^{(L)} = (a^{(L)} - y) \odot \sigma'(z^{(L)})$$
$$\delta^{(l)} = \left((W^{(l+1)})^\top \delta^{(l+1)}\right) \odot \sigma'(z^{(l)})$$
"""
LINEAR = r"""
For $l = 1, \dots, L$ let $z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}$ with
$b^{(l)} \in \mathbb{R}^{n_l}$, $W^{(l)} \in \mathbb{R}^{n_l \times n_{l-1}}$, and
$a^{(l)} = \sigma(z^{(l)})$ for $l < L$, while
"""


def test_a_last_layer_that_is_another_one(tmp_path):
    text = (
        LINEAR
        + "$a^{(L)} = z^{(L)}$. "
        + QUADRATIC
        + ERRORS
        + OUTPUT.partition(r"$$\delta^{(l)}")[0]
    )
    found = outcomes(tmp_path, text)
    assert found[0] == "holds"
    assert found[1] != "holds"


def test_what_is_said_of_the_layers_before_is_not_said_of_the_last(tmp_path):
    text = LINEAR + "the last layer is linear. " + QUADRATIC + ERRORS + OUTPUT
    assert outcomes(tmp_path, text) == ["ambiguous", "ambiguous", "holds"]


def test_layers_of_another_section_are_others(tmp_path):
    alike = NETWORK.replace("n_l", "n").replace("n_{l-1}", "n") + QUADRATIC + ERRORS
    text = f"# A\n{NETWORK}{QUADRATIC}{ERRORS}\n# B\n{alike}" + OUTPUT.splitlines()[2]
    assert outcomes(tmp_path, text) == ["holds"]


def test_cases_of_arrays_are_not_ill_shaped(tmp_path):
    text = NETWORK + r"$$h^{(l)} = \begin{cases} a^{(l)} & l < L \\ z^{(l)} & l = L \end{cases}$$"
    assert outcomes(tmp_path, text) == ["undecided"]
