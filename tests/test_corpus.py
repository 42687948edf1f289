"""The corpus: every claim is decided as it is to be, and what is derived on the way is right."""

from __future__ import annotations

import dataclasses
import functools
import os

import pytest
from corpus import FALSE, ILL_SHAPED, TRUE

from derive import Identity, Inequality, Shape, verify
from derive.refutation.search import agrees_numerically

SEEDS = range(6)
# With ALL_CLAIMS in the environment all of them; else in a run every second false claim, as each
# takes its reason with it, and a third of what was looked at when the corpus was written.
THOROUGH = bool(os.environ.get("ALL_CLAIMS"))
FALSE_ONE_IN, TRUE_ONE_IN = (1, 1) if THOROUGH else (2, 3)

# What is not decided today, and why. A claim is taken out here as soon as it is decided.
KNOWN_UNDECIDED = {
    "bound.mask": "needs cases by the value of the mask",
    "schur.either": "det(D - C*S.I*A)*det(S): both determinants are taken apart by the same law",
    "sequence.rnn.position": "the product without one factor is not joined over a position's range",
    "outside.before": "reads x[-1] for l = 0: no value to compare there",
}

CLAIMS = {claim.id: claim for claim in (*TRUE, *FALSE)}
SOME_FALSE = FALSE[::FALSE_ONE_IN]


def each_of(claims):
    return pytest.mark.parametrize("claim", claims, ids=[claim.id for claim in claims])


@functools.cache
def verdict(claim_id):
    return verify(CLAIMS[claim_id], timeout=60)


def expect(claim, status):
    found = verdict(claim.id)
    assert not found.reason.startswith("internal error"), found.reason
    wanted = "undecided" if claim.id in KNOWN_UNDECIDED else status
    assert found.status == wanted, found.reason


def agreement(claim):
    """What the evaluator says of a claim at the first random points that it can evaluate."""
    answers = (agrees_numerically(claim, seed) for seed in SEEDS)
    return next((answer for answer in answers if answer is not None), None)


def test_every_id_is_its_own():
    assert len(CLAIMS) == len(TRUE) + len(FALSE)
    assert set(CLAIMS) >= set(KNOWN_UNDECIDED)
    assert {claim.id for claim in FALSE} >= ILL_SHAPED


@each_of(TRUE)
def test_a_true_claim_holds(claim):
    expect(claim, "holds")


@each_of(SOME_FALSE)
def test_a_false_claim_is_refuted(claim):
    expect(claim, "ill-shaped" if claim.id in ILL_SHAPED else "disagrees")


@each_of([claim for claim in TRUE if not isinstance(claim, Shape)][::TRUE_ONE_IN])
def test_a_true_claim_is_true_at_random_points(claim):
    assert agreement(claim)


@each_of([c for c in (*TRUE, *SOME_FALSE) if not isinstance(c, (Shape, Inequality))])
def test_what_is_derived_is_right(claim):
    """Whatever the status: a claim of the derived side is true, by an evaluation of both."""
    found = verdict(claim.id)
    if claim.id in ILL_SHAPED or claim.id.startswith("outside."):
        return
    if any("is the derivative in" in note for note in found.notes):
        return  # it names an adjoint that the claim does not define
    field = "right" if isinstance(claim, Identity) else "equals"
    assert agreement(dataclasses.replace(claim, **{field: found.derived}))
