"""One formula by itself, with the definitions and declarations that are given along with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.statuses import DECLARES, DEFINES, HOLDS
from derive.claims.verdict import Verdict
from derive.frontends.document.check import Checked, named
from derive.frontends.document.collect import collect
from derive.frontends.document.contents import Contents, Directive, Formula, Lines, Passage
from derive.frontends.document.decided import Outcome
from derive.frontends.document.outcomes import outcomes
from derive.frontends.document.parser import parser
from derive.frontends.document.units import Collected

LONGEST = 100_000
NAME = "formula"

_DELIMITERS = re.compile(r"\A\s*(\$\$|\$|\\\[|\\\()(.*?)(\$\$|\$|\\\]|\\\))\s*\Z", re.S)
_CLOSING = {"$$": "$$", "$": "$", r"\[": r"\]", r"\(": r"\)"}


class PastedError(DeriveError):
    """A formula, a definition or a declaration that cannot be used; one sentence."""


def check_pasted(
    formula: str,
    where: Sequence[str],
    declared: Sequence[str],
    decide: Callable[[Claim], Verdict],
) -> Checked:
    """Decide one formula. In its report the formula begins in line 1, what is given with it
    stands in the lines below.

    :param where: definitions, ``Y = XW``.
    :param declared: items of a directive, ``X: n×d`` or ``vectors = column``.
    :raises PastedError: for no formula, for more than can be meant, for a definition that defines
        nothing, for a declaration that declares nothing.
    """
    if not formula.strip():
        raise PastedError("there is no formula")
    if max(map(len, (formula, *where, *declared))) > LONGEST:
        raise PastedError(f"a formula of more than {LONGEST:,} characters is not read")
    source = "\n".join((formula.rstrip("\n"), *where, *declared))
    lines = Lines.of(source)
    begins, at = [], 0
    for part in (formula.rstrip("\n"), *where, *declared):
        begins.append(at)
        at += len(part) + 1
    definitions = [
        _formula(text, begin, lines) for text, begin in zip(where, begins[1:], strict=False)
    ]
    directives = [
        Directive(text, ((0, begin),), lines)
        for text, begin in zip(declared, begins[1 + len(where) :], strict=True)
    ]
    asked = _formula(formula, 0, lines)
    items: tuple[Passage, ...] = (*directives, *definitions, asked)
    contents = Contents(items)
    collected = collect(contents, parser(contents))
    for _, message in collected.problems:
        raise PastedError(message)
    collected.asserted = True
    _all_define(collected, definitions)
    found = named(NAME, outcomes(collected, decide))
    shown = [one for one in found if _asked(one, asked) or one.outcome not in (DEFINES, HOLDS)]
    for one in shown:
        if not _asked(one, asked) and one.outcome != "ill-shaped":
            raise PastedError(f"`{one.latex}` defines nothing: {one.message or one.outcome}")
    return Checked(NAME, tuple(shown), (), source)


def holds(checked: Checked) -> bool:
    """Whether everything that the formula says holds, and it says something."""
    kinds = {one.outcome for one in checked.outcomes}
    return HOLDS in kinds and kinds <= {HOLDS, DEFINES, DECLARES}


def _formula(text: str, begin: int, lines: Lines) -> Formula:
    """A formula, also with the delimiters that it had where it was copied from."""
    found = _DELIMITERS.match(text)
    if found and found[3] == _CLOSING[found[1]] and "$" not in found[2]:
        return Formula(found[2], ((0, begin + found.start(2)),), lines, display=True)
    return Formula(text.rstrip("\n"), ((0, begin),), lines, display=True)


def _asked(one: Outcome, asked: Formula) -> bool:
    return asked.place(0).line <= one.place.line <= asked.place(len(asked.text)).line


def _all_define(collected: Collected, definitions: Sequence[Formula]) -> None:
    for text in definitions:
        units = [unit for unit in collected.units if unit.formula is text]
        for unit in units:
            if unit.row.failure is not None:
                raise PastedError(f"`{text.text.strip()}`: {unit.row.failure.message}")
