"""einsum, vec, unvec, reshape, permute, pad, skew; undefined functions of whole arrays."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import (
    Derivative,
    Function,
    IndexedBase,
    KroneckerProduct,
    MatrixSymbol,
    Sum,
    Symbol,
    Trace,
    ZeroMatrix,
    exp,
    symbols,
)

import derive
from derive import (
    Backward,
    Gradient,
    Identity,
    ScalarFunction,
    Shape,
    ShapeError,
    einsum,
    pad,
    permute,
    reshape,
    skew,
    tensor,
    unvec,
    vec,
    verify,
)
from derive.language.operators import entry

n, m, k, p = symbols("n m k p", integer=True, positive=True)
i, j, l = symbols("i j l", integer=True)
A, B, C = MatrixSymbol("A", n, m), MatrixSymbol("B", m, k), MatrixSymbol("C", n, m)
D, G, X = MatrixSymbol("D", k, p), MatrixSymbol("G", n, k), MatrixSymbol("X", n * m, 1)
T, E = IndexedBase("T", shape=(n, m, k)), IndexedBase("E", shape=(n, m))
x, z = IndexedBase("x", shape=(n,)), IndexedBase("z", shape=(k,))
u, v, w = (MatrixSymbol(name, 3, 1) for name in "uvw")
S, b = MatrixSymbol("S", m, m), MatrixSymbol("b", n, 1)
t = Symbol("t", real=True)
L, same = Function("L"), ScalarFunction("L")
border = Sum(pad(x, [(p, p)], value=1)[i], (i, 0, n + 2 * p - 1))
whole = Sum(x[i], (i, 0, n - 1))

TRUE = {
    "a product": Identity(einsum("ij,jk->ik", A, B), A * B),
    "a trace": Identity(einsum("ij,ij->", A, C), Trace(A.T * C)),
    "the gradient of a square": Gradient(einsum("ij,ij->", A, A), A, 2 * A),
    "backward": Backward(einsum("ij,jk->ik", A, B), A, G, G * B.T),
    "backward of a batch": Backward(
        einsum("abc,c->ab", T, z), T, E, tensor(E[i, j] * z[l], (i, n), (j, m), (l, k))
    ),
    "vec and the inner product": Identity(vec(A).T * vec(C), Trace(A.T * C)),
    "vec of a product": Identity(vec(A * B * D), KroneckerProduct(D.T, A) * vec(B)),
    "unvec undoes vec": Identity(unvec(vec(A), n, m), A),
    "vec undoes unvec": Identity(vec(unvec(X, n, m)), X),
    "the gradient through vec": Gradient(entry(vec(A).T * vec(A), 0, 0), A, 2 * A),
    "reshape there and back": Identity(reshape(reshape(A, n * m), n, m), A),
    "reshape of three axes": Identity(reshape(reshape(T, n, m * k), n, m, k), T),
    "reshape is no vec": Identity(reshape(A.T, n * m, 1), vec(A)),
    "permute": Identity(permute(A, (1, 0)), A.T),
    "permute there and back": Identity(permute(permute(T, (2, 0, 1)), (1, 2, 0)), T),
    "skew turns around": Identity(skew(v) * u, -skew(u) * v),
    "skew of itself": Identity(skew(v) * v, ZeroMatrix(3, 1)),
    "the gradient of a triple product": Gradient(entry(w.T * skew(v) * u, 0, 0), v, skew(u) * w),
    "pad adds nothing": Identity(Sum(pad(x, [(p, p)])[i], (i, 0, n + 2 * p - 1)), whole),
    "pad adds its value": Identity(border, whole + 2 * p),
    "a function of matrices": Gradient(L(A, b), A[i, j], Derivative(L(A, b), A[i, j])),
    "its square": Gradient(L(A, b) ** 2, A[i, j], 2 * L(A, b) * Derivative(L(A, b), A[i, j])),
    "its exponential": Gradient(exp(L(b)), b[i, 0], exp(L(b)) * Derivative(L(b), b[i, 0])),
    "its argument": Gradient(L(A * S, b), A, same.gradient(0)(A * S, b) * S.T),
    "its factor": Gradient(t * L(A, b), t, L(A, b)),
    "its shape": Shape(L(A, b), ()),
    "its values": Identity(L(A + A, b), L(2 * A, b)),
}
FALSE = {
    "a product, twice": Identity(einsum("ij,jk->ik", A, B), 2 * A * B),
    "vec of a product, the other order": Identity(
        vec(A * B * D), KroneckerProduct(A, D.T) * vec(B)
    ),
    "unvec transposed": Identity(unvec(vec(A), m, n), A.T),
    "reshape as vec": Identity(reshape(A, n * m, 1), vec(A)),
    "skew as symmetric": Identity(skew(v) * u, skew(u) * v),
    "pad forgets its value": Identity(border, whole),
    "the gradient of a square, once": Gradient(einsum("ij,ij->", A, A), A, A),
    "a linear function": Identity(L(A + A, b), 2 * L(A, b)),
    "a function's square, halved": Gradient(
        L(A, b) ** 2, A[i, j], L(A, b) * Derivative(L(A, b), A[i, j])
    ),
}
ILL_SHAPED = {
    "einsum": (Shape(einsum("ij,kj->ik", A, B), (n, m)), "only if m = k"),
    "reshape": (Shape(reshape(A, n, k), (n, k)), "another number of entries"),
    "unvec": (Shape(unvec(A, n, m), (n, m)), "a vector is meant"),
    "vec": (Shape(vec(T), (n * m * k, 1)), "a matrix is meant"),
    "a function of two kinds": (Gradient(L(A, b) + L(b), b, 0 * b), "different numbers"),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_holds(name):
    verdict = verify(TRUE[name])
    assert verdict.status == "holds", verdict.reason


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_disagrees(name):
    assert verify(FALSE[name]).status == "disagrees"


@pytest.mark.parametrize("name", ILL_SHAPED)
def test_what_does_not_fit_is_ill_shaped(name):
    claim, words = ILL_SHAPED[name]
    verdict = verify(claim)
    assert verdict.status == "ill-shaped"
    assert words in verdict.reason


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: einsum("ij,jk", A, B), "after ->"),
        (lambda: einsum("ij->ij", A, B), "for 1 operands, not 2"),
        (lambda: einsum("ijk,jk->i", A, B), "has 3 axes"),
        (lambda: einsum("ij,jk->iz", A, B), "axes of the operands"),
        (lambda: permute(A, (0, 0)), "no order"),
        (lambda: pad(x, [(1, 1), (1, 1)]), "each of the axes"),
        (lambda: skew(b), "three entries"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(build, words):
    with pytest.raises(ShapeError, match=words):
        build()


def test_an_unknown_mode_is_refused():
    with pytest.raises(derive.UnsupportedError, match="constant, reflect, circular"):
        pad(x, [(1, 1)], mode="edge")


def test_they_print_as_they_are_written():
    assert str(einsum("ij,jk->ik", A, B)) == "einsum('ij,jk->ik', A, B)"
    assert str(pad(x, [(p, p)])) == "pad(x, [(p, p)])"
    assert str(reshape(T, n, m * k)) == "reshape(T, n, k*m)"
    assert sp.latex(vec(A)) == r"\operatorname{vec}\left(A\right)"


def test_sizes_and_axes_may_stand_in_a_tuple():
    flat = derive.reshape(A, (n * m,))
    assert flat == derive.reshape(A, n * m)
    assert derive.unvec(derive.vec(A), (n, m)) == derive.unvec(derive.vec(A), n, m)
    assert derive.permute(A, 1, 0) == derive.permute(A, (1, 0))
    assert pad(A, 1) == pad(A, ((1, 1), (1, 1)))
    with pytest.raises(ShapeError):
        derive.unvec(derive.vec(A), n)
