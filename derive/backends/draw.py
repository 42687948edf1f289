"""``derive draw``: the graph of the definitions of a formula, as SVG or in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from derive.backends.drawing import svg
from derive.backends.graph import DEFINED, RESULT, graph_of, largest
from derive.base.errors import DeriveError
from derive.claims.entry import Entry

FEWEST, MOST = 3, 60  # definitions, and nodes in all, of what a page shows
# As a symbol is told; "a weight" and "one parameter" is what it does something to.
_LEARNT = re.compile(
    r"(?<!\ba )(?<!\bone )\b(weights?|bias(es)?|parameters?|kernels?|filters?|gains?|embedding"
    r"|scale of|shift of|trained|learn(t|ed))\b",
    re.IGNORECASE,
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
        parameters |= _parameters(entry)
    if len(entries) == 1:
        graph = graph_of(entries[0].claim, parameters)
    else:
        graph = largest([entry.claim for entry in entries], parameters)
    return svg(graph, gradient) if form == "svg" else "\n".join([*graph.told(), ""])


def picture(entry: Entry) -> str | None:
    """The picture of a claim of a formula, to be put into a page; None where there is little to
    be seen, or too much.
    """
    if entry.formula is None or len(entry.claim.where) < FEWEST:
        return None
    try:
        graph = graph_of(entry.claim, _parameters(entry))
    except DeriveError:
        return None
    defined = sum(node.kind in (DEFINED, RESULT) for node in graph.nodes)
    if defined < FEWEST or len(graph.nodes) > MOST:
        return None
    return svg(graph, inside=True)


def _parameters(entry: Entry) -> set[Any]:
    if entry.formula is None:
        return {getattr(entry.claim, "wrt", None)}
    told = entry.formula.symbols.items()
    return {symbol for symbol, meaning in told if _LEARNT.search(meaning.partition(":")[0])}
