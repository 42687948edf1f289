"""No node is forgotten: each one of the core has a rule in every pass, and a law in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from derive.canonical import nodes as rules
from derive.core import derivatives
from derive.core import terms as index
from derive.presentation import writer

ROOT = Path(__file__).resolve().parents[2]
BASES = {index.Term, index.Binder}
NODES = [
    node
    for node in vars(index).values()
    if isinstance(node, type) and issubclass(node, index.Term) and node not in BASES
]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_core_node_has_a_rule_in_every_pass(node):
    assert node in derivatives.DERIVATIVES
    assert node in rules.NODE_RULES
    assert node in writer.SCALARS


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_rule_states_its_law(node):
    assert derivatives.DERIVATIVES[node].__doc__
    assert rules.NODE_RULES[node].__doc__


def test_the_page_of_nodes_is_what_the_code_says():
    """In a process of its own: what other tests import has nodes, too."""
    program = f"import runpy; print(runpy.run_path({str(ROOT / 'docs' / 'nodes.py')!r})['table']())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == (ROOT / "docs" / "nodes.md").read_text("utf-8").strip()
