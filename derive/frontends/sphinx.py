"""A Sphinx extension: the build warns of each wrong formula in its sources, and fails with ``-W``.

In ``conf.py``::

    extensions = ["derive.frontends.sphinx"]

Every source that is read (reStructuredText, Markdown, notebooks) is checked as ``derive verify``
does it, its sidecar included. What disagrees or is ill-shaped is a warning at its file and line;
with ``derive_strict = True`` also what is undecided, ambiguous or not understood.
``derive_exclude`` lists documents that are left out, as patterns such as ``"changes/*"``;
``derive_timeout`` is the time for each formula in seconds. A kind of warning is turned off with
``suppress_warnings = ["derive.ill-shaped"]``.
"""

from __future__ import annotations

from fnmatch import fnmatch
from functools import partial
from typing import TYPE_CHECKING, Any

from derive.base.errors import DeriveError
from derive.claims.statuses import AMBIGUOUS, NOT_UNDERSTOOD, REFUTED
from derive.engine import verify
from derive.frontends.document.check import Checked, check, is_document
from derive.frontends.document.decided import Outcome

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OPEN = ("undecided", AMBIGUOUS, NOT_UNDERSTOOD)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_config_value("derive_strict", False, "env", frozenset([bool]))
    app.add_config_value("derive_exclude", [], "env", frozenset([list, tuple]))
    app.add_config_value("derive_timeout", 60.0, "env", frozenset([int, float]))
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read(app: Sphinx, document: str, source: list[str]) -> None:
    """A source was read: its formulas are checked, from its file, where lines are as they are."""
    from sphinx.util.logging import getLogger

    logger = getLogger(__name__)
    path = str(app.env.doc2path(document))
    excluded = any(fnmatch(document, pattern) for pattern in app.config.derive_exclude)
    if excluded or not is_document(path):
        return
    decide = partial(verify, timeout=app.config.derive_timeout)
    try:
        checked = check(path, decide)
    except DeriveError as problem:
        logger.warning("%s", problem, location=path, type="derive", subtype="document")
        return
    for line, kind, message in warnings(checked, app.config.derive_strict):
        place = f"{path}:{line}" if line else path
        logger.warning("%s", message, location=place, type="derive", subtype=kind)


def warnings(checked: Checked, strict: bool) -> list[tuple[int, str, str]]:
    """What a build warns of: line, kind and message, in the order of the document.

    A formula of which a directive expects its outcome is none of it; one that turns out otherwise
    than is expected is.
    """
    found = [(line, "declaration", message) for line, message in checked.problems]
    for one in checked.outcomes:
        wrong = one.outcome in REFUTED or (strict and one.outcome in OPEN)
        if one.expected:
            wrong = not one.as_expected
        if wrong:
            found.append((_line(one), one.outcome, _sentence(one)))
    return sorted(found, key=lambda each: each[0])


def _line(one: Outcome) -> int:
    # A cell of a notebook has no line in the file.
    return 0 if one.place.cell is not None else one.place.line


def _sentence(one: Outcome) -> str:
    cell = f"cell {one.place.cell}: " if one.place.cell is not None else ""
    expected = f", and {one.expected} is expected" if one.expected else ""
    formula = " ".join(one.latex.split())
    return f"{cell}{formula} {_says(one.outcome)}{expected}: {one.message}".rstrip(": ")


def _says(outcome: str) -> str:
    return outcome if outcome in ("holds", "disagrees") else f"is {outcome.replace('-', ' ')}"


__all__ = ["read", "setup", "warnings"]
