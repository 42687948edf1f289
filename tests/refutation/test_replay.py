"""Replays: every step of a proof stands by itself, and a broken rule is found by name."""

import os
import pickle
import random

import pytest
import sympy as sp
from breaking import breaking, rule_names
from corpus import TRUE
from test_corpus import KNOWN_UNDECIDED

from derive import Gradient, Identity, formulas, verify
from derive.base.errors import DeriveError
from derive.canonical.journal import REWRITTEN
from derive.canonical.laws import LAWS
from derive.claims.verdict import Replay, Step

n, m = sp.symbols("n m", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True)
t = sp.Symbol("t", real=True)
X, A = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("A", n, n)
w, y = sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("y", n, 1)

CATALOGUE = [
    claim
    for formula in formulas.catalogue().values()
    if formula.section[0] in "12" and formula.section != "2.3"
    for claim in formula.claims
    if claim.id != "conv2d.grouped"  # the steps of the depthwise one, at several times the cost
]
DECIDED = [claim for claim in TRUE if claim.id not in KNOWN_UNDECIDED]
SAMPLE = random.Random(7).sample(DECIDED, 30)
# All of the catalogue takes a minute more: with ALL_CLAIMS in the environment.
REPLAYED = CATALOGUE if os.environ.get("ALL_CLAIMS") else CATALOGUE[::6]
squared = Gradient(sp.Trace((X * w - y).T * (X * w - y)), w, 2 * X.T * (X * w - y))


@pytest.mark.parametrize("claim", [*REPLAYED, *SAMPLE], ids=lambda claim: claim.id)
def test_a_verdict_can_be_replayed(claim):
    """No step is false anywhere, and a witness stands when it is evaluated again."""
    verdict = verify(claim)
    if verdict.status == "ill-shaped":
        with pytest.raises(DeriveError, match="nothing to replay"):
            verdict.replay()
        return
    replay = verdict.replay()
    assert not replay.failed
    assert replay


def test_nearly_every_step_can_be_evaluated():
    replays = [verify(claim).replay() for claim in SAMPLE[:30]]
    steps = sum(len(r.steps) for r in replays)
    assert sum(len(r.unchecked) for r in replays) < 0.05 * steps


def test_a_false_step_is_found():
    verdict = verify(squared)
    wrong = Step("a slip", X[0, 0] + 1, X[0, 0])
    object.__setattr__(verdict, "steps", (*verdict.steps, wrong))
    assert not verdict.replay()
    assert verdict.replay().failed == (wrong,)


def test_a_false_witness_is_found():
    claim = Identity(t**2, t)
    verdict = verify(claim)
    assert verdict.replay()
    object.__setattr__(verdict.witness, "values", {"t": 1})
    assert not verdict.replay()


def test_nothing_checked_is_no_agreement():
    assert not Replay((), None)


def test_steps_are_triples_that_survive_pickling():
    steps = verify(squared).steps
    for step in steps:
        rule, before, after = step
        assert isinstance(rule, str)
        assert before is not None
        assert after is not None
    step = Step("a rule", X[i, j], X[i, j], (sp.Ge(i, 0),))
    copy = pickle.loads(pickle.dumps(step))
    assert copy == step
    assert copy.ranges == step.ranges


def test_every_law_is_a_rule_in_words():
    for entry in LAWS.values():
        assert entry.statement != entry.name, entry.name
    assert set(LAWS) >= set(REWRITTEN)


def test_a_journal_finds_the_same_forms():
    """Writing the rewrites down changes nothing."""
    for claim in CATALOGUE[:10]:
        first, second = verify(claim), verify(claim)
        assert len(first.steps) == len(second.steps)


WATCHED = {
    "sum over a delta": Identity(sp.Sum(sp.KroneckerDelta(i, 0) * y[i, 0], (i, 0, n - 1)), y[0, 0]),
    "sum of ones": Identity(sp.Sum(y[0, 0], (i, 0, n - 1)), n * y[0, 0]),
    "sum of powers": Identity(sp.Sum(i, (i, 0, n - 1)), n * (n - 1) / 2),
    "exponential": Identity(sp.exp(t + y[0, 0]), sp.exp(t) * sp.exp(y[0, 0])),
    "absolute value": Identity(sp.Abs(y[0, 0]) * sp.Abs(t), sp.Abs(t * y[0, 0], evaluate=False)),
}


@pytest.mark.parametrize("name", WATCHED)
def test_a_broken_rule_leaves_no_clean_replay(name):
    assert name in rule_names()
    with breaking(name):
        verdict = verify(WATCHED[name])
        assert verdict.status != "holds" or not verdict.replay()
    assert verify(WATCHED[name]).replay()
