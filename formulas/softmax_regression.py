"""Softmax regression with the cross-entropy loss (section 1.2)."""

from sympy import (
    Eq,
    FunctionMatrix,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    Sum,
    Symbol,
    ZeroMatrix,
    exp,
    log,
)

from derive import Formula, Gradient, Identity, Inequality, Setting, Shape
from derive.language import operators
from derive.language.operators import entry, partial

n = Symbol("n", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
c = Symbol("c", integer=True, positive=True)
i, j, k, p, q, r, s = (Symbol(name, integer=True) for name in "ijkpqrs")

W = MatrixSymbol("W", m, c)
b = MatrixSymbol("b", 1, c)
eta = Symbol("eta", real=True)

# A batch of n samples, one in each row.
X = MatrixSymbol("X", n, m)
O = MatrixSymbol("O", n, c)
model = X * W + b

# One sample. The loss and its gradient are functions of the logits o and the labels y.
x = MatrixSymbol("x", 1, m)
o = MatrixSymbol("o", 1, c)
y = MatrixSymbol("y", 1, c)
yhat = MatrixSymbol("yhat", 1, c)
l = Symbol("l", real=True)

logits = x * W + b
softmax = operators.softmax(o)
total = Sum(exp(o[0, k]), (k, 0, c - 1))
# SymPy would take long to see that it cannot simplify these.
log_softmax = log(exp(o[0, j]) / total, evaluate=False)
labels_sum_to_one = Eq(Sum(y[0, j], (j, 0, c - 1)), 1, evaluate=False)

loss = -Sum(y[0, j] * log_softmax, (j, 0, c - 1))
loss_expanded = Sum(y[0, j] * log(total), (j, 0, c - 1)) - Sum(y[0, j] * o[0, j], (j, 0, c - 1))
loss_one_hot = log(total) - Sum(y[0, j] * o[0, j], (j, 0, c - 1))
grad_o = softmax - y
grad_W = x.T * grad_o
grad_b = grad_o

_definitions = {o: logits, l: loss}


def _step(parameter, *direction):
    """parameter − η direction, kept as printed.

    SymPy's own `-` and `*` would evaluate the sums inside and fold a product into a power.
    """
    return MatAdd(parameter, MatMul(-eta, *direction))


def _by_chain(parameter):
    """(∂l/∂o)(∂o/∂parameter), contracted over o's indices."""
    factors = partial(l, o[0, k]) * partial(o[0, k], parameter[p, q])
    return FunctionMatrix(*parameter.shape, Lambda((p, q), Sum(factors, (k, 0, c - 1))))


_batch_entry = entry(operators.softmax(O), i, j)

_stated = Setting(where=_definitions, given=(labels_sum_to_one,))
_stated_for_any_y = Setting(where=_definitions)

formula = Formula(
    id="softmax-regression",
    title="Softmax regression",
    section="1.2",
    dimensions={n: "samples in the batch", m: "features of a sample", c: "classes"},
    symbols={
        W: "weights",
        b: "bias, one for each class",
        eta: "learning rate",
        X: "features of the batch, one sample in each row",
        O: "logits of the batch",
        x: "features of one sample",
        o: "logits of one sample",
        y: "labels of one sample: the probability of each class",
        yhat: "predicted probability of each class",
        l: "cross-entropy loss of one sample",
    },
    claims=(
        Shape(
            model,
            (n, c),
            id="softmax-regression.model",
            title="X W + b holds the logits of n samples",
            source="notes 1.2-1",
            note="b is added to every row",
        ),
        Identity(
            _batch_entry,
            exp(O[i, j]) / Sum(exp(O[i, k]), (k, 0, c - 1)),
            id="softmax-regression.softmax",
            title="softmax is exp over the sum of exp, row by row",
            source="notes 1.2-1",
        ),
        Identity(
            Sum(_batch_entry, (j, 0, c - 1)),
            1,
            id="softmax-regression.sums-to-one",
            title="every row of softmax(O) sums to 1",
            source="notes line 49",
        ),
        Inequality(
            ZeroMatrix(n, c),
            operators.softmax(O),
            id="softmax-regression.nonnegative",
            title="no entry of softmax(O) is negative",
            source="notes line 49",
        ),
        Identity(
            partial(partial(_batch_entry, X[p, q]), X[r, s]),
            0,
            where={O: model},
            id="softmax-regression.affine",
            title="softmax(X W + b) is affine in X",
            source="notes line 49",
            note="affine: the second derivative in X is zero. The logits X W + b are affine in X",
        ),
        Identity(
            -Sum(y[0, j] * log(entry(softmax, 0, j)), (j, 0, c - 1)),
            loss_expanded,
            id="softmax-regression.loss.expand",
            title="the logarithm of softmax, taken apart",
            source="notes 1.2-2",
        ),
        Identity(
            loss_expanded,
            loss_one_hot,
            given=(labels_sum_to_one,),
            id="softmax-regression.loss.one-hot",
            title="log Σ exp comes out of the sum, as Σ y = 1",
            source="notes 1.2-2",
            note="that the labels sum to 1 is stated in line 51",
        ),
        Shape(
            l,
            (1, c),
            where={yhat: softmax, l: -Sum(y[0, j] * log(yhat[0, j]), (j, 0, c - 1))},
            id="softmax-regression.loss-annotation",
            title="l(y, ŷ) has shape (1, c)",
            source="notes 1.2-3",
            note="the shape that the subscript of l says; the loss is a scalar",
        ),
        _stated(
            Gradient,
            l,
            o,
            MatAdd(MatMul(1 / total, o.applyfunc(exp)), -y),
            id="softmax-regression.grad-o.quotient",
            title="∂l/∂o = exp(o) / Σ exp(o) − y",
            source="notes 1.2-3",
        ),
        _stated(
            Gradient,
            l,
            o,
            grad_o,
            id="softmax-regression.grad-o",
            title="∂l/∂o = softmax(o) − y",
            source="notes 1.2-3",
        ),
        _stated_for_any_y(
            Identity,
            _step(W, partial(l, W)),
            _step(W, _by_chain(W)),
            id="softmax-regression.update-W.chain",
            title="the gradient step for W, by the chain rule through o",
            source="notes 1.2-4",
            note="(∂l/∂o)(∂o/∂W) is contracted over o's indices",
        ),
        _stated(
            Identity,
            _step(W, partial(l, W)),
            _step(W, grad_W),
            id="softmax-regression.update-W",
            title="the gradient step for W",
            source="notes 1.2-4",
        ),
        _stated_for_any_y(
            Identity,
            _step(b, partial(l, b), partial(l, b)),
            _step(b, _by_chain(b)),
            id="softmax-regression.update-b.chain",
            title="the step for b: (∂l/∂b)(∂l/∂b) = (∂l/∂o)(∂o/∂b)",
            source="notes 1.2-5",
            note="left, the matrix product of two (1, c) rows, as printed",
        ),
        _stated(
            Identity,
            _step(b, partial(l, b)),
            _step(b, grad_b),
            id="softmax-regression.update-b",
            title="the gradient step for b",
            source="notes 1.2-5",
        ),
    ),
    references=(
        "C. M. Bishop, Pattern Recognition and Machine Learning, Springer, 2006, section 4.3.4",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 6.2.2.3",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 4.1",
    ),
)
