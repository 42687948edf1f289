"""``derive verify``: claims and pairs of code decided, printed section by section, and reported.

What was found before is printed without SymPy, which is imported where something is decided.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import time
from collections.abc import Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from derive.cli.exits import FAILS, USAGE, complain, exit_code
from derive.cli.outputs import Outputs
from derive.cli.printing import blank, screen_now
from derive.cli.progress import Progress
from derive.cli.settings import Settings
from derive.cli.tasks import Task
from derive.report import Finding, Report

if TYPE_CHECKING:
    from derive.cli.cache import Cache
    from derive.frontends.code.request import Request

CLAIMS_WORTH_A_PROCESS = 8


class Asked(NamedTuple):
    """What is to be decided, and how."""

    tasks: list[Task]
    requests: list[Request]
    jobs: int | None
    timeout: float
    effort: float
    cache: Cache | None
    steps: int
    project: Settings
    everywhere: bool  # all that the project has, and not what was typed
    brief: bool = False  # nothing is written but what a terminal shows

    @property
    def total(self) -> int:
        return len(self.tasks) + sum(len(request.wrt) for request in self.requests)


def run(asked: Asked, report: Outputs) -> int:
    """Decide what is asked, print it and write its outputs; the exit code."""
    findings: list[Finding] = []
    asked = asked._replace(brief=report.is_text_alone)
    try:
        with contextlib.closing(_marked(asked)) as stream:
            if report.is_text:
                _print_findings(stream, findings, asked)
            else:
                findings.extend(stream)
    finally:  # what was decided before Ctrl-C is not lost
        report.add(Report(findings))
    unknown = asked.project.unknown(findings) if asked.everywhere else []
    surprises = asked.project.surprises(findings)
    for message in (*unknown, *surprises):
        complain(message)
    if unknown:
        return USAGE
    if surprises:
        return FAILS
    return exit_code([finding for finding in findings if not finding.is_expected])


def _print_findings(stream: Generator[Finding], findings: list[Finding], asked: Asked) -> None:
    """Print each section as soon as it is decided, and the counts at the end."""
    started = time.perf_counter()
    waiting: list[Finding] = []
    sections = _section_ends(asked.tasks)
    try:
        for finding in stream:
            if waiting and waiting[0].heading_key != finding.heading_key:
                _print_section(waiting)
                waiting = []
            findings.append(finding)
            waiting.append(finding)
            if len(findings) in sections:
                _print_section(waiting)
                waiting = []
    finally:
        _print_section(waiting)
        # Imported once the workers are at work: what prints is not what they wait for.
        from derive.backends.finding_lines import expected_lines, summary_lines

        screen = screen_now()
        elapsed = time.perf_counter() - started
        total = max(asked.total, len(findings))
        screen.print(summary_lines(findings, total, elapsed, screen.width))
        expected = [found.id for found in findings if found.is_expected]
        if expected:
            screen.print(expected_lines(expected, asked.project.file))


def _marked(asked: Asked) -> Generator[Finding]:
    """All that is found, each claim that fails as the project expects marked."""
    with contextlib.closing(all_findings(asked)) as stream:
        for finding in stream:
            expected = asked.project.is_expected(finding)
            yield finding.marked(expected=finding.status) if expected else finding


def all_findings(asked: Asked) -> Generator[Finding]:
    """What is found of each claim, then of the code."""
    if asked.tasks:
        with contextlib.closing(_findings(asked)) as stream:
            yield from stream
    if asked.requests:
        with contextlib.closing(_code_findings(asked)) as stream:
            yield from stream


def _code_findings(asked: Asked) -> Generator[Finding]:
    from derive.backends.telling import deeply_told
    from derive.cli.code_runner import results
    from derive.frontends.code.answers import answers

    requests, timeout = asked.requests, asked.timeout
    answer = partial(answers, timeout=timeout, effort=asked.effort)
    jobs = min(asked.jobs or os.cpu_count() or 1, len(requests))
    progress = Progress(sys.stderr, len(requests))
    with contextlib.closing(results(requests, answer, jobs, timeout, asked.steps)) as stream:
        try:
            progress.show(0, requests[0].pair.name)
            for done, found in enumerate(stream, start=1):
                progress.clear()
                for entry, verdict in found:
                    finding = deeply_told(entry, verdict, bool(asked.steps))
                    yield _with_its_line(finding) if asked.steps else finding
                if done < len(requests):
                    progress.show(done, requests[done].pair.name)
        finally:
            progress.clear()


def _with_its_line(finding: Finding) -> Finding:
    """The finding with the line of code that it is about, as a page shows it."""
    record = finding.record
    text = linecache.getline(record.get("file", ""), record.get("line", 0)).strip()
    return finding.marked(code=text) if text else finding


def _findings(asked: Asked) -> Generator[Finding]:
    """What is found of each claim, in order, behind a progress line."""
    tasks, jobs = asked.tasks, asked.jobs
    cache = asked.cache
    known = {} if cache is None else _known(cache, tasks)
    left = [task for number, task in enumerate(tasks) if number not in known]
    if jobs is None:
        # A process of its own pays off for a number of claims only.
        jobs = min(os.cpu_count() or 1, 1 + len(left) // CLAIMS_WORTH_A_PROCESS)
    progress = Progress(sys.stderr, len(tasks))
    with contextlib.closing(_decided(left, asked, cache, jobs)) as stream:
        try:
            for done, task in enumerate(tasks):
                if done in known:
                    yield known[done]
                    continue
                progress.show(done, task.id)
                finding = next(stream)
                progress.clear()
                yield finding
        finally:
            progress.clear()


def _known(cache: Cache, tasks: Sequence[Task]) -> dict[int, Finding]:
    """What was found of some claims before, by position."""
    found = {number: task.kept(cache) for number, task in enumerate(tasks)}
    return {number: finding for number, finding in found.items() if finding is not None}


def _decided(
    tasks: Sequence[Task], asked: Asked, cache: Cache | None, jobs: int
) -> Generator[Finding]:
    """What is decided now of each claim."""
    if not tasks:
        return
    from derive.cli.deciding import decider
    from derive.cli.finding_out import questions
    from derive.cli.runner import answers

    decide = decider(asked.timeout, asked.effort)
    asked_of_workers = questions(tasks, decide, cache, asked.steps, asked.brief)
    with contextlib.closing(answers(asked_of_workers, jobs, asked.timeout)) as stream:
        yield from stream


def _section_ends(tasks: Sequence[Task]) -> set[int]:
    """After how many claims a section, and so its part of the report, is complete."""
    keys = [task.heading_key for task in tasks]
    return {
        done
        for done in range(1, len(keys) + 1)
        if done == len(keys) or keys[done] != keys[done - 1]
    }


def _print_section(findings: Sequence[Finding]) -> None:
    if not findings:
        return
    from derive.backends.finding_lines import finding_lines, heading

    screen = screen_now()
    screen.print(heading(findings, screen.width))
    id_width = max(len(finding.id) for finding in findings)
    for finding in findings:
        screen.print(finding_lines(finding, screen.width, id_width))
    screen.print([blank()])
