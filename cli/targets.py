"""What a TARGET on the command line means: a claim, a formula, a section or a file of claims."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence

from derive.base.near_names import near
from derive.claims.entry import Entry
from derive.claims.formula import Formula
from derive.formulas.index import Listed
from derive.frontends.files import TargetError, load

_SECTION = re.compile(r"\d+(\.\d+)*")


def section_order(section: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts sections by number: 1.2 before 1.10."""
    parts = section.split(".") if section else []
    return tuple((int(part), "") if part.isdigit() else (sys.maxsize, part) for part in parts)


def catalogue_entries(catalogue: Mapping[str, Formula]) -> list[Entry]:
    """Every claim of the catalogue, by section, in the order in which a formula states them."""
    formulas = sorted(catalogue.values(), key=lambda formula: section_order(formula.section))
    return [Entry(claim, formula) for formula in formulas for claim in formula.claims]


def resolve(targets: Sequence[str], catalogue: Callable[[], Mapping[str, Formula]]) -> list[Entry]:
    """The claims that the targets name, in the order of the targets, each once.

    :param catalogue: called only if a target is not plainly a file.
    """
    if targets and all(_is_plainly_a_path(target) for target in targets):
        found = [entry for target in targets for entry in load(target)]
    else:
        known = catalogue_entries(catalogue())
        found = [entry for target in targets for entry in _resolve_one(target, known)]
        if not targets:
            return known
    return list({(entry.path, entry.id): entry for entry in found}.values())


def needed_modules(targets: Sequence[str], listed: Sequence[Listed]) -> list[str]:
    """The modules of the formulas that the targets name.

    :raises TargetError: a target is neither listed nor there as a file.
    """
    found: dict[str, None] = {}
    for target in targets:
        named = [
            entry.module
            for entry in listed
            if target in (entry.id, entry.formula) or _is_within(entry.section, target)
        ]
        if not named and not _may_be_a_path(target):
            raise TargetError(_unknown(target, [(e.id, e.formula, e.section) for e in listed]))
        found.update(dict.fromkeys(named))
    return list(found)


def _resolve_one(target: str, known: list[Entry]) -> list[Entry]:
    for matches in (
        [entry for entry in known if entry.id == target],
        [entry for entry in known if entry.formula and entry.formula.id == target],
        [entry for entry in known if _is_within(entry.section, target)],
    ):
        if matches:
            return matches
    if _may_be_a_path(target):
        return load(target)
    names = [
        (entry.id, entry.formula.id if entry.formula else "", entry.section) for entry in known
    ]
    raise TargetError(_unknown(target, names))


def _is_within(section: str, target: str) -> bool:
    return section == target or section.startswith(target + ".")


def _is_plainly_a_path(target: str) -> bool:
    return "::" in target or target.endswith(".py") or os.sep in target


def _may_be_a_path(target: str) -> bool:
    return _is_plainly_a_path(target) or bool(target and os.path.exists(target))


def _unknown(target: str, known: Sequence[tuple[str, str, str]]) -> str:
    """What is said of a target that is not there.

    :param known: of each claim its id, its formula's, and its section.
    """
    if _SECTION.fullmatch(target):
        sections = sorted({section for *_, section in known if section}, key=section_order)
        there_are = f"the sections are {', '.join(sections)}" if sections else "it is empty"
        return f"the catalogue has no section {target}; {there_are}"
    names = [id for id, *_ in known] + [formula for _, formula, _ in known if formula]
    close = near(target, names)
    hint = f"did you mean {' or '.join(close)}?" if close else "`derive list` shows the catalogue"
    return f"no claim, formula, section or file is called {target!r}; {hint}"
