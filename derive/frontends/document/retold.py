"""What is refuted in every reading, told in the one that the rest of the document is read in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from derive.claims.statuses import DISAGREES
from derive.claims.verdict import Verdict
from derive.frontends.document.choices import Choices
from derive.frontends.document.decided import Decided
from derive.frontends.document.parts import Read

Votes = Mapping[tuple[int, str], Mapping[str, Sequence[int]]]


def in_words(choices: Choices) -> tuple[str, ...]:
    """The choices of a reading, as people are told them."""
    made = tuple(f"{key}: {option}" for key, option in choices.made.items())
    return made + tuple(f"{key}: {choices.fixed[key]} (declared)" for key in sorted(choices.used))


def as_the_rest(
    found: Decided,
    results: Sequence[tuple[Choices, Read]],
    statuses: Mapping[tuple[int, int], Verdict | None],
    k: int,
    kept: Votes,
    section: int,
) -> Decided:
    """A refuted part in the reading whose choices most formulas before it hold by, and no other.

    That decides nothing: it is refuted in every reading. But a slip in X^⊤(p − y) is named only
    where p is known to be logistic, and not any function.

    :param k: which part it is.
    :param kept: of each section and choice the formulas that hold by one option alone.
    """
    told = [n for n in range(len(results)) if _disagrees(statuses.get((n, k)))]
    if found.outcome != DISAGREES or found.verdict not in [statuses[n, k] for n in told]:
        return found

    def agreeing(number: int) -> int:
        made = results[number][0].made
        return sum(
            len(votes.get(made[key], ()))
            for (where, key), votes in kept.items()
            if key in made and where in (0, section)
        )

    best = max(told, key=agreeing)
    verdict = statuses[best, k]
    if not agreeing(best) or verdict is None:
        return found
    choices, read = results[best]
    return replace(
        found,
        claim=verdict.claim,
        verdict=verdict,
        message=verdict.reason,
        reading=in_words(choices),
        inferred=read.inferred,
    )


def _disagrees(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.status == DISAGREES
