"""What contains arrays: what a for loop runs over, lists and dictionaries that a loop fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

import sympy as sp

from derive.frontends.code import alignment, arithmetic
from derive.frontends.code import arrays as arr
from derive.frontends.code import axes as ax
from derive.frontends.code.arrays import INT, Array, as_array
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
from derive.frontends.code.trace import COPIED, Refused, current


def mapped(
    value: Any, function: Callable[[Any], Any], filled: bool = True, objects: bool = True
) -> Any:
    """A value with a function applied to the arrays and sizes in it.

    :param filled: whether to those of lists that a loop has filled, and of objects, too.
    """
    objects = objects and filled
    if isinstance(value, (Array, Size)):
        return function(value)
    if type(value) is tuple:
        return tuple(mapped(v, function, filled, objects) for v in value)
    if not isinstance(value, (list, dict)):
        return _mapped_object(value, function) if objects and is_object(value) else value
    rounds = getattr(value, "rounds", None)
    if rounds is not None and not filled:
        return value
    found: SymbolicList | SymbolicDict
    if isinstance(value, list):
        own = list.__iter__(value)  # those before the rounds
        found = SymbolicList([mapped(v, function, filled, objects) for v in own])
    else:
        items = {k: mapped(v, function, filled, objects) for k, v in value.items()}
        found = SymbolicDict(items)
        if isinstance(value, SymbolicDict):
            found.shift = expression(mapped(plain(value.shift), function))
    if isinstance(value, (SymbolicList, SymbolicDict)) and value.rounds is not None:
        found.rounds = _mapped_rounds(value.rounds, function)
        if value.previous is not None:
            found.previous = _mapped_item(value.previous, value.rounds.count, function)
    return found


_since: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # of an object, when its loop began


def is_object(value: Any) -> bool:
    """Whether a value is an object of a class of the user's."""
    kind = type(value)
    return str(kind.__module__).endswith(COPIED) and hasattr(value, "__dict__")


def _mapped_object(value: Any, function: Callable[[Any], Any]) -> Any:
    """A copy of an object that a loop has made; what is older than the loop is in it as it is."""
    found = copy(value)
    since = _since.get(value, 0)
    _since[found] = since

    def change(part: Any) -> Any:
        return part if isinstance(part, Array) and part.serial < since else function(part)

    for name, attribute in vars(value).items():
        if is_object(attribute):
            raise Refused("objects within objects that a loop makes")
        setattr(found, name, mapped(attribute, change))
    return found


def snapshot(value: Any, since: int, function: Callable[[Any], Any]) -> Any:
    """A value whose objects are as they are at the end of a round.

    :param since: when the loop began.
    """
    if is_object(value):
        _since[value] = since
        return _mapped_object(value, function)
    if type(value) is tuple:
        return tuple(snapshot(v, since, function) for v in value)
    if isinstance(value, list) and getattr(value, "rounds", None) is None:
        return SymbolicList([snapshot(v, since, function) for v in value])
    return value


def has_objects(value: Any) -> bool:
    """Whether there are objects of the user's in a value."""
    if isinstance(value, (tuple, list)):
        return getattr(value, "rounds", None) is None and any(map(has_objects, value))
    return is_object(value)


class Handed:
    """Items with objects in them: the same ones for the rounds of one loop, which may change them.

    What one loop does to them another one would have to see.
    """

    def __init__(self, item: Callable[[Any], Any]) -> None:
        self.item = item
        self.counters: Any = None
        self.given: dict[Any, Any] = {}

    def __call__(self, position: Any) -> Any:
        run = innermost()
        counters = position.free_symbols & set(current().counters)
        if not counters or self.counters not in (None, counters):
            raise Refused("objects that a loop makes are used outside of one other loop")
        self.counters = counters
        key = position, run is not None and run.first
        if key not in self.given:
            self.given[key] = self.item(position)
        return self.given[key]


def _mapped_rounds(rounds: Items, function: Callable[[Any], Any]) -> Items:
    count = expression(mapped(plain(rounds.count), function))
    return Items(count, _mapped_item(rounds.item, rounds.count, function), rounds.direction)


