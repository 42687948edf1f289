"""The derived side in the document's own arrays: it is true, proved, and short."""

from dataclasses import replace

import pytest
import sympy as sp
from corpus import TRUE
from sympy import HadamardProduct as H
from sympy import MatrixSymbol, OneMatrix, Sum, Trace, ZeroMatrix

import derive
from derive import Backward, Gradient, Hessian, Jacobian, formulas, verify
from derive.diagnosis import own_names
from derive.diagnosis.trial import Trial
from derive.language.printing import text_of
from derive.presentation.answer import weight
from derive.refutation.points import PointMaker
from derive.refutation.search import agrees_numerically, search
from derive.refutation.symbols import fields_of

n, m, d, v, T = sp.symbols("n m d v T", integer=True, positive=True)
i, k = sp.symbols("i k", integer=True)
t, eps = sp.Symbol("t", real=True), sp.Symbol("epsilon", positive=True)
mu, var, s = (sp.Symbol(name, real=True) for name in ("mu", "var", "s"))
z, g, p = (MatrixSymbol(name, 1, n) for name in "zgp")
Z, G, P = (MatrixSymbol(name, n, m) for name in "ZGP")
X, W = MatrixSymbol("X", n, d), MatrixSymbol("W", d, m)
Q, K, V = MatrixSymbol("Q", n, d), MatrixSymbol("K", m, d), MatrixSymbol("V", m, v)
dO, S = MatrixSymbol("dO", n, v), MatrixSymbol("S", n, m)
r, xh = MatrixSymbol("r", 1, n), MatrixSymbol("xhat", 1, n)
x, y, u = (MatrixSymbol(name, d, 1) for name in "xyu")
Y, beta = MatrixSymbol("Y", n, 1), MatrixSymbol("beta", d, 1)
Hs, h0, B = MatrixSymbol("H", T + 1, n), MatrixSymbol("h_0", 1, n), MatrixSymbol("B", n, n)
c = MatrixSymbol("c", 2, 1)
symmetric = sp.Matrix([[2, 1], [1, 20]])

rows = {P: derive.softmax(Z)}
normalised = {
    mu: Sum(r[0, i], (i, 0, n - 1)) / n,
    var: Sum((r[0, i] - mu) ** 2, (i, 0, n - 1)) / n,
    s: sp.sqrt(var + eps),
    xh: (r - mu * OneMatrix(1, n)) / s,
}
residual = Y - X * beta
steps = {Hs: derive.recurrence(derive.at(Hs, k - 1) * B, (k, 1, T), start=h0)}

CASES = {
    "softmax": (
        Backward(p, z, g, 0 * z, where={p: derive.softmax(z)}),
        {"p ⊙ (g - sum(p ⊙ g))"},
    ),
    "its Jacobian": (
        Jacobian(p, z, ZeroMatrix(n, n), where={p: derive.softmax(z)}),
        {"DiagMatrix(p.T) - p.T*p"},
    ),
    "softmax of rows": (Backward(P, Z, G, 0 * Z, where=rows), {"P ⊙ (G - rowsum(P ⊙ G))"}),
    "without a name": (
        Backward(derive.softmax(Z), Z, G, 0 * Z),
        {"softmax(Z) ⊙ (G - rowsum(G ⊙ softmax(Z)))"},
    ),
    "behind a layer": (
        Backward(P, W, G, 0 * W, where={Z: X * W, **rows}),
        {"X.T*(P ⊙ (G - rowsum(P ⊙ G)))"},
    ),
    "attention": (
        Backward(P * V, Q, dO, 0 * Q, where={S: Q * K.T / sp.sqrt(d), P: derive.softmax(S)}),
        {"1/sqrt(d)*(P ⊙ (dO*V.T - rowsum(P ⊙ (dO*V.T))))*K"},
    ),
    "layer norm": (
        Backward(xh, r, g, 0 * r, where=normalised),
        {"1/s*(g - 1/n*(xhat ⊙ sum(xhat ⊙ g)) - 1/n*sum(g))"},
    ),
    "centred": (
        Backward(X - X * OneMatrix(d, d) / d, X, MatrixSymbol("U", n, d), 0 * X),
        {"U - 1/d*rowsum(U)"},
    ),
    "normalised": (
        Jacobian(u, x, ZeroMatrix(d, d), where={s: sp.sqrt(Trace(x.T * x)), u: x / s}),
        {"1/s*(I - u*u.T)"},
    ),
    "a symmetric constant": (
        Gradient(Trace(c.T * symmetric * c) / 2, c, 0 * c),
        {"[[2, 1], [1, 20]]*c"},
    ),
    "a Gaussian": (
        Gradient(sp.exp(-Trace((x - y).T * (x - y)) / (2 * eps)), x, 0 * x),
        {"-exp(-Trace((x.T - y.T)*(x - y))/(2*epsilon))/epsilon*(x - y)"},
    ),
    "a power of a step": (
        Jacobian(derive.at(Hs, T), h0, ZeroMatrix(n, n), where=steps),
        {"(B**T).T", "(B.T)**T"},
    ),
}


@pytest.fixture
def patient(monkeypatch):
    """No test depends on how fast a machine is."""
    monkeypatch.setattr(own_names, "WORK", 20e6)


@pytest.mark.parametrize("name", CASES)
def test_what_is_derived_is_written_in_the_arrays_of_the_document(name, patient):
    claim, texts = CASES[name]
    found = verify(claim, timeout=60)
    assert found.status == "disagrees"
    assert text_of(found.derived) in texts
    right = replace(claim, equals=found.derived)
    assert search(right, work=1e6) is None
    wrong = replace(claim, equals=sp.MatMul(2, found.derived, evaluate=False))
    assert search(wrong, work=5e6) is not None  # it could be seen
    assert verify(right, timeout=60).status == "holds"


