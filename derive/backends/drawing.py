"""A graph of definitions as SVG: layers from the inputs on the left to the result on the right.

The layout is the classic one in layers (Sugiyama): each definition one layer after the last that it
reads, inputs just before their first reader, long edges through points in the layers between, and
the order within a layer by the mean of the neighbours'. Recurrences run back below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from itertools import pairwise
from xml.sax.saxutils import escape

from derive.backends.graph import DEFINED, GIVEN, RESULT, SCALAR, Edge, Graph

CHARACTER = 7.3  # the width of one, in the units of the picture
HEIGHT, ROW, MARGIN, LANE = 40.0, 64.0, 24.0, 30.0
SWEEPS = 6
LONGEST = 26  # characters of a formula inside of its node
LETTERS = 9.0  # the height of the letters on an edge
ALONG = (0.5, 0.35, 0.65, 0.25, 0.75, 0.15, 0.85)  # where on an edge they may stand


@dataclass
class _Spot:
    """A node, or the point of a long edge, in a layer."""

    layer: int
    node: int | None = None
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0


def svg(graph: Graph, gradient: bool = False, inside: bool = False) -> str:
    """The picture.

    :param gradient: mark the way that the claimed gradient comes back.
    :param inside: leave out its style, which the page has that it is put into.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", graph.title)
    arrow = f"arrow-{name}"
    told = escape(" ".join(graph.told()))
    graph = _with_copies(graph)
    layers = _layers(graph)
    spots = [_Spot(layer, node) for node, layer in enumerate(layers)]
    ways = {edge: _way(edge, spots) for edge in graph.edges if not edge.back}
    columns = _ordered(spots)
    widths = [_width(graph, k) for k in range(len(graph.nodes))]
    right = _placed(graph, spots, columns, widths)
    lowest = max(spot.y for spot in spots) + HEIGHT / 2
    routes = {edge: _route(edge, way, spots, widths) for edge, way in ways.items()}
    body = [_edge(edge, route, gradient, arrow) for edge, route in routes.items()]
    for lane, edge in enumerate(edge for edge in graph.edges if edge.back):
        body.append(_loop(edge, spots, widths, lowest, lane, gradient, arrow))
    body += _labels(routes, spots, widths)  # above all lines
    lanes = sum(edge.back for edge in graph.edges)
    body += [_box(graph, k, spots[k], widths[k]) for k in range(len(graph.nodes))]
    height = lowest + LANE * lanes + MARGIN
    title = escape(f"{graph.title}: its definitions, from the inputs to the result")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {height:.0f}" '
            f'width="{right:.0f}" height="{height:.0f}" class="definitions" role="img" '
            f'aria-labelledby="title-{name} told-{name}">',
            f'<title id="title-{name}">{title}</title>',
            f'<desc id="told-{name}">{told}</desc>',
            *([] if inside else [f"<style>{_style()}</style>"]),
            f'<defs><marker id="{arrow}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" '
            'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            '<path d="M0 0L8 4L0 8z"/></marker></defs>',
            '<rect class="paper" width="100%" height="100%"/>',
            *body,
            "</svg>\n",
        ]
    )


def _style() -> str:
    return resources.files("derive.backends").joinpath("pages", "graph.css").read_text("utf-8")


def _with_copies(graph: Graph) -> Graph:
    """The graph with a number such as ε beside each definition that reads it."""
    nodes, edges = list(graph.nodes), []
    met: set[int] = set()
    for edge in graph.edges:
        node = graph.nodes[edge.source]
        if node.kind == GIVEN and node.shape == SCALAR and edge.source in met:
            nodes.append(node)
            edge = replace(edge, source=len(nodes) - 1)
        met.add(edge.source)
        edges.append(edge)
    return Graph(graph.title, tuple(nodes), tuple(edges))


def _layers(graph: Graph) -> list[int]:
    """The layer of each node; nodes stand in the order of their definition."""
    found = [0] * len(graph.nodes)
    forward = [edge for edge in graph.edges if not edge.back]
    defined = [node.kind in (DEFINED, RESULT) for node in graph.nodes]
    for edge in sorted(forward, key=lambda edge: edge.target):
        least = found[edge.source] + 1 if defined[edge.source] else 1
        found[edge.target] = max(found[edge.target], least)
    for k, is_defined in enumerate(defined):
        if is_defined:
            found[k] = max(found[k], 1)
    for k, is_defined in enumerate(defined):
        if not is_defined:
            readers = [found[edge.target] for edge in graph.edges if edge.source == k]
            found[k] = min(readers, default=1) - 1
    return found


def _way(edge: Edge, spots: list[_Spot]) -> list[int]:
    """The spots that an edge goes through, new ones in the layers between."""
    way = [edge.source]
    for layer in range(spots[edge.source].layer + 1, spots[edge.target].layer):
        spots.append(_Spot(layer))
        way.append(len(spots) - 1)
    way.append(edge.target)
    for one, next_ in pairwise(way):
        spots[one].after.append(next_)
        spots[next_].before.append(one)
    return way


def _ordered(spots: list[_Spot]) -> list[list[int]]:
    """The spots of each layer from top to bottom."""
    columns: list[list[int]] = [[] for _ in range(max(s.layer for s in spots) + 1)]
    for k, spot in enumerate(spots):
        columns[spot.layer].append(k)
    for sweep in range(SWEEPS):
        place = {k: n - len(column) / 2 for column in columns for n, k in enumerate(column)}
        rightwards = sweep % 2 == 0
        for column in columns if rightwards else reversed(columns):
            mean = {}
            for k in column:
                near = spots[k].before if rightwards else spots[k].after
                mean[k] = sum(place[n] for n in near) / len(near) if near else place[k]
            column.sort(key=lambda k, mean=mean: mean[k])  # type: ignore[misc]
            place.update({k: n - len(column) / 2 for n, k in enumerate(column)})
    return columns


