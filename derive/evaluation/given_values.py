"""What a point gives to a symbol, as a value of the evaluator's field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from derive.evaluation.closed_values import is_closed
from derive.evaluation.fields import FLOATING
from derive.evaluation.jets import Jet, Jets
from derive.evaluation.point import Point


def given(point: Point, jets: Jets, symbol: Any, closed: Callable[[Any], Any]) -> Jet:
    """The value of a symbol at a point. In floats it is kept for all walks there: they are many,
    and have one precision.

    :param closed: the number that a closed expression such as log(1/3) is.
    """
    kept = point.floats if jets.field is FLOATING else {}
    if symbol in kept:
        return kept[symbol]
    raw = point.values[symbol]
    has_closed = False
    if isinstance(raw, (np.ndarray, list, tuple)):
        entries = np.asarray(raw, dtype=object)
        has_closed = any(map(is_closed, entries.flat))
        value = _entry_by_entry(entries, jets, closed) if has_closed else jets.field.array(raw)
    else:
        has_closed = is_closed(raw)
        value = closed(raw) if has_closed else jets.field.number(raw)
    jet = jets.as_matrix(Jet(value)) if isinstance(symbol, sp.MatrixSymbol) else Jet(value)
    if not has_closed:
        kept[symbol] = jet
    return jet


def _entry_by_entry(entries: np.ndarray, jets: Jets, closed: Callable[[Any], Any]) -> np.ndarray:
    """Entries of which some are closed expressions, as numbers of the field."""
    found = np.empty(entries.shape, dtype=object)
    for position in np.ndindex(entries.shape):
        entry = entries[position]
        found[position] = closed(entry) if is_closed(entry) else jets.field.number(entry)
    return found.astype(jets.field.dtype)
