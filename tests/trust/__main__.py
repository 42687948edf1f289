"""``python -m tests.trust``: mutants, rewritings, planted errors and random inputs, counted."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import fuzz, report
from .examination import tasks
from .kept import kept
from .noticing import Catch, steps
from .planted import every_rule
from .probes import PROBES

MUTANTS, REWRITINGS = 5000, 3200  # of a full run
TOLD = 20  # claims, after which a run that has no terminal says how far it is
PARTS = ("mutants", "rewritings", "rules", "fuzz")


@click.command()
@click.option("--sample", type=click.IntRange(min=1), help="As many of each part; all by default.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, default=PARTS)
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of what mutants, rewritings and rules found: added to, and what it has is not run "
    "again.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def main(
    sample: int | None, seed: int, jobs: int, parts: tuple[str, ...], keep: Path | None, form: str
) -> None:
    """Exit code 1 where a requirement is violated."""
    start = time.monotonic()
    mutants = (sample or MUTANTS) if "mutants" in parts else 0
    rewritings = (sample or REWRITINGS) if "rewritings" in parts else 0
    asked = tasks(mutants, rewritings, seed) if mutants or rewritings else []
    rules = every_rule() if "rules" in parts else []
    if sample is not None:
        rules = random.Random(seed).sample(rules, min(sample, len(rules)))
    random_ones = []
    if "fuzz" in parts:
        random_ones = fuzz.batches(sample or fuzz.TERMS, sample or fuzz.CLAIMS, seed)
    found, caught, tally = [], [], fuzz.Tally()
    with _progress() as progress:
        of_claims = progress.add_task("claims", total=len(asked), visible=bool(asked))
        for number, some in enumerate(kept(asked, jobs, keep), 1):
            found += some
            for line in report.violations(some, ()):
                progress.console.print(line, soft_wrap=True, markup=False)
            if number % TOLD == 0 and not progress.console.is_terminal:
                click.echo(f"{number} of {len(asked)} claims, {len(found)} variants", err=True)
            progress.advance(of_claims)
        total = len(rules) + len(PROBES)
        of_rules = progress.add_task("rules", total=total, visible=bool(rules))
        for number, step in enumerate(steps(rules, jobs, keep) if rules else (), 1):
            if isinstance(step, Catch):
                caught.append(step)
                for line in report.violations((), [step]):
                    progress.console.print(line, soft_wrap=True, markup=False)
            if number % TOLD == 0 and not progress.console.is_terminal:
                click.echo(f"{number} of {total} probes and rules", err=True)
            progress.advance(of_rules)
        of_fuzz = progress.add_task("fuzz", total=len(random_ones), visible=bool(random_ones))
        for one in fuzz.tallies(random_ones, jobs):
            tally += one
            for failure in one.failures:
                progress.console.print(report.of_failure(failure), soft_wrap=True, markup=False)
            progress.advance(of_fuzz)
    seconds = time.monotonic() - start
    if form == "json":
        click.echo(json.dumps(report.as_record(found, caught, tally, seconds), indent=2))
    else:
        report.show(Console(), found, caught, tally, seconds)
    raise SystemExit(1 if report.violations(found, caught, tally) else 0)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)


if __name__ == "__main__":
    main()
