"""From a claim and its verdict to the plain record that every back end writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from derive.base.worker import run_deep
from derive.claims.entry import Entry
from derive.claims.verdict import HOLDS, SparseArray, Verdict, Witness
from derive.claims.wording import function_name, statement
from derive.language.printing import number_text, numbers_apart, plain_text, text_of
from derive.report import Finding

_VALUE_WIDTH = 60


def told(entry: Entry, verdict: Verdict, typesetting: bool = False, brief: bool = False) -> Finding:
    """What a report says of a claim.

    :param typesetting: give it its mathematics in LaTeX, and a picture of its definitions, too.
    :param brief: for a terminal alone, which shows no side of what holds.
    """
    record = headline(entry, verdict) if brief else verdict_data(entry, verdict)
    if typesetting:
        # Imported where it is asked for: a terminal shows neither.
        from derive.backends.draw import picture
        from derive.claims.typesetting import latex_of_witness, typeset

        record["latex"] = typeset(entry.claim, verdict)
        if verdict.witness is not None:
            record["latex"] |= latex_of_witness(verdict.witness, function_name)
        if (drawing := picture(entry)) is not None:
            record["drawing"] = drawing
    return Finding(
        record,
        formula=entry.formula.title if entry.formula else "",
        path=entry.path,
        assumptions=assumption_texts(verdict),
        sides=() if verdict.status == HOLDS else sides(verdict),
        **_witness_texts(verdict),
    )


def deeply_told(
    entry: Entry, verdict: Verdict, typesetting: bool = False, brief: bool = False
) -> Finding:
    """The same of expressions that are nested deeply."""
    return run_deep(partial(told, entry, verdict, typesetting, brief))


def assumption_texts(verdict: Verdict) -> tuple[str, ...]:
    """What the claim holds under."""
    return tuple(text_of(fact) for fact in verdict.assumptions)


def sides(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """The documented and the derived side; an identity has a left and a right one."""
    claim: Any = verdict.claim
    found = [("documented", text_of(claim.documented))]
    if claim.states_both:
        found = [("left", text_of(claim.left)), ("right", text_of(claim.right))]
    derived = None if verdict.derived is None else text_of(verdict.derived)
    if derived is not None and derived != found[0][1]:
        found.append(("derived", derived))
    elif derived is not None and not claim.states_both:
        found.append(("derived", "the same"))
    return tuple(found)


def _witness_texts(verdict: Verdict) -> dict[str, Any]:
    witness = verdict.witness
    if witness is None:
        return {}
    names = verdict.claim.sides
    left, right = numbers_apart(witness.left, witness.right)
    return {
        "point": tuple(_point(witness)),
        "entry": _entry_text(witness.entry) if witness.entry else "",
        "comparison": f"{names[0]} {left}, {names[1]} {right}",
    }


def _entry_text(entry: Iterable[Any]) -> str:
    return f"[{', '.join(str(index) for index in entry)}]"


def _point(witness: Witness) -> list[str]:
    """``m = 2``, ``W = [[1, 1/2]]``, ``f(z) = z**2``, …: everything that fixes the point."""
    parts = [f"{name} = {size}" for name, size in witness.sizes.items()]
    parts += [f"{name} = {value_text(value)}" for name, value in witness.values.items()]
    return parts + [
        f"{function_name(function)} = {text_of(meaning)}"
        for function, meaning in witness.functions.items()
    ]


def value_text(value: Any) -> str:
    """A value of a witness; a large array only by its first numbers and its shape."""
    if isinstance(value, SparseArray):
        return str(value)
    text = _nested(value)
    if len(text) <= _VALUE_WIDTH or not isinstance(value, (list, tuple)):
        return text
    sizes: list[str] = []
    row: Any = value
    while isinstance(row, (list, tuple)):
        sizes.append(str(len(row)))
        first, row = row, row[0] if row else None
    start = ", ".join([*map(_nested, first[:4]), *(["…"] if len(first) > 4 else [])])
    brackets = len(sizes) - 1
    return f"{'[' * brackets}[{start}]{', …]' * brackets} ({'×'.join(sizes)})"


def _nested(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_nested(item) for item in value)}]"
    return number_text(value)


# ------------------------------------------------------------------------------- the JSON of it


def headline(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    """What a terminal shows of a claim and its verdict, besides what a finding has in text."""
    return {
        "id": entry.claim.id,
        "section": entry.section or None,
        "title": entry.claim.title,
        "status": verdict.status,
        "reason": verdict.reason,
        "notes": list(verdict.notes),
        "stopped": verdict.stopped,
    }


def verdict_data(entry: Entry, verdict: Verdict) -> dict[str, Any]:
    """What JSON says of a claim and its verdict."""
    claim = entry.claim
    return {
        **({"file": entry.path, "line": entry.line} if entry.line else {}),
        "id": claim.id,
        "formula": entry.formula.id if entry.formula else None,
        "section": entry.section or None,
        "kind": claim.kind,
        "title": claim.title,
        "status": verdict.status,
        "assumptions": [plain_text(assumption) for assumption in verdict.assumptions],
        "statement": statement(claim),
        "documented": plain_text(claim.documented),
        "derived": None if verdict.derived is None else plain_text(verdict.derived),
        "witness": witness_data(verdict.witness) if verdict.witness else None,
        "reason": verdict.reason,
        "notes": list(verdict.notes),
        "source": claim.source,
        "stopped": verdict.stopped,
        "work": verdict.work,
        "seconds": round(verdict.seconds, 4),
    }


def witness_data(witness: Witness) -> dict[str, Any]:
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
        found = {
            "shape": list(value.shape),
            "entries": entries,
            "elsewhere": _exact(value.elsewhere),
        }
        on = {} if value.diagonal is None else {"diagonal": _exact(value.diagonal)}
        return found | on
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    return str(value)
