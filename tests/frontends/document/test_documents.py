"""Documents in the styles that people use: no verdict on any of their formulas is wrong.

The whole corpus, and every rewriting, is run by `python -m tests.documents --rewritten`.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache

import pytest

from tests.documents.__main__ import changes, rewritten
from tests.documents.outcomes import count, judged, outcomes, share_open
from tests.documents.rewritings import REWRITINGS
from tests.documents.truths import FALSE, ILL_SHAPED, TRUE, cells, documents, places, truths

DOCUMENTS = {path.stem: path for path in documents()}
# All of the corpus takes minutes: with ALL_CLAIMS in the environment.
THOROUGH = bool(os.environ.get("ALL_CLAIMS"))
SOME = ("backprop", "attention", "momentum", "quadratic_forms", "examples_above", "projektionen_de")
RUN = tuple(DOCUMENTS) if THOROUGH else SOME
REWRITTEN = (
    ("attention", "^T"),
    ("backprop", "nablas for fractions"),
    ("projektionen_de", "bold arrays"),
    *([("ridge", name) for name in REWRITINGS] if THOROUGH else ()),
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_numbers_confirm_every_truth(name):
    texts = cells(DOCUMENTS[name])
    for latex in truths(DOCUMENTS[name]):
        assert len(places(texts, latex)) == 1, latex


def test_the_corpus_is_large_and_holds_mistakes():
    kinds = Counter(row.truth for path in DOCUMENTS.values() for row in truths(path).values())
    assert len(DOCUMENTS) >= 30
    assert kinds[TRUE] + kinds[FALSE] + kinds[ILL_SHAPED] >= 300
    assert kinds[FALSE] >= 60 and kinds[ILL_SHAPED] >= 20


@cache
def found(name):
    return outcomes(DOCUMENTS[name])


@pytest.mark.parametrize("name", RUN)
def test_no_verdict_is_wrong(name):
    judgements = judged(DOCUMENTS[name], found(name))
    assert not [str(each.outcome) for each in judgements if each.wrong]


def test_few_statements_are_without_a_verdict():
    every = [each for name in RUN for each in judged(DOCUMENTS[name], found(name))]
    assert share_open(every) <= 0.1, count(every)


@pytest.mark.parametrize(("name", "rewriting"), REWRITTEN)
def test_other_words_change_no_verdict(name, rewriting, tmp_path):
    copy = rewritten(DOCUMENTS[name], rewriting, tmp_path)
    assert copy is not None
    assert not changes(found(name), outcomes(copy))


def test_rewritings_have_something_to_do():
    for name, rewriting in REWRITINGS.items():
        texts = [p.read_text(encoding="utf-8") for p in DOCUMENTS.values() if p.suffix == ".md"]
        assert sum(rewriting(text) is not None for text in texts) >= 1, name
