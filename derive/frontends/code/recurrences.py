"""States that need one another, or themselves otherwise than in a sum: recurrences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code.arrays import choice
from derive.frontends.code.axes import bounds
from derive.frontends.code.rounds import UNREAD, Cell, Rounds
from derive.frontends.code.sizes import at_least, expanded
from derive.frontends.code.trace import Refused
from derive.language.operators import Tensor
from derive.language.sequences import recurrence, sequence


class System:
    """One system of a group of states, with the definitions that stand between them.

    :param of: the rounds of the loop.
    """

    def __init__(self, of: Rounds) -> None:
        self.of = of
        self.trace, self.direction = of.trace, of.direction
        self.counter, self.count = of.counter, of.count

    def solved(self, group: list[Cell]) -> None:
        """Give the cells of a group their values after the loop."""
        trace, direction = self.trace, self.direction
        t = trace.index("t")
        inside = {cell.base for cell in group}
        members = self.members(group, inside)
        shift = 1 if direction > 0 else 0
        limits = (t, 1, self.count) if direction > 0 else (t, 0, self.count - 1)
        length = expanded(self.count + 1)
        states = {
            self.shown(cell): cell for cell in reversed(group) if self.is_shown(cell, members)
        }
        members = [symbol for symbol in members if symbol not in states]
        # new symbols
        heads: dict[Any, tuple[Any, list[Any]]] = {}
        for cell in group:
            factors = [*cell.outer, *cell.factors]
            if cell.kind == "setrec":
                write = cell.writes[0]
                if len(cell.writes) != 1 or write.index is None or write.rest:
                    raise Refused(
                        "an array is read while a loop writes it otherwise than by one step"
                    )
                factors = [f for f in factors if f[0] != write.index]
            shown = self.shown(cell)
            own = states.get(shown) is cell
            symbol = sp.IndexedBase(
                shown.label if own else trace.name(cell.name.rpartition(".")[2]),
                shape=(length, *(size for _, size in factors)),
            )
            if own and shown in trace.lines:
                trace.lines[symbol] = trace.lines[shown]
            heads[cell.base] = symbol, factors

        def state(cell: Cell, position: Any, args: tuple[Any, ...]) -> Any:
            symbol, factors = heads[cell.base]
            own = (*(c for c, _ in cell.outer), *cell.indices)
            there = dict(zip(own, args, strict=True))
            return symbol[(position, *(there[i] for i, _ in factors))]

        for cell in group:
            if cell.kind == "rec":
                self.of.table[cell.base] = lambda counter, *args, cell=cell: state(
                    cell, expanded(counter + (0 if direction > 0 else 1)), args
                )
            else:
                self.of.table[cell.base] = self.previous(cell, state)
        for symbol, cell in states.items():
            self.of.renamed[symbol] = lambda first, *args, head=heads[cell.base][0]: head[
                (expanded(first + shift), *args)
            ]
        for symbol in members:
            body = trace.where[symbol]
            rest = body.axes[1:]
            new = sp.IndexedBase(
                symbol.label, shape=(expanded(self.count + shift), *(n for _, n in rest))
            )
            self.of.renamed[symbol] = lambda first, *args, new=new: new[
                (expanded(first + shift), *args)
            ]
        made: dict[Any, Any] = {}
        round_ = expanded(t - shift)
        for symbol in members:
            body = trace.where[symbol]
            (own, _), *rest = body.axes
            step = self.of.changed(body.body).xreplace({own: round_})
            whole = Tensor(step, *rest) if rest else step
            new = self.of.renamed[symbol](sp.Integer(0), *(i for i, _ in rest)).base
            made[new] = sequence(whole, limits)
            if direction < 0:
                made[new] = sequence(whole, limits)
            trace.leading[new] = trace.leading.get(symbol, [])
            if symbol in trace.lines:
                trace.lines[new] = trace.lines[symbol]
        for cell in group:
            symbol, factors = heads[cell.base]
            if cell.kind == "rec":
                update, initial = cell.update, cell.initial
                if self.shown(cell) in states:
                    update = self.body_of(cell)
            else:
                write = cell.writes[0]
                update = write.value
                initial = cell.initial.xreplace({write.index: self.start_of(cell)})
            step = self.of.changed(update).xreplace({self.counter: round_})
            fresh = [(trace.index(), n) for _, n in factors]
            to_fresh = {i: f for (i, _), (f, _) in zip(factors, fresh, strict=True)}
            step, initial = step.xreplace(to_fresh), sp.sympify(initial).xreplace(to_fresh)
            start = Tensor(initial, *fresh) if fresh else initial
            whole = Tensor(step, *fresh) if fresh else step
            if direction > 0:
                made[symbol] = recurrence(whole, limits, start=start)
            else:
                made[symbol] = recurrence(whole, limits, end=start)
            at = (*(c for c, _ in cell.outer), *cell.indices)
            end = expanded(self.count) if direction > 0 else sp.Integer(0)
            if cell.kind == "rec":
                cell.final = state(cell, end, at)
            else:
                cell.final = self.final_of(cell, state, at)
        self.put_in([*members, *states], _in_order(made, t))

    def shown(self, cell: Cell) -> Any:
        """The definition that a round leaves as the state, as it is, else None."""
        update = cell.update
        if cell.kind != "rec" or not isinstance(update, sp.Indexed):
            return None
        own = (self.counter, *(c for c, _ in cell.outer), *cell.indices)
        return update.base if tuple(update.indices) == own else None

    def is_shown(self, cell: Cell, members: list[Any]) -> bool:
        """Whether one definition of a round is the state: both are then one array."""
        symbol = self.shown(cell)
        if symbol not in members:
            return False
        body = self.trace.where[symbol]
        sizes = [self.count, *(n for _, n in cell.outer), *(n for _, n in cell.factors)]
        return [n for _, n in body.axes] == sizes

    def body_of(self, cell: Cell) -> Any:
        """What a round leaves as the state, without the name that the code gives it."""
        return self.trace.where[self.shown(cell)].definition(*cell.update.indices)

    def members(self, group: list[Cell], inside: set[Any]) -> list[Any]:
        """The definitions that the steps of a group rest on and that rest on its states."""
        needed: set[Any] = set()
        stack: list[Any] = []
        for cell in group:
            stack += [w.value for w in cell.writes] if cell.kind == "setrec" else [cell.update]
        where = self.trace.where
        while stack:
            expr = stack.pop()
            for atom in expr.atoms(sp.IndexedBase, sp.Symbol):
                if atom in self.of.own and atom in where and atom not in needed:
                    needed.add(atom)
                    stack.append(where[atom])
        found = [
            symbol
            for symbol in self.of.definitions
            if symbol in needed and self.of.mentioned(where[symbol]) & inside
        ]
        for symbol in found:
            leading = self.trace.leading.get(symbol, [])
            if leading[:1] != [self.counter] or not isinstance(where[symbol], Tensor):
                raise Refused("a state of a loop is used in a loop inside of it")
        return found

    def previous(self, cell: Cell, state: Any) -> Callable[..., Any]:
        write = cell.writes[0]

        def read(counter: Any, *args: Any) -> Any:
            own = (*(c for c, _ in cell.outer), *cell.indices)
            there = dict(zip(own, args, strict=True))
            then = expanded(write.round.xreplace(there))
            gap = expanded((then - counter) * self.direction)
            if gap != -1:
                return UNREAD
            return state(cell, expanded(counter + (0 if self.direction > 0 else 1)), args)

        return read

    def start_of(self, cell: Cell) -> Any:
        """The position that the first round reads one step back; NumPy's −1 is the last."""
        write = cell.writes[0]
        first = self.of.before_first - self.direction
        position = expanded(write.position.xreplace({self.counter: first}))
        size = dict(cell.factors)[write.index]
        if position == -1:
            return expanded(size - 1)
        if not at_least(position, 0) or not at_least(size - 1 - position, 0):
            raise Refused("a loop reads one step before the start of an array")
        return position

    def final_of(self, cell: Cell, state: Any, at: tuple[Any, ...]) -> Any:
        """An array that a recurrence has written: its entries from the first to the last round."""
        write = cell.writes[0]
        after = 1 if self.direction > 0 else 0
        value = state(cell, expanded(write.round + after), at)
        first = self.of.before_first - self.direction
        start = expanded(write.position.xreplace({self.counter: first}))
        ranges = self.of.ranges(cell)
        low, high = bounds(write.round, ranges)
        if low is not None and high is not None and start != -1:
            # the start of the sequence is the entry that was there
            under = low if self.direction < 0 else expanded(low + 1)
            over = (
                expanded(self.count - 1 - high)
                if self.direction > 0
                else expanded(self.count - high)
            )
            if at_least(under, 0) and at_least(over, 0):
                return value
        return choice(sp.And(*self.of.in_range(write.round, ranges)), value, cell.initial)

    def put_in(self, members: list[Any], made: dict[Any, Any]) -> None:
        """A system in the place of its last member, before what rests on it."""
        where = self.trace.where
        keep: dict[Any, Any] = {}
        gone = set(members)
        placed = False
        inside = set(self.of.definitions)
        waiting = [s for s in where if s in inside and s not in gone]
        rests = {s for s in waiting if self.rests_on(where[s], made, gone)}
        for symbol, value in where.items():
            if symbol in gone:
                continue
            if symbol in rests and not placed:
                # everything that the system needs and that stands later comes first
                placed = True
                for later in waiting:
                    if later not in rests:
                        keep.setdefault(later, where[later])
                keep.update(made)
            keep.setdefault(symbol, value)
        if not placed:
            keep.update(made)
        where.clear()
        where.update(keep)
        self.of.definitions = [s for s in self.of.definitions if s not in gone]

    def rests_on(self, expr: Any, made: dict[Any, Any], gone: set[Any]) -> bool:
        seen: set[Any] = set()
        stack = [expr]
        where = self.trace.where
        while stack:
            one = stack.pop()
            for atom in one.atoms(sp.IndexedBase, sp.Symbol):
                if atom in gone or atom in made or atom in self.of.table:
                    return True
                if atom in self.of.own and atom in where and atom not in seen:
                    seen.add(atom)
                    stack.append(where[atom])
        return False


def _in_order(made: dict[Any, Any], t: Any) -> dict[Any, Any]:
    """A system, each sequence after those that it reads at the same step."""
    reads = {
        symbol: {
            e.base for e in body.atoms(sp.Indexed)
            if e.base in made and e.base != symbol and e.indices[0] == t
        }
        for symbol, body in made.items()
    }  # fmt: skip
    found: dict[Any, Any] = {}
    while len(found) < len(made):
        ready = [s for s in made if s not in found and reads[s] <= found.keys()]
        if not ready:
            raise Refused("states of a loop that need one another in the same round")
        found[ready[0]] = made[ready[0]]
    return found
