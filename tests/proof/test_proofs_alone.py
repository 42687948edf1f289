"""The proof search without what catches its mistakes.

A proof is confirmed by an evaluation before it becomes a verdict, and a witness is looked for
before the costly rungs. Without both, no false claim may be proved either: the evaluation is a
second line, not the reason why the verdicts are right.
"""

from __future__ import annotations

import os

import pytest
from corpus import FALSE, ILL_SHAPED
from expected import EXPECTED

from derive import formulas, verify
from derive.proof.arrays import merge

# All of the claims, with all of the work, take minutes: with ALL_CLAIMS in the environment. A proof
# that is wrong is hardly a long one.
THOROUGH = bool(os.environ.get("ALL_CLAIMS"))
EFFORT = 1.0 if THOROUGH else 0.1

CLAIMS = [claim for claim in FALSE if claim.id not in ILL_SHAPED]
CLAIMS += [
    claim
    for formula in formulas.catalogue().values()
    for claim in formula.claims
    if EXPECTED[claim.id] == "disagrees"
]
if not THOROUGH:
    CLAIMS = CLAIMS[::9]


@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_no_false_claim_is_proved(claim, alone, monkeypatch):
    """Nor where the comparison of arrays is told that whatever it compares has one value."""
    compared = []
    close = merge.close
    monkeypatch.setattr(merge, "close", lambda *args: compared.append(args) or close(*args))
    assert verify(claim, effort=EFFORT).status == "undecided"
    if compared:
        monkeypatch.setattr(merge, "close", lambda *_: True)
        assert verify(claim, effort=EFFORT).status == "undecided"
