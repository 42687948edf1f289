"""Mistakes in sums over steps and in recurrences, each named by the words that tell it."""

import pytest
import sympy as sp
from sympy import HadamardProduct, IndexedBase, Lambda, MatrixSymbol, Sum, Symbol, Trace

from derive import Gradient, Identity, at, recurrence, sequence, sum_over, verify

T, d, h, n = sp.symbols("T d h n", integer=True, positive=True)
s, t, i, l = sp.symbols("s t i l", integer=True)
a, beta, gamma = sp.symbols("a beta gamma", positive=True)
u = Symbol("u", real=True)
X, H, A, D = (MatrixSymbol(*of) for of in (
    ("X", T, d), ("H", T + 1, h), ("A", T + 1, h), ("D", T + 1, h)))  # fmt: skip
W, V, start = MatrixSymbol("W", d, h), MatrixSymbol("V", h, h), MatrixSymbol("h_0", 1, h)
slope = Lambda(u, 1 - sp.tanh(u) ** 2)
final = Trace(at(H, T) * at(H, T).T) / 2
leaky = {
    A: sequence(at(X, t - 1) * W + at(H, t - 1) * V, (t, 1, T)),
    H: recurrence((1 - a) * at(H, t - 1) + a * at(A, t).applyfunc(sp.tanh), (t, 1, T), start=start),
}


def behind(time):
    return HadamardProduct(at(D, time), at(A, time).applyfunc(slope))


def back(step):
    return {**leaky, D: recurrence(step, (t, 0, T - 1), end=at(H, T))}


right = back((1 - a) * at(D, t + 1) + a * behind(t + 1) * V.T)
without_carry = back(a * behind(t + 1) * V.T)

v, g, r, V1, x = (IndexedBase(*of) for of in (
    ("v", (T + 1,)), ("g", (T,)), ("r", (T,)), ("V1", (T + 1,)), ("x", (n,))))  # fmt: skip
momentum = {v: recurrence(beta * v[t - 1] + g[t - 1], (t, 1, T), start=0)}
advantage = r[t] + gamma * V1[t + 1] - V1[t] + gamma * v[t + 1]
returns = {v: recurrence(advantage, (t, 0, T - 1), end=0)}
ranked = Sum(sp.log(Sum(sp.exp(x[s]), (s, i, n - 1))) - x[i], (i, 0, n - 1))

WRONG = {
    "the derivative tanh'(at(A, t)) is missing":
        Gradient(final, W, a * sum_over(at(X, t - 1).T * at(D, t), (t, 1, T)), where=right),
    "in D: the term -(a - 1)*at(D, t + 1) is missing":
        Gradient(final, start, at(D, 0), where=without_carry),
    "it holds with beta**(T - s) for beta**s":
        Identity(v[T], Sum(beta**s * g[s - 1], (s, 1, T)), where=momentum),
    "the term gamma**T*V1[T] is missing":
        Identity(v[0], Sum(gamma**s * r[s], (s, 0, T - 1)) - V1[0], where=returns),
    "it holds with the range i = 0 … l":
        Gradient(ranked, x[l], Sum(sp.exp(x[l]) / Sum(sp.exp(x[s]), (s, i, n - 1)),
                                   (i, 0, n - 1)) - 1),
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_it_is_named(words):
    verdict = verify(WRONG[words])
    assert verdict.status == "disagrees"
    assert verdict.reason.startswith(words)


def test_no_side_is_explained_by_the_other_one():
    mean = {v: recurrence(v[t - 1] + (g[t - 1] - v[t - 1]) / t, (t, 1, T), start=0)}
    verdict = verify(Identity(v[T], Sum(g[s], (s, 0, T - 1)) / (T + 1), where=mean))
    assert verdict.reason.startswith("the term 1 in T + 1 is superfluous; ")
