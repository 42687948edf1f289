"""Two mistakes at once, as they come: one of the whole, a factor, and another one in a place.

A factor of the whole is read off from numbers: of what is tried, only its multiples have to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from derive.base.budget import spend
from derive.diagnosis import missing
from derive.diagnosis.claimed import Documented, Repair, times
from derive.diagnosis.definitions import Place
from derive.diagnosis.lacking import missing_words, plus
from derive.diagnosis.mistakes import MISTAKES, each, factor_words
from derive.diagnosis.trial import Trial

MOST = 300  # sides that are tried
MOST_TERMS = 100
CANDIDATE = 500  # units of work for one of them


def two_mistakes(trial: Trial, documented: Documented, where: Sequence[Place]) -> str:
    """Words for two mistakes without which the claim is proved; '' where none are found."""
    return _factor_and_term(trial, documented) or _factor_and_another(trial, documented, where)


def _factor_and_another(trial: Trial, documented: Documented, where: Sequence[Place]) -> str:
    """A mistake without which the documented side is a simple multiple of what is derived."""
    for place, repair in islice(_repairs(where), MOST):
        if trial.late:
            return ""
        spend(CANDIDATE)
        meant = place.with_part(repair.side)
        for factor in trial.multiples_of(meant):
            if factor in (0, 1):
                continue
            scaled = times(factor, meant.side)
            if scaled is None or not trial.holds(place.scaled(repair.side, scaled)):
                continue
            words = place.told(repair.words())
            if words:
                return f"two mistakes: {words}; and {factor_words(documented, factor)}"
    return ""


def _factor_and_term(trial: Trial, documented: Documented) -> str:
    """A factor of the whole, and a term of something that the documented side does not mention."""
    side, numbers = documented.side, missing.scalars(documented)
    for term in islice(missing.terms(documented), MOST_TERMS):
        if trial.late:
            return ""
        for multiples in trial.multiples((side, term), numbers):
            factor = 1 + multiples[0][0]
            written = missing.written(multiples[1:])
            if written.free_symbols <= side.free_symbols:
                continue
            words, whole = missing_words(written), plus(times(factor, side), written)
            if factor and words and trial.holds(whole):
                return f"two mistakes: {factor_words(documented, factor)}; and {words}"
    return ""


def _repairs(where: Sequence[Place]) -> Iterator[tuple[Place, Repair]]:
    for mistake, place in product(MISTAKES, where):
        for repair in each(mistake, place.documented):
            if isinstance(repair, Repair):
                yield place, repair
