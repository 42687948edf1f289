"""The first mistake without which a claim is proved, among those that people make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import sympy as sp
from sympy.assumptions.assume import AppliedPredicate

from derive.base.budget import spend
from derive.claims.kinds import Claim
from derive.diagnosis.claimed import Documented, Repair
from derive.diagnosis.computed import missing_computed_factor
from derive.diagnosis.definitions import Place
from derive.diagnosis.entries import AT_FREE_INDICES, BY_ENTRIES, CARRIED, THROUGH_TIME
from derive.diagnosis.exchanges import CONVENTIONS, EXCHANGES, transposed_definition
from derive.diagnosis.inside import missing_factor_inside
from derive.diagnosis.mistakes import MISTAKES, Mistake, Scaling, each
from derive.diagnosis.stepwise import STEPWISE
from derive.diagnosis.trial import Trial
from derive.language.predicates import says
from derive.language.printing import text_of
from derive.language.sequences import Recurrence

KINDS = (
    *CONVENTIONS, *MISTAKES, *STEPWISE, missing_computed_factor, *BY_ENTRIES, *EXCHANGES,
    transposed_definition, missing_factor_inside, *AT_FREE_INDICES,
)  # fmt: skip
CANDIDATE = 500  # units of work for a side with a mistake undone, written and evaluated


def repaired(
    trial: Trial,
    documented: Documented,
    where: Sequence[Place],
    suits: Callable[[Any], bool] = lambda side: True,
) -> tuple[str, str, Any]:
    """The first mistake without which the claim is proved; and the first that makes an identity say
    that its left side is itself, which is an explanation where there is no other. With the side
    that is meant; None where it is meant as it is documented.

    :param suits: whether a side may be meant at all.
    """
    claim, trivial, located = documented.claim, "", ("", None)
    left = getattr(claim, "left", None)
    for mistake, place in _in_order(claim, where):
        for candidate in each(mistake, place.documented):
            for repair in _filled(trial, place, candidate):
                if trial.late:
                    words, meant = located
                    return words, trivial, meant
                spend(CANDIDATE)
                # That a symbol is to be the other one says nothing, nor that a side has the other
                # one in it.
                if documented.has_more_of_the_other(repair.side):
                    continue
                there = place.with_part(repair.side)
                # Numbers first: nearly all fail there, and what a side says takes long to see.
                if not trial.agrees(there) or not suits(repair.side) or not trial.holds(there):
                    continue
                words = place.told(repair.words())
                whole = place.name in (None, documented.side)
                meant = repair.side if whole else None
                if words and (left is None or not _is_restated(repair.side, left, claim)):
                    return words, trivial, meant
                trivial = trivial or words
                if not words and place.name is not None and not located[0]:
                    located = place.told("a part of it is wrong"), meant  # too long to be quoted
    words, meant = located
    return words, trivial, meant


def _in_order(claim: Claim, where: Sequence[Place]) -> Iterator[tuple[Mistake, Place]]:
    """The mistakes and where each may stand: the likelier mistake first; of what runs through time,
    those of sequences in one definition after the other.
    """
    kinds = list(KINDS)
    if any(isinstance(value, Recurrence) for value in claim.where.values()):
        yield from product(CARRIED, where)
        yield from ((kind, place) for place in where for kind in THROUGH_TIME)
        kinds = [kind for kind in kinds if kind not in THROUGH_TIME]
    yield from product(kinds, where)


def _is_restated(side: Any, left: Any, claim: Claim) -> bool:
    """Whether a side is the other one as it is written, or its transpose."""
    equal = {a for fact in getattr(claim, "given", ()) for a in _symmetric(fact)}
    texts = {text_of(left)}
    if isinstance(left, sp.MatrixExpr):
        texts.add(text_of(_turned(left, equal)))
    return text_of(side) in texts


def _turned(matrix: Any, symmetric: set[Any]) -> Any:
    """The transpose, taken inside of sums and products."""
    if matrix in symmetric or isinstance(matrix, (sp.Identity, sp.Transpose)):
        return matrix.arg if isinstance(matrix, sp.Transpose) else matrix
    if isinstance(matrix, sp.MatAdd):
        return sp.MatAdd(*(_turned(a, symmetric) for a in matrix.args), evaluate=False)
    if isinstance(matrix, sp.MatMul):
        numbers = [f for f in matrix.args if not isinstance(f, sp.MatrixExpr)]
        factors = [f for f in matrix.args if isinstance(f, sp.MatrixExpr)]
        turned = (_turned(f, symmetric) for f in reversed(factors))
        return sp.MatMul(*numbers, *turned, evaluate=False)
    return sp.Transpose(matrix)


def _symmetric(fact: Any) -> Iterator[Any]:
    for predicate in fact.atoms(AppliedPredicate) if isinstance(fact, sp.Basic) else ():
        if says(predicate, "symmetric"):
            yield predicate.arguments[0]


def _filled(trial: Trial, place: Place, candidate: Repair | Scaling) -> list[Repair]:
    """A repair; of a part that lacks a factor, with those factors that numbers leave possible."""
    if isinstance(candidate, Repair):
        return [candidate]
    factors = trial.factors(place.with_part(candidate.doubled), candidate.added)
    repairs = (candidate.by(factor) for factor in factors)
    return [repair for repair in repairs if repair is not None]
