"""The outcome of every formula of a document, over all its readings.

A statement holds if it does in one reading, and is refuted only if it is in every one. What is
neither, but for a choice that nobody has declared, is ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.statuses import (
    AMBIGUOUS,
    DECLARES,
    DEFINES,
    DISAGREES,
    HOLDS,
    ILL_SHAPED,
    INTERRUPTED,
    NO_STATEMENT,
    NOT_UNDERSTOOD,
    REFUTED,
    UNDECIDED,
)
from derive.claims.verdict import Verdict
from derive.frontends.document import hints, sameness, tree
from derive.frontends.document.again import once_more
from derive.frontends.document.attempts import all_readings
from derive.frontends.document.choices import Choices
from derive.frontends.document.decided import Condition, Decided, Outcome, may_be_said_of
from derive.frontends.document.knowledge import Fact
from derive.frontends.document.left_out import left_out
from derive.frontends.document.names import Mention
from derive.frontends.document.parts import Part, Read, Task, unsaid_in
from derive.frontends.document.retold import as_the_rest, in_words
from derive.frontends.document.spelling import pretty
from derive.frontends.document.supposed import (
    of_another_case,
    why_no_claim,
    within_their_sentences,
)
from derive.frontends.document.tasks import directive, task_of, vanishes
from derive.frontends.document.through_time import STEPS
from derive.frontends.document.units import Collected, Unit
from derive.language.operators import ScalarApplication

WORST = (DISAGREES, ILL_SHAPED, NOT_UNDERSTOOD, AMBIGUOUS, UNDECIDED, HOLDS)


UNDEFINED = frozenset("fghFGHJRQ")
"""Letters of functions that are no activations: they stand for something in particular."""

KEPT = ("vectors", "layout of gradients", "layout of Jacobians")
"""Choices that a section makes once."""

KEPT_EVERYWHERE = ("softmax", "power", "power of a vector", "star", "prime", "circ", "a / b c",
                   "⊙ beside a product", "one index of a matrix")  # fmt: skip
"""Choices that a document makes once."""

Decide = Callable[[Claim], Verdict]


Seen = Callable[[int, int, int], None]


def _unseen(done: int, total: int, line: int) -> None:
    """Nobody waits."""


def outcomes(collected: Collected, decide: Decide, seen: Seen = _unseen) -> list[Outcome]:
    """The outcome of every formula, in the order of the document.

    Ctrl-C ends the deciding: what is left is undecided, with the code ``interrupted``.

    :param seen: is told before each formula how many are done, of how many, and its line.
    """
    within_their_sentences(collected)
    decider = _Decider(collected, decide)
    found: list[Outcome] = []
    total = len(collected.units)
    try:
        for unit in collected.units:
            seen(len(found), total, unit.place.line)
            found.append(decider.unit(unit))
    except KeyboardInterrupt:
        message = "interrupted before it was decided"
        found.extend(
            decider.outcome(unit, UNDECIDED, INTERRUPTED, message)
            for unit in collected.units[len(found) :]
        )
    return decider.kept_throughout(found)


def _of_any_but(results: list[tuple[Choices, Read]], code: str) -> list[tuple[Choices, Read]]:
    """The readings of which not every part ends with a code."""
    return [
        (choices, read)
        for choices, read in results
        if not (read.parts and all(part.code == code for part in read.parts))
    ]


class _Decider:
    def __init__(self, collected: Collected, decide: Decide) -> None:
        self.collected = collected
        self.knowledge = collected.knowledge
        self.prose = collected.prose
        self.decide = decide
        self.verdicts: dict[Any, Verdict] = {}
        self.number = 0
        self.kept: dict[tuple[int, str], dict[str, list[int]]] = {}
        self.conditions: list[Condition] = []
        self.asserted = collected.asserted
        self.hinting = True

    # ---- one formula

    def unit(self, unit: Unit) -> Outcome:
        self.number += 1
        if unit.skipped:
            return self.outcome(unit, NO_STATEMENT, "skipped", "a directive skips it")
        failure = unit.row.failure
        if failure is not None:
            return self.failed(unit, failure)
        if unit.is_condition:
            return self.outcome(unit, DECLARES)
        found: list[Decided] = []
        for statement in unit.row.items:
            if not isinstance(statement, tree.Statement):
                continue
            for node in statement.walk():
                if isinstance(node, tree.Unread):
                    return self.failed(unit, node.failure)
            if isinstance(statement.body, tree.Chain):
                refused = left_out(statement.body, lambda name: self.is_known(unit, name))
                if refused is not None:
                    return self.failed(unit, refused)
        connected = any(
            isinstance(item, tree.Connective) and item.name in ("implies", "iff", "impliedby")
            for item in unit.row.items
        )
        for statement in unit.row.items:
            if isinstance(statement, tree.Statement):
                found.extend(self.statement(unit, statement))
        if connected and not all(one.outcome in (HOLDS, DEFINES, DECLARES) for one in found):
            message = "what follows from what is no statement here"
            found = [Decided(NO_STATEMENT, unit.place, message=message)]
        return self.summed_up(unit, found)

    def is_known(self, unit: Unit, name: Mention) -> bool:
        at = (name.key, unit.section, unit.at)
        knowledge = self.knowledge
        return knowledge.declared(*at) is not None or knowledge.defined(*at) is not None

    def failed(self, unit: Unit, failure: tree.Failure) -> Outcome:
        return replace(
            self.outcome(unit, NOT_UNDERSTOOD, failure.code, failure.message),
            caret=unit.formula.place(failure.start),
        )

    def outcome(self, unit: Unit, outcome: str, code: str = "", message: str = "") -> Outcome:
        return Outcome(
            outcome,
            unit.place,
            unit.place,
            unit.latex,
            unit.formula.display,
            code,
            message,
            (),
            unit.expected,
            unit.formula.place(len(unit.formula.text)).line,
        )

    def summed_up(self, unit: Unit, found: list[Decided]) -> Outcome:
        real = [one for one in found if one.outcome not in (DEFINES, NO_STATEMENT, DECLARES)]
        if real:
            worst = min(real, key=lambda one: WORST.index(one.outcome))
            made = self.outcome(unit, worst.outcome, worst.code, worst.message)
            return replace(made, caret=worst.place, claims=tuple(found))
        kinds = [one.outcome for one in found]
        if unit.defines or unit.solves or DEFINES in kinds:
            made = self.outcome(unit, DEFINES)
        elif unit.declares or DECLARES in kinds:
            made = self.outcome(unit, DECLARES)
        else:
            first = next((one for one in found if one.message), None)
            made = self.outcome(
                unit, NO_STATEMENT, first.code if first else "", first.message if first else ""
            )
        return replace(made, claims=tuple(found))

    # ---- one statement

    def statement(self, unit: Unit, statement: tree.Statement) -> list[Decided]:
        task = task_of(unit, statement)
        if task is None:
            return []
        place = unit.formula.place(statement.start)
        results = self.all_readings(task)
        if results is None:
            return [
                Decided(
                    AMBIGUOUS,
                    place,
                    code="readings",
                    message="it has too many readings; declare the shapes of its names",
                )
            ]
        return once_more(self, task, self.over_readings(task, results))

    def condition(self, task: Task) -> None:
        """Remember an equation that is refuted as a claim, for it may state a condition."""
        body, unit = task.statement.body, task.unit
        if task.head is not None or not isinstance(body, tree.Chain) or body.relations != ("=",):
            return
        fact = Fact((), "", body, unit.section, unit.place.line, "condition")
        self.conditions.append(
            Condition(fact, hints.is_case(self.collected.text(unit), unit.formula.place(0)), unit)
        )

    def all_readings(self, task: Task, opaque: str = "") -> list[tuple[Choices, Read]] | None:
        return all_readings(self.knowledge, task, opaque)

    def over_readings(self, task: Task, results: list[tuple[Choices, Read]]) -> list[Decided]:
        results = _of_any_but(results, "absurd")
        # What fits only in a degenerate way is no reading, if there is another.
        results = _of_any_but(results, "degenerate") or results
        if not results:
            return []
        number = max(len(read.parts) for _, read in results)
        if number == 0:
            return []
        best, statuses = self.best(results)
        self.keep(task, results, statuses, best)
        return [self.part(task, results, statuses, best, k) for k in range(number)]

    def best(
        self, results: list[tuple[Choices, Read]]
    ) -> tuple[int, dict[tuple[int, int], Verdict | None]]:
        """The reading in which most holds, and the verdict of every part in every reading."""
        statuses: dict[tuple[int, int], Verdict | None] = {}
        best, most = 0, (-1, -1)
        for number, (_, read) in enumerate(results):
            held = refuted = 0
            for k, part in enumerate(read.parts):
                verdict = None if part.claim is None else self.verdict(part.claim)
                statuses[number, k] = verdict
                if (verdict is not None and verdict.status == HOLDS) or (
                    verdict is None and part.code == ""
                ):
                    held += 1
                elif part.code == ILL_SHAPED or (verdict is not None and verdict.status in REFUTED):
                    refuted += 1
            score = (held, -sum(part.code == ILL_SHAPED for part in read.parts))
            if score > most:
                best, most = number, score
            if held == len(read.parts) and read.parts:
                break
        return best, statuses

    def keep(
        self,
        task: Task,
        results: list[tuple[Choices, Read]],
        statuses: dict[tuple[int, int], Verdict | None],
        best: int,
    ) -> None:
        """Remember the choices without which a statement would not hold."""
        choices, read = results[best]
        held = [
            k
            for k in range(len(read.parts))
            if (verdict := statuses.get((best, k))) is not None and verdict.status == HOLDS
        ]
        for key in choices.made if held else ():
            function = "any function" in choices.options[key]
            if key not in KEPT and key not in KEPT_EVERYWHERE and not function:
                continue
            for other, parts in results:
                if other.made.get(key) in (None, choices.made[key]):
                    continue
                if all(
                    k < len(parts.parts)
                    and (claim := parts.parts[k].claim) is not None
                    and self.verdict(claim).status == HOLDS
                    for k in held
                ):
                    break
            else:
                section = task.unit.section if key in KEPT else 0
                votes = self.kept.setdefault((section, key), {})
                votes.setdefault(choices.made[key], []).append(task.unit.at)

    def kept_throughout(self, found: list[Outcome]) -> list[Outcome]:
        """A convention is one throughout a section: what holds only by another than most of the
        section is ambiguous.
        """
        for (_, key), votes in self.kept.items():
            if len(votes) < 2:
                continue
            most = max(len(units) for units in votes.values())
            leading = [option for option, units in votes.items() if len(units) == most]
            for option, units in votes.items():
                if option in leading and len(leading) == 1:
                    continue
                others = sorted(line for o, us in votes.items() if o != option for line in us)
                lines = ", ".join(str(found[at].place.line) for at in others)
                for at in units:
                    if found[at].outcome == HOLDS:
                        found[at] = replace(
                            found[at],
                            outcome=AMBIGUOUS,
                            code="convention",
                            message=f"it holds only with {key}: {option}, and line {lines} only "
                            f"with another; declare `{directive(key, option)}`",
                        )
        return found

    def verdict(self, claim: Claim) -> Verdict:
        said = sameness.key(claim)
        if said not in self.verdicts:
            self.verdicts[said] = self.decide(claim)
        return self.verdicts[said]

    # ---- one part, over all readings

    def part(
        self,
        task: Task,
        results: list[tuple[Choices, Read]],
        statuses: Mapping[tuple[int, int], Verdict | None],
        best: int,
        k: int,
    ) -> Decided:
        choices, read = results[best]
        part = read.parts[k] if k < len(read.parts) else None
        if part is None:
            return Decided(UNDECIDED, task.unit.place, message="this reading has no such part")
        verdict = statuses.get((best, k))
        place = task.unit.formula.place(self.caret(task, part))
        told = in_words(choices)
        made = Decided(UNDECIDED, place, part.claim, verdict, reading=told, inferred=read.inferred)
        if part.claim is None and part.code == "":
            return replace(made, outcome=DEFINES)
        if verdict is not None and verdict.status == HOLDS and read.supposed:
            said = ", ".join(read.supposed)
            message = f"it holds if {said}, which nothing says: declare `{said}`"
            return replace(made, outcome=AMBIGUOUS, code="assumption", message=message)
        if verdict is not None and verdict.status == HOLDS:
            return replace(made, outcome=HOLDS)
        everything = [
            (statuses.get((number, k)), read.parts[k])
            for number, (_, read) in enumerate(results)
            if k < len(read.parts)
        ]
        if any(isinstance(v, Verdict) and v.status == HOLDS for v, _ in everything):
            return replace(
                made,
                outcome=AMBIGUOUS,
                code="readings",
                message="it holds in another reading than the rest of the formula",
            )
        everything = [one for one in everything if one[1].code != "absurd"]
        if not everything:
            return replace(made, outcome=AMBIGUOUS, code="readings", message="it has no meaning")
        # A reading in which a definition that it uses does not fit is none, if there is another.
        resting = [one for one in everything if one[1].code not in ("rests-on", "degenerate")]
        everything = resting or everything
        refuted = all(
            one.code == ILL_SHAPED or (isinstance(v, Verdict) and v.status in REFUTED)
            for v, one in everything
        )
        doubtful = next((read.doubtful for _, read in results if read.doubtful), "")
        if refuted and doubtful:
            return replace(
                made,
                outcome=AMBIGUOUS,
                code="undeclared",
                message=f"{doubtful} is declared in a section before, and may be another one here; "
                f"declare `{doubtful}: …`",
            )
        if refuted:
            decided = self.refuted(made, part, everything, task)
            return as_the_rest(decided, results, statuses, k, self.kept, task.unit.section)
        return self.open(made, part, [(v, one) for v, one in everything])

    def refuted(
        self,
        made: Decided,
        part: Part,
        everything: Sequence[tuple[Any, Part]],
        task: Task,
    ) -> Decided:
        """A part that is refuted in every reading: as the mildest of them has it."""
        if (case := of_another_case(self.collected, task)) and not self.asserted:
            return replace(made, outcome=AMBIGUOUS, code="condition", message=case)
        lenient = why_no_claim(self.collected, task, part)
        if lenient and not self.asserted:
            self.condition(task)
            return replace(made, outcome=NO_STATEMENT, code="condition", message=lenient)
        for sentence in made.inferred:
            # Its definition may be what was not understood: nothing is refuted by inventing it.
            function, said, _ = sentence.partition(" is any function, as nothing defines it")
            bare = function.partition("_")[0]
            undefined = bare in UNDEFINED and not hints.is_any_function(
                self.collected.text(task.unit), bare
            )
            if said and (undefined or function.startswith("ψ_")):
                return replace(
                    made,
                    outcome=AMBIGUOUS,
                    code="undeclared",
                    message=f"nothing that is understood defines {function}",
                )
        if (unsaid := unsaid_in(everything)) and not self.asserted:
            self.condition(task)
            return may_be_said_of(made, unsaid)
        disagreeing = [v for v, _ in everything if isinstance(v, Verdict) and v.status == DISAGREES]
        if disagreeing:
            verdict = disagreeing[0]
            claim = verdict.claim
            semidefinite = hints.semidefinite(claim, made.inferred)
            if semidefinite is not None:
                verdict = self.verdict(semidefinite)
                if verdict.status != DISAGREES:
                    message = "of a semidefinite matrix only that it is symmetric is used"
                    return replace(made, outcome=UNDECIDED, message=message)
            if vanishes(verdict):
                return replace(
                    made,
                    outcome=AMBIGUOUS,
                    code="undeclared",
                    message="as it is read it depends on nothing that it is differentiated in; "
                    "define what it is computed from",
                )
            if part.foreign:
                names = ", ".join(part.foreign)
                return replace(
                    made,
                    outcome=AMBIGUOUS,
                    code="undeclared",
                    message=f"nothing says how {names} depends on what is differentiated; define it"
                    f" (`{part.foreign[0]} = …`)",
                )
            remedy, narrowed = self.narrower(claim, made.inferred)
            if narrowed is not None:
                inferred = (*made.inferred, remedy)
                return replace(
                    made, outcome=HOLDS, claim=narrowed.claim, verdict=narrowed, inferred=inferred
                )
            if remedy:
                return replace(
                    made,
                    outcome=AMBIGUOUS,
                    code="undeclared",
                    message=f"what the loss depends on is not said; declare `{remedy}` if it holds "
                    "for that",
                )
            hint = self.hinted(claim, task.unit) if self.hinting else ""
            if hint:
                return replace(made, outcome=AMBIGUOUS, code="assumption", message=hint)
            return replace(
                made, outcome=DISAGREES, verdict=verdict, claim=claim, message=verdict.reason
            )
        for verdict, one in everything:
            if isinstance(verdict, Verdict):
                return replace(
                    made,
                    outcome=ILL_SHAPED,
                    verdict=verdict,
                    claim=verdict.claim,
                    message=verdict.reason,
                )
            if one.code == ILL_SHAPED:
                return replace(made, outcome=ILL_SHAPED, message=one.message)
        return replace(made, outcome=ILL_SHAPED, message=part.message)

    def narrower(self, claim: Claim, inferred: Sequence[str]) -> tuple[str, Verdict | None]:
        """Of what a loss that nothing defines depends, if the claim holds where it sees only one
        of the arrays that it was taken to see, or ""; and that verdict, if of these arrays it is
        the only one in which anything is differentiated, and the claim speaks of the others.
        """
        taken = {pretty(letter) for letter in self.knowledge.taken_in}
        for name, value in claim.where.items():
            assumed = any(said.startswith(f"{name} is any scalar function") for said in inferred)
            if not assumed or not isinstance(value, ScalarApplication) or len(value.args) < 3:
                continue
            for argument in value.args[1:]:
                where = {**claim.where, name: value.func(value.args[0], argument)}
                changes: dict[str, Any] = {"where": where}
                verdict = self.verdict(replace(claim, **changes))
                if verdict.status == HOLDS:
                    others = {str(one) for one in value.args[1:]} - {str(argument)}
                    said = set(map(str, getattr(claim, "equals", argument).free_symbols))
                    alone = str(argument) in taken and not others & taken and others <= said
                    return f"{name} = any scalar of {argument}", verdict if alone else None
        return "", None

    def hinted(self, claim: Claim, unit: Unit) -> str:
        """What the text says that would make a refuted claim hold, as a suggestion; or ""."""
        around = self.knowledge.around(unit.section)
        text = " ".join(text for section, text, _ in self.prose if section in around)
        for word, facts in hints.suggested(claim, text):
            try:
                given = (*getattr(claim, "given", ()), *facts)
                changes: dict[str, Any] = {"given": given}
                assuming: Claim = replace(claim, **changes)
            except (DeriveError, TypeError):
                continue
            if self.verdict(assuming).status == HOLDS:
                return f"it holds if {word}, as the text may say: declare `{word}`"
        return ""

    def open(self, made: Decided, part: Part, everything: Sequence[tuple[Any, Part]]) -> Decided:
        """A part that holds in no reading, and is not refuted in all of them."""
        steps = next((one for _, one in everything if one.code == STEPS), None)
        if steps is not None and part.defining:
            return replace(made, outcome=DEFINES, code=STEPS, message=steps.message)
        for code, outcome in (
            ("undeclared", AMBIGUOUS), ("rests-on", UNDECIDED), ("degenerate", AMBIGUOUS),
        ):  # fmt: skip
            for _, one in everything:
                if one.code == code:
                    if part.defining:
                        return replace(made, outcome=DEFINES, code=code, message=one.message)
                    remedy = f"; declare `{one.remedy}`" if one.remedy else ""
                    if code == "undeclared" and part.lenient.startswith("a chain rule"):
                        return replace(made, outcome=NO_STATEMENT, message=part.lenient)
                    return replace(made, outcome=outcome, code=code, message=one.message + remedy)
        for verdict, one in everything:
            if isinstance(verdict, Verdict) and verdict.status == UNDECIDED:
                return replace(
                    made,
                    outcome=UNDECIDED,
                    verdict=verdict,
                    claim=verdict.claim,
                    message=verdict.reason,
                )
            if one.code == "unsure":
                return replace(made, outcome=UNDECIDED, code="unsure", message=one.message)
        for _, one in everything:
            if one.code and one.code not in (ILL_SHAPED, "absurd"):
                if part.lenient.startswith("a chain rule"):
                    return replace(made, outcome=NO_STATEMENT, message=part.lenient)
                return replace(made, outcome=NOT_UNDERSTOOD, code=one.code, message=one.message)
        return replace(made, outcome=UNDECIDED, message="no reading of it is decided")

    def caret(self, task: Task, part: Part) -> int:
        node = part.at
        inside = task.statement
        if node is not None and inside.start <= node.start <= inside.end:
            return node.start
        if inside.start <= part.node.start <= inside.end:
            return part.node.start
        return inside.start
