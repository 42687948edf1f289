"""U⊤U = I is a condition where the sentence says which U, and else a claim."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import decided

TEXT = r"""
Let $U \in \mathbb{R}^{d \times k}$ have orthonormal columns, so that $U^\top U = I_k$.

Then the projection $P = U U^\top$ satisfies
$$P^2 = P.$$

Also
$$U U^\top = I_d.$$

Moreover
$$\operatorname{tr}(P) = k.$$
"""


def test_what_holds_under_a_condition_and_what_does_not(tmp_path):
    found = {one.latex.rstrip("."): one for one in decided(tmp_path, TEXT).outcomes}
    assert found["U^\\top U = I_k"].outcome == "no-statement"
    assert found["P^2 = P"].outcome == "holds"
    assert found["U U^\\top = I_d"].outcome == "disagrees"
    assert found["\\operatorname{tr}(P) = k"].outcome == "holds"
    witness = found["U U^\\top = I_d"].claims[0].verdict.witness
    assert witness.sizes["d"] > witness.sizes["k"]  # columns that are orthonormal
