"""Targets that are meant to be one-hot where nobody says so: what is right of those alone.

The gradient of −Σ y·log softmax(z) is (Σ y)·p − y, and p − y where the rows of y are zeros and a 1.
Whoever writes p − y has such a y in mind. It holds then, under an assumption that the verdict
lists; where y has one axis it is not decided, as that may be one of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from derive.base.errors import ClaimError
from derive.claims.verdict import DISAGREES, HOLDS, UNDECIDED, Verdict
from derive.frontends.code.pairs import Pair
from derive.frontends.code.shapes import one_hot, parts_of
from derive.frontends.code.signatures import OF_TARGETS


def without_false_alarms(
    pair: Pair, found: dict[str, Verdict], decide: Callable[[Pair], dict[str, Verdict]]
) -> dict[str, Verdict]:
    """The verdicts, with those on one-hot targets instead of what disagrees and holds for these."""
    wrong = [name for name, verdict in found.items() if verdict.status == DISAGREES]
    for target, shape in pair.shapes.items() if wrong else ():
        meant = isinstance(shape, str) and target not in found and OF_TARGETS.fullmatch(target)
        if not meant or not parts_of(shape) or parts_of(shape)[-1] == "1":
            continue
        try:
            again = decide(replace(pair, shapes={**pair.shapes, target: one_hot(shape)}))
        except ClaimError:
            continue
        if all(name in again and again[name].status == HOLDS for name in wrong):
            sizes = parts_of(shape)
            declared = f"`{target} ({', '.join(sizes)}) one-hot` declares it"
            if len(sizes) > 1:
                return {**found, **{n: _assuming(again[n], target, declared) for n in wrong}}
            reason = f"it holds where {target} is one-hot, and not for every {target}: {declared}"
            return {**found, **{n: _undecided(found[n], reason) for n in wrong}}
    return found


def _assuming(verdict: Verdict, target: str, declared: str) -> Verdict:
    assumed = sp.Symbol(f"{target} is one-hot along its last axis")
    return replace(
        verdict, assumptions=(assumed, *verdict.assumptions), notes=(*verdict.notes, declared)
    )


def _undecided(verdict: Verdict, reason: str) -> Verdict:
    return replace(verdict, status=UNDECIDED, witness=None, reason=reason)
