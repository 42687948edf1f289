"""Mistakes in the definitions of a documented side: named there, and by the entry that is wrong."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import HadamardProduct as H
from sympy import MatrixSymbol, OneMatrix

from derive import Backward, Gradient, tensor, verify, within
from derive.diagnosis.quoting import plainly_indexed

N, D, M, T = sp.symbols("N D M T", integer=True, positive=True)
i, j, k, p, q = sp.symbols("i j k p q", integer=True)
eps = sp.Symbol("eps", positive=True)


def array(name, *shape):
    return sp.IndexedBase(name, shape=shape)


x, g, xhat, dx = (array(name, N, D) for name in ("x", "g", "xhat", "dx"))
mean, std, gamma, dgamma, dbeta = (
    array(name, D) for name in ("mean", "std", "gamma", "dgamma", "dbeta")
)
out = array("out", N, D)
BATCH_NORM = {
    mean: tensor(sp.Sum(x[k, j], (k, 0, N - 1)) / N, (j, D)),
    std: tensor(sp.sqrt(sp.Sum((x[k, j] - mean[j]) ** 2, (k, 0, N - 1)) / N + eps), (j, D)),
    xhat: tensor((x[i, j] - mean[j]) / std[j], (i, N), (j, D)),
    out: tensor(gamma[j] * xhat[i, j], (i, N), (j, D)),
    dbeta: tensor(sp.Sum(g[k, j], (k, 0, N - 1)), (j, D)),
    dgamma: tensor(sp.Sum(g[k, j] * xhat[k, j], (k, 0, N - 1)), (j, D)),
}
RIGHT = gamma[j] / (N * std[j]) * (N * g[i, j] - dbeta[j] - xhat[i, j] * dgamma[j])


def batch_norm(entry, **changed):
    where = {**BATCH_NORM, dx: tensor(entry, (i, N), (j, D))}
    where.update({s: body for s, body in changed.items() if s in where})
    return Backward(out, x, g, dx, where=where)


WRONG = {
    "the scale is left out": (
        1 / (N * std[j]) * (N * g[i, j] - dbeta[j] - xhat[i, j] * dgamma[j]),
        "in dx: the factor gamma[j] is missing",
    ),
    "a power": (
        gamma[j] / (N * std[j] ** 2) * (N * g[i, j] - dbeta[j] - xhat[i, j] * dgamma[j]),
        "in dx: it holds with 1/std[j] for std[j]**(-2)",
    ),
    "an entry of a term": (
        gamma[j] / (N * std[j]) * (N * g[i, j] - dbeta[j] - dgamma[j]),
        "in dx: the factor xhat[i, j] is missing in the term -dgamma[j]",
    ),
    "a number": (
        gamma[j] / (N * std[j]) * (g[i, j] - dbeta[j] - xhat[i, j] * dgamma[j]),
        "in dx: the term g[i, j] lacks a factor N",
    ),
    "another array": (
        gamma[j] / (N * std[j]) * (N * g[i, j] - dbeta[j] - x[i, j] * dgamma[j]),
        "in dx: it holds with xhat[i, j] for x[i, j]",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_in_a_formula_by_entries(name):
    entry, words = WRONG[name]
    assert verify(batch_norm(RIGHT)).status == "holds"
    verdict = verify(batch_norm(entry))
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith(words + ";")


def test_a_term_that_is_left_out():
    verdict = verify(batch_norm(gamma[j] / (N * std[j]) * (N * g[i, j] - xhat[i, j] * dgamma[j])))
    assert verdict.reason.startswith("in dx: the term -dbeta[j] is missing;")


softmaxed, upstream = array("s", N, D), array("u", N, D)
exps, ds = array("e", N, D), array("ds", N, D)
weighted = sp.Sum(upstream[i, k] * softmaxed[i, k], (k, 0, D - 1))
JACOBIANS = {
    "all of it": (softmaxed[i, j] * (upstream[i, j] - weighted), ""),
    "the diagonal": (
        softmaxed[i, j] * (1 - softmaxed[i, j]) * upstream[i, j],
        "in ds: only the diagonal of the Jacobian is used",
    ),
    "a sum over the rows": (
        softmaxed[i, j]
        * (upstream[i, j] - sp.Sum(upstream[k, j] * softmaxed[k, j], (k, 0, N - 1))),
        "in ds: it holds with Sum(",
    ),
    "a sum without weights": (
        softmaxed[i, j] * (upstream[i, j] - sp.Sum(upstream[i, k], (k, 0, D - 1))),
        "in ds: the factor s[i, k] is missing",
    ),
}


@pytest.mark.parametrize("name", JACOBIANS)
def test_a_mistake_in_the_jacobian_of_a_softmax(name):
    entry, words = JACOBIANS[name]
    where = {
        exps: tensor(sp.exp(x[i, j]), (i, N), (j, D)),
        softmaxed: tensor(exps[i, j] / sp.Sum(exps[i, k], (k, 0, D - 1)), (i, N), (j, D)),
        ds: tensor(entry, (i, N), (j, D)),
    }
    verdict = verify(Backward(softmaxed, x, upstream, ds, where=where))
    assert verdict.status == ("disagrees" if words else "holds")
    assert verdict.reason.startswith(words)


def test_labels_that_are_left_out():
    """p/N for (p − y)/N, y the labels as one-hot rows."""
    z, prob, dz = array("z", N, M), array("prob", N, M), array("dz", N, M)
    y = sp.IndexedBase(sp.Symbol("y", integer=True), shape=(N,))
    loss = sp.Symbol("loss", real=True)
    total = sp.Sum(sp.exp(z[i, k]), (k, 0, M - 1))
    where = {
        prob: tensor(sp.exp(z[i, j]) / total, (i, N), (j, M)),
        loss: -sp.Sum(sp.log(prob[i, y[i]]), (i, 0, N - 1)) / N,
        dz: tensor(prob[i, j] / N, (i, N), (j, M)),
    }
    verdict = verify(Gradient(loss, z, dz, given=(within(y, M),), where=where))
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith("in dz: the term -KroneckerDelta(j, y[i])/N is missing;")


def test_what_is_derived_is_shown_as_it_is_meant():
    entry, _ = WRONG["the scale is left out"]
    meant = verify(batch_norm(entry)).derived
    assert meant.has(dbeta) and meant.has(dgamma)


def test_an_earlier_definition():
    """Between matrices too, and in the definition where the mistake stands."""
    A, W = MatrixSymbol("A", N, D), MatrixSymbol("W", D, M)
    h, y, G = (MatrixSymbol(name, N, M) for name in "hyG")
    dh, delta = MatrixSymbol("dh", N, M), MatrixSymbol("delta", N, M)
    t = sp.Symbol("t", real=True)
    where = {
        h: A * W,
        y: h.applyfunc(sp.Lambda(t, sp.tanh(t))),
        dh: G,
        delta: H(OneMatrix(N, M) - H(y, y), dh),
    }
    assert verify(Backward(y, W, G, A.T * delta, where=where)).status == "holds"
    wrong = {**where, delta: H(OneMatrix(N, M) + H(y, y), dh)}
    verdict = verify(Backward(y, W, G, A.T * delta, where=wrong))
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith("in delta: ")


def test_what_both_sides_rest_on_is_no_place_for_a_mistake():
    """Were ``s`` another sum, the claim would hold; but the loss is by the same ``s``."""
    s, f = sp.Symbol("s", real=True), sp.Symbol("f", real=True)
    v, dv = array("v", N), array("dv", N)
    where = {
        s: sp.Sum(v[k], (k, 0, N - 1)),
        f: s**2,
        dv: tensor(3 * s, (i, N)),
    }
    verdict = verify(Backward(f, v, sp.S.One, dv, where=where))
    assert verdict.status == "disagrees"
    assert not verdict.reason.startswith("in s:")


def test_numbered_indices_have_plain_names():
    assert plainly_indexed("with d[i·3, k·47] for d[k·47, i·3]") == "with d[i, j] for d[j, i]"
    assert plainly_indexed("Sum(j[k·47], (k·47, 0, i))") == "Sum(j[k], (k, 0, i))"
