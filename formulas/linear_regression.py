"""Linear regression with the squared loss, one sample and a mini-batch of n (section 1.1)."""

from sympy import MatrixSymbol, Sum, Symbol

from derive import Formula, Gradient, Identity, Setting, Shape
from derive.language.operators import partial

n = Symbol("n", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
i, k, p = (Symbol(name, integer=True) for name in "ikp")

# The bias, the target and the prediction of one sample are 1×1 matrices: SymPy adds no scalar
# to a matrix, and NumPy broadcasts a 1×1 matrix over the rows of a batch just the same.
w = MatrixSymbol("w", m, 1)
b = MatrixSymbol("b", 1, 1)
eta = Symbol("eta", real=True)

# One sample.
x = MatrixSymbol("x", 1, m)
y = MatrixSymbol("y", 1, 1)
yhat = MatrixSymbol("yhat", 1, 1)
l = Symbol("l", real=True)

prediction = x * w + b
loss = (Sum(x[0, k] * w[k, 0], (k, 0, m - 1)) + b[0, 0] - y[0, 0]) ** 2 / 2
grad_w = x.T * (prediction - y)
grad_b = prediction - y

# A batch of n samples, one in each row.
X = MatrixSymbol("X", n, m)
Y = MatrixSymbol("Y", n, 1)
Yhat = MatrixSymbol("Yhat", n, 1)
L = Symbol("L", real=True)

model = X * w + b
residual = Sum(X[i, k] * w[k, 0], (k, 0, m - 1)) + b[0, 0] - Y[i, 0]
batch_loss = Sum(residual**2 / 2, (i, 0, n - 1)) / n
batch_grad_w = Sum(X[i, p] * residual, (i, 0, n - 1)) / n  # its entry p
batch_grad_b = Sum(residual, (i, 0, n - 1)) / n

_sample = {yhat: prediction, l: (yhat[0, 0] - y[0, 0]) ** 2 / 2}
_batch = {Yhat: model, L: Sum((Yhat[i, 0] - Y[i, 0]) ** 2 / 2, (i, 0, n - 1)) / n}

_stated_sample = Setting(where=_sample)
_stated_batch = Setting(where=_batch)

formula = Formula(
    id="linear-regression",
    title="Linear regression",
    section="1.1",
    dimensions={n: "samples in the batch", m: "features of a sample"},
    symbols={
        w: "weights",
        b: "bias, a scalar written as a 1×1 matrix",
        eta: "learning rate",
        x: "features of one sample",
        y: "target of one sample, a scalar written as a 1×1 matrix",
        yhat: "prediction for one sample",
        l: "squared loss of one sample",
        X: "features of the batch, one sample in each row",
        Y: "targets of the batch",
        Yhat: "predictions for the batch",
        L: "mean squared loss of the batch",
    },
    claims=(
        Shape(
            model,
            (n, 1),
            id="linear-regression.model",
            title="X w + b is a column of n predictions",
            source="notes 1.1-1",
            note="b is added to every row",
        ),
        _stated_sample(
            Identity,
            l,
            loss,
            id="linear-regression.loss",
            title="half the squared error, with the prediction written out",
            source="notes 1.1-2",
        ),
        _stated_sample(
            Gradient,
            l,
            w,
            partial(yhat, w) * (yhat - y),
            id="linear-regression.grad-w.chain",
            title="∂l/∂w by the chain rule through ŷ",
            source="notes 1.1-3",
            note="∂ŷ/∂w is the gradient of the scalar ŷ, a column",
        ),
        _stated_sample(
            Gradient,
            l,
            w,
            x.T * (yhat - y),
            id="linear-regression.grad-w",
            title="∂l/∂w = xᵀ (ŷ − y)",
            source="notes 1.1-3",
        ),
        _stated_sample(
            Gradient,
            l,
            b,
            partial(yhat, b) * (yhat - y),
            id="linear-regression.grad-b.chain",
            title="∂l/∂b by the chain rule through ŷ",
            source="notes 1.1-4",
        ),
        _stated_sample(
            Gradient,
            l,
            b,
            yhat - y,
            id="linear-regression.grad-b",
            title="∂l/∂b = ŷ − y",
            source="notes 1.1-4",
        ),
        _stated_sample(
            Identity,
            w - eta * partial(l, w),
            w - eta * x.T * (yhat - y),
            id="linear-regression.update-w",
            title="the gradient step for w, one sample",
            source="notes 1.1-5",
        ),
        _stated_sample(
            Identity,
            b - eta * partial(l, b),
            b - eta * (yhat - y),
            id="linear-regression.update-b",
            title="the gradient step for b, one sample",
            source="notes 1.1-5",
        ),
        _stated_batch(
            Identity,
            L,
            batch_loss,
            id="linear-regression.batch-loss",
            title="the batch loss, with the predictions written out",
            source="notes 1.1-6",
        ),
        _stated_batch(
            Identity,
            w[p, 0] - eta * Sum(partial(L, w[p, 0]), (i, 0, n - 1)) / n,
            w[p, 0] - eta * batch_grad_w,
            id="linear-regression.minibatch-w",
            title="the mini-batch step for w",
            source="notes 1.1-7",
            note="entry p; L is the loss of the whole batch, so that the mean is of n equal terms",
        ),
        _stated_batch(
            Identity,
            b[0, 0] - eta * Sum(partial(L, b[0, 0]), (i, 0, n - 1)) / n,
            b[0, 0] - eta * batch_grad_b,
            id="linear-regression.minibatch-b",
            title="the mini-batch step for b",
            source="notes 1.1-7",
            note="L is the loss of the whole batch, so that the mean is of n equal terms",
        ),
    ),
    references=(
        "C. M. Bishop, Pattern Recognition and Machine Learning, Springer, 2006, section 3.1",
        "I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, MIT Press, 2016, section 5.1.4",
        "A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, Dive into Deep Learning, "
        "Cambridge University Press, 2023, section 3.1",
    ),
)
