"""derive verify on files of code: which pairs are found, what is printed, how it ends."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from derive.cli.main import main
from derive.cli.sources import split
from derive.frontends.code.answers import answers
from derive.frontends.code.request import request
from derive.frontends.files import TargetError
from tests import gallery

RIGHT = """\
import numpy as np


# derive: x (N, D), w (D, M), b (M)
def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
"""
WRONG = RIGHT.replace("x.T @ dout", "x.T @ dout / len(x)")

# Of each kind one that is cheap; `python -m tests.gallery` decides all of them.
SAMPLE = (
    "affine", "dropout", "jax_logsumexp", "layer_affine", "linear_regression", "mse_loss", "relu",
    "softmax_loss", "tanh", "torch_layer_norm", "torch_swiglu",
)  # fmt: skip

Write = Callable[..., Path]
Run = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "layer.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


@pytest.fixture
def run() -> Run:
    def ran(*arguments: Any) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return ran


@pytest.mark.parametrize("kind", ["right", "wrong"])
@pytest.mark.parametrize("name", SAMPLE)
def test_the_gallery_is_decided(name: str, kind: str) -> None:
    path = gallery.GALLERY / kind / f"{name}.py"
    expected = gallery.expected(path)
    found = answers(request(gallery.the_pair(path)))
    assert found
    assert {n: v.status for n, v in found.items()} == {n: expected.get(n, "holds") for n in found}


@pytest.mark.parametrize("name", ["jax_attention", "rnn_step", "svm_loss"])
def test_more_of_the_gallery_holds(name: str) -> None:
    found = answers(request(gallery.the_pair(gallery.GALLERY / "right" / f"{name}.py")))
    assert {verdict.status for verdict in found.values()} == {"holds"}


def test_a_scan_is_a_loop() -> None:
    found = answers(request(gallery.the_pair(gallery.GALLERY / "right" / "jax_linear_scan.py")))
    assert found["b"].status == "holds"


def test_a_file_whose_gradients_hold(write: Write, run: Run) -> None:
    result = run("verify", write(RIGHT))
    assert result.exit_code == 0, result.output
    assert "✓ holds       layer.affine_forward.w" in result.output
    assert "layer.py:12" in result.output
    assert "3 claims: 3 hold, 0 disagree" in result.output


def test_what_is_derived_has_plain_letters_for_indices(write: Write, run: Run) -> None:
    result = run("verify", write(RIGHT), "--format", "json")
    records = json.loads(result.stdout)["claims"]
    assert len(records) == 3
    for record in records:
        assert record["derived"] == record["documented"]
        assert "·" not in record["derived"]


def test_a_page_shows_the_line_of_code_and_the_proof(write: Write, run: Run) -> None:
    path = write(RIGHT)
    target = path.with_suffix(".html")
    assert run("verify", f"{path}::affine_forward", "-o", f"html={target}").exit_code == 0
    page = target.read_text(encoding="utf-8")
    assert "<code>dw = x.T @ dout</code>" in page
    assert page.count("Proof (") == 3


def test_a_file_with_a_mistake_says_where(write: Write, run: Run) -> None:
    path = write(WRONG)
    result = run("verify", path)
    assert result.exit_code == 1
    assert "✗ disagrees   layer.affine_forward.w" in result.output
    assert "✓ holds       layer.affine_forward.x" in result.output
    result = run("verify", path, "--format", "json")
    claims = {claim["id"]: claim for claim in json.loads(result.stdout)["claims"]}
    wrong = claims["layer.affine_forward.w"]
    assert (wrong["file"], wrong["line"], wrong["status"]) == (str(path), 12, "disagrees")
    assert wrong["witness"]["sizes"]["N"] == 2


def test_a_line_that_does_not_fit_is_named(write: Write, run: Run) -> None:
    result = run("verify", write(RIGHT.replace("dout @ w.T", "dout @ w")))
    assert result.exit_code == 1
    assert "layer.py:11" in result.output
    assert "⊘ ill-shaped" in result.output


def test_a_pair_by_its_name(write: Write, run: Run) -> None:
    two = RIGHT + WRONG.replace("affine", "linear").replace("import numpy as np\n", "")
    path = write(two)
    assert run("verify", f"{path}::affine_backward").exit_code == 0
    assert run("verify", f"{path}::linear_forward").exit_code == 1
    result = run("verify", f"{path}::affin_forward")
    assert result.exit_code == 2
    assert "has no function or class called 'affin_forward'; it has affine_forward" in result.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("# derive: x (N, D), w (D, M), b (M)", ""), "the shapes of affine_forward are not"),
        (("b (M)", "b [M]"), "line 4: `b [M]` declares nothing"),
        (("b (M)", "c (M)"), "of affine_forward, the shape of b is not declared"),
        (("def affine_backward", "def other"), "no backward of affine_forward is found"),
        (("return dx, dw, db", "return dx, dw +"), "SyntaxError"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    change: tuple[str, str], message: str, write: Write, run: Run
) -> None:
    result = run("verify", write(RIGHT.replace(*change)))
    assert result.exit_code == 2
    (line,) = result.output.strip().splitlines()
    assert "layer.py, line " in line
    assert message in line


def test_the_other_pairs_are_still_decided(write: Write, run: Run) -> None:
    other = RIGHT.replace("affine", "linear").replace(", b (M)", "")
    result = run("verify", write(RIGHT + other))
    assert result.exit_code == 2
    assert "✓ holds       layer.affine_forward.x" in result.output
    assert "the shape of b is not declared" in result.output


def test_what_is_refused_is_undecided_with_its_line(write: Write, run: Run) -> None:
    path = write(RIGHT.replace("dout.sum(axis=0)", "np.fft.fft(dout)"))
    result = run("verify", path)
    assert result.exit_code == 1
    assert "numpy.fft.fft is not read" in result.output
    assert "layer.py:13" in result.output


def test_a_directory_of_code_and_claims(tmp_path: Path, write: Write, run: Run) -> None:
    write(RIGHT, "a.py")
    write(RIGHT.replace("# derive", "#"), "b.py")
    write(
        "from sympy import *\nfrom derive import Identity\nx = Symbol('x')\nc = Identity(x, x)\n",
        "c.py",
    )
    result = run("verify", tmp_path, "--format", "json")
    assert result.exit_code == 0, result.output
    ids = [claim["id"] for claim in json.loads(result.stdout)["claims"]]
    assert ids == ["c.c", *(f"a.affine_forward.{name}" for name in "xwb")]


def test_helpers_of_a_pair_are_not_asked_for(write: Write) -> None:
    found = split([str(gallery.GALLERY / "right" / "rnn.py")])
    assert [request.pair.name for request in found.requests] == ["rnn_forward"]
    assert not found.problems
    with pytest.raises(TargetError, match="the shapes of f are not declared"):
        split([str(write("def f(x):\n    return x\ndef f_grad(g, c):\n    return g\n"))])


def test_every_assignment_has_its_shape(write: Write, run: Run) -> None:
    path = write(RIGHT)
    result = run("shapes", path, "--format", "json")
    assert result.exit_code == 0, result.output
    rows = [(row["line"], row["name"], row["shape"]) for row in json.loads(result.stdout)]
    assert rows == [
        (10, "x", ["N", "D"]),
        (10, "w", ["D", "M"]),
        (11, "dx", ["N", "D"]),
        (12, "dw", ["D", "M"]),
        (13, "db", ["M"]),
    ]
    result = run("shapes", write(RIGHT.replace("w.T", "w")))
    assert result.exit_code == 1
    assert "layer.py:11" in result.output


def test_a_forward_is_derived(write: Write, run: Run) -> None:
    path = write(RIGHT)
    result = run("gradient", f"{path}::affine_forward", "--wrt", "w")
    assert result.exit_code == 0, result.output
    assert "Sum(upstream[k, j]*x[k, i], (k, 0, N - 1))" in result.output
    result = run("gradient", f"{path}::affine_forward", "--wrt", "w", "--to", "numpy")
    assert result.output == (
        "def affine_backward_w(upstream, x, w, b):\n    return x.T @ upstream\n"
    )
    result = run("gradient", f"{path}::affine_forward", "--wrt", "w", "--to", "jax")
    assert result.exit_code == 0, result.output
    assert "affine_with_rule.defvjp(affine_fwd, affine_bwd)" in result.output
    result = run("gradient", f"{path}::affine_forward", "--wrt", "q")
    assert "has no input q to derive in; it has x, w, b" in result.output


@pytest.mark.parametrize(
    ("file", "name", "wrt", "library", "part"),
    [
        ("jax_logsumexp", "logsumexp", "x", "jax", "jnp.exp(x) / jnp.sum"),
        ("torch_swiglu", "SwiGLU", "b", "torch", "torch.exp"),
    ],
)
def test_code_is_written_in_the_library_of_the_file(
    file: str, name: str, wrt: str, library: str, part: str, run: Run
) -> None:
    path = gallery.GALLERY / "right" / f"{file}.py"
    result = run("gradient", f"{path}::{name}", "--wrt", wrt, "--to", library)
    assert result.exit_code == 0, result.output
    assert part in result.output


WHOLE = """
import {library}
# derive: x (N, D), w (D, M), scale = 3.0
def scaled_forward(x, w, scale=1.0):
    return scale * x @ w, x
