"""A gradient as a person derives it: the chain rule from the result back, a line a definition.

Each line is the gradient in one definition on the way, written with the gradients of the lines
before it, and decided as any claim is: what is not proved is left out. The last line puts them
together, and is the documented side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import sympy as sp

from derive import engine
from derive.backends.graph import Graph, graph_of
from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.claims.verdict import HOLDS, Verdict
from derive.cli.local_rules import OF_SOFTMAX, rules_between
from derive.language.operators import MatrixPartial, Partial, Softmax
from derive.language.printing import text_of
from derive.language.shapes import Shapes

MOST_LINES = 12  # gradients on the way; a deep network has hundreds
MOST_PIECES = 8  # of the documented side that are tried as a gradient on the way

_DERIVATIVES = (sp.Derivative, Partial, MatrixPartial)

Decide = Callable[[Claim], Verdict]


class NoChain(Exception):
    """A claim that has no such lines; the message is one sentence."""


@dataclass(frozen=True)
class Line:
    """One gradient on the way.

    :param claim: the gradient that the line is about, and what it is equal to.
    :param name: the symbol that stands for it in the lines below; None in the last ones.
    :param reasons: why, in words, one phrase each.
    """

    claim: Any
    name: Any
    reasons: tuple[str, ...]

    @property
    def value(self) -> Any:
        return self.claim.equals


@dataclass(frozen=True)
class ChainRule:
    """The lines of a gradient, from the result back to what it is taken in.

    :param definitions: those that the result rests on, in their order.
    :param documented: the claim itself, whose side the lines come to.
    """

    definitions: dict[Any, Any]
    lines: tuple[Line, ...]
    documented: Any
    verdict: Verdict = field(repr=False)


def chain_rule(claim: Any, decide: Decide) -> ChainRule:
    """The lines of a gradient or a backward pass; of any other claim its definitions alone.

    :param decide: what each line is proved by.
    :raises NoChain: where it does not hold.
    """
    return chain_of(decide(claim), decide)


def chain_of(verdict: Verdict, decide: Decide) -> ChainRule:
    """The lines of a gradient that was decided already.

    :raises NoChain: where it does not hold.
    """
    claim: Any = verdict.claim
    if verdict.status != HOLDS:
        raise NoChain(f"{claim.id or 'the claim'} is {verdict.status}: only a proof has a chain")
    graph = graph_of(claim)
    names = {node.name for node in graph.nodes}
    definitions = {s: v for s, v in claim.where.items() if _name(s) in names}
    lines: tuple[Line, ...] = ()
    if claim.axes == ("wrt",):
        lines = tuple(_Chain(claim, graph, definitions, decide).lines())
    return ChainRule(definitions, lines, claim, verdict)


def _has_softmax(value: Any) -> bool:
    return isinstance(value, sp.Basic) and value.has(Softmax)


def _name(symbol: Any) -> str:
    return str(getattr(symbol, "name", symbol))


class _Chain:
    def __init__(self, claim: Any, graph: Graph, definitions: Any, decide: Decide) -> None:
        self.claim, self.graph, self.decide = claim, graph, decide
        self.definitions: Mapping[Any, Any] = definitions
        self.symbols = {_name(symbol): symbol for symbol in definitions}
        self.shapes = Shapes(claim.where)
        self.upstream: dict[Any, Any] = {}  # of a definition: the name of its gradient
        self.used: set[Any] = set()  # facts that a line before rests on
        self.values: dict[Any, Any] = {}  # of such a name: what it was found to be

    def lines(self) -> Iterator[Line]:
        """One for each definition on the way, and one for what the gradient is taken in."""
        carried = {self.graph.nodes[e.target].name for e in self.graph.edges if e.carries}
        ends = (self.claim.of, self.claim.wrt)
        way = [s for s in self.definitions if _name(s) in carried and s not in ends]
        for symbol in (*list(reversed(way))[:MOST_LINES], self.claim.wrt):
            line = self._line(symbol, last=symbol == self.claim.wrt)
            if line is None:
                continue
            if line.name is not None:
                self.upstream[symbol], self.values[line.name] = line.name, line.value
            yield line

    def _line(self, symbol: Any, last: bool) -> Line | None:
        name = None if last else self._named(symbol)
        for value, reasons in self._candidates(symbol):
            own = replace(self.claim, wrt=symbol, equals=value, where=self._where())
            verdict = self.decide(own)
            if verdict.status == HOLDS:
                facts = [f for f in verdict.assumptions if f in own.given and f not in self.used]
                self.used |= set(facts)
                given = (f"with {', '.join(map(text_of, facts))}",) if facts else ()
                softmax = (OF_SOFTMAX,) if _has_softmax(value) else ()
                return Line(own, name, tuple(dict.fromkeys((*reasons, *softmax, *given))))
        return None

    def _where(self) -> dict[Any, Any]:
        return {**self.claim.where, **self.values}

    def _named(self, symbol: Any) -> Any:
        """δ of a definition: an array of its shape; None of one that is no matrix."""
        try:
            shape = self.shapes.of(symbol)
        except DeriveError:
            return None
        if shape == ():
            return sp.Symbol(f"delta_{_name(symbol)}", real=True)
        return sp.MatrixSymbol(f"delta_{_name(symbol)}", *shape) if len(shape) == 2 else None

    def _candidates(self, symbol: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """What the gradient in a definition may be written as, the most readable first."""
        readers = self._readers(symbol)
        local = self._through(symbol, readers) if readers else None
        if readers == [self.claim.of]:  # nothing lies between
            for piece in self._pieces(symbol):
                yield piece, self._reasons(symbol, readers)
        if local is not None:
            yield local, self._reasons(symbol, readers or [])
        try:
            yield self._whole(symbol), ()
        except DeriveError:
            return

    def _readers(self, symbol: Any) -> list[Any] | None:
        """The definitions that read a symbol and whose gradient is known; None if one is not."""
        found = []
        nodes = self.graph.nodes
        for edge in self.graph.edges:
            if nodes[edge.source].name != _name(symbol) or not edge.carries:
                continue
            reader = self.symbols.get(nodes[edge.target].name)
            at_end = reader is None or reader == self.claim.of
            if edge.back or edge.time or not (at_end or reader in self.upstream):
                return None
            found.append(self.claim.of if at_end else reader)
        return found or None

    def _through(self, symbol: Any, readers: list[Any]) -> Any:
        """The sum of what comes back through each reader; None where it is not derived."""
        total = None
        for reader in readers:
            definition = self.definitions.get(reader, reader)
            try:
                if reader == self.claim.of and self.claim.weights is not None:
                    part = engine.backward(definition, symbol, self.claim.weights)
                elif reader == self.claim.of:
                    part = engine.gradient(definition, symbol)
                elif self.shapes.of(reader) == ():
                    part = self.upstream[reader] * engine.gradient(definition, symbol)
                else:
                    part = engine.backward(definition, symbol, self.upstream[reader])
            except DeriveError:
                return None
            total = part if total is None else total + part
        return total

    def _whole(self, symbol: Any) -> Any:
        """The gradient at once, through all that lies between."""
        if self.claim.weights is not None:
            return engine.backward(self.claim.of, symbol, self.claim.weights, self.claim.where)
        return engine.gradient(self.claim.of, symbol, self.claim.where)

    def _pieces(self, symbol: Any) -> Iterator[Any]:
        """Parts of the documented side that have the shape of a symbol, the largest first."""
        equals = self.claim.equals
        if not isinstance(equals, sp.Basic):
            return
        shape = self.shapes.of(symbol)
        parts = dict.fromkeys(sp.preorder_traversal(equals))
        if symbol == self.claim.wrt:
            parts = {equals: None}
        fitting = (part for part in parts if self._may_be(part, shape))
        yield from islice(fitting, MOST_PIECES)

    def _may_be(self, part: Any, shape: Any) -> bool:
        """Whether a part of the documented side may be a gradient of a shape."""
        if not isinstance(part, sp.Expr) or part in self.definitions or not part.free_symbols:
            return False
        if part.has(*_DERIVATIVES):  # says what is to be derived
            return False
        try:
            return bool(self.shapes.of(part) == shape)
        except (DeriveError, AttributeError, TypeError):
            return False

    def _reasons(self, symbol: Any, readers: list[Any]) -> tuple[str, ...]:
        shown = []
        for reader in readers:
            definition = self.definitions.get(reader, reader)
            shown += rules_between(definition, symbol)
        if len(readers) > 1:
            names = " and ".join(text_of(reader) for reader in readers)
            shown.insert(0, f"it is read in {names}: their gradients add up")
        return tuple(dict.fromkeys(shown))
