import numpy as np

from tests.documents.truths import Table, gradient, hessian, jacobian, sigmoid


def check(t: Table) -> None:
    n, d = t.sizes(2)
    x, y, w, b, s = t.normal(n, d), t.bits(n), t.normal(d), t.normal(), t.normal()

    def L(w, b):
        p = sigmoid(x @ w + b)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    z = x @ w + b
    p = sigmoid(z)
    t.defines(r"\sigma(z) = \frac{1}{1 + e^{-z}}", r"z_i = w^\top x_i + b", r"p_i = \sigma(z_i).")
    t.true(r"\sigma'(z) =", jacobian(sigmoid, s), [[sigmoid(s) * (1 - sigmoid(s))]])
    t.true(r"\sigma(-z) = 1 - \sigma(z)", sigmoid(-s), 1 - sigmoid(s))
    t.false(r"\sigma(-z) = -\sigma(z)", sigmoid(-s), -sigmoid(s))
    t.defines(r"L = -\frac{1}{n}")
    t.true(r"L = \frac{1}{n}", L(w, b), np.mean(np.log(1 + np.exp(z)) - y * z))
    in_w, in_b = gradient(lambda w: L(w, b), w), gradient(lambda b: L(w, b), b)
    t.true(
        r"\frac{\partial L}{\partial w} = \frac{1}{n} \sum_{i=1}^n (p_i",
        in_w,
        sum((p[i] - y[i]) * x[i] for i in range(n)) / n,
    )
    t.true(r"\frac{\partial L}{\partial b} = \frac{1}{n}", in_b, np.mean(p - y))
    t.false(r"\frac{\partial L}{\partial b} = \sum", in_b, np.sum(p - y))
    t.false(
        r"\frac{\partial L}{\partial w} = \frac{1}{n} \sum_{i=1}^n (y_i", in_w, x.T @ (y - p) / n
    )
    t.true(
        r"\frac{\partial^2 L}{\partial w^2} =",
        hessian(lambda w: L(w, b), w),
        sum(p[i] * (1 - p[i]) * np.outer(x[i], x[i]) for i in range(n)) / n,
    )
