"""The table of laws: each use goes through it, and a listener is told."""

from __future__ import annotations

from fractions import Fraction
from unittest import mock

import pytest

from derive.canonical.atoms import PrimeAtom
from derive.canonical.forms import Normaliser
from derive.canonical.laws import LAWS, law


def test_what_stands_in_the_table_is_the_law():
    n = Normaliser()
    right = n.rational_power(2, 3)
    false = LAWS["power of a rational"]._replace(apply=lambda n, value, exponent: {(): 7})
    with mock.patch.dict(LAWS, {"power of a rational": false}):
        assert n.rational_power(2, 3) == {(): 7}
    assert n.rational_power(2, 3) == right == {(): 8}


def test_a_listener_is_told_of_each_law_from_the_inside_out():
    n, told = Normaliser(), []
    n.listener = lambda name, arguments, result: told.append((name, arguments, result))
    root = n.rational_power(8, Fraction(1, 2))
    ((monomial, coefficient),) = root.items()
    assert coefficient == 2
    assert [type(atom) for atom, _ in monomial] == [PrimeAtom]
    assert told[-1] == ("power of a rational", (8, Fraction(1, 2)), root)
    names = [name for name, _, _ in told]
    assert names.index("power of a prime") < names.index("product") < len(names) - 1


def test_a_name_is_given_once():
    assert "delta" in LAWS
    with pytest.raises(ValueError, match="two laws have the name 'delta'"):
        law("delta")(lambda n: None)
