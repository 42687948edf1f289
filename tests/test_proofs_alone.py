"""The proof search without what catches its mistakes.

A proof is confirmed by an evaluation before it becomes a verdict, and a witness is looked for
before the costly rungs. Without both, no false claim may be proved either: the evaluation is a
second line, not the reason why the verdicts are right.
"""

from __future__ import annotations

import pytest
from corpus import FALSE, ILL_SHAPED
from expected import EXPECTED

import derive.engine
import derive.proof.arrays.merge
import derive.proof.induction.induction
from derive import formulas, verify

CLAIMS = [claim for claim in FALSE if claim.id not in ILL_SHAPED]
CLAIMS += [
    claim
    for formula in formulas.catalogue().values()
    for claim in formula.claims
    if EXPECTED[claim.id] == "disagrees"
]


@pytest.mark.parametrize("convinced", [False, True], ids=["", "numbers-agree"])
@pytest.mark.parametrize("claim", CLAIMS, ids=[claim.id for claim in CLAIMS])
def test_no_false_claim_is_proved(claim, convinced, alone, monkeypatch):
    if convinced:  # the comparison of arrays is told that whatever it compares has one value
        monkeypatch.setattr(derive.proof.arrays.merge, "close", lambda *_: True)
    assert verify(claim, timeout=20).status == "undecided"
