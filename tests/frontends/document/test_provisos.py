"""Comparisons in the sentence of a formula are what it is said under; others are not."""

from __future__ import annotations

from tests.frontends.document.test_documents_reading import decided

TEXT = r"""
<!-- derive: x: scalar -->
For $x > 0$ we have

$$|x| = x$$

Always:

$$|x| = x$$

$$|x| = -x, \quad x < 0$$

$$|x| = -x$$

for $x < 0$. But not

$$|x| = 2x$$

for $x > 0$.
"""


def test_what_is_said_under_a_comparison(tmp_path):
    found = [one for one in decided(tmp_path, TEXT).outcomes if "=" in one.latex]
    assert [one.outcome for one in found] == [
        "holds", "disagrees", "holds", "holds", "disagrees"
    ]  # fmt: skip
    assert "what line 3 states is assumed" in found[0].claims[0].inferred
