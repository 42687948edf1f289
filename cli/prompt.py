"""``derive gradient``: what is typed, or a function in a file, derived or checked at the prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from derive.cli.exits import FAILS, OK, complain, exit_code
from derive.cli.printing import deeply, print_json, screen_now

if TYPE_CHECKING:
    from derive.claims.verdict import Verdict
    from derive.frontends.typed.expression import ExpressionError, Question


class TakesFormula(click.Command):
    """A command whose argument may start with a minus: ``-log(x)`` is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = re.compile(r"-h|--|--[a-z].*", re.DOTALL)
        shielded = (
            f" {arg}" if arg.startswith("-") and not options.fullmatch(arg) else arg for arg in args
        )
        return super().parse_args(ctx, list(shielded))


class Misread(click.ClickException):
    """A formula that cannot be read, with the place in it marked."""

    def __init__(self, problem: ExpressionError) -> None:
        from derive.cli.render import pointer_lines

        super().__init__(str(problem))
        self.pointer = pointer_lines(problem.text, problem.start, problem.end)


def code_shapes(targets: tuple[str, ...], form: str) -> int:
    """Print every assignment of functions of the user's with its shape."""
    from derive.cli.code_report import shape_lines, shape_rows
    from derive.frontends.files import TargetError

    try:
        rows, problems = deeply(shape_rows, targets)
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        print_json(rows)
    else:
        screen_now().print(shape_lines(rows))
    for problem in problems:
        complain(problem)
    return FAILS if problems else OK


def derive_code(target: str, wrt: str, to: str, form: str) -> int:
    """Print the derivative of a function in a file, or code that is proved to compute it."""
    from derive.cli.code_report import gradient_text
    from derive.frontends.files import TargetError

    try:
        found, code = deeply(gradient_text, target, wrt, to)
    except TargetError as problem:
        raise click.ClickException(str(problem)) from None
    if not found:
        if form == "json":
            print_json({"of": target, "wrt": wrt, "code": code})
        else:
            screen_now().print_script(code)
        return OK
    if form == "json":
        data = [deeply(_gradient_data, target, n, *answer) for n, answer in found.items()]
        print_json(data[0] if len(data) == 1 else data)
        return OK
    from rich.text import Text

    from derive.cli.render import gradient_lines

    screen = screen_now()
    for name, answer in found.items():
        if len(found) > 1:
            screen.print([Text(name, "bold")])
        screen.print(deeply(gradient_lines, *answer, screen.width))
    return OK


def derive(question: Question, form: str, timeout: float, effort: float) -> int:
    """Print the gradient that nothing is claimed of."""
    from derive.base.errors import DeriveError
    from derive.engine import shape_of
    from derive.frontends.typed.expression import derived

    try:
        answer = derived(question, timeout, effort)
        shape = shape_of(question.wrt)
    except DeriveError as problem:
        raise click.ClickException(str(problem)) from None
    if form == "json":
        print_json(deeply(_gradient_data, question.of, question.wrt, shape, answer))
        return OK
    from derive.cli.render import gradient_lines

    screen = screen_now()
    screen.print(deeply(gradient_lines, shape, answer, screen.width))
    return OK


def answer(verdict: Verdict, form: str) -> int:
    """Print the verdict on a claim that was made at the prompt."""
    from derive.backends.finding_lines import finding_lines
    from derive.backends.telling import deeply_told
    from derive.claims.entry import Entry
    from derive.report import Report

    finding = deeply_told(Entry(verdict.claim), verdict)
    if form == "json":
        print_json(Report([finding]).data())
    else:
        screen = screen_now()
        screen.print(finding_lines(finding, screen.width))
    return exit_code([verdict])


def _gradient_data(of: Any, wrt: Any, shape: Sequence[Any], derived: Any) -> dict[str, Any]:
    """A gradient of which nothing is claimed."""
    from derive.language.printing import plain_text

    return {
        "of": plain_text(of),
        "wrt": plain_text(wrt),
        "shape": [str(size) for size in shape],
        "derived": plain_text(derived),
    }
