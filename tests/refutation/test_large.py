"""Claims at sizes as people have them."""

import json

import numpy as np
import pytest
import sympy as sp
from sympy import Eq, HadamardProduct, Lambda, Max, Piecewise, Q, Rational, Sum, Trace, log, tanh

from derive import Backward, Gradient, Hessian, Identity, Inequality, softmax, verify
from derive.backends.snippet import replay
from derive.backends.telling import witness_data
from derive.base.errors import UnsupportedError
from derive.claims.verdict import SparseArray
from derive.evaluation.fields import BALL, precision
from derive.evaluation.interpreter import Interpreter, Seed
from derive.evaluation.jets import Jets
from derive.evaluation.orbits import Orbits, at_blocks
from derive.evaluation.point import Point
from derive.language.operators import entry

n = sp.Symbol("n", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True)
t = sp.Symbol("t", real=True)
X, W, G = (sp.MatrixSymbol(*s) for s in (("X", 1000, 784), ("W", 784, 256), ("G", 1000, 256)))
A, B = sp.MatrixSymbol("A", 1000, 1000), sp.MatrixSymbol("B", 1000, 1000)
H, E, U = (sp.MatrixSymbol(*s) for s in (("H", 1024, 768), ("E", 50257, 768), ("U", 1024, 50257)))
z, y = sp.MatrixSymbol("z", 1, 50257), sp.MatrixSymbol("y", 1, 50257)
v = sp.MatrixSymbol("v", 1000, 1)
x = sp.IndexedBase("x", shape=(784,))
one_hot = Eq(Sum(y[0, j], (j, 0, 50256)), 1)
loss = -y * softmax(z).applyfunc(log).T
relu = Lambda(t, Max(t, 0))
step = Lambda(t, Piecewise((1, t > 0), (0, True)))
slope = Lambda(t, 1 - tanh(t) ** 2)
in_x = (k >= 0, k <= 783)

TRUE = {
    "dense": Backward(X * W, W, G, X.T * G),
    "tanh": Backward((X * W).applyfunc(tanh), W, G,
                     X.T * HadamardProduct(G, (X * W).applyfunc(slope))),
    "relu": Backward((X * W).applyfunc(relu), W, G,
                     X.T * HadamardProduct(G, (X * W).applyfunc(step))),
    "trace": Identity(Trace(A * B), Trace(B * A)),
    "embedding": Backward(H * E.T, E, U, U.T * H),
    "cross-entropy": Gradient(loss, z, softmax(z) - y, given=one_hot),
    "mean": Gradient(Sum(x[i], (i, 0, 783)) / 784, x[k], Rational(1, 784), given=in_x),
    "Hessian": Hessian(Sum(x[i] ** 2, (i, 0, 783)), x, 2 * sp.Identity(784)),
    "symmetric": Gradient(v.T * A * v, v, 2 * A * v, given=Q.symmetric(A)),
    "telescope": Identity(Sum(x[i + 1] - x[i], (i, 0, 782)), x[783] - x[0]),
}  # fmt: skip

FALSE = {
    "dense": Backward(X * W, W, G, 2 * X.T * G),
    "relu": Backward((X * W).applyfunc(relu), W, G, X.T * G),
    "products": Identity(A * B, B * A),
    "embedding": Backward(H * E.T, E, U, U.T * H / 2),
    "cross-entropy": Gradient(loss, z, y - softmax(z), given=one_hot),
    "mean": Gradient(Sum(x[i], (i, 0, 783)) / 784, x[k], Rational(1, 783), given=in_x),
    "Hessian": Hessian(Sum(x[i] ** 2, (i, 0, 783)), x, sp.Identity(784)),
    "symmetric": Gradient(v.T * A * v, v, 2 * A * v),
    "squares": Inequality(Sum(x[i], (i, 0, 783)), Sum(x[i] ** 2, (i, 0, 783))),
    "number of terms": Identity(Sum(sp.exp(0 * x[i]) + x[i], (i, 0, 783)),
                                783 + Sum(x[i], (i, 0, 783))),
}  # fmt: skip


