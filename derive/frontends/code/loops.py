"""Loops over symbolic ranges, which run once with a counter, and branches on values.

The body of a loop is executed twice. The first time shows which arrays and names the loop changes;
then all that it did is undone. The second time each of these is a *state*: an unknown P at the
beginning of round c, and what the body makes of it says what the loop is about: P + g(c) is a sum
over c, P but for the entries at c is a map, the larger of P and g(c) is a maximum; anything else
is a recurrence, together with the definitions that it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import sympy as sp

from derive.frontends.code import arrays as arr
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import FLOAT, INT, Array, as_array, choice, keys
from derive.frontends.code.sizes import (
    REPEATED,
    Size,
    at_least,
    expanded,
    expression,
    plain,
    quotient,
    same,
)
from derive.frontends.code.states import Cell, settle
from derive.frontends.code.trace import Refused, current
from derive.language.conditions import Cases

Thunk = Callable[[], Any]


class Unbound:
    """What a name is that nothing was assigned to yet."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NameError(f"name {self._name!r} is not assigned")


def value_of(name: str, thunk: Thunk) -> Any:
    try:
        return thunk()
    except (NameError, AttributeError):
        return Unbound(name)


# ---- values that contain arrays


def mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """A value with a function applied to the arrays and sizes in it."""
    if isinstance(value, (Array, Size)):
        return function(value)
    if type(value) is tuple:
        return tuple(mapped(v, function) for v in value)
    if isinstance(value, list) and getattr(value, "rounds", None) is None:
        return SymbolicList([mapped(v, function) for v in value])
    if isinstance(value, dict) and getattr(value, "rounds", None) is None:
        return SymbolicDict({k: mapped(v, function) for k, v in value.items()})
    return value


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value with the expressions of its arrays and sizes changed."""

    def one(part: Any) -> Any:
        if isinstance(part, Size):
            return plain(change(part.expr))
        return Array(part.axes, {k: change(b) for k, b in part.bodies.items()}, part.kind)

    return mapped(value, one)


# ---- what is iterated over


class Items:
    """So many items, one for each counter; ``direction`` −1 where the last comes first."""

    def __init__(self, count: Any, item: Callable[[Any], Any], direction: int = 1) -> None:
        self.count = sp.sympify(count)
        self.item = item
        self.direction = direction

    def __iter__(self) -> Iterator[Any]:
        raise Refused("an iteration over a symbolic number of items outside of a for loop")

    def length(self) -> Any:
        return plain(self.count)

    def turned(self) -> Items:
        return Items(self.count, self.item, -self.direction)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            if index == slice(None, None, -1):
                return self.turned()
            raise Refused("a part of a symbolic number of items")
        position = expression(index)
        if at_least(-position, 1):
            position = position + self.count
        if self.direction < 0:
            position = self.count - 1 - position
        return self.item(expanded(position))

    def as_array(self) -> Array:
        axis = ax.of_size(self.count)
        counter = axis[0][0][0] if axis[0] else sp.Integer(0)
        at = counter if self.direction > 0 else self.count - 1 - counter
        inner = as_array(self.item(at))
        return Array((axis, *inner.axes), {(0, *k): b for k, b in inner.bodies.items()}, inner.kind)


def symbolic_range(*ends: Any) -> Items:
    """``range`` with a symbolic end."""
    start, step = sp.Integer(0), sp.Integer(1)
    if len(ends) == 1:
        stop = expression(ends[0])
    else:
        start, stop = expression(ends[0]), expression(ends[1])
        step = expression(ends[2]) if len(ends) == 3 else step
    if step == -1:
        low = expanded(stop + 1)
        return Items(expanded(start - stop), lambda c: plain(low + c), -1)
    if not at_least(step, 1):
        raise Refused(f"a range with the step {step}")
    count = quotient(expanded(stop - start + step - 1), step)
    return Items(count, lambda c: plain(start + step * c))


def items_of(value: Any) -> Items | None:
    """What a for loop runs over, where the number of its rounds is symbolic."""
    if isinstance(value, Items):
        return value
    if isinstance(value, Array) and value.ndim and isinstance(value.shape[0], Size):
        return Items(value.shape[0].expr, lambda c: value[plain(c)])
    if isinstance(value, SymbolicList) and value.rounds is not None:
        return value.as_items()
    return None


def enumerated(values: Any, start: Any = 0) -> Any:
    own = items_of(values)
    if own is None:
        return enumerate(values, start)
    first = expression(start)

    def item(c: Any) -> Any:
        index = c if own.direction > 0 else own.count - 1 - c
        return plain(first + index), own.item(c)

    return Items(own.count, item, own.direction)


def zipped(values: Any) -> Any:
    values = list(values)
    own = [items_of(v) for v in values]
    if not any(own):
        return zip(*values, strict=False)
    if not all(own):
        raise Refused("zip of a symbolic number of items and a fixed one")
    first = own[0]
    assert first is not None
    for other in own[1:]:
        assert other is not None
        if not same(first.count, other.count):
            raise Refused(f"zip of {first.count} and {other.count} items")

    def item(c: Any) -> Any:
        return tuple(
            o.item(c if o.direction == first.direction else first.count - 1 - c)
            for o in own if o is not None
        )  # fmt: skip

    return Items(first.count, item, first.direction)


def turned(values: Any) -> Any:
    own = items_of(values)
    return reversed(values) if own is None else own.turned()


# ---- lists


class SymbolicList(list):
    """A list of the user's. After a loop over a symbolic range has filled it, ``rounds`` are the
    items that it has for each counter, after those that it had before.
    """

    def __init__(self, values: Any = ()) -> None:
        super().__init__(values)
        self.serial = arr.next_serial()
        self.rounds: Items | None = None
        self.previous: Callable[[Any], Any] | None = None  # the last item before a round

    def length(self) -> Any:
        own = len(self)
        return own if self.rounds is None else plain(own + self.rounds.count)

    def as_items(self) -> Items:
        assert self.rounds is not None
        if not len(self):
            return self.rounds
        return Items(len(self) + self.rounds.count, lambda c: self[plain(c)])

    def part(self, cut: slice) -> SymbolicList:
        """A part of a list that a loop has filled.

        :raises Refused: where it is not seen how long it is.
        """
        total = expression(self.length())

        def end(value: Any, default: Any) -> Any:
            if value is None:
                return default
            found = expression(value)
            found = expanded(found + total) if at_least(-found, 1) else found
            if not at_least(found, 0) or not at_least(total - found, 0):
                raise Refused("a part of a list that a loop fills")
            return found

        found = SymbolicList()
        if cut.step is not None and cut.step != 1:
            if cut != slice(None, None, -1):
                raise Refused("a part of a list that a loop fills")
            found.rounds = self.as_items().turned()
            return found
        start, stop = end(cut.start, sp.Integer(0)), end(cut.stop, total)
        if not at_least(stop - start, 0):
            raise Refused("a part of a list that a loop fills")
        found.rounds = Items(expanded(stop - start), lambda c: self[plain(expanded(c + start))])
        return found

    def __iter__(self) -> Iterator[Any]:
        if self.rounds is not None:
            raise Refused("an iteration over a symbolic number of items outside of a for loop")
        return super().__iter__()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return super().__getitem__(index) if self.rounds is None else self.part(index)
        if isinstance(index, Array):
            index = plain(index.as_size())
        own = len(self)
        if isinstance(index, int) and 0 <= index < own:
            return super().__getitem__(index)
        position = expression(index)
        if self.rounds is None:
            run = innermost()
            if run is not None and self.serial < run.serial:
                found = run.last_item(self, position)
                if found is not None:
                    return found[0]
            if isinstance(index, int):
                return super().__getitem__(index)
            raise Refused(f"item {index} of a list of {own}")
        if at_least(-position, 1):
            return self.rounds[plain(position)]
        return self._item(expanded(position - own))

    def _item(self, counter: Any) -> Any:
        """The item of a round, or one of those before where the round may lie before the first."""
        assert self.rounds is not None
        low, _ = ax.bounds(counter, current().ranges)
        if not len(self) or (low is not None and at_least(low, 0)):
            return self.rounds[plain(counter)]
        if low is None or not at_least(low + len(self), 0):
            raise Refused("an item of a list of which it is not seen that it is there")
        if self.previous is not None and self.rounds.direction > 0 and at_least(low + 1, 0):
            return self.previous(expanded(counter + 1))
        found = as_array(self.rounds[plain(counter)])
        for place in range(len(self)):
            here = sp.Eq(counter, place - len(self), evaluate=False)
            own = as_array(super().__getitem__(place))
            found = arr.where(Array((), {(): here}, arr.BOOL), own, found)
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, int) and self.rounds is None:
            super().__setitem__(index, value)
            return
        loop_ = innermost()
        position = expression(index)
        if loop_ is None or self.rounds is None or len(self):
            raise Refused("an item of a list that a loop fills is written")
        loop_.filled(self, position, value)

    def as_array(self) -> Array:
        if self.rounds is None:
            return arr.stacked([as_array(v) for v in self], 0)
        own = self.rounds.as_array()
        if not len(self):
            return own
        first = arr.stacked([as_array(v) for v in list.__iter__(self)], 0)
        return arr.joined([first, own], 0)

    def as_list(self) -> SymbolicList:
        found = SymbolicList(list.__iter__(self))
        found.rounds, found.previous = self.rounds, self.previous
        return found


@REPEATED.fill
def repeated(values: Any, times: Size) -> Any:
    """``[v] * n``."""
    (value,) = values
    found = SymbolicList()
    found.rounds = Items(times.expr, lambda c: value)
    return found


class SymbolicDict(dict):
    """A dictionary of the user's. After a loop over a symbolic range has filled it, ``rounds`` are
    the values under the keys ``shift``, ``shift`` + 1, …, and ``previous`` is what stands before
    that of a counter.
    """

    def __init__(self, values: Any = ()) -> None:
        super().__init__(values)
        self.serial = arr.next_serial()
        self.rounds: Items | None = None
        self.shift: Any = sp.Integer(0)
        self.previous: Callable[[Any], Any] | None = None

    def __setitem__(self, key: Any, value: Any) -> None:
        key = _key(key)
        if isinstance(key, Size):
            run = innermost()
            if self.rounds is not None:
                raise Refused(f"the entry {key} of a dictionary is written")
            if run is not None and self.serial < run.serial:
                run.keyed(self, key.expr, value)
                return
            own = self.at(key.expr)
            if own is None and key.expr.free_symbols & set(current().counters):
                raise Refused(f"the entry {key} of a dictionary is written")
            key = key if own is None else own
        super().__setitem__(key, value)

    def at(self, position: Any) -> Any:
        """The key under which there is a value at a position, None where there is none."""
        keys = (k for k in self if isinstance(k, (int, Size)) and not isinstance(k, bool))
        return next((k for k in keys if same(expression(k), position)), None)

    def __getitem__(self, key: Any) -> Any:
        key = _key(key)
        if not isinstance(key, Size) and (
            key in self or self.rounds is None or not isinstance(key, int)
        ):
            return super().__getitem__(key)
        position = expression(key)
        own = self.at(position)
        if own is not None:
            return super().__getitem__(own)
        if self.rounds is None:
            run = innermost()
            if run is None or self.serial >= run.serial:
                raise Refused(f"the entry {key} of a dictionary that has none under such keys")
            return run.entry(self, position)
        counter, rounds = expanded(position - self.shift), self.rounds
        low, high = ax.bounds(counter, current().ranges)
        if low is not None and high is not None:
            after = expanded(rounds.count - 1 - high)
            if at_least(low, 0) and at_least(after, 0):
                return rounds.item(counter)
            # one before the first round is what was there
            forward = rounds.direction > 0
            begins = at_least(low + 1, 0) if forward else at_least(low, 0)
            ends = at_least(after, 0) if forward else at_least(after + 1, 0)
            if self.previous is not None and begins and ends:
                return self.previous(expanded(counter + rounds.direction))
        raise Refused(f"the entry {key} of a dictionary that a loop may not have filled")


def _key(key: Any) -> Any:
    if isinstance(key, Array) and key.kind == INT and not key.ndim:
        return plain(key.as_size())
    return key


def list_method(values: Any, name: str) -> Any:
    """``append`` and ``insert``, which a loop keeps; any other method as it is."""
    if not isinstance(values, SymbolicList):
        return getattr(values, name)
    loop_ = innermost()
    outer = loop_ is not None and values.serial < loop_.serial

    def append(value: Any) -> None:
        if outer:
            assert loop_ is not None
            loop_.appended(values, value, 1)
        elif values.rounds is not None:
            raise Refused("append to a list that a loop has filled")
        else:
            list.append(values, value)

    def insert(place: int, value: Any) -> None:
        if outer and place == 0:
            assert loop_ is not None
            loop_.appended(values, value, -1)
        elif values.rounds is not None or outer:
            raise Refused("insert into a list that a loop fills")
        else:
            list.insert(values, place, value)

    if name == "append":
        return append
    return insert if name == "insert" else getattr(values, name)


def listed(function: Callable[[Any], Any], iterable: Any) -> Any:
    """``[f(x) for x in iterable]``."""
    own = items_of(iterable)
    if own is None:
        return SymbolicList([function(item) for item in iterable])
    found = SymbolicList()
    run = SymbolicLoop(own)
    for item in run:
        list_method(found, "append")(function(item))
    return found


# ---- loops


class Loop:
    """A loop over something that Python can iterate over."""

    carries = False  # whether what rounds bind is a state

    def __init__(self, iterable: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def open(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)

    def close(self, name: str, thunk: Thunk) -> None:
        return None

    def after(self, name: str, thunk: Thunk) -> Any:
        return value_of(name, thunk)


def innermost() -> SymbolicLoop | None:
    return next((w for w in reversed(arr.watchers) if isinstance(w, SymbolicLoop)), None)


def symbolic_open(since_call: bool = False) -> bool:
    """Whether the user's code is inside of a symbolic loop or branch; of the function that runs."""
    if not since_call:
        return bool(arr.watchers)
    frame: Any = sys._getframe(2)
    return any(w.frame is frame for w in arr.watchers)


