"""JUnit XML: each claim a test case, as most continuous integration servers read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

from derive.backends.places import failures

# What XML 1.0 has no way to write.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Mapping[str, Any]) -> str:
    """The report as one test suite for each formula, file or section."""
    suites: dict[str, list[Xml.Element]] = {}
    problems = {found.name: found for found in failures(report)}
    for claim in report["claims"]:
        suite = claim.get("formula") or claim.get("file") or claim.get("section") or "claims"
        case = Xml.Element(
            "testcase",
            classname=_clean(suite),
            name=_clean(claim["id"]),
            time=f"{claim.get('seconds') or 0:.3f}",
        )
        found = problems.pop(claim["id"], None)
        if found is not None:
            failure = Xml.SubElement(
                case, "failure", type=found.outcome, message=_clean(found.message)
            )
            place = f"{found.file}:{found.line}" if found.file and found.line else ""
            told = (place, claim.get("statement") or "", found.message)
            failure.text = _clean("\n".join(part for part in told if part))
        suites.setdefault(suite, []).append(case)
    for found in problems.values():  # formulas that no claim was made of
        case = Xml.Element("testcase", classname=_clean(found.file or ""), name=_clean(found.name))
        if found.is_error:
            Xml.SubElement(case, "failure", type=found.outcome, message=_clean(found.message))
        else:
            Xml.SubElement(case, "skipped", message=_clean(f"{found.outcome}: {found.message}"))
        suites.setdefault(found.file or "formulas", []).append(case)
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


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
