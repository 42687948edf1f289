import numpy as np

from tests.documents.truths import Table, gradient, softmax


def check(t: Table) -> None:
    n, d, c = t.sizes(3)
    X, W, Y = t.normal(n, d), t.normal(d, c), t.simplex(n, c)

    def loss(Z):
        return -np.sum(Y * np.log(softmax(Z, 1))) / n

    Z = X @ W
    P = softmax(Z, 1)
    in_Z = gradient(loss, Z)
    in_W, in_X = gradient(lambda W: loss(X @ W), W), gradient(lambda X: loss(X @ W), X)
    t.declares(r"X \in", r"W \in", r"Y \in")
    t.defines("Z = X W", r"P_{ij} = \frac", r"\mathcal{L} = -")
    t.true(r"\frac{\partial \mathcal{L}}{\partial Z_{ij}} &=", in_Z, (P - Y) / n)
    t.true(r"\frac{\partial \mathcal{L}}{\partial Z} &=", in_Z, (P - Y) / n)
    t.true(r"\frac{\partial \mathcal{L}}{\partial W} &=", in_W, X.T @ (P - Y) / n)
    t.true(r"\frac{\partial \mathcal{L}}{\partial X} &=", in_X, (P - Y) @ W.T / n)
    t.false(r"\frac{\partial \mathcal{L}}{\partial W} = X", in_W, X.T @ (P - Y))
    t.ill(r"\frac{\partial \mathcal{L}}{\partial X} = \frac", lambda: (in_X, (P - Y) @ W / n))
    t.false(r"\frac{\partial \mathcal{L}}{\partial Z} = \frac", in_Z, (Y - P) / n)
    t.true(r"\sum_{j=1}^{c} P_{ij} = 1", P.sum(1), np.ones(n))
    t.false(r"\sum_{i=1}^{n} P_{ij} = 1", P.sum(0), np.ones(c))
