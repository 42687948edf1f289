"""The claims that a statement makes in one reading, as plain records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from derive.claims.kinds import Claim
from derive.claims.statuses import DISAGREES, ILL_SHAPED
from derive.claims.verdict import Verdict
from derive.frontends.document import tree
from derive.frontends.document.counters import member_of
from derive.frontends.document.fresh import Degenerate
from derive.frontends.document.knowledge import Definition
from derive.frontends.document.lookup import Rests, is_told
from derive.frontends.document.names import mention
from derive.frontends.document.reader import Absurd, Reader, Undeclared, Unread
from derive.frontends.document.tree import Node
from derive.frontends.document.units import Unit
from derive.frontends.document.values import Misfit, Unsure


@dataclass(frozen=True)
class Part:
    """One claim of a statement, or why this reading has none.

    :param node: the side that it is about.
    :param claim: None where there is none.
    :param code: ``ill-shaped``, ``undeclared``, ``unsure``, ``absurd``, ``degenerate``,
        ``rests-on`` or the code of what is not understood; "" beside a claim.
    :param lenient: why its refutation is no verdict: it may be a condition.
    :param foreign: names in the derivative as documented that what is differentiated does not
        speak of, and nothing defines: an upstream gradient that is only told of in prose.
    :param unsaid: names of which nothing says what they are, and one side alone speaks.
    :param defining: whether it is the definition of a name.
    """

    node: Node
    claim: Claim | None = None
    code: str = ""
    message: str = ""
    remedy: str = ""
    at: Node | None = None
    lenient: str = ""
    foreign: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    defining: bool = False


@dataclass
class Read:
    """One statement in one reading.

    :param doubtful: a name that a section before declares, and that may mean something else here.
    :param supposed: what this reading adds to what the document says, as h_0 = 0.
    """

    parts: list[Part] = field(default_factory=list)
    inferred: tuple[str, ...] = ()
    doubtful: str = ""
    supposed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is to be read: a statement of a unit.

    :param head: the chain that it goes on with.
    :param defined: the definition that its first two sides are.
    """

    unit: Unit
    statement: tree.Statement
    head: tree.Chain | None = None
    head_unit: Unit | None = None
    defined: Definition | None = None


def unsaid_in(everything: Iterable[tuple[Any, Part]]) -> tuple[str, ...]:
    """What one side alone speaks of, in the first reading that fits and of which that is so."""
    fitting = (part for v, part in everything if isinstance(v, Verdict) and v.status == DISAGREES)
    return next((part.unsaid for part in fitting if part.unsaid), ())


def _has_steps(reader: Reader, node: Node) -> bool:
    """Whether a formula speaks of a step of what is declared or defined step by step."""
    names = filter(None, map(mention, node.walk()))
    place = reader.section, reader.home[1]
    return any(member_of(reader.knowledge, name, *place) is not None for name in names)


def failure(problem: Exception, reader: Reader, node: Node, lenient: str = "") -> Part:
    """What an exception says of a side."""
    at = reader.blame or node
    if isinstance(problem, Misfit) and not (is_told(reader, at) or _has_steps(reader, at)):
        return Part(node, None, "undeclared", f"as it is read, {problem}", at=at)
    if isinstance(problem, Misfit):
        return Part(node, None, ILL_SHAPED, str(problem), at=at, lenient=lenient)
    if isinstance(problem, Rests):
        return Part(node, None, "rests-on", problem.message, at=problem.node)
    if isinstance(problem, (Undeclared, Degenerate)):
        return Part(node, None, problem.code, problem.message, problem.remedy, problem.node)
    if isinstance(problem, Unread):
        return Part(node, None, problem.code, problem.message, at=problem.node)
    if isinstance(problem, Absurd):
        return Part(node, None, "absurd", str(problem))
    if isinstance(problem, Unsure):
        return Part(node, None, "unsure", str(problem), at=at)
    return Part(node, None, "internal", f"{type(problem).__name__}: {problem}", at=at)
