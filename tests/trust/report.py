"""What was found, for people and for programs: tables of counts, and every case that matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .examination import KINDS, MUTANT, REWRITING, Finding
from .fuzz import Failure, Tally
from .noticing import Catch

SHOWN = 160  # characters of a statement in a list of gaps; a violation is printed in full


def counts(findings: Sequence[Finding], part: str) -> dict[str, Counter[str]]:
    """For each source, how many findings of a part there are of each kind."""
    rows: dict[str, Counter[str]] = {}
    for finding in findings:
        if finding.part == part:
            rows.setdefault(finding.source, Counter())[finding.kind] += 1
    return rows


def of_failure(failure: Failure) -> str:
    """A failure in three lines: what and its seed, its smallest form, what speaks against it."""
    return f"{failure.kind} (seed {failure.seed!r})\n  {failure.smallest}\n  {failure.problem}"


def violations(
    findings: Sequence[Finding], catches: Sequence[Catch], tally: Tally | None = None
) -> list[str]:
    """Every requirement that is not met, in a line each."""
    lines = [
        f"{finding.violation}: {finding.claim} ({' + '.join(finding.changes)}): "
        f"{finding.status}, {finding.reason or 'no reason'}: {finding.statement}"
        for finding in findings
        if finding.violation
    ]
    lines += [f"noticed by no claim: {catch.rule}" for catch in catches if not catch.caught_by]
    return lines + [of_failure(failure) for failure in (tally.failures if tally else ())]


def as_record(
    findings: Sequence[Finding], catches: Sequence[Catch], tally: Tally, seconds: float
) -> dict[str, Any]:
    """Everything, for a program."""
    return {
        "counts": {part: counts(findings, part) for part in (MUTANT, REWRITING)},
        "rules": {
            "falsified": len(catches),
            "noticed": sum(catch.caught_by is not None for catch in catches),
        },
        "fuzz": {" · ".join(key): count for key, count in sorted(tally.counts.items())},
        "violations": violations(findings, catches, tally),
        "gaps": [asdict(finding) | {"gap": finding.gap} for finding in findings if finding.gap],
        "seconds": round(seconds, 1),
    }


def show(
    console: Console,
    findings: Sequence[Finding],
    catches: Sequence[Catch],
    tally: Tally,
    seconds: float,
) -> None:
    """Gaps, then the tables of counts, then what is wrong."""
    _show_gaps(console, findings)
    for part, title in (
        (MUTANT, "Mutants: what is really different is to be refuted"),
        (REWRITING, "Rewritings: what says the same is to hold"),
    ):
        if any(finding.part == part for finding in findings):
            console.print(_table(title, counts(findings, part), KINDS[part]))
    if catches:
        console.print(_table_of_rules(catches))
    if tally.counts:
        console.print(_table_of_random(tally))
    wrong = violations(findings, catches, tally)
    for line in wrong:
        console.print(escape(line), style="red", soft_wrap=True)
    verdict = f"{len(wrong)} requirements are violated" if wrong else "every requirement is met"
    console.print(f"{verdict} · {seconds:.0f} s")


def _show_gaps(console: Console, findings: Sequence[Finding]) -> None:
    """The smallest of each kind of gap, with how many there are."""
    gaps: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.gap:
            gaps.setdefault((finding.part, finding.gap, *finding.changes[-1:]), []).append(finding)
    for (part, gap, change), found in sorted(gaps.items()):
        smallest = min(found, key=lambda finding: len(finding.statement))
        console.print(
            f"{len(found)} × {part}, {change}, {gap}: {smallest.claim}: "
            f"{escape(smallest.statement[:SHOWN])}",
            style="yellow",
            soft_wrap=True,
        )


def _table(title: str, found: dict[str, Counter[str]], kinds: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    columns = {**found, "together": sum(found.values(), Counter())}
    table.add_column("counted as")
    for source in columns:
        table.add_column(source, justify="right")
    for kind in kinds:
        table.add_row(kind, *(str(column[kind]) for column in columns.values()))
    table.add_section()
    table.add_row("all", *(str(column.total()) for column in columns.values()))
    return table


def _table_of_random(tally: Tally) -> Table:
    table = Table(title="Random terms and claims, judged", title_justify="left")
    for heading in ("what", "counted as"):
        table.add_column(heading)
    table.add_column("number", justify="right")
    for (what, outcome), count in sorted(tally.counts.items()):
        table.add_row(what, outcome, str(count))
    return table


def _table_of_rules(catches: Sequence[Catch]) -> Table:
    table = Table(title="Rules of the engine, each falsified in turn", title_justify="left")
    for heading in ("falsified", "noticed", "noticed by no claim"):
        table.add_column(heading, justify="right")
    noticed = sum(catch.caught_by is not None for catch in catches)
    table.add_row(str(len(catches)), str(noticed), str(len(catches) - noticed))
    return table
