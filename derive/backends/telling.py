"""From a claim and its verdict to the text that is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from derive.backends.draw import picture
from derive.base.worker import run_deep
from derive.claims.entry import Entry
from derive.claims.finding import Finding
from derive.claims.typesetting import typeset
from derive.claims.verdict import HOLDS, SparseArray, Verdict, Witness
from derive.claims.wording import function_name
from derive.language.printing import number_text, numbers_apart, text_of
from derive.report import verdict_data

_VALUE_WIDTH = 60


def told(entry: Entry, verdict: Verdict, typesetting: bool = False) -> Finding:
    """What a report says of a claim.

    :param typesetting: give it its mathematics in LaTeX, and a picture of its definitions, too.
    """
    record = verdict_data(entry, verdict)
    if typesetting:
        record["latex"] = typeset(entry.claim, verdict)
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


def deeply_told(entry: Entry, verdict: Verdict, typesetting: bool = False) -> Finding:
    """The same of expressions that are nested deeply."""
    return run_deep(partial(told, entry, verdict, typesetting))


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
