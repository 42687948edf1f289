"""Clips that are guards against rounding, and clips that are differentiated."""

import pytest
import sympy as sp

from derive.code import verify_backward
from derive.frontends.code.guards import is_guard


@pytest.mark.parametrize(
    ("ends", "guards"),
    [
        (("1e-7", "0.9999999"), True),
        (("1e-12",), True),
        (("1e-8", "1"), True),
        (("-500", "500"), True),
        (("-1", "1"), False),
        (("0", "6"), False),
        (("0", "1"), False),
        (("-5", "5"), False),
        (("1e-7", "6"), False),
    ],
)
def test_a_guard_keeps_away_from_0_and_1_or_is_far(ends, guards):
    assert is_guard([sp.Rational(end) for end in ends]) is guards


def test_a_backward_without_its_clip_is_wrong_where_the_clip_is_no_guard(tmp_path):
    path = tmp_path / "clamp.py"
    path.write_text(
        "import numpy as np\n"
        "def hardtanh(x):\n    return np.clip(x, -1, 1), x\n"
        "def through(dout, x):\n    return dout\n"
        "def cut(dout, x):\n    return dout * ((x > -1) & (x < 1))\n"
    )
    assert verify_backward(f"{path}::hardtanh", "through", x="N")["x"].status == "disagrees"
    assert verify_backward(f"{path}::hardtanh", "cut", x="N")["x"].status == "holds"
