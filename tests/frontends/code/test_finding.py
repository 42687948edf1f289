"""Pairs and declared shapes in the text of a source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from derive.code import verify_backward
from derive.frontends.code.declared import Labels, Named, declarations, read_comment
from derive.frontends.code.finding import Pair, SourceError, called, find
from derive.frontends.code.request import Request, request
from derive.frontends.code.signatures import gradient_of

PATH = Path("layer.py")


def pairs(text: str) -> list[Pair]:
    return find(PATH, text).pairs


def asked(text: str) -> Request:
    (pair,) = find(PATH, text).declared()
    return request(pair)


def test_a_comment_declares_sizes_labels_values_and_gradients() -> None:
    found = read_comment("x (N, C*H), b (), y (N, T) labels of C, s = k, eps = 1e-5; wrt b, x", 3)
    assert found.shapes == {"x": "N C*H", "b": "", "y": Labels("N T", "C")}
    assert found.fixed == {"s": "k", "eps": 1e-5}
    assert found.wrt == ["b", "x"]
    assert read_comment("grad W = weight_grad, backward f_b, wrt a b", 1).wrt == ["a", "b"]


@pytest.mark.parametrize("text", ["x", "x N D", "x (N;", "x (N, 'D')", "x = ", "x (N) of C"])
def test_what_declares_nothing_is_named_with_its_line(text: str) -> None:
    other = (
        "# derive: y (N)\ndef g_forward(y):\n    return y, y\ndef g_backward(d, y):\n    return d\n"
    )
    found = find(PATH, f"# derive: {text}\ndef f_forward(x):\n    pass\n{other}")
    (problem,) = found.problems
    assert problem.startswith("layer.py, line 1: ")
    assert [pair.name for pair in found.declared()] == ["g_forward"]


def test_a_comment_belongs_to_what_is_around_it_or_below() -> None:
    text = (
        "# derive: x (N)\n\ndef f(x):\n    # derive: b (M)\n    return x\n\n"
        "def g(x):  # derive: x (M)\n    '# derive: no (comment)'\n    return x\n\n"
        "class L:\n    # derive: x (K)\n    def forward(self, x):\n        return x\n"
    )
    found, problems = declarations(text, ast.parse(text))
    assert not problems
    assert {name: d.shapes for name, d in found.items()} == {
        "f": {"x": "N", "b": "M"},
        "g": {"x": "M"},
        "L": {"x": "K"},
    }


def test_a_comment_below_everything_belongs_to_nothing() -> None:
    (problem,) = find(PATH, "def f(x):\n    return x\n# derive: x (N)\n").problems
    assert problem.startswith("layer.py, line 3: no function or class follows")


def test_annotations_and_the_decorator_declare_shapes() -> None:
    text = (
        "def f(x: Float[Array, 'N D'], y: Int[Array, 'N']):\n    # derive: y (N) labels of C\n"
        "    return x, dx\n"
        "@shapes(x='N D', y=labels('N', of='C'), eps=0.1, wrt='x')\ndef g(x, y, eps):\n"
        "    return x, dx\n"
    )
    first, second = (request(pair) for pair in find(PATH, text).declared())
    assert first.shapes == second.shapes == {"x": "N D", "y": Labels("N", "C")}
    assert second.fixed == {"eps": 0.1}
    assert first.wrt == second.wrt == ("x",)


def test_the_annotations_of_a_backward_say_nothing_of_the_inputs() -> None:
    text = (
        "def f_forward(x: Float[A, 'n d']):\n    return x, x\n"
        "def f_backward(dy: Float[A, 'm d'], x: Float[A, 'm d']):\n    return dy\n"
        "class L:\n    def forward(self, x: Float[A, 'n d']):\n        return x\n"
        "    def backward(self, x: Float[A, 'n m'], other: Float[A, '... m']):\n        return x\n"
        "def softmax(x: Float[A, '... d']):\n    return x\n"
    )
    found = find(PATH, text)
    assert [request(pair).shapes for pair in found.declared()] == [{"x": "n d"}] * 2
    assert not found.problems


@pytest.mark.parametrize("size", ["...", "*b", "_"])
def test_an_annotation_that_tells_no_size_is_named_where_it_is_needed(size: str) -> None:
    text = f"def f(x: Float[A, '{size} d']):\n    return x, dx\n"
    with pytest.raises(SourceError, match=r"the shape of x is not declared .* is no size"):
        asked(text)


def test_a_loss_of_a_class_gives_its_gradients_itself() -> None:
    text = (
        "class Net:\n    # derive: x (N, D), y (N) labels of C, W (D, C)\n"
        "    def __init__(self, W):\n        self.W = W\n"
        "    def forward(self, x):\n        return x @ self.W\n"
        "    def loss(self, x, y=None):\n        if y is None:\n            return scores\n"
        "        return loss, {'W': dW}\n"
    )
    found = asked(text)
    assert (found.pair.methods, found.wrt) == (("loss", ""), ("W",))


def test_gradients_may_stand_before_their_loss() -> None:
    text = (
        "# derive: w (D), b ()\ndef propagate(w, b):\n"
        "    grads = {'dw': dw, 'db': db}\n    return grads, cost\n"
    )
    assert asked(text).wrt == ("w", "b")


def test_labels_without_their_number_are_asked_for() -> None:
    text = "def f(x: Float[A, 'N D'], y: Int[A, 'N']):\n    return x, dx\n"
    with pytest.raises(SourceError, match="how many labels y has"):
        asked(text)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("f_forward", "f_backward"),
        ("conv_forward_naive", "conv_backward_naive"),
        ("forward", "backward"),
        ("f_fwd", "f_bwd"),
        ("f", "f_backward"),
        ("f", "f_grad"),
        ("f_forward", "f_grad"),
        ("f", "grad_f"),
        ("f", "f_prime"),
    ],
)
def test_functions_are_paired_by_their_names(forward: str, backward: str) -> None:
    (pair,) = pairs(f"def {backward}(d, c):\n    return d\ndef {forward}(x):\n    return x, x\n")
    assert (pair.kind, pair.forward, pair.backward) == ("functions", forward, backward)


@pytest.mark.parametrize(
    ("start", "base"),
    [
        ("import torch", "torch.autograd.Function"),
        ("import torch.autograd as ag", "ag.Function"),
        ("from torch.autograd import Function", "Function"),
        ("from torch.autograd import Function as F", "F"),
        ("from torch import autograd", "autograd.Function"),
        ("import torch as th", "th.autograd.Function"),
    ],
)
def test_autograd_functions_are_known_by_their_base(start: str, base: str) -> None:
    methods = (
        "    def forward(ctx, x):\n        pass\n    def backward(ctx, g):\n        return g\n"
    )
    (pair,) = pairs(f"{start}\nclass L({base}):\n{methods}")
    assert (pair.kind, pair.arguments) == ("autograd", ("x",))
    (other,) = pairs(f"class L({base}):\n{methods}")
    assert other.kind == "layer"


def test_a_custom_rule_joins_three_functions() -> None:
    text = (
        "def f(x):\n    return x\ndef fwd(x):\n    return x, x\ndef bwd(r, g):\n    return (g,)\n"
        "f.defvjp(fwd, bwd)\n"
    )
    assert [(pair.name, pair.kind) for pair in pairs(text)] == [("f", "vjp")]


def test_gradients_are_known_by_their_names() -> None:
    names = ["dW", "d_W", "grad_W", "W_grad", "grads", "x", "loss", "d"]
    assert [gradient_of(name) for name in names] == ["W", "W", "W", "W", "", None, None, None]


def test_as_many_gradients_as_inputs_are_in_the_order_of_the_inputs() -> None:
    text = "# derive: x (N), w (N)\ndef f_forward(x, w):\n    return x, w\n"
    swapped = text + "def f_backward(g, c):\n    return dw, dx\n"
    assert asked(swapped).wrt == ("x", "w")
    assert asked(text + "def f_backward(g, c):\n    return dw\n").wrt == ("w",)
    with pytest.raises(SourceError, match="it cannot be told which gradients of x and w"):
        asked(text + "def f_backward(g, c):\n    return g\n")


def test_a_shape_that_is_missing_is_named() -> None:
    text = "# derive: x (N)\ndef f_forward(x, w):\n    return x, w\n"
    text += "def f_backward(g, c):\n    return g, g\n"
    with pytest.raises(SourceError, match=r"layer\.py, line 2: of f_forward, the shape of w is"):
        asked(text)
    unknown = text.replace("x (N)", "x (N), w (N), q (N)")
    with pytest.raises(SourceError, match="q is declared, and f_forward has no such argument"):
        asked(unknown)


def test_a_layer_says_where_its_gradients_are() -> None:
    text = (
        "class L:\n    # derive: x (N), W (N), b (N), n = N, s (N)\n"
        "    def __init__(self, W, n):\n        self.W, self.b = W, n\n        self.s = n\n"
        "    def forward(self, x):\n        return x\n"
        "    def backward(self, g):\n        self.grads['b'] = g\n        self.dW = g\n"
        "        return g\n"
    )
    found = asked(text)
    assert found.params == {"W": "W"}
    assert found.init == {"n": "N"}
    assert set(found.attributes) == {"b", "s"}
    assert found.grads == {"W": "dW", "b": "grads[b]"}
    assert found.wrt == ("x", "W", "b")


def test_dictionaries_of_gradients_are_known_by_their_keys() -> None:
    text = (
        "# derive: X (N), W (N), b ()\ndef loss(W, b, X):\n    grads = {'W': W}\n"
        "    grads['db'] = b\n    return X, grads\n"
    )
    assert asked(text).wrt == ("W", "b")


def test_bad_python_is_one_sentence() -> None:
    with pytest.raises(SourceError, match=r"^layer\.py, line 1: SyntaxError: "):
        find(PATH, "def f(:\n")


def test_a_loss_gives_its_gradients_scaled_in_a_tuple_or_in_a_dictionary() -> None:
    head = "# derive: a (N), b (N)\ndef f(a, b):\n    "
    assert asked(f"{head}return loss / n, (da / n, -db)\n").wrt == ("a", "b")
    assert asked(f"{head}return loss, {{'b': b, 'a': a}}\n").wrt == ("b", "a")
    assert asked(f"{head}return loss, db / 2\n").wrt == ("b",)
    assert pairs(f"{head}return a + b, (a, b)\n")[0].kind == "forward"
    assert pairs(f"{head}return a + b, {{'mean': a}}\n")[0].kind == "forward"


def test_a_declaration_above_defvjp_is_its_functions() -> None:
    text = (
        "def f(x):\n    return x\ndef f_fwd(x):\n    return x, x\n"
        "def f_bwd(x, g):\n    return (g,)\n"
        "# derive: x (N)\nf.defvjp(f_fwd, f_bwd)\n"
    )
    assert asked(text).shapes == {"x": "N"}


def test_keys_of_attributes_and_sizes_in_dictionaries_are_declared() -> None:
    found = read_comment("grad W = grads[\"W1\"], param = {'stride': s, 'mode': 'train'}", 1)
    assert found.grads == {"W": "grads[W1]"}
    assert found.fixed == {"param": {"stride": "s", "mode": "train"}}
    assert isinstance(found.fixed["param"]["stride"], Named)
    assert not isinstance(found.fixed["param"]["mode"], Named)


def test_the_backward_of_a_target_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "layer.py"
    file.write_text(
        "def double(x):\n    return 2 * x\ndef double_backward(g):\n    return 2 * g\n"
        "def loss(x):\n    return x.sum(), x * 0 + 1\n"
    )
    double, loss = called(file, "double"), called(file, "loss")
    assert double is not None and double.backward == "double_backward"
    assert loss is not None and loss.kind == "loss"
    assert called(tmp_path / "absent.py", "double") is None
    verdicts = verify_backward(f"{file}::double", shapes={"x": "N"})
    assert verdicts["x"].status == "holds"


def test_a_loss_that_returns_a_difference_does_not_return_its_gradient() -> None:
    text = "def loss(x, y):\n    d = x - y\n    return (d**2).sum(), d\n"
    assert pairs(text)[0].kind == "forward"
    assert pairs("def loss(x, cache):\n    return x.sum(), cache\n")[0].kind == "forward"
