"""Transformers of any depth: the gradient of a loss in what enters, and in the first queries.

Blocks with the norms first (:func:`formulas.transformer.stack`), every size a symbol, each claim
proved against the published backward passes of attention, the feed-forward network and the
layer norm, block after block.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.scaling import size
from derive import Backward, verify
from derive.formulas import transformer

DEPTHS = (1, 2, 4, 8, 16, 48)
IN_FIRST = ("X", "Wq1")


@dataclass(frozen=True)
class Measurement:
    """One depth and one symbol: seconds to build and to decide the claim, the arrays in it."""

    depth: int
    symbol: str
    build: float
    verify: float
    arrays: int
    status: str


def measure(depths: Iterable[int] = DEPTHS) -> Iterator[Measurement]:
    """Each claim once."""
    for depth in depths:
        start = time.perf_counter()
        output, gradients, where = transformer.stack(depth)
        build = time.perf_counter() - start
        for symbol, documented in gradients.items():
            if str(symbol) in IN_FIRST:
                claim = Backward(output, symbol, transformer.G, documented, where=where)
                found = verify(claim, timeout=300)
                arrays, _ = size(claim)
                yield Measurement(depth, str(symbol), build, found.seconds, arrays, found.status)
