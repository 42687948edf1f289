"""The JSON of every command: plain dictionaries, with exact numbers as strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derive.claims.entry import Entry
from derive.claims.verdict import SparseArray, Verdict, Witness
from derive.claims.wording import documented, function_name, statement
from derive.cli.shapes import ShapeRow
from derive.language.printing import plain_text

Record = dict[str, Any]


def verdict_record(entry: Entry, verdict: Verdict) -> Record:
    """One claim with its verdict."""
    claim = entry.claim
    return {
        **({"file": entry.path, "line": entry.line} if entry.line else {}),
        "id": claim.id,
        "formula": _formula_id(entry),
        "section": entry.section or None,
        "kind": claim.kind,
        "title": claim.title,
        "status": verdict.status,
        "assumptions": [plain_text(assumption) for assumption in verdict.assumptions],
        "statement": statement(claim),
        "documented": plain_text(documented(claim)),
        "derived": None if verdict.derived is None else plain_text(verdict.derived),
        "witness": witness_record(verdict.witness) if verdict.witness else None,
        "reason": verdict.reason,
        "notes": list(verdict.notes),
        "source": claim.source,
        "stopped": verdict.stopped,
        "work": verdict.work,
        **({"cached": True} if verdict.cached else {}),
        "seconds": round(verdict.seconds, 4),
    }


def gradient_record(of: Any, wrt: Any, shape: Sequence[Any], derived: Any) -> Record:
    """A gradient of which nothing is claimed."""
    return {
        "of": plain_text(of),
        "wrt": plain_text(wrt),
        "shape": [str(size) for size in shape],
        "derived": plain_text(derived),
    }


def _formula_id(entry: Entry) -> str | None:
    return entry.formula.id if entry.formula else None


def witness_record(witness: Witness) -> Record:
    """A witness, its rationals as strings such as ``"1/2"``."""
    return {
        "sizes": {str(name): int(size) for name, size in witness.sizes.items()},
        "values": {str(name): _exact(value) for name, value in witness.values.items()},
        "functions": {function_name(key): str(value) for key, value in witness.functions.items()},
        "entry": [int(index) for index in witness.entry],
        "left": _exact(witness.left),
        "right": _exact(witness.right),
    }


def _exact(value: Any) -> Any:
    if isinstance(value, SparseArray):
        entries = [[list(position), _exact(number)] for position, number in value.entries.items()]
        return {
            "shape": list(value.shape),
            "entries": entries,
            "elsewhere": _exact(value.elsewhere),
        }
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    return str(value)


def shape_records(rows: Sequence[ShapeRow]) -> list[Record]:
    """The report of ``shapes``: every expression with its shape, or the error in it."""
    return [
        {
            "claim": row.claim,
            "field": row.field,
            "expression": plain_text(row.expression),
            "shape": None if row.shape is None else [str(size) for size in row.shape],
            "error": row.error,
        }
        for row in rows
    ]
