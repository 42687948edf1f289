"""Terms that are missing behind a normalisation with a scale: the mean, the projection, both."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import HadamardProduct, MatrixSymbol, OneMatrix, Q, Sum, sqrt, symbols

from derive import Backward, verify

d = sp.Symbol("d", integer=True, positive=True)
j = sp.Symbol("j", integer=True)
mu, var, eps = symbols("mu var epsilon", real=True)
x, xhat, gamma, G = (MatrixSymbol(name, 1, d) for name in ("x", "xhat", "gamma", "G"))
LAYER_NORM = {
    mu: Sum(x[0, j], (j, 0, d - 1)) / d,
    var: Sum((x[0, j] - mu) ** 2, (j, 0, d - 1)) / d,
    xhat: (x - mu * OneMatrix(1, d)) / sqrt(var + eps),
}
scaled = HadamardProduct(G, gamma)
mean = scaled * OneMatrix(d, 1) * OneMatrix(1, d) / d


@pytest.mark.parametrize(
    ("documented", "said"),
    [
        (scaled, "two terms are missing"),
        (scaled - mean, "(G ⊙ gamma)*xhat.T*xhat is missing"),
    ],
)
def test_what_a_normalisation_lacks_is_named_and_derived(documented, said):
    claim = Backward(
        HadamardProduct(xhat, gamma), x, G, documented / sqrt(var + eps),
        where=LAYER_NORM, given=(Q.positive(eps),),
    )  # fmt: skip
    verdict = verify(claim)
    assert verdict.status == "disagrees"
    assert said in verdict.reason
    assert verdict.derived.has(xhat)
