"""A seeded sample of the trust suite; ``python -m tests.trust`` runs all of it."""

from __future__ import annotations

import functools
import random
from collections import Counter
from dataclasses import replace

import pytest
import sympy as sp

from derive import Gradient, Identity
from derive.claims.kinds import Inequality, Shape
from derive.language.operators import entry

from .examination import MUTANT, REWRITING, Finding, Task, findings, tasks
from .kept import kept
from .mutations import MUTATIONS, mutants
from .noticing import caught, watched
from .planted import every_rule
from .report import counts, violations
from .rewritings import rewritings
from .same import LAWS
from .truth import DIFFERENT, EQUAL, NO_POINT, Truth
from .variants import content

SEED = 0
VARIANTS = 24  # mutants, and as many rewritings
RULES = 9
n, m = sp.symbols("n m", integer=True, positive=True)
t, u = sp.symbols("t u", real=True)
A, B = sp.MatrixSymbol("A", n, m), sp.MatrixSymbol("B", m, n)
x = sp.MatrixSymbol("x", n, 1)
SQUARED = Gradient(sp.Trace(A.T * A), A, 2 * A, id="squared")


@functools.cache
def sample():
    return [one for some in findings(tasks(VARIANTS, VARIANTS, SEED)) for one in some]


def test_no_requirement_is_violated():
    assert violations(sample(), []) == []


@pytest.mark.parametrize(("part", "kinds"), [
    (MUTANT, ("disagrees", "ill-shaped")),
    (REWRITING, ("holds",)),
])  # fmt: skip
def test_most_of_the_sample_is_decided_as_it_should_be(part, kinds):
    found = sum(counts(sample(), part).values(), Counter())
    assert found.total() >= VARIANTS * 3 / 4
    assert sum(found[kind] for kind in kinds) >= found.total() / 2


@functools.cache
def rules():
    """Some of those with likely claims to be asked first; of the others hundreds are asked."""
    likely = [rule for rule in every_rule() if rule.about]
    return random.Random(SEED).sample(likely, RULES)


@pytest.mark.parametrize("position", range(RULES))
def test_a_falsified_rule_is_noticed(position):
    rule = rules()[position]
    assert caught(rule).caught_by is not None, rule.name


def test_a_rule_that_is_not_falsified_is_not_noticed():
    rule = every_rule()[0]
    assert caught(replace(rule, false=rule.right), [SQUARED]).caught_by is None


def test_what_a_claim_uses_is_seen():
    used = set(watched(SQUARED).places)
    assert {"the derivative rule of Mul", "the lowering of Transpose as an array"} <= used
    assert not {"the lowering of Inverse as an array", "the derivative of sin in argument 1"} & used


def test_no_two_rules_are_called_alike():
    rules = every_rule()
    names = Counter(rule.name for rule in rules)
    assert [name for name, count in names.items() if count > 1] == []
    at = {rule.place: (id(rule.holder), rule.key, rule.part) for rule in rules}
    assert len(set(at.values())) == len(at)


# The suite itself


def test_every_error_and_every_law_is_described():
    for change in (*MUTATIONS.values(), *LAWS.values()):
        assert change.words.strip(), change.name


@pytest.mark.parametrize("make", [mutants, rewritings], ids=["mutants", "rewritings"])
def test_variants_are_all_different_and_the_same_for_a_seed(make):
    found = [content(variant.claim) for variant in make(SQUARED, 60, random.Random(SEED))]
    assert len(found) == len(set(found)) == 60
    assert content(SQUARED) not in found
    again = [content(variant.claim) for variant in make(SQUARED, 60, random.Random(SEED))]
    assert again == found


@pytest.mark.parametrize(("claim", "variant", "answer"), [
    (SQUARED, SQUARED, EQUAL),
    (SQUARED, Gradient(SQUARED.of, A, A), DIFFERENT),
    (SQUARED, Gradient(SQUARED.of, A, 2 * A.T), DIFFERENT),  # another shape
    (SQUARED, Gradient(SQUARED.of, A, 2 * A * A), DIFFERENT),  # does not fit together
    (Shape(A * B, (n, n)), Shape(A * B, (n, m)), DIFFERENT),
    (Identity(sp.Abs(t), sp.Max(t, -t)), Identity(sp.Abs(t), t), DIFFERENT),
    (Identity(t, u, sp.Eq(t, u)), Identity(t**2, u**2, sp.Eq(t, u)), EQUAL),
    (Identity(t, t), Identity(t, sp.log(-sp.exp(t))), NO_POINT),
    (Inequality(0, t**2), Inequality(t**2, 0), DIFFERENT),
    (Identity(entry(x, 0, 0), x[0, 0]), Identity(entry(x, n, 0), x[0, 0]), NO_POINT),
])  # fmt: skip
def test_the_numbers_tell_what_is_true(claim, variant, answer):
    assert Truth(claim, SEED).of(variant) == answer


def test_a_run_goes_on_where_it_was_ended(tmp_path, monkeypatch):
    asked = [Task("corpus", position, 1, 0, 0) for position in range(3)]
    one = Finding("corpus", "mutant", "a", ("sign",), "x = y", "different", "disagrees", "", 0.1)
    ran = []

    def pretended(tasks, jobs):
        for task in tasks:
            ran.append(task)
            yield [one] * task.position

    monkeypatch.setattr(f"{kept.__module__}.findings", pretended)
    file = tmp_path / "found.jsonl"
    run = kept(asked, 1, file)
    assert [next(run), next(run)] == [[], [one]]
    run.close()
    with file.open("a") as opened:
        opened.write('\n{"task": {"sour')  # ended while it wrote
    assert list(kept(asked, 1, file)) == [[], [one], [one, one]]
    assert ran == asked