def _mapped_item(
    item: Callable[[Any], Any], count: Any, function: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """The items of the rounds of a loop as they are now, each with a function applied to it."""
    own = current().index_of(count, "c")
    value = mapped(item(own), function)
    return lambda c: replaced(value, lambda e: e.xreplace({own: c}))


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value with the expressions of its arrays and sizes changed."""

    def one(part: Any) -> Any:
        if isinstance(part, Size):
            return plain(change(part.expr))
        return Array(part.axes, {k: change(b) for k, b in part.bodies.items()}, part.kind)

    return mapped(value, one)


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


def innermost() -> Any:
    """The innermost loop over a symbolic range that is open, None outside of any."""
    return next((w for w in reversed(arr.watchers) if getattr(w, "carries", False)), None)


def _was_read(holder: Any, key: Any) -> None:
    """Tell the loops that are open, and younger than a list or a dictionary, of an entry's use."""
    for run in arr.watchers:
        if getattr(run, "carries", False) and holder.serial < run.serial:
            run.read.add((id(holder), key))


def _check_write(holder: Any, key: Any, value: Any) -> None:
    """Insist that an entry that a round has read is not replaced in it: that is a state."""
    for run in arr.watchers:
        read = getattr(run, "carries", False) and (id(holder), key) in run.read
        if read and (id(holder), key) not in run.entries and value is not holder[key]:
            raise Refused("an entry of a list or a dictionary is a state of a loop")


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

    def __bool__(self) -> bool:
        if self.rounds is None or len(self) or at_least(self.rounds.count, 1):
            return bool(len(self)) or self.rounds is not None
        raise Refused("whether a list that a loop fills has items")

    def __getitem__(self, index: Any) -> Any:
        if any(id(self) in getattr(w, "pops", ()) for w in arr.watchers):
            raise Refused("a list is read while a loop takes its items away")
        if isinstance(index, slice):
            return super().__getitem__(index) if self.rounds is None else self.part(index)
        if isinstance(index, Array):
            index = plain(index.as_size())
        own = len(self)
        if isinstance(index, int) and 0 <= index < own:
            _was_read(self, index)
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
            found = arithmetic.where(Array((), {(): here}, arr.BOOL), own, found)
        return found

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, int) and self.rounds is None:
            _check_write(self, index, value)
            super().__setitem__(index, value)
            return
        loop_ = innermost()
        position = expression(index)
        if loop_ is None or self.rounds is None or len(self):
            raise Refused("an item of a list that a loop fills is written")
        loop_.filled(self, position, value)

    def as_array(self) -> Array:
        if self.rounds is None:
            return alignment.stacked([as_array(v) for v in self], 0)
        own = self.rounds.as_array()
        if not len(self):
            return own
        first = alignment.stacked([as_array(v) for v in list.__iter__(self)], 0)
        return alignment.joined([first, own], 0)

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
        _check_write(self, key, value)
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
            _was_read(self, key)
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
    """``append``, ``insert`` and ``pop``, which a loop keeps."""
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

    def pop(place: int = -1) -> Any:
        if outer:
            assert loop_ is not None
            return loop_.popped(values, place)
        return taken_from(values, place)

    return {"append": append, "insert": insert, "pop": pop}[name]


def taken_from(values: SymbolicList, place: int = -1) -> Any:
    """``pop`` outside of loops."""
    if values.rounds is None:
        return list.pop(values, place)
    item = values[place]
    shorten(values, place, sp.Integer(1))
    return item


def shorten(values: SymbolicList, place: int, count: Any) -> None:
    """Take so many items of a list away, from its end or from its beginning."""
    own, total = values.as_list(), expression(values.length())
    left = expanded(total - count)
    list.clear(values)
    values.rounds = values.previous = None
    if left != 0:
        cut = slice(None, plain(left)) if place else slice(plain(expanded(count)), None)
        values.rounds = own.part(cut).rounds
