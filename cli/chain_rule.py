"""A gradient as a person derives it: the chain rule from the result back, a line a definition.

Each line is the gradient in one definition on the way, written with the gradients of the lines
before it, and decided as any claim is: what is not proved is left out. The last line puts them
together, and is the documented side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArraySymbol

from derive import engine
from derive.backends.graph import Graph, graph_of
from derive.base.errors import DeriveError
from derive.claims.kinds import Gradient
from derive.claims.verdict import HOLDS, Verdict
from derive.cli.derivation import LONGEST, MOST_LINES, Decide, Derivation, Line, listed, proved
from derive.cli.equalities import identity_lines
from derive.cli.forward_chain import jacobian_lines
from derive.cli.inner_parts import with_parts
from derive.cli.local_rules import OF_LOGSUMEXP, OF_SOFTMAX, rules_between
from derive.language.operators import MatrixPartial, Partial, Softmax
from derive.language.printing import text_of
from derive.language.sequences import Recurrence, at
from derive.language.shapes import Shapes

MOST_PIECES = 8  # of the documented side that are tried as a gradient on the way

OVER_TIME = "it is read at every step: the gradients of all steps add up"
AGAIN = "the gradient is derived once more"
THROUGH_TIME = "the later steps move with it: what comes back through them is added"

_DERIVATIVES = (sp.Derivative, Partial, MatrixPartial)


class NoChain(Exception):
    """A claim that has no such lines; the message is one sentence."""


def chain_rule(claim: Any, decide: Decide) -> Derivation:
    """The lines of a gradient or a backward pass; of any other claim its definitions alone.

    :param decide: what each line is proved by.
    :raises NoChain: where it does not hold.
    """
    return chain_of(decide(claim), decide)


def chain_of(verdict: Verdict, decide: Decide) -> Derivation:
    """The lines of a gradient that was decided already, or of the one that an identity speaks of.

    :raises NoChain: where it does not hold.
    """
    claim: Any = verdict.claim
    if verdict.status != HOLDS:
        raise NoChain(f"{claim.id or 'the claim'} is {verdict.status}: only a proof has a chain")
    if claim.axes:
        claim = with_parts(claim)
    parts = claim.where if claim is not verdict.claim else {}
    graph = graph_of(claim)
    names = {node.name for node in graph.nodes}
    definitions = {s: v for s, v in claim.where.items() if _name(s) in names}
    lines: tuple[Line, ...] = ()
    if claim.axes == ("wrt",):
        lines = tuple(_Chain(claim, graph, definitions, decide).lines())
    elif claim.derivatives == 2:
        lines = tuple(_twice(verdict, graph, definitions, decide))
    elif claim.axes == ("of", "wrt"):
        lines = tuple(jacobian_lines(claim, verdict, decide))
    elif claim.states_both and (inside := _gradient_within(claim)) is not None:
        definitions = dict(claim.where)
        lines = tuple(_Chain(inside, graph_of(inside), definitions, decide, within=True).lines())
    elif claim.states_both and claim.is_equation:
        lines = identity_lines(verdict, decide)
    return Derivation(definitions, lines, verdict.claim, verdict, dict(parts))


def _twice(verdict: Verdict, graph: Graph, definitions: Any, decide: Decide) -> Iterator[Line]:
    """The lines of the gradient, and that it is derived once more; none where it is not found."""
    claim: Any = verdict.claim
    try:
        once = engine.gradient(claim.of, claim.wrt, claim.where)
    except DeriveError:
        return
    first = Gradient(claim.of, claim.wrt, once, where=claim.where, given=claim.given, id=claim.id)
    if len(text_of(once)) > LONGEST or decide(first).status != HOLDS:
        return
    yield from _Chain(first, graph, definitions, decide).lines()
    facts = tuple(fact for fact in verdict.assumptions if fact in claim.given)
    yield Line(claim, None, (AGAIN,), facts)


def _gradient_within(claim: Any) -> Any:
    """The only gradient that an identity speaks of, as a claim: equal to a part of its sides.

    None where there is no such gradient, or more than one.
    """
    found = {
        node
        for node in sp.preorder_traversal(sp.Tuple(claim.left, claim.right))
        if isinstance(node, (Partial, MatrixPartial))
    }
    if len(found) != 1:
        return None
    only = found.pop()
    if only.wrt not in _names_in(claim) or Shapes(claim.where).of(only.of) != ():
        return None
    other = claim.right if claim.left.has(only) else claim.left
    return Gradient(only.of, only.wrt, other, where=claim.where, given=claim.given, id=claim.id)


def _names_in(claim: Any) -> set[Any]:
    sides = (claim.left, claim.right, *claim.where, *claim.where.values())
    return {
        node
        for side in sides
        if isinstance(side, sp.Basic)
        for node in sp.preorder_traversal(side)
        if isinstance(node, (sp.MatrixSymbol, sp.Symbol))
    }


def _has_softmax(value: Any) -> bool:
    return isinstance(value, sp.Basic) and value.has(Softmax)


def _name(symbol: Any) -> str:
    return str(getattr(symbol, "name", symbol))


class _Chain:
    def __init__(
        self, claim: Any, graph: Graph, definitions: Any, decide: Decide, within: bool = False
    ) -> None:
        """:param within: whether the documented side only contains the gradient."""
        self.claim, self.graph, self.decide, self.within = claim, graph, decide, within
        self.definitions: Mapping[Any, Any] = definitions
        self.symbols = {_name(symbol): symbol for symbol in definitions}
        self.shapes = Shapes(claim.where)
        self.upstream: dict[Any, Any] = {}  # of a definition: the name of its gradient
        self.used: set[Any] = set()  # facts that a line before rests on
        self.values: dict[Any, Any] = {}  # of such a name: what it was found to be
        self.gradients = self._documented_gradients()
        self.in_full = {value: symbol for symbol, value in self.definitions.items()}

    def lines(self) -> Iterator[Line]:
        """One for each definition on the way, and one for what the gradient is taken in."""
        carried = {self.graph.nodes[e.target].name for e in self.graph.edges if e.carries}
        ends = (self.claim.of, self.claim.wrt)
        way = [s for s in self.definitions if _name(s) in carried and s not in ends]
        for symbol in (*list(reversed(way))[:MOST_LINES], self.claim.wrt):
            last = symbol == self.claim.wrt
            line = self._through_time(symbol) if self._is_state(symbol) else None
            line = line or self._line(symbol, last)
            if line is None:
                continue
            if line.name is not None:
                self.upstream[symbol], self.values[line.name] = line.name, line.value
            elif self._has_name(line.value):
                self.upstream[symbol] = line.value
            yield line

    def _line(self, symbol: Any, last: bool) -> Line | None:
        name = None if last else self._named(symbol)
        for value, reasons in self._candidates(symbol):
            if len(text_of(value)) > LONGEST:
                continue
            own = replace(self.claim, wrt=symbol, equals=value, where=self._where())
            verdict = proved(own, self.decide)
            if verdict is not None:
                if _has_softmax(value) and not {OF_SOFTMAX, OF_LOGSUMEXP} & {*reasons}:
                    reasons = (OF_SOFTMAX,)
                named = None if self._has_name(value) else name
                return Line(own, named, reasons, self._facts(verdict, own))
        return Line(self.claim, None, self._last_reasons()) if last and not self.within else None

    def _last_reasons(self) -> tuple[str, ...]:
        """Of the documented side itself, which is proved as a whole."""
        return self._reasons(self.claim.wrt, self._read_in(self.claim.wrt))

    def _facts(self, verdict: Verdict, own: Any) -> tuple[Any, ...]:
        """What a line assumes, and no line before it."""
        found = tuple(f for f in verdict.assumptions if f in own.given and f not in self.used)
        self.used |= set(found)
        return found

    def _has_name(self, value: Any) -> bool:
        """Whether a gradient is something that the document has a name for."""
        if value in self.definitions:  # what is computed: another thing that happens to be equal
            return False
        return isinstance(value, (sp.MatrixSymbol, sp.Symbol, ArraySymbol, sp.IndexedBase))

    def _is_state(self, symbol: Any) -> bool:
        return isinstance(self.definitions.get(symbol), Recurrence)

    def _is_read_later(self, symbol: Any) -> bool:
        nodes = self.graph.nodes
        return any(
            nodes[edge.source].name == _name(symbol) and (edge.time or edge.back)
            for edge in self.graph.edges
        )

    def _through_time(self, symbol: Any) -> Line | None:
        """The gradient in one step of what is defined step by step, the later steps moving with
        it, as a part of the documented side; None where none of them is.
        """
        index = self.definitions[symbol].index
        try:
            step, shape = at(symbol, index), self.shapes.of(at(symbol, index))
        except DeriveError:
            return None
        within = (index >= self.definitions[symbol].low, index <= self.definitions[symbol].high)
        candidates = dict.fromkeys(
            at(name, index)
            for name in self.gradients
            if self._has_shape(name, self.shapes.of(symbol))
        )
        if isinstance(self.claim.equals, sp.Basic):
            for part in sp.preorder_traversal(self.claim.equals):
                if part.has(index) and self._may_be(part, shape):
                    candidates[part] = None
        derived = simplified = None
        try:
            derived = engine.gradient(self.claim.of, step, self.claim.where)
            if self.claim.weights is None and len(text_of(derived)) <= LONGEST:
                simplified = _where_true(derived, within)
                candidates |= dict.fromkeys((simplified, derived))
        except DeriveError:
            pass
        for value in islice(candidates, MOST_PIECES):
            given = (*self.claim.given, *within)
            own = replace(self.claim, wrt=step, equals=value, given=given)
            if proved(own, self.decide) is not None:
                moving = (THROUGH_TIME,) if self._is_read_later(symbol) else ()
                reasons = (*self._reasons(symbol, self._read_in(symbol)), *moving)
                if value != derived and value == simplified:
                    reasons = (*reasons, f"for {listed(map(text_of, within))}")
                return Line(own, None, reasons)
        return None

    def _documented_gradients(self) -> tuple[Any, ...]:
        """What the document defines for its gradient and the result does not rest on."""
        equals = self.claim.equals
        reached: dict[Any, None] = {}
        waiting = [equals] if isinstance(equals, sp.Basic) else []
        while waiting:
            part = waiting.pop()
            for symbol, value in self.claim.where.items():
                if symbol in reached or symbol in self.definitions or not part.has(symbol):
                    continue
                reached[symbol] = None
                if isinstance(value, sp.Basic):
                    waiting.append(value)
        return tuple(reached)

    def _has_shape(self, symbol: Any, shape: Any) -> bool:
        try:
            return bool(self.shapes.of(symbol) == shape)
        except DeriveError:
            return False

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
        name = f"delta_{_name(symbol)}"
        return sp.MatrixSymbol(name, *shape) if len(shape) == 2 else ArraySymbol(name, shape)

    def _candidates(self, symbol: Any) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """What the gradient in a definition may be written as, the most readable first."""
        readers = self._readers(symbol)
        local = self._through(symbol, readers) if readers else None
        reasons = self._reasons(symbol, readers or self._read_in(symbol))
        shape = self.shapes.of(symbol)
        if symbol != self.claim.wrt:
            for name in self.gradients:
                if self._has_shape(name, shape):
                    yield name, reasons
        if readers == [self.claim.of] or local is None:
            for piece in self._pieces(symbol):
                for value in self._written(piece):
                    yield value, reasons
        if local is not None:
            for value in self._written(local):
                yield value, reasons
        if symbol == self.claim.wrt and not self.within:
            return  # the documented side says it better
        try:
            yield self._whole(symbol), (*reasons, "through all that lies between")
        except DeriveError:
            return

    def _written(self, value: Any) -> Iterator[Any]:
        """A gradient with the document's names for what it defines, and as it is."""
        named = value
        for _ in self.in_full:  # what stands inside of a definition gets its name first
            named = named.xreplace(self.in_full)
        named = as_matrix_product(named)
        if named != value:
            yield named
        yield value

    def _read_in(self, symbol: Any) -> list[Any]:
        """The definitions that read a symbol, whether their gradient is known or not."""
        nodes, found = self.graph.nodes, []
        for edge in self.graph.edges:
            if nodes[edge.source].name == _name(symbol) and edge.carries:
                reader = self.symbols.get(nodes[edge.target].name, self.claim.of)
                found.append(reader)
        return list(dict.fromkeys(found))

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
        if symbol == self.claim.wrt and not self.within:
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
            names = listed(map(self._told, readers))
            shown.insert(0, f"it is read in {names}: their gradients add up")
        if not shown and readers:
            shown = [f"the chain rule, through {listed(map(self._told, readers))}"]
        if not self._is_state(symbol) and any(self._reads_at_steps(r, symbol) for r in readers):
            shown.append(OVER_TIME)
        return tuple(dict.fromkeys(shown))

    def _reads_at_steps(self, reader: Any, symbol: Any) -> bool:
        return self._is_state(reader) and self.definitions[reader].step.has(symbol)

    def _told(self, reader: Any) -> str:
        """The name of a definition; of a formula without one that it is the result."""
        return text_of(reader) if reader in self.definitions else "the result"


