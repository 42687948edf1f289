"""No node is forgotten: each one of the core has a rule in every pass, and a law in words."""

import importlib.util
from pathlib import Path

import pytest

from derive.canonical import nodes as rules
from derive.core import differentiate
from derive.core import terms as index
from derive.presentation import matrices as show

ROOT = Path(__file__).resolve().parents[1]
BASES = {index.Term, index.Binder}
NODES = [
    node
    for node in vars(index).values()
    if isinstance(node, type) and issubclass(node, index.Term) and node not in BASES
]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_core_node_has_a_rule_in_every_pass(node):
    assert node in differentiate.rules()
    assert node in rules.rules()
    assert node in show.scalar_writers()


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_rule_states_its_law(node):
    assert differentiate.rules()[node].__doc__
    assert rules.rules()[node].__doc__


def test_the_page_of_nodes_is_what_the_code_says():
    spec = importlib.util.spec_from_file_location("nodes", ROOT / "docs" / "nodes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.table() == (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
