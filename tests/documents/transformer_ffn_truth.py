import numpy as np

from tests.documents.truths import Table, gradient


def phi(z):
    return np.sin(z) + z**2


def slope(z):
    return np.cos(z) + 2 * z


def check(t: Table) -> None:
    T, D, F = t.sizes(3)
    X, W1, W2, b1 = t.normal(T, D), t.normal(D, F), t.normal(F, D), t.normal(1, F)
    C = t.normal(T, D)

    def of(Y):
        return np.sum(C * Y + np.sin(Y))

    def L(X=X, W1=W1, W2=W2, b1=b1):
        return of(X + phi(X @ W1 + b1) @ W2)

    H = X @ W1 + b1
    A = phi(H)
    in_Y = gradient(of, X + A @ W2)
    in_A = gradient(lambda A: of(X + A @ W2), A)
    in_H = gradient(lambda H: of(X + phi(H) @ W2), H)
    in_X, in_W1 = gradient(lambda X: L(X=X), X), gradient(lambda W1: L(W1=W1), W1)
    t.declares(r"X \in", r"W_1 \in", r"W_2 \in", r"b_1 \in")
    t.defines("H &= X", r"A &= \phi", "Y &= X", r"\bar{Y} = \partial")
    t.true(r"\bar{A} &=", in_A, in_Y @ W2.T)
    t.true(r"\bar{W}_2 &=", gradient(lambda W2: L(W2=W2), W2), A.T @ in_Y)
    t.true(r"\bar{H} &=", in_H, in_A * slope(H))
    t.true(r"\bar{W}_1 &=", in_W1, X.T @ in_H)
    t.true(r"\bar{b}_1 &=", gradient(lambda b1: L(b1=b1), b1), np.ones((1, T)) @ in_H)
    t.true(r"\bar{X} &=", in_X, in_Y + in_H @ W1.T)
    t.false(r"\bar{X} = \bar{H}", in_X, in_H @ W1.T)
    t.false(r"\bar{H} = \bar{A}", in_H, in_A * slope(A))
    t.ill(r"\bar{W}_1 = \bar{H}", lambda: (in_W1, in_H.T @ X))
