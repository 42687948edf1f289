"""Claims that share definitions and assumptions."""

import pytest
from sympy import Ne, Symbol

from derive import ClaimError, Gradient, Identity, Setting, Shape, verify

x, y, z = (Symbol(name, real=True) for name in "xyz")
STATED = Setting(where={y: x**2}, given=Ne(x, 0))


def test_a_claim_has_what_its_setting_has():
    claim = STATED(Gradient, y, x, 2 * x, id="square")
    assert claim == Gradient(y, x, 2 * x, where={y: x**2}, given=(Ne(x, 0),), id="square")
    assert verify(claim).status == "holds"


def test_its_own_come_after():
    claim = STATED(Identity, z / x, x, where={z: y}, given=[x < 1])
    assert list(claim.where) == [y, z]
    assert claim.given == (Ne(x, 0), x < 1)
    assert verify(claim).status == "holds"


def test_a_shape_assumes_nothing():
    assert STATED(Shape, y, ()) == Shape(y, (), where={y: x**2})


def test_mistakes_are_those_of_the_kind():
    with pytest.raises(ClaimError, match="string"):
        STATED(Gradient, "y", x, 2 * x)
    with pytest.raises(ClaimError, match="defines y, which the setting defines"):
        STATED(Identity, y, x**2, where={y: x})
    with pytest.raises(TypeError):
        STATED(Gradient, y, x)
