"""What a claim is decided to be: the answer, and what anyone needs to check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from derive.base.slot import Slot
from derive.claims.kinds import Claim
from derive.claims.markdown import for_markdown
from derive.claims.statuses import DISAGREES, HOLDS, ILL_SHAPED, STATUSES, UNDECIDED
from derive.claims.typesetting import latex_of_verdict
from derive.language.unevaluated import keep_as_written

keep_as_written()

# The check of a verdict by evaluation.
REPLAY = Slot("derive.engine")


__all__ = [
    "DISAGREES",
    "HOLDS",
    "ILL_SHAPED",
    "STATUSES",
    "UNDECIDED",
    "Checked",
    "Replay",
    "SparseArray",
    "Step",
    "Verdict",
    "Witness",
]


class _Step(NamedTuple):
    rule: str
    before: Any
    after: Any


class Step(_Step):
    """One step of a derivation: (rule, before, after).

    :param rule: the rule's name, or its law in words.
    :param before: the expression that is rewritten, or the symbol that is defined.
    :param after: what it is rewritten to, or what the symbol stands for.
    :param ranges: inequalities that say in which range each free index of the step runs.
    """

    ranges: tuple[Any, ...]

    def __new__(cls, rule: str, before: Any, after: Any, ranges: tuple[Any, ...] = ()) -> Step:
        step = super().__new__(cls, rule, before, after)
        step.ranges = ranges
        return step

    def __reduce__(self) -> Any:
        return Step, (*self, self.ranges)


@dataclass(frozen=True)
class SparseArray:
    """An array too large to be written out: one value everywhere but at a few positions.

    :param shape: its shape.
    :param entries: the entries with another value, by position.
    :param elsewhere: the value of all others, 0 where nothing asks for another.
    :param diagonal: that of all others on the diagonal, where it is another: a matrix with an
        inverse has few entries of its own, and this.
    """

    shape: tuple[int, ...]
    entries: Mapping[tuple[int, ...], Any]
    elsewhere: Any = Fraction(0)
    diagonal: Any = None

    def at(self, position: tuple[int, ...]) -> Any:
        """The entry at a position."""
        on = self.diagonal is not None and len(set(position)) == 1
        return self.entries.get(position, self.diagonal if on else self.elsewhere)

    def tolist(self) -> Any:
        """All of it as nested lists: of 50,257 × 768 that is some gigabytes."""
        full = np.full(self.shape, self.elsewhere, dtype=object)
        if self.diagonal is not None:
            np.fill_diagonal(full, self.diagonal)
        for position, value in self.entries.items():
            full[position] = value
        return full.tolist()

    def __str__(self) -> str:
        shape = "×".join(map(str, self.shape))
        own = [f"[{', '.join(map(str, p))}] = {value}" for p, value in self.entries.items()]
        if self.diagonal is not None:
            own.insert(0, f"[k, k] = {self.diagonal}")
        return (
            f"{shape}, {self.elsewhere} but for {', '.join(own)}"
            if own
            else (f"{shape}, all {self.elsewhere}")
        )


@dataclass(frozen=True)
class Witness:
    """A point at which the two sides of a claim differ.

    :param sizes: the value of every dimension symbol and free index, by name.
    :param values: the value of every symbol, by name, as nested lists of exact rationals, or of
        closed SymPy numbers such as log(1/3) where an equation that is given asks for them (a
        scalar is a bare number, a matrix a list of rows); an array of more than a few hundred
        entries as a :class:`SparseArray`.
    :param functions: each undefined function and the SymPy ``Lambda`` put in its place.
    :param entry: the index of the entry at which the sides are compared.
    :param left: the derived (or left) side at that entry: exact, or an enclosing ball.
    :param right: the documented (or right) side at that entry.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    functions: Mapping[Any, sp.Lambda]
    entry: tuple[int, ...]
    left: Any
    right: Any


@dataclass(frozen=True)
class Checked:
    """One step and what came of it: True, False, or None where no point could be evaluated."""

    step: Step
    agrees: bool | None


@dataclass(frozen=True)
class Replay:
    """What a replay found: it is true where something could be checked and nothing failed.

    :param steps: the steps of a proof that say something, each with what came of it; those that
        only give a name are used and not listed.
    :param claim: whether both sides of the claim itself agree at points, or a witness stands.
    """

    steps: tuple[Checked, ...]
    claim: bool | None

    def __bool__(self) -> bool:
        checked = (self.claim, *(c.agrees for c in self.steps))
        return False not in checked and True in checked

    @property
    def failed(self) -> tuple[Step, ...]:
        """The steps that are false somewhere."""
        return tuple(c.step for c in self.steps if c.agrees is False)

    @property
    def unchecked(self) -> tuple[Step, ...]:
        """The steps that could not be evaluated anywhere."""
        return tuple(c.step for c in self.steps if c.agrees is None)


@dataclass(frozen=True)
class Verdict:
    """The decision on one claim.

    :param status: ``"holds"``, ``"disagrees"``, ``"ill-shaped"`` or ``"undecided"``.
    :param assumptions: what it holds under: the ``given`` that was used, then the conditions
        found on the way.
    :param derived: the right-hand side as derived, as a person would write it.
    :param witness: for ``disagrees``, a :class:`Witness`.
    :param reason: one sentence for people.
    :param steps: for ``holds``, the derivation, rule by rule.
    :param notes: remarks that change nothing, such as a broadcast.
    :param stopped: whether the time limit cut the decision short, so that a faster machine might
        have told more.
    :param work: what was done for the decision, in units of about a microsecond: the same on every
        machine where it was not stopped.
    :param seconds: the time the decision took.
    """

    claim: Claim
    status: str
    assumptions: tuple[Any, ...] = ()
    derived: Any = None
    witness: Witness | None = None
    reason: str = ""
    steps: Sequence[Step] = ()
    notes: tuple[str, ...] = ()
    stopped: bool = False
    work: int = field(default=0, compare=False)
    seconds: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"{self.status!r} is not a status; one of {', '.join(STATUSES)}")

    def _latex(self, printer: Any) -> str:
        return latex_of_verdict(self)

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {latex_of_verdict(self)}$"

    def _repr_markdown_(self) -> str:
        """How a notebook shows it: status, reason, and the mathematics."""
        said = f": {for_markdown(self.reason)}" if self.reason else ""
        return f"**{self.status}**{said}\n\n$$\n{latex_of_verdict(self)}\n$$\n"

    def replay(self) -> Replay:
        """Check the verdict by evaluation, each step of a proof on its own, or the witness.

        :raises DeriveError: for a verdict that is ill-shaped or undecided.
        """
        found: Replay = REPLAY(self)
        return found
