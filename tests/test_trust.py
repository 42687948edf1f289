"""A sample of the trust suite; ``python -m tests.trust`` runs all of it."""

import random

import pytest
from trust.examination import MUTANT, REWRITING, examine, tasks
from trust.planted import caught, every_rule

SEED = 20
MUTANTS = REWRITINGS = 24
# What no claim notices when it is falsified, being rarely used. To become shorter.
UNNOTICED = {
    "the rewrite rule 'stronger bracket' doubled",
    "the lowering of ArrayOperator with 1 added",
}
KNOWN = [rule for rule in every_rule() if rule.name not in UNNOTICED]
RULES = random.Random(SEED).sample(KNOWN, 8)


@pytest.mark.parametrize(
    "task", tasks(MUTANTS, REWRITINGS, SEED), ids=lambda task: f"{task.source}-{task.position}"
)
def test_mutants_are_refuted_and_rewritings_hold(task):
    """None of what is false holds, and none of what is true is refuted."""
    findings = examine(task)
    assert not [f"{f.violation}: {f.changes} {f.statement}" for f in findings if f.violation]


def test_the_sample_has_both_parts():
    parts = {finding.part for task in tasks(8, 8, SEED)[-1:] for finding in examine(task)}
    assert parts == {MUTANT, REWRITING}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_falsified_rule_is_noticed(rule):
    assert caught(rule).caught_by
