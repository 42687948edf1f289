"""Convolution and pooling: sizes, borders, messages, and what must not be proved."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import IndexedBase, KroneckerDelta, Sum, symbols

from derive import (
    Backward,
    Gradient,
    Identity,
    Jacobian,
    ShapeError,
    avg_pool2d,
    batch_norm2d,
    concatenate,
    conv2d,
    conv_transpose2d,
    elementwise,
    flatten,
    max_pool2d,
    shape_of,
    tensor,
    verify,
)
from derive.language.images import inside
from derive.language.network import PLUS
from derive.language.operators import entry

n, ci, co, h, w, k, l, s, g, m = symbols("n ci co h w k l s g m", integer=True, positive=True)
P = sp.Symbol("P", integer=True, nonnegative=True)
a, c, o, i, j, p, q, u, v = symbols("a c o i j p q u v", integer=True)
X = IndexedBase("X", shape=(n, ci, h, w))
W = IndexedBase("W", shape=(co, ci, k, l))
b = IndexedBase("b", shape=(co,))


def image(*sizes, name="X"):
    return IndexedBase(name, shape=(n, *sizes))


# ---- sizes


@pytest.mark.parametrize(
    ("expr", "shape"),
    [
        (conv2d(X, W), (n, co, h - k + 1, w - l + 1)),
        (conv2d(X, W, padding=(P, 0)), (n, co, h + 2 * P - k + 1, w - l + 1)),
        (conv2d(image(3, 224, 224), IndexedBase("K", shape=(64, 3, 11, 11)), stride=4, padding=2),
         (n, 64, 55, 55)),
        (conv2d(image(3, 9, 9), IndexedBase("K", shape=(1, 3, 3, 3)), dilation=2), (n, 1, 5, 5)),
        (max_pool2d(image(3, 112, 112), 3, stride=2, ceil_mode=True), (n, 3, 56, 56)),
        (max_pool2d(image(3, 112, 112), 3, stride=2), (n, 3, 55, 55)),
        # the last window has to start inside: PyTorch's rule
        (max_pool2d(image(3, 5, 5), 2, stride=3, ceil_mode=True), (n, 3, 2, 2)),
        (max_pool2d(image(3, 4, 4), 1, stride=4, ceil_mode=True), (n, 3, 1, 1)),
        (avg_pool2d(image(3, k * h, l * w), (k, l)), (n, 3, h, w)),
        (conv_transpose2d(image(co, h, w), W, stride=s),
         (n, ci, s * (h - 1) + k, s * (w - 1) + l)),
        (flatten(image(3, h, w)), (n, 3 * h * w)),
        (concatenate(image(3, h, w), image(4, h, w, name="Y")), (n, 7, h, w)),
    ],
)  # fmt: skip
def test_the_size_of_an_output(expr, shape):
    assert all(sp.expand(x - y) == 0 for x, y in zip(shape_of(expr), shape, strict=True))


# ---- messages


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (lambda: conv2d(image(4, h, w), IndexedBase("K", shape=(8, 3, 3, 3))),
         "X has 4 channels, and K of shape (8, 3, 3, 3) takes 3"),
        (lambda: conv2d(X, IndexedBase("K", shape=(co, m, k, l))), "(it fits only if ci = m)"),
        (lambda: conv2d(image(8, h, w), IndexedBase("K", shape=(6, 2, 3, 3)), groups=4),
         "6 output channels do not fall into 4 groups"),
        (lambda: conv2d(image(8, h, w), IndexedBase("K", shape=(4, 3, 3, 3)), groups=2),
         "takes 3 in each of 2 groups, 6 in all"),
        (lambda: conv2d(X, W, IndexedBase("bias", shape=(ci,))),
         "bias has shape (ci,) where (co,) is meant, one for each output channel"),
        (lambda: conv2d(image(3, 5, 5), IndexedBase("K", shape=(1, 3, 7, 7))),
         "the window does not fit; X has shape (n, 3, 5, 5), which leaves -1 rows"),
        (lambda: max_pool2d(sp.MatrixSymbol("A", n, ci), 2),
         "A has shape (n, ci) where 4 axes are meant, (samples, channels, rows, columns)"),
        (lambda: concatenate(image(3, h, w), image(4, w, h, name="Y")),
         "they may differ in their channels only"),
        (lambda: elementwise(PLUS, image(3, h, w), image(4, h, w, name="Y")),
         "X has shape (n, 3, h, w) and Y has shape (n, 4, h, w)"),
        (lambda: batch_norm2d(X, b, b, 1), "(it fits only if co = ci)"),
    ],
)  # fmt: skip
def test_a_misfit_is_named(expr, message):
    with pytest.raises(ShapeError) as raised:
        shape_of(expr())
    assert message in str(raised.value)


# ---- the border


def backward_W(padding, met):
    """A claim about the gradient in the kernel, with what the weight meets at each place."""
    of = conv2d(X, W, padding=padding)
    G = IndexedBase("G", shape=of.shape)
    places = ((a, 0, n - 1), (i, 0, of.shape[2] - 1), (j, 0, of.shape[3] - 1))
    axes = ((o, co), (c, ci), (p, k), (q, l))
    return Backward(of, W, G, tensor(Sum(G[a, o, i, j] * met, *places), *axes))


def test_what_reads_outside_of_the_image_is_not_proved():
    verdict = verify(backward_W(P, X[a, c, i + p - P, j + q - P]))
    assert verdict.status == "ill-shaped"
    assert "fits only if P <= 0" in verdict.reason


def test_without_padding_nothing_is_outside():
    assert verify(backward_W(0, X[a, c, i + p, j + q])).status == "holds"


def test_with_a_stride_the_last_window_ends_inside():
    of = conv2d(X, W, stride=s)
    G = IndexedBase("G", shape=of.shape)
    met = X[a, c, s * i + p, s * j + q]
    places = ((a, 0, n - 1), (i, 0, of.shape[2] - 1), (j, 0, of.shape[3] - 1))
    axes = ((o, co), (c, ci), (p, k), (q, l))
    claim = Backward(of, W, G, tensor(Sum(G[a, o, i, j] * met, *places), *axes))
    assert verify(claim).status == "holds"
    beyond = tensor(Sum(G[a, o, i, j] * X[a, c, s * i + p + 1, s * j + q], *places), *axes)
    assert verify(Backward(of, W, G, beyond)).status != "holds"


def test_a_padding_may_be_nothing():
    """With P = 0 the padded claim would be false: a guard one row too narrow is found there."""
    narrow = sp.Piecewise(
        (X[a, c, i + p - P, j + q - P],
         (i + p >= P) & (j + q >= P) & (i + p - P <= h - 1) & (j + q - P <= w - 1) & (P >= 1)),
        (0, True),
    )  # fmt: skip
    verdict = verify(backward_W(P, narrow))
    assert verdict.status == "disagrees"
    assert verdict.witness.sizes["P"] == 0


# ---- what rounding means


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        (Identity(Sum(1, (i, 0, sp.floor(n / 2) - 1)), sp.floor(n / 2)), "holds"),
        # for n = 1 the sum is empty and the right side is −1
        (Identity(Sum(1, (i, 0, sp.floor(n / 2) - 2)), sp.floor(n / 2) - 1), "disagrees"),
        (Identity(Sum(1, (i, 0, sp.ceiling(n / 2) - 1)), sp.ceiling(n / 2)), "holds"),
        # however it is written
        (
            Identity(
                Sum(X[0, 0, i, 0], (i, 0, sp.floor((h - 1) / s))),
                Sum(X[0, 0, i, 0], (i, 0, sp.floor(h / s - 1 / s))),
            ),
            "holds",
        ),
        (Identity(Sum(KroneckerDelta(i, n), (i, 0, 2 * sp.floor(n / 2))), 1), "disagrees"),
        (Identity(Sum(KroneckerDelta(i, n), (i, 0, 2 * sp.floor(n / 2) + 1)), 1), "holds"),
    ],
)
def test_a_rounded_size_may_be_nothing(claim, status):
    assert verify(claim).status == status


# ---- wrong gradients


def wrong_by(change):
    of = conv2d(X, W, stride=s, padding=P)
    G = IndexedBase("G", shape=of.shape)
    met = inside(X, (a, c, s * i + p - P, s * j + q - P), (P, P))
    return of, G, change(G, met)


@pytest.mark.parametrize(
    "change",
    [
        lambda G, met: 2 * G[a, o, i, j] * met,
        lambda G, met: G[a, o, i, j] * met / n,
        lambda G, met: G[a, o, i, j] * inside(X, (a, c, i + p - P, s * j + q - P), (P, P)),
        lambda G, met: G[a, o, i, j] * inside(X, (a, c, s * i + p, s * j + q - P), (1, P)),
        lambda G, met: G[a, o, i, j] * inside(X, (a, c, s * i - p + P, s * j + q - P), (P, P)),
    ],
    ids=["doubled", "mean", "stride", "padding", "flipped"],
)
def test_a_wrong_gradient_in_the_kernel_is_refuted(change):
    of, G, body = wrong_by(change)
    places = ((a, 0, n - 1), (i, 0, of.shape[2] - 1), (j, 0, of.shape[3] - 1))
    equals = tensor(Sum(body, *places), (o, co), (c, ci), (p, k), (q, l))
    assert verify(Backward(of, W, G, equals)).status == "disagrees"


def test_the_transposed_convolution_needs_its_output_padding():
    of = conv2d(X, W, stride=s)
    G = IndexedBase("G", shape=of.shape)
    verdict = verify(Backward(of, X, G, conv_transpose2d(G, W, stride=s)))
    assert verdict.status == "ill-shaped"
    assert str(verdict.derived).startswith("tensor(")


def test_a_maximum_is_not_spread_over_its_window():
    of = max_pool2d(X, (k, l))
    G = IndexedBase("G", shape=of.shape)
    in_window = KroneckerDelta(u, k * i + p) * KroneckerDelta(v, l * j + q)
    limits = ((i, 0, of.shape[2] - 1), (j, 0, of.shape[3] - 1), (p, 0, k - 1), (q, 0, l - 1))
    axes = ((a, n), (c, ci), (u, h), (v, w))
    spread = tensor(Sum(G[a, c, i, j] * in_window, *limits) / (k * l), *axes)
    assert verify(Backward(of, X, G, spread)).status == "disagrees"


def test_a_padded_maximum_has_a_shape_and_a_value_and_no_derivation():
    of = max_pool2d(image(1, 2, 2), 3, stride=1, padding=1)
    assert shape_of(of) == (n, 1, 2, 2)
    G = IndexedBase("G", shape=of.shape)
    assert verify(Backward(of, of.image, G, of)).status in ("undecided", "disagrees")


def test_an_entry_of_an_operator_is_its_definition():
    claim = Identity(
        entry(conv2d(X, W, b), a, o, i, j),
        Sum(W[o, c, p, q] * X[a, c, i + p, j + q], (c, 0, ci - 1), (p, 0, k - 1), (q, 0, l - 1))
        + b[o],
    )
    assert verify(claim).status == "holds"


def test_what_rounds_a_number_is_flat_between_its_steps():
    t = sp.Symbol("t", real=True)
    assert verify(Identity(sp.floor(t), t)).status == "disagrees"
    verdict = verify(Gradient(sp.floor(t) * t, t, sp.floor(t)))
    assert verdict.status == "holds"
    assert verdict.assumptions == (sp.Ne(sp.Mod(t, 1), 0),)
    assert verify(Gradient(sp.floor(t) * t, t, sp.floor(t) + t)).status == "disagrees"


def test_a_jacobian_of_too_few_axes_is_told_what_it_is():
    verdict = verify(Jacobian(conv2d(X, W), W, X))
    assert verdict.status == "ill-shaped"
    assert "its entry (i, j, p, q, r, s, t, i1) is " in verdict.reason
    assert verdict.reason.endswith("KroneckerDelta(j, r)*X[i, s, p + t, i1 + q]")
