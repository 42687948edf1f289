"""What ``derive explain`` shows: of what holds the chain rule line by line, in three formats; of
anything else, as LaTeX or HTML, the verdict with its reason and its witness.
"""

from __future__ import annotations

from typing import Any

import click

from derive.backends.html import derivations
from derive.backends.telling import deeply_told
from derive.claims.verdict import HOLDS
from derive.cli.asked import resolved
from derive.cli.chain_rule import NoChain, chain_of
from derive.cli.chain_writing import latex, latex_of_verdict, record, text_lines
from derive.cli.claim_runner import decide_safely
from derive.cli.deciding import decider
from derive.cli.exits import exit_code
from derive.cli.printing import deeply
from derive.report import Report

OF_A_LINE = 0.1  # the effort for a line: what is a step to a person is one to a proof


def chain_text(verdict: Any, timeout: float, effort: float, width: int) -> Any:
    """The chain rule of what holds; None where it has none."""
    try:
        decide = decider(timeout, effort * OF_A_LINE)
        return text_lines(chain_of(verdict, decide), width) or None
    except NoChain:
        return None


def explain_set(id: str, form: str, timeout: float, effort: float) -> int:
    """Print a claim, or all of a formula, as LaTeX or HTML."""
    pages = []
    verdicts = []
    for entry in resolved([id]):
        verdict = decide_safely(entry.claim, decider(timeout, effort))
        verdicts.append(verdict)
        if verdict.status != HOLDS and form == "latex":
            click.echo(deeply(latex_of_verdict, verdict), nl=False)
            continue
        if verdict.status != HOLDS:
            pages.append({"report": Report([deeply_told(entry, verdict, True)]).data()})
            continue
        chain = deeply(chain_of, verdict, decider(timeout, effort * OF_A_LINE))
        if form == "latex":
            click.echo(deeply(latex, chain), nl=False)
        else:
            pages.append(deeply(record, chain))
    if form == "html":
        try:
            click.echo(derivations(pages, id))
        except ModuleNotFoundError as missing:
            raise click.ClickException(f"HTML needs the extra html ({missing})") from None
    return exit_code(verdicts)