def _where_true(value: Any, facts: tuple[Any, ...]) -> Any:
    """A value where some facts hold: of cases that ask for one of them, what is then."""
    if not isinstance(value, sp.Basic):
        return value
    cases = (case for case in value.atoms(sp.Piecewise) if case.args[0].cond in facts)
    return value.xreplace({case: case.args[0].expr for case in cases})


def as_matrix_product(value: Any) -> Any:
    """Products with the only entry of a 1×1 matrix as products of matrices, where they fit.

    (ŷ − y)[0, 0]·xᵀ is xᵀ(ŷ − y) if xᵀ is a column.
    """
    if not isinstance(value, sp.Basic) or not value.args:
        return value
    if isinstance(value, MatrixElement):
        return value
    args = [as_matrix_product(arg) for arg in value.args]
    if args != list(value.args) and not isinstance(value, (sp.Lambda, sp.FunctionMatrix)):
        value = value.func(*args)
    if not isinstance(value, sp.MatMul):
        return value
    numbers = [arg for arg in value.args if not getattr(arg, "is_Matrix", False)]
    matrices = [arg for arg in value.args if getattr(arg, "is_Matrix", False)]
    for number in sp.Mul.make_args(sp.Mul(*numbers)):
        if not _is_only_entry(number) or not matrices:
            continue
        kept = sp.Mul(*numbers) / number
        if matrices[-1].shape[1] == 1:
            return sp.MatMul(*([kept] if kept != 1 else []), *matrices, number.parent)
        if matrices[0].shape[0] == 1:
            return sp.MatMul(*([kept] if kept != 1 else []), number.parent, *matrices)
    return value


def _is_only_entry(number: Any) -> bool:
    return isinstance(number, MatrixElement) and number.parent.shape == (1, 1)
