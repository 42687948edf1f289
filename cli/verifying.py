"""``derive verify``: claims and pairs of code decided, printed section by section, and reported."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial

from derive.backends.text import expected_lines, heading, heading_key, summary_lines, verdict_lines
from derive.claims.entry import Entry
from derive.claims.verdict import Verdict
from derive.cli.cache import Cache
from derive.cli.deciding import decider
from derive.cli.exits import FAILS, USAGE, complain, exit_code
from derive.cli.outputs import Outputs
from derive.cli.printing import blank, deeply, screen_now
from derive.cli.runner import Progress, verdicts
from derive.cli.screen import Screen
from derive.cli.settings import Settings
from derive.frontends.code.request import Request
from derive.report import Decision, Report

CLAIMS_WORTH_A_PROCESS = 8


@dataclass(frozen=True)
class Asked:
    """What is to be decided, and how."""

    entries: list[Entry]
    requests: list[Request]
    jobs: int | None
    timeout: float
    effort: float
    cache: Cache | None
    steps: int
    project: Settings
    everywhere: bool  # all that the project has, and not what was typed

    @property
    def total(self) -> int:
        return len(self.entries) + sum(len(request.wrt) for request in self.requests)


def run(asked: Asked, outputs: Outputs) -> int:
    """Decide what is asked, print it and write its outputs; the exit code."""
    results: list[tuple[Entry, Verdict]] = []
    try:
        with contextlib.closing(_all_results(asked)) as stream:
            if outputs.is_text:
                _print_results(stream, results, asked)
            else:
                results.extend(stream)
    finally:  # what was decided before Ctrl-C is not lost
        expected = asked.project.is_expected
        decisions = (Decision(*result, expected(*result)) for result in results)
        outputs.finish(Report(tuple(decisions)))
    unknown = asked.project.unknown(results) if asked.everywhere else []
    surprises = asked.project.surprises(results)
    for message in (*unknown, *surprises):
        complain(message)
    if unknown:
        return USAGE
    if surprises:
        return FAILS
    return exit_code([verdict for entry, verdict in results if not expected(entry, verdict)])


def _print_results(
    stream: Generator[tuple[Entry, Verdict]],
    results: list[tuple[Entry, Verdict]],
    asked: Asked,
) -> None:
    """Print each section as soon as it is decided, and the counts at the end."""

    screen = screen_now()
    started = time.perf_counter()
    waiting: list[tuple[Entry, Verdict]] = []
    sections = _section_ends(asked.entries)
    try:
        for entry, verdict in stream:
            if waiting and heading_key(waiting[0][0]) != heading_key(entry):
                _print_section(screen, waiting)
                waiting = []
            results.append((entry, verdict))
            waiting.append((entry, verdict))
            if len(results) in sections:
                _print_section(screen, waiting)
                waiting = []
    finally:
        _print_section(screen, waiting)
        elapsed = time.perf_counter() - started
        verdicts = [verdict for _, verdict in results]
        screen.print(summary_lines(verdicts, max(asked.total, len(verdicts)), elapsed))
        expected = [entry.id for entry, v in results if asked.project.is_expected(entry, v)]
        if expected:
            screen.print(expected_lines(expected, asked.project.file))


def _all_results(asked: Asked) -> Generator[tuple[Entry, Verdict]]:
    """Each claim with its verdict, then those of the code."""
    if asked.entries:
        with contextlib.closing(_results(asked)) as stream:
            yield from stream
    if asked.requests:
        jobs, timeout = asked.jobs, asked.timeout
        with contextlib.closing(_code_results(asked.requests, jobs, timeout)) as stream:
            yield from stream


def _code_results(
    requests: list[Request], jobs: int | None, timeout: float
) -> Generator[tuple[Entry, Verdict]]:
    from derive.cli.code_runner import results
    from derive.frontends.code.answers import answers

    answer = partial(answers, timeout=timeout)
    jobs = min(jobs or os.cpu_count() or 1, len(requests))
    progress = Progress(sys.stderr, len(requests))
    with contextlib.closing(results(requests, answer, jobs, timeout)) as stream:
        try:
            progress.show(0, requests[0].pair.name)
            for done, found in enumerate(stream, start=1):
                progress.clear()
                yield from found
                if done < len(requests):
                    progress.show(done, requests[done].pair.name)
        finally:
            progress.clear()


def _results(asked: Asked) -> Generator[tuple[Entry, Verdict]]:
    """Each entry with its verdict, in order, behind a progress line."""

    entries, cache, jobs = asked.entries, asked.cache, asked.jobs
    # A proof that is to be shown is written while it is found, and no cache keeps it.
    known = {} if cache is None or asked.steps else cache.known(entry.claim for entry in entries)
    claims = [entry.claim for number, entry in enumerate(entries) if number not in known]
    if jobs is None:
        # A process of its own pays off for a number of claims only.
        jobs = min(os.cpu_count() or 1, 1 + len(claims) // CLAIMS_WORTH_A_PROCESS)
    progress = Progress(sys.stderr, len(entries))
    decide = decider(asked.timeout, asked.effort)
    found = verdicts(claims, decide, jobs, asked.timeout, asked.steps) if claims else _nothing()
    with contextlib.closing(found) as stream:
        try:
            for done, entry in enumerate(entries):
                if done in known:
                    yield entry, known[done]
                    continue
                progress.show(done, entry.id)
                verdict = next(stream)
                progress.clear()
                if cache is not None:
                    cache.put(entry.claim, verdict)
                yield entry, verdict
        finally:
            progress.clear()


def _nothing() -> Generator[Verdict]:
    yield from ()


def _section_ends(entries: Sequence[Entry]) -> set[int]:
    """After how many claims a section, and so its part of the report, is complete."""

    keys = [heading_key(entry) for entry in entries]
    return {
        done
        for done in range(1, len(keys) + 1)
        if done == len(keys) or keys[done] != keys[done - 1]
    }


def _print_section(screen: Screen, results: Sequence[tuple[Entry, Verdict]]) -> None:

    if not results:
        return
    screen.print(heading([entry for entry, _ in results], screen.width))
    id_width = max(len(entry.id) for entry, _ in results)
    for entry, verdict in results:
        screen.print(deeply(verdict_lines, entry, verdict, screen.width, id_width))
    screen.print([blank()])
