"""SARIF 2.1.0, which editors and code scanning read (OASIS, sarif-v2.1.0)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from derive.backends.places import PROBLEMS, Failure, failures
from derive.claims.statuses import REFUTED

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def render(report: Mapping[str, Any]) -> str:
    """The report as a SARIF log of one run."""
    rules = [
        {
            "id": outcome,
            "shortDescription": {"text": said},
            "defaultConfiguration": {"level": "error" if outcome in REFUTED else "warning"},
        }
        for outcome, said in PROBLEMS.items()
    ]
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "derive", "version": _version(), "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(found) for found in failures(report)],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    """The version of this package; ``"unknown"`` where it is not installed."""
    try:
        return metadata.version("derive-formulas")
    except metadata.PackageNotFoundError:
        return "unknown"


def _result(found: Failure) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": found.name}]}
    if found.file is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(found.file)}}
        if found.line is not None:
            region = {"startLine": found.line}
            if found.column is not None:
                region["startColumn"] = found.column
            physical["region"] = region
        location["physicalLocation"] = physical
    return {
        "ruleId": found.outcome,
        "level": "error" if found.is_error else "warning",
        "message": {"text": f"{found.name}: {found.message}"},
        "locations": [location],
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
