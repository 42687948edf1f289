"""``derive draw``: the graph of the definitions of a formula, as SVG or in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from derive.backends.drawing import svg
from derive.backends.graph import graph_of, largest
from derive.claims.entry import Entry

_LEARNT = re.compile(
    r"\b(weights?|bias(es)?|parameters?|kernels?|filters?|gains?|scale of|shift of)\b", re.I
)


def drawn(entries: Sequence[Entry], form: str, gradient: bool = False) -> str:
    """The picture of a claim, or of the claim among several that defines most.

    Parameters are the symbols of a formula that it calls weights, biases or the like, and what a
    claim by itself differentiates in.

    :param form: ``"svg"`` or ``"text"``.
    :param gradient: mark the way that the claimed gradient comes back.
    """
    parameters: set[Any] = set()
    for entry in entries:
        if entry.formula is not None:
            told = entry.formula.symbols.items()
            parameters |= {symbol for symbol, meaning in told if _LEARNT.search(meaning)}
        else:
            parameters.add(getattr(entry.claim, "wrt", None))
    if len(entries) == 1:
        graph = graph_of(entries[0].claim, parameters)
    else:
        graph = largest([entry.claim for entry in entries], parameters)
    return svg(graph, gradient) if form == "svg" else "\n".join([*graph.told(), ""])