def _width(graph: Graph, k: int) -> float:
    node = graph.nodes[k]
    texts = [node.label, _short(node.formula) or node.kind]
    return max(CHARACTER * len(texts[0]), 0.82 * CHARACTER * len(texts[1])) + 18


def _short(formula: str) -> str:
    return formula if len(formula) <= LONGEST else formula[: LONGEST - 1] + "…"


def _placed(
    graph: Graph, spots: list[_Spot], columns: list[list[int]], widths: list[float]
) -> float:
    """Give every spot its place; the width of the picture."""
    labels = [CHARACTER * 0.85 * len(_carried(edge)) for edge in graph.edges if not edge.back]
    gap = max(labels, default=0) + 36
    tallest = max(map(len, columns))
    x = MARGIN
    for column in columns:
        wide = max((widths[spots[k].node or 0] for k in column if spots[k].node is not None),
                   default=10.0)  # fmt: skip
        top = MARGIN + HEIGHT / 2 + (tallest - len(column)) * ROW / 2
        for n, k in enumerate(column):
            spots[k].x, spots[k].y = x + wide / 2, top + n * ROW
        x += wide + gap
    return x - gap + MARGIN


Route = list[tuple[float, float]]


def _route(edge: Edge, way: list[int], spots: list[_Spot], widths: list[float]) -> Route:
    """The points that an edge goes through."""
    points = [(spots[k].x, spots[k].y) for k in way]
    points[0] = (points[0][0] + widths[edge.source] / 2, points[0][1])
    points[-1] = (points[-1][0] - widths[edge.target] / 2, points[-1][1])
    return points


def _edge(edge: Edge, route: Route, gradient: bool, arrow: str) -> str:
    d = f"M{route[0][0]:.1f} {route[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(route):
        middle = (x0 + x1) / 2
        d += f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return _line(edge, d, gradient, "", arrow)


def _labels(routes: Mapping[Edge, Route], spots: list[_Spot], widths: list[float]) -> list[str]:
    """What each edge carries, beside its line where nothing else is written."""
    taken = [
        (s.x - widths[s.node] / 2, s.y - HEIGHT / 2, s.x + widths[s.node] / 2, s.y + HEIGHT / 2)
        for s in spots
        if s.node is not None
    ]
    found = []
    for edge, route in routes.items():
        text = _carried(edge)
        half = CHARACTER * 0.85 * len(text) / 2
        places = [_along(route[0], route[1], t) for t in ALONG]
        boxes = [(x - half, y - LETTERS, x + half, y + 2) for x, y in places]
        crossed = [sum(_overlap(box, other) for other in taken) for box in boxes]
        best = crossed.index(min(crossed))
        taken.append(boxes[best])
        found.append(_label(*places[best], text))
    return found


def _carried(edge: Edge) -> str:
    return f"{edge.shape} at {edge.time}" if edge.time else edge.shape


def _along(start: tuple[float, float], end: tuple[float, float], t: float) -> tuple[float, float]:
    """A point a little above the curve from one point to the next."""
    bent = 3 * (1 - t) * t
    across = start[0] * (1 - t) ** 3 + bent * (start[0] + end[0]) / 2 + end[0] * t**3
    down = start[1] * ((1 - t) ** 3 + bent * (1 - t)) + end[1] * (t**3 + bent * t)
    return across, down - 3


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The area that two boxes share."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def _loop(
    edge: Edge,
    spots: list[_Spot],
    widths: list[float],
    lowest: float,
    lane: int,
    gradient: bool,
    arrow: str,
) -> str:
    """A recurrence: from below what is read, along a lane of its own, to below its reader."""
    source, target = spots[edge.source], spots[edge.target]
    y, aside = lowest + LANE * (lane + 1), 7.0 * (lane % 5)
    x0 = source.x + widths[edge.source] / 2 - 12 - aside
    x1 = target.x - widths[edge.target] / 2 + 12 + aside
    low = HEIGHT / 2
    d = f"M{x0:.1f} {source.y + low:.1f}V{y - 8:.1f}Q{x0:.1f} {y:.1f} {x0 - 8:.1f} {y:.1f}"
    d += f"H{x1 + 8:.1f}Q{x1:.1f} {y:.1f} {x1:.1f} {y - 8:.1f}V{target.y + low:.1f}"
    label = " at ".join(part for part in (edge.shape, edge.time or "another step") if part)
    return _line(edge, d, gradient, "loop", arrow) + _label((x0 + x1) / 2, y - 3, label)


def _line(edge: Edge, d: str, gradient: bool, kind: str, arrow: str) -> str:
    carries = gradient and edge.carries
    classes = " ".join(part for part in (kind, "carries" if carries else "") if part)
    start = f' marker-start="url(#{arrow})"' if carries else ""
    return f'<path class="{classes}" d="{d}" marker-end="url(#{arrow})"{start}/>'


def _label(x: float, y: float, text: str) -> str:
    return f'<text class="size" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>' if text else ""


def _box(graph: Graph, k: int, spot: _Spot, width: float) -> str:
    node = graph.nodes[k]
    x, y = spot.x - width / 2, spot.y - HEIGHT / 2
    kind = node.kind
    below = _short(node.formula) or kind
    told = f"{node.name} = {node.formula}" if node.formula else f"{node.name}, {kind}"
    return (
        f'<g class="node {kind}"><title>{escape(told)}</title>'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{spot.x:.1f}" y="{spot.y - 3:.1f}">{escape(node.label)}</text>'
        f'<text class="small" x="{spot.x:.1f}" y="{spot.y + 13:.1f}">{escape(below)}</text></g>'
    )
