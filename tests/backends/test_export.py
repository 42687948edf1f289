"""``derive export``: code that computes a proved gradient, and what is refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from sympy.matrices.expressions.matexpr import MatrixElement

from derive import Backward, Gradient, Identity, formulas, sigmoid, softmax, verify
from derive.backends import claim_source
from derive.backends.export import ExportError, _run, export
from derive.claims.entry import Entry
from derive.cli.main import main
from derive.operators import tensor

n, m = sp.symbols("n m", integer=True, positive=True)
X, w, y = sp.MatrixSymbol("X", n, m), sp.MatrixSymbol("w", m, 1), sp.MatrixSymbol("y", n, 1)
U = sp.MatrixSymbol("U", n, m)
A = sp.MatrixSymbol("A", n, n)
r, loss = sp.MatrixSymbol("r", n, 1), sp.Symbol("loss", real=True)
V = sp.MatrixSymbol("V", 2 * n, m)
i, j = sp.symbols("i j", integer=True)
K = sp.IndexedBase("K", shape=(n, m))
f = sp.Function("f")
t = sp.Symbol("t", real=True)
WHERE = {r: X * w - y, loss: sp.Trace(r.T * r) / 2}
APPLIED = X.applyfunc(sp.Lambda(t, f(t)))
SLOPE = X.applyfunc(sp.Lambda(t, f(t).diff(t)))

CLAIMS = {
    "right": Gradient(loss, w, X.T * r, where=WHERE),
    "wrong": Gradient(loss, w, X.T * r * 2, where=WHERE),
    "defined": Gradient(loss, r, r, where=WHERE),
    "inverse": Gradient(sp.Trace(sp.Inverse(A)), A, -(sp.Inverse(A) * sp.Inverse(A)).T),
    "softmax": Backward(softmax(X), X, U, X),
    "any function": Gradient(sp.Trace(APPLIED * U.T), X, sp.HadamardProduct(U, SLOPE)),
    "named": Gradient(sp.Trace(sigmoid(X) * U.T), X, U),
    "identity": Gradient(sp.Trace((A + t * sp.Identity(n)).T * A), t, sp.Trace(A)),
    "below another": Backward(  # what a condition keeps inside is read outside all the same
        tensor(sp.Piecewise((X[i, j], i < n), (U[i - n, j], True)), (i, 2 * n), (j, m)),
        U,
        V,
        tensor(V[i + n, j], (i, n), (j, m)),
    ),
    "an array that both sides rest on": Gradient(
        loss,
        X,
        tensor(3 * K[i, j], (i, n), (j, m)),
        where={
            K: tensor(X[i, j] ** 2, (i, n), (j, m)),
            loss: sp.Sum(K[i, j] * X[i, j], (i, 0, n - 1), (j, 0, m - 1)),
        },
    ),
    "every second": Gradient(
        sp.Sum(w[2 * i, 0], (i, 0, sp.floor((m - 1) / 2))),
        w,
        tensor(1 - sp.Mod(i, 2), (i, m), (j, 1)),
    ),
    "scalar": Gradient(sp.exp(t) * t, t, sp.exp(t) * (1 + t)),
    "erf": Gradient(sp.erf(t), t, 2 * sp.exp(-(t**2)) / sp.sqrt(sp.pi)),
}


def exported(claim, target="numpy"):
    return export(Entry(claim), partial(verify, timeout=20), target)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_code_computes_the_gradient(name):
    names: dict[str, object] = {}
    text = exported(CLAIMS[name])  # which has run its test
    assert "def test_" in text
    exec(text, names)
    if name == "wrong":
        a, b, c = np.arange(6.0).reshape(3, 2), np.ones((2, 1)), np.zeros((3, 1))
        assert np.allclose(names["grad_w"](a, b, c), a.T @ (a @ b))


def test_the_code_reads_like_the_formula():
    text = exported(CLAIMS["right"])
    assert "    r = X @ w - y\n" in text
    assert "    return X.T @ r\n" in text
    assert "return U * f_prime(X)" in exported(CLAIMS["any function"])


def test_code_that_computes_something_else_is_not_shown():
    text = exported(CLAIMS["right"])
    with pytest.raises(ExportError, match="does not pass its own test"):
        _run(text.replace("return X.T @ r", "return X.T @ r * 2"), "right")
    with pytest.raises(ExportError, match="does not pass its own test"):
        _run(text.replace("return X.T @ r", "return (X.T @ r).T"), "right")


@pytest.mark.parametrize("target", ["torch", "jax"])
def test_other_libraries_get_the_same_text(target):
    text = exported(CLAIMS["softmax"], target)
    compile(text, "<test>", "exec")
    assert "np." not in text.replace("jnp.", "")
    assert "total" in text
    pytest.importorskip(target)
    names: dict[str, object] = {}
    exec(text, names)
    names["test_grad_X"]()


def test_latex_is_an_align_of_the_definitions_and_the_gradient():
    text = exported(CLAIMS["right"], "latex")
    assert text.startswith("\\begin{align*}\n")
    assert text.count(r"\\") == 2
    assert r"\frac{\partial" in text
    assert "where" not in text


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Identity(X, X, id="i"), "i states no gradient"),
        (Gradient((w.T * w)[0, 0], w[0, 0], 2 * w[0, 0]), "that of a part"),
        (
            Gradient((w.T * X.T * X * w)[0, 0], w, w, given=(sp.Q.symmetric(A),), id="g"),
            "",
        ),
        (Gradient((y.T * A * y)[0, 0], A, y * y.T, given=(sp.Q.symmetric(A),)), "symmetric A"),
    ],
)
def test_what_has_no_code_is_one_sentence(claim, said):
    if not said:
        assert "grad_w" in exported(claim)
        return
    with pytest.raises(ExportError, match=said):
        exported(claim)


def test_the_command(tmp_path):
    result = CliRunner().invoke(main, ["export", "mlp.grad-W1.relu", "--to", "numpy"])
    assert result.exit_code == 0
    assert "def test_grad_W1" in result.stdout
    result = CliRunner().invoke(main, ["export", "mlp"])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_a_python_file_states_the_claim_that_it_was_made_of(tmp_path):
    found = CliRunner().invoke(main, ["export", "mlp.grad-W1", "--to", "python"])
    assert found.exit_code == 0, found.output
    names = {}
    exec(found.stdout, names)
    (stated,) = [c for c in formulas.catalogue(["mlp"])["mlp"].claims if c.id == "mlp.grad-W1"]
    claim = names["claim"]
    assert (claim.of, claim.wrt, claim.equals) == (stated.of, stated.wrt, stated.equals)
    assert claim.where == stated.where
    names["test_claim"]()
    wrong = found.stdout.replace(
        "equals=MatMul(Transpose(x), ", "equals=MatMul(Transpose(x), Integer(2), "
    )
    assert wrong != found.stdout
    exec(wrong, names)
    with pytest.raises(AssertionError):
        names["test_claim"]()


def test_entries_and_sums_that_sympy_would_write_out_come_back_as_they_are():
    c, q = sp.symbols("c q", integer=True, positive=True)
    k, i = sp.symbols("k i", integer=True)
    z = sp.MatrixSymbol("z", 1, c)
    entry = MatrixElement(softmax(z), sp.S.Zero, k)
    claim = Gradient(sp.Sum(entry, (k, 0, c - 1)), z, 0 * z, id="entries")
    assert "MatrixElement(" in claim_source.source(claim)
    inner = sp.Sum(i, (i, 0, q - 1))
    nested = sp.Expr.__new__(sp.Sum, inner, sp.Tuple(k, 0, c - 1))
    claim = Gradient(sp.Trace(z.T * z), c, nested, id="sums")
    joined = claim_source.with_joined_sums(claim)
    assert joined.equals == sp.Sum(i, (i, 0, q - 1), (k, 0, c - 1)) != claim.equals
    assert claim_source.with_joined_sums(joined) is joined
