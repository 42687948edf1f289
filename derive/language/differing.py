"""Where two expressions differ: the smallest parts of each that the other does not have."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sympy as sp

_UNORDERED = (sp.Add, sp.Mul, sp.MatAdd, sp.HadamardProduct)


def differing(left: Any, right: Any) -> tuple[set[Any], set[Any]]:
    """The parts of each side that the other side lacks; both empty where they are equal.

    A part that one side has more of is in its set, and where the other then lacks nothing, all of
    the other side is in its own: something is missing there.
    """
    if left == right:
        return set(), set()
    if type(left) is not type(right) or not getattr(left, "args", ()):
        return {left}, {right}
    if isinstance(left, _UNORDERED):
        mine, yours = Counter(left.args), Counter(right.args)
        only_left, only_right = list((mine - yours).elements()), list((yours - mine).elements())
        if len(only_left) == len(only_right) == 1 and len(left.args) > 1:
            return differing(only_left[0], only_right[0])
        if len(only_left) == len(left.args) and len(only_right) == len(right.args):
            return {left}, {right}
        return set(only_left) or {left}, set(only_right) or {right}
    if left.func != right.func or len(left.args) != len(right.args):
        return {left}, {right}
    found = [differing(a, b) for a, b in zip(left.args, right.args, strict=True)]
    return set().union(*(a for a, _ in found)), set().union(*(b for _, b in found))
