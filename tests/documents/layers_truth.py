import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    n, d, k = t.sizes(3)
    X, W, b, C = t.normal(n, d), t.normal(d, k), t.normal(1, k), t.normal(n, k)

    def of(Y):
        return np.sum(C * Y + np.sin(Y))

    Y = X @ W + b
    G = gradient(of, Y)
    in_W = gradient(lambda W: of(X @ W + b), W)
    t.defines(r"Y = X W + \mathbf{1} b")
    t.true(r"\frac{\partial L}{\partial X} &=", gradient(lambda X: of(X @ W + b), X), G @ W.T)
    t.true(r"\frac{\partial L}{\partial W} &=", in_W, X.T @ G)
    t.true(
        r"\frac{\partial L}{\partial b} &=",
        gradient(lambda b: of(X @ W + b), b),
        np.ones((1, n)) @ G,
    )
    t.ill(
        r"\frac{\partial L}{\partial W} = \frac{\partial L}{\partial Y} X^\top",
        lambda: (in_W, G @ X.T),
    )
    t.other("$X W$")
    P, T = t.normal(n, k), t.normal(n, k)
    slope = gradient(lambda P: np.mean((P - T) ** 2), P)
    t.defines(r"E = \frac{1}{nk}")
    t.true(r"\frac{\partial E}{\partial P} = \frac{2}{nk}", slope, 2 / (n * k) * (P - T))
    t.false(r"\frac{\partial E}{\partial P} = \frac{2}{n} ", slope, 2 / n * (P - T))
    x, c = t.normal(d), t.normal(d)

    def of_vector(y):
        return np.sum(c * y + np.sin(y))

    slope = gradient(lambda x: of_vector(x + np.tanh(x)), x)
    g = gradient(of_vector, x + np.tanh(x))
    t.defines(r"y = x + \tanh(x)")
    t.true(
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot (2",
        slope,
        g * (2 - np.tanh(x) ** 2),
    )
    t.false(
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot (1",
        slope,
        g * (1 - np.tanh(x) ** 2),
    )
    gamma, C = t.normal(d), t.normal(n, d)
    t.defines(r"Y_{ij} &= \gamma_j")

    def scaled(gamma, X):
        return np.sum(C * (gamma * X) ** 2)

    G = gradient(lambda Y: np.sum(C * Y**2), gamma * X)
    t.true(
        r"\frac{\partial L}{\partial \gamma_j} &=",
        gradient(lambda gamma: scaled(gamma, X), gamma),
        (G * X).sum(0),
    )
    t.true(
        r"\frac{\partial L}{\partial X_{ij}} &=",
        gradient(lambda X: scaled(gamma, X), X),
        gamma * G,
    )
    t.ill(
        r"\frac{\partial L}{\partial \gamma_j} = \sum_{j=1}^d",
        lambda: (gradient(lambda gamma: scaled(gamma, X), gamma), (G * X).sum(1)),
    )
