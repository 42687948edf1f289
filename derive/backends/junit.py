"""JUnit XML: each claim a test case, as most continuous integration servers read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from derive.backends.places import (
    PROBLEMS,
    Failure,
    claims_beside,
    failure_of_claim,
    failure_of_formula,
)

# What XML 1.0 has no way to write.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Mapping[str, Any]) -> str:
    """The report as one test suite for each formula of the catalogue, file or section."""
    suites: dict[str, list[Xml.Element]] = {}
    for claim in claims_beside(report):
        suite = claim.get("formula") or claim.get("file") or claim.get("section") or "claims"
        case = _case(suite, claim["id"], claim.get("seconds"))
        found = failure_of_claim(claim)
        if found is not None:
            _fail(case, found, claim.get("statement"))
        suites.setdefault(suite, []).append(case)
    seconds = {claim["id"]: claim.get("seconds") or 0 for claim in report["claims"]}
    for formula in report.get("formulas", ()):
        found = failure_of_formula(formula)
        if found is None and formula["outcome"] not in ("holds", *PROBLEMS):
            continue  # it defines or declares something, or says nothing
        file = formula["file"]
        place = file, formula.get("cell"), formula["line"], formula.get("column")
        name = ":".join(str(part) for part in place if part is not None)
        case = _case(file, name, sum(seconds.get(id, 0) for id in formula.get("claims", ())))
        if found is not None and found.is_error:
            _fail(case, found, formula["latex"])
        elif found is not None:  # it fails no run, as on the command line
            Xml.SubElement(case, "skipped", message=_clean(f"{found.outcome}: {found.message}"))
        suites.setdefault(file, []).append(case)
    root = Xml.Element("testsuites", name="derive")
    for name, cases in suites.items():
        failed = sum(case.find("failure") is not None for case in cases)
        skipped = sum(case.find("skipped") is not None for case in cases)
        suite_of = Xml.SubElement(
            root,
            "testsuite",
            name=_clean(name),
            tests=str(len(cases)),
            failures=str(failed),
            skipped=str(skipped),
            errors="0",
        )
        suite_of.extend(cases)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _case(suite: str, name: str, seconds: float | None) -> Xml.Element:
    said = {"classname": _clean(suite), "name": _clean(name), "time": f"{seconds or 0:.3f}"}
    return Xml.Element("testcase", said)


def _fail(case: Xml.Element, found: Failure, statement: str | None) -> None:
    failure = Xml.SubElement(case, "failure", type=found.outcome, message=_clean(found.message))
    place = f"{found.file}:{found.line}" if found.file and found.line else ""
    told = (place, statement or "", found.message)
    failure.text = _clean("\n".join(part for part in told if part))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
