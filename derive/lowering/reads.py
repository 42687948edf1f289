"""Reads that leave their array: sizes, and values of the bound indices, at which one does.

An entry that is read outside of its array has no value, so what reads it fits only under a
condition. The indices are counted through at small sizes, in exact integers, under all that guards
a read: the ranges that it stands in, the cases that are taken, factors that are zero, and what is
given. A read at an index of the claim itself is left alone, since the claim may be about those
values at which it stays inside; so is one that leaves at sizes as small as the numbers in it alone,
as x[1] does for n = 1, or one at a number that stays inside at some sizes, as the second row of
what a convolution makes of an image does where the image is large enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import sympy as sp
from sympy.logic.boolalg import Boolean
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArrayElement, ArraySymbol

from derive.base.budget import share
from derive.base.errors import ShapeError, UnsupportedError
from derive.language.conditions import Cases
from derive.language.equal_sizes import NoNumber, candidates, holds, number
from derive.language.index_ranges import flat
from derive.language.operators import TensorElement
from derive.language.printing import text_of
from derive.language.sequences import At
from derive.language.structure import Binder, scope_of
from derive.lowering.problem import Problem

WORK = 1e6
ELEMENTS = (MatrixElement, sp.Indexed, ArrayElement, TensorElement, At)
ARRAYS = (sp.MatrixSymbol, ArraySymbol, sp.IndexedBase)
CHOICES = (sp.Piecewise, Cases)
COUNTED = 4000  # values of the bound indices of one read, at all sizes together


class LeavesArray(ShapeError):
    """An entry is read outside of its array."""


class Read(NamedTuple):
    """An index of an entry, the size of its axis, and what the entry stands in.

    :param guards: conditions, each with whether it holds there.
    :param factors: what the entry is multiplied with: where one is zero nothing is read.
    """

    expr: Any
    axis: int
    index: Any
    size: Any
    binders: tuple[Binder, ...]
    guards: tuple[tuple[Any, bool], ...]
    factors: tuple[Any, ...]


class Leaving(NamedTuple):
    """A read with the sizes and bound indices at which it leaves its array."""

    read: Read
    sizes: Mapping[Any, int]
    value: int


def has_reads(expressions: Iterable[Any]) -> bool:
    """Whether there is an entry with an index in some expressions."""
    return any(isinstance(expr, sp.Basic) and expr.has(*ELEMENTS) for expr in expressions)


def at_labels(expressions: Iterable[Any]) -> bool:
    """Whether there is an entry with an index that is itself an entry of an array."""
    return any(
        index.has(*ELEMENTS)
        for expr in expressions
        if isinstance(expr, sp.Basic)
        for entry in expr.atoms(*ELEMENTS)
        for index in ((entry.index,) if isinstance(entry, At) else entry.indices)
    )


def check(problem: Problem) -> None:
    """Insist that no read of a claim leaves its array.

    :raises LeavesArray: naming the entry, the axis, and under what it would fit.
    """
    found = leaving(problem)
    if found is not None:
        raise LeavesArray(_said(found))


def leaving(problem: Problem) -> Leaving | None:
    """The first read that is found to leave its array."""
    try:
        collector = _Collector(problem)
        for expr in (*problem.where.values(), *problem.expressions):
            collector.walk(expr, (), (), ())
    except UnsupportedError:
        return None
    budget = share(WORK)
    for read in collector.reads:
        found = collector.leaves(read)
        if found is not None or budget.over:
            return found
    return None


class _Collector:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.reads: dict[Read, None] = {}
        self.recursive = {
            symbol for system in problem.systems if system.recursive for symbol in system.symbols
        }
        self.sizes: set[Any] = set()  # in shapes
        self.ends: set[Any] = set()
        self.alone: set[Any] = set()  # indices by themselves
        self.positive: dict[Any, None] = {}  # sizes that are no symbols
        self.tied = [
            shared
            for fact in flat(problem.given)
            if len(shared := _dimensions(fact)) > 1
        ]  # fmt: skip

    def walk(
        self,
        expr: Any,
        binders: tuple[Binder, ...],
        guards: tuple[tuple[Any, bool], ...],
        factors: tuple[Any, ...],
    ) -> None:
        """Collect the reads of an expression inside of some binders, cases and products."""
        if isinstance(expr, ARRAYS):
            self._sized(expr.shape or (), binders)
        elif isinstance(expr, ELEMENTS):
            self._element(expr, binders, guards, factors)
        elif isinstance(expr, CHOICES):
            before = guards
            for value, test in expr.args:
                self.walk(test, binders, before, factors)
                self.walk(value, binders, (*before, (test, True)), factors)
                before = (*before, (test, False))
        elif isinstance(expr, Boolean) and not expr.is_Relational:
            return  # which of its parts are looked at is not said
        elif isinstance(expr, sp.Mul):
            for part in expr.args:
                others = tuple(f for f in expr.args if f is not part)
                self.walk(part, binders, guards, (*factors, *others))
        elif isinstance(expr, sp.Pow) and not expr.exp.is_number:
            self.walk(expr.base, binders, guards, (*factors, expr.exp))
            self.walk(expr.exp, binders, guards, factors)
        else:
            for part, inner in self._parts(expr, binders):
                self.walk(part, inner, guards, factors)

    def _parts(
        self, expr: Any, binders: tuple[Binder, ...]
    ) -> Iterator[tuple[Any, tuple[Binder, ...]]]:
        """The parts of a node, each with the binders that it stands in."""
        scope = scope_of(expr)
        if scope is not None:
            if scope.is_axes:
                self._sized(expr.shape, binders)
            own, body = scope.outer_first, [scope.body]
            yield from ((part, binders) for part in scope.beside)
        else:
            own = ()
            body = list(expr) if isinstance(expr, sp.MatrixBase) else list(expr.args)
            body = [part for part in body if isinstance(part, sp.Basic)]
        for k, binder in enumerate(own):
            for end in (binder.low, binder.high):
                if end is not None:
                    bound = {b.symbol for b in (*binders, *own)}
                    self.ends |= end.free_symbols - bound
                    yield end, (*binders, *own[:k])
        for part in body:
            yield part, (*binders, *own)

    def _sized(self, shape: Iterable[Any], binders: tuple[Binder, ...]) -> None:
        for size in map(sp.sympify, shape):
            self.sizes |= size.free_symbols - {b.symbol for b in binders}
            if not size.is_Atom:
                self.positive[size] = None

    def _element(self, expr: Any, binders: Any, guards: Any, factors: Any) -> None:
        if isinstance(expr, At):
            array, indices = expr.array, (expr.index,)
        else:
            indices = tuple(expr.indices)
            if isinstance(expr, MatrixElement):
                array = expr.parent
            elif isinstance(expr, TensorElement):
                array = expr.array
            else:
                array = expr.base if isinstance(expr, sp.Indexed) else expr.name
        bound = {b.symbol for b in binders}
        self.alone |= {i for i in indices if i.is_Symbol and i not in bound}
        for index in indices:
            self.walk(index, binders, guards, factors)
        self.walk(array, binders, guards, factors)
        if array in self.recursive or getattr(array, "shape", None) is None:
            return
        shape = self.problem.shapes.of(array)
        self._sized(shape, binders)  # an image smaller than its kernel has no entries to read
        for axis, (index, size) in enumerate(zip(indices, shape, strict=False)):
            read = Read(expr, axis, index, size, binders, guards, factors)
            self.reads[read] = None

    def leaves(self, read: Read) -> Leaving | None:
        """Sizes and bound indices at which a read leaves its array; None where none are found."""
        needed = _needed(read)
        bound = {b.symbol for b in read.binders}
        free = needed - bound
        counting = self.sizes | (self.ends - self.alone)
        if not all(s in counting and s.is_Symbol and s.is_integer is not False for s in free):
            return None
        if not all(s.is_positive for s in free - self.sizes):
            return None
        if any(len(shared & free) > 1 for shared in self.tied):
            return None
        parts = [read.index, read.size, *(t for t, _ in read.guards), *read.factors]
        parts += [end for b in read.binders for end in (b.low, b.high) if end is not None]
        beyond = 2 + max((abs(int(c)) for p in parts for c in _integers(p)), default=0)
        legal = [sp.Ge(size, 1, evaluate=False) for size in self.positive]
        counted = 0
        factors = [f for f in read.factors if _may_vanish(f)]
        found: Leaving | None = None
        for sizes in candidates(free, beyond, legal):
            try:
                for values in _counted(read.binders, read.guards, factors, needed, sizes):
                    counted += 1
                    size, index = (number(e, values) for e in (read.size, read.index))
                    if not 0 <= index < size and index.denominator == 1:
                        there = {s: sizes[s] for s in sorted(free, key=str)}
                        found = found or Leaving(read, there, int(index))
                    elif read.index.is_number:
                        return None
                    if (found and not read.index.is_number) or counted > COUNTED:
                        return found
            except NoNumber:
                return None
        return found


def _dimensions(fact: Any) -> set[Any]:
    """The sizes of the arrays in a fact, of which it may say something without words."""
    arrays = fact.atoms(*ARRAYS) if isinstance(fact, sp.Basic) else ()
    return {s for a in arrays for size in a.shape or () for s in sp.sympify(size).free_symbols}


def _integers(expr: Any) -> set[Any]:
    return sp.sympify(expr).atoms(sp.Integer)


def _needed(read: Read) -> set[Any]:
    """The symbols that a read depends on: in its index, in what guards it, in their ranges."""
    parts = [read.index, read.size, *(test for test, _ in read.guards)]
    parts += [f for f in read.factors if _may_vanish(f)]
    needed = {s for part in parts for s in sp.sympify(part).free_symbols}
    for binder in reversed(read.binders):
        if binder.low is not None:
            needed |= binder.low.free_symbols | binder.high.free_symbols
    return needed


def _may_vanish(factor: Any) -> bool:
    """Whether a factor may be zero for some values of the indices, whatever the entries are."""
    return not factor.is_number and (not factor.has(*ELEMENTS) or factor.has(*CHOICES))


def _counted(
    binders: tuple[Binder, ...],
    guards: Iterable[tuple[Any, bool]],
    factors: Iterable[Any],
    needed: set[Any],
    values: Mapping[Any, int],
) -> Iterator[Mapping[Any, int]]:
    """The values of the bound indices at which an entry is read."""
    if not binders:
        if all(holds(test, values) == true for test, true in guards) and not any(
            _is_zero(factor, values) for factor in factors
        ):
            yield values
        return
    binder, inner = binders[0], binders[1:]
    if binder.low is None:
        hidden = {s: v for s, v in values.items() if s != binder.symbol}
        yield from _counted(inner, guards, factors, needed, hidden)
        return
    low, high = number(binder.low, values), number(binder.high, values)
    if low.denominator != 1 or high.denominator != 1:
        raise NoNumber(str(binder.symbol))
    last = int(high) if binder.symbol in needed else min(int(low), int(high))
    for value in range(int(low), last + 1):
        yield from _counted(inner, guards, factors, needed, {**values, binder.symbol: value})


def _is_zero(factor: Any, values: Mapping[Any, int]) -> bool:
    if isinstance(factor, CHOICES):
        for value, test in factor.args:
            if holds(test, values):
                return bool(value == 0) or (_may_vanish(value) and _is_zero(value, values))
        return True
    return number(factor, values) == 0


# ---- in words


def _said(found: Leaving) -> str:
    read = found.read
    start = f"{text_of(read.expr)} leaves its array: axis {read.axis} has size {read.size}, and "
    below = found.value < 0
    end = _end(read, below)
    condition = None if end is None else _fits(end, read.size, below)
    index = text_of(read.index)
    if end is not None and condition is not None:
        if read.index == end:
            return f"{start}it is read at {text_of(end)}; it fits {condition}"
        goes = "goes down to" if below else "goes to"
        return f"{start}{index} {goes} {text_of(end)}; it fits {condition}"
    sizes = " and ".join(f"{s} = {v}" for s, v in found.sizes.items())
    return f"{start}{index} comes to be {found.value}" + (f" for {sizes}" if sizes else "")


def _end(read: Read, below: bool) -> Any:
    """The largest value of an index, or the smallest, where that is seen from the ranges alone."""
    if read.guards or any(_may_vanish(f) and f.free_symbols for f in read.factors):
        return None
    end = sp.expand(read.index)
    for binder in reversed(read.binders):
        slope = end.coeff(binder.symbol, 1)
        rest = sp.expand(end - slope * binder.symbol)
        if binder.symbol in rest.free_symbols or not slope.is_number:
            return None
        if slope != 0 and binder.low is not None:
            up = (slope > 0) != below
            end = sp.expand(rest + slope * (binder.high if up else binder.low))
    return end


def _fits(end: Any, size: Any, below: bool) -> str | None:
    """Under what an index that goes to an end stays inside."""
    excess = sp.expand(-end) if below else sp.expand(end - size + 1)
    if excess.is_number:
        return "nowhere" if excess > 0 else None
    terms = sp.Add.make_args(excess)
    more = sp.Add(*(t for t in terms if not t.could_extract_minus_sign()))
    less = sp.Add(*(-t for t in terms if t.could_extract_minus_sign()))
    return f"only if {more} <= {less}"
