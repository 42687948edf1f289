"""A Jacobian as a person derives it: from what it is taken in forward, a line a definition.

Between vectors each line is the matrix of one definition times those of what it reads. Of anything
else there is one line, with what happens to its entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy as sp

from derive import engine
from derive.base.errors import DeriveError
from derive.claims.verdict import Verdict
from derive.cli.derivation import LONGEST, MOST_LINES, Decide, Line, proved
from derive.cli.law_phrases import phrases
from derive.cli.local_rules import ENTRIES, jacobian_rules, rules_of_entries
from derive.language.printing import text_of
from derive.language.sequences import At, Recurrence
from derive.language.shapes import Shapes

SHORTEST = 12  # characters of a matrix that is written out in the lines below


def jacobian_lines(claim: Any, verdict: Verdict, decide: Decide) -> Iterator[Line]:
    """The lines of a Jacobian that holds; the last one is about the claim's own derivative.

    :param verdict: on the claim, or on the same one without names for its inner parts.
    """
    yield from _Forward(claim, verdict, decide).lines()


class _TooLong(Exception):
    """More definitions on the way than anybody reads."""


class _Forward:
    def __init__(self, claim: Any, verdict: Verdict, decide: Decide) -> None:
        self.claim, self.verdict, self.decide = claim, verdict, decide
        self.shapes = Shapes(claim.where)
        self.found: dict[Any, Any] = {claim.wrt: None}  # of what is read: its Jacobian, as written
        self.values: dict[Any, Any] = {}  # of the names among these
        self.used: set[Any] = set()
        self.moves: dict[Any, bool] = {claim.wrt: True}
        self.in_full = {v: s for s, v in claim.where.items() if isinstance(v, sp.MatrixExpr)}

    def lines(self) -> Iterator[Line]:
        claim = self.claim
        if self._length(claim.of) is None or self._length(claim.wrt) is None:
            yield self._entries()
            return
        try:
            order = self._on_the_way(claim.of)
        except (_TooLong, DeriveError):
            order = []
        shown = 0
        unshown: list[str] = []  # what is said of definitions whose line is not proved
        for key in order:
            if (line := self._line(key)) is None:
                unshown += self._reasons(key)
                continue
            shown += 1
            yield line
        own = self._line(claim.of) if shown else None  # alone, the documented side says it better
        yield own or self._documented((*unshown, *self._reasons(claim.of)))

    def _documented(self, reasons: tuple[str, ...]) -> Line:
        """The documented side itself, which is proved as a whole."""
        said = tuple(reason for reason in dict.fromkeys(reasons) if reason != ENTRIES)
        facts = tuple(fact for fact in self.claim.given if fact not in self.used)
        return Line(self.claim, None, said or phrases(self.verdict), facts)

    def _entries(self) -> Line:
        """What happens to the entries of what is no vector."""
        of = self._meaning(self.claim.of)
        reasons = rules_of_entries(self.claim.of if of is None else of, _array(self.claim.wrt))
        return self._documented(tuple(reasons))

    def _line(self, key: Any) -> Line | None:
        """The Jacobian of one definition; None where none is found that is proved."""
        is_last = key == self.claim.of
        for value in self._candidates(key):
            if len(text_of(value)) > LONGEST:
                continue
            where = {**self.claim.where, **self.values}
            own = replace(self.claim, of=key, equals=value, where=where)
            verdict = proved(own, self.decide)
            if verdict is None:
                continue
            facts = tuple(f for f in verdict.assumptions if f in own.given and f not in self.used)
            self.used |= set(facts)
            name = None if is_last or len(text_of(value)) <= SHORTEST else self._named(key)
            self.found[key] = value if name is None else name
            if name is not None:
                self.values[name] = value
            return Line(own, name, self._reasons(key), facts)
        return None

    def _candidates(self, key: Any) -> Iterator[Any]:
        meaning = self._meaning(key)
        if meaning is None:
            return
        total = None
        for read in self._read(meaning):
            if read not in self.found:
                return
            stand_in = _stand_in(read)
            try:
                part = engine.jacobian(meaning.xreplace({read: stand_in}), stand_in)
            except (DeriveError, AttributeError, TypeError, ValueError):
                return
            part = part.xreplace({stand_in: read})
            if self.found[read] is not None:
                part = part * self.found[read]
            total = part if total is None else total + part
        if total is None:
            return
        named = total.xreplace(self.in_full)
        if named != total:
            yield named
        yield total

    def _reasons(self, key: Any) -> tuple[str, ...]:
        meaning = self._meaning(key)
        if meaning is None:
            return ()
        reads = self._read(meaning)
        said = [rule for read in reads for rule in jacobian_rules(meaning, read)]
        through = [text_of(read) for read in reads if read != self.claim.wrt]
        if len(reads) > 1:
            said.append(f"what comes through {' and '.join(map(text_of, reads))} adds up")
        elif through:
            said.append(f"the chain rule, through {through[0]}")
        return tuple(dict.fromkeys(said))

    def _on_the_way(self, key: Any) -> list[Any]:
        """What is defined between the claim's variable and something, in order."""
        order: list[Any] = []

        def visit(at: Any) -> None:
            meaning = self._meaning(at)
            for read in self._read(meaning) if meaning is not None else ():
                if read != self.claim.wrt and read not in order:
                    if len(order) > MOST_LINES:
                        raise _TooLong
                    visit(read)
                    order.append(read)

        visit(key)
        return order

    def _read(self, meaning: Any) -> list[Any]:
        """What an expression reads, directly, that moves with the claim's variable."""
        steps = [node for node in sp.preorder_traversal(meaning) if isinstance(node, At)]
        apart = meaning.xreplace({step: _stand_in(step) for step in steps})
        whole = [s for s in (self.claim.wrt, *self.claim.where) if apart.has(s)]
        read = dict.fromkeys((*whole, *steps))
        return [one for one in read if self._moves(one, 0)]

    def _moves(self, key: Any, deep: int) -> bool:
        """Whether something moves with the claim's variable."""
        if key not in self.moves:
            if deep > MOST_LINES:
                raise _TooLong
            meaning = self._meaning(key)
            self.moves[key] = False
            if meaning is not None:
                steps = {n for n in sp.preorder_traversal(meaning) if isinstance(n, At)}
                parts = {s for s in (self.claim.wrt, *self.claim.where) if meaning.has(s)}
                parts -= {step.array for step in steps}
                self.moves[key] = any(self._moves(part, deep + 1) for part in parts | steps)
        return self.moves[key]

    def _meaning(self, key: Any) -> Any:
        """What something is defined as; the formula itself of what has no name, else None."""
        where = self.claim.where
        if isinstance(key, At):
            steps = where.get(key.array)
            if not isinstance(steps, Recurrence):
                return None
            return steps.step.xreplace({steps.index: key.index})
        if key in where:
            return None if isinstance(where[key], Recurrence) else where[key]
        return key if key == self.claim.of and isinstance(key, sp.Basic) else None

    def _named(self, key: Any) -> Any:
        rows, columns = self._length(key), self._length(self.claim.wrt)
        name = key.array if isinstance(key, At) else key
        return sp.MatrixSymbol(f"J_{name.name}", rows, columns)

    def _length(self, key: Any) -> Any:
        """How long a row or a column is; None of anything else."""
        try:
            shape = self.shapes.of(key)
        except (DeriveError, AttributeError, TypeError):
            return None
        if len(shape) != 2 or 1 not in shape:
            return None
        return shape[1] if shape[0] == 1 else shape[0]


def _array(key: Any) -> Any:
    """The array that an entry or a step is of."""
    return getattr(key, "array", getattr(key, "parent", getattr(key, "base", key)))


def _stand_in(key: Any) -> Any:
    """A vector for one step of a sequence, which is differentiated by itself."""
    return sp.MatrixSymbol(f"{text_of(key)}", *key.shape) if isinstance(key, At) else key
