"""What ``derive explain`` shows of what holds: the chain rule line by line, in three formats."""

from __future__ import annotations

from typing import Any

import click

from derive.backends.html import derivations
from derive.cli.asked import resolved
from derive.cli.chain_rule import NoChain, chain_of
from derive.cli.chain_writing import latex, record, text_lines
from derive.cli.deciding import decider
from derive.cli.exits import OK
from derive.cli.printing import deeply
from derive.cli.runner import decide_safely

OF_A_LINE = 0.1  # the effort for a line: what is a step to a person is one to a proof


def chain_text(verdict: Any, timeout: float, effort: float, width: int) -> Any:
    """The chain rule of what holds; None where it has none."""
    try:
        decide = decider(timeout, effort * OF_A_LINE)
        return text_lines(chain_of(verdict, decide), width) or None
    except NoChain:
        return None


def explain_set(id: str, form: str, timeout: float, effort: float) -> int:
    """Print what holds of a claim or a formula as LaTeX or HTML."""
    pages = []
    for entry in resolved([id]):
        try:
            verdict = decide_safely(entry.claim, decider(timeout, effort))
            chain = deeply(chain_of, verdict, decider(timeout, effort * OF_A_LINE))
        except NoChain as problem:
            raise click.ClickException(str(problem)) from None
        if form == "latex":
            click.echo(deeply(latex, chain), nl=False)
        else:
            pages.append(deeply(record, chain))
    if form == "html":
        try:
            click.echo(derivations(pages, id))
        except ModuleNotFoundError as missing:
            raise click.ClickException(f"HTML needs the extra html ({missing})") from None
    return OK
