"""``derive draw``: the graph of definitions, its layout, and its text for who does not see it."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
import sympy as sp
from click.testing import CliRunner

from derive import Formula, Gradient, Identity, at, recurrence, sequence
from derive.backends.draw import drawn
from derive.backends.drawing import HEIGHT, _layers, svg
from derive.backends.graph import DEFINED, GIVEN, PARAMETER, RESULT, SCALAR, graph_of, largest
from derive.claims.entry import Entry
from derive.cli.main import main

SVG = "{http://www.w3.org/2000/svg}"
n, m, h, T = sp.symbols("n m h T", integer=True, positive=True)
t = sp.Symbol("t", integer=True)
x, W, b = sp.MatrixSymbol("x", n, m), sp.MatrixSymbol("W", m, h), sp.MatrixSymbol("b", n, h)
z, a = sp.MatrixSymbol("z", n, h), sp.MatrixSymbol("a", n, h)
loss, eps, unused = (sp.Symbol(name, real=True) for name in ("loss", "eps", "unused"))
u = sp.Symbol("u", real=True)
WHERE = {
    z: x * W + b,
    a: z.applyfunc(sp.Lambda(u, sp.tanh(u))),
    unused: eps,
    loss: sp.Trace(a.T * a) + eps * sp.Trace(x.T * x),
}
CLAIM = Gradient(loss, W, W, where=WHERE, id="net")
X, H, Z = (sp.IndexedBase(name, shape=(T + 1, n, h)) for name in "XHZ")
U = sp.MatrixSymbol("U", h, h)
THROUGH_TIME = {
    Z: sequence(at(H, t - 1) * U + at(X, t), (t, 1, T)),
    H: recurrence(at(Z, t) + at(H, t - 1), (t, 1, T), start=b),
}


def names(graph, kind):
    return [node.name for node in graph.nodes if node.kind == kind]


def test_the_graph_has_what_the_result_rests_on():
    graph = graph_of(CLAIM, {W})
    assert names(graph, GIVEN) == ["b", "eps", "x"]
    assert names(graph, PARAMETER) == ["W"]
    assert (names(graph, DEFINED), names(graph, RESULT)) == (["z", "a"], ["loss"])
    edges = {(graph.nodes[e.source].name, graph.nodes[e.target].name): e for e in graph.edges}
    assert set(edges) == {
        ("W", "z"), ("b", "z"), ("x", "z"), ("z", "a"), ("a", "loss"), ("x", "loss"),
        ("eps", "loss"),
    }  # fmt: skip
    assert edges["W", "z"].shape == "(m, h)"
    assert edges["eps", "loss"].shape == SCALAR
    carried = {key for key, edge in edges.items() if edge.carries}
    assert carried == {("W", "z"), ("z", "a"), ("a", "loss")}


def test_a_recurrence_runs_back():
    graph = graph_of(Identity(at(H, T), at(H, T), where=THROUGH_TIME))
    back = {
        (graph.nodes[e.source].name, graph.nodes[e.target].name): (e.time, e.shape)
        for e in graph.edges
        if e.back
    }
    assert back == {("H", "Z"): ("t - 1", "(n, h)"), ("H", "H"): ("t - 1", "(n, h)")}
    assert "H (T + 1, n, h) comes again and again from b, Z, H at t - 1. It is the result." in (
        graph.told()
    )


def test_what_is_defined_nowhere_is_a_result_of_its_own():
    graph = graph_of(Gradient(sp.Trace(x.T * x), x, 2 * x))
    assert (names(graph, GIVEN), names(graph, RESULT)) == (["x"], ["value"])
    assert largest([Gradient(sp.Trace(x.T * x), x, x), CLAIM]).title == "net"
    update = Identity(W - loss * u * W, W, where=WHERE, id="update")
    assert len(graph_of(update).nodes) > len(graph_of(CLAIM).nodes)
    assert largest([update, CLAIM]).title == "net"  # what the notes draw is the network


@pytest.mark.parametrize("claim", [CLAIM, Identity(at(H, T), at(H, T), where=THROUGH_TIME)])
def test_the_picture_goes_from_left_to_right_and_no_boxes_touch(claim):
    graph = graph_of(claim)
    layers = _layers(graph)
    assert all(layers[e.source] < layers[e.target] for e in graph.edges if not e.back)
    root = Xml.fromstring(svg(graph, gradient=True))
    boxes = [
        tuple(float(rect.get(key)) for key in ("x", "y", "width"))
        for rect in root.findall(f"{SVG}g/{SVG}rect")
    ]
    assert len(boxes) == len(graph.nodes)
    width, height = float(root.get("width")), float(root.get("height"))
    for k, (left, top, wide) in enumerate(boxes):
        assert 0 < left < left + wide < width
        assert 0 < top < top + HEIGHT < height
        for other, above, other_wide in boxes[:k]:
            apart = left + wide < other or other + other_wide < left
            assert apart or abs(top - above) > HEIGHT
    drawn = root.findall(f"{SVG}path")
    assert len(drawn) == len(graph.edges)
    assert sum("loop" in path.get("class") for path in drawn) == sum(e.back for e in graph.edges)


def test_who_does_not_see_it_is_told():
    root = Xml.fromstring(svg(graph_of(CLAIM)))
    assert root.get("role") == "img"
    ids = root.get("aria-labelledby").split()
    told = {part.get("id"): part.text for part in root if part.get("id")}
    assert set(ids) == set(told)
    assert "z (n, h) comes from W, b, x." in told["told-net"]


def test_names_are_no_markup():
    odd = sp.Symbol("<a&b>", real=True)
    root = Xml.fromstring(svg(graph_of(Gradient(odd**2, odd, 2 * odd))))
    assert "<a&b>" in root.find(f"{SVG}desc").text


def test_the_command(tmp_path):
    runner = CliRunner()
    told = runner.invoke(main, ["draw", "gru", "--format", "text"])
    assert told.exit_code == 0
    assert "Parameters: Whh (h, h)" in told.stdout
    file = tmp_path / "mlp.svg"
    assert runner.invoke(main, ["draw", "mlp", "--gradient", "-o", str(file)]).exit_code == 0
    assert "carries" in file.read_text(encoding="utf-8")
    failed = runner.invoke(main, ["draw", "mlp", "-o", str(tmp_path / "no" / "mlp.svg")])
    assert (failed.exit_code, len(failed.stderr.splitlines())) == (2, 1)


def test_a_number_stands_beside_each_of_its_readers():
    where = {z: eps * (x * W), a: z * eps}
    root = Xml.fromstring(svg(graph_of(Identity(a, a, where=where))))
    names_ = [box.find(f"{SVG}text").text for box in root.findall(f"{SVG}g")]
    assert names_.count("eps") == 2
    assert len(graph_of(Identity(a, a, where=where)).nodes) == len(names_) - 1


def test_no_two_labels_are_written_over_one_another():
    # One input of four definitions in one layer, whose lines cross those of the parameters.
    own = [sp.MatrixSymbol(f"W{k}", m, h) for k in range(4)]
    made = {sp.MatrixSymbol(f"a{k}", n, h): x * W for k, W in enumerate(own)}
    picture = svg(
        graph_of(Gradient(loss, x, x, where={**made, loss: sp.Trace(sp.MatAdd(*made) * b.T)}), own)
    )
    places = [
        (float(text.get("x")), float(text.get("y")), 6 * len(text.text))
        for text in Xml.fromstring(picture).iter(SVG + "text")
        if text.get("class") == "size"
    ]
    assert len(places) > 8
    for k, (x0, y0, wide) in enumerate(places):
        for x1, y1, other in places[:k]:
            assert abs(x0 - x1) >= (wide + other) / 2 or abs(y0 - y1) >= 9


def test_a_step_of_a_sequence_is_written_as_people_do():
    graph = graph_of(Identity(at(H, T), at(H, T), where=THROUGH_TIME))
    assert any(node.formula.startswith("H[t - 1]*U") for node in graph.nodes)
    assert not any("at(" in node.formula for node in graph.nodes)


@pytest.mark.parametrize(
    ("meaning", "learnt"),
    [
        ("scale, trained", True),
        ("embedding, a row for each word", True),
        ("mask: 1 keeps a weight, 0 drops it", False),
        ("probability with which a weight is dropped", False),
        ("the gradient of one parameter", False),
    ],
)
def test_parameters_are_what_a_formula_calls_so(meaning, learnt):
    a = sp.Symbol("a", real=True)
    claim = Identity(a**2, a**2, id="f.a")
    entry = Entry(claim, Formula("f", "F", "1", {}, {a: meaning}, (claim,)))
    assert ("Parameters: a." in drawn([entry], "text")) is learnt
