"""The trace that is being made: the definitions so far, what is assumed, and names."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from derive.base.errors import DeriveError
from derive.base.slot import Slot
from derive.frontends.code import sizes
from derive.language.operators import Tensor

COPIED = " (traced)"  # after the name of a module of the user's, as it is traced


class Refused(DeriveError):
    """What is not traced: the message says why in one sentence, without the place."""


class Misfit(DeriveError):
    """Arrays that do not fit together, at a line of the user's."""


class Crowded(Exception):
    """An array that is cut into many parts by a loop whose rounds run one by one."""


def place(error: BaseException | None, files: set[str]) -> tuple[str, int] | None:
    """The innermost line of the user's files in a traceback."""
    found = None
    trail = error.__traceback__ if error is not None else None
    while trail is not None:
        file = trail.tb_frame.f_code.co_filename
        if file in files:
            found = file, trail.tb_lineno
        trail = trail.tb_next
    return found


class Trace:
    """One trace: of a forward and its backward.

    :param names: names that no definition may take: inputs and sizes.
    """

    def __init__(self, names: set[str]) -> None:
        self.where: dict[Any, Any] = {}
        self.lines: dict[Any, tuple[str, int]] = {}
        self.assigned: dict[tuple[tuple[str, int], str], tuple[Any, ...]] = {}  # names, shapes
        self.assumed: dict[Any, None] = {}
        self.notes: dict[str, None] = {}
        self.given: dict[Any, None] = {}
        self.names = set(names)
        self.ranges: dict[Any, Any] = {}  # of an index, the size that it runs over
        self.inputs: set[Any] = set()
        self.count = 0
        self.leading: dict[Any, list[Any]] = {}  # of a definition inside of loops, its counters
        self.counters: dict[Any, Any] = {}  # counter of an open loop -> number of rounds
        self.asserting = False
        self.between: dict[Any, None] = {}  # what is taken for that
        self.extremes: dict[str, Any] = {}  # of a function that stands for a place, what it is of
        self.once: dict[Any, None] = {}  # which largest entries are taken once, in words
        self.clips = False  # whether something is cut to between two numbers
        self.inside = False  # whether it is taken to lie between them
        self.stabilised: dict[Any, None] = {}  # small numbers, such as 1e-7
        self.exact = False  # whether these are taken for 0
        self.masks: dict[Any, None] = {}  # numbers that stand for what is masked, such as -1e9
        self.unrolled = False  # whether a loop over a range of numbers has run round by round
        self.crowds = True  # whether arrays may be cut into any number of parts by that
        self.counted = False  # whether loops over ranges of numbers run once, with a counter
        self.masked = False  # whether these are taken for −∞
        self.rewritten: set[Any] = set()  # definitions of arrays that are changed in place later
        self.library = "numpy"  # whose methods arrays have
        self.files: set[str] = set()
        self.within: list[Any] = []  # the conditions of branches on counters that are open
        self.earlier: set[Any] = set()  # the inputs of a run that only made a layer's parameters
        self.drawn: list[tuple[str, Any]] = []  # random arrays, in order, with who drew them

    def index(self, name: str = "i") -> sp.Symbol:
        """A new index, which counts from 0."""
        self.count += 1
        return sp.Symbol(f"{name}{sizes.COUNTER}{self.count}", integer=True)

    def index_of(self, size: Any, name: str = "i") -> sp.Symbol:
        """A new index that runs over a size."""
        found = self.index(name)
        self.ranges[found] = size
        return found

    def name(self, wanted: str) -> str:
        """A name that nothing has: ``wanted``, or with a number after it."""
        number, found = 1, wanted
        while found in self.names:
            number += 1
            found = f"{wanted}_{number}"
        self.names.add(found)
        return found

    def line(self) -> tuple[str, int] | None:
        """Where the user's code is now."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in self.files:
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back
        return None

    def assign(self, name: str, shape: tuple[Any, ...]) -> None:
        """Note that the user's code gives a name to an array, be it one that has another name."""
        line = self.line()
        if line is not None:
            self.assigned[line, name] = shape

    def define(self, wanted: str, body: Any, axes: list[tuple[Any, Any]]) -> Any:
        """A definition: an entry of the new array at the axes' own indices.

        :param axes: each index with its size.
        """
        if self.extremes and any(
            a.func.__name__ in self.extremes for a in body.atoms(AppliedUndef)
        ):
            raise Refused("the place of a largest entry is computed with")
        # Counters of loops that are open are axes of what is defined inside of them.
        free = body.free_symbols
        # That of the innermost loop comes first, as the time does in a recurrence.
        leading = [counter for counter in self.counters if counter in free]
        for counter in leading:
            axes = [(counter, self.counters[counter]), *axes]
        name = self.name(wanted)
        if not axes:
            symbol = sp.Symbol(name, real=True)
            self.where[symbol] = body
            entry = symbol
        else:
            symbol = sp.IndexedBase(name, shape=tuple(size for _, size in axes))
            own = [self.index() for _ in axes]
            renamed = body.xreplace({index: o for (index, _), o in zip(axes, own, strict=True)})
            self.where[symbol] = Tensor(
                renamed, *((o, size) for o, (_, size) in zip(own, axes, strict=True))
            )
            entry = symbol[tuple(index for index, _ in axes)]
        if leading:
            self.leading[symbol] = leading[::-1]
        line = self.line()
        if line is not None:
            self.lines[symbol] = line
        return entry

    def assume(self, fact: Any) -> None:
        """A relation between sizes under which all that follows is said."""
        if fact in (True, sp.true):
            return
        self.assumed[fact] = None

    def decide(self, relation: Any, a: Any, b: Any) -> bool:
        """A relation between sizes that is not seen: what was assumed before, what is asserted, or
        what is so of most sizes.
        """
        fact = relation(a, b, evaluate=False)
        contrary = _CONTRARY[relation](a, b, evaluate=False)
        if fact in self.assumed:
            return True
        if contrary in self.assumed:
            return False
        truth = self.asserting or relation in (sp.Gt, sp.Ge)
        self.assume(fact if truth else contrary)
        return truth

    @contextmanager
    def inside_of(self, condition: Any) -> Iterator[None]:
        """The block in which a condition holds."""
        self.within.append(condition)
        try:
            yield
        finally:
            self.within.pop()

    def note(self, text: str) -> None:
        self.notes[text] = None


_CONTRARY = {sp.Eq: sp.Ne, sp.Lt: sp.Ge, sp.Ge: sp.Lt, sp.Gt: sp.Le, sp.Le: sp.Gt}
_open: list[Trace] = []


def current() -> Trace:
    """The trace that is being made.

    :raises Refused: where none is.
    """
    if not _open:
        raise Refused("an array is used outside of a trace")
    return _open[-1]


def tracing() -> bool:
    return bool(_open)


@contextmanager
def opened(trace: Trace) -> Iterator[Trace]:
    """The block in which a trace is made."""
    _open.append(trace)
    try:
        yield trace
    finally:
        _open.pop()


COUNTED = Slot("derive.frontends.code.arrays")  # a relation about counters, as a condition


@sizes.DECIDE.fill
def _decide(relation: Any, a: Any, b: Any) -> Any:
    if any(s in current().counters for s in (a - b).free_symbols):
        return COUNTED(relation(a, b, evaluate=False))
    return current().decide(relation, a, b)
