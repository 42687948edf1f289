"""Text that was pasted into the page, decided: what ``derive serve`` answers, as plain data.

It runs in a process of its own, in a directory of its own (:mod:`derive.cli.limited`). Mathematics
is read as a document is, and nothing of it is executed; Python is run as a file of claims or of
code is, and is not taken where the server was not allowed to run it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derive.base.errors import DeriveError

FILES = {"markdown": "pasted.md", "latex": "pasted.tex", "python": "pasted.py"}
PYTHON = "python"


@dataclass(frozen=True)
class Paste:
    """What was pasted, and the limits within which it is decided.

    :param language: a key of :data:`FILES`.
    :param timeout: seconds for each claim.
    :param seconds: for all of them; what is not decided by then is said to be interrupted.
    """

    language: str
    text: str
    timeout: float
    effort: float
    seconds: float


def answer(paste: Paste, directory: str) -> Mapping[str, Any]:
    """What the page shows: ``html``, the ``marks`` at the lines of the text, a ``summary``; or the
    ``problem`` that no report could be made of, in one sentence.

    :param directory: an empty one, in which the text is written down.
    """
    import click

    os.chdir(directory)
    name = FILES[paste.language]
    Path(name).write_text(paste.text, encoding="utf-8")
    try:
        with _limited_to(paste.seconds):
            if paste.language == PYTHON:
                report = _of_python(name, paste)
            else:
                report = _of_document(name, paste)
    except KeyboardInterrupt:
        return {"problem": f"nothing was decided within {paste.seconds:g} s"}
    except (DeriveError, click.ClickException) as problem:
        return {"problem": str(problem) or "it cannot be read"}
    return _shown(report)


class _limited_to:
    """Interrupts what runs in the main thread after some seconds, as Ctrl-C does."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _of_document(name: str, paste: Paste) -> Mapping[str, Any]:
    from derive.claims.typesetting import MOST_STEPS
    from derive.cli.deciding import one_by_one
    from derive.cli.printing import deeply
    from derive.frontends.document.check import check
    from derive.frontends.document.report import report

    _refuse_evaluation()
    checked = check(name, one_by_one(paste.timeout, paste.effort, MOST_STEPS))
    data: Mapping[str, Any] = deeply(report([checked]).data, True)
    return data


def _refuse_evaluation() -> None:
    """The reader of documents never has SymPy read text, which runs it as Python; here it could not
    even by mistake.
    """
    from sympy.parsing import sympy_parser

    def refused(*_: object, **__: object) -> Any:
        raise RuntimeError("text of a document is not evaluated")

    sympy_parser.eval_expr = refused


def _of_python(name: str, paste: Paste) -> Mapping[str, Any]:
    from derive.claims.finding import Finding, Findings
    from derive.claims.typesetting import MOST_STEPS
    from derive.cli.asked import asked_for
    from derive.cli.settings import Settings
    from derive.cli.verifying import Asked, all_findings

    sys.stdout = sys.stderr  # whatever the file prints
    tasks, requests, problems = asked_for([name])
    asked = Asked(
        tasks, requests, 1, paste.timeout, paste.effort, None, MOST_STEPS, Settings(), False
    )
    found: list[Finding] = []
    try:
        found.extend(all_findings(asked))
    except KeyboardInterrupt:
        problems.append(f"{asked.total - len(found)} claims were not decided in time")
    data = dict(Findings(found).data())
    told = [{"file": name, "line": 0, "message": sentence} for sentence in problems]
    return {**data, "problems": told}


def _shown(report: Mapping[str, Any]) -> Mapping[str, Any]:
    from derive.backends.html import fragment

    return {
        "html": fragment(report),
        "marks": list(_marks(report)),
        "summary": _summary(report),
    }


def _marks(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is shown beside each line: an outcome, a message, and where on the page more stands."""
    from derive.backends.html import claim_anchor, formula_anchor

    inside = {id for formula in report.get("formulas", ()) for id in formula["claims"]}
    for formula in report.get("formulas", ()):
        claims = formula["claims"]
        yield {
            "line": formula["line"],
            "outcome": formula["outcome"],
            "message": formula["message"] or "",
            "anchor": claim_anchor(claims[0]) if claims else formula_anchor(formula),
        }
    for claim in report["claims"]:
        if claim["id"] not in inside and claim.get("line"):
            yield {
                "line": claim["line"],
                "outcome": claim["status"],
                "message": claim["reason"],
                "anchor": claim_anchor(claim["id"]),
            }
    for problem in report.get("problems", ()):
        if problem["line"]:
            yield {
                "line": problem["line"],
                "outcome": "not-understood",
                "message": problem["message"],
                "anchor": "problems",
            }


def _summary(report: Mapping[str, Any]) -> str:
    from derive.backends.html import verb
    from derive.backends.places import counted

    counts = [(outcome, number) for outcome, number in counted(report) if number]
    formulas = report.get("formulas")
    total = len(report["claims"]) if formulas is None else len(formulas)
    noun = "claim" if formulas is None else "formula"
    parts = ", ".join(f"{number} {verb(outcome, number)}" for outcome, number in counts)
    return f"{total} {noun}{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")
