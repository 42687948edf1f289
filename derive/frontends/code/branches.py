"""Branches: taken as the sizes say, or on values, where both sides are run and merged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import sympy as sp

from derive.frontends.code import alignment, arithmetic
from derive.frontends.code import arrays as arr
from derive.frontends.code.arrays import FLOAT, Array, as_array, choice
from derive.frontends.code.loops import Thunk, Unbound, value_of
from derive.frontends.code.sizes import (
    Size,
    expanded,
)
from derive.frontends.code.trace import Refused, current
from derive.language.conditions import Cases


class Branch:
    """A branch that is taken or not, as the sizes say."""

    def __init__(self, test: Any) -> None:
        self.taken = bool(test)

    def __iter__(self) -> Iterator[bool]:
        return iter((self.taken,))

    def open(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)

    def close(self, name: str, thunk: Thunk) -> None:
        return None

    def after(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)


class SymbolicBranch:
    """A branch on a value: both sides are run, and what they change is merged."""

    def __init__(self, condition: Any) -> None:
        self.condition = condition
        self.frame: Any = sys._getframe(2)
        self.serial = 0
        self.changed: dict[int, tuple[Array, tuple[Any, ...]]] = {}
        self.initial: dict[str, Any] = {}
        self.closing: list[dict[str, Any]] = []

    @property
    def taken(self) -> bool:
        raise Refused("break or continue in a branch on values")

    def saw(self, array: Array) -> None:
        if array.serial < self.serial and id(array) not in self.changed:
            self.changed[id(array)] = (array, (array._axes, dict(array._bodies), array.kind))

    def __iter__(self) -> Iterator[bool]:
        sides: list[dict[int, Array]] = []
        self.serial = arr.next_serial()
        for side in (True, False):
            self.closing.append({})
            arr.watchers.append(self)
            try:
                with current().inside_of(self.condition if side else sp.Not(self.condition)):
                    yield side
            finally:
                arr.watchers.pop()
            sides.append(
                {k: Array(a._axes, dict(a._bodies), a.kind) for k, (a, _) in self.changed.items()}
            )
            for array, (axes, bodies, kind) in self.changed.values():
                array.put(axes, dict(bodies), kind)
        for k, (array, (axes, bodies, kind)) in self.changed.items():
            before = Array(axes, bodies, kind)
            first, second = (alignment.rearranged(side.get(k, before), axes) for side in sides)
            arr.about_to_change(array)
            merged = {
                key: merge(self.condition, first[key], second[key], bodies[key]) for key in bodies
            }
            array.put(axes, merged, kind)

    def open(self, name: str, thunk: Thunk) -> Any:
        if name not in self.initial:
            self.initial[name] = value_of(name, thunk)
        return self.initial[name]

    def close(self, name: str, thunk: Thunk) -> None:
        self.closing[-1][name] = value_of(name, thunk)

    def after(self, name: str, thunk: Thunk) -> Any:
        first, second = (side[name] for side in self.closing)
        if first is second or isinstance(first, Unbound) or isinstance(second, Unbound):
            return second if isinstance(first, Unbound) else first
        initial = self.initial[name]
        numbers = (int, float, Size, Array)
        if not isinstance(first, numbers) or not isinstance(second, numbers):
            raise Refused(f"{name} is bound in a branch on values")
        a, b = as_array(first), as_array(second)
        if not a.ndim and not b.ndim and isinstance(initial, numbers):
            old = as_array(initial)
            kind = a.kind if a.kind == b.kind else FLOAT
            body = merge(
                self.condition, a.scalar(), b.scalar(), old.scalar() if not old.ndim else 0
            )
            return Array((), {(): body}, kind)
        condition = Array((), {(): self.condition}, arr.BOOL)
        return arithmetic.where(condition, a, b)


def merge(condition: Any, first: Any, second: Any, old: Any) -> Any:
    """``first`` where a condition holds, else ``second``; what both add to ``old`` stays a sum."""
    if first == second:
        return first
    for one in (first, second):
        # where something is written at places, what is written there is merged
        if isinstance(one, Cases) and len(one.args) == 2:
            at = one.args[0][1]
            (a, c), (b, d) = _taken(first, at), _taken(second, at)
            return choice(at, merge(condition, a, b, old), merge(condition, c, d, old))
    a, b = (
        expanded(first - old) if _adds(first, old) else None,
        (expanded(second - old) if _adds(second, old) else None),
    )
    if a is not None and b is not None:
        return old + choice(condition, a, b)
    return choice(condition, first, second)


def _taken(side: Any, condition: Any) -> tuple[Any, Any]:
    """What a side is where a condition holds, and where it does not."""
    if isinstance(side, Cases) and len(side.args) == 2 and side.args[0][1] == condition:
        return side.args[0][0], side.args[1][0]
    return side, side


def _adds(value: Any, old: Any) -> bool:
    return value == old or (isinstance(value, sp.Add) and old in value.args)


def branch(test: Any) -> Any:
    if isinstance(test, Array):
        if any(size != 1 for size in test.shape):
            raise Refused("a branch on an array")
        body = test.scalar()
        if body not in (sp.true, sp.false) and not body.is_number:
            if test.kind != arr.BOOL:
                test = arithmetic.compare(sp.Ne, test, 0)
            return SymbolicBranch(test.scalar())
    if isinstance(test, Size) and current().counters:
        pass
    return Branch(test)
