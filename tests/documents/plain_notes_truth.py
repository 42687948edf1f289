import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    n, d, k = t.sizes(3)
    X, W, Y, lam = t.normal(n, d), t.normal(d, k), t.normal(n, k), t.positive()

    def L(X=X, W=W, Y=Y):
        return np.sum((X @ W - Y) ** 2) / (2 * n)

    E = X @ W - Y
    t.defines("P = XW", "E = P - Y", r"L = \frac{1}{2n}", r"J = L + \frac")
    t.true(
        r"\frac{\partial L}{\partial P} =",
        gradient(lambda P: np.sum((P - Y) ** 2) / (2 * n), X @ W),
        E / n,
    )
    t.true(r"\frac{\partial L}{\partial W} =", gradient(lambda W: L(W=W), W), X.T @ E / n)
    in_X = gradient(lambda X: L(X=X), X)
    t.true(r"\frac{\partial L}{\partial X} = \frac{1}{n} E W^T", in_X, E @ W.T / n)
    t.false(r"\frac{\partial L}{\partial Y} =", gradient(lambda Y: L(Y=Y), Y), E / n)
    decayed = gradient(lambda W: L(W=W) + lam / 2 * np.sum(W**2), W)
    t.true(
        r"\frac{\partial J}{\partial W} = \frac{1}{n} X^T E + \lambda W",
        decayed,
        X.T @ E / n + lam * W,
    )
    t.false(
        r"\frac{\partial J}{\partial W} = \frac{1}{n} X^T E + \frac",
        decayed,
        X.T @ E / n + lam / 2 * W,
    )
    t.other(r"W = (X^T X")
    t.ill(r"\frac{\partial L}{\partial X} = \frac{1}{n} W^T E", lambda: (in_X, W.T @ E / n))
