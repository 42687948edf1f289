"""``derive check``: one formula, with what is given along with it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from derive.cli.main import main
from derive.engine import verify
from derive.frontends.document.pasted import check_pasted

LINEAR = (
    "--where", "Y = XW", "--where", r"G = \frac{\partial L}{\partial Y}",
    "--shape", "X: n×d", "--shape", "W: d×m", "--shape", "L = any scalar of Y",
)  # fmt: skip


def run(*arguments, given=None):
    return CliRunner().invoke(main, ["check", *arguments], input=given)


@pytest.mark.parametrize(
    ("formula", "options", "word", "code"),
    [
        (r"\frac{\partial L}{\partial W} = X^\top G", LINEAR, "holds", 0),
        (r"$$\frac{\partial L}{\partial W} = G X^\top$$", LINEAR, "ill-shaped", 1),
        (r"\[\frac{\partial L}{\partial W} = 2 X^\top G\]", LINEAR, "disagrees", 1),
        (r"\frac{d}{dx} \log x = 1/x", ("--shape", "x: scalar; x > 0"), "holds", 0),
        ("Y = X W", ("--shape", "Y: n×k; X: n×d; W: m×k"), "ill-shaped", 1),
        (r"\frac{d}{dx {", (), "not-understood", 1),
        ("a", (), "no-statement", 1),
    ],
)
def test_a_formula_is_decided(formula, options, word, code):
    result = run(formula, *options)
    assert word in result.stdout.splitlines()[0]
    assert result.exit_code == code


QUADRATIC = ("--shape", "x, b: n, A: n×n")
OF_F = ("--shape", "x: n", "--where", r"f = x^\top x")
OF_SAMPLES = (
    "--shape", "w: d, X: n×d, y: n", "--where", r"J = \frac1n \sum_i \ell(y_i w^\top x_i)",
)  # fmt: skip


EACH = ("--where", "z_i = W x_i + b", "--where", r"p_i = \operatorname{softmax}(z_i)")
OF_EACH = (
    "--shape", "x_i: n, W: k×n, b: k, y_i: k", *EACH,
    "--where", r"L = -\sum_{i=1}^N y_i^\top \log p_i",
)  # fmt: skip
OF_GATE = (
    "--shape", "z: n", "--where", r"\sigma(z) = 1/(1 + e^{-z})", "--where", r"f = \sigma(z)",
    "--shape", "L = any scalar of f",
)  # fmt: skip
OF_POLICY = (
    "--shape", r"\Phi: A×d, \theta: d, a: index",
    "--where", r"\pi = \operatorname{softmax}(\Phi\theta)",
)  # fmt: skip
ROWS = (
    "--shape", "X: N×n, W: m×n, Y: N×m", "--where", "z_i = W x_i",
    "--where", r"L = \frac12 \sum_{i=1}^N \|z_i - y_i\|^2",
)  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "options", "word"),
    [
        # f(1 − f) of a vector f; φ_b of Φ.
        (r"\frac{\partial L}{\partial z} = \nabla_f L \odot f(1 - f)", OF_GATE, "holds"),
        (r"\frac{\partial L}{\partial z} = \nabla_f L \odot f(1 + f)", OF_GATE, "disagrees"),
        (r"\nabla_\theta \log\pi_a = \phi_a - \sum_b \pi_b \phi_b", OF_POLICY, "holds"),
        # Γ and its ψ, where nothing else has their names.
        (r"\frac{d}{dx} \log\Gamma(x) = \psi(x)", (), "holds"),
        (r"\Gamma(x + 1) = (x + 1) \Gamma(x)", (), "disagrees"),
        # Each example by itself; what is given of one is so of each.
        (
            r"\frac{\partial L}{\partial b} = \sum_i (p_i - y_i)",
            (*OF_EACH, "--given", "y_i sums to 1"),
            "holds",
        ),
        (
            r"\frac{\partial L}{\partial b} = \sum_i (p_i - y_i)",
            (*OF_EACH, "--given", r"\sum_k y_{ik} = 1"),
            "holds",
        ),
        (r"\frac{\partial L}{\partial b} = \sum_i (p_i - y_i)", OF_EACH, "disagrees"),
        (r"\frac{\partial L}{\partial W} = (W X^\top - Y^\top) X", ROWS, "holds"),
        (r"\frac{\partial L}{\partial W} = 2 (W X^\top - Y^\top) X", ROWS, "disagrees"),
        # ∇ acts on the number that follows, and not on xᵀ alone.
        (r"\nabla_x x^\top A x = (A + A^\top) x", QUADRATIC, "holds"),
        (r"\nabla_x x^\top A x = A x", QUADRATIC, "disagrees"),
        (r"\nabla_x^2 x^\top A x = A + A^\top", QUADRATIC, "holds"),
        (r"\nabla_x \lambda x^\top x = 2\lambda x", QUADRATIC, "holds"),
        (r"\nabla_x A x = A", QUADRATIC, "holds"),
        (r"\nabla_x f b^\top x = 2 b^\top x\, x + f b", (*OF_F, "--shape", "b: n"), "holds"),
        # f(x) of an f that is made of x.
        (r"\nabla f(x) = 2 x", OF_F, "holds"),
        (r"\nabla f(x) = x", OF_F, "disagrees"),
        # ℓ′ is the slope of ℓ, whatever ℓ is.
        (r"\nabla_w J = \frac1n \sum_i \ell'(y_i w^\top x_i) y_i x_i", OF_SAMPLES, "holds"),
        (r"\nabla_w J = \frac1n \sum_i \ell(y_i w^\top x_i) y_i x_i", OF_SAMPLES, "disagrees"),
        # The end of a sum is the same name outside of it, and may be an index around it.
        (r"\sum_{k=0}^{n-1} r^k = \frac{1-r^n}{1-r}", (), "holds"),
        (r"\sum_{0 \le k \le n-1} r^k = \frac{1-r^n}{1-r}", (), "holds"),
        (r"\sum_{i=1}^n \sum_{j=1}^i 1 = \frac{n(n+1)}{2}", (), "holds"),
        (r"\sum_{i=1}^n \sum_{j=1}^i 1 = \frac{n(n-1)}{2}", (), "disagrees"),
        # x_ij of an X that is declared.
        (
            r"\frac{\partial w^\top X v}{\partial w_j} = \sum_i x_{ji} v_i",
            ("--shape", "X: m×n, v: n, w: m"),
            "holds",
        ),
        # ∂/∂σ² where σ has the name; Iverson's brackets.
        (
            r"\frac{\partial\ell}{\partial\sigma^2} = \frac{x^2}{2\sigma^4} - \frac{1}{2\sigma^2}",
            ("--where", r"\ell = -\log\sigma - \frac{x^2}{2\sigma^2}"),
            "holds",
        ),
        (
            r"\frac{\partial\ell}{\partial\sigma^2} = \frac{x^2}{\sigma^4} - \frac{1}{2\sigma^2}",
            ("--where", r"\ell = -\log\sigma - \frac{x^2}{2\sigma^2}"),
            "disagrees",
        ),
        (r"\frac{d}{dx} \max(0, x) = [x > 0]", (), "holds"),
        # What is asked is claimed.
        ("AB = BA", ("--given", "A, B: n×n"), "disagrees"),
        ("AB = BA", ("--given", "A: n×n, diagonal, B: n×n diagonal"), "holds"),
        (r"\nabla f(x) = 0", OF_F, "disagrees"),
    ],
)
def test_what_is_written_is_what_is_read(formula, options, word):
    assert word in run(formula, *options).stdout.splitlines()[0]


def test_the_caret_stands_under_the_place():
    lines = run(r"  $\frac{d}{dx} x^2 = 3 x$ ", "--shape", "x: scalar").stdout.splitlines()
    assert "disagrees" in lines[0] and "1:23" in lines[0]
    assert lines[1][lines[2].index("^")] == "3"


def test_from_standard_input_as_data():
    given = "\\frac{d}{dx} x^2\n= 2 x\n"
    result = run("-", "--shape", "x: scalar", "--format", "json", given=given)
    (formula,) = json.loads(result.stdout)["formulas"]
    assert formula["outcome"] == "holds" and formula["caret"] == [2, 3]
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (("",), None, "there is no formula"),
        (("a = b", "--where", "Y + 1"), None, "`Y + 1` defines nothing"),
        (("a = b", "--where", "Y = {"), None, "`Y = {`"),
        (("a = b", "--shape", "x: n, m, y: n"), None, "put semicolons between the declarations"),
        (("a = b", "--shape", "Y"), None, "`Y` declares nothing"),
        (("-",), b"\xff\xfe\x00", "standard input is no UTF-8 text"),
        (("x" * 100_001,), None, "is not read"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(arguments, given, sentence):
    result = run(*arguments, given=given)
    assert result.exit_code == 2 and sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("formula", "outcome"),
    [
        (r"e^{a(x-1)} = e^{ax - a}", "holds"),
        (r"e^{2(x-1)} = e^{2x}", "disagrees"),
        (r"e^{(x-1)(x+1)} = e^{x^2-1}", "holds"),
        (r"\frac{d}{dx} e^{xT} = T e^{xT}", "holds"),
        (r"\frac{d}{dx} (1+x^2)^{nT} = 2nx (1+x^2)^{nT-1}", "disagrees"),
        (r"e^{Ax} e^{Aa} = e^{A(x+a)}", "holds"),
        (r"\frac{d}{dx} e^{Ax} = x A e^{Ax}", "disagrees"),
        (r"\|v\|_\infty \le \|v\|_1", "holds"),
        (r"\sum_{j \ne i} v_j = \sum_{j=1}^k v_j - v_i", "holds"),
        (r"\binom{n}{2} = \frac{n(n-1)}{2}", "holds"),
        (r"\binom{n}{2} = \frac{n(n+1)}{2}", "disagrees"),
        (r"\nabla \log\sum_{i=1}^k e^{v_i} = e_y - \mathrm{softmax}(v)", "disagrees"),
        (r"(A + B)^2 = A^2 + 2AB + B^2", "holds"),
    ],
)
def test_what_is_pasted(formula, outcome):
    said = "A, B: m×m; v: k; x, a, T, n: scalar; y: index; AB = BA"
    (found,) = check_pasted(formula, [], [said], verify).outcomes
    assert found.outcome == outcome, found.message


def test_a_unit_vector_of_a_label():
    defined = [r"p = \mathrm{softmax}(z)", r"L = -\log p_y"]
    for formula, outcome in ((r"\nabla_z L = p - e_y", "holds"), (r"\nabla_z L = p", "disagrees")):
        (found,) = check_pasted(formula, defined, ["z: K; y: index"], verify).outcomes
        assert found.outcome == outcome
