"""What ``derive explain`` prints of a file of code: each verdict, and a script that shows it."""

from __future__ import annotations

import click

from derive.backends.text import explain_lines
from derive.base.errors import DeriveError
from derive.claims.verdict import Verdict
from derive.cli.asked import asked_for
from derive.cli.code_report import output_aside
from derive.cli.code_runner import named
from derive.cli.exits import exit_code
from derive.cli.printing import blank, deeply
from derive.cli.screen import Screen
from derive.frontends.code.answers import answers, asked_pair
from derive.frontends.code.pairs import Failed
from derive.frontends.code.pointwise import likeliest
from derive.frontends.code.request import Request
from derive.frontends.code.witness_script import script


def explain_code(target: str, numpy: bool, screen: Screen, timeout: float, effort: float) -> int:
    """Explain the gradients of the pairs of a file.

    :param numpy: whether only the scripts are printed.
    """
    _, requests, problems = asked_for([target])
    if problems:
        raise click.ClickException(problems[0])
    verdicts: list[Verdict] = []
    for request in requests:
        with output_aside():
            found = deeply(answers, request, timeout, effort)
        for name, (entry, verdict) in zip(found, named(request, found), strict=True):
            if verdicts and not numpy:
                screen.print([blank()])
            verdicts.append(verdict)
            text = _script(request, name, verdict)
            if not numpy:
                screen.print(deeply(explain_lines, entry, verdict, screen.width, None))
            if text is not None:
                if not numpy:
                    screen.print([blank()])
                screen.print_script(text)
    return exit_code(verdicts)


def _script(request: Request, name: str, verdict: Verdict) -> str | None:
    if verdict.witness is None:
        return None
    try:
        with output_aside():
            return script(deeply(likeliest, asked_pair(request)), name, verdict)
    except (Failed, DeriveError):  # a missing script must not cost the explanation
        return None
