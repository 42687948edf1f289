"""Hypothesis profiles: the same examples on every run in CI, new ones on a desk; proofs alone."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from derive import engine
from derive.proof.decide import Rung

pytest_plugins = ["pytester"]

# For what one test file takes from another, `from tests.documents import truths`. At the end, so
# that `derive` is what is installed.
sys.path.append(str(Path(__file__).resolve().parent.parent))

# No test rests on a verdict that another run has kept.
os.environ["DERIVE_NO_CACHE"] = "1"

# Deciding a claim takes as long as it takes: a deadline per example would make tests depend on
# the machine's load.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def alone(monkeypatch):
    """The proofs on their own: every check by numbers is passed, and no witness is looked for."""
    for name in ("agrees_throughout", "agrees_numerically"):
        monkeypatch.setattr(engine, name, lambda *_, **__: True)
    monkeypatch.setattr(engine, "search", lambda *_, **__: None)
    monkeypatch.setattr(engine, "COSTLY", (Rung(None, True, 1e6),))
