"""What keeps logarithms and quotients finite, and that a derivative ignores: clips, and small
numbers that are added. Without them the claim is another, and may hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp

from derive.claims.kinds import Claim
from derive.claims.rounding import put_in_for
from derive.language.printing import text_of
from derive.refutation.symbols import fields_of

LARGEST = sp.Rational(1, 1000)  # of a number that only keeps something finite
_LONGEST = 90  # characters


def without(claim: Claim) -> Iterator[tuple[str, Claim]]:
    """The claim without its clips, without its small numbers, and without both, each with the words
    for what is then said of the claim if that one holds.
    """
    clipped, inside = _clips(claim)
    small, numbers = _small(claim)
    within, only = " and ".join(inside), ", ".join(numbers)
    if clipped and len(within) <= _LONGEST:
        yield f"it holds where {within}", put_in_for(claim, clipped)
    if small:
        yield f"it holds with {only} = 0 only", put_in_for(claim, small)
    if clipped and len(within) <= _LONGEST:
        unclipped = put_in_for(claim, clipped)
        small, numbers = _small(unclipped)
        if small:
            words = f"it holds where {within}, and with {', '.join(numbers)} = 0 only"
            yield words, put_in_for(unclipped, small)


def _nodes(claim: Claim) -> Iterator[Any]:
    seen: set[Any] = set()
    for expr in fields_of(claim):
        for node in sp.preorder_traversal(expr):
            if node not in seen:
                seen.add(node)
                yield node


def _clips(claim: Claim) -> tuple[dict[Any, Any], list[str]]:
    """What is clipped by each clip between two numbers, and where nothing is cut off."""
    found: dict[Any, Any] = {}
    where: dict[str, None] = {}
    for node in _nodes(claim):
        clip = _clip(node)
        if clip is not None:
            low, inside, high = clip
            found[node] = inside
            where[f"{text_of(low)} < {text_of(inside)} < {text_of(high)}"] = None
    return found, list(where)


def _clip(node: Any) -> tuple[Any, Any, Any] | None:
    """The ends and the middle of max(lo, min(hi, e)) or min(hi, max(lo, e))."""
    for outer, inner in ((sp.Max, sp.Min), (sp.Min, sp.Max)):
        if not isinstance(node, outer) or len(node.args) != 2:
            continue
        end, rest = _parted(node)
        if end is None or not isinstance(rest, inner) or len(rest.args) != 2:
            continue
        other, inside = _parted(rest)
        if other is not None:
            low, high = (end, other) if outer is sp.Max else (other, end)
            return (low, inside, high) if low < high else None
    return None


def _parted(node: Any) -> tuple[Any, Any]:
    """The number and what else is among two arguments; no number where there is not one."""
    first, second = node.args
    if first.is_number and first.is_real and not second.is_number:
        return first, second
    if second.is_number and second.is_real and not first.is_number:
        return second, first
    return None, None


def _small(claim: Claim) -> tuple[dict[Any, Any], list[str]]:
    """What logarithms and powers are taken of, without the small number added to it."""
    found: dict[Any, Any] = {}
    numbers: dict[str, None] = {}
    for node in _nodes(claim):
        inside = node.args[0] if isinstance(node, (sp.log, sp.Pow)) else None
        if isinstance(inside, sp.Add):
            added = inside.as_coeff_Add()[0]
            if (added.is_Rational or added.is_Float) and 0 < added <= LARGEST:
                found[inside] = inside - added
                numbers[f"{float(added):g}"] = None
    return found, list(numbers)