class SymbolicLoop:
    """A loop with a symbolic number of rounds."""

    carries = True

    def __init__(self, items: Items) -> None:
        self.items = items
        self.frame: Any = sys._getframe(2)
        while self.frame is not None and self.frame.f_code.co_filename not in current().files:
            self.frame = self.frame.f_back
        self.count = items.count
        self.counter = current().index("c")
        self.first = False  # the run that discovers
        self.serial = 0
        self.changed: dict[int, tuple[Array, tuple[Any, ...]]] = {}
        self.initial: dict[str, Any] = {}
        self.closing: dict[str, Any] = {}
        self.final: dict[str, Any] = {}
        self.states: dict[str, Any] = {}
        self.lists: dict[int, tuple[SymbolicList, list[tuple[Any, int]]]] = {}
        self.lists_before: set[int] = set()  # those that the first run has filled
        self.writes: dict[int, tuple[SymbolicList, Any, Any]] = {}
        self.keys: dict[int, tuple[SymbolicDict, Any, Any]] = {}  # what a round puts in
        self.earlier: dict[int, tuple[SymbolicDict, Any, Any]] = {}  # what it reads of the last one
        self.carried: dict[int, tuple[str, Array]] = {}  # the state that stands for that
        self.last: dict[int, tuple[SymbolicList, Any]] = {}  # lists whose last item is read
        self.items_carried: dict[int, tuple[str, Any]] = {}  # the state that stands for that
        self.created: list[Any] = []  # weak references: most arrays are gone soon

    # what changes tell

    def saw(self, array: Array) -> None:
        if array.serial < self.serial and id(array) not in self.changed:
            self.changed[id(array)] = (array, (array._axes, dict(array._bodies), array.kind))

    def appended(self, values: SymbolicList, value: Any, side: int) -> None:
        _, parts = self.lists.setdefault(id(values), (values, []))
        parts.append((_kept(value), side))

    def last_item(self, values: SymbolicList, position: Any) -> tuple[Any] | None:
        """The last item of a list to which each round appends one; None for an item before.

        :raises Refused: for an item that earlier rounds have appended.
        """
        _, parts = self.lists.get(id(values), (values, []))
        forward = self.items.direction > 0
        before = len(values) + (self.counter if forward else self.count - 1 - self.counter)
        place = expanded(position + 1 if at_least(-position, 1) else position - before - len(parts))
        if not at_least(-position, 1):
            place = expanded(place + 1)
        if place == 0 and parts:
            return (parts[-1][0],)
        if place == 0 or (place == -1 and len(parts) == 1):
            if not len(values):
                raise Refused("the last item of a list that is empty before the first round")
            if self.first:
                self.last[id(values)] = (values, list.__getitem__(values, -1))
            if id(values) in self.items_carried:
                return (self.items_carried[id(values)][1],)
            return (list.__getitem__(values, -1),)
        if not position.is_Integer or id(values) in self.lists_before:
            raise Refused(f"item {position} of a list while a loop fills it")
        return None

    def filled(self, values: SymbolicList, position: Any, value: Any) -> None:
        if values.serial >= self.serial or id(values) in self.writes:
            raise Refused("an item of a list that a loop fills is written twice")
        self.writes[id(values)] = (values, position, _kept(value))

    def keyed(self, values: SymbolicDict, key: Any, value: Any) -> None:
        if id(values) in self.keys:
            raise Refused("an entry of a dictionary is written twice in a round")
        self.keys[id(values)] = (values, key, _kept(value))

    def entry(self, values: SymbolicDict, key: Any) -> Any:
        """An entry of a dictionary that this loop fills: of this round, or of the last one."""
        if id(values) in self.keys and expanded(self.keys[id(values)][1] - key) == 0:
            return self.keys[id(values)][2]
        if self.first:
            first = sp.Integer(0) if self.items.direction > 0 else self.count - 1
            start = expanded(key.xreplace({self.counter: first}))
            own = values.at(start)
            if own is None:
                raise Refused(f"the entry {key} of a dictionary before it is written")
            initial = dict.__getitem__(values, own)
            self.earlier[id(values)] = (values, key, initial)
            return initial
        if id(values) in self.carried and expanded(self.earlier[id(values)][1] - key) == 0:
            return self.carried[id(values)][1]
        raise Refused(f"the entry {key} of a dictionary before it is written")

    # names

    def open(self, name: str, thunk: Thunk) -> Any:
        if self.first:
            self.initial[name] = value_of(name, thunk)
        return self.states.get(name, self.initial[name])

    def close(self, name: str, thunk: Thunk) -> None:
        self.closing[name] = value_of(name, thunk)

    def after(self, name: str, thunk: Thunk) -> Any:
        return self.final[name] if name in self.final else value_of(name, thunk)

    # the two runs

    def __iter__(self) -> Iterator[Any]:
        trace = current()
        nested = any(isinstance(w, SymbolicLoop) and w.first for w in arr.watchers)
        arr.settle_since(0)
        kept = (dict(trace.where), set(trace.names), dict(trace.assumed), dict(trace.lines))
        views = list(arr.unsettled)
        self.serial = arr.next_serial()
        self.first = True
        yield from self._round()
        if nested:
            self._pretend()
            return
        # undo
        after = {k: Array(a._axes, a._bodies, a.kind) for k, (a, _) in self.changed.items()}
        trace.where, trace.names, trace.assumed, trace.lines = kept
        for array, (axes, bodies, kind) in self.changed.values():
            array._axes, array._bodies, array.kind, array.stale = axes, bodies, kind, ""
        arr.unsettled[:] = views
        self.writes.clear()
        cells = self._placeholders(after)
        self.lists_before = set(self.lists)
        self.lists.clear()
        self.keys = {}
        self.first = False
        before = set(trace.where)
        self.created = []
        self.closing_before, self.closing = self.closing, {}
        yield from self._round()
        self._finish(cells, before)

    def _round(self) -> Iterator[Any]:
        trace = current()
        trace.counters[self.counter] = self.count
        trace.ranges[self.counter] = self.count
        arr.watchers.append(self)
        arr.creations.append(self.created)
        try:
            yield self.items.item(self.counter)
            arr.settle_since(self.serial)
        finally:
            arr.creations.pop()
            arr.watchers.pop()
            del trace.counters[self.counter]

    def _pretend(self) -> None:
        """Inside of a run that only discovers, one round is enough."""
        for values, parts in self.lists.values():
            values.rounds = Items(self.count, _constant(parts[-1][0]))
        for filled, key, value in self.keys.values():
            filled.rounds, filled.shift = Items(self.count, _constant(value)), sp.Integer(0)
            filled.previous = _constant(value)
            del key
        for values, _, value in self.writes.values():
            values.rounds = Items(self.count, _constant(value))

    # states

    def _placeholders(self, after: dict[int, Array]) -> list[Cell]:
        cells: list[Cell] = []
        for array, (axes, bodies, kind) in self.changed.values():
            value = Array(axes, bodies, kind)
            name = _name_of(array)
            state = self._state(name, value, after[id(array)], cells, array)
            array._bodies, array._axes = dict(state._bodies), state._axes
        for name, value in self.closing.items():
            initial = self.initial[name]
            if initial is value or isinstance(initial, Unbound) or isinstance(value, Unbound):
                continue
            found = self._carried(name, initial, value, cells)
            if found is not None:
                self.states[name] = found
        for number, (k, (_, key, initial)) in enumerate(self.earlier.items()):
            written = self.keys.get(k)
            step = None if written is None else expanded(written[1] - key)
            if written is None or step != self.items.direction:
                raise Refused(f"the entry {key} of a dictionary before it is written")
            name = f"state{number + 1}"
            value = as_array(written[2])
            self.carried[k] = (name, self._state(name, as_array(initial), value, cells, None))
        for number, (k, (_, initial)) in enumerate(self.last.items()):
            if k not in self.lists:
                continue
            ((value, side),) = self.lists[k][1]
            name = f"item{number + 1}"
            found = self._carried(name, initial, value, cells) if side > 0 else None
            if found is None:
                raise Refused("the last item of a list while a loop fills it")
            self.items_carried[k] = (name, found)
        return cells

    def _carried(self, name: str, initial: Any, value: Any, cells: list[Cell]) -> Any:
        if type(initial) is tuple and type(value) is tuple and len(initial) == len(value):
            parts = [
                self._carried(f"{name}_{k}", a, b, cells)
                for k, (a, b) in enumerate(zip(initial, value, strict=True))
            ]
            return None if any(p is None for p in parts) else tuple(parts)
        numbers = (int, float, Size, Array)
        if not isinstance(initial, numbers) or not isinstance(value, numbers):
            return None
        if isinstance(initial, bool) or isinstance(value, bool):
            return None
        before, after = as_array(initial), as_array(value)
        return self._state(name, before, after, cells, None)

    def _state(
        self, name: str, before: Array, after: Array, cells: list[Cell], array: Array | None
    ) -> Array:
        """A state: an array P[c, …] of the shape that it has after a round."""
        trace = current()
        axes = [ax.fresh(axis) for axis in after.axes]
        padded = before
        while padded.ndim < len(axes):
            padded = arr.inserted(padded, 0)
        initial = arr.rearranged(padded, axes)
        kind = INT if before.kind == after.kind == INT else FLOAT
        outer = list(trace.counters.items())
        bodies = {}
        for key in keys(axes):
            factors = [f for axis, k in zip(axes, key, strict=True) for f in axis[k]]
            sizes = (self.count, *(n for _, n in outer), *(n for _, n in factors))
            trace.count += 1
            label = sp.Symbol(f"{name}·before·{trace.count}", integer=True if kind == INT else None)
            base = sp.IndexedBase(label, shape=sizes)
            at = (self.counter, *(c for c, _ in outer), *(i for i, _ in factors))
            bodies[key] = base[at]
            own = arr.as_real(initial[key])
            cells.append(Cell(name, key, base, factors, outer, own, array, axes))
        return Array(axes, bodies, kind)

    def _finish(self, cells: list[Cell], before: set[Any]) -> None:
        trace = current()
        for k, (name, _) in self.carried.items():
            self.closing[name] = self.keys[k][2]
        for k, (name, _) in self.items_carried.items():
            self.closing[name] = self.lists[k][1][0][0]
        # what each cell is after a round
        position: dict[Any, tuple[Array, Any]] = {}
        for cell in cells:
            if cell.array is not None:
                value = cell.array
            else:
                value = as_array(_part(self.closing, cell.name))
            position[cell.base] = (value, cell.key)
        for cell in cells:
            value, key = position[cell.base]
            bodies = arr.rearranged(value, cell.axes_of)
            cell.update = arr.as_real(bodies[key])
        definitions = [s for s in trace.where if s not in before]
        change = settle(cells, definitions, self.counter, self.count, self.items.direction)
        if arr.creations:
            arr.creations[-1].extend(self.created)
        last = self.count - 1 if self.items.direction > 0 else sp.Integer(0)
        if any(cell.kind in ("last", "max", "min") for cell in cells) and not at_least(
            self.count, 1
        ):
            trace.assume(sp.Ge(self.count, 1, evaluate=False))
        at_end = {self.counter: expanded(last)}
        for array in [a for a in (r() for r in self.created) if a is not None]:
            array._bodies = {k: change(b).xreplace(at_end) for k, b in array._bodies.items()}
        for values, parts in self.lists.values():
            self._fill_list(values, parts, change)
            if id(values) in self.items_carried:
                self._carry_on(values, replaced(self.items_carried[id(values)][1], change))
        for values, index, value in self.writes.values():
            self._fill_items(values, index, replaced(value, change))
        for k, (filled, key, value) in self.keys.items():
            filled.shift = expanded(key - self.counter)
            if self.counter in filled.shift.free_symbols:
                raise Refused(f"the entry {key} of a dictionary is written in each round")
            filled.rounds = self._rounds(replaced(value, change))
            if k in self.carried:
                filled.previous = self._rounds(replaced(self.carried[k][1], change)).item
        finals = {cell.base: cell for cell in cells}
        done: dict[str, dict[Any, Any]] = {}
        for cell in finals.values():
            done.setdefault(cell.name if cell.array is None else id(cell.array), {})[  # type: ignore[arg-type]
                cell.key
            ] = cell
        for group in done.values():
            one = next(iter(group.values()))
            axes = one.axes_of
            bodies = {key: cell.final for key, cell in group.items()}
            if one.array is not None:
                found = Array(axes, bodies, one.array.kind)
                one.array._axes, one.array._bodies = found._axes, found._bodies
                if not trace.counters:
                    named_ = arr.named(found, _name_of(one.array))
                    one.array._bodies = named_._bodies
            else:
                closing = as_array(_part(self.closing, one.name))
                found = Array(axes, bodies, closing.kind)
                self.final[one.name] = arr.named(found, one.name.rpartition(".")[2])
        for name, value in self.closing.items():
            if name in self.states and isinstance(self.states[name], tuple):
                self.final[name] = tuple(
                    self.final[f"{name}_{k}"] for k in range(len(self.states[name]))
                )
            elif name not in self.final and not isinstance(value, Array):
                self.final[name] = mapped(
                    value,
                    lambda p: plain(p.expr.xreplace(at_end)) if isinstance(p, Size) else p,
                )

    def _rounds(self, value: Any) -> Items:
        counter = self.counter
        return Items(
            self.count,
            lambda c: replaced(value, lambda e: e.xreplace({counter: c})),
            self.items.direction,
        )

    def _fill_list(self, values: SymbolicList, parts: Any, change: Any) -> None:
        if len(parts) != 1:
            raise Refused("several items are appended in one round")
        value, side = parts[0]
        outer = next((w for w in reversed(arr.watchers) if isinstance(w, SymbolicLoop)), None)
        if outer is not None and values.serial < outer.serial:
            raise Refused("a list is filled by loops inside of one another")
        value = replaced(value, change)
        counter = self.counter
        direction = self.items.direction * side
        if values.rounds is not None:
            raise Refused("a list is filled by two loops")
        if side < 0 and len(values):
            raise Refused("insert before the items of a list")
        values.rounds = Items(
            self.count, lambda c: replaced(value, lambda e: e.xreplace({counter: c})), direction
        )

    def _carry_on(self, values: SymbolicList, before: Any) -> None:
        """What a round appends is the state before the next one."""
        state, step = self._rounds(before).item, self.items.direction
        values.previous = state
        values.rounds = Items(self.count, lambda c: state(expanded(c + step)), step)

    def _fill_items(self, values: SymbolicList, index: Any, value: Any) -> None:
        shift = expanded(index - self.counter)
        assert values.rounds is not None
        if shift != 0 or not same(self.count, values.rounds.count):
            raise Refused(f"item {index} of a list is written in each round")
        counter = self.counter
        values.rounds = Items(
            self.count, lambda c: replaced(value, lambda e: e.xreplace({counter: c}))
        )


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _kept(value: Any) -> Any:
    """A value as it is now, whatever is done to its arrays later."""

    def one(part: Any) -> Any:
        if isinstance(part, Size):
            return part
        found = Array(part.axes, dict(part.bodies), part.kind)
        if arr.creations:
            arr.creations[-1].pop()  # its counter stays
        return found

    return mapped(value, one)


def _part(values: dict[str, Any], name: str) -> Any:
    if name in values:
        return values[name]
    root, _, number = name.rpartition("_")
    return _part(values, root)[int(number)]


def _name_of(array: Array) -> str:
    for body in array._bodies.values():
        if isinstance(body, sp.Indexed):
            return str(body.base.label).partition("·")[0]
    return array.label or "v"


def loop(iterable: Any, line: int) -> Any:
    items = items_of(iterable)
    return Loop(iterable) if items is None else SymbolicLoop(items)


# ---- branches


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
                array._axes, array._bodies, array.kind = axes, dict(bodies), kind
        for k, (array, (axes, bodies, kind)) in self.changed.items():
            before = Array(axes, bodies, kind)
            first, second = (arr.rearranged(side.get(k, before), axes) for side in sides)
            arr.about_to_change(array)
            array._bodies = {
                key: merge(self.condition, first[key], second[key], bodies[key]) for key in bodies
            }

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
        return arr.where(condition, a, b)


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
                test = arr.compare(sp.Ne, test, 0)
            return SymbolicBranch(test.scalar())
    if isinstance(test, Size) and current().counters:
        pass
    return Branch(test)
