"""What becomes of a formula and of its claims, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.claims.kinds import Claim
from derive.claims.statuses import AMBIGUOUS, HOLDS, NO_STATEMENT, REFUTED, UNDECIDED
from derive.claims.verdict import Verdict
from derive.frontends.document.contents import Place
from derive.frontends.document.knowledge import Fact
from derive.frontends.document.units import Unit


@dataclass(frozen=True)
class Decided:
    """One claim of a formula.

    :param outcome: one of :data:`derive.claims.statuses.OUTCOMES`.
    :param claim: as it was decided, in the reading that is told; None where there is none.
    :param reading: the choices of that reading, in words.
    :param inferred: what was inferred, and from which line.
    :param place: where the side stands that it is about.
    """

    outcome: str
    place: Place
    claim: Claim | None = None
    verdict: Verdict | None = None
    message: str = ""
    code: str = ""
    reading: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What becomes of one formula (of one row of it).

    :param code: a stable word for what is not understood or ambiguous, ""  elsewhere.
    :param place: where the formula stands.
    :param caret: where in it the difference or the problem is.
    :param expected: what a directive says is expected of it, or "".
    :param last_line: the line in which the formula ends.
    """

    outcome: str
    place: Place
    caret: Place
    latex: str
    display: bool
    code: str = ""
    message: str = ""
    claims: tuple[Decided, ...] = ()
    expected: str = ""
    last_line: int = 0

    @property
    def as_expected(self) -> bool:
        return bool(self.expected) and self.outcome == self.expected


@dataclass(frozen=True)
class Condition:
    """An equation that a document states and that is no claim.

    :param is_case: whether it is said of one case only, after "if" or "when".
    :param unit: the formula that states it; None where it stands in the sentence already.
    """

    fact: Fact
    is_case: bool
    unit: Unit | None


def may_be_said_of(made: Decided, unsaid: tuple[str, ...]) -> Decided:
    """What is refuted, and may say what names are of which nothing else tells."""
    if made.claim is not None and made.claim.at_most:
        message = f"nothing says what {unsaid[0]} is: it may be a condition"
        return replace(made, outcome=NO_STATEMENT, code="condition", message=message)
    names = ", ".join(unsaid)
    message = f"nothing declares or defines {names}, of which only one side speaks"
    return replace(made, outcome=AMBIGUOUS, code="undeclared", message=message)


def is_open(one: Decided) -> bool:
    """Whether a part is decided once more where its text says something of its names."""
    return one.outcome in REFUTED or one.outcome == UNDECIDED or _is_hinted(one)


def _is_hinted(one: Decided) -> bool:
    """Whether a part holds under something that the text may say."""
    return one.outcome == AMBIGUOUS and one.code == "assumption"


def under(found: list[Decided], again: list[Decided], lines: str, elsewhere: bool) -> list[Decided]:
    """What is open, as it is under conditions.

    :param again: the same parts, decided under the conditions that are stated in ``lines``.
    :param elsewhere: whether these are said of a case that this is not said of.
    """
    made = []
    sentences = (f"what line {lines} states is assumed",) if lines else ()
    for before, after in zip(found, again, strict=True):
        if not is_open(before):
            made.append(before)
        elif after.outcome in REFUTED:  # at a point that satisfies what is assumed
            said = replace(after, inferred=(*after.inferred, *sentences))
            made.append(before if elsewhere or _is_hinted(before) else said)
        elif after.outcome != HOLDS:
            made.append(before if elsewhere else after)  # not refuted under what is said of it
        elif elsewhere:
            message = f"it holds in the case of line {lines}; declare that as an assumption"
            made.append(replace(before, outcome=AMBIGUOUS, code="assumption", message=message))
        else:
            made.append(replace(after, inferred=(*after.inferred, *sentences)))
    return made
