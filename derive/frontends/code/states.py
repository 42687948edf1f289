"""What the states of a loop are, read off what a round makes of them.

A state is P[c, …] at the beginning of round c. A round that leaves P + g(c) makes a sum over c, one
that writes the entries at c a map, one that leaves the larger of P and g(c) a maximum, one that
does not look at P keeps what the last round left. States that need one another or themselves
otherwise are recurrences, together with the definitions that stand between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from derive.frontends.code.arrays import choice
from derive.frontends.code.axes import floor_of
from derive.frontends.code.recurrences import System
from derive.frontends.code.rounds import UNREAD, Cell, Rounds, Table, Write
from derive.frontends.code.sizes import at_least, expanded, same
from derive.frontends.code.sums import sum_of
from derive.frontends.code.trace import Refused
from derive.language.conditions import Cases
from derive.language.operators import MaxOver, Tensor


class Settling(Rounds):
    """Gives each state of a loop its value, as its kind asks for."""

    def run(self) -> Callable[[Any], Any]:
        for cell in self.cells:
            self.classify(cell)
        self.look_at_writes()
        self.write_states()
        for group in self.groups():
            self.settle(group)
            self.rewrite()
        return self.changed

    def rewrite(self) -> None:
        """Put what is settled into the definitions and the other cells."""
        for symbol in self.definitions:
            if symbol in self.trace.where:
                self.trace.where[symbol] = self.changed(self.trace.where[symbol])
        for cell in self.cells:
            if cell.base not in self.table:
                cell.update = self.changed(cell.update)
                cell.core = [self.changed(e) for e in cell.core]
                for write in cell.writes:
                    write.value = self.changed(write.value)
                    write.rest = [self.changed(r) for r in write.rest]

    # ---- kinds

    def unfolded(self, update: Any, own: Any) -> Any:
        """What a round leaves, with the names looked into under which a total hides."""
        for _ in range(20):
            terms = update.args if isinstance(update, (sp.Add, sp.Max, sp.Min)) else (update,)
            for term in terms:
                if isinstance(term, sp.Indexed) and term.base in self.own:
                    body = self.trace.where[term.base]
                    inside = body.definition(*term.indices) if isinstance(body, Tensor) else body
                    totals = inside.args if isinstance(inside, (sp.Add, sp.Max, sp.Min)) else ()
                    if own in totals or any(
                        isinstance(a, sp.Indexed) and a.base in self.own
                        and self.mentioned(a) & {own.base} for a in totals
                    ):  # fmt: skip
                        update = update.xreplace({term: inside})
                        break
            else:
                return update
        return update

    def classify(self, cell: Cell) -> None:
        own = cell.entry(self.counter)
        folded, cell.update = cell.update, self.unfolded(cell.update, own)
        update = cell.update
        if isinstance(update, sp.Add) and own not in update.args:
            update = cell.update = folded
        if update == own:
            cell.kind, cell.core = "same", []
        elif isinstance(update, sp.Add) and own in update.args:
            rest = update - own
            cell.kind, cell.core = ("rec", [update]) if rest.has(cell.base) else ("add", [rest])
        elif isinstance(update, (sp.Max, sp.Min)) and own in update.args:
            others = [a for a in update.args if a != own]
            rest = update.func(*others)
            kind = "max" if isinstance(update, sp.Max) else "min"
            cell.kind, cell.core = ("rec", [update]) if rest.has(cell.base) else (kind, [rest])
        elif isinstance(update, Cases) and self.writes_of(cell, update, own):
            cell.kind, cell.core = "set", [w.value for w in cell.writes]
        elif not update.has(cell.base):
            cell.kind, cell.core = "last", [update]
        else:
            cell.kind, cell.core = "rec", [update]

    def writes_of(self, cell: Cell, update: Any, own: Any) -> bool:
        """Read cases as writes into the entry as it was; whether they are."""
        writes = []
        rest = update
        while isinstance(rest, Cases):
            (value, condition), (rest, last) = rest.args
            if last not in (True, sp.true):
                return False
            writes.append(self.write_of(cell, value, condition))
        if rest != own:
            return False
        rounds = {w.round for w in writes}
        if len(rounds) > 1 or (len(writes) > 1 and any(w.overlaps for w in writes)):
            raise Refused("overlapping assignments in a loop")
        cell.writes = writes
        return True

    def write_of(self, cell: Cell, value: Any, condition: Any) -> Write:
        parts = list(sp.And.make_args(condition))
        for part in parts:
            if not isinstance(part, sp.Eq) or self.counter not in part.free_symbols:
                continue
            solved = solve(part.lhs - part.rhs, self.counter)
            if solved is None or not solved.free_symbols & set(cell.indices):
                continue
            rest = [p for p in parts if p is not part]
            indices = [i for i in cell.indices if i in solved.free_symbols]
            only = indices[0] if len(indices) == 1 else None
            position = None
            if only is not None:
                position = solve(part.lhs - part.rhs, only)
            return Write(value, only, position, solved, rest)
        strided = self.strided(cell, parts)
        if strided is not None:
            return Write(value, None, None, *strided)
        overlaps = any(self.counter in p.free_symbols for p in parts)
        return Write(value, None, None, None, parts, overlaps)

    def strided(self, cell: Cell, parts: list[Any]) -> tuple[Any, list[Any]] | None:
        """The round of a block a ∈ [L·c + k, L·c + k + L), or of an entry a = s·c + k."""
        for part in parts:
            if isinstance(part, sp.Eq) and self.counter in part.free_symbols:
                difference = expanded(part.lhs - part.rhs)
                step = difference.coeff(self.counter, 1)
                rest = expanded(difference - step * self.counter)
                if self.counter in rest.free_symbols or not step.free_symbols <= step.atoms(
                    sp.Symbol
                ):
                    continue
                if at_least(step, 1):
                    rest, step = -rest, step
                elif at_least(-step, 1):
                    step = -step
                else:
                    continue
                others = [p for p in parts if p is not part]
                divides = sp.Eq(sp.Mod(rest, step, evaluate=False), 0, evaluate=False)
                return sp.floor(expanded(rest) / step), [*others, divides]
        low = [p for p in parts if isinstance(p, sp.Ge) and self.counter in p.free_symbols]
        high = [p for p in parts if isinstance(p, sp.Lt) and self.counter in p.free_symbols]
        for a in low:
            for b in high:
                if a.lhs != b.lhs:
                    continue
                length = expanded(b.rhs - a.rhs)
                step = expanded(a.rhs).coeff(self.counter, 1)
                start = expanded(a.rhs - step * self.counter)
                if same(step, length) and at_least(step, 1):
                    others = [p for p in parts if p not in (a, b)]
                    return floor_of(expanded(a.lhs - start), step), others
        return None

    def look_at_writes(self) -> None:
        """Reads of an array that a loop writes: what is not written yet is what was there."""
        early: Table = {}
        for cell in self.cells:
            if cell.kind != "set":
                continue
            early[cell.base] = self.early_read(cell)

        def put(expr: Any) -> Any:
            found = {
                e: early[e.base](*e.indices) for e in expr.atoms(sp.Indexed) if e.base in early
            }
            return expr.xreplace(found) if found else expr

        if not early:
            return
        for symbol in self.definitions:
            self.trace.where[symbol] = put(self.trace.where[symbol])
        for cell in self.cells:
            cell.update = put(cell.update)
            cell.core = [put(e) for e in cell.core]
            for write in cell.writes:
                write.value = put(write.value)
                write.rest = [put(r) for r in write.rest]

    def write_states(self) -> None:
        """Read what is written as the state that it is, in ``h[t] = f(last); last = h[t]``: the
        array is then the state one round later.
        """
        states = [
            cell.update
            for cell in self.cells
            if isinstance(cell.update, sp.Indexed) and cell.update.base in self.own
            and isinstance(self.trace.where[cell.update.base], Tensor)
            and cell.base in self.mentioned(cell.update)
        ]  # fmt: skip
        for cell in self.cells if states else ():
            for write in cell.writes if cell.kind == "set" else ():
                own = [i for i in cell.indices if i != write.index]
                at = (self.counter, *(c for c, _ in cell.outer), *own)
                for state in states:
                    body = self.trace.where[state.base]
                    if len(body.axes) == len(at) and body.definition(*at) == write.value:
                        write.value = state.base[at]
            cell.core = [w.value for w in cell.writes] if cell.kind == "set" else cell.core

    def early_read(self, cell: Cell) -> Callable[..., Any]:
        (write, *_) = cell.writes

        def read(counter: Any, *args: Any) -> Any:
            own = (*(c for c, _ in cell.outer), *cell.indices)
            if write.round is not None:
                then = expanded(write.round.xreplace(dict(zip(own, args, strict=True))) - counter)
                if at_least(then * self.direction, 0):
                    return cell.at(cell.initial, args)
            return cell.base[(counter, *args)]

        return read

    # ---- groups of states that need one another

    def groups(self) -> list[list[Cell]]:
        edges = {
            cell.base: set().union(*(self.mentioned(e) for e in cell.core)) for cell in self.cells
        }
        reach: dict[Any, set[Any]] = {}
        for base in edges:
            seen: set[Any] = set()
            stack = list(edges[base])
            while stack:
                one = stack.pop()
                if one not in seen:
                    seen.add(one)
                    stack.extend(edges[one])
            reach[base] = seen
        groups: list[list[Cell]] = []
        done: set[Any] = set()
        for cell in self.cells:
            if cell.base in done:
                continue
            group = [
                other
                for other in self.cells
                if other is cell
                or (other.base in reach[cell.base] and cell.base in reach[other.base])
            ]
            done |= {other.base for other in group}
            for other in group:
                if other.base in reach[other.base]:
                    other.kind = "setrec" if other.kind in ("set", "setrec") else "rec"
            groups.append(group)
        ordered: list[list[Cell]] = []
        left = list(groups)
        while left:
            for group in left:
                others = {c.base for g in left if g is not group for c in g}
                if not any(reach[c.base] & others for c in group):
                    ordered.append(group)
                    left.remove(group)
                    break
            else:
                raise Refused("states of a loop that need one another")
        return ordered

    def settle(self, group: list[Cell]) -> None:
        if any(cell.kind in ("rec", "setrec") for cell in group):
            if any(write.overlaps for cell in group for write in cell.writes):
                raise Refused(
                    "a write in a loop that reads what it writes, of which it is not seen that no "
                    "two rounds overlap"
                )
            System(self).solved(group)
            return
        (cell,) = group
        if any(write.overlaps for write in cell.writes):
            self.settle_overlapping(cell)
            return
        getattr(self, f"settle_{cell.kind}")(cell)

    # ---- each kind

    @property
    def last(self) -> Any:
        return expanded(self.count - 1) if self.direction > 0 else sp.Integer(0)

    def rounds_before(self, counter: Any) -> tuple[Any, Any]:
        if self.direction > 0:
            return sp.Integer(0), counter - 1
        return counter + 1, self.count - 1

    def settle_same(self, cell: Cell) -> None:
        cell.final = cell.initial
        self.table[cell.base] = lambda counter, *args: (
            UNREAD if cell.left else cell.at(cell.initial, args)
        )

    def settle_add(self, cell: Cell) -> None:
        (rest,) = cell.core
        cell.final = cell.initial + self.sum_of(rest, self.ranges(cell))

        def before(counter: Any, *args: Any) -> Any:
            k = self.trace.index("k")
            body = cell.at(rest, args).xreplace({self.counter: k})
            return cell.at(cell.initial, args) + sp.Sum(body, (k, *self.rounds_before(counter)))

        self.table[cell.base] = before

    def settle_max(self, cell: Cell, sign: int = 1) -> None:
        (rest,) = cell.core

        def largest(body: Any, low: Any, high: Any, initial: Any) -> Any:
            k = self.trace.index("k")
            inner = MaxOver(sign * body.xreplace({self.counter: k}), (k, low, high))
            if initial in (sp.oo, -sp.oo):
                return sign * inner
            return sp.Max(initial, inner) if sign > 0 else sp.Min(initial, -inner)

        cell.final = largest(rest, sp.Integer(0), self.count - 1, cell.initial)

        def before(counter: Any, *args: Any) -> Any:
            initial = cell.at(cell.initial, args)
            inner = largest(cell.at(rest, args), *self.rounds_before(counter), initial)
            return self.unless_first(counter, inner, initial)

        self.table[cell.base] = before

    def settle_min(self, cell: Cell) -> None:
        self.settle_max(cell, -1)

    def settle_last(self, cell: Cell) -> None:
        (rest,) = cell.core
        cell.final = rest.xreplace({self.counter: self.last})
        # what a round before the first one would leave, as of h[t + 1] behind h[T]
        earlier = expanded(self.before_first - self.direction)
        always = rest.xreplace({self.counter: earlier}) == cell.initial

        def before(counter: Any, *args: Any) -> Any:
            body = cell.at(rest, args).xreplace({self.counter: expanded(counter - self.direction)})
            return body if always else self.unless_first(counter, body, cell.at(cell.initial, args))

        self.table[cell.base] = before

    def unless_first(self, counter: Any, value: Any, initial: Any) -> Any:
        if self.direction > 0:
            return choice(sp.Gt(counter, 0, evaluate=False), value, initial)
        return choice(sp.Lt(counter, self.count - 1, evaluate=False), value, initial)

    def settle_set(self, cell: Cell) -> None:
        def written(initial: Any) -> Any:
            found = initial
            for write in reversed(cell.writes):
                if write.round is None:
                    value = write.value.xreplace({self.counter: self.last})
                    found = choice(sp.And(*write.rest), value, found)
                    continue
                then = {self.counter: write.round}
                conditions = [r.xreplace(then) for r in write.rest]
                conditions += self.in_range(write.round, self.ranges(cell))
                found = choice(sp.And(*conditions), write.value.xreplace(then), found)
            return found

        cell.final = written(cell.initial)

        def before(counter: Any, *args: Any) -> Any:
            write = cell.writes[0]
            if write.round is None:
                return UNREAD
            own = (*(c for c, _ in cell.outer), *cell.indices)
            there = dict(zip(own, args, strict=True))
            then = expanded(write.round.xreplace(there))
            gap = expanded((then - counter) * self.direction)
            return cell.at(written(cell.initial), args) if gap == -1 else UNREAD

        self.table[cell.base] = before

    def settle_overlapping(self, cell: Cell) -> None:
        """An entry is what the last round has written that wrote it."""
        (write,) = cell.writes
        hit = sp.And(*write.rest)
        k, later, any_ = (self.trace.index("k") for _ in range(3))

        def none(of: Any, low: Any, high: Any) -> Any:
            left = choice(hit, sp.Integer(0), sp.Integer(1)).xreplace({self.counter: of})
            return sp.Product(left, (of, low, high))

        after = (k + 1, self.count - 1) if self.direction > 0 else (sp.Integer(0), k - 1)
        here = choice(hit, write.value, sp.Integer(0)).xreplace({self.counter: k})
        stays = sp.Sum(here * none(later, *after), (k, 0, self.count - 1))
        cell.final = stays + cell.initial * none(any_, sp.Integer(0), self.count - 1)
        self.table[cell.base] = lambda counter, *args: UNREAD

    def sum_of(self, body: Any, ranges: dict[Any, Any]) -> Any:
        """Σ over all rounds; what a round adds at one place alone is no sum."""
        if self.counter not in body.free_symbols:
            return self.count * body
        body = spread(body)
        if isinstance(body, sp.Add):
            return sp.Add(*(self.sum_of(term, ranges) for term in body.args))
        factors = sp.Mul.make_args(body)
        for place, factor in enumerate(factors):
            conditions: list[Any] = []
            value: Any = sp.Integer(1)
            if isinstance(factor, sp.KroneckerDelta):
                conditions = [sp.Eq(*factor.args[:2], evaluate=False)]
            elif isinstance(factor, Cases):
                (value, condition), (other, _) = factor.args[:2]
                if len(factor.args) != 2 or other != 0:
                    continue
                conditions = list(sp.And.make_args(condition))
            for condition in conditions:
                if not isinstance(condition, sp.Eq) or self.counter not in condition.free_symbols:
                    continue
                round_ = solve(condition.lhs - condition.rhs, self.counter)
                if round_ is None or round_.atoms(sp.Indexed):
                    continue
                rest = [c for c in conditions if c is not condition]
                then = {self.counter: round_}
                whole = sp.Mul(value, *factors[:place], *factors[place + 1 :]).xreplace(then)
                tests = [r.xreplace(then) for r in rest] + self.in_range(round_, ranges)
                return choice(sp.And(*tests), whole, sp.Integer(0))
        k = self.trace.index("k")
        return sum_of(body.xreplace({self.counter: k}), (k, 0, self.count - 1))


def spread(body: Any) -> Any:
    """Terms with deltas under a condition, each with its condition, the deltas outside."""
    if not isinstance(body, Cases) or len(body.args) != 2 or body.args[1][0] != 0:
        return body
    value, condition = body.args[0]
    if not value.has(sp.KroneckerDelta):
        return body
    found = []
    for term in sp.Add.make_args(value):
        deltas = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.KroneckerDelta)]
        rest = [f for f in sp.Mul.make_args(term) if not isinstance(f, sp.KroneckerDelta)]
        found.append(sp.Mul(*deltas, choice(condition, sp.Mul(*rest), sp.Integer(0))))
    return sp.Add(*found)


def solve(difference: Any, symbol: Any) -> Any:
    """The value of a symbol of coefficient ±1 at which a linear expression is 0; else None."""
    difference = expanded(difference)
    coefficient = difference.coeff(symbol, 1)
    rest = expanded(difference - coefficient * symbol)
    if symbol in rest.free_symbols or coefficient not in (1, -1):
        return None
    return expanded(-rest / coefficient)


def settle(
    cells: list[Cell], definitions: list[Any], counter: Any, count: Any, direction: int
) -> Callable[[Any], Any]:
    """Give every cell its value after the loop, and rewrite the definitions without states.

    :returns: what does the same to an expression of a round.
    :raises Refused: where a state is none of the kinds above.
    """
    return Settling(cells, definitions, counter, count, direction).run()