def test_a_second_derivative_in_terms_of_the_residual(patient):
    claim = Hessian(sp.log(Trace(residual.T * residual)), beta, ZeroMatrix(d, d))
    found = verify(claim, timeout=60).derived
    assert sum(isinstance(node, sp.MatMul) for node in found.args) == 2
    assert found.has(residual) and weight(found) <= 64
    assert search(replace(claim, equals=found), work=1e6) is None


def test_nothing_is_shown_that_is_not_proved(monkeypatch, patient):
    claim, _ = CASES["softmax"]
    monkeypatch.setattr(Trial, "proved", lambda *_: False)
    found = verify(claim, timeout=60).derived
    assert p not in found.atoms(MatrixSymbol)
    assert search(replace(claim, equals=found), work=1e6) is None


def test_numbers_alone_do_not_make_a_form(monkeypatch, patient):
    """Were the points all of one kind, wrong terms would fit: the proof refuses them."""
    claim, _ = CASES["softmax"]
    asked = []
    proved = Trial.proved

    def wrong_first(trial, side):
        if not asked:  # as if numbers had chosen another form
            asked.append(H(p, p))
            assert not proved(trial, H(p, p))
        return proved(trial, side)

    monkeypatch.setattr(Trial, "proved", wrong_first)
    verify(claim, timeout=60)
    assert asked


def test_the_time_that_is_spent_is_bounded(monkeypatch):
    claim, _ = CASES["softmax"]
    monkeypatch.setattr(own_names, "WORK", 0)
    found = verify(claim, timeout=60)
    assert found.status == "disagrees"
    assert search(replace(claim, equals=found.derived), work=1e6) is None


def test_a_form_that_is_short_is_left_as_it_is():
    A = MatrixSymbol("A", d, d)
    assert text_of(derive.gradient(Trace(x.T * A * x), A)) == "x*x.T"


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (G * OneMatrix(m, m), "rowsum(G)"),
        (G * OneMatrix(m, 1), "rowsum(G)"),
        (OneMatrix(n, n) * G, "colsum(G)"),
        (g * OneMatrix(n, n), "sum(g)"),
        (OneMatrix(1, d) * x, "sum(x)"),
        (OneMatrix(n, n) * G * OneMatrix(m, m), "sum(G)"),
        (Trace(g * OneMatrix(n, 1)), "sum(g)"),
        (H(P, X * W * OneMatrix(m, m)), "P ⊙ rowsum(X*W)"),
        (2 * X * W * OneMatrix(m, m), "2*rowsum(X*W)"),
        # What sums nothing: an axis of size 1, a place in the middle, a factor that does not fit.
        (x * OneMatrix(1, n), "x*1"),
        (OneMatrix(n, 1) * g, "1*g"),
        (X * OneMatrix(d, d) * W, "X*1*W"),
        (sp.MatMul(G, OneMatrix(n, d), evaluate=False), "G*1"),
        (mu * OneMatrix(1, n), "mu*1"),
    ],
    ids=str,
)
def test_a_product_with_ones_is_read_as_the_sum_that_it_is(expr, text):
    assert text_of(expr) == text


def test_what_is_subtracted_comes_after_what_it_is_subtracted_from():
    assert text_of(OneMatrix(n, m) - P) == "1 - P"
    assert text_of(-P - G) == "-G - P"
    assert text_of(sp.HadamardPower(P, 2)) == "P ⊙ P"
    assert text_of(sp.HadamardPower(P - G, 2)) == "(P - G) ⊙ (P - G)"


# ------------------------------------------------ every derived side, held against the documented


def _derivations():
    """A sample of the derivations of the catalogue and of the corpus, the same in every run."""
    catalogue = [claim for f in formulas.catalogue().values() for claim in f.claims]
    for claims, step in ((catalogue, 16), (list(TRUE), 27)):
        found = [c for c in claims if isinstance(c, (Gradient, Jacobian, Backward, Hessian))]
        yield from found[::step]


def _derived(claim):
    kinds = {
        Gradient: derive.gradient,
        Jacobian: derive.jacobian,
        Backward: lambda *args, **where: derive.backward(*args, claim.upstream, **where),
        Hessian: derive.hessian,
    }
    return kinds[type(claim)](claim.of, claim.wrt, where=claim.where)


@pytest.mark.parametrize("claim", list(_derivations()), ids=lambda claim: claim.id)
def test_what_is_derived_is_no_riddle(claim):
    """It is not much longer than what the document says, with the names that this defines written
    out; it speaks of the claim's own symbols, and it is true.
    """
    found = _derived(claim)
    said = (claim.of, claim.equals, *claim.where.values())
    assert found is not None
    assert weight(found) <= 4 * sum(map(weight, said)) + 100
    own = set(claim.where).union(*(field.free_symbols for field in fields_of(claim)))
    names = {str(symbol) for symbol in (*own, *PointMaker(claim).dimensions)}
    adjoints = {f"d_{symbol}" for symbol in claim.where}  # as explained in the verdict's notes
    spoken = {str(s) for s in found.free_symbols if not isinstance(s, sp.Indexed)}
    assert spoken <= names | adjoints
    if not spoken & adjoints and not claim.assumed:
        assert agrees_numerically(replace(claim, equals=found), tries=1) is not False
