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


def test_what_is_supposed_is_assumed_in_its_sentence_alone(tmp_path):
    text = r"""<!-- derive: A, B: n×n; W: d×k; X: n×d; vectors=column -->
If $AB = BA$, then $(A+B)^2 = A^2 + 2AB + B^2$.
Always $(A-B)^2 = A^2 - 2AB + B^2$.

If the columns are orthonormal, $W^\top W = I$, then $\|XW W^\top\|_F^2 = \|XW\|_F^2$ holds.
If $AB = BA$, then $(AB)^2 = A^2 + B^2$.
"""
    found = [one.outcome for one in decided(tmp_path, text).outcomes]
    assert found == [
        "no-statement", "holds", "ambiguous", "no-statement", "holds", "no-statement", "disagrees"
    ]  # fmt: skip


def test_a_semidefinite_matrix_is_no_negative_one(tmp_path):
    text = r"""<!-- derive: P: n×n; x: n; P positive semidefinite; foo; T > 0; vectors=column -->
$$x^\top P x \ge 0$$

$$\nabla_x \frac{x^\top P x}{T} = \frac{2}{T} P x$$

$$\nabla_x x^\top P x = P x$$
"""
    checked = decided(tmp_path, text)
    assert [one.outcome for one in checked.outcomes] == ["undecided", "holds", "disagrees"]
    assert [line for line, _ in checked.problems] == [1]  # only one of its items is not read
