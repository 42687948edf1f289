"""Which claim notices that a rule is false: a rule that none does is one that nothing tests.

First every probe is decided with all rules watched. What notices a falsified rule is then looked
for among the probes that use it, the cheapest first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from derive import verify
from derive.canonical.laws import Law
from derive.claims.kinds import Claim
from derive.claims.verdict import UNDECIDED, Verdict

from .kept import lines_of, write
from .planted import Rule, every_rule
from .probes import PROBES, READ_OUTSIDE

SECONDS = 120.0  # for one verdict, far more than its work takes; what is cut by it notices nothing
# Most is decided with little work; where a rule is false, all that may be done would be.
EFFORTS = (0.1, 1.0)

Outcome = tuple[str, int]


@dataclass(frozen=True)
class Healthy:
    """A probe decided while no rule is false.

    :param status: what is decided.
    :param assumptions: under how many assumptions.
    :param effort: the effort that this takes.
    :param work: the work that was done.
    :param places: the rules that were used, by name; none where they were not watched.
    """

    probe: str
    status: str
    assumptions: int
    effort: float
    work: int
    places: tuple[str, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether it may notice anything: what is undecided hardly can."""
        return self.status != UNDECIDED or self.probe in READ_OUTSIDE


@dataclass(frozen=True)
class Catch:
    """A rule that was falsified, and the claim that noticed; None where no claim did."""

    rule: str
    caught_by: str | None


def outcome(verdict: Verdict) -> Outcome:
    """What is decided, and under how many assumptions."""
    return (verdict.status, len(verdict.assumptions))


def decided(probe: Claim) -> Healthy:
    """A probe decided while no rule is false."""
    for effort in EFFORTS:
        verdict = verify(probe, SECONDS, effort)
        if verdict.status != UNDECIDED:
            break
    return Healthy(probe.id, *outcome(verdict), effort, verdict.work)


healthy = functools.cache(decided)


def watched(probe: Claim) -> Healthy:
    """The same, with the rules that it uses."""
    used: set[str] = set()
    with ExitStack() as stack:
        for rule in {rule.place: rule for rule in every_rule()}.values():
            stack.enter_context(rule.replaced(_telling(rule, used.add)))
        return replace(decided(probe), places=tuple(sorted(used)))


def _telling(rule: Rule, tell: Callable[[str], None]) -> Any:
    """What stands at the place of a rule, and tells of each use."""

    def telling(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def told(*arguments: Any, **named: Any) -> Any:
            tell(rule.place)
            return function(*arguments, **named)

        return told

    right = rule.right
    if isinstance(right, Law):
        return right._replace(apply=telling(right.apply))
    if rule.part is not None:
        return (*right[: rule.part], telling(right[rule.part]), *right[rule.part + 1 :])
    return telling(right)


def caught(rule: Rule, probes: Sequence[Claim] = PROBES) -> Catch:
    """Falsify a rule and ask the probes, likely ones first, until one is decided otherwise."""
    for probe in sorted(probes, key=lambda probe: not _speaks_of(probe, rule.about)):
        expected = healthy(probe)
        if expected.asked and _notices(probe, expected, rule):
            return Catch(rule.name, probe.id)
    return Catch(rule.name, None)


def _notices(probe: Claim, expected: Healthy, rule: Rule) -> bool:
    with rule.falsified():
        found = verify(probe, SECONDS, expected.effort)
    return not found.stopped and outcome(found) != (expected.status, expected.assumptions)


def _speaks_of(claim: Claim, nodes: tuple[type, ...]) -> bool:
    fields = [getattr(claim, name) for name in claim.expression_fields]
    return bool(nodes) and any(expr.has(*nodes) for expr in (*fields, *claim.where.values()))


# ---- all rules

_rules: list[Rule] = []  # as the workers inherit them
_known: dict[str, Healthy] = {}
_PROBES = {probe.id: probe for probe in PROBES}


def steps(
    rules: Iterable[Rule], jobs: int = 1, path: Path | None = None
) -> Iterator[Healthy | Catch]:
    """Every probe as it was watched, and then every rule falsified in turn, with what noticed.

    What a file has is taken from there, and what is new is added.
    """
    _rules[:] = rules
    known = _so_far(path)
    _known.clear()
    _known.update((one.probe, one) for one in known if isinstance(one, Healthy))
    done = {one.rule: one for one in known if isinstance(one, Catch)}
    yield from _known.values()
    for one in _each(_watched, [name for name in _PROBES if name not in _known], jobs):
        _known[one.probe] = one
        write(path, {"healthy": asdict(one)})
        yield one
    yield from (done[rule.name] for rule in _rules if rule.name in done)
    missing = [place for place, rule in enumerate(_rules) if rule.name not in done]
    for catch in _each(_caught, missing, jobs):
        write(path, {"catch": asdict(catch)})
        yield catch


def _so_far(path: Path | None) -> list[Healthy | Catch]:
    found: list[Healthy | Catch] = []
    for record in lines_of(path):
        if "healthy" in record:
            places = tuple(record["healthy"].pop("places"))
            found.append(Healthy(**record["healthy"], places=places))
        elif "catch" in record:
            found.append(Catch(**record["catch"]))
    return found


def _each(function: Callable[[Any], Any], arguments: Sequence[Any], jobs: int) -> Iterator[Any]:
    if jobs <= 1 or not arguments:
        yield from map(function, arguments)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(function, arguments)


def _watched(name: str) -> Healthy:
    return watched(_PROBES[name])


def _caught(position: int) -> Catch:
    """The rule at that position falsified, and asked about by what uses it, the cheapest first."""
    rule = _rules[position]
    users = [one for one in _known.values() if one.asked and rule.place in one.places]
    for one in sorted(users, key=lambda one: one.work):
        if _notices(_PROBES[one.probe], one, rule):
            return Catch(rule.name, one.probe)
    return Catch(rule.name, None)
