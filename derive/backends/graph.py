"""The definitions that a claim rests on as a graph, from what is given to what is asked about."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions import ArraySymbol

from derive.backends.marks import UNNAMED
from derive.base.errors import DeriveError
from derive.claims.kinds import Claim
from derive.language.dims import shown
from derive.language.printing import text_of
from derive.language.sequences import At, Recurrence
from derive.language.shapes import Shapes
from derive.language.structure import bound_within

ARRAYS = (sp.MatrixSymbol, sp.IndexedBase, ArraySymbol)
GIVEN, PARAMETER, DEFINED, RESULT = "given", "parameter", "definition", "result"

SCALAR = "scalar"


@dataclass(frozen=True)
class Node:
    """A symbol of the graph.

    :param kind: one of the four constants above.
    :param shape: as text; ``""`` where it has none that is known.
    :param formula: what it is defined as, as text.
    """

    name: str
    kind: str
    shape: str = ""
    formula: str = ""

    @property
    def label(self) -> str:
        """Its name with its shape; a scalar's name alone."""
        return self.name if self.shape == SCALAR else f"{self.name} {self.shape}".rstrip()


@dataclass(frozen=True)
class Edge:
    """One symbol that is read in the definition of another, by their positions.

    :param shape: of what is read there.
    :param time: where it is read at another step of time, at which; ``""`` within one step.
    :param back: whether what is read is defined later, or is the symbol itself: a recurrence.
    :param carries: whether the gradient that is claimed comes back along it.
    """

    source: int
    target: int
    shape: str = ""
    time: str = ""
    back: bool = False
    carries: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of their definition, the inputs first, and edges between them."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def told(self) -> list[str]:
        """The same in sentences, for who does not see it."""
        lines = []
        for kind, said in ((GIVEN, "Given"), (PARAMETER, "Parameters")):
            names = [node.label for node in self.nodes if node.kind == kind]
            if names:
                lines.append(f"{said}: {', '.join(names)}.")
        for position, node in enumerate(self.nodes):
            if node.kind not in (DEFINED, RESULT):
                continue
            read = []
            for edge in self.edges:
                if edge.target == position:
                    at = f" at {edge.time}" if edge.time else ""
                    read.append(f"{self.nodes[edge.source].name}{at}")
            again = any(edge.back and edge.target == position for edge in self.edges)
            how = " again and again" if again else ""
            last = " It is the result." if node.kind == RESULT else ""
            lines.append(f"{node.label} comes{how} from {', '.join(read)}.{last}")
        return lines


def graph_of(claim: Any, parameters: Collection[Any] = ()) -> Graph:
    """The graph of what a claim is about: ``of``, or its left side.

    :param parameters: inputs that are learnt.
    """
    of = claim.left if hasattr(claim, "left") else claim.of
    where = {s: v for s, v in claim.where.items() if not isinstance(v, sp.Lambda)}
    base = _base(getattr(claim, "wrt", None))
    result = _base(of)
    if result not in where:
        result = sp.Symbol(UNNAMED)
        while result in where:
            result = sp.Dummy(UNNAMED)
        where[result] = of
    read = {symbol: _inputs(value) for symbol, value in where.items()}
    reached = _reached(result, read)
    order = [symbol for symbol in where if symbol in reached]
    inputs = sorted({s for symbol in order for s in read[symbol]} - set(where), key=str)
    place = {symbol: k for k, symbol in enumerate([*inputs, *order])}
    shapes = Shapes(claim.where)
    nodes = [
        Node(str(s.name), PARAMETER if s in parameters else GIVEN, _shape(shapes, s))
        for s in inputs
    ]
    for symbol in order:
        kind = RESULT if symbol == result else DEFINED
        whole = symbol if symbol in claim.where else where[symbol]
        nodes.append(Node(str(symbol.name), kind, _shape(shapes, whole), _formula(where[symbol])))
    from_wrt = _after(base, read, order)
    edges = []
    for symbol in order:
        for source in sorted(read[symbol] & set(place), key=lambda s: place[s]):
            at, shape = _how(source, where[symbol], shapes)
            edges.append(
                Edge(
                    place[source],
                    place[symbol],
                    shape,
                    at,
                    place[source] >= place[symbol],
                    symbol in from_wrt and (source == base or source in from_wrt),
                )
            )
    return Graph(claim.id or claim.title or "formula", tuple(nodes), tuple(edges))


def _base(expression: Any) -> Any:
    """The array that an entry or a step belongs to."""
    while isinstance(expression, (At, sp.Indexed, sp.Transpose, MatrixElement)):
        expression = expression.args[0]
    return expression


def _inputs(value: Any) -> set[Any]:
    """The arrays and real numbers that an expression reads; not its sizes and indices."""
    found: set[Any] = set()
    skipped = bound_within(value)
    for node in sp.preorder_traversal(value):
        if isinstance(node, sp.Derivative):
            skipped |= set(node.variables)
        if isinstance(node, ARRAYS):
            found.add(node)
            skipped |= {getattr(node, "label", None)}
    names = {str(array.name) for array in found}
    found |= {
        s
        for s in getattr(value, "free_symbols", ())
        if type(s) is sp.Symbol
        and not s.is_integer
        and s not in skipped
        and str(s.name) not in names
    }
    return found


def _reached(result: Any, read: Mapping[Any, set[Any]]) -> set[Any]:
    found, waiting = {result}, [result]
    while waiting:
        new = {s for s in read[waiting.pop()] if s in read} - found
        found |= new
        waiting.extend(new)
    return found


def _after(base: Any, read: Mapping[Any, set[Any]], order: list[Any]) -> set[Any]:
    """The definitions that depend on a symbol."""
    found: set[Any] = set()
    while True:
        new = {s for s in order if s != base and s not in found and read[s] & {base, *found}}
        if not new:
            return found
        found |= new


def _formula(value: Any) -> str:
    """As text, with ``H[t - 1]`` for one step of a sequence, as people write it."""
    text = text_of(value.step if isinstance(value, Recurrence) else value)
    return re.sub(r"\bat\((\w+), ([^()]*)\)", r"\1[\2]", text)


def _shape(shapes: Shapes, expression: Any) -> str:
    try:
        return shown(shapes.of(expression)) if shapes.of(expression) else SCALAR
    except (DeriveError, AttributeError, TypeError):
        return ""


def _how(source: Any, value: Any, shapes: Shapes) -> tuple[str, str]:
    """At which other step of time a definition reads a symbol, and the shape of what it reads."""
    steps = [
        node
        for node in sp.preorder_traversal(value)
        if isinstance(node, At) and node.array == source
    ]
    if not steps:
        return "", _shape(shapes, source)
    own = value.index if isinstance(value, Recurrence) else None
    times = dict.fromkeys(text_of(node.index) for node in steps if node.index != own)
    return ", ".join(times), _shape(shapes, steps[0])


def largest(claims: Collection[Claim], parameters: Collection[Any] = ()) -> Graph:
    """The graph of the claim that defines most, one with recurrences before one without, and one
    that comes to what has a name, such as a loss, before one of an update or an identity.
    """

    def defines(graph: Graph) -> tuple[int, bool, int]:
        is_named = all(node.name != UNNAMED for node in graph.nodes if node.kind == RESULT)
        return sum(edge.back for edge in graph.edges), is_named, len(graph.nodes)

    return max((graph_of(claim, parameters) for claim in claims), key=defines)
