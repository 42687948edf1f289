import numpy as np

from tests.documents.truths import Table, gradient, softmax


def check(t: Table) -> None:
    T, d, k = t.sizes(3)
    X, C = t.normal(T, d), t.normal(T, k)
    WQ, WK, WV = (t.normal(d, k) / 2 for _ in range(3))

    def of(Y):
        return np.sum(C * Y + np.sin(Y))

    def of_three(Q, K, V):
        return of(softmax(Q @ K.T / np.sqrt(k), 1) @ V)

    Q, K, V = X @ WQ, X @ WK, X @ WV
    S = Q @ K.T / np.sqrt(k)
    A = softmax(S, 1)
    in_Y = gradient(of, A @ V)
    in_S = gradient(lambda S: of(softmax(S, 1) @ V), S)
    in_Q = gradient(lambda Q: of_three(Q, K, V), Q)
    in_K = gradient(lambda K: of_three(Q, K, V), K)
    in_V = gradient(lambda V: of_three(Q, K, V), V)
    t.declares(r"X \in", r"W_Q, W_K, W_V \in")
    t.defines("Q = X W_Q", "K = X W_K", "V = X W_V", r"S = \frac", r"A = \mathrm", "Y = A V")
    t.defines(r"\bar{Y} = \frac")
    t.true(r"\bar{V} &= A^{\top}", in_V, A.T @ in_Y)
    t.true(r"\bar{A} &=", gradient(lambda A: of(A @ V), A), in_Y @ V.T)
    t.true(r"\bar{Q} &=", in_Q, in_S @ K / np.sqrt(k))
    t.true(r"\bar{K} &=", in_K, in_S.T @ Q / np.sqrt(k))
    t.true(
        r"\frac{\partial \mathcal{L}}{\partial W_Q} =",
        gradient(lambda W: of_three(X @ W, K, V), WQ),
        X.T @ in_Q,
    )
    t.true(
        r"\frac{\partial \mathcal{L}}{\partial W_V} =",
        gradient(lambda W: of_three(Q, K, X @ W), WV),
        X.T @ in_V,
    )
    slope = gradient(lambda X: of_three(X @ WQ, X @ WK, X @ WV), X)
    two = in_Q @ WQ.T + in_K @ WK.T
    head = r"\frac{\partial \mathcal{L}}{\partial X} = \bar{Q} W_Q^{\top} + \bar{K} W_K^{\top}"
    t.true(head + r" + \bar{V}", slope, two + in_V @ WV.T)
    t.false(head + ",", slope, two)
    t.false(r"\bar{K} = \bar{S}^{\top} Q", in_K, in_S.T @ Q)
    # A is square, so that its product fits without the transpose, and is another one.
    t.false(r"\bar{V} = A \bar{Y}", in_V, A @ in_Y)
