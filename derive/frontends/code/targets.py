"""Targets that are meant to be one-hot, and masks that are meant to be of 0 and 1, where nobody
says so: what is right of those alone.

The gradient of −Σ y·log softmax(z) is (Σ y)·p − y, and p − y where the rows of y are zeros and a 1.
Whoever writes p − y has such a y in mind. It holds then, under an assumption that the verdict
lists; where y has one axis it is not decided, as that may be one of samples. Likewise 2·m·(x − y)
is the gradient of Σ (m·(x − y))² where m² is m.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from derive.base.errors import ClaimError
from derive.claims.verdict import DISAGREES, HOLDS, UNDECIDED, Verdict
from derive.frontends.code import small_sizes
from derive.frontends.code.pairs import Pair
from derive.frontends.code.shapes import binary, one_hot, parts_of
from derive.frontends.code.signatures import OF_MASKS, OF_TARGETS


def without_false_alarms(
    pair: Pair, found: dict[str, Verdict], decide: Callable[[Pair], dict[str, Verdict]]
) -> dict[str, Verdict]:
    """The verdicts, with those on one-hot targets or masks of 0 and 1 instead of what disagrees and
    holds for these.
    """
    wrong = [name for name, verdict in found.items() if verdict.status == DISAGREES]
    for mask, shape in pair.shapes.items() if wrong else ():
        if not isinstance(shape, str) or mask in found or not OF_MASKS.fullmatch(mask):
            continue
        of_ones = replace(pair, shapes={**pair.shapes, mask: binary(shape)})
        if any(True for _ in small_sizes.wrong_sizes(of_ones)):
            continue  # a run shows that it is wrong of these, too
        again = _again(of_ones, decide)
        if all(name in again and again[name].status == HOLDS for name in wrong):
            declared = f"`{mask} ({', '.join(parts_of(shape))}) binary` declares it"
            told = f"{mask} is 0 or 1 in each entry"
            return {**found, **{n: _assuming(again[n], told, declared) for n in wrong}}
    for target, shape in pair.shapes.items() if wrong else ():
        meant = isinstance(shape, str) and target not in found and OF_TARGETS.fullmatch(target)
        if not meant or not parts_of(shape) or parts_of(shape)[-1] == "1":
            continue
        again = _again(replace(pair, shapes={**pair.shapes, target: one_hot(shape)}), decide)
        if all(name in again and again[name].status == HOLDS for name in wrong):
            sizes = parts_of(shape)
            declared = f"`{target} ({', '.join(sizes)}) one-hot` declares it"
            if len(sizes) > 1:
                told = f"{target} is one-hot along its last axis"
                return {**found, **{n: _assuming(again[n], told, declared) for n in wrong}}
            reason = f"it holds where {target} is one-hot, and not for every {target}: {declared}"
            return {**found, **{n: _undecided(found[n], reason) for n in wrong}}
    return found


def _again(pair: Pair, decide: Callable[[Pair], dict[str, Verdict]]) -> dict[str, Verdict]:
    try:
        return decide(pair)
    except ClaimError:
        return {}


def _assuming(verdict: Verdict, told: str, declared: str) -> Verdict:
    return replace(
        verdict,
        assumptions=(sp.Symbol(told), *verdict.assumptions),
        notes=(*verdict.notes, declared),
    )


def _undecided(verdict: Verdict, reason: str) -> Verdict:
    return replace(verdict, status=UNDECIDED, witness=None, reason=reason)
