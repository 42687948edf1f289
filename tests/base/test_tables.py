"""One way to dispatch: what a table finds for a class, and that no table has a gap."""

from __future__ import annotations

import pytest

from derive.base.tables import Table
from derive.canonical import atoms
from derive.canonical.nodes import NODE_RULES
from derive.canonical.rebuilding import REBUILT
from derive.claims.kinds import KINDS, Claim
from derive.core import derivatives, terms
from derive.evaluation import evaluate
from derive.lowering import statement
from derive.presentation import writer
from derive.proof.arrays import congruence, sample


class Animal: ...


class Bird(Animal): ...


class Wren(Bird): ...


def test_what_is_nearest_is_found():
    table: Table = Table()

    @table.on(Animal)
    def animal():
        return "animal"

    assert table.find(Wren) is animal

    @table.on(Bird)
    def bird():
        return "bird"

    assert (table.find(Wren), table.find(Animal), table.find(int)) == (bird, animal, None)
    assert table.missing([Wren, int]) == ["int"]


NODES = [
    node
    for node in vars(terms).values()
    if isinstance(node, type)
    and issubclass(node, terms.Term)
    and node not in (terms.Term, terms.Binder)
]
ATOMS = [
    kind
    for kind in vars(atoms).values()
    if isinstance(kind, type) and issubclass(kind, atoms.Atom) and not kind.__subclasses__()
]
EVERY = {
    "derivatives of nodes": (derivatives.DERIVATIVES, NODES),
    "canonical forms of nodes": (NODE_RULES, NODES),
    "atoms at other indices": (REBUILT, ATOMS),
    "nodes as they are written": (congruence.FORMS, NODES),
    "nodes in numbers": (sample.VALUES, NODES),
    "nodes for people": (writer.SCALARS, NODES),
    "statements of claims": (statement.STATEMENTS, KINDS),
    "derived sides in numbers": (evaluate.DERIVED, [k for k in KINDS if k.derivatives]),
}


@pytest.mark.parametrize("name", EVERY)
def test_no_table_has_a_gap(name):
    table, kinds = EVERY[name]
    assert not table.missing(kinds)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_kind_of_claim_says_what_it_is(kind):
    """What is asked of kinds fits together: nobody has to ask for a class."""
    assert issubclass(kind, Claim) and kind.kind
    assert not (kind.derivatives and kind.states_both)
    assert kind.states_both or not kind.at_most
    assert kind.has_sides == bool(kind.derivatives or kind.states_both)
    assert ("wrt" in kind.expression_fields) == bool(kind.derivatives)
    assert set(kind.axes) <= set(kind.expression_fields) & {"of", "wrt"}
    assert kind.derivatives or not kind.axes