@pytest.mark.parametrize("claim", TRUE.values(), ids=TRUE)
def test_a_true_claim_holds(claim):
    verdict = verify(claim)
    assert verdict.status == "holds", verdict.reason


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_a_false_claim_is_refuted(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees", verdict.reason
    assert len(json.dumps(witness_data(verdict.witness))) < 20_000


def test_a_sparse_array_is_what_it_lists():
    array = SparseArray((2, 3), {(1, 2): 5}, 1)
    assert array.tolist() == [[1, 1, 1], [1, 1, 5]]
    assert array.at((1, 2)) == 5 and array.at((0, 0)) == 1


P, R = sp.MatrixSymbol("P", 9, 9), sp.MatrixSymbol("R", 9, 1)
marked = sp.FunctionMatrix(
    9,
    9,
    Lambda((i, j), sp.KroneckerDelta(i, j) * (1 + sp.KroneckerDelta(i, k)) + R[i, 0] * R[j, 0]),
)
SMALL = [
    Sum(entry(sp.Inverse(marked), i, j) * R[i, 0], (i, 0, 8), (j, 0, 8), (k, 0, 8)),
    Sum(entry(sp.Inverse(marked), i, k), (i, 0, 8), (k, 0, 8)),
    Sum(sp.Determinant(marked), (k, 0, 8)),
    Trace(P * P),
    Trace(P.T * P * sp.DiagMatrix(R)),
    Trace(R.T * P * R),
    Sum(P[i, j] * P[j, i], (i, 0, 8), (j, 0, 8)),
    Sum(sp.KroneckerDelta(i, j) * R[i, 0] + 1, (i, 0, 8), (j, 0, 8)),
    Sum(Piecewise((R[i, 0], i > 5), (2, True)), (i, 0, 8)),
    Sum(R[i, 0] ** 2, (i, 2, 6)) + R[7, 0],
    sp.Product(2 + R[i, 0], (i, 1, 8)),
    Trace(softmax(P)),
    Sum(Piecewise((1, sp.Eq(i, j)), (P[i, j] * R[i, 0], True)), (j, 0, 8), (i, 0, 8)),
]


@pytest.mark.parametrize("expr", SMALL, ids=map(str, SMALL))
def test_one_index_of_each_kind_gives_what_all_of_them_give(expr):
    """At a size where both can be had, with values that are not 0 elsewhere."""
    own = {P: SparseArray((9, 9), {(0, 0): 3, (0, 1): -2, (1, 0): 5, (1, 1): 7}, 2),
           R: SparseArray((9, 1), {(0, 0): 4, (1, 0): -1}, 3)}  # fmt: skip
    full = {s: np.array(a.tolist(), dtype=object) for s, a in own.items()}
    bounds: set[int] = set()
    jets = Jets(BALL, 0)
    with precision(128):
        few = at_blocks(
            bounds, lambda: Orbits(Point({}, own), {}, jets, (), 2, bounds).scalar(expr, {}).v
        )
        every = Interpreter(Point({}, full), {}, jets).scalar(expr, {}).v
        gap = few - every
    assert abs(float(gap)) < 1e-30 and abs(float(every)) > 0


@pytest.mark.parametrize("expr", [
    Sum(i * R[i, 0], (i, 0, 8)),  # an index as a number
    Sum(R[8 - i, 0] * R[i, 0], (i, 0, 8)),  # in arithmetic
    Sum(Sum(R[j, 0], (j, 0, i)), (i, 0, 8)),  # as the end of a range
    Sum(Piecewise((1, i < j), (0, True)), (i, 0, 8), (j, 0, 8)),  # in an order
])  # fmt: skip
def test_what_tells_indices_apart_is_refused(expr):
    own = {P: SparseArray((9, 9), {(0, 0): 3}), R: SparseArray((9, 1), {(0, 0): 4}, 3)}
    bounds: set[int] = set()
    with pytest.raises(UnsupportedError):
        at_blocks(
            bounds,
            lambda: Orbits(Point({}, own), {}, Jets(BALL, 0), (), 2, bounds).scalar(expr, {}),
        )


C = sp.MatrixSymbol("C", 9, 6)
REGULAR = [
    sp.Determinant(P),
    Trace(sp.Inverse(P)),
    Trace(R.T * sp.Inverse(P) * R),
    entry(sp.Inverse(P + sp.Identity(9)), 7, 8),
    Trace(sp.MatPow(P, -2, evaluate=False) * P.T),
    Trace(C * sp.Inverse(C.T * C + sp.Identity(6)) * C.T),
    sp.Determinant(C * C.T + sp.DiagMatrix(R)),
    Sum(R[i, 0] * entry(sp.Inverse(P + R[i, 0] * sp.Identity(9)), 0, i), (i, 0, 8)),
]


@pytest.mark.parametrize("expr", REGULAR, ids=map(str, REGULAR))
@pytest.mark.parametrize("order", [0, 1])
def test_inverses_of_matrices_with_a_diagonal_are_what_all_entries_give(expr, order):
    own = {P: SparseArray((9, 9), {(0, 0): 3, (0, 1): -2, (1, 0): 5, (1, 1): 7}, 2, 5),
           R: SparseArray((9, 1), {(0, 0): 4, (1, 0): -1}, 3),
           C: SparseArray((9, 6), {(0, 0): 4, (1, 0): -1}, 0, 2)}  # fmt: skip
    full = {s: np.array(a.tolist(), dtype=object) for s, a in own.items()}
    seeds = (Seed(P, (1, 0), 1), Seed(C, (0, 1), 1))[:order]
    bounds = {6}
    jets = Jets(BALL, order)
    with precision(128):
        few = at_blocks(
            bounds, lambda: Orbits(Point({}, own), {}, jets, seeds, 2, bounds).scalar(expr, {})
        )
        every = Interpreter(Point({}, full), {}, jets, seeds).scalar(expr, {})
        gaps = [few.v - every.v, *(few.g - every.g if order and every.g is not None else ())]
    assert all(abs(float(gap)) < 1e-25 for gap in gaps) and abs(float(every.v)) > 0


I20, tall = sp.Identity(20), sp.MatrixSymbol("X", 1000, 20)
wide, other = (sp.MatrixSymbol(name, 1000, 1000) for name in "AB")
gram = tall.T * tall + 3 * I20
INVERTED = {
    "of a sum": Identity(sp.Inverse(wide + other), sp.Inverse(wide) + sp.Inverse(other)),
    "of a product": Identity(
        sp.Inverse(wide * other), sp.MatMul(sp.Inverse(wide), sp.Inverse(other))),
    "a series": Identity(sp.Inverse(sp.Identity(1000) + wide), sp.Identity(1000) - wide),
    "a gram matrix": Gradient(sp.log(sp.Determinant(gram)), tall, tall * sp.Inverse(gram)),
    "given": Identity(wide * other, other * wide, given=sp.Q.invertible(wide)),
}  # fmt: skip


@pytest.mark.parametrize("claim", INVERTED.values(), ids=INVERTED)
def test_a_false_claim_about_large_inverses_is_refuted(claim):
    verdict = verify(claim)
    assert verdict.status == "disagrees", verdict.reason
    script = replay(verdict)
    assert ("fill_diagonal" in script) == any(
        getattr(value, "diagonal", None) is not None for value in verdict.witness.values.values()
    )