"""


@pytest.mark.parametrize(
    ("library", "parts"),
    [
        ("numpy", ["def scaled_backward_x_w(upstream, x, w):", "return grad_x, grad_w"]),
        ("torch", ["class ScaledFunction(torch.autograd.Function):",
                   "return scaled_forward(x, w, scale=3.0)[0]",
                   "x, w = ctx.saved_tensors"]),
        ("jax", ["@jax.custom_vjp", "scaled_with_rule.defvjp(scaled_fwd, scaled_bwd)"]),
    ],
)  # fmt: skip
def test_all_gradients_are_written_as_the_library_takes_them(
    library: str, parts: list[str], write: Write, run: Run
) -> None:
    imported = "jax.numpy as jnp" if library == "jax" else library
    path = write(WHOLE.format(library=imported))
    result = run("gradient", f"{path}::scaled_forward", "--wrt", "x,w", "--to", library)
    assert result.exit_code == 0, result.output
    for part in parts:
        assert part in result.output


def test_code_that_is_not_the_derivative_is_not_printed(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from derive.frontends.code import gradient_code

    written = gradient_code.array_text
    wrong: Any = lambda *a: written(*a).replace("x.T @", "2 * x.T @")  # noqa: E731
    monkeypatch.setattr(gradient_code, "array_text", wrong)
    result = run("gradient", f"{write(RIGHT)}::affine_forward", "--wrt", "w", "--to", "numpy")
    assert result.exit_code == 2
    assert "the code that was written is not proved to be right" in result.output


def test_a_witness_is_shown_by_a_script_that_imports_the_file(write: Write, run: Run) -> None:
    wrong = write(RIGHT.replace("x.T @ dout", "x.T @ dout / 2"))
    result = run("explain", str(wrong))
    assert result.exit_code == 1, result.output
    assert "from layer import affine_forward, affine_backward" in result.output
    result = run("explain", "--numpy", str(wrong))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(result.output, {})
    returned, differences = (float(line.split()[-1]) for line in printed.getvalue().splitlines())
    assert abs(2 * returned - differences) < 1e-6
