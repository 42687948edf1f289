"""Statements on arrays that nothing declares, and that fit only where one of these has a single
row, column or entry: they were said to hold where they are true of such arrays alone.
"""

from __future__ import annotations

import pytest

from tests.frontends.document.test_documents_reading import decided, outcomes


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r"(A x)^T = A^T x^T", "ambiguous"),
        (r"(A x)^T = x A^T", "holds"),  # of a number x
        (r"(y^T W X)^T = y W^T X^T", "ambiguous"),
        (r"\nabla_w (y^\top X w) = y X^\top", "ambiguous"),
        (r"(A x)^T = x^T A^T", "holds"),
        (r"(y^T W X)^T = X^T W^T y", "holds"),
        (r"\nabla_w (y^\top X w) = X^\top y", "holds"),
        (r"\nabla_w (y^\top X w) = 2X^\top y", "disagrees"),
        (r"(A B)^T = A^T B^T", "disagrees"),
    ],
)
def test_arrays_of_which_nothing_is_known(tmp_path, text, wanted):
    assert outcomes(tmp_path, f"$${text}$$") == [wanted]


@pytest.mark.parametrize(
    ("declared", "wanted"), [("A: n×m; x: m", "ill-shaped"), ("A: 1×1; x: 1", "holds")]
)
def test_what_is_declared_may_be_as_small_as_it_says(tmp_path, declared, wanted):
    assert outcomes(tmp_path, f"<!-- derive: {declared} -->\n$$(A x)^T = A^T x^T$$") == [wanted]


def test_the_message_names_the_array(tmp_path):
    (one,) = decided(tmp_path, "$$(A x)^T = A^T x^T$$").outcomes
    assert one.message == (
        "it fits only where A has a single row, column or entry; declare `A: n×m`"
    )
