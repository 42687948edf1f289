import numpy as np

from tests.documents.truths import Table, gradient


def check(t: Table) -> None:
    n, m, h = t.sizes(3)
    X, W, b, Y = t.normal(n, m), t.normal(m, h), t.normal(1, h), t.normal(n, h)

    def of(Z):
        return np.sum((np.tanh(Z) - Y) ** 2) / 2

    Z = X @ W + b
    A = np.tanh(Z)
    G = gradient(of, Z)
    t.declares(r"\mathbf{X}_{(n,m)}$ ")
    t.defines(r"\mathbf{Z}_{(n,h)} = ", r"\mathbf{A}_{(n,h)} = \tanh", r"L = \frac{1}{2}")
    at_A = gradient(lambda A: np.sum((A - Y) ** 2) / 2, A)
    t.true(r"\frac{\partial L}{\partial \mathbf{A}} =", at_A, A - Y)
    t.true(
        r"\frac{\partial L}{\partial \mathbf{Z}} = (\mathbf{A} - \mathbf{Y}) \odot (",
        G,
        (A - Y) * (1 - A * A),
    )
    in_W = gradient(lambda W: of(X @ W + b), W)
    t.true(r"\frac{\partial L}{\partial \mathbf{W}} = \mathbf{X}^\top", in_W, X.T @ G)
    in_b = gradient(lambda b: of(X @ W + b), b)
    t.true(r"\frac{\partial L}{\partial \mathbf{b}} =", in_b, np.ones((1, n)) @ G)
    in_X = gradient(lambda X: of(X @ W + b), X)
    t.true(r"\frac{\partial L}{\partial \mathbf{X}} = \frac", in_X, G @ W.T)
    t.false(
        r"\frac{\partial L}{\partial \mathbf{Z}} = (\mathbf{A} - \mathbf{Y}) \odot \mathbf{A}$",
        G,
        (A - Y) * A,
    )
    t.ill(r"\frac{\partial L}{\partial \mathbf{X}} = \mathbf{W}", lambda: (in_X, W.T @ G))
    t.ill(r"\frac{\partial L}{\partial \mathbf{W}} = \mathbf{X}_", lambda: (in_W, X @ G))
