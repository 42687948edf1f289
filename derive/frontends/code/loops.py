"""Loops over symbolic ranges, which run once with a counter.

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

from derive.frontends.code import alignment, arithmetic
from derive.frontends.code import arrays as arr
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import FLOAT, INT, Array, as_array, keys
from derive.frontends.code.containers import (
    Handed,
    Items,
    SymbolicDict,
    SymbolicList,
    has_objects,
    items_of,
    list_method,
    mapped,
    replaced,
    shorten,
    snapshot,
    symbolic_range,
)
from derive.frontends.code.rounds import Cell
from derive.frontends.code.sizes import (
    Size,
    at_least,
    expanded,
    expression,
    plain,
    same,
)
from derive.frontends.code.states import settle
from derive.frontends.code.trace import Refused, current

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
        self.entries: set[tuple[int, Any]] = set()  # of lists and dictionaries, that are states
        self.read: set[tuple[int, Any]] = set()  # those that were read in this round
        self.pops: dict[int, tuple[SymbolicList, int]] = {}  # what a round takes, and from where
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

    def popped(self, values: SymbolicList, place: int) -> Any:
        """The item that a round takes from a list.

        :raises Refused: where rounds take other than one each, or the list may be too short.
        """
        if arr.watchers[-1] is not self or self.outer_of(values) or place not in (0, -1):
            raise Refused("items of a list are taken in a branch or in loops inside of one another")
        if id(values) in self.pops or id(values) in self.lists:
            raise Refused("a round takes two items of a list, or takes and appends")
        total = expression(values.length())
        if values.rounds is None or not at_least(total - self.count, 0):
            raise Refused("more items may be taken from a list than it has")
        done = self.counter if self.items.direction > 0 else self.count - 1 - self.counter
        item = values[plain(expanded(done if place == 0 else total - 1 - done))]
        self.pops[id(values)] = (values, place)
        return item

    def outer_of(self, values: SymbolicList) -> bool:
        """Whether a list is older than a loop that this one stands in."""
        loops = (w for w in arr.watchers if isinstance(w, SymbolicLoop) and w is not self)
        return any(values.serial < outer.serial for outer in loops)

    def filled(self, values: SymbolicList, position: Any, value: Any) -> None:
        if values.serial >= self.serial or id(values) in self.writes:
            raise Refused("an item of a list that a loop fills is written twice")
        _refuse_objects(value)
        self.writes[id(values)] = (values, position, _kept(value))

    def keyed(self, values: SymbolicDict, key: Any, value: Any) -> None:
        if id(values) in self.keys:
            raise Refused("an entry of a dictionary is written twice in a round")
        _refuse_objects(value)
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
            array.put(axes, bodies, kind)
            array.stale = ""
        arr.unsettled[:] = views
        self.writes.clear()
        cells = self._placeholders(after)
        self.lists_before = set(self.lists)
        self.lists.clear()
        self.pops = {}
        self.keys = {}
        self.first = False
        before = set(trace.where)
        self.created = []
        self.closing_before, self.closing = self.closing, {}
        yield from self._round()
        self._finish(cells, before)

    def _round(self) -> Iterator[Any]:
        trace = current()
        self.read.clear()
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
        self._shorten()

    def _shorten(self) -> None:
        pops, self.pops = self.pops, {}
        for values, place in pops.values():
            shorten(values, place, self.count)

    # states

    def _placeholders(self, after: dict[int, Array]) -> list[Cell]:
        cells: list[Cell] = []
        left = self._left_behind()
        for array, (axes, bodies, kind) in self.changed.values():
            value = Array(axes, bodies, kind)
            name = _name_of(array)
            known = len(cells)
            state = self._state(name, value, after[id(array)], cells, array)
            if id(array) in left:
                left[id(array)] = value
                for cell in cells[known:]:
                    cell.left = True
            array.put(state._axes, dict(state._bodies), array.kind)
        for name, value in self.closing.items():
            initial = self.initial[name]
            if initial is value or isinstance(initial, Unbound) or isinstance(value, Unbound):
                continue
            found = self._carried(name, left.get(id(initial), initial), value, cells)
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

    def _left_behind(self) -> dict[int, Array]:
        """The arrays that a name has before the first round, which changes an array in place and
        gives the name to another: later rounds change what the name has then, a state.
        """
        initial = (self.initial[name] for name, v in self.closing.items() if isinstance(v, Array))
        found = [array for array in initial if id(array) in self.changed]
        kept = [id(v) for v in self.closing.values()]
        return {id(array): array for array in found if id(array) not in kept}

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
            padded = alignment.inserted(padded, 0)
        initial = alignment.rearranged(padded, axes)
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
        for _, parts in self.lists.values():
            parts[:] = [(snapshot(value, self.serial, _as_it_is), side) for value, side in parts]
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
            bodies = alignment.rearranged(value, cell.axes_of)
            cell.update = arr.as_real(bodies[key])
        self._shorten()
        under = {k: self._state_under(*put) for k, put in self.keys.items()}
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
            array.seat = None  # it is a view of what the array was in the last round
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
            elif under[k] is not None:
                filled.previous = self._rounds(replaced(under[k], change)).item
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
                one.array.put(found._axes, found._bodies, one.array.kind)
                if not trace.counters:
                    named_ = arithmetic.named(found, _name_of(one.array))
                    one.array._bodies = named_._bodies
                if one.left and one.kind == "same":
                    one.array.stale = (
                        "an array is read that the first round of a loop alone changes"
                    )
            else:
                closing = as_array(_part(self.closing, one.name))
                found = Array(axes, bodies, closing.kind)
                self.final[one.name] = arithmetic.named(found, one.name.rpartition(".")[2])
        for name, value in self.closing.items():
            if name in self.states and isinstance(self.states[name], tuple):
                self.final[name] = tuple(
                    self.final[f"{name}_{k}"] for k in range(len(self.states[name]))
                )
            elif name not in self.final and not isinstance(value, Array):
                self.final[name] = mapped(
                    value,
                    lambda p: plain(p.expr.xreplace(at_end)) if isinstance(p, Size) else p,
                    filled=False,
                )

    def _state_under(self, filled: SymbolicDict, key: Any, value: Any) -> Any:
        """The state that each round puts into a dictionary, in which it is from the beginning."""
        first = sp.Integer(0) if self.items.direction > 0 else self.count - 1
        own = filled.at(expanded(key.xreplace({self.counter: first}) - self.items.direction))
        if own is None:
            return None
        initial = dict.__getitem__(filled, own)
        for name, state in self.states.items():
            if _are_one(self.closing.get(name), value) and _are_one(self.initial[name], initial):
                return state
        return None

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
        made: Callable[[Any], Any] = lambda c: replaced(  # noqa: E731
            value, lambda e: e.xreplace({counter: c})
        )
        item = Handed(made) if has_objects(value) else made
        values.rounds = Items(self.count, item, direction)

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


def _refuse_objects(value: Any) -> None:
    if has_objects(value):
        raise Refused("objects that a loop makes are kept elsewhere than in a list that it fills")


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _as_it_is(part: Any) -> Any:
    """An array as it is now."""
    if isinstance(part, Size):
        return part
    found = Array(part.axes, dict(part.bodies), part.kind)
    if arr.creations:
        arr.creations[-1].pop()  # its counter stays
    return found


def _kept(value: Any) -> Any:
    """A value as it is now, whatever is done to its arrays later; not what is in objects."""
    return mapped(value, _as_it_is, objects=False)


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
    if items is None and isinstance(iterable, range) and len(iterable) > 1:
        if current().counted:
            items = symbolic_range(iterable.start, iterable.stop, iterable.step)
        else:
            current().unrolled = True
    return Loop(iterable) if items is None else SymbolicLoop(items)


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


def _are_one(a: Any, b: Any) -> bool:
    """Whether two arrays are the same, entry by entry, as they are written."""
    if not isinstance(a, Array) or not isinstance(b, Array):
        return False
    return a is b or (a._axes == b._axes and a._bodies == b._bodies)
